//! What do spikes, dips, herds and hot replicas make of the load, and what do they leave as it was?

use crate::*;
use models::faults::{HotReplica, LoadSpike, ThunderingHerd, Timing};
use models::record::FIRST_EXTRA;
use models::workloads::Constant;
use std::collections::{BTreeMap, BTreeSet};

/// A population of a hundred clients, three replicas with room for everybody, 20 s, and these faults.
fn under(arrivals: Arrivals, faults: Vec<PlannedFault>) -> SystemSpec {
    let way = link("app", "server", exponential(ms(10)));
    let servers = Service { replicas: 3, ..service(exponential(ms(5))) };
    let mut spec = pair(clients(100, "server", arrivals), servers, way, vec![timeout(ms(500))]);
    spec.clockwork.horizon = SimDuration::from_secs(20);
    spec.faults = faults;
    spec
}

fn regular(per_second: u64) -> Arrivals {
    Arrivals::Constant(Constant { rate: Some(Rate::per_second(per_second)), rate_per_client: None })
}

fn spike(factor: f64, from: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::LoadSpike(LoadSpike { clients: Names::one("app"), factor }), ms(from), Some(ms(lasts)))
}

fn herd(within: SimDuration, timing: Timing) -> PlannedFault {
    PlannedFault { fault: AnyFault::ThunderingHerd(ThunderingHerd { clients: Names::one("app"), within }), timing }
}

fn hot(node: &str, share: u64) -> PlannedFault {
    let fault = HotReplica { node: node.to_owned(), share: Share::percent(share) };
    PlannedFault::once(AnyFault::HotReplica(fault), ms(5_000), Some(ms(10_000)))
}

fn is_over(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
    assert_eq!(ended.measures.calls, ended.measures.succeeded + ended.measures.failed.iter().sum::<u64>());
}

/// Everything that is seen of calls that no fault added.
fn own(ended: &Ended) -> Records {
    ended.seen.iter().copied().filter(|(_, record)| ordinal(record).is_some_and(|ordinal| ordinal < FIRST_EXTRA)).collect()
}

fn ordinal(record: &Record) -> Option<u32> {
    match record {
        Record::CallStarted(name) | Record::CallEnded(name, _) => Some(name.ordinal),
        Record::Sent(name, _)
        | Record::Started(name, _)
        | Record::Queued(name, _)
        | Record::Abandoned(name, _)
        | Record::Answered(name, ..)
        | Record::Delivered(name, ..)
        | Record::DeliveredLate(name, ..) => Some(name.call.ordinal),
        _ => None,
    }
}

/// When the calls began that faults added.
fn added(ended: &Ended) -> Vec<SimTime> {
    let started = ended.seen.iter().filter(|(_, record)| matches!(record, Record::CallStarted(name) if name.ordinal >= FIRST_EXTRA));
    started.map(|(instant, _)| *instant).collect()
}

fn fields(spec: &SystemSpec) -> Vec<String> {
    Plan::new(spec).expect_err("it is wrong").into_iter().map(|complaint| complaint.field).collect()
}

#[test]
fn a_spike_adds_calls_and_leaves_those_of_the_population_alone() {
    let calm = own(&play(&under(poisson(100), Vec::new()), 1));
    let ended = play(&under(poisson(100), vec![spike(5.0, 5_000, 10_000)]), 1);
    is_over(&ended);
    assert!(own(&ended) == calm, "not a nanosecond of what happens to the population's own calls changes");
    let extra = added(&ended);
    // Four times a hundred a second for ten seconds, within four standard deviations.
    assert!((3_747..=4_253).contains(&extra.len()), "{}", extra.len());
    assert!(extra.iter().all(|instant| (at(5_000)..at(15_000)).contains(instant)));
    // Exponential gaps of 2.5 ms have a standard deviation of 2.5 ms.
    let gaps: Vec<f64> = extra.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let sd = (gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum::<f64>() / gaps.len() as f64).sqrt();
    assert!((sd / mean - 1.0).abs() < 0.1, "{mean} {sd}");
    // Without an end it is a step.
    let mut step = under(poisson(100), vec![spike(2.0, 5_000, 1)]);
    step.faults[0].timing.lasts = None;
    let extra = added(&play(&step, 1));
    assert!((1_345..=1_655).contains(&extra.len()) && extra.iter().any(|instant| *instant > at(19_900)), "{}", extra.len());
}

#[test]
fn added_calls_of_a_regular_population_come_at_equal_distances() {
    let ended = play(&under(regular(100), vec![spike(3.0, 5_000, 10_000)]), 1);
    is_over(&ended);
    // Gaps of 10 ms by 3 - 1; the one that is due when it ends is not made.
    assert_eq!(added(&ended), (1..2_000).map(|number| at(5_000 + 5 * number)).collect::<Vec<_>>());
}

