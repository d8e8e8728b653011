//! What does one run leave behind as numbers?
//!
//! Everything here is a whole number, so that results of many runs add up to the same bytes in any order; floats
//! appear only when a table or a chart is drawn. The definitions are those of `docs/measures.md`.

use super::{
    AlertMeasures, ClassMeasures, Detection, Episode, FairnessMeasures, Gauge, Latencies, ObjectiveMeasures, Observation, Occupancy,
    ServiceMeasures,
};
use crate::properties::Finding;
use crate::record::Loss;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// The row of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunMeasures {
    /// Calls of client populations that were started after the warm-up and before the horizon.
    pub calls: u64,
    /// Those of [`calls`](Self::calls) that ended in success, before the drain was over.
    pub succeeded: u64,
    /// Those that ended in failure, by the kind of the last failure, in the order of [`Failure::ALL`](crate::outcome::Failure::ALL).
    pub failed: Vec<u64>,
    /// Those not decided when the drain was over; they count as not successful.
    pub unfinished: u64,
    /// Per edge of the scenario, in its order.
    pub edges: Vec<EdgeMeasures>,
    /// Those of [`calls`](Self::calls) that were started in a time bin that no strike of this run touches.
    pub calm_calls: u64,
    /// Those of [`calm_calls`](Self::calm_calls) that ended in success.
    pub calm_succeeded: u64,
    /// How long how many members were up between the warm-up and the horizon: for each service, in order of writing, and
    /// then the group. Empty where the scenario has no faults.
    pub up: Vec<Uptime>,
    /// Latency of successful calls, from the intended start.
    pub latency: LatencySummary,
    /// Latency of failed calls, from the intended start.
    pub failure_latency: LatencySummary,
    /// What came of the calls of each class, in the order of the plan; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassMeasures>,
    /// Server time spent on attempts whose caller had already gone.
    pub wasted_work: SimDuration,
    /// Server time spent on all attempts.
    pub work: SimDuration,
    /// Recovery after each episode of faults, in order of time.
    pub episodes: Vec<Episode>,
    /// Faults that come at random or on an event and struck in this run, by their labels: the others strike in every run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub struck: Vec<String>,
    /// How soon anything reacted to each episode of faults, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detections: Vec<Detection>,
    /// How many time bins kept the objective, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<ObjectiveMeasures>,
    /// How evenly clients were served, for populations that want to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fairness: Vec<FairnessMeasures>,
    /// What came of each alert, in the order of the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertMeasures>,
    /// What became of the experiment, if the scenario is one.
    pub experiment: Option<ExperimentOutcome>,
    /// Whether the run is stuck in a failed state (metastable): not recovered at the horizon though no fault is active
    /// and first tries are offered at the rate they had before.
    pub stuck: bool,
    /// What says so, or says against it: of every run that has not recovered at the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_evidence: Option<StuckEvidence>,
    /// The instant of the last success of any call, if there was one: the completion time of one-shot contention.
    pub last_success: Option<SimTime>,
    /// Successful calls whose answer was a lie or altered on the way, or rests on one that was; they are part of [`succeeded`](Self::succeeded).
    #[serde(default)]
    pub wrong: u64,
    /// Successful calls that ended with a makeshift, a default value or an old answer, or rest on one; they are part of
    /// [`succeeded`](Self::succeeded).
    #[serde(default)]
    pub degraded: u64,
    /// What has become of the requests of each service, in order of writing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceMeasures>,
    /// What became of everything that was sent, from the start of the run to its end.
    #[serde(default)]
    pub messages: MessageMeasures,
    /// What protocols and clocks left behind as numbers, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What came of each property that the scenario states, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Events handled by the kernel.
    pub events: u64,
    /// The instant at which nothing was left to do, or the end of the drain.
    pub ended: SimTime,
}

/// What one run leaves behind over time, and as distributions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// One entry per time bin from the start to the horizon.
    pub bins: Vec<Bin>,
    /// What layers showed over time.
    pub gauges: Vec<Gauge>,
    /// How long calls of users took.
    pub latencies: Latencies,
    /// How full each service was over time.
    pub occupancies: Vec<Occupancy>,
}

/// What became of messages: requests, replies, cancel words and messages of groups. Once nothing is under way any more,
/// `sent + copied` is `arrived` and everything lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageMeasures {
    /// Put on the way.
    pub sent: u64,
    /// Second copies made on the way.
    pub copied: u64,
    /// Reached their receiver, the copies included, whether or not anybody was still interested.
    pub arrived: u64,
    /// Lost by a link.
    pub lost: u64,
    /// Swallowed or turned back by a cut.
    pub cut: u64,
    /// Dropped because the queue of a line was full.
    pub full: u64,
    /// Dropped by their receiver because they had been altered.
    pub corrupt: u64,
    /// Reached a node that was dead.
    pub dead: u64,
    /// Not sent by their sender, or not heard by their receiver, because of a fault.
    pub omitted: u64,
    /// Arrived altered without anybody noticing; they are part of `arrived`.
    pub altered: u64,
}

impl MessageMeasures {
    /// A message is lost.
    pub const fn lost(&mut self, loss: Loss) {
        match loss {
            Loss::Link => self.lost += 1,
            Loss::Cut => self.cut += 1,
            Loss::Dead => self.dead += 1,
            Loss::Full => self.full += 1,
            Loss::Corrupt => self.corrupt += 1,
            Loss::Omitted => self.omitted += 1,
        }
    }

