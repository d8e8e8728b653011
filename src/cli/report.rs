//! `report`: everything drawn again from a results folder, without running anything.

use super::output::{print, wrong};
use super::{Exit, load};
use camino::Utf8PathBuf;
use clap::Args;
use reports::{ReportOptions, write_report};
use scenarios::journal::{self, KnownRuns};
use scenarios::text::Source;
use scenarios::{Extent, sweep};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A results folder of `compare` or `sweep`.
    folder: Utf8PathBuf,
}

/// Runs `report`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn report(args: &ReportArgs) -> Result<Exit, Exit> {
    let folder = &args.folder;
    let Some(manifest) = journal::load_manifest(folder).map_err(|message| wrong(&message))? else {
        return Err(wrong(&format!("{folder} holds no results; make some with `stormglass compare SCENARIO --out {folder}`")));
    };
    if manifest.tool_version != env!("CARGO_PKG_VERSION") {
        let versions = format!("{folder} was made by version {}, this is {}", manifest.tool_version, env!("CARGO_PKG_VERSION"));
        return Err(wrong(&format!("{versions}; run the scenario again, or draw it with that version")));
    }
    // The text in the manifest has all changes applied already.
    let source = Source::new(format!("{folder}/{}", journal::MANIFEST), manifest.text.clone());
    let mut scenario =
        scenarios::read(source, &manifest.source, &[], Extent::Grid).map_err(|(source, problems)| load::refuse(problems, &source))?;
    scenario.sweep.replications = manifest.replications;
    scenario.sweep.first_seed = manifest.first_seed;
    scenario.changes.clone_from(&manifest.changes);
    let known = KnownRuns::read(folder).map_err(|error| wrong(&format!("cannot read {folder}: {error}")))?;
    let results = sweep::gather(&scenario, &known);
    let written = write_report(&results, folder.as_std_path(), ReportOptions { png: true });
    let written = written.map_err(|error| wrong(&format!("cannot write to {folder}: {error}")))?;
    print(&reports::summary::fates::headline(&results))?;
    print(&format!("{} files drawn again from {} saved runs: {folder}/report.html", written.len(), results.runs.len()))?;
    Ok(Exit::Fine)
}
