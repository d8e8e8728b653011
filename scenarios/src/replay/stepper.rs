//! How does one go forwards and backwards in a run?
//!
//! Forwards event by event. Backwards by making the run again up to an earlier event, from the nearest copy that was kept on the way: copies
//! stand at even distances, and when there are too many, every other one is let go. So going back costs little, and memory does not grow.

use super::memory::condensed;
use super::pattern::Pattern;
use crate::live::{LiveRun, Until, start};
use crate::scenario::ArmPlan;
use crate::trace;
use models::ids::NodeId;
use models::plan::Plan;
use models::record::Record;
use models::world::NodeView;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Copies at first stand so many events apart.
const FIRST_DISTANCE: u64 = 1_000;

/// More copies than this are thinned out.
const MOST_COPIES: usize = 32;

/// A run that is gone through by hand.
pub struct Stepper {
    plan: Arc<Plan>,
    live: Box<dyn LiveRun>,
    /// Copies by their number of events, the earliest first; the first stands at the start.
    copies: Vec<(u64, Box<dyn LiveRun>)>,
    distance: u64,
    most_events: u64,
    /// A movement shows so many lines at most, the last ones; and so many calls, attempts and messages are told that are under way.
    most_lines: usize,
    is_over: bool,
}

/// What a movement showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Lines of the trace, the last ones.
    pub lines: Vec<String>,
    /// How many lines came before those.
    pub left_out: u64,
    /// Whether what was looked for was found.
    pub found: bool,
}

/// Keeps the last lines.
struct Shown<'a> {
    plan: &'a Plan,
    kept: VecDeque<String>,
    most: usize,
    left_out: u64,
    pattern: Option<&'a Pattern>,
    found: bool,
    /// What the record says that comes next.
    says: Option<String>,
}

impl Observer<Record> for Shown<'_> {
    fn record(&mut self, at: SimTime, record: &Record) {
        let line = trace::line_saying(self.plan, at, record, self.says.take().as_deref());
        self.found |= self.pattern.is_some_and(|pattern| pattern.fits(record, &line));
        if self.kept.len() == self.most {
            self.kept.pop_front();
            self.left_out += 1;
        }
        self.kept.push_back(line);
    }

    fn says(&mut self, words: &dyn fmt::Display) {
        self.says = Some(trace::in_short(words));
    }
}

impl Stepper {
    /// At the start of a run, which has no more events than this; a movement shows so many lines at most, from 1.
    pub fn new(arm: &ArmPlan, seed: u64, most_events: u64, most_lines: usize) -> Self {
        let live = start(arm, seed, TieBreak::ByRank);
        let copies = vec![(0, live.fork())];
        Self { plan: arm.of_run(seed), live, copies, distance: FIRST_DISTANCE, most_events, most_lines, is_over: false }
    }

    /// How many events have been handled.
    pub fn events(&self) -> u64 {
        self.live.events()
    }

    /// Where it stands, in words.
    pub fn place(&self) -> String {
        let over = if self.is_over { ", and the run is over" } else { "" };
        format!("after event {} at {}, digest {}{over}", self.live.events(), self.live.now(), self.live.digest())
    }

    /// So many events further.
    pub fn step(&mut self, events: u64) -> Moved {
        self.forward(Until::events(self.live.events().saturating_add(events)), None)
    }

    /// Up to an instant, its events included.
    pub fn to_time(&mut self, time: SimTime) -> Moved {
        if time < self.live.now() {
            self.back_to_time(time);
            return Moved { found: true, ..Moved::default() };
        }
        self.forward(Until::time(time), None)
    }

    /// Until so many events have been handled.
    pub fn to_event(&mut self, event: u64) -> Moved {
        if event < self.live.events() {
            self.back_to(event);
            return Moved { found: true, ..Moved::default() };
        }
        self.forward(Until::events(event), None)
    }

    /// Until something fits.
    pub fn to_first(&mut self, pattern: &Pattern) -> Moved {
        self.forward(Until::END, Some(pattern))
    }

    /// So many events back.
    pub fn back(&mut self, events: u64) {
        self.back_to(self.live.events().saturating_sub(events));
    }

