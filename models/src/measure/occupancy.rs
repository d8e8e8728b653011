//! How full was every service over time? One series for each, bin by bin.
//!
//! At the end of a time bin the integrals over time of those who wait and of busy workers, in whole nanoseconds, are less by those at its
//! begin what they grew by in it; over the width of the bin that is a mean, which is kept in thousandths, so that runs add up in any order.

use super::Levels;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// How full one service was over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occupancy {
    /// The service.
    pub service: String,
    /// Workers of all its replicas, as the scenario says; 0 if nothing limits them.
    pub workers: u64,
    /// For each bin: how many workers were busy or held on average, in thousandths. Nothing if none ever was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<u64>,
    /// For each bin: how many requests and runs of background work waited for a worker on average, in thousandths. Nothing if none ever did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<u64>,
}

/// Parts of one.
pub const THOUSANDTHS: u64 = 1_000;

/// The means of all services, bin by bin, while a run goes on.
#[derive(Clone, Debug, Default)]
pub struct Occupancies {
    /// The end of the last bin.
    until: SimTime,
    /// By service: integrals of those who wait and of busy workers up to there.
    integrals: Vec<[u128; 2]>,
    /// By service: those who wait and busy workers, for each bin.
    means: Vec<[Vec<u64>; 2]>,
}

impl Occupancies {
    /// A bin has ended, at which the levels of all services are these.
    pub(crate) fn bin_ends(&mut self, at: SimTime, levels: &[Levels]) {
        let width = u128::from((at - self.until).as_nanos());
        self.integrals.resize(levels.len(), [0; 2]);
        self.means.resize(levels.len(), <[Vec<u64>; 2]>::default());
        for ((levels, before), means) in levels.iter().zip(&mut self.integrals).zip(&mut self.means) {
            for ((level, before), means) in levels.iter().zip(before).zip(means) {
                let integral = level.integral(at);
                let grown = integral - std::mem::replace(before, integral);
                let mean = (grown * u128::from(THOUSANDTHS) + width / 2).checked_div(width).unwrap_or(0);
                means.push(u64::try_from(mean).expect("fewer than 2^32 wait or are busy"));
            }
        }
        self.until = at;
    }

    /// The series of services with these names and so many workers.
    pub(super) fn finish<'a>(self, services: impl Iterator<Item = (&'a str, u64)>) -> Vec<Occupancy> {
        let kept = |means: Vec<u64>| if means.iter().any(|mean| *mean > 0) { means } else { Vec::new() };
        let one = |((service, workers), [waiting, busy]): ((&str, u64), [Vec<u64>; 2])| Occupancy {
            service: service.to_owned(),
            workers,
            busy: kept(busy),
            waiting: kept(waiting),
        };
        services.zip(self.means).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Level;

    #[test]
    fn the_mean_of_a_bin_is_what_its_integral_grew_by() {
        let at = SimTime::from_nanos;
        let (mut waiting, mut busy, calling) = (Level::default(), Level::default(), Level::default());
        let mut all = Occupancies::default();
        busy.up(at(40));
        all.bin_ends(at(100), &[[waiting, busy, calling]]);
        waiting.up(at(150));
        waiting.down(at(175));
        all.bin_ends(at(200), &[[waiting, busy, calling]]);
        // The last bin may be shorter.
        busy.down(at(225));
        all.bin_ends(at(250), &[[waiting, busy, calling]]);
        let shown = all.finish([("desk", 1)].into_iter());
        assert_eq!(shown[0].busy, [600, 1000, 500]);
        assert_eq!(shown[0].waiting, [0, 250, 0]);
    }

    #[test]
    fn what_never_was_is_not_kept() {
        let mut all = Occupancies::default();
        all.bin_ends(SimTime::from_nanos(100), &[[Level::default(); 3]]);
        assert_eq!(all.finish([("desk", 1)].into_iter()), [Occupancy { service: "desk".to_owned(), workers: 1, ..Occupancy::default() }]);
    }
}
