//! Which pictures stand where on the page, and how many of them can it bear?
//!
//! A page is one file that is to stay light. First come the pictures that a review cannot do without, one of each kind, then one of every
//! other kind, then the second ones, until their bytes are used up; what is left out is linked. Of several cells the one that tells most comes
//! first, and with many it is the only one whose own pictures are on the page. What is left is for the rows below the pictures.

use super::escaped;
use super::tables::table;
use crate::charts::Picture;
use crate::number;
use crate::summary::most_telling_first;
use crate::table::{Cell, Table};
use scenarios::results::Results;
use std::collections::BTreeSet;

/// What a page may take, in bytes: a megabyte less a margin.
pub const PAGE: usize = 960_000;
/// What all pictures on a page and their data may take, in bytes, if its words leave as much.
const ROOM: usize = 700_000;
/// What is written around a picture: links, a summary, the head of its data.
const AROUND: usize = 1_000;
/// What the data below one picture may take, in bytes; the file holds all.
const ROOM_FOR_DATA: usize = 9_000;
/// The pictures that answer a review's questions, whatever else has no room: the most needed first.
const NEEDED: &[&str] = &[
    "topology",
    "recovery-times",
    "availability-over-time",
    "not-recovered-over-grid",
    "latency-percentiles",
    "paired-differences",
    "layers-over-time",
    "load-and-goodput",
    "availability-over-grid",
    "recovery-over-grid",
    "completion-over-grid",
    "stability-edge",
];

/// A part of the page that has pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Who stands where.
    Topology,
    /// How sure the ranking is.
    Ranking,
    /// Availability, goodput and load over time.
    OverTime,
    /// How long it takes to come back.
    Recovery,
    /// How long calls take.
    Latency,
    /// How the arms fare over all cells.
    Grid,
    /// What strategies, queues and edges do meanwhile.
    Strategies,
    /// Whatever has no place of its own.
    Further,
}

impl Part {
    /// Where a picture belongs.
    fn of(picture: &Picture) -> Self {
        let is_about = |words: &[&str]| words.iter().any(|word| picture.chart.contains(word));
        if picture.chart == "topology" {
            Self::Topology
        } else if picture.view.axis.is_some() || is_about(&["grid", "edge", "by-clients", "along"]) {
            Self::Grid
        } else if is_about(&["difference", "forest"]) {
            Self::Ranking
        } else if is_about(&["recovery"]) {
            Self::Recovery
        } else if is_about(&["latency", "class"]) {
            Self::Latency
        } else if is_about(&["availability", "goodput", "offered", "attempts"]) {
            Self::OverTime
        } else if is_about(&["layers", "queue", "utilisation", "amplification"]) {
            Self::Strategies
        } else {
            Self::Further
        }
    }
}

/// The pictures of a page, and which of them stand on it.
pub struct Figures<'a> {
    results: &'a Results,
    pictures: &'a [Picture],
    /// The cells whose own pictures are on the page.
    pub cells: Vec<u32>,
    /// Those in the order of how much they tell.
    telling: Vec<u32>,
    /// By their places among the pictures.
    shown: BTreeSet<usize>,
    /// For the rows below each picture, in bytes.
    for_data: usize,
}

impl<'a> Figures<'a> {
    /// What can be shown of these pictures; all are links as long as there is no room.
    pub fn of(results: &'a Results, pictures: &'a [Picture]) -> Self {
        let telling = most_telling_first(results);
        let mut cells = telling.clone();
        cells.sort_unstable();
        Self { results, pictures, cells, telling, shown: BTreeSet::new(), for_data: 0 }
    }

    /// How many bytes the pictures take that the page needs before anything else: one of each kind.
    pub fn needed(&self) -> usize {
        let first = self.in_order().into_iter().filter(|(turn, place, _)| *turn == 0 && *place < NEEDED.len());
        first.map(|(.., index)| self.pictures[index].svg.len() + AROUND).sum::<usize>().min(ROOM)
    }

    /// Leaves room for so many bytes of words, and fills the rest of the page.
    pub fn make_way(&mut self, words: usize) {
        let mut room = ROOM.min(PAGE.saturating_sub(words));
        self.shown.clear();
        for (.., index) in self.in_order() {
            let bytes = self.pictures[index].svg.len() + AROUND;
            if bytes <= room {
                room -= bytes;
                self.shown.insert(index);
            }
        }
        self.for_data = ROOM_FOR_DATA.min(room / self.shown.len().max(1));
    }

    /// All pictures that may stand on the page, the most needed first: how many of its kind come before it, the place of its kind, and its own.
    fn in_order(&self) -> Vec<(usize, usize, usize)> {
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        let mut all = Vec::new();
        let candidates =
            (0..self.pictures.len()).filter(|index| self.is_of_page(*index) && self.needless(&self.pictures[*index]).is_none());
        let mut candidates: Vec<usize> = candidates.collect();
        candidates.sort_by_key(|index| self.telling_place(*index));
        for index in candidates {
            let chart = self.pictures[index].chart;
            let turn = match kinds.iter_mut().find(|(known, _)| *known == chart) {
                Some((_, turns)) => {
                    *turns += 1;
                    *turns
                }
                None => {
                    kinds.push((chart, 0));
                    0
                }
            };
            let place = NEEDED.iter().position(|known| *known == chart).unwrap_or(NEEDED.len());
            // Of what is needed once, further ones of the same kind say least: another cell's or the next part of a forest plot.
            let place = if turn > 0 && chart == "paired-differences" { NEEDED.len() + 1 } else { place };
            all.push((turn, place, index));
        }
        all.sort_unstable();
        all
    }

