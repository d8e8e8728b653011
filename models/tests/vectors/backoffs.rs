//! Vectors of backoffs.
//!
//! Times are milliseconds. What a draw of exactly 0.9 gives is compared to two nanoseconds, as no binary number is 0.9; whatever a
//! product rounds more coarsely is compared exactly by that.

#![allow(clippy::float_cmp, reason = "what a product gives exactly is compared exactly")]

use crate::{Vector, run};
use models::outcome::{Failure, Hint};
use models::strategies::backoff::*;
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimDuration;

pub const VECTORS: &[Vector] = &[
    ("A1.V1", a1_v1),
    ("A1.V2", a1_v2),
    ("A2.V1", a2_v1),
    ("A2.V2", a2_v2),
    ("A2.V3", a2_v3),
    ("A2.V4", a2_v4),
    ("A3.V1", a3_v1),
    ("A3.V2", a3_v2),
    ("A3.V3", a3_v3),
    ("A3.V4", a3_v4),
    ("A4.V1", a4_v1),
    ("A4.V2", a4_v2),
    ("A4.V3", a4_v3),
    ("A4.V4", a4_v4),
    ("A4.V5", a4_v5),
    ("A4.V6", a4_v6),
    ("A4.V7", a4_v7),
    ("A4.V8", a4_v8),
    ("A5.V1", a5_v1),
    ("A5.V2", a5_v2),
    ("A5.V3", a5_v3),
    ("A5.V4", a5_v4),
    ("A6.V1", a6_v1),
    ("A6.V2", a6_v2),
    ("A6.V3", a6_v3),
    ("A7.V1", a7_v1),
    ("A7.V2", a7_v2),
    ("A7.V3", a7_v3),
    ("A7.V4", a7_v4),
    ("A8.V1", a8_v1),
    ("A8.V2", a8_v2),
    ("A8.V3", a8_v3),
    ("A8.V4", a8_v4),
    ("A8.V5", a8_v5),
    ("A9.V1", a9_v1),
    ("A10.V1", a10_v1),
    ("A10.V2", a10_v2),
    ("A10.V3", a10_v3),
    ("A10.V4", a10_v4),
    ("A10.V5", a10_v5),
    ("A11.V1", a11_v1),
    ("A11.V2", a11_v2),
    ("A11.V3", a11_v3),
    ("A12.V1", a12_v1),
    ("A12.V2", a12_v2),
    ("A12.V3", a12_v3),
    ("A12.V4", a12_v4),
    ("A12.V5", a12_v5),
    ("A12.V6", a12_v6),
    ("A13.V1", a13_v1),
    ("A13.V2", a13_v2),
    ("A14.V1", a14_v1),
    ("A14.V2", a14_v2),
    ("A14.V3", a14_v3),
    ("A15.V1", a15_v1),
    ("A15.V2", a15_v2),
    ("A15.V3", a15_v3),
    ("A16.V1", a16_v1),
    ("A16.V2", a16_v2),
];

#[test]
fn vectors_of_backoffs() {
    run(VECTORS);
}

const ALMOST_ONE: Draw = Draw::from_bits(u64::MAX);

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn millis(length: SimDuration) -> f64 {
    length.as_nanos() as f64 / 1e6
}

/// One call, which asks its formula again and again.
#[derive(Clone)]
struct Call {
    backoff: AnyBackoff,
    memory: BackoffMemory,
    asks: Asks,
}

fn call(backoff: impl Into<AnyBackoff>) -> Call {
    let backoff = backoff.into();
    assert_eq!(backoff.check(), [], "the product takes these numbers");
    let (memory, draw) = (backoff.fresh(), Draw::from_unit(0.5));
    let asks = Asks { retry: 0, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw };
    Call { backoff, memory, asks }
}

impl Call {
    fn at(mut self, elapsed: SimDuration) -> Self {
        self.asks.elapsed = elapsed;
        self
    }

    fn after(mut self, failure: Failure) -> Self {
        self.asks.failure = failure;
        self
    }

    fn told(&mut self, hint: Option<Hint>) -> &mut Self {
        self.asks.hint = hint;
        self
    }

    fn next(&mut self, draw: Draw) -> Wait {
        self.asks.retry += 1;
        self.asks.draw = draw;
        self.backoff.wait(&mut self.memory, &self.asks)
    }

    /// The next wait, in milliseconds.
    fn wait(&mut self, draw: Draw) -> f64 {
        match self.next(draw) {
            Wait::For(length) => millis(length),
            end => panic!("{} ended with {end:?} before retry {}", self.backoff.name(), self.asks.retry),
        }
    }

