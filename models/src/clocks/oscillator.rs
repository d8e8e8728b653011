//! What does a monotonic clock show at an instant, and at which instant does it show that?
//!
//! The clock is piecewise linear: its rate changes where the drift takes a step and where a fault begins or ends. Within a
//! piece it shows `floor(d (10^12 + rate) / 10^12)` nanoseconds more after `d` nanoseconds. The other way round it gives the
//! first instant at which the clock shows at least that much, so that a timer is never early: exact in both directions.
//!
//! A step of the drift belongs to the node and to its number; pieces are kept so that reading costs no more than the
//! distance to the last reading. The latest [`KEPT`] are kept, and what lies before them is worked out again.

use super::Walk;
use sim_core::draw::{Key, Seed};
use sim_core::sample::normal_quantile;
use sim_core::time::SimTime;
use std::collections::VecDeque;

const WHOLE: i64 = 1_000_000_000_000;

/// However much adds up, a clock goes on at a tenth of the true rate, and is not a thousand times too fast.
const SLOWEST: i64 = -9 * (WHOLE / 10);
const FASTEST: i64 = 1_000 * WHOLE;

/// How many pieces are kept: 20 minutes of a drift that changes every second.
const KEPT: usize = 1_200;

/// How many pieces a timer looks ahead; one that is due later is looked at again then.
const AHEAD: usize = 64;

/// The draws of the steps of a walk.
const WALK: Key = Key::named("random walk of a clock");

/// A clock that only goes forwards.
#[derive(Clone, Debug)]
pub struct Oscillator {
    key: Key,
    rate: i64,
    walk: Option<Walk>,
    /// What faults add to the rate, from which instant on, ascending.
    changes: Vec<(SimTime, i64)>,
    pieces: VecDeque<Piece>,
}

/// A stretch of time in which the rate is one.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: SimTime,
    /// The first instant of the next piece.
    end: SimTime,
    /// What the clock shows at its start.
    local: u64,
    /// In parts of 10^12, all added up.
    rate: i64,
    /// How many steps the walk has taken, and where it is.
    step: u64,
    position: i64,
}

impl Piece {
    fn local_at(&self, now: SimTime) -> u64 {
        let passed = u128::from(now.as_nanos() - self.start.as_nanos());
        let shown = passed * (WHOLE + self.rate) as u128 / WHOLE as u128;
        self.local.saturating_add(u64::try_from(shown).unwrap_or(u64::MAX))
    }

    /// The first instant, in this piece or beyond its end, at which the clock shows `local` if the rate stays.
    fn instant_of(&self, local: u64) -> SimTime {
        let wanted = u128::from(local.saturating_sub(self.local)) * WHOLE as u128;
        let passed = wanted.div_ceil((WHOLE + self.rate) as u128);
        SimTime::from_nanos(self.start.as_nanos().saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }
}

impl Oscillator {
    /// A clock that starts at zero; `key` is its node's.
    pub fn new(key: Key, rate: i64, walk: Option<Walk>) -> Self {
        Self { key: key.child(WALK.bits()), rate, walk, changes: Vec::new(), pieces: VecDeque::new() }
    }

    /// What the clock shows.
    pub fn local(&mut self, now: SimTime, seed: &Seed) -> SimTime {
        if self.pieces.front().is_none_or(|first| first.start > now) {
            self.pieces.clear();
            let first = self.piece(SimTime::ZERO, 0, 0, 0);
            self.pieces.push_back(first);
        }
        while self.last().end <= now {
            self.extend(seed);
        }
        let later = self.pieces.partition_point(|piece| piece.start <= now);
        SimTime::from_nanos(self.pieces[later - 1].local_at(now))
    }

    /// The first instant at which the clock shows at least `local`, which it does not show before `now`.
    pub fn instant(&mut self, local: SimTime, now: SimTime, seed: &Seed) -> SimTime {
        self.look_ahead(local, now, usize::MAX, seed)
    }

    /// The instant at which a timer is to be looked at: that at which the clock shows `local`, or an earlier one if the
    /// rate changes very often until then.
    pub fn wake(&mut self, local: SimTime, now: SimTime, seed: &Seed) -> SimTime {
        self.look_ahead(local, now, AHEAD, seed)
    }

