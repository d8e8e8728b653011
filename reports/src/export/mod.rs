//! Which files leave a report besides pictures?

pub mod annotations;
pub mod answer;
pub mod csv;
pub mod json;
pub mod junit;
pub mod latency;
pub mod markdown;
pub mod occupancy;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod results;
pub mod review;
pub mod runs;
pub mod schema;
pub mod series;
pub mod topology;
