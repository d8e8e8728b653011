//! How do data get onto the paper?
//!
//! One pair of axes in one rectangle: grid and labels first, then fault windows, bands, lines and points in data units.

use super::axis::Axis;
use super::sheet::{DRAWS, Mark, Rect, Sheet, UNDASHED, fine, text_width, wrapped};
use crate::theme::Theme;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use scenarios::results::FaultWindow;

type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Room above the data for the labels of fault windows: two lines of them.
pub(super) const FAULT_ROOM: f64 = 34.0;

/// Height of a line of names and headings, as a multiple of the letter size.
const LINE: f64 = 1.25;
/// The widest that a name beside an axis gets before it is broken into lines.
const NAMES: f64 = 230.0;
/// Between the labels of the y axis and the data.
const GAP: f64 = 9.0;
/// Between the data and words in a column beside them.
const BESIDE: f64 = 8.0;

/// A name beside an axis in lines.
pub(super) fn name_lines(text: &str, size: f64) -> Vec<String> {
    wrapped(text, size, false, NAMES)
}

fn heading_lines(text: &str, size: f64, width: f64) -> Vec<String> {
    wrapped(text, size, true, width)
}

/// How high a heading is over a panel at least so wide.
pub(super) fn heading_height(text: &str, size: f64, width: f64) -> f64 {
    heading_lines(text, size, width).len() as f64 * LINE * size + 6.0
}

/// The width that an axis of names takes, with the gap to the data.
pub(super) fn names_width(names: &[String], theme: &Theme) -> f64 {
    let lines = names.iter().flat_map(|name| name_lines(name, theme.text));
    lines.map(|line| text_width(&line, theme.text, false)).fold(0.0, f64::max) + GAP
}

/// How high the rows of an axis of names have to be, where they hold more than a mark.
pub(super) fn row_height(names: &[String], theme: &Theme) -> f64 {
    least_row_height(names, theme).max(40.0)
}

/// How high they have to be for the names alone.
pub(super) fn least_row_height(names: &[String], theme: &Theme) -> f64 {
    let height = |name: &String| name_lines(name, theme.text).len() as f64 * LINE * theme.text + 10.0;
    names.iter().map(height).fold(0.0, f64::max)
}

/// A pair of axes with its place on the sheet.
pub(super) struct Plane<'s, 'a> {
    sheet: &'s Sheet<'a>,
    plot: Plot<'a>,
    inner: Rect,
    x: Axis,
    y: Axis,
}

impl<'s, 'a> Plane<'s, 'a> {
    /// Draws axes, grid and labels inside `outer`, leaving `above` pixels free over the data.
    pub fn new(sheet: &'s Sheet<'a>, outer: Rect, above: f64, x: Axis, y: Axis) -> Self {
        let size = sheet.theme.text;
        let widest =
            y.marks.iter().flat_map(|(_, text)| name_lines(text, size)).map(|line| text_width(&line, size, false)).fold(0.0, f64::max);
        let for_label = if y.label.is_empty() { 0.0 } else { size * 1.7 };
        let below = size * if x.label.is_empty() { 2.2 } else { 3.7 };
        let inner = Rect(outer.0 + for_label + widest + GAP, outer.1 + above, outer.2 - 14.0, outer.3 - below);
        let plane = Self::within(sheet, inner, x, y);
        plane.grid(outer);
        plane
    }

    /// A pair of axes that takes just this rectangle and draws nothing of itself.
    pub fn within(sheet: &'s Sheet<'a>, inner: Rect, x: Axis, y: Axis) -> Self {
        let Rect(left, top, right, bottom) = inner;
        let area = sheet.page.clone().shrink((fine(left), fine(top)), (fine(right - left), fine(bottom - top)));
        let (columns, rows) = area.get_pixel_range();
        let spec = Cartesian2d::new(x.range.0..x.range.1, y.range.0..y.range.1, (columns, rows.end..rows.start));
        Self { sheet, plot: area.apply_coord_spec(spec), inner, x, y }
    }

    /// A line along the lower end.
    pub fn floor(&self) {
        let (colour, Rect(left, _, right, bottom)) = (self.sheet.theme.grid, self.inner);
        self.sheet.stroke(&[(left, bottom), (right, bottom)], colour, 1.0);
    }

