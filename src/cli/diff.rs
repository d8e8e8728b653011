//! `diff`: the first event at which two runs part, with what led to it on both sides.

use super::output::{print, wrong};
use super::run::choose_arm;
use super::{Exit, ScenarioArgs, load};
use camino::Utf8Path;
use clap::Args;
use scenarios::diff::{FileSource, Parting, RunSource, Side, Source, part};
use scenarios::trace::{Header, instant, line_of};
use scenarios::{Extent, Scenario};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A scenario, or a trace that `run --trace FILE --trace-format jsonl` has written.
    left: String,
    /// Another one [default: the same].
    right: Option<String>,
    /// The seed of the runs; given twice, that of the first and that of the second [default: the scenario's first].
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: Vec<u64>,
    /// The arm of the runs; given twice, that of the first and that of the second [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Vec<String>,
    /// Change a value in both scenarios: nodes.clients.count=500. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    changes: Vec<String>,
    /// Change a value in the second one alone. May be given several times.
    #[arg(long = "with", value_name = "PATH=VALUE")]
    with: Vec<String>,
}

/// One of the two: a scenario that is read, or a trace.
enum Loaded {
    Run(Box<Scenario>, u32, u64),
    Trace(FileSource),
}

/// Runs `diff`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn diff(args: &DiffArgs) -> Result<Exit, Exit> {
    if let Some(problem) = too_many(args) {
        return Err(wrong(&problem));
    }
    let loaded = [loaded(args, 0)?, loaded(args, 1)?];
    let [left, right] = loaded.each_ref().map(Loaded::source);
    if left.header().only != right.header().only {
        return Err(wrong("the two traces were written with different --only: what was left out of one would count as a difference"));
    }
    match part(&*left, &*right).map_err(|error| wrong(&error.to_string()))? {
        None => {
            print(&format!("{} and {} are the same to the last event", named("A", left.header()), named("B", right.header())))?;
            Ok(Exit::Fine)
        }
        Some(parting) => {
            told(&parting, [left.header(), right.header()]).iter().try_for_each(|line| print(line))?;
            Ok(Exit::Differs)
        }
    }
}

fn too_many(args: &DiffArgs) -> Option<String> {
    let count = |name: &str, given: usize| (given > 2).then(|| format!("there are two runs, and {given} times --{name}"));
    count("seed", args.seed.len()).or_else(|| count("arm", args.arm.len())).or_else(|| {
        let is_alone = args.right.is_none() && args.seed.len() < 2 && args.arm.len() < 2 && args.with.is_empty();
        let how = "name a second scenario or trace, give --seed or --arm twice, or say with --with what is changed";
        is_alone.then(|| format!("there is only one run to look at: {how}"))
    })
}

fn is_trace(name: &str) -> bool {
    name.ends_with(".jsonl")
}

fn loaded(args: &DiffArgs, side: usize) -> Result<Loaded, Exit> {
    let name = if side == 0 { &args.left } else { args.right.as_ref().unwrap_or(&args.left) };
    if is_trace(name) {
        return FileSource::open(Utf8Path::new(name)).map(Loaded::Trace).map_err(|error| wrong(&error.to_string()));
    }
    if Utf8Path::new(name).is_file() && !name.ends_with(".ron") {
        let how = "`stormglass run ... --trace FILE.jsonl` writes one that can";
        return Err(wrong(&format!("{name} cannot be compared: only scenarios (.ron) and traces in the form jsonl can; {how}")));
    }
    let own = if side == 1 { args.with.as_slice() } else { &[] };
    let changes = args.changes.iter().chain(own).cloned().collect();
    let scenario = load::load(&ScenarioArgs { scenario: name.clone(), changes }, Extent::AsWritten)?;
    let arm = args.arm.get(side).or_else(|| args.arm.first());
    let arm = choose_arm(&scenario, arm.map(String::as_str))?;
    let seed = args.seed.get(side).or_else(|| args.seed.first()).copied().unwrap_or(scenario.sweep.first_seed);
    Ok(Loaded::Run(Box::new(scenario), arm, seed))
}

impl Loaded {
    fn source(&self) -> Box<dyn Source + '_> {
        match self {
            Self::Run(scenario, arm, seed) => {
                let (arm, name) = (*arm as usize, &scenario.arms[*arm as usize]);
                Box::new(RunSource::new(&scenario.name, name, &scenario.cells[0].arms[arm], *seed))
            }
            Self::Trace(file) => Box::new(file.clone()),
        }
    }
}

fn named(letter: &str, header: &Header) -> String {
    format!("{letter} ({}, arm \"{}\", seed {})", header.scenario, header.arm, header.seed)
}

/// The answer, line by line.
fn told(parting: &Parting, headers: [&Header; 2]) -> Vec<String> {
    let alike = match parting.alike {
        0 => "Not even the first event is the same.".to_owned(),
        1 => "One event is the same in both.".to_owned(),
        many => format!("{many} events are the same in both."),
    };
    let mut lines = vec![format!("The runs part at {}. {alike}", instant(parting.at))];
    for ((letter, header), side) in [("A", headers[0]), ("B", headers[1])].into_iter().zip(&parting.sides) {
        lines.push(String::new());
        lines.push(named(letter, header));
        lines.extend(told_of(side));
    }
    lines
}

fn told_of(side: &Side) -> Vec<String> {
    let mut lines: Vec<String> = side.only_here.iter().map(|event| format!("  then     {}", line_of(event))).collect();
    let more = side.count - side.only_here.len() as u64;
    if more > 0 {
        lines.push(format!("           and {more} more events of this instant that the other has not"));
    }
    if side.only_here.is_empty() {
        lines.push(match &side.next {
            Some(next) => format!("  nothing that the other has not; next {}", line_of(next).trim_start()),
            None => "  nothing more".to_owned(),
        });
    }
    for link in &side.causes {
        if link.left_out > 0 {
            lines.push(format!("           {} causes are left out here", link.left_out));
        }
        lines.push(format!("  because  {}", line_of(&link.event)));
    }
    lines
}
