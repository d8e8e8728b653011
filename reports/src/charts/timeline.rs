//! What did one run go through, node by node?
//!
//! A lane per node: grey while it is down, hatched while it stands still, and in between how many requests waited there at most in each time bin. Below
//! them a lane per layer whose state changed: how many breakers were open or half open, or replicas left alone. Fault windows are shaded through all
//! lanes, and availability and attempts stand above them. Own form.

use super::axis::Axis;
use super::over_time::shaded;
use super::plane::{FAULT_ROOM, Plane, name_lines, names_width};
use super::sheet::{self, Entry, Frame, Mark, Rect, Sheet};
use crate::command;
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::lanes::{LayerLane, NodeLane, Span, Unusual};
use scenarios::measure::Bin;
use scenarios::results::{FaultWindow, Manifest};
use sim_core::time::SimTime;

/// What `list charts` calls the picture, and what it shows.
pub const NAME: &str = "timeline-of-one-run";
/// See [`NAME`].
pub const SUMMARY: &str = "What the nodes of one run went through: lives, faults, queues and breakers (`run --chart FILE.svg`)";

/// What is drawn of a run.
pub struct RunSeen<'a> {
    /// What was run.
    pub manifest: &'a Manifest,
    /// Index of the arm.
    pub arm: u32,
    /// Its seed.
    pub seed: u64,
    /// Its series.
    pub bins: &'a [Bin],
    /// Its faults as they struck.
    pub faults: &'a [FaultWindow],
    /// Its servers.
    pub nodes: &'a [NodeLane],
    /// Its layers that changed their state.
    pub layers: &'a [LayerLane],
}

/// More lanes than this are not drawn: those in which least happened are left out.
const LANES: usize = 24;
/// So many lanes are all drawn, whatever happens in them.
const FEW: usize = 8;
/// Height of a lane, of the panel above them, and of the gap between two lanes.
const LANE: f64 = 34.0;
/// Height of a line of a name.
const LINE: f64 = 14.0;
const ABOVE: f64 = 120.0;
const GAP: f64 = 6.0;
/// How high lanes have to be for their names.
fn lane_height(names: &[String], theme: &Theme) -> f64 {
    names.iter().map(|name| name_lines(name, theme.text - 1.0).len() as f64 * LINE + 2.0).fold(LANE, f64::max)
}

/// Places of what is drawn among the theme's colours.
const SUCCESS: usize = 0;
const OPEN: usize = 1;
const HALF_OPEN: usize = 4;
const QUEUE: usize = 5;

