//! Does a try stay in its caller's zone?
//!
//! Source: Envoy, `ZoneAwareLoadBalancerBase`: as much stays as leaves every replica with an equal share of the whole load; what does
//! not goes to zones with capacity left, in proportion to it.

use crate::about::{Parameter, parameter};
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::units::Share;

/// Zone-aware routing, as a balancer's caller asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneAware {
    /// For which part of the choices zones are looked at; all unless said.
    #[serde(default = "all")]
    pub routing_enabled: Share,
    /// Zones are looked at only if at least so many replicas are healthy; 6 unless said.
    #[serde(default = "six")]
    pub min_cluster_size: u32,
}

const fn all() -> Share {
    Share::ALL
}

const fn six() -> u32 {
    6
}

impl Default for ZoneAware {
    fn default() -> Self {
        Self { routing_enabled: all(), min_cluster_size: six() }
    }
}

/// The fields of [`ZoneAware`].
pub const PARAMETERS: &[Parameter] = &[
    parameter("routing_enabled", "share", "100%", "for which part of the choices zones are looked at"),
    parameter("min_cluster_size", "number", "6", "with fewer healthy replicas zones are not looked at"),
];

impl ZoneAware {
    /// Which zone a try is for; `None` for all of them together. `callers` and `healthy` are numbers per zone, of callers like this one
    /// and of healthy replicas; `own` is the caller's zone. The draw is expanded into as many as are needed.
    pub fn zone(&self, own: usize, callers: &[u32], healthy: &[u32], draw: Draw) -> Option<usize> {
        assert!(callers.len() == healthy.len() && own < callers.len(), "both lists have an entry for every zone");
        let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let too_small = sum(healthy) < u64::from(self.min_cluster_size) || healthy.len() < 2;
        if too_small || healthy[own] == 0 || callers[own] == 0 || !self.routing_enabled.holds(draw.further(0)) {
            return None;
        }
        // In parts of 10,000, cut to whole ones, as there.
        let parts = |counts: &[u32]| counts.iter().map(|count| 10_000 * u64::from(*count) / sum(counts)).collect::<Vec<u64>>();
        let (local, upstream) = (parts(callers), parts(healthy));
        if upstream[own] >= local[own] || draw.further(1).index(10_000) < upstream[own] * 10_000 / local[own] {
            return Some(own);
        }
        let left = |zone: usize| if zone == own { 0 } else { upstream[zone].saturating_sub(local[zone]) };
        let capacity: u64 = (0..healthy.len()).map(left).sum();
        if capacity == 0 {
            // Only by rounding: any zone that has somebody.
            let inhabited: Vec<usize> = (0..healthy.len()).filter(|zone| healthy[*zone] > 0).collect();
            return Some(inhabited[draw.further(2).index(inhabited.len() as u64) as usize]);
        }
        let mut threshold = draw.further(2).index(capacity);
        (0..healthy.len()).find(|zone| {
            let is_here = threshold < left(*zone);
            threshold = threshold.saturating_sub(left(*zone));
            is_here
        })
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        if self.routing_enabled == Share::NONE {
            return vec![complaint("routing_enabled", "0% never looks at zones; leave zone-aware routing out instead")];
        }
        Vec::new()
    }
}
