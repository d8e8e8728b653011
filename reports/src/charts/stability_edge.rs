//! From which value on does the system fail, and how sharp is that edge?
//!
//! Every seed has an edge of its own (`vary: Bisect`). Without another varied parameter: the share of the seeds that have failed by a value,
//! one curve per arm. With one: the plane of both, a panel per arm, darker where more seeds fail, and a line at the median edge.

use super::axis::Axis;
use super::coinciding;
use super::over_time::{self, provenance};
use super::scale::{self, Scale};
use super::sheet::{self, Entry, Frame, Mark, Sheet};
use super::{Chart, View};
use crate::number;
use crate::summary;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::{Manifest, Results};
use scenarios::threshold::{Edges, Threshold};
use sim_core::stats::interval;
use sim_core::stats::quantile::Quantile;

/// Where the edge of the stable region is.
pub struct StabilityEdge;

impl Chart for StabilityEdge {
    fn name(&self) -> &'static str {
        "stability-edge"
    }

    fn summary(&self) -> &'static str {
        "Share of the seeds that fail at a value, and beyond which value half of them do, per arm (the bisected edge)"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        let mut views = Vec::new();
        for (index, _) in results.thresholds.iter().enumerate() {
            let of_grid = match across(&results.manifest) {
                None => View::per_cell(results),
                Some(axis) => View::along(results, axis),
            };
            let number = if results.thresholds.len() == 1 { String::new() } else { format!("-of-{index}") };
            views.extend(of_grid.into_iter().map(|view| View { suffix: format!("{}{number}", view.suffix), search: Some(index), ..view }));
        }
        views
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let threshold = results.thresholds.get(view.search?)?;
        let columns = vec![
            Column::text("arm"),
            Column::text("cell"),
            Column::text(&threshold.path),
            Column::number("seeds that fail", ""),
            Column::number("of", ""),
            Column::number("share that fails", "0..1"),
            Column::text("median edge"),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for edges in of_view(threshold, view) {
            let sorted = edges.sorted(threshold.steps());
            let all = sorted.len() as u64;
            let median = Quantile::MEDIAN.of(&sorted).map(|index| said(threshold, index));
            for (index, count) in steps(&sorted) {
                // Those that fail nowhere are no failures at a value of their own.
                let (value, count) = match index as usize >= threshold.values.len() {
                    true => (up_to_the_end(threshold), failing_seeds(threshold, &sorted)),
                    false => (said(threshold, index), count),
                };
                table.push(vec![
                    Cell::or_missing(results.manifest.arms.get(edges.arm as usize), Cell::text),
                    Cell::Text(summary::cell_label(&results.manifest, edges.cell)),
                    Cell::Text(value),
                    Cell::Count(count),
                    Cell::Count(all),
                    Cell::Ratio(count, all),
                    Cell::or_missing(median.as_ref(), Cell::text),
                ]);
            }
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(5)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        self.table(results, view)?;
        let threshold = results.thresholds.get(view.search?)?;
        match view.axis {
            None => Some(curves(results, threshold, view, theme)),
            Some(axis) => Some(planes(results, threshold, (view, axis), theme)),
        }
    }
}

/// The axis that edges are drawn across: one of numbers if there is one.
fn across(manifest: &Manifest) -> Option<usize> {
    Scale::of(manifest).map(|scale| scale.axis).or_else(|| (0..manifest.axes.len()).next())
}

fn of_view<'a>(threshold: &'a Threshold, view: &'a View) -> impl Iterator<Item = &'a Edges> {
    threshold.edges.iter().filter(|edges| view.cells.contains(&edges.cell))
}

/// Each value at which a seed fails first, and how many fail there.
fn steps(sorted: &[u32]) -> Vec<(u32, u64)> {
    let mut steps: Vec<(u32, u64)> = Vec::new();
    for (count, index) in (1..).zip(sorted) {
        match steps.last_mut() {
            Some(last) if last.0 == *index => last.1 = count,
            _ => steps.push((*index, count)),
        }
    }
    steps
}

/// How many of these seeds fail at any value.
fn failing_seeds(threshold: &Threshold, sorted: &[u32]) -> u64 {
    sorted.iter().filter(|index| (**index as usize) < threshold.values.len()).count() as u64
}

