//! How busy is one service, and what does it turn away?

use super::{Better, Owned, Owner, Reading, Unit};
use models::measure::{RunMeasures, ServiceMeasures};

const OWNER: Owner = Owner::Service;

/// All of them.
pub(super) const ALL: [Owned; 5] = [
    OWNER.measure(
        "utilisation of ",
        Unit::Share,
        Better::Unsaid,
        "time that workers of this service are busy or held, of all their time",
        |run, _, name| read(run, name, |of| Unit::Share.quotient(of.busy.as_nanos().into(), of.capacity().as_nanos().into())),
    ),
    OWNER.measure(
        "mean queue of ",
        Unit::Ratio,
        Better::Less,
        "requests that wait for a worker of this service, on average over time",
        |run, _, name| read(run, name, |of| Unit::Ratio.quotient(of.waiting.as_nanos().into(), of.averaged_over.as_nanos().into())),
    ),
    OWNER.measure("mean inside ", Unit::Ratio, Better::Less, "requests that are in this service, on average over time", |run, _, name| {
        read(run, name, |of| Unit::Ratio.quotient(of.inside().as_nanos().into(), of.averaged_over.as_nanos().into()))
    }),
    OWNER.measure(
        "shed by ",
        Unit::Share,
        Better::Less,
        "requests that this service turns away for want of room, of all that arrive",
        |run, _, name| read(run, name, |of| Unit::Share.quotient(of.shed.into(), of.arrived.into())),
    ),
    OWNER.measure("requests of ", Unit::Count, Better::Unsaid, "requests that arrive at this service", |run, _, name| {
        read(run, name, |of| Reading::count(of.arrived))
    }),
];

fn read(run: &RunMeasures, name: &str, of: impl Fn(&ServiceMeasures) -> Reading) -> Reading {
    run.services.iter().find(|service| service.service == name).map_or(Reading::Missing, of)
}
