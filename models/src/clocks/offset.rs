//! Offset: a wall clock that is wrong by always the same.

use super::{ClockKind, Parts};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::SignedDuration;

/// The wall clock is ahead of the true time by `by`, or behind it if `by` is negative. Timers do not notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// How far ahead.
    pub by: SignedDuration,
}

impl Registered for Offset {
    const NAME: &'static str = "Offset";
    const SUMMARY: &'static str = "the wall clock is ahead, or behind, by always the same";
}

impl ClockKind for Offset {
    fn add_to(&self, parts: &mut Parts) {
        parts.offset = SignedDuration::from_nanos(parts.offset.as_nanos().saturating_add(self.by.as_nanos()));
    }
}
