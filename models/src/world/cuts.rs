//! What do callers hear of a cut, and when does routing know of it?

use super::World;
use super::parcels::{Cargo, Parcel};
use crate::attempt::{Attempt, Phase};
use crate::call::NONE;
use crate::event::{Kind, WorldEvent};
use crate::ids::RouteId;
use crate::links::Blocking;
use crate::outcome::{Failure, Outcome};
use crate::protocols::Protocol;
use crate::record::{AttemptName, Loss, Record};
use crate::services::News;
use sim_core::simulation::Ctx;
use sim_core::time::SimDuration;

impl<P: Protocol> World<P> {
    /// What the sender of a message hears from a cut of this kind, if anything.
    pub(super) fn answer_of_cut(&self, parcel: &Parcel, how: Blocking) -> Option<Failure> {
        let asks = match parcel.cargo {
            Cargo::Request(_) => true,
            Cargo::Reply(_) | Cargo::Cancel(_) | Cargo::Time(_) => false,
            // A member that speaks to another is told nothing: what it does about silence is the protocol's business.
            Cargo::Envelope(envelope) => self.envelopes[envelope].asks(),
        };
        match how {
            Blocking::Blackhole => None,
            Blocking::Refuse => asks.then_some(Failure::Refused),
            Blocking::Reset => asks.then_some(Failure::Reset),
        }
    }

    /// A cut sends a message back where it came from.
    pub(super) fn turn_back(&mut self, mut parcel: Parcel, ctx: &mut Ctx<'_, Self>) {
        let failure = parcel.turned.expect("only what met a cut is turned back");
        self.meter.messages.lost(Loss::Cut);
        let attempt = &self.attempts[self.attempt_of(parcel.cargo).expect("only what a caller asks is turned back")];
        ctx.record(&Record::TurnedBack(attempt.name, attempt.node, Outcome::Failed(failure)));
        parcel.is_refusal = true;
        let at = ctx.now().saturating_add((ctx.now() - parcel.sent).max(SimDuration::NANOSECOND));
        self.put_on_the_way(parcel, at, ctx);
    }

    pub(super) fn refusal_arrives(&mut self, parcel: &Parcel, ctx: &mut Ctx<'_, Self>) {
        let failure = parcel.turned.expect("only what met a cut is turned back");
        let slot = match parcel.cargo {
            Cargo::Request(slot) => slot,
            Cargo::Envelope(envelope) => {
                self.envelopes[envelope].turn_back(failure);
                let attempt = self.envelopes[envelope].attempt().expect("only what a caller asks is turned back");
                let caller = self.attempts[attempt].caller;
                if self.stands_still(caller) {
                    return self.put_aside(caller, attempt, News::MessageTurnedBack(envelope), ctx);
                }
                return self.hear(envelope, ctx);
            }
            Cargo::Reply(_) | Cargo::Cancel(_) | Cargo::Time(_) => unreachable!("only what asks is turned back"),
        };
        let attempt = &mut self.attempts[slot];
        if attempt.phase != Phase::Requesting || attempt.pending > 0 {
            // A copy of the request got through, or still may.
            return self.settle(slot);
        }
        attempt.outcome = Outcome::Failed(failure);
        attempt.phase = Phase::Replying;
        let caller = attempt.caller;
        if self.stands_still(caller) {
            return self.put_aside(caller, slot, News::TurnedBack, ctx);
        }
        self.deliver(slot, ctx);
    }

    /// Faults of links have begun or ended: connections break, and routing hears of it after a while.
    pub(super) fn routes_changed(&mut self, ctx: &mut Ctx<'_, Self>) {
        let reset = self.environment.routes().reset();
        let known = std::mem::replace(&mut self.reset, reset);
        let broken: Vec<RouteId> = self.reset.iter().filter(|route| !known.contains(route)).copied().collect();
        if !broken.is_empty() {
            self.break_connections(&broken, ctx);
        }
        self.release_held(ctx);
        let Some(delay) = self.plan.topology.convergence() else { return };
        let cuts = self.environment.cuts();
        if cuts != self.cuts {
            self.cuts.clone_from(&cuts);
            self.news.push_back(cuts);
            ctx.after(delay, WorldEvent::new(Kind::Converged, Default::default(), 0, 0));
        }
    }

    /// Routing knows what was cut a while ago.
    pub(super) fn converge(&mut self, ctx: &mut Ctx<'_, Self>) {
        let cuts = self.news.pop_front().expect("news come as often as they were sent");
        self.environment.converge(&cuts, &self.plan.topology);
        ctx.record(&Record::Converged);
        if self.has_followers() {
            self.followers_change(ctx);
        }
        self.release_held(ctx);
    }

    /// Whoever waits for an answer over one of these routes hears that it will not come.
    fn break_connections(&mut self, routes: &[RouteId], ctx: &mut Ctx<'_, Self>) {
        let is_struck = |attempt: &Attempt| {
            let goes_there = routes.contains(&attempt.routes.0) || routes.contains(&attempt.routes.1);
            goes_there && attempt.phase != Phase::Done && attempt.is_waited_for && attempt.original == NONE
        };
        // Listed first: who hears of it may send again at once.
        let numbered = (0..).zip(self.attempts.slots());
        let struck: Vec<(u32, AttemptName)> =
            numbered.filter(|(_, attempt)| is_struck(attempt)).map(|(slot, attempt)| (slot, attempt.name)).collect();
        for (slot, name) in struck {
            let attempt = &self.attempts[slot];
            // One may have been given up with the call that made it.
            if attempt.name != name || attempt.phase == Phase::Done || !attempt.is_waited_for {
                continue;
            }
            if self.stands_still(attempt.caller) {
                self.put_aside(attempt.caller, slot, News::Broken, ctx);
            } else {
                self.connection_broken(slot, ctx);
            }
        }
    }

    /// A caller hears that the answer it waits for will not come.
    pub(super) fn connection_broken(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (name, node, call, flight) = (attempt.name, attempt.node, attempt.call, attempt.flight);
        ctx.record(&Record::Broken(name, node));
        self.let_go(slot);
        self.attempt_ended(call, flight, Outcome::Failed(Failure::Reset), None, ctx);
    }
}
