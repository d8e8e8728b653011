//! Reads and writes: who has what when, who comes too late, and how many connections there are.

use crate::ledger::Ledger;
use crate::*;
use models::faults::Pause;
use models::ids::NodeId;
use models::measure::Fold;
use models::outcome::{Failure, Outcome};
use models::services::connections::{Connections, Pools};
use models::services::data::{Data, Optimistic, ReadsFrom, Replication, VersionRead, Writes};
use models::services::partition::{AnyPartition, ByKey};
use models::workloads::{Class, Classes, Keys};
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

fn count(ended: &Ended, name: &str) -> u64 {
    let found = ended.measures.observations.iter().find(|observation| observation.name == name && observation.fold == Fold::Sum);
    found.map_or(0, |observation| u64::try_from(observation.value).expect("it is not negative"))
}

fn longest(ended: &Ended, name: &str) -> SimDuration {
    let found = ended.measures.observations.iter().find(|observation| observation.name == name && observation.fold == Fold::Most);
    SimDuration::from_nanos(found.map_or(0, |observation| u64::try_from(observation.value).expect("it is not negative")))
}

/// Clients that read and write a few objects of a service with followers, over a link without any loss.
fn followed(replicas: u32, lag: Distribution, reads: ReadsFrom, writes: Share) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let replication = Replication { lag, reads, pins: None, waits_for: 0, fails_over: None };
    let data = Data { writes: Writes::Share(writes), replication: Some(replication), optimistic: None, publishes: None };
    let server = Service { replicas, data: Some(data), ..service(Distribution::Constant(ms(1))) };
    let mut spec = pair(clients(20, "server", poisson(500)), server, way, vec![deadline(ms(2_000))]);
    spec.clients[0].1.keys = Some(Keys { count: 10, skew: 0.5 });
    spec.clockwork.horizon = SimDuration::from_secs(20);
    spec
}

fn replication(spec: &mut SystemSpec) -> &mut Replication {
    let data = spec.services[0].1.data.as_mut().expect("it has data");
    data.replication.as_mut().expect("it has followers")
}

#[test]
fn a_read_is_stale_as_often_as_a_write_came_within_the_lag() {
    // 50 writes a second fall on ten objects; the k-th has its share p of them, and the same share of the reads. A read is stale if
    // its object was written within the lag before it: 1 - exp(-p * 50/s * 100 ms), summed over all objects.
    let ended = play(&followed(3, Distribution::Constant(ms(100)), ReadsFrom::Followers, Share::percent(10)), 3);
    let weights: Vec<f64> = (1..=10).map(|rank| 1.0 / f64::from(rank).sqrt()).collect();
    let total: f64 = weights.iter().sum();
    let expected: f64 = weights.iter().map(|weight| weight / total * (1.0 - sim_core::maths::exp(-weight / total * 50.0 * 0.1))).sum();
    let (stale, reads) = (count(&ended, "stale reads") as f64, count(&ended, "reads") as f64);
    let error = 5.0 * (expected * (1.0 - expected) / reads).sqrt();
    assert!((stale / reads - expected).abs() < error, "{} of {reads}, expected {expected}", stale / reads);
    assert_eq!(longest(&ended, "replication lag"), ms(100));
    let own = count(&ended, "reads that missed a write of their own client");
    assert!(own > 0 && own < stale as u64 / 10, "one of 20 clients has written it itself: {own} of {stale}");
}

#[test]
fn who_reads_from_the_primary_reads_nothing_stale_and_writes_go_nowhere_else() {
    let of = |reads| play(&followed(3, Distribution::Constant(ms(100)), reads, Share::percent(20)), 5);
    let primary = of(ReadsFrom::Primary);
    assert_eq!((count(&primary, "stale reads"), count(&primary, "reads") > 1000), (0, true));
    let (any, followers) = (of(ReadsFrom::Any), of(ReadsFrom::Followers));
    let (any, followers) = (count(&any, "stale reads"), count(&followers, "stale reads"));
    assert!(any > followers / 2 && any < followers * 4 / 5, "a third of the reads is not stale: {any}, {followers}");
    for reads in [ReadsFrom::Any, ReadsFrom::Followers, ReadsFrom::Primary] {
        let ended = play(&followed(3, Distribution::Constant(ms(100)), reads, Share::ALL), 5);
        assert!(ended.seen.iter().all(|(_, record)| !matches!(record, Record::Sent(_, node) if *node != ended.plan.services[0].first)));
    }
}

