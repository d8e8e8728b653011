//! Where are clients known, what becomes of them when their replica dies, and who is counted as one?

use crate::faults::one_call;
use crate::orchestrator::{clean, drained, observed, round_robin};
use crate::process::pause;
use crate::*;
use models::outcome::{Failure, Outcome};
use models::services::partition::{AnyPartition, ByClient, ByKey, Shuffle};
use models::services::{SessionPlace, Sticky, Task, Unknown};
use models::strategies::Balance;
use models::strategies::backoff::Immediate;
use models::strategies::balance::slow_start::SlowStart;
use models::strategies::balance::{Random, WeightedRoundRobin};
use models::strategies::health::KubernetesProbe;
use models::workloads::Keys;
use std::collections::BTreeMap;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Fifty clients that think for two seconds or so call four replicas, who know them.
fn known(unknown: Unknown, balanced: bool, faults: Vec<PlannedFault>) -> SystemSpec {
    let mut spec = one_call(vec![timeout(ms(500))], faults);
    spec.clients[0].1 = clients(50, "server", closed(exponential(secs(2))));
    let sessions = Some(SessionPlace::Sticky(Sticky { unknown }));
    spec.services[0].1 = Service { replicas: 4, sessions, ..service(Distribution::Constant(ms(5))) };
    if balanced {
        let health = KubernetesProbe { period: secs(1), failure_threshold: 1, ..KubernetesProbe::default() };
        spec.stacks[0].1.push(Layer::Balance(Balance { health: Some(Box::new(health.into())), ..round_robin() }));
    }
    spec.clockwork.horizon = secs(100);
    spec
}

/// The replicas to which each client's calls went, one after another and without repetitions.
fn places(ended: &Ended) -> BTreeMap<u32, Vec<String>> {
    let mut places: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (_, record) in &ended.seen {
        let Record::Sent(name, node) = record else { continue };
        let node = &ended.plan.nodes[node.index()].name;
        if name.call.ordinal < models::record::FIRST_PROBE && node.starts_with("server") {
            let of_client = places.entry(name.call.client).or_default();
            if of_client.last() != Some(node) {
                of_client.push(node.clone());
            }
        }
    }
    places
}

#[test]
fn a_client_goes_where_it_is_known_and_everybody_is_known_somewhere() {
    for balanced in [false, true] {
        let ended = play(&known(Unknown::Fails, balanced, Vec::new()), 1);
        clean(&ended);
        let places = places(&ended);
        assert_eq!(places.len(), 50);
        assert!(places.values().all(|of_client| of_client.len() == 1), "{places:?}");
        for replica in 0..4 {
            assert!(places.values().any(|of_client| of_client[0] == format!("server[{replica}]")));
        }
        assert_eq!((ended.measures.failed.iter().sum::<u64>(), observed(&ended, "requests without their session")), (0, 0));
    }
}

#[test]
fn when_a_replica_dies_its_clients_fail_once_each_where_they_go_next() {
    let dies = vec![crash("server[1]", secs(40), Some(secs(30)), WhileDown::Refusal)];
    let ended = play(&known(Unknown::Fails, true, dies), 1);
    clean(&ended);
    let moved = places(&ended).values().filter(|of_client| of_client.len() > 1).count() as i64;
    let lost = observed(&ended, "sessions lost");
    assert!(lost > 5);
    // Whoever was there is somewhere else, and fails there; nobody moves back, as he is known where he is.
    assert_eq!((moved, observed(&ended, "requests without their session")), (lost, lost));
    assert_eq!(ended.measures.failed[Failure::ClientError.index()] as i64, lost);
    assert!(places(&ended).values().all(|of_client| of_client.len() <= 2));
    // Without somebody who finds out that it is dead they go on calling it until it is back, and fail then.
    let dies = vec![crash("server[1]", secs(40), Some(secs(30)), WhileDown::Refusal)];
    let ended = play(&known(Unknown::Fails, false, dies), 1);
    clean(&ended);
    assert!(places(&ended).values().all(|of_client| of_client.len() == 1));
    assert!(ended.measures.failed[Failure::Refused.index()] as i64 > lost);
}

