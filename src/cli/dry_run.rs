//! `--dry-run`: what a comparison or a sweep would do, and about how long it would take.

use super::output::{print, say, wrong};
use super::precision::Rounds;
use super::{Exit, WorkArgs};
use camino::Utf8Path;
use scenarios::Scenario;
use scenarios::journal::KnownRuns;
use scenarios::run::run;
use scenarios::sweep::{known_of, size};
use sim_core::simulation::TieBreak;
use sim_core::stats::stopping;
use std::time::Duration;
#[allow(clippy::disallowed_types, reason = "an estimate of wall-clock time is what is asked for, and nothing else hangs on it")]
use std::time::Instant;

/// No further trial run is begun after this time.
const TRIALS: Duration = Duration::from_secs(2);
/// The most trial runs.
const MOST_TRIALS: usize = 50;

/// Prints what would be made, and on stderr an estimate of the time. Nothing is written.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written, or the folder cannot be read.
pub fn dry_run(scenario: &Scenario, rounds: Option<&Rounds>, folder: &Utf8Path, work: &WorkArgs, quiet: bool) -> Result<Exit, Exit> {
    let known = if work.fresh {
        KnownRuns::default()
    } else {
        KnownRuns::read(folder).map_err(|error| wrong(&format!("cannot read {folder}: {error}")))?
    };
    let (cells, arms, runs) = (scenario.cells.len(), scenario.arms.len(), size(scenario));
    let over = if scenario.axes.is_empty() { String::new() } else { format!(" over {}", scenario.axes.join(", ")) };
    print(&format!("{}: nothing was run for a result", scenario.name))?;
    print(&format!("  arms      {}", scenario.arms.join(", ")))?;
    print(&format!("  cells     {cells}{over}"))?;
    let (replications, first) = (scenario.sweep.replications, scenario.sweep.first_seed);
    match rounds {
        None => print(&format!("  runs      {runs} = {cells} x {arms} x {replications} seeds from {first}"))?,
        Some(rounds) => {
            let steps: Vec<String> = stopping::rounds(rounds.at_most).iter().map(u32::to_string).collect();
            print(&format!("  runs      {cells} x {arms} x {} seeds from {first}, whichever is enough", steps.join(" or ")))?;
        }
    }
    let there = known_of(scenario, &known);
    print(&format!("  known     {there} of {runs} are in {folder}"))?;
    if !quiet {
        say(&estimate(scenario, runs - there, work));
    }
    Ok(Exit::Fine)
}

/// About how long so many runs take: only the clock of this machine knows, and it decides nothing else.
#[allow(clippy::disallowed_types, reason = "see above")]
fn estimate(scenario: &Scenario, missing: usize, work: &WorkArgs) -> String {
    if missing == 0 {
        return "estimate: nothing is left to run".to_owned();
    }
    let systems: Vec<_> = scenario.cells.iter().flat_map(|cell| &cell.arms).collect();
    let trials = systems.len().min(MOST_TRIALS);
    let begun = Instant::now();
    let mut made = 0;
    while made < trials && (made == 0 || begun.elapsed() < TRIALS) {
        // Spread over the grid, because cells and arms may take very different times.
        run(systems[made * systems.len() / trials], scenario.sweep.first_seed, TieBreak::ByRank, None);
        made += 1;
    }
    let each = begun.elapsed().as_secs_f64() / made as f64;
    let jobs = work.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let all = each * missing as f64 / jobs.min(missing) as f64;
    let trials = if made == 1 { "a trial run".to_owned() } else { format!("{made} trial runs") };
    format!("estimate: {missing} runs take about {} with {jobs} threads; {trials} took {} each", about(all), about(each))
}

/// A time as one would say it.
fn about(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => "less than a millisecond".to_owned(),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3_600.0),
    }
}
