//! Hedging as in Polly: after a delay, at once after a failure, or only then.
//!
//! Source: Polly v8, `HedgingStrategyOptions`, `HedgingResilienceStrategy` (2026-08). Left out: generators of delays and actions.

use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::SignedDuration;

/// Sends up to `max_hedged_attempts` copies beyond the first: each `delay` after the last, or at once when one fails. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polly {
    /// How many copies beyond the first, 1 to 10; 1 unless said.
    pub max_hedged_attempts: u32,
    /// The time between copies; 0 sends all at once, a negative one waits for failures. 2 s unless said.
    pub delay: SignedDuration,
    /// Failures that are not handled: they end the call. None unless said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Failure>,
}

impl Default for Polly {
    fn default() -> Self {
        Self { max_hedged_attempts: 1, delay: SignedDuration::from_nanos(2_000_000_000), ignore: Vec::new() }
    }
}

impl Registered for Polly {
    const NAME: &'static str = "Polly";
    const SUMMARY: &'static str = "sends copies after a delay, at once after a failure, or only then";
}

impl Explained for Polly {
    const ABOUT: About = About {
        meaning: "Retry and hedging in one: a slow copy and a failed one are both answered with the next. With a negative delay it is a retry without \
                  waits, with delay 0 all copies race from the start.",
        formula: "A further copy whenever `delay` has passed since the last one; delay 0: all at the start; negative: none by time. A handled failure \
                  sends the next at once, and the delay runs anew. First success, or failure in `ignore`, ends the call; when all have failed, \
                  it ends as the first copy did. Each further copy if budgets from outside allow it (Polly has none). No draws.",
        parameters: &[
            parameter("max_hedged_attempts", "number, 1 to 10", "1", "how many copies beyond the first"),
            parameter("delay", "duration with a sign", "2s", "the time between copies; negative: only after failures"),
            parameter("ignore", "list of failures", "none", "failures that end the call"),
        ],
        memory: "None beyond the call's own 32 bytes.",
        source: "Polly v8, src/Polly.Core/Hedging (2026-08)",
        example: "Hedge(Polly(max_hedged_attempts: 2, delay: \"500ms\"))",
    };
}

impl Polly {
    const fn has_more(&self, call: &HedgedCall) -> bool {
        call.sent <= self.max_hedged_attempts
    }

    /// When the copy after those that were sent goes out by time.
    fn by_time(&self, call: &HedgedCall, now: SimTime) -> Option<SimTime> {
        let delay = u64::try_from(self.delay.as_nanos()).ok().filter(|delay| *delay > 0)?;
        self.has_more(call).then(|| now.saturating_add(SimDuration::from_nanos(delay)))
    }

    fn send_next(&self, call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        let mut orders = call.send(u32::from(self.has_more(call) && allowed()));
        call.next = if orders.copies > 0 { self.by_time(call, now) } else { None };
        orders.wake = call.next;
        orders
    }
}

impl Hedging for Polly {
    type Shared = ();

    fn fresh(&self, _now: SimTime) {}

    fn started(&self, _shared: &mut (), allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        let mut call = HedgedCall::starting(now);
        let at_once = if self.delay.as_nanos() == 0 { self.max_hedged_attempts } else { 0 };
        let copies = (0..at_once).take_while(|_| allowed()).count() as u32;
        call.next = self.by_time(&call, now);
        let orders = call.send(copies);
        (call, orders)
    }

    fn due(&self, _shared: &mut (), call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        self.send_next(call, allowed, now)
    }

    fn failed(&self, _shared: &mut (), call: &mut HedgedCall, failed: &FailedCopy, allowed: Allowed<'_>, now: SimTime) -> Orders {
        if matches!(failed.outcome, Outcome::Failed(failure) if self.ignore.contains(&failure)) {
            return Orders::end(failed.outcome);
        }
        if failed.copy == 0 {
            call.primary = Some(failed.outcome);
        }
        let orders = self.send_next(call, allowed, now);
        if orders.copies == 0 && failed.in_flight == 0 {
            return Orders::end(call.primary.unwrap_or(failed.outcome));
        }
        orders
    }

    fn check(&self) -> Vec<Complaint> {
        if (1..=10).contains(&self.max_hedged_attempts) {
            return Vec::new();
        }
        vec![complaint("max_hedged_attempts", format!("Polly takes 1 to 10 attempts beyond the first, not {}", self.max_hedged_attempts))]
    }
}
