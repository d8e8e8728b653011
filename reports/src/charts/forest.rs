//! By how much does each arm differ from the baseline, and how sure is that?
//!
//! A forest plot: per arm the median over the seeds of the difference to the baseline of the same seed, with its 95 % interval by order
//! statistics. An interval that does not touch the line at zero is more than luck.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::{Plane, least_row_height, names_width};
use super::sheet::{self, Frame, Mark, Rect, Sheet};
use super::{Chart, View};
use crate::number::{self, TimeUnit};
use crate::summary::{Difference, Differences};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::paired::Paired;

/// Differences to the baseline, seed by seed: one panel per measure, one row per arm.
pub struct PairedDifferences;

impl Chart for PairedDifferences {
    fn name(&self) -> &'static str {
        "paired-differences"
    }

    fn summary(&self) -> &'static str {
        "Differences of each arm to the baseline on the same seeds: median and 95 % interval (forest plot)"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if results.manifest.arms.len() < 2 {
            return Vec::new();
        }
        let names = &results.manifest.arms[1..];
        let measures = Differences::of(results, 0).len();
        let parts = measures.div_ceil(in_a_part(names, &Theme::light())).max(1);
        let of_cell = |view: View| (0..parts).map(move |part| in_part(&view, part, parts));
        View::per_cell(results).into_iter().flat_map(of_cell).collect()
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let columns = vec![
            Column::text("arm"),
            Column::text("measure"),
            Column::text("unit"),
            Column::number("median difference", ""),
            Column::number("95 % from", ""),
            Column::number("95 % to", ""),
            Column::number("seeds", ""),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for measure in measures(results, view) {
            for (arm, paired) in &measure.arms {
                let cell = |value: i128| measure.difference(value).cell();
                table.push(vec![
                    Cell::text(&results.manifest.arms[*arm as usize]),
                    Cell::text(measure.measure),
                    Cell::text(measure.unit),
                    cell(paired.median),
                    Cell::or_missing(paired.interval, |(low, _)| cell(low)),
                    Cell::or_missing(paired.interval, |(_, high)| cell(high)),
                    Cell::Count(paired.seeds()),
                ]);
            }
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(3)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        self.table(results, view)?;
        let arms = &results.manifest.arms;
        let measures = measures(results, view);
        let names: Vec<String> = arms[1..].to_vec();
        let part = view.part.map_or_else(String::new, |(part, parts)| format!(", {} of {parts}", part + 1));
        let rows = measures.len().div_ceil(IN_A_ROW);
        let frame = Frame {
            title: view.titled(&format!("By how much arms differ from \"{}\" on the same seeds{part}", arms[0])),
            legend: Vec::new(),
            caption: vec![caption(&measures), provenance(results)],
            body: rows as f64 * height_of_row(&names, theme),
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let Rect(left, top, right, bottom) = sheet.body;
            let for_names = names_width(&names, theme);
            let height = (bottom - top) / rows as f64;
            let panels: Vec<Panel<'_>> = measures.iter().map(Panel::of).collect();
            // All axes of a column end at the same place, and a row that is not full has panels as wide as the others.
            let for_numbers = panels.iter().map(|panel| panel.width_of_numbers(theme)).fold(0.0, f64::max);
            let width = (right - left - for_names) / panels.len().min(IN_A_ROW) as f64;
            for (index, panel) in panels.iter().enumerate() {
                let (row, column) = (index / IN_A_ROW, index % IN_A_ROW);
                let top = top + row as f64 * height;
                // The names stand once in a row, beside its first panel.
                let from = if column == 0 { left } else { left + for_names + column as f64 * width };
                let mut y = Axis::names(&names);
                if column > 0 {
                    y.marks.iter_mut().for_each(|(_, text)| text.clear());
                }
                let to = left + for_names + (column + 1) as f64 * width - for_numbers;
                panel.draw(sheet, Rect(from, top, to, top + height), y);
            }
        }))
    }
}

/// Room for the heading of a panel.
const HEADING: f64 = 26.0;
/// Panels beside each other at most: with more of them numbers have no room.
const IN_A_ROW: usize = 2;

/// The highest that the panels of one picture together get, in pixels: with its words as high as a sheet of A4 on which it is as wide as the text.
const HIGHEST: f64 = 1_120.0;

/// How high a row of panels is, in pixels.
fn height_of_row(names: &[String], theme: &Theme) -> f64 {
    // A mark needs no more room than its name: the gap between two names may be narrow.
    HEADING + 54.0 + names.len() as f64 * (least_row_height(names, theme) - 6.0)
}

/// How many measures one picture has room for.
fn in_a_part(names: &[String], theme: &Theme) -> usize {
    IN_A_ROW * ((HIGHEST / height_of_row(names, theme)) as usize).max(1)
}

/// A part of the picture of a cell; the first keeps its name.
fn in_part(view: &View, part: usize, parts: usize) -> View {
    let suffix = if part == 0 { view.suffix.clone() } else { format!("{}-{}", view.suffix, part + 1) };
    View { suffix, part: (parts > 1).then_some((part, parts)), ..view.clone() }
}

/// The measures of one picture; its last part has all that are left.
fn measures(results: &Results, view: &View) -> Vec<Differences> {
    let mut all = Differences::of(results, view.cell());
    if let Some((part, parts)) = view.part {
        let each = in_a_part(&results.manifest.arms[1..], &Theme::light());
        all.drain(..(part * each).min(all.len()));
        all.truncate(if part + 1 == parts { all.len() } else { each });
    }
    all
}

