//! Who calls whom, where do they stand, and whom do the faults strike?
//!
//! Callers on the left, callees on the right of all who call them. A numbered mark is on every station that a fault names, by itself, by one of its
//! replicas or by its domain; the caption says what the numbers are. The system is the one that was run, as the results tell it: what the command
//! line changed is in it.

use super::over_time::provenance;
use super::sheet::{self, DRAWS, Entry, Frame, Mark, Rect, Sheet, fine, text_width};
use super::{Chart, View};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use scenarios::map::{Map, Station};
use scenarios::results::{Manifest, Results};

/// The system from above, with its faults.
pub struct Topology;

/// Gap between two boxes of a column, and around the words of a box.
const GAP: f64 = 22.0;
const PAD: f64 = 10.0;
/// Least gap between columns, for arrows, and in a long chain of callees.
const BETWEEN: f64 = 46.0;
const NARROW: f64 = 28.0;
/// Faults that are told apart by numbers.
const NUMBERED: usize = 9;
/// Links that the caption names.
const LINKS: usize = 12;
/// More stations than this make a tangle and no picture, and in a longer chain of callees no name could be read.
const STATIONS: usize = 60;
const COLUMNS: usize = 8;

impl Chart for Topology {
    fn name(&self) -> &'static str {
        "topology"
    }

    fn summary(&self) -> &'static str {
        "Who calls whom, where everybody stands, and whom the faults strike"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        // The same system in every cell: what is varied are numbers of it. Faults may move.
        View::per_cell(results).into_iter().take(1).map(|view| View { suffix: String::new(), label: String::new(), ..view }).collect()
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let map = map(&results.manifest)?;
        let columns = vec![Column::text("station"), Column::text("domain"), Column::text("calls"), Column::text("faults")];
        let mut table = Table::new(self.summary(), columns);
        let faults = faults(&results.manifest, view.cell());
        for (index, station) in map.stations.iter().enumerate() {
            let called = map.calls.iter().filter(|(from, _)| *from == index).map(|(_, to)| map.stations[*to].label.as_str());
            let struck = faults.iter().filter(|fault| fault.strikes(station)).map(|fault| fault.words.as_str());
            table.push(vec![
                Cell::text(&station.label),
                Cell::text(&station.domain),
                Cell::text(called.collect::<Vec<_>>().join(", ")),
                Cell::text(struck.collect::<Vec<_>>().join(", ")),
            ]);
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        None
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        self.table(results, view)?;
        let manifest = &results.manifest;
        let map = map(manifest)?;
        let faults = faults(manifest, view.cell());
        let layout = Layout::of(map, theme);
        let mut legend = Vec::new();
        if !faults.is_empty() {
            legend.push(Entry::mark("struck by a fault", theme.ink, Mark::Dot));
        }
        let cells = if manifest.cells.len() > 1 { " Of several cells this is the first." } else { "" };
        let mut caption = vec![format!(
            "Arrows: who calls whom. Cut corners: clients; a second line at the top: a broker. Where arms differ, what any of them has is drawn.{cells}"
        )];
        if !faults.is_empty() {
            let told = faults.iter().enumerate().map(|(index, fault)| {
                let nowhere = if map.stations.iter().any(|station| fault.strikes(station)) { "" } else { " (at no station by itself)" };
                format!("{}: {}{nowhere}", number_of(index), fault.told)
            });
            caption.push(format!("Faults: {}.", told.collect::<Vec<_>>().join("; ")));
        }
        let links: Vec<String> = map
            .links
            .iter()
            .take(LINKS)
            .map(|link| format!("{} to {}: {}", end(map, &link.from), end(map, &link.to), link.label))
            .collect();
        if !links.is_empty() {
            let more = if map.links.len() > LINKS { format!("; and {} more", map.links.len() - LINKS) } else { String::new() };
            caption.push(format!("Links: {}{more}.", links.join("; ")));
        }
        caption.push(provenance(results));
        let frame = Frame { title: "Who calls whom, and whom the faults strike".to_owned(), legend, caption, body: layout.height + 16.0 };
        Some(sheet::draw(theme, &frame, |sheet| layout.draw(sheet, map, &faults)))
    }
}

