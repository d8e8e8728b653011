//! Should a limit see every call, or one summary of many?
//!
//! Source: Netflix concurrency-limits, `WindowedLimit` with `AverageSampleWindow` (2026-01).

use super::Sample;
use crate::about::{Parameter, parameter};
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Gathers samples for about a second, and hands on one for all of them: the mean latency, the most under way, any drop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Windowed {
    /// A window lasts at least this long; 1 s unless said.
    pub min_window_time: SimDuration,
    /// And at most this long, twice the shortest latency in it otherwise; 1 s unless said.
    pub max_window_time: SimDuration,
    /// Fewer samples are thrown away; 10 unless said.
    pub window_size: u32,
    /// Shorter latencies do not count; 100 µs unless said.
    pub min_rtt_threshold: SimDuration,
}

impl Default for Windowed {
    fn default() -> Self {
        let second = SimDuration::from_secs(1);
        Self { min_window_time: second, max_window_time: second, window_size: 10, min_rtt_threshold: SimDuration::from_micros(100) }
    }
}

/// The field of a limit that can be windowed.
pub(super) const WINDOW: Parameter = parameter(
    "window",
    "(min_window_time: \"1s\", max_window_time: \"1s\", window_size: 10, min_rtt_threshold: \"100us\")",
    "every sample counts by itself",
    "gathers samples, and counts one for all of them",
);

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// A sample that ends later closes the window.
    ends: SimTime,
    count: u32,
    sum: SimDuration,
    shortest: SimDuration,
    inflight: u32,
    is_dropped: bool,
}

impl Windowed {
    /// Takes a sample in; if it closes the window, and there were enough, gives the one for all of them.
    pub fn summary(&self, window: &mut Window, sample: &Sample) -> Option<Sample> {
        if sample.rtt < self.min_rtt_threshold {
            return None;
        }
        window.shortest = if window.count == 0 { sample.rtt } else { window.shortest.min(sample.rtt) };
        window.count += 1;
        window.sum = window.sum.saturating_add(sample.rtt);
        window.inflight = window.inflight.max(sample.inflight);
        window.is_dropped |= sample.is_dropped;
        let end = sample.since.saturating_add(sample.rtt);
        if end <= window.ends {
            return None;
        }
        let length = window.shortest.saturating_mul(2).max(self.min_window_time).min(self.max_window_time);
        let closed = std::mem::replace(window, Window { ends: end.saturating_add(length), ..Window::default() });
        (closed.count >= self.window_size).then(|| Sample {
            since: sample.since,
            rtt: closed.sum / u64::from(closed.count),
            inflight: closed.inflight,
            is_dropped: closed.is_dropped,
        })
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.min_window_time.is_zero() || self.max_window_time < self.min_window_time {
            complaints.push(complaint("max_window_time", "a window lasts at least min_window_time, which is above zero"));
        }
        if self.window_size == 0 {
            complaints.push(complaint("window_size", "no samples are no summary; write at least 1"));
        }
        complaints
    }
}

/// What counts: the sample itself, or the one for all of a window, if it has just closed.
pub(super) fn counted(windowed: Option<&Windowed>, window: &mut Window, sample: &Sample) -> Option<Sample> {
    match windowed {
        None => Some(*sample),
        Some(windowed) => windowed.summary(window, sample),
    }
}

/// What is wrong with the window of a limit.
pub(super) fn check_window(windowed: Option<&Windowed>) -> Vec<Complaint> {
    windowed.map(|windowed| windowed.check().into_iter().map(|complaint| complaint.inside("window")).collect()).unwrap_or_default()
}
