//! Does an experiment strike only where its hypothesis holds, stop when it must, and leave nothing behind?

use crate::*;
use models::faults::{Claim, Errors, Experiment, LateAnswers, Timing, Trigger};
use models::outcome::Outcome;
use models::services::Task;
use models::strategies::backoff::Immediate;
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

const fn s(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Five replicas that answer at once, asked 100 times a second at equal distances for 30 s.
fn steady(replicas: u32, faults: Vec<PlannedFault>, experiment: Option<Experiment>) -> SystemSpec {
    let arrivals = Arrivals::Constant(models::workloads::Constant { rate: Some(Rate::per_second(100)), rate_per_client: None });
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(5, "server", arrivals), service(Distribution::Constant(ms(1))), way, vec![timeout(ms(50))]);
    spec.services[0].1.replicas = replicas;
    spec.faults = faults;
    spec.experiment = experiment;
    spec.clockwork.horizon = s(30);
    spec
}

fn experiment(hypothesis: Claim) -> Experiment {
    Experiment {
        from: s(4),
        lasts: s(16),
        hypothesis: vec![hypothesis],
        over: s(2),
        abort: Vec::new(),
        blast_radius: Vec::new(),
        clients: Vec::new(),
        traffic: Vec::new(),
        step: None,
    }
}

fn available(percent: u64) -> Claim {
    Claim::Availability { at_least: Share::percent(percent) }
}

fn down(timing: Timing) -> PlannedFault {
    PlannedFault { fault: Crash { node: Names::one("server"), ..Crash::default() }.into(), timing }
}

#[test]
fn where_the_hypothesis_fails_nothing_strikes_and_the_run_says_so() {
    let faults = || vec![down(Timing { every: Some(s(2)), ..Timing::once(s(5), Some(s(1))) })];
    let hypothesis = Claim::Goodput { at_least: Rate::per_second(101) };
    let ended = play(&steady(1, faults(), Some(experiment(hypothesis))), 1);
    let outcome = ended.measures.experiment.expect("it was an experiment");
    assert!(!outcome.held_before && outcome.aborted.is_none());
    // To whoever watches it is the run without faults.
    assert_eq!(ended.digest, play(&steady(1, Vec::new(), None), 1).digest);
    assert!(ended.measures.episodes.is_empty());
    // One that holds lets it strike exactly as without an experiment, until the end of the experiment.
    let held = play(&steady(1, faults(), Some(experiment(Claim::Goodput { at_least: Rate::per_second(99) }))), 1);
    assert!(held.measures.experiment.is_some_and(|outcome| outcome.held_before && outcome.held_after));
    let begins = |ended: &Ended| -> Vec<SimTime> {
        ended.seen.iter().filter(|(_, record)| matches!(record, Record::FaultBegan(..))).map(|(at, _)| *at).collect()
    };
    let without = play(&steady(1, faults(), None), 1);
    assert_eq!(begins(&held), begins(&without).into_iter().filter(|begin| *begin < at(20_000)).collect::<Vec<_>>());
    assert_eq!(begins(&held).len(), 8);
}

#[test]
fn an_abort_condition_lifts_every_fault_at_once_and_for_good() {
    let for_long = down(Timing { label: Some("long".to_owned()), ..Timing::once(ms(5_200), Some(s(9))) });
    let again = PlannedFault { timing: Timing { every: Some(s(3)), ..Timing::once(s(5), Some(s(2))) }, ..slow("server", 3.0, s(5), None) };
    let cut_off = cut("app", "server", true, ms(5_500), None);
    let trigger = Trigger::AvailabilityBelow { share: Share::percent(50) };
    let experiment = Experiment { abort: vec![trigger], ..experiment(available(99)) };
    let ended = play(&steady(1, vec![for_long, again, cut_off], Some(experiment)), 1);
    let outcome = ended.measures.experiment.expect("it was an experiment");
    // The bin of 5..6 s is the first bad one.
    assert_eq!((outcome.held_before, outcome.aborted, outcome.held_after), (true, Some(at(6_000)), true));
    let lifted: Vec<_> = ended.seen.iter().filter(|(_, record)| matches!(record, Record::FaultEnded(..))).map(|(at, _)| *at).collect();
    assert_eq!(lifted, [at(6_000); 3]);
    let returned = ended.seen.iter().find(|(_, record)| matches!(record, Record::NodeReturned(_))).expect("it came back");
    assert_eq!(returned.0, at(6_000));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
    assert_eq!((ended.measures.episodes[0].begin, ended.measures.episodes[0].end), (at(5_000), at(6_000)));
    assert_eq!(ended.measures.episodes.len(), 1);
    ledger::Ledger::of(&ended.plan, &ended.seen).check_over();
}

