//! How does a clock run, be read, be set, and be disturbed?

use super::{Bound, Oscillator, Parts, WallTime};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Ppm, SignedDuration};

/// What a fault does to a clock while it is on.
///
/// Changes of several faults at one clock add up. A rate counts from the instant it begins and stops counting when it ends:
/// what the clock has gained meanwhile stays. A step moves the wall clock alone and lasts as long as its fault: when that
/// ends, the wall clock goes back by as much (somebody sets it right). A fault that never ends is a step that stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockChange {
    /// How far the wall clock is moved.
    pub step: SignedDuration,
    /// How much faster the clock runs.
    pub rate: Ppm,
}

impl ClockChange {
    /// Nothing is wrong.
    pub const NONE: Self = Self { step: SignedDuration::from_nanos(0), rate: Ppm::new(0) };

    /// Both changes at once: steps and rates add up, in whatever order.
    #[must_use]
    pub fn combined(self, other: Self) -> Self {
        Self {
            step: SignedDuration::from_nanos(self.step.as_nanos().saturating_add(other.step.as_nanos())),
            rate: self.rate.saturating_add(other.rate),
        }
    }
}

/// What a node knows of the present instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its monotonic clock.
    pub monotonic: SimTime,
    /// Its wall clock.
    pub wall: WallTime,
    /// How far the wall clock may be from the truth, if the clock knows.
    pub uncertainty: Option<SimDuration>,
}

impl Reading {
    /// The reading of a perfect clock.
    pub fn perfect(now: SimTime) -> Self {
        Self { monotonic: now, wall: WallTime::of(now), uncertainty: None }
    }

    /// The earliest and the latest that the true time may be, if the clock knows.
    pub fn interval(&self) -> Option<(WallTime, WallTime)> {
        self.uncertainty.map(|width| (self.wall.earlier(width), self.wall.later(width)))
    }
}

/// A clock that runs.
#[derive(Clone, Debug)]
pub struct Clock {
    parts: Parts,
    oscillator: Oscillator,
    /// What faults make of it just now.
    change: ClockChange,
    /// What exchanges with a time server have corrected so far, in nanoseconds.
    corrected: i128,
    /// The exchange with a time server that is under way, and the last that came to its end.
    pub exchange: Exchange,
}

/// How far a clock is with asking its time server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Exchanges begun.
    pub begun: u32,
    /// Which message has to arrive for the exchange to go on.
    pub awaited: Awaited,
    /// The instant at which it arrives, if that was known when it was sent; an event that comes at another one is stale.
    pub due: SimTime,
    /// What the monotonic clock showed when the request was sent.
    pub asked: SimTime,
    /// What the server answered.
    pub answered: WallTime,
    /// Whether the next exchange was due while the node stood still: it begins when the node goes on.
    pub is_overdue: bool,
    /// Of the last exchange that came to its end: what the monotonic clock showed, and how long the exchange took.
    pub last: Option<(SimTime, SimDuration)>,
}

/// Which message of an exchange with a time server is awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Awaited {
    /// None: no exchange is under way.
    #[default]
    Nothing,
    /// The server has not heard the request.
    Request,
    /// The clock has not heard the answer.
    Answer,
}

impl Clock {
    /// The clock of the node with this key.
    pub fn new(parts: &Parts, key: Key) -> Self {
        Self {
            parts: parts.clone(),
            oscillator: Oscillator::new(key, parts.rate, parts.walk),
            change: ClockChange::default(),
            corrected: 0,
            exchange: Exchange::default(),
        }
    }

    /// What the clock is made of.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What the monotonic clock shows.
    pub fn monotonic(&mut self, now: SimTime, seed: &Seed) -> SimTime {
        self.oscillator.local(now, seed)
    }

    /// When a timer that is due at `local` by the monotonic clock must be looked at, after `now`.
    pub fn wake(&mut self, local: SimTime, now: SimTime, seed: &Seed) -> SimTime {
        self.oscillator.wake(local, now, seed)
    }

