//! When do members fail that age, are repaired, and age again, and when is their repair done?
//!
//! Each member is an alternating renewal process of its own. What a member draws belongs to it and to the ordinal of its
//! failure: how long it lives and how long its repair takes depend on no other member. Only the wait for a repair crew
//! does, where there are fewer crews than members (the machine-repair problem, D. Gross and C. Harris, "Fundamentals of
//! Queueing Theory", chapter 2).

use sim_core::draw::{Key, Seed};
use sim_core::sample::Sampler;
use sim_core::time::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::MOST_STRIKES;

/// A renewal process with its distributions compiled.
#[derive(Clone, Debug)]
pub(super) struct RenewalPlan {
    /// When every member begins to age.
    pub(super) from: SimTime,
    pub(super) to_failure: Sampler,
    pub(super) to_repair: Sampler,
    /// How many members are repaired at the same time at most.
    pub(super) crews: usize,
}

/// A member that failed, and when it worked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) member: usize,
    /// The how-manieth failure of this member, from 0.
    pub(super) ordinal: u64,
    pub(super) failed: SimTime,
    pub(super) repaired: SimTime,
}

impl RenewalPlan {
    /// All failures before the horizon, in order of time. Whoever fails while all crews are busy waits for the crew that is
    /// free first, behind those that failed before.
    pub(super) fn failures(&self, seed: &Seed, keys: &[Key], horizon: SimTime) -> Vec<Failure> {
        let draws = |member: usize, ordinal: u64| seed.draws(keys[member].child(ordinal), u32::MAX);
        let life = |member: usize, ordinal: u64| self.to_failure.sample(draws(member, ordinal).wait()).max(SimDuration::NANOSECOND);
        let mut next: BinaryHeap<_> =
            (0..keys.len()).map(|member| Reverse((self.from.saturating_add(life(member, 0)), member, 0_u64))).collect();
        let mut busy: BinaryHeap<Reverse<SimTime>> = BinaryHeap::new();
        let mut all = Vec::new();
        while let Some(Reverse((failed, member, ordinal))) = next.pop() {
            if failed >= horizon {
                break;
            }
            assert!(all.len() < 4 * MOST_STRIKES, "a renewal fault strikes several times as often as its check expected");
            while busy.peek().is_some_and(|free| free.0 <= failed) {
                busy.pop();
            }
            let begins = if busy.len() < self.crews { failed } else { busy.pop().map_or(failed, |free| free.0) };
            let repair = self.to_repair.sample(draws(member, ordinal).demand()).max(SimDuration::NANOSECOND);
            let repaired = begins.saturating_add(repair);
            if self.crews < keys.len() {
                busy.push(Reverse(repaired));
            }
            all.push(Failure { member, ordinal, failed, repaired });
            next.push(Reverse((repaired.saturating_add(life(member, ordinal + 1)), member, ordinal + 1)));
        }
        all
    }