#[test]
fn at_its_end_an_experiment_takes_back_what_would_last_for_ever() {
    let ended = play(&steady(1, vec![down(Timing::once(s(10), None))], Some(experiment(available(99)))), 1);
    let outcome = ended.measures.experiment.expect("it was an experiment");
    assert_eq!((outcome.held_before, outcome.aborted, outcome.held_after), (true, None, true));
    let returned = ended.seen.iter().find(|(_, record)| matches!(record, Record::NodeReturned(_))).expect("it came back");
    assert_eq!(returned.0, at(20_000));
    assert_eq!(ended.environment.active(), 0);
}

#[test]
fn what_does_not_come_back_fails_the_hypothesis_at_the_end() {
    // Without a timeout every call of the crash waits for ever, and nobody is free to call again.
    let mut spec = steady(1, vec![down(Timing::once(s(10), Some(s(1))))], Some(experiment(available(99))));
    spec.clients[0].1.arrivals = closed(Distribution::Constant(ms(10)));
    spec.stacks[0].1.clear();
    let outcome = play(&spec, 1).measures.experiment.expect("it was an experiment");
    assert!(outcome.held_before && !outcome.held_after);
}

#[test]
fn the_blast_radius_grows_in_steps_and_keeps_those_it_has() {
    let fault = down(Timing { every: Some(s(1)), ..Timing::once(s(5), Some(ms(100))) });
    let shares = vec![Share::percent(10), Share::percent(30), Share::ALL];
    let experiment = Experiment { blast_radius: shares, step: Some(s(5)), ..experiment(available(99)) };
    let ended = play(&steady(10, vec![fault], Some(experiment)), 3);
    let mut hit: Vec<(SimTime, BTreeSet<u32>)> = Vec::new();
    for (at, record) in &ended.seen {
        match record {
            Record::FaultBegan(..) => hit.push((*at, BTreeSet::new())),
            Record::NodeDied(node) => {
                hit.last_mut().expect("it began").1.insert(node.0);
            }
            _ => {}
        }
    }
    for (begin, nodes) in &hit {
        // Steps begin at 4, 9 and 14 s.
        let expected = if *begin < at(9_000) {
            1
        } else if *begin < at(14_000) {
            3
        } else {
            10
        };
        assert_eq!(nodes.len(), expected, "at {begin}");
    }
    assert_eq!(hit.len(), 15);
    assert!(hit.windows(2).all(|pair| pair[0].1.is_subset(&pair[1].1)), "a larger radius holds what a smaller one does");
}

