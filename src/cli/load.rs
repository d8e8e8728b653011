//! Which scenario does a word on the command line mean, and what is wrong with it?

use super::output::{say, wrong};
use super::{Exit, ScenarioArgs};
use camino::Utf8Path;
use scenarios::library::{self, SHIPPED};
use scenarios::problem::{Problem, Problems};
use scenarios::repro::read::is_repro;
use scenarios::text::Source;
use scenarios::text::path::Path;
use scenarios::{Extent, Scenario};

/// Reads a scenario with the changes of the command line. Everything wrong with it is said on stderr.
///
/// # Errors
/// [`Exit::Wrong`] if anything is.
pub fn load(args: &ScenarioArgs, extent: Extent) -> Result<Scenario, Exit> {
    let source = find(&args.scenario)?;
    if is_repro(&source.text) {
        let name = &args.scenario;
        let sentence = format!("{name} is a repro file: one run with its scenario, and no scenario by itself");
        return Err(wrong(&format!(
            "{sentence}; use `stormglass replay {name}`, or `stormglass shrink {name}` for the smallest that fails alike"
        )));
    }
    let mut changes = Vec::new();
    let mut misread = None;
    for text in &args.changes {
        match Path::parse_change(text) {
            Ok((path, value)) => changes.push((path.to_string(), value)),
            Err(problem) => misread = Some(refuse(problem.into(), &Source::new("--set", text.clone()))),
        }
    }
    if let Some(exit) = misread {
        return Err(exit);
    }
    scenarios::read(source, &args.scenario, &changes, extent).map_err(|(source, problems)| {
        let exit = refuse(problems, &source);
        if !changes.is_empty() {
            say("the lines above are shown with the changes of --set in them");
        }
        exit
    })
}

/// Says what is allowed and probably not meant.
pub fn warn(scenario: &Scenario, warnings: &Problems, quiet: bool) {
    if !quiet && !warnings.is_empty() {
        say(warnings.render_as_warnings(&scenario.source, is_coloured()).trim_end());
    }
}

fn find(name: &str) -> Result<Source, Exit> {
    let path = Utf8Path::new(name);
    if let Some(shipped) = library::find(name).filter(|_| !path.is_file()) {
        return Ok(Source::new(name, shipped.text));
    }
    let beside = beside(path);
    let known = SHIPPED.iter().map(|shipped| shipped.name).chain(beside.iter().map(String::as_str));
    Source::read(path, known).map_err(|problem: Problem| refuse(problem.into(), &Source::new(name, "")))
}

/// The scenario files in the folder of a path, as a user would type them.
fn beside(path: &Utf8Path) -> Vec<String> {
    let folder = path.parent().unwrap_or_else(|| Utf8Path::new(""));
    let readable = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    let files = readable.read_dir_utf8().into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.map(|file| folder.join(file.file_name()).to_string()).filter(|name| name.ends_with(".ron")).collect();
    names.sort_unstable();
    names
}

/// Says what is wrong.
pub fn refuse(problems: Problems, source: &Source) -> Exit {
    say(problems.render(source, is_coloured()).trim_end());
    Exit::Wrong
}

/// Whether stderr takes colours.
fn is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
