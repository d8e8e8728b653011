//! Vectors of breakers.

use crate::{Vector, run};
use models::outcome::Failure;
use models::strategies::breaker::{
    Admission, Breaker, Failsafe, FinagleAccrual, Gobreaker, Hystrix, LinkerdAccrual, Polly, Resilience4j, Resilience4jRing,
    SlidingWindowType, Stamp, State, Tried, Verdict,
};
use models::strategies::{Luck, Scope};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::ops::Range;

pub const VECTORS: &[Vector] = &[
    ("C1.V1", resilience4j_judges_after_every_result_and_half_opens_with_the_clamped_minimum),
    ("C1.V2", resilience4j_as_it_comes_needs_a_hundred_results),
    ("C1.V3", resilience4j_calls_slow_what_takes_longer_than_the_threshold),
    ("C1.V4", resilience4j_lets_the_first_call_after_the_wait_through_but_not_at_its_end),
    ("C1.V5", resilience4j_counts_a_second_for_as_many_seconds_as_the_window_has),
    ("C1.V6", resilience4j_never_returns_permits_and_counts_late_results),
    ("C1.V7", resilience4j_waits_longer_with_each_opening_in_a_row),
    ("C1.V8", resilience4j_changes_by_timers_without_a_caller),
    ("C2.V1", the_ring_opens_only_when_it_is_full),
    ("C2.V2", the_ring_decides_after_all_slots_of_the_half_open_state),
    ("C2.V3", the_ring_lets_as_many_through_as_it_has_slots),
    ("C3.V1", hystrix_needs_a_volume_and_a_tick),
    ("C3.V2", hystrix_does_not_round_up),
    ("C3.V3", hystrix_probes_a_millisecond_after_its_sleep_window),
    ("C3.V4", hystrix_divides_first),
    ("C3.V5", hystrix_has_one_probe_and_believes_late_successes),
    ("C4.V1", polly_opens_at_its_ratio),
    ("C4.V2", polly_judges_at_failures_only),
    ("C4.V3", polly_lets_one_probe_through_at_the_end_of_the_break),
    ("C4.V4", polly_opens_windows_at_events_and_drops_them_whole),
    ("C4.V5", polly_believes_late_results_while_half_open),
    ("C5.V1", gobreaker_opens_after_more_than_five_and_half_opens_after_its_timeout),
    ("C5.V2", gobreaker_closes_at_one_success),
    ("C5.V3", gobreaker_drops_results_of_older_generations),
    ("C5.V4", gobreaker_lets_a_fixed_number_through_in_all),
    ("C6.V1", failsafe_as_it_comes_opens_at_one_failure),
    ("C6.V2", failsafe_counts_failures_among_the_last_calls),
    ("C6.V3", failsafe_closes_and_opens_by_its_success_threshold),
    ("C7.V1", finagle_kills_for_longer_with_each_failed_probe),
    ("C7.V2", finagle_ignores_late_failures_but_not_late_successes),
    ("C7.V3", finagle_averages_successes_over_time),
    ("C8.V1", linkerd_doubles_its_penalties),
    ("C8.V2", linkerd_drops_results_while_shut_and_penalises_from_the_failure),
];

#[test]
fn vectors_of_breakers() {
    run(VECTORS);
}

use Verdict::{Failure as F, Success as S};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// A breaker, what it remembers, and the seed of its draws. All times are milliseconds.
struct Bench<B: Breaker> {
    breaker: B,
    memory: B::Shared,
    seed: Seed,
}

impl<B: Breaker> Bench<B> {
    fn new(breaker: B) -> Self {
        Self::seeded(breaker, 1)
    }

    fn seeded(breaker: B, seed: u64) -> Self {
        assert_eq!(breaker.check(), []);
        let memory = breaker.fresh(SimTime::ZERO);
        Self { breaker, memory, seed: Seed::new(seed) }
    }

    fn begin(&mut self, at: u64) -> Option<Stamp> {
        let luck = Luck { seed: &self.seed, key: Key::named("vectors") };
        match self.breaker.admit(&mut self.memory, &luck, time(at)) {
            Admission::Admitted(stamp) => Some(stamp),
            Admission::Rejected => None,
        }
    }

    fn took(&mut self, at: u64, stamp: Stamp, verdict: Verdict, took: SimDuration) {
        let luck = Luck { seed: &self.seed, key: Key::named("vectors") };
        self.breaker.ended(&mut self.memory, &Tried { stamp, verdict, took }, &luck, time(at));
    }

