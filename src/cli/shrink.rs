//! `shrink`: the smallest scenario that still fails in the same way, as a repro file and as a plain scenario.

use super::load::refuse;
use super::output::{print, print_table, say, wrong};
use super::{Exit, OutputArgs, progress, repro, target};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use reports::number::{count, counted};
use reports::table::{Cell, Column, Table};
use scenarios::repro::Repro;
use scenarios::search::Failure;
use scenarios::shrink::{Refused, ShrinkOptions, Shrunk, Size, Step, shrink as make_smaller};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use std::fmt::Write as _;

/// Arguments of `shrink`.
#[derive(Debug, Args)]
pub struct ShrinkArgs {
    /// A repro file, as `search` writes it.
    file: String,
    /// Which of several failures is to stay, by its property [default: the first].
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// Make at most so many runs.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Folder for the two files.
    #[arg(long, value_name = "DIR", default_value = "repros")]
    out: Utf8PathBuf,
    /// Threads [default: one per core]. The result does not depend on it.
    #[arg(long, value_name = "N", env = "STORMGLASS_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs `shrink`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn shrink(args: &ShrinkArgs) -> Result<Exit, Exit> {
    let repro = repro::load(&args.file, false)?;
    let (before, arm) = repro::scenario(&repro, &args.file)?;
    let wanted = wanted(args, &repro)?;
    target::folder(&args.out, "the two files", "--out")?;
    let quiet = args.output.quiet;
    if !quiet {
        say(&format!("seed={} arm=\"{}\" {}: {}", repro.seed, repro.arm, wanted.property, wanted.witness));
    }
    progress::watch_for_interruption(quiet);
    let options = ShrinkOptions {
        most_runs: args.runs,
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        go_on: &progress::go_on,
        progress: &mut |step: &Step| {
            if !quiet {
                let Size { events, faults, .. } = step.size;
                let noun = if faults == 1 { "fault " } else { "faults" };
                say(&format!("{:>6} runs  {events:>9} events  {faults:>3} {noun}  {}", step.runs, step.what));
            }
        },
    };
    let shrunk = make_smaller(&repro, wanted, options).map_err(|refused| cannot(args, &refused, &repro))?;
    let (scenario, smaller, text) = written(args, &repro, wanted, &shrunk)?;
    let stem = stem((&before, arm, repro.seed), shrunk.draft.seed);
    let file = repro::save(&args.out, (&stem, ".small.ron"), &smaller.text())?;
    let plain = repro::save(&args.out, (&stem, ".small.scenario.ron"), &text)?;
    print_table(&table(&shrunk, &repro), args.output.format)?;
    let say_or_print = |text: &str| {
        if args.output.format == super::Format::Table {
            print(text)
        } else {
            say(text);
            Ok(())
        }
    };
    say_or_print(&format!("\nagain:    stormglass replay {file}"))?;
    say_or_print(&format!("to read:  {plain}   stormglass run {plain} --seed {}", shrunk.draft.seed))?;
    debug_assert!(scenario.arms.len() == 1, "a draft has one arm");
    Ok(match (shrunk.is_done, progress::go_on()) {
        (true, _) => Exit::Fine,
        (false, true) => {
            let runs = counted(&count(shrunk.runs), "run");
            say(&format!("stopped after {runs}; --runs N goes on longer, and with the smaller file from here"));
            Exit::Fine
        }
        (false, false) => Exit::Interrupted,
    })
}

/// The failure that is to stay.
fn wanted<'a>(args: &ShrinkArgs, repro: &'a Repro) -> Result<&'a Failure, Exit> {
    let listed = || repro.failures.iter().map(|failure| format!("`{}`", failure.property)).collect::<Vec<_>>().join(", ");
    match &args.property {
        None => repro
            .failures
            .first()
            .ok_or_else(|| wrong(&format!("nothing is wrong with the run of {}, so there is nothing to keep", args.file))),
        Some(name) => {
            let found = repro.failures.iter().find(|failure| failure.property == *name);
            found.ok_or_else(|| wrong(&format!("the run of {} does not break `{name}`; it breaks {}", args.file, listed())))
        }
    }
}

fn cannot(args: &ShrinkArgs, refused: &Refused, repro: &Repro) -> Exit {
    match refused {
        Refused::Scenario(problem) => refuse(problem.clone().into(), &Source::new(args.file.clone(), repro.scenario.clone())),
        Refused::Passes => {
            say(&format!(
                "error: the run of {} does not fail in this way when it is made again; `stormglass replay` says where it parts",
                args.file
            ));
            Exit::Differs
        }
        Refused::Differs(sentence) => {
            say(&format!("error: {sentence}; this is a bug in Stormglass"));
            Exit::Differs
        }
    }
}

