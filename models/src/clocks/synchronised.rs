//! Synchronised: a wall clock that is set by asking a time server over the network.
//!
//! The exchange is that of NTP (D. Mills, RFC 5905, section 8): the node notes its time t1, a reference clock answers with
//! the times t2 and t3 at which it received and sent, the node notes t4 and moves its wall clock by
//! ((t2 - t1) + (t3 - t4)) / 2. The error after that is half the difference of the two travel times, whatever the clock
//! showed before. Left out: the filters and the slewing of real daemons; `protocols::time_server` has clients that choose
//! among several servers.

use super::{ClockKind, Parts, Polling};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// The node asks a perfect clock in `server`, a domain, every `every`, over the links there are: a request or an answer
/// may be late, lost or cut off, and then the clock runs on as it is. The first exchange begins with the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synchronised {
    /// The domain of the time server.
    pub server: String,
    /// How often it is asked, by the node's monotonic clock.
    pub every: SimDuration,
}

impl Registered for Synchronised {
    const NAME: &'static str = "Synchronised";
    const SUMMARY: &'static str = "the wall clock is set by NTP exchanges with a time server, over the links there are";
}

impl ClockKind for Synchronised {
    fn add_to(&self, parts: &mut Parts) {
        parts.polling = Some(Polling { server: self.server.clone(), every: self.every });
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.every < SimDuration::from_millis(1) {
            complaints
                .push(complaint("every", format!("a server that is asked every {} does nothing else; ask at most every 1ms", self.every)));
        }
        if self.server.is_empty() || self.server.split('/').any(str::is_empty) {
            complaints.push(complaint(
                "server",
                format!("{:?} is no domain; write where the time server stands, such as \"zone-a\"", self.server),
            ));
        }
        complaints
    }
}
