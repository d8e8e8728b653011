//! What is seen of brokers from outside: what they keep, what became of messages, and how large those are on their way?

use super::Brokers;
use crate::attempt::BROUGHT;
use crate::brokers::{Account, Backlog, BacklogPlan};
use crate::call::{NONE, Origin};
use crate::links::SIZE_OF_A_WORD;
use crate::measure::{Fold, Observation, Unit};
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::world::World;
use sim_core::time::SimTime;
use sim_core::units::Size;
use std::sync::Arc;

impl Brokers {
    /// What became of all messages, for whoever reads the results of a run.
    pub(in crate::world) fn observations(&self, plan: &Plan) -> Vec<Observation> {
        let observed = |(plan, backlog): (&BacklogPlan, &Backlog)| backlog.account().observations(&plan.name, backlog.completions());
        let of_backlogs = plan.backlogs.iter().zip(&self.backlogs).flat_map(observed);
        let unrouted = plan.brokers.iter().zip(&self.states).filter(|(_, state)| state.unrouted > 0);
        let unrouted = unrouted.map(|(plan, state)| Observation {
            name: format!("{}: messages that no rule was for", plan.name),
            fold: Fold::Sum,
            unit: Unit::Count,
            value: i64::try_from(state.unrouted).unwrap_or(i64::MAX),
        });
        of_backlogs.chain(unrouted).collect()
    }
}

impl<P: Protocol> World<P> {
    /// What became of the messages of every backlog, with its name.
    pub fn messages(&self) -> Vec<(String, Account)> {
        self.plan.backlogs.iter().zip(&self.brokers.backlogs).map(|(plan, backlog)| (plan.name.clone(), backlog.account())).collect()
    }

    /// Whether anybody waits for anything at the end of a run: a client for a call, or a message for whoever fetches it or is to get it.
    pub fn is_awaited(&self) -> bool {
        let is_fetched = |backlog: u32| self.plan.consumers.iter().any(|consumer| consumer.backlog == backlog);
        let backlogs = (0..).zip(self.plan.backlogs.iter().zip(&self.brokers.backlogs));
        let awaits =
            |(number, (plan, kept)): (u32, (&BacklogPlan, &Backlog))| !kept.is_empty() && (plan.push.is_some() || is_fetched(number));
        self.open_calls > 0 || backlogs.into_iter().any(awaits)
    }

    /// How large a message to or from a broker is: as the plan says if it brings something to be stored, as large as what it brings
    /// otherwise, and at least a word.
    pub(in crate::world) fn size_at_broker(&self, slot: u32, size: Size) -> Size {
        let attempt = &self.attempts[slot];
        let message = self.plan.services[attempt.service as usize].request_size;
        match self.calls[attempt.call].origin {
            Origin::Poll(_) if attempt.session != NONE => {
                let count = self.brokers.batches[attempt.session ^ BROUGHT].len() as u64;
                Size::from_bytes(message.as_bytes().saturating_mul(count))
            }
            Origin::Poll(_) | Origin::Settling(..) => SIZE_OF_A_WORD,
            _ => size,
        }
    }

    /// What brokers keep at the end of a whole time bin.
    pub(in crate::world) fn show_brokers(&mut self, now: SimTime, bin: usize) {
        let plan = Arc::clone(&self.plan);
        for (backlog, of) in self.brokers.backlogs.iter_mut().zip(&plan.backlogs) {
            backlog.bin_ended(now);
            if let Some(edge) = of.shown_on {
                self.meter.gauges.show((edge.0, NONE), "messages kept", bin, (backlog.len() as f64, 1));
                self.meter.gauges.show((edge.0, NONE), "age of the oldest message (s)", bin, (backlog.oldest(now).as_secs_f64(), 1));
            }
        }
    }
}
