//! What goes over one edge?

use super::{Better, Owned, Owner, Reading, Unit};
use crate::results::Manifest;
use models::measure::{EdgeMeasures, RunMeasures};

const OWNER: Owner = Owner::Edge;

/// All of them.
pub(super) const ALL: [Owned; 8] = [
    OWNER.measure(
        "attempts per call of ",
        Unit::Ratio,
        Better::Less,
        "attempts for each call over this edge: its amplification",
        |run, manifest, name| {
            edge(run, manifest, name).map_or(Reading::Missing, |edge| Unit::Ratio.quotient(edge.attempts.into(), edge.calls.into()))
        },
    ),
    OWNER.measure("calls of ", Unit::Count, Better::Unsaid, "calls made over this edge", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.calls))
    }),
    OWNER.measure("attempts of ", Unit::Count, Better::Less, "attempts put on the wire of this edge", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.attempts))
    }),
    OWNER.measure("success of ", Unit::Share, Better::More, "calls over this edge that succeed, of all over it", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Unit::Share.quotient(edge.succeeded.into(), edge.calls.into()))
    }),
    OWNER.measure(
        "retries of ",
        Unit::Count,
        Better::Less,
        "attempts of this edge after all others of their call had ended",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.retries)),
    ),
    OWNER.measure(
        "hedges of ",
        Unit::Count,
        Better::Less,
        "attempts of this edge beside others of their call that are waited for",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.hedges)),
    ),
    OWNER.measure(
        "shed answers of ",
        Unit::Count,
        Better::Less,
        "answers over this edge that say that there is no room",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.shed)),
    ),
    OWNER.measure(
        "fallbacks of ",
        Unit::Count,
        Better::Unsaid,
        "failures over this edge that were answered with a makeshift",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.fallbacks)),
    ),
];

fn edge<'a>(run: &'a RunMeasures, manifest: &Manifest, name: &str) -> Option<&'a EdgeMeasures> {
    let place = manifest.edges.iter().position(|edge| edge == name)?;
    run.edges.get(place)
}

/// `a->b` and `a  ->  b` name the edge `a -> b`.
pub(crate) fn normalised(edge: &str) -> String {
    edge.split_once("->").map_or_else(|| edge.to_owned(), |(caller, callee)| format!("{} -> {}", caller.trim(), callee.trim()))
}
