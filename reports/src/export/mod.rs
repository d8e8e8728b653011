//! Which files leave a report besides pictures?

pub mod csv;
pub mod json;
pub mod markdown;
pub mod runs;
pub mod series;
pub mod topology;
