//! How many attempts were not the first of their call, over time? The retry storm, by the number of the attempt.
//!
//! Counted where a call goes to the wire again, which no plain request ever does, so that it costs requests nothing. Hedges have
//! numbers as well: attempt n is the n-th copy that a call puts on the wire. Own definition of the classes: a call that has
//! been tried nine times is one of a storm, whatever the exact number.

use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// The classes that attempts are counted in, by the number of the attempt within its call: the second, the third, the fourth, the
/// fifth to eighth, and all later ones.
pub const CLASSES: [&str; 5] = ["2nd", "3rd", "4th", "5th to 8th", "9th or later"];

/// Attempts put on the wire within a time bin that were not the first of their call, over all edges, in the order of [`CLASSES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FurtherAttempts(pub [u64; CLASSES.len()]);

impl FurtherAttempts {
    /// All of them together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// Sums of two parts of a bin, or of two runs.
impl std::ops::AddAssign for FurtherAttempts {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
}

/// The counts of a run so far; nothing is kept before the first further attempt.
#[derive(Clone, Debug)]
pub(crate) struct Further {
    bin: SimDuration,
    horizon: SimDuration,
    bins: Vec<FurtherAttempts>,
}

impl Further {
    /// Nothing counted yet.
    pub fn new(bin: SimDuration, horizon: SimDuration) -> Self {
        Self { bin, horizon, bins: Vec::new() }
    }

    /// An attempt of this number, from 2 on, is put on the wire.
    #[cold]
    pub fn sent(&mut self, number: u32, now: SimTime) {
        if now.since_start() >= self.horizon {
            return;
        }
        let bin = (now.since_start() / self.bin) as usize;
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, FurtherAttempts::default());
        }
        let class = match number {
            0..=2 => 0,
            3 => 1,
            4 => 2,
            5..=8 => 3,
            _ => 4,
        };
        self.bins[bin].0[class] += 1;
    }

    /// The series, up to the last bin that has any; empty if no call was tried again.
    pub fn list(&self) -> Vec<FurtherAttempts> {
        self.bins.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_in_the_class_of_their_number_and_the_bin_of_their_instant() {
        let mut further = Further::new(SimDuration::from_secs(2), SimDuration::from_secs(5));
        let at = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
        for (number, secs) in [(2, 0), (3, 1), (4, 2), (5, 2), (8, 3), (9, 4), (1_000, 4), (2, 5)] {
            further.sent(number, at(secs));
        }
        assert_eq!(further.list(), [[1, 1, 0, 0, 0], [0, 0, 1, 2, 0], [0, 0, 0, 0, 2]].map(FurtherAttempts));
    }
}
