//! What led to something that showed at an instant, and what happened just before?
//!
//! For violations that events show, and no operations: of the instant at which one was seen, what a node made known then, or whatever
//! happened last; the causes of that; and everything that happened since the twelfth of them, as far as a picture bears.

use super::collect::Collected;
use crate::diff::{Source, SourceError, led_to};
use crate::trace::{On, TraceEvent};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many causes are followed: a timer that fires again and again for half a minute is many of them, and what comes before it is told.
const MOST_CAUSES: usize = 20_000;

/// What happened since the so-manieth cause is collected, too.
const NEAR: usize = 12;

/// So many events, the last ones.
const MOST_AROUND: usize = 250;

/// So many messages are told that a node had heard, the last ones.
const MOST_HEARD: usize = 6;

/// Of events that have a cause, their numbers and those of their causes, in order.
pub type Causes = Vec<(u64, u64)>;

/// The event at which something showed at this instant, and the causes of every event until then: the announcement with this number, of all of
/// the run, if it was made then; else the last one that was made then, or whatever happened last.
///
/// # Errors
/// If the run cannot be told.
pub fn showed_at(source: &dyn Source, (at, number): (u64, Option<u64>)) -> Result<(Option<u64>, Causes), SourceError> {
    let (mut causes, mut last, mut announced, mut shows) = (Vec::new(), None, None, None);
    let mut announcements = 0;
    source.tell(&mut |event| {
        if event.at > at {
            return;
        }
        causes.extend(event.cause.map(|cause| (event.id, cause)));
        last = Some(event.id);
        if event.kind == "tell" {
            announcements += 1;
            if event.at == at {
                announced = Some(event.id);
                shows = shows.or(announced.filter(|_| number == Some(announcements)));
            }
        }
    })?;
    Ok((shows.or(announced).or(last), causes))
}

/// What there is to see of an instant.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The number of the event at which something showed.
    pub showed: Option<u64>,
    /// That event with its causes.
    pub led: Collected,
    /// Everything that happened since the twelfth of them, as far as a picture bears, every fault, death and stop meanwhile, and the begins of those that were on
    /// then.
    pub near: Collected,
    /// When that was, in nanoseconds.
    pub from: u64,
    /// What the node at which it showed had heard before.
    pub heard: HeardBefore,
}

/// What a node had heard since it made the same known before, if it did so because it was asked: then what it was asked is no reason for what it says.
#[derive(Clone, Debug, Default)]
pub struct HeardBefore {
    /// The announcement before, if it made one in this life.
    pub since: Option<TraceEvent<'static>>,
    /// The messages, the last ones.
    pub messages: VecDeque<TraceEvent<'static>>,
    /// How many came before those.
    pub left_out: u64,
}

impl HeardBefore {
    fn see(&mut self, event: &TraceEvent<'_>, showed: &TraceEvent<'_>) {
        if event.node != showed.node || event.id >= showed.id {
            return;
        }
        match event.kind.as_ref() {
            "tell" if event.what == showed.what => *self = Self { since: Some(event.clone().into_owned()), ..Self::default() },
            "node-dies" => *self = Self::default(),
            "hear" => {
                self.messages.push_back(event.clone().into_owned());
                if self.messages.len() > MOST_HEARD {
                    self.messages.pop_front();
                    self.left_out += 1;
                }
            }
            _ => {}
        }
    }
}

/// What led to what showed at this instant, by the announcement with this number if that is known, and what happened near it.
///
/// # Errors
/// If the run cannot be told.
pub fn moment(source: &dyn Source, (at, number): (u64, Option<u64>)) -> Result<Moment, SourceError> {
    let (showed, causes) = showed_at(source, (at, number))?;
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
    let tells = showed.and_then(|id| led.events.get(&id)).filter(|event| event.kind == "tell");
    let asked = tells.filter(|event| led.causes(event.id).first().is_some_and(|cause| cause.kind == "start"));
    let (mut on, mut worldly, mut heard) = (On::default(), BTreeMap::new(), HeardBefore::default());
    source.tell(&mut |event| {
        if let Some(showed) = asked {
            heard.see(event, showed);
        }
        if event.at > at {
            return;
        }
        if On::concerns(&event.kind) {
            // Whatever else there is no room for: without its end a fault would seem never to end, and without its begin never to have been.
            if event.at < from {
                on.see(event);
            } else {
                worldly.insert(event.id, event.clone().into_owned());
            }
        } else if event.at >= from {
            near.events.insert(event.id, event.clone().into_owned());
            if near.events.len() > MOST_AROUND {
                near.events.pop_first();
                near.left_out += 1;
            }
        }
    })?;
    near.events.extend(worldly);
    near.events.extend(on.begins(false).into_iter().map(|event| (event.id, event.clone())));
    Ok(Moment { showed, led, near, from, heard })
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
