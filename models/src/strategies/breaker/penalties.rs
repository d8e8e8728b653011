//! For how long is an endpoint left alone, the n-th time in a row?
//!
//! Sources: twitter/finagle `Backoff.equalJittered` (2024-10) and linkerd2-proxy `exp-backoff` (2026-08).

use sim_core::draw::Draw;
use sim_core::time::SimDuration;

/// Finagle's `equalJittered`: the first value (`nth` 0) is `start`, the `nth` after it `h + [0, h)` with `h = start * 2^(nth - 1)`, and
/// `max` from the first `h` or sum on that reaches it. The first value and the constant `max` ignore the draw.
pub(super) fn equal_jittered(start: SimDuration, max: SimDuration, nth: u32, draw: Draw) -> SimDuration {
    if nth == 0 {
        return start;
    }
    // A sum that reaches the maximum is followed by an `h` that does: there is nothing to remember.
    let half = start.doubled(nth - 1);
    if half >= max { max } else { half.saturating_add(draw.below(half)).min(max) }
}

/// Linkerd's penalty: `b + min(U * jitter * b, max - b)` with `b = min(min * 2^nth, max)`, `nth` from 0.
pub(super) fn exponential(min: SimDuration, max: SimDuration, jitter: f64, nth: u32, draw: Draw) -> SimDuration {
    let base = min.doubled(nth).min(max);
    let extra = SimDuration::from_nanos((draw.unit() * jitter * base.as_nanos() as f64) as u64);
    base.saturating_add(extra.min(max.saturating_sub(base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    #[test]
    fn equal_jitter_starts_exactly_doubles_and_stays_at_its_maximum() {
        let half = Draw::from_unit(0.5);
        let series: Vec<_> = (0..9).map(|nth| equal_jittered(ms(5_000), ms(300_000), nth, half)).collect();
        let expected = [5_000, 7_500, 15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000].map(ms);
        assert_eq!(series, expected);
        assert_eq!(equal_jittered(ms(5_000), ms(300_000), u32::MAX, half), ms(300_000));
    }

    #[test]
    fn an_exponential_penalty_never_exceeds_its_maximum() {
        let drawn = |nth, u| exponential(ms(100), ms(1_000), 0.5, nth, Draw::from_unit(u));
        assert_eq!([drawn(0, 0.0), drawn(1, 0.0), drawn(2, 0.5), drawn(3, 0.0)], [100, 200, 500, 800].map(ms));
        assert_eq!([drawn(3, 0.9), drawn(4, 0.9), drawn(80, 0.0)], [1_000, 1_000, 1_000].map(ms));
    }
}
