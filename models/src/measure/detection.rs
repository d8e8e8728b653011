//! How soon after a fault has begun does anything react to it?
//!
//! A *reaction* is something that a part of the system does or decides because it has noticed something: not a single health check that
//! fails, but the replica that is left out because of it. Detection is the time from the begin of an episode to the first reaction. What
//! happens after service is back, or after the next episode has begun, is no reaction to this one: then it was not detected, which is
//! no number. That a reaction comes first does not say that the fault was its cause; what reacts without one will sometimes be early.

use super::{Episode, Recovery};
use crate::faults::{AnyFault, Strike};
use crate::ids::FaultId;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// What a part of the system does because it has noticed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reaction {
    /// A breaker opened.
    BreakerOpened,
    /// A layer of its callers left a replica out.
    ReplicaEjected,
    /// A replica was taken off the list of those that are there.
    ReplicaUnlisted,
    /// An orchestrator killed a replica.
    ReplicaKilled,
    /// An orchestrator started a replica again.
    ReplicaRestarted,
    /// An orchestrator took a machine for lost.
    MachineLost,
    /// A replica was added.
    ReplicaAdded,
    /// A follower took the place of its primary.
    FollowerPromoted,
    /// A pipeline took a deploy back.
    DeployRolledBack,
    /// Somebody pulled a lever.
    LeverPulled,
    /// An alert fired.
    AlertFired,
    /// A member of a group suspected another.
    MemberSuspected,
    /// A member of a group leads from now on.
    LeaderChanged,
    /// A member of a group found its storage damaged.
    DamageFound,
}

impl Reaction {
    /// The reaction that is announced by this name, if it is one.
    fn announced(event: &str) -> Option<Self> {
        Some(match event {
            "BreakerOpened" => Self::BreakerOpened,
            "ReplicaEjected" => Self::ReplicaEjected,
            "ReplicaKilled" => Self::ReplicaKilled,
            "ReplicaRestarted" => Self::ReplicaRestarted,
            "MachineLost" => Self::MachineLost,
            "ScaledOut" => Self::ReplicaAdded,
            "Suspects" => Self::MemberSuspected,
            "Holds" | "LeaderElected" => Self::LeaderChanged,
            "FindsDamaged" | "FindsMissing" | "DropsTorn" => Self::DamageFound,
            _ => return None,
        })
    }

    /// The same in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::BreakerOpened => "a breaker opened",
            Self::ReplicaEjected => "a replica was left out by its callers",
            Self::ReplicaUnlisted => "a replica was taken off the list of those that are there",
            Self::ReplicaKilled => "a replica was killed",
            Self::ReplicaRestarted => "a replica was restarted",
            Self::MachineLost => "a machine was taken for lost",
            Self::ReplicaAdded => "a replica was added",
            Self::FollowerPromoted => "a follower took over",
            Self::DeployRolledBack => "a deploy was rolled back",
            Self::LeverPulled => "a lever was pulled",
            Self::AlertFired => "an alert fired",
            Self::MemberSuspected => "a member was suspected",
            Self::LeaderChanged => "another member leads",
            Self::DamageFound => "damaged storage was found",
        }
    }
}

/// What came first after an episode of faults had begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// When the first fault of the episode began.
    pub begin: SimTime,
    /// How long after that the first reaction came, if one did.
    pub after: Option<SimDuration>,
    /// What it was, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Reaction>,
    /// How long after the begin it was looked for at most.
    pub watched: SimDuration,
}

/// The first reaction after the begin of each fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reactions {
    /// When faults began, in order of time, and the first reaction after each.
    begun: Vec<(SimTime, Option<(SimTime, Reaction)>)>,
    /// From here on there has been no reaction yet.
    waiting: usize,
    /// The faults that are no misfortune but what is done about one; none if there are none.
    levers: Vec<FaultId>,
}

impl Reactions {
    pub(super) fn new(plan: &Plan) -> Self {
        let faults = (0..).map(FaultId).zip(&plan.faults);
        let levers = faults.filter(|(_, fault)| matches!(fault.fault, AnyFault::EmergencyLever(_))).map(|(id, _)| id);
        Self { levers: levers.collect(), ..Self::default() }
    }

    /// Whether a fault is what is done about others.
    pub(super) fn is_lever(&self, fault: FaultId) -> bool {
        self.levers.contains(&fault)
    }

    /// A strike begins.
    pub(crate) fn strike_begins(&mut self, fault: FaultId, now: SimTime) {
        if self.is_lever(fault) {
            return self.reacts(Reaction::LeverPulled, now);
        }
        self.begun.push((now, None));
    }

    /// Something was announced by this name.
    pub(crate) fn hears(&mut self, event: &str, now: SimTime) {
        if self.waiting < self.begun.len()
            && let Some(reaction) = Reaction::announced(event)
        {
            self.reacts(reaction, now);
        }
    }

    /// Something reacts.
    pub(crate) fn reacts(&mut self, reaction: Reaction, now: SimTime) {
        self.begun[self.waiting..].iter_mut().for_each(|begun| begun.1 = Some((now, reaction)));
        self.waiting = self.begun.len();
    }

