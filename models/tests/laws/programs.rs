//! What services do for requests: calls at once, calls for nobody, what is done for some, and what may fail. Random programs for the
//! laws of all systems, and each task to the nanosecond.

use crate::*;
use models::faults::DiskFull;
use models::outcome::{Failure, Outcome};
use models::record::CallName;
use models::services::{For, Maybe, Parallel, Rest, Task, Try, Wait, Worth};
use models::workloads::Class;
use proptest::prelude::*;
use proptest::strategy::Union;

/// A program of several tasks in a row, which lie up to three deep inside of each other. Every one of these is called in it, and there is
/// work at its end.
pub fn program(callees: &'static [&'static str], work: Distribution) -> impl Strategy<Value = Vec<Task>> {
    let some = (proptest::collection::vec(task(callees, work.clone(), 2), 0..3), any::<bool>());
    some.prop_map(move |(mut tasks, is_first)| {
        for callee in callees {
            tasks.insert(if is_first { 0 } else { tasks.len() }, Task::Call((*callee).to_owned()));
        }
        tasks.push(Task::Work(work.clone()));
        tasks
    })
}

fn task(callees: &'static [&'static str], work: Distribution, depth: u32) -> BoxedStrategy<Task> {
    let name = || (0..callees.len()).prop_map(|index| callees[index].to_owned());
    let parallel =
        (proptest::collection::vec(name(), 1..4), 1_u32..3, 0_u32..5, any::<bool>()).prop_map(|(calls, times, wait, finishes)| {
            let count = calls.len() as u32 * times;
            let wait = match wait {
                0 => Wait::All,
                1 => Wait::First,
                2 => Wait::Settled,
                more => Wait::Quorum((more - 2).min(count)),
            };
            Task::Parallel(Parallel { calls, times, wait, rest: if finishes { Rest::Finish } else { Rest::Abandon } })
        });
    let plain = vec![
        name().prop_map(Task::Call).boxed(),
        name().prop_map(Task::Send).boxed(),
        parallel.boxed(),
        Just(Task::Work(work.clone())).boxed(),
        Just(Task::Write(work.clone())).boxed(),
    ];
    if depth == 0 {
        return Union::new(plain).boxed();
    }
    let inner = move |least: usize| proptest::collection::vec(task(callees, work.clone(), depth - 1), least..3);
    let both = || (inner(1), inner(0));
    let share = (1_u64..100).prop_map(Share::percent);
    let holds = vec![
        (share, both()).prop_map(|(share, (does, otherwise))| Task::Maybe(Maybe { share, does, otherwise })).boxed(),
        both().prop_map(|(does, otherwise)| Task::For(For { class: vec!["buy".to_owned()], does, otherwise })).boxed(),
        (both(), any::<bool>())
            .prop_map(|((does, otherwise), is_full)| {
                let answer = if is_full { Worth::Full } else { Worth::Degraded };
                Task::Try(Try { does, otherwise, answer })
            })
            .boxed(),
    ];
    Union::new(plain.into_iter().chain(holds)).boxed()
}

/// Clients call `front`, which does this, and may call `fast`, `slow` and `slower`: they work 10, 20 and 30 ms. Messages take 1 ms
/// between clients and `front`, and none inside.
fn fan(does: Vec<Task>) -> SystemSpec {
    let backend = |millis| Service { domain: Placement(vec!["inside".to_owned()]), ..service(Distribution::Constant(ms(millis))) };
    let front = Service { does, domain: Placement(vec!["inside".to_owned()]), ..service(Distribution::Constant(SimDuration::ZERO)) };
    SystemSpec {
        clients: vec![("app".to_owned(), clients(1, "front", once()))],
        services: vec![
            ("front".to_owned(), front),
            ("fast".to_owned(), backend(10)),
            ("slow".to_owned(), backend(20)),
            ("slower".to_owned(), backend(30)),
        ],
        links: vec![link("app", "inside", Distribution::Constant(ms(1)))],
        ..SystemSpec::default()
    }
}

fn call(name: &str) -> Task {
    Task::Call(name.to_owned())
}

fn parallel(calls: &[&str], wait: Wait, rest: Rest) -> Task {
    Task::Parallel(Parallel { calls: calls.iter().map(|&name| name.to_owned()).collect(), times: 1, wait, rest })
}

const ALL: [&str; 3] = ["slower", "fast", "slow"];

