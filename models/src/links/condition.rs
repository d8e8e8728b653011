//! How do faults change links for a while, and what follows for every route?
//!
//! Changes of one direction combine by one rule per field: delays add, losses and other shares combine as
//! `1 - (1-p)(1-q)`, the least bandwidth counts. Where cuts of different kinds meet, silence wins over a reset, and a reset
//! over a refusal; what any of them loses is lost, though others would hold it. A fault names domains, or nodes by the
//! places they stand in. It strikes every leg of a route that leads from one to the other; a route whose
//! ends lie in the two, but none of whose legs leads from one to the other, is struck on its first leg.

use crate::ids::RouteId;
use crate::topology::{Route, Topology, leads_between, leads_between_any};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;
use sim_core::units::{Bandwidth, Share};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a cut treats who sends into it. In rising strength: of several on one leg the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Blocking {
    /// A request is turned back at the far end of the cut: its caller hears `refused` after twice the time the request took to
    /// there. Answers and whatever else is on the wire vanish.
    Refuse,
    /// As a refusal, but the caller hears `reset`; and everybody who waits for an answer over the way when the cut begins hears
    /// it at that instant.
    Reset,
    /// Messages vanish and nobody is told, those on the wire that would arrive meanwhile as well.
    #[default]
    Blackhole,
}

/// What a cut does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What senders notice of it.
    pub how: Blocking,
    /// Whether what it would lose waits instead until it heals.
    pub holds: bool,
}

impl Block {
    /// Both at once: the more silent one is noticed, and nothing is held that either loses.
    #[must_use]
    pub fn united(self, other: Self) -> Self {
        Self { how: self.how.max(other.how), holds: self.holds && other.holds }
    }
}

/// What a fault adds to one direction between two domains while it is on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkChange {
    /// Which numbers it draws: two changes of one leg at the same time differ in this, the hash of the fault's label.
    pub stream: u64,
    /// Only messages of these kinds meet it, by number; all if empty.
    #[serde(default)]
    pub kinds: Vec<u8>,
    /// Added to the delay of every message.
    pub delay: Option<Distribution>,
    /// Every message is held up by up to this much, evenly.
    pub jitter: Option<SimDuration>,
    /// The share lost.
    pub loss: Share,
    /// The share of which a second copy arrives.
    pub duplicate: Share,
    /// The share that travels without delay.
    pub reorder: Share,
    /// The share altered and found out.
    pub corrupt: Share,
    /// The share altered and delivered.
    pub corrupt_undetected: Share,
    /// The most the line takes in a time.
    pub bandwidth: Option<Bandwidth>,
}

/// Shares of messages that meet something else than a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mishaps {
    /// A second copy arrives.
    pub duplicate: Share,
    /// It travels without delay.
    pub reorder: Share,
    /// It is altered, and found out.
    pub corrupt: Share,
    /// It is altered, and delivered.
    pub corrupt_undetected: Share,
}

impl Mishaps {
    /// Both causes at work.
    #[must_use]
    pub const fn combined(self, other: Self) -> Self {
        Self {
            duplicate: self.duplicate.combined(other.duplicate),
            reorder: self.reorder.combined(other.reorder),
            corrupt: self.corrupt.combined(other.corrupt),
            corrupt_undetected: self.corrupt_undetected.combined(other.corrupt_undetected),
        }
    }
}

/// Everything that changes one leg of a route just now, combined.
#[derive(Clone, Debug, Default)]
pub struct Disturbance {
    delays: Vec<(u64, Sampler)>,
    /// The share lost on top of the line's own losses.
    pub loss: Share,
    /// What else befalls messages.
    pub mishaps: Mishaps,
    /// The most the line takes in a time.
    pub bandwidth: Option<Bandwidth>,
}

/// Place of the draws of added delays.
const ADDED_DELAY: u64 = 0x2_0000;

impl Disturbance {
    /// Adds a change.
    pub fn add(&mut self, change: &LinkChange) {
        let jitter = change.jitter.map(|high| Distribution::Uniform { low: SimDuration::ZERO, high });
        for (place, delay) in (0..).zip([change.delay.as_ref(), jitter.as_ref()]) {
            self.delays.extend(delay.map(|delay| (change.stream.wrapping_mul(2).wrapping_add(place), delay.compile())));
        }
        self.loss = self.loss.combined(change.loss);
        self.mishaps = self.mishaps.combined(Mishaps {
            duplicate: change.duplicate,
            reorder: change.reorder,
            corrupt: change.corrupt,
            corrupt_undetected: change.corrupt_undetected,
        });
        self.bandwidth = match (self.bandwidth, change.bandwidth) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
    }

