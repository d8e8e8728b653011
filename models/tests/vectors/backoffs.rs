//! Vectors of backoffs.

use crate::{Vector, run};

pub const VECTORS: &[Vector] = &[];

#[test]
fn vectors_of_backoffs() {
    run(VECTORS);
}