/// How the calls of clients end, and after how many whole milliseconds.
fn ends(ended: &Ended) -> Vec<(Outcome, u64)> {
    let is_client = |name: &CallName| name.edge.index() == 0;
    let began = |name: CallName| ended.seen.iter().find(|(_, record)| *record == Record::CallStarted(name)).expect("it began").0;
    let end = |(at, record): &(SimTime, Record)| match record {
        Record::CallEnded(name, outcome) if is_client(name) => Some((*outcome, (*at - began(*name)).as_nanos() / 1_000_000)),
        _ => None,
    };
    ended.seen.iter().filter_map(end).collect()
}

fn count(ended: &Ended, is: impl Fn(&Record) -> bool) -> usize {
    ended.seen.iter().filter(|(_, record)| is(record)).count()
}

/// Calls of this service end in refusal at once.
fn down(name: &str) -> PlannedFault {
    crash(name, SimDuration::NANOSECOND, None, WhileDown::Refusal)
}

fn with_faults(does: Vec<Task>, faults: Vec<PlannedFault>) -> Ended {
    let ended = play(&SystemSpec { faults, ..fan(does) }, 1);
    assert_eq!(ended.in_use, (0, 0));
    ended
}

const DEPENDENCY: Outcome = Outcome::Failed(Failure::Dependency);

#[test]
fn calls_at_once_take_as_long_as_the_last_one_that_is_waited_for() {
    for (wait, millis) in [(Wait::All, 30), (Wait::First, 10), (Wait::Quorum(1), 10), (Wait::Quorum(2), 20), (Wait::Quorum(3), 30)] {
        let ended = with_faults(vec![parallel(&ALL, wait, Rest::Abandon)], Vec::new());
        assert_eq!(ends(&ended), [(Outcome::Success, 2 + millis)], "{wait:?}");
        assert_eq!(ended.measures.edges.iter().map(|edge| edge.attempts).collect::<Vec<_>>(), [1, 1, 1, 1]);
    }
    let in_a_row = with_faults(ALL.map(call).to_vec(), Vec::new());
    assert_eq!(ends(&in_a_row), [(Outcome::Success, 62)]);
}

#[test]
fn calls_at_once_fail_as_soon_as_what_is_waited_for_cannot_be_had() {
    let ways = |wait, dead: &[&str]| {
        let ended = with_faults(vec![parallel(&ALL, wait, Rest::Abandon)], dead.iter().map(|name| down(name)).collect());
        ends(&ended)[0]
    };
    assert_eq!(ways(Wait::All, &["slow"]), (DEPENDENCY, 2));
    assert_eq!(ways(Wait::Quorum(2), &["slow"]), (Outcome::Success, 32));
    assert_eq!(ways(Wait::Quorum(2), &["slow", "fast"]), (DEPENDENCY, 2));
    assert_eq!(ways(Wait::First, &["slow", "fast"]), (Outcome::Success, 32));
    assert_eq!(ways(Wait::First, &ALL), (DEPENDENCY, 2));
    assert_eq!(ways(Wait::Settled, &ALL), (Outcome::Success, 2));
    let settled = with_faults(vec![parallel(&ALL, Wait::Settled, Rest::Abandon)], vec![down("slow")]);
    assert_eq!((ends(&settled), settled.measures.degraded), (vec![(Outcome::Success, 32)], 1));
}

#[test]
fn what_is_still_open_is_given_up_unless_it_may_finish() {
    let abandoned = |ended: &Ended| count(ended, |record| matches!(record, Record::CallAbandoned(_)));
    let finished = |ended: &Ended| count(ended, |record| matches!(record, Record::CallEnded(..)));
    let given_up = with_faults(vec![parallel(&ALL, Wait::First, Rest::Abandon)], Vec::new());
    assert_eq!((abandoned(&given_up), finished(&given_up)), (2, 2));
    assert_eq!(count(&given_up, |record| matches!(record, Record::DeliveredLate(..))), 2);
    let left_alone = with_faults(vec![parallel(&ALL, Wait::First, Rest::Finish)], Vec::new());
    assert_eq!((abandoned(&left_alone), finished(&left_alone)), (0, 4));
    assert_eq!(ends(&left_alone), [(Outcome::Success, 12)]);
    // All three count as successes of their edges then.
    let succeeded = |ended: &Ended| ended.measures.edges.iter().map(|edge| edge.succeeded).collect::<Vec<_>>();
    assert_eq!((succeeded(&given_up), succeeded(&left_alone)), (vec![1, 0, 1, 0], vec![1, 1, 1, 1]));
}

