//! When may faults strike at all, whom, and what stops them?
//!
//! An experiment surrounds the faults of a scenario ("Principles of Chaos Engineering", principlesofchaos.org): a hypothesis
//! about the steady state has to hold before anything strikes, else nothing does; a blast radius limits whom strikes hit, and
//! may grow in steps; an abort condition lifts everything at once; at its end everything is lifted in any case; and then the
//! hypothesis is asked again. What it decides depends on the run: draws are the same in every arm, instants are not.

use super::{PlannedFault, Storm, Trigger};
use crate::measure::Bin;
use crate::plan::Clockwork;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Rate, Share};

/// An experiment, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// When the hypothesis is judged: what strikes, strikes later.
    pub from: SimDuration,
    /// How long faults may strike; then everything that is still on is lifted.
    pub lasts: SimDuration,
    /// What the steady state is; all of it has to hold.
    pub hypothesis: Vec<Claim>,
    /// The hypothesis speaks of so much time: before `from`, and before the horizon.
    pub over: SimDuration,
    /// Any of these, judged at the end of each whole time bin, lifts everything at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort: Vec<Trigger>,
    /// The share of its members that a strike may hit: one for each step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blast_radius: Vec<Share>,
    /// How long a step of the blast radius takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<SimDuration>,
}

/// Something that is true of a system in its steady state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "claim", deny_unknown_fields)]
pub enum Claim {
    /// Of the client calls that ended so large a share succeeded, and at least one ended.
    Availability {
        /// The share.
        at_least: Share,
    },
    /// So many client calls ended in success.
    Goodput {
        /// The rate.
        at_least: Rate,
    },
}

impl Claim {
    fn holds(&self, sum: &Bin, length: SimDuration) -> bool {
        match self {
            Self::Availability { at_least } => {
                let ended = u128::from(sum.completed + sum.failed);
                ended > 0 && u128::from(sum.completed) * u128::from(Share::ALL.parts()) >= u128::from(at_least.parts()) * ended
            }
            Self::Goodput { at_least } => sum.completed as f64 >= at_least.per_second_f64() * length.as_secs_f64(),
        }
    }
}

/// The members that strikes may hit, by the time of the strike.
#[derive(Clone, Debug)]
pub(super) struct BlastRadius {
    from: SimTime,
    step: SimDuration,
    shares: Vec<Share>,
}

impl BlastRadius {
    /// How many of so many members a strike at this instant may hit: at least one.
    pub(super) fn of(&self, members: usize, at: SimTime) -> usize {
        let step = (at.saturating_since(self.from).as_nanos() / self.step.as_nanos().max(1)) as usize;
        let share = self.shares.get(step).or(self.shares.last()).copied().unwrap_or(Share::ALL);
        let parts = u128::from(share.parts()) * members as u128;
        parts.div_ceil(u128::from(Share::ALL.parts())).max(1) as usize
    }
}

impl Experiment {
    /// When everything is lifted.
    pub const fn end(&self) -> SimDuration {
        self.from.saturating_add(self.lasts)
    }

    /// Whether all of the hypothesis holds for what was counted in so much time.
    pub(crate) fn holds(&self, sum: &Bin) -> bool {
        self.hypothesis.iter().all(|claim| claim.holds(sum, self.over))
    }

    pub(super) fn blast_radius(&self) -> Option<BlastRadius> {
        let step = self.step.unwrap_or(SimDuration::MAX);
        (!self.blast_radius.is_empty()).then(|| BlastRadius {
            from: SimTime::ZERO.saturating_add(self.from),
            step,
            shares: self.blast_radius.clone(),
        })
    }

    /// Everything wrong with it as written, around these faults; faults that strike too early by their position.
    pub fn check(&self, faults: &[PlannedFault], storm: Option<&Storm>, times: &Clockwork) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |wrong: bool, field: &str, sentence: String| {
            if wrong {
                complaints.push(complaint(&format!("experiment.{field}"), sentence));
            }
        };
        let whole = |length: SimDuration| times.bin.is_zero() || (length % times.bin).is_zero();
        refuse(self.hypothesis.is_empty(), "hypothesis", "nothing is claimed; write Availability(at_least: \"99%\")".to_owned());
        refuse(!whole(self.from), "from", format!("it must be a whole number of bins ({}): measures are judged at their ends", times.bin));
        refuse(
            !whole(self.lasts) || self.lasts.is_zero(),
            "lasts",
            format!("it must be a whole number of bins ({}), and above zero", times.bin),
        );
        refuse(
            !whole(self.over) || self.over.is_zero(),
            "over",
            format!("it must be a whole number of bins ({}), and above zero", times.bin),
        );
        refuse(self.over > self.from, "over", format!("the hypothesis speaks of {}, and only {} have passed then", self.over, self.from));
        let last = self.end().saturating_add(self.over);
        let sentence =
            format!("the hypothesis is asked again over {} after {}, and the horizon is {}", self.over, self.end(), times.horizon);
        refuse(last > times.horizon, "lasts", sentence);
        for (index, trigger) in self.abort.iter().enumerate() {
            let field = format!("abort[{index}]");
            refuse(
                !trigger.is_measured(),
                &field,
                "an experiment is aborted by a measure, such as AvailabilityBelow(share: \"50%\")".to_owned(),
            );
            if let Some(wrong) = trigger.check() {
                refuse(true, &format!("{field}.{}", wrong.field), wrong.message);
            }
        }
        let grows = self.blast_radius.windows(2).all(|pair| pair[0] < pair[1]);
        refuse(
            !grows || self.blast_radius.first() == Some(&Share::NONE),
            "blast_radius",
            "it grows from step to step, from above 0%".to_owned(),
        );
        let steps = self.blast_radius.len().max(1) as u64;
        match self.step {
            None => refuse(steps > 1, "blast_radius", "how long does each step take? Write step: \"30s\"".to_owned()),
            Some(step) => {
                refuse(steps < 2, "step", "`step` belongs to a `blast_radius` of several shares".to_owned());
                refuse(step.is_zero(), "step", "a step takes time".to_owned());
                let late = step.saturating_mul(steps - 1) >= self.lasts;
                refuse(late, "step", format!("the last of {steps} steps of {step} would begin after the experiment ({})", self.lasts));
            }
        }
        refuse(faults.is_empty() && storm.is_none(), "from", "there is no fault to be tried".to_owned());
        refuse(storm.is_some_and(|storm| storm.from <= self.from), "from", "the storm begins before the hypothesis is judged".to_owned());
        for (index, fault) in faults.iter().enumerate() {
            let at = fault.timing.at.unwrap_or_default();
            if at <= self.from {
                let sentence = format!("it may strike from {at} on, and the hypothesis is judged at {}; write a later `at`", self.from);
                complaints.push(complaint(&format!("faults[{index}].at"), sentence));
            }
        }
        complaints
    }
}
