//! What does a node do that stands still and goes on, to the nanosecond?

use crate::faults::{answers, ended_as, instants, one_call};
use crate::ledger::Ledger;
use crate::*;
use models::faults::Pause;
use models::outcome::{Failure, Outcome};
use models::record::Loss;
use models::services::Task;
use models::strategies::backoff::Immediate;
use std::collections::BTreeMap;

const ONE: SimDuration = SimDuration::NANOSECOND;

pub fn pause(node: &str, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::Pause(Pause { node: Names::one(node), ..Pause::default() }), ms(begin), Some(ms(lasts)))
}

fn slow(factor: f64, begin: u64, lasts: u64) -> PlannedFault {
    crate::slow("server", factor, ms(begin), Some(ms(lasts)))
}

/// Nothing is left of a run, every message is accounted for, and the books agree.
pub fn sound(ended: &Ended) {
    Ledger::of(&ended.plan, &ended.seen).check_over();
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

/// One client calls at the start `front`, which at once calls `back`, 10 ms away each; `back` works for 100 ms. The request is
/// at `front` at 10 ms, the answer of `back` at 130 ms, that of `front` at 140 ms.
pub fn two_tiers(stack: Vec<Layer>, faults: Vec<PlannedFault>) -> SystemSpec {
    let way = || Distribution::Constant(ms(10));
    let front = Service { does: vec![Task::Call("back".to_owned())], ..service(Distribution::Constant(SimDuration::ZERO)) };
    let back = Service { domain: Placement(vec!["back".to_owned()]), ..service(Distribution::Constant(ms(100))) };
    SystemSpec {
        clients: vec![("app".to_owned(), clients(1, "front", once()))],
        services: vec![("front".to_owned(), front), ("back".to_owned(), back)],
        links: vec![link("app", "server", way()), link("server", "back", way())],
        stacks: vec![("front -> back".to_owned(), stack)],
        faults,
        ..SystemSpec::default()
    }
}

#[test]
fn work_stands_still_with_its_node_and_needs_the_rest_of_its_time() {
    // Work runs from 10 ms to 110 ms; at 60 ms the half of it and a nanosecond are left.
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 60, 200)])), [ms(310)]);
    // Two pauses that overlap are one, and two that do not are two.
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 60, 100), pause("server", 100, 160)])), [ms(310)]);
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 20, 10), pause("server", 60, 100)])), [ms(220)]);
    // A slow fault that began during the pause: what is left takes twice as long. One that was over by the end of it: it does not.
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 60, 100), slow(2.0, 100, 900)])), [ms(260) + ONE]);
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 60, 100), slow(2.0, 100, 30)])), [ms(210)]);
    // Slow from 30 ms on, 60 ms of which have done 30 ms of work, until during the pause: 50 ms and a nanosecond are left.
    assert_eq!(answers(&one_call(Vec::new(), vec![slow(2.0, 30, 100), pause("server", 90, 110)])), [ms(250)]);
    // Work that was over, or that has not come, is not touched.
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 1, 5), pause("server", 115, 50)])), [ms(110)]);
}

#[test]
fn the_time_of_a_pause_is_no_work() {
    let ended = play(&one_call(Vec::new(), vec![pause("server", 60, 200)]), 1);
    sound(&ended);
    assert_eq!(ended.measures.work, ms(100));
}

