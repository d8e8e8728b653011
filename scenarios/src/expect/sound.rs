//! Can a clause hold at all, alone and beside the others?

use super::{Bounds, Clause};
use sim_core::time::SimDuration;
use std::fmt;

impl Clause {
    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Availability(bounds) | Self::Stuck(bounds) | Self::WrongAnswers(bounds)
                if bounds.at_least.is_none() && bounds.at_most.is_none() =>
            {
                Err("nothing is expected; write `at_least: \"99.9%\"` or `at_most: \"1%\"`".to_owned())
            }
            Self::Stuck(bounds) | Self::WrongAnswers(bounds) if bounds.outside_faults => {
                Err("`outside_faults` belongs to Availability".to_owned())
            }
            Self::Stuck(bounds) | Self::WrongAnswers(bounds) if bounds.class.is_some() => {
                Err("`class` belongs to Availability and Latency".to_owned())
            }
            Self::Availability(Bounds { class: Some(_), outside_faults: true, .. }) => {
                Err("calls outside the faults are not counted by class; leave `class` or `outside_faults` out".to_owned())
            }
            Self::Recovery(limits) if limits.p50.is_none() && limits.p90.is_none() && limits.p99.is_none() => {
                Err("nothing is expected; write `p50: \"5s\"`, `p90` or `p99`".to_owned())
            }
            Self::Availability(Bounds { at_least: Some(least), at_most: Some(most), .. })
            | Self::Stuck(Bounds { at_least: Some(least), at_most: Some(most), .. })
            | Self::WrongAnswers(Bounds { at_least: Some(least), at_most: Some(most), .. })
                if least.parts() > most.parts() =>
            {
                Err(contradiction(least, most))
            }
            Self::Amplification(limits) => limits.check(),
            Self::Latency(limits) => limits.check(),
            Self::Observation(bounds) => bounds.check(),
            Self::Uptime(bounds) => bounds.check(),
            Self::Detection(limits) => limits.check(),
            Self::Precision(bounds) | Self::Recall(bounds) => bounds.check(),
            Self::Violated(bounds) => bounds.check(),
            Self::In(cells) => cells.check(),
            Self::Availability(_) | Self::Stuck(_) | Self::WrongAnswers(_) | Self::Recovery(_) | Self::Measure(_) => Ok(()),
        }
    }

    /// Why it cannot hold together with another clause about the same measure of the same arm, if it cannot.
    pub fn contradicts(&self, other: &Self) -> Option<String> {
        if !self.may_share_cells(other) {
            return None;
        }
        let share_arms = match (self.arms(), other.arms()) {
            (Some(mine), Some(theirs)) => mine.iter().any(|arm| theirs.contains(arm)),
            _ => true,
        };
        // Each clause alone is in order: only the least of one and the most of the other can cross.
        let apart = |(least, most): (&Bounds, &Bounds)| {
            let (least, most) = (least.at_least?, most.at_most?);
            (least.parts() > most.parts()).then(|| contradiction(&least, &most))
        };
        let found = match (self.bare(), other.bare()) {
            (Self::Availability(a), Self::Availability(b))
            | (Self::Stuck(a), Self::Stuck(b))
            | (Self::WrongAnswers(a), Self::WrongAnswers(b))
                if a.outside_faults == b.outside_faults && a.class == b.class =>
            {
                [(a, b), (b, a)].into_iter().find_map(apart)
            }
            (Self::Amplification(a), Self::Amplification(b)) => a.contradicts(b),
            (Self::Observation(a), Self::Observation(b)) => a.contradicts(b),
            (Self::Measure(a), Self::Measure(b)) => a.contradicts(b),
            _ => None,
        };
        found.filter(|_| share_arms).map(|sentence| format!("two clauses contradict each other: {sentence}"))
    }

    /// What in it can be left out, because something else in it says more.
    pub fn idle(&self) -> Option<String> {
        let Self::Recovery(limits) = self.bare() else { return None };
        let written = [("p50", limits.p50), ("p90", limits.p90), ("p99", limits.p99)];
        let written: Vec<(&str, SimDuration)> = written.into_iter().filter_map(|(name, limit)| Some((name, limit?))).collect();
        let ((low, loose), (high, tight)) = written.windows(2).map(|pair| (pair[0], pair[1])).find(|(low, high)| low.1 > high.1)?;
        Some(format!("`{low}: {loose}` says nothing beside `{high}: {tight}`: the higher quantile has the shorter limit"))
    }
}

pub(super) fn contradiction(least: &impl fmt::Display, most: &impl fmt::Display) -> String {
    format!("nothing is at least {least} and at most {most}")
}
