//! Whom can callers of a service find, and as of when?
//!
//! A service whose replicas come and go keeps a list of those that callers may be sent to. Callers look at it every so often, each at
//! instants of its own, and go by what they saw last: whom it names may be gone, and who is new is not called yet.

use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// The lists of one service, as far back as anybody may still go by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// How often callers look; always, if it is no time.
    refresh: SimDuration,
    /// From when on which replicas were listed, in rising order; the last list is the present one.
    versions: VecDeque<(SimTime, Vec<u32>)>,
}

impl Directory {
    /// A directory that lists these replicas, in rising order, from the begin.
    pub fn new(refresh: SimDuration, listed: Vec<u32>) -> Self {
        Self { refresh, versions: VecDeque::from([(SimTime::ZERO, listed)]) }
    }

    /// Who is listed now.
    pub fn listed(&self) -> &[u32] {
        let (_, listed) = self.versions.back().expect("a directory always has a list");
        listed
    }

    /// Lists a replica, or takes it off the list. Answers whether that changed anything.
    pub fn set(&mut self, replica: u32, is_listed: bool, now: SimTime) -> bool {
        let mut listed = self.listed().to_vec();
        match (listed.binary_search(&replica), is_listed) {
            (Err(place), true) => listed.insert(place, replica),
            (Ok(place), false) => drop(listed.remove(place)),
            _ => return false,
        }
        self.versions.push_back((now, listed));
        // The list that was the present one when the last caller looked may still be gone by.
        let oldest = SimTime::ZERO + now.since_start().saturating_sub(self.refresh);
        while self.versions.get(1).is_some_and(|(since, _)| *since <= oldest) {
            self.versions.pop_front();
        }
        true
    }

    /// Whether callers look only every so often.
    pub const fn is_stale(&self) -> bool {
        !self.refresh.is_zero()
    }

    /// Whom a caller knows that looks at instants of its own, as `phase` has it. What changes at the very instant is seen.
    pub fn known(&self, phase: Draw, now: SimTime) -> &[u32] {
        if self.refresh.is_zero() {
            return self.listed();
        }
        let since = now.since_start().saturating_add(phase.below(self.refresh));
        let age = since - self.refresh * (since / self.refresh);
        let looked = SimTime::ZERO + now.since_start().saturating_sub(age);
        let seen = self.versions.partition_point(|(since, _)| *since <= looked);
        &self.versions[seen.saturating_sub(1)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::draw::{Key, Seed};

    const fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    fn phase(nth: u64) -> Draw {
        Seed::new(1).draws(Key::named("caller").child(nth), 0).wait()
    }

    #[test]
    fn callers_that_always_look_know_the_present_list() {
        let mut directory = Directory::new(SimDuration::ZERO, vec![0, 1]);
        assert!(directory.set(2, true, at(5)) && directory.set(0, false, at(5)) && !directory.set(0, false, at(6)));
        assert_eq!((directory.known(phase(0), at(5)), directory.versions.len()), (&[1, 2][..], 1));
    }

    #[test]
    fn a_caller_goes_by_what_it_saw_last_for_no_longer_than_the_time_between_two_looks() {
        let refresh = SimDuration::from_secs(30);
        let mut directory = Directory::new(refresh, vec![0, 1]);
        directory.set(1, false, at(100));
        // Each looks once in 30 s: of very many callers, who look at any time, a third have done so 10 s after the change.
        let (callers, knows) = (3_000, |nth: &u64, at: SimTime| directory.known(phase(*nth), at) == [0]);
        let knowing = (0..callers).filter(|nth| knows(nth, at(110))).count();
        assert!((900..1_100).contains(&knowing), "{knowing}");
        for nth in 0..callers {
            let seen: Vec<bool> = (100..=130).map(|second| knows(&nth, at(second))).collect();
            assert!(seen.is_sorted() && seen[30], "nobody forgets, and after 30 s everybody knows");
        }
        assert!((0..callers).all(|nth| !knows(&nth, at(99))));
    }

    #[test]
    fn lists_that_nobody_goes_by_are_forgotten() {
        let mut directory = Directory::new(SimDuration::from_secs(30), vec![0]);
        for second in 1..1_000 {
            directory.set(1, second % 2 == 1, at(second));
        }
        assert!(directory.versions.len() <= 32, "{}", directory.versions.len());
    }
}
