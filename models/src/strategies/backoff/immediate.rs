//! Immediate: retry at once, the practice everything else is compared with.

use super::Backoff;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
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
    fn wait(&self, _retry: u32, _previous: SimDuration, _draw: Draw) -> SimDuration {
        SimDuration::ZERO
    }
}
