//! How do calls of one class fare?

use super::latency::seen;
use super::{Better, Owned, Owner, Reading, Unit};
use crate::results::Manifest;
use models::measure::{ClassMeasures, RunMeasures};

const fn of_class(
    prefix: &'static str,
    unit: Unit,
    better: Better,
    summary: &'static str,
    of: fn(&RunMeasures, &Manifest, &str) -> Reading,
) -> Owned {
    Owned { prefix, owner: Owner::Class, unit, better, summary, of }
}

/// All of them.
pub(super) const ALL: [Owned; 4] = [
    of_class("availability of class ", Unit::Share, Better::More, "successful calls of all calls of this class", |run, _, name| {
        read(run, name, |of| Unit::Share.quotient(of.succeeded.into(), of.calls.into()))
    }),
    of_class("calls of class ", Unit::Count, Better::Unsaid, "calls of this class", |run, _, name| {
        read(run, name, |of| Reading::count(of.calls))
    }),
    of_class("latency p50 of class ", Unit::Time, Better::Less, "median latency of this class's calls that succeed", |run, _, name| {
        read(run, name, |of| seen(&of.latency, of.latency.p50))
    }),
    of_class(
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
