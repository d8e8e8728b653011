//! What do errors, bad deploys, wrong configurations and expired certificates do to requests, and to nothing else?

use crate::*;
use models::faults::{BadDeploy, Byzantine, Conduct, Errors, ExpiredCertificate, LateAnswers, Misconfiguration};
use models::ids::NodeId;
use models::outcome::{Failure, Outcome};
use models::protocols::{Group, Row};
use models::services::Task;
use sim_core::draw::Key;
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

fn errors(node: &str, share: u64, after_work: bool, caller: &[&str]) -> AnyFault {
    let caller = Names(caller.iter().map(|&name| name.to_owned()).collect());
    AnyFault::Errors(Errors {
        node: Names::one(node),
        domain: Names::default(),
        share: Share::percent(share),
        after_work,
        caller,
        answer: Failure::ServerError,
        retry_after: None,
    })
}

/// Faults of one label draw the same numbers.
fn labelled(mut spec: SystemSpec) -> SystemSpec {
    spec.faults[0].timing.label = Some("errors".to_owned());
    spec
}

fn deploy(errors: u64, slow: f64, rollout: SimDuration) -> AnyFault {
    let (node, domain) = (Names::one("server"), Names::default());
    AnyFault::BadDeploy(BadDeploy { node, domain, errors: Share::percent(errors), slow, rollout })
}

fn is_over(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

/// What became of a call: when it began, where its attempt went, whether it was worked on, how it ended and how long it took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fate {
    began: SimTime,
    node: NodeId,
    is_worked_on: bool,
    outcome: Outcome,
    took: SimDuration,
}

/// The fates of the calls of clients, by key: each has one attempt.
fn fates(ended: &Ended) -> BTreeMap<Key, Fate> {
    let mut fates = BTreeMap::new();
    for &(instant, record) in &ended.seen {
        match record {
            Record::Sent(name, node) if name.call.edge.index() == 0 => {
                assert_eq!(name.number, 1);
                let fate = Fate { began: instant, node, is_worked_on: false, outcome: Outcome::Success, took: SimDuration::ZERO };
                fates.insert(name.call.key, fate);
            }
            Record::Started(name, _) => {
                if let Some(fate) = fates.get_mut(&name.call.key) {
                    fate.is_worked_on = true;
                }
            }
            Record::CallEnded(name, outcome) => {
                if let Some(fate) = fates.get_mut(&name.key) {
                    (fate.outcome, fate.took) = (outcome, instant - fate.began);
                }
            }
            _ => {}
        }
    }
    fates
}

const ERROR: Outcome = Outcome::Failed(Failure::ServerError);

/// Requests of these calls arrive while the fault is on.
fn is_struck(fate: &Fate) -> bool {
    (at(4_990)..at(14_990)).contains(&fate.began)
}

/// The run without its faults.
fn calm(spec: &SystemSpec) -> SystemSpec {
    SystemSpec { faults: Vec::new(), ..spec.clone() }
}

#[test]
fn fast_errors_cost_a_round_trip_and_slow_ones_all_the_work() {
    for (after_work, took) in [(false, ms(20)), (true, ms(25))] {
        let spec = five(errors("server", 30, after_work, &[]));
        let ended = play(&spec, 1);
        is_over(&ended);
        let fates = fates(&ended);
        let failed: Vec<_> = fates.values().filter(|fate| fate.outcome == ERROR).collect();
        // Three in ten of about a thousand, within four standard deviations.
        assert!((242..=358).contains(&failed.len()), "{}", failed.len());
        assert!(failed.iter().all(|fate| fate.took == took && fate.is_worked_on == after_work));
        assert!(fates.values().all(|fate| fate.outcome == ERROR || (fate.outcome.is_success() && fate.took == ms(25))));
        assert_eq!(ended.measures.failed[Failure::ServerError.index()], failed.len() as u64);
        let began = if after_work { at(4_985)..at(14_985) } else { at(4_990)..at(14_990) };
        assert!(failed.iter().all(|fate| began.contains(&fate.began)));
        assert_eq!(ended.measures.work, ms(5) * fates.values().filter(|fate| fate.is_worked_on).count() as u64);
    }
}

