//! Load balancers that are machines: what they pass on, what they say themselves, what each knows, and what is left when one dies.

use crate::faults::{ended_as, one_call};
use crate::orchestrator::{clean, observed, round_robin};
use crate::*;
use models::faults::Errors;
use models::outcome::{Failure, Outcome};
use models::services::data::{Data, Optimistic, VersionRead, Writes};
use models::services::{LoadBalancer, Task, Try, Worth};
use models::strategies::backoff::Constant;
use models::strategies::cache::{Cache, IdempotencyKeys};
use models::strategies::ejection::AnyEjector;
use models::strategies::health::KubernetesProbe;
use models::strategies::{Balance, Retry, Scope};
use models::workloads::Keys;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// One client calls `lb`, which passes on to `server`; 10 ms from one to the next, and a millisecond of work at the middlebox.
fn behind(balancer: LoadBalancer, stacks: [Vec<Layer>; 2], faults: Vec<PlannedFault>) -> SystemSpec {
    let [outer, inner] = stacks;
    let mut spec = one_call(Vec::new(), faults);
    spec.clients[0].1.calls = "lb".to_owned();
    let balancer = LoadBalancer { demand: Distribution::Constant(ms(1)), domain: Placement(vec!["edge".to_owned()]), ..balancer };
    spec.services.push(("lb".to_owned(), balancer.service()));
    spec.links = vec![link("app", "edge", Distribution::Constant(ms(10))), link("edge", "server", Distribution::Constant(ms(10)))];
    spec.stacks = vec![("app -> lb".to_owned(), outer), ("lb -> server".to_owned(), inner)];
    spec
}

fn errors(answer: Failure, retry_after: Option<SimDuration>, lasts: SimDuration) -> PlannedFault {
    let errors = Errors {
        node: Names::one("server"),
        domain: Names::default(),
        share: Share::ALL,
        after_work: false,
        caller: Names::default(),
        answer,
        retry_after,
    };
    PlannedFault::once(AnyFault::Errors(errors), SimDuration::NANOSECOND, Some(lasts))
}

fn ends(spec: &SystemSpec) -> (SimDuration, Outcome) {
    let ended = play(spec, 1);
    clean(&ended);
    *ended_as(&ended).last().expect("the client's call ends last")
}

#[test]
fn a_request_takes_the_extra_hop_there_and_back_and_the_work_of_the_middlebox() {
    assert_eq!(ends(&behind(LoadBalancer::new("server"), [vec![], vec![]], vec![])), (ms(10 + 1 + 10 + 100 + 10 + 10), Outcome::Success));
}

#[test]
fn what_the_fleet_answers_is_what_the_client_hears() {
    let failures = [Failure::Overload, Failure::Throttled, Failure::ClientError, Failure::ServerError];
    for failure in failures {
        let spec = behind(LoadBalancer::new("server"), [vec![], vec![]], vec![errors(failure, None, secs(5))]);
        assert_eq!(ends(&spec), (ms(41), Outcome::Failed(failure)));
        // A service that calls and does not pass on has an answer of its own.
        let mut calls = spec.clone();
        calls.services[1].1.does = vec![Task::Call("server".to_owned())];
        assert_eq!(ends(&calls), (ms(41), Outcome::Failed(Failure::Dependency)));
    }
}

#[test]
fn where_no_answer_came_the_middlebox_says_that_nobody_is_there_or_that_nothing_came_of_it() {
    let dead = |while_down| vec![crash("server", SimDuration::NANOSECOND, Some(secs(5)), while_down)];
    let refused = behind(LoadBalancer::new("server"), [vec![], vec![timeout(ms(50))]], dead(WhileDown::Refusal));
    assert_eq!(ends(&refused).1, Outcome::Failed(Failure::Overload));
    let silent = behind(LoadBalancer::new("server"), [vec![], vec![timeout(ms(50))]], dead(WhileDown::Silence));
    assert_eq!(ends(&silent), (ms(10 + 1 + 50 + 10), Outcome::Failed(Failure::Dependency)));
}

