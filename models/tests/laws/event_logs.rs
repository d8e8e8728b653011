//! States that a restart rebuilds from a log: how long that takes, what becomes of requests meanwhile, and what snapshots save.

use crate::*;
use models::environment::DiskLoss;
use models::faults::{Pause, PeriodicJob};
use models::outcome::{Failure, Outcome};
use models::services::{EventSourced, Meanwhile, Serves, Sharing, State};
use proptest::prelude::*;

/// 100 events per second are replayed.
fn events(events: u64) -> EventSourced {
    EventSourced { replay: Rate::per_second(100), snapshot_every: None, snapshot: None, events, meanwhile: Meanwhile::Refuse }
}

/// One call every 100 ms, over 1 ms each way to a server that works for 10 ms and dies from 505 to 605 ms.
fn system(state: EventSourced) -> SystemSpec {
    let arrivals = Arrivals::Constant(models::workloads::Constant { rate: Some(Rate::per_second(10)), rate_per_client: None });
    let server = Service { state: Some(State::EventSourced(state)), workers: 1, ..service(Distribution::Constant(ms(10))) };
    let mut spec =
        pair(clients(1, "server", arrivals), server, link("app", "server", Distribution::Constant(ms(1))), vec![timeout(ms(5_000))]);
    spec.faults = vec![crash("server", ms(505), Some(ms(100)), WhileDown::Refusal)];
    spec.clockwork.horizon = ms(2_050);
    spec
}

fn counted(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.title() == name).map_or(0, |one| one.value)
}

/// The instants at which requests were answered with success, in whole milliseconds.
fn served(ended: &Ended) -> Vec<u64> {
    let answer = |(at, record): &(SimTime, Record)| match record {
        Record::Answered(_, _, Outcome::Success) => Some(at.as_nanos() / 1_000_000),
        _ => None,
    };
    ended.seen.iter().filter_map(answer).collect()
}

fn is_over(ended: &Ended) {
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()), "it takes requests again");
}

#[test]
fn a_restart_replays_what_was_executed_and_takes_requests_only_then() {
    // 25 events at the start and the four executed before 505 ms: 290 ms of replay, until 895 ms.
    let ended = play(&system(events(25)), 1);
    is_over(&ended);
    assert_eq!(served(&ended)[..6], [111, 211, 311, 411, 911, 1_011]);
    assert_eq!((counted(&ended, "states rebuilt"), counted(&ended, "events replayed")), (1, 29));
    assert_eq!(counted(&ended, "time spent rebuilding"), 290_000_000);
    let refused = Failure::Refused.index();
    assert_eq!(
        ended.measures.failed[refused], 3,
        "at 601, 701 and 801 ms; that of 501 ms died with the server: {:?}",
        ended.measures.failed
    );
    let queued = play(&system(EventSourced { meanwhile: Meanwhile::Queue, ..events(25) }), 1);
    is_over(&queued);
    // Those of 701 and 801 ms wait until 895 ms.
    assert_eq!(served(&queued)[4..7], [905, 915, 925]);
    assert_eq!(queued.measures.failed[refused], 1);
}

#[test]
fn the_longer_the_log_the_longer_the_outage_and_a_snapshot_bounds_it() {
    let outage = |state| counted(&play(&system(state), 1), "time spent rebuilding");
    assert_eq!([outage(events(0)), outage(events(50)), outage(events(100))], [40_000_000, 540_000_000, 1_040_000_000]);
    // Every third event: three of the four before the crash are in the snapshot, with all before them.
    let every = |length: Option<u64>| EventSourced {
        snapshot_every: Some(3),
        snapshot: length.map(|millis| Distribution::Constant(ms(millis))),
        ..events(0)
    };
    assert_eq!(outage(every(None)), 10_000_000);
    // One that takes from 311 to 511 ms is not done when the server dies, and kept the fourth request from its only worker.
    assert_eq!(outage(every(Some(200))), 30_000_000);
    assert_eq!(outage(every(Some(150))), 10_000_000);
    // The request of 401 ms waits until 461 ms.
    assert_eq!(served(&play(&system(every(Some(150))), 1))[3], 471);
}

#[test]
fn a_replay_is_as_slow_as_its_node_stands_still_with_it_and_begins_anew_with_the_next_life() {
    let rebuilding = |fault: PlannedFault| {
        let mut spec = system(events(25));
        spec.faults.push(fault);
        let ended = play(&spec, 1);
        is_over(&ended);
        (counted(&ended, "time spent rebuilding"), counted(&ended, "events replayed"))
    };
    assert_eq!(rebuilding(slow("server", 3.0, ms(605), Some(ms(3_000)))), (870_000_000, 29));
    let pause = AnyFault::Pause(Pause { node: Names::one("server"), domain: Names::default() });
    assert_eq!(rebuilding(PlannedFault::once(pause, ms(700), Some(ms(200)))), (490_000_000, 29));
    // Dead from 705 to 805 ms: 100 ms were for nothing.
    assert_eq!(rebuilding(crash("server", ms(705), Some(ms(100)), WhileDown::Refusal)), (390_000_000, 58));
}

