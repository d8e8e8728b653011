//! Do strategies do to the letter what the products they are named after do? One case for every vector, by its id.
//!
//! A vector is an input and the result that an independent re-implementation of the product's rule gave for it. Each case prints its id
//! (`cargo test -p models --test vectors -- --nocapture`); ids within a section are complete.

mod backoffs;
mod breakers;
mod limits;
mod others;

/// One vector: its id, and what must hold.
type Vector = (&'static str, fn());

/// Runs every case of a file, and says which.
fn run(vectors: &[Vector]) {
    for (id, case) in vectors {
        println!("{id}");
        case();
    }
}

/// How many vectors each section has.
#[rustfmt::skip]
const SECTIONS: &[(&str, u32)] = &[
    ("C9", 9), ("C10", 2), ("D1", 2), ("D4", 6), ("D5", 5), ("D6", 2), ("D10", 5), ("D11", 2), ("D12", 2),
];

#[test]
fn every_vector_of_every_section_is_checked_once() {
    let all: Vec<&str> =
        [backoffs::VECTORS, limits::VECTORS, breakers::VECTORS, others::VECTORS].concat().into_iter().map(|(id, _)| id).collect();
    let expected: Vec<String> = SECTIONS.iter().flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}.V{n}"))).collect();
    for id in &expected {
        assert_eq!(all.iter().filter(|known| *known == id).count(), 1, "{id}");
    }
    for id in all {
        assert!(expected.iter().any(|known| known == id), "{id} is no vector");
    }
}
