//! What does each member of a replicated store do when it is its turn?

use super::client::Session;
use super::command::Config;
use super::journal::{Record, Snapshot};
use super::member::{Member, Phase};
use super::message::Message;
use super::watch::Watch;
use super::{Raft, Rule};
use crate::disks::{Completion, DiskTimes, Order};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::protocols::{Announcement, LOG_LIMIT, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;
use std::sync::Arc;

/// The protocol of a [`Raft`].
#[derive(Clone, Debug)]
pub struct RaftProtocol {
    pub(super) spec: Raft,
    times: DiskTimes,
    /// The rules that are not kept, in bits.
    without: u32,
    /// What every member begins with.
    pub(super) first: Arc<Snapshot>,
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// No leader has been heard.
    Election,
    /// Time to say that one leads.
    Heartbeat,
    /// The disk may have room again.
    Disk,
}

impl RaftProtocol {
    pub(super) fn new(spec: &Raft) -> Self {
        let voters = (1 << spec.voters.unwrap_or(spec.members).min(63)) - 1;
        let first = Arc::new(Snapshot { config: Config { voters, done: 0 }, ..Snapshot::default() });
        let without = spec.without.iter().fold(0, |bits, &rule| bits | 1 << rule as u32);
        Self { spec: spec.clone(), times: spec.disk.compile(), without, first }
    }

    pub(super) const fn keeps(&self, rule: Rule) -> bool {
        self.without >> rule as u32 & 1 == 0
    }

    /// How many of those that vote have to agree.
    pub(super) fn quorum(&self, config: Config) -> u32 {
        self.spec.quorum.unwrap_or(config.count() / 2 + 1).max(1)
    }
}

impl Protocol for RaftProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = Record;

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Campaigns", Number::Of("term")),
        ("Votes", Number::Of("term")),
        ("LeaderElected", Number::Of("term")),
        ("SteppedDown", Number::Of("term")),
        ("Committed", Number::Of("entry")),
        ("MembersChanged", Number::Count("members")),
        ("LogFull", Number::Count("entries")),
        (LOG_LIMIT, Number::Count("entries")),
        ("Recovers", Number::Count("entries")),
        ("DropsTorn", Number::Count("records")),
        ("RefusesToStart", Number::Of("member")),
    ];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[
        ("ElectionSafety", "no two members are elected in one term"),
        ("LogMatching", "two logs that have an entry of the same index and term are the same up to there"),
        ("LeaderCompleteness", "whoever is elected has every entry that was committed in an earlier term"),
        ("StateMachineSafety", "what one member takes for committed at an index every other does: committed entries persist"),
        ("StableLeader", "nobody begins a term while a leader gets entries committed all the time"),
    ];

    const PRIMARY: Option<&'static str> = Some("leader");

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn leads(&self, member: &Member) -> bool {
        member.leads()
    }

    fn member(&self, _index: u32) -> Member {
        Member::first(&self.first)
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn disk(&self) -> Option<&DiskTimes> {
        Some(&self.times)
    }

    /// A record that was torn or has rotted has a wrong checksum, and is never read without it.
    fn garble(&self, record: &Record, _draw: Draw) -> Record {
        record.clone()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        self.ask(turn)
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        self.is_answered(session, from, message, turn)
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.heard = turn.now();
        self.wait_anew(member, turn);
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        let Message::Ask(operation) = message else { return };
        if !member.leads() {
            return turn.send(To::Caller, Message::Redirect(member.leader));
        }
        self.serve(member, operation, turn);
        self.write_down(member, turn);
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        if member.phase != Phase::Running {
            return;
        }
        match message {
            Message::PreVote(plea) => self.is_canvassed(member, from, plea, turn),
            Message::RequestVote(plea) => self.is_asked_for_its_vote(member, from, plea, turn),
            Message::Vote(vote) => self.hears_vote(member, from, vote, turn),
            Message::Append(told) => self.hears_entries(member, from, told, turn),
            Message::Appended(answer) => self.hears_progress(member, from, answer, turn),
            Message::Install(told) => self.is_handed(member, from, told, turn),
            Message::Ask(_) | Message::Answer(..) | Message::Redirect(_) | Message::Lost => {}
        }
        self.write_down(member, turn);
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        if member.phase != Phase::Running {
            return;
        }
        match timer {
            Timer::Election => self.misses_a_leader(member, turn),
            Timer::Heartbeat => self.beat(member, turn),
            Timer::Disk => member.journal.is_paused = false,
        }
        self.write_down(member, turn);
    }

    fn on_disk(&self, member: &mut Member, done: Completion, turn: &mut Turn<'_, Self>) {
        self.hears_disk(member, done, turn);
        if member.phase == Phase::Running {
            self.write_down(member, turn);
        }
    }

    fn on_crash(&self, member: &mut Member) {
        self.forgets(member);
    }

    fn on_recover(&self, _member: &mut Member, turn: &mut Turn<'_, Self>) {
        turn.order(Order::Load);
    }

    fn corrupt(&self, message: &Message, draw: Draw) -> Option<Message> {
        message.with_another_value(draw)
    }

    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| honest.lied_about(draw))
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Died(_, instance) = seen {
            watch.leads_no_more(instance, truth.now, observations);
        }
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        watch.conclude(truth.now, observations);
    }

    fn examine(
        &self,
        watch: &mut Watch,
        (instance, member): (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.see((instance, member), announced, (truth.now, self.spec.election_timeout), observations);
    }
}
