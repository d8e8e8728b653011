//! What was done for one call?

use super::times::Part;
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

/// A call, with all its attempts.
#[derive(Clone, Debug, Default)]
pub struct CallStory {
    /// `shoppers -> checkout #17.3`.
    pub name: String,
    /// The key of its draws.
    pub key: String,
    /// Who made it.
    pub caller: String,
    /// When, in nanoseconds.
    pub began: u64,
    /// When and how it ended, if it did.
    pub ended: Option<(u64, String)>,
    /// The number of the event that tells of its end.
    pub end_id: Option<u64>,
    /// Its attempts, in order.
    pub attempts: Vec<AttemptStory>,
}

impl CallStory {
    /// Caller and callee.
    pub fn edge(&self) -> &str {
        edge_of(&self.name)
    }
}

/// Caller and callee of a call of this name.
pub fn edge_of(name: &str) -> &str {
    let end = name.find(" #").or_else(|| name.find(" probe ")).or_else(|| name.find(" check ")).or_else(|| name.find(" poll "));
    end.map_or(name, |end| &name[..end])
}

/// An attempt.
#[derive(Clone, Debug)]
pub struct AttemptStory {
    /// Its number, from 1.
    pub number: u32,
    /// Where it went.
    pub server: String,
    /// When, in nanoseconds.
    pub sent: u64,
    /// What happened to it until when, in order, before what happens last.
    pub stays: Vec<(u64, Part)>,
    /// What happens to it at last.
    pub last: Part,
    /// When and how its caller heard of its end, if it did.
    pub heard: Option<(u64, String)>,
    /// When its caller no longer waited for it, if that is told.
    pub gone: Option<u64>,
    /// When it was over for its caller at the latest, if nothing is told of that: at the end of its call, and of one that was lost when the next one was sent.
    pub over: Option<u64>,
    /// When and why a message of it, or its work, was lost.
    pub lost: Option<(u64, String)>,
    /// When and how an answer came for which nobody waited any longer.
    pub late: Option<(u64, String)>,
    /// With which events a message of it came to lie unheard at a node that stood still.
    pub unheard: Vec<u64>,
    /// What was going on when its server came to stand still.
    pub(super) held: Option<Part>,
    /// Whether it goes to members of a group.
    pub(super) is_of_group: bool,
    /// What was called for it.
    pub children: Vec<CallStory>,
}

impl Default for AttemptStory {
    fn default() -> Self {
        Self {
            number: 0,
            server: String::new(),
            sent: 0,
            stays: Vec::new(),
            last: Part::Request,
            heard: None,
            gone: None,
            over: None,
            lost: None,
            late: None,
            unheard: Vec::new(),
            held: None,
            is_of_group: false,
            children: Vec::new(),
        }
    }
}

impl AttemptStory {
    /// When its caller knew its end, or had gone.
    pub fn known(&self) -> Option<u64> {
        let heard = self.heard.as_ref().map(|(at, _)| *at);
        heard.into_iter().chain(self.gone).min().or(self.over)
    }

    /// What is told of it is over by now: that a group is given up of which nothing is left is not told.
    fn is_over(&mut self, at: u64) {
        if self.known().is_none() {
            self.over = Some(at);
        }
    }

    /// Its server comes to stand still, or goes on.
    fn stands_still(&mut self, at: u64, is_still: bool) {
        if is_still && self.held.is_none() && matches!(self.last, Part::Queue | Part::Service) {
            self.held = Some(self.last.clone());
            self.turns_to(at, Part::Still);
        } else if !is_still && let Some(held) = self.held.take() {
            self.turns_to(at, held);
        }
    }

    /// A message of it has reached a node that stands still: its server, or whoever waits for the answer.
    fn lies_unheard(&mut self, event: &TraceEvent<'_>) {
        if matches!(self.last, Part::Request | Part::Answer) {
            self.unheard.push(event.id);
            self.turns_to(event.at, Part::Still);
        }
    }

    fn turns_to(&mut self, at: u64, part: Part) {
        if self.last != part {
            let last = std::mem::replace(&mut self.last, part);
            self.stays.push((at, last));
        }
    }
}

/// A call while it is put together.
#[derive(Default)]
struct Draft {
    story: CallStory,
    within: Option<(String, u32)>,
}

