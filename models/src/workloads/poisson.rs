//! Poisson: calls come independently of each other, at a mean rate, whatever the system does (open load).

use super::{ArrivalProcess, Gaps, check_rates, mean_gap};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::units::Rate;

/// Independent exponential gaps between the calls of the whole population; each call is made by a client drawn evenly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poisson {
    /// Calls per time of the whole population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Calls per time of one client, instead of `rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_client: Option<Rate>,
}

impl Registered for Poisson {
    const NAME: &'static str = "Poisson";
    const SUMMARY: &'static str = "open load: calls come independently, at a mean rate";
}

impl Poisson {
    pub(super) fn process(&self, count: u32) -> ArrivalProcess {
        ArrivalProcess::Open(Gaps::Exponential(
            Distribution::Exponential { mean: mean_gap(self.rate, self.rate_per_client, count) }.compile(),
        ))
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        check_rates(self.rate, self.rate_per_client)
    }
}
