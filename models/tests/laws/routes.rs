//! Which way is taken around a cut and when, and what do callers hear of cuts that answer?
//!
//! Faults that refuse or reset, and those that change links, are planned here as effects: which fault has which is not asked.

use crate::*;
use models::environment::Effect;
use models::faults::{FaultPlan, Member, Timing};
use models::links::{Block, Blocking, LinkChange};
use models::outcome::Failure;
use models::plan::Routing;
use models::topology::{Route, Topology};
use sim_core::units::Bandwidth;

fn constant(from: &str, to: &str, millis: u64) -> Link {
    link(from, to, Distribution::Constant(ms(millis)))
}

fn between<'a>(topology: &'a mut Topology, from: &str, to: &str) -> &'a Route {
    let route = topology.connect(from, to).expect("there is a way");
    topology.route(route)
}

#[test]
fn no_way_leads_out_of_a_domain_and_in_again_over_links_of_that_domain() {
    let hub = [constant("eu", "us", 80), constant("eu/a", "switch", 1), constant("switch", "eu/b", 1)];
    let mut topology = Topology::new(&hub);
    // Links of the zones themselves may lead anywhere.
    assert_eq!(between(&mut topology, "eu/a", "eu/b").domains(), ["eu/a", "switch", "eu/b"]);
    assert!(Topology::new(&hub[..1]).connect("eu/a", "eu/b").is_none());
    // Whoever comes from outside may go through.
    let through = [constant("asia", "eu", 50), constant("eu", "us", 80)];
    assert_eq!(between(&mut Topology::new(&through), "asia", "us").domains(), ["asia", "eu", "us"]);
    // Nor does a way enter the domain it sets out from.
    let inward = [constant("eu/a", "us", 1), constant("us", "eu", 1)];
    assert!(Topology::new(&inward).connect("eu/a", "eu/b").is_none());
}

#[test]
fn ways_over_a_hand_made_graph_are_the_cheapest() {
    //  a -1- b -1- c -1- d,  a -5- d,  a -2- e -2- d over one-way links, b -9- e
    let one_way = |from, to, millis| Link { one_way: true, ..constant(from, to, millis) };
    let links = [
        constant("a", "b", 1),
        constant("b", "c", 1),
        constant("c", "d", 1),
        one_way("a", "e", 2),
        one_way("e", "d", 2),
        constant("b", "e", 9),
    ];
    let mut topology = Topology::new(&links);
    assert_eq!(between(&mut topology, "a", "d").domains(), ["a", "b", "c", "d"]);
    assert_eq!(between(&mut topology, "e", "c").domains(), ["e", "d", "c"]);
    assert_eq!(between(&mut topology, "c", "e").domains(), ["c", "b", "a", "e"]);
    assert_eq!(between(&mut topology, "d", "a").domains(), ["d", "c", "b", "a"]);
    assert!(topology.connect("a", "nowhere").is_none());
}

#[test]
fn a_link_may_end_at_a_service_or_at_one_replica_of_it() {
    let far = |from: &str, millis| constant(from, "app", millis);
    let mut spec = pair(clients(20, "server", poisson(100)), service(Distribution::Constant(ms(1))), far("server", 10), Vec::new());
    spec.services[0].0 = "shop".to_owned();
    spec.services[0].1.replicas = 3;
    spec.clients[0].1.calls = "shop".to_owned();
    spec.stacks.clear();
    spec.clockwork.horizon = SimDuration::from_secs(5);
    spec.links.push(far("shop[1]", 50));
    let ended = play(&spec, 1);
    let sent_at = |ended: &Ended, node: &str| -> Vec<u64> {
        let mut sent = std::collections::BTreeMap::new();
        let mut took = Vec::new();
        for (at, record) in &ended.seen {
            match record {
                Record::Sent(name, to) if ended.plan.nodes[to.index()].name == node => drop(sent.insert(name.call.key, *at)),
                Record::Started(name, _) => took.extend(sent.get(&name.call.key).map(|sent| (*at - *sent).as_nanos() / 1_000_000)),
                _ => {}
            }
        }
        took
    };
    for (node, millis) in [("shop[0]", 10), ("shop[1]", 50), ("shop[2]", 10)] {
        let took = sent_at(&ended, node);
        assert!(took.len() > 100 && took.iter().all(|&took| took == millis), "{node}: {took:?}");
    }
    // All replicas, and one of them all the same.
    spec.links.push(far("shop", 30));
    let ended = play(&spec, 1);
    assert!(sent_at(&ended, "shop[0]").iter().all(|&took| took == 30) && sent_at(&ended, "shop[1]").iter().all(|&took| took == 50));
    spec.links.push(far("shop[3]", 30));
    let complaints = Plan::new(&spec).expect_err("there are three replicas");
    assert_eq!(complaints[0].field, "links[3].from");
}

