//! How many replicas should a service have?
//!
//! Source: Kubernetes documentation, "Horizontal Pod Autoscaling" (algorithm details, stabilisation, default behaviour), and
//! `pkg/controller/podautoscaler/replica_calculator.go`: replicas that are not ready are set aside, and taken to do nothing where that
//! keeps the fleet from growing too far.

use crate::faults::WhileDown;
use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::VecDeque;

/// Who decides how many replicas there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scaler {
    /// A control loop over what the replicas have to do.
    Autoscale(Box<Autoscale>),
}

/// A control loop that compares what each replica has to do with what it should have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// How many replicas there are at least, 1 to `max`.
    pub min: u32,
    /// How many there are at most, up to 10,000.
    pub max: u32,
    /// What each of them should have to do.
    pub target: Target,
    /// How often that is compared with what they have, above 0; 15 s unless said.
    #[serde(default = "fifteen_seconds")]
    pub every: SimDuration,
    /// How long a new replica takes until it listens, its machine included.
    pub start_up: Distribution,
    /// By how much it may be off without consequences; 10 % unless said.
    #[serde(default = "ten_percent")]
    pub tolerance: Share,
    /// The fleet grows to the least that was right within so long; at once unless said.
    #[serde(default)]
    pub stabilisation_up: SimDuration,
    /// It shrinks to the most that was right within so long; 5 minutes unless said.
    #[serde(default = "five_minutes")]
    pub stabilisation_down: SimDuration,
    /// After it has grown, how long it does not grow again; it may at once unless said.
    #[serde(default)]
    pub cooldown_up: SimDuration,
    /// After it has changed, how long it does not shrink; it may at once unless said.
    #[serde(default)]
    pub cooldown_down: SimDuration,
    /// How long a replica that is to go is no longer listed and still answers; 30 s unless said. What it has not finished then is lost.
    #[serde(default = "half_a_minute")]
    pub drain: SimDuration,
    /// What callers meet that call one that is not there; nothing unless said.
    #[serde(default)]
    pub gone: WhileDown,
}

const fn fifteen_seconds() -> SimDuration {
    SimDuration::from_secs(15)
}

const fn half_a_minute() -> SimDuration {
    SimDuration::from_secs(30)
}

const fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

const fn ten_percent() -> Share {
    Share::percent(10)
}

/// What each replica should have to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// So large a share of its workers should be at work; those that wait for somebody else or for a disk are not.
    Utilisation(Share),
    /// So large a share of its workers should be taken, whatever they do or wait for.
    Occupancy(Share),
    /// So many requests should wait in its queue.
    Queue(u32),
}

/// How often a loop looks at its replicas before it decides.
pub(crate) const LOOKS: u32 = 15;

/// What a loop has seen since it decided last: sums over its looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Workers at work or taken, or requests that wait, of replicas that are ready.
    pub load: u64,
    /// Ready replicas.
    pub ready: u64,
    /// Looks.
    pub looks: u64,
}

/// How many replicas are there, and how many of them are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Those that are wanted, whether or not they have started.
    pub wanted: u32,
    /// Those of them that serve callers.
    pub ready: u32,
}

/// What a loop remembers: 16 bytes for each decision within its longer window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScalerMemory {
    /// What was found right when.
    right: VecDeque<(SimTime, u32)>,
    /// When the fleet has grown, and when it has changed.
    grew: Option<SimTime>,
    changed: Option<SimTime>,
}

/// A number as a fraction.
#[derive(Clone, Copy)]
struct Ratio(u128, u128);

impl Ratio {
    /// Whether it is so near to one that nothing is to be done.
    fn is_near_one(self, tolerance: Share) -> bool {
        let all = u128::from(Share::ALL.parts());
        self.0.abs_diff(self.1) * all <= u128::from(tolerance.parts()) * self.1
    }

    fn is_above_one(self) -> bool {
        self.0 > self.1
    }

    /// So many times it, rounded up.
    fn times(self, count: u32) -> u32 {
        u32::try_from((u128::from(count) * self.0).div_ceil(self.1)).unwrap_or(u32::MAX)
    }
}

