//! What do faults of the load add to it, and what do they leave out?
//!
//! Calls that a fault adds have keys of their own, derived from their population and the strike, so that the calls of the
//! population are the same as without it, to the nanosecond. Added arrivals are a stream per strike, independent of the
//! population's own; when the load they multiply changes, the gap under way is shortened or stretched by as much.

use super::World;
use super::course::Following;
use crate::call::Origin;
use crate::environment::{Effect, LoadEffect};
use crate::event::{Kind, WorldEvent};
use crate::ids::{PopulationId, StretchId};
use crate::pool::Pool;
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_EXTRA};
use crate::workloads::{ArrivalProcess, Gaps};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// What faults have added to the load so far.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtraLoad {
    streams: Pool<Stream>,
    calls: Pool<ExtraCall>,
    /// How many calls have been added to each population that has any.
    made: std::collections::BTreeMap<u32, u32>,
}

/// Arrivals beside those of a population.
#[derive(Clone, Debug, Default)]
struct Stream {
    is_on: bool,
    stretch: StretchId,
    population: PopulationId,
    /// The key that the keys of its calls are children of.
    key: Key,
    /// How often it calls, as a multiple of the population.
    rate: f64,
    made: u64,
    next: SimTime,
    /// Where it is on the course of its population, if that is on one.
    following: Option<Following>,
}

/// A call that one client is going to make.
#[derive(Clone, Debug, Default)]
struct ExtraCall {
    population: PopulationId,
    client: u32,
    key: Key,
}

/// Children of the key of a population: its own calls are numbered by 32 bits.
const EXTRA: u64 = u64::MAX - 1;

impl<P: Protocol> World<P> {
    /// A stretch began or ended: whatever it does to the load follows.
    pub(super) fn load_changes(&mut self, stretch: StretchId, effects: &[Effect], begins: bool, ctx: &mut Ctx<'_, Self>) {
        for effect in effects.iter().filter_map(|effect| if let Effect::Load(load) = effect { Some(load.clone()) } else { None }) {
            match effect {
                LoadEffect::Factor { population, key, .. } => {
                    if begins {
                        self.stream_begins(stretch, population, key, ctx);
                    } else {
                        self.streams_end(stretch, population);
                    }
                    self.streams_change(population, ctx);
                }
                LoadEffect::Herd { population, within, key } if begins => self.herd_calls(population, within, key, ctx),
                LoadEffect::Job { node, what, key } if begins => self.job_begins(stretch, node, &what, key, ctx),
                LoadEffect::Job { node, .. } => self.job_ends(stretch, node),
                LoadEffect::Herd { .. } | LoadEffect::Hot { .. } => {}
            }
        }
    }

    fn extra_key(&self, population: PopulationId, strike: u64) -> Key {
        self.plan.populations[population.index()].key.child(EXTRA).child(strike)
    }

    fn stream_begins(&mut self, stretch: StretchId, population: PopulationId, strike: u64, ctx: &mut Ctx<'_, Self>) {
        let (rate, key) = (self.environment.load().added_by(stretch, population), self.extra_key(population, strike));
        if rate > 0.0 {
            let slot = self.extra.streams.insert(Stream {
                is_on: true,
                stretch,
                population,
                key,
                rate,
                made: 0,
                next: SimTime::MAX,
                following: None,
            });
            self.schedule_extra(slot, ctx);
        }
    }

    fn streams_end(&mut self, stretch: StretchId, population: PopulationId) {
        for slot in 0..self.extra.streams.slots().len() as u32 {
            let stream = &mut self.extra.streams[slot];
            if stream.is_on && stream.stretch == stretch && stream.population == population {
                (stream.is_on, stream.next) = (false, SimTime::MAX);
                self.extra.streams.release(slot);
            }
        }
    }

    /// What is left of a gap takes as much longer or shorter as its stream calls less or more often now.
    fn streams_change(&mut self, population: PopulationId, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.extra.streams.slots().len() as u32 {
            let stream = &mut self.extra.streams[slot];
            if !stream.is_on || stream.population != population {
                continue;
            }
            let rate = self.environment.load().added_by(stream.stretch, population);
            let (slower, left) = (stream.rate / rate, stream.next.saturating_since(ctx.now()));
            let changed = rate.to_bits() != stream.rate.to_bits();
            let before = std::mem::replace(&mut stream.rate, rate);
            // A call that is due at this very instant is about to be made.
            if !changed || left.is_zero() {
                continue;
            }
            let at = match stream.following {
                None => ctx.now().saturating_add(scaled(left, slower)),
                Some(mut following) => {
                    let at = self.follow_on(&mut following, population, (before, rate), ctx.now());
                    self.extra.streams[slot].following = Some(following);
                    at
                }
            };
            self.extra_is_due(slot, at, ctx);
        }
    }