    /// The first instant at which the monotonic clock shows at least `local`, if its rate is not changed from outside.
    pub fn instant(&mut self, local: SimTime, now: SimTime, seed: &Seed) -> SimTime {
        self.oscillator.instant(local, now, seed)
    }

    /// Everything the clock shows.
    pub fn read(&mut self, now: SimTime, seed: &Seed) -> Reading {
        let monotonic = self.monotonic(now, seed);
        let mut wall = self.unset(now, monotonic) + self.corrected + i128::from(self.change.step.as_nanos());
        let mut uncertainty = None;
        if let Some(bound) = self.parts.bound {
            let set = match self.parts.polling {
                Some(_) => self.exchange.last.map(|(set, took)| (set, took / 2)),
                None => {
                    let set = SimTime::ZERO.saturating_add(bound.every * (now.since_start() / bound.every));
                    let shown = self.monotonic(set, seed);
                    wall += i128::from(set.as_nanos()) - self.unset(set, shown);
                    Some((shown, SimDuration::ZERO))
                }
            };
            uncertainty = set.map(|(set, way)| half_width(&bound, monotonic.saturating_since(set)).saturating_add(way));
        }
        Reading { monotonic, wall: WallTime::from_nanos(wall), uncertainty }
    }

    /// The wall clock as it would be if nobody set it.
    fn unset(&self, now: SimTime, monotonic: SimTime) -> i128 {
        i128::from(monotonic.as_nanos()) + i128::from(self.parts.offset.as_nanos()) + self.parts.stepped(now)
    }

    /// An exchange came to its end: the wall clock is moved. Answers by how much.
    pub fn set(&mut self, now: SimTime, seed: &Seed) -> SignedDuration {
        let reading = self.read(now, seed);
        // The monotonic clock says how long it took, so that a step in between is no error.
        let took = reading.monotonic.saturating_since(self.exchange.asked);
        let (asked, answered, heard) = (reading.wall.earlier(took), self.exchange.answered, reading.wall);
        let twice = i128::from(answered.since(asked).as_nanos()) + i128::from(answered.since(heard).as_nanos());
        let by = twice.div_euclid(2);
        self.corrected += by;
        self.exchange.last = Some((reading.monotonic, took));
        WallTime::from_nanos(by).since(WallTime::default())
    }

    /// From `now` on, this is what all faults together make of the clock.
    pub fn apply(&mut self, change: ClockChange, now: SimTime, seed: &Seed) {
        if change.rate != self.change.rate {
            self.oscillator.change(change.rate.parts_per_trillion(), now, seed);
        }
        self.change = change;
    }
}

/// The uncertainty of a clock that was set so long ago.
fn half_width(bound: &Bound, since: SimDuration) -> SimDuration {
    bound.base.saturating_add(bound.drift.of(since).magnitude())
}

#[cfg(test)]
mod tests {
    use super::super::{AnyClock, Bounded, Combined, Drift, Jump, Leap, Offset, Strobe};
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn signed(text: &str) -> SignedDuration {
        text.parse().expect("it is a length")
    }

    fn clock(parts: &[AnyClock]) -> Clock {
        Clock::new(&AnyClock::Combined(Combined { parts: parts.to_vec() }).parts(), Key::named("server[0]"))
    }

    fn error(clock: &mut Clock, now: u64) -> i64 {
        clock.read(at(now), &Seed::new(1)).wall.as_nanos() - now as i64
    }

    #[test]
    fn an_offset_and_steps_move_the_wall_clock_and_no_timer() {
        let mut clock = clock(&[
            AnyClock::Offset(Offset { by: signed("-20ms") }),
            AnyClock::Jump(Jump { at: SimDuration::from_secs(10), by: signed("-3s") }),
            AnyClock::Leap(Leap { at: SimDuration::from_secs(20), by: signed("1s"), smear: None }),
        ]);
        for (now, wrong) in [(0, -20), (10 * SECOND - 1, -20), (10 * SECOND, -3_020), (20 * SECOND, -2_020)] {
            assert_eq!(error(&mut clock, now), wrong * 1_000_000);
            assert_eq!(clock.monotonic(at(now), &Seed::new(1)), at(now));
        }
    }