#[test]
fn what_arrives_during_a_pause_is_handled_at_its_end_in_order_of_arrival() {
    // One worker, work of 1 ms, a request every 2 ms or so, and half a second of pause.
    let mut spec = one_call(Vec::new(), vec![pause("server", 200, 500)]);
    spec.clients[0].1 = clients(50, "server", poisson(500));
    spec.services[0].1 = Service { workers: 1, ..service(Distribution::Constant(ms(1))) };
    spec.clockwork.horizon = SimDuration::from_secs(1);
    let ended = play(&spec, 1);
    sound(&ended);
    let seen = |wanted: fn(&Record) -> Option<u32>| -> Vec<u32> { ended.seen.iter().filter_map(|(_, record)| wanted(record)).collect() };
    let sent = seen(|record| if let Record::Sent(name, _) = record { Some(name.call.ordinal) } else { None });
    let begun = seen(|record| if let Record::Started(name, _) = record { Some(name.call.ordinal) } else { None });
    assert_eq!(sent, begun, "one worker begins requests in the order in which they arrive");
    let queued = instants(&ended, |record| matches!(record, Record::Queued(..)));
    let at_the_end = queued.iter().filter(|at| **at + ONE == ms(700)).count();
    assert!(at_the_end > 200, "{at_the_end} of them had waited");
    let still = |at: &SimDuration| *at + ONE >= ms(200) && *at + ONE < ms(700);
    let busy = |record: &Record| matches!(record, Record::Queued(..) | Record::Started(..) | Record::Answered(..));
    assert!(!instants(&ended, busy).iter().any(still), "nothing happens at a node that stands still");
    // The request of the only call of another system waits from 10 ms on and is worked on from 105 ms on.
    assert_eq!(answers(&one_call(Vec::new(), vec![pause("server", 5, 100)])), [ms(205) - ONE]);
}

#[test]
fn callers_hear_nothing_and_work_for_those_who_have_gone_is_done_all_the_same() {
    let ended = play(&one_call(vec![timeout(ms(50))], vec![pause("server", 5, 100)]), 1);
    sound(&ended);
    assert_eq!(ended_as(&ended), [(ms(50), Outcome::Failed(Failure::Timeout))]);
    assert_eq!(instants(&ended, |record| matches!(record, Record::DeliveredLate(..))), [ms(215) - ONE]);
    // The word that the caller has gone waits behind the request, and is heard at the same instant.
    let mut spec = one_call(vec![timeout(ms(50))], vec![pause("server", 5, 100)]);
    spec.services[0].1.late_work = LateWork::Cancel;
    let ended = play(&spec, 1);
    sound(&ended);
    assert_eq!(instants(&ended, |record| matches!(record, Record::Started(..))), [ms(105) - ONE]);
    assert_eq!(instants(&ended, |record| matches!(record, Record::Discarded(..))), [ms(105) - ONE]);
}

/// When and how the call of `front` ended, and that of the client.
fn ends(stack: Vec<Layer>, faults: Vec<PlannedFault>) -> [(SimDuration, Outcome); 2] {
    let ended = play(&two_tiers(stack, faults), 1);
    sound(&ended);
    ended_as(&ended).try_into().expect("two calls")
}

#[test]
fn a_timer_that_came_due_during_a_pause_fires_at_its_end_and_before_the_answer() {
    let dependency = Outcome::Failed(Failure::Dependency);
    let late = Outcome::Failed(Failure::Timeout);
    // `front` calls at 10 ms (and two nanoseconds) and is answered at 130 ms. Its timer is due at 160 ms, when it stands still: too late at 200 ms.
    let at_200 = [(ms(200) - ONE, late), (ms(210) - ONE, dependency)];
    assert_eq!(ends(vec![timeout(ms(150))], vec![pause("front", 50, 150)]), at_200);
    // The answer comes after the timer and still during the pause, or after it.
    assert_eq!(ends(vec![timeout(ms(100))], vec![pause("front", 50, 150)]), at_200);
    assert_eq!(ends(vec![timeout(ms(100))], vec![pause("front", 50, 75)]), [(ms(125) - ONE, late), (ms(135) - ONE, dependency)]);
    // A timer that has time left: the answer counts, at the end of the pause.
    let in_time = [(ms(200) - ONE, Outcome::Success), (ms(210) - ONE, Outcome::Success)];
    assert_eq!(ends(vec![timeout(ms(250))], vec![pause("front", 50, 150)]), in_time);
    // A timer that is due at the very end of the pause is not late.
    assert_eq!(ends(vec![timeout(ms(190) - ONE * 2)], vec![pause("front", 50, 150)]), in_time);
    assert_eq!(ends(vec![timeout(ms(190) - ONE * 3)], vec![pause("front", 50, 150)]), at_200);
    // One that is due at the very begin of the pause is.
    assert_eq!(ends(vec![timeout(ms(40) - ONE * 2)], vec![pause("front", 50, 150)]), at_200);
}

