//! Vectors of limits.

use crate::{Vector, run};

pub const VECTORS: &[Vector] = &[];

#[test]
fn vectors_of_limits() {
    run(VECTORS);
}
