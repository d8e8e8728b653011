//! How many calls are under way: limits stay within their bounds, and bulkheads let nobody in twice, nor forget anybody.

use models::strategies::bulkhead::{AnyBulkhead, BulkheadMemory, Entry, HystrixSemaphore, Semaphore, ThreadPool};
use models::strategies::concurrency::{Aimd, AnyConcurrency, ConcurrencyMemory, EnvoyGradient, Gradient2, Sample, Vegas, Windowed};
use models::strategies::{Luck, Scope, Ticket};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::BTreeSet;

fn draw(seed: &Seed, ordinal: u64) -> Draw {
    seed.draws(Key::named("under way").child(ordinal), 0).share()
}

fn envoy() -> EnvoyGradient {
    EnvoyGradient {
        sample_aggregate_percentile: Share::percent(90),
        concurrency_update_interval: SimDuration::from_millis(100),
        max_concurrency_limit: 40,
        min_rtt_interval: SimDuration::from_secs(2),
        min_rtt_request_count: 20,
        min_rtt_jitter: Share::percent(15),
        min_concurrency: 3,
        min_rtt_buffer: Share::percent(25),
        per: Scope::Process,
    }
}

/// Each with its bounds.
fn limits() -> Vec<(AnyConcurrency, u32, u32)> {
    let window = Some(Windowed { min_window_time: SimDuration::from_millis(50), ..Windowed::default() });
    vec![
        (Vegas { max_concurrency: 30, ..Vegas::default() }.into(), 1, 30),
        (Vegas { max_concurrency: 30, smoothing: 0.3, window: window.clone(), ..Vegas::default() }.into(), 1, 30),
        (Gradient2 { min_limit: 4, max_concurrency: 30, ..Gradient2::default() }.into(), 4, 30),
        (Aimd { min_limit: 2, max_limit: 30, ..Aimd::default() }.into(), 2, 30),
        (Aimd { min_limit: 2, max_limit: 30, window, ..Aimd::default() }.into(), 2, 30),
        (envoy().into(), 3, 40),
    ]
}

/// A sample as by a callee that is sometimes slow and sometimes drops: the `step`-th.
fn sample(seed: &Seed, step: u64, limit: u32, now: SimTime) -> Sample {
    let luck = draw(seed, step);
    // Calm and trouble take turns.
    let spread = if (step / 400).is_multiple_of(2) { 20 } else { 60_000 };
    let rtt = SimDuration::from_micros(500 + luck.index(spread));
    let is_dropped = spread > 20 && luck.further(1).index(2) == 0;
    Sample { since: SimTime::from_nanos(now.as_nanos().saturating_sub(rtt.as_nanos())), rtt, inflight: limit, is_dropped }
}

#[test]
fn every_limit_is_among_those_whose_laws_are_checked() {
    for (name, _) in AnyConcurrency::ALL {
        assert!(limits().iter().any(|(limit, ..)| limit.name() == *name), "{name}");
    }
    for (limit, ..) in limits() {
        assert_eq!(limit.check(), [], "{}", limit.name());
    }
}

#[test]
fn a_limit_stays_within_its_bounds_reaches_both_and_a_clone_goes_the_same_way() {
    let seed = Seed::new(5);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    for (rule, least, most) in limits() {
        let mut memory = rule.fresh(&luck, SimTime::ZERO);
        let step = |memory: &mut ConcurrencyMemory, step: u64| {
            let now = SimTime::from_nanos(step * 5_000_000 + 200_000_000);
            let limit = rule.limit(memory, &luck, now);
            rule.sample(memory, &sample(&seed, step, limit, now), &luck, now);
            rule.limit(memory, &luck, now)
        };
        let seen: BTreeSet<u32> = (0..8_000).map(|n| step(&mut memory, n)).collect();
        let (lowest, highest) = (*seen.first().expect("there are some"), *seen.last().expect("there are some"));
        assert!(lowest >= least && highest <= most, "{rule:?}: {lowest} to {highest}");
        // What is smoothed comes as near to the top as it likes, and is cut to a whole number.
        assert!(highest + 1 >= most, "{rule:?}: calm leads to the top, not to {highest}");
        assert!(lowest <= least.max(most * 2 / 3), "{rule:?}: trouble leads down, not to {lowest}");
        let mut twin = memory.clone();
        for n in 8_000..9_000 {
            assert_eq!(step(&mut memory, n), step(&mut twin, n), "{}", rule.name());
        }
    }
}

