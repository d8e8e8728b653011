//! Quorum register: every key is kept by several replicas, and reads and writes wait for as many of them as the scenario says.
//!
//! Sources: D. Gifford, "Weighted Voting for Replicated Data", SOSP 1979, for R and W; H. Attiya, A. Bar-Noy, D. Dolev, "Sharing Memory
//! Robustly in Message-Passing Systems", JACM 1995, for the two phases and the write-back of a read; G. DeCandia et al., "Dynamo", SOSP
//! 2007, for coordinators, sloppy quorums, hinted hand-off and anti-entropy. What a replica has accepted is on its disk before it says
//! so, and survives a crash; what a coordinator was about to do does not. Left out: Merkle trees (whole lists of versions are compared),
//! vector clocks (the newest version wins), and members that join or leave.

mod coordinator;
mod member;
mod message;
mod protocol;
mod repair;
mod work;

pub use protocol::QuorumRegisterProtocol;

use super::{OF_REGISTERS, Speaks, TooSmall};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// A replicated register, or many of them, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuorumRegister {
    /// How many members there are, at most 100.
    pub members: u32,
    /// How many of them keep each key (N): the first by a ring that begins at another member for every key; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How many replicas a read waits for (R); a majority of them unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_quorum: Option<u32>,
    /// How many replicas a write waits for (W); a majority of them unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_quorum: Option<u32>,
    /// How many keys there are, at most 100,000.
    pub keys: u32,
    /// How many of the calls read, if that is drawn for each call.
    pub reads: Share,
    /// Who reads and writes what.
    pub asks: Asks,
    /// By what the versions of a key are told apart: the newest wins.
    pub versions: Versions,
    /// Who speaks to the replicas.
    pub coordinator: Coordinator,
    /// Rules that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<QuorumRule>,
    /// Whether a coordinator brings replicas up to date whose answer to a read was older than the newest.
    pub read_repair: bool,
    /// How long a coordinator waits for a replica before it keeps a hint for it, and how often hints are offered; none are kept unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hinted_handoff: Option<SimDuration>,
    /// Whether the next member on the ring takes a write in the place of a replica that does not answer, and counts for the quorum.
    pub sloppy_quorum: bool,
    /// How often each member compares all it keeps with another one; never unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_entropy: Option<SimDuration>,
    /// How long a coordinator that is a member stays with an operation before it forgets it.
    pub patience: SimDuration,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// Who reads and writes what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asks {
    /// Each call reads or writes a key that is drawn evenly.
    #[default]
    Drawn,
    /// Each client writes and reads in turn, beginning with a write, a key of its own if there are as many keys as clients: what it
    /// thinks between the two is how old the write is when it is read.
    Alternating,
}

/// By what the versions of a key are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versions {
    /// A write asks R replicas for the newest version first, and takes the next number.
    #[default]
    Queried,
    /// By the wall clock of whoever coordinates the write: last write wins.
    WallClock,
    /// By the writer's own count of its calls, which is right only if each key has one writer.
    Counted,
}

/// Who speaks to the replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coordinator {
    /// The client itself.
    #[default]
    Client,
    /// A member, drawn evenly for each attempt.
    AnyMember,
    /// A member that each client stays with.
    OwnMember,
}

/// A rule that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuorumRule {
    /// A read writes back what it is about to answer, to as many replicas as a write, unless as many have said that they have it.
    WriteBack,
}

