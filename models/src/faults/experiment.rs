//! When may faults strike at all, whom, and what stops them?
//!
//! An experiment surrounds the faults of a scenario ("Principles of Chaos Engineering", principlesofchaos.org): a hypothesis
//! about the steady state has to hold before anything strikes, else nothing does; a blast radius limits whom strikes hit, and
//! may grow in steps; an abort condition lifts everything at once; at its end everything is lifted in any case; and then the
//! hypothesis is asked again. What it decides depends on the run: draws are the same in every arm, instants are not.

use super::{Member, PlannedFault, Storm, Trigger};
use crate::environment::{Effect, Within};
use crate::measure::{Bin, LatencySummary};
use crate::places::Places;
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
    #[serde(default, deserialize_with = "super::shares::one_or_several", skip_serializing_if = "Vec::is_empty")]
    pub blast_radius: Vec<Share>,
    /// The share of the clients whose calls faults may touch: one for each step. All unless said.
    #[serde(default, deserialize_with = "super::shares::one_or_several", skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Share>,
    /// The share of all calls that faults may touch: one for each step. All unless said.
    #[serde(default, deserialize_with = "super::shares::one_or_several", skip_serializing_if = "Vec::is_empty")]
    pub traffic: Vec<Share>,
    /// How long a step takes.
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
    /// Of the client calls that ended so small a share failed, and at least one ended.
    Failures {
        /// The share.
        at_most: Share,
    },
    /// The latency of the client calls that ended in success, from their intended start; at least one did.
    Latency {
        /// Half of them took no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p50: Option<SimDuration>,
        /// All but one in a hundred took no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p99: Option<SimDuration>,
    },
}

impl Claim {
    fn holds(&self, sum: &Bin, latency: &LatencySummary, length: SimDuration) -> bool {
        let ended = u128::from(sum.completed + sum.failed);
        let parts = |count: u64| u128::from(count) * u128::from(Share::ALL.parts());
        match self {
            Self::Availability { at_least } => ended > 0 && parts(sum.completed) >= u128::from(at_least.parts()) * ended,
            Self::Goodput { at_least } => sum.completed as f64 >= at_least.per_second_f64() * length.as_secs_f64(),
            Self::Failures { at_most } => ended > 0 && parts(sum.failed) <= u128::from(at_most.parts()) * ended,
            Self::Latency { p50, p99 } => {
                let within = |limit: &Option<SimDuration>, seen: SimDuration| limit.is_none_or(|limit| seen <= limit);
                latency.count > 0 && within(p50, latency.p50) && within(p99, latency.p99)
            }
        }
    }

    /// What is wrong with it as written.
    fn check(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Latency { p50: None, p99: None } => Some(("", "no latency is claimed; write Latency(p99: \"300ms\"), `p50` or both")),
            Self::Latency { p50, p99 } if [p50, p99].into_iter().flatten().any(|limit| limit.is_zero()) => {
                Some(("", "no call takes no time; write a limit such as \"300ms\""))
            }
            Self::Latency { p50: Some(p50), p99: Some(p99) } if p50 > p99 => {
                Some(("p50", "`p50` says nothing beside a `p99` that is shorter; leave one of them out"))
            }
            Self::Failures { at_most } if *at_most == Share::ALL => {
                Some(("at_most", "failures are never more than 100%; write a smaller share"))
            }
            Self::Availability { at_least } if *at_least == Share::NONE => {
                Some(("at_least", "availability is never less than 0%; write a larger share"))
            }
            _ => None,
        }
    }
}

/// The members that strikes may hit, and the calls, by the time of the strike.
#[derive(Clone, Debug)]
pub(super) struct BlastRadius {
    from: SimTime,
    step: SimDuration,
    members: Vec<Share>,
    clients: Vec<Share>,
    traffic: Vec<Share>,
}

impl BlastRadius {
    /// How many of so many members a strike at this instant may hit: at least one.
    pub(super) fn of(&self, members: usize, at: SimTime) -> usize {
        let parts = u128::from(self.at(&self.members, at).parts()) * members as u128;
        parts.div_ceil(u128::from(Share::ALL.parts())).max(1) as usize
    }

