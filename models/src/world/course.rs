//! Where is a population on its course, where the rate of its calls changes over time?
//!
//! What a fault adds follows the same course: its calls are a process of their own whose rate is a multiple of the population's.

use super::World;
use super::clients::PopulationState;
use crate::ids::PopulationId;
use crate::plan::PopulationPlan;
use crate::protocols::Protocol;
use crate::workloads::{ArrivalProcess, Course, Gaps, Stretch};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

/// How far a population has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnCourse {
    /// Where its last call was made.
    last: Stretch,
    /// Where the next one is due.
    next: Stretch,
    /// How much more of the integral of the rate has come than its calls are.
    over: f64,
}

/// How far an added stream has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Following {
    stretch: Stretch,
    since: SimTime,
    /// How much of the integral of its own rate is left until its next call.
    left: f64,
    over: f64,
}

impl PopulationPlan {
    /// The rate of its calls, if that changes.
    pub(super) const fn course(&self) -> Option<&Course> {
        match &self.arrivals {
            ArrivalProcess::Open(Gaps::Course(course)) => Some(course),
            _ => None,
        }
    }
}

impl PopulationState {
    /// When the next call of a population on a course is due, after one made now.
    pub(super) fn next_on(&mut self, course: &Course, (now, until): (SimTime, SimTime), draw: Draw, of: (Key, &Seed)) -> SimTime {
        if let Some(instants) = course.given() {
            let soon = now.saturating_add(SimDuration::NANOSECOND);
            return instants.get(self.calls as usize).map_or(SimTime::MAX, |instant| (*instant).max(soon));
        }
        let OnCourse { next: mut stretch, over, .. } = *self.course.get_or_insert_with(|| OnCourse::new(course, of));
        let last = stretch;
        let (at, over) = course.reach(&mut stretch, now, course.unit(draw) - over, of, until);
        self.course = Some(OnCourse { last, next: stretch, over });
        at
    }
}

impl OnCourse {
    fn new(course: &Course, (key, seed): (Key, &Seed)) -> Self {
        let first = course.first(key, seed);
        Self { last: first, next: first, over: 0.0 }
    }
}

impl<P: Protocol> World<P> {
    /// A stream draws how much is left until its next call, and answers when that is due, at so many times the population's rate.
    pub(super) fn follow(&self, following: &mut Option<Following>, of: PopulationId, draw: Draw, rate: f64, now: SimTime) -> SimTime {
        let plan = &self.plan.populations[of.index()];
        let course = plan.course().expect("a stream follows a population that is on a course");
        let state = following.get_or_insert_with(|| {
            let course_so_far = self.populations[of.index()].course.unwrap_or_else(|| OnCourse::new(course, (plan.key, &self.seed)));
            Following { stretch: course_so_far.last, since: now, left: 0.0, over: 0.0 }
        });
        course.walk(&mut state.stretch, now, (plan.key, &self.seed));
        state.since = now;
        state.left = course.unit(draw) - state.over;
        self.due(state, plan, course, rate)
    }

    /// The rate of a stream has changed just now: what is left until its next call comes sooner or later.
    pub(super) fn follow_on(&self, following: &mut Following, of: PopulationId, (before, rate): (f64, f64), now: SimTime) -> SimTime {
        let plan = &self.plan.populations[of.index()];
        let course = plan.course().expect("a stream follows a population that is on a course");
        following.left -= course.mass(&following.stretch, following.since, now, (plan.key, &self.seed)) * before;
        course.walk(&mut following.stretch, now, (plan.key, &self.seed));
        following.since = now;
        self.due(following, plan, course, rate)
    }

    fn due(&self, following: &mut Following, plan: &PopulationPlan, course: &Course, rate: f64) -> SimTime {
        let until = self.plan.clockwork.end_of_arrivals();
        // The stretch stays that of the last call: the rate may change again before the next one.
        let mut stretch = following.stretch;
        let (at, over) = course.reach(&mut stretch, following.since, following.left / rate, (plan.key, &self.seed), until);
        following.over = over * rate;
        at
    }
}
