//! What has become of requests and calls, service by service and edge by edge, and how busy was everybody?
//!
//! What is on the path of every request is counted where it happens, in the memory of its replica; all else is added up at the end.

use super::World;
use crate::attempt::Phase;
use crate::call::Origin;
use crate::measure::{EdgeMeasures, ServiceMeasures};
use crate::protocols::Protocol;
use crate::services::{Level, Tally};
use sim_core::time::{SimDuration, SimTime};

/// How many requests wait, are with a worker, and wait for others without one.
type Levels = [Level; 3];

/// The books of services at an instant.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    at: SimTime,
    services: Vec<Levels>,
}

impl Mark {
    /// The integrals of the levels of a service up to this instant; nothing yet if there is no mark.
    fn integrals(mark: Option<&Self>, service: usize) -> [u128; 3] {
        mark.map_or([0; 3], |mark| mark.services[service].map(|level| level.integral(mark.at)))
    }
}

impl<P: Protocol> World<P> {
    /// Averages over time begin here, unless they have begun: nothing has happened after this instant.
    pub fn averages_begin(&mut self, at: SimTime) {
        let mark = self.mark(at);
        self.averaged.0.get_or_insert(mark);
    }

    /// Averages over time end here, unless they have ended: nothing has happened after this instant.
    pub fn averages_end(&mut self, at: SimTime) {
        let mark = self.mark(at);
        self.averaged.1.get_or_insert(mark);
    }

    fn mark(&self, at: SimTime) -> Mark {
        Mark { at, services: (0..self.plan.services.len()).map(|service| self.books_of(service).1).collect() }
    }

    /// What has become of the requests of a service, and its levels, over all its replicas.
    fn books_of(&self, service: usize) -> (Tally, Levels) {
        let plan = &self.plan.services[service];
        let servers = &self.servers[plan.first.index()..][..plan.replicas as usize];
        let mut tally = Tally::default();
        servers.iter().for_each(|server| tally += server.tally);
        let levels = [servers.iter().map(|one| one.waiting).sum(), servers.iter().map(|one| one.busy).sum(), servers.iter().map(|one| one.calling).sum()];
        (tally, levels)
    }

    /// The measures of every service, in order of writing; averages end now unless they have ended.
    pub(super) fn service_measures(&self, now: SimTime) -> Vec<ServiceMeasures> {
        let mut at_end = vec![[0_u64; 2]; self.plan.services.len()];
        for attempt in self.attempts.slots() {
            match attempt.phase {
                Phase::Queued => at_end[attempt.service as usize][0] += 1,
                Phase::Serving | Phase::Calling => at_end[attempt.service as usize][1] += 1,
                _ => {}
            }
        }
        let (begin, end) = (self.averaged.0.as_ref(), self.averaged.1.clone().unwrap_or_else(|| self.mark(now)));
        let from = begin.map_or(SimTime::ZERO, |mark| mark.at);
        let measures = |(service, [queued, in_service]): (usize, [u64; 2])| {
            let (plan, tally) = (&self.plan.services[service], self.books_of(service).0);
            let (before, until) = (Mark::integrals(begin, service), Mark::integrals(Some(&end), service));
            let time = |level: usize| SimDuration::from_nanos(u64::try_from(until[level].wrapping_sub(before[level])).unwrap_or(u64::MAX));
            ServiceMeasures {
                service: plan.name.clone(),
                workers: u64::from(plan.replicas) * u64::from(plan.workers),
                arrived: tally.arrived,
                completed: tally.completed,
                failed: tally.failed,
                shed: tally.shed,
                abandoned: tally.abandoned,
                lost: tally.lost,
                queued,
                in_service,
                averaged_over: end.at.saturating_since(from),
                waiting: time(0),
                busy: time(1),
                calling: time(2),
            }
        };
        at_end.into_iter().enumerate().map(measures).collect()
    }

    /// Calls that count and are not decided, for each edge.
    pub(super) fn count_unfinished(&self, edges: &mut [EdgeMeasures]) {
        for call in self.calls.slots().iter().filter(|call| call.is_open && call.is_counted) {
            if !matches!(call.origin, Origin::Background(..) | Origin::Probe(_)) {
                edges[call.name.edge.index()].unfinished += 1;
            }
        }
    }
}