#[test]
fn when_to_come_again_is_passed_on_and_so_are_retries_of_the_middlebox_its_own() {
    let obedient = |attempts| Retry { obey_retry_after: true, ..Retry::new(Attempts::AtMost(attempts), Constant { delay: ms(1) }.into()) };
    let hint = || vec![errors(Failure::Overload, Some(ms(500)), ms(300))];
    // Asked at 10 + 1 + 10, refused, back at 41: the client comes again 500 ms later.
    let spec = behind(LoadBalancer::new("server"), [vec![Layer::Retry(obedient(2))], vec![]], hint());
    assert_eq!(ends(&spec), (ms(41 + 500 + 141), Outcome::Success));
    // The middlebox hears it after 31, and comes again itself; the client knows nothing of it.
    let spec = behind(LoadBalancer::new("server"), [vec![], vec![Layer::Retry(obedient(2))]], hint());
    let ended = play(&spec, 1);
    assert_eq!(ended_as(&ended).last(), Some(&(ms(31 + 500 + 120 + 10), Outcome::Success)));
    assert_eq!(ended.measures.edges.iter().map(|edge| edge.attempts).collect::<Vec<_>>(), [1, 2]);
    // What somebody made up for has no hint of what failed before.
    let mut spec = behind(LoadBalancer::new("server"), [vec![Layer::Retry(obedient(2))], vec![]], hint());
    let attempt = |otherwise| Task::Try(Try { does: vec![Task::Forward("server".to_owned())], otherwise, answer: Worth::Full });
    spec.services[1].1.does = vec![attempt(vec![Task::Call("gone".to_owned())])];
    spec.services
        .push(("gone".to_owned(), Service { domain: Placement(vec!["edge".to_owned()]), ..service(Distribution::Constant(ms(1))) }));
    spec.faults.push(crash("gone", SimDuration::NANOSECOND, Some(ms(200)), WhileDown::Refusal));
    let ended = play(&spec, 1);
    let second = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Sent(name, _) if name.call.edge.0 == 0)).nth(1).unwrap().0;
    assert!(second.since_start() < ms(50), "it waits for its backoff alone: {}", second.since_start());
}

#[test]
fn a_key_goes_with_the_request_so_that_a_retry_of_the_client_is_executed_once() {
    let again = |keys: Option<IdempotencyKeys>| {
        let backoff = Constant { delay: ms(200) };
        let mut spec = behind(LoadBalancer::new("server"), [vec![retry(3, backoff.into()), timeout(ms(50))], vec![]], vec![]);
        // The middlebox finishes what its client has given up.
        spec.services[1].1.late_work = LateWork::Finish;
        (spec.services[0].1.idempotency, spec.services[0].1.counts_executions) = (keys, true);
        let ended = play(&spec, 1);
        clean(&ended);
        ["server: requests executed", "server: requests executed again", "requests replayed"].map(|name| observed(&ended, name))
    };
    assert_eq!(again(None), [3, 2, 0]);
    // The second attempt is answered in time, for it needs no work.
    assert_eq!(again(Some(IdempotencyKeys::default())), [1, 0, 1]);
    // Two middleboxes in a row pass on the same key.
    let mut spec =
        behind(LoadBalancer::new("second"), [vec![retry(3, Constant { delay: ms(300) }.into()), timeout(ms(50))], vec![]], vec![]);
    spec.stacks[1].0 = "lb -> second".to_owned();
    let second = LoadBalancer { domain: Placement(vec!["edge".to_owned()]), late_work: LateWork::Finish, ..LoadBalancer::new("server") };
    spec.services[1].1.late_work = LateWork::Finish;
    spec.services.push(("second".to_owned(), second.service()));
    spec.services[0].1.idempotency = Some(IdempotencyKeys::default());
    let ended = play(&spec, 1);
    clean(&ended);
    assert_eq!((observed(&ended, "requests replayed"), ended.measures.succeeded), (1, 1));
}

#[test]
fn what_a_client_gives_up_is_given_up_behind_the_middlebox() {
    let mut spec = behind(LoadBalancer::new("server"), [vec![timeout(ms(50))], vec![]], vec![]);
    spec.services[0].1.late_work = LateWork::Cancel;
    let ended = play(&spec, 1);
    clean(&ended);
    let discarded = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Discarded(..))).count();
    assert_eq!(discarded, 2, "at the middlebox, and at the server");
}

/// Two middleboxes with health checks and outlier detection in front of four servers, 200 calls a second, a retry of theirs.
fn fleet(faults: Vec<PlannedFault>) -> SystemSpec {
    let health = KubernetesProbe { period: secs(1), timeout: ms(500), failure_threshold: 2, ..KubernetesProbe::default() };
    let ejector = models::strategies::ejection::Envoy {
        consecutive_5xx: 5,
        max_ejection_percent: 50,
        ..models::strategies::ejection::Envoy::default()
    };
    let balance = Balance {
        health: Some(Box::new(health.into())),
        outliers: Some(AnyEjector::from(ejector)),
        host_selection_retry_max_attempts: 5,
        ..round_robin()
    };
    let inner = vec![retry(2, Constant { delay: ms(1) }.into()), Layer::Balance(balance), timeout(ms(300))];
    let mut spec = behind(LoadBalancer { replicas: 2, ..LoadBalancer::new("server") }, [vec![timeout(secs(1))], inner], faults);
    spec.clients[0].1 = clients(50, "lb", poisson(200));
    spec.services[0].1 = Service { replicas: 4, workers: 16, ..service(exponential(ms(5))) };
    spec.clockwork.horizon = secs(30);
    spec
}

