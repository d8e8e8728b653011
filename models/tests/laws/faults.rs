//! What do a crash, a slow node and a cut do, to the nanosecond?

use crate::ledger::Ledger;
use crate::*;
use models::outcome::{Failure, Outcome};
use models::protocols::{Group, Row};
use models::record::Loss;
use models::services::{LateWork, Task};
use models::strategies::backoff::{Constant, Immediate};

fn crash(node: &str, begin: u64, lasts: u64, while_down: WhileDown) -> PlannedFault {
    crate::crash(node, ms(begin), Some(ms(lasts)), while_down)
}

fn slow(factor: f64, begin: u64, lasts: u64) -> PlannedFault {
    crate::slow("server", factor, ms(begin), Some(ms(lasts)))
}

fn cut(from: &str, to: &str, begin: u64, lasts: u64, one_way: bool) -> PlannedFault {
    crate::cut(from, to, one_way, ms(begin), Some(ms(lasts)))
}

/// One client calls at the start over links of 10 ms a server that works for 100 ms. Everything begins a nanosecond late.
pub fn one_call(stack: Vec<Layer>, faults: Vec<PlannedFault>) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(10)));
    let mut spec = pair(clients(1, "server", once()), service(Distribution::Constant(ms(100))), way, stack);
    spec.faults = faults;
    spec
}

/// The instants of what is looked for, less the nanosecond at which everything begins.
pub fn instants(ended: &Ended, wanted: impl Fn(&Record) -> bool) -> Vec<SimDuration> {
    let begin = SimTime::from_nanos(1);
    ended.seen.iter().filter(|(_, record)| wanted(record)).map(|(at, _)| at.saturating_since(begin)).collect()
}

pub fn answers(spec: &SystemSpec) -> Vec<SimDuration> {
    let ended = play(spec, 1);
    Ledger::of(&ended.plan, &ended.seen);
    instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Success)))
}

pub fn ended_as(ended: &Ended) -> Vec<(SimDuration, Outcome)> {
    let end = |(at, record): &(SimTime, Record)| match record {
        Record::CallEnded(_, outcome) => Some((at.saturating_since(SimTime::from_nanos(1)), *outcome)),
        _ => None,
    };
    ended.seen.iter().filter_map(end).collect()
}

/// A nanosecond of work that a fault at a whole millisecond finds undone.
const ONE: SimDuration = SimDuration::NANOSECOND;

#[test]
fn a_job_that_is_slowed_ends_at_the_arithmetically_right_instant() {
    // Work runs from 10 ms (and a nanosecond) to 110 ms. At 60 ms half of it and a nanosecond are left, and take 8 times as long.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(8.0, 60, 10_000)])), [ms(60) + ms(400) + ONE * 7]);
    // Back at full speed at 260 ms: 200 ms of slow time have done 25 ms of work.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(8.0, 60, 200)])), [ms(260) + ms(25)]);
    // Slow from before it begins, until 210 ms: 200 ms less a nanosecond at a quarter of the speed are 50 ms of work, rounded.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(4.0, 1, 209)])), [ms(210) + ms(50) - ONE]);
    // Slow for all of it.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(2.5, 1, 10_000)])), [ms(10) + ms(250)]);
    // A job that is over is not touched, nor one that has not come.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(8.0, 1, 5), slow(8.0, 200, 5)])), [ms(110)]);
}

#[test]
fn of_overlapping_slow_faults_the_slowest_counts() {
    // Work of 100 ms from 10 ms on: 10 ms at full speed; 40 ms at 2 are 20; 100 ms at 5 are 20; 60 ms at 2 are 30; 20 are left.
    let faults = vec![slow(2.0, 20, 200), slow(5.0, 60, 100)];
    assert_eq!(answers(&one_call(Vec::new(), faults.clone())), [ms(220) + ms(20)]);
    // The order of writing does not matter, and the weaker one may outlast the stronger on either side.
    assert_eq!(answers(&one_call(Vec::new(), faults.into_iter().rev().collect())), [ms(220) + ms(20)]);
    // One that begins while a slower one is on: 10 ms at full speed; 100 ms at 5 are 20; 80 ms at 2 are 40; 30 are left.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(5.0, 20, 100), slow(2.0, 40, 160)])), [ms(200) + ms(30)]);
    // Two of the same factor are one.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(2.0, 20, 60), slow(2.0, 40, 80)])), [ms(120) + ms(40)]);
}

