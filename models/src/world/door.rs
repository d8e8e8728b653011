//! Who is let in at the door of a service, what do its callers learn of that, and what do they not send then?

use super::World;
use crate::attempt::Holds;
use crate::outcome::{Failure, Hint, Outcome};
use crate::plan::Callee;
use crate::protocols::Protocol;
use crate::record::CallName;
use crate::services::AnyAdmission;
use crate::services::admission::{Answer, Visitor, level};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// The place of the draws of admission controls, beside that of the choice of a replica.
const OF_ADMISSION: u64 = 0x6_0000;

impl<P: Protocol> World<P> {
    /// The client on whose behalf a call is made, by its number among all clients.
    pub(super) fn number_of_client(&self, name: CallName) -> u32 {
        self.plan.populations[name.population.index()].first_client + name.client
    }

    /// Whether a request is let in; if not, it has been answered. Health checks are.
    pub(super) fn is_admitted(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let attempt = &self.attempts[slot];
        let (node, service, is_probe) = (attempt.node, &self.plan.services[attempt.service as usize], attempt.is_probe);
        if is_probe || service.intake.as_ref().is_none_or(|intake| intake.admission.is_empty()) {
            return true;
        }
        let (answer, now) = (self.ask_at_door(slot, ctx.now()), ctx.now());
        self.attempts[slot].holds.add(Holds::DOOR);
        match answer {
            Answer::Admitted => return true,
            Answer::Throttled(after) => {
                self.observations.count("requests throttled", 1);
                self.attempts[slot].hint = after.map(Hint::After);
                self.fail(slot, Failure::Throttled, ctx);
            }
            Answer::Refused => {
                self.observations.count("requests refused at the door", 1);
                self.refuse(slot, ctx);
            }
            Answer::SomebodyGoes => {
                let item = self.item_of(slot, now);
                if let Some(leaver) = self.at_intake(node, now, |plan, intake| intake.least_important(plan, &item, now)) {
                    self.shed(leaver.slot, ctx);
                    return true;
                }
                self.at_intake(node, now, |_, intake| intake.turn_away(slot));
                self.observations.count("requests refused at the door", 1);
                self.refuse(slot, ctx);
            }
        }
        false
    }

    fn ask_at_door(&mut self, slot: u32, now: SimTime) -> Answer {
        let attempt = &self.attempts[slot];
        let (node, draw, edge) = (attempt.node, attempt.draws.choice().further(OF_ADMISSION), attempt.name.call.edge.0);
        let (client, caller) = (self.number_of_client(attempt.name.call), attempt.caller.0);
        let service = &self.plan.services[attempt.service as usize];
        let lost = self.environment.node(node).workers_lost;
        let workers = (self.servers[node.index()].busy.count(), service.workers.saturating_sub(lost));
        let plan = std::sync::Arc::clone(&self.plan);
        let class = &plan.classes[usize::from(self.calls[attempt.call].class)];
        let visitor = Visitor { client, caller, edge, class: &class.name, priority: class.priority, draw, workers };
        self.at_intake(node, now, |plan, intake| intake.ask(plan, slot, &visitor, now))
    }

    /// A worker takes a newcomer that has waited so long.
    pub(super) fn notices_begin(&mut self, slot: u32, waited: SimDuration, now: SimTime) {
        let attempt = &self.attempts[slot];
        if !attempt.is_probe {
            self.at_intake(attempt.node, now, |plan, intake| intake.begun(plan, waited, now));
        }
    }

    /// A request that has stood at the door is answered or given up; its answer carries the cut, if there is one.
    pub(super) fn leaves_door(&mut self, slot: u32, outcome: Option<Outcome>, now: SimTime) {
        let attempt = &mut self.attempts[slot];
        let plan = self.plan.services[attempt.service as usize].intake.as_deref();
        // A dead server remembers nothing.
        let Some((plan, intake)) = plan.zip(self.servers[attempt.node.index()].intake.as_mut()) else { return };
        intake.ended(plan, slot, outcome, now);
        if let Some(cut) = intake.cut(plan).filter(|_| outcome.is_some()) {
            attempt.holds.add(Holds::CUT);
            attempt.cut = cut;
        }
    }

    /// An answer that reaches its caller carries something beside the outcome.
    #[cold]
    pub(super) fn hears_cut(&mut self, slot: u32, now: SimTime) {
        let attempt = &mut self.attempts[slot];
        if attempt.holds.has(Holds::CUT) {
            attempt.holds = Holds::default();
            self.servers[attempt.caller.index()].cuts.insert(attempt.service, (attempt.cut, now));
        }
    }

    /// Whether the next attempt of a call is not sent because the callee would not let it in.
    pub(super) fn is_shed_early(&mut self, slot: u32, now: SimTime) -> bool {
        self.plan.edges[self.calls[slot].name.edge.index()].sheds_early && self.is_beyond_cut(slot, now)
    }

    /// Whether a call lies beyond the cut that its caller has heard last.
    #[cold]
    pub(super) fn is_beyond_cut(&mut self, slot: u32, now: SimTime) -> bool {
        let call = &self.calls[slot];
        let Callee::Service(service) = self.plan.edges[call.name.edge.index()].callee else { return false };
        let kept_for = |intake: &crate::services::IntakePlan| intake.admission.iter().find_map(AnyAdmission::cut_is_kept_for);
        let kept_for = self.plan.services[service as usize].intake.as_deref().and_then(kept_for).unwrap_or_default();
        let Some(&(cut, heard)) = self.servers[call.caller.index()].cuts.get(&service) else { return false };
        let priority = self.plan.classes[usize::from(call.class)].priority;
        let is_beyond = now.saturating_since(heard) <= kept_for && level(priority, self.number_of_client(call.name), now) > cut;
        if is_beyond {
            self.observations.count("calls shed by their callers", 1);
        }
        is_beyond
    }
}
