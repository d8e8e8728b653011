//! Sagas: which calls are made, in which order, under which keys, and what becomes of them when a coordinator or a participant dies.

use crate::conservation::config;
use crate::*;
use models::environment::DiskLoss;
use models::faults::Errors;
use models::outcome::{Failure, Outcome};
use models::properties::{AllOrNothing, AnyProperty, AtMostOnce, Stated, Verdict};
use models::services::{DurableLog, Resumes, Saga, SagaLog, SagaStep, Task};
use models::strategies::backoff::{Constant, Exponential, Immediate};
use models::strategies::cache::IdempotencyKeys;
use proptest::prelude::*;
use sim_core::draw::Key;

const STEPS: [(&str, &str); 3] = [("one", "undo-one"), ("two", "undo-two"), ("three", "undo-three")];

fn saga() -> Saga {
    let step = |(call, undo): (&str, &str)| SagaStep { call: call.to_owned(), undo: Some(undo.to_owned()), amount: 0 };
    let mut saga = Saga::new(STEPS.map(step).into());
    saga.undo_backoff = AnyBackoff::Constant(Constant { delay: ms(50) });
    saga
}

fn durable(resumes: Resumes) -> Saga {
    let log = SagaLog::Durable(DurableLog { write: Distribution::Constant(ms(2)) });
    Saga { log, resumes, ..saga() }
}

/// One client calls `server`, which coordinates a saga over three participants; every message takes 1 ms, every step 10 ms.
fn system(saga: Saga, faults: Vec<PlannedFault>) -> SystemSpec {
    let at = |place: &str, millis| Service { domain: Placement(vec![place.to_owned()]), ..service(Distribution::Constant(ms(millis))) };
    let server = Service { does: vec![Task::Saga(saga)], ..at("server", 0) };
    let participants = STEPS.iter().flat_map(|&(call, undo)| [call, undo]);
    let services = [("server".to_owned(), server)].into_iter().chain(participants.clone().map(|name| (name.to_owned(), at("back", 10))));
    let tries = |name: &str| (format!("server -> {name}"), vec![timeout(ms(40))]);
    SystemSpec {
        clients: vec![("app".to_owned(), clients(1, "server", once()))],
        services: services.collect(),
        links: vec![link("app", "server", Distribution::Constant(ms(1))), link("server", "back", Distribution::Constant(ms(1)))],
        stacks: participants.map(tries).chain([("app -> server".to_owned(), vec![timeout(ms(3_000))])]).collect(),
        faults,
        properties: vec![Stated::Any(AnyProperty::AllOrNothing(AllOrNothing {})), Stated::Any(AnyProperty::AtMostOnce(AtMostOnce {}))],
        ..SystemSpec::default()
    }
}

fn failing(node: &str, lasts: Option<SimDuration>) -> PlannedFault {
    let (caller, domain) = (Names::default(), Names::default());
    let fault = Errors {
        node: Names::one(node),
        domain,
        share: Share::ALL,
        after_work: false,
        caller,
        answer: Failure::ServerError,
        retry_after: None,
    };
    PlannedFault::once(AnyFault::Errors(fault), SimDuration::NANOSECOND, lasts)
}

/// The calls that the coordinator makes, in their order, with their keys.
fn calls(ended: &Ended) -> Vec<(String, Key)> {
    let call = |(_, record): &(SimTime, Record)| match record {
        Record::CallStarted(name) => {
            let edge = ended.plan.edges[name.edge.index()].name.as_str();
            edge.strip_prefix("server -> ").map(|callee| (callee.to_owned(), name.key))
        }
        _ => None,
    };
    ended.seen.iter().filter_map(call).collect()
}

fn called(ended: &Ended) -> String {
    calls(ended).into_iter().map(|(callee, _)| callee).collect::<Vec<_>>().join(" ")
}

fn counted(ended: &Ended, name: &str) -> i64 {
    let found = ended.measures.observations.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("{name} is not counted")).value
}

