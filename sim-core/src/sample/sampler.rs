//! How is a checked distribution sampled quickly, and what is its mean?
//!
//! Quantile functions as in any textbook (Devroye, "Non-Uniform Random Variate Generation", 1986, chapter II.2), each
//! written in the tail that keeps its precision: `1 - u` is exact for a draw, so no upper tail is cut short.

use super::distribution::Distribution;
use super::gamma::Gamma;
use super::normal::{normal_cdf, normal_density, normal_quantile};
use crate::draw::Draw;
use crate::time::SimDuration;
use crate::units::Share;

/// The longest length a sample has, 2^62 ns or 146 years: what a heavy tail draws beyond it becomes this, so that an
/// instant of a run plus a sample stays an instant.
pub const LONGEST: SimDuration = SimDuration::from_nanos(1 << 62);

/// A distribution ready to be drawn from. It is immutable, and one draw always gives the same length.
///
/// ```
/// use sim_core::{draw::Draw, sample::Distribution, time::SimDuration};
/// let service = Distribution::Exponential { mean: SimDuration::from_millis(12) }.compile();
/// assert_eq!(service.sample(Draw::from_unit(0.5)).to_string(), "8.317766ms");
/// assert_eq!(service.mean(), SimDuration::from_millis(12));
/// ```
#[derive(Clone, Debug)]
pub struct Sampler {
    kind: Kind,
    /// In nanoseconds; infinite where the integral diverges.
    mean: f64,
}

/// The distributions with their constants computed; floats are nanoseconds unless they are exponents.
///
/// With a tag of its own: one hidden in the values of a field has to be worked out each time.
#[derive(Clone, Debug)]
#[repr(u8)]
enum Kind {
    Constant(SimDuration),
    Exponential { mean: f64 },
    Uniform { low: SimDuration, high: SimDuration },
    Normal { mean: f64, sd: f64, above_zero: f64 },
    LogNormal { median: f64, sigma: f64 },
    Pareto { scale: f64, exponent: f64 },
    Weibull { scale: f64, exponent: f64 },
    Gamma(Gamma),
    Empirical { sums: Box<[u64]>, values: Box<[SimDuration]> },
    Bimodal { share_slow: Share, fast: Box<Sampler>, slow: Box<Sampler> },
    Mixture { sums: Box<[u64]>, parts: Box<[Sampler]> },
    Plus { constant: SimDuration, of: Box<Sampler> },
}

impl Sampler {
    /// The length that belongs to this draw, rounded to the nearest nanosecond, at most [`LONGEST`].
    #[inline(always)]
    pub fn sample(&self, draw: Draw) -> SimDuration {
        match &self.kind {
            Kind::Constant(length) => *length,
            Kind::Exponential { mean } => rounded(-mean * libm::log(above(draw))),
            _ => self.sample_rarer(draw),
        }
    }

    /// Out of line, so that the two common ones stay small where they are called.
    fn sample_rarer(&self, draw: Draw) -> SimDuration {
        match &self.kind {
            Kind::Constant(_) | Kind::Exponential { .. } => self.sample(draw),
            Kind::Uniform { low, high } => draw.between(*low, *high).min(LONGEST),
            Kind::Normal { mean, sd, above_zero } => rounded(mean - sd * normal_quantile(above(draw) * above_zero)),
            Kind::LogNormal { median, sigma } => rounded(median * libm::exp(sigma * normal_quantile(draw.open_unit()))),
            Kind::Pareto { scale, exponent } => rounded(scale * libm::pow(above(draw), *exponent)),
            Kind::Weibull { scale, exponent } => rounded(scale * libm::pow(-libm::log(above(draw)), *exponent)),
            Kind::Gamma(gamma) => rounded(gamma.sample(draw)),
            Kind::Empirical { sums, values } => values[chosen(sums, draw)].min(LONGEST),
            Kind::Bimodal { share_slow, fast, slow } => {
                let part = if share_slow.holds(draw) { slow } else { fast };
                part.sample(draw.further(0))
            }
            Kind::Mixture { sums, parts } => parts[chosen(sums, draw)].sample(draw.further(0)),
            Kind::Plus { constant, of } => of.sample(draw).saturating_add(*constant).min(LONGEST),
        }
    }

