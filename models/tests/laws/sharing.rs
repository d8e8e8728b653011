//! Workers that share cores, and work that grows with what is in service: to the nanosecond, and under faults.

use crate::*;
use models::faults::{CapacityLoss, Pause, PeriodicJob};
use models::outcome::Outcome;
use models::record::CallName;
use models::services::{Congestion, Linear, Serves, Sharing, Task, UNLIMITED, Universal};
use models::workloads::Constant;

/// Calls that come every 100 ms over a way that takes a nanosecond, at a service whose workers share a core.
fn shared(demand: u64, calls: u64) -> SystemSpec {
    let arrivals = Arrivals::Constant(Constant { rate: Some(Rate::per_second(10)), rate_per_client: None });
    let serves = Serves::Sharing(Sharing { cores: 1 });
    let server = Service { workers: UNLIMITED, serves, ..service(Distribution::Constant(ms(demand))) };
    let way = link("app", "server", Distribution::Constant(SimDuration::NANOSECOND));
    let mut spec = pair(clients(1, "server", arrivals), server, way, Vec::new());
    // Calls come at 100 ms, 200 ms and so on.
    spec.clockwork.horizon = ms(100 * calls + 50);
    spec
}

/// How long calls took that succeeded, in whole milliseconds, in the order in which they were made.
fn stays(ended: &Ended) -> Vec<u64> {
    let is_client = |name: &CallName| name.edge.index() < ended.plan.populations.len();
    let began = |record: &Record| if let Record::CallStarted(name) = record { Some(*name).filter(is_client) } else { None };
    let end = |name| ended.seen.iter().find(|(_, record)| *record == Record::CallEnded(name, Outcome::Success)).map(|(at, _)| *at);
    let made = ended.seen.iter().filter_map(|(at, record)| Some((*at, began(record)?)));
    made.filter_map(|(at, name)| Some((end(name)? - at).as_nanos() / 1_000_000)).collect()
}

fn played(spec: &SystemSpec) -> Ended {
    let ended = play(spec, 1);
    assert_eq!(ended.in_use, (0, 0));
    ended
}

#[test]
fn those_who_work_at_the_same_time_share_a_core_evenly() {
    // The first has 100 ms alone and 20 ms left; both get half until it is done, 40 ms later.
    assert_eq!(stays(&played(&shared(120, 2))), [140, 140]);
    let mut cores = shared(120, 3);
    cores.services[0].1.serves = Serves::Sharing(Sharing { cores: 2 });
    assert_eq!(stays(&played(&cores)), [120, 120, 120]);
    let work = played(&shared(120, 2)).measures.work;
    assert_eq!(work, ms(240));
}

#[test]
fn as_many_share_as_there_are_workers() {
    let mut spec = shared(120, 3);
    spec.clients[0].1.arrivals = once();
    spec.clients[0].1.count = 3;
    assert_eq!(stays(&played(&spec)), [360, 360, 360]);
    spec.services[0].1.workers = 2;
    let mut stays = stays(&played(&spec));
    stays.sort_unstable();
    assert_eq!(stays, [240, 240, 360]);
}

#[test]
fn who_waits_for_a_disk_or_a_call_needs_no_core() {
    for does in [Task::Write(Distribution::Constant(ms(100))), Task::Call("other".to_owned())] {
        let mut spec = shared(120, 2);
        spec.services[0].1.does = vec![does];
        spec.services.push(("other".to_owned(), service(Distribution::Constant(ms(100)))));
        spec.clients[0].1.arrivals = once();
        spec.clients[0].1.count = 2;
        spec.clockwork.horizon = ms(2_000);
        assert_eq!(stays(&played(&spec)), [340, 340]);
        spec.services[0].1.does.insert(0, Task::Work(Distribution::Constant(ms(10))));
        assert_eq!(stays(&played(&spec)), [360, 360]);
    }
}

#[test]
fn a_node_that_is_slow_or_stands_still_goes_on_with_what_is_left() {
    let slow = |factor, at, lasts| slow("server", factor, ms(at), Some(ms(lasts)));
    let with = |fault| played(&SystemSpec { faults: vec![fault], ..shared(120, 2) });
    // From 220 ms to 260 ms the node does half: 20 ms are missing, which both of them wait for.
    assert_eq!(stays(&with(slow(2.0, 220, 40))), [160, 160]);
    let still = AnyFault::Pause(Pause { node: Names::one("server"), domain: Names::default() });
    assert_eq!(stays(&with(PlannedFault::once(still, ms(210), Some(ms(50))))), [190, 190]);
    assert_eq!(with(slow(2.0, 220, 40)).measures.work, ms(260));
}