#[test]
fn every_job_in_progress_is_slowed_and_the_queue_moves_up_in_time() {
    // Two workers, four calls: 10..110 and, after those, 110..210; slow by 3 from 60 to 360 ms, which is 100 ms of work.
    let mut spec = one_call(Vec::new(), vec![slow(3.0, 60, 300)]);
    spec.clients[0].1.count = 4;
    spec.services[0].1.workers = 2;
    let (first, second) = (ms(210) + ONE * 2, ms(360) + ms(50));
    let seen = answers(&spec);
    assert_eq!(seen[..2], [first, first]);
    // At 360 ms the later two have worked for 150 ms less two nanoseconds, a third of which, rounded, is done.
    assert!(seen[2..].iter().all(|&at| at >= second && at <= second + ONE * 2), "{seen:?}");
}

#[test]
fn a_crash_loses_what_is_queued_and_begun_and_answers_under_way_arrive() {
    // One worker, three calls: one answered and on its way back, one begun, one queued when the server dies at 115 ms.
    let mut spec = one_call(vec![timeout(ms(5_000))], vec![crash("server", 115, 100, WhileDown::Silence)]);
    spec.clients[0].1.count = 3;
    spec.services[0].1.workers = 1;
    let ended = play(&spec, 1);
    let ledger = Ledger::of(&ended.plan, &ended.seen);
    ledger.check_over();
    assert_eq!(ledger.fates.get("died with its node"), Some(&2));
    let outcomes = ended_as(&ended);
    assert_eq!(outcomes[0], (ms(120), Outcome::Success));
    assert_eq!(outcomes[1..], [(ms(5_000), Outcome::Failed(Failure::Timeout)); 2]);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn messages_to_a_dead_node_are_lost_or_refused_on_arrival_and_later_ones_meet_a_new_life() {
    let stack = || vec![deadline(ms(2_000)), retry(20, AnyBackoff::Constant(Constant { delay: ms(5) })), timeout(ms(150))];
    // Sent at 0 while it lives, due at 10 when it is dead: lost. The retry at 155 arrives at 165.
    let silent = play(&one_call(stack(), vec![crash("server", 5, 100, WhileDown::Silence)]), 1);
    assert_eq!(instants(&silent, |record| matches!(record, Record::Dropped(_, _, Loss::Dead))), [ms(10)]);
    assert_eq!(ended_as(&silent), [(ms(155 + 120), Outcome::Success)]);
    // Refused: the answer comes at 20, 45 and so on; the fifth attempt, sent at 100, arrives at 110 and is served.
    let refusing = play(&one_call(stack(), vec![crash("server", 5, 100, WhileDown::Refusal)]), 1);
    let refusals = instants(&refusing, |record| matches!(record, Record::Answered(_, _, Outcome::Failed(Failure::Refused))));
    assert_eq!(refusals, [ms(10), ms(35), ms(60), ms(85)]);
    assert_eq!(ended_as(&refusing), [(ms(100 + 120), Outcome::Success)]);
    // Sent to a dead node that is back before it arrives: served.
    let back = play(&one_call(vec![timeout(ms(900))], vec![crash("server", 1, 5, WhileDown::Silence)]), 1);
    assert_eq!(ended_as(&back), [(ms(120), Outcome::Success)]);
    for ended in [silent, refusing, back] {
        Ledger::of(&ended.plan, &ended.seen).check_over();
    }
}

#[test]
fn overlapping_crashes_are_one_and_silent_if_one_of_them_is() {
    let faults = vec![crash("server", 50, 100, WhileDown::Refusal), crash("server", 100, 200, WhileDown::Silence)];
    let mut spec = one_call(vec![timeout(ms(40))], faults);
    spec.clients[0].1 = clients(1, "server", poisson(1_000));
    spec.clockwork.horizon = SimDuration::from_secs(1);
    let ended = play(&spec, 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    let node = |record: &Record| matches!(record, Record::NodeDied(_) | Record::NodeReturned(_));
    assert_eq!(instants(&ended, node), [ms(50) - ONE, ms(300) - ONE]);
    let refusals = instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Failed(Failure::Refused))));
    assert!(refusals.len() > 30 && refusals.iter().all(|&at| at >= ms(50) - ONE && at < ms(100)));
    let losses = instants(&ended, |record| matches!(record, Record::Dropped(_, _, Loss::Dead)));
    assert!(losses.len() > 150 && losses.iter().all(|&at| at >= ms(100) - ONE && at < ms(300)));
}

