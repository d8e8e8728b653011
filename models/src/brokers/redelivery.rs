//! When is a message pushed again that its target did not take?
//!
//! Source of `Lambda`: AWS Lambda, developer guide, "How Lambda handles errors and retries with asynchronous invocation": two retries
//! after errors of the function, one and two minutes later; throttles and errors of the system are retried from 1 s on, doubling up to
//! 5 min, for up to 6 h.

use crate::outcome::Failure;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// When a message is pushed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redelivery {
    /// As AWS Lambda does with asynchronous invocations.
    Lambda(Lambda),
    /// After the same time, always or so often.
    Every(Every),
}

/// Twice after errors of the target, one and two minutes later; throttles and silence from 1 s on, doubling up to 5 min.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lambda {
    /// How old a message may be that is pushed again; 6 h unless said.
    pub max_age: SimDuration,
}

/// After the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Every {
    /// The time between two pushes, at least 1 ms; 1 s unless said.
    pub wait: SimDuration,
    /// How often it is pushed in all; for ever unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

impl Default for Redelivery {
    fn default() -> Self {
        Self::Every(Every::default())
    }
}

impl Default for Lambda {
    fn default() -> Self {
        Self { max_age: SimDuration::from_secs(6 * 3_600) }
    }
}

impl Default for Every {
    fn default() -> Self {
        Self { wait: SimDuration::from_secs(1), attempts: None }
    }
}

/// Pushes of one message that failed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Those of which the target said that it had tried.
    pub errors: u32,
    /// The others: refused, throttled, or without an answer.
    pub others: u32,
}

impl Failures {
    /// One more.
    #[must_use]
    pub const fn and(self, failure: Failure) -> Self {
        if is_error(failure) { Self { errors: self.errors + 1, ..self } } else { Self { others: self.others + 1, ..self } }
    }
}

/// Whether the target had the message and failed on it.
const fn is_error(failure: Failure) -> bool {
    matches!(failure, Failure::ServerError | Failure::Dependency | Failure::ClientError | Failure::Conflict)
}

impl Redelivery {
    /// How long to wait before a message of this age is pushed again after this failure, the last of `failures`; not at all if nothing
    /// is said.
    pub fn wait(&self, failure: Failure, failures: Failures, age: SimDuration) -> Option<SimDuration> {
        match self {
            Self::Every(every) => {
                let made = failures.errors + failures.others;
                every.attempts.is_none_or(|most| made < most).then_some(every.wait)
            }
            Self::Lambda(lambda) => {
                let wait = if is_error(failure) {
                    match failures.errors {
                        1 => SimDuration::from_secs(60),
                        2 => SimDuration::from_secs(120),
                        _ => return None,
                    }
                } else {
                    SimDuration::from_secs(1).doubled(failures.others.saturating_sub(1)).min(SimDuration::from_secs(300))
                };
                (age.saturating_add(wait) <= lambda.max_age).then_some(wait)
            }
        }
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        match self {
            Self::Every(every) if every.wait < SimDuration::from_millis(1) => {
                vec![complaint("wait", "a push that failed at once would be made again at once for ever; write a wait of at least 1 ms")]
            }
            Self::Every(every) if every.attempts == Some(0) => vec![complaint("attempts", "a message is pushed at least once")],
            Self::Every(_) | Self::Lambda(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(rule: &Redelivery, failure: Failure) -> Vec<u64> {
        let (mut failures, mut age, mut all) = (Failures::default(), SimDuration::ZERO, Vec::new());
        loop {
            failures = failures.and(failure);
            let Some(wait) = rule.wait(failure, failures, age) else { return all };
            age = age.saturating_add(wait);
            all.push(wait.as_nanos() / 1_000_000_000);
        }
    }

    #[test]
    fn errors_of_a_function_are_retried_after_one_and_after_two_minutes() {
        assert_eq!(waits(&Redelivery::Lambda(Lambda::default()), Failure::ServerError), [60, 120]);
    }

    #[test]
    fn throttles_are_retried_from_a_second_on_doubling_to_five_minutes_for_six_hours() {
        let all = waits(&Redelivery::Lambda(Lambda::default()), Failure::Throttled);
        assert_eq!(all[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert!(all[9..].iter().all(|&wait| wait == 300));
        let sum: u64 = all.iter().sum();
        assert!(sum <= 6 * 3_600 && sum + 300 > 6 * 3_600, "{sum}");
    }

    #[test]
    fn a_number_of_attempts_counts_the_first() {
        let rule = Redelivery::Every(Every { wait: SimDuration::from_secs(5), attempts: Some(3) });
        assert_eq!(waits(&rule, Failure::Timeout), [5, 5]);
    }
}
