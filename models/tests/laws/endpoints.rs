//! What does a health endpoint ask before it says that its service is well?

use crate::process::{pause, sound};
use crate::*;
use models::outcome::{Failure, Outcome};
use models::record::{FIRST_CHECK, FIRST_PROBE};
use models::services::{Deep, HealthEndpoint, Task};
use models::strategies::balance::RoundRobin;
use models::strategies::health::KubernetesProbe;
use models::strategies::{Balance, Scope, Shift};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Twenty calls a second for 100 s of three fronts, each of which asks `back` for a millisecond of work. Callers probe every 2 s, and
/// believe two failures.
fn fronts(health: HealthEndpoint, faults: Vec<PlannedFault>) -> SystemSpec {
    let probe = KubernetesProbe { period: secs(2), timeout: ms(900), failure_threshold: 2, ..KubernetesProbe::default() };
    let balance = Balance {
        policy: RoundRobin {}.into(),
        outliers: None,
        breakers: None,
        health: Some(Box::new(probe.into())),
        panic_threshold: Some(Share::NONE),
        zone_aware: None,
        host_selection_retry_max_attempts: 0,
        slow_start: None,
        weights: Vec::new(),
        per: Scope::Process,
    };
    let front =
        Service { replicas: 3, does: vec![Task::Call("back".to_owned())], health, ..service(Distribution::Constant(SimDuration::ZERO)) };
    let back = Service { domain: Placement(vec!["back".to_owned()]), ..service(Distribution::Constant(ms(1))) };
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(5, "server", poisson(20)))],
        services: vec![("server".to_owned(), front), ("back".to_owned(), back)],
        links: vec![link("app", "server", Distribution::Constant(ms(10))), link("server", "back", Distribution::Constant(ms(1)))],
        stacks: vec![
            ("app -> server".to_owned(), vec![timeout(secs(2)), Layer::Balance(balance)]),
            ("server -> back".to_owned(), vec![timeout(ms(300))]),
        ],
        faults,
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = secs(100);
    spec
}

fn deep() -> HealthEndpoint {
    HealthEndpoint::Deep(Deep::default())
}

fn shifts(ended: &Ended) -> Vec<(SimDuration, Shift)> {
    let shift = |(at, record): &(SimTime, Record)| match record {
        Record::Shifted(shifted) => Some((at.since_start(), shifted.shift)),
        _ => None,
    };
    ended.seen.iter().filter_map(shift).collect()
}

