//! Constant: the same wait before every retry.

use super::{Asks, Backoff, Wait};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
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
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), _asks: &Asks) -> Wait {
        Wait::For(self.delay)
    }
}
