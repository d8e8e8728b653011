//! Polly: the retry strategy of Polly v8, with its three types of backoff and their two kinds of jitter.
//!
//! Source: App-vNext/Polly, `src/Polly.Core/Retry` (2026-08). Times are ticks of 100 ns, as in .NET.

use super::numbers::{complaints, millis_f64, or_endless, ticks, ticks_of_millis};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::maths::{pow, tanh};
use sim_core::time::SimDuration;

/// Waits as a retry strategy of Polly v8 does. Consumes one draw with jitter, none without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polly {
    /// What the waits are made of.
    pub delay: SimDuration,
    /// How they grow.
    pub backoff_type: PollyBackoffType,
    /// Whether they are drawn.
    pub use_jitter: bool,
    /// No wait is longer than this; no limit unless said.
    pub max_delay: Option<SimDuration>,
}

/// How the waits of [`Polly`] grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PollyBackoffType {
    /// They do not.
    #[default]
    Constant,
    /// By `delay` from retry to retry.
    Linear,
    /// They double; with jitter by the formula that Polly calls decorrelated jitter, version 2.
    Exponential,
}

impl Default for Polly {
    fn default() -> Self {
        Self { delay: SimDuration::from_secs(2), backoff_type: PollyBackoffType::Constant, use_jitter: false, max_delay: None }
    }
}

impl Registered for Polly {
    const NAME: &'static str = "Polly";
    const SUMMARY: &'static str = "waits as Polly v8 does: constant, linear or exponential, with jitter or without";
}

impl Explained for Polly {
    const ABOUT: About = About {
        meaning: "The waits of a retry strategy of Polly v8 (.NET). Its exponential backoff with jitter is a smooth formula of its own, whose medians lie near delay, 2 delay, 4 delay and so on. Polly retries 3 times unless told otherwise: attempts: 4.",
        formula: "Without jitter, before retry n: delay; delay * n; delay * 2^(n - 1). No draw. \
                  With jitter, Constant and Linear: that * (0.75 + 0.5 * U). Exponential: t = n - 1 + U, g(t) = 2^t * tanh(sqrt(4 t)), \
                  wait = delay / 1.4 * (g(t) - g of the retry before). One draw. Cut off at ticks of 100 ns, then at max_delay. A delay of zero stays zero.",
        parameters: &[
            parameter("delay", "duration, at most a day", "2s", "what the waits are made of"),
            parameter("backoff_type", "Constant, Linear, Exponential", "Constant", "how they grow"),
            parameter("use_jitter", "true or false", "false", "whether they are drawn"),
            parameter("max_delay", "duration, at most a day", "none", "no wait is longer than this"),
        ],
        memory: "g of the retry before: 8 bytes for each call.",
        source: "App-vNext/Polly, src/Polly.Core/Retry (2026-08).",
        example: "Retry(attempts: 4, backoff: Polly(delay: \"200ms\", backoff_type: Exponential, use_jitter: true, max_delay: \"10s\"))",
    };
}

impl Polly {
    /// What the formula gives before the limit.
    fn unlimited(&self, previous: &mut f64, asks: &Asks) -> SimDuration {
        let index = f64::from(asks.retry - 1);
        let count = self.delay.as_nanos() / 100;
        let factor = match self.backoff_type {
            PollyBackoffType::Constant => 1.0,
            PollyBackoffType::Linear => index + 1.0,
            PollyBackoffType::Exponential if self.use_jitter => return self.smooth(previous, index, asks.draw.unit()),
            PollyBackoffType::Exponential => pow(2.0, index),
        };
        if !self.use_jitter {
            // .NET rounds where it multiplies a span with a number; the factors here are whole.
            return ticks(count as f64 * factor);
        }
        let millis = millis_f64(self.delay) * factor;
        let (width, offset) = (millis * 0.5 * asks.draw.unit(), millis * 0.5 / 2.0);
        ticks_of_millis(millis + (width - offset))
    }

    fn smooth(&self, previous: &mut f64, index: f64, unit: f64) -> SimDuration {
        let t = index + unit;
        let next = pow(2.0, t) * tanh((4.0 * t).sqrt());
        let step = next - *previous;
        *previous = next;
        let wait = step * (1.0 / 1.4) * (self.delay.as_nanos() / 100) as f64;
        // Infinity less infinity is no number; the product means a very long wait.
        if wait.is_finite() { ticks(wait) } else { SimDuration::MAX }
    }
}

impl Backoff for Polly {
    /// `g` of the retry before.
    type Call = f64;

    fn fresh(&self) -> f64 {
        0.0
    }

    fn wait(&self, previous: &mut f64, asks: &Asks) -> Wait {
        if self.delay.is_zero() {
            return Wait::For(SimDuration::ZERO);
        }
        Wait::For(self.unlimited(previous, asks).min(or_endless(self.max_delay)))
    }

    fn check(&self) -> Vec<Complaint> {
        let day = SimDuration::from_secs(86_400);
        let too_long = |field: &str, length: SimDuration| {
            (length > day).then(|| complaint(field, format!("Polly refuses a `{field}` of more than a day ({length})")))
        };
        complaints([too_long("delay", self.delay), self.max_delay.and_then(|max| too_long("max_delay", max))])
    }
}
