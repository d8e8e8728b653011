//! Fibonacci: each wait is the sum of the two before, which grows by a factor of 1.618.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, base * F(retry))` with F = 1, 1, 2, 3, 5, ... Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fibonacci {
    /// The wait before the first retry, and before the second.
    pub base: SimDuration,
    /// The wait never grows beyond this.
    pub cap: SimDuration,
}

impl Registered for Fibonacci {
    const NAME: &'static str = "Fibonacci";
    const SUMMARY: &'static str = "waits as long as the two waits before together, up to a cap, without jitter";
}

impl Explained for Fibonacci {
    const ABOUT: About = About {
        meaning: "Grows like the numbers of Fibonacci, by 1.618 from wait to wait in the long run: between linear and doubling.",
        formula: "wait(n) = min(cap, base * F(n)) with F = 1, 1, 2, 3, 5, 8, ... No draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the wait before the first retry, and before the second"),
            parameter("cap", "duration, at least `base`", "required", "the wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "Textbook. TokioRetry and Backon are products with quirks of their own.",
        example: "Retry(attempts: 6, backoff: Fibonacci(base: \"100ms\", cap: \"2s\"))",
    };
}

impl Backoff for Fibonacci {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let (mut this, mut next) = (self.base, self.base);
        for _ in 1..asks.retry {
            if this >= self.cap {
                break;
            }
            (this, next) = (next, this.saturating_add(next));
        }
        Wait::For(this.min(self.cap))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
