//! What led to an event, and to that, and so on?

use super::source::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

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

/// The causes of an event, the latest first: the nearest ones, and those where the chain begins. `causes` holds the events
/// that have a cause, in order, and their causes.
pub fn chains(source: &dyn Source, causes: &[(u64, u64)], first: Option<u64>) -> Result<Vec<Link>, SourceError> {
    let mut ids = Vec::new();
    let mut next = first;
    while let Some(id) = next {
        ids.push(id);
        // Causes are earlier than what they cause; anything else is an edited file.
        let place = causes.binary_search_by_key(&id, |(id, _)| *id).ok();
        next = place.map(|place| causes[place].1).filter(|cause| *cause < id);
    }
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
