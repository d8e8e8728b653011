//! How long does what usually take, over which edge?
//!
//! What an attempt waits for is counted once for each attempt, however many pieces it comes in: all the time in service of one attempt is held against
//! all the time in service of another. Time in which something is called for it is time of that call and not in service, as in [`times`](super::times), and time
//! in which a node stands still is of neither.

use super::story::edge_of;
use super::times::Part;
use crate::trace::{CallOfEvent, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};

/// Of so few attempts nothing is said.
const LEAST: u64 = 20;
/// Of fewer than this, one per cent is less than one: only what takes twice as long as usual is out of the ordinary.
const FEW: u64 = 100;
/// What takes longer than this share of its like is out of the ordinary.
const UNUSUAL: f64 = 0.99;
/// If so many lengths are alike, they are not drawn.
const ALIKE: f64 = 0.9;

/// How long something usually takes: counts of lengths, in eighths of powers of two.
#[derive(Clone, Debug, Default)]
pub struct Usual {
    /// How many there are in a place, and what they come to.
    counts: Vec<(u64, u128)>,
    all: u64,
}

impl Usual {
    fn add(&mut self, nanos: u64) {
        let place = place_of(nanos);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, (0, 0));
        }
        let (count, sum) = &mut self.counts[place];
        (*count, *sum) = (*count + 1, *sum + u128::from(nanos));
        self.all += 1;
    }

    /// The share of the other lengths that are shorter than this one, if it is out of the ordinary: 99 % at least, and of a few all that there are, by half.
    pub fn unusual(&self, nanos: u64) -> Option<f64> {
        let below: u64 = self.counts.iter().take(place_of(nanos)).map(|(count, _)| count).sum();
        let share = (below as f64 / self.all.saturating_sub(1).max(1) as f64).min(1.0);
        let is_far = self.all >= FEW || nanos / 2 >= self.median();
        (self.all >= LEAST && share >= UNUSUAL && is_far).then_some(share)
    }

    /// Whether nearly all take the same, so that it is no matter of luck.
    pub fn is_always_alike(&self) -> bool {
        self.counts.iter().any(|(count, _)| *count as f64 >= ALIKE * self.all as f64)
    }

    /// The mean of the eighth of a power of two in which the median is, in nanoseconds: the median itself where lengths do not vary.
    pub fn median(&self) -> u64 {
        let mut left = self.all.div_ceil(2);
        let place = self.counts.iter().find(|(count, _)| {
            left = left.saturating_sub(*count);
            left == 0
        });
        place.map_or(0, |(count, sum)| (sum / u128::from((*count).max(1))) as u64)
    }
}

/// Exact up to 8, then three bits after the leading one.
fn place_of(nanos: u64) -> usize {
    if nanos < 8 {
        return nanos as usize;
    }
    let power = nanos.ilog2();
    ((power - 2) * 8) as usize + (nanos >> (power - 3) & 7) as usize
}

/// How long the parts of attempts take, edge by edge.
#[derive(Clone, Debug, Default)]
pub struct Lengths {
    usual: BTreeMap<(String, Part), Usual>,
    /// Edges to groups: of what is served there, no worker works on it.
    groups: BTreeSet<String>,
    /// Attempts under way, by call, number and copy.
    open: BTreeMap<(String, u32, u32), Stage>,
    /// Calls under way that are made for an attempt, and that.
    inside: BTreeMap<String, (String, u32, u32)>,
}

/// How far an attempt has come, and where its time went until then.
#[derive(Clone, Debug)]
struct Stage {
    part: Part,
    since: u64,
    /// Where it goes, unless that is to members of a group.
    server: Option<String>,
    /// Since it stands still there, what was going on.
    held: Option<Part>,
    /// How many calls are under way for it.
    calling: u32,
    sums: Vec<(Part, u64)>,
}

impl Stage {
    /// The time until this instant is of what is going on.
    fn pass(&mut self, at: u64) {
        let length = at.saturating_sub(std::mem::replace(&mut self.since, at));
        if self.part == Part::Still || self.part == Part::Service && self.calling > 0 {
            return;
        }
        match self.sums.iter_mut().find(|(part, _)| *part == self.part) {
            Some((_, sum)) => *sum += length,
            None => self.sums.push((self.part.clone(), length)),
        }
    }
}

impl Lengths {
    /// How long a part usually takes over this edge, if that is known.
    pub fn of(&self, edge: &str, part: &Part) -> Option<&Usual> {
        self.usual.get(&(edge.to_owned(), part.clone()))
    }

