//! How is the topology of a system drawn? As text for Graphviz (DOT) or Mermaid, which turn it into a picture.
//!
//! Domains are boxes inside boxes, replicas of one service in one place are one node, links are plain lines with their delay
//! and losses, calls are dashed arrows, brokers are cylinders.

use scenarios::map::{Map, MapEnd, Station};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The topology as a Graphviz graph.
pub fn dot(name: &str, map: &Map) -> String {
    let mut text = format!("digraph {} {{\n  compound=true;\n  rankdir=LR;\n  node [shape=box];\n", quoted(name));
    let domains = Domains::of(map);
    domains.write(&mut text, &mut |text, event| match event {
        Event::Begin(depth, path, id) => {
            let pad = "  ".repeat(depth);
            let label = quoted(last(path));
            line(text, &format!("{pad}subgraph cluster_{id} {{\n{pad}  label={label};\n{pad}  domain_{id} [shape=point, style=invis];"));
        }
        Event::Station(depth, number) => {
            let station = &map.stations[number];
            let shape = match station {
                Station { is_population: true, .. } => ", shape=ellipse",
                Station { is_broker: true, .. } => ", shape=cylinder",
                Station { .. } => "",
            };
            line(text, &format!("{}station_{number} [label={}{shape}];", "  ".repeat(depth), quoted(&station.label)));
        }
        Event::End(depth) => line(text, &format!("{}}}", "  ".repeat(depth))),
    });
    for link in &map.links {
        for from in ends(&link.from, &domains) {
            for to in ends(&link.to, &domains) {
                let mut attributes = format!("label={}", quoted(&link.label));
                if !link.one_way {
                    attributes += ", dir=none";
                }
                for (attribute, end) in [("ltail", &from), ("lhead", &to)] {
                    if let Drawn::Domain(id) = end {
                        write!(attributes, ", {attribute}=cluster_{id}").expect("text can be written to a string");
                    }
                }
                line(&mut text, &format!("  {} -> {} [{attributes}];", from.id(), to.id()));
            }
        }
    }
    for (from, to) in &map.calls {
        line(&mut text, &format!("  station_{from} -> station_{to} [style=dashed];"));
    }
    text + "}"
}

/// The topology as a Mermaid flowchart.
pub fn mermaid(map: &Map) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let domains = Domains::of(map);
    domains.write(&mut text, &mut |text, event| match event {
        Event::Begin(depth, path, id) => line(text, &format!("{}subgraph domain_{id} [{}]", "  ".repeat(depth), mermaid_text(last(path)))),
        Event::Station(depth, number) => {
            let station = &map.stations[number];
            let label = mermaid_text(&station.label);
            let shape = match station {
                Station { is_population: true, .. } => format!("([{label}])"),
                Station { is_broker: true, .. } => format!("[({label})]"),
                Station { .. } => format!("[{label}]"),
            };
            line(text, &format!("{}station_{number}{shape}", "  ".repeat(depth)));
        }
        Event::End(depth) => line(text, &format!("{}end", "  ".repeat(depth))),
    });
    for link in &map.links {
        for from in ends(&link.from, &domains) {
            for to in ends(&link.to, &domains) {
                let arrow = if link.one_way { "-->" } else { "---" };
                line(&mut text, &format!("  {} {arrow}|{}| {}", from.id(), mermaid_text(&link.label), to.id()));
            }
        }
    }
    for (from, to) in &map.calls {
        line(&mut text, &format!("  station_{from} -.-> station_{to}"));
    }
    text.truncate(text.trim_end().len());
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid knows no escapes but those of HTML.
fn mermaid_text(text: &str) -> String {
    format!("\"{}\"", text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;"))
}

/// An end of a line in the drawing.
enum Drawn {
    Domain(usize),
    Station(usize),
}

impl Drawn {
    fn id(&self) -> String {
        match self {
            Self::Domain(id) => format!("domain_{id}"),
            Self::Station(number) => format!("station_{number}"),
        }
    }
}

fn ends(end: &MapEnd, domains: &Domains) -> Vec<Drawn> {
    match end {
        MapEnd::Domain(path) => vec![Drawn::Domain(domains.numbers[path])],
        MapEnd::Stations(stations) => stations.iter().map(|&station| Drawn::Station(station)).collect(),
    }
}

/// Every domain that is drawn, those around others included.
struct Domains {
    /// By path, in the order in which they are drawn.
    numbers: BTreeMap<String, usize>,
    stations: BTreeMap<String, Vec<usize>>,
}

/// What is written one after the other: depth first.
enum Event<'a> {
    Begin(usize, &'a str, usize),
    Station(usize, usize),
    End(usize),
}

impl Domains {
    fn of(map: &Map) -> Self {
        let mut domains = Self { numbers: BTreeMap::new(), stations: BTreeMap::new() };
        for (number, station) in map.stations.iter().enumerate() {
            domains.add(&station.domain);
            domains.stations.entry(station.domain.clone()).or_default().push(number);
        }
        for link in &map.links {
            for end in [&link.from, &link.to] {
                if let MapEnd::Domain(path) = end {
                    domains.add(path);
                }
            }
        }
        for (number, (_, id)) in domains.numbers.iter_mut().enumerate() {
            *id = number;
        }
        domains
    }

    fn add(&mut self, path: &str) {
        let inner = path.match_indices('/').map(|(at, _)| &path[..at]);
        for path in inner.chain([path]) {
            self.numbers.insert(path.to_owned(), 0);
        }
    }

    fn write(&self, text: &mut String, tell: &mut dyn FnMut(&mut String, Event<'_>)) {
        let roots = self.numbers.keys().filter(|path| !path.contains('/'));
        roots.for_each(|root| self.write_domain(root, 1, text, tell));
    }

    fn write_domain(&self, path: &str, depth: usize, text: &mut String, tell: &mut dyn FnMut(&mut String, Event<'_>)) {
        tell(text, Event::Begin(depth, path, self.numbers[path]));
        for &station in self.stations.get(path).into_iter().flatten() {
            tell(text, Event::Station(depth + 1, station));
        }
        let is_child = |inner: &&String| inner.rsplit_once('/').is_some_and(|(outer, _)| outer == path);
        for inner in self.numbers.keys().filter(is_child) {
            self.write_domain(inner, depth + 1, text, tell);
        }
        tell(text, Event::End(depth));
    }
}
