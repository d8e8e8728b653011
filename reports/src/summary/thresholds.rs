//! Where is the edge of the stable region, and how sure is that?
//!
//! Every seed has an edge; the table shows the median over the seeds with its 95 % interval by order statistics, and between which values
//! nine of ten edges lie.

use super::cell_label;
use super::fates::named;
use crate::charts::scale::written;
use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::numbers::for_readers;
use scenarios::results::{Manifest, Results};
use scenarios::threshold::{Edge, Edges, Threshold};
use sim_core::stats::quantile::Quantile;

/// One table for every path along which the edge was looked for.
pub fn thresholds(results: &Results) -> Vec<Table> {
    results.thresholds.iter().map(|threshold| table(&results.manifest, threshold)).collect()
}

fn table(manifest: &Manifest, threshold: &Threshold) -> Table {
    let columns = vec![
        Column::text("arm"),
        Column::text("cell"),
        Column::number("fails from\n(median of seeds)", ""),
        Column::number("95 % interval", ""),
        Column::number("5 % of seeds\nfail from", ""),
        Column::number("95 % of seeds\nfail from", ""),
        Column::number("fail at\nthe first value", "seeds"),
        Column::number("never\nfail", "seeds"),
        Column::number("cannot\nbe said", "seeds"),
        Column::number("contradicted by\nfurther runs", ""),
    ];
    let mut table = Table::new(title(threshold), columns);
    for edges in &threshold.edges {
        let sorted = edges.sorted(threshold.steps());
        let of = |quantile: Quantile| Cell::or_missing(quantile.of(&sorted), |index| value(threshold, index));
        let count = |wanted: fn(&Edge) -> bool| edges.of_seeds.iter().filter(|(_, edge)| wanted(edge)).count() as u64;
        let all = edges.of_seeds.len() as u64;
        let between = Quantile::MEDIAN.interval(&sorted);
        table.push(vec![
            Cell::or_missing(manifest.arms.get(edges.arm as usize), Cell::text),
            Cell::or_missing(Some(cell_label(manifest, edges.cell)).filter(|label| !label.is_empty()), Cell::Text),
            of(Quantile::MEDIAN),
            Cell::or_missing(between, |(low, high)| Cell::text(number::range(&said(threshold, low), &said(threshold, high)))),
            of(Quantile::new(5, 100)),
            of(Quantile::new(95, 100)),
            Cell::OutOf(count(|edge| *edge == Edge::Before), all),
            Cell::OutOf(count(|edge| *edge == Edge::Beyond), all),
            Cell::OutOf(count(|edge| matches!(edge, Edge::Unknown(_))), all),
            Cell::OutOf(edges.contradictions.into(), edges.checks.into()),
        ]);
    }
    table.without_empty_columns()
}

fn title(threshold: &Threshold) -> String {
    let first = threshold.values.first().map_or("", String::as_str);
    let last = threshold.values.last().map_or("", String::as_str);
    format!("From which {} on, between {first} and {last}: {}", threshold.path, until(threshold))
}

/// What counts as failing, as a reader sees numbers: `availability below 60 %`.
pub fn until(threshold: &Threshold) -> String {
    threshold.until.rsplit_once(' ').map_or_else(|| threshold.until.clone(), |(words, limit)| format!("{words} {}", for_readers(limit)))
}

/// One sentence for every arm and cell.
pub fn sentences(results: &Results) -> Vec<String> {
    let of_one =
        |threshold: &Threshold| threshold.edges.iter().map(|edges| sentence(&results.manifest, threshold, edges)).collect::<Vec<_>>();
    results.thresholds.iter().flat_map(of_one).collect()
}

fn sentence(manifest: &Manifest, threshold: &Threshold, edges: &Edges) -> String {
    let label = cell_label(manifest, edges.cell);
    let place = if label.is_empty() { String::new() } else { format!(" with {label}") };
    let arm = named(manifest.arms.get(edges.arm as usize).map_or("", String::as_str));
    let sorted = edges.sorted(threshold.steps());
    let unknown = edges.of_seeds.iter().find_map(|(_, edge)| if let Edge::Unknown(reason) = edge { Some(reason.as_str()) } else { None });
    let Some(median) = Quantile::MEDIAN.of(&sorted) else {
        return format!("{arm}{place}: cannot be said ({})", unknown.unwrap_or("no run was made"));
    };
    let runs = number::counted(&sorted.len().to_string(), "seed");
    let until = until(threshold);
    let (first, last) = (threshold.values.first().map_or("", String::as_str), threshold.values.last().map_or("", String::as_str));
    let told = match median {
        0 => format!("{until} at {first} already, where the search begins"),
        beyond if beyond > threshold.steps() => format!("holds out up to {last}, where the search ends ({until} nowhere)"),
        index => {
            let sure = Quantile::MEDIAN
                .interval(&sorted)
                .map(|(low, high)| format!(", 95 % interval {}", number::range(&said(threshold, low), &said(threshold, high))));
            format!("{until} from {} on{}", threshold.values[index as usize], sure.unwrap_or_default())
        }
    };
    format!("{arm}{place}: {told} (median of {runs})")
}

/// A value by its index, which may lie before the first or beyond the last.
fn said(threshold: &Threshold, index: u32) -> String {
    match threshold.values.get(index as usize) {
        Some(first) if index == 0 => format!("\u{2264} {first}"),
        Some(value) => value.clone(),
        None => format!("> {}", threshold.values.last().map_or("", String::as_str)),
    }
}

fn value(threshold: &Threshold, index: u32) -> Cell {
    if index == 0 || index > threshold.steps() { Cell::Text(said(threshold, index)) } else { written(&threshold.values[index as usize]) }
}