    /// The call before its `retry`-th retry, all of whose draws were one half.
    fn before(mut self, retry: u32) -> Self {
        (1..retry).for_each(|_| {
            self.wait(Draw::from_unit(0.5));
        });
        self
    }
}

/// The waits of one call, all of whose draws are `u`.
fn waits(backoff: impl Into<AnyBackoff>, u: f64, count: usize) -> Vec<f64> {
    let mut call = call(backoff);
    (0..count).map(|_| call.wait(Draw::from_unit(u))).collect()
}

#[track_caller]
fn close(seen: f64, expected: f64, off: f64) {
    assert!((seen - expected).abs() <= off, "{seen} is not {expected}, give or take {off}");
}

/// The waits of one call whose draws are all `u`, to two nanoseconds.
#[track_caller]
fn series<const N: usize>(backoff: impl Into<AnyBackoff>, u: f64, expected: [f64; N]) {
    let seen = waits(backoff, u, N);
    for (retry, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        assert!((seen - expected).abs() <= 2e-6, "wait {} is {seen}, not {expected}", retry + 1);
    }
}

/// Keyed draws, ever others.
fn keyed(name: &str) -> impl Iterator<Item = Draw> + use<> {
    let key = Key::named(name);
    (0..100_000_u64).map(move |i| Seed::new(11).draws(key.child(i), 1).wait())
}

/// The mean of the next wait over 10^5 keyed draws.
fn mean(call: &Call) -> f64 {
    keyed("mean").map(|draw| call.clone().wait(draw)).sum::<f64>() / 1e5
}

/// Four standard errors of the mean of 10^5 uniform numbers of this width.
fn allowance(width: f64) -> f64 {
    4.0 * width / 12e5_f64.sqrt()
}

/// The next wait lies within `[low, high)`, reaches both ends, and has its mean in the middle.
#[track_caller]
fn uniform(call: Call, low: f64, high: f64) {
    close(call.clone().wait(Draw::from_unit(0.0)), low, 2e-6);
    close(call.clone().wait(ALMOST_ONE), high, 2e-6);
    close(mean(&call), (low + high) / 2.0, allowance(high - low));
}

fn a1_v1() {
    series(Constant { delay: ms(200) }, 0.3, [200.0; 3]);
    series(Polly { delay: ms(200), ..Polly::default() }, 0.3, [200.0; 3]);
    series(FinagleConstant { start: ms(200) }, 0.3, [200.0; 3]);
    series(Backon { strategy: BackonStrategy::Constant, min_delay: ms(200), ..Backon::default() }, 0.3, [200.0; 3]);
    series(Failsafe { delay: ms(200), ..Failsafe::default() }, 0.3, [200.0; 3]);
    series(Resilience4jInterval { wait_duration: ms(200), ..Resilience4jInterval::default() }, 0.3, [200.0; 3]);
    let tokio = TokioRetry { strategy: TokioRetryStrategy::FixedInterval, from_millis: 200, factor: 1, max_delay: None, jitter: false };
    series(tokio, 0.3, [200.0; 3]);
}

fn a1_v2() {
    let polly = Polly { delay: secs(1), use_jitter: true, ..Polly::default() };
    let first = call(polly.clone());
    close(first.clone().wait(Draw::from_unit(0.0)), 750.0, 0.0);
    // The last tick below the bound.
    close(first.clone().wait(Draw::from_unit(0.999_999_9)), 1249.9999, 1e-9);
    close(mean(&first), 1000.0, allowance(500.0));
    series(polly.clone(), 0.5, [1000.0; 3]);
    series(Polly { delay: SimDuration::ZERO, ..polly.clone() }, 0.9, [0.0; 3]);
    // The limit comes after the jitter.
    series(Polly { max_delay: Some(ms(1100)), ..polly }, 0.9, [1100.0; 3]);
}

fn a2_v1() {
    series(Linear { base: ms(100), step: None, cap: None }, 0.3, [100.0, 200.0, 300.0]);
    series(Polly { delay: ms(100), backoff_type: PollyBackoffType::Linear, ..Polly::default() }, 0.3, [100.0, 200.0, 300.0]);
}

fn a2_v2() {
    let contrib = PollyContribLinear { initial_delay: ms(100), factor: 0.5, fast_first: false };
    series(contrib.clone(), 0.3, [100.0, 150.0, 200.0]);
    series(PollyContribLinear { fast_first: true, ..contrib }, 0.3, [0.0, 100.0, 150.0, 200.0]);
}

