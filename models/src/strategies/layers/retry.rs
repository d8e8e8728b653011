//! Retry: try again after a failure, after a wait, so often at most, and only if the budget allows it.
//!
//! Retries are counted from 1; attempt 1 is the first try. The order of questions is: is this failure retried at all, are attempts
//! left, would the retry still begin within `total`, does the budget allow it, how long is the wait. Products whose order
//! differs have a layer of their own.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::backoff::{AnyBackoff, Asks, BackoffMemory, Wait};
use crate::strategies::budget::{AnyBudget, BudgetMemory, Ended, Paid};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy, Vocabulary};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::{SimDuration, SimTime};
use std::fmt;

/// Tries again after failures. The budget, where there is one, is asked before the wait is drawn.
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
    /// The failures that are retried. Unless said all but `Deadline` (that is the whole call's, and trying again cannot mend it) and
    /// `ClientError` (the request itself is wrong).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Failure>>,
    /// A retry whose wait would end later than this after the first attempt was started is not made; equal is in time. No limit
    /// unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<SimDuration>,
    /// Whether the callee's word about when to come again (`Retry-After`) goes before the backoff: the wait is at least as long as
    /// it says, and the call fails at once if that is behind its deadline. Not unless said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub obey_retry_after: bool,
}

impl Retry {
    /// So many attempts, with this wait before each retry, and nothing else.
    pub const fn new(attempts: Attempts, backoff: AnyBackoff) -> Self {
        Self { attempts, backoff, budget: None, on: None, total: None, obey_retry_after: false }
    }

    /// Finds the backoff, if it is one from outside.
    pub(in crate::strategies) fn look_up(&mut self, vocabulary: &Vocabulary) {
        if let AnyBackoff::External(backoff) = &mut self.backoff {
            backoff.look_up(vocabulary);
        }
    }

    /// Whether it retries without a limit and without a wait.
    pub fn never_rests(&self) -> bool {
        let waits = match &self.backoff {
            AnyBackoff::Immediate(_) => false,
            AnyBackoff::Constant(constant) => !constant.delay.is_zero(),
            _ => true,
        };
        self.attempts == Attempts::Unlimited && !waits
    }

    /// Whether a failure of this kind is retried at all.
    fn retries(&self, failure: Failure) -> bool {
        match &self.on {
            Some(on) => on.contains(&failure),
            None => !matches!(failure, Failure::Deadline | Failure::ClientError),
        }
    }

    /// The wait before the next retry, if there is one.
    fn wait(
        &self,
        flight: &mut Retrying,
        shared: &mut Option<BudgetMemory>,
        failure: Failure,
        end: End,
        moment: &mut Moment<'_>,
    ) -> Option<SimDuration> {
        let attempts_used_up = match self.attempts {
            Attempts::AtMost(attempts) => flight.retries + 1 >= attempts,
            Attempts::Unlimited => false,
        };
        if !self.retries(failure) || attempts_used_up {
            return None;
        }
        let elapsed = moment.now.saturating_since(flight.since);
        let draw = moment.draw_of_wait();
        let asks = Asks { retry: flight.retries + 1, elapsed, failure, hint: end.hint, draw };
        if let (Some(budget), Some(memory)) = (&self.budget, shared)
            && !budget.allows(memory, &mut flight.paid, &asks, moment.now)
        {
            return None;
        }
        let backoff = flight.backoff.get_or_insert_with(|| self.backoff.fresh());
        let mut wait = match self.backoff.wait(backoff, &asks) {
            Wait::For(wait) => wait,
            Wait::Stop => return None,
            Wait::StopAfter(wait) => {
                flight.ends_with = Some(failure);
                return Some(wait.max(SimDuration::NANOSECOND));
            }
        };
        if self.obey_retry_after {
            match end.hint {
                Some(Hint::Never) => return None,
                Some(Hint::After(hint)) if moment.now.saturating_add(hint) > moment.deadline => return None,
                Some(Hint::After(hint)) => wait = wait.max(hint),
                None => {}
            }
        }
        if self.total.is_some_and(|total| elapsed.saturating_add(wait) > total) {
            return None;
        }
        flight.retries += 1;
        // At least a nanosecond: a failure known at once and a retry made at once would never let time pass.
        Some(wait.max(SimDuration::NANOSECOND))
    }
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
    since: SimTime,
    retries: u32,
    paid: Paid,
    backoff: Option<BackoffMemory>,
    /// What the call ends with when the present wait is over, if it is waited for nothing.
    ends_with: Option<Failure>,
}

