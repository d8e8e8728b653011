//! Which spans and which messages do the events of a trace make?
//!
//! A call lasts from its begin to its end, an attempt from its sending until its caller knows or gives up, a message from its sending to
//! its arrival. Each is told when it is over; what is open is all that is remembered. Where a trace was filtered, halves of what
//! was left out are passed over.

mod letters;
mod world;

use scenarios::trace::{CallOfEvent, TraceEvent};
use sim_core::draw::Key;
use std::collections::{BTreeMap, VecDeque};

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanKind {
    /// A call, at its caller.
    Call,
    /// One of its attempts, at its caller.
    Attempt,
    /// A request waits, at its server.
    Queue,
    /// A request is worked on, at its server.
    Work,
    /// Background work.
    Job,
    /// A fault is on.
    Fault,
    /// A life of a node.
    Life,
    /// A node is dead.
    Down,
    /// A node stands still.
    Pause,
}

/// Something that lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is about.
    pub kind: SpanKind,
    /// Its name.
    pub name: String,
    /// The node it was at; none for faults.
    pub node: Option<String>,
    /// When it began, in nanoseconds.
    pub from: u64,
    /// When it ended.
    pub until: u64,
    /// How it ended; none if the trace ended before it.
    pub outcome: Option<String>,
    /// The call, as the trace names it.
    pub call: Option<String>,
    /// Which attempt.
    pub attempt: Option<u32>,
    /// Its number among all spans.
    pub id: u64,
    /// The span inside of which it is.
    pub parent: Option<u64>,
    /// The number of the client's call for whose sake all this is.
    pub root: u64,
}

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The number of the event that tells of its sending, and of the one that tells of its end.
    pub ids: (u64, u64),
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// When it was sent, in nanoseconds.
    pub sent: u64,
    /// When it arrived, or was lost.
    pub arrived: u64,
    /// Why it was lost, if it was.
    pub lost: Option<String>,
    /// What it is.
    pub text: String,
    /// What it says, if that is told.
    pub says: Option<String>,
    /// Whether it is an answer.
    pub is_answer: bool,
    /// Whether it says that something failed.
    pub is_failure: bool,
}

impl Message {
    /// What it says, to stand behind what it is; empty if that is not told.
    pub fn said(&self) -> String {
        self.says.as_ref().filter(|says| !says.is_empty()).map_or_else(String::new, |says| format!(": {says}"))
    }
}

/// What a trace is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Something that lasted.
    Span(Span),
    /// Something that was sent.
    Message(Message),
}

/// Which call, attempt, copy; and whether the answer.
type Way = (String, u32, u32, bool);

/// Puts parts together.
#[derive(Debug, Default)]
pub struct Story {
    /// Spans of calls by kind, key, attempt and copy.
    open: BTreeMap<(SpanKind, String, u32, u32), Span>,
    /// For whose sake attempts are that nobody waits for any longer, and that their servers may still work on.
    orphans: BTreeMap<(String, u32), u64>,
    /// Calls made for the sake of an attempt that is worked on, by its call and number.
    inside: BTreeMap<(String, u32), Vec<String>>,
    /// Spans of nodes and faults by kind and name, the oldest first.
    others: BTreeMap<(SpanKind, String), VecDeque<Span>>,
    flying: BTreeMap<Way, Message>,
    letters: BTreeMap<(String, String, String, u32), Message>,
    /// When things happened that may have led to a message between a caller and a group, by their numbers: the latest ones.
    instants: BTreeMap<u64, letters::Instant>,
    last: u64,
    parts: Vec<Part>,
}

fn text(part: Option<&std::borrow::Cow<'_, str>>) -> String {
    part.map_or_else(String::new, |text| text.as_ref().to_owned())
}

impl Story {
    /// Sees an event; answers what is complete with it.
    pub fn see(&mut self, event: &TraceEvent<'_>) -> Vec<Part> {
        self.last = self.last.max(event.at);
        self.remember(event);
        match &event.call {
            Some(call) => self.see_call(event, call),
            None if event.message.is_some() => self.see_letter(event),
            None => self.see_world(event),
        }
        std::mem::take(&mut self.parts)
    }

    /// Before the first event: something has begun that is on then.
    pub fn is_on(&mut self, begin: &TraceEvent<'_>) {
        self.see_world(begin);
        // What ended when it began lies before everything that is told.
        self.parts.clear();
    }

    /// The trace is over; answers what was still open, as far as it came.
    pub fn end(mut self) -> Vec<Part> {
        let last = self.last;
        let others = std::mem::take(&mut self.others).into_values().flatten();
        let spans = std::mem::take(&mut self.open).into_values().chain(others);
        spans.map(|span| Part::Span(Span { until: last, ..span })).collect()
    }

