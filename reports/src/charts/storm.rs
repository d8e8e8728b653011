//! How much of the load is calls that are tried again, and for the how-manieth time?
//!
//! The retry storm seen: attempts per second, stacked by their number within the call. What a call wants is the lowest band; all
//! above it is what strategies make of failures. Own form.

use super::axis::Axis;
use super::over_time;
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::export::series::ATTEMPTS_ON_ALL_EDGES;
use crate::number;
use crate::summary::Kind;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::{CLASSES, CellSeries, Results};

/// Attempts per second by their number within the call, one panel per arm.
pub struct AttemptsByNumber;

/// Columns before the first number of attempts.
const BEFORE: usize = 3;

impl Chart for AttemptsByNumber {
    fn name(&self) -> &'static str {
        "attempts-by-number"
    }

    fn summary(&self) -> &'static str {
        "Attempts put on the wire per second, on all edges together, stacked by their number within the call, per arm: the retry storm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        // A one-shot sweep is told by its counts.
        let is_sweep = results.manifest.cells.len() > 1;
        if Kind::of(results) == Kind::OneShot && is_sweep { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("start of bin", "s")];
        columns.push(Column::number(ATTEMPTS_ON_ALL_EDGES, "1/s"));
        columns.extend(["1st"].into_iter().chain(CLASSES).map(|name| Column::number(format!("{name} attempts of their call"), "1/s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        let arms = results.manifest.arms.iter().enumerate();
        let all: Vec<(&String, &CellSeries)> =
            arms.filter_map(|(arm, name)| Some((name, results.series_of(view.cell(), arm as u32)?))).collect();
        if all.iter().all(|(_, series)| series.further.is_empty()) {
            return None;
        }
        let bin = results.manifest.bin;
        for (name, series) in all {
            let per_second = |count: u64| Cell::Rate(count as f64 / series.runs.max(1) as f64 / bin.as_secs_f64());
            for (index, totals) in series.bins.iter().enumerate() {
                let further = series.further.get(index).copied().unwrap_or_default();
                let mut row = vec![Cell::text(name), Cell::Length(bin.saturating_mul(index as u64))];
                row.push(per_second(totals.attempts));
                row.push(per_second(totals.attempts.saturating_sub(further.total())));
                row.extend(further.0.map(per_second));
                table.push(row);
            }
        }
        Some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(2)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let manifest = &results.manifest;
        let used = used(&table);
        let headings: Vec<&str> = manifest.arms.iter().map(String::as_str).collect();
        let entry = |class: usize| {
            let text = if class == 0 { "1st attempt of its call" } else { CLASSES[class - 1] };
            Entry::mark(text, theme.step(class, CLASSES.len() + 1), Mark::Square)
        };
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let mut caption = over_time::caption(results, view, runs, headings.len());
        if let (Some(first), true) = (caption.first_mut(), runs > 1) {
            let bands = format!("Line: median over {runs} runs; band: 5th to 95th percentile of the runs.");
            *first = first.replace(&bands, &format!("Mean over {runs} runs; the bands add up to all attempts on all edges together, so that a call that passes two edges is two first attempts."));
        }
        let frame = Frame {
            title: view.titled("How often calls are tried: attempts on all edges together, by their number within the call"),
            legend: used.iter().map(|class| entry(*class)).collect(),
            caption,
            body: over_time::height(&headings, theme),
        };
        let stacks: Vec<Vec<Stack>> = headings.iter().map(|name| stacks(&table, name, manifest.bin.as_secs_f64())).collect();
        let highest = stacks.iter().flatten().map(|stack| stack.upper[CLASSES.len()]).fold(0.0, f64::max);
        let y = Axis::linear("attempts per second, all edges", 0.0, highest * 1.05, number::significant);
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::panels(sheet, results, view, &headings, &y, |plane, arm| {
                // From the top downwards, each over the one before: of an area that begins at the axis only the upper end has to be told.
                for &class in used.iter().rev() {
                    let is_any = |stack: &Stack| class == 0 || stack.upper[class] > stack.upper[class - 1];
                    if stacks[arm].iter().any(is_any) {
                        let upper: Vec<(f64, f64)> = stacks[arm].iter().map(|stack| (stack.x, stack.upper[class])).collect();
                        plane.area(&upper, theme.step(class, CLASSES.len() + 1));
                    }
                }
                // Again, over the areas: those are opaque. In a grey print, and on a dark page, the line tells where first attempts end and the whole ends.
                plane.faults(manifest.faults_of(view.cell()), false);
                for class in [0, CLASSES.len()] {
                    plane.thin(&stacks[arm].iter().map(|stack| (stack.x, stack.upper[class])).collect::<Vec<_>>(), theme.ink);
                }
            });
        }))
    }
}

/// The classes of attempts of which there are any.
fn used(table: &Table) -> Vec<usize> {
    let is_used = |class: &usize| table.rows.iter().any(|row| row[BEFORE + class].value().is_some_and(|rate| rate > 0.0));
    (0..=CLASSES.len()).filter(|class| *class == 0 || is_used(class)).collect()
}

/// A place of one arm, in seconds, and the upper end of each band there.
#[derive(Clone, Copy)]
struct Stack {
    x: f64,
    upper: [f64; CLASSES.len() + 1],
}

/// Up to so many bins are drawn as the steps that they are; of more a step would be as wide as the line around it.
const STEPS: usize = 60;

fn stacks(table: &Table, arm: &str, bin: f64) -> Vec<Stack> {
    let rows: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| row[0] == Cell::text(arm)).collect();
    let stack = |row: &&Vec<Cell>| {
        let mut upper = [0.0; CLASSES.len() + 1];
        let mut sum = 0.0;
        for (class, end) in upper.iter_mut().enumerate() {
            sum += row[BEFORE + class].value().unwrap_or(0.0);
            *end = sum;
        }
        let x = row[1].value().unwrap_or(0.0);
        let places = if rows.len() <= STEPS { vec![x, x + bin] } else { vec![x + bin / 2.0] };
        places.into_iter().map(move |x| Stack { x, upper })
    };
    rows.iter().flat_map(stack).collect()
}
