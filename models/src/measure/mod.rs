//! What is measured in a run? The row of numbers it leaves behind (`row`), how they are counted while it runs (`meter`; of latencies in histograms, `latency`),
//! by class of request (`classes`), what alerts were good for (`alerts`), how soon anything reacted (`detection`), how well the objective was kept (`objective`) and how evenly clients were served (`fairness`), what protocols add to it (`observations`), what strategies show over time (`gauges`), which calls were tried again when (`further`), what is found out at its end (`recovery`),
//! what has become of requests (`services`), how full services were over time (`occupancy`), how lengths of time are spread (`spread`), and who was up (`uptime`).

mod alerts;
mod classes;
mod detection;
mod episode;
mod fairness;
mod further;
mod gauges;
mod latency;
mod meter;
mod objective;
mod observations;
mod occupancy;
mod recovery;
mod row;
mod services;
mod spread;
mod uptime;

pub use alerts::{Alarm, AlertMeasures};
pub use classes::ClassMeasures;
pub use detection::{Detection, Reaction};
pub use episode::{Episode, Recovery};
pub use fairness::{Evenness, FairnessMeasures};
pub(crate) use further::Further;
pub use further::{CLASSES, FurtherAttempts};
pub use gauges::{Gauge, Gauges, MILLIONTHS};
pub use latency::{COARSE, CoarseHistogram, FINE, FineHistogram, Latencies};
pub use meter::Meter;
pub use objective::ObjectiveMeasures;
pub use observations::{Fold, Observation, Observations, Unit};
pub use occupancy::{Occupancies, Occupancy, THOUSANDTHS};
pub use recovery::{NO_LEVEL, Twin, episodes, fewest_calls, hold_for, is_enough};
pub use row::{Bin, EdgeMeasures, ExperimentOutcome, LatencySummary, MessageMeasures, RunMeasures, Series, StuckEvidence, Uptime};
pub use services::ServiceMeasures;
pub(crate) use services::{Accounts, Levels, Mark};
pub use spread::Spread;
