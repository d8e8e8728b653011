//! What does each member of a store do when it is its turn?

use super::log::Entry;
use super::member::{Member, Phase};
use super::message::{Entries, Message};
use super::watch::Watch;
use super::{Acknowledge, KeyValue, ReadsFrom, Sync};
use crate::disks::{Completion, DiskTimes, Order};
use crate::history::Action;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, LOG_LIMIT, Lie, Number, Protocol, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;

/// The protocol of a [`KeyValue`].
#[derive(Clone, Debug)]
pub struct KeyValueProtocol {
    pub(super) spec: KeyValue,
    times: DiskTimes,
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Time for a sync.
    Sync,
    /// No follower has answered yet.
    Ask,
}

impl KeyValueProtocol {
    pub(super) fn new(spec: &KeyValue) -> Self {
        Self { spec: spec.clone(), times: spec.disk.compile() }
    }

    pub(super) fn put(member: &mut Member, slot: u64, entry: Option<Entry>, turn: &mut Turn<'_, Self>) {
        if let Some(order) = member.log.put(slot, entry) {
            turn.order(order);
        }
    }

    fn tell(&self, member: &Member, to: u32, from: u64, entries: Vec<Option<Entry>>, turn: &mut Turn<'_, Self>) {
        turn.send(To::Member(to), Message::Entries(Entries { life: member.life, base: member.base, from, entries }));
    }

    pub(super) fn tell_all(&self, member: &Member, from: u64, entries: &[Option<Entry>], turn: &mut Turn<'_, Self>) {
        (1..self.spec.members).for_each(|follower| self.tell(member, follower, from, entries.to_vec(), turn));
    }

    /// More of the log may be done: the primary acknowledges, a follower tells the primary.
    pub(super) fn progress(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if self.spec.sync == Sync::EveryWrite
            && let Some(order) = member.log.sync()
        {
            turn.order(order);
        }
        let done = member.log.done(self.spec.sync);
        if turn.me() > 0 {
            if done > member.applied {
                member.apply_up_to(done);
                turn.send(To::Member(0), Message::Appended(member.life, done));
            }
            return;
        }
        let all = if self.spec.acknowledge == Acknowledge::All { member.followers.iter().copied().min() } else { None };
        let done = all.map_or(done, |all| all.min(done));
        if member.phase != Phase::Ready || done <= member.applied {
            return;
        }
        member.apply_up_to(done);
        let waiting = member.writing.split_off(&done);
        for (slot, held) in std::mem::replace(&mut member.writing, waiting) {
            turn.announce("Acknowledges", slot as i64);
            turn.send(To::Held(held), Message::Written);
        }
    }

    fn write(&self, member: &mut Member, key: u32, value: u64, turn: &mut Turn<'_, Self>) {
        let slot = member.log.end();
        if slot >= u64::from(self.spec.log_limit) {
            return turn.announce(LOG_LIMIT, slot as i64);
        }
        member.writing.insert(slot, turn.hold());
        Self::put(member, slot, Some(Entry { place: slot, key, value }), turn);
        turn.announce("Appends", slot as i64);
    }

    /// A follower hears what is in the log of the primary.
    fn follow(&self, member: &mut Member, told: Entries, turn: &mut Turn<'_, Self>) {
        if member.phase != Phase::Ready {
            return;
        }
        if told.life < member.promised {
            return turn.send(To::Member(0), Message::Deposed(member.promised));
        }
        if told.life > member.life && member.log.end() > told.base {
            self.forget_from(member, told.base, turn);
        }
        (member.life, member.promised) = (told.life, told.life);
        if told.from > member.log.end() {
            return turn.send(To::Member(0), Message::Missing(member.log.end()));
        }
        let mut fills = false;
        for (slot, entry) in (told.from..).zip(told.entries) {
            if slot < member.log.end() && member.log.get(slot).is_some() && member.log.get(slot) != entry {
                self.forget_from(member, slot, turn);
            }
            if slot == member.log.end() || member.log.get(slot) != entry {
                Self::put(member, slot, entry, turn);
                fills |= slot < member.applied;
            }
        }
        if fills {
            member.store = member.log.store(member.applied);
        }
        self.progress(member, turn);
    }

    fn forget_from(&self, member: &mut Member, slot: u64, turn: &mut Turn<'_, Self>) {
        turn.order(member.log.cut(slot));
        member.applied = member.applied.min(slot);
        member.store = member.log.store(member.applied);
    }

    pub(super) fn begin_syncing(&self, turn: &mut Turn<'_, Self>) {
        if let Sync::Every(period) = self.spec.sync {
            turn.set_timer(Timer::Sync, period);
        }
    }
}

