//! What is measured in a run? The row of numbers it leaves behind (`row`), how they are counted while it runs (`meter`),
//! what protocols add to it (`observations`),
//! and what is found out at its end (`recovery`).

mod meter;
mod observations;
mod recovery;
mod row;

pub use meter::Meter;
pub use observations::{Fold, Observation, Observations, Unit};
pub use recovery::episodes;
pub use row::{Bin, EdgeMeasures, Episode, LatencySummary, MessageMeasures, Recovery, RunMeasures};
