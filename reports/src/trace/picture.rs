//! How is a space-time diagram drawn?
//!
//! As SVG, by hand: lanes with rows of bars, which lie in as few rows as they need without overlapping; messages between the
//! lanes; shades behind them. Every shape carries a title, which a browser shows under the pointer, so that letters are few.

use super::labels::{Labels, Spot};
use super::mermaid::seconds;
use super::scale::Scale;
use super::shades;
use super::spacetime::{Diagram, Mark};
use super::story::{Message, Span, SpanKind};
use crate::html::escaped;
use std::fmt::Write as _;

pub(super) const WIDTH: f64 = 1280.0;
pub(super) const MARGIN: f64 = 18.0;
/// Above the lanes, without the names of faults.
const HEAD: f64 = 59.0;
/// Space between the lane above and the line of a lane, and between two rows of bars.
const LANE: f64 = 46.0;
const ROW: f64 = 7.0;
/// More calls at once than this are drawn over each other in the last row.
const MOST_ROWS: usize = 12;
/// Labels stand at messages only if there are few.
const MOST_LABELS: usize = 80;
/// So much space an instant needs below the lanes of a stretched picture.
const INSTANT: f64 = 96.0;
const FOOT: f64 = 66.0;

const INK: &str = "#222222";
const MUTED: &str = "#5f5f5f";
const GRID: &str = "#dddddd";
const REQUEST: &str = "#0072b2";
const ANSWER: &str = "#009e73";
const FAILURE: &str = "#d55e00";
const WAIT: &str = "#e69f00";
const CALL: &str = "#999998";
const FAULT: &str = "#cc79a7";
const MARK: &str = "#332288";

/// Where a lane is: its line, and the row of each of its bars.
pub(super) struct Lane<'d> {
    pub(super) name: &'d str,
    pub(super) y: f64,
    pub(super) bars: Vec<(&'d Span, usize)>,
    pub(super) bottom: f64,
}

/// Draws a diagram.
pub fn draw(diagram: &Diagram) -> String {
    let longest = diagram.lanes.iter().map(|lane| lane.chars().count()).max().unwrap_or_default();
    let left = MARGIN + 12.0 + (longest as f64 * 7.4).clamp(40.0, 260.0);
    let scale = Scale::of(diagram, left, WIDTH - MARGIN);
    let shades = shades::shades(diagram, &scale);
    let head = HEAD + shades::rows(&shades).max(1) as f64 * shades::ROW_OF_NAMES;
    let lanes = lanes(diagram, head);
    let bottom = lanes.last().map_or(head, |lane| lane.bottom);
    let height = bottom + FOOT;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         font-family=\"Noto Sans, sans-serif\" font-size=\"13\">"
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&format!("{}: {}", diagram.title, diagram.subtitle)));
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"28\" font-size=\"17\" font-weight=\"bold\" fill=\"{INK}\">{}</text>",
        escaped(&diagram.title)
    );
    let how = if scale.is_stretched { "; time is stretched where much happens" } else { "" };
    let _ = writeln!(out, "<text x=\"{MARGIN}\" y=\"46\" font-size=\"12\" fill=\"{MUTED}\">{}{how}</text>", escaped(&diagram.subtitle));
    shades::draw(&mut out, &shades, &lanes, (head, bottom));
    shade(&mut out, diagram, &lanes, &scale);
    axis(&mut out, diagram, &scale, (head, bottom));
    lanes.iter().for_each(|lane| draw_lane(&mut out, diagram, lane, &scale));
    let mut labels = Labels::default();
    // What was made known matters more than what was said.
    let marks = marks(diagram, &lanes, &scale, &mut labels);
    let is_labelled = diagram.messages.len() <= MOST_LABELS;
    diagram
        .messages
        .iter()
        .for_each(|message| draw_message(&mut out, (diagram, message), &lanes, &scale, is_labelled.then_some(&mut labels)));
    out += &marks;
    legend(&mut out, bottom + 46.0, !diagram.shows.is_empty());
    out += "</svg>\n";
    out
}

