//! Is every bug found, made again elsewhere, and made small, by the program that a user has?
//!
//! For a bug and the conditions it is looked for under: `search` finds it, `replay` makes its run again in a fresh process, `shrink` makes it
//! small in less than a minute, the small file fails a hundred times of a hundred in the same way and to the same digest, and the fixed arm is
//! searched in vain. The normal tests do that for two bugs. `cargo test --test main bugs::reproduced::the_table -- --ignored` does it
//! for all of them and writes what it saw to `tests/bugs/reproduced.md`, which `docs/bugs.md` shows.

use super::{Bug, Conditions, all, page, scenario};
use crate::cli::{Place, Said};
use std::fmt::Write as _;
#[allow(clippy::disallowed_types, reason = "how long it took is what is shown, and nothing else hangs on it")]
use std::time::{Duration, Instant};

/// A shrunk scenario has no more strikes of faults than this.
const MOST_STRIKES: u64 = 8;

/// A shrunk scenario has no more than one of so many events.
const SHARE: u64 = 10;

/// What was seen of one bug under one kind of conditions.
struct Reproduced {
    /// The first seed that fails.
    seed: u64,
    /// Events before and after.
    events: (u64, u64),
    /// Strikes of faults before and after.
    strikes: (u64, u64),
    /// How often the small file was made again.
    times: u64,
    /// How long search and shrink took.
    took: (Duration, Duration),
}

/// What the program says, and how long it took.
#[allow(clippy::disallowed_types, reason = "see above")]
fn timed(place: &Place, arguments: &[&str]) -> (Said, Duration) {
    let began = Instant::now();
    let said = place.run(arguments);
    (said, began.elapsed())
}

/// The digest that a replay prints of a run that fails as it did.
fn digest_of_failure(place: &Place, file: &str) -> String {
    let said = place.run(&["replay", file, "--lines", "1"]);
    assert_eq!(said.code, Some(1), "{file}: {}{}", said.out, said.err);
    assert!(said.err.contains("the same run to the last of its"), "{file}: {}", said.err);
    said.out.lines().find(|line| line.starts_with("digest ")).expect("a digest is printed").to_owned()
}

/// The file that a line of output names.
fn named(said: &Said, before: &str) -> String {
    let found = said.out.lines().chain(said.err.lines()).find_map(|line| line.trim().strip_prefix(before));
    found.unwrap_or_else(|| panic!("no `{before}` in {}{}", said.out, said.err)).to_owned()
}

/// A row of a table in CSV: events, faults, strikes, seed.
fn row(said: &Said, name: &str) -> Vec<u64> {
    let row = said.out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(','));
    let row = row.unwrap_or_else(|| panic!("no row `{name}` in {}", said.out));
    row.split(',').map(|cell| cell.parse().unwrap_or_else(|_| panic!("{row}"))).collect()
}