/// The system as all arms together have it, unless nobody could follow its lines.
fn map(manifest: &Manifest) -> Option<&Map> {
    let map = &manifest.story.map;
    let is_legible = (1..=STATIONS).contains(&map.stations.len()) && depths(map).iter().all(|depth| *depth < COLUMNS);
    is_legible.then_some(map)
}

fn end(map: &Map, end: &scenarios::map::MapEnd) -> String {
    match end {
        scenarios::map::MapEnd::Domain(name) => name.clone(),
        scenarios::map::MapEnd::Stations(all) => all.iter().map(|index| map.stations[*index].label.as_str()).collect::<Vec<_>>().join(", "),
    }
}

/// A fault with how often and when it strikes.
struct Struck {
    /// What it is, its label first.
    words: String,
    told: String,
}

impl Struck {
    /// Whether its words name the station, one of the replicas that stand there, or a domain around it.
    fn strikes(&self, station: &Station) -> bool {
        let mut around = station.domain.match_indices('/').map(|(at, _)| &station.domain[..at]).chain([station.domain.as_str()]);
        let is_there = |after: &str| station.members.is_empty() || !after.starts_with('[') || stands_there(station, after);
        words_after(&self.words, station.owner()).any(is_there) || around.any(|name| words_after(&self.words, name).next().is_some())
    }
}

/// Whether the number in brackets is that of a replica of this station.
fn stands_there(station: &Station, bracket: &str) -> bool {
    let number = bracket.split_inclusive(']').next().unwrap_or_default();
    station.members.iter().any(|member| member.strip_prefix(station.owner()) == Some(number))
}

/// What comes after each place at which a text has this name as a word of its own.
fn words_after<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
    let found = text.match_indices(name).filter(|_| !name.is_empty()).map(move |(at, _)| (&text[..at], &text[at + name.len()..]));
    found.filter(move |(before, after)| !before.ends_with(is_part) && !after.starts_with(is_part)).map(|(_, after)| after)
}

fn faults(manifest: &Manifest, cell: u32) -> Vec<Struck> {
    let mut all: Vec<Struck> = Vec::new();
    for window in manifest.faults_of(cell) {
        let when = number::length(window.begin.since_start());
        let words = window.told();
        match all.iter_mut().find(|known| known.words == words) {
            Some(known) if known.told.ends_with("and later") => {}
            Some(known) => known.told += " and later",
            None => {
                let told = match window.end {
                    None => format!("from {when} on"),
                    Some(end) if end == window.begin => format!("at {when}"),
                    Some(end) => format!("from {when} to {}", number::length(end.since_start())),
                };
                all.push(Struck { told: format!("{words}, {told}"), words });
            }
        }
    }
    let random =
        manifest.random_faults.iter().map(|words| Struck { words: words.clone(), told: format!("{words}, at random or on an event") });
    all.extend(random);
    all
}

fn number_of(index: usize) -> String {
    if index < NUMBERED { (index + 1).to_string() } else { "+".to_owned() }
}

