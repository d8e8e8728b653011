//! How do calls of one class fare?

use super::latency::seen;
use super::{Better, Owned, Owner, Reading, Unit};
use models::measure::{ClassMeasures, RunMeasures};

const OWNER: Owner = Owner::Class;

/// All of them.
pub(super) const ALL: [Owned; 5] = [
    OWNER.measure("availability of class ", Unit::Share, Better::More, "successful calls of all calls of this class", |run, _, name| {
        read(run, name, |of| Unit::Share.quotient(of.succeeded.into(), of.calls.into()))
    }),
    OWNER.measure("calls of class ", Unit::Count, Better::Unsaid, "calls of this class", |run, _, name| {
        read(run, name, |of| Reading::count(of.calls))
    }),
    OWNER.measure("latency mean of class ", Unit::Time, Better::Less, "mean latency of this class's calls that succeed", |run, _, name| {
        read(run, name, |of| seen(&of.latency, of.latency.mean))
    }),
    OWNER.measure(
        "latency p50 of class ",
        Unit::Time,
        Better::Less,
        "median latency of this class's calls that succeed",
        |run, _, name| read(run, name, |of| seen(&of.latency, of.latency.p50)),
    ),
    OWNER.measure(
        "latency p99 of class ",
        Unit::Time,
        Better::Less,
        "99th percentile of the latency of this class's calls that succeed",
        |run, _, name| read(run, name, |of| seen(&of.latency, of.latency.p99)),
    ),
];

fn read(run: &RunMeasures, name: &str, of: impl Fn(&ClassMeasures) -> Reading) -> Reading {
    run.classes.iter().find(|class| class.class == name).map_or(Reading::Missing, of)
}
