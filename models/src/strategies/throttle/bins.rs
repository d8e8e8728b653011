//! How does a throttle count what lies in a moving window? In bins on a grid of time.

use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were made, those turned back by the throttle itself included.
    pub requests: u64,
    /// Calls that the callee took on.
    pub accepts: u64,
}

/// Counts over the last `BINS` bins, the present one included. Holds a bin only where something was counted, and never more than `BINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins<const BINS: u64> {
    bins: VecDeque<(u64, Counts)>,
    sum: Counts,
}

impl<const BINS: u64> Bins<BINS> {
    /// What lies in the window now. Forgets what does not.
    pub fn sum(&mut self, window: SimDuration, now: SimTime) -> Counts {
        let present = Self::bin(window, now);
        while let Some(&(bin, counts)) = self.bins.front() {
            if bin + BINS > present {
                break;
            }
            self.bins.pop_front();
            self.sum.requests -= counts.requests;
            self.sum.accepts -= counts.accepts;
        }
        self.sum
    }

    /// Counts something now.
    pub fn add(&mut self, counts: Counts, window: SimDuration, now: SimTime) {
        self.sum(window, now);
        self.sum.requests += counts.requests;
        self.sum.accepts += counts.accepts;
        let present = Self::bin(window, now);
        match self.bins.back_mut() {
            Some((bin, sum)) if *bin == present => {
                sum.requests += counts.requests;
                sum.accepts += counts.accepts;
            }
            _ => self.bins.push_back((present, counts)),
        }
    }

    /// How many bins are held.
    pub fn held(&self) -> usize {
        self.bins.len()
    }

    fn bin(window: SimDuration, now: SimTime) -> u64 {
        now.as_nanos() / (window.as_nanos() / BINS).max(1)
    }
}

/// The probability with which a call is turned back: `max(0, (requests - k * accepts) / (requests + padding))`.
pub(super) fn probability(counts: Counts, k: f64, padding: f64) -> f64 {
    let requests = counts.requests as f64;
    ((requests - k * counts.accepts as f64) / (requests + padding)).max(0.0)
}
