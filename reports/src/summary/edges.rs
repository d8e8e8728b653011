//! What was done over each edge beyond the first attempts of its calls?

use crate::table::{Cell, Column, Table};
use scenarios::measure::{EdgeMeasures, RunMeasures};
use scenarios::results::Manifest;

/// Counts of an edge: how a table heads them, and how files do, with what is counted.
type Count = (&'static str, &'static str, fn(&EdgeMeasures) -> u64);

/// What there is beside calls, successes and attempts.
const COUNTS: [Count; 7] = [
    ("failed", "failed", |edge| edge.failed),
    ("abandoned", "abandoned", |edge| edge.abandoned),
    ("unfinished", "unfinished", |edge| edge.unfinished),
    ("retries", "retries", |edge| edge.retries),
    ("hedges", "hedges", |edge| edge.hedges),
    ("answers that\nshed", "answers that shed", |edge| edge.shed),
    ("fallbacks", "fallbacks", |edge| edge.fallbacks),
];

/// The counts of all edges of a run, one in a row; nothing where nothing was tried again, shed or made up for.
pub fn edges(manifest: &Manifest, run: &RunMeasures) -> Option<Table> {
    let is_plain = |edge: &EdgeMeasures| edge.retries + edge.hedges + edge.shed + edge.fallbacks == 0;
    if run.edges.iter().all(is_plain) {
        return None;
    }
    let mut columns =
        vec![Column::text("edge"), Column::number("calls", ""), Column::number("succeeded", ""), Column::number("attempts", "")];
    columns.extend(COUNTS.iter().map(|(head, ..)| Column::number(*head, "")));
    let mut table = Table::new("Calls of each edge that are counted: started after the warm-up and before the horizon", columns);
    for (name, edge) in manifest.edges.iter().zip(&run.edges) {
        let known = [edge.calls, edge.succeeded, edge.attempts].map(Cell::Count);
        let counts = COUNTS.iter().map(|(.., of)| if of(edge) == 0 { Cell::Missing } else { Cell::Count(of(edge)) });
        table.push(std::iter::once(Cell::text(name)).chain(known).chain(counts).collect());
    }
    Some(table.without_empty_columns())
}

/// The columns of the edges in a file of runs, beside those of calls, successes and attempts.
pub fn columns(manifest: &Manifest) -> Vec<Column> {
    let of = |edge: &String| COUNTS.map(|(_, head, _)| Column::number(format!("{edge}: {head}"), ""));
    manifest.edges.iter().flat_map(of).collect()
}

/// The cells of the edges in the row of a run.
pub fn cells(manifest: &Manifest, run: Option<&RunMeasures>) -> Vec<Cell> {
    let of = |place: usize| {
        let edge = run.and_then(|run| run.edges.get(place));
        COUNTS.map(|(.., count)| edge.map_or(Cell::Missing, |edge| Cell::Count(count(edge))))
    };
    (0..manifest.edges.len()).flat_map(of).collect()
}
