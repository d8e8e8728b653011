//! Exponential backoff of cenkalti/backoff, a port of Google's HTTP client for Java, and of the Rust crate `backoff`, which has its rule.
//!
//! Sources: cenkalti/backoff, `exponential.go`, v4 line (2024-01); ihrwein/backoff, `src/exponential.rs` and `src/default.rs` (2021-12).

use super::numbers::{complaints, nanos, outside, shrinking, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;

const INITIAL: SimDuration = SimDuration::from_millis(500);
const LONGEST: SimDuration = SimDuration::from_secs(60);
const QUARTER_OF_AN_HOUR: SimDuration = SimDuration::from_secs(900);

/// Waits as `ExponentialBackOff` of cenkalti/backoff v4 does. Consumes one draw, with a factor of 0 none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cenkalti {
    /// The centre of the first wait.
    pub initial_interval: SimDuration,
    /// How far a wait lies from its centre at most, as a part of it.
    pub randomization_factor: f64,
    /// By how much the centre grows from retry to retry.
    pub multiplier: f64,
    /// The centre never grows beyond this.
    pub max_interval: SimDuration,
    /// No retry begins later than this after the first attempt began; zero is no limit.
    pub max_elapsed_time: SimDuration,
}

/// Waits as `ExponentialBackoff` of the Rust crate `backoff` does. Consumes one draw, with a factor of 0 none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RustBackoff {
    /// The centre of the first wait.
    pub initial_interval: SimDuration,
    /// How far a wait lies from its centre at most, as a part of it.
    pub randomization_factor: f64,
    /// By how much the centre grows from retry to retry.
    pub multiplier: f64,
    /// The centre never grows beyond this.
    pub max_interval: SimDuration,
    /// No retry begins later than this after the first attempt began; `None` is no limit.
    pub max_elapsed_time: Option<SimDuration>,
}

impl Default for Cenkalti {
    fn default() -> Self {
        Self {
            initial_interval: INITIAL,
            randomization_factor: 0.5,
            multiplier: 1.5,
            max_interval: LONGEST,
            max_elapsed_time: QUARTER_OF_AN_HOUR,
        }
    }
}

impl Default for RustBackoff {
    fn default() -> Self {
        Self {
            initial_interval: INITIAL,
            randomization_factor: 0.5,
            multiplier: 1.5,
            max_interval: LONGEST,
            max_elapsed_time: Some(QUARTER_OF_AN_HOUR),
        }
    }
}

impl Registered for Cenkalti {
    const NAME: &'static str = "Cenkalti";
    const SUMMARY: &'static str = "waits an exponential time, give or take half of it, for a quarter of an hour (cenkalti/backoff for Go)";
}

impl Registered for RustBackoff {
    const NAME: &'static str = "RustBackoff";
    const SUMMARY: &'static str =
        "waits an exponential time, give or take half of it, for a quarter of an hour (the crate backoff for Rust)";
}

const FORMULA: &str = "centre(1) = initial_interval, centre(n + 1) = max_interval if centre(n) >= max_interval / multiplier, else centre(n) * multiplier, cut off at nanoseconds; \
    min and max = centre -+ randomization_factor * centre; wait = min + U * (max - min + 1), cut off at nanoseconds; the centre grows after the draw. \
    Stops if the time since the first attempt and the wait together exceed (>) max_elapsed_time. One draw; a factor of 0 gives the centre and makes none.";