    /// Where the cell of a picture stands among those that tell most.
    fn telling_place(&self, index: usize) -> usize {
        let view = &self.pictures[index].view;
        let of_cell = (view.axis.is_none()).then(|| view.cells.first()).flatten();
        of_cell.and_then(|cell| self.telling.iter().position(|telling| telling == cell)).unwrap_or(0)
    }

    /// Whether a picture is of the whole grid, or of a cell that is looked at by itself. A topology is that of all cells.
    fn is_of_page(&self, index: usize) -> bool {
        let picture = &self.pictures[index];
        match picture.view.cells.as_slice() {
            [cell] if picture.view.axis.is_none() && Part::of(picture) != Part::Topology => self.cells.contains(cell),
            _ => true,
        }
    }

    /// Whether there is any picture for a part of the page.
    pub fn has(&self, part: Part) -> bool {
        !self.of_part(part).is_empty()
    }

    /// The figures of one part of the page, with links to what is left out.
    pub fn draw(&self, part: Part) -> String {
        self.of_part(part).into_iter().map(|index| self.figure(index)).collect()
    }

    /// Links to the pictures of one cell.
    pub fn links_of(&self, cell: u32) -> String {
        let own = self.pictures.iter().filter(|picture| picture.view.axis.is_none() && picture.view.cells == [cell]);
        let link = |picture: &Picture| {
            let stem = escaped(&picture.stem);
            format!("<a href=\"charts/{stem}.svg\">{stem}</a>")
        };
        let all: Vec<String> = own.map(link).collect();
        if all.is_empty() { String::new() } else { format!("<p>Pictures, each with its CSV beside it: {}</p>\n", all.join(", ")) }
    }

    /// The places of its pictures, kind by kind, of each kind that of the most telling cell first.
    fn of_part(&self, part: Part) -> Vec<usize> {
        let is_of = |index: &usize| Part::of(&self.pictures[*index]) == part && self.is_of_page(*index);
        let mut all: Vec<usize> = (0..self.pictures.len()).filter(is_of).collect();
        let kind = |index: usize| self.pictures.iter().position(|other| other.chart == self.pictures[index].chart);
        all.sort_by_key(|index| (kind(*index), self.telling_place(*index)));
        all
    }

    fn figure(&self, index: usize) -> String {
        let picture = &self.pictures[index];
        if let Some(reason) = self.needless(picture) {
            return linked(picture, reason);
        }
        if !self.shown.contains(&index) {
            return links(picture);
        }
        let data = self.data(picture);
        let stem = escaped(&picture.stem);
        let file = |ending: &str| format!("<a href=\"charts/{stem}.{ending}\">charts/{stem}.{ending}</a>");
        format!(
            "<figure>\n<div class=\"wide\">{}</div><figcaption>{}. <details><summary>Data</summary><p>{}, {}.</p>\n{data}</details></figcaption>\n</figure>\n",
            picture.svg,
            escaped(picture.summary),
            file("csv"),
            file("svg"),
        )
    }

    /// Why a picture would say nothing that is not seen already; it is in a file all the same.
    fn needless(&self, picture: &Picture) -> Option<&'static str> {
        let has = |chart: &str| self.pictures.iter().any(|other| other.chart == chart);
        let all_rows = |is: &dyn Fn(&[Cell]) -> bool| picture.table.rows.iter().all(|row| is(row));
        match picture.chart {
            "recovery-ecdf" if all_rows(&|row| row[4].shown() == row[7].shown()) => {
                Some("No run was cut off before the last one of its arm came back, so that counting all runs gives the curves above.")
            }
            "amplification" if all_rows(&|row| ["1", number::MISSING].contains(&row[6].shown().as_str())) => {
                Some("On every edge a call is one attempt.")
            }
            "not-recovered-along-axis" if has("not-recovered-over-grid") => Some(IN_THE_GRID),
            "availability-along-axis" if has("availability-over-grid") => Some(IN_THE_GRID),
            "completion-along-axis" | "completion-by-clients" if has("completion-over-grid") => Some(IN_THE_GRID),
            _ => None,
        }
    }

    /// The first rows of what a picture shows.
    fn data(&self, picture: &Picture) -> String {
        let arms = &self.results.manifest.arms;
        let rows = picture.table.rows.len();
        let room = self.for_data;
        let mut shown = Table { rows: Vec::new(), files: None, ..picture.table.clone() };
        let mut used = table(&shown, arms).len();
        for row in &picture.table.rows {
            // What a row takes besides its words: its tags and raw values.
            used += row.iter().map(|cell| 2 * cell.shown().len() + 50).sum::<usize>();
            if used > room {
                break;
            }
            shown.rows.push(row.clone());
        }
        let cut = match shown.rows.len() {
            0 => return String::new(),
            some if some < rows => format!("<p>The first {some} of {rows} rows; the file has all.</p>\n"),
            _ => String::new(),
        };
        format!("{cut}{}", table(&shown, arms))
    }
}

/// Of a picture along one parameter where there is one over two.
const IN_THE_GRID: &str = "The values of a heat map above as lines, with their intervals.";

/// Where a picture is that needs no room on the page, and why.
fn linked(picture: &Picture, reason: &str) -> String {
    links(picture).replacen("<p>", &format!("<p class=\"aside\">{} ", escaped(reason)), 1)
}

/// Where a picture is that would make the page too heavy.
fn links(picture: &Picture) -> String {
    let stem = escaped(&picture.stem);
    let files = ["svg", "csv"].map(|ending| format!("<a href=\"charts/{stem}.{ending}\">charts/{stem}.{ending}</a>"));
    format!("<p>{}: {}</p>\n", escaped(&picture.table.title), files.join(", "))
}
