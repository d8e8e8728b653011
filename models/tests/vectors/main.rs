//! Do strategies do to the letter what the products they are named after do? One case for every vector, by its id.
//!
//! A vector is an input and the result that an independent re-implementation of the product's rule gave for it. Each case prints its id
//! (`cargo test -p models --test vectors -- --nocapture`); ids within a section are complete.

mod backoffs;
mod breakers;
mod limits;
mod others;
mod queues;

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
const SECTIONS: &[(&str, u32)] = &[
    ("A1", 2),
    ("A2", 4),
    ("A3", 4),
    ("A4", 8),
    ("A5", 4),
    ("A6", 3),
    ("A7", 4),
    ("A8", 5),
    ("A9", 1),
    ("A10", 5),
    ("A11", 3),
    ("A12", 6),
    ("A13", 2),
    ("A14", 3),
    ("A15", 3),
    ("A16", 2),
    ("B1", 2),
    ("B2", 5),
    ("B3", 3),
    ("B4", 4),
    ("B5", 4),
    ("B6", 3),
    ("B7", 4),
    ("B8", 2),
    ("B9", 2),
    ("C1", 8),
    ("C2", 3),
    ("C3", 5),
    ("C4", 5),
    ("C5", 4),
    ("C6", 3),
    ("C7", 3),
    ("C8", 2),
    ("C9", 9),
    ("C10", 2),
    ("D1", 2),
    ("D2", 4),
    ("D4", 6),
    ("D5", 5),
    ("D6", 2),
    ("D7", 2),
    ("D8", 4),
    ("D9", 1),
    ("D10", 5),
    ("D11", 2),
    ("D12", 2),
    ("D14", 1),
];

#[test]
fn every_vector_of_every_section_is_checked_once() {
    let all: Vec<&str> = [backoffs::VECTORS, limits::VECTORS, breakers::VECTORS, others::VECTORS, queues::VECTORS]
        .concat()
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let expected: Vec<String> = SECTIONS.iter().flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}.V{n}"))).collect();
    for id in &expected {
        assert_eq!(all.iter().filter(|known| *known == id).count(), 1, "{id}");
    }
    for id in all {
        assert!(expected.iter().any(|known| known == id), "{id} is no vector");
    }
}
