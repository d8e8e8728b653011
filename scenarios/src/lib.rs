//! The scenario language of Stormglass, and runs, sweeps and their results.

pub mod problem;
pub mod results;
pub mod text;

pub use models::measure;
