//! Which waits does every backoff document? Times are milliseconds.

use crate::ms;
use models::strategies::backoff::*;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A formula, and what it documents.
pub(super) struct Case {
    pub(super) backoff: AnyBackoff,
    /// Ends of the first wait that is drawn, and its mean.
    pub(super) first: (f64, f64, f64),
    /// Before which retry that is.
    pub(super) retry: u32,
    /// No wait is longer than this.
    pub(super) longest: f64,
    pub(super) draws: bool,
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
pub(super) const ENDLESS: f64 = f64::INFINITY;

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

pub(super) fn cases() -> Vec<Case> {
    [textbook(), dot_net_and_the_jvm(), python_go_and_rust(), proxies_and_clouds()].into_iter().flatten().collect()
}