/// Puts lanes below one another, each as high as its bars need.
fn lanes(diagram: &Diagram, head: f64) -> Vec<Lane<'_>> {
    let mut top = head;
    let mut lanes = Vec::new();
    for name in &diagram.lanes {
        let mut bars: Vec<&Span> = diagram.bars.iter().filter(|bar| bar.node.as_ref() == Some(name)).collect();
        bars.sort_by_key(|bar| (bar.from, bar.until, bar.id));
        let mut free_from: Vec<u64> = Vec::new();
        let placed: Vec<(&Span, usize)> = bars
            .into_iter()
            .map(|bar| {
                let row = free_from.iter().position(|free| *free <= bar.from).unwrap_or(free_from.len()).min(MOST_ROWS - 1);
                if row == free_from.len() {
                    free_from.push(0);
                }
                free_from[row] = bar.until.max(bar.from + 1);
                (bar, row)
            })
            .collect();
        let y = top + LANE;
        let bottom = y + 6.0 + free_from.len() as f64 * ROW;
        lanes.push(Lane { name, y, bars: placed, bottom });
        top = bottom;
    }
    lanes
}

/// Nodes that are dead or stand still; what lies outside of the window is cut off.
fn shade(out: &mut String, diagram: &Diagram, lanes: &[Lane<'_>], scale: &Scale) {
    let (first, last) = diagram.window;
    let clip = |span: &Span| (scale.x(span.from.max(first)), scale.x(span.until.min(last)));
    for span in diagram.shades.iter().filter(|span| matches!(span.kind, SpanKind::Down | SpanKind::Pause)) {
        let Some(lane) = lanes.iter().find(|lane| span.node.as_deref() == Some(lane.name)) else { continue };
        let (x, end) = clip(span);
        let (colour, what) = if span.kind == SpanKind::Down { ("#444444", "is dead") } else { (WAIT, "stands still") };
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\" fill-opacity=\"0.22\"><title>{} {what} {}</title></rect>",
            lane.y - 12.0,
            (end - x).max(1.0),
            lane.bottom - lane.y + 12.0,
            escaped(lane.name),
            from_to(span)
        );
    }
}

/// From when to when; of what is still on at the end of the picture, that is said.
pub(super) fn from_to(span: &Span) -> String {
    match span.outcome {
        Some(_) => format!("from {} to {}", seconds(span.from), seconds(span.until)),
        None => format!("from {} on, and not over yet at {}", seconds(span.from), seconds(span.until)),
    }
}

/// Instants below the lanes, at round numbers.
fn axis(out: &mut String, diagram: &Diagram, scale: &Scale, (head, bottom): (f64, f64)) {
    let (first, last) = diagram.window;
    let wanted = (last - first).max(1) / 8;
    let step =
        (0..19).flat_map(|power| [1, 2, 5].map(|factor| factor * 10_u64.pow(power))).find(|step| *step >= wanted).unwrap_or(1).max(1);
    // Ten or so; more only if the instants of an edited file are beyond all bounds.
    let round = (first.div_ceil(step)..).map_while(|count| count.checked_mul(step)).take_while(|at| *at <= last).take(40);
    let instants = if scale.is_stretched { scale.some(INSTANT) } else { round.collect() };
    for at in instants {
        let x = scale.x(at);
        let _ = writeln!(out, "<path d=\"M{x:.1} {head:.1}V{:.1}\" stroke=\"{GRID}\"/>", bottom + 6.0);
        let label = sim_core::time::SimDuration::from_nanos(at).to_string();
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\" fill=\"{MUTED}\">{label}</text>",
            bottom + 20.0
        );
    }
}

