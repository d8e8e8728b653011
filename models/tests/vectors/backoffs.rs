//! Vectors of backoffs.
//!
//! Times are milliseconds. What a draw of exactly 0.9 gives is compared to two nanoseconds, as no binary number is 0.9; whatever a
//! product rounds more coarsely is compared exactly by that.

#![allow(clippy::float_cmp, reason = "what a product gives exactly is compared exactly")]

mod formulas;
mod products;

use crate::{Vector, run};
use models::outcome::{Failure, Hint};
use models::strategies::backoff::*;
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimDuration;

pub const VECTORS: &[Vector] = &[
    ("A1.V1", formulas::a1_v1),
    ("A1.V2", formulas::a1_v2),
    ("A2.V1", formulas::a2_v1),
    ("A2.V2", formulas::a2_v2),
    ("A2.V3", formulas::a2_v3),
    ("A2.V4", formulas::a2_v4),
    ("A3.V1", formulas::a3_v1),
    ("A3.V2", formulas::a3_v2),
    ("A3.V3", formulas::a3_v3),
    ("A3.V4", formulas::a3_v4),
    ("A4.V1", formulas::a4_v1),
    ("A4.V2", formulas::a4_v2),
    ("A4.V3", formulas::a4_v3),
    ("A4.V4", formulas::a4_v4),
    ("A4.V5", formulas::a4_v5),
    ("A4.V6", formulas::a4_v6),
    ("A4.V7", formulas::a4_v7),
    ("A4.V8", formulas::a4_v8),
    ("A5.V1", formulas::a5_v1),
    ("A5.V2", formulas::a5_v2),
    ("A5.V3", formulas::a5_v3),
    ("A5.V4", formulas::a5_v4),
    ("A6.V1", formulas::a6_v1),
    ("A6.V2", formulas::a6_v2),
    ("A6.V3", formulas::a6_v3),
    ("A7.V1", formulas::a7_v1),
    ("A7.V2", formulas::a7_v2),
    ("A7.V3", formulas::a7_v3),
    ("A7.V4", formulas::a7_v4),
    ("A8.V1", products::a8_v1),
    ("A8.V2", products::a8_v2),
    ("A8.V3", products::a8_v3),
    ("A8.V4", products::a8_v4),
    ("A8.V5", products::a8_v5),
    ("A9.V1", products::a9_v1),
    ("A10.V1", products::a10_v1),
    ("A10.V2", products::a10_v2),
    ("A10.V3", products::a10_v3),
    ("A10.V4", products::a10_v4),
    ("A10.V5", products::a10_v5),
    ("A11.V1", products::a11_v1),
    ("A11.V2", products::a11_v2),
    ("A11.V3", products::a11_v3),
    ("A12.V1", products::a12_v1),
    ("A12.V2", products::a12_v2),
    ("A12.V3", products::a12_v3),
    ("A12.V4", products::a12_v4),
    ("A12.V5", products::a12_v5),
    ("A12.V6", products::a12_v6),
    ("A13.V1", products::a13_v1),
    ("A13.V2", products::a13_v2),
    ("A14.V1", products::a14_v1),
    ("A14.V2", products::a14_v2),
    ("A14.V3", products::a14_v3),
    ("A15.V1", products::a15_v1),
    ("A15.V2", products::a15_v2),
    ("A15.V3", products::a15_v3),
    ("A16.V1", products::a16_v1),
    ("A16.V2", products::a16_v2),
];

#[test]
fn vectors_of_backoffs() {
    run(VECTORS);
}

const ALMOST_ONE: Draw = Draw::from_bits(u64::MAX);

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn millis(length: SimDuration) -> f64 {
    length.as_nanos() as f64 / 1e6
}

/// One call, which asks its formula again and again.
#[derive(Clone)]
struct Call {
    backoff: AnyBackoff,
    memory: BackoffMemory,
    asks: Asks,
}

fn call(backoff: impl Into<AnyBackoff>) -> Call {
    let backoff = backoff.into();
    assert_eq!(backoff.check(), [], "the product takes these numbers");
    let (memory, draw) = (backoff.fresh(), Draw::from_unit(0.5));
    let asks = Asks { retry: 0, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw };
    Call { backoff, memory, asks }
}

impl Call {
    fn at(mut self, elapsed: SimDuration) -> Self {
        self.asks.elapsed = elapsed;
        self
    }

    fn after(mut self, failure: Failure) -> Self {
        self.asks.failure = failure;
        self
    }

    fn told(&mut self, hint: Option<Hint>) -> &mut Self {
        self.asks.hint = hint;
        self
    }

    fn next(&mut self, draw: Draw) -> Wait {
        self.asks.retry += 1;
        self.asks.draw = draw;
        self.backoff.wait(&mut self.memory, &self.asks)
    }

    /// The next wait, in milliseconds.
    fn wait(&mut self, draw: Draw) -> f64 {
        match self.next(draw) {
            Wait::For(length) => millis(length),
            end => panic!("{} ended with {end:?} before retry {}", self.backoff.name(), self.asks.retry),
        }
    }

    /// The call before its `retry`-th retry, all of whose draws were one half.
    fn before(mut self, retry: u32) -> Self {
        (1..retry).for_each(|_| {
            self.wait(Draw::from_unit(0.5));
        });
        self
    }
}

/// The waits of one call, all of whose draws are `u`.
fn waits(backoff: impl Into<AnyBackoff>, u: f64, count: usize) -> Vec<f64> {
    let mut call = call(backoff);
    (0..count).map(|_| call.wait(Draw::from_unit(u))).collect()
}

#[track_caller]
fn close(seen: f64, expected: f64, off: f64) {
    assert!((seen - expected).abs() <= off, "{seen} is not {expected}, give or take {off}");
}

/// The waits of one call whose draws are all `u`, to two nanoseconds.
#[track_caller]
fn series<const N: usize>(backoff: impl Into<AnyBackoff>, u: f64, expected: [f64; N]) {
    let seen = waits(backoff, u, N);
    for (retry, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        assert!((seen - expected).abs() <= 2e-6, "wait {} is {seen}, not {expected}", retry + 1);
    }
}

/// Keyed draws, ever others.
fn keyed(name: &str) -> impl Iterator<Item = Draw> + use<> {
    let key = Key::named(name);
    (0..100_000_u64).map(move |i| Seed::new(11).draws(key.child(i), 1).wait())
}

/// The mean of the next wait over 10^5 keyed draws.
fn mean(call: &Call) -> f64 {
    keyed("mean").map(|draw| call.clone().wait(draw)).sum::<f64>() / 1e5
}

/// Four standard errors of the mean of 10^5 uniform numbers of this width.
fn allowance(width: f64) -> f64 {
    4.0 * width / 12e5_f64.sqrt()
}

/// The next wait lies within `[low, high)`, reaches both ends, and has its mean in the middle.
#[track_caller]
fn uniform(call: Call, low: f64, high: f64) {
    close(call.clone().wait(Draw::from_unit(0.0)), low, 2e-6);
    close(call.clone().wait(ALMOST_ONE), high, 2e-6);
    close(mean(&call), (low + high) / 2.0, allowance(high - low));
}