fn a2_v3() {
    let finagle = FinagleLinear { start: ms(100), offset: ms(40), maximum: Some(ms(170)) };
    series(finagle, 0.3, [100.0, 140.0, 170.0, 170.0]);
}

fn a2_v4() {
    let tenacity = TenacityIncrementing { max: Some(secs(150)), ..TenacityIncrementing::default() };
    series(tenacity, 0.3, [0.0, 100_000.0, 150_000.0]);
}

fn tokio(strategy: TokioRetryStrategy, max: Option<u64>) -> TokioRetry {
    TokioRetry { strategy, from_millis: 10, factor: 1, max_delay: max.map(ms), jitter: false }
}

fn a3_v1() {
    series(tokio(TokioRetryStrategy::Fibonacci, None), 0.3, [10.0, 10.0, 20.0, 30.0, 50.0, 80.0]);
    series(Fibonacci { base: ms(10), cap: ms(70) }, 0.3, [10.0, 10.0, 20.0, 30.0, 50.0, 70.0, 70.0]);
}

fn backon(strategy: BackonStrategy, max: u64) -> Backon {
    Backon { strategy, max_delay: Some(secs(max)), ..Backon::default() }
}

fn a3_v2() {
    series(backon(BackonStrategy::Fibonacci, 4), 0.3, [1e3, 1e3, 2e3, 3e3, 5e3, 5e3, 5e3]);
    // Jitter adds a part of the first wait, whatever the wait is.
    let jittered = Backon { jitter: true, ..backon(BackonStrategy::Fibonacci, 4) };
    series(jittered, 0.5, [1.5e3, 1.5e3, 2.5e3, 3.5e3, 5.5e3, 5.5e3]);
}

fn a3_v3() {
    let seen = waits(backon(BackonStrategy::Fibonacci, 60), 0.3, 12);
    assert_eq!(seen[8..], [34e3, 55e3, 89e3, 89e3]);
}

fn a3_v4() {
    series(tokio(TokioRetryStrategy::Fibonacci, Some(35)), 0.3, [10.0, 10.0, 20.0, 30.0, 35.0, 35.0]);
    // A wait that equals the limit goes on: 30, then 50, which does not.
    series(tokio(TokioRetryStrategy::Fibonacci, Some(30)), 0.3, [10.0, 10.0, 20.0, 30.0, 30.0, 30.0]);
}

fn a4_v1() {
    let expected = [100.0, 200.0, 400.0, 800.0, 1000.0, 1000.0];
    series(Exponential { base: ms(100), cap: ms(1000), multiplier: 2.0 }, 0.3, expected);
    series(TenacityExponential { multiplier: ms(100), max: Some(ms(1000)), ..TenacityExponential::default() }, 0.3, expected);
    series(Failsafe { delay: ms(100), max_delay: Some(ms(1000)), ..Failsafe::default() }, 0.3, expected);
    series(ClientGoItem { base_delay: ms(100), max_delay: ms(1000) }, 0.3, expected);
    series(Temporal { initial_interval: ms(100), maximum_interval: Some(ms(1000)), ..Temporal::default() }, 0.3, expected);
    let polly = Polly { delay: ms(100), backoff_type: PollyBackoffType::Exponential, max_delay: Some(ms(1000)), ..Polly::default() };
    series(polly, 0.3, expected);
    let policies = RetryPolicies {
        min_retry_interval: ms(100),
        max_retry_interval: ms(1000),
        jitter: RetryPoliciesJitter::None,
        ..RetryPolicies::default()
    };
    series(policies, 0.3, expected);
    // A hundred times the first, unless said.
    assert_eq!(waits(Temporal::default(), 0.3, 9)[6..], [64e3, 100e3, 100e3]);
}

fn a4_v2() {
    let resilience4j = Resilience4jInterval { enable_exponential_backoff: true, ..Resilience4jInterval::default() };
    series(resilience4j, 0.3, [500.0, 750.0, 1125.0, 1687.0, 2530.0, 3795.0]);
}

fn a4_v3() {
    let retrier = StepFunctions { interval: secs(3), backoff_rate: 1.5, max_delay: Some(secs(8)), jitter_strategy: JitterStrategy::None };
    series(retrier.clone(), 0.3, [3e3, 4.5e3, 6.75e3, 8e3]);
    uniform(call(StepFunctions { jitter_strategy: JitterStrategy::Full, ..retrier }).before(3), 0.0, 6.75e3);
}

