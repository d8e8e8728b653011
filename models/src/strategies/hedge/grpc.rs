//! Hedging as in gRPC: copies at fixed distances, the next one at once after a failure.
//!
//! Source: gRFC A6 (`hedgingPolicy`), and grpc-java, `RetriableStream` (2026-08), which differs after a failure. The throttle
//! (`retryThrottling`) is a budget from outside.

use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Code, Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::budget::{Budget as _, Grpc as Throttling};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Sends copy i at (i - 1) times `hedging_delay`, and the next one at once after a failure that is not fatal. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// How many copies there may be, the first included, 2 to 5.
    pub max_attempts: u32,
    /// The time between copies; 0, which it is unless said, sends all at once.
    #[serde(default)]
    pub hedging_delay: SimDuration,
    /// After these further copies are worth it; any other ends the call. None unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_fatal_status_codes: Vec<Code>,
    /// What limits the copies of all calls together; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_throttling: Option<Throttling>,
    /// What happens after a failure that is not fatal; as in A6 unless said.
    #[serde(default)]
    pub flavour: Flavour,
}

/// Which text, or program, is followed where they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flavour {
    /// Proposal A6: the next copy goes out at once; a pushback delays it.
    #[default]
    A6,
    /// grpc-java: the timer runs on; a pushback sends the next copy at once; a throttled failure ends the call.
    Java,
}

impl Registered for Grpc {
    const NAME: &'static str = "Grpc";
    const SUMMARY: &'static str = "sends copies at fixed distances, and the next one at once after a failure that is not fatal";
}

impl Explained for Grpc {
    const ABOUT: About = About {
        meaning: "Several copies, a fixed time apart, until one succeeds or fails fatally. A callee can ask for less by a pushback, and a throttle of the \
                  client stops all copies but the first when too many fail.",
        formula: "Copy i at start + (i - 1) * hedging_delay, up to max_attempts; first success, or failure with a code not listed, ends the call. \
                  A6: each copy but the first if the throttle allows it when it is due, else it is asked again a delay later; after a listed \
                  failure the next at once, then at distances of hedging_delay; pushback n: the next in n; negative: none any more; throttled: \
                  nothing is sent. Java: the throttle is asked when the timer is set, and a no is final; after a listed failure the timer runs on; \
                  any pushback >= 0: the next at once; negative: none any more; throttled: the call ends. Without anything under way or to \
                  come the call ends. No draws.",
        parameters: &[
            parameter("max_attempts", "number, 2 to 5", "required", "how many copies there may be, the first included"),
            parameter("hedging_delay", "duration", "0s: all at once", "the time between copies"),
            parameter("non_fatal_status_codes", "list of gRPC codes", "none", "failures after which further copies are worth it"),
            parameter("retry_throttling", "(max_tokens, token_ratio, per)", "none", "what limits the copies of all calls together"),
            parameter("flavour", "A6, Java", "A6", "which is followed where they differ"),
        ],
        memory: "None beyond the call's own 32 bytes.",
        source: "gRPC proposal A6; grpc-java, RetriableStream.java (2026-08)",
        example: "Hedge(Grpc(max_attempts: 3, hedging_delay: \"150ms\"))",
    };
}

impl Grpc {
    /// Whether a failure is one after which further copies are worth it.
    pub fn is_worth_more(&self, outcome: Outcome) -> bool {
        !self.is_fatal(outcome)
    }

    const fn has_more(&self, call: &HedgedCall) -> bool {
        call.sent < self.max_attempts && !call.is_frozen
    }

    /// Sends the next copy, and sets the timer for the one after it.
    fn send_next(&self, call: &mut HedgedCall, now: SimTime) -> Orders {
        let mut orders = call.send(1);
        call.next = self.has_more(call).then(|| now.saturating_add(self.hedging_delay));
        orders.wake = call.next;
        orders
    }

