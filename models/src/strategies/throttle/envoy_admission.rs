//! Envoy's admission control: requests are turned away when too few of the last ones went well.
//!
//! Source: envoyproxy/envoy `extensions/filters/http/admission_control`, `admission_control.proto` (2026-01).

use crate::about::{About, Explained, parameter};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::maths::pow;
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::VecDeque;

/// In how many parts a probability is compared with the draw.
const ACCURACY: u64 = 10_000;
/// How long a slice of the window takes new results.
const SLICE: SimDuration = SimDuration::from_secs(1);

/// Turns calls back at random when fewer than `sr_threshold` of those in the window went well. Remembers at most one slice per
/// second of the window, per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvoyAdmission {
    /// How far it looks back, 1 s to 1 h.
    pub sampling_window: SimDuration,
    /// The share of calls that goes well in good times, above 0 %.
    pub sr_threshold: Share,
    /// How sharply it acts: 1 in proportion, more for more calls turned back. Below 1 becomes 1.
    pub aggression: f64,
    /// With fewer calls a second than this it never acts.
    pub rps_threshold: u32,
    /// The largest share of calls that it turns back.
    pub max_rejection_probability: Share,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

/// The results of a second or more: from its first result until the first one a second later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    since: SimTime,
    requests: u64,
    successes: u64,
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    slices: VecDeque<Slice>,
    requests: u64,
    successes: u64,
}

impl Window {
    /// How many slices are held.
    pub fn held(&self) -> usize {
        self.slices.len()
    }

    /// Drops what is too old, and opens a slice if the newest is a second old.
    fn touch(&mut self, window: SimDuration, now: SimTime) {
        while let Some(slice) = self.slices.front().copied().filter(|slice| now.saturating_since(slice.since) >= window) {
            self.slices.pop_front();
            self.requests -= slice.requests;
            self.successes -= slice.successes;
        }
        if self.slices.back().is_none_or(|slice| now.saturating_since(slice.since) >= SLICE) {
            self.slices.push_back(Slice { since: now, requests: 0, successes: 0 });
        }
    }

    fn add(&mut self, is_success: bool, window: SimDuration, now: SimTime) {
        self.touch(window, now);
        let successes = u64::from(is_success);
        if let Some(slice) = self.slices.back_mut() {
            slice.requests += 1;
            slice.successes += successes;
        }
        self.requests += 1;
        self.successes += successes;
    }
}

impl Default for EnvoyAdmission {
    fn default() -> Self {
        Self {
            sampling_window: SimDuration::from_secs(30),
            sr_threshold: Share::percent(95),
            aggression: 1.0,
            rps_threshold: 0,
            max_rejection_probability: Share::percent(80),
            per: Scope::Process,
        }
    }
}

impl Registered for EnvoyAdmission {
    const NAME: &'static str = "EnvoyAdmission";
    const SUMMARY: &'static str = "Envoy's admission control: turns calls back at random when too few of the last ones went well";
}

impl Explained for EnvoyAdmission {
    const ABOUT: About = About {
        meaning: "Envoy's admission control filter: when the share of calls that go well falls below a threshold, calls are turned back at \
                  random, the more the lower it falls, but never all of them.",
        formula: "p = min(max_rejection_probability, max(0, (n - s / sr_threshold) / (n + 1))^(1 / aggression)), of n calls and s successes in \
                  the window; turned back if 10000 * p > r mod 10000, r a whole 64-bit draw. Never while n div (window in seconds) < \
                  rps_threshold. A success is an HTTP status below 500; no answer is none. A call counts when it ends, one that is turned \
                  back never. A slice is opened by the first call that finds the newest 1 s old or older, and dropped when it is as old as \
                  the window. One draw per call.",
        parameters: &[
            parameter("sampling_window", "duration, 1s to 1h", "30s", "how far it looks back"),
            parameter("sr_threshold", "share, above 0%", "95%", "the share of calls that goes well in good times"),
            parameter("aggression", "number, at least 1", "1.0", "how sharply it acts"),
            parameter("rps_threshold", "number", "0", "with fewer calls a second it never acts"),
            parameter("max_rejection_probability", "share", "80%", "the largest share of calls that it turns back"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "up to one slice of 24 bytes per second of the window, per scope.",
        source: "envoyproxy/envoy extensions/filters/http/admission_control, current formula (2026-01)",
        example: "Throttle(EnvoyAdmission(sr_threshold: \"95%\", aggression: 1.0, per: Process))",
    };
}

impl EnvoyAdmission {
    /// The probability with which a call is turned back after `n` calls of which `s` went well.
    pub fn probability(&self, n: u64, s: u64) -> f64 {
        if n / (self.sampling_window.as_nanos() / NANOS_PER_SECOND).max(1) < u64::from(self.rps_threshold) {
            return 0.0;
        }
        let plain = ((n as f64 - s as f64 / self.sr_threshold.as_f64()) / (n as f64 + 1.0)).max(0.0);
        let sharpened = if self.aggression > 1.0 { pow(plain, 1.0 / self.aggression) } else { plain };
        sharpened.min(self.max_rejection_probability.as_f64())
    }
}

impl Gate for EnvoyAdmission {
    type Shared = Window;

    fn fresh(&self, _now: SimTime) -> Window {
        Window::default()
    }

    fn ask(&self, window: &mut Window, draw: Draw, now: SimTime) -> Pass {
        window.touch(self.sampling_window, now);
        let parts = ACCURACY as f64 * self.probability(window.requests, window.successes);
        if parts > (draw.bits() % ACCURACY) as f64 { Pass::Refused(SimDuration::ZERO) } else { Pass::Now }
    }

    fn ended(&self, window: &mut Window, _since: SimTime, outcome: Option<Outcome>, _hint: Option<Hint>, now: SimTime) {
        let is_success = match outcome {
            Some(Outcome::Success) => true,
            Some(Outcome::Failed(failure)) => failure.status().is_some_and(|status| status < 500),
            None => false,
        };
        window.add(is_success, self.sampling_window, now);
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, window: &mut Window, now: SimTime) -> (&'static str, f64) {
        let mut window = window.clone();
        window.touch(self.sampling_window, now);
        ("probability of being turned back", self.probability(window.requests, window.successes))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(SimDuration::from_secs(1)..=SimDuration::from_secs(3_600)).contains(&self.sampling_window) {
            complaints.push(complaint("sampling_window", format!("a throttle looks back 1s to 1h, not {}", self.sampling_window)));
        }
        if self.sr_threshold.parts() == 0 {
            complaints.push(complaint("sr_threshold", "a threshold of 0% turns nothing back; Envoy takes at least 1%"));
        }
        if !self.aggression.is_finite() || self.aggression <= 0.0 {
            complaints.push(complaint("aggression", format!("an aggression is above 0, not {}; 1.0 is in proportion", self.aggression)));
        }
        complaints
    }
}