fn draw_lane(out: &mut String, diagram: &Diagram, lane: &Lane<'_>, scale: &Scale) {
    let (first, last) = diagram.window;
    let _ = writeln!(out, "<text x=\"{MARGIN}\" y=\"{:.1}\" fill=\"{INK}\">{}</text>", lane.y + 4.0, escaped(lane.name));
    let _ =
        writeln!(out, "<path d=\"M{:.1} {y:.1}H{:.1}\" stroke=\"{INK}\" stroke-width=\"1.2\"/>", scale.x(first), scale.x(last), y = lane.y);
    for (bar, row) in &lane.bars {
        let is_highlighted = bar.call.as_ref().is_some_and(|call| diagram.highlighted.contains(call));
        let outcome = bar.outcome.as_deref().unwrap_or("not over yet");
        let colour = match bar.kind {
            _ if is_highlighted => FAILURE,
            SpanKind::Queue => WAIT,
            SpanKind::Call if outcome == "ok" || bar.outcome.is_none() => CALL,
            SpanKind::Call => FAILURE,
            SpanKind::Job => FAULT,
            _ => REQUEST,
        };
        let (x, end) = (scale.x(bar.from.max(first)), scale.x(bar.until.min(last)));
        let opacity = if is_highlighted || bar.kind != SpanKind::Call { 1.0 } else { 0.65 };
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\" fill-opacity=\"{opacity}\"><title>{}</title></rect>",
            lane.y + 4.0 + *row as f64 * ROW,
            (end - x).max(1.0),
            ROW - 2.0,
            escaped(&format!(
                "{} {}: {} to {}, {outcome}",
                bar.name,
                bar.call.as_deref().unwrap_or_default(),
                seconds(bar.from),
                seconds(bar.until)
            ))
        );
    }
    for span in diagram.shades.iter().filter(|span| span.kind == SpanKind::Down && span.node.as_deref() == Some(lane.name)) {
        let (dies, returns) = (scale.x(span.from), scale.x(span.until));
        if span.from >= first {
            let _ = writeln!(
                out,
                "<path d=\"M{:.1} {:.1}l10 10m0 -10l-10 10\" stroke=\"#000000\" stroke-width=\"2\" fill=\"none\"/>",
                dies - 5.0,
                lane.y - 5.0
            );
        }
        if span.outcome.is_some() {
            let _ = writeln!(
                out,
                "<circle cx=\"{returns:.1}\" cy=\"{:.1}\" r=\"4.5\" fill=\"#ffffff\" stroke=\"#000000\" stroke-width=\"1.6\"/>",
                lane.y
            );
        }
    }
}

/// A line from lane to lane; of one that is lost, most of it, and a cross.
fn draw_message(
    out: &mut String,
    (diagram, message): (&Diagram, &Message),
    lanes: &[Lane<'_>],
    scale: &Scale,
    labels: Option<&mut Labels>,
) {
    let lane = |name: &str| lanes.iter().find(|lane| lane.name == name).map(|lane| lane.y);
    let (Some(from), Some(to)) = (lane(&message.from), lane(&message.to)) else { return };
    let (x, end) = (scale.x(message.sent), scale.x(message.arrived));
    let share = if message.lost.is_some() { 0.72 } else { 1.0 };
    let tip = (x + (end - x) * share, from + (to - from) * share);
    let shows = diagram.shows.contains(&message.ids.1);
    let width = if shows { 2.6 } else { 1.3 };
    let colour = match (&message.lost, message.is_failure || shows, message.is_answer) {
        (Some(_), ..) | (None, true, _) => FAILURE,
        (None, false, true) => ANSWER,
        (None, false, false) => REQUEST,
    };
    let dash = if message.lost.is_some() { " stroke-dasharray=\"4 3\"" } else { "" };
    let fate = message.lost.as_ref().map_or(String::new(), |reason| format!(", lost: {reason}"));
    let title = format!(
        "{} -> {}: {}{}, {} to {}{fate}",
        message.from,
        message.to,
        message.text,
        message.said(),
        seconds(message.sent),
        seconds(message.arrived)
    );
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {from:.1}L{:.1} {:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash} fill=\"none\"><title>{}</title></path>",
        tip.0,
        tip.1,
        escaped(&title)
    );
    if message.lost.is_some() {
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\" stroke=\"{FAILURE}\" stroke-width=\"2\" fill=\"none\"/>",
            tip.0 - 4.0,
            tip.1 - 4.0
        );
    } else {
        arrow(out, (x, from), tip, colour);
    }
    // Beside the line near its begin: where lines cross, labels do not.
    let spots = [0.3, 0.5, 0.7, 0.15, 0.85].into_iter().flat_map(|part| {
        let (x, y) = (x + (end - x) * part, from + (to - from) * part);
        [Spot { x: x + 5.0, y, ends: false }, Spot { x: x - 5.0, y, ends: true }]
    });
    if let Some(spot) = labels.and_then(|labels| labels.place(&message.text, spots, (MARGIN, WIDTH))) {
        label(out, spot, &message.text, colour);
    }
}