    /// How much longer a message travels; `loss` and `delay` are its draws on this leg.
    pub fn delay(&self, loss: Draw, delay: Draw) -> SimDuration {
        // Both, so that a copy, which has a delay of its own, is held up for a time of its own.
        let draw = Draw::from_bits(loss.further(ADDED_DELAY).bits() ^ delay.further(ADDED_DELAY).bits());
        let each = self.delays.iter().map(|(stream, sampler)| sampler.sample(draw.further(*stream)));
        each.fold(SimDuration::ZERO, SimDuration::saturating_add)
    }
}

/// What is on the ledger about the ways between domains.
#[derive(Clone, Copy, Debug)]
pub enum WayEffect<'a> {
    /// See [`crate::environment::Effect::Cut`].
    Cut(&'a [String], &'a [String], Block),
    /// See [`crate::environment::Effect::Link`].
    Change(&'a [String], &'a [String], &'a LinkChange),
}

/// The condition of one leg of a route.
#[derive(Clone, Debug, Default)]
pub struct LegCondition {
    /// Whether and how it is cut.
    pub blocked: Option<Block>,
    changes: Vec<LinkChange>,
    /// What messages meet for whose kind no change is written.
    disturbance: Option<Disturbance>,
    /// What those meet for whose kind one is.
    of_kinds: BTreeMap<u8, Disturbance>,
}

impl PartialEq for LegCondition {
    fn eq(&self, other: &Self) -> bool {
        // What is derived follows from the changes.
        self.blocked == other.blocked && self.changes == other.changes
    }
}

impl LegCondition {
    /// What changes it for messages of this kind, if anything does.
    pub fn disturbance(&self, kind: u8) -> Option<&Disturbance> {
        self.of_kinds.get(&kind).or(self.disturbance.as_ref())
    }

    const fn is_normal(&self) -> bool {
        self.blocked.is_none() && self.changes.is_empty()
    }

    fn add(&mut self, change: &LinkChange) {
        for &kind in &change.kinds {
            // What is known so far for all kinds holds for this one as well.
            let known = self.disturbance.clone();
            self.of_kinds.entry(kind).or_insert_with(|| known.unwrap_or_default()).add(change);
        }
        if change.kinds.is_empty() {
            self.of_kinds.values_mut().for_each(|disturbance| disturbance.add(change));
            self.disturbance.get_or_insert_default().add(change);
        }
        self.changes.push(change.clone());
    }
}

/// A way around cuts that routing has found, and the condition of its legs.
#[derive(Clone, Debug)]
struct Detour {
    way: Arc<Route>,
    legs: Vec<LegCondition>,
}

impl PartialEq for Detour {
    fn eq(&self, other: &Self) -> bool {
        self.way.legs() == other.way.legs() && self.legs == other.legs
    }
}

/// The conditions of all routes, derived from the ledger.
#[derive(Clone, Debug, Default)]
pub struct RouteConditions {
    /// By route; empty while nothing is wrong anywhere.
    legs: BTreeMap<RouteId, Vec<LegCondition>>,
    blocked: Vec<Option<Block>>,
    /// Whether messages on a route have to be looked after, and whether there is any such route.
    touched: Vec<bool>,
    any: bool,
    detours: BTreeMap<RouteId, Detour>,
}

impl PartialEq for RouteConditions {
    fn eq(&self, other: &Self) -> bool {
        self.legs == other.legs && self.blocked == other.blocked && self.detours == other.detours
    }
}

impl RouteConditions {
    /// Nothing wrong on so many routes.
    pub fn new(routes: usize) -> Self {
        Self { blocked: vec![None; routes], touched: vec![false; routes], ..Self::default() }
    }

    /// Whether nothing is wrong with any way, and none is left for a detour.
    #[inline]
    pub const fn are_normal(&self) -> bool {
        !self.any
    }

    /// Whether, and how, the way written in the plan is cut anywhere.
    #[inline]
    pub fn blocking(&self, route: RouteId) -> Option<Block> {
        if self.any { self.blocked[route.index()] } else { None }
    }

    /// Whether a message on this route has to be looked after at every leg.
    #[inline]
    pub fn disturbs(&self, route: RouteId) -> bool {
        self.any && self.touched[route.index()]
    }

    /// The way around a cut, if one is taken.
    pub fn detour(&self, route: RouteId) -> Option<&Arc<Route>> {
        self.detours.get(&route).map(|detour| &detour.way)
    }

