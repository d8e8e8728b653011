//! `Bisect`: the edges of the stable region, looked for after the runs of the grid.

use super::compare::jobs;
use super::output::{print, print_table, say, wrong};
use super::{Exit, Format, WorkArgs, progress};
use camino::Utf8Path;
use reports::summary;
use scenarios::Scenario;
use scenarios::journal::{self, Journal, KnownRuns};
use scenarios::results::Results;
use scenarios::sweep::SweepOptions;
use scenarios::threshold;

/// Looks for every edge that the scenario asks for, and keeps what is found in the folder.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn search(scenario: &Scenario, results: &mut Results, folder: &Utf8Path, work: &WorkArgs, quiet: bool) -> Result<(), Exit> {
    let cannot = |error: std::io::Error| wrong(&format!("cannot look for the edge: {error}; runs made so far are kept in {folder}"));
    if !scenario.searches.is_empty() {
        let mut journal = Journal::open(folder).map_err(cannot)?;
        let known = KnownRuns::read(folder).map_err(cannot)?;
        for search in &scenario.searches {
            let bar = progress::bar(0, quiet);
            let mut advance = |done: usize, expected: usize| {
                bar.set_length(expected as u64);
                bar.set_position(done as u64);
            };
            let options = SweepOptions { jobs: jobs(work), go_on: &progress::go_on, progress: &mut advance };
            let found = threshold::search(scenario, search, &known, &mut journal, options).map_err(cannot)?;
            bar.finish_and_clear();
            let Some(found) = found else {
                say("interrupted while looking for the edge; runs made so far are kept, and the same command goes on from there");
                return Err(Exit::Interrupted);
            };
            results.thresholds.push(found);
        }
    }
    journal::save_thresholds(folder, &results.thresholds).map_err(cannot)
}

/// Prints where the edges are.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn show(results: &Results, format: Format) -> Result<(), Exit> {
    let sentences = summary::threshold_sentences(results);
    if sentences.is_empty() {
        return Ok(());
    }
    print("")?;
    sentences.iter().try_for_each(|sentence| print(&format!("  {sentence}.")))?;
    summary::thresholds(results).iter().try_for_each(|table| print("").and_then(|()| print_table(table, format)))
}
