//! When exactly does each fault of a run strike?
//!
//! A *strike* is one occurrence of a fault; its *stretches* are the spans of time in which effects are on, most often one
//! from begin to end. Strikes at planned and at random times depend on the seed and on nothing that happens in the run,
//! so they are drawn before time 0 and are the same in every arm.
//!
//! Each draw belongs to a fault (by its label), a member (by its name) and an ordinal: leaving a fault or a member out
//! re-rolls nothing of the others.

use super::{AnyFault, Pick, PlannedFault, Renewal, Timing};
use crate::environment::Effect;
use crate::ids::FaultId;
use sim_core::draw::{Draws, Key, Seed};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    seed: &'a Seed,
    key: Key,
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

/// A fault with its names looked up and its distributions compiled.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// What happens, in words.
    pub label: String,
    /// The fault itself.
    pub fault: AnyFault,
    /// Whom it may strike.
    pub members: Vec<Member>,
    key: Key,
    schedule: Schedule,
    stagger: Option<Sampler>,
    pick: Option<Pick>,
}

#[derive(Clone, Debug)]
enum Schedule {
    /// At an instant, and perhaps again.
    Timed { at: SimTime, lasts: Option<SimDuration>, every: Option<(SimDuration, u32)> },
    /// At random.
    Renewal { from: SimTime, to_failure: Sampler, to_repair: Sampler, crews: usize },
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

/// A run has at most so many strikes; a plan that expects more is refused before.
pub const MOST_STRIKES: usize = 1_000_000;

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

