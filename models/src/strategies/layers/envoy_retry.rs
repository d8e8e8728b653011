//! EnvoyRetry as a layer: the profile decides, Envoy's formula waits, and a per-try timeout gives up or hedges.

use crate::outcome::{Failure, Outcome};
use crate::registry::Complaint;
use crate::strategies::backoff::{Asks, Backoff, Envoy, Wait};
use crate::strategies::budget::{Budget, Ended, UnderWay};
use crate::strategies::profiles::{Candidate, Decision, EnvoyRetry, EnvoyRetrying};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use sim_core::time::{SimDuration, SimTime};

/// What a flight knows.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    retrying: EnvoyRetrying,
    /// The next bound of the wait.
    bound: u64,
    since: SimTime,
    /// Whether it waits for the next attempt; else its timer is that of the present one.
    is_waiting: bool,
}

impl EnvoyRetry {
    fn formula(&self) -> Envoy {
        let (base_interval, max_interval) = self.retry_back_off.bounds();
        Envoy { base_interval, max_interval: Some(max_interval), reset_max_interval: None, legacy: false }
    }

    fn attempt(&self, flight: &mut Call, under_way: &mut UnderWay, moment: &Moment<'_>) -> Step {
        flight.is_waiting = false;
        self.limit().attempt_started(under_way, &mut flight.retrying.paid, moment.now);
        // A time that is not below that of the whole call means nothing to Envoy.
        let wake = self.per_try_timeout.map(|timeout| moment.now.saturating_add(timeout)).filter(|wake| *wake < moment.deadline);
        Step::Inner { wake }
    }

    fn over(&self, flight: &mut Call, under_way: &mut UnderWay, outcome: Outcome, moment: &Moment<'_>) -> Step {
        self.limit().call_ended(under_way, &mut flight.retrying.paid, Some(outcome), moment.now);
        Step::End(outcome)
    }

    /// An attempt failed, or its time is up and it is not hedged.
    fn failed(
        &self,
        flight: &mut Call,
        under_way: &mut UnderWay,
        failure: Failure,
        end: Option<End>,
        moment: &mut Moment<'_>,
    ) -> Option<SimTime> {
        let outcome = Outcome::Failed(failure);
        let is_retryable = self.retry_on.holds(failure, false, &self.retriable_status_codes);
        let ended = Ended { outcome, hint: end.and_then(|end| end.hint), is_retryable };
        self.limit().attempt_ended(under_way, &mut flight.retrying.paid, &ended, moment.now);
        let retry = flight.retrying.spent + 1;
        let elapsed = moment.now.saturating_since(flight.since);
        let Call { retrying, bound, .. } = flight;
        let decision = self.decide(retrying, under_way, Candidate::Failed { failure, is_rate_limited: false }, || {
            let asks = Asks { retry, elapsed, failure, hint: None, draw: moment.draw_of_wait() };
            match self.formula().wait(bound, &asks) {
                Wait::For(wait) => wait,
                Wait::Stop | Wait::StopAfter(_) => unreachable!("Envoy's formula always waits"),
            }
        });
        match decision {
            Decision::Retry { after } => {
                flight.is_waiting = true;
                Some(moment.now.saturating_add(after.max(SimDuration::NANOSECOND)))
            }
            Decision::End | Decision::RetryAtOnce => None,
        }
    }
}

impl Strategy for EnvoyRetry {
    type Flight = Call;
    type Shared = UnderWay;

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn flight(&self) -> Call {
        Call { retrying: EnvoyRetrying::default(), bound: self.formula().fresh(), since: SimTime::ZERO, is_waiting: false }
    }

    fn fresh(&self, _site: &Site<'_>) -> UnderWay {
        UnderWay::default()
    }

    fn start(&self, flight: &mut Call, shared: &mut UnderWay, moment: &mut Moment<'_>) -> Step {
        flight.since = moment.now;
        self.limit().call_started(shared, moment.now);
        self.attempt(flight, shared, moment)
    }

    fn inner_ended(&self, flight: &mut Call, shared: &mut UnderWay, end: End, moment: &mut Moment<'_>) -> Step {
        let Outcome::Failed(failure) = end.outcome else { return self.over(flight, shared, end.outcome, moment) };
        if end.open > 0 {
            // Of an attempt and its hedge a failure counts for nothing as long as the other may succeed.
            let ended = Ended { outcome: end.outcome, hint: end.hint, is_retryable: true };
            self.limit().attempt_ended(shared, &mut flight.retrying.paid, &ended, moment.now);
            return Step::Wait(SimTime::MAX);
        }
        match self.failed(flight, shared, failure, Some(end), moment) {
            Some(at) => Step::Wait(at),
            None => self.over(flight, shared, end.outcome, moment),
        }
    }

    fn timer(&self, flight: &mut Call, shared: &mut UnderWay, moment: &mut Moment<'_>) -> Step {
        if flight.is_waiting {
            return self.attempt(flight, shared, moment);
        }
        if self.hedge_on_per_try_timeout {
            return match self.decide(&mut flight.retrying, shared, Candidate::Late, || SimDuration::ZERO) {
                Decision::Retry { .. } | Decision::RetryAtOnce => self.attempt(flight, shared, moment),
                Decision::End => Step::Wait(SimTime::MAX),
            };
        }
        match self.failed(flight, shared, Failure::Timeout, None, moment) {
            Some(at) => Step::GiveUp(at),
            None => self.over(flight, shared, Outcome::Failed(Failure::Timeout), moment),
        }
    }

    fn given_up(&self, flight: &mut Call, shared: &mut UnderWay, moment: &mut Moment<'_>) {
        self.limit().call_ended(shared, &mut flight.retrying.paid, None, moment.now);
    }

    fn gauges(&self, shared: &mut UnderWay, _site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        show("retries under way", shared.retries as f64);
    }

    fn check(&self) -> Vec<Complaint> {
        Self::check(self)
    }
}