/// Begun, completed, compensated, left half-way; inconsistent.
fn ends(ended: &Ended) -> [i64; 5] {
    let states =
        ["begun", "completed", "compensated", "left half-way", "inconsistent"].map(|state| counted(ended, &format!("sagas {state}")));
    assert_eq!(states[0], states[1] + states[2] + states[3], "every saga ends in exactly one state");
    assert_eq!((ended.in_use, ended.sagas), ((0, 0), 0), "something is left behind");
    let violations = [0, 1].map(|index| match &ended.measures.findings[index] {
        finding if finding.verdict == Verdict::Violated => finding.count as i64,
        _ => 0,
    });
    let again = counted(ended, "saga steps executed again") + counted(ended, "compensations executed again");
    assert_eq!(violations, [states[4], again], "what is stated is what the books say");
    states
}

fn answer(ended: &Ended) -> Option<Outcome> {
    ended.seen.iter().rev().find_map(|(_, record)| match record {
        Record::CallEnded(name, outcome) if name.edge.0 == 0 => Some(*outcome),
        _ => None,
    })
}

#[test]
fn the_steps_before_the_one_that_fails_are_compensated_in_reverse_order_and_that_one_is_not() {
    // D13.V1: 1 and 2 are done, 3 fails: C2, C1.
    let ended = play(&system(saga(), vec![failing("three", None)]), 1);
    assert_eq!(called(&ended), "one two three undo-two undo-one");
    assert_eq!(ends(&ended), [1, 0, 1, 0, 0]);
    assert_eq!(answer(&ended), Some(Outcome::Failed(Failure::Dependency)));
    let first = play(&system(saga(), vec![failing("one", None)]), 1);
    assert_eq!((called(&first).as_str(), ends(&first)), ("one", [1, 0, 1, 0, 0]));
    let fine = play(&system(saga(), Vec::new()), 1);
    assert_eq!((called(&fine).as_str(), ends(&fine)), ("one two three", [1, 1, 0, 0, 0]));
    assert_eq!(answer(&fine), Some(Outcome::Success));
}

#[test]
fn a_step_fails_when_its_retries_are_spent_and_is_not_compensated_if_all_of_them_were_refused() {
    let mut spec = system(saga(), vec![failing("three", None)]);
    let immediate = || AnyBackoff::Immediate(Immediate {});
    spec.stacks.iter_mut().filter(|(edge, _)| edge.starts_with("server")).for_each(|(_, stack)| stack.insert(0, retry(3, immediate())));
    let ended = play(&spec, 1);
    assert_eq!(called(&ended), "one two three undo-two undo-one");
    let edge = ended.plan.edges.iter().position(|edge| edge.name == "server -> three").expect("it is called");
    assert_eq!(ended.measures.edges[edge].attempts, 3);
}

#[test]
fn a_step_that_nobody_answers_is_compensated_if_it_is_meant_to_be() {
    // Three works for 10 ms and cannot answer: its answers are cut off, so that it is executed.
    let mute = || vec![cut("three", "server", true, SimDuration::NANOSECOND, None)];
    let undone = play(&system(saga(), mute()), 1);
    assert_eq!(called(&undone), "one two three undo-three undo-two undo-one");
    assert_eq!(ends(&undone), [1, 0, 1, 0, 0]);
    let left = play(&system(Saga { undo_unknown: false, ..saga() }, mute()), 1);
    assert_eq!(called(&left), "one two three undo-two undo-one");
    assert_eq!(ends(&left), [1, 0, 1, 0, 1], "the coordinator believes that all is well");
    // It never heard of the step: what was not executed is taken back, unless it looks first.
    let deaf = || vec![crash("three", SimDuration::NANOSECOND, Some(ms(1_000)), WhileDown::Silence)];
    let blind = play(&system(saga(), deaf()), 1);
    assert_eq!((ends(&blind), counted(&blind, "compensations executed without their step")), ([1, 0, 1, 0, 1], 1));
    let looks = play(&system(Saga { undo_checks: true, ..saga() }, deaf()), 1);
    assert_eq!((ends(&looks), counted(&looks, "compensations executed without their step")), ([1, 0, 1, 0, 0], 0));
    assert_eq!(called(&looks), called(&blind), "what a participant finds is no matter of the coordinator's");
}

