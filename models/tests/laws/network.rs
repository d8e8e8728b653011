//! What do faults of networks, omissions, late answers and dishonest nodes do to messages?

use crate::*;
use models::environment::{Effect, MessageEffect, OmissionWay};
use models::faults::{BadLink, Byzantine, Conduct, FlappingLink, Isolation, LateAnswers, Omission, Partition, Shape, Swizzle, Timetable};
use models::ids::NodeId;
use models::outcome::Failure;
use models::protocols::{Group, Row};
use models::record::Loss;
use std::collections::{BTreeMap, BTreeSet};

/// A hundred calls a second over 10 ms to five replicas that work for 5 ms each, from the start to 20 s; the fault is on from 5 s to 15 s.
fn five(fault: AnyFault) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(10)));
    let servers = Service { replicas: 5, ..service(Distribution::Constant(ms(5))) };
    let mut spec = pair(clients(10, "server", poisson(100)), servers, way, vec![timeout(ms(500))]);
    spec.clockwork.horizon = SimDuration::from_secs(20);
    spec.faults = vec![PlannedFault::once(fault, ms(5_000), Some(ms(10_000)))];
    spec
}

fn names(names: &[&str]) -> Names {
    Names(names.iter().map(|&name| name.to_owned()).collect())
}

/// The replicas that the fault of a run parts from each other, as a matrix of who hears whom: `[to][from]`.
fn hearing(spec: &SystemSpec, seed: u64) -> Vec<Vec<bool>> {
    let plan = plan_of(spec);
    let table = Timetable::draw(&plan.faults, &Seed::new(seed), spec.clockwork.horizon);
    let mut environment = Environment::new(plan.nodes.len(), plan.topology.routes().len());
    for (index, stretch) in (0..).zip(&table.stretches) {
        environment.begin(models::ids::StretchId(index), stretch.stream, &stretch.effects, &plan.topology);
    }
    let nodes: Vec<_> = (0..plan.nodes.len() as u32).map(NodeId).collect();
    nodes.iter().map(|&to| nodes.iter().map(|&from| !environment.messages().is_severed(from, to)).collect()).collect()
}

fn dropped(ended: &Ended, why: Loss) -> Vec<(SimTime, NodeId)> {
    let drops = ended.seen.iter().filter_map(|(at, record)| match record {
        Record::Dropped(_, node, loss) if *loss == why => Some((*at, *node)),
        _ => None,
    });
    drops.collect()
}

fn all_accounted_for(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

#[test]
fn a_partition_keeps_its_groups_apart_and_nobody_else() {
    let spec = five(AnyFault::Partition(Partition { groups: vec![names(&["app"]), names(&["server[0]", "server[1]"])], one_way: false }));
    let ended = play(&spec, 1);
    all_accounted_for(&ended);
    let lost = dropped(&ended, Loss::Cut);
    let hit: BTreeSet<&str> = lost.iter().map(|(_, node)| ended.plan.nodes[node.index()].name.as_str()).collect();
    assert_eq!(hit, BTreeSet::from(["server[0]", "server[1]"]));
    assert!(lost.iter().all(|(instant, _)| (at(5_000)..=at(15_000)).contains(instant)));
    // Two fifths of a thousand calls are lost when they are sent, and a few that were under way when it began.
    assert!((330..480).contains(&lost.len()), "{}", lost.len());
    assert_eq!(ended.measures.failed[Failure::Timeout.index()], lost.len() as u64);
    // One way: requests get through, answers do not; each attempt is worked on.
    let groups = vec![names(&["server[0]"]), names(&["app"])];
    let ended = play(&five(AnyFault::Partition(Partition { groups, one_way: true })), 1);
    all_accounted_for(&ended);
    let answered = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Answered(..))).count() as u64;
    assert_eq!(answered, ended.measures.calls, "every request is worked on");
    assert!(dropped(&ended, Loss::Cut).len() > 150);
}

