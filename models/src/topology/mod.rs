//! Which way does a message take from one place to another?
//!
//! A *place* is a failure domain, or a node inside one that some link names. Domains nest by `/`: a link of `eu` serves `eu/a`
//! as well, and the most specific link wins. Where two places have no link of their own, a message takes the way with the
//! least mean delay over the graph of links (`graph`), and delays add up along it. Within one domain a message takes no time
//! (one nanosecond) unless a link from the domain to itself says otherwise. What is known of a way is its [`Route`].
//!
//! Memory grows with the links that are written and the routes that are used, never with pairs of nodes.

mod graph;
mod route;

pub use graph::WayGraph;
pub(crate) use route::draw_of_leg;
pub use route::{Leg, Route};

use crate::ids::RouteId;
use crate::links::{Line, Link};
use sim_core::time::SimDuration;
use std::collections::{BTreeMap, BTreeSet};

/// Whether `domain` is `outer` or lies inside it.
pub fn lies_in(domain: &str, outer: &str) -> bool {
    domain.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a step between two places leads from one domain to another. Where one domain lies inside the other, what stays in
/// the inner one does not pass between them; from a domain to itself leads every step inside it.
pub fn leads_between(step_from: &str, step_to: &str, from: &str, to: &str) -> bool {
    if from == to {
        return lies_in(step_from, from) && lies_in(step_to, to);
    }
    let stays_inside = lies_in(step_from, to) && lies_in(step_to, from);
    lies_in(step_from, from) && lies_in(step_to, to) && !stays_inside
}

/// Whether a step leads from any of some places to any of others.
pub fn leads_between_any(step_from: &str, step_to: &str, from: &[String], to: &[String]) -> bool {
    from.iter().any(|from| to.iter().any(|to| leads_between(step_from, step_to, from, to)))
}

/// The place of a node that a link or a fault names: one step further inside than its domain. No domain is called that.
pub fn place_of_node(outer: &str, node: &str) -> String {
    format!("{outer}/@{node}")
}

/// The domain of a place.
pub fn domain_of(place: &str) -> &str {
    place.split_once("/@").map_or(place, |(domain, _)| domain)
}

/// A place as a reader knows it: the domain, or the node.
pub fn shown(place: &str) -> &str {
    place.rsplit_once("/@").map_or(place, |(_, node)| node)
}

/// One direction of a link. Its number is that of its line.
#[derive(Clone, Debug)]
struct Direction {
    /// The link it belongs to, by position.
    link: usize,
    /// The places it leads from: one domain, or wherever the node stands that is named.
    from: Vec<String>,
    /// Where it leads to.
    to: Vec<String>,
    /// The kinds of message it is for, one bit each; none set: for all.
    kinds: u64,
    /// Its mean delay.
    mean: SimDuration,
}

impl Direction {
    fn leaves(&self, place: &str) -> bool {
        self.from.iter().any(|outer| lies_in(place, outer))
    }

    fn enters(&self, place: &str) -> bool {
        self.to.iter().any(|outer| lies_in(place, outer))
    }
}

/// What links may name besides domains.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The places of everything that is called by a name: a node's own, or those of all replicas.
    pub ends: BTreeMap<String, Vec<String>>,
    /// Every place somebody stands in.
    pub places: BTreeSet<String>,
    /// Those of them that no message passes on its way elsewhere: nodes that only faults name.
    pub dead_ends: BTreeSet<String>,
    /// The kinds of message there are, in the order of their numbers.
    pub kinds: Vec<String>,
    /// How long after a cut, or its end, routing has found other ways; never unless said.
    pub convergence: Option<SimDuration>,
}

/// All links, and the routes that are used.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    directions: Vec<Direction>,
    /// Directions by the places they lead from and to, as written.
    index: BTreeMap<(String, String), Vec<usize>>,
    /// What becomes of messages: those of the directions, and one of every route that needs no link.
    lines: Vec<Line>,
    routes: Vec<Route>,
    known: BTreeMap<(String, String), RouteId>,
    places: BTreeSet<String>,
    dead_ends: BTreeSet<String>,
    convergence: Option<SimDuration>,
    /// The graph of all ways, once it is needed.
    graph: Option<WayGraph>,
}

impl Topology {
    /// The topology of these links between domains, without routes yet.
    pub fn new(links: &[Link]) -> Self {
        Self::within(links, Surroundings::default())
    }

    /// The topology of these links among these surroundings, without routes yet. Names and kinds have been checked.
    pub fn within(links: &[Link], surroundings: Surroundings) -> Self {
        let Surroundings { ends, places, dead_ends, kinds, convergence } = surroundings;
        let mut topology = Self { places, dead_ends, convergence, ..Self::default() };
        let end = |name: &String| ends.get(name).cloned().unwrap_or_else(|| vec![name.clone()]);
        for (index, link) in links.iter().enumerate() {
            let named = link.kinds.iter().filter_map(|kind| kinds.iter().position(|known| known == kind));
            let mask = named.fold(0, |mask, kind| mask | 1 << kind);
            let mut add = |link: &Link| topology.add(index, link, (end(&link.from), end(&link.to)), mask);
            add(link);
            if !link.one_way && link.from != link.to {
                add(&link.way_back());
            }
        }
        topology
    }

    fn add(&mut self, link: usize, written: &Link, (from, to): (Vec<String>, Vec<String>), kinds: u64) {
        let line = Line::of(written);
        let number = self.directions.len();
        for outer in &from {
            for inner in &to {
                self.index.entry((outer.clone(), inner.clone())).or_default().push(number);
            }
        }
        self.places.extend(from.iter().chain(&to).cloned());
        self.directions.push(Direction { link, from, to, kinds, mean: line.mean() });
        self.lines.push(line);
    }

