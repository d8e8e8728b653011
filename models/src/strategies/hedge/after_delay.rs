//! Hedging after a fixed delay: the plain rule.
//!
//! Source: J. Dean, L. A. Barroso, "The tail at scale", CACM 2013, "hedged requests".

use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders, wait_for_others};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Sends a further copy whenever `delay` has passed since the last one. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterDelay {
    /// How long to wait for an answer before another copy is sent, above 0.
    pub delay: SimDuration,
    /// How many further copies there may be, 1 to 100; 1 unless said.
    #[serde(default = "one")]
    pub copies: u32,
}

const fn one() -> u32 {
    1
}

impl Registered for AfterDelay {
    const NAME: &'static str = "AfterDelay";
    const SUMMARY: &'static str = "sends another copy when no answer has come after a fixed time";
}

impl Explained for AfterDelay {
    const ABOUT: About = About {
        meaning: "When an answer is late, the same call is sent once more, and whoever answers first wins. Cuts the tail of latency for the price of \
                  those copies; adds load exactly when the callee is slow. Not for calls that must not happen twice.",
        formula: "A further copy at start + delay, start + 2 * delay ... while nothing has succeeded, at most `copies`, each if budgets from outside \
                  allow it. A failure sends nothing; the call fails when no copy is under way any more. No draws.",
        parameters: &[
            parameter("delay", "duration", "required", "how long to wait before another copy is sent"),
            parameter("copies", "number, 1 to 100", "1", "how many further copies there may be"),
        ],
        memory: "None beyond the call's own 32 bytes.",
        source: "J. Dean, L. A. Barroso, \"The tail at scale\", CACM 2013",
        example: "Hedge(AfterDelay(delay: \"50ms\"))",
    };
}

impl Hedging for AfterDelay {
    type Shared = ();

    fn fresh(&self, _now: SimTime) {}

    fn started(&self, _shared: &mut (), _allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        let mut call = HedgedCall::starting(now);
        call.next = Some(now.saturating_add(self.delay));
        let orders = call.send(0);
        (call, orders)
    }

    fn due(&self, _shared: &mut (), call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        let is_sent = call.sent <= self.copies && allowed();
        let is_more = call.sent + u32::from(is_sent) <= self.copies;
        call.next = is_more.then(|| now.saturating_add(self.delay));
        call.send(u32::from(is_sent))
    }

    fn failed(&self, _shared: &mut (), call: &mut HedgedCall, failed: &FailedCopy, _allowed: Allowed<'_>, _now: SimTime) -> Orders {
        wait_for_others(call, failed)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.delay.is_zero() {
            complaints.push(complaint("delay", "a copy that is sent at once waits for nothing; write a time such as \"50ms\""));
        }
        if !(1..=100).contains(&self.copies) {
            complaints.push(complaint("copies", format!("further copies are 1 to 100, not {}", self.copies)));
        }
        complaints
    }
}