#[test]
fn groups_of_a_partition_must_not_overlap_and_must_name_somebody() {
    let complaints = |groups: Vec<Names>| {
        let fault = AnyFault::Partition(Partition { groups, one_way: false });
        Plan::new(&five(fault)).expect_err("it is wrong").into_iter().map(|complaint| complaint.field).collect::<Vec<_>>()
    };
    assert_eq!(complaints(vec![names(&["server"]), names(&["app", "server[2]"])]), ["faults[0].groups[1]"]);
    assert_eq!(complaints(vec![names(&["server[7]"]), names(&["nobody"])]), ["faults[0].groups[0]", "faults[0].groups[1]"]);
    assert_eq!(complaints(vec![names(&["server"])]), ["faults[0].groups"]);
}

#[test]
fn shapes_part_as_many_as_their_names_say_and_every_node_comes_to_its_turn() {
    let isolation = |shape| five(AnyFault::Isolation(Isolation { node: Names::one("server"), domain: Names::default(), shape }));
    for (shape, count) in [(Shape::One, 1), (Shape::Minority, 2), (Shape::Majority, 3)] {
        let mut turns = BTreeMap::new();
        for seed in 0..200 {
            let hears = hearing(&isolation(shape), seed);
            // Node 0 is the population: whom it does not hear is cut off, and cut off from all that are not.
            let off: Vec<usize> = (1..6).filter(|&node| !hears[0][node]).collect();
            assert_eq!(off.len(), count, "{shape:?}");
            for (to, heard) in hears.iter().enumerate() {
                for (from, &is_heard) in heard.iter().enumerate() {
                    assert_eq!(is_heard, off.contains(&to) == off.contains(&from), "{shape:?}: {to} hears {from}");
                }
            }
            off.into_iter().for_each(|node| *turns.entry(node).or_insert(0) += 1);
        }
        // Each node in count of five strikes: 200 count / 5, within four standard deviations.
        let (mean, sd) = (40.0 * count as f64, (200.0 * count as f64 / 5.0 * (1.0 - count as f64 / 5.0)).sqrt());
        assert!(turns.len() == 5 && turns.values().all(|&turns: &i32| (f64::from(turns) - mean).abs() < 4.0 * sd), "{shape:?}: {turns:?}");
    }
    for seed in 0..50 {
        let hears = hearing(&isolation(Shape::Bridge), seed);
        let seen: Vec<usize> = (1..6).map(|to| (1..6).filter(|&from| hears[to][from]).count()).collect();
        assert_eq!(seen.iter().filter(|&&seen| seen == 5).count(), 1, "one bridge: {seen:?}");
        assert_eq!(seen.iter().filter(|&&seen| seen == 3).count(), 4, "two of a half and the bridge: {seen:?}");
        let hears = hearing(&isolation(Shape::MajoritiesRing), seed);
        let seen: BTreeSet<Vec<usize>> = (1..6).map(|to| (1..6).filter(|&from| hears[to][from]).collect()).collect();
        assert!(seen.len() == 5 && seen.iter().all(|seen| seen.len() == 3), "five different majorities: {seen:?}");
        assert!((1..6).all(|node| hears[0][node] && hears[node][0] && hears[node][node]), "callers see all");
    }
}

#[test]
fn a_swizzle_cuts_off_one_by_one_and_heals_in_another_order() {
    let spec = five(AnyFault::Swizzle(Swizzle { node: Names::one("server"), domain: Names::default(), step: ms(1_000) }));
    let plan = plan_of(&spec);
    let mut orders = BTreeSet::new();
    let mut same = 0;
    for seed in 0..100 {
        let table = Timetable::draw(&plan.faults, &Seed::new(seed), spec.clockwork.horizon);
        let node = |effects: &[Effect]| match &effects[0] {
            Effect::Messages(MessageEffect::Severed { from, .. }) => from[0],
            other => panic!("{other:?}"),
        };
        let mut stretches: Vec<_> = table.stretches.iter().collect();
        stretches.sort_by_key(|stretch| stretch.begin);
        let begins: Vec<_> = stretches.iter().map(|stretch| stretch.begin).collect();
        assert_eq!(begins, (5..10).map(|second| at(second * 1_000)).collect::<Vec<_>>());
        let cut: Vec<_> = stretches.iter().map(|stretch| node(&stretch.effects)).collect();
        stretches.sort_by_key(|stretch| stretch.end);
        let ends: Vec<_> = stretches.iter().map(|stretch| stretch.end.expect("it is healed")).collect();
        assert_eq!(ends, (15..20).map(|second| at(second * 1_000)).collect::<Vec<_>>());
        let healed: Vec<_> = stretches.iter().map(|stretch| node(&stretch.effects)).collect();
        same += usize::from(cut == healed);
        orders.insert(cut);
        assert_eq!(table.strikes.len(), 1);
        assert_eq!((table.strikes[0].begin, table.strikes[0].end), (at(5_000), Some(at(19_000))));
    }
    assert!(orders.len() > 50 && same < 10, "{} orders, {same} times the same for both", orders.len());
    all_accounted_for(&play(&spec, 3));
}

