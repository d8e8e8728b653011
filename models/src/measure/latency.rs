//! How are latencies kept? In histograms, never one by one.

use super::LatencySummary;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use sim_core::stats::log_linear::{self, bucket_of, buckets};
use sim_core::time::SimDuration;

/// Buckets of a doubling, as a power of two, in histograms of whole runs: a bucket is less than 0.8 % wide.
pub const FINE: u32 = 7;
/// The same in histograms of a stretch of time: a bucket is at most a quarter wide.
pub const COARSE: u32 = 2;
/// The most stretches of time that have a histogram of their own.
const MOST_STRETCHES: usize = 1_000;

/// Latencies in nanoseconds over a whole run, or many.
pub type FineHistogram = log_linear::Histogram<FINE>;
/// Latencies in nanoseconds of calls that were started in a stretch of time.
pub type CoarseHistogram = log_linear::Histogram<COARSE>;

/// How long the calls of users took, from the intended start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latencies {
    /// Calls started after the warm-up and before the horizon that ended in success.
    pub successes: FineHistogram,
    /// Those that ended in failure.
    pub failures: FineHistogram,
    /// How many time bins are one stretch: one, unless there are more than a thousand bins.
    pub bins_of_stretch: u32,
    /// For each stretch of time: the calls started in it that ended in success, those of the warm-up included.
    pub over_time: Vec<CoarseHistogram>,
}

/// A histogram of latencies with three significant digits, their exact sum, and the longest.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    histogram: Histogram<u64>,
    sum: u128,
    longest: u64,
}

impl Latency {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new(3).expect("three digits are a precision that exists");
        Self { histogram, sum: 0, longest: 0 }
    }

    pub(super) fn record(&mut self, latency: SimDuration) {
        let nanos = latency.as_nanos();
        self.histogram.record(nanos).expect("the histogram grows with what it is given");
        self.sum += u128::from(nanos);
        self.longest = self.longest.max(nanos);
    }

    pub(super) fn summary(&self) -> LatencySummary {
        let count = self.histogram.len();
        if count == 0 {
            return LatencySummary::default();
        }
        // A quantile is the upper end of its bucket, and nothing is longer than the longest.
        let at = |quantile| SimDuration::from_nanos(self.histogram.value_at_quantile(quantile).min(self.longest));
        let mean = u64::try_from(self.sum / u128::from(count)).expect("a mean is not above the longest");
        LatencySummary {
            count,
            mean: SimDuration::from_nanos(mean),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: SimDuration::from_nanos(self.longest),
        }
    }

    /// The same in fewer buckets, whose edges are edges of this histogram's as well.
    pub(super) fn shape(&self) -> FineHistogram {
        let mut shape = FineHistogram::default();
        self.histogram.iter_recorded().for_each(|row| shape.add(row.value_iterated_to(), row.count_since_last_iteration()));
        shape
    }
}

/// Latencies of successes by the time at which their calls were started, in coarse buckets: an addition for each.
#[derive(Clone, Debug)]
pub(super) struct LatencyOverTime {
    bins_of_stretch: u32,
    stretches: Vec<Option<Box<Row>>>,
}

/// How many latencies each bucket holds.
type Row = [u64; buckets(COARSE)];

impl LatencyOverTime {
    pub(super) fn new(bins: usize) -> Self {
        let width = bins.div_ceil(MOST_STRETCHES).max(1);
        Self { bins_of_stretch: width as u32, stretches: vec![None; bins.div_ceil(width)] }
    }

    /// A call that was started in this bin ended in success.
    #[inline(always)]
    pub(super) fn record(&mut self, bin: u32, latency: SimDuration) {
        let bucket = bucket_of(latency.as_nanos(), COARSE) as usize;
        match self.stretches.get_mut((bin / self.bins_of_stretch) as usize) {
            Some(Some(row)) => row[bucket] += 1,
            Some(absent) => Self::begin(absent, bucket),
            None => {}
        }
    }

    #[cold]
    fn begin(absent: &mut Option<Box<Row>>, bucket: usize) {
        absent.insert(Box::new([0; buckets(COARSE)]))[bucket] += 1;
    }

    pub(super) fn finish(self, successes: &Latency, failures: &Latency) -> Latencies {
        let shape = |row: Option<Box<Row>>| {
            let mut shape = CoarseHistogram::default();
            (0..).zip(row.iter().flat_map(|row| row.iter())).for_each(|(bucket, count)| shape.add_to(bucket, *count));
            shape
        };
        Latencies {
            successes: successes.shape(),
            failures: failures.shape(),
            bins_of_stretch: self.bins_of_stretch,
            over_time: self.stretches.into_iter().map(shape).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::stats::quantile::Quantile;

    #[test]
    fn the_shape_of_a_run_has_the_quantiles_of_its_row() {
        let mut latency = Latency::new();
        (1..=20_000_u64).for_each(|nth| latency.record(SimDuration::from_micros(nth * nth / 300)));
        let (summary, shape) = (latency.summary(), latency.shape());
        assert_eq!(shape.len(), summary.count);
        for (quantile, exact) in [(Quantile::MEDIAN, summary.p50), (Quantile::P99, summary.p99), (Quantile::new(999, 1000), summary.p999)] {
            let (least, greatest) = shape.quantile(quantile).expect("there are many");
            assert!((least..=greatest).contains(&exact.as_nanos()), "{exact}: {least} to {greatest}");
        }
    }

    #[test]
    fn the_longest_is_exact_and_no_quantile_is_above_it() {
        let mut latency = Latency::new();
        (0..9).for_each(|_| latency.record(SimDuration::from_nanos(250_000_002)));
        let exact = SimDuration::from_nanos(250_000_002);
        let summary = latency.summary();
        assert_eq!([summary.mean, summary.p50, summary.p90, summary.p99, summary.p999, summary.max], [exact; 6]);
        latency.record(SimDuration::from_nanos(400_000_007));
        let summary = latency.summary();
        assert_eq!(summary.max, SimDuration::from_nanos(400_000_007));
        let off = summary.p50.as_nanos().abs_diff(exact.as_nanos());
        assert!(off > 0 && off < 250_000, "the upper end of a bucket of three digits: {}", summary.p50);
    }

    #[test]
    fn a_call_is_where_it_was_started_and_many_bins_share_a_stretch() {
        let nothing = Latency::new();
        let mut few = LatencyOverTime::new(3);
        few.record(1, SimDuration::from_millis(5));
        few.record(1, SimDuration::from_millis(5));
        few.record(7, SimDuration::from_millis(5));
        let few = few.finish(&nothing, &nothing);
        assert_eq!(few.over_time.iter().map(CoarseHistogram::len).collect::<Vec<_>>(), [0, 2, 0]);
        let mut many = LatencyOverTime::new(2_500);
        many.record(2_499, SimDuration::from_millis(5));
        let many = many.finish(&nothing, &nothing);
        assert_eq!((many.bins_of_stretch, many.over_time.len(), many.over_time[833].len()), (3, 834, 1));
    }
}
