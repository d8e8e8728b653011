//! Raft: members elect a leader, which replicates a log of operations on keys and values.
//!
//! Source: D. Ongaro, J. Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014, and Ongaro's dissertation
//! "Consensus: Bridging Theory and Practice", Stanford 2014: elections and replication (chapter 3), changes of one member at a time (4),
//! snapshots (5), sessions and reads (6), pre-votes (9.6). Votes, terms and entries are on the disk before anything is said that rests on
//! them; those that come while a sync is under way share the next one. Every rule on which safety or liveness rests can be left out by
//! name, which gives the bug that the rule is there for.
//!
//! As in etcd, a member draws its election timeout when a term or a life begins, and not at every heartbeat. A snapshot travels as one
//! message. Left out: transfer of leadership, changes of several members at once, and members that catch up in rounds before they vote (the
//! leader waits until a new one lacks few entries).

mod client;
mod command;
mod election;
mod journal;
mod log;
mod member;
mod membership;
mod message;
mod protocol;
mod reads;
mod replication;
mod storing;
mod watch;

pub use protocol::RaftProtocol;

use super::{Speaks, TooSmall};
use crate::disks::DiskSpeed;
use crate::registry::{Complaint, Registered, complaint, within};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Ppm, Share, Size};

/// A replicated store of keys and values, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raft {
    /// How many members there are, 1 to 50.
    pub members: u32,
    /// How many of them vote at the beginning: the first ones. All unless said; the others can be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voters: Option<u32>,
    /// Members that are added and removed, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// How many have to agree. More than half of those that vote unless said: less is a mistake, which can be made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// How long a member waits for a leader before it wants to lead, drawn evenly between these.
    pub election_timeout: Patience,
    /// How often a leader says that it leads.
    pub heartbeat: SimDuration,
    /// How many keys there are; a call is about one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// How many of the calls read a value and then exchange it for another, if it is still the same.
    pub compare_and_set: Share,
    /// How a leader makes sure that what it answers to a read is the latest.
    pub reads_by: ReadsBy,
    /// By how much clocks are believed to go wrong, for reads by `Lease`.
    pub clock_bound: Ppm,
    /// After so many entries the log becomes a snapshot; never if 0.
    pub snapshot_every: u32,
    /// So many entries a log has at most, without those that have become a snapshot: a run in which one would have more is stopped.
    #[serde(skip_serializing_if = "crate::protocols::is_usual_log")]
    pub log_limit: u32,
    /// Of so many calls that changed something it is known what came of them, so that a repeated one is not carried out again; none if 0.
    pub sessions: u32,
    /// Rules that are not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Rule>,
    /// How long the disks take.
    pub disk: DiskSpeed,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// How long a member waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    /// At least.
    pub least: SimDuration,
    /// At most; always as long if that is the same.
    pub most: SimDuration,
}

/// How a leader makes sure that what it answers to a read is the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadsBy {
    /// Reads are entries of the log.
    Log,
    /// It asks a quorum whether they still follow it; reads that wait share a question.
    #[default]
    ReadIndex,
    /// A quorum that followed it a moment ago elects nobody else before the least election timeout is over, by the clocks.
    Lease,
}

/// A change of one member, which the leader makes when its wall clock shows this time, or later, after those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Change {
    /// A member votes from then on.
    Add {
        /// Its index.
        member: u32,
        /// When, from the start of the run.
        at: SimDuration,
    },
    /// A member votes no more.
    Remove {
        /// Its index.
        member: u32,
        /// When, from the start of the run.
        at: SimDuration,
    },
}

impl Change {
    const fn member(self) -> u32 {
        match self {
            Self::Add { member, .. } | Self::Remove { member, .. } => member,
        }
    }

    const fn at(self) -> SimDuration {
        match self {
            Self::Add { at, .. } | Self::Remove { at, .. } => at,
        }
    }
}

/// A rule on which safety or liveness rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// A leader begins its term with an empty entry, and counts who has an entry only of those of its own term. Otherwise an entry
    /// that a majority has can be lost (figure 8 of the paper).
    OwnTermCommit,
    /// A vote is on the disk before it is given. Otherwise who restarts votes twice in a term.
    VotePersistence,
    /// Entries are on the disk before it is said that one has them.
    LogPersistence,
    /// Nobody votes for a member whose log is behind its own.
    LogUpToDateVote,
    /// Who wants to lead asks first whether it would be elected, before it begins a term. Otherwise who comes back from isolation
    /// deposes a leader whom everybody follows.
    PreVote,
    /// Nobody votes for another as long as it hears a leader, or has just started.
    LeaderStickiness,
    /// A leader whom no quorum answers for the longest election timeout leads no more.
    CheckQuorum,
    /// Reads by `ReadIndex` wait for the answers of a quorum, and for an entry of the leader's own term.
    ReadIndex,
    /// A lease is reckoned from when the leader asked, and is shorter by what clocks may be wrong. Otherwise it is reckoned from when
    /// the answers came, and is no shorter.
    LeaseClockBound,
    /// Who votes is changed only when the last change is committed, and an entry of the leader's own term.
    ChangeAfterCommit,
}

