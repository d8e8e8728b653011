//! Which functions of mathematics may decide a result?
//!
//! Those of the pinned `libm`, which gives the same bits on every machine; the platform's own do not.

pub use libm::{cbrt, pow};
