//! How long to wait before a retry? One file per formula.

mod constant;
mod decorrelated;
mod equal_jitter;
mod exponential;
mod external;
mod full_jitter;
mod immediate;

pub use constant::Constant;
pub use decorrelated::Decorrelated;
pub use equal_jitter::EqualJitter;
pub use exponential::Exponential;
pub use external::External;
pub use full_jitter::FullJitter;
pub use immediate::Immediate;

use crate::outcome::{Failure, Hint};
use crate::registry::{Complaint, Registered, complaint, registry};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;
use std::fmt::Debug;

/// A formula for the wait before a retry.
pub trait Backoff: Registered {
    /// What the formula remembers of one call: made anew for each, so that two concurrent calls of one client share nothing. At
    /// most 24 bytes.
    type Call: Clone + Debug + Send;

    /// The memory of a call before its first retry.
    fn fresh(&self) -> Self::Call;

    /// The wait before a retry.
    fn wait(&self, call: &mut Self::Call, asks: &Asks) -> Wait;

    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a formula may know of the retry it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// Which retry: 1 is the first, which is attempt 2.
    pub retry: u32,
    /// How long ago the first attempt was started.
    pub elapsed: SimDuration,
    /// How the attempt before ended.
    pub failure: Failure,
    /// What the callee said about asking again.
    pub hint: Option<Hint>,
    /// The one random number that belongs to this wait: a function of seed, call and attempt, so that to leave it alone, or to use
    /// it, shifts no other.
    pub draw: Draw,
}

/// What a formula answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Retry after this time.
    For(SimDuration),
    /// Retry no more: the formula has come to an end of its own.
    Stop,
}

registry! {
    /// A formula for the wait before a retry, as a scenario writes it.
    AnyBackoff as "backoff", each_backoff;
    /// What a formula remembers of one call.
    BackoffMemory = Backoff::Call, with_backoff: Immediate, Constant, Exponential, FullJitter, EqualJitter, Decorrelated, External,
}

impl AnyBackoff {
    /// See [`Backoff::fresh`].
    pub fn fresh(&self) -> BackoffMemory {
        with_backoff!(make self, backoff => backoff.fresh())
    }

    /// See [`Backoff::wait`].
    pub fn wait(&self, memory: &mut BackoffMemory, asks: &Asks) -> Wait {
        with_backoff!(self, memory, backoff, call => backoff.wait(call, asks))
    }

    /// See [`Backoff::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_backoff!(self, backoff => backoff.check())
    }
}