fn a4_v4() {
    series(tokio(TokioRetryStrategy::Exponential, None), 0.3, [10.0, 100.0, 1000.0]);
}

fn a4_v5() {
    let (mut container, mut now) = (call(KubernetesCrashLoop::default()), SimDuration::ZERO);
    for expected in [0, 10, 20, 40, 80, 160, 300, 300, 300] {
        container = container.at(now);
        close(container.wait(Draw::from_unit(0.3)), 1e3 * expected as f64, 0.0);
        now += secs(expected);
    }
    // One nanosecond less than ten minutes of running is no clean run; ten minutes are.
    now += secs(600) - SimDuration::NANOSECOND;
    close(container.clone().at(now).wait(Draw::from_unit(0.3)), 300e3, 0.0);
    let mut returned = container.at(now + SimDuration::NANOSECOND);
    close(returned.wait(Draw::from_unit(0.3)), 0.0, 0.0);
    close(returned.wait(Draw::from_unit(0.3)), 10e3, 0.0);
}

fn a4_v6() {
    let mut limited = call(Backon { total_delay: Some(ms(3500)), ..Backon::default() });
    assert_eq!([(); 3].map(|()| limited.next(Draw::from_unit(0.3))), [Wait::For(secs(1)), Wait::For(secs(2)), Wait::Stop]);
    // A sum that is equal is allowed.
    let mut exactly = call(Backon { total_delay: Some(secs(3)), ..Backon::default() });
    assert_eq!([(); 3].map(|()| exactly.next(Draw::from_unit(0.3))), [Wait::For(secs(1)), Wait::For(secs(2)), Wait::Stop]);
}

fn a4_v7() {
    assert_eq!(waits(Backon { jitter: true, ..Backon::default() }, 0.5, 7)[6], 90e3);
}

fn a4_v8() {
    series(FinagleExponential { start: ms(3), multiplier: 3, maximum: Some(ms(20)) }, 0.3, [3.0, 9.0, 20.0, 20.0]);
}

fn a5_v1() {
    let finagle = FinagleExponentialJittered { start: ms(100), maximum: ms(10_000) };
    series(finagle.clone(), 0.5, [100.0, 100.0, 200.0, 800.0]);
    let mut sums = [0.0; 4];
    for i in 0..100_000 {
        let mut call = call(finagle.clone());
        for (attempt, sum) in (1..).zip(&mut sums) {
            *sum += call.wait(Seed::new(5).draws(Key::named("chain").child(i), attempt).wait());
        }
    }
    // The widths are those of the widest draws: 200, 800, 6400.
    for ((sum, expected), width) in sums.into_iter().zip([100.0, 100.0, 200.0, 800.0]).zip([0.0, 200.0, 800.0, 6400.0]) {
        close(sum / 1e5, expected, allowance(width) + 1e-6);
    }
}

fn a5_v2() {
    for (retry, ceiling) in [(1, 100.0), (2, 200.0), (3, 400.0), (4, 800.0), (8, 10_000.0)] {
        uniform(call(FullJitter { base: ms(100), cap: ms(10_000) }).before(retry), 0.0, ceiling);
        let tenacity = TenacityRandomExponential { multiplier: ms(100), max: Some(ms(10_000)), ..TenacityRandomExponential::default() };
        uniform(call(tenacity).before(retry), 0.0, ceiling);
        let gax = GaxGo { initial: ms(100), max: ms(10_000), multiplier: 2.0 };
        uniform(call(gax).before(retry), 0.0, ceiling);
        let google = GoogleApiCore { initial: ms(100), maximum: ms(10_000), ..GoogleApiCore::default() };
        uniform(call(google).before(retry), 0.0, ceiling);
        let policies = RetryPolicies { min_retry_interval: ms(100), max_retry_interval: ms(10_000), ..RetryPolicies::default() };
        uniform(call(policies.clone()).before(retry), 0.0, ceiling);
        uniform(call(RetryPolicies { jitter: RetryPoliciesJitter::Bounded, ..policies }).before(retry), 50.0, ceiling);
    }
    // A nanosecond is the least that gax waits.
    assert_eq!(call(GaxGo::default()).next(Draw::from_unit(0.0)), Wait::For(SimDuration::NANOSECOND));
    // The last wait that still ends within the time is made.
    let google = || call(GoogleApiCore::default()).at(ms(119_500));
    assert_eq!(google().next(Draw::from_unit(0.5)), Wait::For(ms(500)));
    assert_eq!(google().next(Draw::from_unit(0.75)), Wait::Stop);
}

