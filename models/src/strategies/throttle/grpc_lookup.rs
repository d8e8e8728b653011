//! The throttle of gRPC's route lookup: that of the SRE book, slower to act on few calls.
//!
//! Source: grpc/grpc-go `balancer/rls/internal/adaptive` (2026-08).

use super::bins::{Bins, Counts, probability};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Hint, Outcome};
use crate::registry::Registered;
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// How many calls are made for each that is taken on, before any is turned back.
const RATIO_FOR_ACCEPTS: f64 = 2.0;
/// What is added below, so that few calls decide nothing.
const REQUESTS_PADDING: f64 = 8.0;
/// How far it looks back.
const WINDOW: SimDuration = SimDuration::from_secs(30);

/// Turns calls back at random, the more the fewer of the last 30 s' went well. Remembers at most 100 bins per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrpcLookup {
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for GrpcLookup {
    fn default() -> Self {
        Self { per: Scope::Process }
    }
}

impl Registered for GrpcLookup {
    const NAME: &'static str = "GrpcLookup";
    const SUMMARY: &'static str = "the throttle of gRPC's route lookup: that of the SRE book, slower to act on few calls";
}

impl Explained for GrpcLookup {
    const ABOUT: About = About {
        meaning: "The throttle that gRPC puts before its route lookup service. It has no knobs, and with few calls it hardly acts: 8 failed \
                  calls in 30 s turn back one in two.",
        formula: "p = (requests - 2 * accepts) / (requests + 8) over 30 s in 100 bins on a grid, the present one included; turned back if U < p. \
                  Requests are accepts and throttles: an answer counts when it comes, a success as an accept and every failure (given up \
                  included) as a throttle, and a call that is turned back counts as a throttle at once. One draw per call.",
        parameters: &[parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared")],
        memory: "up to 100 bins of 24 bytes per scope.",
        source: "grpc/grpc-go balancer/rls/internal/adaptive (2026-08)",
        example: "Throttle(GrpcLookup(per: Process))",
    };
}

impl GrpcLookup {
    /// The probability with which a call is turned back after such counts.
    pub fn probability(&self, counts: Counts) -> f64 {
        probability(counts, RATIO_FOR_ACCEPTS, REQUESTS_PADDING)
    }
}

impl Gate for GrpcLookup {
    type Shared = Bins<100>;

    fn fresh(&self, _now: SimTime) -> Bins<100> {
        Bins::default()
    }

    fn ask(&self, bins: &mut Bins<100>, draw: Draw, now: SimTime) -> Pass {
        if draw.unit() >= self.probability(bins.sum(WINDOW, now)) {
            return Pass::Now;
        }
        bins.add(Counts { requests: 1, accepts: 0 }, WINDOW, now);
        Pass::Refused(SimDuration::ZERO)
    }

    fn ended(&self, bins: &mut Bins<100>, _since: SimTime, outcome: Option<Outcome>, _hint: Option<Hint>, now: SimTime) {
        let accepts = u64::from(outcome.is_some_and(Outcome::is_success));
        bins.add(Counts { requests: 1, accepts }, WINDOW, now);
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, bins: &mut Bins<100>, now: SimTime) -> (&'static str, f64) {
        ("probability of being turned back", self.probability(bins.clone().sum(WINDOW, now)))
    }
}
