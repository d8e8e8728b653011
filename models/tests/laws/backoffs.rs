//! Which laws does every backoff keep?
//!
//! What single products do is held by the vectors; here stands what is true of all of them. Times are milliseconds.

mod cases;
mod mistakes;

use super::ms;
use cases::{Case, ENDLESS, cases};
use models::outcome::{Failure, Hint};
use models::strategies::backoff::*;
use proptest::prelude::*;
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimDuration;
use sim_core::units::Share;

fn asks(retry: u32, draw: Draw) -> Asks {
    Asks { retry, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw }
}

fn keyed(name: u64, attempt: u32) -> Draw {
    Seed::new(7).draws(Key::named("backoffs").child(name), attempt).wait()
}

/// What one call answers before so many retries.
fn answers(backoff: &AnyBackoff, draws: impl Fn(u32) -> Draw, count: u32) -> Vec<Wait> {
    let mut memory = backoff.fresh();
    (1..=count).map(|retry| backoff.wait(&mut memory, &asks(retry, draws(retry)))).collect()
}

/// The wait before a retry, all of whose earlier draws were one half, in milliseconds.
fn wait(case: &Case, draw: Draw) -> f64 {
    let half = Draw::from_unit(0.5);
    let answers = answers(&case.backoff, |retry| if retry == case.retry { draw } else { half }, case.retry);
    match answers.last() {
        Some(Wait::For(length)) => length.as_nanos() as f64 / 1e6,
        other => panic!("{} answers {other:?}", case.backoff.name()),
    }
}

/// Draws at both ends, in the middle, and ever others.
fn draws() -> [Box<dyn Fn(u32) -> Draw>; 4] {
    let all = |draw| Box::new(move |_| draw) as Box<dyn Fn(u32) -> Draw>;
    [all(Draw::from_bits(0)), all(Draw::from_unit(0.5)), all(Draw::from_bits(u64::MAX)), Box::new(|retry| keyed(1, retry))]
}

#[test]
fn every_registered_backoff_is_held_to_these_laws() {
    let mut tested: Vec<_> = cases().iter().map(|case| case.backoff.name()).collect();
    tested.sort_unstable();
    tested.dedup();
    // One from outside is held by examples/custom_strategy.rs.
    let mut registered: Vec<_> = AnyBackoff::ALL.iter().map(|&(name, _)| name).filter(|name| *name != "External").collect();
    registered.sort_unstable();
    assert_eq!(tested, registered);
    for case in cases() {
        assert_eq!(case.backoff.check(), [], "{:?}", case.backoff);
    }
}

#[test]
fn a_formula_remembers_little_of_a_call() {
    assert!(size_of::<BackoffMemory>() <= 32, "{} bytes", size_of::<BackoffMemory>());
}

#[test]
fn what_documents_no_draw_waits_the_same_whatever_is_drawn_and_what_documents_one_does_not() {
    for Case { backoff, draws: has_draw, .. } in cases() {
        let [low, .., keyed] = draws();
        let is_same = answers(&backoff, low, 12) == answers(&backoff, keyed, 12);
        assert_eq!(is_same, !has_draw, "{backoff:?}");
        // The same draws give the same waits: there is nothing else that a wait depends on.
        for draws in draws() {
            assert_eq!(answers(&backoff, &draws, 12), answers(&backoff, &draws, 12), "{backoff:?}");
        }
    }
}

#[test]
fn no_wait_leaves_its_documented_range_even_after_very_many_retries() {
    for Case { backoff, longest, .. } in cases() {
        for draws in draws() {
            for answer in answers(&backoff, draws, 300) {
                let (Wait::For(length) | Wait::StopAfter(length)) = answer else { continue };
                assert!(length.as_nanos() as f64 <= longest * 1e6 + 1.0, "{backoff:?} waits {length}");
            }
        }
        for retry in [1_000_000, u32::MAX] {
            let answer = backoff.wait(&mut backoff.fresh(), &asks(retry, Draw::from_bits(u64::MAX)));
            assert!(answer == Wait::Stop || matches!(answer, Wait::For(length) if length.as_nanos() as f64 <= longest * 1e6 + 1.0));
        }
    }
}

