//! Do the books of services and edges add up, and is what they say of time what bystanders see?

use crate::conservation::{config, system};
use crate::*;
use models::plan::Role;
use models::record::AttemptName;
use models::services::Task;
use proptest::prelude::*;
use sim_core::draw::Key;
use std::collections::BTreeMap;

type Request = (Key, u32, u32);

fn request(name: &AttemptName) -> Request {
    (name.call.key, name.number, name.copy)
}

/// What bystanders see of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    completed: u64,
    failed: u64,
    shed: u64,
    abandoned: u64,
    lost: u64,
    inside: u64,
    /// Nanoseconds between coming and going, clipped to a window, one request after the other.
    residence: u128,
    /// The same, by counting who is there between any two instants.
    integral: u128,
    waiting: u128,
}

/// Follows requests from record to record, in a window of time.
struct Bystander<'a> {
    ended: &'a Ended,
    window: (SimTime, SimTime),
    /// Since when each request is at its node, and since when it waits there, if it does.
    present: BTreeMap<Request, (usize, SimTime, Option<SimTime>)>,
    services: Vec<Seen>,
    now: SimTime,
}

impl<'a> Bystander<'a> {
    fn see(ended: &'a Ended, window: (SimTime, SimTime)) -> Vec<Seen> {
        let services = vec![Seen::default(); ended.plan.services.len()];
        let mut seen = Self { ended, window, present: BTreeMap::new(), services, now: SimTime::ZERO };
        for (instant, record) in &ended.seen {
            seen.time_passes(*instant);
            seen.book(record);
        }
        seen.time_passes(window.1.max(seen.now));
        for (node, since, waits) in std::mem::take(&mut seen.present).into_values() {
            let end = seen.now;
            let service = seen.service(node).expect("requests are at replicas");
            seen.leaves(service, since, waits, end);
            seen.services[service].inside += 1;
        }
        seen.services
    }

    fn service(&self, node: usize) -> Option<usize> {
        match self.ended.plan.nodes[node].role {
            Role::Replica(service) => Some(service as usize),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    fn clipped(&self, from: SimTime, until: SimTime) -> u128 {
        let clip = |instant: SimTime| instant.max(self.window.0).min(self.window.1);
        u128::from((clip(until) - clip(from)).as_nanos())
    }

    fn time_passes(&mut self, instant: SimTime) {
        let length = self.clipped(self.now, instant);
        for (node, ..) in self.present.values() {
            let service = self.service(*node).expect("requests are at replicas");
            self.services[service].integral += length;
        }
        self.now = instant;
    }

    fn leaves(&mut self, service: usize, since: SimTime, waits: Option<SimTime>, end: SimTime) {
        self.services[service].residence += self.clipped(since, end);
        if let Some(since) = waits {
            self.services[service].waiting += self.clipped(since, end);
        }
    }

    fn book(&mut self, record: &Record) {
        let now = self.now;
        match record {
            Record::Queued(name, node) => {
                let entry = self.present.entry(request(name)).or_insert((node.index(), now, None));
                entry.2 = Some(now);
            }
            Record::Started(name, node) if self.service(node.index()).is_some() => {
                let entry = self.present.entry(request(name)).or_insert((node.index(), now, None));
                let (node, waits) = (entry.0, entry.2.take());
                if let (Some(since), Some(service)) = (waits, self.service(node)) {
                    self.services[service].waiting += self.clipped(since, now);
                }
            }
            Record::Answered(name, node, outcome) => {
                let Some(service) = self.service(node.index()) else { return };
                if let Some((_, since, waits)) = self.present.remove(&request(name)) {
                    self.leaves(service, since, waits, now);
                }
                let seen = &mut self.services[service];
                match outcome {
                    models::outcome::Outcome::Success => seen.completed += 1,
                    models::outcome::Outcome::Failed(models::outcome::Failure::Overload) => seen.shed += 1,
                    models::outcome::Outcome::Failed(_) => seen.failed += 1,
                }
            }
            Record::Discarded(name, node) => {
                let service = self.service(node.index()).expect("requests are at replicas");
                // One that stood outside, and whose caller has gone meanwhile, is given up as it comes in.
                if let Some((_, since, waits)) = self.present.remove(&request(name)) {
                    self.leaves(service, since, waits, now);
                }
                self.services[service].abandoned += 1;
            }
            Record::NodeDied(node) => {
                let Some(service) = self.service(node.index()) else { return };
                let gone: Vec<Request> = self.present.iter().filter(|(_, there)| there.0 == node.index()).map(|(name, _)| *name).collect();
                for name in gone {
                    let (_, since, waits) = self.present.remove(&name).expect("it was there");
                    self.leaves(service, since, waits, now);
                    self.services[service].lost += 1;
                }
            }
            _ => {}
        }
    }
}

/// Runs a system up to an instant, with averages over a window.
fn until(spec: &SystemSpec, seed: u64, window: (SimTime, SimTime), stop: SimTime) -> Ended {
    struct Windowed<'a>(&'a Arc<Plan>, u64, (SimTime, SimTime), SimTime);
    impl Windowed<'_> {
        fn play<P: Protocol>(self, protocol: P) -> Ended {
            let Self(plan, seed, window, stop) = self;
            let mut simulation = start(plan, protocol, seed, TieBreak::ByRank);
            let mut seen = Records::new();
            let mut watch = |at: SimTime, record: &Record| seen.push((at, *record));
            simulation.run_until(window.0, MOST_EVENTS, Some(&mut watch));
            simulation.intervene(|world, _| world.averages_begin(window.0));
            simulation.run_until(window.1, MOST_EVENTS, Some(&mut watch));
            simulation.intervene(|world, _| world.averages_end(window.1));
            simulation.run_until(stop, MOST_EVENTS, Some(&mut watch));
            let (digest, now, events) = (simulation.digest(), simulation.now(), simulation.events());
            let world = simulation.into_model();
            let plan = Arc::new(world.plan().clone());
            let (in_use, sagas, environment) = (world.records(), world.sagas(), world.environment().clone());
            Ended { plan, seen, digest, in_use, sagas, environment, measures: world.into_meter(now).finish(now, events).0 }
        }
    }
    let plan = plan_of(spec);
    let windowed = Windowed(&plan, seed, window, stop);
    match spec.groups.first() {
        None => windowed.play(Nobody),
        Some((_, group)) => windowed.play(group.protocol()),
    }
}

