//! How are latencies kept? In a histogram, never one by one.

use super::LatencySummary;
use hdrhistogram::Histogram;
use sim_core::time::SimDuration;

/// A histogram of latencies with three significant digits, and their exact sum.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    histogram: Histogram<u64>,
    sum: u128,
}

impl Latency {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new(3).expect("three digits are a precision that exists");
        Self { histogram, sum: 0 }
    }

    pub(super) fn record(&mut self, latency: SimDuration) {
        self.histogram.record(latency.as_nanos()).expect("the histogram grows with what it is given");
        self.sum += u128::from(latency.as_nanos());
    }

    pub(super) fn summary(&self) -> LatencySummary {
        let count = self.histogram.len();
        if count == 0 {
            return LatencySummary::default();
        }
        let at = |quantile| SimDuration::from_nanos(self.histogram.value_at_quantile(quantile));
        let mean = u64::try_from(self.sum / u128::from(count)).expect("a mean is not above the longest");
        LatencySummary {
            count,
            mean: SimDuration::from_nanos(mean),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: SimDuration::from_nanos(self.histogram.max()),
        }
    }
}
