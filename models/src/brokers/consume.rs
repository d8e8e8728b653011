//! How does a service fetch messages and work on them?
//!
//! Source: the consumers of Amazon SQS (long polling, batches, deletion after the work); own definition of pollers, each of which holds
//! one batch at a time: it asks for more when all that it got is settled.

use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Fetches messages from a broker; every replica has its own pollers. A message is work as a request would be: it takes its turn in
/// the queue of the replica, a worker, and the whole program of the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consume {
    /// The broker.
    pub from: String,
    /// How many messages it fetches at once at most, 1 to 1,000.
    #[serde(default = "one")]
    pub batch: u32,
    /// How many batches each replica holds at the same time at most, 1 to 1,000.
    #[serde(default = "one")]
    pub pollers: u32,
    /// How long the broker holds a poll back for which there is nothing (long polling), up to 1 h; 20 s unless said. With `"0s"` it says
    /// at once that there is nothing.
    #[serde(default = "twenty_seconds")]
    pub wait: SimDuration,
    /// How long a poller rests after a poll that failed, or that brought nothing without having waited; 1 s unless said.
    #[serde(default = "a_second")]
    pub rest: SimDuration,
    /// How long a poller waits for the answer to a deletion, and to a poll beyond `wait`; 5 s unless said.
    #[serde(default = "five_seconds")]
    pub timeout: SimDuration,
    /// Whether a batch is one piece of work, which fails as a whole; each message is one of its own unless said.
    #[serde(default, skip_serializing_if = "is_no")]
    pub together: bool,
    /// What becomes of a message whose work failed.
    #[serde(default)]
    pub after_failure: AfterFailure,
    /// The share of messages on which this consumer fails whenever it works on them, at the end of the work.
    #[serde(default, skip_serializing_if = "is_none")]
    pub poison: Share,
}

/// What becomes of a message whose work failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterFailure {
    /// The consumer says nothing: the message comes back when its visibility timeout lapses.
    #[default]
    Lapse,
    /// The consumer gives it back, and it can be handed out again at once.
    Return,
}

const fn one() -> u32 {
    1
}

const fn twenty_seconds() -> SimDuration {
    SimDuration::from_secs(20)
}

const fn a_second() -> SimDuration {
    SimDuration::from_secs(1)
}

const fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_no(answer: &bool) -> bool {
    !*answer
}

fn is_none(share: &Share) -> bool {
    *share == Share::NONE
}

impl Consume {
    /// Fetching from this broker, as it is unless something else is said.
    pub fn new(from: &str) -> Self {
        Self {
            from: from.to_owned(),
            batch: one(),
            pollers: one(),
            wait: twenty_seconds(),
            rest: a_second(),
            timeout: five_seconds(),
            together: false,
            after_failure: AfterFailure::Lapse,
            poison: Share::NONE,
        }
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (field, count) in [("batch", self.batch), ("pollers", self.pollers)] {
            if !(1..=1_000).contains(&count) {
                complaints.push(complaint(field, format!("{field} lies between 1 and 1000, and is {count}")));
            }
        }
        if self.wait > SimDuration::from_secs(3_600) {
            complaints.push(complaint("wait", format!("a poll is held back for 1 h at most, not {}", self.wait)));
        }
        for (field, length) in [("rest", self.rest), ("timeout", self.timeout)] {
            if length < SimDuration::from_millis(1) {
                complaints.push(complaint(field, format!("a poller needs a {field} of at least 1 ms")));
            }
        }
        complaints
    }
}