/// Calls every 10 ms from `a` to `b` over 5 ms, or over a hub in 20 ms.
fn triangle(convergence: Option<SimDuration>, faults: &[(u64, u64)]) -> SystemSpec {
    let mut spec =
        pair(clients(1, "server", poisson(100)), service(Distribution::Constant(ms(1))), constant("a", "b", 5), vec![timeout(ms(500))]);
    spec.links.extend([constant("a", "hub", 10), constant("hub", "b", 10)]);
    spec.clients[0].1.domain = "a".to_owned();
    spec.services[0].1.domain = Placement(vec!["b".to_owned()]);
    spec.routing = Routing { convergence };
    spec.clockwork.horizon = SimDuration::from_secs(10);
    spec.faults = faults.iter().map(|&(from, to)| crate::cut("a", "b", false, ms(from), Some(ms(to - from)))).collect();
    spec
}

/// Of the calls started within some milliseconds: how many there were, how many ended well, and the latencies of those.
fn calls_of(ended: &Ended, (from, to): (u64, u64)) -> (usize, usize, Vec<u64>) {
    let mut started = std::collections::BTreeMap::new();
    let mut latencies = Vec::new();
    for (instant, record) in &ended.seen {
        match record {
            Record::CallStarted(name) if (at(from)..at(to)).contains(instant) => drop(started.insert(name.key, *instant)),
            Record::CallEnded(name, outcome) if outcome.is_success() => {
                latencies.extend(started.get(&name.key).map(|start| (*instant - *start).as_nanos() / 1_000_000));
            }
            _ => {}
        }
    }
    (started.len(), latencies.len(), latencies)
}

