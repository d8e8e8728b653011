//! Closed loop: each client waits for the end of its call before it thinks of the next one, so that slow service slows
//! the load.

use super::ArrivalProcess;
use crate::registry::{Complaint, Registered, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;

/// Each client thinks, calls, waits for the end of its call, and thinks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedLoop {
    /// How long a client thinks before each call, the first included.
    pub think: Distribution,
}

impl Registered for ClosedLoop {
    const NAME: &'static str = "ClosedLoop";
    const SUMMARY: &'static str = "closed load: each client thinks, calls, waits for the end, and thinks again";
}

impl ClosedLoop {
    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        ArrivalProcess::Closed { think: self.think.compile() }
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        within("think", self.think.check()).collect()
    }
}
