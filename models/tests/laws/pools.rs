//! What happens to a pool of connections when somebody else holds some, to the nanosecond?

use crate::faults::{ended_as, instants, one_call};
use crate::process::{sound, two_tiers};
use crate::*;
use models::faults::PoolExhausted;
use models::ids::EdgeId;
use models::outcome::{Failure, Outcome};
use models::services::Task;
use models::strategies::bulkhead::{HystrixSemaphore, Semaphore, ThreadPool};
use models::strategies::{Bulkhead, Scope};

const ONE: SimDuration = SimDuration::NANOSECOND;

const LIMITED: Outcome = Outcome::Failed(Failure::Limited);

fn taken(edge: &str, connections: Option<u32>, begin: u64, lasts: u64) -> PlannedFault {
    let fault = PoolExhausted { edge: edge.to_owned(), connections, share: None };
    // The earliest instant of a fault is that of the first calls, and it comes before them.
    let at = ms(begin).max(ONE);
    PlannedFault::once(AnyFault::PoolExhausted(fault), at, Some(ms(begin + lasts) - at))
}

fn two_that_wait(max_wait_duration: SimDuration) -> Layer {
    Layer::Bulkhead(Bulkhead(Semaphore { max_concurrent_calls: 2, max_wait_duration, per: Scope::Process, pool: None }.into()))
}

/// Five calls begin together; each holds its connection for 120 ms.
fn five(pool: Layer, taken_by: &[(Option<u32>, u64, u64)]) -> Ended {
    let faults = taken_by.iter().map(|&(connections, begin, lasts)| taken("app -> server", connections, begin, lasts)).collect();
    let mut spec = one_call(vec![pool], faults);
    spec.clients[0].1.count = 5;
    let ended = play(&spec, 1);
    sound(&ended);
    ended
}

/// When five calls that wait for one of two connections end.
fn ends(taken_by: &[(Option<u32>, u64, u64)]) -> Vec<SimDuration> {
    let ended = five(two_that_wait(ms(10_000)), taken_by);
    assert_eq!(ended.measures.succeeded, 5);
    ended_as(&ended).into_iter().map(|(at, _)| at).collect()
}

#[test]
fn connections_are_taken_when_they_are_free_and_given_back_to_who_waits() {
    assert_eq!(ends(&[]), [ms(120), ms(120), ms(240), ms(240), ms(360)]);
    // One less from 60 to 260 ms: both are kept until 120 ms, and one is handed on; the fifth call gets the one that comes back.
    assert_eq!(ends(&[(Some(1), 60, 200)]), [ms(120), ms(120), ms(240), ms(360), ms(380) - ONE]);
    // None is left: all wait for the end.
    let wait = [ms(120), ms(120), ms(380) - ONE, ms(380) - ONE, ms(500) - ONE];
    assert_eq!(ends(&[(None, 60, 200)]), wait);
    // Two of them add up.
    assert_eq!(ends(&[(Some(1), 60, 200), (Some(1), 80, 180)]), wait);
    // More than all are all: with both on nobody has one, from 260 ms on there is one, from 300 ms on there are both.
    let staggered = [ms(120), ms(120), ms(380) - ONE, ms(420) - ONE, ms(500) - ONE];
    assert_eq!(ends(&[(None, 60, 200), (Some(1), 100, 200)]), staggered);
    // Taken before anybody has called.
    assert_eq!(ends(&[(None, 0, 60)])[..2], [ms(180) - ONE; 2]);
    // One that is over before, or comes after, is not noticed.
    assert_eq!(ends(&[(None, 121, 100)])[..4], [ms(120), ms(120), ms(240), ms(240)]);
    assert_eq!(ends(&[(None, 400, 100)]), ends(&[]));
}

#[test]
fn those_who_wait_are_let_in_in_their_order_when_the_connections_come_back() {
    let ended = five(two_that_wait(ms(10_000)), &[(None, 0, 60)]);
    let begun = ended.seen.iter().filter_map(|(_, record)| if let Record::CallStarted(name) = record { Some(name.key) } else { None });
    let sent = ended.seen.iter().filter_map(|(_, record)| if let Record::Sent(name, _) = record { Some(name.call.key) } else { None });
    assert_eq!(begun.collect::<Vec<_>>(), sent.collect::<Vec<_>>());
    let at = instants(&ended, |record| matches!(record, Record::Sent(..)));
    assert_eq!(at, [ms(60) - ONE, ms(60) - ONE, ms(180) - ONE, ms(180) - ONE, ms(300) - ONE]);
}

