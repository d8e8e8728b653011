//! What has become of the requests at a replica, and how full was it over time?
//!
//! Own definition. Of everything that is in one of three states, waiting, with a worker, or waiting for others without a worker, the
//! integral of its number over time is kept as a sum of instants: each that leaves adds when it left, each that comes takes away when it
//! came (Little's law in whole nanoseconds). That is two instructions at each end, and nothing in between.

use crate::outcome::{Failure, Outcome};
use sim_core::time::SimTime;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// A number that goes up and down, and its integral over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    count: u32,
    /// Instants at which it went down, less those at which it went up, in nanoseconds: of use only modulo 2^128 while it is not zero.
    left: u128,
}

impl Level {
    /// One more from now on.
    #[inline(always)]
    pub const fn up(&mut self, now: SimTime) {
        self.count += 1;
        self.left = self.left.wrapping_sub(now.as_nanos() as u128);
    }

    /// One less from now on.
    #[inline(always)]
    pub const fn down(&mut self, now: SimTime) {
        self.count -= 1;
        self.left = self.left.wrapping_add(now.as_nanos() as u128);
    }

    /// None from now on.
    pub const fn clear(&mut self, now: SimTime) {
        (self.left, self.count) = (self.integral(now), 0);
    }

    /// How many just now.
    #[inline(always)]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The integral over time from the start up to an instant not before the last change: nanoseconds, times how many there were.
    pub const fn integral(&self, until: SimTime) -> u128 {
        self.left.wrapping_add(self.count as u128 * until.as_nanos() as u128)
    }
}

/// Two numbers together.
impl Add for Level {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { count: self.count + other.count, left: self.left.wrapping_add(other.left) }
    }
}

impl Sum for Level {
    fn sum<I: Iterator<Item = Self>>(levels: I) -> Self {
        levels.fold(Self::default(), Add::add)
    }
}

/// What has become of the requests that came to a replica, over all its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// They came.
    pub arrived: u64,
    /// They were answered with a success.
    pub completed: u64,
    /// They were answered with a failure other than an overload.
    pub failed: u64,
    /// They were turned away with an overload.
    pub shed: u64,
    /// They were given up because their callers had gone.
    pub abandoned: u64,
    /// They were lost with a life of the replica.
    pub lost: u64,
}

impl Tally {
    /// Where an answer with this outcome is counted.
    pub const fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Success => &mut self.completed,
            Outcome::Failed(Failure::Overload) => &mut self.shed,
            Outcome::Failed(_) => &mut self.failed,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.completed += other.completed;
        self.failed += other.failed;
        self.shed += other.shed;
        self.abandoned += other.abandoned;
        self.lost += other.lost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_of_a_level_is_the_time_that_each_was_there() {
        let at = SimTime::from_nanos;
        let mut level = Level::default();
        level.up(at(10));
        level.up(at(25));
        assert_eq!(level.integral(at(30)), 20 + 5);
        level.down(at(40));
        assert_eq!((level.count(), level.integral(at(100))), (1, 30 + 75));
        level.clear(at(100));
        assert_eq!((level.count(), level.integral(at(200))), (0, 105));
        let mut other = Level::default();
        other.up(at(150));
        assert_eq!((level + other).integral(at(200)), 105 + 50);
    }
}