impl Protocol for KeyValueProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = Entry;

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Appends", Number::Of("slot")),
        ("Acknowledges", Number::Of("slot")),
        ("Reads", Number::Of("key")),
        ("Recovers", Number::Count("slots")),
        ("DropsTorn", Number::Count("records")),
        ("FindsDamaged", Number::Count("records")),
        ("FindsMissing", Number::Count("slots")),
        (LOG_LIMIT, Number::Count("slots")),
    ];

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn member(&self, index: u32) -> Member {
        let followers = if index == 0 { vec![0; self.spec.members as usize - 1] } else { Vec::new() };
        Member { followers, ..Member::default() }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn disk(&self) -> Option<&DiskTimes> {
        Some(&self.times)
    }

    /// A bit of the value is flipped.
    fn garble(&self, entry: &Entry, draw: Draw) -> Entry {
        Entry { value: entry.value ^ 1 << draw.index(64), ..*entry }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let (draws, of_call) = (turn.draws("call", 0), turn.draws_of_first("call"));
        let key = of_call.choice().index(u64::from(self.spec.keys)) as u32;
        if !self.spec.reads.holds(of_call.share()) {
            // A value names its write, and a retry is a write of its own; 0 is none.
            let value = draws.wait().bits() | 1;
            turn.invoke(u64::from(key), Action::Write(value));
            return turn.send(To::Member(0), Message::Write(key, value));
        }
        let reader = match self.spec.reads_from {
            ReadsFrom::Primary => 0,
            ReadsFrom::Any => draws.demand().index(u64::from(self.spec.members)) as u32,
        };
        turn.invoke(u64::from(key), Action::Read);
        turn.send(To::Member(reader), Message::Read(key));
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Written => {
                turn.returns(None);
                Some(Outcome::Success)
            }
            Message::Value(value) => {
                turn.returns(value);
                Some(Outcome::Success)
            }
            Message::Refused => Some(Outcome::Failed(Failure::Refused)),
            _ => None,
        }
    }

    fn on_start(&self, _member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.begin_syncing(turn);
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            _ if member.phase != Phase::Ready => turn.send(To::Caller, Message::Refused),
            Message::Write(key, value) => self.write(member, key, value, turn),
            Message::Read(key) => {
                turn.announce("Reads", i64::from(key));
                turn.send(To::Caller, Message::Value(member.read(key).map_or(0, |(_, value)| value)));
            }
            _ => {}
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Entries(told) => self.follow(member, told, turn),
            Message::Appended(life, done) if life == member.life && from > 0 => {
                let known = &mut member.followers[from as usize - 1];
                *known = done.max(*known);
                self.progress(member, turn);
            }
            Message::Missing(slot) if member.phase == Phase::Ready => {
                let end = member.log.written.max(slot) as usize;
                let entries = member.log.slots.get(slot as usize..end).unwrap_or_default().to_vec();
                self.tell(member, from, slot.min(member.log.end()), entries, turn);
            }
            Message::Deposed(life) if life > member.life && turn.me() == 0 => {
                (member.life, member.phase) = (life, Phase::Deposed);
                turn.cancel_timer(Timer::Ask);
                let writing = std::mem::take(&mut member.writing);
                writing.into_values().for_each(|held| turn.send(To::Held(held), Message::Refused));
            }
            Message::Lack(life, ..) if life < member.promised && member.phase == Phase::Ready => {
                turn.send(To::Member(from), Message::Deposed(member.promised));
            }
            Message::Lack(life, holes, end) if member.phase == Phase::Ready => {
                // Or an earlier life that does not know of its end would go on, and be told that its writes are done.
                member.promised = member.promised.max(life);
                let found = |slot: u64| member.log.get(slot).map(|entry| (slot, entry));
                let entries = holes.into_iter().chain(end..member.log.end()).filter_map(found).collect();
                turn.send(To::Member(from), Message::Have(life, entries));
            }
            Message::Have(life, entries) if life == member.life && member.phase == Phase::Asking => self.filled(member, entries, turn),
            _ => {}
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Sync => {
                if let Some(order) = member.log.sync() {
                    turn.order(order);
                }
                self.begin_syncing(turn);
            }
            Timer::Ask => self.ask(member, turn),
        }
    }

    fn on_disk(&self, member: &mut Member, done: Completion, turn: &mut Turn<'_, Self>) {
        match done {
            Completion::Loaded => return self.loaded(member, turn),
            Completion::Erased(_) => member.log.erased(),
            Completion::Synced => member.log.synced(),
            Completion::NoRoom(slot) => {
                if member.log.found_no_room(slot) {
                    if let Some(held) = member.writing.remove(&slot) {
                        turn.send(To::Held(held), Message::Refused);
                    }
                    self.tell_of(member, slot, turn);
                }
            }
            Completion::Written(slot) => {
                if member.log.wrote(slot) {
                    self.tell_of(member, slot, turn);
                }
            }
        }
        self.progress(member, turn);
    }

    /// A life leaves its disk, and its number.
    fn on_crash(&self, member: &mut Member) {
        let followers = vec![0; member.followers.len()];
        *member = Member { life: member.life, promised: member.promised, phase: Phase::Loading, followers, ..Member::default() };
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if turn.me() == 0 {
            // Numbers of lives grow by chance, so that twins have different ones.
            member.life = member.life.saturating_add(1 + turn.draws("life", member.life).choice().index(1 << 16) as u32);
        }
        turn.order(Order::Load);
    }

    fn corrupt(&self, message: &Message, draw: Draw) -> Option<Message> {
        message.with_another_value(draw)
    }

    /// A dishonest member tells another value, of a key or of a part of the log, and says of a write that it is done which is not.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| match honest {
            Message::Refused => Some(Message::Written),
            honest => honest.with_another_value(draw),
        })
    }

    fn examine(
        &self,
        watch: &mut Watch,
        member: (InstanceId, &Member),
        announced: Announcement,
        _truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.see(member, announced, observations);
    }
}

impl KeyValueProtocol {
    /// The primary tells its followers what is in a slot now.
    fn tell_of(&self, member: &Member, slot: u64, turn: &mut Turn<'_, Self>) {
        if turn.me() == 0 {
            self.tell_all(member, slot, &[member.log.get(slot)], turn);
        }
    }
}
