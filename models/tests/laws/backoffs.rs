//! Which laws does every backoff keep?
//!
//! What single products do is held by the vectors; here stands what is true of all of them. Times are milliseconds.

use super::ms;
use models::outcome::{Failure, Hint};
use models::registry::complaint;
use models::strategies::backoff::*;
use proptest::prelude::*;
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A formula, and what it documents.
struct Case {
    backoff: AnyBackoff,
    /// Ends of the first wait that is drawn, and its mean.
    first: (f64, f64, f64),
    /// Before which retry that is.
    retry: u32,
    /// No wait is longer than this.
    longest: f64,
    draws: bool,
}

/// A formula that makes no draw: its first wait, and the longest.
fn sure(backoff: impl Into<AnyBackoff>, first: f64, longest: f64) -> Case {
    Case { backoff: backoff.into(), first: (first, first, first), retry: 1, longest, draws: false }
}

/// A formula that makes one: the ends of its first wait, whose mean lies in the middle, and the longest wait.
fn drawn(backoff: impl Into<AnyBackoff>, low: f64, high: f64, longest: f64) -> Case {
    Case { backoff: backoff.into(), first: (low, high, f64::midpoint(low, high)), retry: 1, longest, draws: true }
}

impl Case {
    /// Its first wait is certain: the ends are those of the second.
    fn whose_first_is_sure(self) -> Self {
        Self { retry: 2, ..self }
    }

    fn mean(mut self, mean: f64) -> Self {
        self.first.2 = mean;
        self
    }
}

/// The longest length that can be written.
const ENDLESS: f64 = f64::INFINITY;

fn textbook() -> Vec<Case> {
    let (base, cap) = (ms(100), ms(1000));
    vec![
        sure(Immediate {}, 0.0, 0.0),
        sure(Constant { delay: base }, 100.0, 100.0),
        sure(Linear { base, step: Some(ms(50)), cap: Some(cap) }, 100.0, 1000.0),
        drawn(Uniform { min_delay: base, max_delay: cap }, 100.0, 1000.0, 1000.0),
        sure(Fibonacci { base, cap }, 100.0, 1000.0),
        sure(Exponential { base, cap, multiplier: 2.0 }, 100.0, 1000.0),
        drawn(FullJitter { base, cap }, 0.0, 100.0, 1000.0),
        drawn(EqualJitter { base, cap }, 50.0, 100.0, 1000.0),
        drawn(Decorrelated { base, cap }, 100.0, 300.0, 1000.0),
        drawn(AdditiveJitter { base, jitter: ms(40), cap }, 100.0, 140.0, 1000.0),
        drawn(ProportionalJitter { base, cap, multiplier: 2.0, ratio: Share::percent(20) }, 80.0, 120.0, 1200.0),
        drawn(CapThenJitter { base, cap, jitter: ms(40) }, 100.0, 140.0, 1040.0),
        drawn(OvershootingJitter { base, cap, least: Share::NONE }, 0.0, 150.0, 1500.0),
        drawn(OvershootingJitter { base, cap, least: Share::percent(50) }, 50.0, 150.0, 1500.0),
    ]
}