#[test]
fn who_finds_no_connection_waits_or_is_turned_away_as_the_bulkhead_does_it() {
    let limited =
        |ended: &Ended| ended_as(ended).into_iter().filter(|(_, outcome)| *outcome == LIMITED).map(|(at, _)| at).collect::<Vec<_>>();
    // 50 ms of waiting are over before the connections are back; then nobody waits for them any more.
    assert_eq!(limited(&five(two_that_wait(ms(50)), &[(None, 0, 60)])), [ms(50); 5]);
    let semaphore = |max| Layer::Bulkhead(Bulkhead(HystrixSemaphore { max_concurrent_requests: max, per: Scope::Process }.into()));
    assert_eq!(limited(&five(semaphore(4), &[])).len(), 1);
    assert_eq!(limited(&five(semaphore(4), &[(Some(1), 0, 60)])).len(), 2);
    assert_eq!(limited(&five(semaphore(4), &[(Some(1), 0, 60), (Some(2), 0, 70)])).len(), 4);
    assert_eq!(limited(&five(semaphore(4), &[(None, 0, 60), (Some(2), 0, 70)])).len(), 5);
}

#[test]
fn threads_that_are_taken_count_as_threads_of_the_pool() {
    let pool = || {
        let (core_thread_pool_size, max_thread_pool_size, queue_capacity) = (2, 4, 1);
        let keep_alive_duration = ms(20);
        let pool = ThreadPool {
            core_thread_pool_size,
            max_thread_pool_size,
            queue_capacity,
            keep_alive_duration,
            per: Scope::Process,
            pool: None,
        };
        Layer::Bulkhead(Bulkhead(pool.into()))
    };
    let ends = |taken_by: &[(Option<u32>, u64, u64)]| ended_as(&five(pool(), taken_by)).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    // Two run, one is queued, and that makes two more threads for the others.
    assert_eq!(ends(&[]), [ms(120), ms(120), ms(120), ms(120), ms(240)]);
    // One of the core is busy: the second is queued, then there is room for two more, and the last one finds the pool full.
    assert_eq!(ends(&[(Some(1), 0, 10_000)]), [ms(0), ms(120), ms(120), ms(120), ms(240)]);
    // With three of four taken the first is queued, and only the full queue makes the fourth thread.
    assert_eq!(ends(&[(Some(3), 0, 10_000)]), [ms(0), ms(0), ms(0), ms(120), ms(240)]);
    // With all taken only the queue is left, and the first thread that comes back works on it.
    assert_eq!(ends(&[(None, 0, 60)]), [ms(0), ms(0), ms(0), ms(0), ms(180) - ONE]);
}

#[test]
fn a_process_that_comes_back_finds_its_pool_as_short_as_it_left_it() {
    let pool = HystrixSemaphore { max_concurrent_requests: 1, per: Scope::Process };
    let faults = vec![crash("front", ms(200), Some(ms(100)), WhileDown::Refusal), taken("front -> back", None, 0, 1_000)];
    let mut spec = two_tiers(Vec::new(), faults);
    spec.stacks = vec![("front -> back".to_owned(), vec![Layer::Bulkhead(Bulkhead(pool.into()))])];
    spec.clients[0].1.arrivals = closed(Distribution::Constant(ms(100)));
    spec.clockwork.horizon = ms(2_000);
    let ended = play(&spec, 1);
    assert_eq!((ended.in_use, ended.environment.active()), ((0, 0), 0));
    let served = instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Success)));
    assert!(served.first().is_some_and(|&at| at > ms(1_000)), "nothing is served while the pool is empty: {served:?}");
    let restarted = ended.seen.iter().filter(|(_, record)| matches!(record, Record::NodeReturned(_))).count();
    let refused = ended_as(&ended).iter().filter(|(at, outcome)| *at > ms(300) && *at < ms(1_000) && !outcome.is_success()).count();
    assert!(restarted == 1 && refused > 3, "{restarted} {refused}");
}

#[test]
fn each_process_has_a_pool_of_its_own_to_lose_from() {
    // Two populations share no pool: only the edge that is named is struck.
    let mut spec = one_call(vec![two_that_wait(SimDuration::ZERO)], vec![taken("app -> server", None, 0, 500)]);
    spec.clients.push(("other".to_owned(), clients(1, "server", once())));
    spec.stacks.push(("other -> server".to_owned(), vec![two_that_wait(SimDuration::ZERO)]));
    let ended = play(&spec, 1);
    assert_eq!(ended_as(&ended), [(SimDuration::ZERO, LIMITED), (ms(120), Outcome::Success)]);
}

