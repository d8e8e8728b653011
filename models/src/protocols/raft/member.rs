//! What does a member of a replicated state machine remember?

use super::command::{Operation, Store};
use super::journal::{Journal, Snapshot};
use super::log::Log;
use crate::protocols::Held;
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;
use std::sync::Arc;

/// What a member remembers.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) phase: Phase,
    pub(super) term: u64,
    /// Whom it voted for in this term.
    pub(super) vote: Option<u32>,
    pub(super) log: Log,
    pub(super) journal: Journal,
    pub(super) snapshot: Arc<Snapshot>,
    /// The state, as of `applied`.
    pub(super) store: Store,
    pub(super) commit: u64,
    pub(super) applied: u64,
    pub(super) role: Role,
    /// Who leads, as far as it knows.
    pub(super) leader: Option<u32>,
    /// When it last heard a leader of its term, or began its life.
    pub(super) heard: SimTime,
    /// Since when it waits for a leader, and for how long.
    pub(super) waits_since: SimTime,
    pub(super) patience: SimDuration,
    /// How often it has drawn that, in all of its lives: a matter of luck, which needs no disk.
    pub(super) drawn: u32,
    /// How many pleas it has made.
    pub(super) pleas: u32,
}

/// Whether it can take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It does.
    Running,
    /// It reads its disk.
    Loading,
    /// It has found that records are damaged, and keeps out of everything.
    Damaged,
}

/// What part it plays.
#[derive(Clone, Debug)]
pub(super) enum Role {
    Follower,
    /// It asks whether it would be elected: these members, in bits, would vote for it.
    Canvassing(u64),
    /// It asks to be elected: these members have voted for it.
    Candidate(u64),
    Leader(Box<Leadership>),
}

/// What a leader knows.
#[derive(Clone, Debug)]
pub(super) struct Leadership {
    /// Of every member.
    pub(super) progress: Vec<Progress>,
    /// The first index of its own term.
    pub(super) first: u64,
    /// How often it has asked all whether they follow it, and when it asked last, the latest at the end.
    pub(super) round: u64,
    pub(super) rounds: VecDeque<(u64, SimTime)>,
    /// The last round that a quorum has answered.
    pub(super) confirmed: u64,
    /// Members, in bits, that do not vote and are told all the same, because they are to be added.
    pub(super) learners: u64,
    /// Callers who wait for an entry, by its index, ascending.
    pub(super) waiting: VecDeque<(u64, Held)>,
    /// Readers who wait until a round is answered, which ascends, and until this index is applied.
    pub(super) reads: VecDeque<(u64, u64, Held, Operation)>,
}

/// What a leader knows of another member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// The next entry to be sent.
    pub(super) next: u64,
    /// Up to here the member has what the leader has.
    pub(super) matched: u64,
    /// So many messages with entries are not answered.
    pub(super) in_flight: u32,
    /// The last round that it answered, and when that was asked and answered.
    pub(super) round: u64,
    pub(super) asked: SimTime,
    pub(super) answered: SimTime,
}

impl Member {
    /// At its first start.
    pub(super) fn first(snapshot: &Arc<Snapshot>) -> Self {
        Self {
            phase: Phase::Running,
            term: 0,
            vote: None,
            log: Log::after(snapshot.end, snapshot.config),
            journal: Journal::starting(0, 1, false),
            snapshot: Arc::clone(snapshot),
            store: Store::default(),
            commit: 0,
            applied: 0,
            role: Role::Follower,
            leader: None,
            heard: SimTime::ZERO,
            waits_since: SimTime::ZERO,
            patience: SimDuration::ZERO,
            drawn: 0,
            pleas: 0,
        }
    }

    /// Whether it takes itself for the leader.
    pub(super) const fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }
}

impl Leadership {
    pub(super) fn new(members: u32, last: u64, now: SimTime) -> Self {
        let progress = Progress { next: last + 1, asked: now, answered: now, ..Progress::default() };
        Self {
            progress: vec![progress; members as usize],
            first: last + 1,
            round: 0,
            rounds: VecDeque::new(),
            confirmed: 0,
            learners: 0,
            waiting: VecDeque::new(),
            reads: VecDeque::new(),
        }
    }
}