/// The smaller scenario, its repro file, and its text with comments.
fn written(args: &ShrinkArgs, repro: &Repro, wanted: &Failure, shrunk: &Shrunk) -> Result<(Scenario, Repro, String), Exit> {
    let bare = shrunk.draft.text("");
    let parse = |text: &str| {
        let source = Source::new("smaller", text).with_enclosed(repro.data.clone());
        read(source, "smaller", &[], Extent::AsWritten).map_err(|(source, problems)| refuse(problems, &source))
    };
    let scenario = parse(&bare)?;
    let of = |scenario: &Scenario| {
        let refused = |problem: scenarios::problem::Problem| refuse(problem.into(), &scenario.source);
        Repro::of(scenario, 0, shrunk.draft.seed, None).map(|(repro, _)| repro).map_err(refused)
    };
    let seen = of(&scenario)?.failures.into_iter().find(|failure| failure.is_like(wanted)).unwrap_or_else(|| wanted.clone());
    let text = shrunk.draft.text(&comment(args, &seen, shrunk));
    let scenario = parse(&text)?;
    let smaller = of(&scenario)?;
    Ok((scenario, smaller, text))
}

/// How the names of both files begin: as `search` would name the run that is inside, with the seed that it came from if that is another one.
fn stem((scenario, arm, before): (&Scenario, usize, u64), now: u64) -> String {
    let run = repro::name_of_run(scenario, arm, now);
    if before == now { run } else { format!("{run}.from-seed-{before}") }
}

/// What a reader is told above the scenario.
fn comment(args: &ShrinkArgs, seen: &Failure, shrunk: &Shrunk) -> String {
    let word = if shrunk.is_done { "The smallest scenario that was found" } else { "A smaller scenario" };
    let mut text = format!("{word} in which this is broken under seed {}: {}.\n\n", shrunk.draft.seed, one_line(&seen.property));
    let _ = writeln!(text, "Witness: {}. Seen: {}.", one_line(&seen.witness), one_line(&seen.seen));
    let name = Utf8Path::new(&args.file).file_name().unwrap_or_default();
    let Shrunk { from, to, runs, .. } = shrunk;
    let sized = |size: &Size| format!("{} with {}", counted(&count(size.events), "event"), struck(size));
    let _ = writeln!(text, "Made from {} in {runs} runs: {} became {}.", one_line(name), sized(from), sized(to));
    text += "What could be left out or made simpler without a change of that:\n";
    for what in steps_that_stand(&shrunk.steps) {
        let _ = writeln!(text, "   {}", one_line(what));
    }
    text
}

/// Steps without those that a later one takes further: of ten horizons, each shorter than the one before, the last.
fn steps_that_stand(steps: &[Step]) -> Vec<&str> {
    let subject =
        |what: &str| what.split_inclusive([' ', '`']).filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect::<String>();
    let is_last = |(place, step): &(usize, &Step)| steps[place + 1..].iter().all(|later| subject(&later.what) != subject(&step.what));
    // Every "2s earlier" adds to the one before.
    let adds = |step: &Step| step.what.starts_with("everything ") || step.what.contains("without");
    steps.iter().enumerate().filter(|one| adds(one.1) || is_last(one)).map(|(_, step)| step.what.as_str()).collect()
}

/// `3 faults`, `1 fault that strikes 6 times`.
fn struck(size: &Size) -> String {
    let faults = counted(&count(size.faults), "fault");
    match (size.faults, size.strikes) {
        (faults_written, strikes) if strikes <= faults_written => faults,
        (1, strikes) => format!("{faults} that strikes {strikes} times"),
        (_, strikes) => format!("{faults} that strike {strikes} times in all"),
    }
}

/// A text that cannot end a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn table(shrunk: &Shrunk, repro: &Repro) -> Table {
    let columns = [
        Column::text(""),
        Column::number("events", ""),
        Column::number("faults", ""),
        Column::number("strikes", ""),
        Column::number("seed", ""),
    ];
    let mut table = Table::new(format!("{} steps, {} runs", shrunk.steps.len(), shrunk.runs), columns.into());
    let row = |name: &str, size: &Size, seed: u64| {
        let Size { events, faults, strikes, .. } = *size;
        vec![Cell::text(name), Cell::Count(events), Cell::Count(faults), Cell::Count(strikes), Cell::Code(seed.to_string())]
    };
    table.push(row("before", &shrunk.from, repro.seed));
    table.push(row("after", &shrunk.to, shrunk.draft.seed));
    table
}