/// The calls that these events tell of, each inside the attempt for whose sake it was made: what is left are those that nobody among them made.
pub fn stories(events: &[TraceEvent<'static>]) -> Vec<CallStory> {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    let mut order = Vec::new();
    for event in events {
        match event.kind.as_ref() {
            "node-dies" => drafts.values_mut().for_each(|draft| server_dies(&mut draft.story, event)),
            kind @ ("node-pauses" | "node-resumes") => {
                let attempts = drafts.values_mut().flat_map(|draft| &mut draft.story.attempts);
                let here = attempts.filter(|attempt| Some(attempt.server.as_str()) == event.node.as_deref() && !attempt.is_of_group);
                here.for_each(|attempt| attempt.stands_still(event.at, kind == "node-pauses"));
            }
            _ => {}
        }
        let Some(call) = &event.call else { continue };
        let draft = drafts.entry(call.key.to_string()).or_insert_with(|| {
            order.push(call.key.to_string());
            let caller = event.node.as_deref().unwrap_or_default().to_owned();
            let story =
                CallStory { name: call.name.to_string(), key: call.key.to_string(), caller, began: event.at, ..CallStory::default() };
            Draft { story, within: call.within.as_ref().map(|(key, number)| (key.to_string(), *number)) }
        });
        goes_on(&mut draft.story, event);
    }
    // Those that began last are inside the others.
    let mut roots = Vec::new();
    for key in order.into_iter().rev() {
        let Some(Draft { story, within }) = drafts.remove(&key) else { continue };
        let parent = within.and_then(|(key, number)| {
            let call = drafts.get_mut(&key)?;
            call.story.attempts.iter_mut().find(|attempt| attempt.number == number)
        });
        match parent {
            Some(attempt) => attempt.children.insert(0, story),
            None => roots.insert(0, story),
        }
    }
    roots
}

fn server_dies(story: &mut CallStory, event: &TraceEvent<'_>) {
    let dead = event.node.as_deref().unwrap_or_default();
    let is_there = |attempt: &AttemptStory| attempt.held.is_some() || matches!(attempt.last, Part::Queue | Part::Service);
    let here = story.attempts.iter_mut().filter(|attempt| attempt.server == dead && is_there(attempt));
    here.filter(|attempt| attempt.lost.is_none()).for_each(|attempt| attempt.lost = Some((event.at, format!("{dead} died"))));
}

fn goes_on(story: &mut CallStory, event: &TraceEvent<'_>) {
    let (call, outcome) = (event.call.as_ref(), || event.outcome.as_deref().unwrap_or("given up").to_owned());
    if matches!(event.kind.as_ref(), "end" | "give-up") {
        (story.ended, story.end_id) = (Some((event.at, outcome())), Some(event.id));
        story.attempts.iter_mut().for_each(|attempt| attempt.is_over(event.at));
        return;
    }
    let Some(number) = call.and_then(|call| call.attempt) else { return };
    if event.kind == "send" {
        let server = event.peer.as_deref().unwrap_or_default().to_owned();
        story.attempts.iter_mut().filter(|attempt| attempt.lost.is_some()).for_each(|attempt| attempt.is_over(event.at));
        return story.attempts.push(AttemptStory { number, server, sent: event.at, ..AttemptStory::default() });
    }
    // What becomes of copies of a request is left out, but for the answer that is heard.
    let is_copy = call.is_some_and(|call| call.copy > 0);
    let Some(attempt) = story.attempts.iter_mut().find(|attempt| attempt.number == number) else { return };
    match event.kind.as_ref() {
        "deliver" | "turned" => attempt.heard = Some((event.at, outcome())),
        "broken" => attempt.heard = Some((event.at, "connection broken".to_owned())),
        "abandon" => attempt.gone = Some(event.at),
        "late" => attempt.late = Some((event.at, outcome())),
        _ if is_copy => {}
        "queue" => attempt.turns_to(event.at, Part::Queue),
        "start" => {
            // What members are asked is told with it: others answer where one stands still.
            attempt.is_of_group |= event.says.is_some();
            attempt.turns_to(event.at, Part::Service);
        }
        "unheard" => attempt.lies_unheard(event),
        "answer" => attempt.turns_to(event.at, Part::Answer),
        "drop" | "discard" => attempt.lost = Some((event.at, event.outcome.as_deref().unwrap_or("given up by its server").to_owned())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::CallOfEvent;
    use crate::why::times::spans;

    /// An event about the one attempt of a call from `a` to `b`, or about `b` alone.
    fn event(id: u64, at: u64, kind: &'static str) -> TraceEvent<'static> {
        let of_node = kind.starts_with("node-");
        let call = CallOfEvent { name: "a -> b #1.0".into(), key: "k".into(), attempt: Some(1), ..CallOfEvent::default() };
        let node = if matches!(kind, "send" | "deliver") { "a" } else { "b" };
        TraceEvent {
            id,
            at,
            kind: kind.into(),
            node: Some(node.into()),
            peer: Some("b".into()),
            call: (!of_node).then_some(call),
            ..TraceEvent::default()
        }
    }

    fn told(happened: &[(u64, &'static str)]) -> (Vec<(u64, u64, Part)>, Vec<u64>) {
        let events: Vec<_> = (1..).zip(happened).map(|(id, (at, kind))| event(id, *at, kind)).collect();
        let attempt = stories(&events).remove(0).attempts.remove(0);
        (spans(&attempt, 1_000), attempt.unheard.clone())
    }

    #[test]
    fn a_request_that_nobody_hears_is_no_longer_on_the_wire() {
        let happened = [
            (0, "node-pauses"),
            (10, "send"),
            (11, "unheard"),
            (50, "node-resumes"),
            (50, "queue"),
            (60, "start"),
            (70, "answer"),
            (71, "deliver"),
        ];
        let expected =
            vec![(10, 11, Part::Request), (11, 50, Part::Still), (50, 60, Part::Queue), (60, 70, Part::Service), (70, 71, Part::Answer)];
        assert_eq!(told(&happened), (expected, vec![3]));
    }

    #[test]
    fn work_does_not_go_on_while_its_node_stands_still() {
        let happened = [(10, "send"), (11, "start"), (20, "node-pauses"), (50, "node-resumes"), (60, "answer"), (61, "deliver")];
        let expected =
            vec![(10, 11, Part::Request), (11, 20, Part::Service), (20, 50, Part::Still), (50, 60, Part::Service), (60, 61, Part::Answer)];
        assert_eq!(told(&happened), (expected, Vec::new()));
    }
}
