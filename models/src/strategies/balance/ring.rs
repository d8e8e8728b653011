//! Where do replicas stand on a ring, and who comes first from a point on?
//!
//! Source: D. Karger et al., 1997; sizes as in Envoy, `RingHashLoadBalancer::Ring`: every replica gets points in proportion to its
//! weight, so many that the one of least weight has a whole number of them. The hash is Stormglass's own mixing function,
//! not xxHash: which key goes where differs from Envoy, how they are spread does not.

use super::{Choice, Fleet};
use sim_core::draw::mix;

/// The ring of one list of replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    /// The list it was made for: another one gets a ring of its own.
    among: Vec<u32>,
    /// Points and whose they are, in order.
    points: Vec<(u64, u32)>,
}

/// A hash of two words.
pub(super) fn hash(word: u64, ordinal: u64) -> u64 {
    mix(mix(word).wrapping_add(mix(!ordinal)))
}

impl Ring {
    /// The replica whose point comes first at or after the object's.
    pub fn first(&mut self, sizes: (u64, u64), choice: &Choice<'_>) -> u32 {
        if self.among != choice.among {
            *self = Self { among: choice.among.to_vec(), points: points(sizes, &choice.fleet, choice.among) };
        }
        let place = self.points.partition_point(|(point, _)| *point < mix(choice.object));
        self.points[place % self.points.len()].1
    }
}

fn points((least, most): (u64, u64), fleet: &Fleet<'_>, among: &[u32]) -> Vec<(u64, u32)> {
    let weight = |replica: &u32| f64::from(fleet.weights[*replica as usize]);
    let total: f64 = among.iter().map(weight).sum();
    let lightest = among.iter().map(weight).fold(f64::INFINITY, f64::min) / total;
    let scale = ((lightest * least as f64).ceil() / lightest).min(most as f64);
    let mut points = Vec::with_capacity(scale.ceil() as usize);
    let mut target = 0.0;
    for replica in among {
        target += scale * weight(replica) / total;
        let mut own = 0;
        while (points.len() as f64) < target {
            points.push((hash(fleet.names[*replica as usize], own), *replica));
            own += 1;
        }
    }
    points.sort_unstable();
    points
}
