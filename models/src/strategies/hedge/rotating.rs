//! How long did things take in the last full period?
//!
//! Source: tower, `hedge::rotating_histogram` (2026-02): one histogram is written while the one of the period before is read.

use crate::strategies::latencies::Latencies;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// Two histograms that take turns.
#[derive(Clone, Debug)]
pub struct Rotating {
    written: Latencies,
    read: Latencies,
    turned: SimTime,
}

impl Rotating {
    pub(super) fn new(now: SimTime) -> Self {
        Self { written: Latencies::default(), read: Latencies::default(), turned: now }
    }

    /// What was counted in the last full period.
    pub(super) fn last(&mut self, period: SimDuration, now: SimTime) -> &Latencies {
        self.turn(period, now);
        &self.read
    }

    /// That quantile of the last full period, if at least so many values were counted in it.
    pub(super) fn quantile(&mut self, quantile: Share, at_least: u64, period: SimDuration, now: SimTime) -> Option<u64> {
        let last = self.last(period, now);
        if last.len() >= at_least { last.quantile(quantile) } else { None }
    }

    pub(super) fn count(&mut self, value: u64, period: SimDuration, now: SimTime) {
        self.turn(period, now);
        self.written.count(value);
    }

    fn turn(&mut self, period: SimDuration, now: SimTime) {
        let turns = now.saturating_since(self.turned) / period;
        if turns > 0 {
            let written = std::mem::take(&mut self.written);
            // After two or more periods what was written is not of the last one.
            self.read = if turns == 1 { written } else { Latencies::default() };
            self.turned = self.turned.saturating_add(period.saturating_mul(turns));
        }
    }
}

/// A length in milliseconds, rounded up.
pub(super) const fn millis_up(length: SimDuration) -> u64 {
    length.as_nanos().div_ceil(1_000_000)
}
