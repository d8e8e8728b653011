//! Bounded load: consistent hashing in which nobody has much more than the average.
//!
//! Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with bounded loads", 2016; the next replica is chosen by a
//! random jump, as in Envoy, `BoundedLoadHashingLoadBalancer` (after J. Chen, B. Coleman, A. Shrivastava, 2019).

use super::load::Load;
use super::ring::{Ring, hash};
use super::ring_hash::{check_sizes, least, most};
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, mix};
use sim_core::time::{SimDuration, SimTime};

/// As [`RingHash`](super::RingHash), but a replica that has more than its bounded share of what is under way passes the call on.
/// Remembers 16 bytes per point and 4 per replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundedLoad {
    /// How many percent of the average a replica may have under way, 100 to 100000; 150 unless said.
    #[serde(default = "factor")]
    pub hash_balance_factor: u32,
    /// At least how many points the ring has; 1024 unless said.
    #[serde(default = "least")]
    pub min_ring_size: u64,
    /// At most how many; 8388608 unless said.
    #[serde(default = "most")]
    pub max_ring_size: u64,
}

const fn factor() -> u32 {
    150
}

impl Default for BoundedLoad {
    fn default() -> Self {
        Self { hash_balance_factor: factor(), min_ring_size: least(), max_ring_size: most() }
    }
}

impl Registered for BoundedLoad {
    const NAME: &'static str = "BoundedLoad";
    const SUMMARY: &'static str = "consistent hashing in which no replica has much more under way than the average";
}

impl Explained for BoundedLoad {
    const ABOUT: About = About {
        meaning: "Consistent hashing that spills over: a replica that has more than so many percent of its share of the caller's tries under way \
                  passes further ones on, always to the same ones for the same object. Keeps most of the affinity, without its hot spots.",
        formula: "slots of a replica = max(1, ceil(its share of the weights * total)), total = ceil((all under way + 1) * hash_balance_factor / 100). \
                  The replica of the ring is taken if its tries under way / slots <= 1; else the others in an order shuffled by the \
                  object's hash, the first with at most 1; else the least loaded. No draws.",
        parameters: &[
            parameter("hash_balance_factor", "number, 100 to 100000", "150", "how many percent of the average a replica may have"),
            parameter("min_ring_size", "number, 1 to max_ring_size", "1024", "at least how many points the ring has"),
            parameter("max_ring_size", "number, at most 8388608", "8388608", "at most how many"),
        ],
        memory: "16 bytes per point and 4 per replica and scope, for the whole run.",
        source: "V. Mirrokni et al., 2016; Envoy, thread_aware_lb_impl.cc, where 0 (off) is the default and 120 to 200 is recommended",
        example: "Balance(policy: BoundedLoad(hash_balance_factor: 150))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    ring: Ring,
    load: Load,
}

impl Balancer for BoundedLoad {
    type Shared = Memory;

    fn fresh(&self, fleet: &Fleet<'_>, _draw: Draw) -> Memory {
        Memory { ring: Ring::default(), load: Load::idle(fleet.weights.len(), SimDuration::ZERO) }
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        let Memory { ring, load } = memory;
        let weight = |replica: u32| f64::from(choice.fleet.weights[replica as usize]);
        let whole: f64 = choice.among.iter().map(|replica| weight(*replica)).sum();
        let total = ((load.total() + 1) * u64::from(self.hash_balance_factor)).div_ceil(100);
        let overload = |replica: u32| {
            let slots = (total as f64 * (weight(replica) / whole)).ceil().max(1.0);
            f64::from(load.at(replica)) / slots
        };
        let home = ring.first((self.min_ring_size, self.max_ring_size), choice);
        let (mut best, mut least) = (home, overload(home));
        if least <= 1.0 {
            return home;
        }
        let mut others = choice.among.to_vec();
        for n in 0..others.len() {
            let jump = Draw::from_bits(hash(mix(choice.object), n as u64)).index((others.len() - n) as u64);
            others.swap(n, n + jump as usize);
            let other = others[n];
            if other == home {
                continue;
            }
            let factor = overload(other);
            if factor <= 1.0 {
                return other;
            }
            if factor < least {
                (best, least) = (other, factor);
            }
        }
        best
    }

    fn sent(&self, memory: &mut Memory, replica: u32, now: SimTime) {
        memory.load.sent(replica, SimDuration::ZERO, now);
    }

    fn ended(&self, memory: &mut Memory, replica: u32, _took: SimDuration, _outcome: Option<Outcome>, now: SimTime) {
        memory.load.ended(replica, SimDuration::ZERO, now);
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_sizes(self.min_ring_size, self.max_ring_size);
        if !(100..=100_000).contains(&self.hash_balance_factor) {
            let message =
                format!("below 100 percent of the average not all can be served; write 100 to 100000, not {}", self.hash_balance_factor);
            complaints.push(complaint("hash_balance_factor", message));
        }
        complaints
    }
}
