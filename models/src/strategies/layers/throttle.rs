//! Throttle: a layer that holds calls back by what became of those before.

use super::gate::{AtGate, gate_layer};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::throttle::{AnyThrottle, ThrottleMemory};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};

/// Lets what is inside begin only as far as the callee seems to be able to bear it: the others fail with `limited`, or wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throttle(
    /// Which.
    pub AnyThrottle,
);

impl Registered for Throttle {
    const NAME: &'static str = "Throttle";
    const SUMMARY: &'static str = "turns calls back by what became of those before";
}

impl Explained for Throttle {
    const ABOUT: About = About {
        meaning: "Holds calls back by what became of those before: the more are turned away over there, the more fail here already.",
        formula: "The throttle is asked when a flight begins: it passes, waits, or fails with limited; it hears how each that passed \
                  ended, or that it was given up. One draw per flight.",
        parameters: &[parameter("(one value)", "a throttle", "required", "which (stormglass list throttles)")],
        memory: "What the throttle remembers, per scope.",
        source: "see the throttles.",
        example: "Throttle(Sre(k: 2.0))",
    };
}

gate_layer!(Throttle, ThrottleMemory);
