//! Who is told that users fare badly, when, and what is made of it?

use crate::*;
use models::alerts::BurnRate;
use models::faults::{Errors, Timing, Trigger};
use models::measure::{Reaction, RunMeasures};
use models::outcome::{Failure, Outcome};
use models::strategies::breaker::ConsecutiveFailures;
use models::strategies::{Breaker, Layer, Scope};

const fn secs(count: u64) -> SimDuration {
    SimDuration::from_secs(count)
}

/// Two hundred calls a second, of which a share fails from 20.5 s to 30.5 s, with alerts.
fn system(alerts: Vec<(&str, BurnRate)>) -> SystemSpec {
    let errors = Errors {
        node: Names::one("server"),
        domain: Names::default(),
        share: Share::percent(30),
        after_work: false,
        caller: Names::default(),
        answer: Failure::ServerError,
        retry_after: None,
    };
    let way = link("app", "server", Distribution::Constant(ms(10)));
    let mut spec = pair(clients(50, "server", poisson(200)), service(Distribution::Constant(ms(1))), way, Vec::new());
    spec.faults = vec![PlannedFault::once(AnyFault::Errors(errors), ms(20_500), Some(secs(10)))];
    spec.clockwork.horizon = secs(60);
    spec.clockwork.warm_up = secs(3);
    spec.objective = Some(Share::percent(99));
    spec.alerts = alerts.into_iter().map(|(name, rule)| (name.to_owned(), rule.into())).collect();
    spec
}

fn rule(long: u64, short: Option<u64>, factor: f64) -> BurnRate {
    BurnRate { objective: None, long: secs(long), short: short.map(secs), factor }
}

/// When the alert with this number fired, and when it was over.
fn changes(ended: &Ended, alert: u32) -> Vec<(u64, bool)> {
    let change = |(at, record): &(SimTime, Record)| match record {
        Record::AlertFired(which) if *which == alert => Some((at.as_nanos(), true)),
        Record::AlertResolved(which) if *which == alert => Some((at.as_nanos(), false)),
        _ => None,
    };
    ended.seen.iter().filter_map(change).collect()
}

/// The same, found out from the ends of calls alone: no running sums, every window counted anew.
fn recounted(ended: &Ended, long: u64, short: Option<u64>, share: f64) -> Vec<(u64, bool)> {
    const SECOND: u64 = 1_000_000_000;
    let ends = |from: u64, until: u64| {
        let inside = ended.seen.iter().filter(move |(at, _)| (from * SECOND..until * SECOND).contains(&at.as_nanos()));
        inside.filter_map(|(_, record)| if let Record::CallEnded(_, outcome) = record { Some(*outcome) } else { None })
    };
    let mut found = Vec::new();
    for now in 4..=60 {
        let burns = |length: u64| {
            let from = now.max(3 + length) - length;
            let (all, failed) = (ends(from, now).count(), ends(from, now).filter(|outcome| *outcome != Outcome::Success).count());
            // What was before the warm-up had as many calls, and no failures.
            failed as f64 * (now - from) as f64 > share * all as f64 * length as f64
        };
        let fires = burns(long) && short.is_none_or(burns);
        if fires != found.last().is_some_and(|(_, fires)| *fires) {
            found.push((now * SECOND, fires));
        }
    }
    found
}

#[test]
fn an_alert_fires_at_the_ends_of_bins_at_which_a_recount_of_all_ended_calls_says_so() {
    for seed in 1..6 {
        let ended =
            play(&system(vec![("page", rule(10, Some(2), 14.4)), ("ticket", rule(25, None, 3.0)), ("nervous", rule(1, None, 25.0))]), seed);
        for (alert, long, short, share) in [(0, 10, Some(2), 0.144), (1, 25, None, 0.03), (2, 1, None, 0.25)] {
            let seen = changes(&ended, alert);
            assert!(seen.len() >= 2, "it fires, and is over");
            assert_eq!(seen, recounted(&ended, long, short, share), "alert {alert}, seed {seed}");
        }
    }
}