#[test]
fn a_client_that_is_pinned_after_its_writes_misses_none_of_them() {
    let mut spec = followed(3, Distribution::Constant(ms(100)), ReadsFrom::Followers, Share::percent(20));
    assert!(count(&play(&spec, 6), "reads that missed a write of their own client") > 20);
    // As long as the lag, and the way of a read that was sent before the end of it.
    replication(&mut spec).pins = Some(ms(110));
    let ended = play(&spec, 6);
    assert_eq!(count(&ended, "reads that missed a write of their own client"), 0);
    assert!(count(&ended, "stale reads") > 100, "what others wrote is missed as ever");
}

#[test]
fn reads_go_on_without_the_primary_and_writes_do_not() {
    let mut spec = followed(3, Distribution::Constant(ms(10)), ReadsFrom::Followers, Share::percent(20));
    spec.faults = vec![crash("server[0]", ms(5_000), Some(ms(5_000)), WhileDown::Refusal)];
    let ended = play(&spec, 2);
    let failed = ended.measures.failed.iter().sum::<u64>();
    assert!((400..600).contains(&failed), "a fifth of 500/s for five seconds: {failed}");
    assert_eq!(failed, ended.measures.failed[Failure::Refused.index()]);
}

#[test]
fn a_follower_that_stands_still_or_is_cut_off_lags_until_it_has_heard_of_everything() {
    let quiet = followed(2, Distribution::Constant(ms(100)), ReadsFrom::Any, Share::percent(20));
    for fault in ["pause", "crash", "cut", "primary"] {
        let mut spec = quiet.clone();
        spec.services[0].1.domain = Placement(vec!["server".to_owned(), "other".to_owned()]);
        spec.links.push(link("app", "other", Distribution::Constant(ms(1))));
        spec.links.push(link("server", "other", Distribution::Constant(ms(1))));
        let (at, lasts) = (ms(5_000), Some(ms(2_000)));
        spec.faults = vec![match fault {
            "pause" => PlannedFault::once(AnyFault::Pause(Pause { node: Names::one("server[1]"), ..Pause::default() }), at, lasts),
            "crash" => crash("server[1]", at, lasts, WhileDown::Refusal),
            "cut" => cut("server", "other", true, at, lasts),
            _ => crash("server[0]", at, lasts, WhileDown::Refusal),
        }];
        let ended = play(&spec, 2);
        let lag = longest(&ended, "replication lag");
        // What was committed in the last 100 ms before it reaches the follower 100 ms after it.
        assert!(lag > ms(2_100) && lag <= ms(2_200), "{fault}: {lag}");
    }
}

#[test]
fn shards_have_a_primary_each() {
    let mut spec = followed(6, Distribution::Constant(ms(50)), ReadsFrom::Followers, Share::percent(50));
    spec.services[0].1.partition = Some(AnyPartition::ByKey(ByKey { shards: 2 }));
    let ended = play(&spec, 3);
    let first = ended.plan.services[0].first.0;
    let mut nodes: BTreeMap<u32, u32> = BTreeMap::new();
    for (_, record) in &ended.seen {
        if let Record::Sent(_, node) = record {
            *nodes.entry(node.0 - first).or_default() += 1;
        }
    }
    assert_eq!(nodes.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert!(nodes[&0] > nodes[&1] && nodes[&3] > nodes[&4], "half of everything is written: {nodes:?}");
    assert!(count(&ended, "stale reads") > 0);
}

/// Writers of a few objects of a service that checks whether they come too late.
fn contended(objects: u32, reads: VersionRead) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let data = Data { writes: Writes::Share(Share::ALL), replication: None, optimistic: Some(Optimistic { reads }), publishes: None };
    let server = Service { data: Some(data), ..service(Distribution::Constant(ms(20))) };
    let mut spec = pair(clients(20, "server", poisson(100)), server, way, vec![deadline(ms(2_000))]);
    spec.clients[0].1.keys = Some(Keys { count: objects, skew: 0.0 });
    spec.clockwork.horizon = SimDuration::from_secs(60);
    spec
}

/// Whether no write was committed of whose object another was committed while it was worked on, from records alone; and how many conflicts
/// there were.
fn conflicts(ended: &Ended) -> usize {
    let mut begun: BTreeMap<(Key, u32), SimTime> = BTreeMap::new();
    let mut committed: Vec<SimTime> = Vec::new();
    let mut conflicts = 0;
    for &(at, record) in &ended.seen {
        match record {
            Record::Started(name, _) => {
                begun.insert((name.call.key, name.number), at);
            }
            Record::Answered(name, _, outcome) => {
                let since = begun[&(name.call.key, name.number)];
                let late = committed.iter().rev().take_while(|commit| **commit > since).next().is_some();
                assert_eq!(late, outcome == Outcome::Failed(Failure::Conflict), "at {at}");
                if late {
                    conflicts += 1;
                } else {
                    committed.push(at);
                }
            }
            _ => {}
        }
    }
    conflicts
}

