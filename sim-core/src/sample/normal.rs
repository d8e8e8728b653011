//! Which number does a normal variable stay below with probability `p`, and with which probability does it stay below `x`?
//!
//! The quantile is Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37
//! (1988), routine PPND16, about 16 digits; the distribution function is `libm::erfc`. Own code, portable to the last bit.

use std::f64::consts::FRAC_1_SQRT_2;

/// The number a standard normal variable stays below with probability `p`: minus infinity at 0 and below, infinity at 1
/// and above, undefined (NaN) where `p` is. Below one half it keeps its relative precision down to the smallest float.
///
/// ```
/// use sim_core::sample::{normal_cdf, normal_quantile};
/// assert_eq!(normal_quantile(0.5), 0.0);
/// assert!((normal_cdf(normal_quantile(0.99)) - 0.99).abs() < 1e-15);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180625 - centred * centred;
        return centred * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    if p.is_nan() {
        return p;
    }
    let tail = p.min(1.0 - p);
    if tail <= 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    let r = (-libm::log(tail)).sqrt();
    let magnitude = if r <= 5.0 {
        polynomial(&MIDDLE_ABOVE, r - 1.6) / polynomial(&MIDDLE_BELOW, r - 1.6)
    } else {
        polynomial(&FAR_ABOVE, r - 5.0) / polynomial(&FAR_BELOW, r - 5.0)
    };
    magnitude.copysign(centred)
}

/// The probability that a standard normal variable stays below `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The number a standard normal variable exceeds with probability `10^-nines`: 1.2816 for one, 3.0902 for three.
///
/// ```
/// use sim_core::sample::normal_exceeded;
/// assert!((normal_exceeded(8.0) - 5.6120).abs() < 1e-4);
/// ```
pub fn normal_exceeded(nines: f64) -> f64 {
    -normal_quantile(libm::pow(10.0, -nines))
}

/// The density of a standard normal variable at `x`.
pub(super) fn normal_density(x: f64) -> f64 {
    const ONE_BY_ROOT_OF_TAU: f64 = 0.398_942_280_401_432_7;
    ONE_BY_ROOT_OF_TAU * libm::exp(-0.5 * x * x)
}

/// The value of a polynomial whose highest coefficient stands first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

// The six polynomials of PPND16, numerators above and denominators below, each rounded to the digits an f64 has.
#[rustfmt::skip]
const CENTRE_ABOVE: [f64; 8] = [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
    13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
#[rustfmt::skip]
const CENTRE_BELOW: [f64; 8] = [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
    5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0,
];
#[rustfmt::skip]
const MIDDLE_ABOVE: [f64; 8] = [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
#[rustfmt::skip]
const MIDDLE_BELOW: [f64; 8] = [
    1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0,
];
#[rustfmt::skip]
const FAR_ABOVE: [f64; 8] = [
    2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
#[rustfmt::skip]
const FAR_BELOW: [f64; 8] = [
    2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0,
];
