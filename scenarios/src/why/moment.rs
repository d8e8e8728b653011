//! What led to something that showed at an instant, and what happened just before?
//!
//! For violations that events show, and no operations: of the instant at which one was seen, what a node made known then, or whatever
//! happened last; the causes of that; the same of what it is at odds with; and what nodes were about when they came to stand still whose going on is a cause.

use super::collect::Collected;
use crate::diff::{Source, SourceError, led_to};
use crate::trace::TraceEvent;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many causes are followed: a timer that fires again and again for half a minute is many of them, and what comes before it is told.
const MOST_CAUSES: usize = 20_000;

/// Of what something is at odds with, so many events are told, the last ones.
const MOST_AGAINST: usize = 3;

/// Of so many nodes it is told what they were about when they came to stand still.
const MOST_STILL: usize = 3;

/// So many messages are told that a node had heard, the last ones.
const MOST_HEARD: usize = 6;

/// Of events that have a cause, their numbers and those of their causes, in order.
pub type Causes = Vec<(u64, u64)>;

/// Which events show something.
#[derive(Clone, Debug, Default)]
pub struct Showed {
    /// The one at which it showed.
    pub event: Option<u64>,
    /// Earlier ones that it is at odds with.
    pub against: Vec<u64>,
    /// The causes of every event until then.
    pub causes: Causes,
}

/// The event at which something showed at this instant, those that it is at odds with, and the causes of every event until then: the announcement with this number,
/// of all of the run, if it was made then; else the last one that was made then, or whatever happened last.
///
/// # Errors
/// If the run cannot be told.
pub fn showed_at(source: &dyn Source, (at, number): (u64, Option<u64>), against: &[u64]) -> Result<Showed, SourceError> {
    let (mut causes, mut last, mut announced, mut shows) = (Vec::new(), None, None, None);
    let (mut announcements, mut others) = (0, VecDeque::new());
    source.tell(&mut |event| {
        if event.at > at {
            return;
        }
        causes.extend(event.cause.map(|cause| (event.id, cause)));
        last = Some(event.id);
        if event.kind == "tell" {
            announcements += 1;
            if against.contains(&announcements) {
                others.push_back(event.id);
            }
            if event.at == at {
                announced = Some(event.id);
                shows = shows.or(announced.filter(|_| number == Some(announcements)));
            }
        }
    })?;
    others.drain(..others.len().saturating_sub(MOST_AGAINST));
    Ok(Showed { event: shows.or(announced).or(last), against: others.into(), causes })
}

/// What there is to see of an instant.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// The number of the event at which something showed.
    pub showed: Option<u64>,
    /// The numbers of those that it is at odds with.
    pub against: Vec<u64>,
    /// Of nodes whose going on is a cause, the last thing that they did before they came to stand still.
    pub before_still: Vec<u64>,
    /// All of these with their causes.
    pub led: Collected,
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

/// What led to what showed at this instant, by the announcement with this number if that is known, and to what it is at odds with.
///
/// # Errors
/// If the run cannot be told.
pub fn moment(source: &dyn Source, at: (u64, Option<u64>), against: &[u64]) -> Result<Moment, SourceError> {
    let Showed { event: showed, against, causes } = showed_at(source, at, against)?;
    let mut moment = Moment { showed, against, ..Moment::default() };
    let first: Vec<u64> = showed.into_iter().chain(moment.against.iter().copied()).collect();
    moment.follow(source, &causes, &first)?;
    moment.before_still = moment.before_still(source, &first)?;
    let before = moment.before_still.clone();
    moment.follow(source, &causes, &before)?;
    let tells = showed.and_then(|id| moment.led.events.get(&id)).filter(|event| event.kind == "tell");
    let asked = tells.filter(|event| moment.led.causes(event.id).first().is_some_and(|cause| cause.kind == "start"));
    if let Some(showed) = asked {
        let mut heard = HeardBefore::default();
        source.tell(&mut |event| heard.see(event, showed))?;
        moment.heard = heard;
    }
    Ok(moment)
}

impl Moment {
    /// Collects these events and their causes.
    fn follow(&mut self, source: &dyn Source, causes: &[(u64, u64)], first: &[u64]) -> Result<(), SourceError> {
        let (mut wanted, mut led) = (BTreeSet::new(), BTreeMap::new());
        for id in first {
            let mut chain = led_to(source, causes, Some(*id))?;
            chain.truncate(MOST_CAUSES);
            led.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
            wanted.extend(chain);
        }
        wanted.retain(|id| !self.led.events.contains_key(id));
        if wanted.is_empty() {
            return Ok(());
        }
        source.tell(&mut |event| {
            if wanted.contains(&event.id) {
                self.led.events.insert(event.id, TraceEvent { cause: led.get(&event.id).copied(), ..event.clone() }.into_owned());
            }
        })
    }

    /// The last thing that nodes did before they came to stand still, if that they went on led to one of these.
    fn before_still(&self, source: &dyn Source, first: &[u64]) -> Result<Vec<u64>, SourceError> {
        let chains = first.iter().flat_map(|id| self.led.causes(*id));
        let mut resumed: Vec<(&str, u64)> = Vec::new();
        for event in chains.filter(|event| event.kind == "node-resumes") {
            let node = event.node.as_deref().unwrap_or_default();
            if resumed.len() < MOST_STILL && !resumed.iter().any(|(other, _)| *other == node) {
                resumed.push((node, event.id));
            }
        }
        if resumed.is_empty() {
            return Ok(Vec::new());
        }
        let mut last: Vec<(Option<u64>, bool)> = vec![(None, false); resumed.len()];
        source.tell(&mut |event| {
            let Some(place) = resumed.iter().position(|(node, id)| event.node.as_deref() == Some(*node) && event.id < *id) else { return };
            match event.kind.as_ref() {
                "node-pauses" => last[place].1 = true,
                "node-resumes" => last[place].1 = false,
                "node-dies" => last[place] = (None, false),
                "hear" | "start" | "timer" | "tell" | "reply" | "deliver" if !last[place].1 => last[place].0 = Some(event.id),
                _ => {}
            }
        })?;
        Ok(last.into_iter().filter_map(|(id, _)| id).collect())
    }
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