/// A box on the paper.
struct Placed {
    lines: Vec<String>,
    domain: Vec<String>,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

struct Layout {
    boxes: Vec<Placed>,
    height: f64,
}

impl Layout {
    fn of(map: &Map, theme: &Theme) -> Self {
        let depth = depths(map);
        let columns = depth.iter().max().map_or(1, |deepest| deepest + 1);
        let inner = sheet::WIDTH - 2.0 * 18.0;
        let between = if columns > COLUMNS / 2 { NARROW } else { BETWEEN };
        let most = (inner - between * (columns - 1) as f64) / columns as f64;
        let size = theme.text;
        let mut boxes: Vec<Placed> = map
            .stations
            .iter()
            .map(|station| {
                let lines = sheet::wrapped(&station.label, size, true, most.min(210.0) - 2.0 * PAD);
                let domain = if station.domain.is_empty() {
                    Vec::new()
                } else {
                    sheet::wrapped(&station.domain, size - 2.0, false, most.min(210.0) - 2.0 * PAD)
                };
                let wide = lines
                    .iter()
                    .map(|line| text_width(line, size, true))
                    .chain(domain.iter().map(|line| text_width(line, size - 2.0, false)));
                let width = wide.fold(60.0, f64::max) + 2.0 * PAD;
                let height = lines.len() as f64 * size * 1.25 + domain.len() as f64 * (size - 2.0) * 1.25 + 2.0 * PAD;
                Placed { lines, domain, x: 0.0, y: 0.0, width, height }
            })
            .collect();
        let mut orders: Vec<Vec<usize>> = vec![Vec::new(); columns];
        depth.iter().enumerate().for_each(|(index, depth)| orders[*depth].push(index));
        let full = |order: &[usize], boxes: &[Placed]| order.iter().map(|index| boxes[*index].height + GAP).sum::<f64>();
        let height = orders.iter().map(|order| full(order, &boxes)).fold(0.0, f64::max).max(80.0);
        let widths: Vec<f64> = orders.iter().map(|order| order.iter().map(|index| boxes[*index].width).fold(0.0, f64::max)).collect();
        let spare = ((inner - widths.iter().sum::<f64>()) / (columns.max(2) - 1) as f64).clamp(between, 160.0);
        let mut left = 18.0 + ((inner - widths.iter().sum::<f64>() - spare * (columns - 1) as f64) / 2.0).max(0.0);
        for (column, order) in orders.iter_mut().enumerate() {
            // Beside those who call them: the mean place of the callers that are placed already.
            let middle = |index: usize, boxes: &[Placed]| {
                let callers = || map.calls.iter().filter(|(from, to)| *to == index && depth[*from] < column).map(|(from, _)| &boxes[*from]);
                let count = callers().count();
                if count == 0 {
                    f64::from(u32::try_from(index).unwrap_or(0))
                } else {
                    callers().map(|one| one.y + one.height / 2.0).sum::<f64>() / count as f64
                }
            };
            if column > 0 {
                order.sort_by(|a, b| middle(*a, &boxes).total_cmp(&middle(*b, &boxes)));
            }
            let mut top = (height - full(order, &boxes)) / 2.0 + GAP / 2.0;
            for index in order.iter() {
                (boxes[*index].x, boxes[*index].y) = (left + (widths[column] - boxes[*index].width) / 2.0, top);
                top += boxes[*index].height + GAP;
            }
            left += widths[column] + spare;
        }
        Self { boxes, height }
    }

    fn draw(&self, sheet: &Sheet<'_>, map: &Map, faults: &[Struck]) {
        let Rect(_, top, ..) = sheet.body;
        for (from, to) in &map.calls {
            self.arrow(sheet, top, *from, *to);
        }
        for (station, placed) in map.stations.iter().zip(&self.boxes) {
            placed.draw(sheet, top, station);
            let struck = faults.iter().enumerate().filter(|(_, fault)| fault.strikes(station));
            let mut numbers: Vec<String> = struck.map(|(index, _)| number_of(index)).collect();
            numbers.dedup();
            // No more than the box has room for.
            let room = (placed.width / 19.0) as usize;
            for (place, number) in numbers.iter().take(room).enumerate() {
                let at = (placed.x + 3.0 + place as f64 * 18.0, top + placed.y - 2.0);
                let centre = (fine(at.0), fine(at.1));
                sheet.page.draw(&Circle::new(centre, fine(8.0), sheet.theme.ink.filled())).expect(DRAWS);
                sheet.words(number, at, sheet.theme.text - 2.0, true, sheet.theme.paper, (HPos::Center, VPos::Center));
            }
        }
    }

