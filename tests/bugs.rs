//! Does a seeded search find the classic mistakes, and does nothing find them where they are mended?
//!
//! A bug is one entry in the list: a shipped scenario, the property, the arm that is broken and the one that is not. Each is looked for under
//! the scenario's own conditions, which are the focused ones, and under the one default storm of its protocol. The broken arm must violate
//! the property; the fixed one must survive the same seeds, and a core of it that is healed must make progress though the rest stays dead for ever. The normal tests take 200 seeds of each. The table of `docs/bugs.md` is made
//! of 2000, by `cargo test --release --test main bugs::the_table -- --ignored`, and says how long that took.

mod quorums;
mod raft;
mod reproduced;

use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
#[allow(clippy::disallowed_types, reason = "the page says how long it took to make, and nothing else hangs on it")]
use std::time::Instant;

/// A mistake that somebody once made, and its mended variant.
pub struct Bug {
    /// Its sign in lists of bugs.
    pub id: &'static str,
    /// What is wrong, in a clause.
    pub what: &'static str,
    /// The shipped scenario.
    pub scenario: &'static str,
    /// The property that is violated, as tables name it.
    pub property: &'static str,
    /// The arm with the mistake.
    pub broken: &'static str,
    /// The arm without it.
    pub fixed: &'static str,
    /// The default storm of its protocol: a section of a scenario, which takes the place of the scenario's own faults.
    pub storm: &'static str,
    /// Faults of which some last for ever, so that only a core of the system is left from 5 s on: progress is demanded of that.
    pub core: &'static str,
}

/// Which conditions an arm meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conditions {
    /// The scenario's own.
    Focused,
    /// The default storm of the protocol.
    Storm,
    /// A core is healed, the rest stays dead for ever.
    Core,
}

/// What is demanded of the core: somebody is always answered within this time, once the core is healed.
const PROGRESS: &str = "Progress(within: \"2s\", after: \"5s\")";

/// Every bug, in the order of the table.
fn all() -> Vec<&'static Bug> {
    quorums::BUGS.iter().chain(raft::BUGS).collect()
}

/// What seeds 1 to `seeds` show of one arm.
struct Shown {
    /// The first seed that violates the property.
    first: Option<u64>,
    /// How many do.
    violated: u64,
    /// How many hold, which is something else than not to say anything.
    held: u64,
}

/// The text of a scenario without one of its sections, which begins on a line of its own.
fn without(text: &str, section: &str) -> String {
    let mut depth = 0;
    let mut kept = String::new();
    for line in text.lines() {
        let begins = depth == 0 && line.starts_with(&format!("    {section}:"));
        if begins || depth > 0 {
            let count = |brackets: &[char]| line.matches(brackets).count();
            depth = depth + count(&['(', '[', '{']) - count(&[')', ']', '}']);
        } else {
            kept += line;
            kept += "\n";
        }
    }
    kept
}

fn scenario(bug: &Bug, conditions: Conditions) -> Scenario {
    let shipped = scenarios::library::find(bug.scenario).expect("the scenario is shipped").text;
    let calm = || without(&without(shipped, "faults"), "storm");
    let with = |text: String, section: &str| text.replacen("\n    arms:", &format!("\n    {section},\n    arms:"), 1);
    let text = match conditions {
        Conditions::Focused => shipped.to_owned(),
        Conditions::Storm => with(calm(), bug.storm),
        Conditions::Core => {
            let text = with(without(&without(&calm(), "expect"), "properties"), bug.core);
            with(text, &format!("properties: [{PROGRESS}]"))
        }
    };
    read(Source::new(bug.scenario, &text), bug.scenario, &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// Makes the runs of the seeds 1 to `seeds` of an arm, on all cores.
fn shown(bug: &Bug, conditions: Conditions, arm: &str, seeds: u64) -> Shown {
    let scenario = scenario(bug, conditions);
    let property = if conditions == Conditions::Core { scenario.properties[0].as_str() } else { bug.property };
    let arm = scenario.arm(arm).expect("the arm exists");
    let plan = &scenario.cells[0].arms[arm];
    let (next, first) = (AtomicU64::new(1), AtomicU64::new(u64::MAX));
    let (violated, held) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds {
                break;
            }
            let run = run(plan, seed, TieBreak::ByRank, None);
            let found = run.measures.findings.iter().find(|finding| finding.property == property);
            let finding = found.unwrap_or_else(|| panic!("{} states no {property}", bug.scenario));
            match finding.verdict {
                scenarios::properties::Verdict::Violated => {
                    violated.fetch_add(1, Ordering::Relaxed);
                    first.fetch_min(seed, Ordering::Relaxed);
                }
                scenarios::properties::Verdict::Holds => {
                    held.fetch_add(1, Ordering::Relaxed);
                }
                scenarios::properties::Verdict::NotReached | scenarios::properties::Verdict::Unknown => {}
            }
        }
    };
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(work))));
    let first = Some(first.into_inner()).filter(|first| *first < u64::MAX);
    Shown { first, violated: violated.into_inner(), held: held.into_inner() }
}