fn a5_v3() {
    close(call(FullJitter { base: ms(100), cap: ms(10_000) }).before(3).wait(Draw::from_unit(0.25)), 100.0, 0.0);
}

fn a5_v4() {
    series(FinagleExponentialJittered { start: ms(100), maximum: ms(1000) }, 0.9, [100.0, 180.0, 648.0, 1000.0, 1000.0]);
}

fn a6_v1() {
    let third = call(EqualJitter { base: ms(100), cap: ms(10_000) }).before(3);
    uniform(third.clone(), 200.0, 400.0);
    close(third.clone().wait(Draw::from_unit(0.5)), 300.0, 0.0);
}

fn a6_v2() {
    let finagle = FinagleEqualJittered { start: secs(5), maximum: secs(300) };
    series(finagle.clone(), 0.9, [5e3]);
    for (retry, half) in [(2, 5e3), (3, 10e3), (4, 20e3)] {
        uniform(call(finagle.clone()).before(retry), half, 2.0 * half);
    }
}

fn a6_v3() {
    let finagle = FinagleEqualJittered { start: secs(5), maximum: secs(300) };
    series(finagle, 0.5, [5.0, 7.5, 15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0].map(|secs| secs * 1e3));
}

fn a7_v1() {
    series(Decorrelated { base: ms(100), cap: ms(10_000) }, 0.5, [200.0, 350.0, 575.0, 912.5, 1418.75, 2178.125]);
    uniform(call(Decorrelated { base: ms(100), cap: ms(10_000) }), 100.0, 300.0);
}

fn a7_v2() {
    series(Decorrelated { base: ms(100), cap: ms(1000) }, 0.9, [280.0, 766.0, 1000.0, 1000.0]);
    let contrib = PollyContribDecorrelated { min_delay: ms(100), max_delay: ms(1000), fast_first: false };
    let seen = waits(contrib.clone(), 0.9, 4);
    // Cut off at ticks.
    seen.iter().zip([280.0, 766.0, 910.0, 910.0]).for_each(|(seen, expected)| close(*seen, expected, 1.01e-4));
    let fast = waits(PollyContribDecorrelated { fast_first: true, ..contrib }, 0.9, 2);
    close(fast[0], 0.0, 0.0);
    close(fast[1], 280.0, 1.01e-4);
}

fn a7_v3() {
    let mut call = call(Decorrelated { base: ms(100), cap: ms(10_000) });
    for expected in [300.0, 900.0, 2700.0, 8100.0, 10_000.0] {
        close(call.wait(ALMOST_ONE), expected, 1e-4);
    }
}

fn a7_v4() {
    series(FinagleDecorrelated { start: ms(100), maximum: ms(1000) }, 0.5, [100.0, 200.0, 400.0, 700.0]);
}

fn smooth() -> Polly {
    Polly { delay: secs(1), backoff_type: PollyBackoffType::Exponential, use_jitter: true, max_delay: None }
}

fn a8_v1() {
    series(smooth(), 0.5, [897.4049, 1093.0035, 2035.7479, 4045.9794]);
}

fn a8_v2() {
    series(smooth(), 0.0, [0.0, 1377.1822, 1460.0673, 2865.8498]);
}

fn a8_v3() {
    let mut call = call(smooth());
    for (u, expected) in [(0.9, 1274.2717), (0.1, 211.3791), (0.9, 3834.2414), (0.1, 793.8344)] {
        close(call.wait(Draw::from_unit(u)), expected, 1e-9);
    }
}

fn a8_v4() {
    let mut waits = vec![Vec::new(); 4];
    for i in 0..100_000 {
        let mut call = call(smooth());
        for (attempt, waits) in (1..).zip(&mut waits) {
            waits.push(call.wait(Seed::new(5).draws(Key::named("smooth").child(i), attempt).wait()));
        }
    }
    let expected = [(0.871, 0.897), (1.158, 1.139), (2.078, 2.018), (4.128, 4.006)];
    for (waits, (mean, median)) in waits.iter_mut().zip(expected) {
        let seen = waits.iter().sum::<f64>() / 1e5;
        let spread = (waits.iter().map(|wait| (wait - seen) * (wait - seen)).sum::<f64>() / 1e5).sqrt();
        // The vector is rounded to the third digit.
        close(seen, mean * 1e3, 4.0 * spread / 1e5_f64.sqrt() + 0.5);
        waits.sort_by(f64::total_cmp);
        // The density at these medians exceeds a half divided by the spread.
        close(waits[50_000], median * 1e3, 4.0 * spread / 1e5_f64.sqrt() + 0.5);
    }
    let second = |first: Draw, second: Draw| {
        let mut call = call(smooth());
        (call.wait(first), call.wait(second))
    };
    let (low, high) = (Draw::from_unit(0.0), ALMOST_ONE);
    close(second(low, low).0, 0.0, 0.0);
    close(second(high, high).0, 1377.0, 0.5);
    close(second(high, low).1, 0.0, 1e-3);
    close(second(low, high).1, 2837.0, 0.5);
    // Sums telescope: the fourth number of a series of halves is g(3.5), whatever was drawn before.
    let total = |draws: [f64; 4]| {
        let mut call = call(smooth());
        draws.map(|u| call.wait(Draw::from_unit(u))).iter().sum::<f64>()
    };
    close(total([0.1, 0.9, 0.3, 0.5]), total([0.5; 4]), 4e-4);
}

