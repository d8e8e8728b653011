//! What do all pictures with time on the x axis share?
//!
//! A line for the median over runs, a band from the 5th to the 95th percentile, shaded fault windows; several panels with
//! common axes where one would be a tangle.

use super::View;
use super::axis::Axis;
use super::plane::{FAULT_ROOM, Plane, heading_height};
use super::sheet::{Rect, Sheet, WIDTH, text_width};
use crate::command;
use crate::number;
use crate::summary::faults;
use crate::theme::Theme;
use plotters::style::RGBColor;
use scenarios::results::{BinTotals, FaultWindow, Results};

/// One line with its band: for each bin its middle in seconds and the three quantiles, if any run has a value.
pub(super) struct Track {
    pub colour: RGBColor,
    pub points: Vec<(f64, Option<[f64; 3]>)>,
}

/// Several lines in one pair of axes.
pub(super) struct Panel {
    /// What the panel is about; empty if there is only one.
    pub heading: String,
    pub tracks: Vec<Track>,
}

/// Height of a panel, and panels in a row.
const HEIGHT: f64 = 330.0;
const SMALL: f64 = 205.0;
const IN_A_ROW: usize = 3;
/// Fault windows named in a caption.
const LISTED: usize = 6;
/// Letters that a label of a fault may have to stand above its window.
const SHORT: usize = 100;

/// Pixels that these panels need.
pub(super) fn height(headings: &[&str], theme: &Theme) -> f64 {
    if headings.len() <= 1 { HEIGHT + FAULT_ROOM } else { height_of(headings, theme, SMALL) }
}

/// Pixels that these panels need, each so high without its heading.
pub(super) fn height_of(headings: &[&str], theme: &Theme, each: f64) -> f64 {
    headings.len().div_ceil(IN_A_ROW) as f64 * (each + heading_room(headings, theme)) + 6.0
}

/// Room for the longest heading.
fn heading_room(headings: &[&str], theme: &Theme) -> f64 {
    let columns = headings.len().clamp(1, IN_A_ROW);
    // What the labels of the y axis leave of a panel, about.
    let width = WIDTH / columns as f64 - 110.0;
    headings.iter().map(|heading| heading_height(heading, theme.text, width)).fold(0.0, f64::max)
}

/// Draws a panel for each heading, in rows, and what is in it by `fill`; the label of the y axis stands once in each row, so that all panels are
/// equally wide.
pub(super) fn panels(sheet: &Sheet<'_>, results: &Results, view: &View, headings: &[&str], y: &Axis, fill: impl Fn(&Plane<'_, '_>, usize)) {
    panels_of(sheet, results, view, (headings, std::slice::from_ref(y)), fill);
}

/// Does what [`panels`] does with a y axis for each panel, or one for all.
pub(super) fn panels_of(
    sheet: &Sheet<'_>,
    results: &Results,
    view: &View,
    (headings, y): (&[&str], &[Axis]),
    fill: impl Fn(&Plane<'_, '_>, usize),
) {
    let faults = results.manifest.faults_of(view.cell());
    let x = Axis::time("time since the start", end(results, view));
    if let ([_], [y, ..]) = (headings, y) {
        let plane = Plane::new(sheet, sheet.body, FAULT_ROOM, x, y.clone());
        plane.faults(faults, true);
        return fill(&plane, 0);
    }
    rows_of(sheet, headings, (&x, y), |plane, index| {
        // What the fault windows are is said in the caption: there is no room in every panel.
        plane.faults(faults, false);
        fill(plane, index);
    });
}

/// Draws a panel with the same axes for each heading, in rows.
pub(super) fn in_rows(sheet: &Sheet<'_>, headings: &[&str], (x, y): (&Axis, &Axis), fill: impl Fn(&Plane<'_, '_>, usize)) {
    rows_of(sheet, headings, (x, std::slice::from_ref(y)), fill);
}

fn rows_of(sheet: &Sheet<'_>, headings: &[&str], (x, y): (&Axis, &[Axis]), fill: impl Fn(&Plane<'_, '_>, usize)) {
    let columns = headings.len().clamp(1, IN_A_ROW);
    let Rect(left, top, right, bottom) = sheet.body;
    let gutter = sheet.theme.text * 1.7;
    let room = heading_room(headings, sheet.theme);
    let (width, height) = ((right - left - gutter) / columns as f64, (bottom - top - 6.0) / headings.len().div_ceil(columns) as f64);
    for (index, heading) in headings.iter().enumerate() {
        let (row, column) = ((index / columns) as f64, (index % columns) as f64);
        let from = (left + gutter + column * width, top + row * height);
        let Some(y) = y.get(index).or(y.last()) else { continue };
        let unlabelled = Axis { label: String::new(), ..y.clone() };
        let plane = Plane::new(sheet, Rect(from.0, from.1, from.0 + width, from.1 + height), room, x.clone(), unlabelled);
        if index % columns == 0 {
            sheet.upwards(&y.label, (left + sheet.theme.text * 0.6, plane.middle()), sheet.theme.ink);
        }
        plane.heading(heading, room - 3.0);
        fill(&plane, index);
    }
}