    /// Adds a strike; answers the indices of its stretches. One without effects is left out.
    fn push(&mut self, fault: FaultId, member: Option<u32>, begin: SimTime, spans: Vec<Span>) -> std::ops::Range<usize> {
        let first = self.stretches.len();
        let strike = self.strikes.len() as u32;
        for span in spans {
            let (from, until) = (begin.saturating_add(span.from), span.until.map(|until| begin.saturating_add(until)));
            if !span.effects.is_empty() && until.is_none_or(|until| until > from) {
                self.stretches.push(Stretch { strike, begin: from, end: until, effects: span.effects, opens: false, closes: false });
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

impl FaultPlan {
    /// A checked fault that strikes these members. `ordinal` tells apart faults of one label.
    pub fn new(fault: AnyFault, timing: &Timing, members: Vec<Member>, ordinal: u64) -> Self {
        let label = timing.label.clone().unwrap_or_else(|| fault.label());
        let at = SimTime::ZERO.saturating_add(timing.at.unwrap_or_default());
        let schedule = match &timing.renewal {
            Some(Renewal { time_to_failure, time_to_repair, crews }) => Schedule::Renewal {
                from: at,
                to_failure: time_to_failure.compile(),
                to_repair: time_to_repair.compile(),
                crews: crews.map_or(usize::MAX, |crews| crews as usize),
            },
            None => Schedule::Timed {
                at,
                lasts: fault.lasts_by_itself().or(timing.lasts),
                every: timing.every.map(|every| (every, timing.times.unwrap_or(u32::MAX))),
            },
        };
        let key = Key::named("fault").child(Key::named(&label).bits()).child(ordinal);
        Self { key, label, fault, members, schedule, stagger: timing.stagger.as_ref().map(Distribution::compile), pick: timing.pick }
    }

    /// Begin and end of its strikes before the horizon, as far as they are the same in every run: none of a fault that
    /// comes and goes at random.
    pub fn windows(&self, horizon: SimDuration) -> Vec<(SimTime, Option<SimTime>)> {
        let Schedule::Timed { at, lasts, every } = self.schedule else { return Vec::new() };
        let (every, times) = every.unwrap_or((SimDuration::MAX, 1));
        let begins = std::iter::successors(Some(at), |begin| Some(begin.saturating_add(every)));
        let begins = begins.take(times as usize).take(MOST_STRIKES).take_while(|begin| begin.since_start() < horizon);
        begins.map(|begin| (begin, lasts.map(|lasts| begin.saturating_add(lasts)))).collect()
    }

    /// Whether a written fault has the same label as this one.
    pub fn is_like(&self, planned: &PlannedFault) -> bool {
        planned.timing.label.as_ref().map_or_else(|| self.label == planned.fault.label(), |label| *label == self.label)
    }

    fn strikes(&self, id: FaultId, seed: &Seed, horizon: SimTime, table: &mut Timetable) {
        match &self.schedule {
            Schedule::Timed { lasts, .. } => {
                for (ordinal, (begin, _)) in (0..).zip(self.windows(horizon.since_start())) {
                    self.strike(id, ordinal, begin, *lasts, seed, table);
                }
            }
            Schedule::Renewal { from, to_failure, to_repair, crews } => {
                for (member, ordinal, begin, end) in renewals(self, *from, to_failure, to_repair, *crews, seed, horizon) {
                    let luck = Luck { seed, key: self.member_key(member).child(ordinal) };
                    let lasts = Some(end.saturating_since(begin));
                    table.push(id, Some(member as u32), begin, self.fault.course(&self.members[member], lasts, luck));
                }
            }
        }
    }

    /// One strike at all members, or at those that are picked. Answers the indices of its stretches.
    pub fn strike(
        &self,
        id: FaultId,
        ordinal: u64,
        begin: SimTime,
        lasts: Option<SimDuration>,
        seed: &Seed,
        table: &mut Timetable,
    ) -> std::ops::Range<usize> {
        let mut spans: Vec<Span> = Vec::new();
        for member in self.picked(ordinal, seed) {
            let luck = Luck { seed, key: self.member_key(member).child(ordinal) };
            let later = self.stagger.as_ref().map_or(SimDuration::ZERO, |stagger| stagger.sample(luck.draws(u32::MAX).wait()));
            for mut span in self.fault.course(&self.members[member], lasts, luck) {
                span.from = span.from.saturating_add(later);
                span.until = span.until.map(|until| until.saturating_add(later));
                // What begins and ends together is one stretch.
                match spans.iter_mut().find(|known| known.from == span.from && known.until == span.until) {
                    Some(known) => known.effects.append(&mut span.effects),
                    None => spans.push(span),
                }
            }
        }
        table.push(id, None, begin, spans)
    }

    fn member_key(&self, member: usize) -> Key {
        self.key.child(Key::named(&self.members[member].name).bits())
    }

    /// The members that a strike hits: those with the least numbers among all, so that one more or less re-rolls no other.
    fn picked(&self, ordinal: u64, seed: &Seed) -> Vec<usize> {
        let all = 0..self.members.len();
        let Some(pick) = self.pick else { return all.collect() };
        let mut drawn: Vec<_> =
            all.map(|member| (seed.draws(self.member_key(member).child(ordinal), u32::MAX).choice().bits(), member)).collect();
        drawn.sort_unstable();
        let mut picked: Vec<_> = drawn.into_iter().take(pick.of(self.members.len())).map(|(_, member)| member).collect();
        picked.sort_unstable();
        picked
    }
}

/// All failures before the horizon: member, ordinal, begin and end of being down, in order of failure. Whoever fails while all crews are busy
/// waits for the crew that is free first.
fn renewals(
    fault: &FaultPlan,
    from: SimTime,
    to_failure: &Sampler,
    to_repair: &Sampler,
    crews: usize,
    seed: &Seed,
    horizon: SimTime,
) -> Vec<(usize, u64, SimTime, SimTime)> {
    let draws = |member: usize, ordinal: u64| seed.draws(fault.member_key(member).child(ordinal), u32::MAX);
    let life = |member: usize, ordinal: u64| to_failure.sample(draws(member, ordinal).wait()).max(SimDuration::NANOSECOND);
    let mut failures: BinaryHeap<_> =
        (0..fault.members.len()).map(|member| Reverse((from.saturating_add(life(member, 0)), member, 0_u64))).collect();
    let mut busy: BinaryHeap<Reverse<SimTime>> = BinaryHeap::new();
    let mut all = Vec::new();
    while let Some(Reverse((failed, member, ordinal))) = failures.pop() {
        if failed >= horizon || all.len() >= MOST_STRIKES {
            break;
        }
        while busy.peek().is_some_and(|free| free.0 <= failed) {
            busy.pop();
        }
        let begins = if busy.len() < crews { failed } else { busy.pop().map_or(failed, |free| free.0) };
        let repair = to_repair.sample(draws(member, ordinal).demand()).max(SimDuration::NANOSECOND);
        let repaired = begins.saturating_add(repair);
        if crews < usize::MAX {
            busy.push(Reverse(repaired));
        }
        all.push((member, ordinal, failed, repaired));
        failures.push(Reverse((repaired.saturating_add(life(member, ordinal + 1)), member, ordinal + 1)));
    }
    all
}
