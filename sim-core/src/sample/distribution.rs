//! What may a scenario say about a random length of time, and what is wrong with what it says?
//!
//! Own definition; the parameters are those that people measure (a median and a 99th percentile, a mean), not those
//! that formulas like. Left out: reading files, which is the business of whoever knows where files are.

use super::sampler::Sampler;
use crate::time::SimDuration;
use crate::units::Share;
use serde::{Deserialize, Serialize};

/// Distributions are nested at most this deep: `Plus` of `Bimodal` of `Constant` is three.
pub const MAX_DEPTH: usize = 8;

/// A distribution of lengths of time, as written. [`check`](Self::check) it before [`compile`](Self::compile).
///
/// ```
/// use sim_core::{draw::Draw, sample::Distribution, time::SimDuration};
/// let delay: Distribution = ron::from_str(r#"LogNormal(median: "20ms", p99: "80ms")"#).unwrap();
/// assert!(delay.check().is_empty());
/// let delay = delay.compile();
/// assert_eq!(delay.sample(Draw::from_unit(0.5)), SimDuration::from_millis(20));
/// assert_eq!(delay.sample(Draw::from_unit(0.99)), SimDuration::from_millis(80));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Distribution {
    /// Always the same length: `Constant("500us")`.
    Constant(SimDuration),
    /// Every whole nanosecond in `[low, high)` alike; `low` if both are equal.
    Uniform {
        /// The shortest length.
        low: SimDuration,
        /// The bound that is not reached.
        high: SimDuration,
    },
    /// Memoryless, as between the events of a Poisson process.
    Exponential {
        /// The mean, above zero.
        mean: SimDuration,
    },
    /// The bell curve, cut off at zero (what is below is drawn again, not folded), so that the mean moves up a little.
    Normal {
        /// The mean before the cut.
        mean: SimDuration,
        /// The standard deviation before the cut, above zero.
        sd: SimDuration,
    },
    /// The usual shape of network delays and service times: its logarithm is normal.
    LogNormal {
        /// Half of all lengths lie below, above zero.
        median: SimDuration,
        /// 99 of 100 lengths lie below, above the median.
        p99: SimDuration,
    },
    /// A heavy tail (Pareto type I): longer than `x` with probability `(scale / x)^shape`.
    Pareto {
        /// The shortest length, above zero.
        scale: SimDuration,
        /// A number above 0; the mean is finite above 1, the variance above 2.
        shape: f64,
    },
    /// Times to failure: longer than `x` with probability `exp(-(x / scale)^shape)`.
    Weibull {
        /// 63.2% of all lengths lie below, above zero.
        scale: SimDuration,
        /// A number above 0; 1 is the exponential distribution, below 1 early failures prevail.
        shape: f64,
    },
    /// A sum of exponential steps; given by its mean, the scale of the formula is `mean / shape`.
    Gamma {
        /// A number above 0: how many steps; 1 is the exponential distribution.
        shape: f64,
        /// The mean, above zero.
        mean: SimDuration,
    },
    /// One of two, such as a cache hit and a miss.
    Bimodal {
        /// How often the slow one is taken.
        share_slow: Share,
        /// Taken otherwise.
        fast: Box<Self>,
        /// Taken with `share_slow`.
        slow: Box<Self>,
    },
    /// One of several, in proportion to whole weights.
    Mixture {
        /// The parts; at least one has a weight above zero.
        parts: Vec<Part>,
    },
    /// One of the lengths that were measured, as it stands; nothing is interpolated.
    Empirical {
        /// The lengths, in any order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<SimDuration>,
        /// How often each of them was seen; all alike if left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weights: Vec<u64>,
        /// Where values and weights are found instead; gone after [`Distribution::read_files`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// A length that is always added: a floor under a random part.
    Plus {
        /// What is added.
        constant: SimDuration,
        /// To what it is added.
        of: Box<Self>,
    },
}

/// A part of a mixture: `(weight: 3, of: Constant("1ms"))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// A whole number: of the weights 7 and 3 the first is taken in 70% of the draws.
    pub weight: u64,
    /// What is drawn from.
    pub of: Distribution,
}

/// Measured lengths, each with how often it was seen.
pub type Observations = Vec<(SimDuration, u64)>;

