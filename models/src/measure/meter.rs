//! What is counted while a run goes on? Sums, bins and histograms: nothing is kept per call.

mod closing;

use super::alerts::AlertMeter;
use super::classes::ClassMeter;
use super::detection::Reactions;
use super::fairness::FairnessMeter;
use super::latency::{Latency, LatencyOverTime};
use super::uptime::UpMeter;
use super::{
    Accounts, Alarm, Bin, EdgeMeasures, ExperimentOutcome, Further, FurtherAttempts, Gauges, LatencySummary, MessageMeasures, Occupancies,
    RunMeasures,
};
use crate::alerts::Counts;
use crate::call::{Call, Origin};
use crate::faults::Strike;
use crate::history::History;
use crate::ids::{EdgeId, FaultId, NodeId};
use crate::outcome::{Failure, Outcome};
use crate::plan::{Clockwork, Plan};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The counters of one run.
#[derive(Clone, Debug)]
pub struct Meter {
    clockwork: Clockwork,
    load_is_closed: bool,
    /// By population, which comes first among the edges: whether it is synthetic. Empty if none is, nor wants each of its clients counted.
    synthetic: Vec<bool>,
    fairness: FairnessMeter,
    objective: Option<Share>,
    /// The strikes of the run's faults, known at its end.
    pub(crate) strikes: Vec<Strike>,
    /// Those that come at random or on an event, with their labels.
    random_faults: Vec<(FaultId, String)>,
    row: RunMeasures,
    /// Whether nobody is synthetic, no client is counted by itself, and nothing is watched.
    is_plain: bool,
    bins: Vec<Bin>,
    present: Present,
    latency: Latency,
    failure_latency: Latency,
    over_time: LatencyOverTime,
    /// Latencies of successes that end in some spans of time, for whoever judges them in the run.
    watched: Vec<(SimTime, SimTime, Latency)>,
    up: UpMeter,
    classes: ClassMeter,
    /// The books of services, known at the end of the run.
    pub(crate) accounts: Accounts,
    /// What reacted to faults, and how soon.
    pub(crate) reactions: Reactions,
    alerts: AlertMeter,
    /// What layers showed.
    pub(crate) gauges: Gauges,
    /// How full services were.
    pub(crate) occupancies: Occupancies,
    /// Attempts that were not the first of their call.
    pub(crate) further: Further,
    finished: u64,
    /// How many of the edges calls go over.
    edges_of_calls: usize,
    /// How many edges there are, where as many former ones stand behind them.
    former_edges: Option<usize>,
    /// What became of messages so far.
    pub messages: MessageMeasures,
    history: Option<History>,
}

/// The time bin of the present instant, and what has been counted in it that is not in the list of bins yet. Time only goes forwards,
/// so no division is needed.
#[derive(Clone, Debug)]
struct Present {
    bin: usize,
    counts: Bin,
    /// Whether what begins now counts in the measures of the run.
    is_counted: bool,
    /// Until when all this is so.
    until: SimTime,
}

/// The spans of time whose latencies an experiment asks for.
fn watched(plan: &Plan) -> Vec<(SimTime, SimTime, Latency)> {
    let windows = plan.experiment.iter().flat_map(|experiment| experiment.latency_windows(&plan.clockwork));
    windows.map(|(begin, end)| (begin, end, Latency::new())).collect()
}

fn random_faults(plan: &Plan) -> Vec<(FaultId, String)> {
    let numbered = (0..).map(FaultId).zip(&plan.faults);
    numbered.filter(|(_, fault)| fault.is_random()).map(|(id, fault)| (id, fault.label.clone())).collect()
}

