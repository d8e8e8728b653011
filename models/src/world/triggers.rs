//! How do faults strike that wait for something in the run?
//!
//! A fault listens from its `at` on, strikes when it hears what it waits for, and listens again only after that strike is
//! over, as often as its `times` say. Its strikes are added to the run's timetable.

use super::World;
use crate::event::{Kind, WorldEvent};
use crate::faults::{Happening, Trigger};
use crate::ids::{FaultId, NodeId};
use crate::measure::Reaction;
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

/// The slot of the event that ends a time bin; no stretch has it.
pub(super) const BIN_ENDS: u32 = u32::MAX;

/// A fault that waits for something.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    fault: FaultId,
    /// How often it may strike still.
    left: u32,
    /// How often it has struck.
    struck: u64,
    /// Whether its last strike is over.
    is_ready: bool,
}

impl Listener {
    /// The faults of a plan that wait for something.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let waiting = (0..).map(FaultId).zip(&plan.faults).filter_map(|(id, fault)| fault.when().map(|when| (id, when.times)));
        waiting.map(|(fault, left)| Self { fault, left, struck: 0, is_ready: true }).collect()
    }
}

impl<P: Protocol> World<P> {
    /// A node announces something: that is told in the trace, and counted so that it can be found there.
    pub(super) fn tells(&mut self, node: NodeId, what: &'static str, value: i64, ctx: &mut Ctx<'_, Self>) {
        self.observations.announces();
        ctx.record(&Record::Announced(node, what, value));
    }

    /// Something was announced by name: faults that wait for it strike.
    pub fn announce(&mut self, event: &str, ctx: &mut Ctx<'_, Self>) {
        self.happens(Happening::Announced(event), ctx);
    }

    /// Whether anything is judged at the ends of time bins.
    pub(super) fn watches_bins(&self) -> bool {
        let trigger = |listener: &Listener| self.plan.faults[listener.fault.index()].when().map(|when| &when.trigger);
        let watched = self.plan.services.iter().filter_map(|service| service.rolls_back.as_ref());
        watched.into_iter().any(|rollback| rollback.when.is_measured())
            || self.has_gauges()
            || self.plan.experiment.is_some()
            || !self.plan.alerts.is_empty()
            || self.listeners.iter().filter_map(trigger).any(Trigger::is_measured)
    }

    /// Schedules the end of the bin that begins now, if it is a whole one.
    pub(super) fn await_end_of_bin(&self, ctx: &mut Ctx<'_, Self>) {
        let end = ctx.now().saturating_add(self.plan.clockwork.bin);
        if end.since_start() <= self.plan.clockwork.horizon {
            ctx.at(end, WorldEvent::new(Kind::Fault, Key::default(), 0, BIN_ENDS));
        }
    }

    /// A whole time bin is over. Whatever else happens at this instant belongs to the next.
    pub(super) fn bin_ends(&mut self, ctx: &mut Ctx<'_, Self>) {
        let width = self.plan.clockwork.bin;
        let bin = self.meter.bin_before(ctx.now());
        self.show_gauges(ctx.now());
        self.alerts_look(ctx);
        self.happens(Happening::BinEnds(&bin, width), ctx);
        self.experiment_goes_on(ctx);
        self.await_end_of_bin(ctx);
    }

    /// A strike of a fault is over: the fault listens again.
    pub(super) fn listens_again(&mut self, fault: FaultId) {
        self.listeners.iter_mut().filter(|listener| listener.fault == fault).for_each(|listener| listener.is_ready = true);
    }