#[test]
fn compensations_are_tried_until_they_succeed_or_so_often_as_is_said() {
    let faults = || vec![failing("three", None), failing("undo-two", Some(ms(130)))];
    let patient = play(&system(saga(), faults()), 1);
    assert_eq!(called(&patient), "one two three undo-two undo-two undo-two undo-one");
    assert_eq!(ends(&patient), [1, 0, 1, 0, 0]);
    let twice = play(&system(Saga { undo_attempts: Attempts::AtMost(2), ..saga() }, faults()), 1);
    assert_eq!(called(&twice), "one two three undo-two undo-two undo-one", "what can be taken back is taken back");
    assert_eq!(ends(&twice), [1, 0, 0, 1, 1]);
}

#[test]
fn a_coordinator_that_dies_takes_up_what_its_log_knows_and_nothing_else() {
    // The first record is safe after 3 ms; step one is answered at 15, written at 17; two at 29 and 31; three is under way at 35.
    let dies = |at| vec![crash("server", ms(at), Some(ms(500)), WhileDown::Silence)];
    let forgets = play(&system(saga(), dies(20)), 1);
    assert_eq!((called(&forgets).as_str(), ends(&forgets)), ("one two", [1, 0, 0, 1, 1]));
    let forward = play(&system(durable(Resumes::Forward), dies(35)), 1);
    assert_eq!((called(&forward).as_str(), ends(&forward)), ("one two three three", [1, 1, 0, 0, 1]));
    assert_eq!(counted(&forward, "saga steps executed again"), 1, "without keys the step is executed twice");
    let keys: Vec<Key> = calls(&forward).iter().map(|call| call.1).collect();
    assert_eq!(keys[2], keys[3], "a step has one key in every life");
    let backward = play(&system(durable(Resumes::Backward), dies(35)), 1);
    assert_eq!((called(&backward).as_str(), ends(&backward)), ("one two three undo-three undo-two undo-one", [1, 0, 1, 0, 0]));
    assert_eq!(answer(&backward), Some(Outcome::Failed(Failure::Timeout)), "nobody was left to be answered");
    // While step one is written down: the log knows only that the saga was begun.
    let early = play(&system(durable(Resumes::Forward), dies(16)), 1);
    assert_eq!((called(&early).as_str(), ends(&early)[1]), ("one one two three", 1));
    // Before the first record is safe nothing has been begun.
    let unborn = play(&system(durable(Resumes::Forward), dies(2)), 1);
    assert_eq!((called(&unborn).as_str(), ends(&unborn)), ("", [0; 5]));
    // The log is gone with the disk.
    let mut faults = dies(24);
    if let AnyFault::Crash(crash) = &mut faults[0].fault {
        crash.disk = DiskLoss::AllLost;
    }
    assert_eq!(ends(&play(&system(durable(Resumes::Forward), faults), 1)), [1, 0, 0, 1, 1]);
}

#[test]
fn a_saga_keeps_the_key_of_the_request_that_began_it() {
    let mut spec = system(durable(Resumes::Forward), vec![crash("server", ms(35), Some(ms(500)), WhileDown::Silence)]);
    spec.services.iter_mut().for_each(|(_, service)| service.idempotency = Some(IdempotencyKeys::default()));
    spec.stacks.last_mut().expect("it is the client's").1 =
        vec![retry(20, AnyBackoff::Constant(Constant { delay: ms(10) })), timeout(ms(510))];
    // The customer asks again at 520 ms, when the node is down, and when the saga goes on, and is told in the end how it ended.
    let ended = play(&spec, 1);
    assert_eq!((called(&ended).as_str(), ends(&ended)), ("one two three three", [1, 1, 0, 0, 0]));
    assert_eq!(answer(&ended), Some(Outcome::Success));
    spec.services[0].1.idempotency = None;
    assert_eq!(ends(&play(&spec, 1)), [2, 2, 0, 0, 0], "without a key the customer has ordered twice");
    // Given up by a word from the caller, the saga goes on, and what it comes to is what the next try is told.
    let mut spec = system(saga(), Vec::new());
    (spec.services[0].1.idempotency, spec.services[0].1.late_work) = (Some(IdempotencyKeys::default()), LateWork::Cancel);
    spec.stacks.last_mut().expect("it is the client's").1 =
        vec![retry(20, AnyBackoff::Constant(Constant { delay: ms(10) })), timeout(ms(15))];
    let ended = play(&spec, 1);
    assert_eq!((called(&ended).as_str(), ends(&ended)), ("one two three", [1, 1, 0, 0, 0]));
    assert_eq!(answer(&ended), Some(Outcome::Success));
}

