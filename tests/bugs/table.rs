//! How many seeds does a search need for each bug, and does the mended variant survive them all?

use super::{Bug, Conditions, all, page, shown};
use std::fmt::Write as _;
#[allow(clippy::disallowed_types, reason = "the table says how long it took to make, and nothing else hangs on it")]
use std::time::Instant;

/// So many seeds of each arm under each kind of conditions.
const SEEDS: u64 = 2000;

/// What the two arms show under these conditions: the first seed that finds the bug, how many do in the broken arm, and how many in the fixed one.
fn cells(bug: &Bug, conditions: Conditions) -> String {
    let (broken, fixed) = (shown(bug, conditions, bug.broken, SEEDS), shown(bug, conditions, bug.fixed, SEEDS));
    let first = broken.first.map_or("never".to_owned(), |first| first.to_string());
    format!("{first} | {} of {SEEDS} | {} of {SEEDS}", broken.violated, fixed.violated)
}

/// Writes `tests/bugs/found.md`, and the page.
#[test]
#[ignore = "2000 seeds of every bug, under two storms, take minutes"]
#[allow(clippy::disallowed_types, reason = "see above")]
fn the_table() {
    let began = Instant::now();
    let mut rows = String::new();
    for bug in all() {
        let (focused, storm) = (cells(bug, Conditions::Focused), cells(bug, Conditions::Storm));
        let _ = writeln!(rows, "| {} | {} | `{}` | {} | {focused} | {storm} |", bug.id, bug.what, bug.scenario, bug.property);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let built = if cfg!(debug_assertions) { "with" } else { "without" };
    let text = format!(
        "## How many seeds it takes\n\n*First* is the first seed, counted from 1, whose run violates the property: so many runs a search needs. *Broken* and *fixed* say in \
         how many of the seeds 1 to {SEEDS} the two arms violate it. Made in {} s on {threads} threads, {built} debug assertions, by\n\
         `cargo test --test main bugs::table -- --ignored` (`--release` leaves them out).\n\n\
         | id | mistake | scenario | property | first, focused | broken | fixed | first, storm | broken | fixed |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n{rows}",
        began.elapsed().as_secs()
    );
    fs_err::write(page::FOUND, text).expect("the table can be written");
    page::write();
}