#[test]
fn a_flapping_link_is_cut_for_its_share_of_the_time() {
    let flapping = |down, up| {
        let fault = FlappingLink {
            from: "app".to_owned(),
            to: "server".to_owned(),
            down: exponential(ms(down)),
            up: exponential(ms(up)),
            one_way: false,
            how: Blocking::Blackhole,
        };
        let mut spec = five(AnyFault::FlappingLink(fault));
        spec.clockwork.horizon = SimDuration::from_secs(3_000);
        spec.faults[0].timing.lasts = Some(SimDuration::from_secs(2_000));
        spec
    };
    let spec = flapping(200, 600);
    let plan = plan_of(&spec);
    let table = Timetable::draw(&plan.faults, &Seed::new(5), spec.clockwork.horizon);
    let cut: f64 = table.stretches.iter().map(|stretch| (stretch.end.expect("it ends") - stretch.begin).as_secs_f64()).sum();
    // 2500 cycles; the share of an alternating process of exponential spells has sd p (1-p) sqrt(2/n).
    let (share, sd) = (cut / 2_000.0, 0.25 * 0.75 * (2.0_f64 / 2_500.0).sqrt());
    assert!((share - 0.25).abs() < 4.0 * sd, "{share}");
    assert!(table.stretches.iter().all(|stretch| stretch.begin >= at(5_000) && stretch.end.is_some_and(|end| end <= at(2_005_000))));
    let mut short = flapping(200, 600);
    short.clockwork.horizon = SimDuration::from_secs(20);
    short.faults[0].timing.lasts = Some(SimDuration::from_secs(10));
    let ended = play(&short, 2);
    all_accounted_for(&ended);
    assert!(dropped(&ended, Loss::Cut).len() > 50);
    short.faults[0].timing.lasts = None;
    assert_eq!(Plan::new(&short).expect_err("it needs an end")[0].field, "faults[0].lasts");
}

#[test]
fn omissions_strike_their_share_on_their_side() {
    let omission = |way, share, peers: &[&str], kinds: &[&str]| {
        let (node, domain, peers, kinds) = (Names::one("server"), Names::default(), names(peers), names(kinds));
        five(AnyFault::Omission(Omission { node, domain, way, share: Share::percent(share), peers, kinds }))
    };
    let run = |spec: &SystemSpec| {
        let ended = play(spec, 4);
        all_accounted_for(&ended);
        let started = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Started(..))).count() as u64;
        (dropped(&ended, Loss::Omitted).len() as u64, ended.measures.calls - started, ended.measures.calls)
    };
    let (unsent, unserved, _) = run(&omission(OmissionWay::Send, 20, &[], &[]));
    // A fifth of about 1000 answers, within four standard deviations; every request is served.
    assert!((150..=251).contains(&unsent) && unserved == 0, "{unsent} unsent, {unserved} not served");
    let (unheard, unserved, _) = run(&omission(OmissionWay::Receive, 20, &[], &[]));
    assert!((150..=251).contains(&unheard) && unserved == unheard, "{unheard} unheard, {unserved} not served");
    let (both, unserved, _) = run(&omission(OmissionWay::Both, 20, &[], &[]));
    assert!(both > unserved + 100, "both sides strike: {both}, {unserved}");
    let (total, ..) = run(&omission(OmissionWay::Send, 100, &["app"], &["reply"]));
    assert!((900..1_100).contains(&total), "{total}");
    assert_eq!(run(&omission(OmissionWay::Send, 100, &["server[1]"], &[])).0, 0, "nobody talks to that peer");
    assert_eq!(run(&omission(OmissionWay::Send, 100, &[], &["request"])).0, 0, "servers send no requests");
    let wrong = omission(OmissionWay::Send, 0, &["nobody"], &["rumour"]);
    let fields: Vec<_> = Plan::new(&wrong).expect_err("three things are wrong").into_iter().map(|complaint| complaint.field).collect();
    assert_eq!(fields, ["faults[0].share", "faults[0].peers", "faults[0].kinds"]);
}

