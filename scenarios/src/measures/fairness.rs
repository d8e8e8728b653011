//! How evenly are the clients of one population served?

use super::{Better, Owned, Owner, Reading, Unit};
use models::measure::{FairnessMeasures, RunMeasures};

const fn of_population(
    prefix: &'static str,
    unit: Unit,
    better: Better,
    summary: &'static str,
    of: fn(&RunMeasures, &super::Manifest, &str) -> Reading,
) -> Owned {
    Owned { prefix, owner: Owner::Population, unit, better, summary, of }
}

/// All of them. A population is counted client by client if it says so (`counts_each`).
pub(super) const ALL: [Owned; 3] = [
    of_population(
        "fairness of ",
        Unit::Share,
        Better::More,
        "Jain's index over the successes of each client of this population",
        |run, _, name| read(run, name, |of| index(of.successes.jain)),
    ),
    of_population(
        "fairness of attempts of ",
        Unit::Share,
        Better::More,
        "Jain's index over the attempts of each client of this population",
        |run, _, name| read(run, name, |of| index(of.attempts.jain)),
    ),
    of_population(
        "fewest successes of a client of ",
        Unit::Count,
        Better::More,
        "successes of the client of this population that has fewest",
        |run, _, name| read(run, name, |of| Reading::count(of.successes.least.into())),
    ),
];

/// An index in billionths is a share.
fn index(jain: Option<u32>) -> Reading {
    jain.map_or(Reading::Missing, |jain| Reading::Is(i128::from(jain)))
}

fn read(run: &RunMeasures, name: &str, of: impl Fn(&FairnessMeasures) -> Reading) -> Reading {
    run.fairness.iter().find(|fairness| fairness.population == name).map_or(Reading::Missing, of)
}
