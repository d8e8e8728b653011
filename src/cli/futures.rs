//! `replay --futures`: the same past with other futures, and when the failure was decided.

use super::output::{print, print_table, say, wrong};
use super::run::choose_arm;
use super::{Exit, Format, progress};
use clap::Args;
use reports::number::exact_seconds;
use reports::table::{Cell, Column, Table};
use scenarios::Scenario;
use scenarios::fork::{Curve, ForkOptions, Futures, curve, futures, otherwise};
use scenarios::run::Run;
use scenarios::search::{Failure, Judge};
use sim_core::stats::interval::share;
use sim_core::time::SimTime;

/// Instants along the curve, besides the start.
const POINTS: u64 = 20;

/// Arguments about futures.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("future").args(["futures", "fork_arm"]))]
pub struct FuturesArgs {
    /// Make so many futures with other luck from an instant on, and say how many of them fail in the same way: at --fork-at, or at 21
    /// instants of the run, with the one at which the failure was decided.
    #[arg(long, value_name = "N", conflicts_with_all = ["at", "event", "breakpoint", "from", "until", "step", "digest"],
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    futures: Option<u64>,
    /// The instant up to which all futures are the same.
    #[arg(long, value_name = "TIME", requires = "future")]
    fork_at: Option<SimTime>,
    /// Go on from --fork-at with the stacks of this arm, and say what became of it beside what became of the run: the same calls and the
    /// same luck. Calls under way finish under the stack they began with.
    #[arg(long, value_name = "NAME", requires = "fork_at", conflicts_with = "futures")]
    fork_arm: Option<String>,
    /// Threads for futures [default: one per core]. What comes of them does not depend on it.
    #[arg(long, value_name = "N", env = "STORMGLASS_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// How futures are printed on stdout.
    #[arg(long, value_enum, default_value_t, env = "STORMGLASS_FORMAT")]
    format: Format,
}

impl FuturesArgs {
    /// Whether futures are asked for.
    pub const fn is_asked(&self) -> bool {
        self.futures.is_some() || self.fork_arm.is_some()
    }
}

/// Makes futures of a run, which fails like this if it fails, and in which no future may have more events than that.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn show(
    args: &FuturesArgs,
    scenario: &Scenario,
    run: (usize, u64),
    wanted: Option<&Failure>,
    most_events: u64,
    quiet: bool,
) -> Result<Exit, Exit> {
    let end = SimTime::ZERO + scenario.cells[0].arms[run.0].plan.clockwork.horizon;
    if let Some(at) = args.fork_at.filter(|at| *at > end) {
        return Err(wrong(&format!("nothing is open any more at {at}: calls are made up to {end}; choose an earlier --fork-at")));
    }
    if let (Some(other), Some(at)) = (&args.fork_arm, args.fork_at) {
        return show_other(args, scenario, run, (other, at), most_events);
    }
    let number = args.futures.unwrap_or(1);
    progress::watch_for_interruption(quiet);
    let mut tell = |found: &Futures| {
        if !quiet {
            say(&format!("from {}: {} of {} futures fail", found.at, found.failed, found.made));
        }
    };
    let mut options = ForkOptions {
        futures: number,
        most_events,
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        go_on: &progress::go_on,
        progress: &mut tell,
    };
    let cannot = |message: String| wrong(&format!("no threads can be started: {message}"));
    let found = match args.fork_at {
        Some(at) => Curve { points: vec![futures(scenario, run, at, wanted, &mut options).map_err(cannot)?], decided: None },
        None => curve(scenario, run, POINTS, wanted, &mut options).map_err(cannot)?,
    };
    print_table(&table(&found), args.format)?;
    if args.format == Format::Table && args.fork_at.is_none() {
        print("")?;
        let seen = found.points.len();
        print(&if progress::go_on() {
            verdict(&found)
        } else {
            format!("interrupted after {seen} of {} instants: when it was decided cannot be said", POINTS + 1)
        })?;
    }
    Ok(if progress::go_on() { Exit::Fine } else { Exit::Interrupted })
}