/// Two requests at once; each calls a callee that takes 100 ms, and then one that takes 10 ms, through pools of one connection. When
/// their callers have their answers, in whole milliseconds.
fn slow_and_quick(pool_of_slow: Option<&str>, pool_of_quick: Option<&str>, faults: Vec<PlannedFault>) -> Vec<u64> {
    let mut spec = two_tiers(vec![one_connection(pool_of_slow)], faults);
    let quick = Service { domain: Placement(vec!["back".to_owned()]), ..service(Distribution::Constant(ms(10))) };
    spec.services.push(("quick".to_owned(), quick));
    spec.services[0].1.does.push(Task::Call("quick".to_owned()));
    spec.services[0].1.domain = Placement(vec!["back".to_owned()]);
    spec.links = vec![link("app", "back", Distribution::Constant(ms(10)))];
    spec.stacks.push(("front -> quick".to_owned(), vec![one_connection(pool_of_quick)]));
    spec.clients[0].1.count = 2;
    let ended = play(&spec, 1);
    sound(&ended);
    let of_clients = |record: &Record| matches!(record, Record::CallEnded(name, Outcome::Success) if name.edge == EdgeId(0));
    instants(&ended, of_clients).into_iter().map(|at| at.as_nanos() / 1_000_000).collect()
}

fn one_connection(pool: Option<&str>) -> Layer {
    let semaphore =
        Semaphore { max_concurrent_calls: 1, max_wait_duration: ms(10_000), per: Scope::Process, pool: pool.map(str::to_owned) };
    Layer::Bulkhead(Bulkhead(semaphore.into()))
}

#[test]
fn a_slow_callee_blocks_a_quick_one_that_takes_from_the_same_pool() {
    // Apart: the first request is done with the quick callee while the second waits for the slow one.
    assert_eq!(slow_and_quick(None, None, Vec::new()), [130, 230]);
    assert_eq!(slow_and_quick(Some("a"), Some("b"), Vec::new()), [130, 230]);
    // Shared: the second request was there first for the connection that comes back at 110 ms, and keeps it until 210 ms.
    assert_eq!(slow_and_quick(Some("all"), Some("all"), Vec::new()), [230, 240]);
    // A fault that takes the connections of one edge takes those of the pool, from 110 to 310 ms.
    assert_eq!(slow_and_quick(Some("all"), Some("all"), vec![taken("front -> quick", None, 60, 250)]), [430, 440]);
    assert_eq!(slow_and_quick(None, None, vec![taken("front -> quick", None, 60, 250)]), [330, 340]);
}

#[test]
fn a_shared_pool_is_one_pool_written_twice_the_same() {
    let wrong = |first: Layer, second: Layer| -> Vec<String> {
        let mut spec = two_tiers(vec![first], Vec::new());
        spec.services.push(("quick".to_owned(), spec.services[1].1.clone()));
        spec.services[0].1.does.push(Task::Call("quick".to_owned()));
        spec.stacks.push(("front -> quick".to_owned(), vec![second]));
        Plan::new(&spec).err().into_iter().flatten().map(|complaint| format!("{}: {}", complaint.field, complaint.message)).collect()
    };
    let of = |semaphore: Semaphore| Layer::Bulkhead(Bulkhead(semaphore.into()));
    assert_eq!(wrong(one_connection(Some("all")), one_connection(Some("all"))), Vec::<String>::new());
    let more = of(Semaphore { max_concurrent_calls: 2, pool: Some("all".to_owned()), ..Semaphore::default() });
    let sentence = "stacks.\"front -> quick\"[0].pool: the pool \"all\" is written with other numbers at stacks.\"front -> back\"[0]; \
                    write the same, or give it another name";
    assert_eq!(wrong(one_connection(Some("all")), more), [sentence]);
}

#[test]
fn a_pool_that_is_not_there_is_refused() {
    let complaints = |stack: Vec<Layer>, fault: PoolExhausted| -> Vec<String> {
        let spec = one_call(stack, vec![PlannedFault::once(AnyFault::PoolExhausted(fault), ms(1), None)]);
        Plan::new(&spec).err().into_iter().flatten().map(|complaint| format!("{}: {}", complaint.field, complaint.message)).collect()
    };
    let of = |edge: &str| PoolExhausted { edge: edge.to_owned(), ..PoolExhausted::default() };
    let pool = || vec![two_that_wait(SimDuration::ZERO)];
    assert_eq!(complaints(pool(), of("app->server")), Vec::<String>::new());
    let sentence = "faults[0].edge: no connection of `app -> server` can be taken: its stack has no pool; \
                    put one in, such as Bulkhead(Semaphore(max_concurrent_calls: 10))";
    assert_eq!(complaints(vec![timeout(ms(5))], of("app -> server")), [sentence]);
    let many = PoolExhausted { connections: Some(3), ..of("app -> server") };
    assert_eq!(complaints(pool(), many), ["faults[0].connections: 3 of 2 connections: there are not so many"]);
    let few = PoolExhausted { share: Some(Share::percent(10)), ..of("app -> server") };
    assert_eq!(complaints(pool(), few), ["faults[0].share: 10% of 2 connections is none; write at least 1"]);
    let both = PoolExhausted { connections: Some(1), share: Some(Share::percent(50)), ..of("app -> server") };
    assert_eq!(complaints(pool(), both), ["faults[0].share: write either `connections` or `share`"]);
}
