//! Does the world come back to what it was, whatever two faults overlap in whatever order?
//!
//! Every fault there is runs over every other one on the same target: begun together, one inside the other, overlapping at
//! their ends, and one after the other. Afterwards the environment is what it was at the start, every message is accounted for,
//! and no record is in use.

use crate::*;
use models::environment::OmissionWay;
use models::faults::{
    BadDeploy, BadLink, Byzantine, CapacityLoss, ClockDrift, ClockStep, ColdCache, Conduct, CorruptDisk, DiskFull, DiskSlow, DiskStall,
    Drain, EmergencyLever, Errors, ExpiredCertificate, FlagRollout, FlappingLink, HotReplica, Isolation, LateAnswers, LoadSpike,
    LostWrites, Misconfiguration, MisdirectedWrites, Omission, Partition, Pause, PeriodicJob, PoolExhausted, QueueFilled, RollingRestart,
    Shape, StolenCpu, Swizzle, ThunderingHerd, Twins, WorkersExhausted,
};
use models::protocols::{Acknowledge, Group, KeyValue, Row};
use models::services::{Flag, Task};
use models::strategies::backoff::Constant;
use models::strategies::breaker::{AnyBreaker, ConsecutiveFailures, Lever};
use models::strategies::bulkhead::Semaphore;
use models::strategies::{Breaker, Bulkhead, Scope};
use sim_core::units::{Ppm, SignedDuration};
use std::collections::BTreeSet;

