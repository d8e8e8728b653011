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
        if event.kind == "node-dies" {
            drafts.values_mut().for_each(|draft| server_dies(&mut draft.story, event));
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
    let here = story.attempts.iter_mut().filter(|attempt| attempt.server == dead && matches!(attempt.last, Part::Queue | Part::Service));
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
        "start" => attempt.turns_to(event.at, Part::Service),
        "answer" => attempt.turns_to(event.at, Part::Answer),
        "drop" | "discard" => attempt.lost = Some((event.at, event.outcome.as_deref().unwrap_or("given up by its server").to_owned())),
        _ => {}
    }
}
