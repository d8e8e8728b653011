//! How did the calls of the last so many seconds end?

use super::last_results::{LastResults, Mark};
use sim_core::time::{NANOS_PER_SECOND, SimTime};
use std::collections::VecDeque;

/// Results by the second of the run in which they came; a second without results has no entry.
#[derive(Clone, Debug)]
pub(super) struct Seconds {
    size: u64,
    parts: VecDeque<(u64, Tally)>,
    /// All of them together.
    pub all: Tally,
}

/// How many results, and of what kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// All.
    pub calls: u32,
    /// Failures.
    pub failures: u32,
    /// Slow ones, failed or not.
    pub slow: u32,
}

impl Seconds {
    /// None yet, in a window of so many seconds.
    pub fn of(size: u32) -> Self {
        Self { size: u64::from(size), parts: VecDeque::new(), all: Tally::default() }
    }

    /// One more.
    pub fn push(&mut self, mark: Mark, now: SimTime) {
        let second = now.as_nanos() / NANOS_PER_SECOND;
        while let Some((then, old)) = self.parts.front().copied()
            && then + self.size <= second
        {
            self.parts.pop_front();
            self.all.calls -= old.calls;
            self.all.failures -= old.failures;
            self.all.slow -= old.slow;
        }
        if self.parts.back().is_none_or(|(then, _)| *then != second) {
            self.parts.push_back((second, Tally::default()));
        }
        let (_, live) = self.parts.back_mut().expect("the present second has just been added");
        for tally in [live, &mut self.all] {
            tally.calls += 1;
            tally.failures += u32::from(mark.is_failure);
            tally.slow += u32::from(mark.is_slow);
        }
    }
}

impl From<&LastResults> for Tally {
    fn from(results: &LastResults) -> Self {
        Self { calls: results.len(), failures: results.failures, slow: results.slow }
    }
}
