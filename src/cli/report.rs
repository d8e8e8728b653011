//! `report`: everything drawn again from a results folder, without running anything.

use super::compare::{draw, print_headline};
use super::output::{print, say, wrong};
use super::progress::Steps;
use super::{Exit, stress};
use camino::Utf8PathBuf;
use clap::Args;
use scenarios::gather::{Gathered, gather_telling};
use scenarios::journal;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A results folder of `compare` or `sweep`.
    folder: Utf8PathBuf,
}

/// More damaged lines of a journal than this are only counted.
const NAMED_LINES: usize = 5;

/// Runs `report`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn report(args: &ReportArgs) -> Result<Exit, Exit> {
    let folder = &args.folder;
    if !folder.is_dir() {
        let what = if folder.is_file() { "is a file" } else { "does not exist" };
        return Err(wrong(&format!("{folder} {what}; name a folder that `stormglass compare` or `sweep` has made")));
    }
    let Some(saved) = journal::load_manifest(folder).map_err(|message| wrong(&message))? else {
        return Err(wrong(&format!("{folder} holds no results; make some with `stormglass compare SCENARIO --out {folder}`")));
    };
    let manifest = &saved.manifest;
    if manifest.tool_version != env!("CARGO_PKG_VERSION") {
        let versions = format!("{folder} was made by version {}, this is {}", manifest.tool_version, env!("CARGO_PKG_VERSION"));
        say(&format!("warning: {versions}; commands that repeat a run may show something else"));
    }
    let Gathered { mut results, damage } = {
        let mut steps = Steps::new(false);
        gather_telling(&saved, folder, &mut |done, of| steps.tell("reading", done, of))
            .map_err(|error| wrong(&format!("cannot read {folder}: {error}")))?
    };
    for (line, why) in damage.iter().take(NAMED_LINES) {
        say(&format!("warning: line {line} of {folder}/{} cannot be believed: {why}", journal::FILE));
    }
    if damage.len() > NAMED_LINES {
        say(&format!("warning: {} more of its lines cannot be believed", damage.len() - NAMED_LINES));
    }
    results.stressed = stress::load(manifest, folder)?;
    results.stressed_of = stress::load_measure(folder);
    results.thresholds = journal::load_thresholds(folder, manifest).map_err(|message| wrong(&message))?;
    let wanted = manifest.cells.len() * manifest.arms.len() * manifest.replications as usize;
    if results.runs.is_empty() {
        let remedy = format!("`{}` makes them", reports::command::compare(manifest));
        return Err(wrong(&format!("{folder} holds no finished run of {}; {remedy}", manifest.scenario)));
    }
    let written = draw(&results, folder, false)?;
    print_headline(&results)?;
    print(&format!("{written} files drawn again from {} saved runs: {folder}/report.html", results.runs.len()))?;
    if results.runs.len() < wanted {
        say(&format!(
            "warning: {} of {wanted} runs are not there: the sweep was interrupted, or lines of its journal are damaged; `{} --out {folder}` makes them",
            wanted - results.runs.len(),
            reports::command::compare(&results.manifest)
        ));
    }
    // What is sound was drawn; that a file is not is for the next program to know.
    Ok(if damage.is_empty() { Exit::Fine } else { Exit::Wrong })
}