    /// Marks on the left, with lines across.
    pub fn marks_beside(&self, marks: &[(f64, &str)]) {
        let (theme, Rect(left, _, right, _)) = (self.sheet.theme, self.inner);
        for (mark, text) in marks {
            let y = self.pixel((self.x.range.0, *mark)).1;
            self.sheet.stroke(&[(left, y), (right, y)], theme.grid, 1.0);
            self.sheet.words(text, (left - 6.0, y), theme.text - 1.0, false, theme.ink, (HPos::Right, VPos::Center));
        }
    }

    /// The highest value of a lane, in its upper right corner.
    pub fn peak(&self, text: &str) {
        let (theme, Rect(_, top, right, _)) = (self.sheet.theme, self.inner);
        let size = theme.text - 2.0;
        let half = text_width(text, size, false);
        let corners = [(right - half - 5.0, top), (right, top + size * LINE)].map(|(x, y)| (fine(x), fine(y)));
        self.sheet.page.draw(&Rectangle::new(corners, theme.paper.filled())).expect(DRAWS);
        self.sheet.words(text, (right - 2.0, top), size, false, theme.ink, (HPos::Right, VPos::Top));
    }

    fn grid(&self, outer: Rect) {
        let (theme, Rect(left, top, right, bottom)) = (self.sheet.theme, self.inner);
        // Names have rows of their own; numbers may stand too close for their letters.
        let mut last = f64::INFINITY;
        let mut kept: Vec<(f64, &String)> = self.y.marks.iter().map(|(mark, text)| (self.pixel((self.x.range.0, *mark)).1, text)).collect();
        kept.retain(|(y, _)| {
            let is_free = (last - y).abs() >= theme.text * 1.15;
            last = if is_free { *y } else { last };
            is_free
        });
        kept.iter().for_each(|&(y, _)| self.sheet.stroke(&[(left, y), (right, y)], theme.grid, 1.0));
        for (y, text) in kept {
            let lines = name_lines(text, theme.text);
            let first = y - lines.len().saturating_sub(1) as f64 / 2.0 * LINE * theme.text;
            for (index, line) in lines.iter().enumerate() {
                let at = (left - 6.0, first + index as f64 * LINE * theme.text);
                self.sheet.words(line, at, theme.text, false, theme.ink, (HPos::Right, VPos::Center));
            }
        }
        self.x_axis();
        if !self.y.label.is_empty() {
            self.sheet.upwards(&self.y.label, (outer.0 + theme.text * 0.6, (top + bottom) / 2.0), theme.ink);
        }
    }

    /// The x axis alone: its marks and its label.
    pub fn x_axis(&self) {
        let (theme, Rect(left, _, right, bottom)) = (self.sheet.theme, self.inner);
        let mut free_from = f64::NEG_INFINITY;
        let marks = || self.x.marks.iter().map(|(mark, text)| (self.pixel((*mark, self.y.range.0)).0, text));
        marks().for_each(|(x, _)| self.sheet.stroke(&[(x, bottom), (x, bottom + 4.0)], theme.ink, 1.0));
        for (x, text) in marks() {
            let half = text_width(text, theme.text, false) / 2.0;
            if x - half > free_from {
                self.sheet.words(text, (x, bottom + 7.0), theme.text, false, theme.ink, (HPos::Center, VPos::Top));
                free_from = x + half + 6.0;
            }
        }
        self.sheet.stroke(&[(left, bottom), (right, bottom)], theme.ink, 1.0);
        if !self.x.label.is_empty() {
            let at = ((left + right) / 2.0, bottom + theme.text * 1.9);
            self.sheet.words(&self.x.label, at, theme.text, false, theme.ink, (HPos::Center, VPos::Top));
        }
    }

    /// A heading over the data, on the left, in as many lines as it needs.
    pub fn heading(&self, text: &str, above: f64) {
        let theme = self.sheet.theme;
        for (index, line) in heading_lines(text, theme.text, self.inner.2 - self.inner.0).iter().enumerate() {
            let at = (self.inner.0, self.inner.1 - above + index as f64 * LINE * theme.text);
            self.sheet.words(line, at, theme.text, true, theme.ink, (HPos::Left, VPos::Top));
        }
    }

