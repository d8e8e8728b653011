//! `search`: many seeds, for one that breaks a promise.

use super::output::{print, print_answer, print_table, say, wrong};
use super::run::choose_arm;
use super::{Exit, Format, OutputArgs, ScenarioArgs, load, progress, repro, target};
use camino::Utf8PathBuf;
use clap::Args;
use reports::export::answer::Answer;
use reports::number;
use reports::table::{Cell, Column, Table};
use scenarios::results::Manifest;
use scenarios::search::plans::Origin;
use scenarios::search::{Block, Found, Hunt, HuntOptions, failure, hunt};
use scenarios::{Extent, Scenario, sweep};
use sim_core::stats::interval;
use sim_core::time::SimDuration;
use std::fmt::Write as _;
#[allow(clippy::disallowed_types, reason = "a budget of wall-clock time ends the search between two blocks, and decides nothing else")]
use std::time::{Duration, Instant};

/// Arguments of `search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The first and the last seed: 1..2000; or how many, from the scenario's first on: 2000.
    #[arg(long, value_name = "A..B", default_value = "1000", value_parser = seeds)]
    seeds: Seeds,
    /// Begin no further hundred of seeds after so much time of the clock on the wall: 60s.
    #[arg(long, value_name = "TIME", value_parser = budget, allow_hyphen_values = true)]
    budget: Option<SimDuration>,
    /// Stop after so many runs that fail.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    failures: u64,
    /// Which arm [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Only runs that break this count: a property that the scenario states, or an expectation as the table names it.
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// Draw every storm from its own seed, instead of every other one from storms that have shown something new.
    #[arg(long)]
    own_storms: bool,
    /// Folder for a repro file of every run that fails.
    #[arg(long, value_name = "DIR", default_value = "repros")]
    out: Utf8PathBuf,
    /// Threads [default: one per core]. What is found does not depend on it.
    #[arg(long, value_name = "N", env = "STORMGLASS_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which seeds are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seeds {
    /// So many, from the scenario's first on.
    Count(u64),
    /// From the first to the last, both included.
    Range(u64, u64),
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let example = || format!("`{text}` is neither the first and last seed, such as 1..2000, nor how many, such as 2000");
    let number = |part: &str| part.trim().parse::<u64>().map_err(|_| example());
    match text.split_once("..") {
        None => match number(text)? {
            0 => Err("no seed is too few".to_owned()),
            count => Ok(Seeds::Count(count)),
        },
        Some((first, last)) => match (number(first)?, number(last)?) {
            (first, last) if first > last => Err(format!("no seed lies from {first} to {last}; exchange the two")),
            (0, u64::MAX) => Err("that is every seed there is; leave one out".to_owned()),
            (first, last) => Ok(Seeds::Range(first, last)),
        },
    }
}

