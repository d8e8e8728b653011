//! Which is the first event at which two runs part?
//!
//! Events of one instant may be told in another order by another version, so instants are compared as wholes: what is in the
//! one and not in the other.

use super::chains::{Link, chains};
use super::source::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

/// Into so many spans of time the one that differs is divided.
const SPANS: u64 = 1024;
/// So many events are compared one by one.
const FEW: u64 = 20_000;
/// Of an instant, so many events are told of each side.
const MOST_TOLD: usize = 8;

/// What one of two runs does at the instant at which they part.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Events of that instant that the other has not, the first ones.
    pub only_here: Vec<TraceEvent<'static>>,
    /// How many there are of them.
    pub count: u64,
    /// If there are none: the first event after that instant.
    pub next: Option<TraceEvent<'static>>,
    /// What led to the first of them, the latest cause first.
    pub causes: Vec<Link>,
}

/// The first instant at which two runs differ.
#[derive(Clone, Debug, Default)]
pub struct Parting {
    /// When, in nanoseconds.
    pub at: u64,
    /// How many events both have until then.
    pub alike: u64,
    /// What either does.
    pub sides: [Side; 2],
}

/// Where two runs part; none if they are the same to the last event.
///
/// # Errors
/// If one of them cannot be told.
pub fn part(left: &dyn Source, right: &dyn Source) -> Result<Option<Parting>, SourceError> {
    let sources = [left, right];
    // How far there is anything to compare, and whether there is anything that differs.
    let mut until = 0;
    for source in sources {
        source.tell(&mut |event| until = until.max(event.at))?;
    }
    let (mut from, mut until) = (0_u64, until.saturating_add(1));
    loop {
        let Some(Differing { span, alike, count }) = first_difference(sources, (from, until))? else { return Ok(None) };
        (from, until) = span;
        if count <= FEW || until - from == 1 {
            return compare(sources, span, alike).map(Some);
        }
    }
}

/// A span of time in which two runs differ.
struct Differing {
    span: (u64, u64),
    /// How many events both have before it.
    alike: u64,
    /// How many events there are in it, at most.
    count: u64,
}

/// The first of the spans of a time in which the events differ.
fn first_difference(sources: [&dyn Source; 2], (from, until): (u64, u64)) -> Result<Option<Differing>, SourceError> {
    let width = (until - from).div_ceil(SPANS).max(1);
    let mut sums = [vec![(0_u64, 0_u64); SPANS as usize], vec![(0, 0); SPANS as usize]];
    let mut before = 0;
    for (source, sums) in sources.into_iter().zip(&mut sums) {
        before = 0;
        source.tell(&mut |event| {
            if event.at < from {
                before += 1;
            } else if event.at < until {
                let (sum, count) = &mut sums[((event.at - from) / width) as usize];
                (*sum, *count) = (sum.wrapping_add(event.fingerprint()), *count + 1);
            }
        })?;
    }
    let [left, right] = sums;
    let first = left.iter().zip(&right).position(|(left, right)| left != right);
    Ok(first.map(|index| {
        let begin = from.saturating_add((index as u64).saturating_mul(width));
        let alike = before + left[..index].iter().map(|(_, count)| count).sum::<u64>();
        Differing { span: (begin, begin.saturating_add(width).min(until)), alike, count: left[index].1.max(right[index].1) }
    }))
}

