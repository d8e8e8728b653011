//! What may a call come to at worst, by its stack alone: how many attempts, and how long?
//!
//! Own definition, layer by layer from the inside out, by the times that are written down. A layer that is not told apart here (one
//! that waits for its turn, keeps answers, or comes from outside) adds nothing, and what nothing limits has no bound.

use super::Layer;
use super::backoff::{AnyBackoff, Asks, Wait};
use super::hedge::AnyHedge;
use super::layers::{Attempts, Retry};
use crate::outcome::Failure;
use sim_core::draw::Draw;
use sim_core::time::SimDuration;

/// The most that may come of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorstCase {
    /// How many attempts: the product of what each layer allows one call, whatever a budget may allow all calls together; `None` if
    /// nothing limits them.
    pub attempts: Option<u64>,
    /// Those of them that no budget limits.
    pub unbudgeted: Option<u64>,
    /// How long it may take; `None` if nothing limits it.
    pub time: Option<SimDuration>,
    /// How that comes about: `4 x 500ms and 700ms of waits = 2.7s`; empty without a limit.
    pub arithmetic: String,
}

/// With more attempts than this their waits are not added up.
const MOST_ADDED: u32 = 1_000;

impl WorstCase {
    /// Of a call that has this stack, where an attempt takes so long at worst.
    pub fn of(stack: &[Layer], attempt: Option<SimDuration>) -> Self {
        let arithmetic = attempt.map_or_else(String::new, |time| time.to_string());
        let mut worst = Self { attempts: Some(1), unbudgeted: Some(1), time: attempt, arithmetic };
        stack.iter().rev().for_each(|layer| worst.wrap(layer));
        // A deadline counts from the call on, wherever it stands.
        for layer in stack {
            if let Layer::Deadline(deadline) = layer {
                worst.limit(deadline.after);
            }
        }
        worst
    }

    /// Puts a layer around it.
    fn wrap(&mut self, layer: &Layer) {
        match layer {
            Layer::Timeout(timeout) => self.limit(timeout.0),
            Layer::Retry(retry) => self.retried(retry),
            Layer::GrpcRetry(retry) => {
                let longest = times(retry.max_backoff, u64::from(retry.max_attempts.saturating_sub(1)));
                self.again(Some(retry.max_attempts), longest, retry.retry_throttling.is_some());
            }
            Layer::EnvoyRetry(retry) => {
                retry.per_try_timeout.into_iter().for_each(|timeout| self.limit(timeout));
                let longest = times(retry.retry_back_off.bounds().1, u64::from(retry.num_retries));
                self.again(Some(retry.num_retries.saturating_add(1)), longest, retry.retry_budget.is_some());
            }
            // Its waits are longest where its quota is long empty.
            Layer::AwsRetry(retry) => self.again(Some(retry.attempts()), SimDuration::ZERO, retry.quota().is_some()),
            Layer::Hedge(hedge) => self.hedged(&hedge.0),
            _ => {}
        }
    }

    /// Further copies go out beside the first; where the delay is not written down nothing is said of the time.
    fn hedged(&mut self, rule: &AnyHedge) {
        match rule {
            AnyHedge::AfterDelay(rule) => {
                self.multiply(Some(rule.copies.saturating_add(1)), false);
                self.begun_late(rule.copies, rule.delay);
            }
            AnyHedge::Grpc(rule) => {
                self.multiply(Some(rule.max_attempts), rule.retry_throttling.is_some());
                if rule.retry_throttling.is_none() {
                    self.begun_late(rule.max_attempts.saturating_sub(1), rule.hedging_delay);
                }
            }
            AnyHedge::Polly(rule) => self.multiply(Some(rule.max_hedged_attempts.saturating_add(1)), false),
            AnyHedge::AfterPercentile(_) | AnyHedge::Tower(_) => self.multiply(Some(2), false),
            AnyHedge::BackupRequests(_) => self.multiply(Some(2), true),
        }
    }

    /// Each attempt of it becomes so many.
    fn multiply(&mut self, attempts: Option<u32>, has_budget: bool) {
        let product = |inner: Option<u64>| inner.zip(attempts).map(|(inner, attempts)| inner.saturating_mul(u64::from(attempts)));
        self.attempts = product(self.attempts);
        if !has_budget {
            self.unbudgeted = product(self.unbudgeted);
        }
    }

    fn retried(&mut self, retry: &Retry) {
        let (attempts, inner) = (if let Attempts::AtMost(most) = retry.attempts { Some(most) } else { None }, self.time);
        self.again(attempts, attempts.map_or(SimDuration::ZERO, |most| waits(&retry.backoff, most)), retry.budget.is_some());
        if let (Some(total), Some(inner)) = (retry.total, inner) {
            // No attempt is begun later than this after the first.
            self.limit(total.saturating_add(inner));
        }
    }

    /// It takes no longer than this.
    fn limit(&mut self, time: SimDuration) {
        if self.time.is_none_or(|longest| longest > time) {
            (self.time, self.arithmetic) = (Some(time), time.to_string());
        }
    }

    /// It is tried so many times one after the other, with waits of so much in all between them.
    fn again(&mut self, attempts: Option<u32>, waits: SimDuration, has_budget: bool) {
        self.multiply(attempts, has_budget);
        let Some((attempts, time)) = attempts.zip(self.time) else {
            (self.time, self.arithmetic) = (None, String::new());
            return;
        };
        if attempts > 1 {
            let whole = times(time, u64::from(attempts)).saturating_add(waits);
            let between = if waits.is_zero() { String::new() } else { format!(" and {waits} of waits") };
            (self.time, self.arithmetic) = (Some(whole), format!("{attempts} x {time}{between} = {whole}"));
        }
    }