/// Every fault: of a service or group, of the way between two domains, of a population in the first of them.
pub fn every_fault(target: &str, (near, far): (&str, &str), population: &str) -> Vec<AnyFault> {
    let node = || Names::one(target);
    let domain = Names::default;
    let (from, to) = (|| near.to_owned(), || far.to_owned());
    vec![
        AnyFault::Crash(Crash { node: node(), while_down: WhileDown::Refusal, ..Crash::default() }),
        AnyFault::Pause(Pause { node: node(), domain: domain() }),
        AnyFault::SlowNode(SlowNode {
            node: node(),
            factor: 2.0,
            growing_to: Some(9.0),
            share: Some(Share::percent(50)),
            ..SlowNode::default()
        }),
        AnyFault::StolenCpu(StolenCpu { node: node(), domain: domain(), share: Share::percent(50) }),
        AnyFault::Drain(Drain { node: node(), domain: domain() }),
        AnyFault::RollingRestart(RollingRestart { node: node(), domain: domain(), each: ms(60), at_once: 1, drain: ms(20) }),
        AnyFault::CapacityLoss(CapacityLoss { node: node(), workers: Some(2), ..CapacityLoss::default() }),
        AnyFault::WorkersExhausted(WorkersExhausted { node: node(), ..WorkersExhausted::default() }),
        AnyFault::QueueFilled(QueueFilled { node: node(), ..QueueFilled::default() }),
        AnyFault::PoolExhausted(PoolExhausted {
            edge: format!("{population} -> {target}"),
            connections: None,
            share: Some(Share::percent(80)),
        }),
        AnyFault::DiskSlow(DiskSlow { node: node(), domain: domain(), factor: 5.0 }),
        AnyFault::DiskStall(DiskStall { node: node(), domain: domain() }),
        AnyFault::DiskFull(DiskFull { node: node(), domain: domain() }),
        AnyFault::CorruptDisk(CorruptDisk { node: node(), domain: domain(), share: Share::percent(30) }),
        AnyFault::LostWrites(LostWrites { node: node(), domain: domain(), share: Share::percent(30) }),
        AnyFault::MisdirectedWrites(MisdirectedWrites { node: node(), domain: domain(), share: Share::percent(30) }),
        AnyFault::Cut(Cut { from: from(), to: to(), how: Blocking::Reset, ..Cut::default() }),
        AnyFault::Cut(Cut { from: from(), to: format!("{target}[0]"), holds: true, ..Cut::default() }),
        AnyFault::FlappingLink(FlappingLink {
            from: from(),
            to: to(),
            down: exponential(ms(20)),
            up: exponential(ms(40)),
            one_way: false,
            how: Blocking::Refuse,
        }),
        AnyFault::BadLink(BadLink {
            from: from(),
            to: to(),
            delay: Some(exponential(ms(5))),
            loss: Share::percent(10),
            duplicate: Share::percent(30),
            reorder: Share::percent(30),
            corrupt: Share::percent(5),
            corrupt_undetected: Share::percent(5),
            kinds: Names::one("reply"),
            ..BadLink::default()
        }),
        AnyFault::Partition(Partition { groups: vec![Names::one(population), node()], one_way: true }),
        AnyFault::Isolation(Isolation { node: node(), domain: domain(), shape: Shape::One }),
        AnyFault::Swizzle(Swizzle { node: node(), domain: domain(), step: ms(30) }),
        AnyFault::Omission(Omission {
            node: node(),
            domain: domain(),
            way: OmissionWay::Both,
            share: Share::percent(30),
            peers: Names::default(),
            kinds: Names::default(),
        }),
        AnyFault::LateAnswers(LateAnswers { node: node(), domain: domain(), by: exponential(ms(20)) }),
        AnyFault::Byzantine(Byzantine { node: node(), domain: domain(), f: 1, conduct: Conduct::Replay(Share::percent(50)), beyond: true }),
        AnyFault::Twins(Twins { node: node(), splits: vec![Names::one("app"), node()], ..Twins::default() }),
        AnyFault::ClockStep(ClockStep { node: node(), domain: domain(), by: SignedDuration::from_nanos(-30_000_000) }),
        AnyFault::ClockDrift(ClockDrift { node: node(), domain: domain(), rate: Ppm::new(200_000) }),
        AnyFault::Errors(Errors {
            node: node(),
            domain: domain(),
            share: Share::percent(40),
            after_work: true,
            caller: Names::default(),
            answer: models::outcome::Failure::Overload,
            retry_after: Some(ms(20)),
        }),
        AnyFault::EmergencyLever(EmergencyLever {
            edge: format!("{population} -> {target}"),
            breakers: Lever::Disabled,
            rollout: None,
            back: None,
        }),
        AnyFault::FlagRollout(FlagRollout { node: node(), domain: domain(), flag: "tips".to_owned(), rollout: ms(30), back: Some(ms(10)) }),
        AnyFault::ColdCache(ColdCache { edge: format!("{population} -> {target}") }),
        AnyFault::BadDeploy(BadDeploy { node: node(), domain: domain(), errors: Share::percent(20), slow: 3.0, rollout: ms(30) }),
        AnyFault::Misconfiguration(Misconfiguration { node: node(), domain: domain() }),
        AnyFault::ExpiredCertificate(ExpiredCertificate { node: node(), domain: domain() }),
        AnyFault::LoadSpike(LoadSpike { clients: Names::one(population), factor: 2.5 }),
        AnyFault::ThunderingHerd(ThunderingHerd { clients: Names::one(population), within: ms(20) }),
        AnyFault::HotReplica(HotReplica { node: format!("{target}[0]"), share: Share::percent(60) }),
        AnyFault::PeriodicJob(PeriodicJob {
            node: node(),
            domain: domain(),
            work: exponential(ms(30)),
            rest: exponential(ms(40)),
            shared: true,
        }),
    ]
}

/// Callers stand in `app`, and whom they call in `server`.
const WAY: (&str, &str) = ("app", "server");

