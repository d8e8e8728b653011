//! How does a command come by a repro file, and how is one written?

use super::load::refuse;
use super::output::{say, wrong};
use super::{Exit, file_name};
use camino::{Utf8Path, Utf8PathBuf};
use scenarios::Scenario;
use scenarios::repro::Repro;
use scenarios::repro::read::{bytes_of, is_repro, open};
use scenarios::search::plans::Strikes;
use scenarios::text::Source;

/// The repro file of this name; nothing if it is something else, or not there: then it may be a scenario.
///
/// # Errors
/// [`Exit::Wrong`] if it means to be one and cannot be read, or was edited and `as_far_as_possible` does not say to go on.
pub fn find(name: &str, as_far_as_possible: bool) -> Result<Option<Repro>, Exit> {
    let path = Utf8Path::new(name);
    if !path.is_file() {
        return Ok(None);
    }
    let refused = |problem: scenarios::problem::Problem| refuse(problem.into(), &Source::new(name, ""));
    let bytes = bytes_of(path).map_err(refused)?;
    if !is_repro(&String::from_utf8_lossy(&bytes)) {
        return Ok(None);
    }
    let opened = open(name, bytes).map_err(|(source, problems)| refuse(problems, &source))?;
    for doubt in opened.edited.into_iter().chain(opened.repro.other_version()) {
        if !as_far_as_possible {
            let go_on = "--as-far-as-possible goes on all the same, and says where the runs part";
            return Err(wrong(&format!("{name} is not repeated: {doubt}; {go_on}")));
        }
        say(&format!("warning: {doubt}"));
    }
    Ok(Some(opened.repro))
}

/// The repro file of this name, which has to be one.
///
/// # Errors
/// [`Exit::Wrong`] if it is none.
pub fn load(name: &str, as_far_as_possible: bool) -> Result<Repro, Exit> {
    let missing = || {
        if !Utf8Path::new(name).is_file() {
            return wrong(&format!("there is no file `{name}`"));
        }
        let sentence = format!("{name} is no repro file");
        wrong(&format!("{sentence}; `stormglass search SCENARIO` writes one for every run that breaks a promise"))
    };
    find(name, as_far_as_possible)?.ok_or_else(missing)
}

/// Its scenario and arm, with what is wrong with them said on stderr.
///
/// # Errors
/// [`Exit::Wrong`] if anything is.
pub fn scenario(repro: &Repro, name: &str) -> Result<(Scenario, usize), Exit> {
    repro.scenario(name).map_err(|(source, problems)| refuse(problems, &source))
}

/// Writes the run of a seed to a folder and answers with the name of the file.
///
/// # Errors
/// [`Exit::Wrong`] if the scenario cannot stand alone, or the folder cannot be written.
pub fn write(scenario: &Scenario, arm: usize, seed: u64, strikes: Option<&Strikes>, folder: &Utf8Path) -> Result<Utf8PathBuf, Exit> {
    let refused = |problem: scenarios::problem::Problem| refuse(problem.into(), &scenario.source);
    let (repro, _) = Repro::of(scenario, arm, seed, strikes).map_err(refused)?;
    let name = format!("{}.{}.seed-{seed}.ron", file_name(&scenario.name), file_name(&scenario.arms[arm]));
    save(folder, &name, &repro.text())
}

/// Writes a file whose name is made of letters, digits, dots and dashes: never outside its folder.
///
/// # Errors
/// [`Exit::Wrong`] if the folder cannot be written.
pub fn save(folder: &Utf8Path, name: &str, text: &str) -> Result<Utf8PathBuf, Exit> {
    let path = folder.join(name);
    let written = fs_err::create_dir_all(folder).and_then(|()| fs_err::write(&path, text));
    written.map_err(|error| wrong(&format!("cannot write the repro file: {error}; choose another folder with --out")))?;
    Ok(path)
}