#[test]
fn a_login_is_a_call_before_the_work_for_which_no_worker_is_held() {
    let spec = |faults| {
        let mut spec = known(Unknown::LogsIn("users".to_owned()), true, faults);
        spec.services[0].1.workers = 1;
        spec.services
            .push(("users".to_owned(), Service { domain: Placement(vec!["users".to_owned()]), ..service(Distribution::Constant(ms(50))) }));
        spec.links.push(link("server", "users", Distribution::Constant(ms(5))));
        spec.stacks.push(("server -> users".to_owned(), vec![timeout(secs(1))]));
        spec
    };
    let ended = play(&spec(vec![crash("server[1]", secs(40), Some(secs(30)), WhileDown::Refusal)]), 1);
    clean(&ended);
    let (lost, calls) = (observed(&ended, "sessions lost"), ended.measures.edges[1].calls as i64);
    assert_eq!((observed(&ended, "logins"), calls), (50 + lost, 50 + lost));
    // 20 ms to the server and back, 10 ms to the users and back, and the work of both.
    let longest = ended.measures.latency.max;
    assert!((ms(85)..ms(140)).contains(&longest), "{longest}");
    // If nobody can be logged in, nobody is served who is not known.
    let ended = play(&spec(vec![crash("users", secs(1), None, WhileDown::Refusal)]), 1);
    drained(&ended);
    assert!(ended.measures.failed[Failure::Dependency.index()] > 10);
}

#[test]
fn sessions_under_faults_leave_nothing_behind() {
    let mut left = Vec::new();
    for (seed, bits) in (1..=2).flat_map(|seed| (0..8).map(move |bits| (seed, bits))) {
        let faults = vec![
            crash("server", secs(10), Some(secs(5)), WhileDown::Silence),
            crash("users", secs(30), Some(secs(5)), WhileDown::Silence),
            pause("server[2]", 50_000, 5_000),
        ];
        let unknown = if bits & 1 == 0 { Unknown::LogsIn("users".to_owned()) } else { Unknown::Fails };
        let mut spec = known(unknown, seed % 2 == 0, faults);
        spec.services.push(("users".to_owned(), Service { late_work: LateWork::Cancel, ..service(exponential(ms(200))) }));
        spec.services[0].1.late_work = LateWork::Cancel;
        if bits & 2 == 0 {
            spec.services[0].1.idempotency = Some(models::strategies::cache::IdempotencyKeys::default());
        }
        if bits & 4 == 0 {
            spec.links[0].duplicate = Share::percent(20);
        }
        spec.services[0].1.does = vec![Task::Call("users".to_owned())];
        spec.stacks.push(("server -> users".to_owned(), vec![timeout(secs(1))]));
        let ended = play(&spec, seed);
        if ended.in_use != (0, 0) {
            left.push((seed, bits, ended.in_use));
        } else {
            clean(&ended);
        }
    }
    assert_eq!(left, []);
}

#[test]
fn probes_that_are_no_users_are_counted_apart_and_meet_what_users_meet() {
    let spec = |synthetic: bool| {
        let mut spec = one_call(vec![timeout(secs(1))], vec![crash("server", secs(50), Some(secs(25)), WhileDown::Refusal)]);
        spec.clients[0].1 = clients(10, "server", poisson(20));
        let probes = Clients {
            synthetic,
            ..clients(
                1,
                "server",
                Arrivals::Constant(models::workloads::Constant { rate: Some(Rate::per_second(1)), rate_per_client: None }),
            )
        };
        spec.clients.push(("probes".to_owned(), probes));
        spec.services[0].1 = service(Distribution::Constant(ms(1)));
        spec.clockwork.horizon = secs(100);
        spec
    };
    let (apart, together) = (play(&spec(true), 1), play(&spec(false), 1));
    clean(&apart);
    assert_eq!(apart.digest, together.digest, "how calls are counted changes nothing of what happens");
    let (users, probes) = (&apart.measures.edges[0], &apart.measures.edges[1]);
    assert_eq!((apart.measures.calls, apart.measures.succeeded), (users.calls, users.succeeded));
    assert_eq!(apart.measures.calls + probes.calls, together.measures.calls);
    assert_eq!((probes.calls, probes.succeeded), (99, 74));
    // Nobody is left if all are probes.
    let mut spec = spec(true);
    spec.clients.remove(0);
    spec.stacks.clear();
    spec.links[0].from = "app".to_owned();
    assert!(Plan::new(&spec).expect_err("there are no users").iter().any(|complaint| complaint.field == "nodes"));
}

#[test]
fn a_retry_goes_to_another_replica_if_its_balancer_may_choose_again() {
    let failed_twice = |again: u32| {
        let balance = Balance { policy: Random {}.into(), host_selection_retry_max_attempts: again, ..round_robin() };
        let mut spec = one_call(
            vec![retry(3, Immediate {}.into()), timeout(ms(100)), Layer::Balance(balance)],
            vec![crash("server[1]", secs(1), None, WhileDown::Silence)],
        );
        spec.clients[0].1 = clients(10, "server", poisson(100));
        spec.services[0].1 = Service { replicas: 3, ..service(Distribution::Constant(ms(1))) };
        let ended = play(&spec, 1);
        drained(&ended);
        let mut to_the_dead: BTreeMap<u64, u32> = BTreeMap::new();
        for (_, record) in &ended.seen {
            if let Record::Sent(name, node) = record
                && ended.plan.nodes[node.index()].name == "server[1]"
            {
                *to_the_dead.entry(name.call.key.bits()).or_default() += 1;
            }
        }
        to_the_dead.values().filter(|times| **times > 1).count()
    };
    // A third of those that have met it meet it again; with twenty choices one in 3^20 does.
    assert!(failed_twice(0) > 400);
    assert_eq!(failed_twice(20), 0);
}