#[test]
fn the_first_draw_reaches_both_ends_and_has_the_documented_mean() {
    for case in cases() {
        let (low, high, mean) = case.first;
        // Whatever rounds to ticks or milliseconds misses an end by as much.
        let grain = if matches!(case.backoff.name(), "Envoy" | "Resilience4jInterval") { 1.0 } else { 2e-4 };
        let seen: Vec<f64> = (0..100_000).map(|i| wait(&case, keyed(i, 3))).collect();
        let (least, most) = seen.iter().fold((ENDLESS, 0.0_f64), |(least, most), &wait| (least.min(wait), most.max(wait)));
        assert!(least >= low - grain && most <= high + grain, "{:?}: {least} to {most}", case.backoff);
        let near = (high - low) * 1e-2 + grain;
        assert!(least <= low + near && most >= high - near, "{:?}: {least} to {most}", case.backoff);
        let off = (seen.iter().sum::<f64>() / 1e5 - mean).abs();
        // Nothing between two ends is spread more widely than what lies evenly between them, but for Polly's formula by a little.
        assert!(off <= 4.0 * (high - low) / 10e5_f64.sqrt() + grain, "{:?} is off its mean by {off}", case.backoff);
    }
}

#[test]
fn two_calls_share_nothing_and_a_copied_memory_goes_on_as_its_original() {
    for Case { backoff, .. } in cases() {
        let of = |call: u64| move |retry| keyed(call, retry);
        let (alone, other) = (answers(&backoff, of(1), 20), answers(&backoff, of(2), 20));
        let (mut first, mut second) = (backoff.fresh(), backoff.fresh());
        let mut copies = Vec::new();
        for (retry, at) in (1..=20).zip(0..) {
            copies.push(first.clone());
            assert_eq!(backoff.wait(&mut first, &asks(retry, of(1)(retry))), alone[at], "{backoff:?}");
            assert_eq!(backoff.wait(&mut second, &asks(retry, of(2)(retry))), other[at], "{backoff:?}");
        }
        for (retry, mut copy) in (1..).zip(copies) {
            let rest: Vec<_> = (retry..=20).map(|retry| backoff.wait(&mut copy, &asks(retry, of(1)(retry)))).collect();
            assert_eq!(rest, alone[retry as usize - 1..], "{backoff:?}");
        }
    }
}

/// Formulas whose lengths are as long as can be written.
fn huge() -> Vec<AnyBackoff> {
    let most = SimDuration::MAX;
    vec![
        Linear { base: most, step: Some(most), cap: None }.into(),
        Uniform { min_delay: SimDuration::ZERO, max_delay: most }.into(),
        Fibonacci { base: most, cap: most }.into(),
        Exponential { base: most, cap: most, multiplier: 1e6 }.into(),
        FullJitter { base: most, cap: most }.into(),
        EqualJitter { base: most, cap: most }.into(),
        Decorrelated { base: most, cap: most }.into(),
        AdditiveJitter { base: most, jitter: most, cap: most }.into(),
        ProportionalJitter { base: most, cap: most, multiplier: 1e6, ratio: Share::ALL }.into(),
        CapThenJitter { base: most, cap: most, jitter: most }.into(),
        OvershootingJitter { base: most, cap: most, least: Share::ALL }.into(),
        Polly { delay: most, backoff_type: PollyBackoffType::Exponential, use_jitter: true, max_delay: None }.into(),
        Polly { delay: most, backoff_type: PollyBackoffType::Linear, use_jitter: true, max_delay: None }.into(),
        PollyContribLinear { initial_delay: most, factor: 1e6, fast_first: true }.into(),
        PollyContribDecorrelated { min_delay: most, max_delay: most, fast_first: false }.into(),
        FinagleLinear { start: most, offset: most, maximum: None }.into(),
        FinagleExponential { start: ms(1), multiplier: u32::MAX, maximum: None }.into(),
        FinagleExponentialJittered { start: ms(1), maximum: most }.into(),
        FinagleEqualJittered { start: ms(1), maximum: most }.into(),
        FinagleDecorrelated { start: ms(1), maximum: most }.into(),
        TenacityIncrementing { start: most, increment: most, max: None }.into(),
        TenacityExponential { multiplier: most, exp_base: 1e6, min: most, max: None }.into(),
        TenacityRandomExponential { multiplier: most, exp_base: 1e6, min: most, max: None }.into(),
        TenacityExponentialJitter { initial: most, exp_base: 1e6, jitter: most, min: most, max: None }.into(),
        Cenkalti {
            initial_interval: most,
            multiplier: 1e6,
            max_interval: most,
            max_elapsed_time: SimDuration::ZERO,
            ..Cenkalti::default()
        }
        .into(),
        RustBackoff { initial_interval: most, max_interval: most, max_elapsed_time: None, ..RustBackoff::default() }.into(),
        Backon { min_delay: most, max_delay: None, factor: 1e6, jitter: true, ..Backon::default() }.into(),
        Backon { strategy: BackonStrategy::Fibonacci, min_delay: most, max_delay: None, jitter: true, ..Backon::default() }.into(),
        TokioRetry { strategy: TokioRetryStrategy::Exponential, from_millis: u64::MAX, factor: u64::MAX, max_delay: None, jitter: true }
            .into(),
        TokioRetry { strategy: TokioRetryStrategy::Fibonacci, from_millis: u64::MAX, factor: u64::MAX, max_delay: None, jitter: true }
            .into(),
        RetryPolicies { min_retry_interval: most, max_retry_interval: most, base: u32::MAX, ..RetryPolicies::default() }.into(),
        GaxGo { initial: most, max: most, multiplier: 1e6 }.into(),
        GoogleApiCore { initial: most, maximum: most, multiplier: 1e6, timeout: None }.into(),
        Resilience4jInterval {
            wait_duration: most,
            enable_exponential_backoff: true,
            enable_randomized_wait: true,
            ..Resilience4jInterval::default()
        }
        .into(),
        Failsafe { delay: most, jitter: Some(most), max_delay: Some(most), ..Failsafe::default() }.into(),
        Grpc { initial_backoff: most, max_backoff: most, backoff_multiplier: 1e6, flavour: GrpcFlavour::Java }.into(),
        Grpc { initial_backoff: most, max_backoff: most, backoff_multiplier: 1e6, flavour: GrpcFlavour::Go }.into(),
        Envoy { base_interval: most, reset_max_interval: Some(most), ..Envoy::default() }.into(),
        Envoy { max_interval: Some(most), legacy: true, ..Envoy::default() }.into(),
        Tower { min: most, max: None, jitter: 100.0 }.into(),
        Linkerd { min: ms(1500), max: most, jitter: 100.0 }.into(),
        AwsStandard { max_backoff: most }.into(),
        AwsLegacy::default().into(),
        Aws2026 { max_backoff: most, ..Aws2026::default() }.into(),
        Kubernetes { duration: most, factor: 1e6, jitter: 1e6, steps: u32::MAX, cap: None }.into(),
        KubernetesCrashLoop { initial: most, max: most, reset_after: most }.into(),
        ClientGoItem { base_delay: most, max_delay: most }.into(),
        Temporal { initial_interval: most, backoff_coefficient: 1e6, maximum_interval: None }.into(),
        TemporalSdk { initial_interval: ms(1), backoff_coefficient: 1e6, maximum_interval: most, expiration_interval: most }.into(),
        StepFunctions { interval: most, backoff_rate: 1e6, ..StepFunctions::default() }.into(),
    ]
}