/// A fault that is not listed here does not compile: give it an example above as well.
fn name_of(fault: &AnyFault) -> &'static str {
    match fault {
        AnyFault::Crash(_) | AnyFault::Pause(_) | AnyFault::SlowNode(_) | AnyFault::StolenCpu(_) => {}
        AnyFault::Drain(_) | AnyFault::RollingRestart(_) => {}
        AnyFault::CapacityLoss(_) | AnyFault::WorkersExhausted(_) | AnyFault::QueueFilled(_) => {}
        AnyFault::DiskSlow(_) | AnyFault::DiskStall(_) | AnyFault::DiskFull(_) => {}
        AnyFault::CorruptDisk(_) | AnyFault::LostWrites(_) | AnyFault::MisdirectedWrites(_) => {}
        AnyFault::Cut(_) | AnyFault::FlappingLink(_) | AnyFault::BadLink(_) => {}
        AnyFault::Partition(_) | AnyFault::Isolation(_) | AnyFault::Swizzle(_) => {}
        AnyFault::Omission(_) | AnyFault::LateAnswers(_) | AnyFault::Byzantine(_) | AnyFault::Twins(_) => {}
        AnyFault::ClockStep(_) | AnyFault::ClockDrift(_) => {}
        AnyFault::EmergencyLever(_) | AnyFault::FlagRollout(_) | AnyFault::ColdCache(_) | AnyFault::PoolExhausted(_) => {}
        AnyFault::Errors(_) | AnyFault::BadDeploy(_) | AnyFault::Misconfiguration(_) | AnyFault::ExpiredCertificate(_) => {}
        AnyFault::LoadSpike(_) | AnyFault::ThunderingHerd(_) | AnyFault::HotReplica(_) | AnyFault::PeriodicJob(_) => {}
    }
    fault.name()
}

/// A fault that strikes once; one that is over by itself takes no length.
pub fn once(fault: &AnyFault, at: SimDuration, lasts: SimDuration) -> PlannedFault {
    PlannedFault::once(fault.clone(), at, Some(lasts).filter(|_| fault.lasts_by_itself().is_none()))
}

/// Begin and length of the first and the second fault: together, the second inside the first, overlapping at their ends, the
/// second from the end of the first on. The order of the pair gives the rest.
const WINDOWS: [[(u64, u64); 2]; 4] =
    [[(200, 300), (200, 300)], [(200, 400), (300, 100)], [(200, 300), (350, 300)], [(200, 200), (400, 200)]];

/// A dozen connections, and a short wait for them.
fn pool() -> Layer {
    let semaphore = Semaphore { max_concurrent_calls: 12, max_wait_duration: ms(30), per: Scope::Process, pool: None };
    Layer::Bulkhead(Bulkhead(semaphore.into()))
}

/// Callers call `server`, which works, writes and calls `back`, and have a budget of attempts and time.
fn tiers() -> SystemSpec {
    let breaker = ConsecutiveFailures { failures: 5, open_for: ms(20), ignore: Vec::new(), per: Scope::Client };
    let breaker = Layer::Breaker(Breaker(AnyBreaker::ConsecutiveFailures(breaker)));
    let stack = vec![deadline(ms(300)), retry(4, AnyBackoff::Constant(Constant { delay: ms(10) })), breaker, pool(), timeout(ms(70))];
    let server = Service {
        replicas: 3,
        workers: 3,
        threads: Threads::Released,
        queue: Queue::Fifo(Fifo { limit: Some(10), ..Fifo::default() }),
        does: vec![
            Task::Write(exponential(ms(5))),
            Task::Flag(Flag { name: "tips".to_owned(), does: vec![Task::Work(exponential(ms(2)))], otherwise: Vec::new() }),
            Task::Call("back".to_owned()),
            Task::Work(exponential(ms(3))),
            Task::Write(exponential(ms(2))),
        ],
        late_work: LateWork::Cancel,
        ..service(exponential(ms(5)))
    };
    let back = Service { domain: Placement(vec!["back".to_owned()]), ..service(exponential(ms(10))) };
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(20, "server", poisson(200)))],
        services: vec![("server".to_owned(), server), ("back".to_owned(), back)],
        links: vec![link("app", "server", exponential(ms(3))), link("server", "back", exponential(ms(3)))],
        stacks: vec![("app -> server".to_owned(), stack.clone()), ("server -> back".to_owned(), stack)],
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = ms(900);
    spec
}

/// Callers contend for a row.
fn row() -> SystemSpec {
    let stack = vec![deadline(ms(300)), retry(4, AnyBackoff::Constant(Constant { delay: ms(10) })), pool(), timeout(ms(70))];
    let row = Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE };
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(20, "row", poisson(200)))],
        groups: vec![("row".to_owned(), Group::Row(row))],
        links: vec![link("app", "server", exponential(ms(3)))],
        stacks: vec![("app -> row".to_owned(), stack)],
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = ms(900);
    spec
}

