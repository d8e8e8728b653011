//! Vectors of breakers.

use crate::{Vector, run};

pub const VECTORS: &[Vector] = &[];

#[test]
fn vectors_of_breakers() {
    run(VECTORS);
}
