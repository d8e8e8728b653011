//! Who fires, and when exactly?

use crate::*;
use models::outcome::{Failure, Outcome};
use models::strategies::backoff::{Constant, EqualJitter, Exponential, FullJitter, Immediate};
use sim_core::draw::Key;
use std::collections::BTreeMap;

/// How the first call that ended did so, and when.
fn first_end(ended: &Ended) -> (SimTime, Outcome) {
    let end = |(at, record): &(SimTime, Record)| match record {
        Record::CallEnded(_, outcome) => Some((*at, *outcome)),
        _ => None,
    };
    ended.seen.iter().find_map(end).expect("a call ended")
}

/// One call to a server that takes 100 ms, over a link that takes 50 ms each way; all messages are lost if so wished.
fn one_call(stack: Vec<Layer>, is_lost: bool) -> Ended {
    let way = Link { loss: if is_lost { Share::ALL } else { Share::NONE }, ..link("app", "server", Distribution::Constant(ms(50))) };
    play(&pair(clients(1, "server", once()), service(Distribution::Constant(ms(100))), way, stack), 1)
}

/// Everything begins a nanosecond after the start.
fn after(length: SimDuration) -> SimTime {
    SimTime::from_nanos(1) + length
}

#[test]
fn of_a_deadline_and_a_timeout_at_one_instant_the_outermost_fires() {
    let deadline_outside = one_call(vec![deadline(ms(500)), retry(3, AnyBackoff::Immediate(Immediate {})), timeout(ms(500))], true);
    assert_eq!(first_end(&deadline_outside), (after(ms(500)), Outcome::Failed(Failure::Deadline)));
    let timeout_outside = one_call(vec![timeout(ms(500)), deadline(ms(500))], true);
    assert_eq!(first_end(&timeout_outside), (after(ms(500)), Outcome::Failed(Failure::Timeout)));
    // The second timeout of the inner layer falls on the deadline.
    let at_the_second =
        one_call(vec![deadline(ms(500)), retry(9, AnyBackoff::Constant(Constant { delay: ms(100) })), timeout(ms(200))], true);
    assert_eq!(first_end(&at_the_second), (after(ms(500)), Outcome::Failed(Failure::Deadline)));
}

#[test]
fn a_reply_at_the_very_instant_of_a_timeout_is_in_time() {
    for layer in [timeout, deadline] {
        let in_time = one_call(vec![layer(ms(200))], false);
        assert_eq!(first_end(&in_time), (after(ms(200)), Outcome::Success));
        let (end, outcome) = first_end(&one_call(vec![layer(ms(200) - SimDuration::NANOSECOND)], false));
        assert_eq!(end, SimTime::ZERO + ms(200));
        assert!(!outcome.is_success());
    }
}

