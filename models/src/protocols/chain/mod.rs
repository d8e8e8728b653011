//! Chain replication: writes go in at the head and come out at the tail, and reads ask the tail.
//!
//! Source: R. van Renesse, F. Schneider, "Chain Replication for Supporting High Throughput and Availability", OSDI 2004. Every write
//! passes from server to server; when it has reached the tail all of them have it, and the tail alone answers reads, so that these see
//! nothing that could be lost. A master, which is the last member and does not fail in the paper, takes out whoever is silent and tells all
//! others, each of whom then passes on what the new successor may lack; who comes back is put at the end when it has everything. The paper
//! assumes that whoever is silent is dead. Here it may be slow: so a server serves only while it has heard the master lately, and the master
//! waits until that is over (a lease, by each one's own clock). The tail answers whoever wrote, and word that it has the
//! write goes back from server to server, so that they forget it. What a server has is on its disk before it passes it on (the disk is not
//! simulated); who waits for an answer is not, and whoever has asked a head that dies hears nothing. Left out: reads by other servers (CRAQ),
//! and requests with numbers of their own: a write that is tried again is another one.

mod master;
mod message;
mod protocol;
mod server;
mod watch;

pub use protocol::ChainProtocol;

use super::Speaks;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// A chain of servers and its master, as a scenario writes them. The master is the last member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// How many servers there are.
    pub servers: u32,
    /// How often the master and the servers tell each other that they live.
    pub heartbeat: SimDuration,
    /// How long a server may be silent before the master takes it out; for half of that it serves after it has last heard the master.
    pub patience: SimDuration,
    /// How many keys there are; a call reads or writes one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// Rules of safety that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<ChainRule>,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// A rule on which the order of reads and writes rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainRule {
    /// A write is acknowledged when the tail has it; without, when the head has.
    TailAcknowledges,
    /// The tail alone answers reads; without, every server does.
    TailReads,
    /// A server that has not heard the master lately serves nobody.
    Lease,
    /// Who gets another successor passes on to it whatever the tail has not confirmed.
    Resend,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            servers: 3,
            heartbeat: SimDuration::from_millis(100),
            patience: SimDuration::from_secs(1),
            keys: 100,
            reads: Share::percent(50),
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for Chain {
    const NAME: &'static str = "Chain";
    const SUMMARY: &'static str = "chain replication: writes pass from the head to the tail, reads ask the tail, a master mends the chain";
}

impl Speaks for Chain {
    type Protocol = ChainProtocol;

    fn protocol(&self) -> ChainProtocol {
        ChainProtocol { spec: self.clone() }
    }

    fn members(&self) -> u32 {
        self.servers.saturating_add(1)
    }

    super::placed!();
    super::authenticated!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=MOST).contains(&self.servers) {
            complaints.push(complaint("servers", format!("a chain has 1 to {MOST} servers, not {}", self.servers)));
        }
        if !(1..=1_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("a store has 1 to 1000 keys, not {}", self.keys)));
        }
        if self.heartbeat.is_zero() || self.patience.as_nanos() / 2 <= self.heartbeat.as_nanos() {
            let sentence = format!("who speaks every {} is not silent so soon; write more than twice as much", self.heartbeat);
            complaints.push(complaint("patience", sentence));
        }
        complaints
    }
}

/// Own choice, far above what anybody does.
const MOST: u32 = 50;