    fn end(&mut self, at: u64, stamp: Stamp, verdict: Verdict) {
        self.took(at, stamp, verdict, SimDuration::ZERO);
    }

    /// A call that is admitted and ends at once.
    fn call(&mut self, at: u64, verdict: Verdict) {
        let stamp = self.begin(at).unwrap_or_else(|| panic!("a call at {at} ms is let through"));
        self.end(at, stamp, verdict);
    }

    /// So many calls, all at one instant.
    fn calls(&mut self, at: u64, count: u32, verdict: Verdict) {
        (0..count).for_each(|_| self.call(at, verdict));
    }

    fn state(&mut self, at: u64) -> State {
        self.breaker.state(&mut self.memory, time(at))
    }

    fn admits(&mut self, at: u64) -> bool {
        self.begin(at).is_some()
    }
}

const fn time(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

fn resilience4j(window: u32, minimum: u32, permits: u32, wait: SimDuration) -> Resilience4j {
    Resilience4j {
        sliding_window_size: window,
        minimum_number_of_calls: minimum,
        permitted_number_of_calls_in_half_open_state: permits,
        wait_duration_in_open_state: wait,
        ..Resilience4j::default()
    }
}

fn resilience4j_judges_after_every_result_and_half_opens_with_the_clamped_minimum() {
    let mut tried = Bench::new(resilience4j(10, 4, 10, secs(60)));
    for (at, verdict) in [(0, F), (1_000, F), (2_000, S)] {
        tried.call(at, verdict);
        assert_eq!(tried.state(at), State::Closed);
    }
    tried.call(3_000, S);
    assert_eq!(tried.state(3_000), State::Open);
    for at in [70_000, 70_001, 70_002] {
        tried.call(at, S);
        assert_eq!(tried.state(at), State::HalfOpen);
    }
    tried.call(70_003, S);
    assert_eq!(tried.state(70_003), State::Closed);
}

fn resilience4j_as_it_comes_needs_a_hundred_results() {
    let mut failing = Bench::new(Resilience4j::default());
    failing.calls(0, 99, F);
    assert_eq!(failing.state(0), State::Closed);
    let mut mixed = Bench::new(Resilience4j::default());
    mixed.calls(0, 49, F);
    mixed.calls(0, 50, S);
    assert_eq!(mixed.state(0), State::Closed);
    mixed.call(0, F);
    assert_eq!(mixed.state(0), State::Open);
}

fn resilience4j_calls_slow_what_takes_longer_than_the_threshold() {
    for (took, expected) in [(2_000, State::Closed), (2_001, State::Open)] {
        let mut tried = Bench::new(Resilience4j { slow_call_duration_threshold: secs(2), ..resilience4j(1, 1, 1, secs(60)) });
        let stamp = tried.begin(0).expect("it is closed");
        tried.took(took, stamp, S, SimDuration::from_millis(took));
        assert_eq!(tried.state(took), expected, "{took} ms");
    }
}

fn resilience4j_lets_the_first_call_after_the_wait_through_but_not_at_its_end() {
    let mut tried = Bench::new(resilience4j(1, 1, 1, secs(10)));
    tried.call(9_000, F);
    assert!(!tried.admits(19_000));
    assert!(tried.admits(19_001));
}

fn resilience4j_counts_a_second_for_as_many_seconds_as_the_window_has() {
    let window = Resilience4j { sliding_window_type: SlidingWindowType::TimeBased, ..resilience4j(10, 2, 1, secs(10)) };
    for (at, expected) in [(109_999, State::Open), (110_000, State::Closed)] {
        let mut tried = Bench::new(window.clone());
        tried.call(100_500, F);
        tried.call(at, S);
        assert_eq!(tried.state(at), expected, "{at} ms");
    }
}

fn resilience4j_never_returns_permits_and_counts_late_results() {
    let mut tried = Bench::new(resilience4j(4, 4, 3, secs(10)));
    let late = tried.begin(0).expect("it is closed");
    tried.calls(0, 4, F);
    let probes: Vec<Option<Stamp>> = (0..4).map(|_| tried.begin(11_000)).collect();
    assert_eq!(probes.iter().flatten().count(), 3);
    assert_eq!(probes[3], None);
    tried.end(11_001, late, F);
    assert_eq!(tried.state(11_001), State::HalfOpen);
    tried.end(11_002, probes[0].expect("admitted"), S);
    assert_eq!(tried.state(11_002), State::HalfOpen);
    tried.end(11_003, probes[1].expect("admitted"), S);
    assert_eq!(tried.state(11_003), State::Closed);
    tried.end(11_004, probes[2].expect("admitted"), F);
    // One call is in the fresh window: it takes three more to judge it.
    tried.calls(11_005, 2, F);
    assert_eq!(tried.state(11_005), State::Closed);
    tried.call(11_006, F);
    assert_eq!(tried.state(11_006), State::Open);
}

fn resilience4j_waits_longer_with_each_opening_in_a_row() {
    let mut tried = Bench::new(Resilience4j { enable_exponential_backoff: true, ..resilience4j(1, 1, 1, secs(10)) });
    let mut at = 0;
    for (verdict, wait) in [(F, 10_000), (F, 15_000), (F, 22_500), (S, 0), (F, 10_000)] {
        tried.call(at, verdict);
        if wait > 0 {
            assert!(!tried.admits(at + wait), "after {wait} ms");
            assert_eq!(tried.state(at + wait + 1), State::HalfOpen);
        }
        at += wait + 1;
    }
}

fn resilience4j_changes_by_timers_without_a_caller() {
    let breaker = Resilience4j {
        automatic_transition_from_open_to_half_open_enabled: true,
        max_wait_duration_in_half_open_state: secs(5),
        ..resilience4j(1, 1, 1, secs(10))
    };
    let mut tried = Bench::new(breaker);
    tried.call(0, F);
    let unseen = tried.memory.clone();
    let expected =
        [(9_999, State::Open), (10_000, State::HalfOpen), (14_999, State::HalfOpen), (15_000, State::Open), (25_000, State::HalfOpen)];
    for (at, state) in expected {
        assert_eq!(tried.state(at), state, "{at} ms, seen before");
        assert_eq!(tried.breaker.state(&mut unseen.clone(), time(at)), state, "{at} ms, first seen then");
    }
}

fn ring() -> Bench<Resilience4jRing> {
    Bench::new(Resilience4jRing {
        failure_rate_threshold: Share::percent(50),
        ring_buffer_size_in_closed_state: 10,
        ring_buffer_size_in_half_open_state: 5,
        wait_duration_in_open_state: secs(10),
        ..Resilience4jRing::default()
    })
}

/// The ring after ten results, a second apart, the last at 9 s.
fn open_ring() -> Bench<Resilience4jRing> {
    let mut tried = ring();
    for second in 0..9 {
        tried.call(second * 1_000, if second < 5 { F } else { S });
        assert_eq!(tried.state(second * 1_000), State::Closed);
    }
    tried.call(9_000, S);
    assert_eq!(tried.state(9_000), State::Open);
    tried
}

fn the_ring_opens_only_when_it_is_full() {
    let mut tried = open_ring();
    assert!(!tried.admits(19_000));
    assert!(tried.admits(19_001));
    assert_eq!(tried.state(19_001), State::HalfOpen);
}

fn the_ring_decides_after_all_slots_of_the_half_open_state() {
    for (probes, expected) in [([F, F, F, S, S], State::Open), ([F, S, F, S, S], State::Closed)] {
        let mut tried = open_ring();
        for probe in &probes[..4] {
            tried.call(19_001, *probe);
            assert_eq!(tried.state(19_001), State::HalfOpen);
        }
        tried.call(19_001, probes[4]);
        assert_eq!(tried.state(19_001), expected);
        if expected == State::Closed {
            tried.calls(19_002, 9, F);
            assert_eq!(tried.state(19_002), State::Closed);
            tried.call(19_003, F);
            assert_eq!(tried.state(19_003), State::Open);
        }
    }
}

fn the_ring_lets_as_many_through_as_it_has_slots() {
    let mut tried = open_ring();
    assert_eq!((0..6).filter(|_| tried.admits(19_001)).count(), 5);
}

fn hystrix_needs_a_volume_and_a_tick() {
    let mut few = Bench::new(Hystrix::default());
    few.calls(0, 19, F);
    assert_eq!((few.state(500), few.state(5_000)), (State::Closed, State::Closed));
    let mut enough = Bench::new(Hystrix::default());
    enough.calls(0, 10, F);
    enough.calls(0, 10, S);
    assert_eq!((enough.state(499), enough.state(500)), (State::Closed, State::Open));
}

/// The state after one tick with so many errors of so many calls.
fn hystrix_after(errors: u32, calls: u32, threshold: u64) -> State {
    let mut tried = Bench::new(Hystrix { error_threshold_percentage: Share::percent(threshold), ..Hystrix::default() });
    tried.calls(0, errors, F);
    tried.calls(0, calls - errors, S);
    tried.state(500)
}

fn hystrix_does_not_round_up() {
    assert_eq!((hystrix_after(199, 399, 50), hystrix_after(199, 399, 49)), (State::Closed, State::Open));
}

/// Hystrix that opened at 10 s, with a call of before still on its way.
fn open_hystrix() -> (Bench<Hystrix>, Stamp) {
    let mut tried = Bench::new(Hystrix::default());
    let late = tried.begin(9_900).expect("it is closed");
    tried.calls(9_900, 20, F);
    assert_eq!(tried.state(10_000), State::Open);
    (tried, late)
}

fn hystrix_probes_a_millisecond_after_its_sleep_window() {
    let (mut tried, _) = open_hystrix();
    assert!(!tried.admits(15_000));
    assert!(tried.admits(15_001));
}

fn hystrix_divides_first() {
    for (errors, percent) in [(29, 28), (57, 56), (50, 50)] {
        assert_eq!(hystrix_after(errors, 100, percent), State::Open, "{errors} of 100 are {percent}%");
        assert_eq!(hystrix_after(errors, 100, percent + 1), State::Closed, "{errors} of 100 are {percent}%");
    }
}

fn hystrix_has_one_probe_and_believes_late_successes() {
    let (mut tried, late) = open_hystrix();
    let probe = tried.begin(15_001).expect("the sleep window is over");
    assert!(!tried.admits(15_002));
    tried.end(15_100, probe, F);
    assert!(!tried.admits(20_100));
    assert!(tried.admits(20_101));
    tried.end(20_150, late, S);
    assert_eq!(tried.state(20_150), State::Closed);
}

fn polly_opens_at_its_ratio() {
    let mut tried = Bench::new(Polly::default());
    tried.calls(0, 90, S);
    tried.calls(0, 9, F);
    assert_eq!(tried.state(0), State::Closed);
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
}

fn polly_judges_at_failures_only() {
    let mut tried = Bench::new(Polly::default());
    tried.calls(0, 89, S);
    tried.calls(0, 10, F);
    tried.call(0, S);
    assert_eq!(tried.state(0), State::Closed);
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
}

/// Polly that opened at 0, with two calls of before still on their way.
fn open_polly() -> (Bench<Polly>, [Stamp; 2]) {
    let mut tried = Bench::new(Polly { minimum_throughput: 2, ..Polly::default() });
    let late = [0, 0].map(|at| tried.begin(at).expect("it is closed"));
    tried.calls(0, 2, F);
    assert_eq!(tried.state(0), State::Open);
    (tried, late)
}

fn polly_lets_one_probe_through_at_the_end_of_the_break() {
    let (mut tried, _) = open_polly();
    assert!(!tried.admits(4_999));
    assert!(tried.admits(5_000));
    assert!(!tried.admits(5_001));
}

fn polly_opens_windows_at_events_and_drops_them_whole() {
    let breaker = Polly { failure_ratio: Share::percent(50), minimum_throughput: 4, sampling_duration: secs(10), ..Polly::default() };
    for (at, expected) in [(10_899, State::Open), (10_900, State::Closed)] {
        let mut tried = Bench::new(breaker.clone());
        tried.call(900, S);
        tried.call(1_500, S);
        tried.calls(at, 2, F);
        assert_eq!(tried.state(at), expected, "{at} ms");
    }
}

fn polly_believes_late_results_while_half_open() {
    for (verdict, expected) in [(S, State::Closed), (F, State::Open)] {
        let (mut tried, [late, _]) = open_polly();
        assert!(tried.admits(5_000));
        tried.end(5_001, late, verdict);
        assert_eq!(tried.state(5_001), expected);
    }
}

/// gobreaker that opened at 5 ms, after failures at each millisecond from 0 on.
fn open_gobreaker(breaker: Gobreaker) -> Bench<Gobreaker> {
    let mut tried = Bench::new(breaker);
    for at in 0..5 {
        tried.call(at, F);
        assert_eq!(tried.state(at), State::Closed);
    }
    tried.call(5, F);
    assert_eq!(tried.state(5), State::Open);
    tried
}

fn gobreaker_opens_after_more_than_five_and_half_opens_after_its_timeout() {
    let mut tried = open_gobreaker(Gobreaker::default());
    assert!(!tried.admits(60_005));
    assert!(tried.admits(60_006));
    assert!(!tried.admits(60_006));
}

fn gobreaker_closes_at_one_success() {
    let mut tried = open_gobreaker(Gobreaker::default());
    tried.call(60_006, S);
    assert_eq!(tried.state(60_006), State::Closed);
}

fn gobreaker_drops_results_of_older_generations() {
    let mut tried = Bench::new(Gobreaker::default());
    let late = tried.begin(0).expect("it is closed");
    tried.calls(0, 6, F);
    assert!(tried.admits(60_001));
    tried.end(60_002, late, S);
    assert_eq!(tried.state(60_002), State::HalfOpen);

    let mut cleared = Bench::new(Gobreaker { interval: secs(10), ..Gobreaker::default() });
    let late = cleared.begin(9_000).expect("it is closed");
    cleared.end(11_000, late, F);
    cleared.calls(11_000, 5, F);
    assert_eq!(cleared.state(11_000), State::Closed, "five failures and a dropped one");
    cleared.call(11_000, F);
    assert_eq!(cleared.state(11_000), State::Open);
}

fn gobreaker_lets_a_fixed_number_through_in_all() {
    let breaker = Gobreaker { max_requests: 3, ..Gobreaker::default() };
    let mut tried = open_gobreaker(breaker);
    let probes: Vec<Stamp> = (0..3).map(|_| tried.begin(60_006).expect("three pass")).collect();
    assert!(!tried.admits(60_006));
    tried.end(60_007, probes[0], S);
    tried.end(60_008, probes[1], S);
    assert!(!tried.admits(60_008), "nor after two successes");
    tried.end(60_009, probes[2], S);
    assert_eq!(tried.state(60_009), State::Closed);
}

fn failsafe_as_it_comes_opens_at_one_failure() {
    let mut tried = Bench::new(Failsafe::default());
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
    assert!(!tried.admits(59_999));
    let probe = tried.begin(60_000).expect("the delay is over");
    assert!(!tried.admits(60_000));
    tried.end(60_001, probe, S);
    assert_eq!(tried.state(60_001), State::Closed);
}

fn failsafe_counts_failures_among_the_last_calls() {
    let mut tried = Bench::new(Failsafe { failure_threshold: 3, failure_thresholding_capacity: Some(5), ..Failsafe::default() });
    for verdict in [F, S, F, S] {
        tried.call(0, verdict);
        assert_eq!(tried.state(0), State::Closed);
    }
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
}

fn failsafe_closes_and_opens_by_its_success_threshold() {
    let breaker = Failsafe { success_threshold: Some(2), success_thresholding_capacity: Some(3), ..Failsafe::default() };
    for (probes, expected) in [(&[F, F][..], State::Open), (&[S, S], State::Closed), (&[F, S, S], State::Closed)] {
        let mut tried = Bench::new(breaker.clone());
        tried.call(0, F);
        for (nth, probe) in probes.iter().enumerate() {
            assert_eq!(tried.state(60_000), State::HalfOpen, "before probe {nth} of {probes:?}");
            tried.call(60_000, *probe);
        }
        assert_eq!(tried.state(60_000), expected, "{probes:?}");
    }
}

/// How long, in milliseconds, it rejects from `from` on; `most` at most.
fn rejects_for<B: Breaker>(tried: &mut Bench<B>, from: u64, most: u64) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = (low + high) / 2;
        if tried.breaker.state(&mut tried.memory.clone(), time(from + middle)) == State::Open { low = middle + 1 } else { high = middle }
    }
    low
}