/// Compares the events of a span one by one.
fn compare(sources: [&dyn Source; 2], (from, until): (u64, u64), alike: u64) -> Result<Parting, SourceError> {
    let mut events: [Vec<TraceEvent<'static>>; 2] = [Vec::new(), Vec::new()];
    let mut after: [Option<TraceEvent<'static>>; 2] = [None, None];
    let mut causes: [Vec<(u64, u64)>; 2] = [Vec::new(), Vec::new()];
    for (side, source) in sources.into_iter().enumerate() {
        source.tell(&mut |event| {
            if event.at < until {
                causes[side].extend(event.cause.map(|cause| (event.id, cause)));
            }
            if event.at >= from && event.at < until && events[side].len() as u64 <= 2 * FEW {
                events[side].push(event.clone().into_owned());
            } else if event.at >= until && after[side].is_none() {
                after[side] = Some(event.clone().into_owned());
            }
        })?;
    }
    let mut parting = first_instant(&events, alike);
    for (side, told) in parting.sides.iter_mut().enumerate() {
        if told.only_here.is_empty() {
            told.next = events[side].iter().find(|event| event.at > parting.at).cloned().or_else(|| after[side].take());
        }
    }
    for (side, source) in sources.into_iter().enumerate() {
        let first = parting.sides[side].only_here.first().and_then(|event| event.cause);
        parting.sides[side].causes = chains(source, &causes[side], first)?;
    }
    Ok(parting)
}

/// The first instant of which the events differ, as what either has and the other has not.
fn first_instant(events: &[Vec<TraceEvent<'static>>; 2], alike: u64) -> Parting {
    let mut instants: BTreeMap<u64, [Vec<&TraceEvent<'static>>; 2]> = BTreeMap::new();
    for (side, events) in events.iter().enumerate() {
        events.iter().for_each(|event| instants.entry(event.at).or_default()[side].push(event));
    }
    let mut parting = Parting { alike, ..Parting::default() };
    for (at, [left, right]) in instants {
        let (only_left, only_right) = (without(&left, &right), without(&right, &left));
        parting.alike += (left.len() - only_left.len()) as u64;
        if only_left.is_empty() && only_right.is_empty() {
            continue;
        }
        parting.at = at;
        parting.sides = [only_left, only_right].map(|only| Side {
            count: only.len() as u64,
            only_here: only.into_iter().take(MOST_TOLD).cloned().collect(),
            ..Side::default()
        });
        return parting;
    }
    parting
}

/// Events of the one that the other has not, however often.
fn without<'e>(these: &[&'e TraceEvent<'static>], others: &[&TraceEvent<'static>]) -> Vec<&'e TraceEvent<'static>> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    others.iter().for_each(|event| *counts.entry(event.fingerprint()).or_default() += 1);
    let mut left = Vec::new();
    for event in these {
        match counts.get_mut(&event.fingerprint()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => left.push(*event),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Header;

    struct Told {
        header: Header,
        events: Vec<TraceEvent<'static>>,
    }

    impl Source for Told {
        fn header(&self) -> &Header {
            &self.header
        }

        fn tell(&self, visit: &mut dyn FnMut(&TraceEvent<'_>)) -> Result<(), SourceError> {
            self.events.iter().for_each(visit);
            Ok(())
        }
    }

    /// An event every ten nanoseconds, each caused by the one before.
    fn chain(length: u64) -> Told {
        let event = |id: u64| TraceEvent {
            id,
            at: id * 10,
            kind: "timer".into(),
            node: Some(format!("n{}", id % 7).into()),
            cause: (id > 1).then(|| id - 1),
            ..TraceEvent::default()
        };
        Told { header: Header::default(), events: (1..=length).map(event).collect() }
    }

    #[test]
    fn two_of_the_same_do_not_part() {
        assert!(part(&chain(5_000), &chain(5_000)).unwrap().is_none());
        assert!(part(&chain(0), &chain(0)).unwrap().is_none());
    }

    #[test]
    fn the_first_event_that_differs_is_found_wherever_it_is_with_its_causes() {
        for place in [1, 2, 1_234, 59_999, 60_000] {
            let (left, mut right) = (chain(60_000), chain(60_000));
            right.events[place - 1].node = Some("other".into());
            // What comes later differs as well, and is not the first.
            right.events.truncate(place + 3);
            let parting = part(&left, &right).unwrap().expect("they differ");
            assert_eq!((parting.at, parting.alike), (place as u64 * 10, place as u64 - 1));
            let [here, there] = &parting.sides;
            assert_eq!((here.count, there.count), (1, 1));
            assert_eq!(there.only_here[0].node.as_deref(), Some("other"));
            assert_eq!(here.only_here[0].id, place as u64);
            let causes: Vec<u64> = here.causes.iter().map(|link| link.event.id).collect();
            let all: Vec<u64> = (1..place as u64).rev().collect();
            let left_out: u64 = here.causes.iter().map(|link| link.left_out).sum();
            assert_eq!(causes.len() as u64 + left_out, all.len() as u64);
            // Of many causes, the nearest and those at the begin of the chain are told.
            assert_eq!(causes.first(), all.first());
            assert_eq!(causes.last(), all.last());
            assert_eq!(causes[..causes.len().min(12)], all[..all.len().min(12)]);
        }
    }

    #[test]
    fn one_that_ends_earlier_parts_where_the_other_goes_on() {
        let parting = part(&chain(100), &chain(90)).unwrap().expect("they differ");
        assert_eq!((parting.at, parting.alike), (910, 90));
        let [here, there] = &parting.sides;
        assert_eq!((here.count, there.count), (1, 0));
        assert!(there.next.is_none() && there.causes.is_empty());
    }

    #[test]
    fn the_order_within_an_instant_makes_no_difference_and_numbers_make_none() {
        let (left, mut right) = (chain(50), chain(50));
        for told in [&left, &right] {
            assert_eq!(told.events.len(), 50);
        }
        right.events.iter_mut().for_each(|event| event.id += 100);
        let mut left = left;
        for events in [&mut left.events, &mut right.events] {
            events[20].at = events[21].at;
        }
        right.events.swap(20, 21);
        assert!(part(&left, &right).unwrap().is_none());
    }
}