#[test]
fn each_of_several_middleboxes_asks_for_itself_and_leaves_out_whom_it_has_found_unwell() {
    let ended = play(&fleet(vec![]), 1);
    clean(&ended);
    // The last probe begins before the end: 2 of them, 4 servers, 30 s.
    assert_eq!(observed(&ended, "health checks"), 2 * 4 * 30);
    let ended = play(&fleet(vec![crash("server[1]", secs(10), Some(secs(10)), WhileDown::Silence)]), 1);
    clean(&ended);
    assert_eq!(observed(&ended, "replicas ejected"), 2);
    let late = ended.seen.iter().filter(|(at, record)| {
        let is_call = |name: &models::record::AttemptName| name.call.ordinal < models::record::FIRST_PROBE;
        let to = |node: &models::ids::NodeId| ended.plan.nodes[node.index()].name == "server[1]";
        matches!(record, Record::Sent(name, node) if is_call(name) && to(node)) && (secs(13)..secs(19)).contains(&at.since_start())
    });
    assert_eq!(late.count(), 0, "both have left it out");
    assert_eq!(ended.measures.failed.iter().sum::<u64>(), 0, "a retry saves what was sent there before");
}

#[test]
fn a_middlebox_that_dies_takes_what_it_was_passing_on_with_it_and_leaves_nothing() {
    for while_down in [WhileDown::Silence, WhileDown::Refusal] {
        for late_work in [LateWork::Cancel, LateWork::Finish] {
            let mut spec =
                fleet(vec![crash("lb[0]", secs(10), Some(secs(5)), while_down), crash("server[2]", secs(12), Some(secs(5)), while_down)]);
            spec.services[1].1.late_work = late_work;
            spec.services[0].1.idempotency = Some(IdempotencyKeys::default());
            let ended = play(&spec, 3);
            clean(&ended);
            ledger::Ledger::of(&ended.plan, &ended.seen);
            spec.links[1].duplicate = Share::percent(10);
            clean(&play(&spec, 3));
            let lost = ended.measures.failed.iter().sum::<u64>();
            assert!((350..650).contains(&lost), "half of five seconds: {lost}");
        }
    }
}

#[test]
fn a_middlebox_with_few_workers_is_the_bottleneck() {
    // A thousand calls a second, each a millisecond of one of two workers, that wait for nobody while the fleet answers.
    let mut spec = fleet(vec![]);
    spec.clients[0].1 = clients(50, "lb", poisson(1_000));
    spec.services[1].1.replicas = 1;
    spec.services[1].1.workers = 2;
    let ended = play(&spec, 1);
    assert_eq!(ended.measures.failed.iter().sum::<u64>(), 0, "50 % of two workers");
    spec.services[1].1.demand = Distribution::Constant(ms(3));
    let ended = play(&spec, 1);
    assert!(ended.measures.failed[Failure::Timeout.index()] > 5_000, "150 % of them: {:?}", ended.measures.failed);
}

#[test]
fn a_replayed_answer_is_worth_what_the_first_one_was() {
    // The server answers though what it asks is dead, and its first answer comes too late for the client.
    let mut spec =
        behind(LoadBalancer::new("server"), [vec![retry(2, Constant { delay: ms(100) }.into()), timeout(ms(100))], vec![]], vec![]);
    spec.services[1].1.late_work = LateWork::Finish;
    let dead = Task::Try(Try { does: vec![Task::Call("tips".to_owned())], otherwise: Vec::new(), answer: Worth::Degraded });
    let server = &mut spec.services[0].1;
    (server.idempotency, server.does) = (Some(IdempotencyKeys::default()), vec![dead]);
    spec.services
        .push(("tips".to_owned(), Service { domain: Placement(vec!["server".to_owned()]), ..service(Distribution::Constant(ms(1))) }));
    spec.faults = vec![crash("tips", SimDuration::NANOSECOND, Some(secs(1)), WhileDown::Refusal)];
    let ended = play(&spec, 1);
    clean(&ended);
    assert_eq!((observed(&ended, "requests replayed"), ended.measures.succeeded, ended.measures.degraded), (1, 1, 1));
}

#[test]
fn a_cache_in_front_of_a_middlebox_knows_what_writes_behind_it() {
    let cache = || {
        Layer::Cache(Cache {
            lifetime: secs(60),
            stale_while_revalidate: SimDuration::ZERO,
            stale_if_error: SimDuration::ZERO,
            hit_ratio: None,
            max_objects: 100,
            per: Scope::Process,
        })
    };
    let hits = |data: Option<Data>| {
        let mut spec = behind(LoadBalancer::new("server"), [vec![cache()], vec![]], vec![]);
        spec.clients[0].1 = Clients { keys: Some(Keys { count: 1, skew: 0.0 }), ..clients(5, "lb", poisson(20)) };
        (spec.services[0].1.data, spec.services[0].1.workers) = (data, 100);
        spec.clockwork.horizon = secs(20);
        let ended = play(&spec, 1);
        clean(&ended);
        observed(&ended, "cache hits")
    };
    let optimistic = Optimistic { reads: VersionRead::AtStart };
    assert!(hits(None) > 300);
    assert_eq!(hits(Some(Data { writes: Writes::Share(Share::ALL), replication: None, optimistic: Some(optimistic), publishes: None })), 0);
}
