//! How much may a replica be given that has just come?
//!
//! Source: Envoy documentation, "Slow start mode"; `EdfLoadBalancerBase::applySlowStartFactor`.

use crate::about::{Parameter, parameter};
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::maths::pow;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// The weight of a replica that is new, or has come back, grows over a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowStart {
    /// How long that while is, above 0.
    pub window: SimDuration,
    /// How fast the weight grows: in proportion to time at 1, faster at first above it. 1 unless said.
    #[serde(default = "one")]
    pub aggression: f64,
    /// The least weight, as a share of the whole; 10 % unless said.
    #[serde(default = "ten_percent")]
    pub min_weight_percent: Share,
}

const fn one() -> f64 {
    1.0
}

const fn ten_percent() -> Share {
    Share::percent(10)
}

/// The fields of [`SlowStart`].
pub const PARAMETERS: &[Parameter] = &[
    parameter("window", "duration", "required", "how long the weight of a new replica grows"),
    parameter("aggression", "number, above 0", "1.0", "how fast: above 1 faster at first"),
    parameter("min_weight_percent", "share", "10%", "the least weight"),
];

/// Weights are looked at in parts of this size, so that they can grow.
pub(crate) const PARTS: u32 = 1000;

impl SlowStart {
    /// The weight, in thousandths of the whole, of a replica that came so long ago.
    pub fn weight(&self, since: SimDuration) -> u32 {
        if since >= self.window {
            return PARTS;
        }
        let time = since.max(SimDuration::from_secs(1)).as_secs_f64() / self.window.as_secs_f64();
        let least = self.min_weight_percent.parts() as f64 / Share::ALL.parts() as f64;
        let weight = pow(time.min(1.0), 1.0 / self.aggression).max(least);
        ((weight * f64::from(PARTS) + 0.5) as u32).clamp(1, PARTS)
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.window.is_zero() {
            complaints.push(complaint("window", "a start that takes no time is none; write one such as \"60s\""));
        }
        if !(0.01..=100.0).contains(&self.aggression) {
            complaints.push(complaint("aggression", format!("it lies between 0.01 and 100, not at {}", self.aggression)));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_grows_with_time_from_its_least_to_the_whole() {
        let secs = SimDuration::from_secs;
        let starts = |aggression| SlowStart { window: secs(60), aggression, min_weight_percent: ten_percent() };
        let weights = |aggression: f64| [0, 1, 3, 15, 30, 59, 60].map(|at| starts(aggression).weight(secs(at)));
        assert_eq!(weights(1.0), [100, 100, 100, 250, 500, 983, 1000]);
        // The square root of the time, and its square.
        assert_eq!(weights(2.0), [129, 129, 224, 500, 707, 992, 1000]);
        assert_eq!(weights(0.5), [100, 100, 100, 100, 250, 967, 1000]);
    }
}