fn up_to_the_end(threshold: &Threshold) -> String {
    format!("up to {}", threshold.values.last().map_or("", String::as_str))
}

fn said(threshold: &Threshold, index: u32) -> String {
    let last = threshold.values.last().map_or("", String::as_str);
    threshold.values.get(index as usize).cloned().unwrap_or_else(|| format!("beyond {last}"))
}

/// Which seeds fail, after "the seeds": `that are stuck`, `with availability below 60 %`.
fn failing(threshold: &Threshold) -> String {
    let is_of_measure = [" below ", " above "].iter().any(|word| threshold.until.contains(word));
    format!("{} {}", if is_of_measure { "with" } else { "that are" }, summary::until(threshold))
}

/// What the values stand for, from the sound end on.
fn values(threshold: &Threshold) -> Vec<f64> {
    threshold.values.iter().map(|value| scale::number_of(value).unwrap_or(0.0)).collect()
}

/// The seeds of one arm in one cell that fail, as a share, up to each value: `(value, share, low, high)`.
fn curve(threshold: &Threshold, edges: &Edges) -> Vec<(f64, [f64; 3])> {
    let (values, sorted) = (values(threshold), edges.sorted(threshold.steps()));
    let all = sorted.len() as u64;
    let share = |count: u64| {
        let (low, high) = interval::share(count, all).unwrap_or((0.0, 1.0));
        [low, count as f64 / all.max(1) as f64, high]
    };
    let mut points = Vec::new();
    let mut before = share(0);
    for (index, count) in steps(&sorted) {
        let Some(value) = values.get(index as usize) else { break };
        points.push((*value, before));
        before = share(count);
        points.push((*value, before));
    }
    if let (Some(first), Some(last), false) = (values.first(), values.last(), all == 0) {
        points.insert(0, (*first, share(0)));
        points.push((*last, before));
    }
    points
}

fn curves(results: &Results, threshold: &Threshold, view: &View, theme: &Theme) -> String {
    let arms = &results.manifest.arms;
    let lines: Vec<Vec<(f64, [f64; 3])>> = (0..arms.len() as u32)
        .map(|arm| of_view(threshold, view).find(|edges| edges.arm == arm).map_or_else(Vec::new, |edges| curve(threshold, edges)))
        .collect();
    let drawn = |line: &Vec<(f64, [f64; 3])>| (!line.is_empty()).then(|| line.clone());
    let places = coinciding::offsets(&lines.iter().map(drawn).collect::<Vec<_>>());
    let legend = arms.iter().enumerate().map(|(arm, name)| Entry::line(with_median(threshold, view, arm as u32, name), theme.arm(arm)));
    let beside = coinciding::said(&places, "Curves");
    let sorted = |edges: &Edges| edges.sorted(threshold.steps());
    let some_last = of_view(threshold, view).map(sorted).any(|sorted| failing_seeds(threshold, &sorted) < sorted.len() as u64);
    let last = if some_last {
        format!(" What is missing to 100 % on the right: seeds that do not fail {}.", up_to_the_end(threshold))
    } else {
        String::new()
    };
    let seeds = counted(threshold, view);
    let frame = Frame {
        title: view.titled(&format!("Where it breaks: share of the seeds {}, by {}", failing(threshold), threshold.path)),
        legend: legend.collect(),
        caption: vec![
            format!(
                "Line: share of {seeds} whose run fails at a value (each seed's edge by bisection); band, where some fail and some do not: its 95 % interval (Agresti and Coull).{last}{beside}"
            ),
            provenance(results),
        ],
        body: 360.0,
    };
    sheet::draw(theme, &frame, |sheet: &Sheet<'_>| {
        let x = scale::axis_of(&threshold.path, &threshold.values);
        let mut y = Axis::percent("share of seeds that fail");
        y.range = (-0.025, 1.025);
        let plane = super::plane::Plane::new(sheet, sheet.body, 8.0, x, y);
        for (arm, line) in lines.iter().enumerate().filter(|(index, line)| !lines[..*index].contains(line)) {
            // Along 0 and 100 % the bands of all arms would lie on each other, and say only how few seeds there are.
            let inside = line.iter().filter(|(_, [_, share, _])| *share > 0.0 && *share < 1.0);
            plane.band(&inside.map(|(value, [low, _, high])| (*value, *low, *high)).collect::<Vec<_>>(), theme.arm(arm));
        }
        for (arm, line) in lines.iter().enumerate() {
            let points: Vec<(f64, f64)> = line.iter().map(|(value, [_, share, _])| (*value, *share)).collect();
            plane.line_beside(&points, (places[arm], places[arm]), theme.arm(arm), 2.4);
        }
    })
}

