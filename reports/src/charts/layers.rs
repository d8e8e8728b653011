//! In what state are the strategies: which breakers are open, how many retries are left, how many replicas are ejected?

use super::axis::Axis;
use super::over_time::{self, Panel, Track};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::{GaugeTotals, MILLIONTHS, Results};

/// More arms than this get a panel each.
const ARMS_IN_ONE: usize = 4;

/// What the layers of one edge show over time, one line per arm.
pub struct LayersOverTime;

impl Chart for LayersOverTime {
    fn name(&self) -> &'static str {
        "layers-over-time"
    }

    fn summary(&self) -> &'static str {
        "State of the strategies at the end of each time bin: breakers open, retries left, limits, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        let mut views = Vec::new();
        for view in View::per_cell(results) {
            let mut shown: Vec<(u32, &str)> = Vec::new();
            let all = (0..results.manifest.arms.len() as u32).filter_map(|arm| results.series_of(view.cell(), arm));
            for gauge in all.flat_map(|series| &series.gauges) {
                if !shown.contains(&(gauge.edge, gauge.name.as_str())) && gauge.bins.iter().any(|(sum, _)| *sum != 0) {
                    shown.push((gauge.edge, &gauge.name));
                }
            }
            for (index, (edge, name)) in shown.into_iter().enumerate() {
                let suffix = format!("{}-{}", view.suffix, index + 1);
                views.push(View { suffix, gauge: Some((edge, name.to_owned())), ..view.clone() });
            }
        }
        views
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let (edge, name) = view.gauge.as_ref()?;
        let columns = vec![
            Column::text("arm"),
            Column::number("end of bin", "s"),
            Column::number("runs", ""),
            Column::number(format!("{name}, mean"), ""),
        ];
        let mut table = Table::new(view.titled(&title(results, *edge, name)), columns);
        for (arm, arm_name) in results.manifest.arms.iter().enumerate() {
            let Some(gauge) = results.series_of(view.cell(), arm as u32).and_then(|series| find(&series.gauges, *edge, name)) else {
                continue;
            };
            for (index, &(sum, runs)) in gauge.bins.iter().enumerate() {
                let end = results.manifest.bin.saturating_mul(index as u64 + 1);
                let mean = (runs > 0).then(|| sum as f64 / f64::from(runs) / MILLIONTHS);
                table.push(vec![
                    Cell::text(arm_name),
                    Cell::Length(end),
                    Cell::Count(u64::from(runs)),
                    Cell::or_missing(mean, Cell::Number),
                ]);
            }
        }
        table.rows.iter().any(|row| row[3] != Cell::Missing).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(3)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let (edge, name) = view.gauge.as_ref()?;
        let manifest = &results.manifest;
        let arms: Vec<(usize, &String)> =
            manifest.arms.iter().enumerate().filter(|(_, arm)| table.rows.iter().any(|row| row[0] == Cell::text(*arm))).collect();
        let track = |&(arm, arm_name): &(usize, &String)| {
            let cell = Cell::text(arm_name);
            let point = |row: &Vec<Cell>| (row[1].value().unwrap_or(0.0), row[3].value().map(|mean| [mean; 3]));
            Track { colour: theme.arm(arm), points: table.rows.iter().filter(|row| row[0] == cell).map(point).collect() }
        };
        let many = arms.len() > ARMS_IN_ONE;
        let panels: Vec<Panel> = if many {
            arms.iter().map(|arm| Panel { heading: arm.1.clone(), tracks: vec![track(arm)] }).collect()
        } else {
            vec![Panel { heading: String::new(), tracks: arms.iter().map(track).collect() }]
        };
        let legend = if many { Vec::new() } else { arms.iter().map(|(arm, name)| Entry::line(name.as_str(), theme.arm(*arm))).collect() };
        let highest = table.rows.iter().filter_map(|row| row[3].value()).fold(0.0, f64::max);
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let mut caption = over_time::caption(results, view, runs, panels.len());
        if let (Some(first), true) = (caption.first_mut(), runs > 1) {
            *first = first.replace(
                &format!("Line: median over {runs} runs; band: 5th to 95th percentile of the runs."),
                &format!("Line: mean over {runs} runs and over all who have such a layer of their own."),
            );
        }
        let frame = Frame {
            title: view.titled(&title(results, *edge, name)),
            legend,
            caption,
            body: over_time::height(&over_time::headings(&panels), theme),
        };
        // The title says it as well, and has more room.
        let label = over_time::short(name, if many { 180.0 } else { 300.0 }, theme);
        let y = Axis::linear(label, 0.0, highest * 1.05, number::significant);
        Some(sheet::draw(theme, &frame, |sheet| over_time::draw(sheet, results, view, &panels, &y)))
    }
}

fn title(results: &Results, edge: u32, name: &str) -> String {
    let edge = results.manifest.edges.get(edge as usize).map_or("", String::as_str);
    format!("What the strategies do meanwhile: {name}, {edge}")
}

fn find<'a>(gauges: &'a [GaugeTotals], edge: u32, name: &str) -> Option<&'a GaugeTotals> {
    gauges.iter().find(|gauge| gauge.edge == edge && gauge.name == name)
}