#[test]
fn a_stack_of_layers_that_wait_for_the_same_attempt_ends_with_it() {
    let ended = one_call(vec![deadline(ms(1000)), timeout(ms(900)), timeout(ms(800)), deadline(ms(700)), timeout(ms(600))], false);
    assert_eq!(first_end(&ended), (after(ms(200)), Outcome::Success));
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn a_deadline_inside_a_retry_ends_the_call_and_not_only_the_attempt() {
    // A deadline is that of the call. Once it has passed nothing is sent any more, and no retry mends it.
    let ended = one_call(vec![retry(5, AnyBackoff::Constant(Constant { delay: ms(10) })), deadline(ms(300))], true);
    assert_eq!(first_end(&ended), (after(ms(300)), Outcome::Failed(Failure::Deadline)));
    assert_eq!(ended.seen.iter().filter(|(_, record)| matches!(record, Record::Sent(..))).count(), 1);
}

#[test]
fn a_retry_after_the_deadline_inside_it_sends_nothing() {
    // The timeout comes first, the wait outlasts the deadline: the second attempt would begin when the call is over.
    let wait = AnyBackoff::Constant(Constant { delay: ms(400) });
    let ended = one_call(vec![retry(5, wait.clone()), timeout(ms(200)), deadline(ms(500))], true);
    assert_eq!(first_end(&ended), (after(ms(600)), Outcome::Failed(Failure::Deadline)));
    // It may also end at the very instant of the deadline.
    let ended = one_call(vec![retry(5, wait), timeout(ms(200)), deadline(ms(600))], true);
    assert_eq!(first_end(&ended), (after(ms(600)), Outcome::Failed(Failure::Deadline)));
    assert_eq!(ended.seen.iter().filter(|(_, record)| matches!(record, Record::Sent(..))).count(), 1);
}

#[test]
fn nobody_calls_from_the_horizon_on() {
    // A client that would think beyond the horizon before its first call, while another call keeps the run going.
    let way = Link { loss: Share::ALL, ..link("app", "server", Distribution::Constant(ms(50))) };
    for arrivals in [closed(Distribution::Constant(ms(1_500))), closed(Distribution::Constant(ms(400))), poisson(20)] {
        let mut spec = pair(clients(3, "server", arrivals), service(exponential(ms(5))), way.clone(), vec![timeout(ms(30_000))]);
        spec.clockwork.horizon = SimDuration::from_secs(1);
        let ended = play(&spec, 1);
        let late = |(at, record): &&(SimTime, Record)| matches!(record, Record::CallStarted(_)) && *at >= SimTime::ZERO + ms(1_000);
        assert_eq!(ended.seen.iter().find(late), None);
    }
}

/// What was seen of one call.
#[derive(Default)]
struct Course {
    started: SimTime,
    sent: Vec<SimTime>,
    abandoned: Vec<SimTime>,
    delivered: Vec<(SimTime, Outcome)>,
    ended: Option<(SimTime, Outcome)>,
}

fn courses(seen: &Records) -> BTreeMap<Key, Course> {
    let mut courses: BTreeMap<Key, Course> = BTreeMap::new();
    for &(at, record) in seen {
        match record {
            Record::CallStarted(name) => courses.entry(name.key).or_default().started = at,
            Record::CallEnded(name, outcome) => courses.entry(name.key).or_default().ended = Some((at, outcome)),
            Record::Sent(name, _) => courses.entry(name.call.key).or_default().sent.push(at),
            Record::Abandoned(name, _) => courses.entry(name.call.key).or_default().abandoned.push(at),
            Record::Delivered(name, _, outcome) => courses.entry(name.call.key).or_default().delivered.push((at, outcome)),
            _ => {}
        }
    }
    courses
}

/// The layers that the thousands of calls below go through.
struct Patience {
    limit: SimDuration,
    attempts: u32,
    backoff: AnyBackoff,
    timeout: SimDuration,
}

impl Patience {
    /// How a call must end, from what reached its caller and from the draws of its waits. Panics if an attempt is not sent when it must be.
    fn end_of(&self, course: &Course, key: Key, seed: &Seed) -> (SimTime, Outcome) {
        let over = course.started + self.limit;
        let (mut memory, mut now) = (self.backoff.fresh(), course.started);
        for number in 1..=self.attempts {
            assert_eq!(course.sent[number as usize - 1], now, "attempt {number}");
            let given_up = (now + self.timeout).min(over);
            let answer = course.delivered.iter().find(|(at, _)| *at > now && *at <= given_up).copied();
            if answer.is_none() && given_up == over {
                break;
            }
            let (at, outcome) = answer.unwrap_or((given_up, Outcome::Failed(Failure::Timeout)));
            if outcome.is_success() || number == self.attempts {
                return (at, outcome);
            }
            let wait = wait_before(&self.backoff, &mut memory, number, seed.draws(key, number + 1).wait());
            now = at + wait.max(SimDuration::NANOSECOND);
            if now >= over {
                break;
            }
        }
        (over, Outcome::Failed(Failure::Deadline))
    }
}

#[test]
fn thousands_of_concurrent_calls_time_out_wait_and_give_up_at_the_exact_instant() {
    // Timers of a slot are re-armed lazily, and a slot passes from call to call: so calls end early and late, by an answer,
    // a refusal before the pending timer, a timeout or the deadline.
    let jitter = |cap| AnyBackoff::FullJitter(FullJitter { base: ms(20), cap: ms(cap) });
    for (limit, patience, backoff) in [
        (ms(900), ms(150), jitter(1_000)),
        (ms(700), ms(131), AnyBackoff::EqualJitter(EqualJitter { base: ms(7), cap: ms(300) })),
        (ms(2_000), ms(90), AnyBackoff::Exponential(Exponential { base: ms(10), cap: ms(100), multiplier: 2.0 })),
        (ms(301), ms(100), AnyBackoff::Immediate(Immediate {})),
    ] {
        let patience = Patience { limit, attempts: 6, backoff, timeout: patience };
        let way = Link { loss: Share::percent(20), ..link("app", "server", exponential(ms(30))) };
        let stack = vec![deadline(limit), retry(patience.attempts, patience.backoff.clone()), timeout(patience.timeout)];
        let server =
            Service { workers: 60, queue: Queue::Fifo(Fifo { limit: Some(20), ..Fifo::default() }), ..service(exponential(ms(20))) };
        let mut spec = pair(clients(50, "server", poisson(4_000)), server, way, stack);
        spec.clockwork.horizon = SimDuration::from_secs(2);
        let (seed, ended) = (Seed::new(5), play(&spec, 5));
        let courses = courses(&ended.seen);
        assert!(courses.len() > 7_000);
        let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
        for (key, course) in courses {
            assert_eq!(course.ended, Some(patience.end_of(&course, key, &seed)), "{:?}", patience.backoff);
            *outcomes.entry(course.ended.expect("it ended").1.name()).or_default() += 1;
            for abandoned in course.abandoned {
                let is_timeout = course.sent.iter().any(|&sent| sent + patience.timeout == abandoned);
                assert!(is_timeout || abandoned == course.started + limit, "an attempt was given up at {abandoned}, for no reason");
            }
        }
        println!("{outcomes:?}");
        assert!(outcomes.len() >= 3, "{outcomes:?}");
        assert_eq!(ended.in_use, (0, 0));
    }
}
