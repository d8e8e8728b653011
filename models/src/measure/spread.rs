//! How are lengths of time spread that one thing of a run has measured?

use super::{Fold, Observation, Unit};
use hdrhistogram::Histogram;
use sim_core::time::SimDuration;

/// The percentiles that are told of a spread.
const TOLD: [u8; 2] = [50, 99];

/// Lengths of time in an HDR histogram with three significant digits. It takes no memory before the first of them, and some
/// hundred kilobytes at most, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    histogram: Option<Box<Histogram<u64>>>,
    longest: SimDuration,
}

impl Spread {
    /// One more length.
    pub fn record(&mut self, length: SimDuration) {
        let histogram =
            self.histogram.get_or_insert_with(|| Box::new(Histogram::new(3).expect("three digits are a precision that exists")));
        histogram.record(length.as_nanos()).expect("the histogram grows with what it is given");
        self.longest = self.longest.max(length);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, |histogram| histogram.len())
    }

    /// The length that this share of them, in per cent, does not exceed; none if there were none. Never above the longest of them.
    pub fn percentile(&self, percent: u8) -> Option<SimDuration> {
        let histogram = self.histogram.as_ref()?;
        Some(SimDuration::from_nanos(histogram.value_at_quantile(f64::from(percent) / 100.0)).min(self.longest))
    }

    /// The longest of them, exactly; none if there were none.
    pub fn longest(&self) -> Option<SimDuration> {
        self.histogram.as_ref().map(|_| self.longest)
    }

    /// What is told of them under a name: the median, the 99th percentile, and the longest; nothing if there were none.
    pub fn observations(&self, name: &str) -> Vec<Observation> {
        let made = |fold: Fold, length: SimDuration| {
            let value = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
            Observation { name: name.to_owned(), fold, unit: Unit::Time, value }
        };
        let percentiles = TOLD.into_iter().filter_map(|percent| Some(made(Fold::Percentile(percent), self.percentile(percent)?)));
        percentiles.chain(self.longest().map(|longest| made(Fold::Most, longest))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_true_to_three_digits_and_the_longest_is_exact() {
        let mut spread = Spread::default();
        assert!(spread.observations("waits").is_empty() && spread.count() == 0);
        (1..=1_000).for_each(|millis| spread.record(SimDuration::from_millis(millis)));
        for (percent, millis) in [(50, 500.0), (99, 990.0)] {
            let found = spread.percentile(percent).expect("there are some").as_secs_f64() * 1e3;
            assert!((found / millis - 1.0).abs() < 1e-3, "p{percent} is {found} ms");
        }
        assert_eq!(spread.longest(), Some(SimDuration::from_secs(1)));
        let titles: Vec<String> = spread.observations("waits").iter().map(Observation::title).collect();
        assert_eq!(titles, ["waits, p50", "waits, p99", "waits, most"]);
    }

    #[test]
    fn of_one_length_every_percentile_is_that_length() {
        let mut spread = Spread::default();
        let length = SimDuration::from_nanos(123_456_789_123);
        spread.record(length);
        assert_eq!([50, 99].map(|percent| spread.percentile(percent)), [Some(length); 2]);
    }
}