#[test]
fn an_experiment_that_could_not_say_anything_is_refused() {
    let fields = |change: fn(&mut Experiment)| -> Vec<String> {
        let mut experiment = experiment(available(99));
        change(&mut experiment);
        let spec = steady(1, vec![down(Timing::once(s(10), Some(s(1))))], Some(experiment));
        Plan::new(&spec).expect_err("it is wrong").into_iter().map(|complaint| complaint.field).collect()
    };
    assert_eq!(fields(|one| one.hypothesis.clear()), ["experiment.hypothesis"]);
    assert_eq!(fields(|one| one.over = s(5)), ["experiment.over"]);
    assert_eq!(fields(|one| one.lasts = s(25)), ["experiment.lasts"]);
    assert_eq!(fields(|one| one.from = ms(4_500)), ["experiment.from"]);
    assert_eq!(fields(|one| one.from = s(10)), ["faults[0].at"]);
    assert_eq!(fields(|one| one.abort = vec![Trigger::FaultEnds { label: "x".to_owned() }]), ["experiment.abort[0]"]);
    assert_eq!(fields(|one| one.abort = vec![Trigger::GoodputBelow { rate: Rate::ZERO }]), ["experiment.abort[0].rate"]);
    assert_eq!(fields(|one| one.blast_radius = vec![Share::percent(50), Share::percent(10)]).len(), 2);
    assert_eq!(fields(|one| one.step = Some(s(3))), ["experiment.step"]);
    assert_eq!(fields(|one| one.traffic = vec![Share::NONE])[0], "experiment.traffic");
    assert_eq!(fields(|one| one.clients = vec![Share::percent(5), Share::percent(9)])[0], "experiment.clients");
    assert_eq!(fields(|one| one.clients = vec![Share::percent(5)]), ["experiment.clients"], "a crash strikes whoever calls");
    assert_eq!(fields(|one| one.hypothesis = vec![Claim::Latency { p50: None, p99: None }]), ["experiment.hypothesis[0]"]);
    let crossed = |one: &mut Experiment| one.hypothesis = vec![Claim::Latency { p50: Some(ms(20)), p99: Some(ms(10)) }];
    assert_eq!(fields(crossed), ["experiment.hypothesis[0].p50"]);
    assert_eq!(fields(|one| one.hypothesis.push(Claim::Failures { at_most: Share::ALL })), ["experiment.hypothesis[1].at_most"]);
}

/// Answers with errors and nothing else, from 5 s on.
fn errors(timing: Timing) -> PlannedFault {
    let (node, domain, caller) = (Names::one("server"), Names::default(), Names::default());
    PlannedFault {
        fault: Errors {
            node,
            domain,
            share: Share::ALL,
            after_work: false,
            caller,
            answer: models::outcome::Failure::ServerError,
            retry_after: None,
        }
        .into(),
        timing,
    }
}

/// Every call of `app` by its client, with when it was made and whether it failed.
fn calls(ended: &Ended) -> Vec<(SimTime, Key, u32, bool)> {
    let mut made = BTreeMap::new();
    let mut all = Vec::new();
    for (instant, record) in &ended.seen {
        match record {
            Record::Sent(name, _) if name.number == 1 && name.call.edge.0 == 0 => _ = made.insert(name.call.key, *instant),
            Record::CallEnded(name, outcome) if name.edge.0 == 0 => {
                all.push((made[&name.key], name.key, name.client, *outcome != Outcome::Success));
            }
            _ => {}
        }
    }
    all
}

#[test]
fn a_fault_of_calls_is_confined_to_a_share_of_the_traffic_that_keeps_those_it_has() {
    let failing = |traffic: Vec<Share>, step| {
        let faults = vec![errors(Timing { every: Some(s(5)), ..Timing::once(s(5), Some(s(5))) })];
        let experiment = Experiment { traffic, step, ..experiment(available(99)) };
        let mut spec = steady(3, faults, Some(experiment));
        spec.stacks[0].1 = vec![retry(4, AnyBackoff::Immediate(Immediate {})), timeout(ms(50))];
        let ended = play(&spec, 5);
        calls(&ended).into_iter().filter(|call| (at(5_000)..at(20_000)).contains(&call.0)).collect::<Vec<_>>()
    };
    // A retry is where its call is: what fails fails in all four attempts. 1,500 calls, of which a fifth: 300, sd 15.5.
    let fifth = failing(vec![Share::percent(20)], None);
    let failed = |calls: &[(SimTime, Key, u32, bool)]| -> BTreeSet<Key> { calls.iter().filter(|call| call.3).map(|call| call.1).collect() };
    assert!(fifth.len() == 1_500 && failed(&fifth).len().abs_diff(300) < 70, "{} of {}", failed(&fifth).len(), fifth.len());
    // Larger shares hold those of smaller ones, and shares grow from strike to strike.
    let half = failing(vec![Share::percent(50)], None);
    assert!(failed(&fifth).is_subset(&failed(&half)) && failed(&half).len().abs_diff(750) < 90);
    let growing = failing(vec![Share::percent(20), Share::percent(50), Share::ALL], Some(s(5)));
    let of = |calls: &[(SimTime, Key, u32, bool)], from, to| {
        failed(&calls.iter().copied().filter(|call| (at(from)..at(to)).contains(&call.0)).collect::<Vec<_>>())
    };
    // Steps begin at 4, 9 and 14 s; the strikes at 5, 10 and 15 s.
    assert_eq!(of(&growing, 5_000, 9_990), of(&fifth, 5_000, 9_990));
    assert_eq!(of(&growing, 10_001, 14_990), of(&half, 10_001, 14_990));
    assert_eq!(of(&growing, 15_001, 19_990).len(), growing.iter().filter(|call| (at(15_001)..at(19_990)).contains(&call.0)).count());
}

