//! Vectors of C1 and C2: Resilience4j, with windows and with its former ring.

use super::*;

fn resilience4j(window: u32, minimum: u32, permits: u32, wait: SimDuration) -> Resilience4j {
    Resilience4j {
        sliding_window_size: window,
        minimum_number_of_calls: minimum,
        permitted_number_of_calls_in_half_open_state: permits,
        wait_duration_in_open_state: wait,
        ..Resilience4j::default()
    }
}

pub fn resilience4j_judges_after_every_result_and_half_opens_with_the_clamped_minimum() {
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

pub fn resilience4j_as_it_comes_needs_a_hundred_results() {
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

pub fn resilience4j_calls_slow_what_takes_longer_than_the_threshold() {
    for (took, expected) in [(2_000, State::Closed), (2_001, State::Open)] {
        let mut tried = Bench::new(Resilience4j { slow_call_duration_threshold: secs(2), ..resilience4j(1, 1, 1, secs(60)) });
        let stamp = tried.begin(0).expect("it is closed");
        tried.took(took, stamp, S, SimDuration::from_millis(took));
        assert_eq!(tried.state(took), expected, "{took} ms");
    }
}

pub fn resilience4j_lets_the_first_call_after_the_wait_through_but_not_at_its_end() {
    let mut tried = Bench::new(resilience4j(1, 1, 1, secs(10)));
    tried.call(9_000, F);
    assert!(!tried.admits(19_000));
    assert!(tried.admits(19_001));
}

pub fn resilience4j_counts_a_second_for_as_many_seconds_as_the_window_has() {
    let window = Resilience4j { sliding_window_type: SlidingWindowType::TimeBased, ..resilience4j(10, 2, 1, secs(10)) };
    for (at, expected) in [(109_999, State::Open), (110_000, State::Closed)] {
        let mut tried = Bench::new(window.clone());
        tried.call(100_500, F);
        tried.call(at, S);
        assert_eq!(tried.state(at), expected, "{at} ms");
    }
}

pub fn resilience4j_never_returns_permits_and_counts_late_results() {
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

pub fn resilience4j_waits_longer_with_each_opening_in_a_row() {
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

pub fn resilience4j_changes_by_timers_without_a_caller() {
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

pub fn the_ring_opens_only_when_it_is_full() {
    let mut tried = open_ring();
    assert!(!tried.admits(19_000));
    assert!(tried.admits(19_001));
    assert_eq!(tried.state(19_001), State::HalfOpen);
}

pub fn the_ring_decides_after_all_slots_of_the_half_open_state() {
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

pub fn the_ring_lets_as_many_through_as_it_has_slots() {
    let mut tried = open_ring();
    assert_eq!((0..6).filter(|_| tried.admits(19_001)).count(), 5);
}