impl Meter {
    /// Nothing counted yet.
    pub fn new(plan: &Plan) -> Self {
        let clockwork = plan.clockwork;
        let bins = clockwork.horizon.as_nanos().div_ceil(clockwork.bin.as_nanos());
        let bins = usize::try_from(bins).expect("a checked scenario has at most a million bins");
        let watched = watched(plan);
        let is_open = |arrivals: &crate::workloads::ArrivalProcess| matches!(arrivals, crate::workloads::ArrivalProcess::Open(_));
        Self {
            clockwork,
            load_is_closed: !plan.populations.iter().all(|population| population.synthetic || is_open(&population.arrivals)),
            synthetic: if plan.populations.iter().any(|population| population.synthetic || population.counts_each) {
                plan.populations.iter().map(|population| population.synthetic).collect()
            } else {
                Vec::new()
            },
            fairness: FairnessMeter::new(plan),
            objective: plan.objective,
            strikes: Vec::new(),
            random_faults: random_faults(plan),
            row: RunMeasures {
                failed: vec![0; Failure::ALL.len()],
                edges: vec![EdgeMeasures::default(); plan.edges.len()],
                ..Default::default()
            },
            is_plain: watched.is_empty() && plan.populations.iter().all(|population| !population.synthetic && !population.counts_each),
            bins: vec![Bin::default(); bins],
            present: Present { bin: 0, counts: Bin::default(), is_counted: false, until: SimTime::ZERO },
            latency: Latency::new(),
            watched,
            failure_latency: Latency::new(),
            over_time: LatencyOverTime::new(bins),
            up: UpMeter::new(plan),
            classes: ClassMeter::new(plan),
            accounts: Accounts::default(),
            reactions: Reactions::new(plan),
            alerts: AlertMeter::new(plan),
            gauges: Gauges::default(),
            occupancies: Occupancies::default(),
            further: Further::new(clockwork.bin, clockwork.horizon),
            finished: 0,
            edges_of_calls: plan.edges_of_calls().len(),
            former_edges: None,
            messages: MessageMeasures::default(),
            history: None,
        }
    }

    /// From now on calls may be counted at former edges, as many as there are edges; in the end both are one.
    pub(crate) fn has_former_edges(&mut self, edges: usize) {
        self.row.edges.resize(2 * edges, EdgeMeasures::default());
        self.former_edges = Some(edges);
    }

    #[inline(always)]
    fn present(&mut self, now: SimTime) -> &mut Present {
        if now >= self.present.until {
            self.turn_over(now);
        }
        &mut self.present
    }

    /// Another bin begins, or the time that is measured begins or ends.
    #[cold]
    fn turn_over(&mut self, now: SimTime) {
        self.file();
        let Clockwork { warm_up, horizon, bin, .. } = self.clockwork;
        let (since_start, length) = (now.since_start(), bin.as_nanos());
        self.present.bin = (since_start / bin) as usize;
        self.present.is_counted = since_start >= warm_up && since_start < horizon;
        let bin_ends = SimDuration::from_nanos((self.present.bin as u64 + 1).saturating_mul(length));
        let turns = [bin_ends, warm_up, horizon].into_iter().filter(|turn| *turn > since_start);
        self.present.until = turns.min().map_or(SimTime::MAX, |turn| SimTime::ZERO + turn);
    }

    /// Puts what was counted in the present bin in the list. What comes after the last bin is in none.
    fn file(&mut self) {
        let counts = std::mem::take(&mut self.present.counts);
        if let Some(bin) = self.bins.get_mut(self.present.bin) {
            *bin = *bin + counts;
        }
    }

    /// The counts of a time bin so far.
    fn bin(&self, index: usize) -> Bin {
        if index == self.present.bin { self.bins[index] + self.present.counts } else { self.bins[index] }
    }

    /// The counts of the whole time bin that ends now.
    pub(crate) fn bin_before(&self, now: SimTime) -> Bin {
        let index = (now.since_start() / self.clockwork.bin) as usize;
        self.bin(index - 1)
    }

    /// How the calls of users ended that ended in a whole time bin which is over.
    pub(crate) fn ended_in(&self, bin: u64) -> Counts {
        let bin = self.bin(bin as usize);
        Counts { failed: bin.failed, ended: bin.completed + bin.failed }
    }