impl Explained for Cenkalti {
    const ABOUT: About = About {
        meaning: "The exponential backoff of cenkalti/backoff v4 (Go). max_interval bounds the centre of the draw, so with the defaults a wait can last 90 s. It does not count retries but watches the time: write attempts: \"unlimited\" for what the product does.",
        formula: FORMULA,
        parameters: &[
            parameter("initial_interval", "duration, above zero", "500ms", "the centre of the first wait"),
            parameter("randomization_factor", "number, 0 to 1", "0.5", "how far a wait lies from its centre at most, as a part of it"),
            parameter("multiplier", "number, 1 to 1000000", "1.5", "by how much the centre grows from retry to retry"),
            parameter("max_interval", "duration, above zero", "60s", "the centre never grows beyond this"),
            parameter(
                "max_elapsed_time",
                "duration",
                "15m",
                "no retry begins later than this after the first attempt began; 0s is no limit",
            ),
        ],
        memory: "The centre: 8 bytes for each call.",
        source: "cenkalti/backoff, exponential.go, v4 line (2024-01).",
        example: "Retry(attempts: \"unlimited\", backoff: Cenkalti(initial_interval: \"100ms\", max_elapsed_time: \"30s\"))",
    };
}

impl Explained for RustBackoff {
    const ABOUT: About = About {
        meaning: "The exponential backoff of the crate backoff (Rust), which follows the rule of cenkalti/backoff. It watches the time and does not count retries: write attempts: \"unlimited\" for what the product does.",
        formula: FORMULA,
        parameters: &[
            parameter("initial_interval", "duration, above zero", "500ms", "the centre of the first wait"),
            parameter("randomization_factor", "number, 0 to 1", "0.5", "how far a wait lies from its centre at most, as a part of it"),
            parameter("multiplier", "number, 1 to 1000000", "1.5", "by how much the centre grows from retry to retry"),
            parameter("max_interval", "duration, above zero", "60s", "the centre never grows beyond this"),
            parameter(
                "max_elapsed_time",
                "duration, or None",
                "15m",
                "no retry begins later than this after the first attempt began; None is no limit",
            ),
        ],
        memory: "The centre: 8 bytes for each call.",
        source: "ihrwein/backoff, src/exponential.rs and src/default.rs (2021-12).",
        example: "Retry(attempts: \"unlimited\", backoff: RustBackoff(initial_interval: \"100ms\", max_elapsed_time: \"30s\"))",
    };
}

/// A draw around the centre.
fn around(centre: SimDuration, factor: f64, draw: Draw) -> SimDuration {
    if factor <= 0.0 {
        return centre;
    }
    let length = centre.as_nanos() as f64;
    let (low, high) = (length - factor * length, length + factor * length);
    nanos(low + draw.unit() * (high - low + 1.0))
}

/// The centre after this one.
fn grown(centre: SimDuration, multiplier: f64, most: SimDuration) -> SimDuration {
    let length = centre.as_nanos() as f64;
    if length >= most.as_nanos() as f64 / multiplier { most } else { nanos(length * multiplier) }
}

impl Backoff for Cenkalti {
    /// The centre of the next wait.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.initial_interval
    }

    fn wait(&self, centre: &mut SimDuration, asks: &Asks) -> Wait {
        let wait = around(*centre, self.randomization_factor, asks.draw);
        *centre = grown(*centre, self.multiplier, self.max_interval);
        let is_over = !self.max_elapsed_time.is_zero() && asks.elapsed.saturating_add(wait) > self.max_elapsed_time;
        if is_over { Wait::Stop } else { Wait::For(wait) }
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("initial_interval", self.initial_interval),
            outside("randomization_factor", self.randomization_factor, 0.0, 1.0),
            shrinking("multiplier", self.multiplier),
            zero("max_interval", self.max_interval),
        ])
    }
}

impl Backoff for RustBackoff {
    /// The centre of the next wait.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.initial_interval
    }

    fn wait(&self, centre: &mut SimDuration, asks: &Asks) -> Wait {
        let wait = around(*centre, self.randomization_factor, asks.draw);
        *centre = grown(*centre, self.multiplier, self.max_interval);
        let is_over = self.max_elapsed_time.is_some_and(|most| asks.elapsed.saturating_add(wait) > most);
        if is_over { Wait::Stop } else { Wait::For(wait) }
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("initial_interval", self.initial_interval),
            outside("randomization_factor", self.randomization_factor, 0.0, 1.0),
            shrinking("multiplier", self.multiplier),
            zero("max_interval", self.max_interval),
        ])
    }
}
