//! When exactly does each fault of a run strike?
//!
//! A *strike* is one occurrence of a fault; its *stretches* are the spans of time in which effects are on, most often one
//! from begin to end. Strikes at planned and at random times depend on the seed and on nothing that happens in the run,
//! so they are drawn before time 0 and are the same in every arm.
//!
//! Each draw belongs to a fault (by its label), a member (by its name) and an ordinal: leaving a fault or a member out
//! re-rolls nothing of the others.

use super::FaultPlan;
use crate::environment::{Effect, Within};
use crate::ids::FaultId;
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

/// Whom a fault strikes, and what it does to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name of the node, or of whatever is struck.
    pub name: String,
    /// What is done to it.
    pub effects: Vec<Effect>,
}

/// Effects that are on for a part of a strike, as offsets from its begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// When they begin, after the begin of the strike.
    pub from: SimDuration,
    /// When they end; never if `None`.
    pub until: Option<SimDuration>,
    /// What is on.
    pub effects: Vec<Effect>,
}

/// Random numbers for one strike at one member.
#[derive(Clone, Copy, Debug)]
pub struct Luck<'a> {
    pub(super) seed: &'a Seed,
    pub(super) key: Key,
}

impl Luck<'_> {
    /// Eight draws; `block` tells apart further ones of the same strike and member.
    pub fn draws(&self, block: u32) -> Draws {
        self.seed.draws(self.key, block)
    }

    /// The name of this strike at this member, the same under every seed: what the keys of things it brings forth are derived from.
    pub const fn name(&self) -> u64 {
        self.key.child(3).bits()
    }

    /// Other draws of the same strike and member.
    #[must_use]
    pub fn further(self) -> Self {
        Self { key: self.key.child(1), ..self }
    }

    /// These in a random order, all orders being equally likely. Each position draws a number, so one more re-rolls no other.
    pub fn shuffled<T: Clone>(&self, things: &[T]) -> Vec<T> {
        let number = |position: u64| self.seed.draws(self.key.child(2).child(position), 0).choice().bits();
        let mut drawn: Vec<_> = (0..things.len()).map(|position| (number(position as u64), position)).collect();
        drawn.sort_unstable();
        drawn.into_iter().map(|(_, position)| things[position].clone()).collect()
    }

    /// So many of these, all choices being equally likely.
    pub fn some_of<T: Clone>(&self, things: &[T], count: usize) -> Vec<T> {
        let mut some = self.shuffled(things);
        some.truncate(count);
        some
    }
}

/// One occurrence of a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// Which fault.
    pub fault: FaultId,
    /// The only member it hits, if it hits one apart from the others.
    pub member: Option<u32>,
    /// When it begins.
    pub begin: SimTime,
    /// When the last of its effects ends, if ever.
    pub end: Option<SimTime>,
}

/// Effects that begin and end together.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The strike it is part of, by its index.
    pub strike: u32,
    /// When it begins.
    pub begin: SimTime,
    /// When it ends, if ever.
    pub end: Option<SimTime>,
    /// What is on.
    pub effects: Vec<Effect>,
    /// Which numbers are drawn for what it does to messages: a name of its own that no other fault can change.
    pub stream: u64,
    /// The calls whose messages it touches.
    pub within: Within,
    /// Whether the strike begins with it.
    pub opens: bool,
    /// Whether the strike ends with it.
    pub closes: bool,
}

/// Everything that is to happen in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timetable {
    /// The strikes: those of the first fault first.
    pub strikes: Vec<Strike>,
    /// Their stretches, in the same order.
    pub stretches: Vec<Stretch>,
}

/// Tells what a strike does to messages from what is drawn of the strike itself.
const STREAM: u64 = u64::MAX;

impl Timetable {
    /// Draws the strikes of these faults that begin before the horizon.
    pub fn draw(faults: &[FaultPlan], seed: &Seed, horizon: SimDuration) -> Self {
        let mut table = Self::default();
        let horizon = SimTime::ZERO + horizon;
        for (index, fault) in (0..).map(FaultId).zip(faults) {
            fault.strikes(index, seed, horizon, &mut table);
        }
        table
    }

    /// Adds a strike with this key; answers the indices of its stretches. One without effects is left out.
    pub(super) fn push(
        &mut self,
        (fault, member): (FaultId, Option<u32>),
        (key, within): (Key, Within),
        begin: SimTime,
        spans: Vec<Span>,
    ) -> std::ops::Range<usize> {
        let first = self.stretches.len();
        let strike = self.strikes.len() as u32;
        for (number, span) in (0..).zip(spans) {
            let (from, until) = (begin.saturating_add(span.from), span.until.map(|until| begin.saturating_add(until)));
            if !span.effects.is_empty() && until.is_none_or(|until| until > from) {
                let stream = key.child(STREAM).child(number).bits();
                let (effects, opens, closes) = (span.effects, false, false);
                let confined = |effect: Effect| if within == Within::ALL { effect } else { effect.confined(within) };
                let effects = effects.into_iter().map(confined).collect();
                self.stretches.push(Stretch { strike, begin: from, end: until, effects, stream, within, opens, closes });
            }
        }
        let stretches = &mut self.stretches[first..];
        if let Some(opening) = stretches.iter_mut().min_by_key(|stretch| stretch.begin) {
            opening.opens = true;
            let begin = opening.begin;
            let last = stretches.iter_mut().rev().max_by_key(|stretch| stretch.end.unwrap_or(SimTime::MAX));
            let last = last.expect("a strike with an opening stretch has a last one");
            last.closes = true;
            let end = last.end;
            self.strikes.push(Strike { fault, member, begin, end });
        }
        first..self.stretches.len()
    }
}