    /// How much is open.
    pub fn open(&self) -> usize {
        self.open.len() + self.orphans.len() + self.inside.len() + self.others.len() + self.flying.len() + self.letters.len()
    }

    fn see_call(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) {
        let outcome = event.outcome.as_ref().map(|outcome| outcome.as_ref().to_owned());
        let server = [SpanKind::Queue, SpanKind::Work];
        match event.kind.as_ref() {
            "call" => self.begin_call(event, call),
            "end" => self.end_call(event, call, outcome),
            "give-up" => self.end_call(event, call, Some("given up".to_owned())),
            "send" => {
                self.begin(SpanKind::Attempt, event, call);
                self.fly(event, call, false);
            }
            "queue" => {
                self.land(event, call, false);
                self.close(SpanKind::Work, event, Some("waits again".to_owned()));
                self.begin(SpanKind::Queue, event, call);
            }
            // Members of a group do what they are asked at once: there is nothing that lasts.
            "start" if event.says.is_some() => self.passes(event, call, false),
            "reply" => self.passes(event, call, true),
            "start" => {
                self.land(event, call, false);
                self.close(SpanKind::Queue, event, Some("taken".to_owned()));
                self.close(SpanKind::Work, event, Some("goes on".to_owned()));
                self.begin(SpanKind::Work, event, call);
            }
            "answer" => {
                self.land(event, call, false);
                server.into_iter().for_each(|kind| self.close(kind, event, outcome.clone()));
                self.orphans.remove(&orphan_of(call));
                self.fly(event, call, true);
            }
            "deliver" => {
                self.land(event, call, true);
                // A caller that talks with a group itself is at both ends of its request.
                self.flying.remove(&way_of(call, false));
                self.close(SpanKind::Attempt, event, outcome);
            }
            "late" | "ignore" => {
                self.land(event, call, true);
                self.orphans.remove(&orphan_of(call));
            }
            "abandon" => {
                let at_server = || server.iter().any(|kind| self.open.contains_key(&place_of(*kind, call)));
                let is_under_way = self.flying.contains_key(&way_of(call, false)) || at_server();
                if let Some(span) = self.open.get(&place_of(SpanKind::Attempt, call)).filter(|_| is_under_way) {
                    self.orphans.insert(orphan_of(call), span.root);
                }
                self.close(SpanKind::Attempt, event, Some("abandoned".to_owned()));
            }
            "turned" | "broken" => {
                self.land(event, call, false);
                self.close(SpanKind::Attempt, event, outcome.or_else(|| Some("connection broken".to_owned())));
            }
            "discard" => {
                server.into_iter().for_each(|kind| self.close(kind, event, Some("discarded".to_owned())));
                self.orphans.remove(&orphan_of(call));
            }
            "drop" => {
                self.orphans.remove(&orphan_of(call));
                let reason = outcome.unwrap_or_default();
                let first = self.flying.get(&way_of(call, false));
                let is_another = first.is_some_and(|first| Some(first.to.as_str()) != event.node.as_deref());
                let is_lost = is_another && self.lose_one_of_several(event, call, &reason);
                let is_lost = is_lost || self.lose(call, true, event, &reason) || self.lose(call, false, event, &reason);
                if !is_lost && !self.lose_one_of_several(event, call, &reason) {
                    server.into_iter().for_each(|kind| self.close(kind, event, Some(reason.clone())));
                }
            }
            _ => {}
        }
    }

    fn begin_call(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) {
        let within = call.within.as_ref().and_then(|(key, attempt)| {
            let range =
                (SpanKind::Work, key.as_ref().to_owned(), *attempt, 0)..=(SpanKind::Work, key.as_ref().to_owned(), *attempt, u32::MAX);
            self.open.range(range).next().map(|(_, span)| (span.id, span.root))
        });
        if let (Some(_), Some((key, attempt))) = (within, &call.within) {
            self.inside.entry((key.as_ref().to_owned(), *attempt)).or_default().push(call.key.as_ref().to_owned());
        }
        let id = number_of(call, SpanKind::Call);
        let span = span_of(SpanKind::Call, event, call, (id, within.map(|(parent, _)| parent)), within.map_or(id, |(_, root)| root));
        self.open.insert(place_of(SpanKind::Call, call), span);
    }