/// Goes the whole way with one bug; or says what is not as it should be.
fn reproduced(bug: &Bug, conditions: Conditions, (seeds, times): (u64, u64)) -> Result<Reproduced, String> {
    let place = Place::with(&[("bug.ron", &scenario(bug, conditions).source.text)]);
    let within = format!("1..{seeds}");
    let search = |arm: &str| {
        let arguments = ["search", "bug.ron", "--seeds", &within, "--property", bug.property, "--arm", arm, "--failures", "1", "--quiet"];
        timed(&place, &arguments)
    };
    let holds = |is_so: bool, sentence: String| if is_so { Ok(()) } else { Err(format!("{} {conditions:?}: {sentence}", bug.id)) };
    let (found, searched) = search(bug.broken);
    holds(found.code == Some(1), format!("not found: {}{}", found.out, found.err))?;
    let seed = found.out.split(['=', ' ']).nth(1).and_then(|seed| seed.parse().ok()).expect("the seed comes first");
    let file = named(&found, "again: stormglass replay ");
    let digest = digest_of_failure(&place, &file);
    holds(digest_of_failure(&place, &file) == digest, "another digest in another process".to_owned())?;

    let (shrunk, took) = timed(&place, &["shrink", &file, "--property", bug.property, "--format", "csv"]);
    holds(shrunk.code == Some(0), format!("{}{}", shrunk.out, shrunk.err))?;
    let (before, after) = (row(&shrunk, "before"), row(&shrunk, "after"));
    let small = named(&shrunk, "again:    stormglass replay ");
    let digest = digest_of_failure(&place, &small);
    let again = (1..times).filter(|_| digest_of_failure(&place, &small) == digest).count() as u64 + 1;
    holds(again == times, format!("{small} is the same run only {again} of {times} times"))?;

    let (survived, _) = search(bug.fixed);
    holds(survived.code == Some(0), format!("found in the fixed arm: {}", survived.out))?;
    let (events, strikes) = ((before[0], after[0]), (before[2], after[2]));
    holds(strikes.1 <= MOST_STRIKES, format!("{} strikes are left\n{}", strikes.1, shrunk.err))?;
    holds(events.1 * SHARE <= events.0, format!("{} of {} events are left\n{}", events.1, events.0, shrunk.err))?;
    holds(took < Duration::from_secs(60), format!("it took {took:?} to make it small"))?;
    Ok(Reproduced { seed, events, strikes, times, took: (searched, took) })
}

fn bug(id: &str) -> &'static Bug {
    all().into_iter().find(|bug| bug.id == id).expect("it is listed")
}

#[test]
fn a_stale_read_is_found_made_again_and_made_small() {
    reproduced(bug("B1"), Conditions::Focused, (100, 3)).unwrap_or_else(|sentence| panic!("{sentence}"));
}

#[test]
fn a_split_quorum_in_a_storm_is_found_made_again_and_made_small() {
    reproduced(bug("B10"), Conditions::Storm, (100, 3)).unwrap_or_else(|sentence| panic!("{sentence}"));
}

/// Writes `tests/bugs/reproduced.md`.
#[test]
#[ignore = "all bugs, each made again a hundred times, take minutes"]
#[allow(clippy::disallowed_types, reason = "see above")]
fn the_table() {
    let began = Instant::now();
    let (mut rows, mut missing) = (String::new(), Vec::new());
    for bug in all() {
        for conditions in [Conditions::Focused, Conditions::Storm] {
            let name = if conditions == Conditions::Focused { "focused" } else { "storm" };
            let Reproduced { seed, events, strikes, times, took } = match reproduced(bug, conditions, (2000, 100)) {
                Ok(seen) => seen,
                Err(sentence) => {
                    missing.push(sentence);
                    continue;
                }
            };
            let share = 100.0 * events.1 as f64 / events.0 as f64;
            let _ = writeln!(
                rows,
                "| {} | {name} | {seed} | {:.1} s | {} | {} | {share:.2} % | {} | {} | {times} of {times} | {:.1} s |",
                bug.id,
                took.0.as_secs_f64(),
                events.0,
                events.1,
                strikes.0,
                strikes.1,
                took.1.as_secs_f64(),
            );
        }
    }
    let text = format!(
        "## From the seed to a small scenario\n\nEach bug was found by `search` in the broken arm, made again by `replay` in a fresh process to the same digest, \
         and made small by `shrink`; the small file was then replayed so many times, and failed each time in the same way and to the same digest. The fixed arm was searched \
         under the same 2000 seeds, in vain. *Events* and *strikes* of faults are those of the run that was found and of what `shrink` made of it. Made in {} s by\n\
         `cargo test{} --test main bugs::reproduced::the_table -- --ignored`.\n\n\
         | id | conditions | seed | search | events | after shrink | share | strikes | after shrink | fails again | shrink |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n{rows}",
        began.elapsed().as_secs(),
        if cfg!(debug_assertions) { "" } else { " --release" }
    );
    fs_err::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bugs/reproduced.md"), text).expect("it can be written");
    page::write();
    assert!(missing.is_empty(), "{}", missing.join("\n\n"));
}
