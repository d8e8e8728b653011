//! Vectors of others.

use crate::{Vector, run};

pub const VECTORS: &[Vector] = &[];

#[test]
fn vectors_of_others() {
    run(VECTORS);
}