fn dot_net_and_the_jvm() -> Vec<Case> {
    let (start, maximum) = (ms(100), ms(1000));
    let polly = |backoff_type, use_jitter| Polly { delay: start, backoff_type, use_jitter, max_delay: Some(maximum) };
    let resilience4j = Resilience4jInterval {
        wait_duration: start,
        enable_exponential_backoff: true,
        exponential_max_wait_duration: Some(maximum),
        ..Resilience4jInterval::default()
    };
    let failsafe = Failsafe { delay: start, max_delay: Some(maximum), ..Failsafe::default() };
    vec![
        sure(polly(PollyBackoffType::Constant, false), 100.0, 100.0),
        drawn(polly(PollyBackoffType::Constant, true), 75.0, 125.0, 125.0),
        sure(polly(PollyBackoffType::Linear, false), 100.0, 1000.0),
        drawn(polly(PollyBackoffType::Linear, true), 75.0, 125.0, 1000.0),
        sure(polly(PollyBackoffType::Exponential, false), 100.0, 1000.0),
        // The mean is the integral of its formula over the unit interval.
        drawn(polly(PollyBackoffType::Exponential, true), 0.0, 137.718, 1000.0).mean(87.08),
        sure(PollyContribLinear { initial_delay: start, factor: 0.5, fast_first: false }, 100.0, ENDLESS),
        drawn(PollyContribDecorrelated { min_delay: start, max_delay: maximum, fast_first: false }, 100.0, 300.0, 1000.0),
        sure(FinagleConstant { start }, 100.0, 100.0),
        sure(FinagleLinear { start, offset: ms(40), maximum: Some(maximum) }, 100.0, 1000.0),
        sure(FinagleExponential { start, multiplier: 2, maximum: Some(maximum) }, 100.0, 1000.0),
        drawn(FinagleExponentialJittered { start, maximum }, 0.0, 200.0, 1000.0).whose_first_is_sure(),
        drawn(FinagleEqualJittered { start, maximum }, 100.0, 200.0, 1000.0).whose_first_is_sure(),
        drawn(FinagleDecorrelated { start, maximum }, 100.0, 300.0, 1000.0).whose_first_is_sure(),
        sure(resilience4j.clone(), 100.0, 1000.0),
        // Whole milliseconds from 50 to 150, each as probable.
        drawn(Resilience4jInterval { enable_randomized_wait: true, ..resilience4j }, 50.0, 150.0, 1000.0),
        sure(failsafe.clone(), 100.0, 1000.0),
        drawn(Failsafe { jitter_factor: 0.25, ..failsafe.clone() }, 75.0, 125.0, 1250.0),
        drawn(Failsafe { jitter: Some(ms(30)), ..failsafe }, 70.0, 130.0, 1030.0),
    ]
}

fn python_go_and_rust() -> Vec<Case> {
    let (first, max) = (ms(100), ms(1000));
    let backon = |strategy, jitter| Backon { strategy, min_delay: first, max_delay: Some(max), jitter, ..Backon::default() };
    let tokio = |strategy, jitter| TokioRetry { strategy, from_millis: 2, factor: 50, max_delay: Some(max), jitter };
    let policies = |jitter| RetryPolicies { min_retry_interval: first, max_retry_interval: max, jitter, ..RetryPolicies::default() };
    let factor =
        |randomization_factor| Cenkalti { initial_interval: first, max_interval: max, randomization_factor, ..Cenkalti::default() };
    let rust = RustBackoff { initial_interval: first, max_interval: max, ..RustBackoff::default() };
    vec![
        sure(TenacityIncrementing { start: first, increment: first, max: Some(max) }, 100.0, 1000.0),
        sure(TenacityExponential { multiplier: first, max: Some(max), ..TenacityExponential::default() }, 100.0, 1000.0),
        drawn(TenacityRandomExponential { multiplier: first, max: Some(max), ..TenacityRandomExponential::default() }, 0.0, 100.0, 1000.0),
        drawn(
            TenacityExponentialJitter { initial: first, jitter: ms(40), max: Some(max), ..TenacityExponentialJitter::default() },
            100.0,
            140.0,
            1000.0,
        ),
        drawn(factor(0.5), 50.0, 150.0, 1500.0),
        sure(factor(0.0), 100.0, 1000.0),
        drawn(rust, 50.0, 150.0, 1500.0),
        sure(backon(BackonStrategy::Constant, false), 100.0, 100.0),
        drawn(backon(BackonStrategy::Constant, true), 100.0, 200.0, 200.0),
        sure(backon(BackonStrategy::Exponential, false), 100.0, 1000.0),
        drawn(backon(BackonStrategy::Exponential, true), 100.0, 200.0, 2000.0),
        sure(backon(BackonStrategy::Fibonacci, false), 100.0, 1300.0),
        drawn(backon(BackonStrategy::Fibonacci, true), 100.0, 200.0, 1400.0),
        sure(tokio(TokioRetryStrategy::Exponential, false), 100.0, 1000.0),
        drawn(tokio(TokioRetryStrategy::Fibonacci, true), 0.0, 100.0, 1000.0),
        sure(tokio(TokioRetryStrategy::FixedInterval, false), 2.0, 2.0),
        drawn(policies(RetryPoliciesJitter::Full), 0.0, 100.0, 1000.0),
        drawn(policies(RetryPoliciesJitter::Bounded), 50.0, 100.0, 1000.0),
        sure(policies(RetryPoliciesJitter::None), 100.0, 1000.0),
        drawn(GaxGo { initial: first, max, multiplier: 2.0 }, 0.0, 100.0, 1000.0),
        drawn(GoogleApiCore { initial: first, maximum: max, ..GoogleApiCore::default() }, 0.0, 100.0, 1000.0),
    ]
}

