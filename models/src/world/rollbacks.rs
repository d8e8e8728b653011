//! What is a deploy cut short by: a bad version, a flag, a lever that goes out replica by replica?
//!
//! A service may have a pipeline that takes a version back when it sees a sign. The deploy then ends earlier than planned: replicas that have the
//! new version get the old one in the same order and at the same pace, and the others never get it. What was planned before is no
//! longer looked at when it comes.

use super::World;
use super::misfortune::schedule_end;
use crate::environment::{Effect, NodeEffect};
use crate::faults::{Happening, Strike};
use crate::measure::Reaction;
use crate::plan::{Plan, Role};
use crate::protocols::Protocol;
use crate::services::{Condition, Step, TaskPlan};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// Whether any service takes deploys back.
pub(super) fn any(plan: &Plan) -> bool {
    plan.services.iter().any(|service| service.rolls_back.is_some())
}

impl<P: Protocol> World<P> {
    /// Something happens that pipelines may take for a sign.
    #[cold]
    pub(super) fn pipelines_hear(&mut self, happening: Happening<'_>, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        for (index, service) in (0..).zip(&plan.services) {
            let Some(rollback) = service.rolls_back.as_ref().filter(|rollback| rollback.when.is(happening)) else { continue };
            let at = ctx.now().saturating_add(rollback.after).max(ctx.now().saturating_add(SimDuration::NANOSECOND));
            for strike in 0..self.timetable.strikes.len() as u32 {
                if self.is_deploy_of(strike, index, ctx.now()) {
                    self.roll_back(strike, at, ctx);
                }
            }
        }
    }

    /// Whether a strike is a bad deploy of a service that has begun and that nobody takes back yet.
    fn is_deploy_of(&self, strike: u32, service: u32, now: SimTime) -> bool {
        let state = &self.timetable.strikes[strike as usize];
        let is_deploy = self.plan.faults[state.fault.index()].fault.is_deploy();
        let is_on = state.begin <= now && state.end.is_none_or(|end| end > now) && !self.rolled_back.contains(&strike);
        let touches = |effect: &Effect| {
            let node = match effect {
                Effect::Lever(edge, ..) => Some(self.plan.edges[edge.index()].caller),
                _ => effect.node_of_calls(),
            };
            let is_of_service = node.is_some_and(|node| self.plan.nodes[node.index()].role == Role::Replica(service));
            is_of_service && self.is_asked_for(service, effect)
        };
        is_deploy && is_on && self.stretches_of(strike).any(|index| self.timetable.stretches[index].effects.iter().any(touches))
    }

    /// Whether a service does anything else because of an effect: a flag that its program does not ask for changes nothing.
    fn is_asked_for(&self, service: u32, effect: &Effect) -> bool {
        let Effect::Node(_, NodeEffect::Flag(on)) = effect else { return true };
        let asks = |step: &Step| matches!(&step.does, TaskPlan::If(Condition::Flag(flag), _) if *flag == on.flag);
        self.plan.services[service as usize].program.iter().any(asks)
    }

    fn stretches_of(&self, strike: u32) -> impl Iterator<Item = usize> {
        let all = (0..).zip(&self.timetable.stretches);
        all.filter(move |(_, stretch)| stretch.strike == strike).map(|(index, _)| index)
    }

    /// From this instant on replicas get their old version again.
    fn roll_back(&mut self, strike: u32, at: SimTime, ctx: &mut Ctx<'_, Self>) {
        self.rolled_back.push(strike);
        self.observations.count("deploys rolled back", 1);
        self.meter.reactions.reacts(Reaction::DeployRolledBack, ctx.now());
        let Strike { begin: began, fault, .. } = self.timetable.strikes[strike as usize];
        let plan = Arc::clone(&self.plan);
        let fault = &plan.faults[fault.index()].fault;
        let mut last: Option<usize> = None;
        for index in self.stretches_of(strike).collect::<Vec<_>>() {
            let stretch = &mut self.timetable.stretches[index];
            stretch.closes = false;
            if stretch.begin >= at {
                stretch.effects.clear();
                continue;
            }
            // The order is that in which the version went out, and so is the pace, unless the fault has another one.
            let end = at.saturating_add(fault.back_after(stretch.begin.saturating_since(began)));
            if stretch.end.is_none_or(|planned| planned > end) {
                stretch.end = Some(end);
                schedule_end(&self.timetable, index, ctx);
            }
            let ends_later = |other: usize| self.timetable.stretches[index].end >= self.timetable.stretches[other].end;
            last = if last.is_none_or(ends_later) { Some(index) } else { last };
        }
        let last = last.expect("a strike that has begun has a stretch that has");
        self.timetable.stretches[last].closes = true;
        self.timetable.strikes[strike as usize].end = self.timetable.stretches[last].end;
    }
}
