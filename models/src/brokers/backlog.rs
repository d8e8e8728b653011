//! Which messages are kept, which of them may be handed out, and which are in flight?
//!
//! Source: Amazon SQS, developer guide, "visibility timeout", "dead-letter queues", "FIFO queue delivery logic": handing a message out
//! counts, hides it for the visibility timeout, and gives a receipt; the latest receipt deletes it. A message that would be handed out
//! once too often is a dead letter instead. Of an ordered group only the first message may be handed out, so that one in flight blocks
//! the later ones. Times are those of the broker's own clock, but for when a message was stored, which is measured.

use super::redelivery::Failures;
use super::{Account, Handed, Message, Order, Rules, Stored};
use crate::measure::Spread;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A message that is kept.
#[derive(Clone, Debug)]
struct Kept {
    message: Message,
    stored: SimTime,
    stored_local: SimTime,
    /// How often it was handed out.
    receives: u32,
    /// The greatest number of an attempt at it so far.
    attempts: u32,
    place: Place,
    failures: Failures,
    is_completed: bool,
}

/// Where a kept message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It may be handed out, unless an earlier one of its group keeps it back.
    Waiting,
    /// It waits until then before it may be handed out again.
    Delayed(SimTime),
    /// It has been handed out, and comes back then.
    InFlight(SimTime),
}

/// The messages of a queue, and what became of those that are gone.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    messages: BTreeMap<u32, Kept>,
    next: u32,
    /// Those that may be handed out now.
    ready: BTreeSet<u32>,
    /// Those that come back by themselves, and when.
    hidden: BTreeSet<(SimTime, u32)>,
    /// Of ordered backlogs: the messages of each group.
    groups: BTreeMap<u64, BTreeSet<u32>>,
    in_flight: u64,
    /// Messages that are known, and since when.
    known: BTreeSet<u64>,
    known_since: VecDeque<(SimTime, u64)>,
    /// From production to the first end in success of the work on it.
    completions: Spread,
    account: Account,
}

impl Backlog {
    /// What would become of this message.
    pub fn may_store(&mut self, rules: &Rules, message: &Message, local: SimTime) -> Stored {
        if let Some(window) = rules.deduplication {
            while self.known_since.front().is_some_and(|&(since, _)| since.saturating_add(window) <= local) {
                let (_, key) = self.known_since.pop_front().expect("there is a first");
                self.known.remove(&key);
            }
            if self.known.contains(&message.key.bits()) {
                return Stored::Known;
            }
        }
        if rules.limit.is_some_and(|limit| self.messages.len() >= limit as usize) { Stored::Full } else { Stored::Kept }
    }

    /// A message was turned away, or acknowledged because it is known.
    pub const fn count_unstored(&mut self, stored: Stored) {
        match stored {
            Stored::Kept => {}
            Stored::Known => self.account.duplicates += 1,
            Stored::Full => self.account.refused += 1,
        }
    }

    /// Keeps a message.
    pub fn store(&mut self, rules: &Rules, message: Message, (now, local): (SimTime, SimTime)) {
        if rules.deduplication.is_some() {
            self.known.insert(message.key.bits());
            self.known_since.push_back((local, message.key.bits()));
        }
        let number = self.next;
        self.next += 1;
        self.account.stored += 1;
        let (place, failures) = (Place::Waiting, Failures::default());
        let kept = Kept { message, stored: now, stored_local: local, receives: 0, attempts: 0, place, failures, is_completed: false };
        self.messages.insert(number, kept);
        if let Some(group) = group_of(rules, &message) {
            self.groups.entry(group).or_default().insert(number);
        }
        self.make_ready(rules, number);
    }

