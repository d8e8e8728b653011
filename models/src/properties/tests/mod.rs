//! Does every checker find what was planted, and nothing else?

mod orders;

use super::*;
use crate::history::{Action, End, History, Operation};
use orders::{register, some_order_explains};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

fn at(instant: u64) -> SimTime {
    SimTime::from_nanos(instant)
}

/// An operation of a client on object 0, from one instant to another; without an end its outcome is unknown.
fn operation(client: u32, action: Action, from: u64, until: Option<u64>, answer: Option<u64>) -> Operation {
    let end = until.map_or(End::Unknown, |until| End::Ok { at: at(until), value: answer });
    Operation { client, call: u64::from(client) << 32 | from, attempt: 1, object: 0, action, invoked: at(from), end }
}

fn write(client: u32, value: u64, from: u64, until: u64) -> Operation {
    operation(client, Action::Write(value), from, Some(until), None)
}

fn read(client: u32, value: u64, from: u64, until: u64) -> Operation {
    operation(client, Action::Read, from, Some(until), Some(value))
}

fn history(operations: Vec<Operation>) -> History {
    History { operations, ..History::default() }
}

fn is_linearizable(operations: &[Operation]) -> bool {
    let found = linearizable(&history(operations.to_vec()), u64::MAX);
    assert_eq!(found.undecided, None);
    found.violations.is_empty()
}

fn judged(property: &impl Property, operations: Vec<Operation>) -> Judged {
    judged_after(property, operations, 0)
}

fn judged_after(property: &impl Property, operations: Vec<Operation>, faults_end: u64) -> Judged {
    let (history, heard) = (history(operations), BTreeMap::new());
    let (horizon, ended) = (at(1_000), at(1_000));
    property.judge(&Evidence {
        history: &history,
        books: &Books::default(),
        heard: &heard,
        faults_end: at(faults_end),
        horizon,
        ended,
        exceeded: None,
    })
}

/// A long history of a register that one copy would give: each operation takes effect at its own instant within its interval.
fn long(count: u64, clients: u64) -> Vec<Operation> {
    let mut value = 0;
    let one = |index: u64| {
        let (middle, spread) = (index * 10 + 1_000, 1 + index * 7919 % (10 * clients));
        let client = (index % clients) as u32;
        if index.is_multiple_of(3) {
            value = index + 1;
            write(client, value, middle - spread, middle + spread)
        } else {
            read(client, value, middle - spread, middle + spread)
        }
    };
    (0..count).map(one).collect()
}

#[test]
fn a_hundred_thousand_operations_are_judged_and_one_stale_read_among_them_is_found() {
    let mut operations = long(100_000, 50);
    assert!(is_linearizable(&operations));
    let stale = 70_000 + usize::from(operations[70_000].action != Action::Read);
    operations[stale].end = End::Ok { at: operations[stale].ended().expect("it is known"), value: Some(60_001) };
    let found = linearizable(&history(operations), u64::MAX);
    let [witness] = found.violations.as_slice() else { panic!("{}", found.violations.len()) };
    let read = witness.operations.last().expect("there is one");
    assert_eq!((read.answer(), witness.at), (Some(60_001), read.ended().expect("it is known")));
    assert!(witness.operations.len() <= 5 && witness.sentence.starts_with("a read answered an older value than"), "{witness:?}");
}

#[test]
fn of_a_violation_the_fewest_operations_are_kept_that_cannot_be_explained() {
    // B1: a read sees the write that is under way, a later one does not.
    let operations = vec![write(0, 1, 0, 10), write(0, 2, 20, 90), read(1, 2, 30, 40), read(2, 1, 50, 60), read(2, 2, 95, 99)];
    let found = linearizable(&history(operations), 1_000);
    let [witness] = found.violations.as_slice() else { panic!("one violation") };
    assert_eq!(witness.sentence, "a read answered an older value than another read before it");
    assert!(!some_order_explains(&witness.operations, &register));
    for left_out in 0..witness.operations.len() {
        let mut fewer = witness.operations.clone();
        let gone = fewer.remove(left_out);
        // Without a write its reads would be of something that nobody wrote, which is another violation.
        let is_read_of = |read: &Operation| matches!(gone.action, Action::Write(value) if read.answer() == Some(value));
        assert!(fewer.iter().any(is_read_of) || some_order_explains(&fewer, &register), "{left_out} could be left out");
    }
}

