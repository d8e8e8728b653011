//! Whom does a fault strike that aims at whoever leads a group?

use crate::clocks::groups;
use crate::talk::{mortal, room};
use crate::*;
use models::environment::OmissionWay;
use models::faults::{Isolation, Omission, Pause, Pick, Shape, Timing, Trigger};
use models::ids::NodeId;
use models::protocols::Group;
use models::record::Loss;
use std::collections::BTreeSet;

fn lease() -> Group {
    groups().into_iter().find(|group| group.name() == "Lease").expect("there is one")
}

fn at_primary(timing: Timing, fault: impl Into<AnyFault>) -> PlannedFault {
    PlannedFault { fault: fault.into(), timing: Timing { pick: Some(Pick::Primary), ..timing } }
}

fn down() -> Crash {
    Crash { node: Names::one("group"), ..Crash::default() }
}

fn spec(fault: PlannedFault) -> SystemSpec {
    mortal(lease(), room(), vec![fault])
}

/// Who was struck when, beside who took itself for the holder of the lease then, as far as was announced.
fn struck(ended: &Ended, is_strike: fn(&Record) -> Option<NodeId>) -> Vec<(SimTime, NodeId, BTreeSet<NodeId>)> {
    let mut holders = BTreeSet::new();
    let mut all = Vec::new();
    for (instant, record) in &ended.seen {
        if let Some(node) = is_strike(record).filter(|_| *instant < at(28_000)) {
            all.push((*instant, node, holders.clone()));
        }
        match record {
            Record::Announced(node, "Holds", _) => _ = holders.insert(*node),
            Record::Announced(node, "Releases", _) | Record::NodeDied(node) => _ = holders.remove(node),
            _ => {}
        }
    }
    all
}

fn died(record: &Record) -> Option<NodeId> {
    if let Record::NodeDied(node) = record { Some(*node) } else { None }
}

#[test]
fn whoever_leads_at_the_instant_of_a_strike_is_struck_and_nobody_if_nobody_does() {
    let (mut nodes, mut strikes) = (BTreeSet::new(), 0);
    for seed in 0..6 {
        let (every, lasts) = (Some(ms(2_700)), Some(ms(1_900)));
        let ended = play(&spec(at_primary(Timing { every, lasts, ..Timing::once(ms(400), lasts) }, down())), seed);
        let struck = struck(&ended, died);
        let wanted: BTreeSet<SimTime> = (0..12).map(|strike| at(400 + 2_700 * strike)).collect();
        assert!(struck.iter().all(|(instant, node, holders)| wanted.contains(instant) && holders.contains(node)), "{struck:?}");
        // A strike that finds nobody is none. The last one is that of the whole group.
        let begun = ended.seen.iter().filter(|(_, record)| matches!(record, Record::FaultBegan(..))).count();
        assert_eq!(begun, struck.len() + 1);
        strikes += struck.len();
        nodes.extend(struck.into_iter().map(|one| one.1));
    }
    assert!((20..=66).contains(&strikes) && nodes.len() > 1, "{strikes} strikes at {nodes:?}");
    let missed = play(&spec(at_primary(Timing::once(ms(1), Some(ms(500))), down())), 3);
    assert!(missed.seen.iter().all(|(instant, record)| *instant > at(1_000) || !matches!(record, Record::FaultBegan(..))));
}

#[test]
fn what_lasts_on_the_leader_ends_with_the_fault_though_another_leads_by_then() {
    let pause = Pause { node: Names::one("group"), ..Pause::default() };
    let ended = play(&spec(at_primary(Timing::once(ms(10_000), Some(ms(6_000))), pause)), 1);
    let paused = |record: &Record| if let Record::NodePaused(node) = record { Some(*node) } else { None };
    let struck = struck(&ended, paused);
    let [(instant, node, _)] = struck[..] else { panic!("one: {struck:?}") };
    assert_eq!(instant, at(10_000));
    let resumed: Vec<_> = ended.seen.iter().filter(|(_, record)| matches!(record, Record::NodeResumed(_))).collect();
    assert_eq!(resumed, [&(at(16_000), Record::NodeResumed(node))]);
    let omission = Omission {
        node: Names::one("group"),
        domain: Names::default(),
        way: OmissionWay::Both,
        share: Share::ALL,
        peers: Names::default(),
        kinds: Names::default(),
    };
    let ended = play(&spec(at_primary(Timing::once(ms(10_000), Some(ms(6_000))), omission)), 1);
    let ends: BTreeSet<_> = ended
        .seen
        .iter()
        .filter_map(|(_, record)| match record {
            Record::MemberMissed(name, Loss::Omitted) => Some([name.from, name.to]),
            _ => None,
        })
        .collect();
    let common = ends.iter().fold(None, |common: Option<BTreeSet<NodeId>>, pair| {
        let pair = BTreeSet::from(*pair);
        Some(common.map_or(pair.clone(), |common| &common & &pair))
    });
    assert!(common.is_some_and(|common| common.contains(&node)), "the holder of that instant is silent: {ends:?}");
}

#[test]
fn a_fault_may_wait_for_somebody_to_lead_and_strike_it_as_often_as_it_says() {
    let when = Some(Trigger::Announced { event: "Holds".to_owned() });
    let timing = Timing { when, after: Some(ms(300)), times: Some(3), lasts: Some(ms(100)), ..Timing::default() };
    let ended = play(&spec(at_primary(timing, down())), 1);
    let struck = struck(&ended, died);
    assert_eq!(struck.len(), 3, "{struck:?}");
    let held: BTreeSet<SimTime> =
        ended.seen.iter().filter(|(_, record)| matches!(record, Record::Announced(_, "Holds", _))).map(|(at, _)| *at + ms(300)).collect();
    assert!(struck.iter().all(|(instant, node, holders)| held.contains(instant) && holders.contains(node)), "{struck:?}");
    let plan = plan_of(&spec(at_primary(Timing::once(ms(10_000), Some(ms(600))), down())));
    assert!(plan.faults[0].depends_on_run() && plan.faults[0].is_random() && !plan.faults[1].depends_on_run());
}

#[test]
fn only_groups_have_somebody_who_leads_and_only_faults_of_members_aim_at_it() {
    let timing = || Timing::once(ms(10), Some(ms(5)));
    let complaint = |spec: SystemSpec| {
        let found = Plan::new(&spec).expect_err("it is wrong").remove(0);
        (found.field, found.message)
    };
    let service = SystemSpec {
        faults: vec![at_primary(timing(), Crash { node: Names::one("server"), ..Crash::default() })],
        ..faults::one_call(Vec::new(), Vec::new())
    };
    let (field, message) = complaint(service);
    assert!(field == "faults[0].pick" && message.contains("no member of a group") && message.contains("Lease"), "{message}");
    let gossip = groups().into_iter().find(|group| group.name() == "Gossip").expect("there is one");
    let (field, message) = complaint(mortal(gossip, room(), vec![at_primary(timing(), down())]));
    assert!(field == "faults[0].pick" && message.contains("no member of `group` leads"), "{message}");
    let way = Cut { from: "app".to_owned(), to: "group".to_owned(), ..Cut::default() };
    let (field, message) = complaint(spec(at_primary(timing(), way)));
    assert!(field == "faults[0].pick" && message.contains("Omission"), "{message}");
    let shape = Isolation { node: Names::one("group"), domain: Names::default(), shape: Shape::One };
    assert_eq!(complaint(spec(at_primary(timing(), shape))).0, "faults[0].pick");
}