    fn forward(&mut self, until: Until, pattern: Option<&Pattern>) -> Moved {
        let plan = Arc::clone(&self.plan);
        let mut shown = Shown { plan: &plan, kept: VecDeque::new(), most: self.most_lines, left_out: 0, pattern, found: false, says: None };
        let last = until.events.min(self.most_events);
        while !self.is_over && !shown.found && self.live.events() < last {
            // A pattern is looked for event by event, so that nothing of the next one has happened when it is found.
            let chunk = if pattern.is_some() { 1 } else { self.next_copy() - self.live.events() };
            let events = last.min(self.live.events() + chunk);
            let before = self.live.events();
            self.is_over = self.live.advance(Until { time: until.time, events }, Some(&mut shown as &mut dyn Observer<Record>));
            if self.live.events() == self.next_copy() {
                self.keep_copy();
            }
            if self.live.events() == before || self.live.events() < events {
                break;
            }
        }
        Moved { found: pattern.is_none() || shown.found, lines: shown.kept.into(), left_out: shown.left_out }
    }

    /// The event at which the next copy is kept.
    fn next_copy(&self) -> u64 {
        (self.live.events() / self.distance + 1) * self.distance
    }

    fn keep_copy(&mut self) {
        let events = self.live.events();
        if self.copies.iter().any(|(at, _)| *at == events) {
            return;
        }
        self.copies.push((events, self.live.fork()));
        self.copies.sort_by_key(|(at, _)| *at);
        if self.copies.len() > MOST_COPIES {
            self.distance *= 2;
            let distance = self.distance;
            self.copies.retain(|(at, _)| at.is_multiple_of(distance));
        }
    }

    fn back_to(&mut self, event: u64) {
        let nearest = self.copies.iter().rev().find(|(at, _)| *at <= event).expect("the first copy stands at the start");
        self.live = nearest.1.fork();
        self.is_over = self.live.advance(Until::events(event), None) && self.live.events() < event;
    }

    fn back_to_time(&mut self, time: SimTime) {
        let nearest = self.copies.iter().rev().find(|(_, copy)| copy.now() <= time).expect("the first copy stands at the start");
        self.live = nearest.1.fork();
        self.is_over = self.live.advance(Until { time, events: self.most_events }, None);
    }

    /// A node as it is now, in words; nothing if there is none of this name.
    pub fn node(&self, name: &str) -> Option<String> {
        let index = self.plan.nodes.iter().position(|node| node.name == name)?;
        Some(in_words(&self.live.view(NodeId(index as u32))))
    }

    /// What there is in the run by name.
    pub fn known(&self) -> trace::Known<'_> {
        trace::Known::of(&self.plan)
    }

    /// What is under way, a line each.
    pub fn in_flight(&self) -> Vec<String> {
        let under_way = self.live.under_way();
        let now = self.live.now();
        // A record that names the thing says it in the words of traces; its instant and its kind are not meant.
        let named = |record: Record| trace::line(&self.plan, now, &record).split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
        let mut lines = vec![match under_way.calls.len() {
            1 => "1 call whose caller waits".to_owned(),
            many => format!("{many} calls whose callers wait"),
        }];
        let mut tell = |kind: &str, all: Vec<String>| {
            lines.extend(all.iter().take(self.most_lines).cloned());
            let more = all.len().saturating_sub(self.most_lines);
            lines.extend((more > 0).then(|| format!("... {more} more {kind}")));
        };
        tell("calls", under_way.calls.iter().map(|call| format!("call     {}", named(Record::CallStarted(*call)))).collect());
        let attempt = |(attempt, to, phase): &(_, _, &str)| format!("attempt  {}, {phase}", named(Record::Sent(*attempt, *to)));
        tell("attempts", under_way.attempts.iter().map(attempt).collect());
        let message = |(message, says): &(_, String)| format!("message  {}: {says}", named(Record::MemberSent(*message)));
        tell("messages", under_way.messages.iter().map(message).collect());
        lines
    }

    /// The faults that are on, a line each.
    pub fn faults(&self) -> Vec<String> {
        let line = |(strike, whom): &(models::faults::Strike, Option<String>)| {
            let until = strike.end.map_or("for ever".to_owned(), |end| format!("until {end}"));
            let whom = whom.as_ref().map(|whom| format!(" {whom}")).unwrap_or_default();
            format!("{}{whom} since {} {until}", trace::fault(&self.plan, strike.fault, strike.member), strike.begin)
        };
        let on: Vec<String> = self.live.strikes().iter().map(line).collect();
        if on.is_empty() { vec!["no fault is on".to_owned()] } else { on }
    }
}

