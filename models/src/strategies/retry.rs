//! Retry: try again after a failure, after a wait, so often at most, and only if the budget allows it.
//!
//! A1-A7 of the strategies implemented here count retries from 1; attempt 1 is the first try.

use super::backoff::{AnyBackoff, Asks, BackoffMemory, Wait};
use super::budget::{AnyBudget, BudgetMemory, Ended, Paid};
use super::{Moment, Step, Strategy};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::{SimDuration, SimTime};
use std::fmt;

/// Tries again after every kind of failure but a deadline: that is the whole call's, and trying again cannot mend it. The budget, where there is one, is asked before the wait is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How many attempts at most, the first included, or `"unlimited"`.
    pub attempts: Attempts,
    /// How long to wait before each retry.
    pub backoff: AnyBackoff,
    /// What limits the retries of all calls together; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<AnyBudget>,
}

/// A number of attempts, the first included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// At most so many.
    AtMost(u32),
    /// As many as it takes.
    Unlimited,
}

/// What a retry remembers of one call.
#[derive(Clone, Debug, Default)]
pub struct Retrying {
    retries: u32,
    paid: Paid,
    backoff: Option<BackoffMemory>,
}

impl Registered for Retry {
    const NAME: &'static str = "Retry";
    const SUMMARY: &'static str = "tries again after a failure, after a backoff, within a number of attempts and a budget";
}

impl Strategy for Retry {
    type Flight = Retrying;
    type Shared = Option<BudgetMemory>;

    fn fresh(&self) -> Self::Shared {
        self.budget.as_ref().map(|budget| budget.fresh(SimTime::ZERO))
    }

    fn start(&self, _flight: &mut Retrying, shared: &mut Self::Shared, moment: &Moment<'_>) -> Step {
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.call_started(memory, moment.now);
        }
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut Retrying, shared: &mut Self::Shared, outcome: Outcome, moment: &Moment<'_>) -> Step {
        let attempts_used_up = match self.attempts {
            Attempts::AtMost(attempts) => flight.retries + 1 >= attempts,
            Attempts::Unlimited => false,
        };
        let is_too_late = outcome == Outcome::Failed(Failure::Deadline);
        if outcome.is_success() || is_too_late || attempts_used_up {
            return Step::End(outcome);
        }
        let Outcome::Failed(failure) = outcome else { return Step::End(outcome) };
        let draw = moment.next_attempt().wait();
        let asks = Asks { retry: flight.retries + 1, elapsed: moment.now.saturating_since(moment.call_started), failure, hint: None, draw };
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.attempt_ended(memory, &mut flight.paid, &Ended { outcome, hint: None, is_retryable: true }, moment.now);
            if !budget.allows(memory, &mut flight.paid, &asks, moment.now) {
                return Step::End(outcome);
            }
        }
        flight.retries += 1;
        let memory = flight.backoff.get_or_insert_with(|| self.backoff.fresh());
        match self.backoff.wait(memory, &asks) {
            // At least a nanosecond: a failure known at once and a retry made at once would never let time pass.
            Wait::For(length) => Step::Wait(moment.now.saturating_add(length.max(SimDuration::NANOSECOND))),
            Wait::Stop | Wait::StopAfter(_) => Step::End(outcome),
        }
    }

    fn timer(&self, _flight: &mut Retrying, _shared: &mut Self::Shared, _moment: &Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.attempts == Attempts::AtMost(0) {
            complaints.push(complaint("attempts", "0 attempts never call anything; 1 is a call without retries"));
        }
        complaints.extend(within("backoff", self.backoff.check()));
        complaints.extend(self.budget.iter().flat_map(|budget| within("budget", budget.check())));
        complaints
    }
}

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(attempts) => serializer.serialize_u32(*attempts),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Attempts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of attempts such as 4, or \"unlimited\"")
            }
            fn visit_u64<E: de::Error>(self, attempts: u64) -> Result<Attempts, E> {
                u32::try_from(attempts).map(Attempts::AtMost).map_err(|_| E::custom("that many attempts are \"unlimited\""))
            }
            fn visit_i64<E: de::Error>(self, attempts: i64) -> Result<Attempts, E> {
                u64::try_from(attempts).map_err(|_| E::custom("a number of attempts is not negative")).and_then(|n| self.visit_u64(n))
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Attempts, E> {
                match word {
                    "unlimited" => Ok(Attempts::Unlimited),
                    _ => Err(E::custom(format!("attempts are a whole number such as 4, or \"unlimited\", not {word:?}"))),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
