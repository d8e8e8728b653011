//! What stands around the data of every picture: title, legend, caption?
//!
//! The legend has its own rows above the data and never covers it. Long titles and captions are broken into lines by
//! measured widths, so the picture is as high as its words need.

use super::polish::{FINE, polished};
use crate::theme::{ARM_COLOURS, Theme};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::sync::Once;

/// The family name of the embedded font.
pub(super) const FAMILY: &str = "Noto Sans";
/// Width of every picture in pixels.
pub(super) const WIDTH: f64 = 960.0;
/// Space around everything.
const MARGIN: f64 = 18.0;
/// Sizes of title and caption; ordinary text is the theme's.
const TITLE: f64 = 17.0;
const CAPTION: f64 = 11.0;
/// Line height as a multiple of the letter size.
const LEADING: f64 = 1.4;
/// Length of a line sample in the legend, and room for a mark.
const SAMPLE: f64 = 34.0;
const MARKED: f64 = 12.0;
/// As good as opaque; only opaque lines get the dashes of their colour.
pub(super) const UNDASHED: f64 = 0.99;
/// plotters measures as if letters were `1.24 / (ascent + descent)` of their drawn size; Noto Sans has 1.362.
const MEASURE: f64 = 1.362 / 1.24;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
pub(super) const DRAWS: &str = "drawing into memory with a registered font cannot fail";

/// Left, top, right and bottom in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect(pub f64, pub f64, pub f64, pub f64);

/// How a point is marked. Frame, kite and tent are square, diamond and triangle with nothing but paper inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Dot,
    Ring,
    Diamond,
    Square,
    Triangle,
    Funnel,
    Cross,
    Frame,
    Kite,
    Tent,
    Bar,
}

impl Mark {
    /// The mark of an arm: with colour and dashes, a third way to tell arms apart. The ring is kept for bounds.
    pub const fn of_arm(arm: usize) -> Self {
        const MARKS: [Mark; 10] = [
            Mark::Dot,
            Mark::Square,
            Mark::Diamond,
            Mark::Triangle,
            Mark::Funnel,
            Mark::Cross,
            Mark::Frame,
            Mark::Kite,
            Mark::Tent,
            Mark::Bar,
        ];
        // Shifted by one where colours begin anew.
        MARKS[(arm + arm / ARM_COLOURS) % MARKS.len()]
    }
}

/// An entry of the legend: a sample of a line, a mark, or a line with a mark.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub text: String,
    pub colour: RGBColor,
    pub mark: Option<Mark>,
    pub has_line: bool,
}

impl Entry {
    /// The entry of a line.
    pub fn line(text: impl Into<String>, colour: RGBColor) -> Self {
        Self { text: text.into(), colour, mark: None, has_line: true }
    }

    /// The entry of a mark without a line.
    pub fn mark(text: impl Into<String>, colour: RGBColor, mark: Mark) -> Self {
        Self { text: text.into(), colour, mark: Some(mark), has_line: false }
    }

    /// The entry of a line with marks on it.
    pub fn marked_line(text: impl Into<String>, colour: RGBColor, mark: Mark) -> Self {
        Self { text: text.into(), colour, mark: Some(mark), has_line: true }
    }
}

/// The words around the data, and how much room the data get.
pub(super) struct Frame {
    pub title: String,
    pub legend: Vec<Entry>,
    pub caption: Vec<String>,
    pub body: f64,
}

/// The paper, while it is drawn on.
pub(super) struct Sheet<'a> {
    pub page: Area<'a>,
    pub theme: &'a Theme,
    /// Where the data go.
    pub body: Rect,
}