#[test]
fn a_violation_shows_when_the_answer_comes_that_nothing_explains_and_not_when_a_slow_write_is_done() {
    // The value 2 is being written, is read, and then somebody reads 1 again; its write is done long after that.
    let operations = vec![write(1, 1, 0, 10), write(2, 2, 20, 90), read(3, 2, 30, 40), read(4, 1, 50, 60)];
    let found = linearizable(&history(operations), u64::MAX);
    assert_eq!(found.violations.iter().map(|one| one.at).collect::<Vec<_>>(), [at(60)]);
    assert_eq!(found.violations[0].operations.len(), 4);
}

#[test]
fn what_nobody_wrote_and_what_was_said_to_have_failed_is_not_read() {
    let mut failed = write(0, 5, 0, 10);
    failed.end = End::Failed { at: at(10) };
    let found = |operations: Vec<Operation>| linearizable(&history(operations), 1_000).violations.first().map(|one| one.sentence.clone());
    assert_eq!(found(vec![read(1, 7, 0, 10)]).as_deref(), Some("a read answered a value that nobody ever wrote"));
    assert_eq!(found(vec![failed, read(1, 5, 20, 30)]).as_deref(), Some("a read answered a value whose write was said to have failed"));
    assert_eq!(found(vec![failed, read(1, 0, 20, 30)]), None);
    assert_eq!(found(vec![read(1, 5, 0, 10), write(0, 5, 20, 30)]).as_deref(), Some("a read answered a value before it was written"));
}

#[test]
fn a_search_that_may_look_at_too_little_says_so() {
    let exchange = |client, expected, new| operation(client, Action::CompareAndSet { expected, new }, 0, Some(100), Some(1));
    let operations: Vec<Operation> = (0..8).map(|index| exchange(index, u64::from(7 - index), u64::from(8 - index))).collect();
    assert_eq!(linearizable(&history(operations.clone()), 3).undecided, Some(0));
    assert!(is_linearizable(&operations));
}

#[test]
fn causality_spans_clients_and_objects() {
    let on = |object: u64, operation: Operation| Operation { object, ..operation };
    // Who has seen the answer has seen the question.
    let question = on(1, write(0, 1, 0, 5));
    let (asked, answer) = (on(1, read(1, 1, 10, 15)), on(2, write(1, 2, 20, 25)));
    let (heard, missed) = (on(2, read(2, 2, 30, 35)), on(1, read(2, 0, 40, 45)));
    let (violations, reads) = causal(&history(vec![question, asked, answer, heard, missed])).expect("it is small");
    assert_eq!((violations.len(), reads), (1, 3));
    assert_eq!(violations[0].sentence, "a read answered that nothing was written, though it must have seen a write");
    // Each object alone is linearizable but for the time.
    assert_eq!(causal(&history(vec![question, asked, answer, missed])).expect("it is small").0, []);
}