#[test]
fn no_life_answers_for_another() {
    // The server dies every 60 ms for 10 ms and works for 50: whatever was begun before a crash is never answered after it.
    let faults = (1..30).map(|round| crash("server", 60 * round, 10, WhileDown::Silence)).collect();
    let mut spec = one_call(vec![retry(3, AnyBackoff::Immediate(Immediate {})), timeout(ms(120))], faults);
    spec.clients[0].1 = clients(20, "server", poisson(300));
    spec.services[0].1 = Service { workers: 20, ..service(exponential(ms(50))) };
    spec.clockwork.horizon = SimDuration::from_secs(2);
    let ended = play(&spec, 1);
    // The books panic at an answer of a life that never saw the request.
    let ledger = Ledger::of(&ended.plan, &ended.seen);
    ledger.check_over();
    assert!(ledger.fates["died with its node"] > 200 && ledger.fates["delivered"] > 100, "{:?}", ledger.fates);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn the_death_of_a_caller_ends_what_it_called() {
    // `front` calls `server` at 10 ms and dies at 50: its call is given up, and so is the retry that would follow.
    let mut spec = one_call(vec![timeout(ms(400))], vec![crash("front", 50, 1_000, WhileDown::Silence)]);
    let front = Service { does: vec![Task::Call("server".to_owned())], ..service(Distribution::Constant(SimDuration::ZERO)) };
    spec.services.push(("front".to_owned(), front));
    spec.clients[0].1.calls = "front".to_owned();
    let stack = vec![retry(10, AnyBackoff::Immediate(Immediate {})), timeout(ms(60))];
    spec.stacks = vec![("app -> front".to_owned(), vec![timeout(ms(400))]), ("front -> server".to_owned(), stack)];
    let ended = play(&spec, 1);
    let ledger = Ledger::of(&ended.plan, &ended.seen);
    ledger.check_over();
    assert_eq!(instants(&ended, |record| matches!(record, Record::Sent(..))).len(), 2);
    assert_eq!(ledger.fates, [("died with its node", 1), ("late", 1)].into());
    assert_eq!(ended_as(&ended), [(ms(400), Outcome::Failed(Failure::Timeout))]);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn what_is_under_way_when_a_cut_begins_is_lost_on_arrival() {
    let lost = |faults| {
        let ended = play(&one_call(vec![timeout(ms(500))], faults), 1);
        Ledger::of(&ended.plan, &ended.seen).check_over();
        (instants(&ended, |record| matches!(record, Record::Dropped(_, _, Loss::Cut))), ended_as(&ended)[0])
    };
    let (success, failure) = ((ms(120), Outcome::Success), (ms(500), Outcome::Failed(Failure::Timeout)));
    // The request travels from 0 to 10 ms, its answer from 110 to 120.
    assert_eq!(lost(vec![cut("app", "server", 5, 50, false)]), (vec![ms(10)], failure));
    assert_eq!(lost(vec![cut("app", "server", 115, 50, false)]), (vec![ms(120)], failure));
    // Sent while the way is cut: lost at once.
    assert_eq!(lost(vec![cut("app", "server", 50, 61, false)]), (vec![ms(110)], failure));
    // A cut that is over before the message arrives, or begins after it, is none.
    assert_eq!(lost(vec![cut("app", "server", 2, 5, false)]), (vec![], success));
    assert_eq!(lost(vec![cut("app", "server", 20, 80, false)]), (vec![], success));
    // Of two overlapping cuts the later end counts.
    assert_eq!(lost(vec![cut("app", "server", 20, 50, false), cut("server", "app", 30, 85, false)]), (vec![ms(110)], failure));
}

#[test]
fn a_one_way_cut_lets_the_other_direction_through() {
    let play_with = |faults| play(&one_call(vec![timeout(ms(500))], faults), 1);
    let there = play_with(vec![cut("app", "server", 5, 900, true)]);
    assert_eq!(instants(&there, |record| matches!(record, Record::Dropped(_, _, Loss::Cut))), [ms(10)]);
    // The request comes through, and is worked on; its answer does not.
    let back = play_with(vec![cut("server", "app", 5, 900, true)]);
    assert_eq!(instants(&back, |record| matches!(record, Record::Answered(..))), [ms(110)]);
    assert_eq!(instants(&back, |record| matches!(record, Record::Dropped(_, _, Loss::Cut))), [ms(110)]);
    // One that begins after the request has arrived does not touch the answer.
    let later = play_with(vec![cut("app", "server", 20, 900, true)]);
    assert_eq!(ended_as(&later), [(ms(120), Outcome::Success)]);
}

#[test]
fn a_dead_row_is_not_spoken_to_and_remembers_its_version() {
    let mut spec = one_call(Vec::new(), vec![crash("row", 15, 100, WhileDown::Silence)]);
    spec.groups = vec![("row".to_owned(), Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE }))];
    spec.clients[0].1.calls = "row".to_owned();
    spec.stacks = vec![("app -> row".to_owned(), vec![retry(5, AnyBackoff::Immediate(Immediate {})), timeout(ms(200))])];
    let ended = play(&spec, 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    // The version is read at 10 ms; the write arrives at 30 and is lost; at 200 it is tried again.
    assert_eq!(instants(&ended, |record| matches!(record, Record::Dropped(_, _, Loss::Dead))), [ms(30)]);
    assert_eq!(ended_as(&ended), [(ms(200) + ONE + ms(40), Outcome::Success)]);
    assert_eq!(ended.in_use, (0, 0));
}

/// Three ways to say that a caller has gone: the client times out at 50 ms, and the word is there at 60.
fn late(late_work: LateWork, faults: Vec<PlannedFault>) -> Ended {
    let mut spec = one_call(vec![timeout(ms(50))], faults);
    spec.clients[0].1.count = 2;
    (spec.services[0].1.workers, spec.services[0].1.late_work) = (1, late_work);
    let ended = play(&spec, 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    assert_eq!(ended.in_use, (0, 0));
    ended
}

#[test]
fn the_word_that_a_caller_has_gone_is_a_message_like_any_other() {
    let discarded = |ended: &Ended| instants(ended, |record| matches!(record, Record::Discarded(..)));
    let answered = |ended: &Ended| instants(ended, |record| matches!(record, Record::Answered(..)));
    // One call is begun and one is queued when the word comes.
    let cancel = late(LateWork::Cancel, Vec::new());
    assert_eq!((discarded(&cancel), answered(&cancel)), (vec![ms(60); 2], vec![]));
    let skip = late(LateWork::SkipQueued, Vec::new());
    assert_eq!((discarded(&skip), answered(&skip)), (vec![ms(110)], vec![ms(110)]));
    for late_work in [LateWork::Cancel, LateWork::SkipQueued] {
        // Lost if the way is cut when it sets out, or when it arrives; so both are worked on to the end.
        for (begin, lasts) in [(40, 15), (55, 15)] {
            let cut_off = late(late_work, vec![cut("app", "server", begin, lasts, false)]);
            assert_eq!((discarded(&cut_off), answered(&cut_off)), (vec![], vec![ms(110), ms(210)]), "{late_work:?}, cut at {begin} ms");
        }
        // A cut of the way back does not concern it.
        let one_way = late(late_work, vec![cut("server", "app", 40, 1_000, true)]);
        assert!(!discarded(&one_way).is_empty());
    }
}

#[test]
fn a_machine_that_is_gone_tells_nobody() {
    // `front` calls `server`, which listens for callers that have gone. `front` dies at 50 ms.
    let server_answers = |while_down| {
        let mut spec = one_call(Vec::new(), vec![crash("front", 50, 1_000, while_down)]);
        spec.services[0].1.late_work = LateWork::Cancel;
        let front = Service { does: vec![Task::Call("server".to_owned())], ..service(Distribution::Constant(SimDuration::ZERO)) };
        spec.services.push(("front".to_owned(), front));
        spec.clients[0].1.calls = "front".to_owned();
        spec.stacks = vec![("app -> front".to_owned(), vec![timeout(ms(400))]), ("front -> server".to_owned(), Vec::new())];
        let ended = play(&spec, 1);
        Ledger::of(&ended.plan, &ended.seen).check_over();
        assert_eq!(ended.in_use, (0, 0));
        !instants(&ended, |record| matches!(record, Record::Answered(_, _, Outcome::Success))).is_empty()
    };
    assert!(server_answers(WhileDown::Silence), "nobody told the server");
    assert!(!server_answers(WhileDown::Refusal), "the machine closes the connections of its dead process");
}

#[test]
fn work_that_was_begun_is_finished_though_it_waits_for_a_worker_again() {
    // One worker, released during the call: A works 10..20, B 20..30; their calls take 20 ms; A goes on 40..90 and B after it.
    // B's caller has gone by then, but B was begun.
    let mut spec = one_call(Vec::new(), Vec::new());
    let server = &mut spec.services[0].1;
    (server.workers, server.threads, server.late_work) = (1, Threads::Released, LateWork::SkipQueued);
    server.demand = Distribution::Constant(ms(10));
    server.does = vec![Task::Call("back".to_owned()), Task::Work(Distribution::Constant(ms(50)))];
    spec.services.push(("back".to_owned(), service(Distribution::Constant(ms(20)))));
    spec.clients[0].1.count = 2;
    spec.stacks = vec![("app -> server".to_owned(), vec![timeout(ms(70))])];
    let ended = play(&spec, 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    assert!(instants(&ended, |record| matches!(record, Record::Discarded(..))).is_empty());
    let edge = |record: &Record| matches!(record, Record::Answered(name, ..) if name.call.edge.index() == 0);
    assert_eq!(instants(&ended, edge), [ms(90) + ONE * 2, ms(140) + ONE * 2]);
}

#[test]
fn the_machine_of_a_dead_row_refuses_if_it_is_said_to() {
    let mut spec = one_call(Vec::new(), vec![crash("row", 5, 100, WhileDown::Refusal)]);
    spec.groups = vec![("row".to_owned(), Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE }))];
    spec.clients[0].1.calls = "row".to_owned();
    spec.stacks = vec![("app -> row".to_owned(), vec![retry(9, AnyBackoff::Constant(Constant { delay: ms(10) })), timeout(ms(200))])];
    let ended = play(&spec, 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    let refusals = instants(&ended, |record| matches!(record, Record::Delivered(_, _, Outcome::Failed(Failure::Refused))));
    assert_eq!(refusals, [ms(20), ms(50), ms(80), ms(110)]);
    assert_eq!(ended_as(&ended), [(ms(120 + 40), Outcome::Success)]);
    assert_eq!(ended.in_use, (0, 0));
}
