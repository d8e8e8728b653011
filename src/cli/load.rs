//! Which scenario does a word on the command line mean, and what is wrong with it?

use super::output::say;
use super::{Exit, ScenarioArgs};
use camino::Utf8Path;
use scenarios::library::{self, SHIPPED};
use scenarios::problem::{Problem, Problems};
use scenarios::text::Source;
use scenarios::text::path::Path;
use scenarios::{Extent, Scenario};

/// Reads a scenario with the changes of the command line. Everything wrong with it is said on stderr.
///
/// # Errors
/// [`Exit::Wrong`] if anything is.
pub fn load(args: &ScenarioArgs, extent: Extent) -> Result<Scenario, Exit> {
    let source = find(&args.scenario)?;
    let mut changes = Vec::new();
    for text in &args.changes {
        let (path, value) = Path::parse_change(text).map_err(|problem| refuse(problem.into(), &Source::new("--set", text.clone())))?;
        changes.push((path.to_string(), value));
    }
    scenarios::read(source, &args.scenario, &changes, extent).map_err(|(source, problems)| refuse(problems, &source))
}

fn find(name: &str) -> Result<Source, Exit> {
    let path = Utf8Path::new(name);
    if let Some(shipped) = library::find(name).filter(|_| !path.is_file()) {
        return Ok(Source::new(name, shipped.text));
    }
    let known = SHIPPED.iter().map(|shipped| shipped.name);
    Source::read(path, known).map_err(|problem: Problem| refuse(problem.into(), &Source::new(name, "")))
}

/// Says what is wrong.
pub fn refuse(problems: Problems, source: &Source) -> Exit {
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    say(problems.render(source, colour).trim_end());
    Exit::Wrong
}
