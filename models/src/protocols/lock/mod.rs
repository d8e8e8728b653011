//! Distributed lock: who has the lock may change a resource; the lock ends by itself after a time.
//!
//! Source: S. Sanfilippo, "Distributed locks with Redis" (the page that describes Redlock: a majority of `n` independent servers,
//! each of which lends for `ttl` by its own clock, a random wait after a denial, a restart that is put off for `ttl`), and
//! M. Kleppmann, "How to do distributed locking", 2016 (a holder that stands still writes after its time is over; a resource that
//! refuses tokens lower than one it has seen does not let it). Tokens of several servers need one more round, in which a majority
//! hears which token was formed, so that every later holder forms a higher one; that round is our own, after H. Attiya, A. Bar-Noy,
//! D. Dolev, "Sharing Memory Robustly in Message-Passing Systems", JACM 1995. The counters of servers and the resource survive
//! crashes. In the history of a run a call adds 1 to the resource, which is object 0, and is answered what was written then; holders acquire and
//! release the lock, which is object 1, and which they hold until it ends by their own clocks, if they have not let go before.
//! Left out: renewal of the lock while a holder works, and several locks.

mod holder;
mod message;
mod protocol;
mod server;
mod watch;

pub use protocol::LockProtocol;

use super::Speaks;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Size;

/// A lock service, those who want its lock, and the resource that it protects, as a scenario writes them. First come the servers,
/// then the holders, and the resource is the last member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistributedLock {
    /// How many servers lend the lock, 1 unless said; of several, a majority has to.
    #[serde(default = "one")]
    pub servers: u32,
    /// How many want it.
    pub holders: u32,
    /// How long a server lends it.
    pub ttl: SimDuration,
    /// How long a holder works with what it has read before it writes.
    pub work: SimDuration,
    /// How long after its last look at the clock a holder's write leaves it; no time unless said.
    #[serde(default)]
    pub prepares: SimDuration,
    /// How long a holder waits for an answer; after a denial it waits up to as long, drawn evenly. 500 ms unless said.
    #[serde(default = "half_a_second")]
    pub patience: SimDuration,
    /// How many callers a holder keeps waiting, 100 unless said; the next is refused.
    #[serde(default = "hundred")]
    pub queue: u32,
    /// Rules of safety that are broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<LockRule>,
    /// Where the members stand.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// A rule that keeps two holders from writing at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockRule {
    /// The resource refuses a token that is lower than one it has seen.
    Fencing,
    /// A holder looks at its clock before it writes, and begins again if its time is over.
    ExpiryCheck,
    /// A server that comes back from a crash lends nothing for the length of a lock, since it has forgotten to whom it lent.
    DelayedRestart,
}

/// The resource, as an object of a history.
const RESOURCE: u64 = 0;

/// The lock, as an object of a history.
const LOCK: u64 = 1;

const fn one() -> u32 {
    1
}

const fn hundred() -> u32 {
    100
}

const fn half_a_second() -> SimDuration {
    SimDuration::from_millis(500)
}

impl Registered for DistributedLock {
    const NAME: &'static str = "DistributedLock";
    const SUMMARY: &'static str = "a lock that ends by itself, lent by a server or a majority of them, and a resource that checks tokens";
}

impl Speaks for DistributedLock {
    type Protocol = LockProtocol;

    fn protocol(&self) -> LockProtocol {
        LockProtocol::new(self)
    }

    fn members(&self) -> u32 {
        self.servers.saturating_add(self.holders).saturating_add(1)
    }

    super::placed!();
    super::authenticated!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.servers == 0 {
            complaints.push(complaint("servers", "nobody lends the lock; write `servers: 1`"));
        }
        if self.holders == 0 {
            complaints.push(complaint("holders", "nobody wants the lock; write `holders: 2`"));
        }
        if self.ttl.is_zero() {
            complaints.push(complaint("ttl", "a lock of no time is never held; write how long it is lent, such as \"10s\""));
        }
        if !self.ttl.is_zero() && self.work.saturating_add(self.prepares) >= self.ttl {
            complaints.push(complaint("work", format!("a lock of {} is over before the work is done; write a longer `ttl`", self.ttl)));
        }
        if self.patience.is_zero() {
            complaints.push(complaint("patience", "an answer takes time; write how long to wait, such as \"500ms\""));
        }
        if self.queue == 0 {
            complaints.push(complaint("queue", "a holder that keeps no caller waiting serves nobody; write at least 1"));
        }
        complaints
    }
}