impl RunSeen<'_> {
    /// Everything that the picture shows: a row per span of a lane, and per bin in which anybody waited.
    pub fn table(&self) -> Table {
        let columns = vec![
            Column::text("lane"),
            Column::text("what"),
            Column::number("from", "s"),
            Column::number("to", "s"),
            Column::number("how many", ""),
        ];
        let mut table = Table::new(self.title(), columns);
        let length = |at: SimTime| Cell::Length(at.since_start());
        let mut row = |lane: &str, what: &str, begin: SimTime, end: Option<SimTime>, count: Cell| {
            table.push(vec![Cell::text(lane), Cell::text(what), length(begin), Cell::or_missing(end, length), count]);
        };
        for fault in self.faults {
            row("faults", &fault.told(), fault.begin, fault.end, Cell::Missing);
        }
        for (index, bin) in (0..).zip(self.bins) {
            let at = |index: u64| SimTime::ZERO + self.manifest.bin.saturating_mul(index);
            for (what, count) in [("calls started", bin.started), ("of these, succeeded", bin.succeeded)] {
                row("all", what, at(index), Some(at(index + 1)), Cell::Count(count));
            }
        }
        for node in self.nodes {
            node.down.iter().for_each(|span| row(&node.name, "down", span.begin, span.end, Cell::Missing));
            node.paused.iter().for_each(|span| row(&node.name, "paused", span.begin, span.end, Cell::Missing));
            for (index, waiting) in (0..).zip(&node.queue).filter(|(_, waiting)| **waiting > 0) {
                let at = |index: u64| SimTime::ZERO + self.manifest.bin.saturating_mul(index);
                row(&node.name, "waiting at most", at(index), Some(at(index + 1)), Cell::Count((*waiting).into()));
            }
        }
        for layer in self.layers {
            for (index, (at, unusual)) in layer.steps.iter().enumerate() {
                let until = layer.steps.get(index + 1).map(|(next, _)| *next);
                row(&layer.name, "open, or left alone", *at, until, Cell::Count(unusual.closed_off.into()));
                row(&layer.name, "half open", *at, until, Cell::Count(unusual.half_open.into()));
            }
        }
        table
    }

    fn title(&self) -> String {
        let arm = self.manifest.arms.get(self.arm as usize).map_or("", String::as_str);
        format!("What the nodes of one run went through: {}, \"{arm}\", seed {}", self.manifest.scenario, self.seed)
    }

    /// The picture.
    pub fn svg(&self, theme: &Theme) -> String {
        let nodes = self.drawn();
        let names = self.names(&nodes);
        let left_out = self.nodes.len() - nodes.len();
        let mut note = "Above: share of the calls started in each bin that succeed. Bars: requests that waited at a node at most in each bin; the number is the highest of its lane.".to_owned();
        if left_out > 0 {
            note += &format!(" {left_out} nodes in which nothing happened, or less, are not drawn.");
        }
        let is_short = |span: &&Span| span.end.is_some_and(|end| (end - span.begin).as_nanos() * 400 < self.manifest.horizon.as_nanos());
        if self.nodes.iter().any(|node| node.down.iter().any(|span| is_short(&span))) {
            note += " What is too short to be seen is drawn wider.";
        }
        let frame = Frame {
            title: self.title(),
            legend: self.legend(theme),
            caption: vec![
                format!("{note} Bins of {}. One run.{}", number::length(self.manifest.bin), shaded(self.faults)),
                format!("Load: {}. Again: {} --chart FILE.svg", self.manifest.load, command::run(self.manifest, 0, self.arm, self.seed)),
            ],
            body: FAULT_ROOM + ABOVE + names.len() as f64 * (lane_height(&names, theme) + GAP) + 40.0,
        };
        sheet::draw(theme, &frame, |sheet| self.draw(sheet, &nodes))
    }

    /// The lanes that are drawn: all, or those in which most happened, in the order of the scenario.
    fn drawn(&self) -> Vec<&NodeLane> {
        let room = LANES.saturating_sub(self.layers.len()).max(1);
        let happened = |node: &NodeLane| (!node.down.is_empty() || !node.paused.is_empty(), node.queue.iter().copied().max().unwrap_or(0));
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|index| (std::cmp::Reverse(happened(&self.nodes[*index])), *index));
        order.truncate(room);
        // Of many, those in which nothing happened would only make the picture tall.
        if self.nodes.len() > FEW {
            order.retain(|index| happened(&self.nodes[*index]) > (false, 0));
        }
        order.sort_unstable();
        order.into_iter().map(|index| &self.nodes[index]).collect()
    }

    /// Of the lanes from top to bottom.
    fn names(&self, nodes: &[&NodeLane]) -> Vec<String> {
        nodes.iter().map(|node| node.name.clone()).chain(self.layers.iter().map(|layer| layer.name.clone())).collect()
    }

    fn legend(&self, theme: &Theme) -> Vec<Entry> {
        let mut entries = vec![Entry::line("success", theme.arm(SUCCESS)), Entry::mark("waiting", theme.arm(QUEUE), Mark::Square)];
        if self.nodes.iter().any(|node| !node.down.is_empty()) {
            entries.push(Entry::mark("down", theme.ink, Mark::Square));
        }
        if self.nodes.iter().any(|node| !node.paused.is_empty()) {
            entries.push(Entry::mark("stands still", theme.muted, Mark::Square));
        }
        let any = |of: fn(&Unusual) -> u32| self.layers.iter().any(|layer| layer.steps.iter().any(|(_, unusual)| of(unusual) > 0));
        if any(|unusual| unusual.closed_off) {
            entries.push(Entry::mark("open, or left alone", theme.arm(OPEN), Mark::Square));
        }
        if any(|unusual| unusual.half_open) {
            entries.push(Entry::mark("half open", theme.arm(HALF_OPEN), Mark::Square));
        }
        entries
    }

    fn draw(&self, sheet: &Sheet<'_>, nodes: &[&NodeLane]) {
        let theme = sheet.theme;
        let Rect(left, top, right, bottom) = sheet.body;
        let names = self.names(nodes);
        let lane = lane_height(&names, theme);
        // All panels begin at the same place, wherever their labels end.
        let label = theme.text * 1.7 + 40.0;
        let begin = left + names_width(&names, theme).max(label);
        let x = Axis::time("time since the start", self.manifest.horizon.as_secs_f64());
        let bare = |range: (f64, f64)| Axis { label: String::new(), range, marks: Vec::new(), is_log: false };
        let first_lane = top + FAULT_ROOM + ABOVE;
        let below = bottom - 40.0 - first_lane;
        // One plane for what goes through all lanes, behind them.
        let whole = Plane::within(sheet, Rect(begin, top + FAULT_ROOM, right - 14.0, first_lane + below), x.clone(), bare((0.0, 1.0)));
        whole.faults(self.faults, true);
        whole.x_axis();
        self.success(sheet, Rect(begin, top + FAULT_ROOM + 6.0, right - 14.0, first_lane - 12.0), &x);
        for (index, name) in names.iter().enumerate() {
            let upper = first_lane + index as f64 * (lane + GAP);
            let rect = Rect(begin, upper, right - 14.0, upper + lane);
            sheet.name_beside(name, (begin - 8.0, upper + lane / 2.0));
            match nodes.get(index) {
                Some(node) => self.node(sheet, rect, &x, node),
                None => self.layer(sheet, rect, &x, &self.layers[index - nodes.len()]),
            }
        }
    }

    fn success(&self, sheet: &Sheet<'_>, rect: Rect, x: &Axis) {
        let plane = Plane::within(sheet, rect, x.clone(), Axis::percent("success"));
        plane.marks_beside(&[(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")]);
        let bin = self.manifest.bin.as_secs_f64();
        let share = |(index, bin_of): (usize, &Bin)| {
            (bin_of.started > 0).then(|| ((index as f64 + 0.5) * bin, bin_of.succeeded as f64 / bin_of.started as f64))
        };
        let points: Vec<Option<(f64, f64)>> = self.bins.iter().enumerate().map(share).collect();
        for run in points.chunk_by(|a, b| a.is_some() == b.is_some()) {
            plane.only_line(&run.iter().copied().flatten().collect::<Vec<_>>(), sheet.theme.arm(SUCCESS), 2.0);
        }
    }

    fn node(&self, sheet: &Sheet<'_>, rect: Rect, x: &Axis, node: &NodeLane) {
        let theme = sheet.theme;
        let highest = node.queue.iter().copied().max().unwrap_or(0);
        let y = Axis { label: String::new(), range: (0.0, f64::from(highest.max(1)) * 1.05), marks: Vec::new(), is_log: false };
        let top = y.range.1;
        let plane = Plane::within(sheet, rect, x.clone(), y);
        plane.floor();
        let bin = self.manifest.bin.as_secs_f64();
        for (index, waiting) in node.queue.iter().enumerate().filter(|(_, waiting)| **waiting > 0) {
            plane.fill([(index as f64 * bin, 0.0), ((index + 1) as f64 * bin, f64::from(*waiting))], theme.arm(QUEUE));
        }
        let horizon = self.manifest.horizon.as_secs_f64();
        let least = horizon / 400.0;
        let spans = |all: &[Span], colour| {
            for span in all {
                let from = span.begin.since_start().as_secs_f64();
                let to = span.end.map_or(horizon, |end| end.since_start().as_secs_f64()).max(from + least);
                plane.fill([(from, 0.0), (to.min(horizon), top)], colour);
            }
        };
        spans(&node.paused, theme.muted);
        spans(&node.down, theme.ink);
        if highest > 0 {
            plane.peak(&number::count(highest.into()));
        }
    }

    fn layer(&self, sheet: &Sheet<'_>, rect: Rect, x: &Axis, layer: &LayerLane) {
        let theme = sheet.theme;
        let all = |unusual: &Unusual| unusual.closed_off + unusual.half_open;
        let highest = layer.steps.iter().map(|(_, unusual)| all(unusual)).max().unwrap_or(0).max(1);
        let y = Axis { label: String::new(), range: (0.0, f64::from(highest) * 1.05), marks: Vec::new(), is_log: false };
        let plane = Plane::within(sheet, rect, x.clone(), y);
        plane.floor();
        let horizon = self.manifest.horizon.as_secs_f64();
        for (index, (at, unusual)) in layer.steps.iter().enumerate() {
            let from = at.since_start().as_secs_f64();
            let to = layer.steps.get(index + 1).map_or(horizon, |(next, _)| next.since_start().as_secs_f64()).min(horizon);
            if from >= to || all(unusual) == 0 {
                continue;
            }
            // So narrow a span is still seen.
            let to = to.max((from + horizon / 800.0).min(horizon));
            let open = f64::from(unusual.closed_off);
            if unusual.closed_off > 0 {
                plane.fill([(from, 0.0), (to, open)], theme.arm(OPEN));
            }
            if unusual.half_open > 0 {
                plane.fill([(from, open), (to, open + f64::from(unusual.half_open))], theme.arm(HALF_OPEN));
            }
        }
        plane.peak(&number::count(highest.into()));
    }
}
