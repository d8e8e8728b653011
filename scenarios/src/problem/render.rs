//! How does a problem look on a terminal?
//!
//! ```text
//! error: unknown backoff `FullJiter`
//!   --> storm.ron:14:18   clients[0].retry.backoff
//!    |
//! 14 |         backoff: FullJiter(base: "100ms"),
//!    |                  ^^^^^^^^^
//!   expected one of Constant, Exponential, FullJitter
//!   hint: did you mean `FullJitter`?
//! ```
//!
//! Written by hand, because the path beside the place is what the reader types after `--set`, and the crate
//! annotate-snippets has no room for it. Left out: spans over several lines are drawn on their first line.

use super::{Problem, Problems, Span};
use crate::text::{Element, Source, path};
use std::fmt::Write as _;

/// Beyond this number, problems are counted and no longer shown: nobody reads them, and each costs a walk over the text.
const MOST_SHOWN: usize = 100;

/// A line is cut to about this many columns around its mark.
const WIDEST_LINE: usize = 110;
/// Columns kept in front of the mark in a line that is cut.
const KEPT_BEFORE: usize = 40;

const ERROR: &str = "\x1b[1;31m";
const WARNING: &str = "\x1b[1;33m";
const FRAME: &str = "\x1b[1;34m";
const STRONG: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Returns all problems and, in the last line, their number.
pub(super) fn all(problems: &Problems, source: &Source, colour: bool) -> String {
    let page = Page { source, root: source.root().ok(), colour };
    let sorted = problems.sorted();
    let mut text = String::new();
    for problem in sorted.iter().take(MOST_SHOWN) {
        page.problem(Weight::Error, problem, &mut text);
        text.push('\n');
    }
    let count = sorted.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let shown = if count > MOST_SHOWN { format!(" (the first {MOST_SHOWN} are shown)") } else { String::new() };
    line(&mut text, &format!("{count} {noun} in {}{shown}; nothing was run", printable(&source.name)));
    text
}

/// Returns all of them as warnings: of a text that is run all the same.
pub(super) fn warnings(problems: &Problems, source: &Source, colour: bool) -> String {
    let page = Page { source, root: source.root().ok(), colour };
    let sorted = problems.sorted();
    let mut text = String::new();
    for problem in sorted.iter().take(MOST_SHOWN) {
        page.problem(Weight::Warning, problem, &mut text);
        text.push('\n');
    }
    if sorted.len() > MOST_SHOWN {
        line(&mut text, &format!("{} warnings about {} (the first {MOST_SHOWN} are shown)", sorted.len(), printable(&source.name)));
    }
    text
}

/// Whether a text with this problem is run.
#[derive(Clone, Copy)]
enum Weight {
    Error,
    Warning,
}

struct Page<'a> {
    source: &'a Source,
    root: Option<Element<'a>>,
    colour: bool,
}

impl Page<'_> {
    fn problem(&self, weight: Weight, problem: &Problem, text: &mut String) {
        let (style, word) = match weight {
            Weight::Error => (ERROR, "error:"),
            Weight::Warning => (WARNING, "warning:"),
        };
        line(text, &format!("{} {}", self.paint(style, word), self.paint(STRONG, &printable(&problem.message))));
        self.place(problem, text);
        if let Some(expected) = &problem.expected {
            line(text, &format!("  expected {}", printable(expected)));
        }
        if let Some(second) = &problem.second {
            let (row, column) = self.source.line_and_column(second.place.start());
            line(text, &format!("  {}: {}:{row}:{column}", printable(&second.note), printable(&self.source.name)));
            self.excerpt(second.place, text);
        }
        if let Some(hint) = &problem.hint {
            line(text, &format!("  hint: {}", printable(hint)));
        }
    }

    fn place(&self, problem: &Problem, text: &mut String) {
        let arrow = self.paint(FRAME, "-->");
        let name = printable(&self.source.name);
        let Some(place) = problem.place else {
            if !problem.path.is_empty() {
                line(text, &format!("  {arrow} {name}   {}", printable(&problem.path)));
            }
            return;
        };
        let (row, column) = self.source.line_and_column(place.start());
        let path = if problem.path.is_empty() { self.path_of(place) } else { problem.path.clone() };
        line(text, format!("  {arrow} {name}:{row}:{column}   {}", printable(&path)).trim_end());
        self.excerpt(place, text);
    }

    fn path_of(&self, place: Span) -> String {
        self.root.map(|root| path::path_below(root, place.start()).to_string()).unwrap_or_default()
    }

    /// Draws the line of `place` with a mark under the place.
    fn excerpt(&self, place: Span, text: &mut String) {
        let (row, _) = self.source.line_and_column(place.start());
        let (content, start) = self.source.line_at(place.start());
        let from = floor(content, place.start().saturating_sub(start));
        let to = floor(content, place.end().saturating_sub(start)).max(from);
        let before = shown(&content[..from]);
        let marked = shown(&content[from..to]);
        let after = shown(&content[to..]);
        let (before, cut_before) = keep_end(&before, KEPT_BEFORE.max(WIDEST_LINE.saturating_sub(width(&marked) + width(&after))));
        let (rest, cut_after) = keep_start(&format!("{marked}{after}"), WIDEST_LINE - width(&before).min(WIDEST_LINE / 2));
        let open = if cut_before { "..." } else { "" };
        let close = if cut_after { "..." } else { "" };
        let marks = width(&marked).clamp(1, width(&rest).max(1));
        let bar = self.paint(FRAME, "|");
        let gutter = row.to_string().len().max(2);
        line(text, &format!("{:gutter$} {bar}", ""));
        line(text, format!("{} {bar} {open}{before}{rest}{close}", self.paint(FRAME, &format!("{row:gutter$}"))).trim_end());
        let blank = " ".repeat(open.len() + width(&before));
        line(text, &format!("{:gutter$} {bar} {blank}{}", "", self.paint(ERROR, &"^".repeat(marks))));
    }

    fn paint(&self, style: &str, words: &str) -> String {
        if self.colour { format!("{style}{words}{PLAIN}") } else { words.to_owned() }
    }
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("writing to a string cannot fail");
}

/// Returns the largest offset up to `offset` at which a character begins.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Returns a source line as it is drawn: tabs as two blanks, and nothing that would move the cursor.
fn shown(text: &str) -> String {
    text.replace('\t', "  ").chars().filter(|c| *c != '\u{feff}').map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// Returns a message with whatever would move the cursor or change colours written as an escape.
fn printable(words: &str) -> String {
    let mut clean = String::with_capacity(words.len());
    for c in words.chars() {
        if is_unprintable(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    clean
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns how many columns a terminal needs: East Asian wide characters and emoji take two, combining marks none.
///
/// The ranges are the blocks of Unicode Standard Annex 11 that occur in ordinary text; an exotic script moves the mark
/// by a column or two, which is the price for not needing a table.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
            0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

fn keep_start(text: &str, columns: usize) -> (String, bool) {
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) >= columns {
            return (kept, true);
        }
        kept.push(c);
    }
    (kept, false)
}

fn keep_end(text: &str, columns: usize) -> (String, bool) {
    let reversed: String = text.chars().rev().take(columns).collect();
    let kept: String = reversed.chars().rev().collect();
    let is_cut = kept.len() < text.len();
    (kept, is_cut)
}