fn proxies_and_clouds() -> Vec<Case> {
    let (first, max) = (ms(100), ms(1000));
    let grpc = |flavour| Grpc { initial_backoff: first, max_backoff: max, backoff_multiplier: 2.0, flavour };
    let envoy = |legacy| Envoy { base_interval: first, legacy, ..Envoy::default() };
    let kubernetes = |jitter| Kubernetes { duration: first, factor: 2.0, jitter, steps: 1000, ..Kubernetes::default() };
    let states =
        |jitter_strategy| StepFunctions { max_delay: Some(SimDuration::from_secs(8)), jitter_strategy, ..StepFunctions::default() };
    vec![
        drawn(grpc(GrpcFlavour::A6Current), 80.0, 120.0, 1200.0),
        drawn(grpc(GrpcFlavour::Go), 80.0, 120.0, 1200.0),
        drawn(grpc(GrpcFlavour::Java), 80.0, 120.0, 1200.0),
        drawn(grpc(GrpcFlavour::A6Before2024), 0.0, 100.0, 1200.0),
        drawn(envoy(false), 0.0, 99.0, 999.0),
        drawn(envoy(true), 0.0, 99.0, 1000.0),
        drawn(Tower { min: first, max: Some(max), jitter: 0.5 }, 100.0, 150.0, 1000.0),
        sure(Tower { min: first, max: Some(max), jitter: 0.0 }, 100.0, 1000.0),
        drawn(Linkerd { min: first, max, jitter: 0.5 }, 100.0, 150.0, 1000.0),
        sure(Linkerd { min: first, max, jitter: 0.0 }, 100.0, 1000.0),
        drawn(AwsStandard::default(), 0.0, 1000.0, 20_000.0),
        drawn(AwsLegacy::default(), 0.0, 1000.0, ENDLESS),
        sure(AwsLegacy { service: AwsService::DynamoDb }, 50.0, ENDLESS),
        drawn(Aws2026::default(), 0.0, 50.0, 20_000.0),
        drawn(kubernetes(0.1), 100.0, 110.0, ENDLESS),
        sure(kubernetes(0.0), 100.0, ENDLESS),
        sure(KubernetesCrashLoop::default(), 0.0, 300_000.0),
        sure(ClientGoItem::default(), 5.0, 1_000_000.0),
        sure(Temporal { initial_interval: first, ..Temporal::default() }, 100.0, 10_000.0),
        drawn(TemporalSdk { initial_interval: first, ..TemporalSdk::default() }, 80.0, 100.0, 10_000.0),
        sure(states(JitterStrategy::None), 1000.0, 8000.0),
        drawn(states(JitterStrategy::Full), 0.0, 1000.0, 8000.0),
    ]
}