#[test]
fn a_dip_leaves_out_its_share_and_changes_none_of_the_others() {
    let calm = play(&under(poisson(100), Vec::new()), 2);
    let began = |ended: &Ended| {
        let started = ended.seen.iter().filter_map(|(instant, record)| match record {
            Record::CallStarted(name) => Some((name.ordinal, name.key, *instant)),
            _ => None,
        });
        started.collect::<BTreeSet<_>>()
    };
    let ended = play(&under(poisson(100), vec![spike(0.3, 5_000, 10_000)]), 2);
    is_over(&ended);
    assert!(began(&ended).is_subset(&began(&calm)));
    let missing: Vec<_> = began(&calm).difference(&began(&ended)).map(|call| call.2).collect();
    assert!((612..=788).contains(&missing.len()) && added(&ended).is_empty(), "{}", missing.len());
    assert!(missing.iter().all(|instant| (at(5_000)..at(15_000)).contains(instant)));
    let kept: BTreeSet<_> = began(&ended).into_iter().map(|call| call.0).collect();
    let rest: Records = own(&calm).into_iter().filter(|(_, record)| ordinal(record).is_some_and(|number| kept.contains(&number))).collect();
    assert!(own(&ended) == rest, "the luck of those that are made is what it was");
    let silence = play(&under(poisson(100), vec![spike(0.0, 5_000, 10_000)]), 2);
    is_over(&silence);
    assert!(began(&silence).iter().all(|call| call.2 < at(5_000) || call.2 >= at(15_000)));
    assert!(began(&silence).iter().any(|call| call.2 >= at(15_000)));
}

#[test]
fn factors_that_overlap_multiply() {
    // 3 from 4 s to 12 s, 4 from 6 s to 14 s: 3, then 12, then 4 times a hundred a second, of which 100 are the population's own.
    let both = vec![spike(3.0, 4_000, 8_000), spike(4.0, 6_000, 8_000)];
    let ended = play(&under(regular(100), both.clone()), 3);
    is_over(&ended);
    let count = |from, to| added(&ended).iter().filter(|instant| (at(from)..at(to)).contains(instant)).count() as i64;
    for (from, to, expected) in [(4_000, 6_000, 400), (6_000, 12_000, 6_600), (12_000, 14_000, 600), (14_000, 20_000, 0)] {
        assert!((count(from, to) - expected).abs() <= 2, "from {from} to {to}: {}, not {expected}", count(from, to));
    }
    // The first stream does not notice the second one.
    let alone = added(&play(&under(poisson(100), both[..1].to_vec()), 3));
    let together: BTreeSet<_> = added(&play(&under(poisson(100), both), 3)).into_iter().collect();
    assert!(alone.len() > 1_400 && alone.iter().all(|instant| together.contains(instant)));
    // Half of three times as many, those added among them.
    let halved = vec![spike(3.0, 5_000, 10_000), spike(0.5, 5_000, 10_000)];
    let ended = play(&under(poisson(100), halved), 3);
    is_over(&ended);
    let all =
        ended.seen.iter().filter(|(instant, record)| matches!(record, Record::CallStarted(_)) && (at(5_000)..at(15_000)).contains(instant));
    let (all, extra) = (all.count(), added(&ended).len());
    // 1500 and 1000, within four standard deviations.
    assert!((1_345..=1_655).contains(&all) && (873..=1_127).contains(&extra), "{all} {extra}");
}

#[test]
fn a_gap_under_way_follows_the_load_that_it_multiplies() {
    // Doubled twice while both are on: the gap of the one that began later is 50 ms, and 100 ms once it is alone.
    let ended = play(&under(regular(10), vec![spike(2.0, 5_030, 200), spike(2.0, 5_000, 130)]), 1);
    is_over(&ended);
    // One stream calls at 5.1 s only; the other at 5.08 s, at the instant at which the first ends, and would at its own end.
    assert_eq!(added(&ended), [at(5_080), at(5_100), at(5_130)]);
    // What is left of a gap takes twice as long when the factor before it ends: 20 ms of 50 become 40 ms.
    let ended = play(&under(regular(10), vec![spike(2.0, 5_000, 60), spike(2.0, 5_030, 170)]), 1);
    assert_eq!(added(&ended), [at(5_100)]);
    // One that comes again has begun later.
    let mut again = spike(2.0, 5_000, 20);
    (again.timing.every, again.timing.times) = (Some(ms(70)), Some(2));
    let ended = play(&under(regular(10), vec![again, spike(2.0, 5_030, 170)]), 1);
    assert_eq!(added(&ended), [at(5_130)], "who begins later multiplies what there is, and is not multiplied");
}

#[test]
fn only_open_populations_have_a_load_to_multiply() {
    for arrivals in [closed(exponential(ms(100))), once()] {
        assert_eq!(fields(&under(arrivals, vec![spike(5.0, 5_000, 10_000)])), ["faults[0].clients"]);
    }
    assert_eq!(fields(&under(poisson(1), vec![spike(1.0, 5_000, 10_000)])), ["faults[0].factor"]);
    assert_eq!(fields(&under(poisson(1), vec![spike(-1.0, 5_000, 10_000)])), ["faults[0].factor"]);
    let mut nobody = spike(2.0, 5_000, 10_000);
    nobody.fault = AnyFault::LoadSpike(LoadSpike { clients: Names::one("server"), factor: 2.0 });
    assert_eq!(fields(&under(poisson(1), vec![nobody])), ["faults[0].clients"]);
}