    /// The routes that have been asked for, by [`RouteId`].
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// A route by its number.
    #[inline]
    pub fn route(&self, route: RouteId) -> &Route {
        &self.routes[route.index()]
    }

    /// Every line, by its number.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How long after a cut, or its end, routing has found other ways; `None` if it never does.
    pub const fn convergence(&self) -> Option<SimDuration> {
        self.convergence
    }

    /// How many directions of links, places and edges of the graph are kept: what memory grows with.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.directions.len(), self.places.len(), self.graph.as_ref().map_or(0, WayGraph::edges))
    }

    /// The links that a route goes over, by position, one for each leg; `None` for a leg that needs no link.
    pub fn links_of(&self, route: &Route) -> Vec<Option<usize>> {
        route.legs().iter().map(|leg| self.directions.get(leg.usual() as usize).map(|direction| direction.link)).collect()
    }

    /// The route between two places; `None` if there is no way.
    pub fn connect(&mut self, from: &str, to: &str) -> Option<RouteId> {
        let ends = (from.to_owned(), to.to_owned());
        if let Some(&known) = self.known.get(&ends) {
            return Some(known);
        }
        let legs = match self.direct(from, to) {
            Some(direction) => vec![self.leg(from, to, direction)],
            None if from == to => vec![self.local_leg(from, to)],
            None => match self.cheapest(from, to) {
                Some(legs) => legs,
                // A node that a fault names stands apart from its domain and is no farther away.
                None if domain_of(from) == domain_of(to) => vec![self.local_leg(from, to)],
                None => return None,
            },
        };
        let route = RouteId(u32::try_from(self.routes.len()).expect("fewer than 2^32 routes are used"));
        self.routes.push(Route::over(from, to, legs, &self.lines));
        self.known.insert(ends, route);
        Some(route)
    }

    /// The most specific link for messages of all kinds whose ends hold both places; the one written first among equals.
    fn direct(&self, from: &str, to: &str) -> Option<usize> {
        self.fitting(from, to).into_iter().find(|&(_, direction)| self.directions[direction].kinds == 0).map(|(_, direction)| direction)
    }

    /// Every direction that leads from one place to the other, the most specific first, with how specific it is.
    fn fitting(&self, from: &str, to: &str) -> Vec<(usize, usize)> {
        let mut fitting = Vec::new();
        for outer_from in enclosing(from) {
            for outer_to in enclosing(to) {
                let depth = outer_from.split('/').count() + outer_to.split('/').count();
                let found = self.index.get(&(outer_from.to_owned(), outer_to.to_owned()));
                fitting.extend(found.into_iter().flatten().map(|&direction| (depth, direction)));
            }
        }
        // A link of some kinds is more specific than one of all kinds between the same ends.
        fitting.sort_by_key(|&(depth, direction)| (std::cmp::Reverse(depth), self.directions[direction].kinds == 0, direction));
        fitting
    }

    fn leg(&self, from: &str, to: &str, usual: usize) -> Leg {
        let fitting = self.fitting(from, to);
        let special = fitting.into_iter().take_while(|&(_, direction)| direction != usual);
        let special = special.map(|(_, direction)| (self.directions[direction].kinds, direction as u32)).filter(|(kinds, _)| *kinds != 0);
        Leg::new(from, to, usual as u32, special.collect())
    }

    /// Inside one domain no link is needed, but one for some kinds of message may be written.
    fn local_leg(&mut self, from: &str, to: &str) -> Leg {
        let usual = self.lines.len() as u32;
        self.lines.push(Line::local());
        let special = self.fitting(from, to).into_iter().map(|(_, direction)| (self.directions[direction].kinds, direction as u32));
        Leg::new(from, to, usual, special.filter(|(kinds, _)| *kinds != 0).collect())
    }

    /// The legs of the way with the least mean delay.
    fn cheapest(&mut self, from: &str, to: &str) -> Option<Vec<Leg>> {
        let is_new = self.places.insert(from.to_owned()) | self.places.insert(to.to_owned());
        if is_new {
            self.graph = None;
        }
        let mut graph = self.graph.take().unwrap_or_else(|| self.graph_without(&[]));
        let hops = graph.cheapest(&self.directions, &self.dead_ends, from, to);
        self.graph = Some(graph);
        Some(hops?.into_iter().map(|(from, to, direction)| self.leg(&from, &to, direction)).collect())
    }

    /// The graph of all ways but those that lead over one of these cuts.
    pub fn graph_without(&self, cuts: &[(String, String)]) -> WayGraph {
        WayGraph::new(&self.directions, &self.places, cuts)
    }

    /// The way between the ends of a route over this graph, if there is one.
    pub fn way_around(&self, graph: &mut WayGraph, route: &Route) -> Option<Route> {
        let hops = graph.cheapest(&self.directions, &self.dead_ends, route.from(), route.to())?;
        let legs = hops.into_iter().map(|(from, to, direction)| self.leg(&from, &to, direction)).collect();
        Some(Route::over(route.from(), route.to(), legs, &self.lines))
    }
}

/// A place and everything around it, the innermost first.
fn enclosing(place: &str) -> impl Iterator<Item = &str> {
    let cuts = place.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
    std::iter::once(place).chain(cuts.into_iter().rev().map(move |at| &place[..at]))
}