#[test]
fn one_callee_may_be_called_several_times_at_once_and_each_call_is_its_own() {
    let mut spec = fan(vec![Task::Parallel(Parallel { calls: vec!["fast".to_owned()], times: 50, wait: Wait::All, rest: Rest::Abandon })]);
    spec.services[1].1.demand = exponential(ms(10));
    let ended = play(&spec, 1);
    let mut keys: Vec<u64> = Vec::new();
    for (_, record) in &ended.seen {
        if let Record::CallStarted(name) = record {
            keys.push(name.key.bits());
        }
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 51);
    // The longest of fifty exponential times of 10 ms takes 45 ms in the mean.
    assert!((25..90).contains(&ends(&ended)[0].1), "{:?}", ends(&ended));
}

#[test]
fn a_worker_is_held_or_released_during_calls_at_once_as_during_one() {
    for (threads, millis) in [(Threads::Held, vec![32, 62]), (Threads::Released, vec![32, 32])] {
        let mut spec = fan(vec![parallel(&ALL, Wait::All, Rest::Abandon)]);
        spec.clients[0].1.count = 2;
        (spec.services[0].1.workers, spec.services[0].1.threads) = (1, threads);
        assert_eq!(ends(&play(&spec, 1)).iter().map(|end| end.1).collect::<Vec<_>>(), millis, "{threads:?}");
    }
}

