//! Shards, cells and shuffle sharding: who goes where, and whom a failure reaches.

use crate::ledger::Ledger;
use crate::*;
use models::faults::HotReplica;
use models::ids::PopulationId;
use models::services::Task;
use models::services::partition::{AnyPartition, Asked, ByClient, ByKey, Shuffle};
use models::strategies::backoff::Constant;
use models::strategies::balance::{AnyBalancer, LeastRequest, RingHash, RoundRobin};
use models::strategies::{Balance, Scope};
use models::workloads::Keys;
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

fn asked<'a>(seed: &'a Seed, object: u64, client: u64) -> Asked<'a> {
    Asked { object, client: Key::named("client").child(client), service: Key::named("server"), seed }
}

#[test]
fn a_part_holds_as_many_replicas_as_it_says_in_order_and_is_the_same_whenever_it_is_asked_for() {
    let seed = Seed::new(3);
    for (rule, size) in [
        (AnyPartition::ByKey(ByKey { shards: 4 }), 3),
        (AnyPartition::ByKey(ByKey { shards: 12 }), 1),
        (AnyPartition::ByClient(ByClient { cells: 2 }), 6),
        (AnyPartition::Shuffle(Shuffle { each: 5 }), 5),
        (AnyPartition::Shuffle(Shuffle { each: 12 }), 12),
    ] {
        assert_eq!(rule.check(12), []);
        for n in 0..500 {
            let part = rule.part(12, &asked(&seed, n, n));
            assert_eq!(part.len(), size, "{rule:?}");
            assert!(part.windows(2).all(|pair| pair[0] < pair[1]) && part.iter().all(|replica| *replica < 12), "{part:?}");
            assert_eq!(part, rule.part(12, &asked(&seed, n, n)));
        }
    }
    for (rule, replicas) in [(AnyPartition::ByKey(ByKey { shards: 5 }), 12), (AnyPartition::ByClient(ByClient { cells: 0 }), 4)] {
        assert_eq!(rule.check(replicas).len(), 1, "{rule:?}");
    }
    assert_eq!(AnyPartition::Shuffle(Shuffle { each: 13 }).check(12).len(), 1);
}

#[test]
fn objects_are_spread_evenly_over_shards_and_clients_over_cells() {
    let seed = Seed::new(8);
    let (shards, cells) = (AnyPartition::ByKey(ByKey { shards: 10 }), AnyPartition::ByClient(ByClient { cells: 10 }));
    for rule in [shards, cells] {
        let mut counts = [0_u32; 10];
        for n in 0..10_000 {
            counts[rule.part(10, &asked(&seed, n, n))[0] as usize] += 1;
        }
        // The 99.99 % quantile of chi-square with 9 degrees of freedom.
        let chi_square: f64 = counts.iter().map(|count| (f64::from(*count) - 1000.0) * (f64::from(*count) - 1000.0) / 1000.0).sum();
        assert!(chi_square < 33.72, "{rule:?}: {counts:?}");
    }
}

