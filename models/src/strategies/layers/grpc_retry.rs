//! GrpcRetry as a layer: the profile decides, gRPC's formula waits.

use crate::outcome::{Failure, Hint, Outcome};
use crate::registry::Complaint;
use crate::strategies::backoff::{Asks, Backoff, Grpc, GrpcCall, GrpcFlavour, Wait};
use crate::strategies::budget::Budget as _;
use crate::strategies::profiles::{Decision, Fate, Flavour, GrpcEnded, GrpcRetry, GrpcRetrying};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use sim_core::time::{SimDuration, SimTime};

/// What a flight knows.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    retrying: GrpcRetrying,
    waits: GrpcCall,
    since: SimTime,
}

impl GrpcRetry {
    fn formula(&self) -> Grpc {
        Grpc {
            initial_backoff: self.initial_backoff,
            max_backoff: self.max_backoff,
            backoff_multiplier: self.backoff_multiplier,
            flavour: match self.flavour {
                Flavour::Go => GrpcFlavour::Go,
                Flavour::Java => GrpcFlavour::Java,
            },
        }
    }
}

impl Strategy for GrpcRetry {
    type Flight = Call;
    /// Tokens, with `retry_throttling`.
    type Shared = Option<u64>;

    fn scope(&self) -> Option<Scope> {
        self.retry_throttling.as_ref().map(|throttling| throttling.scope())
    }

    fn flight(&self) -> Call {
        Call { retrying: GrpcRetrying::default(), waits: self.formula().fresh(), since: SimTime::ZERO }
    }

    fn fresh(&self, site: &Site<'_>) -> Option<u64> {
        self.retry_throttling.as_ref().map(|throttling| throttling.fresh(site.now))
    }

    fn start(&self, flight: &mut Call, _shared: &mut Option<u64>, moment: &mut Moment<'_>) -> Step {
        flight.since = moment.now;
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut Call, shared: &mut Option<u64>, end: End, moment: &mut Moment<'_>) -> Step {
        // Here every attempt that has an end was seen by somebody, and none is handed on before it is whole.
        let ended = GrpcEnded { outcome: end.outcome, pushback: end.hint, fate: Fate::Seen, is_committed: false };
        let Call { retrying, waits, since } = flight;
        let failure = if let Outcome::Failed(failure) = end.outcome { failure } else { Failure::Timeout };
        // The deadline of the whole call ends it whatever its status.
        if end.outcome == Outcome::Failed(Failure::Deadline) && moment.deadline <= moment.now {
            return Step::End(end.outcome);
        }
        let elapsed = moment.now.saturating_since(*since);
        let decision = self.decide(retrying, shared.as_mut(), &ended, |retries| {
            let asks = Asks { retry: retries + 1, elapsed, failure, hint: None, draw: moment.draw_of_wait() };
            match self.formula().wait(waits, &asks) {
                Wait::For(wait) => wait,
                Wait::Stop | Wait::StopAfter(_) => unreachable!("without a pushback gRPC's formula always waits"),
            }
        });
        match decision {
            Decision::End => Step::End(end.outcome),
            Decision::RetryAtOnce => Step::Wait(moment.now.saturating_add(SimDuration::NANOSECOND)),
            Decision::Retry { after } => {
                if let Some(Hint::After(_)) = end.hint {
                    flight.waits = self.formula().fresh();
                }
                Step::Wait(moment.now.saturating_add(after.max(SimDuration::NANOSECOND)))
            }
        }
    }

    fn timer(&self, _flight: &mut Call, _shared: &mut Option<u64>, _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }

    fn gauges(&self, shared: &mut Option<u64>, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        if let (Some(throttling), Some(tokens)) = (&self.retry_throttling, shared) {
            show("retries left", throttling.left(tokens, site.now));
        }
    }

    fn check(&self) -> Vec<Complaint> {
        Self::check(self)
    }
}
