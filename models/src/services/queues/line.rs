//! Who waits, and in which order?
//!
//! Everybody has a rank, given by the discipline on entering; those of one rank stand in order of entry. A discipline takes from
//! either end. Each operation takes time in proportion to the logarithm of the length, but for the choice of a victim, which may look
//! at everybody.

use super::{Discipline, End, Item, Victim, WhenFull};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Rank, and the how-manieth to enter.
pub type Place = (u64, u64);

/// Everybody who waits at one replica.
#[derive(Clone, Debug, Default)]
pub struct Line {
    items: BTreeMap<Place, Item>,
    places: BTreeMap<u32, Place>,
    /// How many have ever entered.
    entered: u64,
}

/// What becomes of one whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A worker takes it.
    Served,
    /// It is dropped, and the turn passes on.
    Dropped,
}

impl Line {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Everybody, by rank and entry.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.values()
    }

    /// Whether this very entry still waits, and who it is.
    pub fn find(&self, slot: u32, ordinal: u64) -> Option<&Item> {
        let place = self.places.get(&slot).filter(|place| place.1 == ordinal)?;
        self.items.get(place)
    }

    /// The number that the next to enter will have.
    pub const fn next_ordinal(&self) -> u64 {
        self.entered
    }

    /// Puts somebody in.
    pub fn enter<D: Discipline>(&mut self, rule: &D, memory: &mut D::Memory, item: Item, now: SimTime) {
        let rank = rule.rank(memory, self, &item, now);
        let place = (rank, self.entered);
        rule.entered(memory, self, &item, rank, now);
        self.entered += 1;
        self.items.insert(place, item);
        self.places.insert(item.slot, place);
    }

    /// Whose turn it is, and what becomes of it. Call it again until one is served or nobody is left.
    pub fn take<D: Discipline>(&mut self, rule: &D, memory: &mut D::Memory, now: SimTime) -> Option<(Item, Verdict)> {
        let next = match rule.end(memory, now) {
            End::First => self.items.pop_first(),
            End::Last => self.items.pop_last(),
        };
        let Some((place, item)) = next else {
            rule.emptied(memory, now);
            return None;
        };
        self.places.remove(&item.slot);
        let verdict = rule.judge(memory, (place.0, &item), self.items.len(), now);
        if self.items.is_empty() {
            rule.emptied(memory, now);
        }
        Some((item, verdict))
    }

    /// Takes somebody out who does not wait for their turn.
    pub fn withdraw<D: Discipline>(&mut self, rule: &D, memory: &mut D::Memory, slot: u32, now: SimTime) -> Option<Item> {
        let place = self.places.remove(&slot)?;
        let item = self.items.remove(&place)?;
        rule.withdrawn(memory, &item, place.0);
        if self.items.is_empty() {
            rule.emptied(memory, now);
        }
        Some(item)
    }

    /// Who has waited too long, wherever they stand: call it until it names nobody.
    pub fn overdue<D: Discipline>(&mut self, rule: &D, memory: &mut D::Memory, now: SimTime) -> Option<Item> {
        let slot = rule.overdue(memory, self, now)?;
        self.withdraw(rule, memory, slot, now)
    }

    /// Who gives way to a newcomer when there is no place left; nobody if it is the newcomer that has to go.
    pub fn give_way<D: Discipline>(&mut self, rule: &D, memory: &mut D::Memory, newcomer: &Item, now: SimTime) -> Option<Item> {
        let victim = match rule.when_full() {
            WhenFull::Reject | WhenFull::Wait => None,
            WhenFull::DropOldest => self.victim(Victim::Oldest, |_| true),
            WhenFull::DropLast => match rule.end(memory, now) {
                // It would be taken first itself.
                End::Last => self.items.values().find(|item| item.may_be_shed()).map(|item| item.slot),
                End::First => {
                    let rank = rule.rank(memory, self, newcomer, now);
                    let last = self.items.iter().rev().find(|(_, item)| item.may_be_shed());
                    last.filter(|(place, _)| place.0 > rank).map(|(_, item)| item.slot)
                }
            },
        }?;
        self.withdraw(rule, memory, victim, now)
    }

    /// The newest or oldest of those who may be shed and are of this kind.
    pub fn victim(&self, which: Victim, is_one: impl Fn(&Item) -> bool) -> Option<u32> {
        let all = self.items.iter().filter(|(_, item)| item.may_be_shed() && is_one(item));
        let found = match which {
            Victim::Oldest => all.min_by_key(|(place, _)| place.1),
            Victim::Newest => all.max_by_key(|(place, _)| place.1),
        };
        found.map(|(_, item)| item.slot)
    }
}