/// How many seeds are drawn, in words: those of which it could be said where they fail, which need not be as many in every arm.
fn counted(threshold: &Threshold, view: &View) -> String {
    let drawn: Vec<usize> = of_view(threshold, view).map(|edges| edges.sorted(threshold.steps()).len()).collect();
    let asked = of_view(threshold, view).map(|edges| edges.of_seeds.len()).max().unwrap_or(0);
    let (least, most) = (drawn.iter().min().copied().unwrap_or(0), drawn.iter().max().copied().unwrap_or(0));
    let unknown = if least < asked { format!(" (of {asked}; of the others it cannot be said)") } else { String::new() };
    format!("n = {} seeds{unknown}", number::range(&least.to_string(), &most.to_string()))
}

fn with_median(threshold: &Threshold, view: &View, arm: u32, name: &str) -> String {
    let edges = of_view(threshold, view).find(|edges| edges.arm == arm);
    let median = edges.and_then(|edges| Quantile::MEDIAN.of(&edges.sorted(threshold.steps())));
    match median {
        None => format!("{name} (cannot be said)"),
        Some(index) => format!("{name} (median {})", said(threshold, index)),
    }
}

fn planes(results: &Results, threshold: &Threshold, (view, axis): (&View, usize), theme: &Theme) -> String {
    let manifest = &results.manifest;
    let columns = scale::in_order(manifest, axis, &view.cells);
    let headings: Vec<&str> = manifest.arms.iter().map(String::as_str).collect();
    let seeds = counted(threshold, view);
    let shade = |index: usize| {
        let share = index as f64 / 4.0;
        Entry::mark(format!("{} % of seeds fail", number::significant(share * 100.0)), theme.heat(share), Mark::Square)
    };
    let frame = Frame {
        title: view.titled(&format!("Where it breaks: share of the seeds {}", failing(threshold))),
        legend: (0..5).map(shade).collect(),
        caption: vec![
            format!(
                "Darker: more of {seeds} fail (each seed's edge by bisection). Line and number: the median edge; none where half of the seeds fail nowhere between the ends. Right: {}; up: {}.",
                manifest.axes[axis], threshold.path
            ),
            provenance(results),
        ],
        body: over_time::height_of(&headings, theme, 290.0),
    };
    let width = 900.0 / headings.len().clamp(1, 3) as f64 - 80.0;
    let x = Axis::places(over_time::short(&manifest.axes[axis], width, theme), &columns, (width / columns.len().max(1) as f64).max(1.0));
    let y = scale::axis_of(over_time::short(&threshold.path, 230.0, theme), &threshold.values);
    let numbers = values(threshold);
    sheet::draw(theme, &frame, |sheet| {
        over_time::in_rows(sheet, &headings, (&x, &y), |plane, arm| {
            for edges in of_view(threshold, view).filter(|edges| edges.arm as usize == arm) {
                let value = manifest.cells.get(edges.cell as usize).and_then(|cell| cell.get(axis));
                let Some(column) = value.and_then(|value| columns.iter().position(|known| known == value)) else { continue };
                let (left, right) = (column as f64 + 0.04, column as f64 + 0.96);
                let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { continue };
                plane.fill([(left, *first), (right, *last)], theme.heat(0.0));
                let line = curve(threshold, edges);
                for pair in line.windows(2).filter(|pair| (pair[1].0 - pair[0].0).abs() > 0.0) {
                    plane.fill([(left, pair[0].0), (right, pair[1].0)], theme.heat(pair[0].1[1]));
                }
                let median = Quantile::MEDIAN.of(&edges.sorted(threshold.steps()));
                if let Some(value) = median.and_then(|index| numbers.get(index as usize)) {
                    plane.only_line(&[(left, *value), (right, *value)], theme.ink, 2.6);
                    plane.label_above(((left + right) / 2.0, *value), &said(threshold, median.unwrap_or(0)), right - left);
                }
            }
        });
    })
}