    /// When each alert fired.
    pub(crate) fn alarms(&mut self, alarms: Vec<Vec<Alarm>>) {
        self.alerts.alarms = alarms;
    }

    /// The counts of the whole time bins between two instants.
    pub(crate) fn counted_in(&self, from: SimDuration, to: SimDuration) -> Bin {
        let (from, to) = ((from / self.clockwork.bin) as usize, (to / self.clockwork.bin) as usize);
        (from..to).fold(Bin::default(), |sum, index| sum + self.bin(index))
    }

    /// The latency of successes that ended in the span of time that ends now, if that is watched.
    pub(crate) fn latency_until(&self, now: SimTime) -> LatencySummary {
        self.watched.iter().find(|(_, end, _)| *end == now).map_or_else(LatencySummary::default, |(.., latency)| latency.summary())
    }

    /// The hypothesis of an experiment was judged.
    pub(crate) fn experiment(&mut self, outcome: ExperimentOutcome) {
        self.row.experiment = Some(outcome);
    }

    /// The experiment was aborted.
    pub(crate) fn experiment_aborted(&mut self, now: SimTime) {
        if let Some(outcome) = &mut self.row.experiment {
            outcome.aborted = Some(now);
        }
    }

    /// The hypothesis was judged again.
    pub(crate) fn experiment_is_over(&mut self, held: bool) {
        if let Some(outcome) = &mut self.row.experiment {
            outcome.held_after = held;
        }
    }

    /// A layer calls for nobody: that is no call of the edge, only attempts. Answers whether those count, and the bin.
    pub fn background_started(&mut self, now: SimTime) -> (bool, u32) {
        let present = self.present(now);
        (present.is_counted, present.bin as u32)
    }

    /// Whether the clients that call over an edge are no users.
    #[inline(always)]
    fn is_synthetic(&self, edge: EdgeId) -> bool {
        !self.synthetic.is_empty() && self.synthetic.get(edge.index() % self.former_edges.unwrap_or(usize::MAX)) == Some(&true)
    }

    /// A call is made. Answers whether it counts in the measures of the run, and its bin.
    pub fn call_started(&mut self, edge: EdgeId, is_client: bool, now: SimTime) -> (bool, u32) {
        let is_user = is_client && (self.is_plain || !self.is_synthetic(edge));
        let present = self.present(now);
        present.counts.started += u64::from(is_user);
        let (is_counted, bin) = (present.is_counted, present.bin as u32);
        if is_counted {
            self.row.calls += u64::from(is_user);
            self.row.edges[edge.index()].calls += 1;
        }
        (is_counted, bin)
    }

    /// A call of a class that has a name is made.
    pub(crate) fn class_started(&mut self, class: u8, is_counted: bool) {
        if is_counted {
            self.classes.started(class);
        }
    }

    /// An attempt is put on the wire.
    pub fn attempt_sent(&mut self, edge: EdgeId, is_counted: bool, now: SimTime) {
        if is_counted {
            self.row.edges[edge.index()].attempts += 1;
        }
        self.present(now).counts.attempts += 1;
    }

    /// A call of a client ended.
    #[inline(always)]
    pub fn call_ended(&mut self, call: &Call, outcome: Outcome, now: SimTime) {
        if !self.is_plain && self.is_of_no_user(call, outcome, now) {
            return;
        }
        let Outcome::Failed(failure) = outcome else { return self.call_succeeded(call, now) };
        self.present(now).counts.failed += 1;
        if call.is_counted {
            self.finished += 1;
            self.row.failed[failure.index()] += 1;
            self.row.edges[call.name.edge.index()].failed += 1;
            self.failure_latency.record(now - call.started);
        }
    }

    #[inline(always)]
    fn call_succeeded(&mut self, call: &Call, now: SimTime) {
        self.present(now).counts.completed += 1;
        self.row.last_success = Some(now);
        if let Some(bin) = self.bins.get_mut(call.bin as usize) {
            bin.succeeded += 1;
        }
        let latency = now - call.started;
        self.over_time.record(call.bin, latency);
        if !call.is_counted {
            return;
        }
        self.finished += 1;
        self.row.succeeded += 1;
        self.row.edges[call.name.edge.index()].succeeded += 1;
        self.row.wrong += u64::from(call.is_wrong);
        self.row.degraded += u64::from(call.is_degraded);
        self.latency.record(latency);
        if call.class > 0 {
            self.classes.succeeded(call.class, latency);
        }
    }

