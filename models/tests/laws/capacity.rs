//! What happens when workers, places in a queue or a disk are missing, to the nanosecond?

use crate::faults::{answers, ended_as, instants, one_call};
use crate::process::sound;
use crate::*;
use models::faults::{CapacityLoss, DiskFull, DiskSlow, DiskStall, QueueFilled, WorkersExhausted};
use models::outcome::{Failure, Outcome};
use models::services::Task;

const ONE: SimDuration = SimDuration::NANOSECOND;

fn node() -> Names {
    Names::one("server")
}

fn loss(workers: u32, begin: u64, lasts: u64) -> PlannedFault {
    let loss = CapacityLoss { node: node(), workers: Some(workers), ..CapacityLoss::default() };
    PlannedFault::once(AnyFault::CapacityLoss(loss), ms(begin), Some(ms(lasts)))
}

fn exhausted(begin: u64, lasts: u64) -> PlannedFault {
    let all = WorkersExhausted { node: node(), ..WorkersExhausted::default() };
    PlannedFault::once(AnyFault::WorkersExhausted(all), ms(begin), Some(ms(lasts)))
}

fn filled(places: Option<u32>, begin: u64, lasts: u64) -> PlannedFault {
    let filled = QueueFilled { node: node(), places, ..QueueFilled::default() };
    PlannedFault::once(AnyFault::QueueFilled(filled), ms(begin), Some(ms(lasts)))
}

fn stall(begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::DiskStall(DiskStall { node: node(), ..DiskStall::default() }), ms(begin), Some(ms(lasts)))
}

fn full(begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::DiskFull(DiskFull { node: node(), ..DiskFull::default() }), ms(begin), Some(ms(lasts)))
}

fn slow_disk(factor: f64, begin: u64, lasts: u64) -> PlannedFault {
    let slow = DiskSlow { node: node(), domain: Names::default(), factor };
    PlannedFault::once(AnyFault::DiskSlow(slow), ms(begin), Some(ms(lasts)))
}

/// Five requests of 100 ms reach two workers at 10 ms.
fn five_for_two(faults: Vec<PlannedFault>) -> Vec<SimDuration> {
    let mut spec = one_call(Vec::new(), faults);
    spec.clients[0].1.count = 5;
    spec.services[0].1.workers = 2;
    let ended = play(&spec, 1);
    // The books do not know that workers are missing; messages and records are counted all the same.
    let messages = ended.measures.messages;
    assert_eq!((messages.sent, messages.arrived, ended.in_use), (10, 10, (0, 0)));
    instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Success)))
}

/// Four requests reach one worker and three places at 10 ms: how many are answered well.
fn served(faults: Vec<PlannedFault>) -> usize {
    let mut spec = one_call(Vec::new(), faults);
    spec.clients[0].1.count = 4;
    spec.services[0].1 =
        Service { workers: 1, queue: Queue::Fifo(Fifo { limit: Some(3), ..Fifo::default() }), ..service(Distribution::Constant(ms(100))) };
    let ended = play(&spec, 1);
    let refused = ended_as(&ended).iter().filter(|(at, outcome)| (*at, *outcome) == (ms(20), Outcome::Failed(Failure::Overload))).count();
    let served = ended_as(&ended).iter().filter(|(_, outcome)| outcome.is_success()).count();
    assert_eq!(served + refused, 4, "who is not served is refused at once");
    served
}

/// One client calls a server that writes for 100 ms, from 10 ms and two nanoseconds on.
fn one_write(faults: Vec<PlannedFault>) -> SystemSpec {
    let mut spec = one_call(Vec::new(), faults);
    spec.services[0].1.demand = Distribution::Constant(SimDuration::ZERO);
    spec.services[0].1.does = vec![Task::Write(Distribution::Constant(ms(100)))];
    spec
}

