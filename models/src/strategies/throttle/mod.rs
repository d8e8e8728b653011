//! Would the callee only turn this call away? Throttles that guess it from what became of earlier calls, one file per product.

mod aws_adaptive;
mod bins;
mod envoy_admission;
mod grpc_lookup;
mod sre;

pub use aws_adaptive::{AwsAdaptive, Clocked, Cubic};
pub use bins::{Bins, Counts};
pub use envoy_admission::{EnvoyAdmission, Slice, Window};
pub use grpc_lookup::GrpcLookup;
pub use sre::Sre;

use crate::about::{About, Explained};
use crate::outcome::{Failure, Hint, Outcome};
use crate::registry::{Complaint, Registered, registry};
use crate::strategies::{Gate, Pass, Scope};
use sim_core::draw::Draw;
use sim_core::time::SimTime;

registry! {
    /// A throttle, as a scenario writes it.
    AnyThrottle as "throttle", each_throttle;
    /// The memory of one scope of any throttle.
    ThrottleMemory = Gate::Shared, with_throttle: Sre, GrpcLookup, AwsAdaptive, EnvoyAdmission,
}

impl AnyThrottle {
    /// See [`Gate::fresh`].
    pub fn fresh(&self, now: SimTime) -> ThrottleMemory {
        with_throttle!(make self, throttle => throttle.fresh(now))
    }

    /// See [`Gate::ask`].
    pub fn ask(&self, memory: &mut ThrottleMemory, draw: Draw, now: SimTime) -> Pass {
        with_throttle!(self, memory, throttle, shared => throttle.ask(shared, draw, now))
    }

    /// See [`Gate::ended`].
    pub fn ended(&self, memory: &mut ThrottleMemory, since: SimTime, outcome: Option<Outcome>, hint: Option<Hint>, now: SimTime) {
        with_throttle!(self, memory, throttle, shared => throttle.ended(shared, since, outcome, hint, now));
    }

    /// See [`Gate::gauge`].
    pub fn gauge(&self, memory: &mut ThrottleMemory, now: SimTime) -> (&'static str, f64) {
        with_throttle!(self, memory, throttle, shared => throttle.gauge(shared, now))
    }

    /// See [`Gate::scope`].
    pub fn scope(&self) -> Scope {
        each_throttle!(self, throttle => throttle.scope())
    }

    /// See [`Gate::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_throttle!(self, throttle => throttle.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_throttle!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// Whether a callee took a request on, as far as its caller can tell: it answered, and did not say that this was too much for it.
const fn is_accepted(outcome: Option<Outcome>) -> bool {
    match outcome {
        None => false,
        Some(Outcome::Success) => true,
        Some(Outcome::Failed(failure)) => match failure {
            Failure::ServerError | Failure::Dependency | Failure::Conflict | Failure::ClientError => true,
            Failure::Timeout
            | Failure::Deadline
            | Failure::Refused
            | Failure::Reset
            | Failure::Overload
            | Failure::Throttled
            | Failure::BreakerOpen
            | Failure::Limited => false,
        },
    }
}
