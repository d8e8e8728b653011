//! AwsRetry as a layer: the mode decides, its formula waits, and in adaptive mode its limiter is asked before every attempt.

use crate::outcome::{Failure, Outcome};
use crate::registry::Complaint;
use crate::strategies::backoff::{Asks, Aws2026, AwsLegacy, AwsService, AwsStandard, Backoff, Wait};
use crate::strategies::budget::Budget;
use crate::strategies::profiles::{AwsRetry, AwsRetrying, Decision, Mode};
use crate::strategies::throttle::Cubic;
use crate::strategies::{End, Gate, Moment, Pass, Scope, Site, Step, Strategy};
use sim_core::time::{SimDuration, SimTime};

/// What a flight knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    retrying: AwsRetrying,
    since: SimTime,
    /// Whether it waits for a token of the limiter; else for the next attempt.
    has_asked: bool,
    sent: SimTime,
}

/// The memory of a scope: of the quota and of the limiter, as far as the mode has them.
#[derive(Clone, Debug)]
pub struct Client {
    quota: Option<u64>,
    limiter: Option<Box<Cubic>>,
}

impl AwsRetry {
    fn length(&self, asks: &Asks) -> SimDuration {
        let service = if self.dynamodb { AwsService::DynamoDb } else { AwsService::Any };
        let wait = match self.mode {
            Mode::Standard | Mode::Adaptive => AwsStandard::default().wait(&mut (), asks),
            Mode::Standard2026 => Aws2026 { service, ..Aws2026::default() }.wait(&mut (), asks),
            Mode::Legacy => AwsLegacy { service }.wait(&mut (), asks),
        };
        match wait {
            Wait::For(wait) => wait,
            Wait::Stop | Wait::StopAfter(_) => unreachable!("the formulas of AWS always wait"),
        }
    }

    fn attempt(&self, flight: &mut Call, client: &mut Client, moment: &Moment<'_>) -> Step {
        let asked = std::mem::take(&mut flight.has_asked);
        flight.sent = moment.now;
        if let (Some(limiter), Some(memory), false) = (self.limiter(), client.limiter.as_mut(), asked) {
            match limiter.ask(memory, moment.draw(), moment.now) {
                Pass::After(wait) if !wait.is_zero() => {
                    flight.has_asked = true;
                    return Step::Wait(moment.now.saturating_add(wait));
                }
                Pass::Refused(_) => return Step::End(Outcome::Failed(Failure::Limited)),
                Pass::Now | Pass::After(_) => {}
            }
        }
        Step::Inner { wake: None }
    }
}

impl Strategy for AwsRetry {
    type Flight = Call;
    type Shared = Client;

    fn scope(&self) -> Option<Scope> {
        (self.mode != Mode::Legacy).then_some(self.per)
    }

    fn flight(&self) -> Call {
        Call::default()
    }

    fn fresh(&self, site: &Site<'_>) -> Client {
        Client {
            quota: self.quota().map(|quota| quota.fresh(site.now)),
            limiter: self.limiter().map(|limiter| Box::new(limiter.fresh(site.now))),
        }
    }

    fn start(&self, flight: &mut Call, shared: &mut Client, moment: &mut Moment<'_>) -> Step {
        flight.since = moment.now;
        self.attempt(flight, shared, moment)
    }

    fn inner_ended(&self, flight: &mut Call, shared: &mut Client, end: End, moment: &mut Moment<'_>) -> Step {
        if let (Some(limiter), Some(memory)) = (self.limiter(), shared.limiter.as_mut()) {
            limiter.ended(memory, flight.sent, Some(end.outcome), end.hint, moment.now);
        }
        let elapsed = moment.now.saturating_since(flight.since);
        let failure = if let Outcome::Failed(failure) = end.outcome { failure } else { Failure::Timeout };
        let decision = self.decide(&mut flight.retrying, shared.quota.as_mut(), end.outcome, |attempts| {
            self.length(&Asks { retry: attempts, elapsed, failure, hint: end.hint, draw: moment.draw_of_wait() })
        });
        match decision {
            Decision::Retry { after } => Step::Wait(moment.now.saturating_add(after.max(SimDuration::NANOSECOND))),
            Decision::End | Decision::RetryAtOnce => {
                if let (Some(quota), Some(left)) = (self.quota(), shared.quota.as_mut()) {
                    quota.call_ended(left, &mut flight.retrying.paid, Some(end.outcome), moment.now);
                }
                Step::End(end.outcome)
            }
        }
    }

    fn timer(&self, flight: &mut Call, shared: &mut Client, moment: &mut Moment<'_>) -> Step {
        self.attempt(flight, shared, moment)
    }

    fn given_up(&self, flight: &mut Call, shared: &mut Client, moment: &mut Moment<'_>) {
        if let (Some(quota), Some(left)) = (self.quota(), shared.quota.as_mut()) {
            quota.call_ended(left, &mut flight.retrying.paid, None, moment.now);
        }
    }

    fn gauges(&self, shared: &mut Client, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        if let (Some(quota), Some(left)) = (self.quota(), &shared.quota) {
            show("retries left", quota.left(left, site.now));
        }
        if let (Some(limiter), Some(memory)) = (self.limiter(), shared.limiter.as_mut()) {
            let (name, value) = limiter.gauge(memory, site.now);
            show(name, value);
        }
    }

    fn check(&self) -> Vec<Complaint> {
        Self::check(self)
    }
}
