//! Does an experiment strike only where its hypothesis holds, stop when it must, and leave nothing behind?

use crate::*;
use models::faults::{Claim, Experiment, Timing, Trigger};
use std::collections::BTreeSet;

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
}
