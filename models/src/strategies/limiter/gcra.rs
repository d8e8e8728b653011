//! GCRA: a call may be early by a tolerance against a schedule at the rate.
//!
//! Source: ATM Forum Traffic Management 4.0, Generic Cell Rate Algorithm, in the form of virtual scheduling.

use super::{check_rate, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

/// Calls are due at equal distances; one that comes early by more than `tolerance` is turned back at once. Remembers 16 bytes per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gcra {
    /// How many calls pass in the long run.
    pub rate: Rate,
    /// How early a call may be.
    pub tolerance: SimDuration,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

impl Registered for Gcra {
    const NAME: &'static str = "Gcra";
    const SUMMARY: &'static str = "lets calls pass that are not too early against a schedule at the rate; turns the others back";
}

impl Explained for Gcra {
    const ABOUT: About = About {
        meaning: "The generic cell rate algorithm, which many gateways use because it remembers one instant only. It does what a token \
                  bucket with burst = 1 + tolerance * rate does.",
        formula: "T = 1 / rate; TAT, when the next call is due, starts at 0. A call at t is turned back if t < TAT - tolerance, and TAT stays; \
                  otherwise TAT = max(t, TAT) + T. Exact: instants are kept in whole parts of T. No draws.",
        parameters: &[
            parameter("rate", "rate, such as \"100/s\"", "required", "how many calls pass in the long run"),
            parameter("tolerance", "duration", "required", "how early a call may be; \"0ms\" allows no burst"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "16 bytes per scope, for the whole run.",
        source: "ATM Forum Traffic Management 4.0, Generic Cell Rate Algorithm, virtual scheduling",
        example: "RateLimiter(Gcra(rate: \"100/s\", tolerance: \"90ms\", per: Process))",
    };
}

impl Gate for Gcra {
    /// When the next call is due, in [parts](Rate::PARTS) of the time between two calls since the start of the run.
    type Shared = u128;

    fn fresh(&self, _now: SimTime) -> u128 {
        0
    }

    fn ask(&self, due: &mut u128, _draw: Draw, now: SimTime) -> Pass {
        let now = self.rate.parts_in(now.since_start());
        if now < due.saturating_sub(self.rate.parts_in(self.tolerance)) {
            return Pass::Refused(SimDuration::ZERO);
        }
        *due = now.max(*due).saturating_add(Rate::PARTS);
        Pass::Now
    }

    fn ready_in(&self, due: &u128, now: SimTime) -> Option<SimDuration> {
        let early = due.saturating_sub(self.rate.parts_in(self.tolerance));
        Some(self.rate.time_for(early.saturating_sub(self.rate.parts_in(now.since_start()))))
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, due: &mut u128, now: SimTime) -> (&'static str, f64) {
        let ahead = due.saturating_sub(self.rate.parts_in(now.since_start()));
        ("seconds ahead of schedule", self.rate.time_for(ahead).as_secs_f64())
    }

    fn check(&self) -> Vec<Complaint> {
        check_rate(self.rate).into_iter().collect()
    }
}
