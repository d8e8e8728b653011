//! How does a system look from above, drawn in layers: who calls stands left of whom it calls?
//!
//! Own definition: a station's layer is the longest way to it from somebody whom nobody calls, calls back to earlier layers aside. Within
//! a layer stations keep the order of the scenario. Domains are said in words below each name; links are on the list beside it.

use super::escaped;
use scenarios::map::{Map, MapEnd};
use std::fmt::Write as _;

/// Sizes in units of the drawing: a box, the room between boxes, and the room around all.
const BOX: (f64, f64) = (170.0, 44.0);
const GAP: (f64, f64) = (70.0, 16.0);
const MARGIN: f64 = 6.0;
/// More letters than this are cut; the list has them all.
const LETTERS: usize = 24;
/// More stations than this are told and not drawn.
const DRAWN: usize = 60;

/// The drawing, and who stands where in words; nothing if nobody is known.
pub fn topology(map: &Map) -> String {
    if map.stations.is_empty() {
        return String::new();
    }
    let drawn = if map.stations.len() > DRAWN { String::new() } else { drawing(map) };
    format!("<figure class=\"topology\">\n{drawn}<figcaption>{}</figcaption>\n</figure>\n", words(map))
}

/// The layer of each station.
fn layers(map: &Map) -> Vec<usize> {
    let mut layers = vec![0; map.stations.len()];
    // Calls in a circle would push each other on for ever: no way is longer than there are stations.
    for _ in 0..map.stations.len() {
        let mut is_settled = true;
        for &(from, to) in map.calls.iter().filter(|(from, to)| from != to) {
            if layers[to] <= layers[from] && layers[from] + 1 < map.stations.len() && !leads_to(map, to, from) {
                layers[to] = layers[from] + 1;
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    layers
}

/// Whether calls lead from one station to another.
fn leads_to(map: &Map, from: usize, wanted: usize) -> bool {
    let mut seen = vec![false; map.stations.len()];
    let mut next = vec![from];
    while let Some(station) = next.pop() {
        if station == wanted {
            return true;
        }
        if !std::mem::replace(&mut seen[station], true) {
            next.extend(map.calls.iter().filter(|(caller, _)| *caller == station).map(|(_, callee)| *callee));
        }
    }
    false
}

fn drawing(map: &Map) -> String {
    let layers = layers(map);
    let columns = layers.iter().max().map_or(1, |last| last + 1);
    let mut filled = vec![0_usize; columns];
    let mut row_of = Vec::with_capacity(layers.len());
    for &layer in &layers {
        row_of.push(filled[layer]);
        filled[layer] += 1;
    }
    let rows = filled.iter().copied().max().unwrap_or(1);
    let height = 2.0 * MARGIN + rows as f64 * BOX.1 + (rows - 1) as f64 * GAP.1;
    let width = 2.0 * MARGIN + columns as f64 * BOX.0 + (columns - 1) as f64 * GAP.0;
    let corner = |station: usize| {
        let layer = layers[station];
        let own = filled[layer] as f64 * BOX.1 + (filled[layer] - 1) as f64 * GAP.1;
        let top = (height - own) / 2.0 + row_of[station] as f64 * (BOX.1 + GAP.1);
        (MARGIN + layer as f64 * (BOX.0 + GAP.0), top)
    };
    let mut svg = format!(
        "<div class=\"wide\"><svg class=\"chart\" style=\"max-width: {width}px; min-width: {:.0}px\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Topology: who calls whom\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path class=\"f-muted\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        width.min(640.0)
    );
    for &(from, to) in map.calls.iter().filter(|(from, to)| from != to) {
        let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
        let (y1, y2) = (y1 + BOX.1 / 2.0, y2 + BOX.1 / 2.0);
        let (x1, x2) = if x2 > x1 { (x1 + BOX.0, x2) } else { (x1, x2 + BOX.0) };
        let bend = (x2 - x1) / 2.0;
        let _ = writeln!(
            svg,
            "<path class=\"s-muted\" fill=\"none\" stroke-width=\"1.5\" marker-end=\"url(#arrow)\" d=\"M{x1:.1} {y1:.1}C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}\"/>",
            x1 + bend,
            x2 - bend
        );
    }
    for (number, station) in map.stations.iter().enumerate() {
        let (x, y) = corner(number);
        let round = if station.is_population { BOX.1 / 2.0 } else { 4.0 };
        let _ = writeln!(
            svg,
            "<rect class=\"f-paper s-ink\" stroke-width=\"1.5\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{}\" height=\"{}\" rx=\"{round}\"/>",
            BOX.0, BOX.1
        );
        for (text, dy, size, class) in [(&station.label, 19.0, 13, "f-ink"), (&station.domain, 35.0, 10, "f-muted")] {
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" text-anchor=\"middle\">{}</text>",
                x + BOX.0 / 2.0,
                y + dy,
                escaped(&cut(text))
            );
        }
    }
    svg + "</svg></div>\n"
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LETTERS { text.to_owned() } else { format!("{}…", text.chars().take(LETTERS - 1).collect::<String>()) }
}

/// The same as text: calls, and links with their delays.
fn words(map: &Map) -> String {
    let label = |station: &usize| map.stations.get(*station).map_or("", |station| station.label.as_str());
    let calls: Vec<String> = map.calls.iter().map(|(from, to)| format!("{} → {}", label(from), label(to))).collect();
    let end = |end: &MapEnd| match end {
        MapEnd::Domain(name) => name.clone(),
        MapEnd::Stations(stations) => stations.iter().map(label).collect::<Vec<_>>().join(" and "),
    };
    let link = |link: &scenarios::map::MapLink| {
        let arrow = if link.one_way { "→" } else { "–" };
        format!("{} {arrow} {}: {}", end(&link.from), end(&link.to), link.label)
    };
    let links: Vec<String> = map.links.iter().map(link).collect();
    let mut text = format!("Who calls whom: {}.", escaped(&calls.join("; ")));
    if !links.is_empty() {
        let _ = write!(text, " Links: {}.", escaped(&links.join("; ")));
    }
    if text.len() > 600 {
        text = format!("<details><summary>Calls and links in words</summary>{text}</details>");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::map::Station;

    fn map(count: usize, calls: &[(usize, usize)]) -> Map {
        let station =
            |number| Station { label: format!("<{number}>"), domain: "zone".to_owned(), is_population: number == 0, is_broker: false };
        Map { stations: (0..count).map(station).collect(), links: Vec::new(), calls: calls.to_vec() }
    }

    #[test]
    fn whoever_is_called_stands_further_on_and_circles_end() {
        assert_eq!(layers(&map(4, &[(0, 1), (1, 2), (0, 2), (2, 3)])), [0, 1, 2, 3]);
        assert_eq!(layers(&map(3, &[(0, 1), (1, 2), (2, 1), (1, 1)])), [0, 1, 0]);
        assert_eq!(layers(&map(2, &[])), [0, 0]);
    }

    #[test]
    fn a_drawing_is_xml_and_escapes_names() {
        let html = topology(&map(3, &[(0, 1), (1, 2), (2, 1)]));
        let (from, to) = (html.find("<svg").expect("it is drawn"), html.find("</svg>").expect("it ends"));
        let drawn = roxmltree::Document::parse(&html[from..to + 6]).expect("it is XML");
        assert_eq!(drawn.descendants().filter(|node| node.has_tag_name("text")).count(), 6);
        assert!(html.contains("&lt;1&gt; → &lt;2&gt;") && !html.contains("<1>"));
        assert_eq!(topology(&Map::default()), "");
    }
}