    /// The condition of a leg of the way in the plan, or of a detour; `None` if nothing is wrong with it. Of a detour that
    /// routing has given up meanwhile nothing is known: what is on it goes on undisturbed.
    pub fn leg(&self, route: RouteId, detour: Option<&Arc<Route>>, leg: usize) -> Option<&LegCondition> {
        if !self.any {
            return None;
        }
        let legs = match (detour, self.detours.get(&route)) {
            (None, _) => self.legs.get(&route),
            (Some(taken), Some(known)) if Arc::ptr_eq(taken, &known.way) => Some(&known.legs),
            (Some(_), _) => None,
        };
        legs.and_then(|legs| legs.get(leg)).filter(|leg| !leg.is_normal())
    }

    /// Routes on which everybody who waits for an answer is told that the connection is no more.
    pub fn reset(&self) -> Vec<RouteId> {
        let numbered = (0..).map(RouteId).zip(&self.blocked);
        numbered.filter(|(_, blocked)| blocked.is_some_and(|block| block.how == Blocking::Reset)).map(|(route, _)| route).collect()
    }

    /// Derives everything anew.
    pub fn derive(&mut self, effects: &[WayEffect<'_>], topology: &Topology) {
        self.legs.clear();
        self.blocked.fill(None);
        if !effects.is_empty() {
            for (index, route) in (0..).zip(topology.routes()) {
                let legs = conditions_of(route, effects, true);
                if legs.iter().any(|leg| !leg.is_normal()) {
                    self.blocked[index as usize] = legs.iter().filter_map(|leg| leg.blocked).reduce(Block::united);
                    self.legs.insert(RouteId(index), legs);
                }
            }
        }
        for detour in self.detours.values_mut() {
            detour.legs = conditions_of(&detour.way, effects, false);
        }
        self.any = !self.legs.is_empty() || !self.detours.is_empty();
        for (index, touched) in (0..).map(RouteId).zip(&mut self.touched) {
            *touched = self.legs.contains_key(&index) || self.detours.contains_key(&index);
        }
    }

    /// Routing has learnt of these cuts, and of no others: routes with a cut leg take another way if there is one.
    pub fn converge(&mut self, cuts: &[(String, String)], effects: &[WayEffect<'_>], topology: &Topology) {
        self.detours.clear();
        if !cuts.is_empty() {
            let mut graph = topology.graph_without(cuts);
            for (index, route) in (0..).zip(topology.routes()) {
                let hits = |from: &str, to: &str| cuts.iter().any(|(cut_from, cut_to)| leads_between(from, to, cut_from, cut_to));
                if !route.legs().iter().any(|leg| hits(leg.from(), leg.to())) || is_cut_between_ends_alone(route, cuts) {
                    continue;
                }
                if let Some(way) = topology.way_around(&mut graph, route) {
                    self.detours.insert(RouteId(index), Detour { way: Arc::new(way), legs: Vec::new() });
                }
            }
        }
        self.derive(effects, topology);
    }
}

/// Whether a cut parts the ends of a route and none of its legs: it forbids the two to talk, over whatever way.
fn is_cut_between_ends_alone(route: &Route, cuts: &[(String, String)]) -> bool {
    cuts.iter().any(|(from, to)| {
        let on_the_way = route.legs().iter().any(|leg| leads_between(leg.from(), leg.to(), from, to));
        !on_the_way && leads_between(route.from(), route.to(), from, to)
    })
}

/// What the effects do to each leg. `with_ends`: whether an effect between the ends alone strikes the first leg.
fn conditions_of(route: &Route, effects: &[WayEffect<'_>], with_ends: bool) -> Vec<LegCondition> {
    let mut legs = vec![LegCondition::default(); route.legs().len()];
    for effect in effects {
        let (from, to) = match effect {
            WayEffect::Cut(from, to, _) | WayEffect::Change(from, to, _) => (*from, *to),
        };
        let mut struck: Vec<bool> = route.legs().iter().map(|leg| leads_between_any(leg.from(), leg.to(), from, to)).collect();
        if with_ends && !struck.contains(&true) && leads_between_any(route.from(), route.to(), from, to) {
            struck[0] = true;
        }
        for (leg, _) in legs.iter_mut().zip(struck).filter(|(_, struck)| *struck) {
            match effect {
                WayEffect::Cut(_, _, block) => leg.blocked = Some(leg.blocked.map_or(*block, |known| known.united(*block))),
                WayEffect::Change(_, _, change) => leg.add(change),
            }
        }
    }
    legs
}