/// Messages add up, and no record is left.
fn drained(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn a_dependency_that_dies_takes_everybody_out_who_is_asked_deeply_and_nobody_who_answers_for_himself() {
    let dies = |while_down| vec![crash("back", secs(31), Some(secs(40)), while_down)];
    let ended = play(&fronts(HealthEndpoint::Shallow, dies(WhileDown::Refusal)), 1);
    drained(&ended);
    assert_eq!(shifts(&ended), []);
    for while_down in [WhileDown::Refusal, WhileDown::Silence] {
        let ended = play(&fronts(deep(), dies(while_down)), 1);
        drained(&ended);
        // A probe takes 10 ms to a front, a nanosecond of a worker, and what it asks takes 2 ms, or 300 ms of silence, and back 10 ms. The
        // probes of 32 s and 34 s fail; the one of 72 s finds the dependency well (and a worker there holds it for a nanosecond, too).
        let waited = if while_down == WhileDown::Refusal { ms(2) } else { ms(300) };
        let (out, back) = (secs(34) + ms(20) + waited + SimDuration::NANOSECOND, secs(72) + ms(22) + SimDuration::NANOSECOND * 2);
        let all = |at: SimDuration, shift: fn(u32) -> Shift| (0..3).map(move |replica| (at, shift(replica)));
        let mut seen = shifts(&ended);
        seen.sort_by_key(|(at, shift)| (*at, if let Shift::Ejected(replica) | Shift::Returned(replica) = shift { *replica } else { 9 }));
        assert_eq!(seen, all(out, Shift::Ejected).chain(all(back, Shift::Returned)).collect::<Vec<_>>());
    }
}

#[test]
fn what_a_health_endpoint_asks_counts_among_no_calls_and_changes_nothing_of_them() {
    for seed in 1..=3 {
        let (deep, shallow) = (play(&fronts(deep(), Vec::new()), seed), play(&fronts(HealthEndpoint::Shallow, Vec::new()), seed));
        drained(&deep);
        let counted = |ended: &Ended| {
            let measures = ended.measures.clone();
            (measures.calls, measures.succeeded, measures.latency, measures.edges, measures.work)
        };
        let (a, b) = (counted(&deep), counted(&shallow));
        assert_eq!((a.0, a.1, a.2, a.3), (b.0, b.1, b.2, b.3));
        // Fifty probes of each of three fronts, each of which asks once: two messages.
        assert_eq!(deep.measures.messages.sent, shallow.measures.messages.sent + 300);
        let of_calls = |ended: &Ended| {
            let of_a_call = |record: &Record| match record {
                Record::CallStarted(name) | Record::CallEnded(name, _) => name.ordinal < FIRST_PROBE,
                Record::Sent(name, _) | Record::Delivered(name, ..) => name.call.ordinal < FIRST_PROBE,
                _ => false,
            };
            ended.seen.iter().filter(|(_, record)| of_a_call(record)).copied().collect::<Vec<_>>()
        };
        assert_eq!(of_calls(&deep), of_calls(&shallow));
    }
}

#[test]
fn a_check_that_is_not_answered_frees_its_worker_after_its_time() {
    // Nothing between limits the wait, and the dependency is silent for ever: with its only worker held by a check, a front would be lost.
    let mut spec = fronts(HealthEndpoint::Deep(Deep { timeout: ms(200), ..Deep::default() }), Vec::new());
    spec.stacks.pop();
    spec.services[0].1.workers = 1;
    spec.faults = vec![crash("back", secs(1), None, WhileDown::Silence)];
    spec.clients[0].1 = clients(1, "back", poisson(1));
    spec.clients.push(("watch".to_owned(), clients(1, "server", once())));
    spec.links.push(link("app", "back", Distribution::Constant(ms(1))));
    let stack = spec.stacks.remove(0).1;
    spec.stacks = vec![("watch -> server".to_owned(), stack), ("app -> back".to_owned(), vec![timeout(secs(1))])];
    let ended = play(&spec, 1);
    drained(&ended);
    let is_check = |record: &Record| match record {
        Record::CallEnded(name, outcome) if name.ordinal >= FIRST_CHECK => Some(*outcome),
        _ => None,
    };
    let checks: Vec<Outcome> = ended.seen.iter().filter_map(|(_, record)| is_check(record)).collect();
    // The first of each front at the very begin is answered; all others are given up.
    assert_eq!(checks.len(), 150);
    assert_eq!(checks.iter().filter(|outcome| **outcome == Outcome::Failed(Failure::Deadline)).count(), 147);
}

#[test]
fn a_health_endpoint_asks_whom_it_is_told_to_and_is_refused_if_there_is_nobody() {
    let named = |name: &str| HealthEndpoint::Deep(Deep { calls: vec![name.to_owned()], ..Deep::default() });
    let edges = |health| {
        let mut spec = fronts(health, Vec::new());
        let other = Service { domain: Placement(vec!["back".to_owned()]), ..service(Distribution::Constant(ms(1))) };
        spec.services.push(("other".to_owned(), other));
        let plan = plan_of(&spec);
        plan.services[0].checks.iter().map(|edge| plan.edges[edge.index()].name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(edges(deep()), ["server -> back"]);
    // Whom it does not call otherwise it calls for this alone.
    assert_eq!(edges(named("other")), ["server -> other"]);
    assert_eq!(edges(HealthEndpoint::Shallow), [""; 0]);
    let complaints = |health: HealthEndpoint, of: usize| {
        let mut spec = fronts(HealthEndpoint::Shallow, Vec::new());
        spec.services[of].1.health = health;
        Plan::new(&spec).expect_err("it cannot be").into_iter().map(|complaint| complaint.field).collect::<Vec<_>>()
    };
    assert_eq!(complaints(deep(), 1), ["nodes.back.health"]);
    assert_eq!(complaints(named("nobody"), 0), ["nodes.server.health.calls[0]"]);
    assert_eq!(complaints(named("server"), 0), ["nodes.server.does"]);
    assert_eq!(
        complaints(HealthEndpoint::Deep(Deep { timeout: SimDuration::ZERO, ..Deep::default() }), 0),
        ["nodes.server.health.timeout"]
    );
}

#[test]
fn checks_under_faults_leave_nothing_behind() {
    for seed in 1..=5 {
        let faults = vec![
            crash("back", secs(10), Some(secs(5)), WhileDown::Silence),
            crash("server[0]", secs(12), Some(secs(1)), WhileDown::Silence),
            pause("server[1]", 20_000, 3_000),
            cut("server", "back", false, secs(30), Some(secs(5))),
        ];
        let mut spec = fronts(deep(), faults);
        spec.services[0].1.late_work = LateWork::Cancel;
        spec.services[1].1.late_work = LateWork::Cancel;
        spec.links[0].duplicate = Share::percent(10);
        spec.links[1].duplicate = Share::percent(10);
        let ended = play(&spec, seed);
        drained(&ended);
        assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
    }
    let ended = play(&fronts(deep(), Vec::new()), 1);
    sound(&ended);
}
