//! When was it decided? The same past with other futures.
//!
//! Own definition. A run is made up to an instant and copied many times; each copy draws everything that is not drawn yet from a seed of its
//! own, and goes on. Which share of the copies fails in the same way is the chance of the failure as it was at that instant: at the begin that
//! of any run with these faults, at the end 1 or 0. Between two instants where the share rises from below nine tenths to nine tenths
//! and more, and stays there, the failure was *decided*; that instant is found by bisection. Faults that were planned before the run began are part of the past:
//! they strike in every future.

mod otherwise;

pub use otherwise::{Otherwise, otherwise};

use crate::live::{LiveRun, Until, start};
use crate::parallel::map_in_index_order;
use crate::scenario::Scenario;
use crate::search::{Failure, Judge};
use sim_core::draw::mix;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Mutex;

/// From this share on a failure counts as decided: nine tenths.
const DECIDED: (u64, u64) = (9, 10);

/// How futures are made.
pub struct ForkOptions<'a> {
    /// How many at each instant.
    pub futures: u64,
    /// No future has more events than this.
    pub most_events: u64,
    /// Threads.
    pub jobs: usize,
    /// Whether to go on: asked before every future.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told of every instant that is done.
    pub progress: &'a mut dyn FnMut(&Futures),
}

/// What came of the futures from one instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Futures {
    /// The instant of the fork.
    pub at: SimTime,
    /// How many were made.
    pub made: u64,
    /// How many fail in the way that is asked for; in any way, if none is.
    pub failed: u64,
    /// How many were given up because they had too many events.
    pub given_up: u64,
}

/// The chance of a failure over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// In order of time.
    pub points: Vec<Futures>,
    /// Between which two instants it was decided, if it was.
    pub decided: Option<(SimTime, SimTime)>,
}

/// The futures of a run from an instant on.
///
/// # Errors
/// The message of the system if no threads can be started.
pub fn futures(
    scenario: &Scenario,
    (arm, seed): (usize, u64),
    at: SimTime,
    wanted: Option<&Failure>,
    options: &mut ForkOptions<'_>,
) -> Result<Futures, String> {
    let mut past = start(&scenario.cells[0].arms[arm], seed, TieBreak::ByRank);
    past.advance(Until::time(at), None);
    let found = from(&*past, at, (scenario, arm, seed), wanted, options)?;
    (options.progress)(&found);
    Ok(found)
}

/// The chance of a failure at so many instants evenly from the start to the end of a run, and when it was decided.
///
/// # Errors
/// The message of the system if no threads can be started.
pub fn curve(
    scenario: &Scenario,
    (arm, seed): (usize, u64),
    points: u64,
    wanted: Option<&Failure>,
    options: &mut ForkOptions<'_>,
) -> Result<Curve, String> {
    let plan = &scenario.cells[0].arms[arm];
    let horizon = plan.plan.clockwork.horizon;
    let place = |index: u64| SimTime::ZERO + horizon.scaled(index, points.max(1));
    let mut past = start(plan, seed, TieBreak::ByRank);
    let mut pasts: Vec<(SimTime, Box<dyn LiveRun>)> = Vec::new();
    let mut curve = Curve { points: Vec::new(), decided: None };
    for at in (0..=points).map(place) {
        if !(options.go_on)() {
            return Ok(curve);
        }
        past.advance(Until::time(at), None);
        pasts.push((at, past.fork()));
        let found = from(&*past, at, (scenario, arm, seed), wanted, options)?;
        (options.progress)(&found);
        curve.points.push(found);
    }
    if let Some((before, after)) = step(&curve.points) {
        let past = pasts.iter().find(|(at, _)| *at == before).map(|(_, past)| past.fork());
        curve.decided = past.map(|past| bisect((past, before, after), (scenario, arm, seed), wanted, options)).transpose()?;
    }
    Ok(curve)
}

/// The last two neighbours between which the failure was decided: after them it always was.
fn step(points: &[Futures]) -> Option<(SimTime, SimTime)> {
    if points.last().is_none_or(|last| !is_decided(last)) {
        return None;
    }
    let open = points.iter().rposition(|point| !is_decided(point))?;
    Some((points[open].at, points[open + 1].at))
}

/// Whether nine tenths and more fail.
fn is_decided(point: &Futures) -> bool {
    point.made > 0 && point.failed * DECIDED.1 >= point.made * DECIDED.0
}

/// Nearer and nearer, until the two instants are a thousandth of the horizon apart.
fn bisect(
    (past, mut before, mut after): (Box<dyn LiveRun>, SimTime, SimTime),
    (scenario, arm, seed): (&Scenario, usize, u64),
    wanted: Option<&Failure>,
    options: &mut ForkOptions<'_>,
) -> Result<(SimTime, SimTime), String> {
    let near = scenario.cells[0].arms[arm].plan.clockwork.horizon / 1_000;
    let mut past = past;
    while after - before > near.max(SimDuration::from_nanos(2)) && (options.go_on)() {
        let middle = before + (after - before) / 2;
        let mut there = past.fork();
        there.advance(Until::time(middle), None);
        let found = from(&*there, middle, (scenario, arm, seed), wanted, options)?;
        (options.progress)(&found);
        if is_decided(&found) {
            after = middle;
        } else {
            (before, past) = (middle, there);
        }
    }
    Ok((before, after))
}