    /// An attempt goes out that is not the first of its call, beside others that are waited for or after they all are over.
    #[cold]
    pub(crate) fn tried_again(&mut self, edge: EdgeId, is_hedge: bool) {
        let edge = &mut self.row.edges[edge.index()];
        if is_hedge { edge.hedges += 1 } else { edge.retries += 1 }
    }

    /// An answer that was waited for says that an attempt failed.
    pub(crate) fn attempt_failed(&mut self, call: &Call, outcome: Outcome) {
        let is_shed = matches!(outcome, Outcome::Failed(Failure::Overload | Failure::Throttled));
        self.row.edges[call.name.edge.index()].shed += u64::from(is_shed && call.is_counted);
    }

    /// A layer answers a failure with a makeshift.
    pub(crate) fn fell_back(&mut self, call: &Call) {
        self.row.edges[call.name.edge.index()].fallbacks += u64::from(call.is_counted);
    }

    /// Whether a call that has ended is that of no user, and counts as such; if not, what its client got is counted if that is wanted, and its latency is
    /// kept for whoever watches.
    #[cold]
    fn is_of_no_user(&mut self, call: &Call, outcome: Outcome, now: SimTime) -> bool {
        if call.is_counted && !self.synthetic.is_empty() {
            self.fairness.call_ended(call, outcome.is_success());
        }
        if self.is_synthetic(call.name.edge) {
            self.made_call_ended(call, outcome);
            return true;
        }
        let watched = self.watched.iter_mut().filter(|(begin, end, _)| outcome.is_success() && *begin <= now && now < *end);
        watched.for_each(|(.., latency)| latency.record(now - call.started));
        false
    }

    /// A call ended that is no call of a user.
    #[inline(never)]
    pub(crate) fn made_call_ended(&mut self, call: &Call, outcome: Outcome) {
        if matches!(call.origin, Origin::Background(..)) || !call.is_counted {
            return;
        }
        let edge = &mut self.row.edges[call.name.edge.index()];
        if outcome.is_success() { edge.succeeded += 1 } else { edge.failed += 1 }
    }

    /// A call ended because whoever waited for it is no more.
    pub(crate) fn call_abandoned(&mut self, call: &Call) {
        if !matches!(call.origin, Origin::Background(..)) {
            self.row.edges[call.name.edge.index()].abandoned += u64::from(call.is_counted);
        }
    }

    /// A call of this edge that counts is not decided when the run ends.
    pub(crate) fn unfinished(&mut self, edge: EdgeId) {
        self.row.edges[edge.index()].unfinished += 1;
    }

    /// A server node goes down, or comes back.
    pub(crate) fn node_changes(&mut self, node: NodeId, is_up: bool, now: SimTime) {
        self.up.changes(node, is_up, now);
    }

    /// A worker was busy for so long.
    pub fn worked(&mut self, time: SimDuration) {
        self.row.work += time;
    }

    /// Work turned out to be for nobody.
    pub fn wasted(&mut self, time: SimDuration) {
        self.row.wasted_work += time;
    }

    /// What protocols and clocks observed, what brokers did, and measures of single services.
    pub fn observed(&mut self, observations: &super::Observations, more: Vec<super::Observation>) {
        self.row.observations = observations.list();
        if !more.is_empty() {
            self.row.observations.extend(more);
            self.row.observations.sort_by(|a, b| (&a.name, a.fold).cmp(&(&b.name, b.fold)));
        }
    }

    /// Attempts that were not the first of their call, by time bin.
    pub fn further_attempts(&self) -> Vec<FurtherAttempts> {
        self.further.list()
    }
}