/// The complaint shared by all formulas with a base and a ceiling.
fn check_base_and_cap(base: SimDuration, cap: SimDuration) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if base.is_zero() {
        complaints.push(complaint("base", "a base of zero never waits; write `Immediate()` if that is meant"));
    }
    if cap < base {
        complaints.push(complaint("cap", format!("the cap ({cap}) lies below the base ({base})")));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::draw::{Key, Seed};

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    fn asks(retry: u32, draw: Draw) -> Asks {
        Asks { retry, elapsed: SimDuration::ZERO, failure: Failure::Timeout, hint: None, draw }
    }

    /// The waits of one call, all of whose draws are `u`.
    fn waits(backoff: &AnyBackoff, u: f64, count: u32) -> Vec<SimDuration> {
        let mut memory = backoff.fresh();
        (1..=count).map(|retry| length(backoff.wait(&mut memory, &asks(retry, Draw::from_unit(u))))).collect()
    }

    /// The wait before a retry of a call that remembers nothing.
    fn wait(backoff: &AnyBackoff, retry: u32, draw: Draw) -> SimDuration {
        length(backoff.wait(&mut backoff.fresh(), &asks(retry, draw)))
    }

    fn length(wait: Wait) -> SimDuration {
        match wait {
            Wait::For(length) => length,
            Wait::Stop => panic!("the formula stopped"),
        }
    }

    fn all() -> Vec<AnyBackoff> {
        let (base, cap) = (ms(100), ms(1000));
        vec![
            AnyBackoff::Immediate(Immediate {}),
            AnyBackoff::Constant(Constant { delay: base }),
            AnyBackoff::Exponential(Exponential { base, cap, multiplier: 2.0 }),
            AnyBackoff::FullJitter(FullJitter { base, cap }),
            AnyBackoff::EqualJitter(EqualJitter { base, cap }),
            AnyBackoff::Decorrelated(Decorrelated { base, cap }),
        ]
    }

    #[test]
    fn every_registered_backoff_is_tested_here() {
        let tested: Vec<_> = all().iter().map(AnyBackoff::name).collect();
        // One from outside is shown in examples/custom_strategy.rs.
        let registered: Vec<_> = AnyBackoff::ALL.iter().map(|&(name, _)| name).filter(|name| *name != "External").collect();
        assert_eq!(tested, registered);
    }

    #[test]
    fn exponential_doubles_up_to_its_cap() {
        let backoff = AnyBackoff::Exponential(Exponential { base: ms(100), cap: ms(1000), multiplier: 2.0 });
        assert_eq!(waits(&backoff, 0.3, 6), [100, 200, 400, 800, 1000, 1000].map(ms));
    }

    #[test]
    fn full_jitter_scales_its_draw_by_the_ceiling() {
        let backoff = AnyBackoff::FullJitter(FullJitter { base: ms(100), cap: ms(10_000) });
        assert_eq!(wait(&backoff, 3, Draw::from_unit(0.25)), ms(100));
        assert_eq!(waits(&backoff, 0.5, 4), [50, 100, 200, 400].map(ms));
        assert_eq!(wait(&backoff, 8, Draw::from_unit(0.5)), ms(5000));
    }

    #[test]
    fn equal_jitter_keeps_half_of_the_exponential_wait() {
        let backoff = AnyBackoff::EqualJitter(EqualJitter { base: ms(100), cap: ms(10_000) });
        assert_eq!(wait(&backoff, 3, Draw::from_unit(0.5)), ms(300));
        assert_eq!(wait(&backoff, 3, Draw::from_unit(0.0)), ms(200));
    }

    #[test]
    fn decorrelated_jitter_grows_from_the_wait_before() {
        let backoff = AnyBackoff::Decorrelated(Decorrelated { base: ms(100), cap: ms(10_000) });
        let micros = waits(&backoff, 0.5, 6).iter().map(|wait| wait.as_nanos() / 1_000).collect::<Vec<_>>();
        assert_eq!(micros, [200_000, 350_000, 575_000, 912_500, 1_418_750, 2_178_125]);
        let capped = AnyBackoff::Decorrelated(Decorrelated { base: ms(100), cap: ms(1000) });
        let rounded: Vec<_> = waits(&capped, 0.9, 4).iter().map(|wait| (wait.as_nanos() + 1) / 1_000_000).collect();
        assert_eq!(rounded, [280, 766, 1000, 1000]);
    }

    #[test]
    fn jittered_waits_have_the_mean_of_their_formula() {
        // Over 10^5 keyed draws the mean lies within 4 standard errors of the formula's.
        let draws = |n: u64| (0..n).map(|i| Seed::new(3).draws(Key::named("mean").child(i), 2).wait());
        let mean =
            |backoff: &AnyBackoff, retry| draws(100_000).map(|draw| wait(backoff, retry, draw).as_secs_f64()).sum::<f64>() / 100_000.0;
        let width_of_uniform = |width: f64| 4.0 * width / (12.0_f64 * 100_000.0).sqrt();
        let full = AnyBackoff::FullJitter(FullJitter { base: ms(100), cap: ms(10_000) });
        assert!((mean(&full, 4) - 0.4).abs() < width_of_uniform(0.8));
        let equal = AnyBackoff::EqualJitter(EqualJitter { base: ms(100), cap: ms(10_000) });
        assert!((mean(&equal, 3) - 0.3).abs() < width_of_uniform(0.2));
        let decorrelated = AnyBackoff::Decorrelated(Decorrelated { base: ms(100), cap: ms(10_000) });
        assert!((mean(&decorrelated, 1) - 0.2).abs() < width_of_uniform(0.2));
    }

    #[test]
    fn no_wait_leaves_the_documented_range_even_after_very_many_retries() {
        for backoff in all() {
            for u in [0.0, 0.5, 0.999_999_999] {
                for (retry, wait) in (1..).zip(waits(&backoff, u, 200)) {
                    assert!(wait <= ms(1000), "{} waits {wait} before retry {retry}", backoff.name());
                }
            }
        }
    }

    #[test]
    fn a_cap_below_the_base_is_a_complaint() {
        let complaints = AnyBackoff::FullJitter(FullJitter { base: ms(100), cap: ms(50) }).check();
        assert_eq!(complaints, [complaint("cap", "the cap (50ms) lies below the base (100ms)")]);
    }
}