/// Draws title, legend and caption, lets `data` fill the rest, and returns the finished SVG.
pub(super) fn draw(theme: &Theme, frame: &Frame, data: impl FnOnce(&Sheet<'_>)) -> String {
    register_fonts();
    let inner = WIDTH - 2.0 * MARGIN;
    let (title, alike) = (wrapped(&frame.title, TITLE, true, inner), drawn_alike(&frame.legend));
    let legend = placed(&frame.legend, theme.text, inner);
    let caption: Vec<String> = alike.iter().chain(&frame.caption).flat_map(|line| wrapped(line, CAPTION, false, inner)).collect();
    let title_end = MARGIN + title.len() as f64 * TITLE * LEADING;
    let legend_end = title_end + legend.iter().map(|placed| placed.bottom).fold(0.0, f64::max) + 8.0;
    let body_end = legend_end + frame.body;
    let height = body_end + caption.len() as f64 * CAPTION * LEADING + MARGIN;
    let mut raw = String::new();
    {
        let page = SVGBackend::with_string(&mut raw, (fine(WIDTH) as u32, fine(height) as u32)).into_drawing_area();
        page.fill(&theme.paper).expect(DRAWS);
        let sheet = Sheet { page, theme, body: Rect(MARGIN, legend_end, WIDTH - MARGIN, body_end) };
        for (index, line) in title.iter().enumerate() {
            sheet.words(line, (MARGIN, MARGIN + index as f64 * TITLE * LEADING), TITLE, true, theme.ink, (HPos::Left, VPos::Top));
        }
        legend.iter().for_each(|placed| sheet.entry(placed, title_end + 4.0));
        data(&sheet);
        for (index, line) in caption.iter().enumerate() {
            let y = body_end + 4.0 + index as f64 * CAPTION * LEADING;
            sheet.words(line, (MARGIN, y), CAPTION, false, theme.muted, (HPos::Left, VPos::Top));
        }
        sheet.page.present().expect(DRAWS);
    }
    polished(
        &raw,
        (WIDTH as u32, height as u32),
        theme,
        &frame.title,
        &alike.iter().chain(&frame.caption).map(String::as_str).collect::<Vec<_>>().join(" "),
    )
}

/// Which entries of a legend nobody can tell apart, because there are more of them than colours; `None` if all differ.
fn drawn_alike(legend: &[Entry]) -> Option<String> {
    let is_same = |a: &Entry, b: &Entry| (a.colour, a.mark, a.has_line) == (b.colour, b.mark, b.has_line);
    let is_first = |index: &usize| !legend[..*index].iter().any(|before| is_same(before, &legend[*index]));
    let group = |index: usize| {
        let all: Vec<String> =
            legend.iter().filter(|other| is_same(other, &legend[index])).map(|entry| format!("\"{}\"", entry.text)).collect();
        (all.len() > 1).then(|| all.join(" and "))
    };
    let groups: Vec<String> = (0..legend.len()).filter(is_first).filter_map(group).collect();
    (!groups.is_empty()).then(|| format!("Drawn alike, for there are more of them than colours: {}.", groups.join("; ")))
}

impl Sheet<'_> {
    /// Writes one line of text.
    pub fn words(&self, text: &str, at: (f64, f64), size: f64, bold: bool, colour: RGBColor, (h, v): (HPos, VPos)) {
        let style = TextStyle::from(font(size, bold)).color(&colour).pos(Pos::new(h, v));
        self.page.draw_text(text, &style, pixel(at)).expect(DRAWS);
    }

    /// Writes one line of text upwards, centred.
    pub fn upwards(&self, text: &str, at: (f64, f64), colour: RGBColor) {
        let font = font(self.theme.text, false).transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(HPos::Center, VPos::Center));
        self.page.draw_text(text, &style, pixel(at)).expect(DRAWS);
    }

    /// Writes a name to the left of a point, in as many lines as it needs.
    pub fn name_beside(&self, name: &str, (right, middle): (f64, f64)) {
        let lines = super::plane::name_lines(name, self.theme.text - 1.0);
        let first = middle - lines.len().saturating_sub(1) as f64 / 2.0 * (self.theme.text - 1.0) * 1.15;
        for (index, line) in lines.iter().enumerate() {
            let at = (right, first + index as f64 * (self.theme.text - 1.0) * 1.15);
            self.words(line, at, self.theme.text - 1.0, false, self.theme.ink, (HPos::Right, VPos::Center));
        }
    }

    /// Draws a line between points given in pixels.
    pub fn stroke(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(pixel).collect();
        self.page.draw(&PathElement::new(points, colour.stroke_width(fine(width) as u32))).expect(DRAWS);
    }

    /// Draws a thin line without dashes between points given in pixels.
    pub fn thin(&self, points: &[(f64, f64)], colour: RGBColor) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(pixel).collect();
        self.page.draw(&PathElement::new(points, colour.mix(UNDASHED).stroke_width(fine(1.4) as u32))).expect(DRAWS);
    }

    /// Marks a point given in pixels.
    pub fn mark(&self, at: (f64, f64), mark: Mark, colour: RGBColor) {
        let ((x, y), radius) = (pixel(at), fine(4.6));
        let page = &self.page;
        let polygon = |corners: &[(i32, i32)], is_open: bool| {
            let corners: Vec<(i32, i32)> = corners.iter().map(|(right, down)| (x + right, y + down)).collect();
            page.draw(&Polygon::new(corners.clone(), if is_open { self.theme.paper } else { colour })).expect(DRAWS);
            if is_open {
                let outline = corners.iter().chain(&corners[..2]).copied().collect::<Vec<_>>();
                page.draw(&PathElement::new(outline, colour.mix(UNDASHED).stroke_width(fine(2.0) as u32))).expect(DRAWS);
            }
        };
        let square = |half: i32| [(-half, -half), (half, -half), (half, half), (-half, half)];
        let diamond = |r: i32| [(0, -r), (r, 0), (0, r), (-r, 0)];
        let triangle = |r: i32| [(0, -r), (r, r * 3 / 4), (-r, r * 3 / 4)];
        let beam = |wide: i32, high: i32| {
            page.draw(&Rectangle::new([(x - wide, y - high), (x + wide, y + high)], colour.filled())).expect(DRAWS);
        };
        match mark {
            Mark::Dot => page.draw(&Circle::new((x, y), radius, colour.filled())).expect(DRAWS),
            Mark::Ring => {
                page.draw(&Circle::new((x, y), radius, self.theme.paper.filled())).expect(DRAWS);
                page.draw(&Circle::new((x, y), radius, colour.stroke_width(fine(2.0) as u32))).expect(DRAWS);
            }
            Mark::Square => beam(radius - fine(0.4), radius - fine(0.4)),
            Mark::Diamond => polygon(&diamond(radius + fine(1.2)), false),
            Mark::Triangle => polygon(&triangle(radius + fine(0.8)), false),
            Mark::Funnel => polygon(&triangle(radius + fine(0.8)).map(|(right, down)| (-right, -down)), false),
            Mark::Cross => {
                beam(radius + fine(0.4), fine(1.6));
                beam(fine(1.6), radius + fine(0.4));
            }
            Mark::Frame => polygon(&square(radius - fine(0.9)), true),
            Mark::Kite => polygon(&diamond(radius + fine(0.4)), true),
            Mark::Tent => polygon(&triangle(radius + fine(0.2)), true),
            Mark::Bar => beam(radius + fine(0.8), fine(1.8)),
        }
    }

    fn entry(&self, placed: &Placed<'_>, from: f64) {
        let (Placed { entry, x, .. }, y) = (placed, from + placed.top + self.theme.text * LEGEND / 2.0);
        if entry.has_line {
            self.stroke(&[(*x, y), (x + SAMPLE, y)], entry.colour, 2.4);
        }
        if let Some(mark) = entry.mark {
            self.mark((x + sample(entry) / 2.0, y), mark, entry.colour);
        }
        for (index, line) in placed.lines.iter().enumerate() {
            let at = (x + sample(entry) + 7.0, y + index as f64 * self.theme.text * LEADING);
            self.words(line, at, self.theme.text, false, self.theme.ink, (HPos::Left, VPos::Center));
        }
    }
}

