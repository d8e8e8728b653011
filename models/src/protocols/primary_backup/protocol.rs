//! Who hears what among a primary and its backups, and whom does a caller ask?

use super::member::{Member, Role};
use super::message::{Message, Wish};
use super::watch::Watch;
use super::{BackupRule, Backups, PrimaryBackup};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::acknowledged::KEEPS_ACKNOWLEDGED;
use crate::protocols::{Announcement, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict, wish};
use sim_core::draw::Draw;
use std::fmt;

/// The protocol of a [`PrimaryBackup`].
#[derive(Clone, Debug)]
pub struct PrimaryBackupProtocol {
    pub(super) spec: PrimaryBackup,
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Of a primary: time to say that it lives.
    Beat,
    /// Of the others: the primary is silent.
    Silence,
    /// Of a primary: time to ship what is new.
    Ship,
}

/// What a caller wants, and how often it was sent elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    wish: Wish,
    sent_on: u32,
}

impl PrimaryBackupProtocol {
    pub(super) fn keeps(&self, rule: BackupRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    /// The member that leads an epoch, if anybody does.
    pub(super) fn primary_of(&self, epoch: u64) -> u32 {
        (epoch % u64::from(self.spec.members)) as u32
    }

    pub(super) fn others(&self, me: u32) -> impl Iterator<Item = u32> + use<> {
        (0..self.spec.members).filter(move |&member| member != me)
    }

    pub(super) fn tell_others(&self, message: &Message, turn: &mut Turn<'_, Self>) {
        self.others(turn.me()).for_each(|member| turn.send(To::Member(member), message.clone()));
    }

    /// How many backups must have a write.
    pub(super) const fn needed(&self) -> usize {
        match self.spec.acknowledge {
            Backups::None => 0,
            Backups::One => 1,
            Backups::Majority => self.spec.members as usize / 2,
            Backups::All => self.spec.members as usize - 1,
        }
    }

    /// How many have to follow one who takes over: so many that one of them has whatever was acknowledged, and no two do at once.
    pub(super) fn to_take_over(&self) -> usize {
        let majority = self.spec.members as usize / 2 + 1;
        let has_all = self.spec.members as usize - self.needed();
        majority.max(if self.needed() == 0 { 0 } else { has_all })
    }
}

impl Protocol for PrimaryBackupProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("TakesOver", Number::Of("epoch")),
        ("Leads", Number::Of("epoch")),
        ("StepsDown", Number::Of("epoch")),
        ("Acknowledges", Number::Of("operation")),
    ];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[KEEPS_ACKNOWLEDGED];

    const PRIMARY: Option<&'static str> = Some("primary");

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn leads(&self, member: &Member) -> bool {
        member.role == Role::Primary
    }

    fn member(&self, _index: u32) -> Member {
        Member::default()
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let draws = turn.draws("call", 0);
        let wish = wish::made((self.spec.keys, self.spec.reads), turn.unique_value(), turn);
        let member = draws.demand().index(u64::from(self.spec.members)) as u32;
        turn.send(To::Member(member), Message::Do(wish));
        Session { wish, sent_on: 0 }
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Done(value) => Some(wish::fulfilled(session.wish, value, turn)),
            Message::Elsewhere(Some(member)) if session.sent_on < self.spec.members && member < self.spec.members && member != from => {
                session.sent_on += 1;
                turn.send(To::Member(member), Message::Do(session.wish));
                None
            }
            // A second copy of the question may come later, to whoever leads by then: nobody says that it had no effect.
            Message::Elsewhere(_) => Some(Outcome::Failed(Failure::Refused)),
            _ => None,
        }
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if turn.me() == 0 {
            member.role = Role::Primary;
            turn.announce("Leads", 0);
            member.begins(self, turn);
        } else {
            member.wait(self, turn);
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let Message::Do(wish) = message {
            member.asked(self, wish, turn);
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Order(epoch, number, wish) => member.ordered(self, from, (epoch, number), wish, turn),
            Message::Has(epoch, count) => member.backup_has(self, from, (epoch, count), turn),
            Message::Lacks(epoch) => member.lacking(from, epoch, turn),
            Message::Everything(state) => member.handed(self, from, state, turn),
            Message::TakesOver(epoch) => member.another_takes_over(self, from, epoch, turn),
            Message::Follows(epoch, state) => member.another_follows(self, from, epoch, state, turn),
            Message::Deposed(epoch) => member.deposed(self, epoch, turn),
            Message::Do(_) | Message::Done(_) | Message::Elsewhere(_) => {}
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Beat => member.beats(self, turn),
            Timer::Silence => member.silence(self, turn),
            Timer::Ship => member.ships(self, turn),
        }
    }

    fn on_crash(&self, member: &mut Member) {
        member.crashes();
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.wait(self, turn);
    }

    /// A dishonest member tells other values, and says that it has what it has not.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| Some(honest.clone().lie(draw)))
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        watch.dies(seen, truth.now, observations);
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        watch.ends(truth.now, observations);
    }

    fn examine(
        &self,
        watch: &mut Watch,
        (instance, member): (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        let leader = self.primary_of(member.state.epoch);
        watch.sees((instance, member), (leader, announced), truth.now, observations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};
    use crate::protocols::primary_backup::message::State;
    use std::collections::BTreeMap;

    fn state(words: &mut Words) -> State {
        State { epoch: words.number(), count: words.number(), store: BTreeMap::from([(words.small(), (words.number(), words.number()))]) }
    }

    fn anything(words: &mut Words) -> Message {
        let (epoch, count) = (words.number(), words.number());
        let wish = (words.small(), words.flag().then(|| words.number()));
        match words.index(10) {
            0 => Message::Do(wish),
            1 => Message::Done(wish.1),
            2 => Message::Elsewhere(words.flag().then_some(wish.0)),
            3 => Message::Order(epoch, count, words.flag().then_some(wish)),
            4 => Message::Has(epoch, count),
            5 => Message::Lacks(epoch),
            6 => Message::Everything(state(words)),
            7 => Message::TakesOver(epoch),
            8 => Message::Follows(epoch, state(words)),
            _ => Message::Deposed(epoch),
        }
    }

    #[test]
    fn whatever_is_said_to_a_member_it_goes_on() {
        for acknowledge in [Backups::None, Backups::One, Backups::Majority, Backups::All] {
            let spec = PrimaryBackup { acknowledge, ..PrimaryBackup::default() };
            bears_everything(&PrimaryBackupProtocol { spec: spec.clone() }, anything);
            let ships_every = sim_core::time::SimDuration::from_millis(50);
            bears_everything(&PrimaryBackupProtocol { spec: PrimaryBackup { ships_every, ..spec.clone() } }, anything);
            let without = vec![BackupRule::MajorityTakeover, BackupRule::EpochFencing, BackupRule::ConfirmedReads];
            bears_everything(&PrimaryBackupProtocol { spec: PrimaryBackup { without, ..spec } }, anything);
        }
    }
}
