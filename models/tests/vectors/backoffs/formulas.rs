//! Vectors of A1 to A7: the formulas, as libraries have them.

use super::*;

pub fn a1_v1() {
    series(Constant { delay: ms(200) }, 0.3, [200.0; 3]);
    series(Polly { delay: ms(200), ..Polly::default() }, 0.3, [200.0; 3]);
    series(FinagleConstant { start: ms(200) }, 0.3, [200.0; 3]);
    series(Backon { strategy: BackonStrategy::Constant, min_delay: ms(200), ..Backon::default() }, 0.3, [200.0; 3]);
    series(Failsafe { delay: ms(200), ..Failsafe::default() }, 0.3, [200.0; 3]);
    series(Resilience4jInterval { wait_duration: ms(200), ..Resilience4jInterval::default() }, 0.3, [200.0; 3]);
    let tokio = TokioRetry { strategy: TokioRetryStrategy::FixedInterval, from_millis: 200, factor: 1, max_delay: None, jitter: false };
    series(tokio, 0.3, [200.0; 3]);
}

pub fn a1_v2() {
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

pub fn a2_v1() {
    series(Linear { base: ms(100), step: None, cap: None }, 0.3, [100.0, 200.0, 300.0]);
    series(Polly { delay: ms(100), backoff_type: PollyBackoffType::Linear, ..Polly::default() }, 0.3, [100.0, 200.0, 300.0]);
}

pub fn a2_v2() {
    let contrib = PollyContribLinear { initial_delay: ms(100), factor: 0.5, fast_first: false };
    series(contrib.clone(), 0.3, [100.0, 150.0, 200.0]);
    series(PollyContribLinear { fast_first: true, ..contrib }, 0.3, [0.0, 100.0, 150.0, 200.0]);
}

pub fn a2_v3() {
    let finagle = FinagleLinear { start: ms(100), offset: ms(40), maximum: Some(ms(170)) };
    series(finagle, 0.3, [100.0, 140.0, 170.0, 170.0]);
}

pub fn a2_v4() {
    let tenacity = TenacityIncrementing { max: Some(secs(150)), ..TenacityIncrementing::default() };
    series(tenacity, 0.3, [0.0, 100_000.0, 150_000.0]);
}

fn tokio(strategy: TokioRetryStrategy, max: Option<u64>) -> TokioRetry {
    TokioRetry { strategy, from_millis: 10, factor: 1, max_delay: max.map(ms), jitter: false }
}

pub fn a3_v1() {
    series(tokio(TokioRetryStrategy::Fibonacci, None), 0.3, [10.0, 10.0, 20.0, 30.0, 50.0, 80.0]);
    series(Fibonacci { base: ms(10), cap: ms(70) }, 0.3, [10.0, 10.0, 20.0, 30.0, 50.0, 70.0, 70.0]);
}

fn backon(strategy: BackonStrategy, max: u64) -> Backon {
    Backon { strategy, max_delay: Some(secs(max)), ..Backon::default() }
}

pub fn a3_v2() {
    series(backon(BackonStrategy::Fibonacci, 4), 0.3, [1e3, 1e3, 2e3, 3e3, 5e3, 5e3, 5e3]);
    // Jitter adds a part of the first wait, whatever the wait is.
    let jittered = Backon { jitter: true, ..backon(BackonStrategy::Fibonacci, 4) };
    series(jittered, 0.5, [1.5e3, 1.5e3, 2.5e3, 3.5e3, 5.5e3, 5.5e3]);
}

pub fn a3_v3() {
    let seen = waits(backon(BackonStrategy::Fibonacci, 60), 0.3, 12);
    assert_eq!(seen[8..], [34e3, 55e3, 89e3, 89e3]);
}

pub fn a3_v4() {
    series(tokio(TokioRetryStrategy::Fibonacci, Some(35)), 0.3, [10.0, 10.0, 20.0, 30.0, 35.0, 35.0]);
    // A wait that equals the limit goes on: 30, then 50, which does not.
    series(tokio(TokioRetryStrategy::Fibonacci, Some(30)), 0.3, [10.0, 10.0, 20.0, 30.0, 30.0, 30.0]);
}

pub fn a4_v1() {
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

pub fn a4_v2() {
    let resilience4j = Resilience4jInterval { enable_exponential_backoff: true, ..Resilience4jInterval::default() };
    series(resilience4j, 0.3, [500.0, 750.0, 1125.0, 1687.0, 2530.0, 3795.0]);
}

pub fn a4_v3() {
    let retrier = StepFunctions { interval: secs(3), backoff_rate: 1.5, max_delay: Some(secs(8)), jitter_strategy: JitterStrategy::None };
    series(retrier.clone(), 0.3, [3e3, 4.5e3, 6.75e3, 8e3]);
    uniform(call(StepFunctions { jitter_strategy: JitterStrategy::Full, ..retrier }).before(3), 0.0, 6.75e3);
}

pub fn a4_v4() {
    series(tokio(TokioRetryStrategy::Exponential, None), 0.3, [10.0, 100.0, 1000.0]);
}

pub fn a4_v5() {
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

pub fn a4_v6() {
    let mut limited = call(Backon { total_delay: Some(ms(3500)), ..Backon::default() });
    assert_eq!([(); 3].map(|()| limited.next(Draw::from_unit(0.3))), [Wait::For(secs(1)), Wait::For(secs(2)), Wait::Stop]);
    // A sum that is equal is allowed.
    let mut exactly = call(Backon { total_delay: Some(secs(3)), ..Backon::default() });
    assert_eq!([(); 3].map(|()| exactly.next(Draw::from_unit(0.3))), [Wait::For(secs(1)), Wait::For(secs(2)), Wait::Stop]);
}

pub fn a4_v7() {
    assert_eq!(waits(Backon { jitter: true, ..Backon::default() }, 0.5, 7)[6], 90e3);
}

pub fn a4_v8() {
    series(FinagleExponential { start: ms(3), multiplier: 3, maximum: Some(ms(20)) }, 0.3, [3.0, 9.0, 20.0, 20.0]);
}

pub fn a5_v1() {
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

pub fn a5_v2() {
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

pub fn a5_v3() {
    close(call(FullJitter { base: ms(100), cap: ms(10_000) }).before(3).wait(Draw::from_unit(0.25)), 100.0, 0.0);
}

pub fn a5_v4() {
    series(FinagleExponentialJittered { start: ms(100), maximum: ms(1000) }, 0.9, [100.0, 180.0, 648.0, 1000.0, 1000.0]);
}

pub fn a6_v1() {
    let third = call(EqualJitter { base: ms(100), cap: ms(10_000) }).before(3);
    uniform(third.clone(), 200.0, 400.0);
    close(third.clone().wait(Draw::from_unit(0.5)), 300.0, 0.0);
}

pub fn a6_v2() {
    let finagle = FinagleEqualJittered { start: secs(5), maximum: secs(300) };
    series(finagle.clone(), 0.9, [5e3]);
    for (retry, half) in [(2, 5e3), (3, 10e3), (4, 20e3)] {
        uniform(call(finagle.clone()).before(retry), half, 2.0 * half);
    }
}

pub fn a6_v3() {
    let finagle = FinagleEqualJittered { start: secs(5), maximum: secs(300) };
    series(finagle, 0.5, [5.0, 7.5, 15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0].map(|secs| secs * 1e3));
}

pub fn a7_v1() {
    series(Decorrelated { base: ms(100), cap: ms(10_000) }, 0.5, [200.0, 350.0, 575.0, 912.5, 1418.75, 2178.125]);
    uniform(call(Decorrelated { base: ms(100), cap: ms(10_000) }), 100.0, 300.0);
}

pub fn a7_v2() {
    series(Decorrelated { base: ms(100), cap: ms(1000) }, 0.9, [280.0, 766.0, 1000.0, 1000.0]);
    let contrib = PollyContribDecorrelated { min_delay: ms(100), max_delay: ms(1000), fast_first: false };
    let seen = waits(contrib.clone(), 0.9, 4);
    // Cut off at ticks.
    seen.iter().zip([280.0, 766.0, 910.0, 910.0]).for_each(|(seen, expected)| close(*seen, expected, 1.01e-4));
    let fast = waits(PollyContribDecorrelated { fast_first: true, ..contrib }, 0.9, 2);
    close(fast[0], 0.0, 0.0);
    close(fast[1], 280.0, 1.01e-4);
}

pub fn a7_v3() {
    let mut call = call(Decorrelated { base: ms(100), cap: ms(10_000) });
    for expected in [300.0, 900.0, 2700.0, 8100.0, 10_000.0] {
        close(call.wait(ALMOST_ONE), expected, 1e-4);
    }
}

pub fn a7_v4() {
    series(FinagleDecorrelated { start: ms(100), maximum: ms(1000) }, 0.5, [100.0, 200.0, 400.0, 700.0]);
}