#[test]
fn a_write_is_committed_if_and_only_if_nobody_else_was_since_it_began() {
    let ended = play(&contended(1, VersionRead::AtStart), 4);
    let conflicts = conflicts(&ended);
    assert_eq!(conflicts as u64, count(&ended, "writes that came too late"));
    // Commits are a renewal process: one, then nothing of those that had begun before it, 100/s * 20 ms = 2 of them on average.
    let share = conflicts as f64 / ended.measures.calls as f64;
    assert!((share - 2.0 / 3.0).abs() < 0.03, "{share}");
    let many = play(&contended(100, VersionRead::AtStart), 4);
    let share = count(&many, "writes that came too late") as f64 / many.measures.calls as f64;
    assert!((share - 0.02 / 1.02).abs() < 0.008, "1/s for each object: {share}");
}

#[test]
fn who_has_read_before_the_queue_comes_too_late_more_often() {
    let late = |reads| {
        let mut spec = contended(4, reads);
        spec.services[0].1.workers = 3;
        let ended = play(&spec, 4);
        count(&ended, "writes that came too late")
    };
    let (at_start, on_arrival) = (late(VersionRead::AtStart), late(VersionRead::OnArrival));
    assert!(on_arrival > at_start + at_start / 10, "{at_start}, {on_arrival}");
}

#[test]
fn one_worker_for_each_shard_never_comes_too_late() {
    let mut spec = contended(8, VersionRead::AtStart);
    spec.services[0].1 =
        Service { replicas: 4, workers: 1, partition: Some(AnyPartition::ByKey(ByKey { shards: 4 })), ..spec.services[0].1.clone() };
    let ended = play(&spec, 4);
    assert_eq!((count(&ended, "writes that came too late"), count(&ended, "writes committed") > 1000), (0, true));
}

#[test]
fn classes_that_write_are_those_that_are_named() {
    let mut spec = followed(2, Distribution::Constant(ms(10)), ReadsFrom::Followers, Share::ALL);
    let class = |weight| Class { weight, priority: 0 };
    spec.clients[0].1.classes = Classes::from([("buy".to_owned(), class(1)), ("look".to_owned(), class(9))]);
    spec.services[0].1.data.as_mut().unwrap().writes = Writes::Classes(vec!["buy".to_owned()]);
    let ended = play(&spec, 4);
    let share = count(&ended, "writes committed") as f64 / ended.measures.calls as f64;
    assert!((share - 0.1).abs() < 0.02, "{share}");
    spec.services[0].1.data.as_mut().unwrap().writes = Writes::Classes(vec!["sell".to_owned()]);
    let complaints = Plan::new(&spec).unwrap_err();
    assert_eq!(complaints[0].field, "nodes.server.data.writes[0]");
}

#[test]
fn a_pool_keeps_its_connections_until_they_have_been_idle_for_long_enough_or_it_dies() {
    let limit = Connections { most: 2, idle: SimDuration::from_secs(10) };
    let (one, other) = ((NodeId(1), 0), (NodeId(2), 7));
    let mut pools = Pools::default();
    assert_eq!([1, 2, 3].map(|_| pools.take(&limit, one, at(0))), [true, true, false]);
    pools.give_back(&limit, one, at(1_000));
    assert!(!pools.take(&limit, other, at(2_000)), "the connection is idle, and not his");
    assert!(pools.take(&limit, one, at(2_000)) && !pools.take(&limit, one, at(2_000)));
    pools.give_back(&limit, one, at(3_000));
    assert!(!pools.take(&limit, other, at(12_999)) && pools.take(&limit, other, at(13_000)));
    assert_eq!(pools.open(), 2);
    pools.holder_dies(NodeId(1));
    assert_eq!(pools.open(), 2, "what is in use is closed when it is not any more");
    assert!(!pools.take(&limit, other, at(14_000)));
    pools.give_back(&limit, one, at(14_000));
    assert!(pools.open() == 1 && pools.take(&limit, other, at(14_000)));
    pools.give_back(&limit, other, at(15_000));
    pools.holder_dies(NodeId(2));
    assert_eq!(pools.open(), 1);
}

