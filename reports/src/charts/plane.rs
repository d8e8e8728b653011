//! How do data get onto the paper?
//!
//! One pair of axes in one rectangle: grid and labels first, then fault windows, bands, lines and points in data units.

use super::axis::Axis;
use super::sheet::{DRAWS, Mark, Rect, Sheet, UNDASHED, fine, text_width};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use scenarios::results::FaultWindow;

type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Room above the data for the labels of fault windows: two lines of them.
pub(super) const FAULT_ROOM: f64 = 34.0;

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
        let widest = y.marks.iter().map(|(_, text)| text_width(text, size, false)).fold(0.0, f64::max);
        let for_label = if y.label.is_empty() { 0.0 } else { size * 1.7 };
        let below = size * if x.label.is_empty() { 2.2 } else { 3.7 };
        let inner = Rect(outer.0 + for_label + widest + 9.0, outer.1 + above, outer.2 - 14.0, outer.3 - below);
        let Rect(left, top, right, bottom) = inner;
        let area = sheet.page.clone().shrink((fine(left), fine(top)), (fine(right - left), fine(bottom - top)));
        let (columns, rows) = area.get_pixel_range();
        let spec = Cartesian2d::new(x.range.0..x.range.1, y.range.0..y.range.1, (columns, rows.end..rows.start));
        let plane = Self { sheet, plot: area.apply_coord_spec(spec), inner, x, y };
        plane.grid(outer);
        plane
    }

    fn grid(&self, outer: Rect) {
        let (theme, Rect(left, top, right, bottom)) = (self.sheet.theme, self.inner);
        for (mark, text) in &self.y.marks {
            let y = self.pixel((self.x.range.0, *mark)).1;
            self.sheet.stroke(&[(left, y), (right, y)], theme.grid, 1.0);
            self.sheet.words(text, (left - 6.0, y), theme.text, false, theme.ink, (HPos::Right, VPos::Center));
        }
        let mut free_from = f64::NEG_INFINITY;
        for (mark, text) in &self.x.marks {
            let x = self.pixel((*mark, self.y.range.0)).0;
            self.sheet.stroke(&[(x, bottom), (x, bottom + 4.0)], theme.ink, 1.0);
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
        if !self.y.label.is_empty() {
            self.sheet.upwards(&self.y.label, (outer.0 + theme.text * 0.6, (top + bottom) / 2.0), theme.ink);
        }
    }

    /// A heading over the data, on the left.
    pub fn heading(&self, text: &str, above: f64) {
        let theme = self.sheet.theme;
        self.sheet.words(text, (self.inner.0, self.inner.1 - above), theme.text, true, theme.ink, (HPos::Left, VPos::Top));
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
            let row = free_from.iter().position(|free| centre - half > *free).filter(|_| labelled);
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
        if points.len() > 1 {
            self.plot.draw(&Polygon::new(outline, colour.mix(0.18))).expect(DRAWS);
        }
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

    /// Words beside a point in data units, on the side on which there is room.
    pub fn note_within(&self, at: (f64, f64), text: &str) {
        let (x, y) = self.pixel(self.place(at));
        let theme = self.sheet.theme;
        let fits = x + 8.0 + text_width(text, theme.text, false) <= self.inner.2;
        let (x, side) = if fits { (x + 8.0, HPos::Left) } else { (x - 8.0, HPos::Right) };
        self.sheet.words(text, (x, y), theme.text, false, theme.muted, (side, VPos::Center));
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
