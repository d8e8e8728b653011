//! Who kills replicas, and who brings them back, to the nanosecond?

use crate::faults::one_call;
use crate::process::pause;
use crate::*;
use models::faults::Misconfiguration;
use models::services::{Deep, Discovery, HealthEndpoint, RestartBackoff, Restarts, Task};
use models::strategies::Balance;
use models::strategies::balance::RoundRobin;
use models::strategies::health::KubernetesProbe;

const ONE: SimDuration = SimDuration::NANOSECOND;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Processes take 3 s to start, nobody asks them anything, and waits are as Kubernetes has them.
pub fn restarts() -> Restarts {
    Restarts {
        start_up: Distribution::Constant(secs(3)),
        liveness: None,
        readiness: None,
        startup: None,
        backoff: RestartBackoff::default(),
        lost_after: secs(40),
        replaced_after: secs(300),
    }
}

fn probe(period: u64, failures: u32) -> Option<KubernetesProbe> {
    Some(KubernetesProbe { period: secs(period), failure_threshold: failures, ..KubernetesProbe::default() })
}

/// Twenty calls a second for so long of three replicas, 10 ms away, which need a millisecond each. A call is waited for 2 s.
fn three(restarts: Restarts, faults: Vec<PlannedFault>, horizon: u64) -> SystemSpec {
    let mut spec = one_call(vec![timeout(secs(2))], faults);
    spec.clients[0].1 = clients(5, "server", poisson(20));
    spec.services[0].1 = Service { replicas: 3, workers: 10, restarts: Some(Box::new(restarts)), ..service(Distribution::Constant(ms(1))) };
    spec.clockwork.horizon = secs(horizon);
    spec
}

fn dies(at: u64, lasts: Option<u64>, while_down: WhileDown) -> PlannedFault {
    crash("server[1]", secs(at), lasts.map(secs), while_down)
}

/// It answers everything with an error, probes as well.
fn wrong(node: &str) -> AnyFault {
    AnyFault::Misconfiguration(Misconfiguration { node: Names::one(node), ..Misconfiguration::default() })
}

/// When the lives of `server[1]` ended and began.
fn lives(ended: &Ended) -> Vec<(SimDuration, bool)> {
    let life = |(at, record): &(SimTime, Record)| match record {
        Record::NodeDied(node) => Some((*node, at.since_start(), false)),
        Record::NodeReturned(node) => Some((*node, at.since_start(), true)),
        _ => None,
    };
    let is_it = |node: models::ids::NodeId| ended.plan.nodes[node.index()].name == "server[1]";
    ended.seen.iter().filter_map(life).filter(|(node, ..)| is_it(*node)).map(|(_, at, lives)| (at, lives)).collect()
}

pub fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

/// Messages add up, no record is left, and of what ended nothing is on.
pub fn drained(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
}

