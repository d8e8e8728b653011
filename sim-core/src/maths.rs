//! Which functions of analysis may decide a result? Those of the pinned `libm`: equal bits on every machine.

pub use libm::{exp, pow};
