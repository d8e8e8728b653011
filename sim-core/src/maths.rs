//! Which transcendental functions may decide a result?
//!
//! Those of the pinned `libm`, which give the same bits on every machine; the methods of `f64` do not.

pub use libm::{cbrt, exp, log, pow, tanh};
