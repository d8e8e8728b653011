//! `compare --stress`: the same comparison under other plausible assumptions.
//!
//! Each assumption has a results folder of its own below `stress/`, so that a comparison that was interrupted goes on, and `report` draws
//! everything again.

use super::compare::jobs;
use super::output::{print, print_table, say, wrong};
use super::whole_file::WholeFile;
use super::{Exit, Format, WorkArgs, progress};
use camino::{Utf8Path, Utf8PathBuf};
use reports::summary;
use scenarios::gather::gather;
use scenarios::journal::{self, Journal, KnownRuns};
use scenarios::results::{Manifest, Results, Stressed};
use scenarios::stress::{Assumption, assumptions, under};
use scenarios::sweep::{self, SweepOptions, saved, size};
use scenarios::text::Source;
use scenarios::{Extent, Scenario};

/// The folder, within that of the results, that holds a folder for each assumption.
const FOLDER: &str = "stress";

/// Makes the comparison again under every assumption, and keeps what comes of it.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn compare(scenario: &Scenario, results: &mut Results, folder: &Utf8Path, work: &WorkArgs, quiet: bool) -> Result<(), Exit> {
    let mut refused = Vec::new();
    let mut all = Vec::new();
    for assumption in assumptions(scenario) {
        match under(scenario, &assumption) {
            Ok(changed) => all.push((assumption, changed)),
            Err(problems) => refused.push((assumption, problems)),
        }
    }
    for (assumption, problems) in &refused {
        say(&format!("warning: the comparison is not made with {}, because the scenario does not take that:\n{problems}", assumption.name));
    }
    if all.is_empty() {
        say("warning: no assumption of this scenario can be replaced, so there is nothing to repeat under others");
    }
    keep_measure(folder, results.stressed_of.as_deref())?;
    let bar = progress::bar(all.iter().map(|(_, changed)| size(changed)).sum(), quiet);
    let mut before = 0;
    for (assumption, changed) in &all {
        let own = place(folder, assumption);
        let cannot = |error: std::io::Error| wrong(&format!("cannot keep the runs in {own}: {error}"));
        fs_err::create_dir_all(&own).map_err(cannot)?;
        journal::save_manifest(&own, &saved(changed)).map_err(cannot)?;
        let known = KnownRuns::read(&own).map_err(cannot)?;
        let mut journal = Journal::open(&own).map_err(cannot)?;
        let mut advance = |done: usize, _| bar.set_position((before + done) as u64);
        let options = SweepOptions { jobs: jobs(work), go_on: &progress::go_on, progress: &mut advance };
        let made = sweep::sweep(changed, &known, &mut journal, options).map_err(cannot)?;
        if made.runs.len() < size(changed) {
            bar.finish_and_clear();
            say("interrupted while comparing under other assumptions; runs made so far are kept, and the same command goes on from there");
            return Err(Exit::Interrupted);
        }
        before += size(changed);
        results.stressed.push(Stressed { assumption: assumption.name.to_owned(), results: made });
    }
    bar.finish_and_clear();
    Ok(())
}

/// What an earlier `--stress` has left in a results folder, in the order in which it was made. What belongs to another text of the scenario is
/// left out.
///
/// # Errors
/// [`Exit::Wrong`] if a folder cannot be read.
pub fn load(manifest: &Manifest, folder: &Utf8Path) -> Result<Vec<Stressed>, Exit> {
    let mut found = Vec::new();
    let beside = Utf8Path::new(&manifest.source).parent().unwrap_or_else(|| Utf8Path::new(""));
    let source = Source::new(manifest.source.clone(), manifest.text.clone()).beside(beside);
    let Some(scenario) =
        folder.join(FOLDER).is_dir().then(|| scenarios::read(source, &manifest.source, &[], Extent::AsWritten).ok()).flatten()
    else {
        return Ok(found);
    };
    for assumption in assumptions(&scenario) {
        let own = place(folder, &assumption);
        let wanted = under(&scenario, &assumption).map(|changed| changed.hash());
        let Some(saved) = journal::load_manifest(&own).map_err(|message| wrong(&message))? else { continue };
        if wanted.as_ref() != Ok(&saved.manifest.scenario_hash) {
            continue;
        }
        let results = gather(&saved, &own).map_err(|error| wrong(&format!("cannot read {own}: {error}")))?.results;
        if !results.runs.is_empty() {
            found.push(Stressed { assumption: assumption.name.to_owned(), results });
        }
    }
    Ok(found)
}

/// The file, beside the assumptions, that says of which measure they were asked.
const MEASURE: &str = "of.txt";

/// Keeps the name of the measure that was asked of; without one, that of an earlier command is removed.
fn keep_measure(folder: &Utf8Path, measure: Option<&str>) -> Result<(), Exit> {
    let path = folder.join(FOLDER).join(MEASURE);
    let cannot = |error: std::io::Error| wrong(&format!("cannot write {path}: {error}"));
    match measure {
        Some(name) => {
            fs_err::create_dir_all(folder.join(FOLDER)).and_then(|()| WholeFile::write(&path, format!("{name}\n"))).map_err(cannot)
        }
        None if path.exists() => fs_err::remove_file(&path).map_err(cannot),
        None => Ok(()),
    }
}

/// The name of the measure that an earlier `--stress` was asked of.
pub fn load_measure(folder: &Utf8Path) -> Option<String> {
    fs_err::read_to_string(folder.join(FOLDER).join(MEASURE)).ok().map(|name| name.trim().to_owned())
}

fn place(folder: &Utf8Path, assumption: &Assumption) -> Utf8PathBuf {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = assumption.name.replace('+', "plus ").replace(" -", " minus ").chars().map(word).collect();
    folder.join(FOLDER).join(name.trim_matches('-'))
}

/// Prints whether the ranking holds.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn show(results: &Results, format: Format) -> Result<(), Exit> {
    // For a program it is part of the answer, or in files.
    if results.stressed.is_empty() || matches!(format, Format::Json | Format::Csv) {
        return Ok(());
    }
    print("\nDoes the ranking hold?\n")?;
    summary::stress_sentences(results).iter().try_for_each(|sentence| print(&format!("  {sentence}.")))?;
    summary::stress(results).iter().try_for_each(|table| print("").and_then(|()| print_table(table, format)))
}
