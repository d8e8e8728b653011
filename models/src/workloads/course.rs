//! How often do calls come as time goes on, and when exactly?
//!
//! Own definition: a change of time. Calls come at 1, 2, 3 ... of a process whose rate is one (or at the sums of independent unit
//! exponentials, which makes them a Poisson process), and the k-th of them is made when the integral of the rate over time has
//! come to that number. So another rate moves every call and re-rolls none, and the path of the rate, where it is random itself,
//! has draws of its own. (Lewis and Shedler, 1979, compare this inversion with thinning, which would spend draws on calls that
//! are not made.)

use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;
use std::sync::Arc;

/// How often calls come over time, ready to run.
#[derive(Clone, Debug)]
pub struct Course {
    rates: Rates,
    spacing: Spacing,
}

/// The rate over time.
#[derive(Clone, Debug)]
enum Rates {
    /// The same in every run: pieces in order of time, and after how much time they begin again, if they do.
    Pieces(Arc<[Piece]>, Option<SimDuration>),
    /// It goes up and down at random.
    Bursts(Arc<Bursts>),
}

/// A stretch of time in which the rate changes evenly, from its begin up to the begin of the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// When it begins.
    pub begin: SimDuration,
    /// Calls per nanosecond at its begin.
    pub from: f64,
    /// Calls per nanosecond just before its end.
    pub to: f64,
}

/// Two rates that take turns.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    /// How long it is on.
    pub on: Sampler,
    /// How long it is off.
    pub off: Sampler,
    /// Calls per nanosecond while it is on, and while it is off.
    pub rates: [f64; 2],
}

/// How calls are spaced at a steady rate.
#[derive(Clone, Debug)]
pub(super) enum Spacing {
    /// Independent exponential gaps.
    Random(Sampler),
    /// Equal gaps.
    Even,
    /// The population's own calls are made at these instants; what faults add comes at random, as often as these say.
    Given(Arc<[SimTime]>, Sampler),
}

/// Whether gaps are random or equal, as a scenario writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spaced {
    /// Independent: a Poisson process whose rate changes.
    #[default]
    Random,
    /// At equal distances as long as the rate is the same.
    Even,
}

/// A piece at its place in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    number: u32,
    begin: SimTime,
    /// The end of time if no other follows.
    end: SimTime,
    from: f64,
    to: f64,
}

/// The unit of time in which unit exponentials are drawn: so many nanoseconds that rounding does not matter, and so few that the
/// longest of them has room.
const UNIT: SimDuration = SimDuration::from_secs(100_000);

/// Behind which the draws of bursts lie, beside those of gaps.
const BURSTS: u64 = u64::MAX - 2;

impl Course {
    /// Pieces in order of time; nothing comes before the first.
    pub(super) fn of_pieces(mut pieces: Vec<Piece>, repeats: Option<SimDuration>, spacing: Spacing) -> Self {
        // Of recorded calls whose file is not read yet there are none.
        if pieces.first().is_none_or(|first| !first.begin.is_zero()) {
            pieces.insert(0, Piece { begin: SimDuration::ZERO, from: 0.0, to: 0.0 });
        }
        Self { rates: Rates::Pieces(pieces.into(), repeats), spacing }
    }

    pub(super) fn of_bursts(bursts: Bursts, spacing: Spacing) -> Self {
        Self { rates: Rates::Bursts(Arc::new(bursts)), spacing }
    }

    /// The instants at which the population's own calls are made, if they are given.
    pub fn given(&self) -> Option<&[SimTime]> {
        match &self.spacing {
            Spacing::Given(instants, _) => Some(instants),
            Spacing::Random(_) | Spacing::Even => None,
        }
    }

    /// How much of the integral of the rate lies between a call and the next: 1 on average.
    pub fn unit(&self, draw: Draw) -> f64 {
        match &self.spacing {
            Spacing::Random(unit) | Spacing::Given(_, unit) => unit.sample(draw).as_nanos() as f64 / UNIT.as_nanos() as f64,
            Spacing::Even => 1.0,
        }
    }

    /// The stretch in which a run begins. `key` is that of the population.
    pub fn first(&self, key: Key, seed: &Seed) -> Stretch {
        match &self.rates {
            Rates::Pieces(..) => self.piece(0),
            Rates::Bursts(bursts) => {
                let starts = seed.draws(key.child(BURSTS), 0).choice().open_unit() < bursts.share_on();
                bursts.stretch(u32::from(!starts), SimTime::ZERO, key, seed)
            }
        }
    }

    /// The stretch that follows another; nothing if that one never ends.
    fn after(&self, stretch: &Stretch, key: Key, seed: &Seed) -> Option<Stretch> {
        if stretch.end == SimTime::MAX {
            return None;
        }
        let number = stretch.number.checked_add(1)?;
        Some(match &self.rates {
            Rates::Pieces(..) => self.piece(number),
            Rates::Bursts(bursts) => bursts.stretch(number, stretch.end, key, seed),
        })
    }

    /// The piece with this number, counted on from repetition to repetition.
    fn piece(&self, number: u32) -> Stretch {
        let Rates::Pieces(pieces, repeats) = &self.rates else { unreachable!("bursts are not made of pieces") };
        let (index, round) = (number as usize % pieces.len(), u64::from(number) / pieces.len() as u64);
        let start = repeats.map_or(SimTime::ZERO, |period| SimTime::from_nanos(period.as_nanos().saturating_mul(round)));
        let piece = pieces[index];
        let end = match pieces.get(index + 1) {
            Some(next) => start.saturating_add(next.begin),
            None => repeats.map_or(SimTime::MAX, |period| start.saturating_add(period)),
        };
        Stretch { number, begin: start.saturating_add(piece.begin), end, from: piece.from, to: piece.to }
    }