    /// Hands out up to so many messages; those that were handed out too often before are dead letters instead.
    pub fn take(&mut self, rules: &Rules, most: u32, until: SimTime, dead: &mut Vec<Message>) -> Vec<Handed> {
        let mut handed = Vec::new();
        while handed.len() < most as usize {
            let Some(number) = self.ready.pop_first() else { break };
            let kept = self.messages.get_mut(&number).expect("what is ready is kept");
            if rules.max_receives.is_some_and(|most| kept.receives >= most) {
                dead.push(kept.message);
                self.remove(rules, number);
                self.account.dead_lettered += 1;
                continue;
            }
            kept.receives += 1;
            kept.place = Place::InFlight(until);
            self.account.deliveries += 1;
            self.account.delivered_again += u64::from(kept.receives == 2);
            handed.push(Handed { number, receipt: kept.receives, attempts: kept.attempts, message: kept.message });
            kept.attempts += 1;
            self.in_flight += 1;
            if until < SimTime::MAX {
                self.hidden.insert((until, number));
            }
        }
        handed
    }

    /// Whoever has the latest receipt of a message deletes it.
    pub fn delete(&mut self, rules: &Rules, number: u32, receipt: u32) {
        if self.messages.get(&number).is_none_or(|kept| kept.receives != receipt) {
            self.account.stale += 1;
            return;
        }
        self.remove(rules, number);
        self.account.deleted += 1;
    }

    /// Whoever has the latest receipt of a message in flight gives it back: it may be handed out again from an instant on.
    pub fn give_back(&mut self, rules: &Rules, number: u32, receipt: u32, from: Option<SimTime>) {
        let Some(kept) = self.messages.get_mut(&number) else { return };
        let Place::InFlight(until) = kept.place else { return };
        if kept.receives != receipt {
            return;
        }
        self.hidden.remove(&(until, number));
        self.in_flight -= 1;
        match from {
            Some(from) => {
                kept.place = Place::Delayed(from);
                self.hidden.insert((from, number));
            }
            None => {
                kept.place = Place::Waiting;
                self.make_ready(rules, number);
            }
        }
    }

    /// What was passed on is deleted.
    pub fn delete_in_flight(&mut self, rules: &Rules, number: u32) {
        if let Some(kept) = self.messages.get(&number) {
            self.delete(rules, number, kept.receives);
        }
    }

    /// What was not taken waits until then.
    pub fn delay(&mut self, rules: &Rules, number: u32, until: SimTime) {
        if let Some(kept) = self.messages.get(&number) {
            self.give_back(rules, number, kept.receives, Some(until));
        }
    }

    /// A message that is kept.
    pub fn message(&self, number: u32) -> Option<Message> {
        self.messages.get(&number).map(|kept| kept.message)
    }

    /// A message that could not be passed on is given up.
    pub fn give_up(&mut self, rules: &Rules, number: u32) -> Option<Message> {
        let message = self.messages.get(&number)?.message;
        self.remove(rules, number);
        self.account.dead_lettered += 1;
        Some(message)
    }

    /// The work on a message failed; what was made of it so far, and how old it is.
    pub fn failed(&mut self, number: u32, failure: crate::outcome::Failure, local: SimTime) -> Option<(Failures, SimDuration)> {
        self.account.progress.failed += 1;
        let kept = self.messages.get_mut(&number)?;
        kept.failures = kept.failures.and(failure);
        Some((kept.failures, local.saturating_since(kept.stored_local)))
    }

    /// The work on a message is done, so long after it was produced. It is done for the first time if the message is still here and
    /// nobody was done with it.
    pub fn completed(&mut self, number: u32, latency: SimDuration) {
        match self.messages.get_mut(&number).filter(|kept| !kept.is_completed) {
            Some(kept) => {
                kept.is_completed = true;
                self.completions.record(latency);
                self.account.progress.completed(latency);
            }
            None => self.account.progress.completed_again += 1,
        }
    }

    /// Attempts at a message were numbered up to this.
    pub fn attempted(&mut self, number: u32, attempts: u32) {
        if let Some(kept) = self.messages.get_mut(&number) {
            kept.attempts = kept.attempts.max(attempts);
        }
    }

