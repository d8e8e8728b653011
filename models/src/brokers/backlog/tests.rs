//! Does a backlog keep to its rules?

use super::*;
use crate::outcome::Failure;
use sim_core::draw::Key;

const RULES: Rules = Rules {
    limit: None,
    order: Order::Standard,
    visibility: SimDuration::from_secs(30),
    max_receives: None,
    deduplication: None,
    retention: None,
    durable: true,
};

fn at(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

fn message(key: u64, object: u64) -> Message {
    Message { key: Key::named("producer").child(key), object, ..Message::default() }
}

fn filled(rules: &Rules, objects: &[u64]) -> Backlog {
    let mut backlog = Backlog::default();
    for (key, &object) in (0..).zip(objects) {
        backlog.store(rules, message(key, object), (at(0), at(0)));
    }
    backlog
}

fn take(backlog: &mut Backlog, rules: &Rules, most: u32, now: SimTime) -> Vec<(u32, u32)> {
    let handed = backlog.take(rules, most, now.saturating_add(rules.visibility), &mut Vec::new());
    handed.iter().map(|handed| (handed.number, handed.receipt)).collect()
}

#[test]
fn a_message_in_flight_is_hidden_until_its_timeout_and_comes_back_with_a_further_receipt() {
    let mut backlog = filled(&RULES, &[1, 2]);
    assert_eq!(take(&mut backlog, &RULES, 10, at(5)), [(0, 1), (1, 1)]);
    assert_eq!(take(&mut backlog, &RULES, 10, at(5)), []);
    assert_eq!(backlog.next(&RULES), at(35));
    backlog.pass_time(&RULES, at(34), &mut Vec::new());
    assert!(!backlog.has_ready());
    backlog.pass_time(&RULES, at(35), &mut Vec::new());
    assert_eq!(take(&mut backlog, &RULES, 1, at(35)), [(0, 2)]);
    // The first delivery comes too late to delete it.
    backlog.delete(&RULES, 0, 1);
    backlog.delete(&RULES, 0, 2);
    // The other one was never handed out again: its receipt is still the latest.
    backlog.delete(&RULES, 1, 1);
    let account = backlog.account();
    assert_eq!((account.stale, account.deleted, account.waiting, account.in_flight), (1, 2, 0, 0));
    assert!(account.is_balanced());
}

#[test]
fn an_ordered_backlog_hands_out_the_first_message_of_a_group_and_no_later_one_before_that_has_gone() {
    let rules = Rules { order: Order::PerKey, ..RULES };
    let mut backlog = filled(&rules, &[7, 7, 8, 7]);
    assert_eq!(take(&mut backlog, &rules, 10, at(0)), [(0, 1), (2, 1)]);
    backlog.delete(&rules, 2, 1);
    assert_eq!(take(&mut backlog, &rules, 10, at(1)), []);
    backlog.pass_time(&rules, at(30), &mut Vec::new());
    assert_eq!(take(&mut backlog, &rules, 10, at(30)), [(0, 2)]);
    backlog.delete(&rules, 0, 2);
    assert_eq!(take(&mut backlog, &rules, 10, at(31)), [(1, 1)]);
    let rules = Rules { order: Order::Fifo, ..RULES };
    let mut backlog = filled(&rules, &[7, 8]);
    assert_eq!(take(&mut backlog, &rules, 10, at(0)), [(0, 1)]);
}

#[test]
fn a_known_message_is_not_stored_again_within_the_window_and_is_after_it() {
    let rules = Rules { deduplication: Some(SimDuration::from_secs(300)), ..RULES };
    let mut backlog = filled(&rules, &[1]);
    assert_eq!(backlog.may_store(&rules, &message(0, 1), at(299)), Stored::Known);
    assert_eq!(backlog.may_store(&rules, &message(1, 1), at(299)), Stored::Kept);
    assert_eq!(backlog.may_store(&rules, &message(0, 1), at(300)), Stored::Kept);
    let rules = Rules { limit: Some(1), ..RULES };
    assert_eq!(filled(&rules, &[1]).may_store(&rules, &message(1, 1), at(0)), Stored::Full);
}

#[test]
fn a_crash_gives_durable_messages_back_and_loses_the_others() {
    let mut backlog = filled(&RULES, &[1, 2, 3]);
    take(&mut backlog, &RULES, 2, at(0));
    backlog.crash(&RULES);
    assert_eq!(take(&mut backlog, &RULES, 10, at(1)), [(0, 2), (1, 2), (2, 1)]);
    let rules = Rules { durable: false, ..RULES };
    let mut backlog = filled(&rules, &[1, 2, 3]);
    take(&mut backlog, &rules, 2, at(0));
    backlog.crash(&rules);
    assert!(backlog.is_empty());
    assert_eq!(backlog.account().lost, 3);
    assert!(backlog.account().is_balanced());
}

#[test]
fn what_is_kept_for_too_long_expires_in_flight_or_not() {
    let rules = Rules { retention: Some(SimDuration::from_secs(60)), ..RULES };
    let mut backlog = filled(&rules, &[1, 2]);
    take(&mut backlog, &rules, 1, at(50));
    assert_eq!(backlog.next(&rules), at(60));
    let mut expired = Vec::new();
    backlog.pass_time(&rules, at(60), &mut expired);
    assert_eq!(expired.len(), 2);
    assert_eq!(backlog.account().expired, 2);
    assert!(backlog.account().is_balanced() && backlog.next(&rules) == SimTime::MAX);
}

#[test]
fn what_is_given_back_with_a_delay_waits_for_that() {
    let mut backlog = filled(&RULES, &[1]);
    assert_eq!(backlog.take(&RULES, 1, SimTime::MAX, &mut Vec::new()).len(), 1);
    let (failures, age) = backlog.failed(0, Failure::Timeout, at(4)).expect("it is kept");
    assert_eq!((failures.others, age), (1, SimDuration::from_secs(4)));
    backlog.give_back(&RULES, 0, 1, Some(at(10)));
    backlog.pass_time(&RULES, at(9), &mut Vec::new());
    assert!(!backlog.has_ready() && backlog.in_flight() == 0);
    backlog.pass_time(&RULES, at(10), &mut Vec::new());
    assert!(backlog.has_ready());
}