impl Default for Raft {
    fn default() -> Self {
        Self {
            members: 3,
            voters: None,
            changes: Vec::new(),
            quorum: None,
            election_timeout: Patience { least: SimDuration::from_millis(150), most: SimDuration::from_millis(300) },
            heartbeat: SimDuration::from_millis(50),
            keys: 100,
            reads: Share::percent(50),
            compare_and_set: Share::NONE,
            reads_by: ReadsBy::default(),
            clock_bound: Ppm::new(500),
            snapshot_every: 1_000,
            log_limit: crate::protocols::usual_log(),
            sessions: 1_000,
            without: Vec::new(),
            disk: DiskSpeed::default(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for Raft {
    const NAME: &'static str = "Raft";
    const SUMMARY: &'static str = "members elect a leader, which replicates a log of operations on keys and values";
}

impl Speaks for Raft {
    type Protocol = RaftProtocol;

    fn protocol(&self) -> RaftProtocol {
        RaftProtocol::new(self)
    }

    super::peers!();

    fn writes(&self) -> bool {
        true
    }

    fn too_small(&self) -> Option<TooSmall> {
        let (quorum, voters) = (self.quorum?, self.voters.unwrap_or(self.members));
        (2 * u64::from(quorum) <= u64::from(voters)).then(|| TooSmall {
            field: "quorum",
            sentence: format!("two quorums of {quorum} among {voters} members may have none in common: two may lead in one term"),
            remedy: format!("write {} or more, or leave it out", voters / 2 + 1),
            breaks: BROKEN,
        })
    }

    fn log_limit(&self) -> Option<(u32, &'static str)> {
        Some((self.log_limit, "a smaller `snapshot_every`, or a shorter `horizon`"))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("disk", self.disk.check()).collect();
        complaints.extend(self.check_members());
        complaints.extend(self.check_times());
        complaints.extend(super::check_log_limit(self.log_limit));
        if !(1..=1_000_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("a store has 1 to 1000000 keys, not {}", self.keys)));
        }
        if self.sessions > 1_000_000 {
            complaints.push(complaint("sessions", format!("every member remembers them: at most 1000000, not {}", self.sessions)));
        }
        if self.reads.as_f64() + self.compare_and_set.as_f64() > 1.0 {
            complaints
                .push(complaint("compare_and_set", format!("{} and {} of the calls are more than all", self.reads, self.compare_and_set)));
        }
        if !(0..=MOST_CLOCK_BOUND).contains(&self.clock_bound.parts_per_trillion()) {
            complaints.push(complaint("clock_bound", "clocks are wrong by 0ppm to 500000ppm; write \"500ppm\""));
        }
        complaints
    }
}

/// What two quorums without a common member break.
const BROKEN: &[&str] = &[
    "ElectionSafety",
    "LogMatching",
    "LeaderCompleteness",
    "StateMachineSafety",
    "Linearizable",
    "Sequential",
    "Causal",
    "ReadYourWrites",
    "MonotonicReads",
];

/// Half as fast again, or half as fast: what clocks here can do at most.
const MOST_CLOCK_BOUND: i64 = 500_000_000_000;

impl Raft {
    fn check_members(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > 50 {
            complaints.push(complaint("members", format!("a leader speaks to every member: at most 50 members, not {}", self.members)));
        }
        if self.voters.is_some_and(|voters| voters == 0 || voters > self.members) {
            complaints.push(complaint("voters", format!("1 to {} of the members vote at the beginning", self.members)));
        }
        if self.quorum.is_some_and(|quorum| quorum == 0 || quorum > self.members) {
            complaints.push(complaint("quorum", format!("1 to {} members have to agree", self.members)));
        }
        let mut voters = (1_u64 << self.voters.unwrap_or(self.members).min(50)) - 1;
        let mut before = SimDuration::ZERO;
        for (index, &change) in self.changes.iter().enumerate() {
            let (member, field) = (change.member(), format!("changes[{index}]"));
            let bit = 1 << member.min(63);
            let (wrong, changed) = match change {
                Change::Add { .. } => (voters & bit != 0, voters | bit),
                Change::Remove { .. } => (voters & bit == 0 || voters == bit, voters & !bit),
            };
            if member >= self.members {
                complaints
                    .push(complaint(&field, format!("there is no member {member}: they are 0 to {}", self.members.saturating_sub(1))));
            } else if wrong {
                let sentence = match change {
                    Change::Add { .. } => format!("member {member} votes already"),
                    Change::Remove { .. } if voters == bit => format!("member {member} is the last that votes"),
                    Change::Remove { .. } => format!("member {member} does not vote then"),
                };
                complaints.push(complaint(&field, sentence));
            }
            if change.at() < before {
                complaints.push(complaint(&field, format!("changes are made in this order, and one before is made at {before}")));
            }
            (voters, before) = (changed, change.at());
        }
        complaints
    }

    fn check_times(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let Patience { least, most } = self.election_timeout;
        if least.is_zero() || least > most {
            complaints.push(complaint("election_timeout", "write (least: \"150ms\", most: \"300ms\"), the least above zero"));
        }
        if self.heartbeat.is_zero() || self.heartbeat >= least {
            let sentence = format!("members that hear nothing for {least} want to lead; heartbeats come more often than that");
            complaints.push(complaint("heartbeat", sentence));
        }
        complaints
    }
}