    /// Something begins that is part of a call or an attempt, if those were seen to begin.
    fn begin(&mut self, kind: SpanKind, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) {
        let (around, bare) = match kind {
            SpanKind::Attempt => (SpanKind::Call, CallOfEvent { attempt: None, copy: 0, ..call.clone() }),
            _ => (SpanKind::Attempt, CallOfEvent { copy: 0, ..call.clone() }),
        };
        // Whose caller has gone is worked on all the same: the number of a span says what is around it also when that is over.
        let parent = number_of(&bare, around);
        let (around, own) = (self.open.get(&place_of(around, &bare)), self.open.get(&place_of(SpanKind::Queue, call)));
        let root = around.or(own).map(|span| span.root).or_else(|| self.orphans.get(&orphan_of(call)).copied());
        let root = root.unwrap_or_else(|| number_of(call, SpanKind::Call));
        let id = number_of(call, kind) ^ if kind == SpanKind::Attempt { 0 } else { event.id };
        let span = span_of(kind, event, call, (id, Some(parent)), root);
        self.open.insert(place_of(kind, call), span);
    }

    fn close(&mut self, kind: SpanKind, event: &TraceEvent<'_>, outcome: Option<String>) {
        let Some(call) = &event.call else { return };
        if let Some(span) = self.open.remove(&place_of(kind, call)) {
            let is_served = kind == SpanKind::Work;
            self.parts.push(Part::Span(Span { until: event.at, outcome, ..span }));
            if is_served && event.kind != "start" && event.kind != "queue" {
                self.give_up_inside(event, call);
            }
        }
    }

    /// A call is over, and so are its attempts of which nothing is left: that their caller gives them up is not told.
    fn end_call(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, outcome: Option<String>) {
        let key = || call.key.as_ref().to_owned();
        let attempts = (SpanKind::Attempt, key(), 0, 0)..=(SpanKind::Attempt, key(), u32::MAX, u32::MAX);
        let silent: Vec<_> = self.open.range(attempts).map(|(place, _)| place.clone()).collect();
        for span in silent.iter().filter_map(|place| self.open.remove(place)) {
            self.parts.push(Part::Span(Span { until: event.at, outcome: Some("no answer".to_owned()), ..span }));
        }
        self.close(SpanKind::Call, event, outcome);
    }

    /// Calls made for a request that is served are given up if nothing of them is under way: not all of that is told.
    fn give_up_inside(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) {
        let around = (call.key.as_ref().to_owned(), call.attempt.unwrap_or_default());
        for key in self.inside.remove(&around).unwrap_or_default() {
            let attempts = (SpanKind::Attempt, key.clone(), 0, 0)..=(SpanKind::Attempt, key.clone(), u32::MAX, u32::MAX);
            if self.open.range(attempts).next().is_none()
                && let Some(span) = self.open.remove(&(SpanKind::Call, key, 0, 0))
            {
                self.parts.push(Part::Span(Span { until: event.at, outcome: Some("given up".to_owned()), ..span }));
            }
        }
    }
}

/// `#17.3` of `shoppers -> checkout #17.3`.
pub(super) fn label(call: &CallOfEvent<'_>) -> String {
    call.name.split_once(" -> ").and_then(|(_, rest)| rest.split_once(' ')).map_or(call.name.as_ref(), |(_, label)| label).to_owned()
}

fn place_of(kind: SpanKind, call: &CallOfEvent<'_>) -> (SpanKind, String, u32, u32) {
    let attempt = if kind == SpanKind::Call { 0 } else { call.attempt.unwrap_or_default() };
    (kind, call.key.as_ref().to_owned(), attempt, call.copy)
}

fn orphan_of(call: &CallOfEvent<'_>) -> (String, u32) {
    (call.key.as_ref().to_owned(), call.attempt.unwrap_or_default())
}

fn way_of(call: &CallOfEvent<'_>, is_answer: bool) -> Way {
    (call.key.as_ref().to_owned(), call.attempt.unwrap_or_default(), call.copy, is_answer)
}

/// The number of a span: the key of the call, mixed with what else it is about.
fn number_of(call: &CallOfEvent<'_>, kind: SpanKind) -> u64 {
    let key = Key::named(&call.key).child(kind as u64);
    match kind {
        SpanKind::Call => key.bits(),
        SpanKind::Attempt => key.child(u64::from(call.attempt.unwrap_or_default())).bits(),
        _ => key.child(u64::from(call.attempt.unwrap_or_default())).child(u64::from(call.copy)).bits(),
    }
}

fn span_of(kind: SpanKind, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, (id, parent): (u64, Option<u64>), root: u64) -> Span {
    let edge = call.name.split_once(" #").map_or(call.name.as_ref(), |(edge, _)| edge);
    let name = match kind {
        SpanKind::Call => edge.to_owned(),
        SpanKind::Attempt => format!("attempt {}", call.attempt.unwrap_or_default()),
        SpanKind::Queue => "waits for a worker".to_owned(),
        _ => "is worked on".to_owned(),
    };
    let node = event.node.as_ref().map(|node| node.as_ref().to_owned());
    let (from, until, outcome) = (event.at, event.at, None);
    Span { kind, name, node, from, until, outcome, call: Some(call.name.as_ref().to_owned()), attempt: call.attempt, id, parent, root }
}
