//! How does a command come by a repro file, and how is one written?

use super::load::refuse;
use super::output::{say, wrong};
use super::whole_file::WholeFile;
use super::{Exit, file_name};
use camino::{Utf8Path, Utf8PathBuf};
use scenarios::repro::Repro;
use scenarios::repro::read::{bytes_of, is_repro, open};
use scenarios::search::plans::Strikes;
use scenarios::text::Source;
use scenarios::{Scenario, library};
use std::io::{self, Write as _};

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
        let path = Utf8Path::new(name);
        let sentence = if library::find(name).is_some() || path.is_file() && path.extension() == Some("ron") {
            let is =
                if path.is_file() { "no repro file; if it is a scenario," } else { "a scenario, and no repro file of one of its runs;" };
            return wrong(&format!(
                "{name} is {is} `stormglass search {name}` writes one for every run that breaks a promise (--arm chooses whose runs)"
            ));
        } else if path.is_dir() {
            format!("{name} is a folder; name one of the repro files in it")
        } else if path.is_file() {
            format!("{name} is no repro file")
        } else {
            format!("there is no file `{name}`")
        };
        wrong(&format!("{sentence}; `stormglass search SCENARIO` writes a repro file for every run that breaks a promise"))
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
    save(folder, (&name_of_run(scenario, arm, seed), ".ron"), &repro.text())
}

/// What the file of a run is called, without its ending: scenario, arm and seed.
pub fn name_of_run(scenario: &Scenario, arm: usize, seed: u64) -> String {
    format!("{}.{}.seed-{seed}", file_name(&scenario.name), file_name(&scenario.arms[arm]))
}

/// So many files of one name are kept beside each other.
const MOST_OF_A_NAME: u32 = 10_000;

/// Writes a file whose name, with this ending behind it, is made of letters, digits, dots and dashes: never outside its folder. A file of that name that is another
/// one, as that of the same seed of a scenario that was changed, is left alone: the new one has a number behind its name.
///
/// # Errors
/// [`Exit::Wrong`] if the folder cannot be written.
pub fn save(folder: &Utf8Path, (name, ending): (&str, &str), text: &str) -> Result<Utf8PathBuf, Exit> {
    let cannot = |error: io::Error| wrong(&format!("cannot write the repro file: {error}; choose another folder with --out"));
    fs_err::create_dir_all(folder).map_err(cannot)?;
    for number in 1..=MOST_OF_A_NAME {
        let path = folder.join(if number == 1 { format!("{name}{ending}") } else { format!("{name}.{number}{ending}") });
        match fs_err::read(&path) {
            Ok(there) if there == text.as_bytes() => return Ok(path),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (whole, mut out) = WholeFile::begin(&path).map_err(cannot)?;
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).and_then(|()| whole.keep()).map_err(cannot)?;
                return Ok(path);
            }
            Err(error) => return Err(cannot(error)),
        }
    }
    Err(wrong(&format!("{folder} holds {MOST_OF_A_NAME} files called {name}; choose another folder with --out")))
}