#[test]
fn each_guarantee_of_a_session_has_a_violation_of_its_own() {
    let two = [write(0, 1, 0, 5), write(0, 2, 10, 15)];
    let with = |more: &[Operation]| [&two[..], more].concat();
    let verdicts = |operations: &[Operation]| {
        [
            judged(&ReadYourWrites {}, operations.to_vec()).verdict,
            judged(&MonotonicReads {}, operations.to_vec()).verdict,
            judged(&MonotonicWrites {}, operations.to_vec()).verdict,
        ]
    };
    use Verdict::{Holds, Violated};
    assert_eq!(verdicts(&with(&[read(0, 1, 20, 25)])), [Violated, Holds, Holds]);
    assert_eq!(verdicts(&with(&[read(1, 1, 20, 25)])), [Holds, Holds, Holds]);
    assert_eq!(verdicts(&with(&[read(1, 2, 20, 25), read(1, 1, 30, 35)])), [Holds, Violated, Violated]);
    assert_eq!(verdicts(&with(&[read(1, 2, 20, 25), read(1, 0, 30, 35)])), [Holds, Violated, Holds]);
    assert_eq!(verdicts(&with(&[read(1, 1, 20, 25), read(1, 2, 30, 35), read(2, 1, 40, 45)])), [Holds, Holds, Holds]);
    // Two writes at the same time may be seen in either order, but not in one and then in the other.
    let both = [write(0, 1, 0, 15), write(3, 2, 0, 15)];
    let turned = [read(1, 1, 20, 25), read(1, 2, 30, 35), read(1, 1, 40, 45)];
    assert_eq!(verdicts(&[&both[..], &turned[..2]].concat()), [Holds, Holds, Holds]);
    assert_eq!(verdicts(&[&both[..], &turned[..]].concat()), [Holds, Violated, Holds]);
}