#[test]
fn a_fault_may_wait_for_what_a_coordinator_announces() {
    use models::faults::{Timing, Trigger};
    let mut spec = system(saga(), vec![crash("server", ms(1), Some(ms(100)), WhileDown::Silence)]);
    let when = Some(Trigger::Announced { event: "SagaBegun".to_owned() });
    spec.faults[0].timing = Timing { when, after: Some(ms(20)), lasts: Some(ms(100)), ..Timing::default() };
    assert_eq!(ends(&play(&spec, 1)), [1, 0, 0, 1, 1]);
    spec.faults[0].timing.when = Some(Trigger::Announced { event: "ReplayBegun".to_owned() });
    assert!(Plan::new(&spec).is_err(), "nobody here rebuilds a state");
}

#[test]
fn keys_make_the_second_execution_of_a_step_none() {
    let mut spec = system(durable(Resumes::Forward), vec![crash("server", ms(35), Some(ms(500)), WhileDown::Silence)]);
    spec.services.iter_mut().skip(1).for_each(|(_, service)| service.idempotency = Some(IdempotencyKeys::default()));
    let ended = play(&spec, 1);
    assert_eq!((called(&ended).as_str(), ends(&ended)), ("one two three three", [1, 1, 0, 0, 0]));
    assert_eq!((counted(&ended, "saga steps executed again"), counted(&ended, "requests replayed")), (0, 1));
    // A key that was forgotten while the coordinator was down is no key.
    spec.services
        .iter_mut()
        .skip(1)
        .for_each(|(_, service)| service.idempotency = Some(IdempotencyKeys { ttl: ms(400), ..IdempotencyKeys::default() }));
    assert_eq!(counted(&play(&spec, 1), "saga steps executed again"), 1);
}

fn some_saga() -> impl Strategy<Value = Saga> {
    let log =
        prop_oneof![Just(SagaLog::Memory), (1_u64..5).prop_map(|millis| SagaLog::Durable(DurableLog { write: exponential(ms(millis)) }))];
    let resumes = prop_oneof![Just(Resumes::Forward), Just(Resumes::Backward)];
    let attempts = prop_oneof![2 => Just(Attempts::Unlimited), 1 => (1_u32..4).prop_map(Attempts::AtMost)];
    (log, resumes, any::<bool>(), any::<bool>(), attempts, any::<bool>()).prop_map(
        |(log, resumes, unknown, checks, undo_attempts, pivot)| {
            let mut saga = Saga { log, resumes, undo_unknown: unknown, undo_checks: checks, undo_attempts, ..saga() };
            // Those that all fail together must not come together for ever.
            saga.undo_backoff = AnyBackoff::Exponential(Exponential { base: ms(50), cap: ms(10_000), multiplier: 2.0 });
            if pivot {
                saga.steps[2].undo = None;
            }
            saga
        },
    )
}

