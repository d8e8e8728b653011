//! How long did things take, at a quantile? Counts of lengths in bounded memory.
//!
//! Own definition, after HdrHistogram (G. Tene): buckets that grow with the value, exact below 256 units and within 0.8 % above; a
//! quantile is the largest value of its bucket, and never beyond the largest that was counted.

use sim_core::units::Share;
use std::collections::BTreeMap;

/// Counts of values. At most 7424 buckets of 12 bytes, of which only those that were met exist: a few dozen as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    counts: BTreeMap<u32, u64>,
    all: u64,
    largest: u64,
}

/// Every power of two is parted into so many buckets.
const PARTS: u64 = 128;

impl Latencies {
    /// Counts a value.
    pub fn count(&mut self, value: u64) {
        *self.counts.entry(bucket(value)).or_default() += 1;
        self.all += 1;
        self.largest = self.largest.max(value);
    }

    /// How many were counted.
    pub const fn len(&self) -> u64 {
        self.all
    }

    /// Whether none was.
    pub const fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// The value that this share of them does not exceed, by nearest rank; none if nothing was counted.
    pub fn quantile(&self, share: Share) -> Option<u64> {
        let rank = (u128::from(share.parts()) * u128::from(self.all)).div_ceil(u128::from(Share::ALL.parts())).max(1);
        let mut below = 0;
        let found = self.counts.iter().find(|(_, count)| {
            below += u128::from(**count);
            below >= rank
        });
        found.map(|(bucket, _)| top(*bucket).min(self.largest))
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            *self.counts.entry(*bucket).or_default() += count;
        }
        self.all += other.all;
        self.largest = self.largest.max(other.largest);
    }
}

/// The bucket of a value: the value itself below 256, then 128 to every power of two.
const fn bucket(value: u64) -> u32 {
    let shift = match value {
        0..256 => 0,
        _ => 56 - value.leading_zeros(),
    };
    (value >> shift) as u32 + shift * PARTS as u32
}

/// The largest value of a bucket.
const fn top(bucket: u32) -> u64 {
    if bucket < 256 {
        return bucket as u64;
    }
    let shift = bucket / PARTS as u32 - 1;
    let mantissa = (bucket - shift * PARTS as u32) as u64;
    (mantissa << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_values_and_is_narrow() {
        for value in (0..70_000).chain([u64::MAX, u64::MAX / 2, 1 << 40, (1 << 40) - 1, 3_333_333_333]) {
            let top = top(bucket(value));
            assert!(top >= value, "{value} is beyond its bucket, which ends at {top}");
            assert!((top - value) * PARTS <= value, "{value} is counted as up to {top}");
            assert!(top == u64::MAX || bucket(top + 1) == bucket(value) + 1, "a hole after {top}");
        }
    }

    #[test]
    fn there_are_no_more_buckets_than_is_said() {
        assert_eq!(bucket(u64::MAX), 7423);
    }

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(Share::percent(50)), None);
        (1..=100).for_each(|value| latencies.count(value));
        let quantile = |percent| latencies.quantile(Share::percent(percent));
        assert_eq!((quantile(0), quantile(50), quantile(95), quantile(100)), (Some(1), Some(50), Some(95), Some(100)));
    }

    #[test]
    fn equal_values_have_themselves_as_every_quantile() {
        let mut latencies = Latencies::default();
        (0..7).for_each(|_| latencies.count(10_000_001));
        assert_eq!(latencies.quantile(Share::percent(50)), Some(10_000_001));
    }
}
