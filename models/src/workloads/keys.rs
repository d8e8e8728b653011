//! What are calls about? Each call of a population asks for one of its objects, some of them more often than others.
//!
//! Caches, coalescing and consistent hashing live on it. What a call is about is drawn from a place of its own, so that adding
//! objects to a population moves nothing else.

use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Key};
use std::sync::Arc;

/// The objects that the calls of a population are about: by Zipf's law, the k-th most popular is asked for in proportion to
/// `1 / k^skew`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// How many objects there are, 1 to 1,000,000.
    pub count: u32,
    /// How uneven their popularity is: 0 (all alike) to 10; 1 is usual for web content (Breslau and others, INFOCOM 1999, found
    /// 0.64 to 0.83). 0 unless said.
    #[serde(default)]
    pub skew: f64,
}

/// The objects of a population, ready to be drawn.
#[derive(Clone, Debug)]
pub struct ObjectPlan {
    key: Key,
    /// For each object, the most popular first: the share of the calls about it and those before it, in parts of 2^64.
    cumulative: Arc<[u64]>,
}

/// Behind which the draw of the object lies.
const OBJECT: u64 = 0x7_0000;

impl Keys {
    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000_000).contains(&self.count) {
            complaints.push(complaint("count", format!("there are 1 to 1000000 objects, not {}", self.count)));
        }
        if !(0.0..=10.0).contains(&self.skew) {
            complaints.push(complaint("skew", format!("a skew lies between 0 (all alike) and 10, not at {}", self.skew)));
        }
        complaints
    }

    /// The objects, named after their population.
    pub fn plan(&self, population: Key) -> ObjectPlan {
        let weights: Vec<f64> = (1..=self.count).map(|rank| 1.0 / sim_core::maths::pow(f64::from(rank), self.skew)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let part = |weight: &f64| {
            sum += weight;
            // A cast from a float stops at the ends of the range.
            (sum / total * 18_446_744_073_709_551_616.0) as u64
        };
        let mut cumulative: Vec<u64> = weights.iter().map(part).collect();
        if let Some(last) = cumulative.last_mut() {
            *last = u64::MAX;
        }
        ObjectPlan { key: population.child(OBJECT), cumulative: cumulative.into() }
    }
}

impl ObjectPlan {
    /// What a call is about: `choice` is the draw of its first attempt that chooses among several.
    pub fn object(&self, choice: Draw) -> u64 {
        let bits = choice.further(OBJECT).bits();
        let rank = self.cumulative.partition_point(|part| *part < bits);
        self.key.child(rank as u64).bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::draw::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn popularity_follows_zipf() {
        let plan = Keys { count: 10, skew: 1.0 }.plan(Key::named("shoppers"));
        let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
        let draws = 100_000_u32;
        for call in 0..draws {
            *seen.entry(plan.object(Seed::new(1).draws(Key::named("call").child(u64::from(call)), 1).choice())).or_default() += 1;
        }
        let mut counts: Vec<u32> = seen.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // The harmonic number of 10 is 2.929: 34.1 %, 17.1 %, 11.4 % ...; within 4 standard errors.
        for (rank, count) in (1..).zip(&counts) {
            let share = 1.0 / (2.928_968 * f64::from(rank));
            let error = 4.0 * (share * (1.0 - share) / f64::from(draws)).sqrt();
            assert!((f64::from(*count) / f64::from(draws) - share).abs() < error, "rank {rank}: {count}");
        }
        assert_eq!(counts.len(), 10);
    }
}
