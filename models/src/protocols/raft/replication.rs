//! How does the log of a leader get to the others, and when is an entry committed?

use super::Rule;
use super::command::{Command, Config, Entry, members_of};
use super::journal::Snapshot;
use super::member::{Leadership, Member, Role};
use super::message::{Append, Appended, Install, Message};
use super::protocol::{RaftProtocol, Timer};
use crate::protocols::{To, Turn};
use std::sync::Arc;

/// A message holds so many entries at most: own choice.
const MOST_ENTRIES: usize = 256;

/// A leader waits for answers when so many messages with entries to one member are not answered: own choice.
const MOST_IN_FLIGHT: u32 = 8;

/// A leader knows when it asked for so many rounds: rounds that are not answered are few, since a new one waits for the one before or for
/// a heartbeat.
const MOST_ROUNDS: usize = 64;

/// What was made for one member, for others that lack the same: the first index and the entries.
type Parcel = Option<(u64, Arc<[Entry]>)>;

impl RaftProtocol {
    /// Appends to the log of a leader.
    pub(super) fn append(&self, member: &mut Member, command: Command) -> u64 {
        let index = member.log.push(Entry { term: member.term, command });
        member.journal.is_new_from(index);
        index
    }

    /// A leader says that it leads, and asks all whether they follow it.
    pub(super) fn beat(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if self.keeps(Rule::CheckQuorum) && self.is_out_of_touch(member, turn) {
            return self.follow(member, None, turn);
        }
        self.change_members(member, turn);
        self.ask_all(member, turn);
        turn.set_timer(Timer::Heartbeat, self.spec.heartbeat);
        // Who needs nobody else may have committed everything.
        self.tally(member, turn);
    }

    fn is_out_of_touch(&self, member: &Member, turn: &Turn<'_, Self>) -> bool {
        let Role::Leader(leadership) = &member.role else { return false };
        let (me, now) = (turn.me(), turn.now());
        let heard = self.agreed(member.log.config(), |of| if of == me { now } else { leadership.progress[of as usize].answered });
        now.saturating_since(heard) > self.spec.election_timeout.most
    }

    /// A leader asks all whether they follow it.
    pub(super) fn ask_all(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Role::Leader(leadership) = &mut member.role else { return };
        leadership.round += 1;
        leadership.rounds.push_back((leadership.round, turn.now()));
        if leadership.rounds.len() > MOST_ROUNDS {
            leadership.rounds.pop_front();
        }
        self.tell_all(member, true, turn);
    }

    /// A leader tells the others what is new; with `must` even if that is nothing.
    pub(super) fn tell_all(&self, member: &mut Member, must: bool, turn: &mut Turn<'_, Self>) {
        let Role::Leader(leadership) = &member.role else { return };
        let (others, mut parcel) = ((member.log.config().voters | leadership.learners) & !(1 << turn.me()), None);
        for to in members_of(others) {
            self.tell(member, to, must, &mut parcel, turn);
        }
    }

    fn tell(&self, member: &mut Member, to: u32, must: bool, parcel: &mut Parcel, turn: &mut Turn<'_, Self>) {
        let Role::Leader(leadership) = &mut member.role else { return };
        let (term, round) = (member.term, leadership.round);
        let progress = &mut leadership.progress[to as usize];
        if progress.next <= member.log.base().index {
            if must || progress.in_flight == 0 {
                progress.in_flight += 1;
                turn.send(To::Member(to), Message::Install(Install { term, round, snapshot: Arc::clone(&member.snapshot) }));
            }
            return;
        }
        let has_news = progress.next <= member.log.last() && progress.in_flight < MOST_IN_FLIGHT;
        if !has_news && !must {
            return;
        }
        let entries = match parcel {
            _ if !has_news => Arc::default(),
            Some((next, entries)) if *next == progress.next => Arc::clone(entries),
            _ => {
                let entries = member.log.some(progress.next, MOST_ENTRIES);
                *parcel = Some((progress.next, Arc::clone(&entries)));
                entries
            }
        };
        let before = progress.next - 1;
        progress.next += entries.len() as u64;
        progress.in_flight += u32::from(has_news);
        let before_term = member.log.term(before).unwrap_or_default();
        turn.send(To::Member(to), Message::Append(Append { term, round, before, before_term, commit: member.commit, entries }));
    }

