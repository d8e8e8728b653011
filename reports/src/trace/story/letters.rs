//! What travelled: from when to when, between whom, and did it arrive?

use super::{Message, Part, Story, label, orphan_of, text, way_of};
use scenarios::trace::{CallOfEvent, TraceEvent};

/// What may have led to a message is remembered for so many events: a message between a caller and a member is caused by one that was reported
/// when it was sent, and of few systems more than this happens while it travels.
const MOST_INSTANTS: usize = 4_096;

/// When something happened that may have led to a message, and in which attempt.
#[derive(Debug)]
pub(super) struct Instant {
    at: u64,
    attempt: Option<(String, u32)>,
    /// Whether it is the caller who does something here: what it sends next, it sends now.
    is_at_caller: bool,
}

/// What an event says that is about a message.
fn said(event: &TraceEvent<'_>) -> Option<String> {
    event.says.as_ref().map(|says| says.as_ref().to_owned())
}

impl Story {
    /// Remembers when something happened that may lead to a message between a caller and a group.
    pub(super) fn remember(&mut self, event: &TraceEvent<'_>) {
        if matches!(event.kind.as_ref(), "send" | "reply") || event.says.is_some() {
            let attempt = event.call.as_ref().map(orphan_of);
            let is_at_caller = attempt.is_some() && matches!(event.kind.as_ref(), "send" | "reply");
            self.instants.insert(event.id, Instant { at: event.at, attempt, is_at_caller });
            if self.instants.len() > MOST_INSTANTS {
                self.instants.pop_first();
            }
        }
    }

    /// A message between a caller and one of several members has arrived; when it was sent, its cause says.
    pub(super) fn passes(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, is_answer: bool) {
        // That an attempt was sent says nothing of to how many. What waited until a node went on was sent all the same when its attempt was.
        let first = self.flying.remove(&way_of(call, false));
        let first =
            first.filter(|first| !is_answer && Some(first.to.as_str()) == event.node.as_deref()).map(|first| (first.ids.0, first.sent));
        if let Some(message) = self.one_of_several(event, call, is_answer, first) {
            self.parts.push(Part::Message(message));
        }
    }

    /// A message between a caller and one of several members is lost; whether its sending is known.
    pub(super) fn lose_one_of_several(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, reason: &str) -> bool {
        let message = self.one_of_several(event, call, false, None);
        let lost = message.map(|message| Message { lost: Some(reason.to_owned()), ..message });
        let is_known = lost.is_some();
        self.parts.extend(lost.map(Part::Message));
        is_known
    }

    /// With which event a message between a caller and a member was sent, and when: the cause of its arrival if that is of the same attempt. It
    /// is not if other things had to happen first, as that a node went on that had stood still; then it was the last thing its caller did.
    fn sending(&self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>) -> Option<(u64, u64)> {
        let of_attempt = Some(orphan_of(call));
        let cause = event.cause.and_then(|cause| self.instants.get_key_value(&cause));
        let sent = cause
            .filter(|(_, instant)| instant.attempt == of_attempt)
            .or_else(|| self.instants.iter().rev().find(|(_, instant)| instant.is_at_caller && instant.attempt == of_attempt));
        sent.map(|(id, instant)| (*id, instant.at))
    }

    fn one_of_several(
        &self,
        event: &TraceEvent<'_>,
        call: &CallOfEvent<'_>,
        is_answer: bool,
        sending: Option<(u64, u64)>,
    ) -> Option<Message> {
        let (cause, sent) = sending.or_else(|| self.sending(event, call))?;
        Some(Message {
            ids: (cause, event.id),
            from: text(event.peer.as_ref()),
            to: text(event.node.as_ref()),
            sent,
            arrived: event.at,
            lost: None,
            text: label(call),
            says: said(event),
            is_answer,
            is_failure: false,
        })
    }

    pub(super) fn fly(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, is_answer: bool) {
        let number = call.attempt.unwrap_or(1);
        let label = label(call);
        let outcome = event.outcome.as_deref();
        let said = match outcome {
            Some(outcome) if is_answer => format!("{label} {outcome}"),
            _ if number > 1 => format!("{label} attempt {number}"),
            _ => label,
        };
        let message = Message {
            ids: (event.id, event.id),
            from: text(event.node.as_ref()),
            to: text(event.peer.as_ref()),
            sent: event.at,
            arrived: event.at,
            lost: None,
            text: said,
            says: None,
            is_answer,
            is_failure: is_answer && outcome.is_some_and(|outcome| outcome != "ok"),
        };
        self.flying.insert(way_of(call, is_answer), message);
    }

    pub(super) fn land(&mut self, event: &TraceEvent<'_>, call: &CallOfEvent<'_>, is_answer: bool) {
        // A copy has no sending of its own.
        if let Some(message) = self.flying.remove(&way_of(call, is_answer)) {
            self.parts.push(Part::Message(Message { ids: (message.ids.0, event.id), arrived: event.at, ..message }));
        }
    }

    pub(super) fn lose(&mut self, call: &CallOfEvent<'_>, is_answer: bool, event: &TraceEvent<'_>, reason: &str) -> bool {
        let Some(message) = self.flying.remove(&way_of(call, is_answer)) else { return false };
        let (ids, lost) = ((message.ids.0, event.id), Some(reason.to_owned()));
        self.parts.push(Part::Message(Message { ids, arrived: event.at, lost, ..message }));
        true
    }

    pub(super) fn see_letter(&mut self, event: &TraceEvent<'_>) {
        let (node, peer, kind) = (text(event.node.as_ref()), text(event.peer.as_ref()), text(event.message.as_ref()));
        let ordinal = event.ordinal.unwrap_or_default();
        if event.kind == "say" {
            let (sent, text) = (event.at, format!("{kind} {ordinal}"));
            let (from, to, ids) = (node.clone(), peer.clone(), (event.id, event.id));
            let message =
                Message { ids, from, to, sent, arrived: sent, lost: None, text, says: said(event), is_answer: false, is_failure: false };
            self.letters.insert((node, peer, kind, ordinal), message);
        } else if matches!(event.kind.as_ref(), "hear" | "miss")
            && let Some(message) = self.letters.remove(&(peer, node, kind, ordinal))
        {
            let lost = (event.kind == "miss").then(|| text(event.outcome.as_ref()));
            self.parts.push(Part::Message(Message {
                ids: (message.ids.0, event.id),
                arrived: event.at,
                lost,
                says: said(event).or(message.says),
                ..message
            }));
        }
    }
}