#[test]
fn a_server_never_has_more_connections_than_it_takes_and_refuses_the_others() {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let limits = Connections { most: 10, idle: SimDuration::from_secs(5) };
    let server = Service { connections: Some(limits), ..service(Distribution::Constant(ms(20))) };
    let mut spec = pair(clients(40, "server", poisson(200)), server, way, vec![deadline(ms(2_000))]);
    let ended = play(&spec, 8);
    let served = |ended: &Ended| {
        let of = |(_, record): &(SimTime, Record)| match record {
            Record::Started(name, _) => Some(name.call.client),
            _ => None,
        };
        ended.seen.iter().filter_map(of).collect::<BTreeSet<u32>>().len()
    };
    // Whoever was first has kept theirs: 20 calls a second and client keep all of them in use.
    assert_eq!(served(&ended), 10);
    assert_eq!(ended.measures.failed[Failure::Refused.index()], count(&ended, "connections refused"));
    assert!(count(&ended, "connections refused") > 1000);
    // One process in front of it has a pool, and needs one at a time.
    spec.services[0].1.connections = None;
    spec.services.push(("store".to_owned(), Service { connections: Some(limits), ..service(Distribution::Constant(ms(5))) }));
    spec.services[0].1.does = vec![models::services::Task::Call("store".to_owned())];
    let ended = play(&spec, 8);
    assert_eq!((count(&ended, "connections refused"), served(&ended)), (0, 40));
}

#[test]
fn nothing_is_held_back_when_everything_fails_and_returns() {
    for seed in 0..6 {
        let mut spec = followed(4, exponential(ms(80)), ReadsFrom::Any, Share::percent(40));
        let server = &mut spec.services[0].1;
        (server.workers, server.queue) = (1, Queue::Fifo(Fifo { limit: Some(6), ..Fifo::default() }));
        server.late_work = [LateWork::Cancel, LateWork::Finish, LateWork::SkipQueued][seed as usize % 3];
        server.partition = Some(AnyPartition::ByKey(ByKey { shards: 2 }));
        server.connections = Some(Connections { most: 15, idle: ms(300) });
        server.data.as_mut().unwrap().optimistic = Some(Optimistic { reads: VersionRead::OnArrival });
        server.idempotency = (seed % 2 == 0).then(Default::default);
        spec.links[0].loss = Share::percent(5);
        spec.stacks[0].1 =
            vec![deadline(ms(400)), retry(3, AnyBackoff::Immediate(models::strategies::backoff::Immediate {})), timeout(ms(30))];
        spec.faults = vec![
            crash("server[0]", ms(2_000), Some(ms(700)), WhileDown::Silence),
            crash("server[3]", ms(2_300), Some(ms(900)), WhileDown::Refusal),
            slow("server[2]", 5.0, ms(1_000), Some(ms(4_000))),
            cut("app", "server", true, ms(4_000), Some(ms(300))),
        ];
        spec.clockwork.horizon = SimDuration::from_secs(8);
        let ended = play(&spec, seed);
        // The books know nothing of requests that are turned back because another one has their key.
        if spec.services[0].1.idempotency.is_none() {
            Ledger::of(&ended.plan, &ended.seen).check_over();
        }
        assert_eq!(ended.in_use, (0, 0));
        assert!(count(&ended, "writes that came too late") > 0 && count(&ended, "stale reads") > 0);
    }
}

#[test]
fn data_that_nobody_conflicts_over_changes_no_draw() {
    let mut spec = contended(4, VersionRead::AtStart);
    let seen = |spec: &SystemSpec| {
        play(spec, 12)
            .seen
            .into_iter()
            .filter(|(_, record)| matches!(record, Record::CallStarted(_) | Record::Sent(..) | Record::Started(..)))
            .collect::<Vec<_>>()
    };
    let with = seen(&spec);
    spec.services[0].1.data = None;
    assert_eq!(with, seen(&spec));
}

#[test]
fn a_write_is_answered_by_no_cache_and_takes_what_is_kept_of_its_object_along() {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let data =
        Data { writes: Writes::Share(Share::percent(10)), replication: None, optimistic: Some(Optimistic::default()), publishes: None };
    let server = Service { data: Some(data), ..service(Distribution::Constant(ms(1))) };
    let cache = models::strategies::Cache {
        lifetime: SimDuration::from_secs(1_000),
        stale_while_revalidate: SimDuration::ZERO,
        stale_if_error: SimDuration::ZERO,
        hit_ratio: None,
        max_objects: 10,
        per: models::strategies::Scope::Process,
    };
    let coalesce = models::strategies::Coalesce::default();
    let mut spec = pair(clients(1, "server", poisson(100)), server, way, vec![Layer::Cache(cache), Layer::Coalesce(coalesce)]);
    spec.clients[0].1.keys = Some(Keys { count: 1, skew: 0.0 });
    spec.clockwork.horizon = SimDuration::from_secs(100);
    let ended = play(&spec, 5);
    let (hits, misses) = (count(&ended, "cache hits"), count(&ended, "cache misses"));
    let writes = count(&ended, "writes committed") + count(&ended, "writes that came too late");
    assert_eq!(hits + misses + writes, ended.measures.calls, "writes are neither");
    // A miss follows every write that is not followed by another one: 10/s of 90 % reads, of which 9 of 10 writes have one.
    let share = misses as f64 / (hits + misses) as f64;
    assert!((0.08..0.14).contains(&share), "{share}");
}