fn budget(text: &str) -> Result<SimDuration, String> {
    match text.parse::<SimDuration>() {
        Ok(SimDuration::ZERO) => Err("in no time no seed is tried; write a time such as 60s".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(error.to_string()),
    }
}

impl Seeds {
    /// The first, and how many.
    fn of(self, scenario: &Scenario) -> Result<(u64, u64), Exit> {
        let (first, count) = match self {
            Self::Range(first, last) => return Ok((first, last - first + 1)),
            Self::Count(count) => (scenario.sweep.first_seed, count),
        };
        match first.checked_add(count - 1) {
            Some(_) => Ok((first, count)),
            None => Err(wrong(&format!("{count} seeds from {first} on go beyond the largest seed, {}", u64::MAX))),
        }
    }
}

/// What is said of a run that fails, and where it was written.
struct Told {
    seed: u64,
    file: Utf8PathBuf,
}

/// Runs `search`.
///
/// # Errors
/// The exit code of whatever went wrong.
#[allow(clippy::disallowed_types, reason = "see above")]
pub fn search(args: &SearchArgs) -> Result<Exit, Exit> {
    let quiet = args.output.quiet;
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    load::warn(&scenario, &scenario.warnings, quiet);
    let arm = choose_arm(&scenario, args.arm.as_deref())? as usize;
    refuse_unknown_property(args, &scenario)?;
    let (first, count) = args.seeds.of(&scenario)?;
    target::folder(&args.out, "repro files", "--out")?;
    progress::watch_for_interruption(quiet);
    let bar = progress::bar(usize::try_from(count).unwrap_or(usize::MAX), quiet);
    let begun = Instant::now();
    let budget = args.budget.map_or(Duration::MAX, |budget| Duration::from_nanos(budget.as_nanos()));
    let (mut told, mut failed) = (Vec::new(), None);
    let mut found = |one: &Found| {
        if failed.is_none() {
            match bar.suspend(|| tell(args, &scenario, arm, one)) {
                Ok(one) => told.push(one),
                Err(exit) => failed = Some(exit),
            }
        }
    };
    let options = HuntOptions {
        arm,
        first,
        count,
        only: args.property.as_deref(),
        most_failures: args.failures,
        breeds: !args.own_storms,
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        another_block: &mut || begun.elapsed() < budget,
        go_on: &progress::go_on,
        found: &mut found,
        progress: &mut |block: &Block| bar.inc(block.tried),
    };
    let made = hunt(&scenario, options).map_err(|message| wrong(&format!("no threads can be started: {message}")))?;
    bar.finish_and_clear();
    if let Some(exit) = failed {
        return Err(exit);
    }
    show(args, (&sweep::manifest(&scenario), &scenario.arms[arm]), &made, &told)?;
    if !quiet {
        let seconds = begun.elapsed().as_secs_f64();
        let seeds = number::counted(&made.tried().to_string(), "seed");
        say(&format!("{seeds} in {seconds:.1} s, {:.0} a second", made.tried() as f64 / seconds.max(1e-9)));
        say_how_far(args, &made, first, count);
        if made.failed() == 0 {
            say_what_else(&scenario, arm);
        }
    }
    let is_bug = made.groups.iter().any(|group| group.failure.property == failure::PANIC);
    // A run that was stopped at a limit of its scenario says nothing.
    let is_broken = made.groups.iter().any(|group| group.failure.property != failure::LIMITS);
    // What was never tried says no more than a run that was stopped.
    let says_nothing = made.failed() > 0 || made.tried() == 0;
    let ends = [(is_bug, Exit::Bug), (!progress::go_on(), Exit::Interrupted), (is_broken, Exit::Failed), (says_nothing, Exit::Undecided)];
    Ok(Exit::first(ends.into_iter().filter(|(applies, _)| *applies).map(|(_, exit)| exit)))
}

/// A property that nothing can break is misspelt. Expectations have no names of their own: where there are some, any words may be meant.
fn refuse_unknown_property(args: &SearchArgs, scenario: &Scenario) -> Result<(), Exit> {
    let Some(name) = &args.property else { return Ok(()) };
    let known: Vec<&str> = scenario.properties.iter().map(String::as_str).chain(failure::ALWAYS).collect();
    if known.contains(&name.as_str()) || scenario.expect.iter().any(scenarios::expect::Clause::is_broken_by_one_run) {
        return Ok(());
    }
    let hint = scenarios::problem::did_you_mean(name, known.iter().copied()).map(|close| format!("; did you mean `{close}`?"));
    let listed: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    let listed = scenarios::problem::one_of(listed.iter().map(String::as_str));
    Err(wrong(&format!("no run can break `{name}`; expected {listed}{}", hint.unwrap_or_default())))
}

/// The seed first: whatever comes next, the run can be repeated.
fn tell(args: &SearchArgs, scenario: &Scenario, arm: usize, found: &Found) -> Result<Told, Exit> {
    let mut text = format!("seed={} arm=\"{}\"", found.seed, scenario.arms[arm]);
    if let Origin::Bred { of, change } = &found.origin {
        let _ = write!(text, " storm of seed {of}, {change}");
    }
    for failure in &found.failures {
        let _ = write!(text, "\n  {}: {} ({})", failure.property, failure.witness, failure.seen);
    }
    let say_or_print = |text: &str| {
        if args.output.format == Format::Table {
            print(text)
        } else {
            say(text);
            Ok(())
        }
    };
    say_or_print(&text)?;
    let file = repro::write(scenario, arm, found.seed, found.strikes.as_ref(), &args.out)?;
    say_or_print(&format!("  again: stormglass replay {file}"))?;
    Ok(Told { seed: found.seed, file })
}

/// What came of it: groups of failures, the share of seeds, and how much is still new.
fn show(args: &SearchArgs, (manifest, arm): (&Manifest, &str), made: &Hunt, told: &[Told]) -> Result<(), Exit> {
    let groups = groups(made, told);
    if args.output.format == Format::Json {
        let mut answer = Answer::new("search", manifest);
        answer.say("arm", arm);
        answer.say("seeds_tried", made.tried());
        answer.say("runs_that_fail", made.failed());
        answer.say("share", share(arm, made));
        answer.add("failures", &groups);
        answer.add("behaviours", &novelty(made));
        return print_answer(answer);
    }
    if args.output.format != Format::Table {
        return print_table(&groups, args.output.format);
    }
    if !made.groups.is_empty() {
        print("")?;
        print_table(&groups, args.output.format)?;
        print("")?;
    }
    print(&share(arm, made))?;
    print("")?;
    print_table(&novelty(made), args.output.format)?;
    advice(made).map_or(Ok(()), |advice| print(&format!("\n{advice}")))
}

/// Whether more seeds are worth while, as far as the last ones tell; too few of them tell nothing. Where none of n seeds did it, fewer than 3/n do (with
/// 95 % confidence: the rule of three, B. D. Jovanovic, P. S. Levy, The American Statistician 51, 1997).
fn advice(made: &Hunt) -> Option<String> {
    const ENOUGH: u64 = 100;
    let (novel, tried) = made.lately();
    if tried < ENOUGH {
        return None;
    }
    let otherwise = "other faults, another load or longer runs show more than more seeds do";
    Some(match novel {
        0 => {
            format!("none of the last {tried} seeds showed anything new, and fewer than 1 in {} further ones will: {otherwise}", tried / 3)
        }
        _ if novel * 20 < tried => format!("{novel} of the last {tried} seeds showed something new: {otherwise}"),
        _ => format!("{novel} of the last {tried} seeds showed something new: more seeds are worth while"),
    })
}

fn groups(made: &Hunt, told: &[Told]) -> Table {
    let columns = [
        Column::text("property"),
        Column::text("witness"),
        Column::number("runs", ""),
        Column::number("first seed", ""),
        Column::text("file"),
    ];
    let mut table = Table::new("What breaks, and how", columns.into());
    for group in &made.groups {
        let file = told.iter().find(|one| one.seed == group.first_seed).map_or(Cell::Missing, |one| Cell::Code(one.file.to_string()));
        table.push(vec![
            Cell::text(group.failure.property.clone()),
            Cell::text(group.failure.witness.clone()),
            Cell::Count(group.runs),
            Cell::Code(group.first_seed.to_string()),
            file,
        ]);
    }
    table
}

/// How many seeds fail, as far as those with a storm of their own tell.
fn share(arm: &str, made: &Hunt) -> String {
    let (sample, failed) = made.sample();
    let all = if made.tried() == sample { String::new() } else { format!(" with storms of their own ({} were tried)", made.tried()) };
    let Some((low, high)) = interval::share(failed, sample) else { return "no seed was tried".to_owned() };
    let percent = |share: f64| number::percent((share * 1e9).round() as u64, 1_000_000_000);
    let seeds = number::counted(&sample.to_string(), "seed");
    format!(
        "{failed} of {seeds}{all} fail under \"{arm}\": {}, 95 % interval {} to {}",
        number::percent(failed, sample),
        percent(low),
        percent(high)
    )
}

/// New behaviours per thousand seeds, in at most ten stretches: once there are none, more seeds of this kind find nothing else.
fn novelty(made: &Hunt) -> Table {
    const ROWS: usize = 10;
    let columns = [
        Column::number("from seed", ""),
        Column::number("seeds", ""),
        Column::number("that fail", ""),
        Column::number("new behaviours", ""),
        Column::number("per 1000 seeds", ""),
    ];
    let title = format!("{} behaviours: orders of three kinds of events at one node, and when they were first seen", made.behaviours);
    let mut table = Table::new(title, columns.into());
    for blocks in made.blocks.chunks(made.blocks.len().div_ceil(ROWS).max(1)) {
        let sum = |of: fn(&Block) -> u64| blocks.iter().map(of).sum::<u64>();
        let (tried, new) = (sum(|block| block.tried), sum(|block| block.new));
        table.push(vec![
            Cell::Code(blocks[0].first.to_string()),
            Cell::Count(tried),
            Cell::Count(sum(|block| block.failed)),
            Cell::Count(new),
            Cell::Count((new * 1000).checked_div(tried).unwrap_or_default()),
        ]);
    }
    table
}

fn say_how_far(args: &SearchArgs, made: &Hunt, first: u64, count: u64) {
    let tried = made.tried();
    if tried < count {
        let why = match (progress::go_on(), made.failed() >= args.failures) {
            (false, _) => "interrupted",
            (true, true) => "that was enough failures (--failures)",
            (true, false) => "the time is over (--budget)",
        };
        let next = first + tried;
        say(&format!("{why}: {tried} of {count} seeds were tried, and `--seeds {next}..{}` goes on from there", first + count - 1));
    }
    if made.failed() == 0 && tried > 0 {
        say("no promise was broken: expectations that one run can break, calls without an end, stuck and stalled runs, panics");
    }
}

/// Whoever names no arm has tried the first one only, which may be the one without the mistake.
fn say_what_else(scenario: &Scenario, arm: usize) {
    let others: Vec<String> =
        scenario.arms.iter().enumerate().filter(|(index, _)| *index != arm).map(|(_, name)| format!("\"{name}\"")).collect();
    if !others.is_empty() {
        say(&format!("other arms, which --arm chooses: {}", others.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_or_the_first_and_the_last() {
        assert_eq!((seeds("2000"), seeds("5..7")), (Ok(Seeds::Count(2000)), Ok(Seeds::Range(5, 7))));
        assert!(budget("0s").is_err() && budget("-1s").is_err() && budget("1ms").is_ok());
        for wrong in ["", "0", "7..5", "1..", "..9", "-1..4", "a..b", "0..18446744073709551615"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
