//! What do breakers do that no vector says?

use super::*;
use serde::de::value::{Error, MapDeserializer};
use sim_core::draw::{Key, Seed};
use sim_core::units::Share;

/// The fields that can be written, in order: what serde names when it meets an unknown one.
fn fields<T: for<'de> Deserialize<'de>>() -> Vec<String> {
    let unknown = MapDeserializer::<_, Error>::new(std::iter::once(("?", 0_u32)));
    let message = T::deserialize(unknown).map(drop).expect_err("`?` is no field").to_string();
    message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_explanation_names_exactly_the_fields_that_can_be_written() {
    let all = each_breaker!(Kind in all => (Kind::NAME, Kind::ABOUT, fields::<Kind>()));
    for (name, about, fields) in all {
        let explained: Vec<&str> = about.parameters.iter().map(|parameter| parameter.name).collect();
        assert_eq!(explained, fields, "{name}");
        assert!(about.example.starts_with(&format!("Breaker({name}(")), "{name}");
        assert!([about.meaning, about.formula, about.memory, about.source].iter().all(|text| text.len() > 20), "{name}");
    }
}

#[test]
fn every_explanation_says_how_much_is_remembered() {
    for (name, about, size) in each_breaker!(Kind in all => (Kind::NAME, Kind::ABOUT, size_of::<<Kind as Breaker>::Shared>())) {
        assert!(about.memory.contains(&format!("{size} bytes")), "{name} remembers {size} bytes: {}", about.memory);
    }
}

/// A breaker, what it remembers, and a seed. All times are milliseconds.
struct Bench<B: Breaker>(B, B::Shared, Seed);

impl<B: Breaker> Bench<B> {
    fn new(breaker: B) -> Self {
        let memory = breaker.fresh(SimTime::ZERO);
        Self(breaker, memory, Seed::new(1))
    }

    fn begin(&mut self, at: u64) -> Option<Stamp> {
        match self.0.admit(&mut self.1, &Luck { seed: &self.2, key: Key::named("bench") }, time(at)) {
            Admission::Admitted(stamp) => Some(stamp),
            Admission::Rejected => None,
        }
    }

    fn call(&mut self, at: u64, verdict: Verdict) {
        let stamp = self.begin(at).unwrap_or_else(|| panic!("a call at {at} ms is let through"));
        let tried = Tried { stamp, verdict, took: SimDuration::ZERO };
        self.0.ended(&mut self.1, &tried, &Luck { seed: &self.2, key: Key::named("bench") }, time(at));
    }

    fn give_up(&mut self, at: u64) {
        let stamp = self.begin(at).unwrap_or_else(|| panic!("a call at {at} ms is let through"));
        self.0.given_up(&mut self.1, stamp, &Luck { seed: &self.2, key: Key::named("bench") }, time(at));
    }

    fn state(&mut self, at: u64) -> State {
        self.0.state(&mut self.1, time(at))
    }
}

const fn time(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

fn resilience4j() -> Resilience4j {
    Resilience4j {
        sliding_window_size: 2,
        permitted_number_of_calls_in_half_open_state: 2,
        wait_duration_in_open_state: ms(1_000),
        ..Resilience4j::default()
    }
}

#[test]
fn resilience4j_gives_the_permits_of_ignored_and_given_up_calls_back() {
    let mut bench = Bench::new(resilience4j());
    bench.call(0, Verdict::Failure);
    bench.call(0, Verdict::Failure);
    for _ in 0..5 {
        bench.call(1_001, Verdict::Ignored);
        bench.give_up(1_001);
    }
    assert!(bench.begin(1_001).is_some() && bench.begin(1_001).is_some());
    assert_eq!((bench.begin(1_001), bench.state(1_001)), (None, State::HalfOpen));
}

#[test]
fn resilience4j_may_close_when_nobody_probes() {
    let closes = Resilience4j {
        max_wait_duration_in_half_open_state: ms(500),
        transition_to_state_after_wait_duration: State::Closed,
        automatic_transition_from_open_to_half_open_enabled: true,
        ..resilience4j()
    };
    let mut bench = Bench::new(closes);
    bench.call(0, Verdict::Failure);
    bench.call(0, Verdict::Failure);
    assert_eq!([999, 1_000, 1_499, 1_500].map(|at| bench.state(at)), [State::Open, State::HalfOpen, State::HalfOpen, State::Closed]);
}

#[test]
fn resilience4j_cuts_growing_waits_off_to_whole_milliseconds_and_at_the_longest() {
    let breaker = Resilience4j {
        sliding_window_size: 1,
        permitted_number_of_calls_in_half_open_state: 1,
        wait_duration_in_open_state: ms(5),
        enable_exponential_backoff: true,
        exponential_max_wait_duration_in_open_state: Some(ms(15)),
        ..Resilience4j::default()
    };
    let mut bench = Bench::new(breaker);
    let mut at = 0;
    for wait in [5, 7, 10, 15, 15] {
        bench.call(at, Verdict::Failure);
        assert_eq!((bench.state(at + wait), bench.state(at + wait + 1)), (State::Open, State::HalfOpen), "{wait} ms");
        at += wait + 1;
    }
}

#[test]
fn verdicts_follow_the_lists_of_the_products() {
    let (failed, other) = (Outcome::Failed(Failure::Timeout), Outcome::Failed(Failure::ClientError));
    let (record, ignore) = (vec![Failure::Timeout], vec![Failure::ClientError]);
    let newer = Resilience4j { record_exceptions: record.clone(), ..resilience4j() };
    let older = Resilience4jRing { record_exceptions: record.clone(), ..Resilience4jRing::default() };
    assert_eq!((newer.verdict(failed), newer.verdict(other)), (Verdict::Failure, Verdict::Success));
    assert_eq!((older.verdict(failed), older.verdict(other)), (Verdict::Failure, Verdict::Ignored));
    assert_eq!(Resilience4j { ignore_exceptions: ignore.clone(), ..newer }.verdict(other), Verdict::Ignored);
    assert_eq!(Hystrix { bad_requests: ignore.clone(), ..Hystrix::default() }.verdict(other), Verdict::Ignored);
    assert_eq!(Polly { should_handle: record.clone(), ..Polly::default() }.verdict(other), Verdict::Success);
    assert_eq!(Failsafe { handle: record, ..Failsafe::default() }.verdict(other), Verdict::Success);
    assert_eq!(Gobreaker { is_excluded: ignore.clone(), ..Gobreaker::default() }.verdict(other), Verdict::Ignored);
    assert_eq!(Gobreaker { is_successful: ignore, ..Gobreaker::default() }.verdict(other), Verdict::Success);
    for throttled in [Failure::Throttled, Failure::ClientError, Failure::Conflict] {
        assert_eq!(LinkerdAccrual::default().verdict(Outcome::Failed(throttled)), Verdict::Success);
        assert_eq!(FinagleAccrual::default().verdict(Outcome::Failed(throttled)), Verdict::Success);
    }
    for silent in [Failure::Timeout, Failure::Reset, Failure::Overload, Failure::ServerError] {
        assert_eq!(LinkerdAccrual::default().verdict(Outcome::Failed(silent)), Verdict::Failure);
    }
}

#[test]
fn a_cancelled_probe_reopens_hystrix_and_gobreaker_closes_polly_and_frees_the_others() {
    let mut hystrix = Bench::new(Hystrix { request_volume_threshold: 1, ..Hystrix::default() });
    hystrix.call(0, Verdict::Failure);
    assert_eq!(hystrix.state(500), State::Open);
    hystrix.give_up(5_501);
    assert_eq!((hystrix.state(5_502), hystrix.state(10_502)), (State::Open, State::HalfOpen));
    hystrix.call(10_502, Verdict::Ignored);
    assert_eq!(hystrix.state(10_503), State::Open, "a bad request reopens, too");

    let mut gobreaker = Bench::new(Gobreaker::default());
    (0..6).for_each(|_| gobreaker.call(0, Verdict::Failure));
    gobreaker.give_up(60_001);
    assert_eq!(gobreaker.state(60_002), State::Open);

    let mut polly = Bench::new(Polly { minimum_throughput: 2, ..Polly::default() });
    (0..2).for_each(|_| polly.call(0, Verdict::Failure));
    polly.give_up(5_000);
    assert_eq!(polly.state(5_000), State::Closed);

    let mut failsafe = Bench::new(Failsafe::default());
    failsafe.call(0, Verdict::Failure);
    failsafe.give_up(60_000);
    failsafe.call(60_000, Verdict::Success);

    let mut linkerd = Bench::new(LinkerdAccrual { jitter_ratio: 0.0, ..LinkerdAccrual::default() });
    (0..7).for_each(|_| linkerd.call(0, Verdict::Failure));
    linkerd.give_up(1_000);
    linkerd.call(1_000, Verdict::Success);
}

#[test]
fn polly_asks_its_generator_how_long_after_each_probe() {
    let mut bench = Bench::new(Polly { minimum_throughput: 2, break_durations: vec![ms(100), ms(200), ms(400)], ..Polly::default() });
    bench.call(0, Verdict::Failure);
    let mut at = 0;
    for lasts in [100, 200, 400, 400] {
        bench.call(at, Verdict::Failure);
        assert_eq!((bench.state(at + lasts - 1), bench.state(at + lasts)), (State::Open, State::HalfOpen));
        at += lasts;
    }
    bench.call(at, Verdict::Success);
    (0..2).for_each(|_| bench.call(at, Verdict::Failure));
    assert_eq!(bench.state(at + 100), State::HalfOpen, "a close begins the series anew");
}

#[test]
fn gobreaker_with_buckets_forgets_a_row_bucket_by_bucket() {
    let rolling = Gobreaker { interval: ms(2_500), bucket_period: ms(1_000), ..Gobreaker::default() };
    let mut bench = Bench::new(rolling);
    (0..3).for_each(|_| bench.call(0, Verdict::Failure));
    (0..2).for_each(|_| bench.call(2_999, Verdict::Failure));
    assert_eq!(bench.state(2_999), State::Closed, "five in a row");
    let mut early = Bench(bench.0.clone(), bench.1.clone(), Seed::new(1));
    early.call(2_999, Verdict::Failure);
    assert_eq!(early.state(2_999), State::Open, "six within three buckets");
    (0..3).for_each(|_| bench.call(3_000, Verdict::Failure));
    assert_eq!(bench.state(3_000), State::Closed, "the first three have left");
    bench.call(3_000, Verdict::Failure);
    assert_eq!(bench.state(3_000), State::Open);
}

#[test]
fn failsafe_within_a_period_needs_executions_and_rounds_rates() {
    let within = Failsafe {
        failure_rate_threshold: Some(Share::percent(34)),
        failure_execution_threshold: Some(3),
        failure_thresholding_period: Some(ms(1_000)),
        ..Failsafe::default()
    };
    let mut bench = Bench::new(within.clone());
    for verdict in [Verdict::Failure, Verdict::Success, Verdict::Success] {
        bench.call(0, verdict);
    }
    assert_eq!(bench.state(0), State::Closed, "33 % of three");
    for (at, expected) in [(999, State::Open), (1_000, State::Closed)] {
        let mut later = Bench(within.clone(), bench.1.clone(), Seed::new(1));
        later.call(at, Verdict::Failure);
        assert_eq!(later.state(at), expected, "{at} ms");
    }
    let mut bench = Bench::new(Failsafe { failure_rate_threshold: Some(Share::percent(67)), ..within });
    for verdict in [Verdict::Failure, Verdict::Success, Verdict::Failure] {
        bench.call(0, verdict);
    }
    assert_eq!(bench.state(0), State::Open, "66.7 % are 67 %");
}

#[test]
fn finagle_takes_the_longer_of_two_sentences_and_moves_both_series_on() {
    let both = FinagleAccrual { success_rate_window: ms(5), minimum_requests: 1, consecutive_failures: 2, ..FinagleAccrual::default() };
    let mut bench = Bench::new(both);
    bench.call(0, Verdict::Success);
    bench.call(10, Verdict::Failure);
    assert_eq!(bench.state(10), State::Open, "the rate is low, the row is short");
    bench.call(5_010, Verdict::Failure);
    assert_eq!(bench.state(10_010), State::Open, "the second sentence of the rate is longer than the first of the row");
}

#[test]
fn numbers_that_a_product_refuses_are_complaints() {
    fn fields(complaints: Vec<Complaint>) -> Vec<String> {
        complaints.into_iter().map(|complaint| complaint.field).collect()
    }
    let refused = Resilience4j {
        failure_rate_threshold: Share::NONE,
        sliding_window_size: 0,
        permitted_number_of_calls_in_half_open_state: 0,
        wait_duration_in_open_state: SimDuration::from_micros(999),
        transition_to_state_after_wait_duration: State::HalfOpen,
        exponential_backoff_multiplier: 0.9,
        ..Resilience4j::default()
    };
    let expected = [
        "failure_rate_threshold",
        "sliding_window_size",
        "permitted_number_of_calls_in_half_open_state",
        "wait_duration_in_open_state",
        "transition_to_state_after_wait_duration",
        "exponential_backoff_multiplier",
    ];
    assert_eq!(fields(refused.check()), expected);
    assert_eq!(
        fields(Resilience4j { exponential_backoff_multiplier: f64::NAN, ..resilience4j() }.check()),
        ["exponential_backoff_multiplier"]
    );
    let ring = Resilience4jRing { ring_buffer_size_in_half_open_state: 0, ..Resilience4jRing::default() };
    assert_eq!(fields(ring.check()), ["ring_buffer_size_in_half_open_state"]);
    let hystrix =
        Hystrix { error_threshold_percentage: "12.5%".parse().expect("a share"), rolling_window: ms(1_250), ..Hystrix::default() };
    assert_eq!(fields(hystrix.check()), ["error_threshold_percentage", "rolling_window"]);
    let polly =
        Polly { minimum_throughput: 1, sampling_duration: ms(499), break_duration: SimDuration::from_secs(86_401), ..Polly::default() };
    assert_eq!(fields(polly.check()), ["sampling_duration", "break_duration", "minimum_throughput"]);
    let gobreaker = Gobreaker { bucket_period: ms(1), interval: SimDuration::from_secs(60), ..Gobreaker::default() };
    assert_eq!(fields(gobreaker.check()), ["bucket_period"]);
    assert_eq!(fields(Gobreaker { interval: SimDuration::ZERO, ..gobreaker }.check()), ["bucket_period"]);
    let failsafe = Failsafe { failure_threshold: 3, failure_thresholding_capacity: Some(2), ..Failsafe::default() };
    assert_eq!(fields(failsafe.check()), ["failure_thresholding_capacity"]);
    let rate = Failsafe { failure_rate_threshold: Some(Share::percent(50)), success_thresholding_capacity: Some(1), ..Failsafe::default() };
    assert_eq!(fields(rate.check()), ["failure_execution_threshold", "failure_thresholding_period", "success_thresholding_capacity"]);
    let finagle = FinagleAccrual {
        required_success_rate: Share::NONE,
        consecutive_failures: 0,
        success_rate_window: ms(4),
        mark_dead_for_at_most: ms(1),
        ..FinagleAccrual::default()
    };
    assert_eq!(fields(finagle.check()), ["success_rate_window", "consecutive_failures", "mark_dead_for_at_most"]);
    let linkerd = LinkerdAccrual { max_failures: 0, max_penalty: ms(1), jitter_ratio: -0.1, ..LinkerdAccrual::default() };
    assert_eq!(fields(linkerd.check()), ["max_failures", "max_penalty", "jitter_ratio"]);
}
