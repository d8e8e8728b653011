//! For what share of the time are members of a service or group up?

use super::{Better, Owned, Owner, Reading, Unit};
use crate::uptime::Quorum;
use models::measure::RunMeasures;

const OWNER: Owner = Owner::Fleet;

/// All of them: the longest prefix that fits a name counts.
pub(super) const ALL: [Owned; 3] = [
    OWNER.measure(
        "uptime of ",
        Unit::Share,
        Better::More,
        "time in which every member of this service or group is up, of all from the warm-up to the horizon",
        |run, _, name| read(run, name, Quorum::All),
    ),
    OWNER.measure(
        "uptime of a majority of ",
        Unit::Share,
        Better::More,
        "time in which more than half of the members of this service or group are up",
        |run, _, name| read(run, name, Quorum::Majority),
    ),
    OWNER.measure(
        "uptime of any of ",
        Unit::Share,
        Better::More,
        "time in which at least one member of this service or group is up",
        |run, _, name| read(run, name, Quorum::One),
    ),
];

/// Missing where nothing can take a member down: then nothing is counted.
fn read(run: &RunMeasures, name: &str, quorum: Quorum) -> Reading {
    let up = run.up.iter().find(|up| up.of == name);
    up.map_or(Reading::Missing, |up| {
        let (part, whole) = up.at_least(quorum.of(up.members));
        Unit::Share.quotient(part, whole)
    })
}
