//! What is measured in a run? The row of numbers it leaves behind (`row`), how they are counted while it runs (`meter`),
//! what is found out at its end (`recovery`), and who was up (`uptime`).

mod meter;
mod recovery;
mod row;
mod uptime;

pub use meter::Meter;
pub use recovery::episodes;
pub use row::{Bin, EdgeMeasures, Episode, ExperimentOutcome, LatencySummary, MessageMeasures, Recovery, RunMeasures, Uptime};