    /// Shades the fault windows; labels them above the data where there is room, if asked to.
    pub fn faults(&self, faults: &[FaultWindow], labelled: bool) {
        let theme = self.sheet.theme;
        let mut free_from = [f64::NEG_INFINITY; 2];
        for fault in faults {
            let begin = self.x.position(fault.begin.as_secs_f64());
            let end = fault.end.map_or(self.x.range.1, |end| self.x.position(end.as_secs_f64()));
            let corners = [(begin, self.y.range.0), (end, self.y.range.1)];
            self.plot.draw(&Rectangle::new(corners, theme.fault.mix(0.22).filled())).expect(DRAWS);
            let (left, right) = (self.pixel(corners[0]).0, self.pixel(corners[1]).0);
            let half = text_width(&fault.label, theme.text - 1.0, false) / 2.0;
            let centre = ((left + right) / 2.0).clamp(self.inner.0 + half, (self.inner.2 - half).max(self.inner.0 + half));
            // One that is wider than the axes is in the caption alone.
            let fits = labelled && 2.0 * half <= self.inner.2 - self.inner.0;
            let row = free_from.iter().position(|free| centre - half > *free).filter(|_| fits);
            if let Some(row) = row {
                let y = self.inner.1 - 4.0 - row as f64 * theme.text * 1.2;
                self.sheet.words(&fault.label, (centre, y), theme.text - 1.0, false, theme.muted, (HPos::Center, VPos::Bottom));
                free_from[row] = centre + half + 8.0;
            }
        }
    }