#[test]
fn errors_strike_their_replica_and_their_caller_and_nobody_else() {
    let ended = play(&five(errors("server[2]", 100, false, &[])), 2);
    let fates = fates(&ended);
    let third = ended.plan.services[0].first.0 + 2;
    assert!(fates.values().all(|fate| (fate.outcome == ERROR) == (fate.node.0 == third && is_struck(fate))));
    assert!(fates.values().filter(|fate| fate.outcome == ERROR).count() > 150, "a fifth of a thousand");
    // Two populations of one service: only one of them meets errors, the other meets the same as ever.
    let mut two = five(errors("server", 100, false, &["others"]));
    two.clients.push(("others".to_owned(), clients(10, "server", poisson(50))));
    two.stacks.push(("others -> server".to_owned(), vec![timeout(ms(500))]));
    let (ended, reference) = (play(&two, 2), play(&calm(&two), 2));
    is_over(&ended);
    let mut of_others = 0;
    let expected: Records = reference.seen.iter().copied().filter(|(_, record)| is_of_edge(record, 0)).collect();
    let seen: Records = ended.seen.iter().copied().filter(|(_, record)| is_of_edge(record, 0)).collect();
    assert!(seen == expected, "the other population notices nothing at all");
    for (_, record) in &ended.seen {
        of_others += u64::from(matches!(record, Record::CallEnded(name, ERROR) if name.edge.index() == 1));
    }
    assert_eq!(of_others, ended.measures.failed[Failure::ServerError.index()]);
    assert!((400..600).contains(&of_others), "{of_others}");
}

fn is_of_edge(record: &Record, edge: usize) -> bool {
    match record {
        Record::CallStarted(name) | Record::CallEnded(name, _) => name.edge.index() == edge,
        Record::Sent(name, _) | Record::Started(name, _) | Record::Answered(name, ..) | Record::Delivered(name, ..) => {
            name.call.edge.index() == edge
        }
        _ => false,
    }
}

#[test]
fn which_requests_fail_is_a_matter_of_the_attempt_alone() {
    let few = fates(&play(&labelled(five(errors("server", 20, false, &[]))), 3));
    let many = fates(&play(&labelled(five(errors("server", 50, true, &[]))), 3));
    let reference = fates(&play(&calm(&five(errors("server", 20, false, &[]))), 3));
    let start = |fates: &BTreeMap<Key, Fate>| fates.iter().map(|(key, fate)| (*key, fate.began, fate.node)).collect::<Vec<_>>();
    assert!(start(&few) == start(&reference) && start(&many) == start(&reference));
    let failed = |fates: &BTreeMap<Key, Fate>| {
        let failed = fates.iter().filter(|(_, fate)| fate.outcome == ERROR && (at(4_990)..at(14_985)).contains(&fate.began));
        failed.map(|(key, _)| *key).collect::<BTreeSet<_>>()
    };
    assert!(failed(&few).is_subset(&failed(&many)), "who fails among few fails among more");
    assert!(failed(&few).len() < failed(&many).len());
}

#[test]
fn overlapping_errors_fail_their_share_of_what_the_others_leave() {
    let mut spec = five(errors("server", 30, false, &[]));
    let again = five(errors("server", 50, false, &[]));
    spec.faults.extend(again.faults);
    let ended = play(&spec, 4);
    is_over(&ended);
    let struck = fates(&ended).values().filter(|fate| is_struck(fate)).count() as f64;
    let (share, sd) = (ended.measures.failed[Failure::ServerError.index()] as f64 / struck, (0.65 * 0.35 / struck).sqrt());
    // 1 - 0.7 * 0.5.
    assert!((share - 0.65).abs() < 4.0 * sd, "{share}");
    // With an expired certificate nobody comes as far as an error.
    spec.faults.push(five(expired()).faults.remove(0));
    let ended = play(&spec, 4);
    is_over(&ended);
    assert_eq!(ended.measures.failed[Failure::ServerError.index()], 0);
    assert_eq!(ended.measures.failed[Failure::Refused.index()], struck as u64);
}

fn expired() -> AnyFault {
    AnyFault::ExpiredCertificate(ExpiredCertificate { node: Names::one("server"), domain: Names::default() })
}

#[test]
fn a_whole_fleet_refuses_after_a_round_trip_and_finishes_what_it_has() {
    let mut spec = five(expired());
    spec.services[0].1.demand = Distribution::Constant(ms(300));
    let ended = play(&spec, 5);
    is_over(&ended);
    let fates = fates(&ended);
    for fate in fates.values() {
        let expected = if is_struck(fate) { (Outcome::Failed(Failure::Refused), ms(20)) } else { (Outcome::Success, ms(320)) };
        assert_eq!((fate.outcome, fate.took, fate.is_worked_on), (expected.0, expected.1, !is_struck(fate)), "{fate:?}");
    }
    assert!(fates.values().filter(|fate| is_struck(fate)).count() > 800);
    let mistaken = AnyFault::Misconfiguration(Misconfiguration { node: Names::default(), domain: Names::one("server") });
    let ended = play(&five(mistaken), 5);
    is_over(&ended);
    for fate in self::fates(&ended).values() {
        let expected = if is_struck(fate) { (ERROR, ms(20)) } else { (Outcome::Success, ms(25)) };
        assert_eq!((fate.outcome, fate.took), expected, "{fate:?}");
    }
}

