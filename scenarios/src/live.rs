//! How is a run made in pieces: stopped at an instant or an event, looked at, copied, and gone on with?
//!
//! Where a run is stopped changes nothing of it: made in pieces it is the same run as made in one. A copy has the same past and goes on by
//! itself; given a seed of its own it has another future.

use crate::run::{Pace, Run, Stalled};
use crate::scenario::ArmPlan;
use models::faults::Strike;
use models::ids::NodeId;
use models::measure::{Bin, Series, Twin};
use models::plan::{Plan, RecoveryLevel};
use models::protocols::{Nobody, Protocol};
use models::record::Record;
use models::world::{NodeView, UnderWay, World};
use sim_core::draw::Seed;
use sim_core::observe::{Digest, Observer};
use sim_core::simulation::{Simulation, Stop, TieBreak};
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// Up to where a run goes on: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// The last instant whose events are still handled.
    pub time: SimTime,
    /// How many events there are at most, from the start of the run.
    pub events: u64,
}

impl Until {
    /// To its very end.
    pub const END: Self = Self { time: SimTime::MAX, events: u64::MAX };

    /// So many events from the start.
    pub const fn events(events: u64) -> Self {
        Self { events, ..Self::END }
    }

    /// This instant included.
    pub const fn time(time: SimTime) -> Self {
        Self { time, ..Self::END }
    }
}

/// A run in progress, whatever protocol its group speaks.
pub trait LiveRun: Send {
    /// Goes on, and says whether the run is over.
    fn advance(&mut self, until: Until, observer: Option<&mut dyn Observer<Record>>) -> bool;
    /// The instant of the last event.
    fn now(&self) -> SimTime;
    /// How many events have been handled.
    fn events(&self) -> u64;
    /// Fingerprint of everything observable so far.
    fn digest(&self) -> Digest;
    /// How many records of calls and attempts are in use: what memory grows with.
    fn records(&self) -> usize;
    /// A copy that goes on by itself.
    fn fork(&self) -> Box<dyn LiveRun>;
    /// Every draw not made yet comes from this seed.
    fn reseed(&mut self, seed: u64);
    /// From now on new calls meet the stacks of another arm, and calls under way finish under those they began with. At most once in a run.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn switch(&mut self, other: &ArmPlan) -> Result<(), String>;
    /// A node as it is now.
    fn view(&self, node: NodeId) -> NodeView;
    /// What is under way now.
    fn under_way(&self) -> UnderWay;
    /// The strikes of faults that are on now: which fault, which of its members if one apart, since when and until when; and whom it hits, unless
    /// the name of the fault says so.
    fn strikes(&self) -> Vec<(Strike, Option<String>)>;
    /// Ends it where it stands, and answers with what was measured until then.
    fn finish(self: Box<Self>) -> Run;
}

/// The run of an arm under a seed, before its first event.
pub fn start(arm: &ArmPlan, seed: u64, ties: TieBreak) -> Box<dyn LiveRun> {
    match &arm.group {
        None => Box::new(Live::start(arm, Nobody, seed, ties)),
        Some(group) => Box::new(Live::start(arm, group.protocol(), seed, ties)),
    }
}

/// A run in progress.
#[derive(Clone, Debug)]
pub(crate) struct Live<P: Protocol> {
    simulation: Simulation<World<P>>,
    pace: Pace,
    phase: Phase,
    /// Whether averages over time have begun.
    is_measured: bool,
    times: Times,
    /// The bins of the same run without faults, where its level is the one to come back to.
    twin: Option<Arc<Vec<Bin>>>,
    /// What makes the same run without faults, while that can be had.
    calm: Option<Calm<P>>,
    stalled: Option<Stalled>,
}

/// What makes the same run without faults.
#[derive(Clone, Debug)]
struct Calm<P> {
    plan: Arc<Plan>,
    protocol: P,
    seed: u64,
    ties: TieBreak,
}

impl<P: Protocol> Calm<P> {
    /// The bins of that run.
    fn bins(&self) -> Vec<Bin> {
        let mut run = Live::beside(Arc::new(self.plan.without_faults()), self.protocol.clone(), (self.seed, self.ties), None);
        run.advance(Until::END, None);
        run.finish().bins
    }
}

/// When what begins.
#[derive(Clone, Copy, Debug)]
struct Times {
    measured_from: SimTime,
    horizon: SimTime,
    end: SimTime,
    bin: SimDuration,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Calls are made, up to the horizon, in time bins of which the present one ends at this instant.
    Calling(SimTime),
    /// Bin by bin, until every call is decided or the drain is over: up to this instant.
    Draining(SimTime),
    /// Nothing comes any more; up to this instant something was going on, if anything was pending.
    Over(Option<SimTime>),
}

