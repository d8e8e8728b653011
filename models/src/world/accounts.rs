//! What has become of requests and calls, service by service and edge by edge, and how full was everything?
//!
//! What is on the path of every request is counted where it happens, in the memory of its replica; all else is added up at the end.

use super::World;
use crate::attempt::Phase;
use crate::call::Origin;
use crate::measure::{Accounts, Levels, Mark, ServiceMeasures};
use crate::protocols::Protocol;
use crate::services::{Server, Tally, UNLIMITED};
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// Averages over time begin here, unless they have begun: nothing has happened after this instant.
    pub fn averages_begin(&mut self, at: SimTime) {
        let mark = Mark { at, levels: self.levels() };
        self.averaged.0.get_or_insert(mark);
    }

    /// Averages over time end here, unless they have ended: nothing has happened after this instant.
    pub fn averages_end(&mut self, at: SimTime) {
        let mark = Mark { at, levels: self.levels() };
        self.averaged.1.get_or_insert(mark);
    }

    /// A time bin is over: nothing has happened after this instant.
    pub fn averages_of_bin_end(&mut self, at: SimTime) {
        let levels = self.levels();
        self.meter.occupancies.bin_ends(at, &levels);
    }

    fn servers_of(&self, service: usize) -> &[Server] {
        let plan = &self.plan.services[service];
        &self.servers[plan.first.index()..][..plan.replicas as usize]
    }

    /// The levels of every service, over all its replicas.
    fn levels(&self) -> Vec<Levels> {
        let of = |service| {
            let servers = || self.servers_of(service).iter();
            [servers().map(|one| one.waiting).sum(), servers().map(|one| one.busy).sum(), servers().map(|one| one.calling).sum()]
        };
        (0..self.plan.services.len()).map(of).collect()
    }

    /// Closes the books of all services.
    pub(super) fn accounts(&mut self) -> Accounts {
        let mut at_end = vec![[0_u64; 2]; self.plan.services.len()];
        for attempt in self.attempts.slots() {
            match attempt.phase {
                Phase::Queued => at_end[attempt.service as usize][0] += 1,
                Phase::Serving | Phase::Calling | Phase::Parked => at_end[attempt.service as usize][1] += 1,
                _ => {}
            }
        }
        let measures = |(service, [queued, in_service]): (usize, [u64; 2])| {
            let (plan, mut tally) = (&self.plan.services[service], Tally::default());
            self.servers_of(service).iter().for_each(|server| tally += server.tally);
            ServiceMeasures {
                service: plan.name.clone(),
                workers: if plan.workers == UNLIMITED { 0 } else { u64::from(plan.replicas) * u64::from(plan.workers) },
                arrived: tally.arrived,
                completed: tally.completed,
                failed: tally.failed,
                shed: tally.shed,
                abandoned: tally.abandoned,
                lost: tally.lost,
                queued,
                in_service,
                ..ServiceMeasures::default()
            }
        };
        let services = at_end.into_iter().enumerate().map(measures).collect();
        Accounts { services, levels: self.levels(), begin: self.averaged.0.take(), end: self.averaged.1.take() }
    }

    /// Tells the measures which calls are not decided when the run ends.
    pub(super) fn count_unfinished(&mut self) {
        for call in self.calls.slots().iter().filter(|call| call.is_open && call.is_counted) {
            if !matches!(call.origin, Origin::Background(..) | Origin::Probe(_)) {
                self.meter.unfinished(call.name.edge);
            }
        }
    }
}