    /// Whether calls over this edge are made to a group.
    pub fn is_to_group(&self, edge: &str) -> bool {
        self.groups.contains(edge)
    }

    /// Sees that a node comes to stand still, or goes on.
    pub(super) fn see_node(&mut self, event: &TraceEvent<'_>) {
        let is_still = match event.kind.as_ref() {
            "node-pauses" => true,
            "node-resumes" => false,
            _ => return,
        };
        for stage in self.open.values_mut().filter(|stage| stage.server.as_deref() == event.node.as_deref()) {
            if is_still && stage.held.is_none() && matches!(stage.part, Part::Queue | Part::Service) {
                stage.pass(event.at);
                stage.held = Some(std::mem::replace(&mut stage.part, Part::Still));
            } else if !is_still && let Some(held) = stage.held.take() {
                stage.pass(event.at);
                stage.part = held;
            }
        }
    }

    /// Sees an event about a call.
    pub(super) fn see(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) {
        match (event.kind.as_ref(), call.attempt) {
            ("call", _) => {
                if let Some((key, number)) = &call.within {
                    let around = (key.to_string(), *number, 0);
                    if self.open.contains_key(&around) {
                        self.calls(&around, event.at, true);
                        self.inside.insert(call.key.to_string(), around);
                    }
                }
            }
            ("end" | "give-up", _) => {
                if let Some(around) = self.inside.remove(call.key.as_ref()) {
                    self.calls(&around, event.at, false);
                }
            }
            (kind, Some(number)) => self.see_attempt(event, kind, (call.key.to_string(), number, call.copy)),
            _ => {}
        }
    }

    /// For an attempt a call begins, or is over.
    fn calls(&mut self, around: &(String, u32, u32), at: u64, begins: bool) {
        if let Some(stage) = self.open.get_mut(around) {
            stage.pass(at);
            stage.calling = if begins { stage.calling + 1 } else { stage.calling.saturating_sub(1) };
        }
    }

    fn see_attempt(&mut self, event: &TraceEvent<'_>, kind: &str, place: (String, u32, u32)) {
        let edge = || event.call.as_ref().map(|call| edge_of(&call.name).to_owned()).unwrap_or_default();
        let part = match kind {
            "send" => Part::Request,
            "queue" => Part::Queue,
            "start" => Part::Service,
            "answer" => Part::Answer,
            "unheard" => Part::Still,
            "deliver" | "late" | "ignore" => return self.is_over(&place, (event.at, true), edge),
            "drop" | "discard" | "turned" => return self.is_over(&place, (event.at, false), edge),
            _ => return,
        };
        if kind == "start" && event.says.is_some() && !self.groups.contains(edge_of(event.call.as_ref().map_or("", |call| &call.name))) {
            self.groups.insert(edge());
        }
        let server = || event.peer.as_deref().filter(|_| kind == "send").map(str::to_owned);
        match self.open.get_mut(&place) {
            // Of what members of a group are asked, only what nobody has heard yet stands still.
            Some(stage) if part == Part::Still && !matches!(stage.part, Part::Request | Part::Answer) => {}
            Some(stage) => {
                stage.pass(event.at);
                stage.part = part;
                stage.server = stage.server.take().filter(|_| kind != "start" || event.says.is_none());
            }
            None => {
                let fresh = Stage { part, since: event.at, server: server(), held: None, calling: 0, sums: Vec::new() };
                self.open.insert(place, fresh);
            }
        }
    }