#[test]
fn a_fault_of_calls_is_confined_to_a_share_of_the_clients_and_to_what_is_called_on_their_behalf() {
    let faults = vec![PlannedFault::once(
        LateAnswers { node: Names::one("back"), domain: Names::default(), by: Distribution::Constant(ms(200)) }.into(),
        s(5),
        Some(s(10)),
    )];
    let experiment = Experiment { clients: vec![Share::percent(40)], ..experiment(available(99)) };
    let mut spec = steady(2, faults, Some(experiment));
    spec.clients[0].1.count = 50;
    spec.services[0].1.does = vec![Task::Call("back".to_owned())];
    spec.services.push(("back".to_owned(), service(Distribution::Constant(ms(1)))));
    let ended = play(&spec, 2);
    let mut by_client: BTreeMap<u32, BTreeSet<bool>> = BTreeMap::new();
    for (made, _, client, failed) in calls(&ended) {
        if (at(5_010)..at(14_900)).contains(&made) {
            by_client.entry(client).or_default().insert(failed);
        }
    }
    assert!(by_client.len() == 50 && by_client.values().all(|fates| fates.len() == 1), "whoever is hit is hit in every call");
    // Two fifths of 50 clients: 20, sd 3.5.
    let hit = by_client.values().filter(|fates| fates.contains(&true)).count();
    assert!((8..33).contains(&hit), "{hit}");
    assert!(calls(&ended).iter().all(|call| !call.3 || call.0 >= at(4_700)), "nobody fails before");
}

#[test]
fn a_hypothesis_speaks_of_latency_and_failures() {
    // Answers take 3 ms.
    let outcome = |claim: Claim, slow: bool| {
        let mut spec = steady(1, vec![down(Timing::once(s(5), Some(s(1))))], Some(experiment(claim)));
        if slow {
            let part = |length| Box::new(Distribution::Constant(ms(length)));
            spec.services[0].1.demand = Distribution::Bimodal { share_slow: Share::percent(5), fast: part(1), slow: part(20) };
        }
        play(&spec, 1).measures.experiment.expect("it was an experiment")
    };
    let latency = |p50, p99| Claim::Latency { p50: Some(ms(p50)), p99: Some(ms(p99)) };
    assert!(outcome(latency(4, 4), false).held_before && outcome(latency(4, 4), false).held_after);
    assert!(!outcome(latency(2, 4), false).held_before);
    assert!(!outcome(latency(4, 10), true).held_before, "one in twenty takes 22 ms");
    assert!(outcome(latency(4, 25), true).held_before);
    assert!(outcome(Claim::Failures { at_most: Share::NONE }, false).held_before);
    assert!(outcome(Claim::Failures { at_most: Share::NONE }, false).held_after);
    let mut spec = steady(1, vec![down(Timing::once(s(5), None))], Some(experiment(Claim::Failures { at_most: Share::percent(10) })));
    spec.links[0].loss = Share::percent(3);
    assert!(play(&spec, 1).measures.experiment.expect("it was one").held_before);
    spec.links[0].loss = Share::percent(20);
    assert!(!play(&spec, 1).measures.experiment.expect("it was one").held_before);
}
