//! Who is slow when only some requests are, and how does a factor grow?

use crate::faults::{answers, one_call};
use crate::process::sound;
use crate::*;
use models::faults::StolenCpu;
use models::ids::NodeId;
use models::strategies::backoff::Immediate;
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

const ONE: SimDuration = SimDuration::NANOSECOND;

fn fault(slow: SlowNode, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::SlowNode(slow), ms(begin), Some(ms(lasts)))
}

/// A hundred calls a second to two replicas that work for 10 ms, tried up to six times after 30 ms each.
fn two_replicas(slow: SlowNode, lasts: u64) -> SystemSpec {
    let stack = vec![retry(6, AnyBackoff::Immediate(Immediate {})), timeout(ms(30))];
    let replicas = Service { replicas: 2, ..service(Distribution::Constant(ms(10))) };
    let mut spec = pair(clients(10, "server", poisson(100)), replicas, link("app", "server", Distribution::Constant(ms(1))), stack);
    spec.clockwork.horizon = SimDuration::from_secs(20);
    spec.faults = vec![fault(slow, 1, lasts)];
    spec
}

/// How long the attempts of each call were worked on at each replica, those that began before an instant.
fn spent(ended: &Ended, before: SimTime) -> BTreeMap<(Key, NodeId), Vec<SimDuration>> {
    let mut began = BTreeMap::new();
    let mut spent: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (at, record) in &ended.seen {
        match record {
            Record::Started(name, _) => _ = began.insert((name.call.key, name.number), *at),
            Record::Answered(name, node, _) => {
                let began = began[&(name.call.key, name.number)];
                if began < before {
                    spent.entry((name.call.key, *node)).or_default().push(at.saturating_since(began));
                }
            }
            _ => {}
        }
    }
    spent
}

#[test]
fn the_same_requests_are_slow_again_whichever_node_serves_them() {
    let slow = SlowNode { node: Names::one("server"), factor: 5.0, share: Some(Share::percent(40)), ..SlowNode::default() };
    let ended = play(&two_replicas(slow, 60_000), 1);
    sound(&ended);
    let spent = spent(&ended, SimTime::MAX);
    let mut by_call: BTreeMap<Key, Vec<bool>> = BTreeMap::new();
    for ((call, _), times) in &spent {
        assert!(times.iter().all(|time| *time == times[0] && (*time == ms(10) || *time == ms(50))), "{times:?}");
        by_call.entry(*call).or_default().push(times[0] == ms(50));
    }
    assert!(spent.values().filter(|times| times.len() > 1).count() > 200, "some were tried again at the same node");
    // The first attempts: 40% of 2,000 are 800, and their standard deviation is 22.
    let mut first = BTreeMap::new();
    for (_, record) in &ended.seen {
        if let Record::Sent(name, node) = record
            && name.number == 1
        {
            first.insert(name.call.key, *node);
        }
    }
    let slow = first.iter().filter(|(call, node)| spent[&(**call, **node)][0] == ms(50)).count();
    let expected = first.len() * 2 / 5;
    assert!(slow.abs_diff(expected) < 90, "{slow} of {}", first.len());
    // Whoever was slow at one of them is slow at the other.
    let both: Vec<_> = by_call.values().filter(|slow| slow.len() == 2).collect();
    assert!(both.len() > 200 && both.iter().all(|slow| slow[0] == slow[1]), "{}", both.len());
}

/// The calls that were slow at any replica.
fn slow_calls(faults: Vec<PlannedFault>) -> BTreeSet<Key> {
    let ended = play(&SystemSpec { faults, ..two_replicas(SlowNode::default(), 1) }, 1);
    spent(&ended, SimTime::MAX)
        .into_iter()
        .filter(|(_, times)| times.iter().any(|time| *time > ms(10)))
        .map(|((call, _), _)| call)
        .collect()
}

#[test]
fn neither_node_nor_strike_nor_factor_choose_who_is_slow_and_a_larger_share_holds_a_smaller_one() {
    let slow = |node: &str, factor, percent| SlowNode {
        node: Names::one(node),
        factor,
        share: Some(Share::percent(percent)),
        ..SlowNode::default()
    };
    // Work that begins before a strike or ends after it is slow for a part: the strikes join, and cover the whole run.
    let whole = slow_calls(vec![fault(slow("server", 3.0, 30), 1, 60_000)]);
    assert!(whole.len() > 400, "{}", whole.len());
    let halves = slow_calls(vec![fault(slow("server", 3.0, 30), 1, 10_000), fault(slow("server", 3.0, 30), 10_001, 50_000)]);
    assert!(halves == whole, "another strike is no other choice");
    let apart = slow_calls(vec![fault(slow("server[0]", 3.0, 30), 1, 60_000), fault(slow("server[1]", 2.5, 30), 1, 60_000)]);
    assert!(apart == whole, "another fault at another node is no other choice");
    let fewer = slow_calls(vec![fault(slow("server", 3.0, 10), 1, 60_000)]);
    assert!(fewer.is_subset(&whole) && fewer.len() > 120);
}