    /// The mean in closed form, rounded to the nearest nanosecond (beyond 104 days to the nearest float);
    /// [`SimDuration::MAX`] where there is none, as for a Pareto of shape 1 or below. The cut at [`LONGEST`] is not in it.
    pub fn mean(&self) -> SimDuration {
        match self.kind {
            Kind::Constant(length) => length,
            _ => SimDuration::from_nanos((self.mean + 0.5) as u64),
        }
    }

    /// The mean, if there is one: that of a heavy tail (`Pareto` with a shape of 1 or below), or of a mixture with one, is beyond any length. What is
    /// longer than [`LONGEST`] counts as that.
    pub fn finite_mean(&self) -> Option<SimDuration> {
        Some(self.mean()).filter(|mean| *mean <= LONGEST)
    }

    /// The mean as it is written, of a bell curve that is cut off at zero; nothing of any other distribution, which has the mean that is written.
    pub fn uncut_mean(&self) -> Option<SimDuration> {
        match self.kind {
            Kind::Normal { mean, .. } => Some(rounded(mean)),
            _ => None,
        }
    }

    /// A length that no sample falls below: the greatest such length, but for rounding.
    pub fn least(&self) -> SimDuration {
        match &self.kind {
            Kind::Constant(length) => *length,
            Kind::Uniform { low, .. } => *low,
            Kind::Pareto { scale, .. } => rounded(*scale),
            Kind::Exponential { .. } | Kind::Normal { .. } | Kind::LogNormal { .. } | Kind::Weibull { .. } | Kind::Gamma(_) => {
                SimDuration::ZERO
            }
            // What has no weight is never chosen: its sum is that of the one before.
            Kind::Empirical { sums, values } => values[weighty(sums).next().unwrap_or(0)],
            Kind::Bimodal { share_slow, fast, slow } => match *share_slow {
                Share::NONE => fast.least(),
                Share::ALL => slow.least(),
                _ => fast.least().min(slow.least()),
            },
            Kind::Mixture { sums, parts } => weighty(sums).map(|part| parts[part].least()).min().unwrap_or_default(),
            Kind::Plus { constant, of } => constant.saturating_add(of.least()),
        }
        .min(LONGEST)
    }

    /// What belongs to a distribution whose check found nothing.
    pub(super) fn new(checked: &Distribution) -> Self {
        let nanos = |length: &SimDuration| length.as_nanos() as f64;
        let boxed = |of: &Distribution| Box::new(Self::new(of));
        let (kind, mean) = match checked {
            Distribution::Constant(length) => (Kind::Constant((*length).min(LONGEST)), nanos(length)),
            Distribution::Uniform { low, high } => (Kind::Uniform { low: *low, high: *high }, (nanos(low) + nanos(high)) / 2.0),
            Distribution::Exponential { mean } => (Kind::Exponential { mean: nanos(mean) }, nanos(mean)),
            Distribution::Normal { mean, sd } => normal(nanos(mean), nanos(sd)),
            Distribution::LogNormal { median, p99 } => log_normal(nanos(median), nanos(p99)),
            Distribution::Pareto { scale, shape } => {
                let mean = if *shape > 1.0 { nanos(scale) * shape / (shape - 1.0) } else { f64::INFINITY };
                (Kind::Pareto { scale: nanos(scale), exponent: -1.0 / shape }, mean)
            }
            Distribution::Weibull { scale, shape } => {
                let exponent = 1.0 / shape;
                (Kind::Weibull { scale: nanos(scale), exponent }, nanos(scale) * libm::tgamma(1.0 + exponent))
            }
            Distribution::Gamma { shape, mean } => (Kind::Gamma(Gamma::new(*shape, nanos(mean))), nanos(mean)),
            Distribution::Empirical { values, weights, .. } => empirical(values, weights),
            Distribution::Bimodal { share_slow, fast, slow } => {
                let (fast, slow) = (boxed(fast), boxed(slow));
                let mean = weighted_mean([(share_slow.complement().as_f64(), fast.mean), (share_slow.as_f64(), slow.mean)]);
                (Kind::Bimodal { share_slow: *share_slow, fast, slow }, mean)
            }
            Distribution::Mixture { parts } => {
                let samplers: Box<[_]> = parts.iter().map(|part| Self::new(&part.of)).collect();
                let mean = weighted_mean(parts.iter().zip(&samplers).map(|(part, sampler)| (part.weight as f64, sampler.mean)));
                (Kind::Mixture { sums: running_sums(parts.iter().map(|part| part.weight)), parts: samplers }, mean)
            }
            Distribution::Plus { constant, of } => {
                let of = boxed(of);
                let mean = nanos(constant) + of.mean;
                (Kind::Plus { constant: *constant, of }, mean)
            }
        };
        Self { kind, mean }
    }
}

