//! How much work does contention cost, as more clients compete?

use super::sweep::{self, Point};
use super::{Chart, View};
use crate::number;
use crate::summary::ArmSummary;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;

/// Attempts on all edges until everybody is done, against the number of clients.
pub struct CallsByClients;

impl Chart for CallsByClients {
    fn name(&self) -> &'static str {
        "calls-by-clients"
    }

    fn summary(&self) -> &'static str {
        "Attempts put on the wire until the end of the run, by number of clients, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        View::along_count(results)
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("clients", ""), Column::number("runs", "")];
        columns.extend(["attempts p5", "attempts median", "attempts p95"].map(|name| Column::number(name, "")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in 0..results.manifest.arms.len() as u32 {
            for cell in &view.cells {
                let Some(clients) = sweep::clients(&results.manifest, *cell) else { continue };
                let arm = ArmSummary::of(results, *cell, arm);
                let band = [Quantile::P5, Quantile::MEDIAN, Quantile::P95].map(|quantile| quantile.of(&arm.attempts));
                let mut row = vec![Cell::text(&arm.name), Cell::Count(clients as u64), Cell::Count(arm.runs)];
                row.extend(band.map(|value| Cell::or_missing(value, Cell::Count)));
                table.push(row);
            }
        }
        table.rows.iter().any(|row| row[4] != Cell::Missing).then_some(table)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let lines: Vec<Vec<Point>> = results.manifest.arms.iter().map(|arm| line(&table, arm)).collect();
        let title = "How many attempts it takes until everybody is done, as more clients compete".to_owned();
        Some(sweep::draw(results, view, theme, title, "attempts, all edges", &lines, number::significant))
    }
}

fn line(table: &Table, arm: &str) -> Vec<Point> {
    let point = |row: &Vec<Cell>| {
        let band = row[3].value().zip(row[4].value()).zip(row[5].value()).map(|((low, middle), high)| [low, middle, high])?;
        Some(Point { clients: row[1].value()?, band, is_bound: false })
    };
    table.rows.iter().filter(|row| row[0] == Cell::text(arm)).filter_map(point).collect()
}