#[test]
fn who_comes_back_is_given_more_and_more() {
    let health = KubernetesProbe { period: secs(1), failure_threshold: 1, ..KubernetesProbe::default() };
    let share = |slow_start: Option<SlowStart>, from: u64, to: u64| {
        let balance =
            Balance { policy: WeightedRoundRobin {}.into(), health: Some(Box::new(health.clone().into())), slow_start, ..round_robin() };
        let faults = vec![crash("server[1]", ms(10_500), Some(secs(10)), WhileDown::Refusal)];
        let mut spec = one_call(vec![timeout(secs(1)), Layer::Balance(balance)], faults);
        spec.clients[0].1 = clients(10, "server", poisson(200));
        spec.services[0].1 = Service { replicas: 4, ..service(Distribution::Constant(ms(1))) };
        spec.clockwork.horizon = secs(100);
        let ended = play(&spec, 1);
        clean(&ended);
        let (mut there, mut all) = (0, 0);
        for (at, record) in &ended.seen {
            if let Record::Delivered(name, node, Outcome::Success) = record
                && name.call.ordinal < models::record::FIRST_PROBE
                && (secs(from)..secs(to)).contains(&at.since_start())
            {
                all += 1;
                there += u32::from(ended.plan.nodes[node.index()].name == "server[1]");
            }
        }
        f64::from(there) / f64::from(all)
    };
    let slow = Some(SlowStart { window: secs(60), aggression: 1.0, min_weight_percent: Share::percent(10) });
    let near = |seen: f64, expected: f64| assert!((seen - expected).abs() < 0.02, "{seen} {expected}");
    // Back at 21 s. A weight of a half is 0.5 / 3.5 of all.
    near(share(None, 22, 30), 0.25);
    near(share(slow.clone(), 22, 26), 0.1 / 3.1);
    near(share(slow.clone(), 46, 56), 0.5 / 3.5);
    near(share(slow, 85, 100), 0.25);
    let refused = Balance {
        slow_start: Some(SlowStart { window: secs(1), aggression: 1.0, min_weight_percent: Share::percent(10) }),
        ..round_robin()
    };
    let mut spec = one_call(vec![Layer::Balance(refused)], Vec::new());
    spec.services[0].1.replicas = 2;
    assert_eq!(Plan::new(&spec).expect_err("round robin goes by no weights")[0].field, "stacks.\"app -> server\"[0].slow_start");
}

#[test]
fn the_part_of_a_request_comes_before_the_replica_that_knows_its_client() {
    let parted = |partition: AnyPartition, balanced: bool| {
        let mut spec = known(Unknown::Fails, balanced, Vec::new());
        spec.clients[0].1.keys = Some(Keys { count: 1_000, skew: 0.0 });
        spec.services[0].1.partition = Some(partition);
        let ended = play(&spec, 1);
        clean(&ended);
        // The first call of a client logs it in, wherever that is; each later one that comes to another replica than the one before does not find it.
        let changes: usize = places(&ended).values().map(|of_client| of_client.len() - 1).sum();
        assert_eq!(observed(&ended, "requests without their session"), changes as i64);
        assert_eq!(ended.measures.failed[Failure::ClientError.index()], changes as u64);
        (changes, places(&ended))
    };
    for balanced in [false, true] {
        // Whose part is always the same stays where it is known, and that is in its part.
        for partition in [ByClient { cells: 2 }.into(), Shuffle { each: 2 }.into()] {
            assert_eq!(parted(partition, balanced).0, 0);
        }
        let (_, of_cells) = parted(ByClient { cells: 4 }.into(), balanced);
        assert!(of_cells.values().any(|places| places == &["server[3]"]));
        // Of four shards an object is in another one than the object before three times of four, and the client goes there.
        let (changes, places) = parted(ByKey { shards: 4 }.into(), balanced);
        assert!((1_600..2_100).contains(&changes), "three quarters of some 2,450 calls: {changes}");
        assert!(places.values().all(|of_client| of_client.len() > 10));
        // Of two shards of two it stays at one of the two while the object is there.
        let (changes, places) = parted(ByKey { shards: 2 }.into(), balanced);
        assert!((1_000..1_450).contains(&changes), "half of them: {changes}");
        assert!(places.values().flatten().any(|place| place == "server[1]"));
    }
}
