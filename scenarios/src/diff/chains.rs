//! What led to an event, and to that, and so on?

use super::source::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::{BTreeMap, BTreeSet};

/// So many causes are told, those nearest to the event.
const NEAREST: usize = 12;
/// So many at the far end.
const FARTHEST: usize = 2;

/// One cause in a chain.
#[derive(Clone, Debug)]
pub struct Link {
    /// What happened.
    pub event: TraceEvent<'static>,
    /// How many causes between this one and the one before it are left out.
    pub left_out: u64,
}

/// An event and its causes, the latest first, as far as they set anything off: what a node sends because of something comes before whatever else it
/// does then, and is no reason for that. `causes` holds the events that have a cause, in order, and their causes.
///
/// # Errors
/// If the run cannot be told.
pub fn led_to(source: &dyn Source, causes: &[(u64, u64)], first: Option<u64>) -> Result<Vec<u64>, SourceError> {
    let mut ids = Vec::new();
    let mut next = first;
    while let Some(id) = next {
        ids.push(id);
        // Causes are earlier than what they cause; anything else is an edited file.
        let place = causes.binary_search_by_key(&id, |(id, _)| *id).ok();
        next = place.map(|place| causes[place].1).filter(|cause| *cause < id);
    }
    let mut asides = BTreeSet::new();
    let mut before: Option<TraceEvent<'static>> = None;
    let mut later = ids.iter().rev().peekable();
    source.tell(&mut |event| {
        if later.next_if(|id| **id == event.id).is_some() {
            asides.extend(before.as_ref().filter(|before| before.is_aside_of(event)).map(|before| before.id));
            before = Some(TraceEvent { call: None, says: None, ..event.clone() }.into_owned());
        }
    })?;
    ids.retain(|id| !asides.contains(id));
    Ok(ids)
}

/// The causes of an event, the latest first: the nearest ones, and those where the chain begins. `causes` holds the events
/// that have a cause, in order, and their causes.
pub fn chains(source: &dyn Source, causes: &[(u64, u64)], first: Option<u64>) -> Result<Vec<Link>, SourceError> {
    let mut ids = led_to(source, causes, first)?;
    let mut left_out = 0;
    if ids.len() > NEAREST + FARTHEST {
        left_out = (ids.len() - NEAREST - FARTHEST) as u64;
        ids.drain(NEAREST..ids.len() - FARTHEST);
    }
    let mut found: BTreeMap<u64, TraceEvent<'static>> = BTreeMap::new();
    if !ids.is_empty() {
        source.tell(&mut |event| {
            if ids.contains(&event.id) {
                found.insert(event.id, event.clone().into_owned());
            }
        })?;
    }
    let mut link = |(place, id): (usize, &u64)| {
        let left_out = if place == NEAREST { left_out } else { 0 };
        found.remove(id).map(|event| Link { event, left_out })
    };
    Ok(ids.iter().enumerate().filter_map(&mut link).collect())
}
