//! How long to wait before a retry? One file per formula.

mod additive_jitter;
mod aws_2026;
mod aws_legacy;
mod aws_standard;
mod backon;
mod cap_then_jitter;
mod cenkalti;
mod client_go_item;
mod constant;
mod decorrelated;
mod envoy;
mod equal_jitter;
mod exponential;
mod external;
mod failsafe;
mod fibonacci;
mod finagle_constant;
mod finagle_decorrelated;
mod finagle_equal_jittered;
mod finagle_exponential;
mod finagle_exponential_jittered;
mod finagle_linear;
mod full_jitter;
mod gax_go;
mod google_api_core;
mod grpc;
mod immediate;
mod kubernetes;
mod kubernetes_crash_loop;
mod linear;
mod numbers;
mod overshooting_jitter;
mod polly;
mod polly_contrib_decorrelated;
mod polly_contrib_linear;
mod proportional_jitter;
mod resilience4j_interval;
mod retry_policies;
mod step_functions;
mod temporal;
mod temporal_sdk;
mod tenacity_exponential;
mod tenacity_exponential_jitter;
mod tenacity_incrementing;
mod tokio_retry;
mod tower;
mod uniform;

pub use additive_jitter::AdditiveJitter;
pub use aws_2026::{Aws2026, AwsService};
pub use aws_legacy::AwsLegacy;
pub use aws_standard::AwsStandard;
pub use backon::{Backon, BackonCall, BackonStrategy};
pub use cap_then_jitter::CapThenJitter;
pub use cenkalti::{Cenkalti, RustBackoff};
pub use client_go_item::ClientGoItem;
pub use constant::Constant;
pub use decorrelated::Decorrelated;
pub use envoy::Envoy;
pub use equal_jitter::EqualJitter;
pub use exponential::Exponential;
pub use external::External;
pub use failsafe::Failsafe;
pub use fibonacci::Fibonacci;
pub use finagle_constant::FinagleConstant;
pub use finagle_decorrelated::FinagleDecorrelated;
pub use finagle_equal_jittered::FinagleEqualJittered;
pub use finagle_exponential::FinagleExponential;
pub use finagle_exponential_jittered::FinagleExponentialJittered;
pub use finagle_linear::FinagleLinear;
pub use full_jitter::FullJitter;
pub use gax_go::GaxGo;
pub use google_api_core::GoogleApiCore;
pub use grpc::{Grpc, GrpcCall, GrpcFlavour};
pub use immediate::Immediate;
pub use kubernetes::{Kubernetes, KubernetesCall};
pub use kubernetes_crash_loop::{CrashLoopCall, KubernetesCrashLoop};
pub use linear::Linear;
pub use overshooting_jitter::OvershootingJitter;
pub use polly::{Polly, PollyBackoffType};
pub use polly_contrib_decorrelated::PollyContribDecorrelated;
pub use polly_contrib_linear::PollyContribLinear;
pub use proportional_jitter::ProportionalJitter;
pub use resilience4j_interval::Resilience4jInterval;
pub use retry_policies::{RetryPolicies, RetryPoliciesJitter};
pub use step_functions::{JitterStrategy, StepFunctions};
pub use temporal::Temporal;
pub use temporal_sdk::TemporalSdk;
pub use tenacity_exponential::{TenacityExponential, TenacityRandomExponential};
pub use tenacity_exponential_jitter::TenacityExponentialJitter;
pub use tenacity_incrementing::TenacityIncrementing;
pub use tokio_retry::{TokioRetry, TokioRetryCall, TokioRetryStrategy};
pub use tower::{Linkerd, Tower};
pub use uniform::Uniform;

use crate::about::{About, Explained, Parameter, parameter};
use crate::outcome::{Failure, Hint};
use crate::registry::{Complaint, Registered, complaint, registry};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;
use std::fmt::Debug;