#[test]
fn a_slow_share_of_one_replica_leaves_the_other_alone_and_ends_with_the_fault() {
    let slow = SlowNode { node: Names::one("server[0]"), factor: 5.0, share: Some(Share::percent(50)), ..SlowNode::default() };
    let ended = play(&two_replicas(slow.clone(), 9_999), 1);
    sound(&ended);
    let during = spent(&ended, at(9_900));
    let slow_nodes: BTreeSet<_> = during.iter().filter(|(_, times)| times[0] == ms(50)).map(|((_, node), _)| *node).collect();
    assert_eq!(slow_nodes.len(), 1, "only one of the replicas is slow");
    let all = spent(&ended, SimTime::MAX);
    let is_late = |place: &(Key, NodeId)| !spent(&ended, at(10_050)).contains_key(place);
    assert!(all.iter().filter(|(place, _)| is_late(place)).take(50).all(|(_, times)| times.iter().all(|time| *time == ms(10))));
    // A share of everything is the plain fault.
    let plain = SlowNode { share: None, ..slow.clone() };
    let whole = SlowNode { share: Some(Share::ALL), ..slow };
    let answered = |slow| spent(&play(&two_replicas(slow, 9_999), 1), SimTime::MAX);
    assert_eq!(answered(plain), answered(whole));
}

#[test]
fn a_growing_factor_takes_ten_equal_steps() {
    // From 2 to 11 over a second: a step of 100 ms for each whole factor. Work of 1 ms shows which is on.
    let growing = SlowNode { node: Names::one("server"), factor: 2.0, growing_to: Some(11.0), ..SlowNode::default() };
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(10, "server", poisson(2_000)), service(Distribution::Constant(ms(1))), way, Vec::new());
    spec.clockwork.horizon = SimDuration::from_secs(2);
    spec.faults = vec![fault(growing.clone(), 500, 1_000)];
    let ended = play(&spec, 1);
    sound(&ended);
    let mut began = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (now, record) in &ended.seen {
        match record {
            Record::Started(name, _) => _ = began.insert(name.call.key, *now),
            Record::Answered(name, ..) => {
                let began = began[&name.call.key];
                let step = |at: SimTime| at.saturating_since(crate::at(500)).as_nanos() / 100_000_000;
                if began >= at(500) && *now < at(1_500) && step(began) == step(*now) {
                    assert_eq!(now.saturating_since(began), ms(2 + step(began)));
                    seen.insert(step(began));
                } else if began >= at(1_500) || *now < at(500) {
                    assert_eq!(now.saturating_since(began), ms(1));
                }
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), 10, "work was seen in every step");
    // Work in progress: 100 ms at 2 are 50, 100 ms at 3 are a third of 100, and what is left is done at 4.
    let [done] = answers(&one_call(Vec::new(), vec![fault(growing, 10, 1_000)]))[..] else { panic!("one answer") };
    let expected = ms(210) + SimDuration::from_nanos(4 * (100_000_000 - 50_000_000 - 33_333_333));
    assert!(done <= expected + ONE * 8 && expected <= done + ONE * 8, "{done}");
}

#[test]
fn stolen_cpu_is_slowness_by_another_name() {
    let stolen = AnyFault::StolenCpu(StolenCpu { node: Names::one("server"), share: Share::percent(75), ..StolenCpu::default() });
    let stolen = PlannedFault::once(stolen, ms(60), Some(ms(10_000)));
    assert_eq!(answers(&one_call(Vec::new(), vec![stolen.clone()])), [ms(60) + ms(200) + ONE * 3]);
    // With another fault that slows the node, the slowest counts.
    let slow = |factor| slow("server", factor, ms(60), Some(ms(10_000)));
    assert_eq!(answers(&one_call(Vec::new(), vec![stolen.clone(), slow(8.0)])), [ms(60) + ms(400) + ONE * 7]);
    assert_eq!(answers(&one_call(Vec::new(), vec![stolen, slow(2.0)])), [ms(60) + ms(200) + ONE * 3]);
}
