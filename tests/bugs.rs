//! Does a seeded search find the classic mistakes, and does nothing find them where they are mended?
//!
//! A bug is one entry in the list: a shipped scenario, the property, the arm that is broken and the one that is not. Each is looked for under
//! the scenario's own conditions, which are the focused ones, and under the one default storm of its protocol. The broken arm must violate
//! the property; the fixed one must survive the same seeds, and a core of it that is healed must make progress though the rest stays dead for ever.
//! The normal tests take 200 seeds of each, and `table.rs` 2000; `docs/bugs.md` shows what came of it.

mod commits;
mod locks;
mod page;
mod payments;
mod quorums;
mod raft;
mod reproduced;
mod table;

use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// What is demanded of the core: somebody is always answered within a time, once the core is healed.
    pub progress: &'static str,
    /// What is changed in the scenario for its own conditions, by paths: shorter runs, where many seeds show more than long runs do.
    pub focused: &'static [(&'static str, &'static str)],
    /// What is changed for the storm and for the core.
    pub lighter: &'static [(&'static str, &'static str)],
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

/// What is demanded of most cores.
const PROGRESS: &str = "Progress(within: \"2s\", after: \"5s\")";

/// Every bug, in the order of the table.
fn all() -> Vec<&'static Bug> {
    let mut all: Vec<&Bug> = [quorums::BUGS, raft::BUGS, locks::BUGS, commits::BUGS, payments::BUGS].into_iter().flatten().collect();
    let number = |bug: &Bug| bug.id.trim_matches(char::is_alphabetic).parse::<u32>().expect("the sign of a bug has a number");
    all.sort_by_key(|bug| (number(bug), bug.id));
    all
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
            with(text, &format!("properties: [{}]", bug.progress))
        }
    };
    let changes = if conditions == Conditions::Focused { bug.focused } else { bug.lighter };
    let changes: Vec<_> = changes.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    read(Source::new(bug.scenario, &text), bug.scenario, &changes, Extent::AsWritten)
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
