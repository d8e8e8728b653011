//! Two-phase commit: all participants of a transaction do it, or none of them does.
//!
//! Source: J. Gray, "Notes on Data Base Operating Systems", 1978 (two phases, logs that are forced before anything is said);
//! P. Bernstein, V. Hadzilacos, N. Goodman, "Concurrency Control and Recovery in Database Systems", 1987, chapter 7 (cooperative
//! termination, three phases after D. Skeen, "Nonblocking Commit Protocols", SIGMOD 1981); J. Gray, L. Lamport, "Consensus on
//! Transaction Commit", ACM TODS 2006 (several coordinators agree on the decision).
//!
//! Who has voted yes may not decide alone. `termination: Everybody` asks the other participants, which helps if one of them knows the
//! decision or has not voted; it does not if all have voted yes and nobody has heard more. `phases: Three` lets them decide then, and is
//! right only if whoever does not answer is dead: a partition makes them decide differently. `coordinators: 3` keeps the decision where a
//! majority of coordinators finds it, and helps whenever a majority is up and can be reached: that is the remedy. Every coordinator
//! leads transactions of its own with the lowest ballot; another one that is asked about a transaction takes over with a higher one,
//! and decides to abort if a majority knows of no decision. Left out: transactions that only read, and locks of rows.

mod coordinator;
mod journal;
mod message;
mod participant;
mod protocol;
mod watch;

pub use message::Record;
pub use protocol::TwoPhaseCommitProtocol;

use super::Speaks;
use crate::disks::DiskSpeed;
use crate::registry::{Complaint, Registered, complaint, within};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// Coordinators, and participants of every transaction, as a scenario writes them: first come the coordinators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwoPhaseCommit {
    /// How many coordinators there are; of several, a majority has to know a decision before it is told.
    pub coordinators: u32,
    /// How many participants every transaction has.
    pub participants: u32,
    /// How many rounds come before a decision.
    pub phases: Phases,
    /// Whom a participant asks that has voted yes and hears nothing.
    pub termination: Termination,
    /// How long anybody waits for an answer before it asks again or does without.
    pub patience: SimDuration,
    /// How many of the votes are no.
    pub no_votes: Share,
    /// Within which time a participant that has voted yes, and lives, should know the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decides_within: Option<SimDuration>,
    /// Rules of safety that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<CommitRule>,
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

/// How many rounds come before a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phases {
    /// Votes, and the decision.
    #[default]
    Two,
    /// Votes, the news that all have voted yes, and the decision.
    Three,
}

/// Whom a participant asks that has voted yes and hears nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Termination {
    /// The coordinator of the transaction, and then every other coordinator.
    #[default]
    Coordinators,
    /// The other participants as well.
    Everybody,
}

/// A rule that keeps participants from ending a transaction in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitRule {
    /// A participant votes yes when that is safe on its disk, not before.
    LogsBeforeVoting,
    /// A coordinator tells a decision when that is safe on its disk, not before.
    LogsBeforeTelling,
}

impl Default for TwoPhaseCommit {
    fn default() -> Self {
        Self {
            coordinators: 1,
            participants: 3,
            phases: Phases::default(),
            termination: Termination::default(),
            patience: SimDuration::from_millis(500),
            no_votes: Share::NONE,
            decides_within: None,
            without: Vec::new(),
            disk: DiskSpeed::default(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for TwoPhaseCommit {
    const NAME: &'static str = "TwoPhaseCommit";
    const SUMMARY: &'static str = "all participants of a transaction do it or none does: two phases, three, or several coordinators";
}

impl Speaks for TwoPhaseCommit {
    type Protocol = TwoPhaseCommitProtocol;

    fn protocol(&self) -> TwoPhaseCommitProtocol {
        TwoPhaseCommitProtocol::new(self)
    }

    fn members(&self) -> u32 {
        self.coordinators.saturating_add(self.participants)
    }

    super::placed!();
    super::authenticated!();

    fn writes(&self) -> bool {
        true
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("disk", self.disk.check()).collect();
        if !(1..=MOST).contains(&self.coordinators) || self.coordinators.is_multiple_of(2) {
            let sentence = format!("an odd number of coordinators has a majority; write one from 1 to {MOST}, not {}", self.coordinators);
            complaints.push(complaint("coordinators", sentence));
        }
        if !(1..=MOST).contains(&self.participants) {
            complaints.push(complaint("participants", format!("a transaction has 1 to {MOST} participants, not {}", self.participants)));
        }
        if self.phases == Phases::Three && self.coordinators > 1 {
            complaints
                .push(complaint("phases", "a third phase is for participants that decide without coordinators; write `coordinators: 1`"));
        }
        if self.patience.is_zero() {
            complaints.push(complaint("patience", "an answer takes time; write how long to wait, such as \"500ms\""));
        }
        if self.decides_within.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("decides_within", "a decision takes time; write how long it may, such as \"5s\""));
        }
        complaints
    }
}

/// Coordinators speak to all participants and to each other: own choice, far above what anybody does.
const MOST: u32 = 101;
