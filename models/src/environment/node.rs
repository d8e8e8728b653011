//! What happens to a node, and in what condition does it leave it?
//!
//! One rule per condition says what overlapping effects come to: a node is down while any says so, and silent while any of
//! those says so; the slowest factor counts; changes of its clock add up.

use crate::clocks::ClockChange;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Something that happens to one node while a fault is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NodeEffect {
    /// It is down; its memory is lost.
    Down {
        /// Whether its machine answers for it that nobody listens.
        refuses: bool,
    },
    /// All its work takes longer.
    Slow(Slowness),
    /// Its clock is moved, or runs faster or slower.
    Clock(ClockChange),
}

/// How much longer work takes, in thousandths: 1000 is full speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slowness(u64);

impl Slowness {
    /// Full speed.
    pub const NONE: Self = Self(1000);

    /// The slowness of a factor such as 8 or 1.5.
    pub fn from_factor(factor: f64) -> Self {
        Self((factor * 1000.0 + 0.5) as u64)
    }

    /// How long work of this length takes.
    #[inline]
    pub fn stretch(self, work: SimDuration) -> SimDuration {
        if self == Self::NONE { work } else { work.scaled(self.0, 1000) }
    }

    /// How much work is done in this time.
    pub fn done_in(self, time: SimDuration) -> SimDuration {
        if self == Self::NONE { time } else { time.scaled(1000, self.0) }
    }
}

/// The condition of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Whether it runs.
    pub up: bool,
    /// If it does not run: whether its machine says so.
    pub refuses: bool,
    /// How slow it is.
    pub slowness: Slowness,
    /// What has become of its clock.
    pub clock: ClockChange,
}

impl Condition {
    /// Nothing is wrong.
    pub(super) const NORMAL: Self = Self { up: true, refuses: false, slowness: Slowness::NONE, clock: ClockChange::NONE };

    /// What these effects come to, in the order in which they began.
    pub(super) fn of<'a>(effects: impl Iterator<Item = &'a NodeEffect>) -> Self {
        let mut condition = Self::NORMAL;
        for effect in effects {
            match effect {
                NodeEffect::Down { refuses } => {
                    condition.refuses = *refuses && (condition.up || condition.refuses);
                    condition.up = false;
                }
                NodeEffect::Slow(slowness) => condition.slowness = condition.slowness.max(*slowness),
                NodeEffect::Clock(change) => condition.clock = condition.clock.combined(*change),
            }
        }
        condition
    }
}
