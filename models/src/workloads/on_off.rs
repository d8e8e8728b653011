//! Bursts: calls come often for a while, then seldom or not at all for a while (open load).
//!
//! With exponential times this is the interrupted Poisson process of Kuczura (1973), and with a rate of its own while it is off the
//! Markov-modulated Poisson process with two states (Fischer and Meier-Hellstern, 1993). The mean rate is that of the two, weighted
//! by the mean times; counts are more variable than those of a Poisson process of this mean rate, over times longer than a burst.

use super::course::{Bursts, Course, Spaced, Spacing, per_nano};
use super::{ArrivalProcess, Gaps, check_rate};
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// Two rates that take turns, each for a time that is drawn anew. A run begins in either of them, as likely as it is in it on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnOff {
    /// How long it is on, each time.
    pub on: Distribution,
    /// How long it is off, each time.
    pub off: Distribution,
    /// Calls per time of the whole population while it is on.
    pub rate: Rate,
    /// Calls per time of the whole population while it is off; none unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rate_off: Rate,
    /// How calls are spaced while the rate is the same.
    #[serde(default)]
    pub spacing: Spaced,
}

impl Registered for OnOff {
    const NAME: &'static str = "OnOff";
    const SUMMARY: &'static str = "open load: bursts, and silence or a lower rate between them";
}

impl OnOff {
    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        let rates = [per_nano(self.rate), per_nano(self.rate_off)];
        let bursts = Bursts { on: self.on.compile(), off: self.off.compile(), rates };
        ArrivalProcess::Open(Gaps::Course(Box::new(Course::of_bursts(bursts, Spacing::new(self.spacing)))))
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_rate("rate", self.rate);
        if !self.rate_off.is_zero() {
            complaints.extend(check_rate("rate_off", self.rate_off));
        }
        for (field, time) in [("on", &self.on), ("off", &self.off)] {
            complaints.extend(within(field, time.check()));
            if time.check().is_empty() {
                complaints.extend(check_time(field, time));
            }
        }
        complaints
    }
}

fn is_none(rate: &Rate) -> bool {
    rate.is_zero()
}

/// A time that is nothing, or has no mean, makes no bursts.
fn check_time(field: &str, time: &Distribution) -> Option<Complaint> {
    let mean = time.compile().mean();
    if mean < SimDuration::from_micros(1) {
        return Some(complaint(field, "bursts and the time between them take 1us or more on average"));
    }
    (mean == SimDuration::MAX).then(|| complaint(field, "this distribution has no mean, so that the mean rate cannot be said"))
}
