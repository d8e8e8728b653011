//! How is one run made?

use crate::live::{Live, Until};
use crate::scenario::ArmPlan;
use models::history::History;
use models::measure::{Bin, FurtherAttempts, Gauge, Latencies, Occupancy, RunMeasures};
use models::plan::Plan;
use models::properties::WITHIN_LIMITS;
use models::protocols::{Nobody, Protocol};
use models::record::Record;
use sim_core::observe::{Digest, Observer};
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::fmt;
use std::sync::Arc;

/// A run that makes more events than this is taken to be one that never ends.
pub const MOST_EVENTS: u64 = 20_000_000_000;

/// Whether time passes is looked at whenever so many events have been handled, and as many for each client and server: all of them may
/// do much at one instant.
const LOOK_EVERY: u64 = 2_000_000;
const LOOK_EVERY_FOR_EACH: u64 = 200;

/// Something that happens again and again without waiting for anything does so once in a nanosecond, the shortest time there is: with
/// more than this many events in a nanosecond time all but stands still.
const MOST_IN_A_NANOSECOND: f64 = 0.5;

/// What a run leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its numbers.
    pub measures: RunMeasures,
    /// Its series, bin by bin.
    pub bins: Vec<Bin>,
    /// What its layers showed over time.
    pub gauges: Vec<Gauge>,
    /// How long calls of users took.
    pub latencies: Latencies,
    /// How full its services were over time.
    pub occupancies: Vec<Occupancy>,
    /// Attempts that were not the first of their call, by time bin; it ends with the last bin that has any.
    pub further: Vec<FurtherAttempts>,
    /// Fingerprint of everything observable in it.
    pub digest: Digest,
    /// What clients asked of a group and what they were told, if that was to be kept.
    pub history: Option<Box<History>>,
    /// Why it was stopped early, if it was: it would never have come to its end.
    pub stalled: Option<Stalled>,
}

/// Virtual time all but stood still, and would have for as long as anybody might wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stalled {
    /// When.
    pub at: SimTime,
    /// How much time had passed lately, and with how many events.
    pub passed: SimDuration,
    /// See [`passed`](Self::passed).
    pub events: u64,
}

impl Run {
    /// Whether it was stopped because it came to a limit of its scenario: then it is measured up to there.
    pub fn is_cut_short(&self) -> bool {
        self.measures.findings.iter().any(|finding| finding.property == WITHIN_LIMITS)
    }
}

impl fmt::Display for Stalled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, passed, events } = self;
        write!(
            formatter,
            "time all but stands still at {at}: {events} events in {passed}. Something happens again and again and takes no time, such as \
             retries without a wait, or clients that do not think, where the callee fails at once and no link has a delay; give the backoff a \
             wait, the clients a think time, or the link a delay"
        )
    }
}

/// Makes one run of an arm.
pub fn run(arm: &ArmPlan, seed: u64, ties: TieBreak, observer: Option<&mut dyn Observer<Record>>) -> Run {
    match &arm.group {
        None => run_with(arm, Nobody, seed, ties, observer),
        Some(group) => run_with(arm, group.protocol(), seed, ties, observer),
    }
}

/// Makes one run of an arm and keeps the history of its operations, whatever properties it has.
pub fn run_with_history(arm: &ArmPlan, seed: u64, ties: TieBreak, observer: Option<&mut dyn Observer<Record>>) -> (Run, History) {
    let plan = Arc::new(Plan { keeps_history: true, ..Plan::clone(&arm.plan) });
    let mut run = run(&ArmPlan { plan, ..arm.clone() }, seed, ties, observer);
    let history = run.history.take().map_or_else(History::default, |history| *history);
    (run, history)
}

fn run_with<P: Protocol>(arm: &ArmPlan, protocol: P, seed: u64, ties: TieBreak, observer: Option<&mut dyn Observer<Record>>) -> Run {
    let mut live = Live::start(arm, protocol, seed, ties);
    live.advance(Until::END, observer);
    live.finish()
}