impl Default for QuorumRegister {
    fn default() -> Self {
        Self {
            members: 3,
            replicas: None,
            read_quorum: None,
            write_quorum: None,
            keys: 1,
            reads: Share::percent(50),
            asks: Asks::default(),
            versions: Versions::default(),
            coordinator: Coordinator::default(),
            without: Vec::new(),
            read_repair: false,
            hinted_handoff: None,
            sloppy_quorum: false,
            anti_entropy: None,
            patience: SimDuration::from_secs(10),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl QuorumRegister {
    /// How many replicas each key has.
    pub fn replicas(&self) -> u32 {
        self.replicas.unwrap_or(self.members)
    }

    fn majority(&self) -> u32 {
        self.replicas() / 2 + 1
    }

    /// How many replicas a read waits for.
    pub fn read_quorum(&self) -> u32 {
        self.read_quorum.unwrap_or_else(|| self.majority())
    }

    /// How many replicas a write waits for.
    pub fn write_quorum(&self) -> u32 {
        self.write_quorum.unwrap_or_else(|| self.majority())
    }

    /// Whether a rule is kept.
    pub fn keeps(&self, rule: QuorumRule) -> bool {
        !self.without.contains(&rule)
    }
}

impl Registered for QuorumRegister {
    const NAME: &'static str = "QuorumRegister";
    const SUMMARY: &'static str =
        "replicas of which a read waits for R and a write for W, with write-back, repair, hints and sloppy quorums";
}

impl Speaks for QuorumRegister {
    type Protocol = QuorumRegisterProtocol;

    fn protocol(&self) -> QuorumRegisterProtocol {
        QuorumRegisterProtocol::new(self)
    }

    crate::protocols::peers!();

    /// That two writes need no replica in common is no fault here: a write asks a read quorum for the newest version first.
    fn too_small(&self) -> Option<TooSmall> {
        let (read, write, replicas) = (self.read_quorum(), self.write_quorum(), self.replicas());
        (read + write <= replicas).then(|| TooSmall {
            field: if self.read_quorum.is_some() { "read_quorum" } else { "write_quorum" },
            sentence: format!("R + W = {read} + {write} is not above N = {replicas}: a read may ask no replica that has the last write"),
            remedy: format!("write quorums that come to {} or more", replicas + 1),
            breaks: OF_REGISTERS,
        })
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |field: &str, message: String| complaints.push(complaint(field, message));
        let replicas = self.replicas();
        if self.members > 100 {
            complain("members", format!("a register has at most 100 members, not {}", self.members));
        }
        if replicas == 0 || replicas > self.members {
            complain(
                "replicas",
                format!("a key has 1 replica or more, and no more than there are members ({}), not {replicas}", self.members),
            );
        }
        for (field, quorum) in [("read_quorum", self.read_quorum), ("write_quorum", self.write_quorum)] {
            if let Some(quorum) = quorum
                && (quorum == 0 || quorum > replicas)
            {
                complain(field, format!("a quorum is of 1 replica or more, and of no more than there are ({replicas}), not {quorum}"));
            }
        }
        if !(1..=100_000).contains(&self.keys) {
            complain("keys", format!("a register has 1 to 100000 keys, not {}", self.keys));
        }
        if self.coordinator == Coordinator::Client {
            let needs = [("read_repair", self.read_repair), ("sloppy_quorum", self.sloppy_quorum)];
            let needs = needs.into_iter().chain([("hinted_handoff", self.hinted_handoff.is_some())]);
            for (field, _) in needs.filter(|(_, is_on)| *is_on) {
                complain(field, "a client has gone when it would be done; write `coordinator: AnyMember` or `OwnMember`".to_owned());
            }
        }
        if self.sloppy_quorum && self.hinted_handoff.is_none() {
            complain("sloppy_quorum", "say when a replica is taken not to answer: `hinted_handoff: \"200ms\"`".to_owned());
        }
        if self.sloppy_quorum && replicas >= self.members {
            complain(
                "sloppy_quorum",
                format!("no member is left to take the place of a replica; write `replicas:` below {}", self.members),
            );
        }
        let times = [("hinted_handoff", self.hinted_handoff), ("anti_entropy", self.anti_entropy), ("patience", Some(self.patience))];
        for (field, _) in times.into_iter().filter(|(_, time)| time.is_some_and(SimDuration::is_zero)) {
            complain(field, "that takes time; write how much, such as \"1s\"".to_owned());
        }
        if self.hinted_handoff.is_some_and(|after| after >= self.patience) {
            complain("hinted_handoff", format!("a coordinator forgets the operation before that, after its patience of {}", self.patience));
        }
        complaints
    }
}
