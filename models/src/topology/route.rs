//! What is known of a way: its legs, and how long a message takes on it if nothing out of the ordinary can happen.

use crate::links::Line;
use sim_core::draw::Draw;
use sim_core::sample::Sampler;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A step of a way: from which place to which, and over which lines. The places are those a message stands in, not those
/// that links are written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    from: String,
    to: String,
    usual: u32,
    /// Lines for some kinds of message, the most specific first: kinds, one bit each, and line.
    special: Vec<(u64, u32)>,
}

impl Leg {
    pub(super) fn new(from: &str, to: &str, usual: u32, special: Vec<(u64, u32)>) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), usual, special }
    }

    /// Where it begins.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Where it ends.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The line of messages for which no other is written.
    pub const fn usual(&self) -> u32 {
        self.usual
    }

    /// The line of messages of this kind.
    pub fn line(&self, kind: u8) -> u32 {
        self.special.iter().find(|(kinds, _)| kinds >> kind & 1 == 1).map_or(self.usual, |&(_, line)| line)
    }
}

/// A way from one place to another.
#[derive(Clone, Debug)]
pub struct Route {
    from: String,
    to: String,
    legs: Vec<Leg>,
    first: Option<Sampler>,
    rest: Vec<Sampler>,
    loss: Share,
    is_plain: bool,
}

impl Route {
    pub(super) fn over(from: &str, to: &str, legs: Vec<Leg>, lines: &[Line]) -> Self {
        let usual = |leg: &Leg| &lines[leg.usual as usize];
        let mut delays = legs.iter().filter_map(|leg| usual(leg).delay().cloned());
        Self {
            first: delays.next(),
            rest: delays.collect(),
            loss: legs.iter().fold(Share::NONE, |loss, leg| loss.combined(usual(leg).loss())),
            is_plain: legs.iter().all(|leg| usual(leg).is_plain() && leg.special.is_empty()),
            from: from.to_owned(),
            to: to.to_owned(),
            legs,
        }
    }

    /// How long a message travels, at least a nanosecond. Hops after the first draw further numbers of the same place.
    #[inline(always)]
    pub fn delay(&self, draw: Draw) -> SimDuration {
        let first = match &self.first {
            Some(sampler) => sampler.sample(draw),
            None => SimDuration::ZERO,
        };
        let delay = if self.rest.is_empty() { first } else { first.saturating_add(self.rest_of_delay(draw)) };
        delay.max(SimDuration::NANOSECOND)
    }

    /// Out of line, so that a way of one leg stays small where it is taken.
    #[inline(never)]
    fn rest_of_delay(&self, draw: Draw) -> SimDuration {
        let legs = (1..).zip(&self.rest).map(|(leg, sampler)| sampler.sample(draw_of_leg(draw, leg)));
        legs.fold(SimDuration::ZERO, SimDuration::saturating_add)
    }

    /// The share of messages lost on the way, on average.
    #[inline]
    pub const fn loss(&self) -> Share {
        self.loss
    }

    /// Whether all its lines have a delay and independent losses and nothing else: a message on it is one event.
    #[inline]
    pub const fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Where it begins.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Where it ends.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// Its steps; at least one.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// The places a message passes, both ends included.
    pub fn domains(&self) -> Vec<&str> {
        std::iter::once(self.from.as_str()).chain(self.legs.iter().map(|leg| leg.to.as_str())).collect()
    }
}

/// The draw of a leg: that of the message for the first one, and further ones for those after it.
#[inline]
pub(crate) fn draw_of_leg(draw: Draw, leg: u64) -> Draw {
    if leg == 0 { draw } else { draw.further(999 + leg) }
}