fn caption(measures: &[Differences]) -> String {
    let seeds: Vec<u64> = measures.iter().flat_map(|measure| &measure.arms).map(|(_, paired)| paired.seeds()).collect();
    let (least, most) = (seeds.iter().min().copied().unwrap_or(0), seeds.iter().max().copied().unwrap_or(0));
    let ends = measures.iter().flat_map(|measure| measure.arms.iter().flat_map(move |(_, paired)| ends(measure, paired)));
    let has_never = ends.into_iter().any(|end| !matches!(end, Difference::Of(_)));
    let never = if has_never {
        " A ring at the edge: \"never\", this arm's runs do not come back where the baseline's do; \"only here\", the other way round."
    } else {
        ""
    };
    let few = if least < 6 { " An interval needs six seeds." } else { "" };
    format!(
        "Mark: median over n = {} seeds of the difference to the baseline's run of the same seed; whiskers, and brackets beside them: 95 % interval by order statistics; pp: percentage points.{never}{few}",
        number::range(&least.to_string(), &most.to_string())
    )
}

/// Median and ends of the interval, if there is one.
fn ends(measure: &Differences, paired: &Paired) -> Vec<Difference> {
    let interval = paired.interval.into_iter().flat_map(|(low, high)| [low, high]);
    [paired.median].into_iter().chain(interval).map(|value| measure.difference(value)).collect()
}

/// One measure as it is drawn: in the unit that fits the longest of its differences.
struct Panel<'a> {
    measure: &'a Differences,
    /// Of lengths of time.
    time: Option<TimeUnit>,
    /// The least and the largest difference, or 0.
    range: (f64, f64),
}

impl<'a> Panel<'a> {
    fn of(measure: &'a Differences) -> Self {
        let all = measure.arms.iter().flat_map(|(_, paired)| ends(measure, paired));
        let finite = all.filter_map(|end| if let Difference::Of(value) = end { Some(value) } else { None });
        let range = finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let longest = range.1.max(-range.0);
        // Where nothing differs, the unit of the measure is.
        let time = (measure.unit == "s").then(|| TimeUnit::of(if longest > 0.0 { longest * 1e9 } else { 1e9 }));
        Self { measure, time, range }
    }

    fn scaled(&self, value: f64) -> f64 {
        self.time.map_or(value, |time| time.of_seconds(value))
    }

    fn difference(&self, value: i128) -> Difference {
        match self.measure.difference(value) {
            Difference::Of(value) => Difference::Of(self.scaled(value)),
            never => never,
        }
    }

    /// The median and its interval as numbers.
    fn said(&self, paired: &Paired) -> String {
        let said = |value: i128| self.difference(value).shown();
        // What is the same at both ends is said once.
        let wide = paired.interval.filter(|(low, high)| said(*low) != said(*high) || said(*low) != said(paired.median));
        let interval = wide.map_or_else(String::new, |(low, high)| format!(" [{}]", number::range(&said(low), &said(high))));
        format!("{}{interval}", said(paired.median))
    }

    /// How wide the column of its numbers is.
    fn width_of_numbers(&self, theme: &Theme) -> f64 {
        self.measure.arms.iter().map(|(_, paired)| Plane::width_beside(&self.said(paired), theme)).fold(0.0, f64::max)
    }

    fn x_axis(&self) -> Axis {
        let unit = match (self.measure.unit, self.time) {
            ("", _) => String::new(),
            (_, Some(time)) => format!(" ({})", time.name),
            (unit, _) => format!(" ({unit})"),
        };
        let better = if self.measure.more_is_better { "more is better" } else { "less is better" };
        let (low, high) = (self.scaled(self.range.0), self.scaled(self.range.1));
        Axis::around_zero(&format!("difference{unit}, {better}"), low, high, |value| Difference::Of(value).shown())
    }

    /// Draws it; numbers stand on the right of `outer`, or they would lie on the line at zero.
    fn draw(&self, sheet: &Sheet<'_>, outer: Rect, y: Axis) {
        let x = self.x_axis();
        let rows = y.range.1;
        let (first, last) = x.range;
        let plane = Plane::new(sheet, outer, HEADING, x, y);
        plane.heading(self.measure.measure, HEADING - 3.0);
        plane.thin(&[(0.0, 0.0), (0.0, rows)], sheet.theme.ink);
        for (arm, paired) in &self.measure.arms {
            let y = rows + 0.5 - f64::from(*arm);
            let place = |value: i128| match self.difference(value) {
                Difference::Of(value) => value,
                Difference::Never => last,
                Difference::OnlyHere => first,
            };
            let colour = sheet.theme.arm(*arm as usize);
            if let Some((low, high)) = paired.interval {
                plane.thin(&[(place(low), y), (place(high), y)], colour);
                [low, high].iter().for_each(|end| plane.whisker(place(*end), (y - 0.08, y + 0.08), (0.0, 0.0), colour));
            }
            let is_bound = !matches!(self.difference(paired.median), Difference::Of(_));
            plane.mark((place(paired.median), y), if is_bound { Mark::Ring } else { Mark::of_arm(*arm as usize) }, colour);
            plane.words_beside(y, &self.said(paired));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_differs_the_axis_has_the_unit_of_the_measure() {
        let arms = vec![(1, Paired::of(vec![0; 8]).expect("there are seeds"))];
        let label = |measure: &Differences| Panel::of(measure).x_axis().label;
        let mut measure = Differences { measure: "recovery", unit: "s", more_is_better: false, arms };
        assert_eq!(label(&measure), "difference (s), less is better");
        measure.arms.push((2, Paired::of(vec![3_000_000; 8]).expect("there are seeds")));
        assert_eq!(label(&measure), "difference (ms), less is better");
    }
}
