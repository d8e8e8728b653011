//! Envoy: the back-off of a route's retries, in whole milliseconds and by modulo, with the back-off for rate limits.
//!
//! Source: envoyproxy/envoy, `source/common/common/backoff_strategy.{h,cc}` and `router/retry_state_impl.cc`, now and as of 2019.

use super::numbers::{complaints, exchanged_if, millis, or_endless, whole_millis, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use crate::outcome::Hint;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `draw mod next` whole milliseconds, where `next` doubles from `base_interval` up to `max_interval`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Envoy {
    /// The first bound; less than a millisecond counts as one.
    pub base_interval: SimDuration,
    /// The bound never grows beyond this; ten times `base_interval` unless said.
    pub max_interval: Option<SimDuration>,
    /// Up to which time a server's word about asking again is obeyed (a `rate_limited_retry_back_off`); never unless said.
    pub reset_max_interval: Option<SimDuration>,
    /// Whether bounds grow as in releases up to 2019, and as some documents still say.
    pub legacy: bool,
}

impl Default for Envoy {
    fn default() -> Self {
        Self { base_interval: SimDuration::from_millis(25), max_interval: None, reset_max_interval: None, legacy: false }
    }
}

impl Registered for Envoy {
    const NAME: &'static str = "Envoy";
    const SUMMARY: &'static str = "waits whole milliseconds below a doubling bound, and obeys reset headers if told to (Envoy)";
}

impl Explained for Envoy {
    const ABOUT: About = About {
        meaning: "The back-off of Envoy's retries: full jitter in whole milliseconds, from 0 on, by the remainder of a 64-bit number. With reset_max_interval it obeys a server that says when to ask again, and then spreads callers over half of that time. num_retries is 1 unless told otherwise: attempts: 2.",
        formula: "next(1) = base_interval; wait = r mod next, r 64 random bits; next(n + 1) = 2 * next(n) if next(n) < max_interval div 2, else max_interval. \
                  legacy: bound = (2^k - 1) * base_interval, wait = min(r mod bound, max_interval), k from 1 grows by 1 while bound <= max_interval. \
                  Told to come back after i, and i <= reset_max_interval: wait = i + r mod (i div 2), and the series stands still. One draw. All in whole milliseconds, at least 1 as a bound.",
        parameters: &[
            parameter("base_interval", "duration, above zero", "25ms", "the first bound; less than a millisecond counts as one"),
            parameter("max_interval", "duration, at least `base_interval`", "10 * base_interval", "the bound never grows beyond this"),
            parameter(
                "reset_max_interval",
                "duration",
                "none",
                "up to which time a server's word is obeyed; Envoy takes 300s where a rate_limited_retry_back_off does not say",
            ),
            parameter("legacy", "true or false", "false", "whether bounds grow as in releases up to 2019"),
        ],
        memory: "The next bound, or the number k: 8 bytes for each call.",
        source: "envoyproxy/envoy, source/common/common/backoff_strategy.cc and router/retry_state_impl.cc (now; 2019).",
        example: "Retry(attempts: 4, backoff: Envoy(base_interval: \"50ms\", max_interval: \"800ms\", reset_max_interval: \"300s\"))",
    };
}

impl Envoy {
    fn base(&self) -> u64 {
        whole_millis(self.base_interval).max(1)
    }

    fn longest(&self) -> u64 {
        self.max_interval.map_or_else(|| self.base().saturating_mul(10), |max| whole_millis(max).max(1))
    }

    /// What a server's word makes of the wait, if it is obeyed.
    fn after_reset(&self, asks: &Asks) -> Option<u64> {
        let Some(Hint::After(length)) = asks.hint else { return None };
        let interval = Some(length).filter(|length| self.reset_max_interval.is_some() && *length <= or_endless(self.reset_max_interval));
        let interval = whole_millis(interval?);
        Some(interval.saturating_add(asks.draw.bits().checked_rem(interval / 2).unwrap_or(0)))
    }

    fn next(&self, next: &mut u64, bits: u64) -> u64 {
        let wait = bits % *next;
        *next = if *next < self.longest() / 2 { next.saturating_mul(2) } else { self.longest() };
        wait
    }

    fn next_of_old(&self, k: &mut u64, bits: u64) -> u64 {
        let bound = ((1_u64 << (*k).min(63)) - 1).saturating_mul(self.base());
        if bound <= self.longest() {
            *k += 1;
        }
        (bits % bound).min(self.longest())
    }
}

impl Backoff for Envoy {
    /// The next bound in milliseconds; `k` of the old formula.
    type Call = u64;

    fn fresh(&self) -> u64 {
        if self.legacy { 1 } else { self.base() }
    }

    fn wait(&self, state: &mut u64, asks: &Asks) -> Wait {
        let bits = asks.draw.bits();
        Wait::For(millis(match self.after_reset(asks) {
            Some(wait) => wait,
            None if self.legacy => self.next_of_old(state, bits),
            None => self.next(state, bits),
        }))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("base_interval", self.base_interval),
            exchanged_if("base_interval", self.base_interval, "max_interval", self.max_interval),
        ])
    }
}