/// Height of a row of the legend as a multiple of the letter size.
const LEGEND: f64 = 1.6;

/// An entry of the legend with its lines, and where it stands below the title.
struct Placed<'e> {
    entry: &'e Entry,
    lines: Vec<String>,
    x: f64,
    top: f64,
    bottom: f64,
}

/// The entries row by row, each with where it stands; one that is wider than a row is broken into lines.
fn placed<'e>(entries: &'e [Entry], size: f64, width: f64) -> Vec<Placed<'e>> {
    let mut all: Vec<Placed<'e>> = Vec::new();
    let (mut x, mut top, mut below) = (MARGIN, 0.0, 0.0_f64);
    for entry in entries {
        let before = sample(entry) + 7.0;
        let lines = wrapped(&entry.text, size, false, width - before);
        let needed = before + lines.iter().map(|line| text_width(line, size, false)).fold(0.0, f64::max);
        if x > MARGIN && x + needed > MARGIN + width {
            (x, top) = (MARGIN, below);
        }
        let bottom = top + size * (LEGEND + LEADING * lines.len().saturating_sub(1) as f64);
        all.push(Placed { entry, lines, x, top, bottom });
        (x, below) = (x + needed + 24.0, below.max(bottom));
    }
    all
}

fn sample(entry: &Entry) -> f64 {
    if entry.has_line { SAMPLE } else { MARKED }
}

/// The text in lines no wider than `width` pixels, broken between words, and inside those that are wider than a line.
pub(super) fn wrapped(text: &str, size: f64, bold: bool, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, bold) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(broken(word, size, bold, width)),
        }
    }
    lines
}

/// A word in parts no wider than `width` pixels.
fn broken(word: &str, size: f64, bold: bool, width: f64) -> Vec<String> {
    if text_width(word, size, bold) <= width {
        return vec![word.to_owned()];
    }
    let mut parts = vec![String::new()];
    for letter in word.chars() {
        if let Some(part) = parts.last_mut() {
            part.push(letter);
            if part.chars().nth(1).is_some() && text_width(part, size, bold) > width {
                part.pop();
                parts.push(letter.to_string());
            }
        }
    }
    parts
}

/// The width of a line of text in pixels.
pub(super) fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    register_fonts();
    let (width, _) = font(size, bold).box_size(text).expect("the font was registered");
    f64::from(width) * MEASURE / FINE
}

pub(super) fn fine(pixels: f64) -> i32 {
    (pixels * FINE + 0.5).floor() as i32
}

fn pixel(at: (f64, f64)) -> (i32, i32) {
    (fine(at.0), fine(at.1))
}

fn font(size: f64, bold: bool) -> FontDesc<'static> {
    // The SVG backend divides sizes by 1.24.
    (FAMILY, size * FINE * 1.24, if bold { FontStyle::Bold } else { FontStyle::Normal }).into_font()
}

fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, notosans::REGULAR_TTF), (FontStyle::Bold, notosans::BOLD_TTF)] {
            assert!(plotters::style::register_font(FAMILY, style, bytes).is_ok(), "the embedded font is a font");
        }
    });
}
