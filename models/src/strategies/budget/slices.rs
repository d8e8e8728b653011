//! What do the budgets of Finagle and tower count in? Slices of a window that are closed when somebody comes by, not on a grid.

use sim_core::time::{SimDuration, SimTime};

/// A sum over the last `CLOSED` closed slices of a window and the one that is live. A slice is closed by the first touch that finds
/// it a tenth of the window old or older; the next begins at that touch, so that slow touches stretch the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices<const CLOSED: usize> {
    closed: [i64; CLOSED],
    oldest: usize,
    live: i64,
    since: SimTime,
}

impl<const CLOSED: usize> Slices<CLOSED> {
    /// Empty, with a live slice that begins now.
    pub const fn new(now: SimTime) -> Self {
        Self { closed: [0; CLOSED], oldest: 0, live: 0, since: now }
    }

    /// Closes what is due. `skipped` says how many further slices have passed unseen, given the age of the live slice and the
    /// length of a slice in nanoseconds: that is where the products differ.
    pub fn touch(&mut self, slice: SimDuration, skipped: impl Fn(u64, u64) -> u64, now: SimTime) {
        let (age, length) = (now.saturating_since(self.since).as_nanos(), slice.as_nanos().max(1));
        if age < length {
            return;
        }
        self.push(self.live);
        for _ in 0..skipped(age, length).min(CLOSED as u64) {
            self.push(0);
        }
        (self.live, self.since) = (0, now);
    }

    fn push(&mut self, amount: i64) {
        self.closed[self.oldest] = amount;
        self.oldest = (self.oldest + 1) % CLOSED;
    }

    /// Adds to the live slice, or takes from it.
    pub const fn add(&mut self, amount: i64) {
        self.live = self.live.saturating_add(amount);
    }

    /// The sum over the window.
    pub fn sum(&self) -> i64 {
        self.closed.iter().fold(self.live, |sum, amount| sum.saturating_add(*amount))
    }
}
