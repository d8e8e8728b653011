//! Was a request executed before? The idempotency keys of services.
//!
//! All copies of a call, its retries and hedges and what links copy, have one key. The keys of a service are common to its replicas and
//! outlive them, as in a database; a request that dies with its replica gives its key back.

use super::World;
use crate::outcome::{Failure, Outcome};
use crate::plan::INSIDE;
use crate::protocols::Protocol;
use crate::strategies::cache::Claim;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// A request asks for its key. Whether it is to be executed; if not, it has been answered.
    #[cold]
    pub(super) fn claims(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let attempt = &mut self.attempts[slot];
        let (key, object) = (attempt.name.call.key.bits(), self.calls[attempt.call].object);
        let Some(config) = &self.plan.services[attempt.service as usize].idempotency else { return true };
        let outcome = match config.claim(&mut self.keys[attempt.service as usize], key, object, ctx.now()) {
            Claim::Execute => {
                attempt.holds_key = true;
                return true;
            }
            Claim::Replay(outcome) => {
                self.observations.count("requests replayed", 1);
                outcome
            }
            Claim::Held => {
                self.observations.count("requests turned back while being executed", 1);
                Outcome::Failed(Failure::Conflict)
            }
            Claim::Mismatch => unreachable!("all copies of a call ask for the same"),
        };
        if self.attempts[slot].routes.0 == INSIDE {
            self.answer_inside(slot, outcome, ctx);
        } else {
            self.answer(slot, outcome, ctx);
        }
        false
    }

    /// A request that holds its key is answered: the result is kept if it was executed.
    #[cold]
    pub(super) fn settle_key(&mut self, slot: u32, outcome: Option<Outcome>, now: SimTime) {
        let attempt = &mut self.attempts[slot];
        attempt.holds_key = false;
        let key = attempt.name.call.key.bits();
        let Some(config) = &self.plan.services[attempt.service as usize].idempotency else { return };
        let keys = &mut self.keys[attempt.service as usize];
        match outcome {
            // Turned away, or too late to be begun.
            None | Some(Outcome::Failed(Failure::Overload | Failure::Refused | Failure::Deadline)) => config.dropped(keys, key),
            Some(outcome) => config.executed(keys, key, outcome, now),
        }
    }
}