/// The normal test of a bug: found in the broken arm, and in the fixed one not, by the same seeds.
fn is_found_and_mended(bug: &Bug, seeds: u64) {
    is_told_apart(bug, Conditions::Focused, seeds);
    is_told_apart(bug, Conditions::Storm, seeds);
    is_alive(bug, seeds);
}

/// The broken arm violates the property under these conditions, and the fixed one does not.
fn is_told_apart(bug: &Bug, conditions: Conditions, seeds: u64) {
    let broken = shown(bug, conditions, bug.broken, seeds);
    assert!(broken.violated > 0, "{} {conditions:?}: not found within {seeds} seeds", bug.id);
    survives(bug, conditions, seeds);
}

/// The fixed arm keeps the property under these conditions.
fn survives(bug: &Bug, conditions: Conditions, seeds: u64) {
    let fixed = shown(bug, conditions, bug.fixed, seeds);
    assert_eq!((fixed.violated, fixed.first), (0, None), "{} {conditions:?}: found in the fixed variant", bug.id);
    assert!(fixed.held * 10 >= seeds * 9, "{} {conditions:?}: only {} of {seeds} runs say anything", bug.id, fixed.held);
}

/// A core of the fixed arm makes progress though the rest stays dead for ever.
fn is_alive(bug: &Bug, seeds: u64) {
    let core = shown(bug, Conditions::Core, bug.fixed, seeds / 10);
    assert_eq!((core.first, core.held), (None, seeds / 10), "{}: the core makes no progress", bug.id);
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bugs.md");

/// Writes `docs/bugs.md`.
#[test]
#[ignore = "2000 seeds of every bug, under two storms, take minutes"]
#[allow(clippy::disallowed_types, reason = "see above")]
fn the_table() {
    const SEEDS: u64 = 2000;
    let began = Instant::now();
    let mut rows = String::new();
    for bug in all() {
        let mut cells = Vec::new();
        for conditions in [Conditions::Focused, Conditions::Storm] {
            let (broken, fixed) = (shown(bug, conditions, bug.broken, SEEDS), shown(bug, conditions, bug.fixed, SEEDS));
            let first = broken.first.map_or("never".to_owned(), |first| first.to_string());
            cells.push(format!("{first} | {} of {SEEDS} | {} of {SEEDS}", broken.violated, fixed.violated));
        }
        let _ = writeln!(rows, "| {} | {} | `{}` | {} | {} |", bug.id, bug.what, bug.scenario, bug.property, cells.join(" | "));
    }
    let text = format!(
        "# Bugs that a seeded search finds\n\nEach row is a classic mistake: a shipped scenario with an arm that makes it and one that does not. *Focused* are \
         the scenario's own conditions, *storm* is the one default storm of its protocol. *First* is the first seed, counted from 1, whose run violates the property: \
         how many runs a search needs. The fixed variant meets the same {SEEDS} seeds. Made in {} s by\n\
         `cargo test --release --test main bugs::the_table -- --ignored`.\n\n\
         | id | mistake | scenario | property | first, focused | broken | fixed | first, storm | broken | fixed |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n{rows}",
        began.elapsed().as_secs()
    );
    fs_err::write(PAGE, text).expect("the page can be written");
}