#[test]
fn late_answers_are_late_by_what_is_said_and_hold_no_worker() {
    let fault = |by| {
        AnyFault::LateAnswers(LateAnswers { node: Names::one("server"), domain: Names::default(), by: Distribution::Constant(ms(by)) })
    };
    let mut spec = five(fault(200));
    let twice = PlannedFault::once(fault(50), ms(10_000), Some(ms(5_000)));
    spec.faults.push(twice);
    let ended = play(&spec, 1);
    all_accounted_for(&ended);
    let mut answered = BTreeMap::new();
    for (instant, record) in &ended.seen {
        match record {
            Record::Answered(name, ..) => drop(answered.insert(name.call.key, *instant)),
            Record::Delivered(name, ..) => {
                let (left, took) = (answered[&name.call.key], *instant - answered[&name.call.key]);
                let late = if (at(5_000)..at(10_000)).contains(&left) {
                    200
                } else if (at(10_000)..at(15_000)).contains(&left) {
                    250
                } else {
                    0
                };
                assert_eq!(took, ms(10 + late), "an answer of {left}");
            }
            _ => {}
        }
    }
    assert!(answered.len() > 1_500);
    assert_eq!(ended.measures.succeeded, ended.measures.calls);
}

#[test]
fn answers_of_a_group_cannot_be_held_back_and_it_is_said_so() {
    let late = LateAnswers { node: Names::one("row"), domain: Names::default(), by: Distribution::Constant(ms(200)) };
    let mut spec = five(AnyFault::LateAnswers(late));
    spec.groups.push(("row".to_owned(), Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE })));
    let fields: Vec<_> = Plan::new(&spec).expect_err("it would do nothing").into_iter().map(|complaint| complaint.field).collect();
    assert_eq!(fields, ["faults[0].node"]);
}

#[test]
fn dishonest_nodes_are_so_many_and_do_what_they_are_said_to() {
    let byzantine = |f, beyond, conduct| {
        let mut spec = five(AnyFault::Byzantine(Byzantine { node: Names::one("server"), domain: Names::default(), f, conduct, beyond }));
        // Faults of one label draw the same nodes.
        spec.faults[0].timing.label = Some("dishonest".to_owned());
        spec
    };
    for seed in 1..20 {
        let ended = play(&byzantine(1, false, Conduct::Silent), seed);
        all_accounted_for(&ended);
        let silent: BTreeSet<_> = dropped(&ended, Loss::Omitted).into_iter().map(|(_, node)| node).collect();
        assert_eq!(silent.len(), 1, "one of five");
    }
    let selective = play(&byzantine(1, false, Conduct::Selective(Names::one("app"))), 1);
    let silent = play(&byzantine(1, false, Conduct::Silent), 1);
    assert!(dropped(&selective, Loss::Omitted) == dropped(&silent, Loss::Omitted), "there is no other caller");
    assert!(dropped(&play(&byzantine(1, false, Conduct::Selective(Names::one("server[0]"))), 1), Loss::Omitted).is_empty());
    // All five give wrong answers to a tenth: 1000 calls, within four standard deviations.
    let wrong = play(&byzantine(5, true, Conduct::WrongAnswers(Share::percent(10))), 1);
    all_accounted_for(&wrong);
    assert!((62..=138).contains(&wrong.measures.wrong), "{}", wrong.measures.wrong);
    assert_eq!(wrong.measures.succeeded, wrong.measures.calls, "nobody can tell");
    let replayed = play(&byzantine(5, true, Conduct::Replay(Share::percent(10))), 1);
    all_accounted_for(&replayed);
    let served = replayed.seen.iter().filter(|(_, record)| matches!(record, Record::Started(..))).count() as u64;
    assert_eq!(replayed.measures.calls - served, replayed.measures.wrong, "an old answer takes no work");
    assert!((62..=138).contains(&replayed.measures.wrong));
    for (f, beyond, sound) in [(1, false, true), (2, false, false), (2, true, true), (6, true, false), (0, false, false)] {
        assert_eq!(Plan::new(&byzantine(f, beyond, Conduct::Silent)).is_ok(), sound, "f = {f}, beyond: {beyond}");
    }
}

