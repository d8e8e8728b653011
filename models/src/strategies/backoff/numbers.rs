//! Which arithmetic, and which complaints, do several formulas share?
//!
//! A float that becomes a length is cut off, not rounded, as a conversion to an integer does in all the sources read; what lies
//! beyond the longest length becomes the longest length.

use crate::registry::{Complaint, complaint};
use sim_core::draw::Draw;
use sim_core::maths::pow;
use sim_core::time::SimDuration;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// A float of nanoseconds.
pub fn nanos(length: f64) -> SimDuration {
    SimDuration::from_nanos(length as u64)
}

/// So many whole milliseconds.
pub fn millis(count: u64) -> SimDuration {
    SimDuration::from_nanos(count.saturating_mul(NANOS_PER_MILLI))
}

/// How many whole milliseconds a length has.
pub const fn whole_millis(length: SimDuration) -> u64 {
    length.as_nanos() / NANOS_PER_MILLI
}

/// A float of milliseconds, cut off at the ticks of .NET, which last 100 ns.
pub fn ticks_of_millis(length: f64) -> SimDuration {
    ticks(length * 10_000.0)
}

/// A float of ticks of 100 ns, cut off.
pub fn ticks(count: f64) -> SimDuration {
    SimDuration::from_nanos((count as u64).saturating_mul(100))
}

/// A length as a float of milliseconds, without what lies below a tick of 100 ns.
pub fn millis_f64(length: SimDuration) -> f64 {
    (length.as_nanos() / 100) as f64 / 10_000.0
}

/// `base * multiplier^(retry - 1)` by products, at most `cap`.
pub fn grown(base: SimDuration, multiplier: f64, retry: u32, cap: SimDuration) -> SimDuration {
    // Products only: exact for the usual multipliers, and the same on every machine.
    let ceiling = cap.as_nanos() as f64;
    let mut wait = base.as_nanos() as f64;
    for _ in 1..retry {
        wait *= multiplier;
        if wait >= ceiling || multiplier <= 1.0 {
            break;
        }
    }
    nanos(wait).min(cap)
}

/// `base * multiplier^(retry - 1)` by a power, for products that take one.
pub fn powered(base: SimDuration, multiplier: f64, retry: u32) -> f64 {
    base.as_nanos() as f64 * pow(multiplier, f64::from(retry - 1))
}

/// A length times the draw: uniform on `[0, length)`.
pub fn scaled_by_draw(length: f64, draw: Draw) -> f64 {
    length * draw.unit()
}

/// What is written, or no limit.
pub fn or_endless(limit: Option<SimDuration>) -> SimDuration {
    limit.unwrap_or(SimDuration::MAX)
}

/// Those complaints that there are.
pub fn complaints<const N: usize>(all: [Option<Complaint>; N]) -> Vec<Complaint> {
    all.into_iter().flatten().collect()
}

/// A complaint about a length of zero.
pub fn zero(field: &str, length: SimDuration) -> Option<Complaint> {
    length.is_zero().then(|| complaint(field, format!("`{field}` must be above zero")))
}

/// A complaint about an upper end below a lower end.
pub fn exchanged(low_field: &str, low: SimDuration, high_field: &str, high: SimDuration) -> Option<Complaint> {
    (high < low).then(|| complaint(high_field, format!("`{high_field}` ({high}) lies below `{low_field}` ({low})")))
}

/// A complaint about an upper end that is written, and lies below a lower end.
pub fn exchanged_if(low_field: &str, low: SimDuration, high_field: &str, high: Option<SimDuration>) -> Option<Complaint> {
    high.and_then(|high| exchanged(low_field, low, high_field, high))
}

/// A complaint about a number outside these ends, both allowed.
pub fn outside(field: &str, number: f64, low: f64, high: f64) -> Option<Complaint> {
    // Written so that what is not a number is a complaint as well.
    (!(low..=high).contains(&number)).then(|| complaint(field, format!("`{field}` lies between {low} and {high}, not at {number}")))
}

/// A complaint about a multiplier that would let waits shrink, or explode.
pub fn shrinking(field: &str, multiplier: f64) -> Option<Complaint> {
    outside(field, multiplier, 1.0, 1e6)
}
