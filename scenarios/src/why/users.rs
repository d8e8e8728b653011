//! What became of the calls of clients that count?
//!
//! Those that measures count: of users, started after the warm-up and before the horizon, and of one class alone or outside of all strikes if an expectation
//! speaks of those.

use models::plan::Plan;
use models::record::{CallName, FIRST_PROBE, Record};
use sim_core::draw::Seed;
use sim_core::observe::Observer;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// A call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserCall {
    /// The key of its draws.
    pub key: u64,
    /// When it was made.
    pub began: SimTime,
    /// When it ended.
    pub ended: SimTime,
    /// How many attempts were put on the wire for it.
    pub attempts: u64,
}

impl UserCall {
    /// Its key as traces write it.
    pub fn name(&self) -> String {
        format!("{:016x}", self.key)
    }

    fn length(&self) -> u64 {
        self.ended.as_nanos() - self.began.as_nanos()
    }
}

/// The calls of a run that count.
pub(super) struct Users<'p> {
    plan: &'p Plan,
    seed: Seed,
    class: Option<&'p str>,
    /// Of calls that have not ended: when they were made, and how many attempts there were.
    open: BTreeMap<u64, (SimTime, u64)>,
    /// Those that failed, in the order of their ends.
    pub failed: Vec<UserCall>,
    /// How many succeeded.
    pub succeeded: u64,
    /// The first that succeeded.
    pub first_success: Option<UserCall>,
    /// The one that succeeded and took longest.
    pub slowest: Option<UserCall>,
    /// The one that took most attempts.
    pub busiest: Option<UserCall>,
}

impl<'p> Users<'p> {
    /// Of the run of this seed, before its first event; of a class alone, if one is named.
    pub fn new(plan: &'p Plan, seed: u64, class: Option<&'p str>) -> Self {
        let seed = Seed::new(seed);
        let (open, failed, succeeded) = (BTreeMap::new(), Vec::new(), 0);
        Self { plan, seed, class, open, failed, succeeded, first_success: None, slowest: None, busiest: None }
    }

    /// The oldest call that has not ended, and how many there are.
    pub fn oldest_open(&self) -> Option<(String, SimTime, usize)> {
        let (key, (began, _)) = self.open.iter().min_by_key(|(_, (began, _))| *began)?;
        Some((format!("{key:016x}"), *began, self.open.len()))
    }

    /// The call that failed and took longest.
    pub fn slowest_failed(&self) -> Option<UserCall> {
        self.failed.iter().copied().reduce(|kept, next| if next.length() > kept.length() { next } else { kept })
    }

    fn counts(&self, call: &CallName, at: SimTime) -> bool {
        let clockwork = &self.plan.clockwork;
        // Populations come first among the edges, in their order.
        let Some(population) = self.plan.populations.get(call.edge.index()).filter(|_| call.ordinal < FIRST_PROBE) else { return false };
        let is_measured = at >= SimTime::ZERO + clockwork.warm_up && at < SimTime::ZERO + clockwork.horizon;
        let class = || population.classes.as_ref().map_or(0, |classes| classes.class(call.key, &self.seed));
        let is_of = |wanted: &str| self.plan.classes.get(usize::from(class())).is_some_and(|class| class.name == wanted);
        is_measured && !population.synthetic && self.class.is_none_or(is_of)
    }

    fn ends(&mut self, call: UserCall, is_ok: bool) {
        if is_ok {
            self.succeeded += 1;
            self.first_success.get_or_insert(call);
            if self.slowest.is_none_or(|slowest| call.length() > slowest.length()) {
                self.slowest = Some(call);
            }
        } else {
            self.failed.push(call);
        }
        if self.busiest.is_none_or(|busiest| call.attempts > busiest.attempts) {
            self.busiest = Some(call);
        }
    }
}

impl Observer<Record> for Users<'_> {
    fn record(&mut self, at: SimTime, record: &Record) {
        match record {
            Record::CallStarted(call) if self.counts(call, at) => drop(self.open.insert(call.key.bits(), (at, 0))),
            Record::Sent(attempt, _) => {
                if let Some((_, attempts)) = self.open.get_mut(&attempt.call.key.bits()) {
                    *attempts += 1;
                }
            }
            Record::CallEnded(call, outcome) => {
                let key = call.key.bits();
                if let Some((began, attempts)) = self.open.remove(&key) {
                    self.ends(UserCall { key, began, ended: at, attempts }, outcome.is_success());
                }
            }
            _ => {}
        }
    }
}