fn in_words(view: &NodeView) -> String {
    let state = match (view.is_up, view.is_paused) {
        (false, _) => "down",
        (true, true) => "stands still",
        (true, false) => "up",
    };
    let [busy, waiting, calling, unheard] = view.requests;
    let mut text = format!("{}: {state}; its clock shows {} (monotonic), {} (wall)", view.name, view.clock.monotonic, view.clock.wall);
    let _ = write!(text, "\n  requests: {busy} with a worker, {waiting} waiting, {calling} waiting for others, {unheard} unheard");
    for effect in &view.effects {
        let _ = write!(text, "\n  effect: {effect}");
    }
    for member in &view.members {
        let on = if member.is_on { "" } else { " (does not run)" };
        let memory = condensed(&member.memory, 2);
        let _ = write!(text, "\n  remembers{on}: {memory}");
        for (timer, due) in &member.timers {
            let _ = write!(text, "\n  timer: {timer} at {due} by its clock");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, Scenario, read};

    fn shipped(name: &str) -> Scenario {
        let text = crate::library::find(name).expect("it is shipped").text;
        read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound")
    }

    #[test]
    fn forwards_and_backwards_lead_to_the_same_places() {
        let scenario = shipped("two-primaries");
        let mut stepper = Stepper::new(&scenario.cells[0].arms[1], 3, u64::MAX, 12);
        let mut places = Vec::new();
        for _ in 0..40 {
            stepper.step(1_777);
            places.push((stepper.events(), stepper.place()));
        }
        assert!(stepper.copies.len() <= MOST_COPIES + 1);
        for (event, place) in places.iter().rev() {
            stepper.to_event(*event);
            assert_eq!(stepper.place(), *place);
        }
        stepper.to_event(5_000);
        let there = stepper.place();
        stepper.step(4_000);
        stepper.back(4_000);
        assert_eq!(stepper.place(), there);
    }

    #[test]
    fn of_what_is_under_way_so_many_lines_of_each_kind_are_told_and_the_rest_is_counted() {
        let scenario = shipped("two-primaries");
        let mut stepper = Stepper::new(&scenario.cells[0].arms[1], 3, u64::MAX, 1_000);
        let busy = (0..20_000).map(|_| (stepper.step(1), stepper.in_flight()).1).find(|lines| lines.len() >= 8);
        let all = busy.expect("several calls are under way at once").len();
        stepper.most_lines = 1;
        let few = stepper.in_flight();
        let more = |line: &String| {
            line.strip_prefix("... ").map(|rest| rest.split(' ').next().and_then(|n| n.parse::<usize>().ok()).expect("a number"))
        };
        let left_out: usize = few.iter().filter_map(more).sum();
        let notes = few.iter().filter(|line| line.starts_with("... ")).count();
        assert!(notes > 0 && few.len() - notes + left_out == all, "{few:?}");
    }

    #[test]
    fn what_is_found_is_the_last_line_and_can_be_looked_at() {
        let scenario = shipped("two-primaries");
        let mut stepper = Stepper::new(&scenario.cells[0].arms[1], 3, u64::MAX, 12);
        let moved = stepper.to_first(&"kind=FAULT".parse().expect("it is a pattern"));
        assert!(moved.found && moved.lines.iter().any(|line| line.contains("FAULT")), "{moved:?}");
        assert_eq!(moved.lines.len(), 12);
        assert!(moved.left_out > 100, "{moved:?}");
        assert!(stepper.faults()[0].contains("since 60s"), "{:?}", stepper.faults());
        let node = stepper.node("db[0]").expect("there is such a node");
        assert!(node.contains("up") && node.contains("remembers"), "{node}");
        assert!(stepper.node("db").is_none());
        assert!(stepper.in_flight()[0].contains("whose caller"));
        let never = stepper.to_first(&"text=never".parse().expect("it is a pattern"));
        assert!(!never.found && stepper.place().ends_with("the run is over"), "{}", stepper.place());
    }
}