#[test]
fn timers_that_nobody_waited_for_are_made_up_for() {
    let seed = Seed::new(5);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    let rule = AnyConcurrency::from(envoy());
    let mut memory = rule.fresh(&luck, SimTime::ZERO);
    for n in 0..100 {
        let now = SimTime::from_nanos((n + 1) * 20_000_000);
        rule.sample(&mut memory, &sample(&seed, n, 3, now), &luck, now);
    }
    let (mut lazy, mut busy) = (memory.clone(), memory);
    for n in 200..6_000 {
        rule.limit(&mut busy, &luck, SimTime::from_nanos(n * 10_000_000));
    }
    rule.limit(&mut lazy, &luck, SimTime::from_nanos(59_990_000_000));
    assert_eq!(format!("{lazy:?}"), format!("{busy:?}"));
}

#[test]
fn calls_started_before_the_floor_is_measured_do_not_count_for_it() {
    let seed = Seed::new(5);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    let rule = AnyConcurrency::from(envoy());
    let begin = SimTime::from_nanos(1_000_000_000);
    let mut memory = rule.fresh(&luck, begin);
    let early = Sample { since: SimTime::ZERO, rtt: SimDuration::from_secs(1), inflight: 1, is_dropped: false };
    let before = format!("{memory:?}");
    rule.sample(&mut memory, &early, &luck, begin);
    assert_eq!(format!("{memory:?}"), before);
}

#[test]
fn limits_that_make_no_sense_are_refused_by_the_names_of_their_fields() {
    let fields = |rule: AnyConcurrency| rule.check().into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    let vegas = Vegas { initial_limit: 0, smoothing: f64::NAN, probe_multiplier: 0, ..Vegas::default() };
    assert_eq!(fields(vegas.into()), ["initial_limit", "smoothing", "probe_multiplier"]);
    let gradient = Gradient2 { min_limit: 300, rtt_tolerance: 0.5, long_window: 0, ..Gradient2::default() };
    assert_eq!(fields(gradient.into()), ["max_concurrency", "initial_limit", "rtt_tolerance", "long_window"]);
    let window = Some(Windowed { window_size: 0, ..Windowed::default() });
    assert_eq!(fields(Aimd { backoff_ratio: 1.0, window, ..Aimd::default() }.into()), ["backoff_ratio", "window.window_size"]);
    let envoy = EnvoyGradient { min_rtt_interval: SimDuration::ZERO, max_concurrency_limit: 2, ..envoy() };
    assert_eq!(fields(envoy.into()), ["min_rtt_interval", "max_concurrency_limit"]);
}

fn pool() -> ThreadPool {
    ThreadPool {
        core_thread_pool_size: 2,
        max_thread_pool_size: 5,
        queue_capacity: 4,
        keep_alive_duration: SimDuration::from_millis(20),
        per: Scope::Process,
        pool: None,
    }
}

/// Each with how many it lets in.
fn bulkheads() -> Vec<(AnyBulkhead, u32)> {
    let max_wait_duration = SimDuration::from_millis(7);
    vec![
        (Semaphore { max_concurrent_calls: 3, ..Semaphore::default() }.into(), 3),
        (Semaphore { max_concurrent_calls: 3, max_wait_duration, ..Semaphore::default() }.into(), 3),
        (pool().into(), 5),
        (HystrixSemaphore { max_concurrent_requests: 4, ..HystrixSemaphore::default() }.into(), 4),
    ]
}

/// Who is where, by what a bulkhead said.
#[derive(Clone, Default)]
struct Ledger {
    inside: Vec<Ticket>,
    waiting: Vec<(Ticket, Option<SimTime>)>,
    /// Places that somebody else holds.
    taken: u32,
}

