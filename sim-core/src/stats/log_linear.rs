//! How can very many values be kept in few numbers, so that those of many runs add up in any order?
//!
//! Definition: log-linear buckets. Every doubling of the value is cut into `2^BITS` buckets of equal width, so that a bucket is at most one
//! `2^BITS`-th of its least value wide; values below `2^(BITS + 1)` have a bucket each. The edges of coarser buckets are edges of finer ones as
//! well: what was counted in fine buckets can be counted in coarse ones without an error of its own. HDR histograms are built like this (G. Tene);
//! here only buckets that hold something are kept.

use super::quantile::Quantile;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

/// How many buckets there are for all values of 64 bits, if a doubling has `2^bits`.
pub const fn buckets(bits: u32) -> usize {
    bucket_of(u64::MAX, bits) as usize + 1
}

/// The bucket of a value, if a doubling has `2^bits` of them.
///
/// ```
/// use sim_core::stats::log_linear::bucket_of;
/// // Two bits: 8 to 9, 10 to 11, 12 to 13, 14 to 15, then 16 to 19.
/// assert_eq!([8, 9, 10, 15, 16, 19].map(|value| bucket_of(value, 2)), [8, 8, 9, 11, 12, 12]);
/// ```
#[inline(always)]
pub const fn bucket_of(value: u64, bits: u32) -> u32 {
    let shift = (63 - (value | 1 << bits).leading_zeros()) - bits;
    (shift << bits) + (value >> shift) as u32
}

/// The least value of a bucket.
pub const fn least_of(bucket: u32, bits: u32) -> u64 {
    let shift = (bucket >> bits).saturating_sub(1);
    ((bucket - (shift << bits)) as u64) << shift
}

/// The greatest value of a bucket.
pub const fn greatest_of(bucket: u32, bits: u32) -> u64 {
    let shift = (bucket >> bits).saturating_sub(1);
    least_of(bucket, bits) + ((1 << shift) - 1)
}

/// Values counted in log-linear buckets, of which a doubling has `2^BITS`. As data it is one list: how far the next bucket with
/// anything in it lies beyond the one before, how many values it holds, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram<const BITS: u32> {
    counts: BTreeMap<u32, u64>,
}

impl<const BITS: u32> Histogram<BITS> {
    /// Counts a value so many times.
    pub fn add(&mut self, value: u64, times: u64) {
        self.add_to(bucket_of(value, BITS), times);
    }

    /// Counts something in a bucket so many times.
    pub fn add_to(&mut self, bucket: u32, times: u64) {
        if times > 0 {
            *self.counts.entry(bucket).or_default() += times;
        }
    }

    /// Counts all that another one holds.
    pub fn merge(&mut self, other: &Self) {
        other.counts.iter().for_each(|(bucket, count)| self.add_to(*bucket, *count));
    }

    /// How many values it holds.
    pub fn len(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The buckets that hold something, in order: least value, greatest value, how many.
    pub fn rows(&self) -> impl Iterator<Item = (u64, u64, u64)> + Clone + '_ {
        self.counts.iter().map(|(bucket, count)| (least_of(*bucket, BITS), greatest_of(*bucket, BITS), *count))
    }

    /// The least and the greatest value that the quantile may have: the ends of its bucket.
    pub fn quantile(&self, quantile: Quantile) -> Option<(u64, u64)> {
        quantile.of_counted(self.rows().map(|(least, greatest, count)| ((least, greatest), count)))
    }

    /// About where the quantile is, for lines that shall not jump from bucket to bucket: as if the values of a bucket lay evenly in it.
    pub fn about(&self, quantile: Quantile) -> Option<u64> {
        let mut missing = quantile.rank(self.len());
        for (least, greatest, count) in self.rows() {
            if count >= missing {
                let part = u128::from(greatest - least) * u128::from(2 * missing - 1) / u128::from(2 * count);
                return Some(least + u64::try_from(part).expect("it is a part of the width"));
            }
            missing -= count;
        }
        None
    }
}

impl<const BITS: u32> Serialize for Histogram<BITS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        let rows = self.counts.iter().flat_map(|(bucket, count)| {
            let gap = u64::from(bucket - std::mem::replace(&mut before, *bucket));
            [gap, *count]
        });
        serializer.collect_seq(rows.collect::<Vec<u64>>())
    }
}

