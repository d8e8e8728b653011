//! Hedging after a quantile of latency: the rule of the paper.
//!
//! Source: J. Dean, L. A. Barroso, "The tail at scale", CACM 2013: defer a second copy until the first has been outstanding for more
//! than the 95th percentile, which limits the additional load to about 5 %. Which latencies make up the percentile is Stormglass's
//! own definition.

use super::rotating::Rotating;
use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders, process, wait_for_others};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// Sends one further copy when a call has taken longer than a quantile of the calls of the last full period. Remembers the latencies of
/// two periods per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterPercentile {
    /// The quantile; 95 % unless said.
    #[serde(default = "p95")]
    pub percentile: Share,
    /// Over how long latencies are gathered, above 0; 10 s unless said.
    #[serde(default = "ten_seconds")]
    pub period: SimDuration,
    /// With fewer calls in the last full period there is no hedging, at least 1; 20 unless said.
    #[serde(default = "twenty")]
    pub min_data_points: u64,
    /// By whom the latencies are shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn p95() -> Share {
    Share::percent(95)
}

const fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

const fn twenty() -> u64 {
    20
}

impl Default for AfterPercentile {
    fn default() -> Self {
        Self { percentile: p95(), period: ten_seconds(), min_data_points: twenty(), per: process() }
    }
}

impl Registered for AfterPercentile {
    const NAME: &'static str = "AfterPercentile";
    const SUMMARY: &'static str = "sends a second copy when a call takes longer than most did lately";
}

impl Explained for AfterPercentile {
    const ABOUT: About = About {
        meaning: "As AfterDelay, with a delay that follows the latency: at the 95th percentile about 5 % of the calls are sent twice, as long as \
                  latency is what it was, and a little more than that: the quantile is guessed from the calls of one period. A guess that is \
                  too short makes slow calls shorter (a second copy wins), and so the next guess is too short as well; one that is too \
                  long does no such thing. When the callee slows down for all, all are sent twice until the next period.",
        formula: "One further copy at start + the quantile of the successful calls of the last full period, if they were at least min_data_points, \
                  and if budgets from outside allow it. A call counts from its start to its first success, so that a hedged one does not count \
                  as a fast one. A failure sends nothing; the call fails when no copy is under way any more. No draws.",
        parameters: &[
            parameter("percentile", "share", "95%", "the quantile"),
            parameter("period", "duration", "10s", "over how long latencies are gathered"),
            parameter("min_data_points", "number, at least 1", "20", "with fewer calls there is no hedging"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom the latencies are shared"),
        ],
        memory: "Per scope, for two periods: 12 bytes per bucket of latencies that was met, at most 7424 each; within 0.8 %.",
        source: "J. Dean, L. A. Barroso, \"The tail at scale\", CACM 2013",
        example: "Hedge(AfterPercentile(percentile: \"95%\"))",
    };
}

impl Hedging for AfterPercentile {
    type Shared = Rotating;

    fn fresh(&self, now: SimTime) -> Rotating {
        Rotating::new(now)
    }

    fn started(&self, shared: &mut Rotating, _allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        let quantile = shared.quantile(self.percentile, self.min_data_points, self.period, now);
        HedgedCall::with_second_copy(now, quantile.map(SimDuration::from_nanos))
    }

    fn due(&self, _shared: &mut Rotating, call: &mut HedgedCall, allowed: Allowed<'_>, _now: SimTime) -> Orders {
        call.send_second_copy(allowed)
    }

    fn failed(&self, _shared: &mut Rotating, call: &mut HedgedCall, failed: &FailedCopy, _allowed: Allowed<'_>, _now: SimTime) -> Orders {
        wait_for_others(call, failed)
    }

    fn succeeded(&self, shared: &mut Rotating, call: &HedgedCall, _copy: u32, _took: SimDuration, now: SimTime) {
        shared.count(now.saturating_since(call.started).as_nanos(), self.period, now);
    }

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.period.is_zero() {
            complaints.push(complaint("period", "a period lasts; write a time such as \"10s\""));
        }
        if self.min_data_points == 0 {
            complaints.push(complaint("min_data_points", "of no calls there is no quantile; write at least 1"));
        }
        complaints
    }
}