impl Autoscale {
    /// How many replicas are right by what was seen, without any regard to what was right before. `workers` is how many each has.
    pub fn right(&self, seen: Seen, present: Present, workers: u32) -> u32 {
        let all = u128::from(Share::ALL.parts());
        if seen.ready == 0 || present.ready == 0 {
            return present.wanted;
        }
        // What each ready replica has to do, in multiples of what it should have.
        let over = |replicas: u64| match self.target {
            Target::Utilisation(share) | Target::Occupancy(share) => {
                Ratio(u128::from(seen.load) * all, u128::from(replicas) * u128::from(workers) * u128::from(share.parts()))
            }
            Target::Queue(length) => Ratio(u128::from(seen.load), u128::from(replicas) * u128::from(length)),
        };
        let ratio = over(seen.ready);
        let unready = present.wanted.saturating_sub(present.ready);
        if unready == 0 || !ratio.is_above_one() {
            return if ratio.is_near_one(self.tolerance) { present.wanted } else { ratio.times(present.ready) };
        }
        // Growing: whoever is not ready yet will do his part, and has nothing to do so far.
        let spread = over(seen.ready + u64::from(unready) * seen.looks);
        if spread.is_near_one(self.tolerance) || !spread.is_above_one() {
            return present.wanted;
        }
        spread.times(present.wanted).max(present.wanted)
    }

    /// How many replicas there are to be, when so many are right now.
    pub fn decide(&self, memory: &mut ScalerMemory, right: u32, wanted: u32, now: SimTime) -> u32 {
        let window = self.stabilisation_up.max(self.stabilisation_down);
        if memory.right.is_empty() {
            memory.right.push_back((SimTime::ZERO, wanted));
        }
        memory.right.push_back((now, right));
        while memory.right.front().is_some_and(|(at, _)| now.saturating_since(*at) > window) {
            memory.right.pop_front();
        }
        let within =
            |window: SimDuration| memory.right.iter().filter(move |(at, _)| now.saturating_since(*at) <= window).map(|(_, right)| *right);
        let least = within(self.stabilisation_up).min().unwrap_or(right);
        let most = within(self.stabilisation_down).max().unwrap_or(right);
        let rests = |since: Option<SimTime>, rest: SimDuration| since.is_some_and(|since| now.saturating_since(since) < rest);
        // As Kubernetes has it unless told otherwise: by no more than its size or four at a time, whichever is more.
        let fastest = wanted.saturating_add(wanted.max(4));
        let mut decided = wanted;
        if least > wanted && !rests(memory.grew, self.cooldown_up) {
            decided = least.min(fastest);
        } else if most < wanted && !rests(memory.changed, self.cooldown_down) {
            decided = most;
        }
        let decided = decided.clamp(self.min, self.max);
        if decided != wanted {
            memory.changed = Some(now);
        }
        if decided > wanted {
            memory.grew = Some(now);
        }
        decided
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("start_up", self.start_up.check()).collect();
        if self.min == 0 || self.min > self.max || self.max > 10_000 {
            let sentence =
                format!("there are between 1 and 10000 replicas, and no fewer at most than at least; not {} to {}", self.min, self.max);
            complaints.push(complaint("min", sentence));
        }
        match self.target {
            Target::Utilisation(share) | Target::Occupancy(share) if share == Share::NONE => {
                complaints.push(complaint("target", "no number of replicas has nothing to do; write a share such as \"60%\""));
            }
            Target::Queue(0) => {
                complaints.push(complaint("target", "no number of replicas keeps a queue empty; write a length of at least 1"));
            }
            Target::Utilisation(_) | Target::Occupancy(_) | Target::Queue(_) => {}
        }
        if self.every < SimDuration::from_nanos(u64::from(LOOKS)) {
            complaints.push(complaint("every", "a loop takes time; write one such as \"15s\""));
        }
        complaints
    }
}