fn trade(rule: &AnyBulkhead, memory: &mut BulkheadMemory, ledger: &mut Ledger, seed: &Seed, step: u64) {
    let (luck, now) = (draw(seed, step), SimTime::from_nanos(step * 1_000_000));
    let over = |until: &Option<SimTime>| until.is_some_and(|until| until <= now);
    while let Some(place) = ledger.waiting.iter().position(|(_, until)| over(until)) {
        let (ticket, _) = ledger.waiting.remove(place);
        assert!(rule.give_up(memory, ticket), "{} had forgotten {ticket:?}", rule.name());
        assert!(!rule.give_up(memory, ticket), "{} has it twice", rule.name());
    }
    match luck.index(20) {
        0..11 => match rule.enter(memory, Ticket(step), now) {
            Entry::Admitted => {
                assert!((ledger.inside.len() as u32) < rule.places().saturating_sub(ledger.taken), "{}: it was full", rule.name());
                ledger.inside.push(Ticket(step));
            }
            Entry::Waiting(until) => ledger.waiting.push((Ticket(step), until)),
            Entry::Rejected => {}
        },
        11..19 if !ledger.inside.is_empty() => {
            ledger.inside.swap_remove(luck.further(1).index(ledger.inside.len() as u64) as usize);
            // Who leaves hands the place over, unless somebody else has been waiting to hold it.
            let is_free = ledger.inside.len() < rule.places().saturating_sub(ledger.taken) as usize;
            let next = rule.leave(memory, now);
            let first = ledger.waiting.first().map(|(ticket, _)| *ticket).filter(|_| is_free);
            assert_eq!(next, first, "{}: first come, first served", rule.name());
            if next.is_some() {
                ledger.inside.push(ledger.waiting.remove(0).0);
            }
        }
        19 => {
            // More than there are, at times.
            ledger.taken = luck.further(2).index(u64::from(rule.places()) + 3).saturating_sub(2) as u32;
            let next = rule.take(memory, ledger.taken, now);
            let first: Vec<Ticket> = ledger.waiting.drain(..next.len()).map(|(ticket, _)| ticket).collect();
            assert_eq!(next, first, "{}: first come, first served", rule.name());
            let left = rule.places().saturating_sub(ledger.taken) as usize;
            assert!(next.is_empty() || ledger.inside.len() + next.len() <= left, "{}: no more than there are", rule.name());
            ledger.inside.extend(next);
        }
        _ => {}
    }
    assert_eq!(rule.occupied(memory), (ledger.inside.len() as u32, ledger.waiting.len() as u32), "{}", rule.name());
}

#[test]
fn a_bulkhead_lets_in_no_more_than_it_may_in_order_and_forgets_nobody() {
    for (name, _) in AnyBulkhead::ALL {
        assert!(bulkheads().iter().any(|(rule, _)| rule.name() == *name), "{name}");
    }
    let seed = Seed::new(6);
    for (rule, most) in bulkheads() {
        assert_eq!(rule.check(), [], "{}", rule.name());
        let (mut memory, mut ledger, mut largest) = (rule.fresh(SimTime::ZERO), Ledger::default(), 0);
        for step in 1..5_000 {
            trade(&rule, &mut memory, &mut ledger, &seed, step);
            largest = largest.max(ledger.inside.len() as u32);
        }
        assert_eq!(largest, most, "{}: full at some time, and never fuller", rule.name());
        let (mut twin, mut twins_ledger) = (memory.clone(), ledger.clone());
        for step in 5_000..6_000 {
            trade(&rule, &mut memory, &mut ledger, &seed, step);
            trade(&rule, &mut twin, &mut twins_ledger, &seed, step);
            assert_eq!((&ledger.inside, &ledger.waiting), (&twins_ledger.inside, &twins_ledger.waiting), "{}", rule.name());
        }
    }
}

#[test]
fn a_thread_beyond_the_core_is_used_again_until_it_has_been_idle_for_too_long() {
    let rule = AnyBulkhead::from(pool());
    let answers = |pause: u64| {
        let mut memory = rule.fresh(SimTime::ZERO);
        // Seven at once: two run, four are queued, and the seventh gets a third thread.
        let first: Vec<Entry> = (0..7).map(|ticket| rule.enter(&mut memory, Ticket(ticket), SimTime::ZERO)).collect();
        assert_eq!(first.iter().filter(|entry| **entry == Entry::Admitted).count(), 3);
        for _ in 0..7 {
            rule.leave(&mut memory, SimTime::ZERO);
        }
        let now = SimTime::from_nanos(pause * 1_000_000);
        (0..3).map(|ticket| rule.enter(&mut memory, Ticket(ticket), now)).collect::<Vec<Entry>>()
    };
    let (run, queued) = (Entry::Admitted, Entry::Waiting(None));
    assert_eq!((answers(19), answers(20)), (vec![run, run, run], vec![run, run, queued]));
}
