//! How is a gamma variable drawn, which has no quantile function in closed form?
//!
//! Marsaglia, Tsang, "A Simple Method for Generating Gamma Variables", ACM Transactions on Mathematical Software 26
//! (2000), section 3; shapes below 1 by its section 6, `gamma(shape + 1) * U^(1 / shape)`.

use super::normal::normal_quantile;
use crate::draw::Draw;

/// Proposals before giving up. Each is refused with probability below 5% (the paper, table 1), all with below 10^-41.
const PROPOSALS: u64 = 32;

/// A gamma variable with its constants computed.
#[derive(Clone, Debug)]
pub(super) struct Gamma {
    /// The multiple of the standard variable, in nanoseconds.
    scale: f64,
    d: f64,
    c: f64,
    /// For shapes below 1: `1 / shape`.
    boost: Option<f64>,
}

impl Gamma {
    pub(super) fn new(shape: f64, mean: f64) -> Self {
        let boost = (shape < 1.0).then(|| 1.0 / shape);
        let d = if boost.is_some() { shape + 1.0 } else { shape } - 1.0 / 3.0;
        Self { scale: mean / shape, d, c: 1.0 / (9.0 * d).sqrt(), boost }
    }

    /// Nanoseconds. Consumes further draws of the same place: two for each proposal, one for a shape below 1.
    pub(super) fn sample(&self, draw: Draw) -> f64 {
        let standard = self.d * self.accepted(draw);
        match self.boost {
            Some(exponent) => self.scale * standard * libm::pow(draw.further(2 * PROPOSALS).open_unit(), exponent),
            None => self.scale * standard,
        }
    }

    /// The accepted cube `v`; after too many refusals 1, which is close to the median.
    fn accepted(&self, draw: Draw) -> f64 {
        for proposal in 0..PROPOSALS {
            let x = normal_quantile(draw.further(2 * proposal).open_unit());
            let root = 1.0 + self.c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let u = draw.further(2 * proposal + 1).open_unit();
            // The paper's squeeze, which spares two logarithms in 92 of 100 proposals.
            let squared = x * x;
            if u < 1.0 - 0.0331 * squared * squared || libm::log(u) < 0.5 * squared + self.d * (1.0 - v + libm::log(v)) {
                return v;
            }
        }
        1.0
    }
}