impl Distribution {
    /// Name and summary of every kind.
    pub const ALL: &'static [(&'static str, &'static str)] = &[
        ("Constant", "always the same: Constant(\"5ms\")"),
        ("Uniform", "evenly between two bounds: low, high"),
        ("Exponential", "memoryless: mean"),
        ("Normal", "bell-shaped, cut off at zero: mean, sd"),
        ("LogNormal", "skewed, as latencies often are: median, p99"),
        ("Pareto", "heavy tail: scale (the least value), shape"),
        ("Weibull", "between exponential and bell-shaped: scale, shape"),
        ("Gamma", "sums of exponential phases: shape, mean"),
        ("Bimodal", "two kinds: share_slow, fast, slow"),
        ("Mixture", "several kinds by weight: parts: [(weight: 9, of: ...)]"),
        ("Empirical", "measured values: values, weights, or file"),
        ("Plus", "an added constant: constant, of"),
    ];

    /// Everything that is wrong, each with the path of the field (empty for the whole) and a sentence; empty if all is well.
    ///
    /// ```
    /// use sim_core::{sample::Distribution, time::SimDuration};
    /// let wrong = Distribution::Exponential { mean: SimDuration::ZERO };
    /// assert_eq!(wrong.check(), [("mean".to_owned(), "the mean must be above zero, for example \"12ms\"".to_owned())]);
    /// ```
    pub fn check(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        self.check_at("", 1, &mut |path, sentence| problems.push((path, sentence)));
        problems
    }

    /// What is drawn from. Panics if [`check`](Self::check) has anything to say.
    pub fn compile(&self) -> Sampler {
        assert!(self.check().is_empty(), "a distribution is compiled after its check found nothing");
        Sampler::new(self)
    }

    /// Replaces every file by what `read` makes of its name. What cannot be read is returned with the path of its field, and stays for [`check`](Self::check) to report.
    pub fn read_files<E>(&mut self, read: &mut dyn FnMut(&str) -> Result<Observations, E>) -> Vec<(String, E)> {
        let mut failures = Vec::new();
        if let Self::Empirical { values, weights, file } = self
            && let Some(name) = file.as_deref()
        {
            match read(name) {
                Ok(observed) => {
                    (*values, *weights) = observed.into_iter().unzip();
                    *file = None;
                }
                Err(error) => failures.push(("file".to_owned(), error)),
            }
        }
        for (field, part) in self.parts_mut() {
            failures.extend(part.read_files(read).into_iter().map(|(path, error)| (joined(&field, &path), error)));
        }
        failures
    }

    /// The same distribution with every length `numerator / denominator` as long, rounded down to nanoseconds; `None` where a file's values
    /// have not been read.
    ///
    /// ```
    /// use sim_core::{sample::Distribution, time::SimDuration};
    /// let slow = Distribution::Exponential { mean: SimDuration::from_millis(12) }.scaled(5, 4);
    /// assert_eq!(slow, Some(Distribution::Exponential { mean: SimDuration::from_millis(15) }));
    /// ```
    #[must_use]
    pub fn scaled(&self, numerator: u64, denominator: u64) -> Option<Self> {
        let length = |length: &SimDuration| {
            let nanos = u128::from(length.as_nanos()) * u128::from(numerator) / u128::from(denominator.max(1));
            SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        let part = |of: &Self| of.scaled(numerator, denominator);
        Some(match self {
            Self::Constant(value) => Self::Constant(length(value)),
            Self::Uniform { low, high } => Self::Uniform { low: length(low), high: length(high) },
            Self::Exponential { mean } => Self::Exponential { mean: length(mean) },
            Self::Normal { mean, sd } => Self::Normal { mean: length(mean), sd: length(sd) },
            Self::LogNormal { median, p99 } => Self::LogNormal { median: length(median), p99: length(p99) },
            Self::Pareto { scale, shape } => Self::Pareto { scale: length(scale), shape: *shape },
            Self::Weibull { scale, shape } => Self::Weibull { scale: length(scale), shape: *shape },
            Self::Gamma { shape, mean } => Self::Gamma { shape: *shape, mean: length(mean) },
            Self::Bimodal { share_slow, fast, slow } => {
                Self::Bimodal { share_slow: *share_slow, fast: Box::new(part(fast)?), slow: Box::new(part(slow)?) }
            }
            Self::Mixture { parts } => {
                let scaled = parts.iter().map(|one| Some(Part { weight: one.weight, of: part(&one.of)? }));
                Self::Mixture { parts: scaled.collect::<Option<_>>()? }
            }
            Self::Empirical { file: Some(_), .. } => return None,
            Self::Empirical { values, weights, file: None } => {
                Self::Empirical { values: values.iter().map(length).collect(), weights: weights.clone(), file: None }
            }
            Self::Plus { constant, of } => Self::Plus { constant: length(constant), of: Box::new(part(of)?) },
        })
    }

    fn check_at(&self, path: &str, depth: usize, report: &mut dyn FnMut(String, String)) {
        if depth > MAX_DEPTH {
            return report(path.to_owned(), format!("distributions are nested at most {MAX_DEPTH} deep"));
        }
        self.check_fields(&mut |field, sentence| report(joined(path, field), sentence));
        for (field, part) in self.parts() {
            part.check_at(&joined(path, &field), depth + 1, report);
        }
    }

    /// What is wrong with the fields of this one, without its parts.
    fn check_fields(&self, report: &mut dyn FnMut(&str, String)) {
        let mut positive = |field, length: &SimDuration| {
            if length.is_zero() {
                report(field, format!("the {field} must be above zero, for example \"12ms\""));
            }
        };
        match self {
            Self::Exponential { mean } | Self::Gamma { mean, .. } => positive("mean", mean),
            Self::Normal { sd, .. } => positive("sd", sd),
            Self::LogNormal { median, .. } => positive("median", median),
            Self::Pareto { scale, .. } | Self::Weibull { scale, .. } => positive("scale", scale),
            _ => {}
        }
        match self {
            Self::Uniform { low, high } if low > high => report("high", format!("the upper bound {high} lies below the lower bound {low}")),
            Self::LogNormal { median, p99 } if p99 <= median => {
                report("p99", format!("the p99 of {p99} must be above the median of {median}"));
            }
            Self::Pareto { shape, .. } | Self::Weibull { shape, .. } | Self::Gamma { shape, .. }
                if !(shape.is_finite() && *shape > 0.0) =>
            {
                report("shape", format!("the shape must be a number above 0, for example 1.5, and not {shape}"));
            }
            Self::Mixture { parts } if parts.is_empty() => report("parts", "a mixture needs at least one part".to_owned()),
            Self::Mixture { parts } => check_sum("parts", parts.iter().map(|part| part.weight), report),
            Self::Empirical { values, weights, file } => check_observations(values, weights, file.as_deref(), report),
            _ => {}
        }
    }

    /// The distributions this one is made of, each with its field.
    fn parts(&self) -> Vec<(String, &Self)> {
        match self {
            Self::Bimodal { fast, slow, .. } => vec![("fast".to_owned(), fast), ("slow".to_owned(), slow)],
            Self::Mixture { parts } => parts.iter().enumerate().map(|(index, part)| (part_of(index), &part.of)).collect(),
            Self::Plus { of, .. } => vec![("of".to_owned(), of)],
            _ => Vec::new(),
        }
    }

    fn parts_mut(&mut self) -> Vec<(String, &mut Self)> {
        match self {
            Self::Bimodal { fast, slow, .. } => vec![("fast".to_owned(), fast), ("slow".to_owned(), slow)],
            Self::Mixture { parts } => parts.iter_mut().enumerate().map(|(index, part)| (part_of(index), &mut part.of)).collect(),
            Self::Plus { of, .. } => vec![("of".to_owned(), of)],
            _ => Vec::new(),
        }
    }
}