fn a8_v5() {
    series(Polly { max_delay: Some(ms(2000)), ..smooth() }, 0.5, [897.4049, 1093.0035, 2000.0, 2000.0]);
}

fn a9_v1() {
    let own = AdditiveJitter { base: secs(1), jitter: secs(1), cap: secs(8) };
    let tenacity = TenacityExponentialJitter { max: Some(secs(8)), ..TenacityExponentialJitter::default() };
    for backoff in [AnyBackoff::from(own), AnyBackoff::from(tenacity)] {
        uniform(call(backoff.clone()), 1e3, 2e3);
        uniform(call(backoff.clone()).before(3), 4e3, 5e3);
        uniform(call(backoff).before(4), 8e3, 8e3);
    }
}

fn a10_v1() {
    for (retry, centre) in [(1, 500.0), (2, 750.0), (3, 1125.0), (4, 1687.5)] {
        uniform(call(Cenkalti::default()).before(retry), centre / 2.0, centre * 1.5);
        uniform(call(RustBackoff::default()).before(retry), centre / 2.0, centre * 1.5);
        let own = ProportionalJitter { base: ms(500), cap: secs(60), multiplier: 1.5, ratio: "50%".parse().expect("it is a share") };
        uniform(call(own).before(retry), centre / 2.0, centre * 1.5);
    }
}

fn a10_v2() {
    series(Cenkalti { randomization_factor: 0.0, ..Cenkalti::default() }, 0.9, [500.0, 750.0, 1125.0]);
    series(RustBackoff { randomization_factor: 0.0, ..RustBackoff::default() }, 0.9, [500.0, 750.0, 1125.0]);
}

fn a10_v3() {
    close(call(Cenkalti::default()).before(14).wait(ALMOST_ONE), 90e3, 2e-6);
    // Elapsed and wait together may equal the limit of a quarter of an hour.
    let at = |elapsed| call(Cenkalti { randomization_factor: 0.0, ..Cenkalti::default() }).at(elapsed).next(ALMOST_ONE);
    let last = secs(900) - ms(500);
    assert_eq!([at(last), at(last + SimDuration::NANOSECOND)], [Wait::For(ms(500)), Wait::Stop]);
    let endless = Cenkalti { max_elapsed_time: SimDuration::ZERO, ..Cenkalti::default() };
    assert_ne!(call(endless).at(secs(100_000)).next(ALMOST_ONE), Wait::Stop);
}

fn a10_v4() {
    let resilience4j = Resilience4jInterval {
        wait_duration: ms(200),
        enable_exponential_backoff: true,
        exponential_backoff_multiplier: 2.0,
        exponential_max_wait_duration: Some(ms(300)),
        enable_randomized_wait: true,
        randomized_wait_factor: 0.5,
    };
    series(resilience4j.clone(), 0.0, [100.0, 200.0, 300.0]);
    series(resilience4j.clone(), 0.5, [200.0, 300.0, 300.0]);
    let mut call = call(resilience4j);
    assert_eq!([(); 3].map(|()| call.wait(ALMOST_ONE)), [300.0; 3]);
}

fn a10_v5() {
    let factor = Failsafe { delay: secs(1), jitter_factor: 0.25, ..Failsafe::default() };
    series(factor.clone(), 0.0, [1250.0; 3]);
    series(factor, 0.5, [1000.0; 3]);
    let absolute = Failsafe { delay: secs(1), jitter: Some(ms(100)), ..Failsafe::default() };
    series(absolute, 0.0, [1100.0; 3]);
    // Clipped to what is left, down to nothing; ended only beyond.
    let at = |elapsed| call(Failsafe { delay: secs(1), max_duration: Some(secs(5)), ..Failsafe::default() }).at(elapsed).next(ALMOST_ONE);
    let seen = [at(ms(4700)), at(secs(5)), at(secs(5) + SimDuration::NANOSECOND)];
    assert_eq!(seen, [Wait::For(ms(300)), Wait::For(SimDuration::ZERO), Wait::Stop]);
}