#[test]
fn workers_that_are_taken_away_finish_first_and_come_back_to_what_waits() {
    assert_eq!(five_for_two(Vec::new()), [ms(110), ms(110), ms(210), ms(210), ms(310)]);
    // One worker less from 60 to 260 ms: both finish, and one goes on; the fifth finds the second worker back.
    assert_eq!(five_for_two(vec![loss(1, 60, 200)]), [ms(110), ms(110), ms(210), ms(310), ms(360) - ONE]);
    // None is left: the queue waits for the end.
    let wait = [ms(110), ms(110), ms(360) - ONE, ms(360) - ONE, ms(460) - ONE];
    assert_eq!(five_for_two(vec![loss(2, 60, 200)]), wait);
    assert_eq!(five_for_two(vec![exhausted(60, 200)]), wait);
    // Losses add up.
    assert_eq!(five_for_two(vec![loss(1, 60, 200), loss(1, 80, 180)]), wait);
    // More than all are all: with both on nobody works, from 260 ms on one does, from 300 ms on both.
    let staggered = [ms(110), ms(110), ms(360) - ONE, ms(400) - ONE, ms(460) - ONE];
    assert_eq!(five_for_two(vec![exhausted(60, 200), loss(1, 100, 200)]), staggered);
    // Gone before anything comes: everything waits.
    assert_eq!(five_for_two(vec![exhausted(5, 55)])[..2], [ms(160) - ONE; 2]);
}

#[test]
fn places_that_are_taken_are_missing_to_newcomers_only() {
    assert_eq!(served(Vec::new()), 4);
    assert_eq!(served(vec![filled(None, 5, 100)]), 1);
    assert_eq!(served(vec![filled(Some(2), 5, 100)]), 2);
    assert_eq!(served(vec![filled(Some(1), 5, 100), filled(Some(1), 6, 100)]), 2);
    assert_eq!(served(vec![filled(None, 5, 100), filled(None, 6, 100)]), 1);
    assert_eq!(served(vec![filled(None, 60, 100)]), 4);
    assert_eq!(served(vec![filled(None, 2, 6)]), 4);
    // Without a worker as well nobody is served at all.
    assert_eq!(served(vec![filled(None, 5, 100), exhausted(5, 100)]), 0);
}

#[test]
fn a_stalled_disk_makes_writes_wait_and_nothing_else() {
    assert_eq!(answers(&one_write(Vec::new())), [ms(110) + ONE]);
    assert_eq!(answers(&one_write(vec![stall(60, 200)])), [ms(310) + ONE]);
    assert_eq!(answers(&one_write(vec![stall(60, 200), stall(100, 100)])), [ms(310) + ONE]);
    // One that begins meanwhile waits for the end; one that comes later is not touched.
    assert_eq!(answers(&one_write(vec![stall(5, 100)])), [ms(205) - ONE]);
    assert_eq!(answers(&one_write(vec![stall(1, 5)])), [ms(110) + ONE]);
    // Work is no writing, and a pause and a stall that overlap are as long as both.
    assert_eq!(answers(&one_call(Vec::new(), vec![stall(60, 200)])), [ms(110)]);
    let mut paused = one_write(vec![stall(60, 100)]);
    let pause = models::faults::Pause { node: node(), ..models::faults::Pause::default() };
    paused.faults.push(PlannedFault::once(AnyFault::Pause(pause), ms(100), Some(ms(160))));
    assert_eq!(answers(&paused), [ms(310) + ONE]);
    // The worker is held: the second of two requests writes after the first.
    let mut two = one_write(vec![stall(60, 200)]);
    two.clients[0].1.count = 2;
    two.services[0].1.workers = 1;
    assert_eq!(answers(&two), [ms(310) + ONE, ms(410) + ONE * 2]);
}