fn choose(n: u64, k: u64) -> f64 {
    if k > n { 0.0 } else { (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product() }
}

#[test]
fn two_clients_share_of_their_hands_what_combinatorics_says() {
    let (n, each, pairs) = (8_u32, 2_u32, 40_000_u64);
    let rule = AnyPartition::Shuffle(Shuffle { each });
    let seed = Seed::new(5);
    let mut shared = [0_u64; 3];
    let mut hands: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for pair in 0..pairs {
        let [one, other] = [2 * pair, 2 * pair + 1].map(|client| rule.part(n, &asked(&seed, 0, client)));
        shared[one.iter().filter(|replica| other.contains(replica)).count()] += 1;
        *hands.entry(one).or_default() += 1;
    }
    for (both, count) in (0..).zip(shared) {
        let (n, each) = (u64::from(n), u64::from(each));
        let expected = choose(each, both) * choose(n - each, each - both) / choose(n, each);
        let error = 4.0 * (expected * (1.0 - expected) / pairs as f64).sqrt();
        assert!((count as f64 / pairs as f64 - expected).abs() < error, "{both} shared: {count}, expected {expected}");
    }
    // All 28 hands, each as often: the 99.99 % quantile of chi-square with 27 degrees of freedom is 62.2.
    let mean = pairs as f64 / 28.0;
    let chi_square: f64 = hands.values().map(|count| (*count as f64 - mean) * (*count as f64 - mean) / mean).sum();
    assert!(hands.len() == 28 && chi_square < 62.2, "{chi_square}: {hands:?}");
}

/// Clients that call a service of `replicas` over a link that loses a fifth of the messages, and try again.
fn parted(replicas: u32, partition: AnyPartition, arrivals: Arrivals) -> SystemSpec {
    let way = Link { loss: Share::percent(20), ..link("app", "server", exponential(ms(4))) };
    let server = Service { replicas, partition: Some(partition), ..service(exponential(ms(5))) };
    let again = retry(6, AnyBackoff::Constant(Constant { delay: ms(10) }));
    let mut spec = pair(clients(40, "server", arrivals), server, way, vec![deadline(ms(3_000)), again, timeout(ms(60))]);
    spec.clockwork.horizon = SimDuration::from_secs(4);
    spec
}

/// The replicas that attempts went to, by `of` the attempt.
fn visited<K: Ord>(ended: &Ended, service: &str, of: impl Fn(&models::record::AttemptName) -> K) -> BTreeMap<K, BTreeSet<u32>> {
    let first = ended.plan.services.iter().find(|known| known.name == service).expect("it is there").first.0;
    let edges: Vec<bool> = ended.plan.edges.iter().map(|edge| edge.name.ends_with(&format!("-> {service}"))).collect();
    let mut visited: BTreeMap<K, BTreeSet<u32>> = BTreeMap::new();
    for (_, record) in &ended.seen {
        if let Record::Sent(name, node) = record
            && edges[name.call.edge.index()]
        {
            visited.entry(of(name)).or_default().insert(node.0 - first);
        }
    }
    visited
}

#[test]
fn all_attempts_of_a_call_go_to_one_shard_and_all_its_replicas_are_used() {
    let spec = parted(6, AnyPartition::ByKey(ByKey { shards: 3 }), poisson(300));
    let ended = play(&spec, 4);
    let by_call = visited(&ended, "server", |name| name.call.key);
    assert!(by_call.values().all(|replicas| replicas.iter().map(|replica| replica / 2).collect::<BTreeSet<_>>().len() == 1));
    assert!(by_call.values().any(|replicas| replicas.len() == 2), "a retry may go to the other replica of the shard");
    assert_eq!(by_call.values().flatten().copied().collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn calls_about_one_object_go_to_one_shard_whoever_makes_them() {
    let mut spec = parted(6, AnyPartition::ByKey(ByKey { shards: 3 }), poisson(300));
    spec.clients[0].1.keys = Some(Keys { count: 1, skew: 0.0 });
    let shards: BTreeSet<u32> = visited(&play(&spec, 4), "server", |_| ()).remove(&()).unwrap().iter().map(|replica| replica / 2).collect();
    assert_eq!(shards.len(), 1);
}

#[test]
fn a_shard_that_is_down_fails_its_own_objects_and_nobody_elses() {
    let mut spec = parted(4, AnyPartition::ByKey(ByKey { shards: 4 }), poisson(300));
    spec.links[0].loss = Share::NONE;
    spec.faults = vec![crash("server[2]", SimDuration::NANOSECOND, None, WhileDown::Refusal)];
    let ended = play(&spec, 9);
    let by_call = visited(&ended, "server", |name| name.call.key);
    let mut outcomes = [[0_u32; 2]; 4];
    for (_, record) in &ended.seen {
        if let Record::CallEnded(name, outcome) = record {
            let shard = *by_call[&name.key].first().unwrap();
            outcomes[shard as usize][usize::from(outcome.is_success())] += 1;
        }
    }
    for (shard, [failed, succeeded]) in outcomes.into_iter().enumerate() {
        assert!(if shard == 2 { succeeded == 0 && failed > 200 } else { failed == 0 && succeeded > 200 }, "{shard}: {failed}, {succeeded}");
    }
}

#[test]
fn a_request_stays_in_the_cell_of_its_client_through_all_services_and_populations_have_clients_of_their_own() {
    let cells = |replicas: u32| Some(AnyPartition::ByClient(ByClient { cells: replicas / 2 }));
    let mut spec = parted(8, AnyPartition::ByClient(ByClient { cells: 4 }), poisson(300));
    let back = Service { replicas: 8, partition: cells(8), domain: Placement(vec!["server".to_owned()]), ..service(exponential(ms(2))) };
    spec.services[0].1.does = vec![Task::Call("back".to_owned())];
    spec.services.push(("back".to_owned(), back));
    spec.clients.push(("others".to_owned(), clients(40, "server", poisson(300))));
    let ended = play(&spec, 2);
    let client = |name: &models::record::AttemptName| (name.call.population, name.call.client);
    let (front, back) = (visited(&ended, "server", client), visited(&ended, "back", client));
    let cell = |replicas: &BTreeSet<u32>| replicas.iter().map(|replica| replica / 2).collect::<BTreeSet<_>>();
    assert!(front.len() == 80 && back.len() == 80);
    for (who, replicas) in &front {
        assert_eq!(cell(replicas).len(), 1);
        assert_eq!(cell(replicas), cell(&back[who]), "{who:?}");
    }
    let same = (0..40).filter(|client| cell(&front[&(PopulationId(0), *client)]) == cell(&front[&(PopulationId(1), *client)])).count();
    assert!(same < 25, "clients of two populations with the same number are not the same: {same} of 40 share a cell");
}

fn balance(policy: AnyBalancer) -> Balance {
    Balance {
        policy,
        outliers: None,
        breakers: None,
        health: None,
        panic_threshold: None,
        zone_aware: None,
        host_selection_retry_max_attempts: 0,
        slow_start: None,
        weights: Vec::new(),
        per: Scope::Process,
    }
}

#[test]
fn a_layer_that_chooses_the_replica_chooses_within_the_part() {
    for policy in [
        AnyBalancer::RoundRobin(RoundRobin {}),
        AnyBalancer::LeastRequest(LeastRequest::default()),
        AnyBalancer::RingHash(RingHash::default()),
    ] {
        let mut spec = parted(6, AnyPartition::Shuffle(Shuffle { each: 2 }), poisson(300));
        let balance = balance(policy.clone());
        spec.stacks[0].1.insert(2, Layer::Balance(balance));
        let ended = play(&spec, 7);
        let by_client = visited(&ended, "server", |name| name.call.client);
        assert!(by_client.values().all(|replicas| replicas.len() <= 2), "{policy:?}: {by_client:?}");
        assert!(by_client.len() == 40 && by_client.values().filter(|replicas| replicas.len() == 2).count() > 20, "{policy:?}");
    }
}

#[test]
fn a_hot_replica_draws_only_those_that_may_go_to_it() {
    let mut spec = parted(4, AnyPartition::ByClient(ByClient { cells: 2 }), poisson(300));
    let hot = HotReplica { node: "server[1]".to_owned(), share: Share::ALL };
    spec.faults = vec![PlannedFault::once(AnyFault::HotReplica(hot), SimDuration::NANOSECOND, None)];
    let by_client = visited(&play(&spec, 7), "server", |name| name.call.client);
    let (hot, others): (Vec<_>, Vec<_>) = by_client.into_values().partition(|replicas| replicas.contains(&1));
    assert!(!hot.is_empty() && hot.iter().all(|replicas| replicas.len() == 1));
    assert!(!others.is_empty() && others.iter().all(|replicas| replicas.iter().all(|replica| *replica >= 2)));
}

/// When every call came, and what every attempt met beside where it went.
fn luck(ended: &Ended) -> BTreeMap<(Key, u32), (SimTime, Vec<SimDuration>)> {
    let mut last: BTreeMap<(Key, u32), SimTime> = BTreeMap::new();
    let mut luck: BTreeMap<(Key, u32), (SimTime, Vec<SimDuration>)> = BTreeMap::new();
    for &(at, record) in &ended.seen {
        let key = |name: models::record::AttemptName| (name.call.key, name.number);
        match record {
            Record::CallStarted(name) => {
                luck.insert((name.key, 0), (at, Vec::new()));
            }
            Record::Sent(name, _) => {
                last.insert(key(name), at);
            }
            Record::Started(name, _) | Record::Answered(name, ..) | Record::Delivered(name, ..) | Record::DeliveredLate(name, ..) => {
                luck.entry(key(name)).or_insert((SimTime::ZERO, Vec::new())).1.push(at - last[&key(name)]);
                last.insert(key(name), at);
            }
            _ => {}
        }
    }
    luck
}

#[test]
fn a_partition_changes_nothing_but_where_attempts_go() {
    let spec = |partition| {
        let mut spec = parted(6, AnyPartition::ByKey(ByKey { shards: 1 }), poisson(300));
        spec.services[0].1.partition = partition;
        spec.clients[0].1.keys = Some(Keys { count: 20, skew: 1.0 });
        spec
    };
    let reference = luck(&play(&spec(None), 11));
    for partition in [
        AnyPartition::ByKey(ByKey { shards: 3 }),
        AnyPartition::ByClient(ByClient { cells: 6 }),
        AnyPartition::Shuffle(Shuffle { each: 2 }),
    ] {
        assert_eq!(reference, luck(&play(&spec(Some(partition)), 11)));
    }
}

#[test]
fn nothing_is_lost_between_parts_that_fail_and_return() {
    for (seed, partition) in [
        AnyPartition::ByKey(ByKey { shards: 2 }),
        AnyPartition::ByClient(ByClient { cells: 4 }),
        AnyPartition::Shuffle(Shuffle { each: 2 }),
    ]
    .into_iter()
    .enumerate()
    {
        let mut spec = parted(4, partition, poisson(300));
        spec.services[0].1.workers = 1;
        spec.services[0].1.queue = Queue::Fifo(Fifo { limit: Some(5), ..Fifo::default() });
        spec.faults = vec![
            crash("server[0]", ms(500), Some(ms(700)), WhileDown::Silence),
            slow("server[3]", 5.0, ms(300), Some(ms(900))),
            cut("app", "server", true, ms(2_000), Some(ms(300))),
        ];
        let ended = play(&spec, seed as u64);
        Ledger::of(&ended.plan, &ended.seen).check_over();
        assert_eq!(ended.in_use, (0, 0));
    }
}
