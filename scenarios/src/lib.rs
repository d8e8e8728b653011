//! The scenario language of Stormglass, and runs, sweeps and their results.

#![forbid(unsafe_code)]

pub mod course;
mod data;
pub mod diff;
mod edges;
pub mod expect;
pub mod fork;
pub mod gather;
pub mod journal;
pub mod lanes;
pub mod library;
pub mod live;
pub mod long_run;
pub mod measures;
pub mod numbers;
pub mod parallel;
pub mod plan_text;
pub mod precision;
pub mod problem;
mod read;
pub mod replay;
pub mod repro;
mod restarted;
pub mod results;
pub mod run;
pub mod scenario;
pub mod sealed;
pub mod search;
pub mod shrink;
pub mod story;
pub mod stress;
pub mod sweep;
pub mod text;
pub mod threshold;
pub mod trace;
pub mod uptime;
pub mod why;
pub mod windows;

pub use models::{history, map, measure, outcome, properties};
pub use read::{Extent, FIELDS, read, read_with};
pub use scenario::Scenario;
