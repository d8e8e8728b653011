//! Ring hash: calls about the same object go to the same replica.
//!
//! Source: D. Karger et al., "Consistent hashing and random trees", 1997; as in Envoy, `RingHashLoadBalancer`.

use super::ring::Ring;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;

/// Sends a call to the replica whose point on the ring comes first after that of its object. Remembers 16 bytes per point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingHash {
    /// At least how many points the ring has; 1024 unless said.
    #[serde(default = "least")]
    pub min_ring_size: u64,
    /// At most how many; 8388608 unless said, which is Envoy's most (gRPC: 4096).
    #[serde(default = "most")]
    pub max_ring_size: u64,
}

pub(super) const fn least() -> u64 {
    1024
}

pub(super) const fn most() -> u64 {
    8_388_608
}

impl Default for RingHash {
    fn default() -> Self {
        Self { min_ring_size: least(), max_ring_size: most() }
    }
}

impl Registered for RingHash {
    const NAME: &'static str = "RingHash";
    const SUMMARY: &'static str = "sends calls about the same object to the same replica, by consistent hashing on a ring";
}

impl Explained for RingHash {
    const ABOUT: About = About {
        meaning: "Calls about the same object meet the same replica, so that its cache helps. When a replica leaves, its objects spread over all \
                  others, and few others move: one in twelve of ten replicas, because the ring keeps its size. Load is as uneven as the \
                  objects are popular, and a bit more.",
        formula: "Each replica has points on a ring of 2^64 in proportion to its weight: scale = min(ceil(w * min_ring_size) / w, max_ring_size) \
                  in all, w the least weight as a share. The first point at or after the hash of the object wins; the ring is made anew \
                  when the list changes. No draws.",
        parameters: &[
            parameter("min_ring_size", "number, 1 to max_ring_size", "1024", "at least how many points the ring has"),
            parameter("max_ring_size", "number, at most 8388608", "8388608", "at most how many (gRPC: 4096)"),
        ],
        memory: "16 bytes per point and scope, for the whole run.",
        source: "D. Karger et al., 1997; Envoy, ring_hash_lb.cc (with a hash of Stormglass's own)",
        example: "Balance(policy: RingHash(min_ring_size: 1024))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory(Ring);

impl Balancer for RingHash {
    type Shared = Memory;

    fn fresh(&self, _fleet: &Fleet<'_>, _draw: Draw) -> Memory {
        Memory(Ring::default())
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        memory.0.first((self.min_ring_size, self.max_ring_size), choice)
    }

    fn check(&self) -> Vec<Complaint> {
        check_sizes(self.min_ring_size, self.max_ring_size)
    }
}

pub(super) fn check_sizes(least: u64, largest: u64) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if largest > most() {
        complaints.push(complaint("max_ring_size", format!("a ring has at most {} points, not {largest}", most())));
    }
    if least == 0 || least > largest {
        complaints.push(complaint("min_ring_size", format!("the least size lies between 1 and max_ring_size = {largest}, not at {least}")));
    }
    complaints
}