/// Callers write to and read from a store, and each write is on both its disks.
fn store() -> SystemSpec {
    let domain = Placement(vec!["server".to_owned()]);
    let store = KeyValue { members: 2, acknowledge: Acknowledge::All, keys: 5, domain, ..KeyValue::default() };
    SystemSpec {
        clients: vec![("app".to_owned(), clients(20, "store", poisson(200)))],
        groups: vec![("store".to_owned(), Group::KeyValue(store))],
        stacks: vec![("app -> store".to_owned(), row().stacks.remove(0).1)],
        ..row()
    }
}

/// Those faults that may strike this system.
fn possible(system: &SystemSpec, target: &str) -> Vec<AnyFault> {
    let strikes = |fault: &AnyFault| {
        let faults = vec![once(fault, ms(1), ms(1))];
        Plan::new(&SystemSpec { faults, ..system.clone() }).is_ok()
    };
    every_fault(target, WAY, "app").into_iter().filter(strikes).collect()
}

/// Runs every ordered pair of faults in every window; answers how many runs that were.
fn run_pairs(system: &SystemSpec, faults: &[AnyFault]) -> usize {
    let mut runs = 0;
    for first in faults {
        for second in faults {
            for windows in WINDOWS {
                let planned = |fault: &AnyFault, (begin, lasts)| once(fault, ms(begin), ms(lasts));
                let faults = vec![planned(first, windows[0]), planned(second, windows[1])];
                let ended = play(&SystemSpec { faults, ..system.clone() }, 1);
                let what = format!("{} and {} in {windows:?}", first.name(), second.name());
                let untouched = Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len());
                assert_eq!(ended.environment, untouched, "{what} leave traces");
                assert_eq!(ended.environment.active(), 0, "{what} leave effects");
                let messages = ended.measures.messages;
                assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{what}: {messages:?}");
                assert_eq!(ended.in_use, (0, 0), "{what} leave records in use");
                assert!(ended.measures.succeeded > 20, "{what}: callers are served before and after");
                runs += 1;
            }
        }
    }
    runs
}

#[test]
fn every_fault_has_an_example_here() {
    let named: BTreeSet<_> = every_fault("server", WAY, "app").iter().map(name_of).collect();
    let known: BTreeSet<_> = AnyFault::explanations().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(named, known);
    assert!(every_fault("server", WAY, "app").into_iter().all(|fault| once(&fault, ms(1), ms(1)).check().is_empty()));
}

/// Faults that strike members of groups only.
const FOR_GROUPS: [&str; 4] = ["CorruptDisk", "LostWrites", "MisdirectedWrites", "Twins"];

#[test]
fn after_any_two_faults_of_members_that_write_the_world_is_what_it_was() {
    let faults = possible(&store(), "store");
    let named: BTreeSet<_> = faults.iter().map(AnyFault::name).collect();
    assert!(["DiskSlow", "DiskStall", "DiskFull"].iter().chain(&FOR_GROUPS).all(|name| named.contains(name)), "{named:?}");
    run_pairs(&store(), &faults);
}

#[test]
fn after_any_two_faults_of_a_service_the_world_is_what_it_was() {
    let faults = possible(&tiers(), "server");
    assert_eq!(faults.len(), every_fault("server", WAY, "app").len() - FOR_GROUPS.len());
    assert!(faults.iter().all(|fault| !FOR_GROUPS.contains(&fault.name())));
    assert_eq!(run_pairs(&tiers(), &faults), faults.len().pow(2) * WINDOWS.len());
}

#[test]
fn after_any_two_faults_of_a_group_the_world_is_what_it_was() {
    // Groups have no workers and queues, and a row has no disk.
    let faults = possible(&row(), "row");
    let named: BTreeSet<_> = faults.iter().map(AnyFault::name).collect();
    assert!(
        ["Crash", "Pause", "Drain", "RollingRestart", "Cut", "BadLink", "Omission"].iter().all(|name| named.contains(name)),
        "{named:?}"
    );
    run_pairs(&row(), &faults);
}