    /// Goes on from a stretch to the one in which an instant lies.
    pub fn walk(&self, stretch: &mut Stretch, to: SimTime, (key, seed): (Key, &Seed)) {
        while to >= stretch.end {
            let Some(next) = self.after(stretch, key, seed) else { break };
            *stretch = next;
        }
    }

    /// When so much of the integral of the rate has come since `since`, which lies in `stretch` or behind it; the end of time if that
    /// is not before `until`. Afterwards `stretch` is the one it lies in, and what is answered beside the instant is by how much the
    /// integral up to there is more, or less, than was asked for: instants are whole nanoseconds, and never that of `since`.
    pub fn reach(&self, stretch: &mut Stretch, since: SimTime, mass: f64, of: (Key, &Seed), until: SimTime) -> (SimTime, f64) {
        let (mut since, mut left) = (since, mass);
        while since < until {
            if since >= stretch.end {
                let Some(next) = self.after(stretch, of.0, of.1) else { break };
                *stretch = next;
                continue;
            }
            let instant = stretch.length_of(since, left.max(0.0)).map_or(SimTime::MAX, |length| since.saturating_add(length));
            // What is due at the very end of a stretch is still part of it: the next one may be silent.
            if instant <= stretch.end && instant < SimTime::MAX {
                return (instant, stretch.mass(since, instant) - left);
            }
            left -= stretch.mass(since, stretch.end);
            since = stretch.end;
        }
        (SimTime::MAX, 0.0)
    }

    /// The integral of the rate from `since`, which lies in `stretch` or behind it, to `until`.
    pub fn mass(&self, stretch: &Stretch, since: SimTime, until: SimTime, of: (Key, &Seed)) -> f64 {
        let (mut stretch, mut since, mut mass) = (*stretch, since, 0.0);
        while since < until {
            if since >= stretch.end {
                let Some(next) = self.after(&stretch, of.0, of.1) else { break };
                stretch = next;
                continue;
            }
            let end = stretch.end.min(until);
            mass += stretch.mass(since, end);
            since = end;
        }
        mass
    }

    /// Calls per second on average between two instants: over all runs, where the rate is random.
    pub fn mean_rate(&self, from: SimTime, until: SimTime) -> f64 {
        match &self.rates {
            Rates::Bursts(bursts) => {
                let share = bursts.share_on();
                (share * bursts.rates[0] + (1.0 - share) * bursts.rates[1]) * 1e9
            }
            Rates::Pieces(..) => {
                let of = (Key::default(), &Seed::new(0));
                let length = until.saturating_since(from).as_nanos().max(1) as f64;
                self.mass(&self.first(of.0, of.1), from, until, of) / length * 1e9
            }
        }
    }
}

impl Stretch {
    /// Calls per nanosecond at an instant of it.
    fn rate_at(&self, instant: SimTime) -> f64 {
        if self.end == SimTime::MAX || self.from.to_bits() == self.to.to_bits() {
            return self.from;
        }
        let share = (instant - self.begin).as_nanos() as f64 / (self.end - self.begin).as_nanos() as f64;
        self.from + (self.to - self.from) * share
    }

    /// The integral of the rate between two instants of it.
    fn mass(&self, since: SimTime, until: SimTime) -> f64 {
        (until - since).as_nanos() as f64 * (self.rate_at(since) + self.rate_at(until)) / 2.0
    }

    /// How long it takes from an instant of it until so much of the integral has come, to the nearest nanosecond but at least one, if the rate went on
    /// changing as it does for ever; nothing if it never comes.
    fn length_of(&self, since: SimTime, mass: f64) -> Option<SimDuration> {
        let rate = self.rate_at(since);
        let is_level = self.end == SimTime::MAX || self.from.to_bits() == self.to.to_bits();
        let slope = if is_level { 0.0 } else { (self.to - self.from) / (self.end - self.begin).as_nanos() as f64 };
        // The smaller root of slope/2 t^2 + rate t = mass, written so that it loses no digits where the slope is small.
        let under = rate * rate + 2.0 * slope * mass;
        if under < 0.0 {
            return None;
        }
        let length = 2.0 * mass / (rate + under.sqrt());
        // A cast from a float stops at the ends of the range; what is no number is no length.
        length.is_finite().then(|| SimDuration::from_nanos(((length + 0.5) as u64).max(1)))
    }
}

impl Bursts {
    /// The share of time that it is on, in the long run.
    fn share_on(&self) -> f64 {
        let (on, off) = (self.on.mean().as_nanos() as f64, self.off.mean().as_nanos() as f64);
        on / (on + off)
    }

    /// Even ones are on, odd ones are off.
    fn stretch(&self, number: u32, begin: SimTime, key: Key, seed: &Seed) -> Stretch {
        let index = (number % 2) as usize;
        let draw = seed.draws(key.child(BURSTS), number + 1).wait();
        let length = [&self.on, &self.off][index].sample(draw).max(SimDuration::NANOSECOND);
        let rate = self.rates[index];
        Stretch { number, begin, end: begin.saturating_add(length), from: rate, to: rate }
    }
}

impl Spacing {
    pub(super) fn new(spaced: Spaced) -> Self {
        match spaced {
            Spaced::Random => Self::Random(unit()),
            Spaced::Even => Self::Even,
        }
    }
}

/// Draws unit exponentials.
pub(super) fn unit() -> Sampler {
    Distribution::Exponential { mean: UNIT }.compile()
}

/// Calls per nanosecond.
pub(super) fn per_nano(rate: Rate) -> f64 {
    rate.per_second_f64() / 1e9
}
