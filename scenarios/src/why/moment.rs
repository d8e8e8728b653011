//! What led to something that showed at an instant, and what happened just before?
//!
//! For violations that events show, and no operations: of the instant at which one was seen, what a node made known then, or whatever
//! happened last; the causes of that; and everything that happened since the twelfth of them, as far as a picture bears.

use super::collect::Collected;
use crate::diff::{Source, SourceError, led_to};
use crate::trace::TraceEvent;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many causes are followed: a timer that fires again and again for half a minute is many of them, and what comes before it is told.
const MOST_CAUSES: usize = 20_000;

/// What happened since the so-manieth cause is collected, too.
const NEAR: usize = 12;

/// So many events, the last ones.
const MOST_AROUND: usize = 250;

/// Of events that have a cause, their numbers and those of their causes, in order.
pub type Causes = Vec<(u64, u64)>;

/// The event at which something showed at this instant, and the causes of every event until then.
///
/// # Errors
/// If the run cannot be told.
pub fn showed_at(source: &dyn Source, at: u64) -> Result<(Option<u64>, Causes), SourceError> {
    let (mut causes, mut last, mut announced) = (Vec::new(), None, None);
    source.tell(&mut |event| {
        if event.at > at {
            return;
        }
        causes.extend(event.cause.map(|cause| (event.id, cause)));
        last = Some(event.id);
        if event.at == at && event.kind == "tell" {
            announced = Some(event.id);
        }
    })?;
    Ok((announced.or(last), causes))
}

/// What there is to see of an instant.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The number of the event at which something showed.
    pub showed: Option<u64>,
    /// That event with its causes.
    pub led: Collected,
    /// Everything that happened since the twelfth of them, and the begins of faults, deaths and stops that were on then.
    pub near: Collected,
    /// When that was, in nanoseconds.
    pub from: u64,
}

/// What led to what showed at this instant, and what happened near it.
///
/// # Errors
/// If the run cannot be told.
pub fn moment(source: &dyn Source, at: u64) -> Result<Moment, SourceError> {
    let (showed, causes) = showed_at(source, at)?;
    let mut chain = led_to(source, &causes, showed)?;
    chain.truncate(MOST_CAUSES);
    let causes: BTreeMap<u64, u64> = chain.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let wanted: BTreeSet<u64> = chain.iter().copied().collect();
    let (mut led, mut near) = (Collected::default(), Collected::default());
    source.tell(&mut |event| {
        if wanted.contains(&event.id) {
            led.events.insert(event.id, TraceEvent { cause: causes.get(&event.id).copied(), ..event.clone() }.into_owned());
        }
    })?;
    let from = chain.iter().take(NEAR).filter_map(|id| led.events.get(id)).map(|event| event.at).min().unwrap_or(at);
    let mut on: BTreeMap<String, TraceEvent<'static>> = BTreeMap::new();
    source.tell(&mut |event| {
        if event.at < from {
            remember(&mut on, event);
        }
        if (from..=at).contains(&event.at) {
            near.events.insert(event.id, event.clone().into_owned());
            if near.events.len() > MOST_AROUND {
                near.events.pop_first();
                near.left_out += 1;
            }
        }
    })?;
    near.events.extend(on.into_values().map(|event| (event.id, event)));
    Ok(Moment { showed, led, near, from })
}

/// So many of the things that nodes made known, and that befell them.
const MOST_LATELY: usize = 8;

/// What nodes made known and what befell them up to an instant, the latest first.
///
/// # Errors
/// If the run cannot be told.
pub fn lately(source: &dyn Source, at: u64) -> Result<Vec<TraceEvent<'static>>, SourceError> {
    let mut last = VecDeque::new();
    source.tell(&mut |event| {
        let kind = event.kind.as_ref();
        let is_told =
            matches!(kind, "tell" | "clock" | "alert-fires" | "alert-ends") || kind.starts_with("node-") || kind.starts_with("fault-");
        if event.at <= at && is_told {
            last.push_front(event.clone().into_owned());
            last.truncate(MOST_LATELY);
        }
    })?;
    Ok(last.into())
}

/// Faults that are on, and nodes that are dead or stand still, by what they are.
fn remember(on: &mut BTreeMap<String, TraceEvent<'static>>, event: &TraceEvent<'_>) {
    let name = |what: &str| format!("{what} {} {}", event.what.as_deref().unwrap_or_default(), event.node.as_deref().unwrap_or_default());
    match event.kind.as_ref() {
        "fault-begins" => drop(on.insert(name("fault"), event.clone().into_owned())),
        "fault-ends" => drop(on.remove(&name("fault"))),
        "node-dies" => drop(on.insert(name("dead"), event.clone().into_owned())),
        "node-returns" => drop(on.remove(&name("dead"))),
        "node-pauses" => drop(on.insert(name("still"), event.clone().into_owned())),
        "node-resumes" => drop(on.remove(&name("still"))),
        _ => {}
    }
}