/// Cut below zero, not folded: the mean moves up by `sd * density / probability` at the cut.
fn normal(mean: f64, sd: f64) -> (Kind, f64) {
    let above_zero = normal_cdf(mean / sd);
    let cut_mean = mean + sd * normal_density(mean / sd) / above_zero;
    (Kind::Normal { mean, sd, above_zero }, cut_mean)
}

/// `median = exp(mu)` and `p99 = exp(mu + sigma * z)`, where `z` is the 99% quantile of the normal distribution.
fn log_normal(median: f64, p99: f64) -> (Kind, f64) {
    let sigma = libm::log(p99 / median) / normal_quantile(0.99);
    (Kind::LogNormal { median, sigma }, median * libm::exp(sigma * sigma / 2.0))
}

/// Sorted, so that a larger draw never gives a smaller value.
fn empirical(values: &[SimDuration], weights: &[u64]) -> (Kind, f64) {
    let weights = weights.iter().copied().chain(std::iter::repeat(1));
    let mut pairs: Vec<_> = values.iter().copied().zip(weights).collect();
    pairs.sort_unstable();
    let mean = weighted_mean(pairs.iter().map(|(value, weight)| (*weight as f64, value.as_nanos() as f64)));
    let sums = running_sums(pairs.iter().map(|(_, weight)| *weight));
    (Kind::Empirical { sums, values: pairs.into_iter().map(|(value, _)| value).collect() }, mean)
}

/// Parts without weight do not count, even if their mean is infinite.
fn weighted_mean(parts: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let counted = parts.into_iter().filter(|(weight, _)| *weight > 0.0);
    let (weights, sum) = counted.fold((0.0, 0.0), |(weights, sum), (weight, mean)| (weights + weight, sum + weight * mean));
    sum / weights
}

fn running_sums(weights: impl Iterator<Item = u64>) -> Box<[u64]> {
    let add = |sum: &mut u64, weight| {
        *sum += weight;
        Some(*sum)
    };
    weights.scan(0, add).collect()
}

/// The indices of what has a weight, by the running sums of the weights.
fn weighty(sums: &[u64]) -> impl Iterator<Item = usize> {
    (0..sums.len()).filter(|index| sums[*index] > index.checked_sub(1).map_or(0, |before| sums[before]))
}

/// The index in proportion to the weights whose running sums these are; a weight of zero is never chosen.
fn chosen(sums: &[u64], draw: Draw) -> usize {
    let point = draw.index(*sums.last().expect("a checked choice has at least one part"));
    sums.partition_point(|sum| *sum <= point)
}

/// The probability above the draw: uniform on `(0, 1)` and falling, exact because a draw has 53 bits.
fn above(draw: Draw) -> f64 {
    1.0 - draw.open_unit()
}

/// The nearest length; `as` saturates, so what is negative or undefined becomes zero and what is too long [`LONGEST`].
fn rounded(nanos: f64) -> SimDuration {
    // By way of a signed number: that takes half the instructions, and beyond its range lies nothing but the longest.
    let whole = (nanos + 0.5) as i64;
    SimDuration::from_nanos(whole.max(0) as u64).min(LONGEST)
}
