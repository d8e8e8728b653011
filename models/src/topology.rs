//! Which way does a message take from one domain to another?
//!
//! Domains nest by `/`: a link of `eu` serves `eu/a` as well, and the most specific link wins. Where two domains have no
//! link of their own, a message takes the way with the least mean delay over the graph of links, and delays add up along
//! it. Within one domain a message takes no time (one nanosecond) unless a link from the domain to itself says otherwise.

use crate::ids::RouteId;
use crate::links::Link;
use petgraph::algo::astar;
use petgraph::graph::{DiGraph, NodeIndex};
use sim_core::draw::Draw;
use sim_core::sample::Sampler;
use sim_core::time::SimDuration;
use sim_core::units::Share;
use std::collections::BTreeMap;

/// Whether `domain` is `outer` or lies inside it.
pub fn lies_in(domain: &str, outer: &str) -> bool {
    domain.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One direction of a link.
#[derive(Clone, Debug)]
struct Direction {
    from: String,
    to: String,
    delay: Sampler,
    mean: SimDuration,
    loss: Share,
}

/// A step of a way: from which domain to which, and over which direction of a link.
type Hop = (String, String, usize);

/// A way from one domain to another.
#[derive(Clone, Debug)]
pub struct Route {
    from: String,
    to: String,
    /// The domains a message passes, at both ends of every hop: those it stands in, not those its links are written for.
    hops: Vec<(String, String)>,
    first: Option<Sampler>,
    rest: Vec<Sampler>,
    loss: Share,
}

impl Route {
    /// How long a message travels, at least a nanosecond. Hops after the first draw further numbers of the same place.
    #[inline]
    pub fn delay(&self, draw: Draw) -> SimDuration {
        let first = self.first.as_ref().map_or(SimDuration::ZERO, |sampler| sampler.sample(draw));
        let delay = if self.rest.is_empty() { first } else { first.saturating_add(self.rest_of_delay(draw)) };
        delay.max(SimDuration::NANOSECOND)
    }

    /// Out of line, so that a way of one hop stays small where it is taken.
    #[inline(never)]
    fn rest_of_delay(&self, draw: Draw) -> SimDuration {
        let hops = (0..).zip(&self.rest).map(|(hop, sampler)| sampler.sample(draw.further(1_000 + hop)));
        hops.fold(SimDuration::ZERO, SimDuration::saturating_add)
    }

    /// The share of messages lost on the way.
    #[inline]
    pub const fn loss(&self) -> Share {
        self.loss
    }

    /// The ends of the way and of each of its hops: a cut of any of them blocks it.
    pub fn legs(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = std::iter::once((self.from.as_str(), self.to.as_str()));
        whole.chain(self.hops.iter().map(|(from, to)| (from.as_str(), to.as_str())))
    }
}

/// All links, and the routes that are used.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    directions: Vec<Direction>,
    routes: Vec<Route>,
    known: BTreeMap<(String, String), RouteId>,
}

impl Topology {
    /// The topology of these links, without routes yet.
    pub fn new(links: &[Link]) -> Self {
        let mut directions = Vec::new();
        for link in links {
            let delay = link.delay.compile();
            let mut add = |from: &str, to: &str| {
                let (from, to) = (from.to_owned(), to.to_owned());
                directions.push(Direction { from, to, mean: delay.mean(), delay: delay.clone(), loss: link.loss });
            };
            add(&link.from, &link.to);
            if !link.one_way && link.from != link.to {
                add(&link.to, &link.from);
            }
        }
        Self { directions, routes: Vec::new(), known: BTreeMap::new() }
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

    /// The route between two domains; `None` if there is no way.
    pub fn connect(&mut self, from: &str, to: &str) -> Option<RouteId> {
        let ends = (from.to_owned(), to.to_owned());
        if let Some(&known) = self.known.get(&ends) {
            return Some(known);
        }
        let hops = match self.direct(from, to) {
            Some(direction) => vec![(from.to_owned(), to.to_owned(), direction)],
            None if from == to => Vec::new(),
            None => self.cheapest(from, to)?,
        };
        let route = RouteId(u32::try_from(self.routes.len()).expect("fewer than 2^32 routes are used"));
        self.routes.push(self.route_over(&ends, &hops));
        self.known.insert(ends, route);
        Some(route)
    }

    fn route_over(&self, ends: &(String, String), hops: &[Hop]) -> Route {
        let directions: Vec<_> = hops.iter().map(|hop| &self.directions[hop.2]).collect();
        Route {
            from: ends.0.clone(),
            to: ends.1.clone(),
            hops: hops.iter().map(|(from, to, _)| (from.clone(), to.clone())).collect(),
            first: directions.first().map(|direction| direction.delay.clone()),
            rest: directions.iter().skip(1).map(|direction| direction.delay.clone()).collect(),
            loss: directions.iter().fold(Share::default(), |loss, direction| loss.combined(direction.loss)),
        }
    }

    /// The most specific link whose ends hold both domains; the one written first among equals.
    fn direct(&self, from: &str, to: &str) -> Option<usize> {
        let fits = |direction: &Direction| lies_in(from, &direction.from) && lies_in(to, &direction.to);
        let depth = |name: &str| name.split('/').count();
        let candidates = self.directions.iter().enumerate().filter(|(_, direction)| fits(direction));
        candidates.min_by_key(|(_, direction)| std::cmp::Reverse(depth(&direction.from) + depth(&direction.to))).map(|(index, _)| index)
    }

    /// The links of the way with the least mean delay.
    fn cheapest(&self, from: &str, to: &str) -> Option<Vec<Hop>> {
        let mut graph: DiGraph<String, (u64, usize)> = DiGraph::new();
        let mut places: BTreeMap<String, NodeIndex> = BTreeMap::new();
        let names = self.directions.iter().flat_map(|direction| [direction.from.as_str(), direction.to.as_str()]);
        for name in names.chain([from, to]) {
            if !places.contains_key(name) {
                places.insert(name.to_owned(), graph.add_node(name.to_owned()));
            }
        }
        // A link of a domain serves every domain inside it; there is no other way in or out.
        for (index, direction) in self.directions.iter().enumerate() {
            let within = |outer: &str| places.iter().filter(|(name, _)| lies_in(name, outer)).map(|(_, &place)| place).collect::<Vec<_>>();
            for &from in &within(&direction.from) {
                for &to in &within(&direction.to) {
                    graph.add_edge(from, to, (direction.mean.as_nanos(), index));
                }
            }
        }
        let (_, way) = astar(&graph, places[from], |place| place == places[to], |edge| edge.weight().0, |_| 0)?;
        let hop = |step: &[NodeIndex]| {
            let edges = graph.edges_connecting(step[0], step[1]);
            let cheapest = edges.map(|edge| *edge.weight()).min().expect("the way goes along edges");
            (graph[step[0]].clone(), graph[step[1]].clone(), cheapest.1)
        };
        Some(way.windows(2).map(hop).collect())
    }
}