    /// How many failures so many members are expected to have before the horizon. Lengths are cut at the time there is: a
    /// heavy tail has a large mean and yet many short lives (K. B. Erickson, "Strong renewal theorems with infinite mean",
    /// 1970). The means are those of a thousand draws, always the same.
    pub(super) fn expected(&self, members: usize, horizon: SimTime) -> f64 {
        const DRAWS: u64 = 1_000;
        let time = horizon.saturating_since(self.from).as_secs_f64();
        let (seed, key) = (Seed::new(0), Key::named("expected strikes"));
        let (mut cycles, mut repairs) = (0.0, 0.0);
        for ordinal in 0..DRAWS {
            let draws = seed.draws(key.child(ordinal), u32::MAX);
            let repair = self.to_repair.sample(draws.demand()).max(SimDuration::NANOSECOND).as_secs_f64();
            let life = self.to_failure.sample(draws.wait()).max(SimDuration::NANOSECOND).as_secs_f64();
            cycles += (life + repair).min(time);
            repairs += repair.min(time);
        }
        if time <= 0.0 {
            return 0.0;
        }
        let by_members = members as f64 * time * DRAWS as f64 / cycles;
        // Crews that are busy all the time repair no faster than this, and then all the members wait.
        let by_crews = members as f64 + self.crews as f64 * time * DRAWS as f64 / repairs;
        by_members.min(by_crews)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::sample::Distribution;

    fn plan(to_failure: Distribution, to_repair: Distribution, crews: usize) -> RenewalPlan {
        RenewalPlan { from: SimTime::ZERO, to_failure: to_failure.compile(), to_repair: to_repair.compile(), crews }
    }

    fn keys(names: &[&str]) -> Vec<Key> {
        names.iter().map(|name| Key::named(name)).collect()
    }

    const fn s(secs: u64) -> SimDuration {
        SimDuration::from_secs(secs)
    }

    fn seconds(failures: &[Failure]) -> Vec<(usize, u64, u64)> {
        let second = |at: SimTime| at.as_nanos() / 1_000_000_000;
        failures.iter().map(|one| (one.member, second(one.failed), second(one.repaired))).collect()
    }

    #[test]
    fn one_crew_repairs_in_the_order_of_failure_and_the_others_wait() {
        let plan = plan(Distribution::Constant(s(10)), Distribution::Constant(s(4)), 1);
        let failures = plan.failures(&Seed::new(1), &keys(&["a", "b", "c"]), SimTime::ZERO + s(30));
        // All fail at 10; a is repaired 10..14, b 14..18, c 18..22; a fails again at 24, b at 28.
        assert_eq!(seconds(&failures), [(0, 10, 14), (1, 10, 18), (2, 10, 22), (0, 24, 28), (1, 28, 32)]);
    }

    #[test]
    fn two_crews_take_the_first_two_and_whoever_is_free_first_takes_the_next() {
        let plan = plan(Distribution::Constant(s(10)), Distribution::Constant(s(4)), 2);
        let failures = plan.failures(&Seed::new(1), &keys(&["a", "b", "c", "d", "e"]), SimTime::ZERO + s(24));
        assert_eq!(seconds(&failures), [(0, 10, 14), (1, 10, 14), (2, 10, 18), (3, 10, 18), (4, 10, 22)]);
    }

    #[test]
    fn as_many_crews_as_members_are_no_limit() {
        let with = |crews| {
            let lives = Distribution::Exponential { mean: s(10) };
            plan(lives.clone(), lives, crews).failures(&Seed::new(7), &keys(&["a", "b", "c"]), SimTime::ZERO + s(1_000))
        };
        assert!(with(3).len() > 100);
        assert_eq!(with(3), with(usize::MAX));
        assert_ne!(with(3), with(2));
    }

    #[test]
    fn without_a_limit_of_crews_a_member_fails_at_the_same_times_whoever_else_there_is() {
        let lives = Distribution::Exponential { mean: s(10) };
        let plan = plan(lives.clone(), lives, usize::MAX);
        let of = |names: &[&str], wanted: &str| {
            let failures = plan.failures(&Seed::new(3), &keys(names), SimTime::ZERO + s(500));
            let mine = failures.iter().filter(|one| names[one.member] == wanted);
            mine.map(|one| (one.ordinal, one.failed, one.repaired)).collect::<Vec<_>>()
        };
        assert!(of(&["a"], "a").len() > 10);
        assert_eq!(of(&["a"], "a"), of(&["c", "b", "a"], "a"));
        assert_eq!(of(&["a", "b"], "b"), of(&["c", "b"], "b"));
    }

    #[test]
    fn with_a_crew_for_all_what_a_member_draws_is_its_own_and_only_its_wait_is_not() {
        let lives = Distribution::Exponential { mean: s(10) };
        let length = |crews, name: &str, others: &[&str]| {
            let names = [&[name], others].concat();
            let failures = plan(lives.clone(), lives.clone(), crews).failures(&Seed::new(3), &keys(&names), SimTime::ZERO + s(100_000));
            let mine: Vec<Failure> = failures.into_iter().filter(|one| one.member == 0).collect();
            // From one repair to the next failure: a life, which no queue can change.
            mine.windows(2).map(|pair| pair[1].failed - pair[0].repaired).take(20).collect::<Vec<_>>()
        };
        assert_eq!(length(usize::MAX, "a", &[]), length(1, "a", &["b", "c"]));
    }

    #[test]
    fn what_is_expected_is_what_happens_within_a_tenth() {
        let lives = |mean| Distribution::Exponential { mean: s(mean) };
        let heavy = Distribution::Pareto { scale: SimDuration::from_millis(1), shape: 1.001 };
        let three = keys(&["a", "b", "c"]);
        let horizon = SimTime::ZERO + s(60_000);
        for plan in [plan(lives(90), lives(10), 3), plan(lives(10), lives(10), 1)] {
            let (expected, seen) = (plan.expected(3, horizon), plan.failures(&Seed::new(5), &three, horizon).len() as f64);
            assert!((expected / seen - 1.0).abs() < 0.1, "{expected} expected, {seen} seen");
        }
        // The mean of this one is a second, and yet it strikes more than a hundred times as often.
        let plan = plan(heavy, Distribution::Constant(SimDuration::NANOSECOND), 1);
        let short = SimTime::ZERO + s(60);
        let (expected, seen) = (plan.expected(1, short), plan.failures(&Seed::new(5), &three[..1], short).len() as f64);
        assert!(seen > 1_000.0 && (0.4..2.5).contains(&(expected / seen)), "{expected} expected, {seen} seen");
    }
}
