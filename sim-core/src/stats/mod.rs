//! What can honestly be said about many runs?
//!
//! Quantiles are observed values (nearest rank), intervals are free of assumptions about the distribution wherever that
//! is possible, and runs that were cut off are counted as what they are: longer than what was seen of them. Input is
//! whole numbers; a float appears in what a reader sees, never in what decides a run. Transcendental functions come
//! from the pinned `libm`, so that a table is the same bytes on every machine.

pub mod batches;
pub mod binomial;
pub mod holm;
pub mod interval;
pub mod likelihood;
pub mod log_linear;
pub mod mser;
pub mod normal;
pub mod paired;
pub mod pooled;
pub mod quantile;
pub mod rank_sum;
pub mod skewed;
pub mod stopping;
pub mod student;
pub mod survival;
pub mod wilcoxon;

/// The exponential function by the pinned mathematics, for moving averages.
pub use libm::exp;
/// The natural logarithm by the pinned mathematics, for chances that multiply.
pub use libm::log as ln;
/// The logarithm to base ten by the pinned mathematics, for logarithmic axes.
pub use libm::log10;