/// Two futures side by side.
fn show_other(
    args: &FuturesArgs,
    scenario: &Scenario,
    run: (usize, u64),
    (other, at): (&str, SimTime),
    most_events: u64,
) -> Result<Exit, Exit> {
    let arm = choose_arm(scenario, Some(other))? as usize;
    let both =
        otherwise(scenario, run, at, arm, most_events).map_err(|reason| wrong(&format!("`{other}` cannot take over at {at}: {reason}")))?;
    // Each by what is expected of its own arm: that the other one fails is no promise of this one.
    let judged = |arm: usize, made: &Run| Judge::of(scenario, arm).failures(run.1, Ok(made));
    let failures = [judged(run.0, &both.as_it_was), judged(arm, &both.otherwise)];
    // Calls of the warm-up are counted nowhere.
    let counted_from = at.max(SimTime::ZERO + scenario.clockwork.warm_up);
    let columns = [Column::text(""), Column::text("as it was"), Column::text(format!("with \"{other}\" from {at} on"))];
    let mut table =
        Table::new(format!("Seed {} of \"{}\", and what another strategy would have done", run.1, scenario.arms[run.0]), columns.into());
    let mut row = |name: &str, of: &dyn Fn(&Run) -> Cell| table.push(vec![Cell::text(name), of(&both.as_it_was), of(&both.otherwise)]);
    row("calls", &|run| Cell::Count(run.measures.calls));
    row("succeeded", &|run| Cell::OutOf(run.measures.succeeded, run.measures.calls));
    row(&format!("succeeded of those started from {counted_from} on"), &|run| {
        let first = (counted_from.since_start() / scenario.clockwork.bin) as usize;
        let bins = run.bins.get(first..).unwrap_or_default();
        Cell::OutOf(bins.iter().map(|bin| bin.succeeded).sum(), bins.iter().map(|bin| bin.started).sum())
    });
    row("attempts", &|run| Cell::Count(run.measures.edges.iter().map(|edge| edge.attempts).sum()));
    row("latency p50", &|run| Cell::Length(run.measures.latency.p50));
    row("latency p99", &|run| Cell::Length(run.measures.latency.p99));
    row("stuck", &|run| Cell::text(if run.measures.stuck { "yes" } else { "no" }));
    row("events", &|run| Cell::Count(run.measures.events));
    row("digest", &|run| Cell::Code(run.digest.to_string()));
    let broken = |failures: &[Failure]| failures.iter().map(|failure| failure.property.as_str()).collect::<Vec<_>>().join("; ");
    let broken = failures.map(|failures| if failures.is_empty() { "nothing".to_owned() } else { broken(&failures) });
    let [was, would] = broken.map(Cell::text);
    table.push(vec![Cell::text("breaks, of what its arm promises"), was, would]);
    print_table(&table, args.format)?;
    Ok(Exit::Fine)
}

/// The chance of the failure at each instant, drawn as bars.
fn table(found: &Curve) -> Table {
    const WIDTH: u64 = 40;
    let columns = [
        // With all digits: two instants that are told alike may lie before and behind what decided.
        Column::number("fork at", "s"),
        Column::number("fail", ""),
        Column::number("share", ""),
        Column::number("from", ""),
        Column::number("to", ""),
        Column::text("chance of the failure"),
    ];
    let mut table = Table::new("The same past, other futures: how many of them fail in the same way (95 % intervals)", columns.into());
    for point in &found.points {
        let (low, high) = interval(point);
        let full = (point.failed * WIDTH).checked_div(point.made).unwrap_or_default();
        let bar = "█".repeat(full as usize) + &"·".repeat((WIDTH - full) as usize);
        table.push(vec![
            Cell::Told(format!("{} s", exact_seconds(point.at.since_start())), point.at.since_start().as_secs_f64(), "s"),
            Cell::OutOf(point.failed, point.made),
            Cell::Ratio(point.failed, point.made.max(1)),
            Cell::share(low),
            Cell::share(high),
            Cell::text(bar),
        ]);
    }
    table
}

/// The share of all futures that fail, with 95 % confidence.
fn interval(point: &Futures) -> (f64, f64) {
    share(point.failed, point.made).unwrap_or((0.0, 1.0))
}

/// What the curve says, in a sentence.
fn verdict(found: &Curve) -> String {
    match (found.decided, found.points.first(), found.points.last()) {
        (Some((from, to)), Some(first), _) => format!(
            "it was decided between {from} and {to}: from then on nine tenths and more of the futures that were made fail; at the start {}",
            seen(first)
        ),
        (None, Some(first), Some(last)) if last.failed * 10 >= last.made * 9 => {
            format!(
                "it was decided before the run began: nine tenths and more of the futures that were made fail from any instant on; at the start {}",
                seen(first)
            )
        }
        (None, ..) => "it was never decided: this run does not fail, or what comes after its horizon decides".to_owned(),
        (Some(_), None, _) => String::new(),
    }
}

/// How many failed, and what that says of all there might be.
fn seen(point: &Futures) -> String {
    let (low, high) = interval(point);
    let [low, high] = [low, high].map(|share| Cell::share(share).shown());
    format!("{} of {} do, so that of all there might be {low} to {high} do (95 % interval)", point.failed, point.made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: u64, failed: u64) -> Futures {
        Futures { at: SimTime::from_nanos(second * 1_000_000_000), made: 40, failed, given_up: 0 }
    }

    #[test]
    fn what_was_seen_is_said_with_its_interval_and_no_more_than_that() {
        let curve =
            |failed: [u64; 3], decided| Curve { points: (0..3).zip(failed).map(|(at, failed)| point(at, failed)).collect(), decided };
        let always = verdict(&curve([40, 40, 40], None));
        assert!(always.starts_with("it was decided before the run began") && always.contains("40 of 40 do"), "{always}");
        assert!(always.contains("89.56 % to 100 %") && !always.contains("every"), "{always}");
        let instants = (SimTime::from_nanos(1_500_000_000), SimTime::from_nanos(1_501_000_000));
        let late = verdict(&curve([4, 4, 40], Some(instants)));
        assert!(late.starts_with("it was decided between 1.5s and 1.501s") && late.contains("4 of 40 do"), "{late}");
        assert!(verdict(&curve([4, 4, 3], None)).starts_with("it was never decided"));
    }
}