    fn look_ahead(&mut self, local: SimTime, now: SimTime, most: usize, seed: &Seed) -> SimTime {
        if local == SimTime::MAX {
            return SimTime::MAX;
        }
        self.local(now, seed);
        let mut index = self.pieces.partition_point(|piece| piece.start <= now) - 1;
        for _ in 0..most {
            let piece = self.pieces[index];
            let instant = piece.instant_of(local.as_nanos()).max(piece.start);
            if instant < piece.end || piece.end == SimTime::MAX {
                return instant;
            }
            if index + 1 == self.pieces.len() {
                index -= self.extend(seed);
            }
            index += 1;
        }
        self.pieces[index].start
    }

    /// From this instant on faults add so much to the rate. Nothing may have been asked beyond it that counts.
    pub fn change(&mut self, rate: i64, now: SimTime, seed: &Seed) {
        self.local(now, seed);
        self.changes.retain(|&(at, _)| at < now);
        self.changes.push((now, rate));
        let later = self.pieces.partition_point(|piece| piece.start <= now);
        self.pieces.truncate(later);
        let last = *self.last();
        let shown = last.local_at(now);
        if last.start == now {
            self.pieces.pop_back();
        } else {
            self.pieces.back_mut().expect("it has pieces").end = now;
        }
        let next = self.piece(now, shown, last.step, last.position);
        self.pieces.push_back(next);
    }

    fn last(&self) -> &Piece {
        self.pieces.back().expect("a clock that was read has pieces")
    }

    /// Adds a piece; answers how many were forgotten for it.
    fn extend(&mut self, seed: &Seed) -> usize {
        let last = *self.last();
        let (start, local) = (last.end, last.local_at(last.end));
        let (mut step, mut position) = (last.step, last.position);
        if let Some(walk) = self.walk
            && start.as_nanos() / walk.step.as_nanos() > step
        {
            position = (position + self.stride(&walk, step, seed)).clamp(-walk.limit, walk.limit);
            step += 1;
        }
        let next = self.piece(start, local, step, position);
        self.pieces.push_back(next);
        let forgotten = self.pieces.len().saturating_sub(KEPT);
        self.pieces.drain(..forgotten);
        forgotten
    }

    /// The change of the drift after this many others.
    fn stride(&self, walk: &Walk, step: u64, seed: &Seed) -> i64 {
        // Eight steps share a block; a run has fewer than 2^35 of them.
        let draw = seed.draws(self.key, (step / 8) as u32).numbered((step % 8) as usize);
        (normal_quantile(draw.open_unit()) * walk.sd as f64) as i64
    }

