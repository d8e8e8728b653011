//! What goes over one edge?

use super::{Better, Owned, Owner, Reading, Unit};
use crate::results::Manifest;
use models::measure::{EdgeMeasures, RunMeasures};

const fn of_edge(
    prefix: &'static str,
    unit: Unit,
    better: Better,
    summary: &'static str,
    of: fn(&RunMeasures, &Manifest, &str) -> Reading,
) -> Owned {
    Owned { prefix, owner: Owner::Edge, unit, better, summary, of }
}

/// All of them.
pub(super) const ALL: [Owned; 8] = [
    of_edge(
        "attempts per call of ",
        Unit::Ratio,
        Better::Less,
        "attempts for each call over this edge: its amplification",
        |run, manifest, name| {
            edge(run, manifest, name).map_or(Reading::Missing, |edge| Unit::Ratio.quotient(edge.attempts.into(), edge.calls.into()))
        },
    ),
    of_edge("calls of ", Unit::Count, Better::Unsaid, "calls made over this edge", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.calls))
    }),
    of_edge("attempts of ", Unit::Count, Better::Less, "attempts put on the wire of this edge", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.attempts))
    }),
    of_edge("success of ", Unit::Share, Better::More, "calls over this edge that succeed, of all over it", |run, manifest, name| {
        edge(run, manifest, name).map_or(Reading::Missing, |edge| Unit::Share.quotient(edge.succeeded.into(), edge.calls.into()))
    }),
    of_edge(
        "retries of ",
        Unit::Count,
        Better::Less,
        "attempts of this edge after all others of their call had ended",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.retries)),
    ),
    of_edge(
        "hedges of ",
        Unit::Count,
        Better::Less,
        "attempts of this edge beside others of their call that are waited for",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.hedges)),
    ),
    of_edge(
        "shed answers of ",
        Unit::Count,
        Better::Less,
        "answers over this edge that say that there is no room",
        |run, manifest, name| edge(run, manifest, name).map_or(Reading::Missing, |edge| Reading::count(edge.shed)),
    ),
    of_edge(
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
