//! What do coordinators, participants and callers say to each other, and what do they write down?

use sim_core::draw::Draw;
use std::fmt;

/// Which transaction: its coordinator, the life of that, and a number.
pub(super) type Transaction = u64;

/// The coordinator that leads a transaction.
pub(super) const fn owner(transaction: Transaction) -> u32 {
    (transaction >> 48) as u32
}

/// The `count`-th transaction of a coordinator in one of its lives.
pub(super) const fn named(coordinator: u32, life: u32, count: u32) -> Transaction {
    (coordinator as u64) << 48 | ((life & 0xffff) as u64) << 32 | count as u64
}

/// What a coordinator has accepted: the ballot, and whether it is to commit.
pub(super) type Accepted = Option<(u32, bool)>;

/// What is said. Everything but what callers say and hear is about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller wants a transaction.
    Do,
    /// Whether it was done.
    Done(bool),
    /// Too many are under way.
    Refused,
    /// A coordinator asks for a vote.
    Prepare(u64),
    /// A vote.
    Vote(u64, bool),
    /// All have voted yes.
    PreCommit(u64),
    /// That was heard.
    Ready(u64),
    /// The decision.
    Decision(u64, bool),
    /// That was done, and is on the disk.
    Finished(u64, bool),
    /// All have done it.
    Forget(u64),
    /// A participant that has voted yes asks a coordinator what was decided.
    Inquire(u64),
    /// It asks another participant.
    Query(u64),
    /// What that one knows.
    State(u64, State),
    /// A coordinator takes over a transaction with this ballot.
    Claim(u64, u32),
    /// Another will hear no lower ballot, and has accepted this.
    Promise(u64, u32, Option<(u32, bool)>),
    /// A coordinator proposes a decision with this ballot.
    Accept(u64, u32, bool),
    /// Another has accepted it.
    Accepted(u64, u32),
    /// Another has promised a higher ballot.
    Outbid(u64, u32),
}

/// What a participant knows of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has voted yes, or is about to.
    Prepared,
    /// It knows that all have voted yes.
    PreCommitted,
    /// It knows the decision.
    Decided(bool),
}

/// What a member writes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A participant is bound to do the transaction if that is decided.
    Prepared(u64),
    /// It knows that all are.
    PreCommitted(u64),
    /// It knows the decision, and has done it.
    Decided(u64, bool),
    /// A coordinator has promised to hear no lower ballot than this, and has accepted that.
    Ballot(u64, u32, Option<(u32, bool)>),
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] = &[
        "do",
        "done",
        "refused",
        "prepare",
        "vote",
        "pre_commit",
        "ready",
        "decision",
        "finished",
        "forget",
        "inquire",
        "query",
        "state",
        "claim",
        "promise",
        "accept",
        "accepted",
        "outbid",
    ];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Do => "do",
            Self::Done(_) => "done",
            Self::Refused => "refused",
            Self::Prepare(_) => "prepare",
            Self::Vote(..) => "vote",
            Self::PreCommit(_) => "pre_commit",
            Self::Ready(_) => "ready",
            Self::Decision(..) => "decision",
            Self::Finished(..) => "finished",
            Self::Forget(_) => "forget",
            Self::Inquire(_) => "inquire",
            Self::Query(_) => "query",
            Self::State(..) => "state",
            Self::Claim(..) => "claim",
            Self::Promise(..) => "promise",
            Self::Accept(..) => "accept",
            Self::Accepted(..) => "accepted",
            Self::Outbid(..) => "outbid",
        }
    }

    /// What a liar makes of it: no of yes, and yes of no.
    #[must_use]
    pub fn lie(self, draw: Draw) -> Self {
        match self {
            Self::Done(done) => Self::Done(!done),
            Self::Refused => Self::Done(true),
            Self::Vote(transaction, vote) => Self::Vote(transaction, !vote),
            Self::Decision(transaction, commit) => Self::Decision(transaction, !commit),
            Self::Finished(transaction, commit) => Self::Finished(transaction, !commit),
            Self::Prepare(transaction) => Self::PreCommit(transaction),
            Self::PreCommit(transaction) => Self::Decision(transaction, false),
            Self::State(transaction, _) => Self::State(transaction, State::Decided(draw.index(2) == 1)),
            Self::Promise(transaction, ballot, Some((of, commit))) => Self::Promise(transaction, ballot, Some((of, !commit))),
            Self::Promise(transaction, ballot, None) => Self::Promise(transaction, ballot, Some((0, draw.index(2) == 1))),
            Self::Accept(transaction, ballot, commit) => Self::Accept(transaction, ballot, !commit),
            Self::Accepted(transaction, ballot) => Self::Outbid(transaction, ballot),
            Self::Outbid(transaction, ballot) => Self::Accepted(transaction, ballot),
            Self::Do | Self::Ready(_) | Self::Forget(_) | Self::Inquire(_) | Self::Query(_) | Self::Claim(..) => self,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did = |commit: &bool| if *commit { "committed" } else { "aborted" };
        match self {
            Self::Do => f.write_str("a transaction"),
            Self::Done(true) => f.write_str("it is committed"),
            Self::Done(false) => f.write_str("it is aborted"),
            Self::Refused => f.write_str("too many are under way"),
            Self::Prepare(of) => write!(f, "transaction {of}: can it be done?"),
            Self::Vote(of, vote) => write!(f, "transaction {of}: {}", if *vote { "yes" } else { "no" }),
            Self::PreCommit(of) => write!(f, "transaction {of}: all have voted yes"),
            Self::Ready(of) => write!(f, "transaction {of}: knows that all have voted yes"),
            Self::Decision(of, commit) => write!(f, "transaction {of} is {}", did(commit)),
            Self::Finished(of, commit) => write!(f, "transaction {of} is {} here, too", did(commit)),
            Self::Forget(of) => write!(f, "transaction {of} may be forgotten"),
            Self::Inquire(of) => write!(f, "transaction {of}: what was decided?"),
            Self::Query(of) => write!(f, "transaction {of}: what is known of it?"),
            Self::State(of, State::Prepared) => write!(f, "transaction {of}: only that its own vote is yes"),
            Self::State(of, State::PreCommitted) => write!(f, "transaction {of}: that all have voted yes"),
            Self::State(of, State::Decided(commit)) => write!(f, "transaction {of}: that it is {}", did(commit)),
            Self::Claim(of, ballot) => write!(f, "transaction {of} is taken over with ballot {ballot}"),
            Self::Promise(of, ballot, None) => write!(f, "transaction {of}: promised to ballot {ballot}, nothing was accepted"),
            Self::Promise(of, ballot, Some((earlier, commit))) => {
                write!(f, "transaction {of}: promised to ballot {ballot}, with ballot {earlier} it was to be {}", did(commit))
            }
            Self::Accept(of, ballot, commit) => write!(f, "transaction {of} is to be {} with ballot {ballot}", did(commit)),
            Self::Accepted(of, ballot) => write!(f, "transaction {of}: accepted with ballot {ballot}"),
            Self::Outbid(of, ballot) => write!(f, "transaction {of}: promised to ballot {ballot} already"),
        }
    }
}