#[test]
fn a_slow_disk_slows_writes_and_a_slow_node_does_not() {
    // At 60 ms 50 ms and two nanoseconds are left, and take eight times as long.
    assert_eq!(answers(&one_write(vec![slow_disk(8.0, 60, 10_000)])), [ms(460) + ONE * 15]);
    assert_eq!(answers(&one_write(vec![slow_disk(8.0, 60, 10_000), slow_disk(2.0, 60, 10_000)])), [ms(460) + ONE * 15]);
    assert_eq!(answers(&one_write(vec![slow("server", 8.0, ms(60), Some(ms(10_000)))])), [ms(110) + ONE]);
    assert_eq!(answers(&one_call(Vec::new(), vec![slow_disk(8.0, 60, 10_000)])), [ms(110)]);
}

#[test]
fn writes_to_a_full_disk_fail_and_so_do_their_requests() {
    // The worker needs a nanosecond to find out, and another one for the demand before.
    let error = Outcome::Failed(Failure::ServerError);
    let ended = play(&one_write(vec![full(5, 100)]), 1);
    sound(&ended);
    assert_eq!(ended_as(&ended), [(ms(20) + ONE * 2, error)]);
    assert_eq!(ended.measures.failed[Failure::ServerError.index()], 1);
    // A write in progress has its room; a stalled disk that is full still says so.
    assert_eq!(answers(&one_write(vec![full(60, 100)])), [ms(110) + ONE]);
    assert_eq!(ended_as(&play(&one_write(vec![full(5, 100), stall(5, 900)]), 1)), [(ms(20) + ONE * 2, error)]);
    // What called the service has a failed dependency.
    let mut spec = one_write(vec![full(5, 100)]);
    let front = Service { does: vec![Task::Call("server".to_owned())], ..service(Distribution::Constant(ms(1))) };
    spec.services.push(("front".to_owned(), front));
    spec.clients[0].1.calls = "front".to_owned();
    spec.links.push(link("server", "server", Distribution::Constant(ms(1))));
    spec.stacks.clear();
    let ends = ended_as(&play(&spec, 1));
    assert_eq!([ends[0].1, ends[1].1], [error, Outcome::Failed(Failure::Dependency)]);
}

#[test]
fn a_long_queue_of_failing_writes_is_worked_off_one_by_one() {
    // Fifty thousand requests have been answered by `back` and wait for a worker, to write, when the workers come back.
    let mut spec = one_write(vec![full(5, 60_000), exhausted(50, 450)]);
    spec.clients[0].1.count = 50_000;
    let back = Service { domain: Placement(vec!["back".to_owned()]), ..service(Distribution::Constant(ms(100))) };
    spec.services.push(("back".to_owned(), back));
    spec.links.push(link("server", "back", Distribution::Constant(ms(10))));
    spec.services[0].1.does.insert(0, Task::Call("back".to_owned()));
    spec.services[0].1.threads = Threads::Released;
    spec.services[0].1.workers = 1;
    let ended = play(&spec, 1);
    let errors = instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Failed(Failure::ServerError))));
    assert!(errors[0] >= ms(500) - ONE && errors.is_sorted());
    assert_eq!(ended.measures.failed[Failure::ServerError.index()], 50_000);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn parts_of_what_is_not_there_are_refused() {
    let complaints = |fault: PlannedFault| -> Vec<String> {
        let mut spec = one_call(Vec::new(), vec![fault]);
        spec.services[0].1.workers = 4;
        Plan::new(&spec).err().into_iter().flatten().map(|complaint| format!("{}: {}", complaint.field, complaint.message)).collect()
    };
    assert_eq!(complaints(loss(5, 1, 1)), ["faults[0].workers: 5 of 4 workers: there are not so many"]);
    let share = CapacityLoss { node: node(), share: Some(Share::percent(10)), ..CapacityLoss::default() };
    let share = PlannedFault::once(AnyFault::CapacityLoss(share), ms(1), None);
    assert_eq!(complaints(share), ["faults[0].share: 10% of 4 workers is none; write at least 1"]);
    let sentence = "faults[0].node: the queue of `server` has no limit and is never full; give it one";
    assert_eq!(complaints(filled(None, 1, 1)), [sentence]);
}