/// Whether some work belongs to no request: it takes places and workers that no bystander sees taken.
fn has_background_work(ended: &Ended) -> bool {
    ended.plan.faults.iter().any(|fault| matches!(fault.fault, AnyFault::PeriodicJob(_)))
}

/// Compares the books with what was seen; answers what happened to requests.
fn check(ended: &Ended, window: (SimTime, SimTime)) -> BTreeMap<&'static str, u64> {
    let mut fates = BTreeMap::new();
    for (books, seen) in ended.measures.services.iter().zip(Bystander::see(ended, window)) {
        assert!(books.adds_up(), "{books:?}");
        let counted = [books.completed, books.failed, books.shed, books.abandoned, books.lost, books.queued + books.in_service];
        assert_eq!(counted, [seen.completed, seen.failed, seen.shed, seen.abandoned, seen.lost, seen.inside], "{books:?}");
        assert_eq!(books.averaged_over, window.1 - window.0);
        assert_eq!(seen.integral, seen.residence, "Little's law, and nothing is rounded");
        let [waiting, inside] = [books.waiting, books.inside()].map(|time| u128::from(time.as_nanos()));
        if !has_background_work(ended) {
            assert_eq!((inside, waiting), (seen.residence, seen.waiting), "{books:?}");
        }
        for (fate, count) in ["completed", "failed", "shed", "abandoned", "lost", "inside"].into_iter().zip(counted) {
            *fates.entry(fate).or_default() += count;
        }
        *fates.entry("calling").or_default() += books.calling.as_nanos().min(1);
        *fates.entry("waiting").or_default() += books.waiting.as_nanos().min(1);
    }
    for edge in &ended.measures.edges {
        assert!(edge.adds_up(), "{edge:?}");
        *fates.entry("calls abandoned").or_default() += edge.abandoned;
        *fates.entry("calls unfinished").or_default() += edge.unfinished;
    }
    fates
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_request_is_accounted_for_and_littles_law_holds_to_the_nanosecond(
        spec in prop_oneof![3 => system(), 1 => sagas::random_system()], seed in 0_u64..1_000, from in 0_u64..600, length in 1_u64..600, stop in 1_u64..3_000,
    ) {
        let window = (at(from), at(from + length));
        check(&until(&spec, seed, window, window.1.max(at(stop))), window);
    }
}

#[test]
fn random_systems_do_everything_that_the_books_tell_apart() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config());
    let mut fates: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in 0..120 {
        let spec = system().new_tree(&mut runner).expect("a system is made").current();
        let window = (at(200), at(700));
        for (fate, count) in check(&until(&spec, seed, window, at(800)), window) {
            *fates.entry(fate).or_default() += count;
        }
    }
    assert!(fates.len() == 10 && fates.values().all(|&count| count > 20), "{fates:?}");
}

#[test]
fn without_marks_averages_are_taken_over_the_whole_run() {
    let mut spec = pair(
        clients(1, "server", once()),
        service(Distribution::Constant(ms(30))),
        link("app", "server", Distribution::Constant(ms(5))),
        vec![],
    );
    let ended = play(&spec, 1);
    let books = &ended.measures.services[0];
    // Five milliseconds there, 30 of work, five back; the first nanosecond is the client's.
    let over = ms(40) + SimDuration::NANOSECOND;
    assert_eq!((books.averaged_over, books.busy, books.waiting, books.calling), (over, ms(30), ms(0), ms(0)));
    assert_eq!((books.arrived, books.completed, books.workers), (1, 1, 1_000_000));
    // Asynchronous code waits for others without a worker, other code with one.
    for (threads, busy, calling) in [(Threads::Held, 70, 0), (Threads::Released, 30, 40)] {
        spec.services[0].1 = Service { threads, does: vec![Task::Call("other".to_owned())], ..service(Distribution::Constant(ms(30))) };
        spec.services.truncate(1);
        spec.services.push(("other".to_owned(), service(Distribution::Constant(ms(40)))));
        let books = &play(&spec, 1).measures.services;
        let nano = SimDuration::NANOSECOND;
        // Within a domain a message takes a nanosecond.
        assert_eq!(books[0].busy + books[0].calling, ms(busy + calling) + nano + nano, "{threads:?}");
        assert_eq!(books[0].calling, if calling > 0 { ms(calling) + nano + nano } else { ms(0) });
        assert_eq!(books[1].busy, ms(40));
    }
}