#[test]
fn staleness_is_bounded_by_versions_and_by_age_and_counted() {
    let operations = vec![write(0, 1, 0, 10), write(0, 2, 20, 30), write(0, 3, 40, 50), read(1, 1, 100, 110), read(1, 3, 120, 130)];
    let bounded = |versions, age: Option<u64>| BoundedStaleness { versions, age: age.map(sim_core::time::SimDuration::from_nanos) };
    let verdict = |versions, age| judged(&bounded(versions, age), operations.clone()).verdict;
    assert_eq!((verdict(Some(1), None), verdict(Some(2), None)), (Verdict::Violated, Verdict::Holds));
    // The first write that it misses was done at 30.
    assert_eq!((verdict(None, Some(70)), verdict(None, Some(71))), (Verdict::Violated, Verdict::Holds));
    let (history, heard) = (history(operations.clone()), BTreeMap::new());
    let evidence = Evidence {
        history: &history,
        books: &Books::default(),
        heard: &heard,
        faults_end: at(0),
        horizon: at(200),
        ended: at(200),
        exceeded: None,
    };
    let observed: Vec<(String, i64)> = bounded(Some(1), None).observe(&evidence).into_iter().map(|one| (one.title(), one.value)).collect();
    let expected = [("reads judged", 2), ("stale reads", 1), ("versions missed, most", 2), ("staleness, most", 70)];
    assert_eq!(observed, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn a_counter_settles_when_nothing_is_added_any_more_and_is_no_register() {
    let within = sim_core::time::SimDuration::from_nanos(100);
    let converges = EventualConvergence { within };
    let add = |from, until| operation(0, Action::Add(1), from, until, None);
    let sums = [read(1, 1, 200, 210), read(2, 2, 220, 230)];
    let with = |adds: &[Operation]| [adds, &sums].concat();
    assert_eq!(judged(&converges, with(&[add(0, Some(10)), add(150, Some(160))])).verdict, Verdict::NotReached);
    assert_eq!(judged(&converges, with(&[add(0, Some(10)), add(150, None)])).verdict, Verdict::NotReached, "it may have come then");
    assert_eq!(judged(&converges, with(&[add(0, Some(10)), add(20, Some(30))])).verdict, Verdict::Violated);
    let all = with(&[add(0, Some(10)), add(20, Some(30))]);
    assert_eq!(judged(&Causal {}, all.clone()).verdict, Verdict::NotReached, "nobody writes sums");
    assert_eq!(judged(&NoLostAcknowledgedWrite { within }, all).verdict, Verdict::NotReached);
}

#[test]
fn what_is_tried_again_is_still_wanted() {
    let progress = Progress { within: sim_core::time::SimDuration::from_nanos(100), after: None };
    let judged = |again: &[u64]| {
        let operations = vec![write(0, 1, 0, 50), operation(1, Action::Write(2), 10, None, None), write(0, 3, 900, 950)];
        let history = History { operations, tried_again: again.iter().map(|instant| at(*instant)).collect(), missing: 0 };
        let (books, heard) = (Books::default(), BTreeMap::new());
        let (horizon, ended) = (at(1_000), at(1_000));
        progress
            .judge(&Evidence { history: &history, books: &books, heard: &heard, faults_end: at(0), horizon, ended, exceeded: None })
            .verdict
    };
    assert_eq!(judged(&[]), Verdict::Holds, "whoever began before may have given up");
    assert_eq!(judged(&[400]), Verdict::Violated);
}

#[test]
fn replicas_that_do_not_agree_in_the_end_and_lost_writes_are_found_after_the_system_has_settled_and_not_before() {
    let within = sim_core::time::SimDuration::from_nanos(100);
    let (converges, keeps) = (EventualConvergence { within }, NoLostAcknowledgedWrite { within });
    let written = [write(0, 1, 0, 10), write(1, 2, 20, 30)];
    let with = |reads: &[Operation]| [&written[..], reads].concat();
    let (early, late) = (with(&[read(2, 1, 50, 60), read(2, 2, 90, 99)]), with(&[read(2, 1, 200, 210), read(3, 2, 220, 230)]));
    assert_eq!(judged(&converges, early.clone()).verdict, Verdict::NotReached);
    assert_eq!(judged(&converges, late.clone()).verdict, Verdict::Violated);
    assert_eq!(judged(&converges, with(&[read(2, 1, 200, 210), read(3, 1, 220, 230)])).verdict, Verdict::Holds);
    assert_eq!(judged(&keeps, early).verdict, Verdict::NotReached);
    assert_eq!((judged(&keeps, late.clone()).verdict, judged(&keeps, late.clone()).count), (Verdict::Violated, 1));
    assert_eq!(judged_after(&keeps, late, 180).verdict, Verdict::NotReached);
    assert_eq!(judged(&keeps, with(&[read(2, 2, 200, 210)])).verdict, Verdict::Holds);
    // What was never acknowledged may be lost.
    let unknown = operation(1, Action::Write(2), 20, None, None);
    assert_eq!(judged(&keeps, vec![written[0], unknown, read(2, 1, 200, 210)]).verdict, Verdict::Holds);
}

#[test]
fn locks_held_at_once_are_found_by_what_their_holders_know() {
    let acquire = |client, from, until| operation(client, Action::Acquire, from, Some(until), None);
    let release = |client, from| operation(client, Action::Release, from, None, None);
    let verdict = |operations: Vec<Operation>| judged(&ExclusiveHolding {}, operations).verdict;
    assert_eq!(verdict(vec![acquire(0, 0, 10), release(0, 20), acquire(1, 5, 25)]), Verdict::Holds);
    assert_eq!(verdict(vec![acquire(0, 0, 10), release(0, 30), acquire(1, 5, 25)]), Verdict::Violated);
    assert_eq!(verdict(vec![acquire(0, 0, 10), acquire(1, 50, 60)]), Verdict::Violated);
    assert_eq!(verdict(vec![release(0, 20)]), Verdict::NotReached);
    // A long holding hides no later one.
    let nested = vec![acquire(0, 0, 10), release(0, 100), acquire(1, 110, 120), release(1, 200), acquire(2, 130, 140)];
    assert_eq!(judged(&ExclusiveHolding {}, nested).count, 1);
}

#[test]
fn a_call_that_is_executed_twice_shows_in_the_sum() {
    let add = |call: u64, attempt: u32, from: u64, until: Option<u64>| Operation {
        call,
        attempt,
        ..operation(0, Action::Add(10), from, until, None)
    };
    let verdict = |operations: Vec<Operation>| judged(&AtMostOnce {}, operations).verdict;
    let twice = vec![add(1, 1, 0, None), add(1, 2, 20, Some(30))];
    assert_eq!(verdict([&twice[..], &[read(1, 10, 40, 50)]].concat()), Verdict::Holds);
    assert_eq!(verdict([&twice[..], &[read(1, 20, 40, 50)]].concat()), Verdict::Violated);
    assert_eq!(verdict([&twice[..], &[add(2, 1, 35, Some(38)), read(1, 20, 40, 50)]].concat()), Verdict::Holds);
    assert_eq!(verdict(twice), Verdict::NotReached);
}

#[test]
fn money_is_neither_made_nor_lost() {
    let total = |sum| operation(0, Action::Total, 0, Some(10), Some(sum));
    let property = ConservationOfMoney { total: 100 };
    assert_eq!(judged(&property, vec![total(100)]).verdict, Verdict::Holds);
    assert_eq!(judged(&property, vec![total(100), total(90)]).verdict, Verdict::Violated);
    assert_eq!(judged(&property, vec![read(0, 5, 0, 10)]).verdict, Verdict::NotReached);
}

#[test]
fn nobody_waits_for_long_after_the_last_fault() {
    let progress = Progress { within: sim_core::time::SimDuration::from_nanos(100), after: None };
    let done = |from: u64| read(0, 0, from, from + 10);
    let steady: Vec<Operation> = (0..100).map(|index| done(index * 10)).collect();
    assert_eq!(judged_after(&progress, steady.clone(), 500).verdict, Verdict::Holds);
    let gap: Vec<Operation> = steady.iter().copied().filter(|one| !(600..750).contains(&one.invoked.as_nanos())).collect();
    // Nobody asked for anything meanwhile.
    assert_eq!(judged_after(&progress, gap.clone(), 500).verdict, Verdict::Holds);
    let asked = operation(7, Action::Read, 620, None, None);
    let waited = judged_after(&progress, [&gap[..], &[asked]].concat(), 500);
    assert_eq!((waited.verdict, waited.first.map(|first| first.at)), (Verdict::Violated, Some(at(720))));
    assert_eq!(judged_after(&progress, [&gap[..], &[asked]].concat(), 800).verdict, Verdict::Holds);
    assert_eq!(judged_after(&progress, steady.clone(), 950).verdict, Verdict::NotReached);
    assert_eq!(judged_after(&progress, steady, u64::MAX).verdict, Verdict::NotReached);
}

#[test]
fn what_is_announced_is_never_eventually_or_perhaps_heard() {
    let event = "Elected".to_owned();
    let heard = |times: &[u64]| -> BTreeMap<String, Heard> {
        let times: Vec<SimTime> = times.iter().map(|time| at(*time)).collect();
        if times.is_empty() { BTreeMap::new() } else { BTreeMap::from([(event.clone(), Heard { times, ..Heard::default() })]) }
    };
    let history = History::default();
    let verdicts = |times: &[u64]| {
        let heard = heard(times);
        let evidence = Evidence {
            history: &history,
            books: &Books::default(),
            heard: &heard,
            faults_end: at(100),
            horizon: at(500),
            ended: at(500),
            exceeded: None,
        };
        let within = Some(sim_core::time::SimDuration::from_nanos(50));
        [
            Never { event: event.clone() }.judge(&evidence).verdict,
            Eventually { event: event.clone(), within: None }.judge(&evidence).verdict,
            Eventually { event: event.clone(), within }.judge(&evidence).verdict,
            Reachable { event: event.clone() }.judge(&evidence).verdict,
        ]
    };
    use Verdict::{Holds, NotReached, Violated};
    assert_eq!(verdicts(&[]), [Holds, Violated, Violated, NotReached]);
    assert_eq!(verdicts(&[20]), [Violated, Holds, Violated, Holds]);
    assert_eq!(verdicts(&[20, 140]), [Violated, Holds, Holds, Holds]);
    assert_eq!(verdicts(&[160]), [Violated, Holds, Violated, Holds]);
}

#[test]
fn every_property_has_an_example_that_names_it_and_a_source() {
    let mut names = BTreeSet::new();
    for (name, summary, about) in AnyProperty::explanations() {
        assert!(names.insert(name), "{name} stands twice");
        assert!(about.example.starts_with(&format!("{name}(")) && !summary.ends_with('.') && !about.source.is_empty(), "{name}");
    }
}
