//! What is a queue, as a scenario writes it?
//!
//! Source: Amazon SQS, developer guide: a message that was handed out is hidden for the visibility timeout and comes back unless it is
//! deleted; every delivery counts; a message that was received too often goes to the dead-letter queue. Left out: the loose order of
//! its standard queues (here the one that was stored first comes first) and delays of single messages.

use super::keeping::{broker, is_no_work, no_work, thirty_seconds};
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

broker! {
    /// A queue of messages: one node, which answers a producer once the message is stored, and hands messages to whoever fetches them.
    pub struct Broker {
        ..
        /// How long a worker is busy with any request, before it stores, hands out or deletes; no time unless said.
        #[serde(default = "no_work", skip_serializing_if = "is_no_work")]
        pub serve: Distribution = no_work(),
        /// How many messages it keeps at most, waiting or in flight; a further one is refused with `overload`. Without a limit unless said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32> = None,
        /// Which messages may be handed out while others are in flight.
        #[serde(default)]
        pub order: Order = Order::Standard,
        /// How long a message that was handed out is hidden from others, 1 ms to 12 h; 30 s unless said.
        #[serde(default = "thirty_seconds")]
        pub visibility: SimDuration = thirty_seconds(),
        /// How often a message is handed out before it is given up; for ever unless said, and 10 times where `dead_letters` is written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub max_receives: Option<u32> = None,
        ..
        /// How long the broker knows a message that it stored, so that a copy of it is acknowledged and not stored again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub deduplication: Option<SimDuration> = None,
    }
}

/// Which messages may be handed out while others are in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Any; those that were stored first come first.
    #[default]
    Standard,
    /// One at a time, in the order of storing: a message in flight blocks all later ones.
    Fifo,
    /// A message in flight blocks the later ones about the same object.
    PerKey,
}

/// The longest visibility timeout there is (12 h).
const LONGEST_VISIBILITY: SimDuration = SimDuration::from_secs(43_200);

impl Broker {
    /// A queue in this domain that is as it is unless something else is said.
    pub fn new(domain: &str) -> Self {
        Self::usual(domain)
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.visibility < SimDuration::from_millis(1) || self.visibility > LONGEST_VISIBILITY {
            complaints.push(complaint("visibility", format!("a message is hidden for 1 ms to 12 h, not {}", self.visibility)));
        }
        if self.limit == Some(0) {
            complaints.push(complaint("limit", "a broker that keeps nothing refuses everything; write a limit of at least 1"));
        }
        if self.max_receives == Some(0) {
            complaints.push(complaint("max_receives", "a message is handed out at least once; write at least 1"));
        }
        if self.deduplication.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("deduplication", "a deduplication needs a length; leave it out for none"));
        }
        complaints
    }

    /// How often a message is handed out at most, if there is a limit.
    pub fn most_receives(&self) -> Option<u32> {
        self.max_receives.or_else(|| self.dead_letters.as_ref().map(|_| 10))
    }
}