impl Scaler {
    /// The control loop.
    pub const fn loops(&self) -> &Autoscale {
        match self {
            Self::Autoscale(autoscale) => autoscale,
        }
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        self.loops().check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaler(target: Target) -> Autoscale {
        Autoscale {
            min: 1,
            max: 100,
            target,
            every: fifteen_seconds(),
            start_up: Distribution::Constant(SimDuration::ZERO),
            tolerance: ten_percent(),
            stabilisation_up: SimDuration::ZERO,
            stabilisation_down: five_minutes(),
            cooldown_up: SimDuration::ZERO,
            cooldown_down: SimDuration::ZERO,
            drain: half_a_minute(),
            gone: WhileDown::Silence,
        }
    }

    /// Replicas of ten workers of which so many percent are at work, seen once.
    fn right(wanted: u32, ready: u32, percent: u64) -> u32 {
        let seen = Seen { load: u64::from(ready) * percent, ready: 10 * u64::from(ready), looks: 10 };
        scaler(Target::Utilisation(Share::percent(50))).right(seen, Present { wanted, ready }, 10)
    }

    #[test]
    fn the_right_number_is_that_of_now_times_how_much_too_much_they_have_rounded_up() {
        // The documentation's own: twice as much as there should be doubles them, half as much halves them.
        assert_eq!((right(3, 3, 100), right(4, 4, 25)), (6, 2));
        // 3 * 70 / 50 = 4.2; 7 * 20 / 50 = 2.8.
        assert_eq!((right(3, 3, 70), right(7, 7, 20)), (5, 3));
        // 50 replicas at 90 % of what should be 75 %.
        let at_75 = scaler(Target::Utilisation(Share::percent(75)));
        assert_eq!(at_75.right(Seen { load: 50 * 9, ready: 50, looks: 1 }, Present { wanted: 50, ready: 50 }, 10), 60);
        let queue = scaler(Target::Queue(5));
        assert_eq!(queue.right(Seen { load: 47, ready: 4, looks: 1 }, Present { wanted: 4, ready: 4 }, 10), 10);
    }

    #[test]
    fn a_tenth_more_or_less_changes_nothing() {
        assert_eq!((right(10, 10, 55), right(10, 10, 45), right(10, 10, 50)), (10, 10, 10));
        assert_eq!((right(10, 10, 56), right(10, 10, 44)), (12, 9));
    }

    #[test]
    fn who_is_not_ready_counts_as_idle_where_the_fleet_would_grow_and_not_where_it_would_shrink() {
        // Two of four are ready and have twice what they should: with four of them it is just right.
        assert_eq!(right(4, 2, 100), 4);
        // Three of four at 100 %: 75 % of what should be 50 %, for four.
        assert_eq!(right(4, 3, 100), 6);
        // Those that are ready have too little: three of four could do with two.
        assert_eq!(right(4, 3, 25), 2);
        // Nobody is ready: nothing is known.
        assert_eq!(right(4, 0, 0), 4);
    }

    fn decisions(scaler: &Autoscale, rights: &[(u64, u32)], from: u32) -> Vec<u32> {
        let (mut memory, mut wanted) = (ScalerMemory::default(), from);
        let mut decide = |&(at, right): &(u64, u32)| {
            wanted = scaler.decide(&mut memory, right, wanted, SimTime::from_nanos(at * 1_000_000_000));
            wanted
        };
        rights.iter().map(&mut decide).collect()
    }

    #[test]
    fn a_fleet_shrinks_to_the_most_that_was_right_in_five_minutes_and_grows_at_once() {
        let scaler = scaler(Target::Queue(1));
        assert_eq!(decisions(&scaler, &[(15, 8), (30, 3), (200, 4), (315, 3), (331, 3), (501, 3)], 6), [8, 8, 8, 8, 4, 3]);
        // What there was at the begin counts as right then.
        assert_eq!(decisions(&scaler, &[(15, 2), (300, 2), (301, 2)], 6), [6, 6, 2]);
    }

    #[test]
    fn a_fleet_grows_by_no_more_than_its_size_or_four_at_a_time() {
        assert_eq!(decisions(&scaler(Target::Queue(1)), &[(15, 90), (30, 90), (45, 90), (60, 90), (75, 200)], 2), [6, 12, 24, 48, 96]);
        assert_eq!(decisions(&Autoscale { max: 20, ..scaler(Target::Queue(1)) }, &[(15, 90), (30, 90), (45, 90)], 8), [16, 20, 20]);
    }

    #[test]
    fn after_a_change_it_rests_as_long_as_it_is_told_to() {
        let secs = SimDuration::from_secs;
        let rests = Autoscale {
            cooldown_up: secs(60),
            cooldown_down: secs(100),
            stabilisation_down: SimDuration::ZERO,
            ..scaler(Target::Queue(1))
        };
        assert_eq!(
            decisions(&rests, &[(15, 4), (30, 6), (75, 6), (90, 2), (170, 2), (175, 2), (200, 1), (275, 1)], 2),
            [4, 4, 6, 6, 6, 2, 2, 1]
        );
    }
}
