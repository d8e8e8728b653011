//! How do all results look to a program, in one file?
//!
//! `results.json`, whose shape is published ([`schema`](super::schema)): what was run, the verdicts, the ranking of every cell, and every run
//! column by column, as tables in other programs keep it. Numbers are in the unit of their column. A length that is known only to be
//! longer is its bound, and the column names those rows under `longer_than`.

use super::json;
use super::runs;
use crate::summary::{Ranking, cell_label, fates};
use crate::table::{Cell, Table};
use scenarios::expect::{self, Verdict};
use scenarios::numbers::Numbers;
use scenarios::results::{Manifest, Results};
use serde_json::{Value, json};

/// The version of the shape: it grows when something is renamed, removed or means something else, and not when something is added.
pub const SCHEMA_VERSION: u64 = 1;

/// The whole file as a JSON value.
pub fn results(results: &Results) -> Value {
    let manifest = &results.manifest;
    let cells = 0..manifest.cells.len() as u32;
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool_version": manifest.tool_version,
        "scenario": scenario(manifest),
        "digest": format!("{:016x}", results.digest()),
        "arms": manifest.arms,
        "axes": manifest.axes,
        "cells": cells.clone().map(|cell| json!({ "label": cell_label(manifest, cell), "values": manifest.cells[cell as usize] })).collect::<Vec<_>>(),
        "headline": fates::headline(results),
        "expectations": expect::judge(results, Numbers::Written).iter().map(|verdict| judged(manifest, verdict)).collect::<Vec<_>>(),
        "rankings": cells.map(|cell| json::table(&Ranking::of(results, cell).table())).collect::<Vec<_>>(),
        "runs": columns(&runs::table(results)),
    })
}

fn scenario(manifest: &Manifest) -> Value {
    json!({
        "name": manifest.scenario,
        "source": manifest.source,
        "hash": manifest.scenario_hash,
        "first_seed": manifest.first_seed,
        "replications": manifest.replications,
        "warm_up": manifest.warm_up.as_secs_f64(),
        "horizon": manifest.horizon.as_secs_f64(),
        "bin": manifest.bin.as_secs_f64(),
        "load": manifest.load,
    })
}

fn judged(manifest: &Manifest, verdict: &Verdict) -> Value {
    json!({
        "verdict": verdict.judgement.name(),
        "arm": manifest.arms.get(verdict.arm as usize),
        "cell": verdict.cell,
        "expected": verdict.clause,
        "seen": verdict.evidence,
        "worst_seed": verdict.worst_seed,
    })
}

/// A table column by column.
fn columns(table: &Table) -> Value {
    let column = |(index, head): (usize, &crate::table::Column)| {
        let cells = || table.rows.iter().map(|row| &row[index]);
        let is_words = cells().any(|cell| matches!(plain(cell), Cell::Text(_) | Cell::Code(_)));
        let values: Vec<Value> = cells().map(|cell| value(cell, is_words)).collect();
        let mut column = json!({ "name": head.name.replace('\n', " "), "unit": head.unit, "values": values });
        let censored: Vec<usize> =
            cells().enumerate().filter(|(_, cell)| matches!(plain(cell), Cell::Censored(_))).map(|(row, _)| row).collect();
        if !censored.is_empty() {
            column["longer_than"] = Value::from(censored);
        }
        column
    };
    json!({ "rows": table.rows.len(), "columns": table.columns.iter().enumerate().map(column).collect::<Vec<_>>() })
}

/// A cell without its remark.
pub(super) fn plain(cell: &Cell) -> &Cell {
    match cell {
        Cell::Noted(cell, _) => plain(cell),
        cell => cell,
    }
}

fn value(cell: &Cell, is_words: bool) -> Value {
    match plain(cell) {
        Cell::Missing => Value::Null,
        cell if is_words => Value::from(cell.raw()),
        Cell::Count(count) | Cell::OutOf(count, _) => Value::from(*count),
        cell => cell.value().map_or(Value::Null, Value::from),
    }
}