#[test]
fn nobody_waits_for_what_is_only_sent_and_its_failure_touches_nobody() {
    let program = || vec![Task::Send("slower".to_owned()), call("fast")];
    let well = with_faults(program(), Vec::new());
    assert_eq!(ends(&well), [(Outcome::Success, 12)]);
    assert_eq!(well.measures.edges.iter().map(|edge| (edge.calls, edge.attempts, edge.succeeded)).collect::<Vec<_>>(), [(1, 1, 1); 3]);
    let ill = with_faults(program(), vec![down("slower")]);
    assert_eq!(ends(&ill), [(Outcome::Success, 12)]);
    assert_eq!(ill.measures.edges[1].succeeded, 0);
    // It outlives the request and its deadline.
    let mut spec = fan(program());
    spec.stacks = vec![("app -> front".to_owned(), vec![Layer::Deadline(Deadline { propagate: true, ..Deadline::new(ms(5)) })])];
    let ended = play(&spec, 1);
    assert_eq!(ends(&ended), [(Outcome::Failed(Failure::Deadline), 5)]);
    assert_eq!(ended.measures.edges.iter().map(|edge| edge.succeeded).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn what_was_only_sent_dies_with_the_process_that_sent_it() {
    let mut spec = fan(vec![Task::Send("slower".to_owned())]);
    spec.stacks =
        vec![("front -> slower".to_owned(), vec![retry(5, AnyBackoff::from(models::strategies::backoff::Constant { delay: ms(10) }))])];
    spec.faults = vec![down("slower")];
    let alive = play(&spec, 1);
    assert_eq!(alive.measures.edges[1].attempts, 5);
    spec.faults.push(crash("front", ms(15), None, WhileDown::Refusal));
    let dead = play(&spec, 1);
    assert_eq!(ends(&dead), [(Outcome::Success, 2)]);
    assert_eq!(dead.measures.edges[1].attempts, 2);
    assert_eq!(count(&dead, |record| matches!(record, Record::CallAbandoned(_))), 1);
    assert_eq!(dead.in_use, (0, 0));
}

fn attempt(does: Vec<Task>, otherwise: Vec<Task>, answer: Worth) -> Task {
    Task::Try(Try { does, otherwise, answer })
}

#[test]
fn what_fails_inside_a_try_is_made_up_for_and_the_answer_is_degraded() {
    let program = |answer| vec![attempt(vec![call("slow"), call("slower")], vec![call("fast")], answer)];
    let well = with_faults(program(Worth::Degraded), Vec::new());
    assert_eq!((ends(&well), well.measures.degraded), (vec![(Outcome::Success, 52)], 0));
    let ill = with_faults(program(Worth::Degraded), vec![down("slower")]);
    assert_eq!((ends(&ill), ill.measures.degraded), (vec![(Outcome::Success, 32)], 1));
    let as_good = with_faults(program(Worth::Full), vec![down("slower")]);
    assert_eq!((ends(&as_good), as_good.measures.degraded), (vec![(Outcome::Success, 32)], 0));
    let both = with_faults(program(Worth::Degraded), vec![down("slower"), down("fast")]);
    assert_eq!((ends(&both), both.measures.degraded), (vec![(DEPENDENCY, 22)], 0));
    // The inner one makes up for what it can; what it cannot is up to the outer one.
    let inner = attempt(vec![call("slower")], vec![call("slow")], Worth::Full);
    let nested = || vec![attempt(vec![inner.clone(), call("fast")], Vec::new(), Worth::Degraded)];
    assert_eq!(ends(&with_faults(nested(), vec![down("slower")])), [(Outcome::Success, 32)]);
    let outer = with_faults(nested(), vec![down("slower"), down("slow")]);
    assert_eq!((ends(&outer), outer.measures.degraded), (vec![(Outcome::Success, 2)], 1));
}

#[test]
fn calls_at_once_and_writes_are_made_up_for_as_well() {
    let tasks = vec![attempt(vec![parallel(&ALL, Wait::All, Rest::Abandon)], vec![call("fast")], Worth::Degraded)];
    let ended = with_faults(tasks, vec![down("slow")]);
    assert_eq!((ends(&ended), ended.measures.degraded), (vec![(Outcome::Success, 12)], 1));
    let full = || {
        PlannedFault::once(
            AnyFault::DiskFull(DiskFull { node: Names::one("front"), domain: Names::default() }),
            SimDuration::NANOSECOND,
            None,
        )
    };
    let write = || Task::Write(Distribution::Constant(ms(5)));
    let ended = with_faults(vec![attempt(vec![write()], vec![call("fast")], Worth::Degraded)], vec![full()]);
    assert_eq!((ends(&ended), ended.measures.degraded), (vec![(Outcome::Success, 12)], 1));
    let ended = with_faults(vec![write()], vec![full()]);
    assert_eq!(ends(&ended), [(Outcome::Failed(Failure::ServerError), 2)]);
}

#[test]
fn nothing_is_made_up_for_after_the_deadline() {
    let mut spec = fan(vec![attempt(vec![call("slower")], vec![call("fast")], Worth::Degraded)]);
    spec.stacks = vec![("app -> front".to_owned(), vec![Layer::Deadline(Deadline { propagate: true, ..Deadline::new(ms(15)) })])];
    let ended = play(&spec, 1);
    assert_eq!((ends(&ended), ended.measures.edges[2].attempts), (vec![(Outcome::Failed(Failure::Deadline), 15)], 0));
}

/// The system with so many calls, one every 40 ms.
fn many(does: Vec<Task>, calls: u64) -> SystemSpec {
    let mut spec = fan(does);
    spec.clients[0].1.arrivals =
        Arrivals::Constant(models::workloads::Constant { rate: Some(Rate::per_second(25)), rate_per_client: None });
    spec.clockwork.horizon = ms(40 * calls);
    spec
}

#[test]
fn a_share_of_the_requests_does_what_the_others_do_not() {
    let chosen = Maybe { share: Share::percent(30), does: vec![call("fast")], otherwise: vec![call("slow")] };
    let nested = Maybe { share: Share::percent(30), does: vec![Task::Maybe(chosen.clone())], otherwise: Vec::new() };
    let run = |does| play(&many(does, 4_000), 1).measures.edges.iter().map(|edge| edge.calls).collect::<Vec<_>>();
    let plain = run(vec![Task::Maybe(chosen)]);
    // Four standard errors of 30 % of 4000 are 116.
    assert!(plain[1].abs_diff(1_200) < 116 && plain[1] + plain[2] == plain[0], "{plain:?}");
    // The inner one has luck of its own: 9 %, and 21 %.
    let nested = run(vec![Task::Maybe(nested)]);
    assert!(nested[1].abs_diff(360) < 73 && nested[2].abs_diff(840) < 104, "{nested:?}");
}

#[test]
fn a_retry_takes_the_way_of_the_first_attempt_where_it_asks_for_the_same_work() {
    for (demand_of_retry, seen) in [(DemandOfRetry::Same, 1), (DemandOfRetry::Fresh, 2)] {
        let ways = (0..40).map(|seed| {
            let maybe = Maybe { share: Share::percent(50), does: vec![call("slow")], otherwise: vec![call("slower")] };
            let mut spec = fan(vec![Task::Maybe(maybe)]);
            spec.services[0].1.demand_of_retry = demand_of_retry;
            spec.stacks = vec![("app -> front".to_owned(), vec![retry(8, AnyBackoff::from(models::strategies::backoff::Immediate {}))])];
            spec.faults = vec![down("slow"), down("slower")];
            play(&spec, seed).measures.edges.iter().skip(1).filter(|edge| edge.calls > 0).count()
        });
        assert_eq!(ways.max(), Some(seen), "{demand_of_retry:?}");
    }
}

#[test]
fn classes_have_work_of_their_own_and_ways_of_their_own() {
    let buyers = For { class: vec!["buy".to_owned()], does: vec![call("slow")], otherwise: vec![call("fast")] };
    let mut spec = many(vec![Task::For(buyers)], 1_000);
    let class = |weight| Class { weight, priority: 0 };
    spec.clients[0].1.classes = [("browse".to_owned(), class(3)), ("buy".to_owned(), class(1))].into();
    spec.services[0].1.demand_of = [("buy".to_owned(), Distribution::Constant(ms(5)))].into();
    let ended = play(&spec, 1);
    let ends = ends(&ended);
    let buyers = ends.iter().filter(|end| end.1 == 27).count();
    assert!(buyers.abs_diff(250) < 55 && ends.iter().filter(|end| end.1 == 12).count() + buyers == ends.len(), "{buyers}");
}

#[test]
fn a_service_names_classes_that_exist() {
    let complaints = |classes: &[&str]| {
        let mut spec = fan(vec![Task::For(For { class: vec!["buy".to_owned()], does: vec![call("slow")], otherwise: Vec::new() })]);
        spec.services[0].1.demand_of = [("rent".to_owned(), Distribution::Constant(ms(5)))].into();
        spec.clients[0].1.classes = classes.iter().map(|&name| (name.to_owned(), Class { weight: 1, priority: 0 })).collect();
        let complaints = Plan::new(&spec).map_or_else(|complaints| complaints, |_| Vec::new());
        complaints.into_iter().map(|one| format!("{}: {}", one.field, one.message)).collect::<Vec<_>>()
    };
    let none = "no class of requests is called `buy`; there is no class of requests";
    assert_eq!(complaints(&[])[0], format!("nodes.front.does[0].class: {none}"));
    assert_eq!(
        complaints(&["buy", "look"]),
        ["nodes.front.demand_of.rent: no class of requests is called `rent`; there is: `buy`, `look`"]
    );
}

#[test]
fn callees_are_found_wherever_they_are_named() {
    let complaints = |does| {
        let complaints = Plan::new(&fan(does)).map_or_else(|complaints| complaints, |_| Vec::new());
        complaints.into_iter().map(|one| format!("{}: {}", one.field, one.message)).collect::<Vec<_>>()
    };
    let unknown = "no service or group is called `nobody`; there is: `front`, `fast`, `slow`, `slower`";
    let inside = attempt(vec![call("fast"), parallel(&["slow", "nobody"], Wait::All, Rest::Abandon)], Vec::new(), Worth::Full);
    assert_eq!(complaints(vec![inside]), [format!("nodes.front.does[0].does[1].calls[1]: {unknown}")]);
    let circle = "nodes.front.does: `front` calls itself: front -> front; calls must not go round in a circle";
    assert_eq!(complaints(vec![attempt(vec![call("fast")], vec![Task::Send("front".to_owned())], Worth::Full)]), [circle]);
}

#[test]
fn what_is_wrapped_keeps_its_luck_and_what_comes_after_it_too() {
    let records = |does| {
        let mut spec = many(does, 100);
        spec.services.iter_mut().skip(1).for_each(|(_, service)| service.demand = exponential(service.demand.compile().mean()));
        let ended = play(&spec, 7);
        ended.seen
    };
    let plain = records(vec![call("fast"), call("slow"), Task::Work(exponential(ms(3)))]);
    let wrapped = records(vec![
        attempt(vec![call("fast")], vec![call("slower")], Worth::Degraded),
        Task::Maybe(Maybe { share: Share::ALL, does: vec![parallel(&["slow"], Wait::All, Rest::Abandon)], otherwise: Vec::new() }),
        Task::Work(exponential(ms(3))),
    ]);
    // Edges are numbered in the order in which they are named.
    let without_edges = |records: &Records| -> Vec<(SimTime, u64)> {
        records.iter().map(|(at, record)| (*at, sim_core::observe::Record::fingerprint(record))).collect()
    };
    assert_eq!(without_edges(&plain), without_edges(&wrapped));
}
