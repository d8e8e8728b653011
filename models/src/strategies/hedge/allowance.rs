//! How many backup requests are affordable? A leaky window of deposits and withdrawals.
//!
//! Source: Finagle, `RetryBudget` over `TokenBucket.newLeakyBucket` and `WindowedAdder`: nine closed slices and a live one, each a
//! tenth of the time to live; a touch closes a live slice that has come of age, and begins the next one at the touch.

use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// The balance of a scope. Ten sums, for ever.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    closed: VecDeque<i64>,
    live: i64,
    began: SimTime,
}

const SLICE: SimDuration = SimDuration::from_secs(1);
const CLOSED: usize = 9;

impl Allowance {
    pub fn new(now: SimTime) -> Self {
        Self { closed: VecDeque::from([0; CLOSED]), live: 0, began: now }
    }

    pub fn deposit(&mut self, amount: i64, now: SimTime) {
        self.touch(now);
        self.live += amount;
    }

    /// Takes the amount, if it is there.
    pub fn withdraws(&mut self, amount: i64, now: SimTime) -> bool {
        self.touch(now);
        let balance = self.live + self.closed.iter().sum::<i64>();
        let is_there = balance >= amount;
        if is_there {
            self.live -= amount;
        }
        is_there
    }

    fn touch(&mut self, now: SimTime) {
        let slices = now.saturating_since(self.began) / SLICE;
        if slices > 0 {
            self.closed.push_back(std::mem::take(&mut self.live));
            self.closed.extend(std::iter::repeat_n(0, (slices - 1).min(CLOSED as u64) as usize));
            self.closed.drain(..self.closed.len() - CLOSED);
            self.began = now;
        }
    }
}
