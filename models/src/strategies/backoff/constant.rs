//! Constant: the same wait before every retry.

use super::Backoff;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;

/// Waits `delay` before every retry. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The wait before every retry.
    pub delay: SimDuration,
}

impl Registered for Constant {
    const NAME: &'static str = "Constant";
    const SUMMARY: &'static str = "waits the same time before every retry";
}

impl Backoff for Constant {
    fn wait(&self, _retry: u32, _previous: SimDuration, _draw: Draw) -> SimDuration {
        self.delay
    }
}