fn cases() -> Vec<Case> {
    [textbook(), dot_net_and_the_jvm(), python_go_and_rust(), proxies_and_clouds()].into_iter().flatten().collect()
}

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
fn numbers_that_contradict_each_other_are_complaints_about_their_fields() {
    let fields = |backoff: AnyBackoff| backoff.check().into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    let (short, long, zero) = (ms(50), ms(100), SimDuration::ZERO);
    let wrong: Vec<(AnyBackoff, &[&str])> = vec![
        (Linear { base: long, step: None, cap: Some(short) }.into(), &["cap"]),
        (Uniform { min_delay: long, max_delay: short }.into(), &["max_delay"]),
        (Fibonacci { base: long, cap: short }.into(), &["cap"]),
        (Exponential { base: zero, cap: long, multiplier: 0.5 }.into(), &["base", "multiplier"]),
        (Exponential { base: short, cap: long, multiplier: f64::NAN }.into(), &["multiplier"]),
        (EqualJitter { base: long, cap: short }.into(), &["cap"]),
        (Decorrelated { base: long, cap: short }.into(), &["cap"]),
        (AdditiveJitter { base: long, jitter: long, cap: short }.into(), &["cap"]),
        (ProportionalJitter { base: long, cap: long, multiplier: 0.9, ratio: Share::NONE }.into(), &["multiplier"]),
        (CapThenJitter { base: long, cap: short, jitter: zero }.into(), &["cap"]),
        (OvershootingJitter { base: zero, cap: zero, least: Share::NONE }.into(), &["base"]),
        (Polly { delay: SimDuration::from_secs(86_401), ..Polly::default() }.into(), &["delay"]),
        (PollyContribLinear { initial_delay: long, factor: -1.0, fast_first: false }.into(), &["factor"]),
        (PollyContribDecorrelated { min_delay: long, max_delay: short, fast_first: false }.into(), &["max_delay"]),
        (FinagleExponentialJittered { start: long, maximum: short }.into(), &["maximum"]),
        (FinagleEqualJittered { start: zero, maximum: short }.into(), &["start"]),
        (FinagleDecorrelated { start: long, maximum: short }.into(), &["maximum"]),
        (TenacityExponential { exp_base: -2.0, ..TenacityExponential::default() }.into(), &["exp_base"]),
        (TenacityRandomExponential { min: long, max: Some(short), ..TenacityRandomExponential::default() }.into(), &["max"]),
        (TenacityExponentialJitter { min: long, max: Some(short), ..TenacityExponentialJitter::default() }.into(), &["max"]),
        (Cenkalti { randomization_factor: 1.5, multiplier: 0.5, ..Cenkalti::default() }.into(), &["randomization_factor", "multiplier"]),
        (
            RustBackoff { initial_interval: zero, max_interval: zero, ..RustBackoff::default() }.into(),
            &["initial_interval", "max_interval"],
        ),
        (Backon { factor: 0.5, max_delay: Some(short), ..Backon::default() }.into(), &["max_delay", "factor"]),
        (
            TokioRetry { strategy: TokioRetryStrategy::Fibonacci, from_millis: 0, factor: 0, max_delay: None, jitter: false }.into(),
            &["from_millis", "factor"],
        ),
        (RetryPolicies { max_retry_interval: short, base: 0, ..RetryPolicies::default() }.into(), &["max_retry_interval", "base"]),
        (GaxGo { initial: zero, max: zero, multiplier: 0.5 }.into(), &["initial", "max", "multiplier"]),
        (GoogleApiCore { multiplier: 0.5, ..GoogleApiCore::default() }.into(), &["multiplier"]),
        (
            Resilience4jInterval { wait_duration: zero, randomized_wait_factor: 2.0, ..Resilience4jInterval::default() }.into(),
            &["wait_duration", "randomized_wait_factor"],
        ),
        (Failsafe { delay: long, max_delay: Some(long), delay_factor: 1.0, ..Failsafe::default() }.into(), &["max_delay", "delay_factor"]),
        (Failsafe { jitter: Some(short), jitter_factor: 0.5, ..Failsafe::default() }.into(), &["jitter", "jitter_factor"]),
        (
            Grpc { initial_backoff: zero, max_backoff: zero, backoff_multiplier: 0.0, flavour: GrpcFlavour::Go }.into(),
            &["initial_backoff", "max_backoff", "backoff_multiplier"],
        ),
        (Envoy { max_interval: Some(ms(5)), ..Envoy::default() }.into(), &["max_interval"]),
        (Tower { max: Some(zero), jitter: 101.0, ..Tower::default() }.into(), &["max", "max", "jitter"]),
        (Linkerd { min: long, max: short, jitter: -0.1 }.into(), &["max", "jitter"]),
        (AwsStandard { max_backoff: zero }.into(), &["max_backoff"]),
        (Aws2026 { max_backoff: zero, ..Aws2026::default() }.into(), &["max_backoff"]),
        (Kubernetes { duration: zero, factor: -1.0, steps: 0, ..Kubernetes::default() }.into(), &["duration", "factor", "steps"]),
        (KubernetesCrashLoop { max: short, ..KubernetesCrashLoop::default() }.into(), &["max"]),
        (ClientGoItem { base_delay: long, max_delay: short }.into(), &["max_delay"]),
        (
            Temporal { backoff_coefficient: 0.5, maximum_interval: Some(short), ..Temporal::default() }.into(),
            &["backoff_coefficient", "maximum_interval"],
        ),
        (TemporalSdk { maximum_interval: short, ..TemporalSdk::default() }.into(), &["maximum_interval"]),
        (
            StepFunctions { interval: short, backoff_rate: 0.9, max_delay: Some(zero), ..StepFunctions::default() }.into(),
            &["interval", "backoff_rate", "max_delay"],
        ),
    ];
    for (backoff, expected) in wrong {
        let text = format!("{backoff:?}");
        assert_eq!(fields(backoff), expected, "{text}");
    }
    let complaints = AnyBackoff::from(FullJitter { base: long, cap: short }).check();
    assert_eq!(complaints, [complaint("cap", "the cap (50ms) lies below the base (100ms)")]);
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
