//! What do faults at the ends of a message make of it?
//!
//! Links and cuts act on the way and are looked after in `parcels`; here is what happens because of who sends and who receives:
//! partitions between nodes, omissions, answers held back, errors, and nodes that answer as they please.

use super::World;
use crate::environment::{Conduct, Letter, Stage};
use crate::event::{Kind, WorldEvent};
use crate::outcome::{Failure, Hint, Outcome};
use crate::protocols::Protocol;
use crate::record::Loss;
use sim_core::simulation::Ctx;

impl<P: Protocol> World<P> {
    /// Why a message does not leave its sender, or leaves it in vain.
    pub(super) fn kept_back(&self, letter: Letter) -> Option<Loss> {
        let messages = self.environment.messages();
        if messages.is_unsent(letter) {
            return Some(Loss::Omitted);
        }
        messages.is_severed(letter.from, letter.to).then_some(Loss::Cut)
    }

    /// Why a message that arrives is not heard.
    #[inline]
    pub(super) fn swallowed(&self, letter: Letter) -> Option<Loss> {
        let messages = self.environment.messages();
        if !messages.any() {
            return None;
        }
        if messages.is_severed(letter.from, letter.to) {
            return Some(Loss::Cut);
        }
        messages.is_unheard(letter).then_some(Loss::Omitted)
    }

    /// What the node of an attempt does with it.
    pub(super) fn conduct(&self, slot: u32) -> Conduct {
        let messages = self.environment.messages();
        if !messages.any() {
            return Conduct::Honest;
        }
        let attempt = &self.attempts[slot];
        messages.conduct(attempt.node, attempt.caller, (attempt.draws.share(), attempt.reach))
    }

    /// How the node of an attempt fails a request before any work, if it does.
    pub(super) fn failed_on_arrival(&mut self, slot: u32) -> Option<Failure> {
        if !self.environment.messages().any() {
            return None;
        }
        self.fails(slot, Stage::Handshake).or_else(|| self.fails(slot, Stage::AtOnce))
    }

    /// What a node answers that may fail a request after the work.
    pub(super) fn answered_under_faults(&mut self, slot: u32, outcome: Outcome) -> Outcome {
        let failure = if outcome.is_success() { self.fails(slot, Stage::AfterWork) } else { None };
        failure.map_or(outcome, Outcome::Failed)
    }

    fn fails(&mut self, slot: u32, stage: Stage) -> Option<Failure> {
        let attempt = &mut self.attempts[slot];
        let luck = (attempt.draws.share(), attempt.reach);
        let failing = self.environment.messages().fails(attempt.node, attempt.caller, stage, luck)?;
        attempt.hint = failing.retry_after.map(Hint::After);
        Some(failing.answer)
    }

    /// Falsifies an answer, withholds it or holds it back, as faults will have it; whether it does not leave now.
    pub(super) fn holds_back(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let conduct = self.conduct(slot);
        let attempt = &mut self.attempts[slot];
        // What the machine of a dead node says is said by nobody.
        if self.environment.node(attempt.node).up {
            match conduct {
                Conduct::Withheld => {
                    self.meter.messages.sent += 1;
                    self.lose(slot, Loss::Omitted, ctx);
                    return true;
                }
                Conduct::Wrong | Conduct::Equivocal(_) if attempt.outcome == Outcome::Success => attempt.is_wrong = true,
                Conduct::Wrong | Conduct::Equivocal(_) | Conduct::Replayed | Conduct::Forged | Conduct::Honest => {}
            }
        }
        let late = self.environment.messages().lateness(attempt.node, (attempt.draws.reply_delay(), attempt.reach));
        if late.is_zero() {
            return false;
        }
        attempt.references += 1;
        ctx.after(late, WorldEvent::new(Kind::AnswerLeaves, attempt.name.call.key, attempt.name.number, slot));
        true
    }

    /// An answer that was held back leaves its node.
    pub(super) fn answer_leaves(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].references -= 1;
        self.send_answer(slot, ctx);
    }
}