    /// An attempt is over: what it waited for last counts only if that came to its end.
    fn is_over(&mut self, place: &(String, u32, u32), (at, is_whole): (u64, bool), edge: impl Fn() -> String) {
        let Some(mut stage) = self.open.remove(place) else { return };
        if is_whole {
            stage.pass(at);
        } else {
            stage.sums.retain(|(part, _)| *part != stage.part);
        }
        for (part, length) in stage.sums {
            self.usual.entry((edge(), part)).or_default().add(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of the attempts of calls: when, what, and whether it is about a message of a group.
    fn lengths(calls: u64, events: &[(u64, &'static str)], says: bool) -> Lengths {
        let mut lengths = Lengths::default();
        for call in 0..calls {
            for (at, kind) in events {
                let name = format!("a -> b #0.{call}");
                let call =
                    CallOfEvent { name: name.into(), key: format!("{call:016x}").into(), attempt: Some(1), ..CallOfEvent::default() };
                let says = says.then(|| "read".into());
                let event = TraceEvent { at: *at, kind: (*kind).into(), call: Some(call.clone()), says, ..TraceEvent::default() };
                lengths.see(&event, &call);
            }
        }
        lengths
    }

    #[test]
    fn lengths_are_counted_to_an_eighth_of_a_power_of_two() {
        let mut usual = Usual::default();
        (1..=1_000).for_each(|millis| usual.add(millis * 1_000_000));
        assert!(usual.median().abs_diff(500_000_000) < 70_000_000, "{}", usual.median());
        assert_eq!(usual.unusual(900_000_000), None);
        assert_eq!(usual.unusual(2_000_000_000), Some(1.0));
        assert!(!usual.is_always_alike());
        assert_eq!(Usual::default().unusual(1), None);
    }

    #[test]
    fn what_does_not_vary_is_its_own_median_and_never_out_of_the_ordinary() {
        let mut usual = Usual::default();
        (0..30).for_each(|_| usual.add(15_000_000));
        assert_eq!((usual.median(), usual.unusual(15_000_000)), (15_000_000, None));
        usual.add(25_000_000);
        assert_eq!(usual.unusual(25_000_000), None, "one of few, and not twice as long");
        usual.add(31_000_000);
        assert_eq!(usual.unusual(31_000_000), Some(1.0), "of all others, not of all");
        assert!(usual.is_always_alike());
    }

    #[test]
    fn what_an_attempt_is_asked_several_times_is_one_length() {
        let events = [(0, "send"), (5, "start"), (10, "start"), (20, "deliver")];
        let group = lengths(30, &events, true);
        assert!(group.is_to_group("a -> b"));
        let median = |part| group.of("a -> b", &part).map(Usual::median);
        assert_eq!((median(Part::Request), median(Part::Service)), (Some(5), Some(15)));
    }

    #[test]
    fn what_was_lost_counts_as_far_as_it_came() {
        let lost = lengths(30, &[(0, "send"), (4, "queue"), (6, "start"), (9, "answer"), (12, "drop")], false);
        let median = |part| lost.of("a -> b", &part).map(Usual::median);
        assert_eq!([Part::Request, Part::Queue, Part::Service, Part::Answer].map(median), [Some(4), Some(2), Some(3), None]);
        assert!(!lost.is_to_group("a -> b"));
    }

    #[test]
    fn time_in_which_a_node_stands_still_is_neither_on_the_wire_nor_in_service() {
        let mut lengths = Lengths::default();
        let call = CallOfEvent { name: "a -> b #0.0".into(), key: "k".into(), attempt: Some(1), ..CallOfEvent::default() };
        let events =
            [(0, "send"), (2, "unheard"), (30, "start"), (35, "node-pauses"), (80, "node-resumes"), (82, "answer"), (85, "deliver")];
        for (at, kind) in events {
            let is_of_node = kind.starts_with("node-");
            let event = TraceEvent { at, kind: kind.into(), node: Some("b".into()), peer: Some("b".into()), ..TraceEvent::default() };
            if is_of_node {
                lengths.see_node(&event);
            } else {
                lengths.see(&TraceEvent { call: Some(call.clone()), ..event }, &call);
            }
        }
        let median = |part| lengths.of("a -> b", &part).map(Usual::median);
        assert_eq!([Part::Request, Part::Service, Part::Answer, Part::Still].map(median), [Some(2), Some(7), Some(3), None]);
    }

    #[test]
    fn time_in_which_something_is_called_is_not_in_service() {
        let mut lengths = lengths(1, &[(0, "send"), (5, "start")], false);
        let inner = CallOfEvent {
            name: "b -> c #0.0".into(),
            key: "c".into(),
            within: Some((format!("{:016x}", 0).into(), 1)),
            ..CallOfEvent::default()
        };
        for (at, kind) in [(6, "call"), (16, "end")] {
            lengths.see(&TraceEvent { at, kind: kind.into(), ..TraceEvent::default() }, &inner);
        }
        let outer =
            CallOfEvent { name: "a -> b #0.0".into(), key: format!("{:016x}", 0).into(), attempt: Some(1), ..CallOfEvent::default() };
        for (at, kind) in [(18, "answer"), (20, "deliver")] {
            lengths.see(&TraceEvent { at, kind: kind.into(), call: Some(outer.clone()), ..TraceEvent::default() }, &outer);
        }
        assert_eq!(lengths.of("a -> b", &Part::Service).map(Usual::median), Some(3));
    }
}
