//! Which numbers of a backoff contradict each other, and what is said of them?

use crate::ms;
use models::registry::complaint;
use models::strategies::backoff::*;
use sim_core::time::SimDuration;
use sim_core::units::Share;

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