impl<P: Protocol> Live<P> {
    pub(crate) fn start(arm: &ArmPlan, protocol: P, seed: u64, ties: TieBreak) -> Self {
        let plan = arm.of_run(seed);
        let has_faults = !plan.faults.is_empty() || plan.experiment.is_some();
        let calm = has_faults.then(|| Calm { plan: Arc::clone(&plan), protocol: protocol.clone(), seed, ties });
        let twin = calm.as_ref().filter(|_| plan.clockwork.level == RecoveryLevel::Twin).map(|calm| Arc::new(calm.bins()));
        Self { calm, ..Self::beside(plan, protocol, (seed, ties), twin) }
    }

    /// The run whose level is that of its twin, if it has one.
    fn beside(plan: Arc<Plan>, protocol: P, (seed, ties): (u64, TieBreak), twin: Option<Arc<Vec<Bin>>>) -> Self {
        let times = plan.clockwork;
        let horizon = SimTime::ZERO + times.horizon;
        Self {
            pace: Pace::of(&plan),
            simulation: World::start(plan, protocol, Seed::new(seed), ties),
            phase: Phase::Calling(horizon.min(SimTime::ZERO + times.bin)),
            is_measured: false,
            times: Times {
                measured_from: horizon.min(SimTime::ZERO + times.warm_up),
                horizon,
                end: horizon.saturating_add(times.drain),
                bin: times.bin,
            },
            twin,
            calm: None,
            stalled: None,
        }
    }

    /// Goes on within a phase: why it stopped, or nothing if it is stopped for good.
    fn go_on(&mut self, until: SimTime, events: u64, observer: &mut Option<&mut dyn Observer<Record>>) -> Option<Stop> {
        loop {
            let watcher = observer.as_mut().map(|observer| &mut **observer as &mut dyn Observer<Record>);
            let made = self.simulation.events();
            let stop = self.simulation.run_until(until, self.pace.look_after(made).min(events.saturating_sub(made)), watcher);
            if stop != Stop::TooManyEvents || self.simulation.events() >= events {
                return Some(stop);
            }
            self.pace.refuse_endless(self.simulation.events());
            self.stalled = self.pace.look(self.simulation.now(), self.simulation.events(), self.times.end);
            if self.stalled.is_some() {
                return None;
            }
        }
    }

    /// Up to when the present phase goes on, unless something else happens at an instant within it.
    fn target(&self) -> Option<SimTime> {
        match self.phase {
            Phase::Calling(bin_ends) if !self.is_measured => Some(bin_ends.min(self.times.measured_from)),
            Phase::Calling(until) | Phase::Draining(until) => Some(until),
            Phase::Over(_) => None,
        }
    }

    /// What comes when the run has come to its target, and how it did.
    fn next_phase(&mut self, stop: Stop) -> Phase {
        let Times { measured_from, horizon, end, bin } = self.times;
        let until = match self.phase {
            Phase::Calling(bin_ends) if !self.is_measured && measured_from < bin_ends => {
                self.measuring_begins();
                return self.phase;
            }
            Phase::Calling(bin_ends) => {
                self.simulation.intervene(|world, _| world.averages_of_bin_end(bin_ends));
                if bin_ends < horizon {
                    return Phase::Calling(bin_ends.saturating_add(bin).min(horizon));
                }
                self.measuring_begins();
                self.simulation.intervene(|world, _| world.averages_end(horizon));
                horizon
            }
            Phase::Draining(until) => until,
            Phase::Over(_) => return self.phase,
        };
        if stop != Stop::Finished && until < end && self.simulation.model().is_awaited() {
            Phase::Draining(until.saturating_add(bin).min(end))
        } else {
            Phase::Over((stop == Stop::Reached).then_some(until))
        }
    }

    fn measuring_begins(&mut self) {
        let from = self.times.measured_from;
        if !std::mem::replace(&mut self.is_measured, true) {
            self.simulation.intervene(|world, _| world.averages_begin(from));
        }
    }

    /// The run has come to a limit, and is left where it is.
    #[cold]
    fn stops_here(&mut self) {
        let now = self.simulation.now();
        if self.is_measured {
            self.simulation.intervene(|world, _| world.averages_end(now));
        }
        self.phase = Phase::Over(None);
    }

    /// See [`LiveRun::advance`].
    pub(crate) fn advance(&mut self, until: Until, mut observer: Option<&mut dyn Observer<Record>>) -> bool {
        loop {
            let Some(target) = self.target() else { return true };
            match self.go_on(target.min(until.time), until.events, &mut observer) {
                None => self.phase = Phase::Over(None),
                Some(Stop::TooManyEvents) => return false,
                Some(Stop::Asked) => self.stops_here(),
                Some(Stop::Reached) if until.time < target => return false,
                Some(stop) => self.phase = self.next_phase(stop),
            }
        }
    }

