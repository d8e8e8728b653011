//! Which pictures stand where on the page, and how many of them can it bear?
//!
//! A page is one file that is to stay light: pictures are taken in the order of the page until their bytes are used up, and what is left
//! out is linked. With many cells, pictures of single cells are those of the cell that tells most.

use super::escaped;
use super::tables::table;
use crate::charts::Picture;
use crate::number;
use crate::summary::telling_cells;
use crate::table::{Cell, Table};
use scenarios::results::Results;

/// What all pictures on a page and their data may take, in bytes, if its words leave as much.
const ROOM: usize = 700_000;
/// What a page may take, in bytes: a megabyte less a margin.
const PAGE: usize = 960_000;
/// What is written around a picture: links, a summary, the head of its data.
const AROUND: usize = 1_000;
/// What the data below one picture may take, in bytes; the file holds all.
const ROOM_FOR_DATA: usize = 9_000;

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

/// The pictures of a page, and how much room is left for them.
pub struct Figures<'a> {
    results: &'a Results,
    pictures: &'a [Picture],
    /// The cells whose own pictures are on the page.
    pub cells: Vec<u32>,
    room: usize,
}

impl<'a> Figures<'a> {
    /// What can be shown of these pictures.
    pub fn of(results: &'a Results, pictures: &'a [Picture]) -> Self {
        Self { results, pictures, cells: telling_cells(results), room: ROOM }
    }

    /// The same without room for any: all are links.
    pub fn of_words(results: &'a Results, pictures: &'a [Picture]) -> Self {
        Self { room: 0, ..Self::of(results, pictures) }
    }

    /// Leaves room for so many bytes of words.
    pub fn make_way(&mut self, words: usize) {
        self.room = ROOM.min(PAGE.saturating_sub(words));
    }

    /// Whether there is any picture for a part of the page.
    pub fn has(&self, part: Part) -> bool {
        self.of_part(part).next().is_some()
    }

    /// The figures of one part of the page, with links to what is left out.
    pub fn draw(&mut self, part: Part) -> String {
        let pictures: Vec<&Picture> = self.of_part(part).collect();
        pictures.into_iter().map(|picture| self.figure(picture)).collect()
    }

    /// Links to the pictures of one cell.
    pub fn links_of(&self, cell: u32) -> String {
        let own = self.pictures.iter().filter(|picture| picture.view.axis.is_none() && picture.view.cells == [cell]);
        own.map(links).collect()
    }

    fn of_part(&self, part: Part) -> impl Iterator<Item = &'a Picture> {
        let pictures = self.pictures.iter().filter(move |picture| Part::of(picture) == part);
        let cells = self.cells.clone();
        pictures.filter(move |picture| match picture.view.cells.as_slice() {
            // A topology is that of all cells.
            [cell] if picture.view.axis.is_none() && part != Part::Topology => cells.contains(cell),
            _ => true,
        })
    }

    fn figure(&mut self, picture: &Picture) -> String {
        if let Some(reason) = self.needless(picture) {
            return linked(picture, reason);
        }
        if picture.svg.len() + AROUND > self.room {
            return links(picture);
        }
        self.room -= picture.svg.len() + AROUND;
        let data = self.data(picture);
        self.room = self.room.saturating_sub(data.len());
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
        let room = ROOM_FOR_DATA.min(self.room);
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