impl<'de, const BITS: u32> Deserialize<'de> for Histogram<BITS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<u64>::deserialize(deserializer)?;
        let (mut bucket, mut counts) = (0_u64, BTreeMap::new());
        for row in rows.chunks(2) {
            let &[gap, count] = row else { return Err(D::Error::custom("a bucket without a count")) };
            bucket = bucket.saturating_add(gap);
            let is_new =
                u32::try_from(bucket).is_ok_and(|bucket| (bucket as usize) < buckets(BITS) && counts.insert(bucket, count).is_none());
            if !is_new || count == 0 {
                return Err(D::Error::custom("buckets that are not in order, or hold nothing"));
            }
        }
        Ok(Self { counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap_up_to_the_greatest_value() {
        for bits in [2, 5, 7] {
            assert_eq!(least_of(0, bits), 0);
            for bucket in 1..buckets(bits) as u32 {
                assert_eq!(least_of(bucket, bits), greatest_of(bucket - 1, bits) + 1, "{bits} bits, bucket {bucket}");
                assert_eq!((bucket_of(least_of(bucket, bits), bits), bucket_of(greatest_of(bucket, bits), bits)), (bucket, bucket));
            }
            assert_eq!(greatest_of(buckets(bits) as u32 - 1, bits), u64::MAX);
        }
    }

    #[test]
    fn a_bucket_is_narrow_against_what_it_holds() {
        for bucket in 200..buckets(7) as u32 {
            let (least, greatest) = (least_of(bucket, 7), greatest_of(bucket, 7));
            assert!((greatest - least) as f64 <= least as f64 / 128.0, "{least} to {greatest}");
        }
    }

    #[test]
    fn what_is_counted_in_fine_buckets_is_counted_in_coarse_ones_as_if_it_had_come_there() {
        let values: Vec<u64> = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) + (1_u64 << bit) / 3, (1 << bit) - 1]).collect();
        let (mut fine, mut coarse, mut again) = (Histogram::<7>::default(), Histogram::<2>::default(), Histogram::<2>::default());
        for value in values {
            fine.add(value, 1);
            coarse.add(value, 1);
        }
        fine.rows().for_each(|(least, _, count)| again.add(least, count));
        assert_eq!(again, coarse);
    }

    #[test]
    fn runs_add_up_to_the_same_bytes_in_any_order() {
        let one = |values: &[u64]| {
            let mut histogram = Histogram::<7>::default();
            values.iter().for_each(|value| histogram.add(*value, 1));
            histogram
        };
        let parts = [one(&[5, 1_000, 1_000_000]), one(&[1_000_001, 7]), one(&[]), one(&[u64::MAX, 0])];
        let sum = |order: [usize; 4]| {
            order.into_iter().fold(Histogram::default(), |mut sum, part| {
                sum.merge(&parts[part]);
                sum
            })
        };
        let all = sum([0, 1, 2, 3]);
        assert_eq!(all, sum([3, 1, 0, 2]));
        assert_eq!(all.len(), 7);
        let text = ron::to_string(&all).unwrap();
        assert_eq!(ron::from_str::<Histogram<7>>(&text).unwrap(), all);
        assert!(ron::from_str::<Histogram<7>>("[3,1,0,1]").is_err(), "the same bucket twice");
        assert!(ron::from_str::<Histogram<7>>("[3,1,2]").is_err(), "no count");
        assert!(ron::from_str::<Histogram<7>>("[99999,1]").is_err(), "no such bucket");
    }

    #[test]
    fn a_quantile_lies_in_its_bucket() {
        let mut histogram = Histogram::<7>::default();
        (1..=1_000_u64).for_each(|value| histogram.add(value * 1_000, 1));
        for (quantile, exact) in [(Quantile::MEDIAN, 500_000), (Quantile::P99, 990_000), (Quantile::P5, 50_000)] {
            let (least, greatest) = histogram.quantile(quantile).unwrap();
            assert!((least..=greatest).contains(&exact), "{exact}: {least} to {greatest}");
            let about = histogram.about(quantile).unwrap();
            assert!((least..=greatest).contains(&about) && about.abs_diff(exact) <= 1_000, "{exact}: {about}");
        }
        let nothing = Histogram::<7>::default();
        assert_eq!((nothing.quantile(Quantile::MEDIAN), nothing.about(Quantile::MEDIAN)), (None, None));
    }
}