/// Draws panels of lines with bands.
pub(super) fn draw(sheet: &Sheet<'_>, results: &Results, view: &View, all: &[Panel], y: &Axis) {
    panels(sheet, results, view, &headings(all), y, |plane, index| fill(plane, &all[index]));
}

/// When the picture ends, in seconds: at the horizon, or where everybody starts at once, when nothing happens any more.
fn end(results: &Results, view: &View) -> f64 {
    let manifest = &results.manifest;
    let horizon = manifest.horizon.as_secs_f64();
    if manifest.load != "one-shot" {
        return horizon;
    }
    let happened = |bin: &BinTotals| bin.attempts + bin.completed + bin.failed > 0;
    let arms = (0..manifest.arms.len() as u32).filter_map(|arm| results.series_of(view.cell(), arm));
    let last = arms.filter_map(|series| series.bins.iter().rposition(happened)).max();
    last.map_or(horizon, |last| ((last + 1) as f64 * manifest.bin.as_secs_f64()).min(horizon))
}

/// What the panels are about.
pub(super) fn headings(panels: &[Panel]) -> Vec<&str> {
    panels.iter().map(|panel| panel.heading.as_str()).collect()
}

/// Draws what one panel shows.
pub(super) fn fill(plane: &Plane<'_, '_>, panel: &Panel) {
    panel.tracks.iter().for_each(|track| band(plane, track));
    // Where a legend shows its dashes a line has them.
    let is_named_above = panel.tracks.len() == 1 && !panel.heading.is_empty();
    panel.tracks.iter().for_each(|track| line(plane, track, is_named_above));
}

/// Draws lines, with their bands if these are wanted.
pub(super) fn lines(plane: &Plane<'_, '_>, tracks: &[Track], with_bands: bool) {
    tracks.iter().filter(|_| with_bands).for_each(|track| band(plane, track));
    tracks.iter().for_each(|track| line(plane, track, false));
}

fn band(plane: &Plane<'_, '_>, track: &Track) {
    for run in track.points.chunk_by(|a, b| a.1.is_some() == b.1.is_some()) {
        let points: Vec<(f64, f64, f64)> = run.iter().filter_map(|(x, value)| value.map(|[low, _, high]| (*x, low, high))).collect();
        plane.band(&points, track.colour);
    }
}

fn line(plane: &Plane<'_, '_>, track: &Track, is_alone: bool) {
    for run in track.points.chunk_by(|a, b| a.1.is_some() == b.1.is_some()) {
        let points: Vec<(f64, f64)> = run.iter().filter_map(|(x, value)| value.map(|[_, middle, _]| (*x, middle))).collect();
        if is_alone {
            plane.only_line(&points, track.colour, 2.2);
        } else {
            plane.line(&points, track.colour, 2.2);
        }
    }
}

/// The caption of a picture over time.
pub(super) fn caption(results: &Results, view: &View, runs: u64, panels: usize) -> Vec<String> {
    let manifest = &results.manifest;
    // What is varied may move the faults: the picture of a cell shows its own.
    let faults = manifest.faults_of(view.cell());
    let what = match runs {
        1 => "One run per arm.".to_owned(),
        _ => format!("Line: median over {runs} runs; band: 5th to 95th percentile of the runs."),
    };
    let bin = number::length(manifest.bin);
    // One fault is named where it stands; of several, some labels may have found no room.
    let is_named = panels == 1 && faults.len() == 1 && faults[0].what.is_none() && faults[0].label.chars().count() < SHORT;
    let mut shaded = if is_named { " Shaded: fault windows.".to_owned() } else { shaded(faults) };
    let random: Vec<&str> = faults::struck(results).collect();
    if !random.is_empty() {
        let more = if random.len() > LISTED { ", …" } else { "" };
        shaded += &format!(" Fault times differ from run to run: {}{more}.", random[..random.len().min(LISTED)].join(", "));
    }
    vec![format!("{what} Bins of {bin}.{shaded}"), provenance(results)]
}

/// A label if there is room for it; a path may be longer than an axis, and then stands in the caption alone.
pub(super) fn short<'a>(label: &'a str, room: f64, theme: &Theme) -> &'a str {
    if text_width(label, theme.text, false) <= room { label } else { "" }
}

/// What is shaded, in words.
pub(super) fn shaded(faults: &[FaultWindow]) -> String {
    let labels = counted(faults.iter().map(FaultWindow::told));
    let more = if labels.len() > LISTED { ", …" } else { "" };
    if labels.is_empty() { String::new() } else { format!(" Shaded: {}{more}.", labels[..labels.len().min(LISTED)].join(", ")) }
}

/// Each once, with how often it comes if that is more than once.
fn counted(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut times: Vec<(String, usize)> = Vec::new();
    for told in all {
        match times.iter_mut().find(|(known, _)| *known == told) {
            Some((_, count)) => *count += 1,
            None => times.push((told, 1)),
        }
    }
    times.into_iter().map(|(told, count)| if count == 1 { told } else { format!("{told} ({count} times)") }).collect()
}

/// Load, and the command that draws the picture again.
pub(super) fn provenance(results: &Results) -> String {
    format!("Load: {}. Again: {}", results.manifest.load, command::compare(&results.manifest))
}
