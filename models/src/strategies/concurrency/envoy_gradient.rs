//! Adaptive concurrency as in Envoy: the gradient of latency over its floor, which is measured now and then.
//!
//! Source: Envoy, `extensions/filters/http/adaptive_concurrency/controller/gradient_controller.cc` (2026-01). Latencies are whole
//! microseconds, as there; their quantiles are those of `latencies.rs`, within 0.8 %, where Envoy interpolates within 10 %.

use super::{ConcurrencyLimit, MOST, Sample, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::latencies::Latencies;
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// Measures the shortest usual latency with the limit held at its floor, then moves the limit by how latency compares with it.
/// Remembers 96 bytes per scope and the latencies of one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyGradient {
    /// The quantile of latencies that counts; 50 % unless said.
    #[serde(default = "half")]
    pub sample_aggregate_percentile: Share,
    /// How often the limit is moved.
    pub concurrency_update_interval: SimDuration,
    /// The largest limit; 1000 unless said.
    #[serde(default = "thousand")]
    pub max_concurrency_limit: u32,
    /// How often the floor of latency is measured anew.
    pub min_rtt_interval: SimDuration,
    /// By how many calls it is measured; 50 unless said.
    #[serde(default = "fifty")]
    pub min_rtt_request_count: u32,
    /// Up to this share of the interval is added to it; 15 % unless said.
    #[serde(default = "jitter")]
    pub min_rtt_jitter: Share,
    /// The limit while it is measured, and the smallest one; 3 unless said.
    #[serde(default = "three")]
    pub min_concurrency: u32,
    /// This share of the floor is not worth shrinking for; 25 % unless said.
    #[serde(default = "quarter")]
    pub min_rtt_buffer: Share,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn half() -> Share {
    Share::percent(50)
}

const fn thousand() -> u32 {
    1000
}

const fn fifty() -> u32 {
    50
}

const fn jitter() -> Share {
    Share::percent(15)
}

const fn three() -> u32 {
    3
}

const fn quarter() -> Share {
    Share::percent(25)
}

/// After so many windows in a row that leave the smallest limit as it is, the floor is measured anew.
const STUCK: u32 = 5;

impl Registered for EnvoyGradient {
    const NAME: &'static str = "EnvoyGradient";
    const SUMMARY: &'static str = "limits calls under way by how latency compares with its floor, which is measured now and then";
}

impl Explained for EnvoyGradient {
    const ABOUT: About = About {
        meaning: "Envoy's adaptive concurrency: for a moment only a few calls are let through, to learn how long they take without a queue; then the \
                  limit grows or shrinks by how the latency compares with that.",
        formula: "Phase: limit = min_concurrency until min_rtt_request_count samples; min = their quantile; the old limit returns. Then every \
                  concurrency_update_interval, with s = the quantile of that window: g = clamp(min * (1 + buffer) / s, 0.5, 2), L = \
                  clamp(floor(L * g + sqrt(L * g)), min_concurrency, max_concurrency_limit). A window without samples changes nothing; five in a row \
                  that leave the floor at the floor begin a phase, and so does min_rtt_interval plus jitter after the last one. Samples of calls \
                  started before the phase began are dropped. Latencies in whole microseconds. One draw per phase: U mod ceil(interval * \
                  jitter) in whole ms.",
        parameters: &[
            parameter("sample_aggregate_percentile", "share", "50%", "the quantile of latencies that counts"),
            parameter("concurrency_update_interval", "duration", "required", "how often the limit is moved"),
            parameter("max_concurrency_limit", "number, at most 1000000", "1000", "the largest limit"),
            parameter("min_rtt_interval", "duration", "required", "how often the floor of latency is measured anew"),
            parameter("min_rtt_request_count", "number, at least 1", "50", "by how many calls it is measured"),
            parameter("min_rtt_jitter", "share", "15%", "up to this share of the interval is added to it"),
            parameter("min_concurrency", "number, at least 1", "3", "the limit while it is measured, and the smallest one"),
            parameter("min_rtt_buffer", "share", "25%", "this share of the floor is not worth shrinking for"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "96 bytes per scope for the whole run, and 12 bytes per bucket of latencies of one window (at most 7424).",
        source: "Envoy, adaptive_concurrency filter, gradient_controller.cc (2026-01)",
        example: "ConcurrencyLimit(EnvoyGradient(concurrency_update_interval: \"100ms\", min_rtt_interval: \"60s\"))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    limit: u32,
    /// While the floor is measured: the limit that returns afterwards.
    deferred: Option<u32>,
    /// When the last phase began: older calls do not count.
    epoch: SimTime,
    /// The floor of latency, in microseconds.
    floor: u64,
    latencies: Latencies,
    next_window: SimTime,
    next_phase: SimTime,
    /// Windows in a row that left the smallest limit as it is.
    stuck: u32,
    drawn: u64,
}

impl EnvoyGradient {
    /// The limit after `limit`, given the floor and a latency in the same unit.
    pub fn next(&self, limit: u32, floor: u64, latency: u64) -> u32 {
        let gradient = (floor as f64 * (1.0 + self.min_rtt_buffer.as_f64()) / latency.max(1) as f64).clamp(0.5, 2.0);
        let next = f64::from(limit) * gradient;
        let next = next + next.sqrt();
        next.min(f64::from(self.max_concurrency_limit)).max(f64::from(self.min_concurrency)) as u32
    }

    fn measure(&self, memory: &mut Memory, now: SimTime) {
        memory.deferred = Some(memory.limit);
        memory.limit = self.min_concurrency;
        memory.stuck = 0;
        memory.latencies = Latencies::default();
        memory.epoch = now;
    }

    fn measured(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        memory.floor = std::mem::take(&mut memory.latencies).quantile(self.sample_aggregate_percentile).unwrap_or(memory.floor);
        memory.limit = memory.deferred.take().unwrap_or(memory.limit);
        let millis = self.min_rtt_interval.as_nanos() / 1_000_000;
        let range = (u128::from(millis) * u128::from(self.min_rtt_jitter.parts())).div_ceil(u128::from(Share::ALL.parts())) as u64;
        let extra = if range == 0 { 0 } else { luck.nth(memory.drawn).bits() % range };
        memory.drawn += 1;
        memory.next_phase = now.saturating_add(self.min_rtt_interval).saturating_add(SimDuration::from_millis(extra));
        memory.next_window = now.saturating_add(self.concurrency_update_interval);
    }

    fn window_ended(&self, memory: &mut Memory, now: SimTime) {
        let Some(latency) = std::mem::take(&mut memory.latencies).quantile(self.sample_aggregate_percentile) else { return };
        let next = self.next(memory.limit, memory.floor, latency);
        let is_stuck = memory.limit == self.min_concurrency && next == self.min_concurrency;
        memory.stuck = if is_stuck { memory.stuck + 1 } else { 0 };
        memory.limit = next;
        if memory.stuck >= STUCK {
            self.measure(memory, now);
        }
    }

    /// Does what timers would have done by now. While the floor is measured none matters.
    fn settle(&self, memory: &mut Memory, now: SimTime) {
        while memory.deferred.is_none() && memory.next_window.min(memory.next_phase) <= now {
            if memory.next_phase <= memory.next_window {
                let due = memory.next_phase;
                self.measure(memory, due);
            } else if memory.latencies.is_empty() {
                // Windows without samples change nothing: one step over all that ended by now and before the phase.
                let until = now.min(memory.next_phase).saturating_since(memory.next_window);
                let passed = until.as_nanos() / self.concurrency_update_interval.as_nanos() + 1;
                memory.next_window = memory.next_window.saturating_add(self.concurrency_update_interval.saturating_mul(passed));
            } else {
                let due = memory.next_window;
                memory.next_window = due.saturating_add(self.concurrency_update_interval);
                self.window_ended(memory, due);
            }
        }
    }
}

impl ConcurrencyLimit for EnvoyGradient {
    type Shared = Memory;

    fn fresh(&self, _luck: &Luck<'_>, now: SimTime) -> Memory {
        Memory {
            limit: self.min_concurrency,
            deferred: Some(self.min_concurrency),
            epoch: now,
            floor: 0,
            latencies: Latencies::default(),
            next_window: SimTime::MAX,
            next_phase: SimTime::MAX,
            stuck: 0,
            drawn: 0,
        }
    }

    fn limit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> u32 {
        self.settle(memory, now);
        memory.limit
    }

    fn sample(&self, memory: &mut Memory, sample: &Sample, luck: &Luck<'_>, now: SimTime) {
        self.settle(memory, now);
        if sample.since < memory.epoch {
            return;
        }
        memory.latencies.count(sample.rtt.as_nanos() / 1_000);
        if memory.deferred.is_some() && memory.latencies.len() >= u64::from(self.min_rtt_request_count) {
            self.measured(memory, luck, now);
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (field, interval) in
            [("concurrency_update_interval", self.concurrency_update_interval), ("min_rtt_interval", self.min_rtt_interval)]
        {
            if interval < SimDuration::from_millis(1) {
                complaints.push(complaint(field, format!("an interval lasts at least \"1ms\", not {interval}")));
            }
        }
        if self.min_concurrency == 0 {
            complaints.push(complaint("min_concurrency", "a limit of 0 lets nothing pass, and learns nothing; write at least 1"));
        }
        if self.max_concurrency_limit > MOST || self.max_concurrency_limit < self.min_concurrency {
            let message =
                format!("it lies between min_concurrency, {}, and {MOST}, not at {}", self.min_concurrency, self.max_concurrency_limit);
            complaints.push(complaint("max_concurrency_limit", message));
        }
        if self.min_rtt_request_count == 0 {
            complaints.push(complaint("min_rtt_request_count", "no calls are no measurement; write at least 1"));
        }
        complaints
    }
}