    /// Something happens that faults may wait for.
    pub(super) fn happens(&mut self, happening: Happening<'_>, ctx: &mut Ctx<'_, Self>) {
        match happening {
            Happening::Announced(event) => {
                self.meter.reactions.hears(event, ctx.now());
                self.claims.hear(event, ctx.now(), self.observations.announced());
            }
            Happening::Alert(_, true) => self.meter.reactions.reacts(Reaction::AlertFired, ctx.now()),
            _ => {}
        }
        if super::rollbacks::any(&self.plan) && self.lifted.is_none() {
            self.pipelines_hear(happening, ctx);
        }
        if self.listeners.is_empty() || self.lifted.is_some() {
            return;
        }
        let horizon = SimTime::ZERO.saturating_add(self.plan.clockwork.horizon);
        // A bin is heard if all of it lies after the instant from which on the fault listens.
        let since = match happening {
            Happening::BinEnds(_, width) => SimTime::ZERO + ctx.now().since_start().saturating_sub(width),
            Happening::Announced(_) | Happening::Alert(..) | Happening::Began(_) | Happening::Ended(_) => ctx.now(),
        };
        let mut aims = Vec::new();
        for listener in &mut self.listeners {
            let fault = &self.plan.faults[listener.fault.index()];
            let Some(when) = fault.when() else { continue };
            let begin = ctx.now().saturating_add(when.after);
            if !listener.is_ready || listener.left == 0 || since < when.not_before || begin >= horizon || !when.trigger.is(happening) {
                continue;
            }
            let ordinal = listener.struck;
            (listener.left, listener.struck) = (listener.left - 1, ordinal + 1);
            if fault.aims() {
                listener.is_ready = false;
                aims.push((listener.fault, ordinal, begin));
                continue;
            }
            let stretches = fault.strike(listener.fault, ordinal, begin, &self.seed, &mut self.timetable);
            // A strike that does nothing is over before it begins.
            listener.is_ready = stretches.is_empty();
            super::misfortune::schedule(&self.timetable, stretches, ctx);
        }
        for (fault, ordinal, begin) in aims {
            self.aim(fault, ordinal, begin, ctx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{AnyFault, Crash, FaultPlan, Names, PlannedFault, Timing};
    use crate::plan::SystemSpec;
    use crate::protocols::Nobody;
    use crate::services::Service;
    use crate::workloads::{AllAtOnce, Arrivals, Clients};
    use sim_core::draw::Seed;
    use sim_core::simulation::{Simulation, Stop, TieBreak};
    use sim_core::time::SimDuration;
    use std::sync::Arc;

    /// A plan with a crash that waits for an announcement.
    fn plan(after: SimDuration) -> Plan {
        let clients = Clients::new(1, Arrivals::AllAtOnce(AllAtOnce {}), "shop", "here");
        let demand = sim_core::sample::Distribution::Constant(SimDuration::from_millis(1));
        let service = Service { domain: crate::services::Placement(vec!["here".to_owned()]), ..Service::new(1, demand) };
        let fault = AnyFault::Crash(Crash { node: Names::one("shop"), ..Crash::default() });
        let spec = SystemSpec {
            clients: vec![("clients".to_owned(), clients)],
            services: vec![("shop".to_owned(), service)],
            faults: vec![PlannedFault::once(fault.clone(), SimDuration::from_secs(1), None)],
            ..SystemSpec::default()
        };
        let mut plan = Plan::new(&spec).expect("the system is sound");
        // No protocol announces anything yet that a scenario could name: the fault is put in by hand.
        let when = Some(Trigger::Announced { event: "LeaderElected".to_owned() });
        let timing = Timing { when, after: Some(after), lasts: Some(SimDuration::from_secs(2)), ..Timing::default() };
        let members = plan.faults[0].members.clone();
        plan.faults = vec![FaultPlan::new(fault, &timing, members, 0)];
        plan
    }

    #[test]
    fn a_fault_strikes_when_the_event_it_waits_for_is_announced_and_for_no_other() {
        let strikes = |events: &'static [&'static str]| {
            let world = World::start(Arc::new(plan(SimDuration::from_secs(3))), Nobody, Seed::new(1), TieBreak::ByRank).into_model();
            let mut simulation =
                Simulation::new(world, TieBreak::ByRank, |world, ctx| events.iter().for_each(|event| world.announce(event, ctx)));
            assert_eq!(simulation.run_until(SimTime::MAX, 1_000, None), Stop::Finished);
            let strikes = &simulation.model().timetable().strikes;
            strikes.iter().map(|strike| (strike.begin.as_nanos(), strike.end.map(SimTime::as_nanos))).collect::<Vec<_>>()
        };
        assert_eq!(strikes(&["BreakerOpened"]), []);
        assert_eq!(strikes(&["LeaderElected"]), [(3_000_000_000, Some(5_000_000_000))]);
        // It listens again only after its strike, and strikes once unless it says more.
        assert_eq!(strikes(&["LeaderElected", "LeaderElected"]).len(), 1);
    }
}
