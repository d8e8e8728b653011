//! How long does it take until everybody is done, as more clients compete?

use super::sweep::{self, Point};
use super::{Chart, View};
use crate::number;
use crate::summary::{ArmSummary, Kind, reached_cell};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// The instant of the last success, against the number of clients.
pub struct CompletionByClients;

impl Chart for CompletionByClients {
    fn name(&self) -> &'static str {
        "completion-by-clients"
    }

    fn summary(&self) -> &'static str {
        "Time until the last call has succeeded, by number of clients, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if Kind::of(results) == Kind::OneShot { View::along_count(results) } else { Vec::new() }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("clients", ""), Column::number("runs", "")];
        columns.extend(["done p5", "done median", "done p95"].map(|name| Column::number(name, "s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in 0..results.manifest.arms.len() as u32 {
            for cell in &view.cells {
                let Some(clients) = sweep::clients(&results.manifest, *cell) else { continue };
                let arm = ArmSummary::of(results, *cell, arm);
                let band = [Quantile::P5, Quantile::MEDIAN, Quantile::P95].map(|quantile| arm.completion_quantile(quantile));
                let mut row = vec![Cell::text(&arm.name), Cell::Count(clients as u64), Cell::Count(arm.runs)];
                row.extend(band.map(|reached| Cell::or_missing(reached, reached_cell)));
                table.push(row);
            }
        }
        table.rows.iter().any(|row| row[4] != Cell::Missing).then_some(table)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let lines: Vec<Vec<Point>> = results.manifest.arms.iter().map(|arm| line(&table, arm)).collect();
        let title = "How long it takes until everybody is done, as more clients compete".to_owned();
        let text = |seconds| number::length(SimDuration::from_secs_f64(seconds));
        Some(sweep::draw(results, view, theme, title, "time of the last success", &lines, text))
    }
}

fn line(table: &Table, arm: &str) -> Vec<Point> {
    let point = |row: &Vec<Cell>| {
        let band = row[3].value().zip(row[4].value()).zip(row[5].value()).map(|((low, middle), high)| [low, middle, high])?;
        Some(Point { clients: row[1].value()?, band, is_bound: matches!(row[4], Cell::Censored(_)) })
    };
    table.rows.iter().filter(|row| row[0] == Cell::text(arm)).filter_map(point).collect()
}