impl Registered for Retry {
    const NAME: &'static str = "Retry";
    const SUMMARY: &'static str = "tries again after a failure, after a backoff, within a number of attempts and a budget";
}

impl Explained for Retry {
    const ABOUT: About = About {
        meaning: "Tries again after a failure. The plain retry layer: any backoff goes with any budget. Products whose order of \
                  questions differs have layers of their own: GrpcRetry, EnvoyRetry, AwsRetry.",
        formula: "After a failure, in this order: is it one of on? is an attempt left? does the budget allow it? how long is the wait, \
                  and would it end within total? Any no ends the flight with that failure. The wait is at least a nanosecond. One draw \
                  per wait.",
        parameters: &[
            parameter("attempts", "number, at least 1, or \"unlimited\"", "required", "attempts, the first included"),
            parameter("backoff", "a backoff", "required", "how long to wait before each retry (stormglass list backoffs)"),
            parameter("budget", "a budget", "none", "what limits the retries of all calls together (stormglass list budgets)"),
            parameter("on", "list of failures", "all but Deadline and ClientError", "the failures that are retried"),
            parameter(
                "total",
                "duration",
                "none",
                "a retry whose wait would end later than this after the first attempt began is not made; equal is in time",
            ),
            parameter(
                "obey_retry_after",
                "true, false",
                "false",
                "whether a hint of the callee (retry_after) is the least wait; one that lies behind the deadline ends the call",
            ),
        ],
        memory: "Per call under way the number of retries and what the backoff remembers; per scope of the budget what that remembers.",
        source: "own definition.",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: TokenBucket(capacity: 100, deposit: \"10%\", per: Process))",
    };
}

impl Strategy for Retry {
    type Flight = Retrying;
    type Shared = Option<BudgetMemory>;

    fn scope(&self) -> Option<Scope> {
        self.budget.as_ref().map(AnyBudget::scope)
    }

    fn flight(&self) -> Retrying {
        Retrying::default()
    }

    fn fresh(&self, site: &Site<'_>) -> Self::Shared {
        self.budget.as_ref().map(|budget| budget.fresh(site.now))
    }

    fn start(&self, flight: &mut Retrying, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        flight.since = moment.now;
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.call_started(memory, moment.now);
            budget.attempt_started(memory, &mut flight.paid, moment.now);
        }
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut Retrying, shared: &mut Self::Shared, end: End, moment: &mut Moment<'_>) -> Step {
        let failure = match end.outcome {
            Outcome::Failed(failure) => Some(failure),
            Outcome::Success => None,
        };
        if let (Some(budget), Some(memory)) = (&self.budget, shared.as_mut()) {
            let is_retryable = failure.is_some_and(|failure| self.retries(failure));
            budget.attempt_ended(memory, &mut flight.paid, &Ended { outcome: end.outcome, hint: end.hint, is_retryable }, moment.now);
        }
        if let Some(wait) = failure.and_then(|failure| self.wait(flight, shared, failure, end, moment)) {
            return Step::Wait(moment.now.saturating_add(wait));
        }
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.call_ended(memory, &mut flight.paid, Some(end.outcome), moment.now);
        }
        Step::End(end.outcome)
    }

    fn timer(&self, flight: &mut Retrying, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        let Some(failure) = flight.ends_with else {
            if let (Some(budget), Some(memory)) = (&self.budget, shared) {
                budget.attempt_started(memory, &mut flight.paid, moment.now);
            }
            return Step::Inner { wake: None };
        };
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.call_ended(memory, &mut flight.paid, Some(Outcome::Failed(failure)), moment.now);
        }
        Step::End(Outcome::Failed(failure))
    }

    fn given_up(&self, flight: &mut Retrying, shared: &mut Self::Shared, moment: &mut Moment<'_>) {
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            budget.call_ended(memory, &mut flight.paid, None, moment.now);
        }
    }

    fn gauges(&self, shared: &mut Self::Shared, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        if let (Some(budget), Some(memory)) = (&self.budget, shared) {
            show("retries left", budget.left(memory, site.now));
        }
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
