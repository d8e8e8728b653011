//! Which requests were executed, and which of them before? Idempotency keys, and what services count.
//!
//! All copies of a call, its retries and hedges and what links copy, have one key; so have all calls that a saga makes for one step. The
//! keys of a service are common to its replicas and outlive them, as in a database; a request that dies with its replica gives its key back.
//!
//! A request is executed when all its work has been done and it is answered with success. Requests at a service that has keys, counts,
//! keeps a log or takes part in a saga are *watched*: their ends come by here.

use super::World;
use crate::attempt::{Attempt, Holds};
use crate::call::Origin;
use crate::measure::{Fold, Observation, Unit};
use crate::outcome::{Failure, Outcome};
use crate::plan::INSIDE;
use crate::protocols::Protocol;
use crate::strategies::cache::{Claim, Kept};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

/// What one service has executed.
#[derive(Clone, Debug, Default)]
pub(super) struct Executions {
    all: u64,
    /// Those of a request that had been executed before.
    again: u64,
    /// For each slot of a call: the key of the call whose request was executed there last, and how often. A call keeps its slot as long as
    /// anything of it is under way.
    by_call: Vec<(u64, u32)>,
}

impl Executions {
    /// The request of the call in this slot was executed; answers how often by now.
    fn count(&mut self, slot: u32, key: u64) -> u32 {
        let slot = slot as usize;
        if self.by_call.len() <= slot {
            self.by_call.resize(slot + 1, (0, 0));
        }
        let (of, times) = &mut self.by_call[slot];
        *times = if *of == key { *times + 1 } else { 1 };
        *of = key;
        *times
    }
}

impl<P: Protocol> World<P> {
    /// A request at a service that watches: it asks for its key, if there are keys. Whether it is to be executed; if not, it has been answered.
    #[cold]
    pub(super) fn claims(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let (key, object) = (self.key_asked(slot).bits(), self.calls[self.attempts[slot].call].object);
        let attempt = &mut self.attempts[slot];
        let Some(config) = &self.plan.services[attempt.service as usize].idempotency else {
            attempt.holds.add(Holds::KEY);
            return true;
        };
        let outcome = match config.claim(&mut self.keys[attempt.service as usize], key, object, ctx.now()) {
            Claim::Execute => {
                attempt.holds.add(Holds::KEY);
                return true;
            }
            Claim::Replay(kept) => {
                self.observations.count("requests replayed", 1);
                attempt.is_degraded |= kept.is_degraded;
                attempt.is_wrong |= kept.is_wrong;
                kept.outcome
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

    /// A watched request is answered, or was given up: the result is kept and counted if it was executed.
    #[cold]
    pub(super) fn settle_key(&mut self, slot: u32, outcome: Option<Outcome>, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        if outcome.is_some_and(Outcome::is_success) {
            self.is_executed(slot, ctx);
        }
        let (service, key) = (self.attempts[slot].service as usize, self.key_asked(slot).bits());
        if self.plan.services[service].idempotency.is_none() || (outcome.is_none() && self.saga_keeps_key(slot)) {
            return;
        }
        let Attempt { is_degraded, is_wrong, .. } = self.attempts[slot];
        self.settle_key_of(service as u32, key, outcome.map(|outcome| Kept { outcome, is_degraded, is_wrong }), now);
    }

    /// The key under which a request is executed: that of the call that asked for it first, however many middleboxes have passed it on.
    pub(super) fn key_asked(&self, slot: u32) -> Key {
        let attempt = &self.attempts[slot];
        self.asked_first(attempt.call, attempt.name.call.key).0
    }

    /// A key is settled: with the result of its request, or with nothing, if nothing came of that.
    pub(super) fn settle_key_of(&mut self, service: u32, key: u64, result: Option<Kept>, now: SimTime) {
        let Some(config) = &self.plan.services[service as usize].idempotency else { return };
        let keys = &mut self.keys[service as usize];
        match result {
            None => config.dropped(keys, key),
            Some(kept) => match kept.outcome {
                // Turned away, or too late to be begun, or to be committed.
                Outcome::Failed(Failure::Overload | Failure::Refused | Failure::Deadline | Failure::Conflict) => config.dropped(keys, key),
                _ => config.executed(keys, key, kept, now),
            },
        }
    }

    /// A watched request was executed.
    fn is_executed(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (service, node, call) = (attempt.service as usize, attempt.node, attempt.call);
        let (counted, key) = self.counted_at(call, attempt.name.call.key);
        let times = match self.calls[call].origin {
            Origin::Saga(saga, place) => self.saga_step_executed((saga, place)),
            _ => self.executions[service].count(counted, key.bits()),
        };
        if times == 0 {
            return;
        }
        let executions = &mut self.executions[service];
        executions.all += 1;
        executions.again += u64::from(times > 1);
        let (tally, name) = (&mut self.claims.books.executed, &self.plan.services[service].name);
        if times > 1 {
            let ordinal = self.attempts[slot].name.call.ordinal;
            tally.is_wrong(ctx.now(), || format!("service {name} has executed a request of call {ordinal} {times} times by now"));
        } else {
            tally.is_right();
        }
        if self.plan.services[service].log.is_some() {
            self.event_is_logged(node, ctx);
        }
    }

    /// What services that count have executed, as measures of theirs.
    pub(super) fn executions_observed(&self) -> Vec<Observation> {
        let counting = self.plan.services.iter().zip(&self.executions).filter(|(service, _)| service.counts_executions);
        let one = |name: String, value: u64| Observation {
            name,
            fold: Fold::Sum,
            unit: Unit::Count,
            value: i64::try_from(value).unwrap_or(i64::MAX),
        };
        let of = |(service, executions): (&crate::plan::ServicePlan, &Executions)| {
            let name = &service.name;
            [one(format!("{name}: requests executed"), executions.all), one(format!("{name}: requests executed again"), executions.again)]
        };
        counting.flat_map(of).collect()
    }
}