fn assert_spread(values: &[u64], range: Range<u64>) {
    assert!(values.iter().all(|value| range.contains(value) || *value == range.end), "{values:?} lie in {range:?}");
    let (mean, width) = (values.iter().sum::<u64>() as f64 / values.len() as f64, (range.end - range.start) as f64);
    let expected = (range.start + range.end) as f64 / 2.0;
    // Six standard errors of a uniform mean.
    assert!((mean - expected).abs() < 6.0 * width / (12.0 * values.len() as f64).sqrt(), "mean {mean} of {range:?}");
}

fn finagle_kills_for_longer_with_each_failed_probe() {
    let (mut second, mut third) = (Vec::new(), Vec::new());
    for seed in 0..200 {
        let mut tried = Bench::seeded(FinagleAccrual::default(), seed);
        tried.call(0, S);
        for at in 0..4 {
            tried.call(at, F);
            assert_eq!(tried.state(at), State::Closed);
        }
        tried.call(4, F);
        assert_eq!(rejects_for(&mut tried, 4, 1_000_000), 5_000);
        tried.call(5_004, F);
        second.push(rejects_for(&mut tried, 5_004, 1_000_000));
        tried.call(5_004 + second[second.len() - 1], F);
        third.push(rejects_for(&mut tried, 5_004 + second[second.len() - 1], 1_000_000));
    }
    assert_spread(&second, 5_000..10_000);
    assert_spread(&third, 10_000..20_000);
    let series = [0, 1, 2].map(|nth| FinagleAccrual::default().dead_for(nth, Draw::from_unit(0.5)));
    assert_eq!(series, [5_000, 7_500, 15_000].map(SimDuration::from_millis));
}