    /// A line through points in data units.
    pub fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        if points.len() > 1 {
            let points: Vec<(f64, f64)> = points.iter().map(|point| self.place(*point)).collect();
            self.plot.draw(&PathElement::new(points, colour.stroke_width(fine(width) as u32))).expect(DRAWS);
        }
    }

    /// A line through points in data units, drawn `beside` it: so many pixels to the right, and down. Moved as far down as to
    /// the right, stairs that rise stay parallel.
    pub fn line_beside(&self, points: &[(f64, f64)], beside: (f64, f64), colour: RGBColor, width: f64) {
        let moved = |point: &(f64, f64)| {
            let (x, y) = self.pixel(self.place(*point));
            ((x + beside.0).clamp(self.inner.0, self.inner.2), y + beside.1)
        };
        if points.len() > 1 {
            self.sheet.stroke(&points.iter().map(moved).collect::<Vec<_>>(), colour, width);
        }
    }

    /// A line of which there is but one in its axes: it needs no dashes to be known, and reads better without.
    pub fn only_line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        if points.len() > 1 {
            let points: Vec<(f64, f64)> = points.iter().map(|point| self.place(*point)).collect();
            self.plot.draw(&PathElement::new(points, colour.mix(UNDASHED).stroke_width(fine(width) as u32))).expect(DRAWS);
        }
    }

    /// A band between `(x, low, high)` in data units.
    pub fn band(&self, points: &[(f64, f64, f64)], colour: RGBColor) {
        let lower = points.iter().map(|&(x, low, _)| self.place((x, low)));
        let upper = points.iter().rev().map(|&(x, _, high)| self.place((x, high)));
        let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
        // A band without a height is the line that stands in it.
        if points.len() > 1 && points.iter().any(|&(_, low, high)| low < high) {
            self.plot.draw(&Polygon::new(outline, colour.mix(0.18))).expect(DRAWS);
        }
    }

    /// An opaque area from zero up to a line through points in data units.
    pub fn area(&self, points: &[(f64, f64)], colour: RGBColor) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let floor = [(first.0, 0.0), (last.0, 0.0)].map(|corner| self.place(corner));
        let upper = points.iter().rev().map(|point| self.place(*point));
        let outline: Vec<(f64, f64)> = floor.into_iter().chain(upper).collect();
        if points.len() > 1 {
            self.plot.draw(&Polygon::new(outline, colour)).expect(DRAWS);
        }
    }

    /// A filled rectangle between two corners in data units.
    pub fn fill(&self, corners: [(f64, f64); 2], colour: RGBColor) {
        self.plot.draw(&Rectangle::new(corners.map(|corner| self.place(corner)), colour.filled())).expect(DRAWS);
    }

    /// A thin line without dashes through points in data units.
    pub fn thin(&self, points: &[(f64, f64)], colour: RGBColor) {
        let points: Vec<(f64, f64)> = points.iter().map(|point| self.pixel(self.place(*point))).collect();
        if points.len() > 1 {
            self.sheet.thin(&points, colour);
        }
    }

    /// Words in the middle between two corners in data units, if they fit there.
    pub fn words_within(&self, corners: [(f64, f64); 2], text: &str, colour: RGBColor) {
        let [(left, bottom), (right, top)] = corners.map(|corner| self.pixel(self.place(corner)));
        let size = self.sheet.theme.text - 1.0;
        if text_width(text, size, false) + 4.0 <= (right - left).abs() && size * LINE <= (bottom - top).abs() {
            let at = ((left + right) / 2.0, (bottom + top) / 2.0);
            self.sheet.words(text, at, size, false, colour, (HPos::Center, VPos::Center));
        }
    }

    /// Words on paper of their own, centred above a point in data units, if they are no wider than so much of the x axis.
    pub fn label_above(&self, at: (f64, f64), text: &str, width: f64) {
        let ((x, y), size) = (self.pixel(self.place(at)), self.sheet.theme.text - 1.0);
        let (half, room) = (text_width(text, size, false) / 2.0, self.pixel((width, 0.0)).0 - self.pixel((0.0, 0.0)).0);
        if 2.0 * half + 6.0 > room {
            return;
        }
        // Below the line where there is no room above it.
        let bottom = if y - 4.0 - size * LINE < self.inner.1 { y + 5.0 + size * LINE } else { y - 4.0 };
        let corners = [(x - half - 3.0, bottom - size * LINE), (x + half + 3.0, bottom)].map(|(x, y)| (fine(x), fine(y)));
        self.sheet.page.draw(&Rectangle::new(corners, self.sheet.theme.paper.filled())).expect(DRAWS);
        self.sheet.words(text, (x, bottom - 2.0), size, false, self.sheet.theme.ink, (HPos::Center, VPos::Bottom));
    }

    /// Words in a column of their own on the right of the data, at a height in data units. Whoever writes some leaves
    /// [`width_beside`](Self::width_beside) free there.
    pub fn words_beside(&self, y: f64, text: &str) {
        let at = (self.inner.2 + BESIDE, self.pixel(self.place((self.x.range.1, y))).1);
        let theme = self.sheet.theme;
        self.sheet.words(text, at, theme.text - 1.5, false, theme.ink, (HPos::Left, VPos::Center));
    }

    /// How wide the column of these words is.
    pub fn width_beside(text: &str, theme: &Theme) -> f64 {
        text_width(text, theme.text - 1.5, false) + BESIDE
    }

    /// A marked point in data units.
    pub fn mark(&self, at: (f64, f64), mark: Mark, colour: RGBColor) {
        self.sheet.mark(self.pixel(self.place(at)), mark, colour);
    }

    /// A thin upright line between two values, so many pixels to the right, and down.
    pub fn whisker(&self, x: f64, (low, high): (f64, f64), beside: (f64, f64), colour: RGBColor) {
        let ends = [(x, low), (x, high)].map(|end| self.pixel(self.place(end))).map(|(x, y)| (x + beside.0, y + beside.1));
        self.sheet.thin(&ends, colour);
    }

    /// A marked point in data units, so many pixels to the right, and down.
    pub fn mark_beside(&self, at: (f64, f64), beside: (f64, f64), mark: Mark, colour: RGBColor) {
        let (x, y) = self.pixel(self.place(at));
        self.sheet.mark((x + beside.0, y + beside.1), mark, colour);
    }

    /// Half way up the data, in pixels.
    pub fn middle(&self) -> f64 {
        (self.inner.1 + self.inner.3) / 2.0
    }

    /// Words beside a point in data units.
    pub fn note(&self, at: (f64, f64), text: &str) {
        let (x, y) = self.pixel(self.place(at));
        let theme = self.sheet.theme;
        self.sheet.words(text, (x + 8.0, y), theme.text, false, theme.muted, (HPos::Left, VPos::Center));
    }

    /// The colour of axes and words.
    pub const fn ink(&self) -> RGBColor {
        self.sheet.theme.ink
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.position(x), self.y.position(y))
    }

    fn pixel(&self, at: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.plot.map_coordinate(&at);
        (f64::from(x) / super::polish::FINE, f64::from(y) / super::polish::FINE)
    }
}