#[test]
fn a_disk_that_is_lost_takes_the_log_with_it() {
    let mut spec = system(events(25));
    if let AnyFault::Crash(crash) = &mut spec.faults[0].fault {
        crash.disk = DiskLoss::AllLost;
    }
    let ended = play(&spec, 1);
    is_over(&ended);
    assert_eq!((counted(&ended, "events lost"), counted(&ended, "states rebuilt")), (29, 0));
}

proptest! {
    #![proptest_config(conservation::config())]

    #[test]
    fn whatever_strikes_a_state_is_rebuilt_in_the_end_and_nothing_is_left_behind(
        crashes in proptest::collection::vec((1_u64..2_000, 1_u64..300, any::<bool>()), 0..5),
        pauses in proptest::collection::vec((1_u64..2_000, 1_u64..300), 0..3),
        (rate, every, takes) in (20_u64..200, proptest::option::of(1_u64..30), proptest::option::of(1_u64..60)),
        (replicas, queue, seed) in (1_u32..4, any::<bool>(), 0_u64..1_000),
    ) {
        let meanwhile = if queue { Meanwhile::Queue } else { Meanwhile::Refuse };
        let snapshot = takes.filter(|_| every.is_some()).map(|millis| exponential(ms(millis)));
        let mut spec = system(EventSourced { snapshot_every: every, snapshot, meanwhile, replay: Rate::per_second(1_000), events: 10 });
        spec.clients[0].1 = clients(5, "server", poisson(rate));
        (spec.services[0].1.replicas, spec.services[0].1.workers) = (replicas, 2);
        spec.services[0].1.counts_executions = true;
        let crashes = crashes.into_iter().map(|(at, lasts, silent)| {
            let meets = if silent { WhileDown::Silence } else { WhileDown::Refusal };
            crash(if at % 2 == 0 { "server" } else { "server[0]" }, ms(at), Some(ms(lasts)), meets)
        });
        let pause = || AnyFault::Pause(Pause { node: Names::one("server[0]"), domain: Names::default() });
        spec.faults = crashes.chain(pauses.into_iter().map(|(at, lasts)| PlannedFault::once(pause(), ms(at), Some(ms(lasts))))).collect();
        let ended = play(&spec, seed);
        is_over(&ended);
        let answered = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Answered(_, _, Outcome::Success))).count();
        prop_assert_eq!(counted(&ended, "server: requests executed"), answered as i64);
        prop_assert_eq!(counted(&ended, "server: requests executed again"), 0, "nobody asks twice");
    }
}

/// The same where one core is shared by whoever works.
fn on_one_core(mut spec: SystemSpec) -> SystemSpec {
    (spec.services[0].1.serves, spec.services[0].1.workers) = (Serves::Sharing(Sharing { cores: 1 }), 2);
    spec
}

#[test]
fn a_replay_shares_the_cores_of_its_node_with_whoever_works_there() {
    let rebuilding = |spec: &SystemSpec| {
        let ended = play(spec, 1);
        is_over(&ended);
        counted(&ended, "time spent rebuilding")
    };
    // One run of 100 ms of background work, which begins a nanosecond more than 50 ms after the replay.
    let job = PeriodicJob {
        node: Names::one("server"),
        domain: Names::default(),
        work: Distribution::Constant(ms(100)),
        rest: Distribution::Constant(SimDuration::NANOSECOND),
        shared: false,
    };
    let busy = |mut spec: SystemSpec| {
        spec.faults.push(PlannedFault::once(AnyFault::PeriodicJob(job.clone()), ms(655), Some(ms(1))));
        spec
    };
    assert_eq!(rebuilding(&busy(system(events(25)))), 290_000_000, "two workers at full speed");
    assert_eq!(rebuilding(&on_one_core(system(events(25)))), 290_000_000, "it is alone");
    assert!(rebuilding(&busy(on_one_core(system(events(25))))).abs_diff(390_000_000) < 10, "for 200 ms both have half");
    // It is slow, stands still and dies as one that has all for itself does.
    let under = |fault: PlannedFault| {
        let mut spec = on_one_core(system(events(25)));
        spec.faults.push(fault);
        rebuilding(&spec)
    };
    assert_eq!(under(slow("server", 3.0, ms(605), Some(ms(3_000)))), 870_000_000);
    let pause = AnyFault::Pause(Pause { node: Names::one("server"), domain: Names::default() });
    assert_eq!(under(PlannedFault::once(pause, ms(700), Some(ms(200)))), 490_000_000);
    assert_eq!(under(crash("server", ms(705), Some(ms(100)), WhileDown::Refusal)), 390_000_000);
}