    /// All that never arrived, for whatever reason.
    pub const fn all_lost(&self) -> u64 {
        self.lost + self.cut + self.full + self.corrupt + self.dead + self.omitted
    }

    /// What is still under way.
    pub const fn under_way(&self) -> u64 {
        self.sent + self.copied - self.arrived - self.all_lost()
    }
}

/// How long how many members of a service or group were up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uptime {
    /// The service or group.
    pub of: String,
    /// How many members it has.
    pub members: u32,
    /// How long exactly so many were up, the fewest first.
    pub exactly: Vec<(u32, SimDuration)>,
}

impl Uptime {
    /// Nanoseconds in which at least so many were up, and nanoseconds in all.
    pub fn at_least(&self, members: u32) -> (u128, u128) {
        let nanos = |wanted: u32| self.exactly.iter().filter(|up| up.0 >= wanted).map(|up| u128::from(up.1.as_nanos())).sum();
        (nanos(members), nanos(0))
    }
}

/// Counters of one edge (caller -> callee); calls of clients count by their start inside the measured window,
/// calls of services by the instant they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeMeasures {
    /// Calls made over this edge.
    pub calls: u64,
    /// Those that ended in success.
    pub succeeded: u64,
    /// Those that ended in failure.
    #[serde(default)]
    pub failed: u64,
    /// Those that ended because whoever had made them was no more: a server that crashed or gave up its own request, or a layer with what
    /// was inside it.
    #[serde(default)]
    pub abandoned: u64,
    /// Those not decided when the run ended.
    #[serde(default)]
    pub unfinished: u64,
    /// Attempts put on the wire for them, the first ones included.
    pub attempts: u64,
    /// Those that were put there when no other attempt of their call was waited for any more, and that were not the first.
    #[serde(default)]
    pub retries: u64,
    /// Those that were put there beside others of their call that were waited for still.
    #[serde(default)]
    pub hedges: u64,
    /// Answers that were waited for and said that there was no room, or no leave: an overload, or throttled.
    #[serde(default)]
    pub shed: u64,
    /// Failures that a layer answered with a makeshift, a default value or an old answer.
    #[serde(default)]
    pub fallbacks: u64,
}

impl EdgeMeasures {
    /// Counts what was counted elsewhere as well.
    pub const fn add(&mut self, other: &Self) {
        let Self { calls, succeeded, failed, abandoned, unfinished, attempts, retries, hedges, shed, fallbacks } = other;
        self.calls += *calls;
        self.succeeded += *succeeded;
        self.failed += *failed;
        self.abandoned += *abandoned;
        self.unfinished += *unfinished;
        self.attempts += *attempts;
        self.retries += *retries;
        self.hedges += *hedges;
        self.shed += *shed;
        self.fallbacks += *fallbacks;
    }

    /// Whether every call is accounted for.
    pub const fn adds_up(&self) -> bool {
        self.calls == self.succeeded + self.failed + self.abandoned + self.unfinished
    }
}

/// Quantiles of a latency, each the upper end of its histogram bucket (three significant digits), and the exact mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencySummary {
    /// How many latencies were recorded; all else is zero if this is.
    pub count: u64,
    /// The mean, rounded down to a nanosecond.
    pub mean: SimDuration,
    /// The median.
    pub p50: SimDuration,
    /// The 90th percentile.
    pub p90: SimDuration,
    /// The 99th percentile.
    pub p99: SimDuration,
    /// The 99.9th percentile.
    pub p999: SimDuration,
    /// The longest.
    pub max: SimDuration,
}

/// Whether a run that has not recovered at the horizon is stuck, and by which numbers. They are those of the last two windows of the hold time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StuckEvidence {
    /// How long no fault had been on at the horizon; `None` if one still was.
    pub trigger_gone: Option<SimDuration>,
    /// How long these windows are together.
    pub watched: SimDuration,
    /// Calls that users started in them.
    pub offered: u64,
    /// How many calls the rate before the first fault comes to in as much time, rounded down; or how many the twin had.
    pub offered_before: u64,
    /// Whether that is as much as before: nine tenths at least, or less by no more than chance. Always under closed load, which follows the system.
    pub load_as_before: bool,
    /// Successes in these windows.
    pub succeeded: u64,
    /// How many the level comes to in as many calls (closed load: in as much time), rounded down.
    pub level: u64,
    /// Whether each of them lies behind the last fault and is below the level.
    pub stays_down: bool,
}

/// What became of an experiment in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentOutcome {
    /// Whether the hypothesis held before the faults; if not, nothing struck.
    pub held_before: bool,
    /// When the experiment was aborted, if it was.
    pub aborted: Option<SimTime>,
    /// Whether the hypothesis held again at the end.
    pub held_after: bool,
}

impl ExperimentOutcome {
    /// Whether the hypothesis failed, before or after.
    pub const fn failed(&self) -> bool {
        !self.held_before || !self.held_after
    }
}

/// Counts of one time bin of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Client calls started in the bin.
    pub started: u64,
    /// Those of them that succeeded, whenever that was.
    pub succeeded: u64,
    /// Client calls that ended in success within the bin, whenever they were started: goodput.
    pub completed: u64,
    /// Client calls that ended in failure within the bin.
    pub failed: u64,
    /// Attempts put on the wire within the bin, over all edges: offered load.
    pub attempts: u64,
}

/// Counts of two parts of a bin, or of two bins, together.
impl std::ops::Add for Bin {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            started: self.started + other.started,
            succeeded: self.succeeded + other.succeeded,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            attempts: self.attempts + other.attempts,
        }
    }
}