#[test]
fn a_bad_link_is_bad_for_what_is_sent_while_it_is() {
    let bad =
        BadLink { from: "app".to_owned(), to: "server".to_owned(), delay: Some(Distribution::Constant(ms(30))), ..BadLink::default() };
    let ended = play(&five(AnyFault::BadLink(bad.clone())), 1);
    all_accounted_for(&ended);
    assert_eq!(ended.measures.latency.count, ended.measures.calls);
    assert!(ended.measures.latency.max >= ms(85) && ended.measures.latency.max < ms(86), "{}", ended.measures.latency.max);
    let lossy = BadLink { delay: None, loss: Share::percent(10), ..bad.clone() };
    let lost = dropped(&play(&five(AnyFault::BadLink(lossy)), 1), Loss::Link).len();
    // One in ten each way: 190 of 1000 calls, within four standard deviations.
    assert!((140..=240).contains(&lost), "{lost}");
    let nothing = BadLink { delay: None, ..bad };
    assert_eq!(Plan::new(&five(AnyFault::BadLink(nothing))).expect_err("nothing is wrong with it").len(), 1);
}

#[test]
fn no_fault_of_messages_changes_what_others_draw() {
    let faults = [
        AnyFault::Omission(Omission {
            node: Names::one("server"),
            domain: Names::default(),
            way: OmissionWay::Both,
            share: Share::percent(30),
            peers: Names::default(),
            kinds: Names::default(),
        }),
        AnyFault::Isolation(Isolation { node: Names::one("server"), domain: Names::default(), shape: Shape::Minority }),
        AnyFault::LateAnswers(LateAnswers { node: Names::one("server"), domain: Names::default(), by: exponential(ms(50)) }),
    ];
    let sent = |spec: &SystemSpec| {
        let records = play(spec, 9).seen.into_iter().filter_map(|(at, record)| match record {
            Record::Sent(name, node) => Some((at, name.call.key, node)),
            _ => None,
        });
        records.collect::<Vec<_>>()
    };
    let mut calm = five(faults[0].clone());
    calm.faults.clear();
    let reference = sent(&calm);
    for fault in faults {
        // Without retries every call is one attempt, at the same instant to the same replica.
        assert_eq!(sent(&five(fault)), reference);
    }
}

#[test]
fn what_a_fault_does_to_messages_is_not_drawn_anew_when_another_fault_is_added_before_it() {
    let node = || Names::one("server");
    let (way, share) = (OmissionWay::Both, Share::percent(30));
    let (peers, kinds) = (Names::default(), Names::default());
    let faults = [
        AnyFault::Omission(Omission { node: node(), domain: Names::default(), way, share, peers, kinds }),
        AnyFault::LateAnswers(LateAnswers { node: node(), domain: Names::default(), by: exponential(ms(50)) }),
        AnyFault::Byzantine(Byzantine {
            node: node(),
            domain: Names::default(),
            f: 5,
            beyond: true,
            conduct: Conduct::Replay(Share::percent(30)),
        }),
    ];
    for fault in faults {
        let alone = five(fault);
        let mut beside = alone.clone();
        // Another population's domain is cut off again and again.
        beside.clients.push(("others".to_owned(), Clients { domain: "elsewhere".to_owned(), ..clients(1, "server", poisson(1)) }));
        beside.links.push(link("elsewhere", "server", Distribution::Constant(ms(10))));
        let mut noise = cut("elsewhere", "server", false, ms(1_000), Some(ms(100)));
        noise.timing.every = Some(ms(1_000));
        beside.faults.insert(0, noise);
        let fates = |spec: &SystemSpec| {
            let ended = play(spec, 6);
            let app = ended.plan.edges.iter().position(|edge| edge.name == "app -> server").expect("it is there");
            let fate = |(at, record): &(SimTime, Record)| match record {
                Record::CallEnded(name, outcome) if name.edge.index() == app => Some((*at, name.key, *outcome)),
                _ => None,
            };
            ended.seen.iter().filter_map(fate).collect::<Vec<_>>()
        };
        assert!(fates(&alone) == fates(&beside), "{}", alone.faults[0].fault.label());
    }
}