    /// So many copies begin later, each so long after the one before.
    fn begun_late(&mut self, copies: u32, delay: SimDuration) {
        if let Some(time) = self.time.filter(|_| copies > 0 && !delay.is_zero()) {
            let whole = time.saturating_add(times(delay, u64::from(copies)));
            (self.time, self.arithmetic) = (Some(whole), format!("{time}, begun {copies} x {delay} late = {whole}"));
        }
    }
}

fn times(length: SimDuration, count: u64) -> SimDuration {
    SimDuration::from_nanos(length.as_nanos().saturating_mul(count))
}

/// The longest waits between so many attempts, together, rounded up to a microsecond. A wait is longest with the greatest draw or with the
/// least.
fn waits(backoff: &AnyBackoff, attempts: u32) -> SimDuration {
    let with = |draw: Draw| {
        let (mut memory, mut sum) = (backoff.fresh(), SimDuration::ZERO);
        for retry in 1..attempts.min(MOST_ADDED) {
            let asks = Asks { retry, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw };
            match backoff.wait(&mut memory, &asks) {
                Wait::For(length) | Wait::StopAfter(length) => sum = sum.saturating_add(length),
                Wait::Stop => break,
            }
        }
        sum
    };
    let longest = with(Draw::from_bits(u64::MAX)).max(with(Draw::from_bits(0)));
    SimDuration::from_micros(longest.as_nanos().div_ceil(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategies::backoff::{Constant, FullJitter, Immediate};
    use crate::strategies::budget::{AnyBudget, Finagle};
    use crate::strategies::hedge::{AfterDelay, AfterPercentile};
    use crate::strategies::{Deadline, Hedge, Timeout};

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    fn retry(attempts: u32, backoff: AnyBackoff) -> Layer {
        Layer::Retry(Retry::new(Attempts::AtMost(attempts), backoff))
    }

    fn worst(stack: &[Layer]) -> (Option<u64>, Option<SimDuration>, String) {
        let worst = WorstCase::of(stack, None);
        (worst.attempts, worst.time, worst.arithmetic)
    }

    #[test]
    fn attempts_and_waits_add_up_and_deadlines_cut_them_short() {
        let jitter = || AnyBackoff::FullJitter(FullJitter { base: ms(100), cap: ms(300) });
        let timeout = || Layer::Timeout(Timeout(ms(500)));
        assert_eq!(worst(&[]), (Some(1), None, String::new()));
        // Waits of up to 100, 200 and 300 ms.
        let arithmetic = "4 x 500ms and 600ms of waits = 2.6s".to_owned();
        assert_eq!(worst(&[retry(4, jitter()), timeout()]), (Some(4), Some(ms(2_600)), arithmetic));
        let fixed = AnyBackoff::Constant(Constant { delay: ms(50) });
        assert_eq!(worst(&[retry(3, fixed), timeout()]), (Some(3), Some(ms(1_600)), "3 x 500ms and 100ms of waits = 1.6s".to_owned()));
        let deadline = Layer::Deadline(Deadline::new(ms(900)));
        assert_eq!(worst(&[retry(4, jitter()), timeout(), deadline]), (Some(4), Some(ms(900)), "900ms".to_owned()));
        assert_eq!(worst(&[timeout(), retry(4, jitter())]).1, Some(ms(500)));
        assert_eq!(worst(&[retry(4, jitter())]).1, None, "an attempt without a time has no end");
    }

    #[test]
    fn layers_multiply_and_a_total_and_a_hedge_count() {
        let again = |attempts| retry(attempts, AnyBackoff::Immediate(Immediate {}));
        let timeout = Layer::Timeout(Timeout(ms(100)));
        assert_eq!(worst(&[again(3), again(4), timeout.clone()]).0, Some(12));
        let hedge = Layer::Hedge(Hedge(AnyHedge::AfterDelay(AfterDelay { delay: ms(20), copies: 2 })));
        assert_eq!(worst(&[hedge, timeout.clone()]), (Some(3), Some(ms(140)), "100ms, begun 2 x 20ms late = 140ms".to_owned()));
        let Layer::Retry(mut limited) = again(50) else { unreachable!("it is a retry") };
        limited.total = Some(ms(250));
        assert_eq!(worst(&[Layer::Retry(limited), timeout]).1, Some(ms(350)));
    }

    #[test]
    fn a_budget_does_not_hide_what_one_call_may_come_to() {
        let Layer::Retry(mut within) = retry(3, AnyBackoff::Immediate(Immediate {})) else { unreachable!("it is a retry") };
        within.budget = Some(AnyBudget::Finagle(Finagle::default()));
        let both = |stack: &[Layer]| {
            let worst = WorstCase::of(stack, None);
            (worst.attempts, worst.unbudgeted)
        };
        assert_eq!(both(&[Layer::Retry(within.clone())]), (Some(3), Some(1)));
        assert_eq!(both(&[retry(2, AnyBackoff::Immediate(Immediate {})), Layer::Retry(within)]), (Some(6), Some(2)));
        let percentile = Layer::Hedge(Hedge(AnyHedge::AfterPercentile(AfterPercentile::default())));
        assert_eq!(both(&[percentile]), (Some(2), Some(2)), "while the callee slows down all are sent twice");
    }
}
