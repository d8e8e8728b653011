//! What is the way with the least mean delay where two places have no link of their own?
//!
//! A link of a domain serves every place inside it, so it would be an edge between every two of them. Instead each direction
//! of a link has a *port*: every place inside its one end leads to the port, which leads to every place inside its other
//! end, and edges grow with places and not with their pairs.
//!
//! A message leaves a domain over a link of that domain only if it is bound for somewhere outside of it, and enters one over
//! a link of that domain only if it comes from outside: so a link between `eu` and `us` makes no way from `eu/a` to `eu/b`.

use super::{Direction, lies_in};
use petgraph::algo::astar;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Vertex {
    Place(String),
    /// The port of a direction.
    Port(usize),
}

/// Places, ports, and what it costs to go from one to the other, in nanoseconds.
#[derive(Clone, Debug)]
pub struct WayGraph {
    graph: DiGraph<Vertex, u64>,
    places: BTreeMap<String, NodeIndex>,
}

/// Whether a place lies on either side of a cut.
type Sides = (bool, bool);

impl WayGraph {
    /// The graph of these directions, without steps that lead over a cut.
    pub(super) fn new(directions: &[Direction], places: &BTreeSet<String>, cuts: &[(String, String)]) -> Self {
        let mut graph = DiGraph::new();
        let places: BTreeMap<_, _> = places.iter().map(|place| (place.clone(), graph.add_node(Vertex::Place(place.clone())))).collect();
        let sides = |place: &str| -> Vec<Sides> { cuts.iter().map(|(from, to)| (lies_in(place, from), lies_in(place, to))).collect() };
        for (number, direction) in directions.iter().enumerate().filter(|(_, direction)| direction.kinds == 0) {
            // Places that are on the same sides of all cuts share a port: what lies behind it is the same for all of them.
            let mut ports: BTreeMap<Vec<Sides>, NodeIndex> = BTreeMap::new();
            for (place, vertex) in inside(&places, &direction.from) {
                let port = *ports.entry(sides(place)).or_insert_with(|| graph.add_node(Vertex::Port(number)));
                graph.add_edge(vertex, port, direction.mean.as_nanos().max(1));
            }
            for (place, vertex) in inside(&places, &direction.to) {
                let behind = sides(place);
                for (before, &port) in &ports {
                    let is_cut = |(before, behind): (&Sides, &Sides)| before.0 && behind.1 && !(before.1 && behind.0);
                    if !before.iter().zip(&behind).any(is_cut) {
                        graph.add_edge(port, vertex, 0);
                    }
                }
            }
        }
        Self { graph, places }
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        self.graph.edge_count()
    }

    /// The steps of the cheapest way between two places: from, to, and the number of the direction.
    pub(super) fn cheapest(
        &mut self,
        directions: &[Direction],
        dead_ends: &BTreeSet<String>,
        from: &str,
        to: &str,
    ) -> Option<Vec<(String, String, usize)>> {
        let (&start, &end) = (self.places.get(from)?, self.places.get(to)?);
        let is_open = |vertex: NodeIndex| match &self.graph[vertex] {
            Vertex::Place(place) => vertex == end || !dead_ends.contains(place),
            Vertex::Port(number) => {
                let direction = &directions[*number];
                let leaves_in_vain = direction.leaves(to) && !direction.enters(to);
                let comes_from_within = direction.enters(from) && !direction.leaves(from);
                !leaves_in_vain && !comes_from_within
            }
        };
        let open = EdgeFiltered::from_fn(&self.graph, |edge| is_open(edge.target()));
        let (_, way) = astar(&open, start, |vertex| vertex == end, |edge| *edge.weight(), |_| 0)?;
        let name = |vertex: NodeIndex| match &self.graph[vertex] {
            Vertex::Place(place) => place.clone(),
            Vertex::Port(_) => unreachable!("places and ports take turns"),
        };
        let step = |step: &[NodeIndex]| match &self.graph[step[1]] {
            Vertex::Port(number) => (name(step[0]), name(step[2]), *number),
            Vertex::Place(_) => unreachable!("places and ports take turns"),
        };
        Some(way.windows(3).step_by(2).map(step).collect())
    }
}

/// The places inside one of these.
fn inside<'a>(places: &'a BTreeMap<String, NodeIndex>, outer: &'a [String]) -> Vec<(&'a str, NodeIndex)> {
    let mut found = Vec::new();
    for outer in outer {
        let beginning_alike = places.range(outer.clone()..).take_while(|(place, _)| place.starts_with(outer.as_str()));
        found.extend(beginning_alike.filter(|(place, _)| lies_in(place, outer)).map(|(place, &vertex)| (place.as_str(), vertex)));
    }
    found.sort_unstable();
    found.dedup();
    found
}
