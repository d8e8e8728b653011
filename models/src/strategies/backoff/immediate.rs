//! Immediate: retry at once, the practice everything else is compared with.

use super::{Asks, Backoff, Wait};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Does not wait. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immediate {}

impl Registered for Immediate {
    const NAME: &'static str = "Immediate";
    const SUMMARY: &'static str = "retries at once";
}

impl Backoff for Immediate {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), _asks: &Asks) -> Wait {
        Wait::For(SimDuration::ZERO)
    }
}