#[test]
fn in_a_herd_every_client_calls_once_and_nobody_else_notices() {
    for arrivals in [poisson(100), closed(exponential(ms(300))), once()] {
        let calm = own(&play(&under(arrivals.clone(), Vec::new()), 4));
        let timing = Timing::once(ms(5_000), None);
        let ended = play(&under(arrivals.clone(), vec![herd(SimDuration::ZERO, timing.clone())]), 4);
        is_over(&ended);
        assert!(own(&ended) == calm, "{arrivals:?}");
        assert_eq!(added(&ended), vec![at(5_000) + SimDuration::NANOSECOND; 100]);
        let callers: BTreeSet<_> = ended.seen.iter().filter_map(|(_, record)| extra_client(record)).collect();
        assert_eq!(callers, (0..100).collect());
        let ended = play(&under(arrivals, vec![herd(ms(2_000), timing)]), 4);
        is_over(&ended);
        let calls = added(&ended);
        assert!(own(&ended) == calm && calls.len() == 100 && calls.iter().all(|instant| (at(5_000)..at(7_000)).contains(instant)));
        let early = calls.iter().filter(|instant| **instant < at(6_000)).count();
        assert!((30..=70).contains(&early), "half of them, within four standard deviations: {early}");
    }
}

fn extra_client(record: &Record) -> Option<u32> {
    match record {
        Record::CallStarted(name) if name.ordinal >= FIRST_EXTRA => Some(name.client),
        _ => None,
    }
}

#[test]
fn a_herd_is_over_by_itself_and_may_come_again() {
    let again = Timing { at: Some(ms(5_000)), every: Some(ms(4_000)), times: Some(3), ..Timing::default() };
    let ended = play(&under(poisson(10), vec![herd(ms(100), again.clone())]), 5);
    is_over(&ended);
    assert_eq!(added(&ended).len(), 300);
    let strikes: Vec<_> = ended.plan.faults[0].windows(SimDuration::from_secs(20));
    assert_eq!(strikes, [5_000, 9_000, 13_000].map(|begin| (at(begin), Some(at(begin + 100)))));
    let lasting = Timing { lasts: Some(ms(100)), ..again };
    assert_eq!(fields(&under(poisson(10), vec![herd(ms(100), lasting)])), ["faults[0].lasts"]);
}

#[test]
fn a_hot_replica_takes_its_share_and_the_others_keep_their_attempts() {
    let sent = |faults: Vec<PlannedFault>| {
        let ended = play(&under(poisson(200), faults), 6);
        is_over(&ended);
        let first = ended.plan.services[0].first.0;
        let sent = ended.seen.iter().filter_map(|(instant, record)| match record {
            Record::Sent(name, node) => Some((name.call.key, (*instant, node.0 - first))),
            _ => None,
        });
        sent.collect::<BTreeMap<_, _>>()
    };
    let (calm, few, many) = (sent(Vec::new()), sent(vec![hot("server[1]", 40)]), sent(vec![hot("server[1]", 70)]));
    let on = |instant: SimTime| (at(5_000)..at(15_000)).contains(&instant);
    for (key, &(instant, replica)) in &few {
        assert!(calm[key].0 == instant && (replica == calm[key].1 || (replica == 1 && on(instant))));
        assert!(replica != 1 || many[key].1 == 1, "who is drawn to it by a small share is drawn by a larger one");
    }
    let during: Vec<_> = few.values().filter(|(instant, _)| on(*instant)).collect();
    let share = during.iter().filter(|(_, replica)| *replica == 1).count() as f64 / during.len() as f64;
    // 0.4 + 0.6 / 3, within four standard deviations.
    assert!((share - 0.6).abs() < 4.0 * (0.24 / during.len() as f64).sqrt(), "{share}");
    // Two of them: the second one gets half of what the first one leaves, and each a third of what both leave.
    let two = sent(vec![hot("server[1]", 40), hot("server[0]", 50)]);
    let counts = two.values().filter(|(instant, _)| on(*instant)).fold([0.0; 3], |mut counts, (_, replica)| {
        counts[*replica as usize] += 1.0 / during.len() as f64;
        counts
    });
    for (seen, expected) in counts.into_iter().zip([0.4, 0.5, 0.1_f64]) {
        assert!((seen - expected).abs() < 4.0 * (expected * (1.0 - expected) / during.len() as f64).sqrt(), "{counts:?}");
    }
    assert_eq!(fields(&under(poisson(1), vec![hot("server", 40)])), ["faults[0].node"]);
    assert_eq!(fields(&under(poisson(1), vec![hot("server[0]", 0)])), ["faults[0].share"]);
}