    /// See [`LiveRun::finish`].
    pub(crate) fn finish(self) -> Run {
        let (digest, events, last) = (self.simulation.digest(), self.simulation.events(), self.simulation.now());
        // What was going on at the last event went on until the run was left, if anything was pending.
        let left = if let Phase::Over(left) = self.phase { left } else { None };
        let mut meter = self.simulation.into_model().into_meter(left.unwrap_or(last));
        let history = meter.take_history().map(Box::new);
        let further = meter.further_attempts();
        let calm = self.calm;
        let mut bins_of_calm = || calm.as_ref().map_or_else(Vec::new, Calm::bins);
        let twin = match &self.twin {
            Some(bins) => Twin::Level(bins),
            None if calm.is_some() => Twin::AtHand(&mut bins_of_calm),
            None => Twin::Unknown,
        };
        let (measures, series) = meter.finish_beside(twin, last, events);
        let Series { bins, gauges, latencies, occupancies } = series;
        Run { measures, bins, gauges, further, latencies, occupancies, digest, history, stalled: self.stalled }
    }
}

impl<P: Protocol> LiveRun for Live<P> {
    fn advance(&mut self, until: Until, observer: Option<&mut dyn Observer<Record>>) -> bool {
        Self::advance(self, until, observer)
    }

    fn now(&self) -> SimTime {
        self.simulation.now()
    }

    fn events(&self) -> u64 {
        self.simulation.events()
    }

    fn digest(&self) -> Digest {
        self.simulation.digest()
    }

    fn records(&self) -> usize {
        let (calls, attempts) = self.simulation.model().records();
        calls + attempts
    }

    fn fork(&self) -> Box<dyn LiveRun> {
        Box::new(self.clone())
    }

    fn reseed(&mut self, seed: u64) {
        // With other luck, or other stacks, from now on it is the same run no longer.
        self.calm = None;
        self.simulation.intervene(|world, _| world.reseed(Seed::new(seed)));
    }

    fn switch(&mut self, other: &ArmPlan) -> Result<(), String> {
        match self.simulation.model().plan().why_no_switch(&other.plan) {
            Some(reason) => Err(reason),
            None => {
                self.calm = None;
                self.simulation.intervene(|world, _| world.switch(&other.plan));
                Ok(())
            }
        }
    }

    fn view(&self, node: NodeId) -> NodeView {
        self.simulation.model().view(node, self.now())
    }

    fn under_way(&self) -> UnderWay {
        self.simulation.model().under_way()
    }

    fn strikes(&self) -> Vec<(Strike, Option<String>)> {
        self.simulation.model().strikes_on(self.now()).map(|(strike, whom)| (strike.clone(), whom)).collect()
    }

    fn finish(self: Box<Self>) -> Run {
        Self::finish(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::text::Source;
    use crate::{Extent, Scenario, read};

    fn shipped(name: &str) -> Scenario {
        let text = crate::library::find(name).expect("it is shipped").text;
        read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound")
    }

    /// Stopped at odd places, copied at each of them, and gone on with the copy.
    fn in_pieces(arm: &ArmPlan, seed: u64) -> Run {
        let mut live = start(arm, seed, TieBreak::ByRank);
        let mut step = 0;
        loop {
            step += 1;
            let until = match step % 3 {
                0 => Until { time: live.now().saturating_add(SimDuration::from_millis(7_777)), events: u64::MAX },
                1 => Until::events(live.events() + 1_003),
                _ => Until { time: live.now().saturating_add(SimDuration::from_secs(3)), events: live.events() + 500 },
            };
            if live.advance(until, None) {
                return live.finish();
            }
            live = live.fork();
        }
    }

    #[test]
    fn a_run_made_in_pieces_is_the_run_made_in_one() {
        for name in ["any-storm", "two-primaries", "lease-and-clock", "saga-keys"] {
            let scenario = shipped(name);
            for arm in &scenario.cells[0].arms {
                assert_eq!(in_pieces(arm, 3), run(arm, 3, TieBreak::ByRank, None), "{name}");
            }
        }
    }

    #[test]
    fn a_copy_with_another_seed_has_the_same_past_and_another_future() {
        let scenario = shipped("any-storm");
        let mut live = start(&scenario.cells[0].arms[0], 3, TieBreak::ByRank);
        assert!(!live.advance(Until::time(SimTime::ZERO + SimDuration::from_secs(30)), None));
        let mut other = live.fork();
        other.reseed(4);
        assert_eq!((live.digest(), live.events()), (other.digest(), other.events()));
        live.advance(Until::END, None);
        other.advance(Until::END, None);
        assert_ne!(live.digest(), other.digest());
    }
}