fn label(out: &mut String, spot: Spot, text: &str, colour: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" text-anchor=\"{}\" fill=\"{colour}\" stroke=\"#ffffff\" stroke-width=\"2.5\" paint-order=\"stroke\">{}</text>",
        spot.x,
        spot.y,
        spot.anchor(),
        escaped(text)
    );
}

/// A head of seven pixels at the end of a line.
fn arrow(out: &mut String, from: (f64, f64), tip: (f64, f64), colour: &str) {
    let (across, down) = (tip.0 - from.0, tip.1 - from.1);
    let length = (across * across + down * down).sqrt().max(0.1);
    let (along, aside) = ((across / length * 7.0, down / length * 7.0), (-down / length * 2.6, across / length * 2.6));
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"{colour}\"/>",
        tip.0,
        tip.1,
        tip.0 - along.0 + aside.0,
        tip.1 - along.1 + aside.1,
        tip.0 - along.0 - aside.0,
        tip.1 - along.1 - aside.1
    );
}

/// What nodes made known, drawn last and named first.
fn marks(diagram: &Diagram, lanes: &[Lane<'_>], scale: &Scale, labels: &mut Labels) -> String {
    let mut out = String::new();
    // What shows it is named before what else was made known.
    let (first, others): (Vec<&Mark>, Vec<&Mark>) = diagram.marks.iter().partition(|mark| diagram.shows.contains(&mark.id));
    for Mark { id, at, node, says } in first.into_iter().chain(others) {
        let Some(lane) = lanes.iter().find(|lane| lane.name == node) else { continue };
        let x = scale.x(*at);
        let shows = diagram.shows.contains(id);
        let (colour, size) = if shows { (FAILURE, 7.0) } else { (MARK, 4.0) };
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {:.1}l{size} {size}l-{size} {size}l-{size} -{size}Z\" fill=\"{colour}\"><title>{} at {}: {}</title></path>",
            lane.y - size,
            escaped(node),
            seconds(*at),
            escaped(says)
        );
        if diagram.marks.len() > MOST_LABELS {
            continue;
        }
        let spots = [(5.0, -6.0), (-5.0, -6.0), (5.0, 13.0), (-5.0, 13.0)];
        let spots = spots.map(|(aside, below)| Spot { x: x + aside, y: lane.y + below, ends: aside < 0.0 });
        if let Some(spot) = labels.place(says, spots, (MARGIN, WIDTH)) {
            label(&mut out, spot, says, colour);
        }
    }
    out
}

fn legend(out: &mut String, y: f64, shows_something: bool) {
    let mut x = MARGIN;
    let entries = [
        (REQUEST, "request, message, work"),
        (ANSWER, "answer"),
        (FAILURE, "failure, loss (×)"),
        (WAIT, "waits for a worker, or stands still"),
        (CALL, "call"),
        (FAULT, "fault"),
        ("#444444", "dead, from × to ○"),
    ];
    let shows = shows_something.then_some((FAILURE, "◆ shows it"));
    for (colour, text) in entries.into_iter().chain(shows) {
        let _ = writeln!(out, "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"6\" fill=\"{colour}\"/>", y - 7.0);
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{y:.1}\" font-size=\"11\" fill=\"{MUTED}\">{text}</text>", x + 21.0);
        x += 42.0 + text.chars().count() as f64 * 6.1;
    }
}