#[test]
fn a_bad_deploy_goes_out_and_comes_back_replica_by_replica() {
    let ended = play(&five(deploy(100, 1.0, ms(4_000))), 6);
    is_over(&ended);
    let first = ended.plan.services[0].first.0;
    let fates = fates(&ended);
    let mut hurt = BTreeSet::new();
    for fate in fates.values() {
        let replica = u64::from(fate.node.0 - first);
        // The rollback begins after ten seconds: the third replica was reached after eight, the fourth would have been after twelve.
        let arrives = fate.began + ms(10);
        let is_bad = replica < 3 && (at(5_000 + 4_000 * replica)..at(15_000 + 4_000 * replica)).contains(&arrives);
        assert_eq!(fate.outcome == ERROR, is_bad, "{fate:?}");
        hurt.extend(is_bad.then_some(replica));
    }
    assert_eq!(hurt.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    // A slow version: five times as long, for the same replicas; all at once without a pace.
    let ended = play(&five(deploy(0, 5.0, SimDuration::ZERO)), 6);
    is_over(&ended);
    for fate in self::fates(&ended).values() {
        let arrives = fate.began + ms(10);
        if (at(5_000)..at(14_975)).contains(&arrives) {
            assert_eq!(fate.took, ms(45), "{fate:?}");
        } else if arrives < at(4_995) || arrives >= at(15_000) {
            assert_eq!(fate.took, ms(25), "{fate:?}");
        }
    }
    let fields = |fault| Plan::new(&five(fault)).expect_err("it is wrong").into_iter().map(|one| one.field).collect::<Vec<_>>();
    assert_eq!(fields(deploy(0, 1.0, ms(1))), ["faults[0]"]);
    assert_eq!(fields(deploy(10, 0.5, ms(1))), ["faults[0].slow"]);
    assert_eq!(fields(errors("nobody", 0, false, &["nowhere"])), ["faults[0].share", "faults[0].node", "faults[0].caller"]);
}

#[test]
fn members_of_a_group_do_not_answer_with_errors() {
    let mut spec = five(errors("row", 10, false, &[]));
    spec.groups = vec![("row".to_owned(), Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE }))];
    let complaints = Plan::new(&spec).expect_err("a row speaks its protocol");
    assert_eq!(complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>(), ["faults[0].node"]);
}

#[test]
fn an_error_is_an_answer_like_any_other() {
    let mut late = five(errors("server", 100, false, &[]));
    let by = Distribution::Constant(ms(200));
    let held = AnyFault::LateAnswers(LateAnswers { node: Names::one("server"), domain: Names::default(), by });
    late.faults.push(PlannedFault::once(held, ms(5_000), Some(ms(10_000))));
    let ended = play(&late, 7);
    is_over(&ended);
    assert!(fates(&ended).values().filter(|fate| is_struck(fate)).all(|fate| (fate.outcome, fate.took) == (ERROR, ms(220))));
    let mut silent = five(errors("server", 100, false, &[]));
    let (node, domain, conduct) = (Names::one("server"), Names::default(), Conduct::Silent);
    let mute = AnyFault::Byzantine(Byzantine { node, domain, f: 5, conduct, beyond: true });
    silent.faults.push(PlannedFault::once(mute, ms(5_000), Some(ms(10_000))));
    let ended = play(&silent, 7);
    is_over(&ended);
    assert_eq!(ended.measures.failed[Failure::ServerError.index()], 0, "a mute node does not say that it erred");
}

#[test]
fn two_services_behind_one_that_errs_fail_together() {
    // Both call it once: what it fails, they fail, each with the share of its own draws.
    let mut spec = five(errors("store", 40, false, &["server"]));
    spec.services[0].1.does = vec![Task::Call("store".to_owned())];
    spec.services.push(("other".to_owned(), Service { does: vec![Task::Call("store".to_owned())], ..spec.services[0].1.clone() }));
    spec.services.push(("store".to_owned(), service(Distribution::Constant(ms(5)))));
    spec.clients.push(("others".to_owned(), clients(10, "other", poisson(100))));
    spec.links.push(link("server", "server", Distribution::Constant(ms(1))));
    let failed = |callers: &[&str]| {
        let mut spec = spec.clone();
        spec.faults = labelled(five(errors("store", 40, false, callers))).faults;
        let ended = play(&spec, 8);
        is_over(&ended);
        assert_eq!(ended.measures.failed[Failure::ServerError.index()], 0, "clients see that something behind failed");
        let edges = &ended.measures.edges;
        assert_eq!(ended.measures.failed[Failure::Dependency.index()], (0..2).map(|edge| edges[edge].calls - edges[edge].succeeded).sum());
        (edges[0].calls - edges[0].succeeded, edges[1].calls - edges[1].succeeded)
    };
    let (both, one) = (failed(&[]), failed(&["server"]));
    assert_eq!((both.0, 0), one, "the errors of one edge are the same, whether or not the other edge meets any");
    // Four in ten of a thousand, within four standard deviations.
    assert!((330..=470).contains(&both.0) && (330..=470).contains(&both.1), "{both:?}");
}