fn grpc(flavour: GrpcFlavour) -> Grpc {
    Grpc { initial_backoff: ms(100), max_backoff: secs(1), backoff_multiplier: 2.0, flavour }
}

fn a11_v1() {
    for (retry, centre) in [(1, 100.0), (2, 200.0), (3, 400.0), (4, 800.0), (5, 1000.0)] {
        for flavour in [GrpcFlavour::A6Current, GrpcFlavour::Go, GrpcFlavour::Java] {
            uniform(call(grpc(flavour)).before(retry), 0.8 * centre, 1.2 * centre);
        }
        uniform(call(grpc(GrpcFlavour::A6Before2024)).before(retry), 0.0, centre);
    }
}

fn a11_v2() {
    for flavour in [GrpcFlavour::A6Current, GrpcFlavour::Java] {
        let mut pushed = call(grpc(flavour)).before(3);
        close(pushed.told(Some(Hint::After(ms(250)))).wait(Draw::from_unit(0.9)), 250.0, 0.0);
        pushed.told(None);
        uniform(pushed.clone(), 80.0, 120.0);
        assert_eq!(pushed.told(Some(Hint::Never)).next(Draw::from_unit(0.9)), Wait::Stop);
    }
}

fn a11_v3() {
    let expected = [(GrpcFlavour::A6Current, 1000.0), (GrpcFlavour::Go, 1000.0), (GrpcFlavour::Java, 2000.0)];
    for (flavour, first) in expected {
        series(Grpc { initial_backoff: secs(2), ..grpc(flavour) }, 0.5, [first, 1000.0]);
    }
}

fn envoy(base: u64, max: u64) -> Envoy {
    Envoy { base_interval: ms(base), max_interval: Some(ms(max)), ..Envoy::default() }
}

/// Each next wait is a remainder by this bound.
#[track_caller]
fn bounds(mut call: Call, expected: &[u64]) {
    for bound in expected {
        close(call.clone().wait(Draw::from_bits(bound - 1)), (bound - 1) as f64, 0.0);
        close(call.clone().wait(Draw::from_bits(*bound)), 0.0, 0.0);
        call.wait(Draw::from_bits(0));
    }
}

fn a12_v1() {
    bounds(call(Envoy::default()), &[25, 50, 100, 200, 250, 250]);
    for (retry, expected, width) in [(1, 12.0, 25.0), (2, 24.5, 50.0), (3, 49.5, 100.0), (4, 99.5, 200.0), (5, 124.5, 250.0)] {
        close(mean(&call(Envoy::default()).before(retry)), expected, allowance(width));
    }
}

