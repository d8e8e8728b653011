//! Hedging as in tower: at a quantile of the last full period.
//!
//! Source: tower, `hedge/mod.rs`, `hedge/latency.rs`, `hedge/select.rs` (2026-02).

use super::rotating::{Rotating, millis_up};
use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// Sends one further copy when the first has taken longer than a quantile of those of the last full period. Remembers the latencies
/// of two periods per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tower {
    /// The quantile.
    pub latency_percentile: Share,
    /// With fewer latencies in the last full period there is no hedging.
    pub min_data_points: u64,
    /// How long a period is, above 0.
    pub period: SimDuration,
    /// By whom the latencies are shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

impl Registered for Tower {
    const NAME: &'static str = "Tower";
    const SUMMARY: &'static str = "sends a second copy at a quantile of the last full period's latencies";
}

impl Explained for Tower {
    const ABOUT: About = About {
        meaning: "Hedges what is slower than usual. Only answers of first copies are counted, and a first copy that loses is given up and not \
                  counted: the slow ones go missing, and the delay creeps down.",
        formula: "If at least min_data_points successes of first copies were counted in the last full period: one further copy at start + their \
                  quantile, in whole milliseconds, each rounded up when it is counted; if budgets from outside allow it. Whatever ends first, \
                  success or failure, ends the call. No draws.",
        parameters: &[
            parameter("latency_percentile", "share", "required", "the quantile"),
            parameter("min_data_points", "number", "required", "with fewer latencies there is no hedging"),
            parameter("period", "duration", "required", "how long a period is"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom the latencies are shared"),
        ],
        memory: "Per scope, for two periods: 12 bytes per bucket of latencies that was met, at most 7424 each.",
        source: "tower, tower/src/hedge (2026-02)",
        example: "Hedge(Tower(latency_percentile: \"95%\", min_data_points: 20, period: \"10s\"))",
    };
}

impl Hedging for Tower {
    type Shared = Rotating;

    fn fresh(&self, now: SimTime) -> Rotating {
        Rotating::new(now)
    }

    fn started(&self, shared: &mut Rotating, _allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        let quantile = shared.quantile(self.latency_percentile, self.min_data_points, self.period, now);
        HedgedCall::with_second_copy(now, quantile.map(SimDuration::from_millis))
    }

    fn due(&self, _shared: &mut Rotating, call: &mut HedgedCall, allowed: Allowed<'_>, _now: SimTime) -> Orders {
        call.send_second_copy(allowed)
    }

    fn failed(&self, _shared: &mut Rotating, _call: &mut HedgedCall, failed: &FailedCopy, _allowed: Allowed<'_>, _now: SimTime) -> Orders {
        Orders::end(failed.outcome)
    }

    fn succeeded(&self, shared: &mut Rotating, _call: &HedgedCall, copy: u32, took: SimDuration, now: SimTime) {
        if copy == 0 {
            shared.count(millis_up(took), self.period, now);
        }
    }

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn check(&self) -> Vec<Complaint> {
        if self.period.is_zero() {
            return vec![complaint("period", "a period lasts; write a time such as \"10s\"")];
        }
        Vec::new()
    }
}
