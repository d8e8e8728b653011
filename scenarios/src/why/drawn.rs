//! What belongs into a picture of a few events?
//!
//! These events; of a message that one of them is about, that it was sent and that it came; every fault that was on meanwhile; and which of the nodes that take part died,
//! returned or stood still meanwhile.

use super::collect::Collected;
use crate::diff::{Source, SourceError};
use crate::trace::{On, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};

/// A message: of members by its ends, its kind and its number, of an attempt by its call and its number.
type Letter = (String, String, String, u32);

/// These events, with what is needed to read them.
///
/// # Errors
/// If the run cannot be told.
pub fn drawn(source: &dyn Source, told: &BTreeMap<u64, TraceEvent<'static>>) -> Result<Collected, SourceError> {
    let mut found = Collected { events: told.clone(), ..Collected::default() };
    let (Some(from), Some(until)) = (told.values().map(|event| event.at).min(), told.values().map(|event| event.at).max()) else {
        return Ok(found);
    };
    let wanted: BTreeSet<Letter> = told.values().filter_map(letter_of).collect();
    let mut sent: BTreeMap<Letter, TraceEvent<'static>> = BTreeMap::new();
    source.tell(&mut |event| {
        let Some(letter) = letter_of(event).filter(|letter| wanted.contains(letter)) else { return };
        let is_told = told.contains_key(&event.id);
        if matches!(event.kind.as_ref(), "say" | "send") {
            sent.insert(letter, event.clone().into_owned());
        } else if let Some(begin) = sent.get(&letter)
            && (is_told || told.contains_key(&begin.id))
        {
            found.events.entry(begin.id).or_insert_with(|| begin.clone());
            // Of several copies, and of several members, the first that comes is enough.
            if !is_told {
                found.events.insert(event.id, event.clone().into_owned());
                sent.remove(&letter);
            }
        }
    })?;
    let ends = |event: &TraceEvent<'static>| event.node.iter().chain(&event.peer).map(|node| node.to_string()).collect::<Vec<_>>();
    let nodes: BTreeSet<String> = found.events.values().flat_map(ends).collect();
    let mut on = On::default();
    let mut meanwhile = BTreeMap::new();
    source.tell(&mut |event| {
        let is_here = event.node.as_deref().is_none_or(|node| nodes.contains(node));
        if event.at > until || !On::concerns(&event.kind) || !is_here {
        } else if event.at < from {
            on.see(event);
        } else {
            meanwhile.insert(event.id, event.clone().into_owned());
        }
    })?;
    meanwhile.extend(on.begins(false).into_iter().map(|event| (event.id, event.clone())));
    for (id, event) in meanwhile {
        found.events.entry(id).or_insert(event);
    }
    Ok(found)
}

/// The message that an event is about.
fn letter_of(event: &TraceEvent<'_>) -> Option<Letter> {
    let end = |name: &Option<std::borrow::Cow<'_, str>>| name.as_deref().unwrap_or_default().to_owned();
    match (&event.call, &event.message) {
        (Some(call), _) => {
            let is_request = matches!(event.kind.as_ref(), "send" | "queue" | "start" | "drop" | "unheard");
            is_request.then(|| (call.key.to_string(), String::new(), String::new(), call.attempt.unwrap_or_default()))
        }
        (None, Some(kind)) => {
            let is_sent = event.kind == "say";
            let (from, to) = if is_sent { (&event.node, &event.peer) } else { (&event.peer, &event.node) };
            Some((end(from), end(to), kind.to_string(), event.ordinal.unwrap_or_default()))
        }
        (None, None) => None,
    }
}