fn a12_v2() {
    bounds(call(envoy(500, 30_000)), &[500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
}

fn a12_v3() {
    let mut call = call(envoy(500, 30_000));
    assert_eq!([(); 2].map(|()| call.wait(Draw::from_bits(999))), [499.0, 999.0]);
}

fn a12_v4() {
    let mut legacy = call(Envoy { legacy: true, ..Envoy::default() });
    for modulus in [25_u64, 75, 175, 375, 375] {
        close(legacy.clone().wait(Draw::from_bits(modulus + 7)), 7.0, 0.0);
        close(legacy.wait(Draw::from_bits(modulus - 1)), (modulus - 1).min(250) as f64, 0.0);
    }
}

fn a12_v5() {
    bounds(call(envoy(50, 800)), &[50, 100, 200]);
    bounds(call(envoy(25, 30)), &[25, 30, 30]);
    bounds(call(envoy(20, 81)), &[20, 40, 81, 81]);
}

fn a12_v6() {
    let told = |length, bits| {
        let mut call = call(Envoy { reset_max_interval: Some(secs(30)), ..envoy(50, 800) });
        let wait = call.told(Some(Hint::After(length))).wait(Draw::from_bits(bits));
        (wait, call)
    };
    assert_eq!([told(secs(2), 999).0, told(secs(2), 1000).0], [2999.0, 2000.0]);
    // Too long to be obeyed: the series, which goes on.
    let (wait, mut call) = told(secs(31), 49);
    close(wait, 49.0, 0.0);
    bounds(call.told(None).clone(), &[100, 200]);
    // Obeyed: the series stands still.
    let (_, mut call) = told(secs(2), 0);
    bounds(call.told(None).clone(), &[50, 100]);
}

fn linkerd() -> Linkerd {
    Linkerd { min: ms(100), max: ms(1000), jitter: 0.5 }
}

fn a13_v1() {
    let tower = || call(Tower { min: ms(100), max: Some(ms(1000)), jitter: 0.5 });
    for (retry, base) in [(1, 100.0), (2, 200.0), (3, 400.0)] {
        uniform(call(linkerd()).before(retry), base, 1.5 * base);
        uniform(tower().before(retry), base, 1.5 * base);
    }
    for (retry, low) in [(4, 800.0), (5, 1000.0)] {
        let call = tower().before(retry);
        close(call.clone().wait(Draw::from_unit(0.0)), low, 0.0);
        close(call.clone().wait(ALMOST_ONE), 1000.0, 0.0);
    }
}

fn a13_v2() {
    let expected = [(1, 125.0, 50.0), (2, 250.0, 100.0), (3, 500.0, 200.0), (4, 950.0, 400.0)];
    for (retry, expected, width) in expected {
        close(mean(&call(linkerd()).before(retry)), expected, allowance(width));
    }
}

fn a14_v1() {
    for (attempt, bound) in [(1, 1e3), (2, 2e3), (3, 4e3), (4, 8e3), (5, 16e3), (6, 20e3)] {
        uniform(call(AwsStandard::default()).before(attempt), 0.0, bound);
    }
    // The legacy mode has no limit, and none of its luck for DynamoDB.
    uniform(call(AwsLegacy::default()).before(7), 0.0, 64e3);
    series(AwsLegacy { service: AwsService::DynamoDb }, 0.9, [50.0, 100.0, 200.0, 400.0]);
}

fn a14_v2() {
    for (attempt, bound) in [(1, 50.0), (2, 100.0), (3, 200.0)] {
        uniform(call(Aws2026::default()).before(attempt), 0.0, bound);
        let dynamo = || call(Aws2026 { service: AwsService::DynamoDb, ..Aws2026::default() });
        uniform(dynamo().before(attempt), 0.0, bound / 2.0);
        uniform(dynamo().before(attempt).after(Failure::Throttled), 0.0, bound * 20.0);
    }
}

fn a14_v3() {
    let told = |millis| {
        let mut call = call(Aws2026::default());
        call.told(Some(Hint::After(ms(millis)))).wait(Draw::from_unit(0.8))
    };
    close(told(9000), 5040.0, 2e-6);
    close(told(10), 40.0, 2e-6);
    close(told(300), 300.0, 2e-6);
}

fn a15_v1() {
    for (retry, least) in [(1, 10.0), (2, 50.0), (3, 250.0)] {
        uniform(call(Kubernetes::default()).before(retry), least, 1.1 * least);
    }
    assert_eq!(call(Kubernetes::default()).before(4).next(Draw::from_unit(0.5)), Wait::Stop);
}

fn a15_v2() {
    let capped = Kubernetes { jitter: 0.0, cap: Some(ms(100)), steps: 10, ..Kubernetes::default() };
    let mut call = call(capped);
    let seen = [(); 3].map(|()| call.next(Draw::from_unit(0.5)));
    assert_eq!(seen, [Wait::For(ms(10)), Wait::StopAfter(ms(50)), Wait::Stop]);
}

fn a15_v3() {
    let default_retry = || call(Kubernetes { factor: 1.0, steps: 5, ..Kubernetes::default() });
    (1..5).for_each(|retry| uniform(default_retry().before(retry), 10.0, 11.0));
    assert_eq!(default_retry().before(5).next(Draw::from_unit(0.5)), Wait::Stop);
}

fn sdk() -> Call {
    call(TemporalSdk { initial_interval: secs(1), ..TemporalSdk::default() })
}

fn a16_v1() {
    uniform(sdk(), 800.0, 1000.0);
}

fn a16_v2() {
    let mut late = sdk().at(secs(58));
    assert_eq!([(); 3].map(|()| late.wait(Draw::from_unit(0.0))), [800.0, 1600.0, 1600.0]);
    assert_eq!(sdk().at(ms(59_500)).next(Draw::from_unit(0.0)), Wait::Stop);
    assert_eq!(sdk().at(secs(61)).next(Draw::from_unit(0.0)), Wait::Stop);
}
