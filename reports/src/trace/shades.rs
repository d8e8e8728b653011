//! How are faults drawn in a space-time diagram?
//!
//! Each as a light shade over the whole height while it is on, darker and with an edge on the lanes of the nodes that it strikes, as far as its name tells whom. The names
//! stand above, each on a line along the time of its fault: in as many rows as they need to cover neither one another nor the edges.

use super::picture::{Lane, MARGIN, WIDTH, from_to};
use super::scale::Scale;
use super::spacetime::Diagram;
use super::story::{Span, SpanKind};
use crate::html::escaped;
use std::fmt::Write as _;

/// How high a row of names is, and how wide a letter of eleven pixels, about.
pub(super) const ROW_OF_NAMES: f64 = 15.0;
const LETTER: f64 = 6.2;
/// More rows than this are left to the pointer.
const MOST_ROWS: usize = 12;

const FAULT: &str = "#cc79a7";
const NAME: &str = "#8a3d6b";

/// A fault, where it is on, and where its name stands.
pub(super) struct Shade<'d> {
    span: &'d Span,
    x: f64,
    end: f64,
    /// From where on the name stands there, and in which row, from below; none if there is no room.
    name: Option<(f64, usize)>,
}

/// The faults of a diagram, with places for their names.
pub(super) fn shades<'d>(diagram: &'d Diagram, scale: &Scale) -> Vec<Shade<'d>> {
    let (first, last) = diagram.window;
    let is_seen = |span: &&Span| span.kind == SpanKind::Fault && span.from <= last && span.until >= first;
    let mut faults: Vec<&Span> = diagram.shades.iter().filter(is_seen).collect();
    faults.sort_by_key(|span| (span.from, span.until, span.id));
    let mut free_from: Vec<f64> = Vec::new();
    let place = |span: &'d Span| {
        let (x, end) = (scale.x(span.from.max(first)), scale.x(span.until.min(last)));
        let wide = wide(&span.name);
        // Begun further to the left, if it would leave the picture.
        let begin = (x + 3.0).min(WIDTH - MARGIN - wide).max(MARGIN);
        let row = free_from.iter().position(|free| *free <= begin.min(x)).unwrap_or(free_from.len());
        if row == MOST_ROWS {
            return Shade { span, x, end, name: None };
        }
        let until = (begin + wide).max(end) + 8.0;
        match free_from.get_mut(row) {
            Some(free) => *free = until,
            None => free_from.push(until),
        }
        Shade { span, x, end, name: Some((begin, row)) }
    };
    faults.into_iter().map(place).collect()
}

fn wide(name: &str) -> f64 {
    name.chars().count() as f64 * LETTER
}

/// How many rows the names of these need.
pub(super) fn rows(shades: &[Shade<'_>]) -> usize {
    shades.iter().filter_map(|shade| shade.name).map(|(_, row)| row + 1).max().unwrap_or(0)
}

/// Draws these between the head of the diagram and its foot.
pub(super) fn draw(out: &mut String, shades: &[Shade<'_>], lanes: &[Lane<'_>], (head, bottom): (f64, f64)) {
    for Shade { span, x, end, name } in shades {
        let wide = (end - x).max(1.0);
        let title = format!("<title>{} {}</title>", escaped(&span.name), from_to(span));
        let struck: Vec<&Lane<'_>> = lanes.iter().filter(|lane| strikes(&span.name, lane.name)).collect();
        let opacity = if struck.is_empty() { 0.14 } else { 0.07 };
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{head:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{FAULT}\" fill-opacity=\"{opacity}\">{title}</rect>",
            bottom - head
        );
        for lane in struck {
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{FAULT}\" fill-opacity=\"0.26\" stroke=\"{NAME}\" \
                 stroke-width=\"0.8\"><title>{} is struck by {} {}</title></rect>",
                lane.y - 15.0,
                lane.bottom - lane.y + 15.0,
                escaped(lane.name),
                escaped(&span.name),
                from_to(span)
            );
        }
        if let Some((begin, row)) = name {
            let y = head - 3.0 - *row as f64 * ROW_OF_NAMES;
            let _ = writeln!(out, "<path d=\"M{x:.1} {y:.1}H{:.1}\" stroke=\"{FAULT}\" stroke-width=\"2\"/>", x + wide);
            let _ = writeln!(
                out,
                "<text x=\"{begin:.1}\" y=\"{:.1}\" font-size=\"11\" fill=\"{NAME}\">{}</text>",
                y - 3.0,
                escaped(&span.name)
            );
        }
    }
}

/// Whether the name of a fault says that it strikes this node. Of one that says only how many more there are, that is not known of any.
fn strikes(fault: &str, node: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '[' | ']');
    let is_word = |at: usize| !fault[..at].ends_with(is_part) && !fault[at + node.len()..].starts_with(is_part);
    !fault.ends_with(" more") && fault.match_indices(node).any(|(at, _)| is_word(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(id: u64, name: &str, from: u64, until: u64) -> Span {
        let (name, outcome) = (name.to_owned(), Some("over".to_owned()));
        Span { kind: SpanKind::Fault, name, node: None, from, until, outcome, call: None, attempt: None, id, parent: None, root: id }
    }

    #[test]
    fn names_of_faults_cover_neither_one_another_nor_the_edges() {
        let names = [
            ("isolation of db[2]", 0, 600),
            ("isolation of db[4]", 100, 300),
            ("crash of db[1]", 700, 800),
            ("pause of db[0] at the end", 990, 1000),
        ];
        let all = (1..).zip(names).map(|(id, (name, from, until))| fault(id, name, from, until)).collect();
        let diagram = Diagram { shades: all, window: (0, 1000), ..Diagram::default() };
        let scale = Scale::of(&diagram, 120.0, WIDTH - MARGIN);
        let shades = shades(&diagram, &scale);
        let placed: Vec<(f64, usize)> = shades.iter().filter_map(|shade| shade.name).collect();
        assert_eq!(placed.iter().map(|(_, row)| *row).collect::<Vec<_>>(), [0, 1, 0, 0], "only what is on at once needs another row");
        for ((begin, _), (name, ..)) in placed.iter().zip(names) {
            assert!(*begin >= MARGIN && begin + wide(name) <= WIDTH - MARGIN, "{name} leaves the picture");
        }
        assert_eq!(rows(&shades), 2);
    }

    #[test]
    fn a_fault_strikes_whom_its_name_tells() {
        let name = "isolation of domain a at db[1], db[12]";
        let struck = ["db[1]", "db[2]", "db[12]", "db", "a"].map(|node| strikes(name, node));
        assert_eq!(struck, [true, false, true, false, true]);
        assert!(!strikes("storm at db[1], db[2] and 3 more", "db[1]"), "which others, it does not say");
    }

    #[test]
    fn the_lanes_of_struck_nodes_stand_out() {
        let diagram = Diagram { shades: vec![fault(1, "crash of db[1]", 0, 500)], window: (0, 1000), ..Diagram::default() };
        let lane = |name, y| Lane { name, y, bars: Vec::new(), bottom: y + 10.0 };
        let mut out = String::new();
        let shades = shades(&diagram, &Scale::of(&diagram, 120.0, 1200.0));
        draw(&mut out, &shades, &[lane("db[0]", 120.0), lane("db[1]", 170.0)], (89.0, 200.0));
        let strong: Vec<&str> = out.lines().filter(|line| line.contains("stroke-width=\"0.8\"")).collect();
        assert!(strong.len() == 1 && strong[0].contains("y=\"155.0\""), "{out}");
    }
}
