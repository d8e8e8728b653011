//! How does one random draw become a length of time with a wanted distribution?
//!
//! A [`Distribution`] is what a scenario says; `check` reports everything that is wrong with it; `compile` turns it into
//! a [`Sampler`], which has every logarithm and root taken beforehand. One draw gives one length, always the same one.
//!
//! All but `Gamma`, `Bimodal` and `Mixture` are quantile functions: they rise with the draw, so that with one draw two
//! systems meet the same luck. The mathematics is `+ - * /`, `sqrt` and the pinned `libm`: equal bits on every machine.
//! Left out: correlated samples, and anything that needs a state.

mod distribution;
mod gamma;
mod normal;
mod sampler;

pub use distribution::{Distribution, MAX_DEPTH, Observations, Part};
pub use normal::{normal_cdf, normal_exceeded, normal_quantile};
pub use sampler::{LONGEST, Sampler};