#[test]
fn what_is_given_up_leaves_its_share_to_the_others() {
    // The second caller waits 20 ms, in which it gets 10 ms of the core; so the first one loses 10 ms.
    let mut spec = shared(150, 2);
    spec.services[0].1.late_work = LateWork::Cancel;
    spec.clients.push(("other".to_owned(), Clients { calls: "server".to_owned(), ..spec.clients[0].1.clone() }));
    spec.clients[0].1.arrivals = once();
    spec.stacks = vec![("other -> server".to_owned(), vec![timeout(ms(20))])];
    spec.clockwork.horizon = ms(120);
    let ended = played(&spec);
    assert_eq!(stays(&ended), [160]);
    assert_eq!((ended.measures.work, ended.measures.wasted_work), (ms(160), ms(10)));
}

#[test]
fn nothing_is_left_of_those_who_shared_a_node_that_crashed() {
    let crashed = crash("server", ms(210), Some(ms(80)), WhileDown::Refusal);
    let mut spec = SystemSpec { faults: vec![crashed], ..shared(120, 3) };
    spec.stacks = vec![("app -> server".to_owned(), vec![timeout(ms(500))])];
    let ended = played(&spec);
    // Two were at work, and had got 105 ms and 5 ms; the third comes to an empty node.
    assert_eq!(stays(&ended), [120]);
    assert!(ended.measures.wasted_work.as_nanos().abs_diff(110_000_000) < 10, "{:?}", ended.measures.wasted_work);
}

#[test]
fn background_work_has_its_share_as_well() {
    let mut spec = shared(100, 1);
    let (work, rest) = (Distribution::Constant(ms(40)), Distribution::Constant(ms(30)));
    let job = PeriodicJob { node: Names::one("server"), domain: Names::default(), work, rest, shared: false };
    spec.faults = vec![PlannedFault::once(AnyFault::PeriodicJob(job), SimDuration::NANOSECOND, Some(ms(140)))];
    let ended = played(&spec);
    let runs = ended.seen.iter().filter(|(_, record)| matches!(record, Record::JobBegan(_))).count() as u64;
    let busy = ended.measures.work.as_nanos() / 1_000_000;
    assert_eq!(busy, 100 + 40 * runs);
    assert!(runs > 0 && stays(&ended)[0] > 100, "{runs} {:?}", stays(&ended));
}

#[test]
fn work_grows_with_what_is_in_service_when_it_begins() {
    let with = |congestion| {
        let mut spec = shared(150, 3);
        (spec.services[0].1.serves, spec.services[0].1.congestion) = (Serves::Alone, Some(congestion));
        stays(&played(&spec))
    };
    assert_eq!(with(Congestion::Linear(Linear { adds: ms(10) })), [160, 170, 170]);
    assert_eq!(with(Congestion::Universal(Universal { contention: 0.2, coherency: 0.1 })), [150, 210, 210]);
    let mut both = shared(110, 2);
    both.services[0].1.congestion = Some(Congestion::Linear(Linear { adds: ms(5) }));
    // 115 ms and 120 ms of work on one core: 30 ms of both at half, then the rest of the second.
    assert_eq!(stays(&played(&both)), [130, 135]);
}

#[test]
fn no_part_of_unlimited_workers_can_be_missing() {
    let complaints = |workers, share| {
        let fault = CapacityLoss { node: Names::one("server"), workers, share, ..CapacityLoss::default() };
        let faults = vec![PlannedFault::once(AnyFault::CapacityLoss(fault), ms(1), Some(ms(10)))];
        let complaints = Plan::new(&SystemSpec { faults, ..shared(1, 1) }).map_or_else(|complaints| complaints, |_| Vec::new());
        complaints.into_iter().map(|one| one.field).collect::<Vec<_>>()
    };
    assert_eq!(complaints(Some(5), None), ["faults[0].workers"]);
    assert_eq!(complaints(None, Some(Share::percent(50))), ["faults[0].share"]);
}

#[test]
fn what_is_no_number_of_workers_or_cores_is_said() {
    let complaints = |change: fn(&mut Service)| {
        let mut server = service(Distribution::Constant(ms(1)));
        change(&mut server);
        server.check().into_iter().map(|one| format!("{}: {}", one.field, one.message)).collect::<Vec<_>>()
    };
    assert_eq!(complaints(|server| server.workers = UNLIMITED), [""; 0]);
    assert_eq!(complaints(|server| server.workers = 0), ["workers: a replica has 1 to 1000000 workers, or \"unlimited\", not 0"]);
    assert_eq!(
        complaints(|server| server.serves = Serves::Sharing(Sharing { cores: 0 })),
        ["serves.cores: a node has 1 to 1000000 cores, not 0"]
    );
    let universal = |contention, coherency| Some(Congestion::Universal(Universal { contention, coherency }));
    assert_eq!(universal(0.0, 0.0).map(|one| one.stretch(ms(7), 50)), Some(ms(7)));
    assert_eq!(
        complaints(|server| server.congestion = Some(Congestion::Universal(Universal { contention: -0.1, coherency: f64::NAN }))),
        [
            "congestion.contention: a coefficient lies within 0 and 1000, not -0.1",
            "congestion.coherency: a coefficient lies within 0 and 1000, not NaN"
        ]
    );
}
