//! How did the last so many calls end?

use std::collections::VecDeque;

/// The last results, at most `capacity` of them: a further one pushes the oldest out.
#[derive(Clone, Debug)]
pub(super) struct LastResults {
    capacity: usize,
    results: VecDeque<Mark>,
    /// How many of them are failures.
    pub failures: u32,
    /// How many of them were slow.
    pub slow: u32,
}

/// What is kept of a result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// It was a failure.
    pub is_failure: bool,
    /// It was slow.
    pub is_slow: bool,
}

impl LastResults {
    /// None yet.
    pub fn of(capacity: u32) -> Self {
        Self { capacity: capacity.max(1) as usize, results: VecDeque::new(), failures: 0, slow: 0 }
    }

    /// One more.
    pub fn push(&mut self, mark: Mark) {
        if self.results.len() == self.capacity {
            let oldest = self.results.pop_front().expect("a full window has an oldest result");
            self.failures -= u32::from(oldest.is_failure);
            self.slow -= u32::from(oldest.is_slow);
        }
        self.results.push_back(mark);
        self.failures += u32::from(mark.is_failure);
        self.slow += u32::from(mark.is_slow);
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.results.len() as u32
    }

    /// Whether a further one would push one out.
    pub fn is_full(&self) -> bool {
        self.results.len() == self.capacity
    }

    /// How many of them are successes.
    pub fn successes(&self) -> u32 {
        self.len() - self.failures
    }
}