    /// The calls that a strike at this instant may touch.
    pub(super) fn within(&self, at: SimTime) -> Within {
        Within { clients: self.at(&self.clients, at), traffic: self.at(&self.traffic, at) }
    }

    fn at(&self, shares: &[Share], at: SimTime) -> Share {
        let step = (at.saturating_since(self.from).as_nanos() / self.step.as_nanos().max(1)) as usize;
        shares.get(step).or(shares.last()).copied().unwrap_or(Share::ALL)
    }
}

impl Experiment {
    /// When everything is lifted.
    pub const fn end(&self) -> SimDuration {
        self.from.saturating_add(self.lasts)
    }

    /// Whether all of the hypothesis holds for what was counted in so much time.
    pub(crate) fn holds(&self, sum: &Bin, latency: &LatencySummary) -> bool {
        self.hypothesis.iter().all(|claim| claim.holds(sum, latency, self.over))
    }

    /// The spans of time that the hypothesis speaks of, if it speaks of latency: before the faults, and at the end.
    pub(crate) fn latency_windows(&self, times: &Clockwork) -> Vec<(SimTime, SimTime)> {
        if !self.hypothesis.iter().any(|claim| matches!(claim, Claim::Latency { .. })) {
            return Vec::new();
        }
        let window = |end: SimDuration| (SimTime::ZERO + end.saturating_sub(self.over), SimTime::ZERO + end);
        vec![window(self.from), window(times.bin * (times.horizon / times.bin))]
    }

    /// Whether faults touch a share of the calls alone.
    pub fn confines_calls(&self) -> bool {
        !self.clients.is_empty() || !self.traffic.is_empty()
    }

    /// Says which of these members of a fault cannot be confined to some calls, if one cannot.
    pub(crate) fn check_confined(&self, label: &str, members: &[Member], places: &Places<'_>) -> Option<Complaint> {
        let field = if self.clients.is_empty() { "experiment.traffic" } else { "experiment.clients" };
        let is_of_calls = |effect: &Effect| effect.node_of_calls().is_some_and(|node| places.service(node).is_some());
        if !self.confines_calls() || members.iter().flat_map(|member| &member.effects).all(is_of_calls) {
            return None;
        }
        let sentence = format!(
            "`{label}` strikes whoever calls; only what services do with single requests can be confined to some of them: Errors, SlowNode, \
             LateAnswers and their like. Limit the others by `blast_radius`"
        );
        Some(complaint(field, sentence))
    }

    pub(super) fn blast_radius(&self) -> Option<BlastRadius> {
        let step = self.step.unwrap_or(SimDuration::MAX);
        (!self.blast_radius.is_empty() || self.confines_calls()).then(|| BlastRadius {
            from: SimTime::ZERO.saturating_add(self.from),
            step,
            members: self.blast_radius.clone(),
            clients: self.clients.clone(),
            traffic: self.traffic.clone(),
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
        for (index, claim) in self.hypothesis.iter().enumerate() {
            if let Some((field, sentence)) = claim.check() {
                let dot = if field.is_empty() { "" } else { "." };
                refuse(true, &format!("hypothesis[{index}]{dot}{field}"), sentence.to_owned());
            }
        }
        let radii = [("blast_radius", &self.blast_radius), ("clients", &self.clients), ("traffic", &self.traffic)];
        for (field, shares) in radii {
            let grows = shares.windows(2).all(|pair| pair[0] < pair[1]);
            refuse(!grows || shares.first() == Some(&Share::NONE), field, "it grows from step to step, from above 0%".to_owned());
        }
        let (longest, steps) = radii
            .iter()
            .map(|(field, shares)| (*field, shares.len().max(1) as u64))
            .fold(("blast_radius", 1), |longest, one| if one.1 > longest.1 { one } else { longest });
        match self.step {
            None => refuse(steps > 1, longest, "how long does each step take? Write step: \"30s\"".to_owned()),
            Some(step) => {
                refuse(steps < 2, "step", "`step` belongs to a `blast_radius`, `clients` or `traffic` of several shares".to_owned());
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
