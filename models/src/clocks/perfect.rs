//! Perfect: a clock that shows the true time.

use super::{ClockKind, Parts};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};

/// Shows the true time: what every node has of which `clocks` says nothing. Written to give one replica back what its
/// service lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Perfect {}

impl Registered for Perfect {
    const NAME: &'static str = "Perfect";
    const SUMMARY: &'static str = "shows the true time, as every clock does of which nothing is said";
}

impl ClockKind for Perfect {
    fn add_to(&self, _parts: &mut Parts) {}
}
