//! The scenario language of Stormglass, and runs, sweeps and their results.

pub mod results;

pub use models::measure;
