//! Primary and backups: one member orders the writes, the others follow it, and one of them takes over when it is silent.
//!
//! Source: P. Alsberg, J. Day, "A Principle for Resilient Sharing of Distributed Resources", ICSE 1976; N. Budhiraja et al., "The
//! Primary-Backup Approach", in S. Mullender (ed.), "Distributed Systems", 1993; `acknowledge: One` is what MySQL calls semi-synchronous
//! replication, and `ships_every` the delay of a log sender, which real asynchronous replication has (PostgreSQL's `wal_writer_delay`, log shipping by
//! batches). A primary belongs to an epoch; who takes over begins a higher one, with the most recent state among those that it has
//! heard. A backup that has missed something is handed the whole state in one message. What a member has accepted is on its disk before
//! it says so (the disk is not simulated), and survives a crash. Left out: a log, and a witness that only votes.

mod member;
mod message;
mod protocol;
mod takeover;
mod watch;

pub use protocol::PrimaryBackupProtocol;

use super::Speaks;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// A primary and its backups, as a scenario writes them. Member 0 is the first primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrimaryBackup {
    /// How many members there are, the primary included.
    pub members: u32,
    /// Which backups must have a write before it is acknowledged.
    pub acknowledge: Backups,
    /// How often a primary ships what is new to its backups; at once unless said. What it has not shipped is lost with it.
    #[serde(skip_serializing_if = "is_at_once")]
    pub ships_every: SimDuration,
    /// How often a primary says that it lives.
    pub heartbeat: SimDuration,
    /// How long the first backup waits for a silent primary before it takes over; each further one waits as long again.
    pub fail_over: SimDuration,
    /// How many keys there are; a call reads or writes one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// Rules of safety that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<BackupRule>,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_at_once(every: &SimDuration) -> bool {
    every.is_zero()
}

/// Which backups must have a write before it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backups {
    /// None: asynchronous replication.
    None,
    /// Any one of them: semi-synchronous replication.
    One,
    /// As many as make a majority with the primary.
    #[default]
    Majority,
    /// All of them: synchronous replication.
    All,
}

/// A rule that keeps what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupRule {
    /// Who takes over has heard a majority, which hears no older primary from then on, and begins with the most recent state among theirs.
    MajorityTakeover,
    /// A backup hears no primary of an older epoch, and a primary that hears of a newer one leads no more.
    EpochFencing,
    /// A read is ordered and acknowledged like a write; without, whoever believes that it is the primary answers from its memory.
    ConfirmedReads,
}

impl Default for PrimaryBackup {
    fn default() -> Self {
        Self {
            members: 3,
            acknowledge: Backups::default(),
            ships_every: SimDuration::ZERO,
            heartbeat: SimDuration::from_millis(100),
            fail_over: SimDuration::from_secs(1),
            keys: 100,
            reads: Share::percent(50),
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for PrimaryBackup {
    const NAME: &'static str = "PrimaryBackup";
    const SUMMARY: &'static str = "a primary and backups that take over: asynchronous, semi-synchronous or synchronous replication";
}

impl Speaks for PrimaryBackup {
    type Protocol = PrimaryBackupProtocol;

    fn protocol(&self) -> PrimaryBackupProtocol {
        PrimaryBackupProtocol { spec: self.clone() }
    }

    super::peers!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > MOST {
            complaints
                .push(complaint("members", format!("a primary speaks to every backup: at most {MOST} members, not {}", self.members)));
        }
        if self.members == 1 && self.acknowledge == Backups::One {
            complaints.push(complaint("acknowledge", "one member has no backup; write `members: 2` at least"));
        }
        if !(1..=1_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("a store has 1 to 1000 keys, not {}", self.keys)));
        }
        if self.heartbeat.is_zero() || self.fail_over <= self.heartbeat {
            let sentence = format!("a primary that speaks every {} is not silent so soon; write a longer time", self.heartbeat);
            complaints.push(complaint("fail_over", sentence));
        }
        complaints
    }
}

/// Own choice, far above what anybody does.
const MOST: u32 = 50;