    /// Sends the next copy; the throttle says whether there will be another one after it.
    fn send_as_java(&self, call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        call.sent += 1;
        call.is_frozen = self.has_more(call) && !allowed();
        call.next = self.has_more(call).then(|| now.saturating_add(self.hedging_delay));
        Orders { copies: 1, wake: call.next, end: None }
    }

    /// The call goes on, if there is anything that can end it.
    fn go_on(&self, call: &HedgedCall, failed: &FailedCopy) -> Orders {
        if failed.in_flight == 0 && call.next.is_none() {
            return Orders::end(failed.outcome);
        }
        Orders { copies: 0, wake: call.next, end: None }
    }

    fn is_fatal(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Success => false,
            Outcome::Failed(failure) => !self.non_fatal_status_codes.contains(&failure.code()),
        }
    }

    fn failed_as_in_a6(&self, call: &mut HedgedCall, failed: &FailedCopy, allowed: Allowed<'_>, now: SimTime) -> Orders {
        match failed.hint {
            Some(Hint::Never) => {
                call.is_frozen = true;
                call.next = None;
            }
            _ if !self.has_more(call) => call.next = None,
            _ if !allowed() => {
                if failed.in_flight == 0 {
                    return Orders::end(failed.outcome);
                }
            }
            Some(Hint::After(wait)) => call.next = Some(now.saturating_add(wait)),
            None => return self.send_next(call, now),
        }
        self.go_on(call, failed)
    }

    fn failed_as_in_java(&self, call: &mut HedgedCall, failed: &FailedCopy, allowed: Allowed<'_>, now: SimTime) -> Orders {
        if !allowed() {
            return Orders::end(failed.outcome);
        }
        match failed.hint {
            Some(Hint::Never) => {
                call.is_frozen = true;
                call.next = None;
            }
            Some(Hint::After(_)) if call.next.is_some() => return self.send_as_java(call, allowed, now),
            Some(Hint::After(_)) | None => {}
        }
        self.go_on(call, failed)
    }
}

impl Hedging for Grpc {
    type Shared = ();

    fn scope(&self) -> Option<Scope> {
        self.retry_throttling.as_ref().map(|throttling| throttling.scope())
    }

    fn fresh(&self, _now: SimTime) {}

    fn started(&self, _shared: &mut (), allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        let mut call = HedgedCall::starting(now);
        if self.hedging_delay.is_zero() {
            let copies = (1..self.max_attempts).take_while(|_| allowed()).count() as u32;
            let orders = call.send(copies);
            return (call, orders);
        }
        // grpc-java asks the throttle when it sets the timer, not when it is due.
        call.is_frozen = self.flavour == Flavour::Java && !allowed();
        call.next = self.has_more(&call).then(|| now.saturating_add(self.hedging_delay));
        let orders = call.send(0);
        (call, orders)
    }

    fn due(&self, _shared: &mut (), call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        call.next = None;
        if !self.has_more(call) {
            return call.send(0);
        }
        if self.flavour == Flavour::Java {
            return self.send_as_java(call, allowed, now);
        }
        if allowed() {
            return self.send_next(call, now);
        }
        // The throttle may open again while copies are under way.
        call.next = Some(now.saturating_add(self.hedging_delay.max(SimDuration::NANOSECOND)));
        call.send(0)
    }

    fn failed(&self, _shared: &mut (), call: &mut HedgedCall, failed: &FailedCopy, allowed: Allowed<'_>, now: SimTime) -> Orders {
        if self.is_fatal(failed.outcome) {
            return Orders::end(failed.outcome);
        }
        if failed.copy == 0 {
            call.primary = Some(failed.outcome);
        }
        match self.flavour {
            Flavour::A6 => self.failed_as_in_a6(call, failed, allowed, now),
            Flavour::Java => self.failed_as_in_java(call, failed, allowed, now),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(2..=5).contains(&self.max_attempts) {
            complaints.push(complaint("max_attempts", format!("gRPC takes 2 to 5 attempts, not {}", self.max_attempts)));
        }
        complaints
    }
}