#[test]
fn no_numbers_are_too_large_to_be_waited_for() {
    for backoff in huge() {
        for hint in [None, Some(Hint::After(SimDuration::MAX)), Some(Hint::After(SimDuration::ZERO)), Some(Hint::Never)] {
            for draws in draws() {
                let mut memory = backoff.fresh();
                for retry in (1..=100).chain([1_000_000, u32::MAX]) {
                    let elapsed = if retry % 2 == 0 { SimDuration::ZERO } else { SimDuration::MAX };
                    // That it does not panic is the law; lengths that are too long are the longest.
                    backoff.wait(&mut memory, &Asks { elapsed, hint, failure: Failure::Throttled, ..asks(retry, draws(retry)) });
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_wait_is_a_function_of_configuration_retries_and_draws(index in 0..76_usize, bits in prop::collection::vec(any::<u64>(), 1..30)) {
        let cases = cases();
        let backoff = &cases[index % cases.len()].backoff;
        let count = bits.len() as u32;
        let draw = |retry: u32| Draw::from_bits(bits[retry as usize - 1]);
        let together = answers(backoff, draw, count);
        // A longer call waits the same at its beginning.
        prop_assert_eq!(&answers(backoff, draw, count.div_ceil(2))[..], &together[..count.div_ceil(2) as usize]);
        // A draw moves no wait before it.
        let last = answers(backoff, |retry| if retry == count { Draw::from_bits(!bits[retry as usize - 1]) } else { draw(retry) }, count);
        prop_assert_eq!(&last[..count as usize - 1], &together[..count as usize - 1]);
    }
}

#[test]
fn the_envoy_of_old_and_of_now_have_other_bounds() {
    let bounds = |legacy| {
        let backoff = AnyBackoff::from(Envoy { legacy, ..Envoy::default() });
        answers(&backoff, |_| Draw::from_bits(24), 3)
    };
    // 24 is below every bound: the remainders alone do not tell. 74 and 174 do.
    assert_eq!(bounds(false), bounds(true));
    let second = |legacy, bits| {
        let backoff = AnyBackoff::from(Envoy { legacy, ..Envoy::default() });
        answers(&backoff, |retry| Draw::from_bits(if retry == 2 { bits } else { 0 }), 2)[1]
    };
    assert_eq!([second(false, 74), second(true, 74)], [Wait::For(ms(24)), Wait::For(ms(74))]);
}