fn from(
    past: &dyn LiveRun,
    at: SimTime,
    (scenario, arm, seed): (&Scenario, usize, u64),
    wanted: Option<&Failure>,
    options: &ForkOptions<'_>,
) -> Result<Futures, String> {
    let judge = Judge::of(scenario, arm);
    // Copies are made one at a time: a run is not to be looked at by two threads.
    let past = Mutex::new(past.fork());
    let mut found = Futures { at, made: 0, failed: 0, given_up: 0 };
    let ForkOptions { futures, most_events, jobs, go_on, .. } = *options;
    let work = |index: usize| {
        let mut future = past.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fork();
        future.reseed(seed_of(seed, index as u64));
        if !future.advance(Until::events(most_events), None) {
            return None;
        }
        let run = future.finish();
        let failures = judge.clone().failures(seed, Ok(&run));
        Some(failures.iter().any(|failure| wanted.is_none_or(|wanted| failure.is_like(wanted))))
    };
    let fold = |_, fails: Result<Option<bool>, String>| {
        found.made += 1;
        // A panic is a failure, whatever was asked for.
        found.failed += u64::from(fails.as_ref().map_or(true, |fails| *fails == Some(true)));
        found.given_up += u64::from(matches!(fails, Ok(None)));
    };
    let count = usize::try_from(futures).unwrap_or(usize::MAX);
    map_in_index_order(jobs, count, go_on, work, fold)?;
    Ok(found)
}

/// The seed of a future: far from those of other futures, and of other runs.
fn seed_of(seed: u64, future: u64) -> u64 {
    mix(seed ^ mix(future.wrapping_add(0xf0_4b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::text::Source;
    use crate::{Extent, read};

    /// Whether all calls succeed is decided by one message of a crash that takes a second: those under way in it fail.
    fn scenario() -> Scenario {
        let text = r#"(schema: 1, name: "x", horizon: "20s", drain: "5s",
            nodes: { "clients": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
            faults: [Crash(node: "server", at: "10s", lasts: "1s")],
            stacks: { "clients -> server": [Timeout("100ms")] }, expect: [Availability(at_least: "100%")])"#;
        read(Source::new("x.ron", text), "x.ron", &[], Extent::AsWritten).expect("it is sound")
    }

    fn options<'a>(jobs: usize, progress: &'a mut dyn FnMut(&Futures)) -> ForkOptions<'a> {
        ForkOptions { futures: 60, most_events: 1_000_000, jobs, go_on: &|| true, progress }
    }

    fn fails(scenario: &Scenario, seed: u64) -> bool {
        let made = run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None);
        !Judge::of(scenario, 0).failures(seed, Ok(&made)).is_empty()
    }

    #[test]
    fn before_a_crash_the_chance_is_that_of_any_run_and_after_it_nothing_is_open() {
        let scenario = scenario();
        let seed = (1..100).find(|seed| fails(&scenario, *seed)).expect("most runs fail");
        let at = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
        let mut quiet = |_: &Futures| {};
        let early = futures(&scenario, (0, seed), at(0), None, &mut options(2, &mut quiet)).expect("threads start");
        // A call is made within a second with probability 1 - 1/e.
        assert!((23..=52).contains(&early.failed) && early.made == 60, "{early:?}");
        let late = futures(&scenario, (0, seed), at(15), None, &mut options(2, &mut quiet)).expect("threads start");
        assert_eq!((late.failed, late.given_up), (60, 0));
        let whole = curve(&scenario, (0, seed), 10, None, &mut options(2, &mut quiet)).expect("threads start");
        let (from, to) = whole.decided.expect("it fails");
        assert!(from >= at(9) && to <= at(12) && to - from <= SimDuration::from_millis(20), "{from} to {to}");
        let sound = (1..100).find(|seed| !fails(&scenario, *seed)).expect("some runs do not");
        let other = curve(&scenario, (0, sound), 10, None, &mut options(2, &mut quiet)).expect("threads start");
        assert_eq!((other.decided, other.points.last().map(|point| point.failed)), (None, Some(0)));
    }

    #[test]
    fn futures_are_the_same_on_any_number_of_threads() {
        let scenario = scenario();
        let at = SimTime::ZERO + SimDuration::from_secs(5);
        let mut quiet = |_: &Futures| {};
        let alone = futures(&scenario, (0, 3), at, None, &mut options(1, &mut quiet));
        assert_eq!(alone, futures(&scenario, (0, 3), at, None, &mut options(4, &mut quiet)));
    }
}
