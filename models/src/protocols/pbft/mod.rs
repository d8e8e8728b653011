//! PBFT: replicas do the same requests in the same order, although some of them lie.
//!
//! Source: M. Castro, B. Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999: a primary proposes (pre-prepare), replicas that heard
//! the same say so (prepare), and those that know that enough did say that (commit); a view change takes what may have been done along
//! to the next primary; checkpoints cut the log. A quorum is all but `faults` of the members: 2f + 1 of 3f + 1, any two of which have a correct
//! replica in common. With 3f members two of them may have none, and that is allowed here in order to be seen.
//! Who waits in vain
//! asks in the middle of its patience for what may be lost, and is told it again. Requests and certificates are signed: a liar can leave them out, and cannot make any up. Simplified: callers ask all replicas at
//! once, one request makes one proposal, digests are the requests themselves, and what a replica knows of the protocol survives its crash (its disk
//! is not simulated). Left out: the recovery of replicas that were taken over, and reads that are not ordered.

mod checkpoint;
mod message;
mod protocol;
mod replica;
mod view;
mod watch;

pub use protocol::PbftProtocol;

use super::{Speaks, TooSmall};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// Replicas of a store, as a scenario writes them. The primary of view v is member v modulo `members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pbft {
    /// How many replicas there are.
    pub members: u32,
    /// How many of them may be faulty; all but so many make a quorum.
    pub faults: u32,
    /// How many keys there are; a call reads or writes one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// How long a replica that knows of a request waits for it to be done before it wants another primary; doubled for every view that does nothing.
    pub patience: SimDuration,
    /// How many requests lie between two checkpoints.
    pub checkpoint_every: u32,
    /// Rules of safety that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<PbftRule>,
    /// Where they stand.
    pub domain: Placement,
    /// How large each of their messages is, and each of their callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what they say to each other is signed, as the protocol needs it: then none of them can speak in the name of another.
    pub authenticated: bool,
}

/// A rule that keeps correct replicas from doing different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PbftRule {
    /// A replica says that it commits when a quorum has heard the same proposal, not when it has heard one.
    PrepareRound,
    /// Votes count if they are for the same proposal, not merely for the same place in the order.
    MatchingProposals,
    /// A view change tells what a quorum may have committed, and the next primary proposes that again.
    PreparedCertificates,
    /// A caller believes an answer that one more replica gives than may be faulty, not the first that comes.
    ReplyQuorum,
}

impl Default for Pbft {
    fn default() -> Self {
        Self {
            members: 4,
            faults: 1,
            keys: 10,
            reads: Share::percent(50),
            patience: SimDuration::from_millis(500),
            checkpoint_every: 64,
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: true,
        }
    }
}

impl Registered for Pbft {
    const NAME: &'static str = "Pbft";
    const SUMMARY: &'static str =
        "replicas order requests although some lie: three rounds, view changes, callers that wait for f + 1 answers";
}

impl Speaks for Pbft {
    type Protocol = PbftProtocol;

    fn protocol(&self) -> PbftProtocol {
        PbftProtocol::new(self)
    }

    super::peers!();

    fn too_small(&self) -> Option<TooSmall> {
        let needed = 3 * u64::from(self.faults) + 1;
        (u64::from(self.members) < needed).then(|| TooSmall {
            field: "members",
            sentence: format!(
                "{} replicas cannot bear {} that lie: two quorums of {} may have no honest one in common (3f + 1 = {needed})",
                self.members,
                self.faults,
                self.members.saturating_sub(self.faults)
            ),
            remedy: format!("write {needed} members or more, or fewer `faults`"),
            breaks: BROKEN,
        })
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > MOST_REPLICAS {
            let sentence = format!("every replica speaks to every other: at most {MOST_REPLICAS} of them, not {}", self.members);
            complaints.push(complaint("members", sentence));
        }
        if 2 * u64::from(self.faults) >= u64::from(self.members) {
            let sentence =
                format!("a quorum of {} has to be more than half of {} members", self.members.saturating_sub(self.faults), self.members);
            complaints.push(complaint("faults", sentence));
        }
        if !(1..=1_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("a store has 1 to 1000 keys, not {}", self.keys)));
        }
        if self.patience.is_zero() {
            complaints.push(complaint("patience", "a request takes time; write how long to wait, such as \"500ms\""));
        }
        if !(1..=1_000).contains(&self.checkpoint_every) {
            let sentence = format!("a checkpoint comes after 1 to 1000 requests, not {}", self.checkpoint_every);
            complaints.push(complaint("checkpoint_every", sentence));
        }
        complaints
    }
}

/// What two quorums without an honest member in common break.
const BROKEN: &[&str] = &["Agreement", "Linearizable", "Sequential", "Causal", "ReadYourWrites", "MonotonicReads"];

/// Messages grow with the square of the members: own choice, 33 bears ten faults.
const MOST_REPLICAS: u32 = 33;