#[test]
fn timers_that_came_due_during_a_pause_fire_in_the_order_in_which_they_were_due() {
    // Timers of one call: the timeout at 60 ms wants a second attempt, and the deadline at 90 ms ends the call before that.
    let stack = vec![deadline(ms(80)), retry(5, AnyBackoff::Immediate(Immediate {})), timeout(ms(50))];
    let ended = play(&two_tiers(stack, vec![pause("front", 50, 150)]), 1);
    sound(&ended);
    assert_eq!(ended_as(&ended)[0], (ms(200) - ONE, Outcome::Failed(Failure::Deadline)));
    let sent = instants(&ended, |record| matches!(record, Record::Sent(name, _) if name.call.edge.index() == 1));
    assert_eq!(sent, [ms(10) + ONE]);
    // Without the deadline, the second attempt is made a nanosecond after the pause, as after any timeout.
    let ended = play(&two_tiers(vec![retry(5, AnyBackoff::Immediate(Immediate {})), timeout(ms(140))], vec![pause("front", 50, 150)]), 1);
    sound(&ended);
    let sent = instants(&ended, |record| matches!(record, Record::Sent(name, _) if name.call.edge.index() == 1));
    assert_eq!(sent, [ms(10) + ONE, ms(200)]);
    // Timers of many calls of one caller, some of which had been answered by then.
    let mut spec = two_tiers(vec![timeout(ms(200))], vec![pause("front", 500, 1_000)]);
    spec.clients[0].1 = clients(50, "front", poisson(300));
    spec.services[1].1.demand = exponential(ms(150));
    spec.clockwork.horizon = SimDuration::from_secs(2);
    let ended = play(&spec, 1);
    sound(&ended);
    let mut began = BTreeMap::new();
    let mut fired = Vec::new();
    for (at, record) in &ended.seen {
        match record {
            Record::CallStarted(name) => _ = began.insert(name.key, *at),
            Record::CallEnded(name, Outcome::Failed(Failure::Timeout)) if name.edge.index() == 1 && *at == SimTime::ZERO + ms(1_500) => {
                fired.push(began[&name.key]);
            }
            _ => {}
        }
    }
    assert!(fired.len() > 20 && fired.is_sorted(), "{fired:?}");
}

#[test]
fn a_node_that_dies_while_it_stands_still_loses_what_waited() {
    // At 60 ms it stands still with one request begun and one waiting at its door; at 100 ms it dies; at 300 ms it is back.
    let stack = || vec![timeout(ms(1_000))];
    let faults = |while_down| vec![pause("server", 60, 500), crash("server", ms(100), Some(ms(200)), while_down)];
    let spec = |while_down| {
        let mut spec = one_call(stack(), faults(while_down));
        spec.clients[0].1 = clients(9, "server", poisson(20));
        spec.clockwork.horizon = ms(101);
        spec
    };
    let silent = play(&spec(WhileDown::Silence), 1);
    sound(&silent);
    let dead = instants(&silent, |record| matches!(record, Record::Dropped(_, _, Loss::Dead)));
    let refusing = play(&spec(WhileDown::Refusal), 1);
    sound(&refusing);
    let refused = instants(&refusing, |record| matches!(record, Record::Answered(_, _, Outcome::Failed(Failure::Refused))));
    assert_eq!(dead, refused);
    assert!(dead.iter().filter(|at| **at + ONE == ms(100)).count() >= 1, "{dead:?}");
    // Back at 300 ms, it still stands still until 560 ms: a request that arrives at 410 ms is begun then.
    let mut late = one_call(Vec::new(), faults(WhileDown::Silence));
    late.links[0].delay = Distribution::Constant(ms(410));
    assert_eq!(answers(&late), [ms(660) - ONE]);
}

#[test]
fn a_caller_that_dies_while_it_stands_still_is_answered_in_vain() {
    let faults = vec![pause("front", 50, 500), crash("front", ms(200), Some(ms(100)), WhileDown::Silence)];
    let mut spec = two_tiers(vec![timeout(ms(70))], faults);
    spec.stacks.push(("app -> front".to_owned(), vec![timeout(ms(900))]));
    let ended = play(&spec, 1);
    sound(&ended);
    assert_eq!(instants(&ended, |record| matches!(record, Record::DeliveredLate(..))), [ms(200) - ONE]);
    assert_eq!(ended_as(&ended), [(ms(900), Outcome::Failed(Failure::Timeout))]);
}