    fn schedule_extra(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let stream = &self.extra.streams[slot];
        let ArrivalProcess::Open(gaps) = &self.plan.populations[stream.population.index()].arrivals else {
            unreachable!("only open populations have a factor")
        };
        // Attempts count from 1: the block before belongs to the call's arrival.
        let draw = self.seed.draws(stream.key.child(stream.made), 0).wait();
        if matches!(gaps, Gaps::Course(_)) {
            let mut following = stream.following;
            let at = self.follow(&mut following, stream.population, draw, stream.rate, ctx.now());
            self.extra.streams[slot].following = following;
            return self.extra_is_due(slot, at, ctx);
        }
        let gap = gaps.gap(draw);
        self.extra_is_due(slot, ctx.now().saturating_add(scaled(gap, 1.0 / stream.rate)), ctx);
    }

    fn extra_is_due(&mut self, slot: u32, at: SimTime, ctx: &mut Ctx<'_, Self>) {
        let stream = &mut self.extra.streams[slot];
        stream.next = at;
        if at < self.plan.clockwork.end_of_arrivals() {
            ctx.at(at, WorldEvent::new(Kind::ExtraArrival, stream.key, 0, slot));
        }
    }

    /// A call of a stream is due, unless the stream is over or the call was moved.
    pub(super) fn extra_arrival(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let stream = &mut self.extra.streams[slot];
        if stream.next != ctx.now() {
            return;
        }
        let (population, key) = (stream.population, stream.key.child(stream.made));
        stream.made += 1;
        if !self.is_left_out(population, key) {
            let client = self.plan.populations[population.index()].client_of(key, &self.seed);
            self.start_extra(population, key, client, ctx);
        }
        self.schedule_extra(slot, ctx);
    }

    /// Whether a fault leaves out the call with this key.
    #[inline]
    pub(super) fn is_left_out(&self, population: PopulationId, key: Key) -> bool {
        let load = self.environment.load();
        load.any() && load.factors(population).any(|factor| factor.leaves_out(self.seed.draws(key.child(factor.key), 0).share()))
    }

    fn herd_calls(&mut self, population: PopulationId, within: SimDuration, strike: u64, ctx: &mut Ctx<'_, Self>) {
        let herd = self.extra_key(population, strike);
        for client in 0..self.plan.populations[population.index()].count {
            let key = herd.child(u64::from(client));
            let later = if within.is_zero() { within } else { self.seed.draws(key, 0).wait().below(within) };
            let at = ctx.now().saturating_add(later.max(SimDuration::NANOSECOND));
            if at < self.plan.clockwork.end_of_arrivals() {
                let slot = self.extra.calls.insert(ExtraCall { population, client, key });
                ctx.at(at, WorldEvent::new(Kind::ExtraCall, key, 0, slot));
            }
        }
    }

    /// A client makes the call that a fault makes it make.
    pub(super) fn extra_call(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let ExtraCall { population, client, key } = self.extra.calls[slot];
        self.extra.calls.release(slot);
        self.start_extra(population, key, client, ctx);
    }

    fn start_extra(&mut self, population: PopulationId, key: Key, client: u32, ctx: &mut Ctx<'_, Self>) {
        let made = self.extra.made.entry(population.0).or_default();
        let ordinal = FIRST_EXTRA.saturating_add(*made);
        *made += 1;
        let edge = self.plan.populations[population.index()].edge;
        self.start_call(CallName { edge, key, client, population: PopulationId(edge.0), ordinal }, Origin::Client, 0, ctx);
    }
}

/// A length times a factor, at least a nanosecond.
fn scaled(length: SimDuration, factor: f64) -> SimDuration {
    SimDuration::from_nanos((length.as_nanos() as f64 * factor) as u64).max(SimDuration::NANOSECOND)
}