/// Crashes, pauses, slow and full disks, and silent participants, all over within two seconds.
fn misfortune() -> impl Strategy<Value = PlannedFault> {
    use models::faults::{DiskFull, DiskStall, Drain, Pause};
    let node = prop_oneof![4 => Just("server"), 1 => Just("one"), 1 => Just("three"), 1 => Just("undo-two"), 1 => Just("undo-three")];
    (node, 0..7_u32, 1_u64..1_000, 1_u64..500).prop_map(|(node, kind, at, lasts)| {
        let (names, domain, lasts) = (Names::one(node), Names::default(), Some(ms(lasts)));
        let fault = match kind {
            0 | 1 => return crash(node, ms(at), lasts, WhileDown::Silence),
            2 => return crash(node, ms(at), lasts, WhileDown::Refusal),
            3 => AnyFault::Pause(Pause { node: names, domain }),
            4 => AnyFault::Drain(Drain { node: names, domain }),
            5 => AnyFault::DiskStall(DiskStall { node: names, domain }),
            _ => AnyFault::DiskFull(DiskFull { node: names, domain }),
        };
        PlannedFault::once(fault, ms(at), lasts)
    })
}

pub fn random_system() -> impl Strategy<Value = SystemSpec> {
    let late_work = prop_oneof![Just(LateWork::Finish), Just(LateWork::Cancel), Just(LateWork::SkipQueued)];
    let faults = proptest::collection::vec(misfortune(), 0..6);
    let callers = (10_u64..60, 1_u32..4, 4_u32..8, any::<bool>());
    (some_saga(), faults, callers, late_work, 0_u64..15, any::<bool>()).prop_map(|(saga, faults, callers, late_work, loss, keys)| {
        let (rate, replicas, workers, held) = callers;
        let is_pivot = saga.steps[2].undo.is_none();
        let mut spec = system(saga, faults);
        spec.stacks.retain(|(edge, _)| !is_pivot || edge != "server -> undo-three");
        spec.clients[0].1 = clients(20, "server", poisson(rate));
        for (index, (_, service)) in spec.services.iter_mut().enumerate() {
            service.late_work = late_work;
            if index == 0 {
                (service.replicas, service.workers) = (replicas, 10 * workers);
                service.threads = if held { Threads::Held } else { Threads::Released };
            } else {
                service.demand = exponential(ms(10));
                service.workers = workers;
                service.idempotency = keys.then(IdempotencyKeys::default);
            }
        }
        spec.links.iter_mut().for_each(|link| link.loss = Share::percent(loss));
        let again = |attempts| retry(attempts, AnyBackoff::Constant(Constant { delay: ms(5) }));
        spec.stacks.iter_mut().for_each(|(_, stack)| stack.insert(0, again(2)));
        spec.stacks.last_mut().expect("it is the clients'").1 = vec![again(2), timeout(ms(400))];
        spec.clockwork.horizon = SimDuration::from_secs(1);
        spec
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_saga_ends_in_exactly_one_state_and_leaves_no_record_whatever_dies(spec in random_system(), seed in 0_u64..1_000) {
        let ended = play(&spec, seed);
        ends(&ended);
        let messages = ended.measures.messages;
        prop_assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
        prop_assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
        prop_assert_eq!(play(&spec, seed).digest, ended.digest);
    }

    #[test]
    fn with_a_log_keys_and_careful_compensations_all_or_nothing_is_done_whatever_dies(spec in random_system(), seed in 0_u64..1_000) {
        let mut spec = spec;
        let Task::Saga(saga) = &mut spec.services[0].1.does[0] else { unreachable!("it coordinates") };
        *saga = Saga { steps: saga.steps.clone(), undo_backoff: saga.undo_backoff.clone(), undo_checks: true, ..durable(saga.resumes) };
        spec.services.iter_mut().skip(1).for_each(|(_, service)| service.idempotency = Some(IdempotencyKeys::default()));
        let ended = play(&spec, seed);
        let [.., halfway, inconsistent] = ends(&ended);
        prop_assert_eq!((halfway, inconsistent), (0, 0));
    }
}

#[test]
fn random_sagas_reach_every_end_and_every_accident() {
    // The laws above say something only if everything they speak of happens.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config());
    let mut seen: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for seed in 0..150 {
        let spec = random_system().new_tree(&mut runner).expect("a system is made").current();
        for one in play(&spec, seed).measures.observations {
            *seen.entry(one.name).or_default() += one.value;
        }
    }
    println!("{seen:?}");
    assert!(seen.len() == 12 && seen.values().all(|&count| count >= 5), "{seen:?}");
}