#[test]
fn after_a_cut_messages_vanish_until_routing_has_converged_and_so_again_after_it_is_healed() {
    let ended = play(&triangle(Some(ms(1_000)), &[(3_000, 6_000)]), 1);
    let all = |window, latency: Option<u64>| {
        let (started, ended_well, latencies) = calls_of(&ended, window);
        assert!(started > 50);
        match latency {
            Some(latency) => assert!(ended_well == started && latencies.iter().all(|&seen| seen == latency), "{window:?}: {latencies:?}"),
            None => assert_eq!(ended_well, 0, "{window:?}"),
        }
    };
    all((0, 2_980), Some(11));
    all((3_000, 4_000), None);
    all((4_000, 6_900), Some(41));
    all((7_000, 10_000), Some(11));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

#[test]
fn without_convergence_whoever_is_cut_off_stays_so() {
    let ended = play(&triangle(None, &[(3_000, 6_000)]), 1);
    assert_eq!(calls_of(&ended, (3_000, 5_980)).1, 0);
    let (started, well, _) = calls_of(&ended, (6_000, 10_000));
    assert_eq!(started, well);
}

#[test]
fn routing_knows_what_was_true_a_while_ago() {
    // Cut for 0.6 s, whole for 0.6 s, cut again: every sender is a second behind.
    let ended = play(&triangle(Some(ms(1_000)), &[(2_000, 2_600), (3_200, 6_000)]), 2);
    assert_eq!(calls_of(&ended, (2_000, 2_590)).1, 0);
    let (_, _, latencies) = calls_of(&ended, (2_600, 2_980));
    assert!(!latencies.is_empty() && latencies.iter().all(|&latency| latency == 11), "healed, and nobody knew it was cut");
    let (_, _, latencies) = calls_of(&ended, (3_000, 3_580));
    assert!(!latencies.is_empty() && latencies.iter().all(|&latency| latency == 41), "the first cut is news: {latencies:?}");
    assert_eq!(calls_of(&ended, (3_600, 4_190)).1, 0, "that it is over is news, and it is cut again");
    assert!(calls_of(&ended, (4_200, 5_990)).2.iter().all(|&latency| latency == 41));
}

#[test]
fn a_cut_of_the_only_way_and_a_cut_of_the_ends_alone_leave_nothing_to_converge_to() {
    let mut spec = triangle(Some(ms(100)), &[(3_000, 6_000)]);
    spec.links.truncate(1);
    assert_eq!(calls_of(&play(&spec, 1), (3_000, 5_980)).1, 0);
    // There is no link between the two: they may not talk, over whatever way.
    spec = triangle(Some(ms(100)), &[(3_000, 6_000)]);
    spec.links.remove(0);
    assert_eq!(calls_of(&play(&spec, 1), (3_000, 5_980)).1, 0);
}

/// A run with a fault of these effects from 3 s to 6 s.
fn with_effects(spec: &SystemSpec, effects: Vec<Effect>) -> Ended {
    let mut plan = Plan::new(spec).expect("the system is sound");
    // Any fault will do whose members have these effects from begin to end.
    let planned = crate::cut("a", "b", false, ms(3_000), Some(ms(3_000)));
    let timing = Timing::once(ms(3_000), Some(ms(3_000)));
    plan.faults = vec![FaultPlan::new(planned.fault, &timing, vec![Member { name: "effects".to_owned(), effects }], 0)];
    finish(start(&Arc::new(plan), Nobody, 1, TieBreak::ByRank))
}

fn cut(how: Blocking) -> Vec<Effect> {
    [("a", "b"), ("b", "a")]
        .map(|(from, to)| Effect::Cut { from: vec![from.to_owned()], to: vec![to.to_owned()], block: Block { how, holds: false } })
        .to_vec()
}

fn failures(ended: &Ended, failure: Failure) -> u64 {
    ended.measures.failed[failure.index()]
}

#[test]
fn a_blackhole_a_refusal_and_a_reset_are_three_experiences() {
    let mut spec = triangle(None, &[]);
    spec.links.truncate(1);
    // Half a second of work, so that many wait for an answer when the cut begins.
    spec.services[0].1.demand = Distribution::Constant(ms(200));
    let ends = |ended: &Ended, wanted: Failure| -> Vec<(u64, u64)> {
        let mut started = std::collections::BTreeMap::new();
        let mut seen = Vec::new();
        for (at, record) in &ended.seen {
            match record {
                Record::CallStarted(name) => drop(started.insert(name.key, *at)),
                Record::CallEnded(name, models::outcome::Outcome::Failed(failure)) if *failure == wanted => {
                    seen.push((started[&name.key].as_nanos() / 1_000_000, (*at - started[&name.key]).as_nanos() / 1_000_000));
                }
                _ => {}
            }
        }
        seen
    };
    let silent = with_effects(&spec, cut(Blocking::Blackhole));
    assert_eq!(failures(&silent, Failure::Timeout), silent.measures.failed.iter().sum::<u64>());
    let refusing = with_effects(&spec, cut(Blocking::Refuse));
    // There and back: ten milliseconds. What was on the wire or at work when it began vanishes.
    let refused = ends(&refusing, Failure::Refused);
    assert!(refused.len() > 200 && refused.iter().all(|&(start, took)| (3_000..6_000).contains(&start) && took == 10), "{refused:?}");
    assert!(ends(&refusing, Failure::Timeout).iter().all(|&(start, took)| start < 3_000 && took == 500));
    assert!(failures(&refusing, Failure::Timeout) > 10);
    let resetting = with_effects(&spec, cut(Blocking::Reset));
    let reset = ends(&resetting, Failure::Reset);
    assert_eq!(failures(&resetting, Failure::Timeout), 0);
    assert!(reset.iter().filter(|(start, _)| *start < 3_000).count() > 10);
    assert!(
        reset.iter().all(|&(start, took)| if start < 3_000 { (2_999..=3_000).contains(&(start + took)) } else { took == 10 }),
        "{reset:?}"
    );
    for ended in [&silent, &refusing, &resetting] {
        let messages = ended.measures.messages;
        assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
        assert_eq!(ended.in_use, (0, 0));
        assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
    }
}

#[test]
fn of_cuts_that_overlap_the_silent_one_counts() {
    let mut spec = triangle(None, &[]);
    spec.links.truncate(1);
    for order in [[Blocking::Refuse, Blocking::Blackhole], [Blocking::Blackhole, Blocking::Refuse]] {
        let ended = with_effects(&spec, order.into_iter().flat_map(cut).collect());
        assert_eq!(failures(&ended, Failure::Refused), 0);
        assert!(failures(&ended, Failure::Timeout) > 200);
    }
}

#[test]
fn a_changed_link_is_changed_between_its_domains_and_while_the_fault_is_on() {
    let spec = triangle(None, &[]);
    let change = LinkChange { delay: Some(Distribution::Constant(ms(30))), ..LinkChange::default() };
    let effect = |from: &str, to: &str| Effect::Link { from: vec![from.to_owned()], to: vec![to.to_owned()], change: change.clone() };
    let there = with_effects(&spec, vec![effect("a", "b")]);
    assert!(calls_of(&there, (3_000, 5_900)).2.iter().all(|&latency| latency == 41));
    let both = with_effects(&spec, vec![effect("a", "b"), effect("b", "a"), effect("b", "a")]);
    assert!(calls_of(&both, (3_000, 5_900)).2.iter().all(|&latency| latency == 101));
    for ended in [&there, &both] {
        assert!(calls_of(ended, (0, 2_990)).2.iter().chain(&calls_of(ended, (6_000, 10_000)).2).all(|&latency| latency == 11));
    }
    let elsewhere = with_effects(&spec, vec![effect("a", "hub"), effect("hub", "b")]);
    assert_eq!(elsewhere.measures.latency.max, play(&spec, 1).measures.latency.max);
    // From a domain to itself: whatever stays inside it.
    let mut inside = spec.clone();
    inside.clients[0].1.domain = "b/x".to_owned();
    inside.links.push(constant("b", "b", 1));
    let within = with_effects(&inside, vec![effect("b", "b")]);
    assert!(calls_of(&within, (3_000, 5_900)).2.iter().all(|&latency| latency == 63));
    let narrow = LinkChange { bandwidth: Some(Bandwidth::from_bits_per_second(800_000)), ..LinkChange::default() };
    let narrow = with_effects(&spec, vec![Effect::Link { from: vec!["a".to_owned()], to: vec!["b".to_owned()], change: narrow }]);
    assert!(calls_of(&narrow, (3_000, 5_400)).2.iter().all(|&latency| latency > 20), "1 kB takes 10 ms");
}

#[test]
fn every_leg_of_a_way_is_as_it_is_when_the_message_gets_there() {
    // 10 ms to the hub; the second leg is cut from 3 s on, and a message that has left for the hub before finds it so.
    let mut spec = triangle(None, &[]);
    spec.links.remove(0);
    spec.links[1].fifo = true;
    let effects = [("hub", "b"), ("b", "hub")];
    let effects = effects.map(|(from, to)| Effect::Cut { from: vec![from.to_owned()], to: vec![to.to_owned()], block: Block::default() });
    let ended = with_effects(&spec, effects.to_vec());
    let dropped: Vec<_> = ended
        .seen
        .iter()
        .filter_map(|(at, record)| match record {
            Record::Dropped(name, _, models::record::Loss::Cut) => Some((*at, name.call.key)),
            _ => None,
        })
        .collect();
    let mut sent = std::collections::BTreeMap::new();
    for (at, record) in &ended.seen {
        if let Record::Sent(name, _) = record {
            sent.insert(name.call.key, *at);
        }
    }
    assert!(dropped.len() > 200);
    for (instant, key) in &dropped {
        let took = *instant - sent[key];
        // A request dies at the hub, 10 ms after it was sent, or on the second leg when the cut began; an answer at its start.
        assert!(took == ms(10) || took >= ms(20) || *instant <= at(3_010), "{took}");
    }
    assert!(dropped.iter().filter(|(instant, key)| *instant - sent[key] == ms(10)).count() > 200);
}

#[test]
fn memory_grows_with_links_and_domains_and_not_with_pairs_of_nodes() {
    // 50 zones in 5 regions, 200 nodes in each: 10,000 nodes.
    let zones: Vec<String> = (0..50).map(|zone| format!("region{}/zone{zone}", zone % 5)).collect();
    let mut spec =
        pair(clients(10, "front", poisson(10)), service(Distribution::Constant(ms(1))), constant("app", "region0", 1), Vec::new());
    spec.clients[0].1.domain = "app".to_owned();
    spec.stacks.clear();
    spec.services.clear();
    for region in 0..5 {
        spec.links.push(constant(&format!("region{region}"), &format!("region{region}"), 1));
        spec.links.push(constant(&format!("region{region}"), &format!("region{}", (region + 1) % 5), 20));
    }
    for tier in 0..10 {
        let does = if tier < 9 { vec![models::services::Task::Call(name_of(tier + 1))] } else { Vec::new() };
        spec.services.push((
            name_of(tier),
            Service { replicas: 1_000, does, domain: Placement(zones.clone()), ..service(Distribution::Constant(ms(1))) },
        ));
    }
    let ended = play(&spec, 1);
    assert_eq!(ended.plan.nodes.len(), 10_001);
    assert!(ended.measures.succeeded > 100);
    let (directions, places, edges) = ended.plan.topology.sizes();
    assert_eq!(directions, 2 + 5 + 10);
    assert_eq!(places, 50 + 1 + 5);
    // Every direction leads from and to at most eleven places.
    assert!(edges <= directions * 2 * 11, "{edges}");
    // Routes: between each two zones, and from the clients to each and back.
    assert!(ended.plan.topology.routes().len() <= 50 * 50 + 2 * 50);
}

fn name_of(tier: usize) -> String {
    if tier == 0 { "front".to_owned() } else { format!("tier{tier}") }
}