/// How fast time passes.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// How many events there are from one look to the next.
    every: u64,
    /// The last look: when it was, and how many events had been handled.
    last: (SimTime, u64),
}

impl Pace {
    pub(crate) fn of(plan: &Plan) -> Self {
        let clients: u64 = plan.populations.iter().map(|population| u64::from(population.count)).sum();
        let every = LOOK_EVERY + LOOK_EVERY_FOR_EACH * (clients + plan.nodes.len() as u64);
        Self { every, last: (SimTime::ZERO, 0) }
    }

    /// How many events there are until the next look, after so many.
    pub(crate) fn look_after(&self, events: u64) -> u64 {
        (self.last.1 + self.every).min(MOST_EVENTS).saturating_sub(events)
    }

    /// A run that never ends is a mistake of ours, or one that nobody can wait for.
    pub(crate) fn refuse_endless(&self, events: u64) {
        assert!(events < MOST_EVENTS, "a run made more than {MOST_EVENTS} events");
    }

    /// Whether, at the pace since the last look, the run would not come to its end within the events that a run may have.
    pub(crate) fn look(&mut self, now: SimTime, events: u64, end: SimTime) -> Option<Stalled> {
        let (since, before) = std::mem::replace(&mut self.last, (now, events));
        let stalled = Stalled { at: now, passed: now - since, events: events - before };
        let in_a_nanosecond = stalled.events as f64 / (stalled.passed.as_nanos() as f64).max(1.0);
        let needed = in_a_nanosecond * end.saturating_since(now).as_nanos() as f64;
        (in_a_nanosecond > MOST_IN_A_NANOSECOND && needed > MOST_EVENTS as f64).then_some(stalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::text::Source;
    use crate::{Extent, read};

    fn scenario(clients: &str, stack: &str, rest: &str) -> Scenario {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "1m",
                nodes: {{ "clients": Clients({clients}, calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) }},
                faults: [Crash(node: "server", while_down: Refusal, at: "10s", lasts: "1s")],
                stacks: {{ "clients -> server": [{stack}] }}, {rest})"#
        );
        read(Source::new("x.ron", &text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
    }

    fn run_of(scenario: &Scenario) -> Run {
        run(&scenario.cells[0].arms[0], 1, TieBreak::ByRank, None)
    }

    const STEADY: &str = "count: 1, arrivals: Constant(rate: \"5/s\")";

    #[test]
    fn a_run_whose_time_does_not_pass_is_stopped_and_says_why() {
        let spins = scenario(STEADY, "Retry(attempts: \"unlimited\", backoff: Immediate())", "");
        let stalled = run_of(&spins).stalled.expect("it refuses at once, and is asked again at once");
        assert!(stalled.at >= SimTime::ZERO + SimDuration::from_secs(10) && stalled.at < SimTime::ZERO + SimDuration::from_secs(11));
        assert!(stalled.to_string().starts_with("time all but stands still at 10."), "{stalled}");
        // Clients that do not think are no better than retries that do not wait.
        let closed = "count: 1, arrivals: ClosedLoop(think: Constant(\"0s\"))";
        assert!(run_of(&scenario(closed, "Timeout(\"100ms\")", "")).stalled.is_some());
    }

    #[test]
    fn a_twin_is_the_same_run_without_its_faults_and_changes_nothing_but_what_it_is_held_against() {
        let steady = |rest: &str| run_of(&scenario(STEADY, "Timeout(\"100ms\")", rest));
        let (plain, beside) = (steady(""), steady("level: Twin"));
        assert_eq!((beside.digest, &beside.bins, beside.measures.events), (plain.digest, &plain.bins, plain.measures.events));
        let mut calm = scenario(STEADY, "Timeout(\"100ms\")", "");
        let arm = &mut calm.cells[0].arms[0];
        arm.plan = Arc::new(arm.plan.without_faults());
        let calm = run_of(&calm);
        assert!(calm.measures.episodes.is_empty() && calm.digest != plain.digest);
        let successes = |run: &Run| run.bins.iter().map(|bin| bin.succeeded).sum::<u64>();
        assert_eq!(beside.measures.episodes[0].calls_lost, successes(&calm) - successes(&beside));
        assert_eq!(beside.measures.episodes[0].calls_lost, 5, "one second of five calls");
        // Where load comes to four times as much at that instant anyway, only a twin can tell what the crash has done.
        let rising = "count: 1, arrivals: Piecewise(rates: [(\"0s\", \"5/s\"), (\"10s\", \"200/s\")])";
        let of = |rest: &str| run_of(&scenario(rising, "Timeout(\"100ms\")", rest)).measures;
        let (before, twin) = (of(""), of("level: Twin"));
        assert!(before.stuck, "it does 100/s, and so stays below what it was before");
        assert!(!twin.stuck && twin.episodes[0].downtime < before.episodes[0].downtime, "{:?}", twin.episodes);
    }

    #[test]
    fn a_run_that_is_in_a_hurry_and_comes_to_its_end_is_not_stopped() {
        let waits = scenario(STEADY, "Retry(attempts: \"unlimited\", backoff: Constant(delay: \"1ms\"))", "");
        assert_eq!(run_of(&waits).stalled, None);
        let link = "links: [Link(from: \"default\", to: \"default\", delay: Constant(\"100us\"))]";
        let far = scenario(STEADY, "Retry(attempts: \"unlimited\", backoff: Immediate())", link);
        let run = run_of(&far);
        assert!(run.stalled.is_none() && run.measures.events > 20_000);
    }

    #[test]
    fn only_what_would_never_end_is_stopped() {
        let at = |millis: u64| SimTime::ZERO + SimDuration::from_millis(millis);
        let minute = at(60_000);
        let look = |events: u64, now: SimTime, end: SimTime| Pace { every: 1, last: (at(10), 0) }.look(now, events, end).is_some();
        // Two events in a nanosecond for the rest of a minute are more than any run may have, and not for the rest of a second.
        assert!(look(2_000_000, at(11), minute));
        assert!(!look(2_000_000, at(11), at(1_000)));
        // So many clients have much to do in a second, and it passes.
        assert!(!look(100_000_000, at(1_010), minute));
        assert!(look(1_000, at(10), minute));
    }

    #[test]
    fn what_is_counted_as_tried_again_is_what_is_seen_on_the_wire_with_a_later_number() {
        // Short bins, a callee that is down for a while, hedges, and a caller that goes on for ever.
        for stack in [
            "Retry(attempts: \"unlimited\", backoff: Constant(delay: \"300ms\")), Timeout(\"1s\")",
            "Retry(attempts: 7, backoff: Exponential(base: \"20ms\", cap: \"1s\")), Hedge(AfterDelay(delay: \"5ms\")), Timeout(\"1s\")",
        ] {
            let scenario = scenario(STEADY, stack, "");
            let (arm, mut seen) = (&scenario.cells[0].arms[0], vec![0; 60]);
            let mut observer = |at: SimTime, record: &Record| {
                if let Record::Sent(attempt, _) = record
                    && let Some(bin) = seen.get_mut((at.as_nanos() / 1_000_000_000) as usize)
                {
                    *bin += u64::from(attempt.number > 1);
                }
            };
            let run = run(arm, 1, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
            let mut counted: Vec<u64> = run.further.iter().map(FurtherAttempts::total).collect();
            counted.resize(60, 0);
            assert_eq!(counted, seen, "{stack}");
            assert!(seen.iter().sum::<u64>() > 5, "{stack}");
        }
        assert!(run_of(&scenario(STEADY, "Timeout(\"1s\")", "")).further.is_empty());
    }
}