    /// Time has passed: what was hidden comes back, and what was kept for too long goes; that is what comes out.
    pub fn pass_time(&mut self, rules: &Rules, local: SimTime, expired: &mut Vec<Message>) {
        while let Some(&(until, number)) = self.hidden.first()
            && until <= local
        {
            self.hidden.pop_first();
            let kept = self.messages.get_mut(&number).expect("what is hidden is kept");
            self.in_flight -= u64::from(matches!(kept.place, Place::InFlight(_)));
            kept.place = Place::Waiting;
            self.make_ready(rules, number);
        }
        let Some(retention) = rules.retention else { return };
        while let Some((&number, kept)) = self.messages.first_key_value()
            && kept.stored_local.saturating_add(retention) <= local
        {
            expired.push(kept.message);
            self.remove(rules, number);
            self.account.expired += 1;
        }
    }

    /// When something happens by itself, if anything does.
    pub fn next(&self, rules: &Rules) -> SimTime {
        let back = self.hidden.first().map_or(SimTime::MAX, |hidden| hidden.0);
        let retention = rules.retention.zip(self.messages.first_key_value());
        back.min(retention.map_or(SimTime::MAX, |(length, (_, kept))| kept.stored_local.saturating_add(length)))
    }

    /// The broker dies: what is durable waits for it to return, what is not is lost.
    pub fn crash(&mut self, rules: &Rules) {
        self.hidden.clear();
        self.in_flight = 0;
        self.ready.clear();
        if !rules.durable {
            self.account.lost += self.messages.len() as u64;
            self.messages.clear();
            self.groups.clear();
            self.known.clear();
            self.known_since.clear();
            return;
        }
        let numbers: Vec<u32> = self.messages.keys().copied().collect();
        for number in numbers {
            self.messages.get_mut(&number).expect("it is kept").place = Place::Waiting;
            self.make_ready(rules, number);
        }
    }

    /// Whether anything may be handed out.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many messages are kept.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many messages are in flight.
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// How old the oldest message is.
    pub fn oldest(&self, now: SimTime) -> SimDuration {
        self.messages.first_key_value().map_or(SimDuration::ZERO, |(_, kept)| now.saturating_since(kept.stored))
    }

    /// A time bin is over.
    pub fn bin_ended(&mut self, now: SimTime) {
        let oldest = self.oldest(now);
        self.account.progress.bin_ended(self.messages.len() as u64, oldest);
    }

    /// How long it took from the production of messages to the first end in success of the work on them.
    pub const fn completions(&self) -> &Spread {
        &self.completions
    }

    /// What became of all messages.
    pub fn account(&self) -> Account {
        let waiting = self.messages.len() as u64 - self.in_flight;
        Account { waiting, in_flight: self.in_flight, ..self.account.clone() }
    }

    /// A message that waits may be handed out, if it is the first of its group.
    fn make_ready(&mut self, rules: &Rules, number: u32) {
        let group = group_of(rules, &self.messages[&number].message);
        if group.is_none_or(|group| self.groups[&group].first() == Some(&number)) {
            self.ready.insert(number);
        }
    }

    /// A message goes, and lets the next one of its group come forward.
    fn remove(&mut self, rules: &Rules, number: u32) {
        let kept = self.messages.remove(&number).expect("only what is kept goes");
        self.ready.remove(&number);
        match kept.place {
            Place::Waiting => {}
            Place::Delayed(until) => {
                self.hidden.remove(&(until, number));
            }
            Place::InFlight(until) => {
                self.hidden.remove(&(until, number));
                self.in_flight -= 1;
            }
        }
        let Some(group) = group_of(rules, &kept.message) else { return };
        let others = self.groups.get_mut(&group).expect("an ordered message has a group");
        others.remove(&number);
        match others.first() {
            Some(&next) if self.messages[&next].place == Place::Waiting => {
                self.ready.insert(next);
            }
            Some(_) => {}
            None => {
                self.groups.remove(&group);
            }
        }
    }
}

/// The group in whose order a message is handed out.
const fn group_of(rules: &Rules, message: &Message) -> Option<u64> {
    match rules.order {
        Order::Standard => None,
        Order::Fifo => Some(0),
        Order::PerKey => Some(message.object),
    }
}

#[cfg(test)]
mod tests;