    fn arrow(&self, sheet: &Sheet<'_>, top: f64, from: usize, to: usize) {
        let (caller, callee) = (&self.boxes[from], &self.boxes[to]);
        let middle = |one: &Placed| top + one.y + one.height / 2.0;
        let is_forward = callee.x >= caller.x + caller.width;
        let (begin, end, step) =
            if is_forward { (caller.x + caller.width, callee.x, -1.0) } else { (caller.x, callee.x + callee.width, 1.0) };
        let (y, goal) = (middle(caller), middle(callee));
        sheet.thin(&[(begin, y), (end + step * 9.0, goal)], sheet.theme.muted);
        let head = [(end, goal), (end + step * 9.0, goal - 4.5), (end + step * 9.0, goal + 4.5)].map(|(x, y)| (fine(x), fine(y)));
        sheet.page.draw(&Polygon::new(head.to_vec(), sheet.theme.muted)).expect(DRAWS);
    }
}

impl Placed {
    fn draw(&self, sheet: &Sheet<'_>, top: f64, station: &Station) {
        let theme = sheet.theme;
        let (left, upper, right, lower) = (self.x, top + self.y, self.x + self.width, top + self.y + self.height);
        let cut = if station.is_population { 9.0 } else { 0.0 };
        let corners = [
            (left + cut, upper),
            (right - cut, upper),
            (right, upper + cut),
            (right, lower - cut),
            (right - cut, lower),
            (left + cut, lower),
            (left, lower - cut),
            (left, upper + cut),
            (left + cut, upper),
        ];
        sheet.page.draw(&Polygon::new(corners.map(|(x, y)| (fine(x), fine(y))).to_vec(), theme.paper)).expect(DRAWS);
        sheet.thin(&corners, theme.ink);
        if station.is_broker {
            sheet.thin(&[(left, upper + 4.0), (right, upper + 4.0)], theme.ink);
        }
        let mut y = upper + PAD;
        let middle = (left + right) / 2.0;
        for line in &self.lines {
            sheet.words(line, (middle, y), theme.text, true, theme.ink, (HPos::Center, VPos::Top));
            y += theme.text * 1.25;
        }
        for line in &self.domain {
            sheet.words(line, (middle, y), theme.text - 2.0, false, theme.muted, (HPos::Center, VPos::Top));
            y += (theme.text - 2.0) * 1.25;
        }
    }
}

/// How far from a caller that nobody calls each station is at most; those of a circle as far as they were found first.
fn depths(map: &Map) -> Vec<usize> {
    let count = map.stations.len();
    let mut depths = vec![0; count];
    for _ in 0..count.min(12) {
        for (from, to) in &map.calls {
            if from != to && depths[*from] + 1 > depths[*to] && depths[*from] < 11 {
                depths[*to] = depths[*from] + 1;
            }
        }
    }
    // A circle would push its members ever further: no column is left empty.
    let mut used: Vec<usize> = depths.clone();
    used.sort_unstable();
    used.dedup();
    depths.iter().map(|depth| used.iter().position(|known| known == depth).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_whom_its_words_name_and_nobody_whose_name_is_only_part_of_one() {
        let station = |label: &str, domain: &str| Station {
            label: label.to_owned(),
            domain: domain.to_owned(),
            is_population: false,
            is_broker: false,
            members: Vec::new(),
        };
        let fault = |label: &str| Struck { words: label.to_owned(), told: String::new() };
        assert!(fault("crash of user-db[1]").strikes(&station("user-db x 4", "eu")));
        assert!(!fault("crash of user-db[1]").strikes(&station("user", "eu")));
        assert!(fault("cut between eu/a and us").strikes(&station("shop", "eu/a/rack")));
        assert!(!fault("cut between eu/a and us").strikes(&station("shop", "eu/b")));
    }

    #[test]
    fn of_replicas_in_several_places_a_fault_strikes_the_place_of_the_one_it_names() {
        let station = |numbers: &[u32]| Station {
            label: format!("shop x {}", numbers.len()),
            domain: "eu".to_owned(),
            is_population: false,
            is_broker: false,
            members: numbers.iter().map(|number| format!("shop[{number}]")).collect(),
        };
        let fault = |label: &str| Struck { words: label.to_owned(), told: String::new() };
        let (here, there) = (station(&[1, 2]), station(&[3, 12]));
        assert!(fault("crash of shop[2]").strikes(&here) && !fault("crash of shop[2]").strikes(&there));
        assert!(fault("crash of shop[12]").strikes(&there) && !fault("crash of shop[12]").strikes(&here));
        assert!(fault("shop 3 times slower").strikes(&here) && fault("shop 3 times slower").strikes(&there));
        assert!(fault("crash of shop[1], shop[3]").strikes(&here) && fault("crash of shop[1], shop[3]").strikes(&there));
    }

    #[test]
    fn callees_stand_behind_all_who_call_them_and_circles_end() {
        let mut map = Map::default();
        map.stations = (0..5)
            .map(|index| Station {
                label: index.to_string(),
                domain: String::new(),
                is_population: index == 0,
                is_broker: false,
                members: Vec::new(),
            })
            .collect();
        map.calls = vec![(0, 1), (1, 2), (0, 2), (2, 3)];
        assert_eq!(depths(&map), [0, 1, 2, 3, 0]);
        map.calls.push((3, 1));
        assert!(depths(&map).iter().all(|depth| *depth < 5));
    }
}
