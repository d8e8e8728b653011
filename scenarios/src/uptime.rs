//! For what share of time are so many members of a service or group up?
//!
//! Own definition. Time is counted from the warm-up to the horizon of every run; a member is up unless a fault says that it
//! is down. Calls have no part in it: this is what the theory of repairable systems speaks of.

use crate::expect::{Judged, Limits, Quotient, Runs, between};
use crate::problem::{Problem, one_of};
use models::faults::Pick;
use models::measure::RunMeasures;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Bounds of the share of time, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UptimeBounds {
    /// The service or group.
    pub of: String,
    /// How many of its members are up at least.
    pub members: Quorum,
    /// The share of time is not below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Share>,
    /// The share of time is not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Share>,
    /// The arms it speaks of; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// So many members, or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quorum {
    /// One: members in parallel.
    One,
    /// More than half.
    Majority,
    /// All: members in series.
    All,
    /// So many.
    Count(u32),
}

impl Quorum {
    /// How many of `all` that is.
    pub fn of(self, all: u32) -> u32 {
        match self {
            Self::One => 1,
            Self::Majority => Pick::Majority.of(all as usize) as u32,
            Self::All => all,
            Self::Count(count) => count,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::One => "one member".to_owned(),
            Self::Majority => "a majority".to_owned(),
            Self::All => "all members".to_owned(),
            Self::Count(count) => format!("{count} members"),
        }
    }
}

impl UptimeBounds {
    /// What is missing in it, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.at_least.is_none() && self.at_most.is_none() {
            return Err("nothing is expected; write `at_least: \"99.9%\"` or `at_most: \"1%\"`".to_owned());
        }
        if self.members == Quorum::Count(0) {
            return Err("at least no member is always up; count from 1".to_owned());
        }
        Ok(())
    }

    /// What is wrong with what it speaks of, where there are these services and groups.
    pub(crate) fn unknown(&self, fleets: &[(String, u32)]) -> Option<Problem> {
        let Some((_, members)) = fleets.iter().find(|(name, _)| *name == self.of) else {
            let listed: Vec<String> = fleets.iter().map(|(name, _)| format!("`{name}`")).collect();
            let problem = Problem::new(format!("no service or group is called `{}`", self.of));
            let problem = problem.expected(one_of(listed.iter().map(String::as_str)));
            return Some(problem.suggest(&self.of, fleets.iter().map(|(name, _)| name.as_str())));
        };
        let wanted = self.members.of(*members);
        (wanted > *members).then(|| Problem::new(format!("`{}` has {members} members, never {wanted} of them", self.of)))
    }

    pub(crate) fn judge(&self, runs: &Runs<'_>) -> Judged {
        let bounds = between(self.at_least, self.at_most, runs.numbers);
        let clause = format!("share of time that {} of {} are up {bounds}", self.members.in_words(), self.of);
        let up = |run: &RunMeasures| {
            let uptime = run.up.iter().find(|uptime| uptime.of == self.of);
            uptime.map_or((0, 0), |uptime| uptime.at_least(self.members.of(uptime.members)))
        };
        let pair = |(seed, run): &(u64, &RunMeasures)| {
            let (part, whole) = up(run);
            (*seed, part as f64, whole as f64)
        };
        let nothing = "without a fault every member is up all the time, and nothing is counted";
        let quotient = Quotient::share(runs.iter().map(pair).collect(), "", nothing).said(|share| format!("{:.5}%", 100.0 * share));
        let limits = Limits { at_least: self.at_least.map(Share::as_f64), at_most: self.at_most.map(Share::as_f64) };
        quotient.judge(clause, limits, runs.numbers)
    }
}
