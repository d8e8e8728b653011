//! When does who call?

use super::World;
use super::course::OnCourse;
use crate::call::Origin;
use crate::event::{Kind, WorldEvent};
use crate::ids::PopulationId;
use crate::outcome::Outcome;
use crate::plan::PopulationPlan;
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_EXTRA};
use crate::workloads::{ArrivalProcess, Gaps};
use sim_core::draw::{Draws, Key, Seed};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// How far a population has come.
#[derive(Clone, Debug)]
pub(super) struct PopulationState {
    /// Calls made so far by an open population.
    pub(super) calls: u32,
    /// Eight gaps between arrivals come from one block of draws.
    gaps: Option<Draws>,
    /// Where it is on its course, if the rate of its calls changes.
    pub(super) course: Option<OnCourse>,
}

/// The draws of the gaps are the population's own; its calls are children of its key by their numbers.
const GAPS: u64 = u64::MAX;

impl PopulationState {
    pub(super) const fn new(_plan: &PopulationPlan) -> Self {
        Self { calls: 0, gaps: None, course: None }
    }

    /// The next gap is drawn anew.
    pub(super) const fn forget_draws(&mut self) {
        self.gaps = None;
    }
}

impl<P: Protocol> World<P> {
    /// Schedules the first call of everybody.
    pub(super) fn start_populations(&mut self, ctx: &mut Ctx<'_, Self>) {
        for index in 0..self.plan.populations.len() {
            let plan = &self.plan.populations[index];
            let (first, count, key) = (plan.first_client, plan.count, plan.key);
            match &plan.arrivals {
                ArrivalProcess::Open(_) => self.schedule_arrival(index as u32, ctx),
                ArrivalProcess::Closed { think } => {
                    for client in 0..count {
                        let think = think.sample(self.seed.draws(client_key(key, client).child(0), 1).wait());
                        let start = self.start_of(index, client);
                        let at = ctx.now().saturating_add(start).saturating_add(think.max(SimDuration::NANOSECOND));
                        if at < self.plan.clockwork.end_of_arrivals() {
                            ctx.at(at, WorldEvent::new(Kind::ClientWakes, client_key(key, client), 0, first + client));
                        }
                    }
                }
                ArrivalProcess::Once => {
                    for client in 0..count {
                        let event = WorldEvent::new(Kind::ClientWakes, client_key(key, client), 0, first + client);
                        ctx.after(self.start_of(index, client).max(SimDuration::NANOSECOND), event);
                    }
                }
            }
        }
    }

    /// How long after the begin of the run a client starts.
    fn start_of(&self, population: usize, client: u32) -> SimDuration {
        let plan = &self.plan.populations[population];
        if plan.starts_within.is_zero() {
            return SimDuration::ZERO;
        }
        self.seed.draws(client_key(plan.key, client).child(0), 1).choice().below(plan.starts_within)
    }

    fn schedule_arrival(&mut self, index: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = &self.plan.populations[index as usize];
        let state = &mut self.populations[index as usize];
        let ArrivalProcess::Open(gaps) = &plan.arrivals else { unreachable!("only open populations have arrivals") };
        let (block, place) = (state.calls / 8, state.calls % 8);
        if place == 0 || state.gaps.is_none() {
            state.gaps = Some(self.seed.draws(plan.key.child(GAPS), block));
        }
        let draws = state.gaps.as_ref().expect("the block of this gap has been drawn");
        let (draw, end) = (draws.numbered(place as usize), self.plan.clockwork.end_of_arrivals());
        let at = match gaps {
            Gaps::Course(course) => state.next_on(course, (ctx.now(), end), draw, (plan.key, &self.seed)),
            gaps => ctx.now().saturating_add(gaps.gap(draw).max(SimDuration::NANOSECOND)),
        };
        if at < end {
            ctx.at(at, WorldEvent::new(Kind::Arrival, plan.key, 0, index));
        }
    }

    /// A call of an open population is due.
    pub(super) fn arrival(&mut self, index: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = &self.plan.populations[index as usize];
        let state = &mut self.populations[index as usize];
        let ordinal = state.calls;
        let key = plan.key.child(u64::from(ordinal));
        let client = plan.client_of(key, &self.seed);
        let name = CallName { edge: plan.edge, key, client, population: PopulationId(plan.edge.0), ordinal };
        state.calls = ordinal.checked_add(1).expect("a population makes fewer than 2^32 calls");
        if !self.is_left_out(PopulationId(index), key) {
            self.start_call(name, Origin::Client, 0, ctx);
        }
        self.schedule_arrival(index, ctx);
    }

    /// A client ends its thinking and calls.
    #[inline(always)]
    pub(super) fn client_wakes(&mut self, number: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = self.population_of(number);
        let client = number - plan.first_client;
        let (edge, key) = (plan.edge, plan.key);
        let count = &mut self.call_counts[number as usize];
        *count += 1;
        let key = client_key(key, client).child(u64::from(*count));
        let name = CallName { edge, key, client, population: PopulationId(edge.0), ordinal: *count - 1 };
        self.start_call(name, Origin::Client, 0, ctx);
    }

    /// The call of a client ended; in a closed loop it thinks and calls again.
    #[inline(always)]
    pub(super) fn client_served(&mut self, name: CallName, _outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        if name.ordinal >= FIRST_EXTRA {
            return;
        }
        let plan = &self.plan.populations[name.population.0 as usize];
        let ArrivalProcess::Closed { think } = &plan.arrivals else { return };
        // The think time after a call belongs to its first attempt, which has no wait before it.
        let at = ctx.now().saturating_add(think.sample(self.first_wait(name.key)).max(SimDuration::NANOSECOND));
        if at < self.plan.clockwork.end_of_arrivals() {
            ctx.at(at, WorldEvent::new(Kind::ClientWakes, name.key, 0, plan.first_client + name.client));
        }
    }

    fn population_of(&self, number: u32) -> &PopulationPlan {
        let later = self.plan.populations.partition_point(|population| population.first_client <= number);
        &self.plan.populations[later - 1]
    }
}

impl PopulationPlan {
    /// The client that makes the call with this key: which one it is matters only to state that each client has of its own.
    pub(super) fn client_of(&self, call: Key, seed: &Seed) -> u32 {
        let client = Key::named("client").child(seed.number()).child(call.bits()).bits();
        ((u128::from(client) * u128::from(self.count)) >> 64) as u32
    }
}

const fn client_key(population: Key, client: u32) -> Key {
    population.child(client as u64)
}

impl crate::plan::Clockwork {
    /// From this instant on nobody starts a call.
    pub const fn end_of_arrivals(&self) -> SimTime {
        SimTime::from_nanos(self.horizon.as_nanos())
    }
}