    fn piece(&self, start: SimTime, local: u64, step: u64, position: i64) -> Piece {
        let later = self.changes.partition_point(|&(at, _)| at <= start);
        let by_faults = later.checked_sub(1).map_or(0, |index| self.changes[index].1);
        let next_change = self.changes.get(later).map_or(SimTime::MAX, |&(at, _)| at);
        let next_step = self.walk.map_or(SimTime::MAX, |walk| SimTime::from_nanos(walk.step.as_nanos().saturating_mul(step + 1)));
        let rate = self.rate.saturating_add(position).saturating_add(by_faults).clamp(SLOWEST, FASTEST);
        Piece { start, end: next_change.min(next_step), local, rate, step, position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimDuration;

    const NODE: Key = Key::named("server[0]");

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn clocks() -> Vec<Oscillator> {
        let walk = Walk { step: SimDuration::from_secs(1), sd: 20_000_000_000, limit: 100_000_000_000 };
        let mut changed = Oscillator::new(NODE, 50_000_000, Some(walk));
        let seed = Seed::new(1);
        changed.change(-300_000_000_000, at(2_500_000_000), &seed);
        changed.change(0, at(7_000_000_000), &seed);
        vec![
            Oscillator::new(NODE, 0, None),
            Oscillator::new(NODE, 50_000_000, None),
            Oscillator::new(NODE, -10_000_000_000, None),
            Oscillator::new(NODE, 499_999_999_999, None),
            Oscillator::new(NODE, 0, Some(walk)),
            changed,
        ]
    }

    /// Instants of all sizes, in no order.
    fn instants() -> impl Iterator<Item = SimTime> {
        (0..400_u64).map(|n| at(sim_core::draw::mix(n) % 20_000_000_000)).chain([at(0), at(1), at(1_000_000_000), at(2_500_000_000)])
    }

    #[test]
    fn a_timer_wakes_at_the_first_instant_at_which_the_clock_shows_its_time() {
        let seed = Seed::new(1);
        for mut clock in clocks() {
            for now in instants() {
                let local = clock.local(now, &seed);
                let first = clock.instant(local, at(0), &seed);
                assert!(first <= now, "the clock shows {local} at {now}, not before {first}");
                assert_eq!(clock.local(first, &seed), local);
                let next = SimTime::from_nanos(local.as_nanos() + 1);
                let instant = clock.instant(next, now, &seed);
                assert!(instant > now && clock.local(instant, &seed) >= next && clock.local(at(instant.as_nanos() - 1), &seed) < next);
            }
        }
    }

    #[test]
    fn time_never_goes_back_and_is_the_same_in_whatever_order_it_is_read() {
        let seed = Seed::new(1);
        for mut clock in clocks() {
            let mut read: Vec<_> = instants().map(|now| (now, clock.clone().local(now, &seed))).collect();
            for &(now, local) in &read {
                assert_eq!(clock.local(now, &seed), local, "at {now}");
            }
            read.sort_unstable();
            assert!(read.is_sorted_by_key(|&(_, local)| local));
            let mut forwards = clock.clone();
            assert!(read.iter().all(|&(now, local)| forwards.local(now, &seed) == local));
        }
    }

    #[test]
    fn what_was_forgotten_is_worked_out_again() {
        let seed = Seed::new(3);
        let walk = Walk { step: SimDuration::from_millis(1), sd: 1_000_000_000, limit: 100_000_000_000 };
        let mut clock = Oscillator::new(NODE, 0, Some(walk));
        let early = clock.local(at(1_500_000), &seed);
        let late = clock.local(at(60_000_000_000), &seed);
        assert!(clock.pieces.len() <= KEPT);
        assert_eq!((clock.local(at(1_500_000), &seed), clock.local(at(60_000_000_000), &seed)), (early, late));
    }

    #[test]
    fn a_wandering_drift_stays_within_its_limit_and_differs_from_node_to_node() {
        let seed = Seed::new(1);
        let walk = Walk { step: SimDuration::from_secs(1), sd: 5_000_000, limit: 20_000_000 };
        let (mut one, mut other) = (Oscillator::new(NODE, 0, Some(walk)), Oscillator::new(Key::named("server[1]"), 0, Some(walk)));
        let mut differ = 0;
        for second in 1..1_000 {
            let (before, now) = (at((second - 1) * 1_000_000_000), at(second * 1_000_000_000));
            let passed = clock_passed(&mut one, before, now, &seed);
            assert!(passed.abs_diff(1_000_000_000) <= 20_001, "{passed}");
            differ += u32::from(one.local(now, &seed) != other.local(now, &seed));
        }
        assert!(differ > 990);
    }

    fn clock_passed(clock: &mut Oscillator, from: SimTime, to: SimTime, seed: &Seed) -> u64 {
        clock.local(to, seed).as_nanos() - clock.local(from, seed).as_nanos()
    }

    #[test]
    fn a_change_of_rate_counts_from_its_instant_on_and_the_clock_goes_on_from_where_it_was() {
        let seed = Seed::new(1);
        let mut clock = Oscillator::new(NODE, 0, None);
        clock.change(100_000_000_000, at(1_000), &seed);
        assert_eq!((clock.local(at(1_000), &seed), clock.local(at(2_000), &seed)), (at(1_000), at(2_100)));
        clock.change(0, at(3_000), &seed);
        assert_eq!((clock.local(at(3_000), &seed), clock.local(at(4_000), &seed)), (at(3_200), at(4_200)));
        assert_eq!(clock.local(at(2_000), &seed), at(2_100), "what was is not changed");
    }
}