pub fn clean(ended: &Ended) {
    drained(ended);
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

/// When attempts were sent to `server[1]`.
fn calls_there(ended: &Ended) -> Vec<SimDuration> {
    let goes_there = |record: &Record| matches!(record, Record::Sent(name, to) if name.call.ordinal < models::record::FIRST_PROBE && ended.plan.nodes[to.index()].name == "server[1]");
    ended.seen.iter().filter(|(_, record)| goes_there(record)).map(|(at, _)| at.since_start()).collect()
}

#[test]
fn a_process_that_dies_for_good_comes_back_at_once_and_then_later_and_later() {
    // It dies for the first time, and so starts at once, a nanosecond later; then it waits 10 s, and 20 s; after 10 minutes it is the first time again.
    let faults = [10, 20, 40, 700].map(|at| dies(at, None, WhileDown::Refusal)).to_vec();
    let ended = play(&three(restarts(), faults, 800), 1);
    drained(&ended);
    let expected = [(secs(10), secs(13) + ONE), (secs(20), secs(33)), (secs(40), secs(63)), (secs(700), secs(703) + ONE)];
    assert_eq!(lives(&ended), expected.into_iter().flat_map(|(died, back)| [(died, false), (back, true)]).collect::<Vec<_>>());
    assert_eq!((observed(&ended, "replicas restarted"), observed(&ended, "replicas killed")), (4, 0));
    // Callers are sent to it as long as it runs, and only then; its machine is there, so that what was on its way is refused.
    let there = calls_there(&ended);
    let runs = |at: &SimDuration| !expected.iter().any(|(died, back)| died <= at && at < back);
    assert!(there.iter().all(runs), "{there:?}");
    assert_eq!(ended.measures.failed[models::outcome::Failure::Timeout.index()], 0);
}

#[test]
fn a_machine_that_says_nothing_is_found_out_after_a_while_and_replaced_long_after() {
    let ended = play(&three(restarts(), vec![dies(10, None, WhileDown::Silence)], 500), 1);
    drained(&ended);
    assert_eq!(lives(&ended), [(secs(10), false), (secs(353), true)]);
    let there = calls_there(&ended);
    assert!(there.iter().all(|at| *at < secs(50) || *at >= secs(353)), "{there:?}");
    assert!(there.iter().any(|at| secs(45) < *at && *at < secs(50)) && there.iter().any(|at| *at > secs(353)));
    assert_eq!(observed(&ended, "machines taken for lost"), 1);
    // If it answers again before, what ran on it is started there.
    let ended = play(&three(restarts(), vec![dies(10, Some(20), WhileDown::Silence)], 100), 1);
    clean(&ended);
    assert_eq!((lives(&ended), observed(&ended, "machines taken for lost")), (vec![(secs(10), false), (secs(33) + ONE, true)], 0));
    let ended = play(&three(restarts(), vec![dies(10, Some(60), WhileDown::Silence)], 100), 1);
    clean(&ended);
    assert_eq!((lives(&ended), observed(&ended, "machines taken for lost")), (vec![(secs(10), false), (secs(73) + ONE, true)], 1));
}

#[test]
fn whatever_stopped_a_process_does_not_concern_the_next_one_and_is_on_as_long_as_it_is_for_its_machine() {
    // The crash would last for 30 s; another begins within them, and the process it strikes is the new one.
    let faults = vec![dies(10, Some(30), WhileDown::Refusal), dies(20, Some(5), WhileDown::Refusal)];
    let ended = play(&three(restarts(), faults, 100), 1);
    clean(&ended);
    assert_eq!(lives(&ended), [(secs(10), false), (secs(13) + ONE, true), (secs(20), false), (secs(33), true)]);
    // A slow machine stays slow.
    let faults = vec![slow("server[1]", 100.0, secs(5), Some(secs(50))), dies(10, Some(1), WhileDown::Refusal)];
    let ended = play(&three(restarts(), faults, 100), 1);
    clean(&ended);
    let took = |from: u64, to: u64| {
        let begun = |name: &models::record::AttemptName| {
            ended.seen.iter().find_map(|(at, record)| matches!(record, Record::Started(of, _) if of == name).then_some(*at))
        };
        let answer = |(at, record): &(SimTime, Record)| match record {
            Record::Answered(name, node, _) if ended.plan.nodes[node.index()].name == "server[1]" && at.since_start() >= secs(from) => {
                (at.since_start() < secs(to)).then(|| *at - begun(name).unwrap_or(*at))
            }
            _ => None,
        };
        ended.seen.iter().filter_map(answer).max()
    };
    assert_eq!((took(20, 50), took(60, 100)), (Some(ms(100)), Some(ms(1))));
}

#[test]
fn a_process_that_stands_still_is_killed_after_as_many_probes_as_it_takes_and_goes_on_as_another() {
    // Probes every 5 s, at most a second each; it stands still from 12 s on, for longer than the run: 20 + 1 s.
    let spec = three(Restarts { liveness: probe(5, 2), ..restarts() }, vec![pause("server[1]", 12_000, 300_000)], 100);
    let ended = play(&spec, 1);
    clean(&ended);
    assert_eq!(lives(&ended), [(secs(21), false), (secs(24) + ONE, true)]);
    assert_eq!(observed(&ended, "replicas killed"), 1);
    // With the numbers that Kubernetes has, from the begin of the probe at 20 s on: 40 + 1 s.
    let spec = three(Restarts { liveness: probe(10, 3), ..restarts() }, vec![pause("server[1]", 12_000, 300_000)], 100);
    assert_eq!(lives(&play(&spec, 1)), [(secs(41), false), (secs(44) + ONE, true)]);
    // Who goes on in time is not killed, and nothing is left of the probes that went unanswered.
    let spec = three(Restarts { liveness: probe(5, 2), ..restarts() }, vec![pause("server[1]", 12_000, 6_000)], 100);
    let ended = play(&spec, 1);
    clean(&ended);
    assert_eq!(lives(&ended), []);
}

#[test]
fn a_replica_that_is_never_well_is_killed_again_and_again_later_and_later() {
    let faults = vec![PlannedFault::once(wrong("server"), secs(1), Some(secs(500)))];
    let ended = play(&three(Restarts { liveness: probe(1, 1), ..restarts() }, faults, 700), 1);
    clean(&ended);
    // From a death to the next life: the wait and 3 s. The first wait is none, but nothing happens before the next nanosecond.
    let lives = lives(&ended);
    let waits: Vec<SimDuration> = lives.chunks(2).take(6).map(|life| life[1].0 - life[0].0 - secs(3)).collect();
    assert_eq!(waits, [ONE, secs(10), secs(20), secs(40), secs(80), secs(160)]);
    assert!(lives.iter().take(12).map(|(_, lives)| *lives).eq([false, true].into_iter().cycle().take(12)));
}

#[test]
fn who_is_not_ready_gets_no_calls_and_is_not_killed() {
    let faults = vec![PlannedFault::once(wrong("server[1]"), secs(21), Some(secs(20)))];
    let readiness = Restarts { readiness: probe(2, 2), ..restarts() };
    for stack in [Vec::new(), vec![Layer::Balance(round_robin())]] {
        let mut spec = three(readiness.clone(), faults.clone(), 100);
        spec.stacks[0].1.extend(stack);
        let ended = play(&spec, 1);
        clean(&ended);
        assert_eq!(lives(&ended), []);
        // The probes of 22 s and 24 s fail, that of 42 s is the first good one.
        let there = calls_there(&ended);
        assert!(there.iter().all(|at| *at < secs(24) + ms(1) || *at > secs(42)), "{there:?}");
        assert!(there.iter().any(|at| secs(22) < *at && *at < secs(24)) && there.iter().any(|at| *at > secs(42)));
    }
}

pub fn round_robin() -> Balance {
    Balance {
        policy: RoundRobin {}.into(),
        outliers: None,
        breakers: None,
        health: None,
        panic_threshold: None,
        zone_aware: None,
        host_selection_retry_max_attempts: 0,
        slow_start: None,
        weights: Vec::new(),
        per: models::strategies::Scope::Process,
    }
}

#[test]
fn nobody_is_asked_whether_he_lives_before_he_has_started_up() {
    let startup = Restarts { startup: probe(4, 3), liveness: probe(2, 1), readiness: probe(1, 1), ..restarts() };
    let ended = play(&three(startup, vec![dies(10, None, WhileDown::Refusal)], 60), 1);
    clean_but_for_what_never_ends(&ended);
    // Back at 13 s, and at once asked for the first time: it has started up, is asked whether it lives and whether it is ready, and is.
    assert_eq!(lives(&ended), [(secs(10), false), (secs(13) + ONE, true)]);
    let asked: Vec<SimDuration> = ended
        .seen
        .iter()
        .filter(
            |(_, record)| matches!(record, Record::CallStarted(name) if name.ordinal >= models::record::FIRST_PROBE && name.client == 1),
        )
        .map(|(at, _)| at.since_start())
        .collect();
    let first_after = |from: SimDuration| asked.iter().filter(|at| **at > from).count();
    assert!(first_after(secs(13)) > 40);
    assert!(calls_there(&ended).iter().all(|at| *at < secs(10) || *at > secs(13) + ONE));
    // One that never starts up is killed by that.
    let faults = vec![dies(10, None, WhileDown::Refusal), PlannedFault::once(wrong("server[1]"), secs(11), Some(secs(40)))];
    let ended = play(&three(Restarts { startup: probe(4, 3), liveness: probe(2, 1), ..restarts() }, faults, 60), 1);
    let died: Vec<u64> = lives(&ended).iter().filter(|(_, lives)| !lives).map(|(at, _)| at.as_nanos() / 1_000_000_000).collect();
    // It runs from 13 s on, and fails at 13, 17 and 21 s; after 10 s and a start it fails again at 34, 38 and 42 s.
    assert_eq!(died, [10, 21, 42]);
}

/// A crash without an end stays on the ledger; nothing else does.
fn clean_but_for_what_never_ends(ended: &Ended) {
    drained(ended);
    let node = ended.plan.nodes.iter().position(|node| node.name == "server[1]").expect("it is there");
    assert!(ended.environment.node(models::ids::NodeId(node as u32)).up);
}

#[test]
fn callers_that_know_of_nobody_are_refused_at_once() {
    let all = vec![crash("server", secs(10), None, WhileDown::Refusal)];
    for stack in [Vec::new(), vec![Layer::Balance(round_robin())]] {
        let mut spec = three(restarts(), all.clone(), 60);
        spec.stacks[0].1.extend(stack);
        let ended = play(&spec, 1);
        drained(&ended);
        let failures = ended.measures.failed.iter().sum::<u64>();
        let refused = ended.measures.failed[models::outcome::Failure::Refused.index()];
        assert_eq!(failures, refused);
        assert!((30..90).contains(&refused), "three seconds of twenty calls: {refused}");
    }
}

#[test]
fn callers_with_an_old_list_go_on_calling_the_dead() {
    let spec = |refresh: Option<u64>| {
        let mut spec = three(restarts(), vec![dies(50, None, WhileDown::Silence)], 200);
        spec.services[0].1.discovery = refresh.map(|refresh| Discovery { refresh: secs(refresh) });
        spec
    };
    let last = |ended: &Ended| calls_there(ended).into_iter().rfind(|at| *at > secs(50)).expect("it is called after its death");
    let (fresh, stale) = (play(&spec(None), 1), play(&spec(Some(60)), 1));
    drained(&stale);
    // It is taken for lost at 90 s.
    assert!(last(&fresh) < secs(90), "{}", last(&fresh));
    assert!(secs(100) < last(&stale) && last(&stale) < secs(150), "{}", last(&stale));
}

#[test]
fn a_deep_health_endpoint_answers_for_the_life_of_its_own_process_alone_unless_it_is_told_otherwise() {
    let spec = |liveness: bool| {
        let mut spec = three(Restarts { liveness: probe(2, 2), readiness: probe(2, 2), ..restarts() }, Vec::new(), 60);
        let front = &mut spec.services[0].1;
        front.does = vec![Task::Call("back".to_owned())];
        front.health = HealthEndpoint::Deep(Deep { liveness, ..Deep::default() });
        spec.services.push(("back".to_owned(), service(Distribution::Constant(ms(1)))));
        spec.stacks.push(("server -> back".to_owned(), vec![timeout(ms(100))]));
        spec.faults = vec![crash("back", secs(21), Some(secs(20)), WhileDown::Silence)];
        spec
    };
    let (own, deep) = (play(&spec(false), 1), play(&spec(true), 1));
    clean(&own);
    clean(&deep);
    assert_eq!(observed(&own, "replicas killed"), 0);
    assert!(calls_there(&own).iter().all(|at| *at < secs(25) || *at > secs(42)), "none of them is ready");
    // All three are killed together, and again after the first restart.
    assert!(observed(&deep, "replicas killed") >= 6);
}

#[test]
fn whatever_happens_to_replicas_that_are_looked_after_everything_adds_up() {
    for seed in 1..=6 {
        let everything = Restarts { liveness: probe(2, 2), readiness: probe(1, 1), startup: probe(1, 5), ..restarts() };
        let faults = vec![
            crash("server", secs(10), Some(secs(5)), WhileDown::Silence),
            pause("server[0]", 25_000, 10_000),
            dies(30, Some(1), WhileDown::Refusal),
            dies(32, None, WhileDown::Silence),
            cut("app", "server", false, secs(40), Some(secs(3))),
            crash("server[2]", secs(45), Some(secs(100)), WhileDown::Silence),
        ];
        let mut spec = three(everything, faults, 120);
        spec.services[0].1.late_work = LateWork::Cancel;
        spec.services[0].1.workers = 1;
        spec.services[0].1.demand = exponential(ms(120));
        spec.services[0].1.queue = Queue::Fifo(Fifo { limit: Some(20), ..Fifo::default() });
        spec.links[0].duplicate = Share::percent(10);
        let (one, two) = (play(&spec, seed), play(&spec, seed));
        drained(&one);
        assert_eq!(one.digest, two.digest);
    }
}
