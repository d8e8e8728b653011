//! Vectors of C3 to C6: Hystrix, Polly, gobreaker and failsafe.

use super::*;

pub fn hystrix_needs_a_volume_and_a_tick() {
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

pub fn hystrix_does_not_round_up() {
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

pub fn hystrix_probes_a_millisecond_after_its_sleep_window() {
    let (mut tried, _) = open_hystrix();
    assert!(!tried.admits(15_000));
    assert!(tried.admits(15_001));
}

pub fn hystrix_divides_first() {
    for (errors, percent) in [(29, 28), (57, 56), (50, 50)] {
        assert_eq!(hystrix_after(errors, 100, percent), State::Open, "{errors} of 100 are {percent}%");
        assert_eq!(hystrix_after(errors, 100, percent + 1), State::Closed, "{errors} of 100 are {percent}%");
    }
}

pub fn hystrix_has_one_probe_and_believes_late_successes() {
    let (mut tried, late) = open_hystrix();
    let probe = tried.begin(15_001).expect("the sleep window is over");
    assert!(!tried.admits(15_002));
    tried.end(15_100, probe, F);
    assert!(!tried.admits(20_100));
    assert!(tried.admits(20_101));
    tried.end(20_150, late, S);
    assert_eq!(tried.state(20_150), State::Closed);
}

pub fn polly_opens_at_its_ratio() {
    let mut tried = Bench::new(Polly::default());
    tried.calls(0, 90, S);
    tried.calls(0, 9, F);
    assert_eq!(tried.state(0), State::Closed);
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
}

pub fn polly_judges_at_failures_only() {
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

pub fn polly_lets_one_probe_through_at_the_end_of_the_break() {
    let (mut tried, _) = open_polly();
    assert!(!tried.admits(4_999));
    assert!(tried.admits(5_000));
    assert!(!tried.admits(5_001));
}

pub fn polly_opens_windows_at_events_and_drops_them_whole() {
    let breaker = Polly { failure_ratio: Share::percent(50), minimum_throughput: 4, sampling_duration: secs(10), ..Polly::default() };
    for (at, expected) in [(10_899, State::Open), (10_900, State::Closed)] {
        let mut tried = Bench::new(breaker.clone());
        tried.call(900, S);
        tried.call(1_500, S);
        tried.calls(at, 2, F);
        assert_eq!(tried.state(at), expected, "{at} ms");
    }
}

pub fn polly_believes_late_results_while_half_open() {
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

pub fn gobreaker_opens_after_more_than_five_and_half_opens_after_its_timeout() {
    let mut tried = open_gobreaker(Gobreaker::default());
    assert!(!tried.admits(60_005));
    assert!(tried.admits(60_006));
    assert!(!tried.admits(60_006));
}

pub fn gobreaker_closes_at_one_success() {
    let mut tried = open_gobreaker(Gobreaker::default());
    tried.call(60_006, S);
    assert_eq!(tried.state(60_006), State::Closed);
}

pub fn gobreaker_drops_results_of_older_generations() {
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

pub fn gobreaker_lets_a_fixed_number_through_in_all() {
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

pub fn failsafe_as_it_comes_opens_at_one_failure() {
    let mut tried = Bench::new(Failsafe::default());
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
    assert!(!tried.admits(59_999));
    let probe = tried.begin(60_000).expect("the delay is over");
    assert!(!tried.admits(60_000));
    tried.end(60_001, probe, S);
    assert_eq!(tried.state(60_001), State::Closed);
}

pub fn failsafe_counts_failures_among_the_last_calls() {
    let mut tried = Bench::new(Failsafe { failure_threshold: 3, failure_thresholding_capacity: Some(5), ..Failsafe::default() });
    for verdict in [F, S, F, S] {
        tried.call(0, verdict);
        assert_eq!(tried.state(0), State::Closed);
    }
    tried.call(0, F);
    assert_eq!(tried.state(0), State::Open);
}

pub fn failsafe_closes_and_opens_by_its_success_threshold() {
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