fn finagle_ignores_late_failures_but_not_late_successes() {
    let breaker = FinagleAccrual { ignorable: vec![Failure::ClientError], ..FinagleAccrual::default() };
    let mut tried = Bench::new(breaker);
    let late = [0, 0].map(|at| tried.begin(at).expect("it is alive"));
    (0..5).for_each(|at| tried.call(at, F));
    tried.end(1_000, late[0], F);
    tried.end(1_001, late[1], S);
    assert_eq!(tried.state(1_001), State::Open);
    assert!(!tried.admits(5_003));
    // The late success has ended the row: one failure more kills nobody.
    tried.call(5_004, F);
    assert_eq!(tried.state(5_004), State::HalfOpen);
    let ignorable = tried.breaker.verdict(models::outcome::Outcome::Failed(Failure::ClientError));
    tried.call(5_005, ignorable);
    assert_eq!(tried.state(5_005), State::HalfOpen);
    assert!(tried.admits(5_006));
    assert!(!tried.admits(5_006));
}

fn finagle_averages_successes_over_time() {
    let mut tried = Bench::new(FinagleAccrual { consecutive_failures: 0, ..FinagleAccrual::default() });
    tried.call(0, S);
    for second in [5, 10, 15, 20, 25, 30] {
        assert_eq!(tried.state(second * 1_000), State::Closed);
        tried.call(second * 1_000, F);
        let rate = tried.memory.success_rate().expect("there were results");
        let expected = [(5, 0.846_482), (10, 0.716_531), (30, 0.367_879)].into_iter().find(|(at, _)| *at == second);
        if let Some((_, expected)) = expected {
            assert!((rate - expected).abs() < 5e-7, "{rate} at {second} s");
        }
    }
    assert_eq!(tried.state(30_000), State::Open, "30 s are the first that may kill");
}

