//! Vegas: as many as keep the callee's queue short, by the latency above the shortest one.
//!
//! Source: Netflix concurrency-limits, `VegasLimit` (2026-01), after TCP Vegas (L. Brakmo, L. Peterson, 1995).

use super::windowed::{WINDOW, Window, Windowed, check_window, counted};
use super::{ConcurrencyLimit, Sample, check_bounds, check_factor, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Estimates the callee's queue from the latency above the shortest one seen, and keeps it between two marks. Remembers 88 bytes
/// per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Vegas {
    /// The first limit; 20 unless said.
    pub initial_limit: u32,
    /// The largest limit; 1000 unless said.
    pub max_concurrency: u32,
    /// How much of a new estimate is taken over, above 0 and up to 1; all of it unless said.
    pub smoothing: f64,
    /// The shortest latency is measured anew after between half and all of this many samples for each call of the limit; 30 unless said.
    pub probe_multiplier: u32,
    /// Gathers samples; each counts by itself unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Windowed>,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for Vegas {
    fn default() -> Self {
        Self { initial_limit: 20, max_concurrency: 1000, smoothing: 1.0, probe_multiplier: 30, window: None, per: process() }
    }
}

impl Registered for Vegas {
    const NAME: &'static str = "Vegas";
    const SUMMARY: &'static str = "limits calls under way so that the callee's queue, estimated from latency, stays short";
}

impl Explained for Vegas {
    const ABOUT: About = About {
        meaning: "The latency above the shortest one seen tells how many calls wait at the callee: few, and the limit grows; many, and it shrinks. \
                  Reacts fast, and needs the shortest latency to be measured anew now and then.",
        formula: "q = ceil(L * (1 - noload / rtt)), l = max(1, floor(log10 floor(L))), alpha = 3 l, beta = 6 l. In this order: after U' * \
                  probe_multiplier * L samples (U' even on [0.5, 1), drawn at the start and at each probe) noload = rtt, nothing else; a \
                  shorter rtt becomes noload, nothing else; a drop: L - l; 2 * inflight < L: keep; q <= l: L + beta; q < alpha: L + l; q > beta: \
                  L - l. Then clamped to 1..max_concurrency and smoothed; the limit is the integer part of L.",
        parameters: &[
            parameter("initial_limit", "number", "20", "the first limit"),
            parameter("max_concurrency", "number, at most 1000000", "1000", "the largest limit"),
            parameter("smoothing", "number, above 0 and up to 1", "1.0", "how much of a new estimate is taken over"),
            parameter("probe_multiplier", "number, at least 1", "30", "how rarely the shortest latency is measured anew"),
            WINDOW,
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "88 bytes per scope, for the whole run.",
        source: "Netflix concurrency-limits, VegasLimit.java (2026-01)",
        example: "ConcurrencyLimit(Vegas())",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    estimate: f64,
    noload: Option<SimDuration>,
    samples: u64,
    /// The random part of the time to the next probe, and how many were drawn.
    jitter: f64,
    drawn: u64,
    window: Window,
}

impl Memory {
    /// The limit before it is cut to a whole number.
    pub const fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The shortest latency it goes by.
    pub const fn noload(&self) -> Option<SimDuration> {
        self.noload
    }

    fn draw_jitter(&mut self, luck: &Luck<'_>) {
        self.jitter = 0.5 + luck.nth(self.drawn).unit() / 2.0;
        self.drawn += 1;
    }
}

impl Vegas {
    fn update(&self, memory: &mut Memory, sample: &Sample, luck: &Luck<'_>) {
        memory.samples += 1;
        if memory.jitter * f64::from(self.probe_multiplier) * memory.estimate <= memory.samples as f64 {
            memory.draw_jitter(luck);
            memory.samples = 0;
            memory.noload = Some(sample.rtt);
            return;
        }
        let Some(noload) = memory.noload.filter(|noload| sample.rtt >= *noload) else {
            memory.noload = Some(sample.rtt);
            return;
        };
        let limit = memory.estimate;
        let step = f64::from((limit as u32).checked_ilog10().unwrap_or(0).max(1));
        let queue = (limit * (1.0 - noload.as_nanos() as f64 / sample.rtt.as_nanos().max(1) as f64)).ceil();
        let next = if sample.is_dropped {
            limit - step
        } else if f64::from(sample.inflight) * 2.0 < limit {
            return;
        } else if queue <= step {
            limit + 6.0 * step
        } else if queue < 3.0 * step {
            limit + step
        } else if queue > 6.0 * step {
            limit - step
        } else {
            return;
        };
        let next = next.min(f64::from(self.max_concurrency)).max(1.0);
        memory.estimate = (1.0 - self.smoothing) * limit + self.smoothing * next;
    }
}

impl ConcurrencyLimit for Vegas {
    type Shared = Memory;

    fn fresh(&self, luck: &Luck<'_>, _now: SimTime) -> Memory {
        let estimate = f64::from(self.initial_limit);
        let mut memory = Memory { estimate, noload: None, samples: 0, jitter: 0.0, drawn: 0, window: Window::default() };
        memory.draw_jitter(luck);
        memory
    }

    fn limit(&self, memory: &mut Memory, _luck: &Luck<'_>, _now: SimTime) -> u32 {
        memory.estimate as u32
    }

    fn sample(&self, memory: &mut Memory, sample: &Sample, luck: &Luck<'_>, _now: SimTime) {
        if let Some(sample) = counted(self.window.as_ref(), &mut memory.window, sample) {
            self.update(memory, &sample, luck);
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints =
            check_bounds(("max_concurrency", 1), ("initial_limit", self.initial_limit), ("max_concurrency", self.max_concurrency));
        complaints.extend(check_factor("smoothing", self.smoothing, 1.0));
        if self.probe_multiplier == 0 {
            complaints.push(complaint("probe_multiplier", "0 measures at every sample, and estimates nothing; write at least 1"));
        }
        complaints.extend(check_window(self.window.as_ref()));
        complaints
    }
}
