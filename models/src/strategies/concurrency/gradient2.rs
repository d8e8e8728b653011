//! Gradient2: fewer when latency rises above its long-term mean.
//!
//! Source: Netflix concurrency-limits, `Gradient2Limit` and `ExpAvgMeasurement` (2026-01).

use super::windowed::{WINDOW, Window, Windowed, check_window, counted};
use super::{ConcurrencyLimit, Sample, check_bounds, check_factor, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Compares each latency with an average over many, and lets the limit shrink in proportion. Remembers 72 bytes per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gradient2 {
    /// The first limit; 20 unless said.
    pub initial_limit: u32,
    /// The smallest limit; 20 unless said.
    pub min_limit: u32,
    /// The largest limit; 200 unless said.
    pub max_concurrency: u32,
    /// How much of a new estimate is taken over, above 0 and up to 1; 0.2 unless said.
    pub smoothing: f64,
    /// Over about how many samples the long-term mean reaches; 600 unless said.
    pub long_window: u32,
    /// How many times the long-term mean a latency may be before the limit shrinks, at least 1; 1.5 unless said.
    pub rtt_tolerance: f64,
    /// By how much the limit grows at each sample; 4 unless said.
    pub queue_size: u32,
    /// Gathers samples; each counts by itself unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Windowed>,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for Gradient2 {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_concurrency: 200,
            smoothing: 0.2,
            long_window: 600,
            rtt_tolerance: 1.5,
            queue_size: 4,
            window: None,
            per: process(),
        }
    }
}

/// So many samples are averaged plainly before the mean forgets.
const WARM_UP: u32 = 10;

impl Registered for Gradient2 {
    const NAME: &'static str = "Gradient2";
    const SUMMARY: &'static str = "limits calls under way by how far latency rises above its long-term mean";
}

impl Explained for Gradient2 {
    const ABOUT: About = About {
        meaning: "A latency far above the long-term mean shrinks the limit by up to half, a usual one lets it grow by a few. Needs no shortest \
                  latency, and gets used to a callee that stays slow. Drops do not count.",
        formula: "long = mean of the first 10 samples, then long + (rtt - long) * 2 / (long_window + 1), the sample included; if long / rtt > 2, long \
                  * 0.95 for the samples after it. inflight < L / 2: keep. g = clamp(rtt_tolerance * long / rtt, 0.5, 1); L = (1 - smoothing) * L + \
                  smoothing * (g * L + queue_size), clamped to min_limit..max_concurrency; the limit is the integer part of L. No draws.",
        parameters: &[
            parameter("initial_limit", "number", "20", "the first limit"),
            parameter("min_limit", "number, at least 1", "20", "the smallest limit"),
            parameter("max_concurrency", "number, at most 1000000", "200", "the largest limit"),
            parameter("smoothing", "number, above 0 and up to 1", "0.2", "how much of a new estimate is taken over"),
            parameter("long_window", "number, at least 1", "600", "over about how many samples the long-term mean reaches"),
            parameter("rtt_tolerance", "number, at least 1", "1.5", "how many times the mean a latency may be"),
            parameter("queue_size", "number", "4", "by how much the limit grows"),
            WINDOW,
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "72 bytes per scope, for the whole run.",
        source: "Netflix concurrency-limits, Gradient2Limit.java, ExpAvgMeasurement.java (2026-01)",
        example: "ConcurrencyLimit(Gradient2(max_concurrency: 500))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    estimate: f64,
    /// The long-term mean in nanoseconds, and while it warms up the sum and the number of samples.
    long: f64,
    sum: f64,
    samples: u32,
    window: Window,
}

impl Memory {
    /// The limit before it is cut to a whole number.
    pub const fn estimate(&self) -> f64 {
        self.estimate
    }
}

impl Gradient2 {
    /// The estimate after `limit`, given the long-term mean and a latency (in the same unit) with so many calls under way.
    pub fn next(&self, limit: f64, long: f64, short: f64, inflight: u32) -> f64 {
        if f64::from(inflight) < limit / 2.0 {
            return limit;
        }
        let gradient = (self.rtt_tolerance * long / short).clamp(0.5, 1.0);
        let next = limit * gradient + f64::from(self.queue_size);
        let next = limit * (1.0 - self.smoothing) + next * self.smoothing;
        next.min(f64::from(self.max_concurrency)).max(f64::from(self.min_limit))
    }
}

impl ConcurrencyLimit for Gradient2 {
    type Shared = Memory;

    fn fresh(&self, _luck: &Luck<'_>, _now: SimTime) -> Memory {
        Memory { estimate: f64::from(self.initial_limit), long: 0.0, sum: 0.0, samples: 0, window: Window::default() }
    }

    fn limit(&self, memory: &mut Memory, _luck: &Luck<'_>, _now: SimTime) -> u32 {
        memory.estimate as u32
    }

    fn sample(&self, memory: &mut Memory, sample: &Sample, _luck: &Luck<'_>, _now: SimTime) {
        let Some(sample) = counted(self.window.as_ref(), &mut memory.window, sample) else { return };
        // A call takes time: a nanosecond at least, so that the ratio is one.
        let short = sample.rtt.as_nanos().max(1) as f64;
        if memory.samples < WARM_UP {
            memory.samples += 1;
            memory.sum += short;
            memory.long = memory.sum / f64::from(memory.samples);
        } else {
            let factor = 2.0 / (f64::from(self.long_window) + 1.0);
            memory.long = memory.long * (1.0 - factor) + short * factor;
        }
        let long = memory.long;
        if long / short > 2.0 {
            memory.long *= 0.95;
        }
        memory.estimate = self.next(memory.estimate, long, short, sample.inflight);
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let (least, most) = (("min_limit", self.min_limit), ("max_concurrency", self.max_concurrency));
        let mut complaints = check_bounds(least, ("initial_limit", self.initial_limit), most);
        complaints.extend(check_factor("smoothing", self.smoothing, 1.0));
        if !(1.0..=1000.0).contains(&self.rtt_tolerance) {
            complaints.push(complaint("rtt_tolerance", format!("a tolerance lies between 1 and 1000, not at {}", self.rtt_tolerance)));
        }
        if self.long_window == 0 {
            complaints.push(complaint("long_window", "a mean needs samples; write at least 1"));
        }
        complaints.extend(check_window(self.window.as_ref()));
        complaints
    }
}