#[test]
fn an_alert_that_nobody_waits_for_changes_nothing_but_what_is_said_of_it() {
    let (with, without) = (play(&system(vec![("page", rule(10, Some(2), 14.4))]), 1), play(&system(Vec::new()), 1));
    let is_said = |(_, record): &(SimTime, Record)| matches!(record, Record::AlertFired(_) | Record::AlertResolved(_));
    let rest: Records = with.seen.iter().filter(|one| !is_said(one)).copied().collect();
    assert!(rest.len() < with.seen.len());
    assert_eq!(rest, without.seen);
    let own = |run: &RunMeasures| RunMeasures {
        alerts: Vec::new(),
        detections: Vec::new(),
        observations: Vec::new(),
        events: 0,
        ended: SimTime::ZERO,
        ..run.clone()
    };
    assert_eq!(own(&with.measures), own(&without.measures));
}

#[test]
fn faults_wait_for_an_alert_to_fire_or_to_be_over() {
    let waits = |when: Trigger| {
        let crash = AnyFault::Crash(Crash { node: Names::one("server"), ..Crash::default() });
        let timing =
            Timing { label: Some("second".to_owned()), when: Some(when), after: Some(secs(2)), lasts: Some(ms(100)), ..Timing::default() };
        let mut spec = system(vec![("page", rule(10, Some(2), 14.4))]);
        spec.faults.push(PlannedFault { fault: crash, timing });
        let ended = play(&spec, 1);
        let is_it = |record: &Record| matches!(record, Record::FaultBegan(id, _) if ended.plan.faults[id.index()].label == "second");
        let began = ended.seen.iter().find(|(_, record)| is_it(record)).map(|(at, _)| at.as_nanos());
        (changes(&ended, 0), began)
    };
    let (seen, began) = waits(Trigger::AlertFires { alert: "page".to_owned() });
    assert_eq!(began, Some(seen[0].0 + 2_000_000_000));
    let (seen, began) = waits(Trigger::AlertResolves { alert: "page".to_owned() });
    assert_eq!(began, Some(seen[1].0 + 2_000_000_000));
}

#[test]
fn who_waits_for_an_alert_that_is_not_there_is_told() {
    let mut spec = system(vec![("page", rule(10, Some(2), 14.4))]);
    let timing = Timing { when: Some(Trigger::AlertFires { alert: "pge".to_owned() }), ..Timing::default() };
    spec.faults.push(PlannedFault { fault: AnyFault::Crash(Crash { node: Names::one("server"), ..Crash::default() }), timing });
    spec.alerts.push(("ticket".to_owned(), rule(10, Some(2), 200.0).into()));
    let complaints = Plan::new(&spec).expect_err("there is no such alert, and one can never fire");
    let fields: Vec<_> = complaints.iter().map(|complaint| complaint.field.as_str()).collect();
    assert_eq!(fields, ["alerts.ticket.factor", "faults[1].when.alert"]);
}

#[test]
fn the_first_reaction_to_a_fault_is_what_came_first_and_nothing_if_nothing_reacts() {
    let alone = play(&system(Vec::new()), 1);
    assert_eq!(alone.measures.detections[0].after, None);
    let mut spec = system(vec![("page", rule(10, Some(2), 14.4))]);
    let paged = play(&spec, 1);
    let begin = 20_500_000_000;
    let detection = &paged.measures.detections[0];
    assert_eq!((detection.by, detection.begin.as_nanos()), (Some(Reaction::AlertFired), begin));
    assert_eq!(detection.after.map(SimDuration::as_nanos), Some(changes(&paged, 0)[0].0 - begin));
    assert_eq!(paged.measures.alerts[0].detections, [detection.after]);
    // A breaker that is told of every failure is faster.
    spec.stacks = vec![("app -> server".to_owned(), vec![breaker()])];
    let broken = play(&spec, 1);
    let opened = broken.seen.iter().find(|(_, record)| matches!(record, Record::Shifted(_))).map(|(at, _)| at.as_nanos() - begin);
    let detection = &broken.measures.detections[0];
    assert_eq!(detection.by, Some(Reaction::BreakerOpened));
    assert_eq!(detection.after.map(SimDuration::as_nanos), opened);
    assert!(opened.is_some_and(|opened| opened < 1_000_000_000));
}

fn breaker() -> Layer {
    let two = ConsecutiveFailures { failures: 2, open_for: secs(1), ignore: Vec::new(), per: Scope::Process };
    Layer::Breaker(Breaker(two.into()))
}