    /// What came first after each episode; an episode in which nothing but levers was pulled has nothing to be detected.
    pub(super) fn finish(&self, misfortunes: &Misfortunes, episodes: &[Episode], horizon: SimTime) -> Vec<Detection> {
        let mut detections = Vec::new();
        for (index, episode) in episodes.iter().enumerate() {
            let next = episodes.get(index + 1).map_or(horizon, |next| next.begin.min(horizon));
            let [(first, _), ..] = misfortunes.begun_in(episode.begin, next) else { continue };
            let lasts = misfortunes.begun_in(episode.begin, next).iter().any(|(_, end)| end.is_none());
            let until = watched_until(episode, lasts, next);
            let known = self.begun.get(self.begun.partition_point(|(begin, _)| begin < first));
            let reaction = known.and_then(|(_, reaction)| *reaction).filter(|(at, _)| *at <= until);
            detections.push(Detection {
                begin: *first,
                after: reaction.map(|(at, _)| at.saturating_since(*first)),
                by: reaction.map(|(_, by)| by),
                watched: until.saturating_since(*first),
            });
        }
        detections
    }
}

/// The faults of a run, without what is done about them, by their begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Misfortunes {
    /// Begin, and end if they ever end.
    windows: Vec<(SimTime, Option<SimTime>)>,
    /// When the last of the faults up to each of them is over; never, if one of them lasts.
    over: Vec<Option<SimTime>>,
}

impl Misfortunes {
    /// Those among the strikes of a run.
    pub fn among(strikes: &[Strike], reactions: &Reactions) -> Self {
        let strikes = strikes.iter().filter(|strike| !reactions.is_lever(strike.fault));
        Self::new(strikes.map(|strike| (strike.begin, strike.end)).collect())
    }

    pub fn new(mut windows: Vec<(SimTime, Option<SimTime>)>) -> Self {
        windows.sort_unstable();
        let latest = |last: &mut Option<SimTime>, window: &(SimTime, Option<SimTime>)| {
            *last = last.zip(window.1).map(|(last, end)| last.max(end));
            Some(*last)
        };
        let over = windows.iter().scan(Some(SimTime::ZERO), latest).collect();
        Self { windows, over }
    }

    /// Begin and end of all of them.
    pub fn windows(&self) -> &[(SimTime, Option<SimTime>)] {
        &self.windows
    }

    /// Those that begin in a span of time, without its end.
    pub fn begun_in(&self, from: SimTime, until: SimTime) -> &[(SimTime, Option<SimTime>)] {
        let before = |limit: SimTime| self.windows.partition_point(|(begin, _)| *begin < limit);
        &self.windows[before(from)..before(until).max(before(from))]
    }

    /// Whether any was on at an instant, or over since no more than so long.
    pub fn are_on(&self, at: SimTime, within: SimDuration) -> bool {
        let begun = self.windows.partition_point(|(begin, _)| *begin <= at);
        begun > 0 && self.over[begun - 1].is_none_or(|over| at <= over.saturating_add(within))
    }
}

/// Until when a reaction to an episode may come: until service is back.
fn watched_until(episode: &Episode, lasts: bool, next: SimTime) -> SimTime {
    let until = match &episode.recovery {
        Recovery::Unharmed if lasts => next,
        Recovery::Unharmed => episode.end,
        Recovery::After(length) => episode.end.saturating_add(*length),
        Recovery::Censored(_) | Recovery::CutOff { .. } | Recovery::Undecided(_) => next,
    };
    until.min(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: u64) -> SimTime {
        SimTime::from_nanos(second * 1_000_000_000)
    }

    fn episode(begin: u64, end: u64, recovery: Recovery) -> Episode {
        Episode { begin: at(begin), end: at(end), recovery, ..Episode::default() }
    }

    /// A fault from 10 s to 20 s and one from 50 s to 60 s; service is back 5 s after each. Events by second and name.
    fn detected(events: &[(u64, &str)]) -> Vec<Option<u64>> {
        let mut reactions = Reactions::default();
        let mut begins = [10, 50].into_iter().peekable();
        for (second, event) in events {
            while begins.next_if(|begin| begin <= second).is_some_and(|begin| {
                reactions.strike_begins(FaultId(0), at(begin));
                true
            }) {}
            reactions.hears(event, at(*second));
        }
        begins.for_each(|begin| reactions.strike_begins(FaultId(0), at(begin)));
        let faults = Misfortunes::new(vec![(at(10), Some(at(20))), (at(50), Some(at(60)))]);
        let back = || Recovery::After(SimDuration::from_secs(5));
        let found = reactions.finish(&faults, &[episode(10, 20, back()), episode(50, 60, back())], at(100));
        found.iter().map(|one| one.after.map(|after| after.as_nanos() / 1_000_000_000)).collect()
    }

    #[test]
    fn the_first_reaction_after_the_begin_of_a_fault_detects_it_and_an_earlier_one_does_not() {
        assert_eq!(
            detected(&[(9, "BreakerOpened"), (12, "BreakerOpened"), (13, "ReplicaEjected"), (54, "ReplicaKilled")]),
            [Some(2), Some(4)]
        );
    }

    #[test]
    fn what_is_no_reaction_or_comes_after_service_is_back_detects_nothing() {
        assert_eq!(detected(&[(11, "BreakerClosed"), (12, "Appends")]), [None, None]);
        assert_eq!(detected(&[(25, "BreakerOpened"), (66, "BreakerOpened")]), [Some(15), None]);
    }

    #[test]
    fn of_faults_that_overlap_the_one_that_lasts_longest_says_when_none_is_on() {
        let faults = Misfortunes::new(vec![(at(30), Some(at(31))), (at(10), Some(at(40))), (at(50), None)]);
        let second = SimDuration::from_secs(1);
        assert_eq!([9, 10, 35, 41, 42, 50, 99].map(|now| faults.are_on(at(now), second)), [false, true, true, true, false, true, true]);
        assert_eq!(faults.begun_in(at(10), at(50)).len(), 2);
    }

    #[test]
    fn the_next_episode_ends_the_wait_for_a_reaction_to_this_one() {
        assert_eq!(detected(&[(51, "BreakerOpened")]), [None, Some(1)]);
    }
}