fn part_of(index: usize) -> String {
    format!("parts[{index}].of")
}

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() || field.is_empty() { format!("{path}{field}") } else { format!("{path}.{field}") }
}

fn check_observations(values: &[SimDuration], weights: &[u64], file: Option<&str>, report: &mut dyn FnMut(&str, String)) {
    if let Some(file) = file {
        let sentence = if values.is_empty() && weights.is_empty() {
            format!("the values of `{file}` have not been read")
        } else {
            "either values or a file can be given, not both".to_owned()
        };
        return report("file", sentence);
    }
    if values.is_empty() {
        report("values", "at least one value is needed, for example [\"5ms\", \"7ms\"], or a file".to_owned());
    } else if !weights.is_empty() && weights.len() != values.len() {
        report("weights", format!("each value needs one weight, but there are {} for {}", weights.len(), values.len()));
    } else if !weights.is_empty() {
        check_sum("weights", weights.iter().copied(), report);
    }
}

fn check_sum(field: &str, mut weights: impl Iterator<Item = u64>, report: &mut dyn FnMut(&str, String)) {
    match weights.try_fold(0_u64, u64::checked_add) {
        Some(0) => report(field, "at least one weight must be above zero".to_owned()),
        Some(_) => {}
        None => report(field, "the sum of the weights is too large for 64 bits".to_owned()),
    }
}
