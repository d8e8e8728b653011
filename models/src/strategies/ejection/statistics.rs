//! Whose rate of success lies too far below that of the others?
//!
//! Source: Envoy, `successRateEjectionThreshold`; gRPC A50 asks the same of fractions.

/// How many tries succeeded of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    pub successes: u64,
    pub all: u64,
}

impl Bucket {
    pub fn count(&mut self, is_success: bool) {
        self.successes += u64::from(is_success);
        self.all += 1;
    }
}

/// The rate below which one goes: the mean less so many thousandths of the population's standard deviation.
pub(super) fn least_rate(rates: &[f64], thousandths: u32) -> f64 {
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    mean - variance.sqrt() * (f64::from(thousandths) / 1000.0)
}