    /// A leader of this term speaks; whether it does not belong to the past.
    fn recognise(&self, member: &mut Member, from: u32, (term, round): (u64, u64), turn: &mut Turn<'_, Self>) -> bool {
        if term < member.term {
            let answer = Appended { term: member.term, round, result: Err(member.log.last() + 1) };
            turn.send(To::Member(from), Message::Appended(answer));
            return false;
        }
        if term > member.term {
            self.learn_term(member, term, turn);
        }
        if !matches!(member.role, Role::Follower) || member.leader != Some(from) {
            self.follow(member, Some(from), turn);
        }
        (member.heard, member.waits_since) = (turn.now(), turn.now());
        true
    }

    /// A member hears what is in the log of a leader.
    pub(super) fn hears_entries(&self, member: &mut Member, from: u32, told: Append, turn: &mut Turn<'_, Self>) {
        if !self.recognise(member, from, (told.term, told.round), turn) {
            return;
        }
        let result = take_over(member, &told);
        if let Ok(upto) = result {
            self.commit(member, told.commit.min(upto), turn);
        }
        self.answer(member, from, Appended { term: member.term, round: told.round, result }, turn);
    }

    /// A member is handed what came of entries that it lacks.
    pub(super) fn is_handed(&self, member: &mut Member, from: u32, told: Install, turn: &mut Turn<'_, Self>) {
        if !self.recognise(member, from, (told.term, told.round), turn) {
            return;
        }
        let end = told.snapshot.end;
        if member.log.term(end.index) == Some(end.term) {
            self.commit(member, end.index, turn);
        } else if end.index > member.commit {
            install(member, told.snapshot);
            turn.announce("Committed", end.index as i64);
        }
        self.answer(member, from, Appended { term: member.term, round: told.round, result: Ok(end.index) }, turn);
    }

    fn answer(&self, member: &mut Member, to: u32, answer: Appended, turn: &mut Turn<'_, Self>) {
        let message = Message::Appended(answer);
        if self.keeps(Rule::LogPersistence) {
            self.send_when_safe(member, To::Member(to), message, turn);
        } else {
            turn.send(To::Member(to), message);
        }
    }

    /// A leader hears what a member has.
    pub(super) fn hears_progress(&self, member: &mut Member, from: u32, answer: Appended, turn: &mut Turn<'_, Self>) {
        if answer.term > member.term {
            return self.learn_term(member, answer.term, turn);
        }
        let last = member.log.last();
        let Role::Leader(leadership) = &mut member.role else { return };
        if answer.term < member.term {
            return;
        }
        note(leadership, from, answer, last, turn);
        self.confirm(member, turn);
        self.tally(member, turn);
        if member.leads() {
            self.tell(member, from, false, &mut None, turn);
        }
    }

    /// Commits what enough members have.
    pub(super) fn tally(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Role::Leader(leadership) = &member.role else { return };
        let me = turn.me();
        let own = if self.keeps(Rule::LogPersistence) { member.journal.safe() } else { member.log.last() };
        let had = self.agreed(member.log.config(), |of| if of == me { own } else { leadership.progress[of as usize].matched });
        let is_ours = || member.log.term(had) == Some(member.term);
        if had > member.commit && (!self.keeps(Rule::OwnTermCommit) || is_ours()) {
            self.commit(member, had, turn);
        }
    }

    /// What so many members as a quorum have at least: of all values the one that is reached by just enough of those that vote.
    pub(super) fn agreed<T: Copy + Ord + Default>(&self, config: Config, of: impl Fn(u32) -> T) -> T {
        let (mut values, mut count) = ([T::default(); 64], 0);
        for member in members_of(config.voters) {
            values[count] = of(member);
            count += 1;
        }
        values[..count].sort_unstable_by(|one, other| other.cmp(one));
        values[..count].get(self.quorum(config) as usize - 1).copied().unwrap_or_default()
    }

