//! `diff`: the first event at which two runs part, with what led to it on both sides.

use super::output::{print, wrong};
use super::replay::run_of_repro;
use super::run::choose_arm;
use super::{Exit, ScenarioArgs, load};
use camino::Utf8Path;
use clap::Args;
use models::properties::Finding;
use scenarios::diff::{Broken, Chain, FileSource, Parting, RunSource, Side, Source, broken, part};
use scenarios::run::run;
use scenarios::trace::{Header, instant, line_of};
use scenarios::{Extent, Scenario};
use sim_core::simulation::TieBreak;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A scenario, a repro file, or a trace that `run --trace FILE --trace-format jsonl` has written.
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
            if let [Some(left_found), Some(right_found)] = loaded.each_ref().map(Loaded::findings) {
                let broken = broken([&*left, &*right], [&left_found, &right_found]).map_err(|error| wrong(&error.to_string()))?;
                broken.iter().flat_map(told_of_broken).try_for_each(|line| print(&line))?;
            }
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
    // A repro file says itself which run it is of; what is said of arms, seeds and changes is about the other side.
    if let Some((scenario, arm, seed)) = run_of_repro(name)? {
        return Ok(Loaded::Run(Box::new(scenario), arm as u32, seed));
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
    /// What is said of the properties of a run; a trace says nothing of them.
    fn findings(&self) -> Option<Vec<Finding>> {
        let Self::Run(scenario, arm, seed) = self else { return None };
        Some(run(&scenario.cells[0].arms[*arm as usize], *seed, TieBreak::ByRank, None).measures.findings)
    }

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

fn told_of_broken(broken: &Broken) -> Vec<String> {
    let letters = if broken.side == 0 { ["A", "B"] } else { ["B", "A"] };
    let [breaks, keeps] = letters;
    let mut lines = vec![
        String::new(),
        format!("{breaks} breaks {}, and {keeps} does not: at {} {}.", broken.property, instant(broken.at), broken.sentence),
    ];
    if broken.left_out > 0 {
        lines.push(format!("  {} earlier operations that show it are left out; `stormglass why` tells all of them", broken.left_out));
    }
    for operation in &broken.operations {
        lines.push(format!("  {breaks}: {}", operation.sentence));
        for (here, there) in &operation.answers {
            let says = here.says.as_deref().unwrap_or_default();
            let elsewhere = match there {
                Some(there) if there.says == here.says => format!("the same in {keeps} at {}", instant(there.at)),
                Some(there) => format!("in {keeps} at {}: {}", instant(there.at), there.says.as_deref().unwrap_or_default()),
                None => format!("not in {keeps}"),
            };
            let node = here.peer.as_deref().unwrap_or("somebody");
            lines.push(format!("    {:>16}  {node} answers: {says}   ({elsewhere})", instant(here.at)));
        }
    }
    // What shows a violation in one run may happen in the other as well, and show nothing there: what it is at odds with is missing.
    lines.extend(told_of_chain(&broken.chain, &format!("{keeps} has it, too, and there it breaks nothing"), keeps));
    for against in &broken.against {
        lines.push("  which is at odds with what was before, and what led to that".to_owned());
        lines.extend(told_of_chain(against, &format!("in {keeps}, too"), keeps));
    }
    lines.extend(reports::why::named_before(&broken.named));
    lines
}

/// An event and what led to it, and what the other run has of that.
fn told_of_chain(chain: &Chain, first_if_shared: &str, keeps: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, (link, is_shared)) in chain.iter().enumerate() {
        if link.left_out > 0 {
            lines.push(format!("           {} causes are left out here", link.left_out));
        }
        let (word, shared) = if place == 0 { ("then", first_if_shared.to_owned()) } else { ("because", format!("in {keeps}, too")) };
        let shared = if *is_shared { format!("   ({shared})") } else { String::new() };
        lines.push(format!("  {word:<7}  {}{shared}", line_of(&link.event)));
    }
    lines
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