    #[test]
    fn a_strobe_goes_there_and_back_until_its_end() {
        let strobe = Strobe {
            at: SimDuration::from_secs(1),
            by: signed("200ms"),
            period: SimDuration::from_secs(2),
            lasts: Some(SimDuration::from_secs(9)),
        };
        let mut clock = clock(&[AnyClock::Strobe(strobe)]);
        let wrong: Vec<i64> = (0..12).map(|second| error(&mut clock, second * SECOND) / 1_000_000).collect();
        assert_eq!(wrong, [0, 200, 200, 0, 0, 200, 200, 0, 0, 200, 0, 0]);
    }

    #[test]
    fn a_smeared_leap_second_is_never_a_step_and_a_whole_second_in_the_end() {
        let leap = Leap { at: SimDuration::from_secs(100), by: signed("-1s"), smear: Some(SimDuration::from_secs(1_000)) };
        let mut clock = clock(&[AnyClock::Leap(leap)]);
        assert_eq!([99, 100, 600, 1_100, 2_000].map(|second| error(&mut clock, second * SECOND) / 1_000_000), [0, 0, -500, -1_000, -1_000]);
        let readings = (0..2_000).map(|step| clock.read(at(90 * SECOND + step * 777_777_777), &Seed::new(1)).wall);
        assert!(readings.is_sorted());
    }

    #[test]
    fn the_truth_is_within_the_interval_as_long_as_the_drift_is_within_its_bound() {
        for (ppm, is_honest) in [(200, true), (-200, true), (150, true), (300, false), (-300, false)] {
            let bounded = Bounded { base: SimDuration::ZERO, drift_bound: Ppm::new(200), every: SimDuration::from_secs(30) };
            let mut clock = clock(&[AnyClock::Drift(Drift { rate: Ppm::new(ppm) }), AnyClock::Bounded(bounded)]);
            let mut held = true;
            for step in 1..2_000 {
                let now = at(step * 333_333_333);
                let (earliest, latest) = clock.read(now, &Seed::new(1)).interval().expect("it knows");
                // Two floors and the bound, reckoned by a clock that is wrong itself, may be off by some nanoseconds.
                let slack = SimDuration::from_micros(2);
                held &= earliest.earlier(slack) <= WallTime::of(now) && WallTime::of(now) <= latest.later(slack);
            }
            assert_eq!(held, is_honest, "{ppm} ppm");
        }
    }

    #[test]
    fn what_faults_do_to_a_clock_adds_up_in_any_order_and_is_gone_when_they_are() {
        let (fast, ahead) =
            (ClockChange { rate: Ppm::new(100), ..Default::default() }, ClockChange { step: signed("2s"), rate: Ppm::new(-40) });
        assert_eq!(fast.combined(ahead), ahead.combined(fast));
        let seed = Seed::new(1);
        let mut clock = clock(&[AnyClock::Drift(Drift { rate: Ppm::new(50) })]);
        clock.apply(fast.combined(ahead), at(SECOND), &seed);
        assert_eq!(error(&mut clock, 2 * SECOND), 50_000 + 110_000 + 2 * SECOND as i64);
        clock.apply(ahead, at(2 * SECOND), &seed);
        clock.apply(ClockChange::default(), at(3 * SECOND), &seed);
        // The step is gone, what was gained is not.
        assert_eq!(error(&mut clock, 3 * SECOND), 50_000 + 110_000 + 10_000);
        assert_eq!(error(&mut clock, 4 * SECOND), 50_000 + 110_000 + 10_000 + 50_000);
    }
}