/// A formula for the wait before a retry.
pub trait Backoff: Explained {
    /// What the formula remembers of one call: made anew for each, so that two concurrent calls of one client share nothing. At
    /// most 24 bytes.
    type Call: Clone + Debug + Send;

    /// The memory of a call before its first retry.
    fn fresh(&self) -> Self::Call;

    /// The wait before a retry.
    fn wait(&self, call: &mut Self::Call, asks: &Asks) -> Wait;

    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a formula may know of the retry it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// Which retry: 1 is the first, which is attempt 2.
    pub retry: u32,
    /// How long ago the first attempt was started.
    pub elapsed: SimDuration,
    /// How the attempt before ended.
    pub failure: Failure,
    /// What the callee said about asking again.
    pub hint: Option<Hint>,
    /// The one random number that belongs to this wait: a function of seed, call and attempt, so that to leave it alone, or to use
    /// it, shifts no other.
    pub draw: Draw,
}

/// What a formula answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Retry after this time.
    For(SimDuration),
    /// Retry no more: the formula has come to an end of its own.
    Stop,
    /// Retry no more, but give up only after this time: the product sleeps once more for nothing.
    StopAfter(SimDuration),
}

registry! {
    /// A formula for the wait before a retry, as a scenario writes it.
    AnyBackoff as "backoff", each_backoff;
    /// What a formula remembers of one call.
    BackoffMemory = Backoff::Call, with_backoff:
    Immediate, Constant, Linear, Uniform, Fibonacci, Exponential, FullJitter, EqualJitter, Decorrelated, AdditiveJitter, ProportionalJitter, CapThenJitter, OvershootingJitter, Polly, PollyContribLinear, PollyContribDecorrelated, FinagleConstant, FinagleLinear, FinagleExponential, FinagleExponentialJittered, FinagleEqualJittered, FinagleDecorrelated, TenacityIncrementing, TenacityExponential, TenacityRandomExponential, TenacityExponentialJitter, Cenkalti, RustBackoff, Backon, TokioRetry, RetryPolicies, GaxGo, GoogleApiCore, Resilience4jInterval, Failsafe, Grpc, Envoy, Tower, Linkerd, AwsStandard, AwsLegacy, Aws2026, Kubernetes, KubernetesCrashLoop, ClientGoItem, Temporal, TemporalSdk, StepFunctions, External,
}

impl AnyBackoff {
    /// Name, summary and explanation of every formula, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_backoff!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }

    /// See [`Backoff::fresh`].
    pub fn fresh(&self) -> BackoffMemory {
        with_backoff!(make self, backoff => backoff.fresh())
    }

    /// See [`Backoff::wait`].
    pub fn wait(&self, memory: &mut BackoffMemory, asks: &Asks) -> Wait {
        with_backoff!(self, memory, backoff, call => backoff.wait(call, asks))
    }

    /// The shortest first wait after a timeout of whose callee nothing was heard; `None` if there is no retry. A wait is shortest with the least
    /// draw or with the greatest.
    pub fn least_wait(&self) -> Option<SimDuration> {
        let with = |draw: Draw| {
            let asks = Asks { retry: 1, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw };
            match self.wait(&mut self.fresh(), &asks) {
                Wait::For(length) => Some(length),
                Wait::Stop | Wait::StopAfter(_) => None,
            }
        };
        with(Draw::from_bits(0)).into_iter().chain(with(Draw::from_bits(u64::MAX))).min()
    }

    /// See [`Backoff::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_backoff!(self, backoff => backoff.check())
    }
}

/// The complaint shared by all formulas with a base and a ceiling.
fn check_base_and_cap(base: SimDuration, cap: SimDuration) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if base.is_zero() {
        complaints.push(complaint("base", "a base of zero never waits; write `Immediate()` if that is meant"));
    }
    if cap < base {
        complaints.push(complaint("cap", format!("the cap ({cap}) lies below the base ({base})")));
    }
    complaints
}