fn linkerd_doubles_its_penalties() {
    let ranges = [1_000..1_500, 2_000..3_000, 4_000..6_000, 8_000..12_000, 16_000..24_000, 32_000..48_000];
    let mut penalties = vec![Vec::new(); ranges.len() + 1];
    for seed in 0..200 {
        let mut tried = Bench::seeded(LinkerdAccrual::default(), seed);
        tried.calls(0, 7, F);
        let mut at = 0;
        for drawn in &mut penalties {
            let penalty = rejects_for(&mut tried, at, 1_000_000);
            drawn.push(penalty);
            at += penalty;
            tried.call(at, F);
        }
    }
    for (drawn, range) in penalties.iter().zip(ranges) {
        assert_spread(drawn, range);
    }
    assert!(penalties[6].iter().all(|penalty| *penalty == 60_000));
    assert_eq!(LinkerdAccrual::default().scope(), Scope::Endpoint);
}

fn linkerd_drops_results_while_shut_and_penalises_from_the_failure() {
    let mut tried = Bench::new(LinkerdAccrual { jitter_ratio: 0.0, ..LinkerdAccrual::default() });
    let late = tried.begin(0).expect("it is open");
    (0..6).for_each(|at| tried.call(at, F));
    tried.call(6, S);
    (7..13).for_each(|at| tried.call(at, F));
    assert_eq!(tried.state(13), State::Closed);
    tried.call(13, F);
    assert_eq!(tried.state(13), State::Open);
    tried.end(500, late, S);
    assert!(!tried.admits(1_012));
    let probe = tried.begin(1_013).expect("the penalty is over");
    assert!(!tried.admits(1_014));
    tried.end(1_500, probe, F);
    assert_eq!((tried.state(3_499), tried.state(3_500)), (State::Open, State::HalfOpen));
}