    /// Everything up to an index is committed: it is carried out, and callers are answered.
    pub(super) fn commit(&self, member: &mut Member, upto: u64, turn: &mut Turn<'_, Self>) {
        let upto = upto.min(member.log.last());
        if upto <= member.commit {
            return;
        }
        self.compact(member);
        member.commit = upto;
        while member.applied < upto {
            member.applied += 1;
            self.apply(member, member.applied, turn);
        }
        turn.announce("Committed", upto as i64);
        self.serve_reads(member, turn);
        let is_out = || member.commit >= member.log.config_index() && !member.log.config().has(turn.me());
        if member.leads() && is_out() {
            self.follow(member, None, turn);
        }
    }

    fn apply(&self, member: &mut Member, index: u64, turn: &mut Turn<'_, Self>) {
        let Some(entry) = member.log.get(index) else { return };
        let done = match entry.command {
            Command::Operation(operation) => Some(member.store.apply(operation, self.spec.sessions)),
            Command::Members(config) => {
                turn.announce("MembersChanged", i64::from(config.count()));
                None
            }
            Command::Nothing => None,
        };
        let Role::Leader(leadership) = &mut member.role else { return };
        if leadership.waiting.front().is_some_and(|&(waits_for, _)| waits_for == index)
            && let (Some((_, held)), Some((by, answer))) = (leadership.waiting.pop_front(), done)
        {
            turn.send(To::Held(held), Message::Answer(by, answer));
        }
    }

    /// The beginning of the log becomes a snapshot, if that is due. Some entries before its end are kept, for members that lack few.
    fn compact(&self, member: &mut Member) {
        let every = u64::from(self.spec.snapshot_every);
        if every == 0 || member.applied < member.snapshot.end.index + every {
            return;
        }
        let Some(end) = member.log.mark(member.applied) else { return };
        let config = member.log.config_at(end.index);
        member.snapshot = Arc::new(Snapshot { end, config, store: member.store.clone() });
        member.log.compact(end.index - every.min(MOST_ENTRIES as u64));
        member.journal.checkpoint();
    }
}

/// What a leader is told by a member, whose log ends at `last` itself.
fn note(leadership: &mut Leadership, from: u32, answer: Appended, last: u64, turn: &Turn<'_, RaftProtocol>) {
    let progress = &mut leadership.progress[from as usize];
    progress.answered = turn.now();
    if answer.round > progress.round
        && let Some(&(round, asked)) = leadership.rounds.iter().rev().find(|&&(round, _)| round <= answer.round)
    {
        (progress.round, progress.asked) = (round, asked);
    }
    progress.in_flight = progress.in_flight.saturating_sub(1);
    match answer.result {
        Ok(upto) => {
            progress.matched = progress.matched.max(upto.min(last));
            progress.next = progress.next.max(progress.matched + 1);
        }
        // An answer that was overtaken may speak of what the member lacked long ago.
        Err(lacks) => {
            progress.next = lacks.clamp(progress.matched + 1, last.max(progress.matched) + 1);
            progress.in_flight = 0;
        }
    }
}

/// A member takes over what it is told, if it fits to what it has: up to where both are the same; or from where it lacks something.
fn take_over(member: &mut Member, told: &Append) -> Result<u64, u64> {
    let log = &mut member.log;
    if told.before > log.last() {
        return Err(log.last() + 1);
    }
    let base = log.base().index;
    if told.before > base && log.term(told.before) != Some(told.before_term) {
        return Err(log.first_of_term(told.before));
    }
    for (index, &entry) in (told.before + 1..).zip(&*told.entries) {
        if index <= base || log.term(index) == Some(entry.term) {
            continue;
        }
        if index <= log.last() {
            log.cut(index);
        }
        member.journal.is_new_from(index);
        log.push(entry);
    }
    Ok(told.before + told.entries.len() as u64)
}

/// A snapshot takes the place of the log.
fn install(member: &mut Member, snapshot: Arc<Snapshot>) {
    let end = snapshot.end;
    member.log = super::log::Log::after(end, snapshot.config);
    member.store = snapshot.store.clone();
    (member.commit, member.applied) = (end.index, end.index);
    member.snapshot = snapshot;
    member.journal.is_new_from(end.index + 1);
    member.journal.checkpoint();
}
