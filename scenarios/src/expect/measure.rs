//! Does any measure of a run, by name, keep a limit over the runs, or differ enough from another arm?
//!
//! Every run has one value of the measure (`stormglass list measures`); what is judged is the mean, a quantile, or each of them. Against
//! another arm it is the difference of two runs of one seed, which share all their luck. A value that was cut off, such as the recovery
//! time of a run that never recovers, is longer than any other; runs without a value are left out and counted.

mod amount;
mod check;

pub use amount::Amount;
pub(crate) use check::Owners;

use super::shown::at_resolution;
use super::{Judged, Judgement, Limits, Runs, Shown, between};
use crate::measures::{Better, Measure, Reading, Unit};
use crate::numbers::Numbers;
use crate::results::Results;
use serde::{Deserialize, Serialize};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// What is expected of a measure, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureBounds {
    /// The measure, by its name: `"latency p99"`, `"utilisation of db"`.
    pub of: String,
    /// What of its values over the runs; the median unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_runs: Option<Over>,
    /// It is not below this, in the unit of the measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Amount>,
    /// It is not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Amount>,
    /// The limits are of the difference to this arm, seed by seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub than: Option<String>,
    /// It is better than in this arm, by whatever little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better_than: Option<String>,
    /// It is worse than in this arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worse_than: Option<String>,
    /// The arms it speaks of; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// What of the values of all runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// Their mean.
    Mean,
    /// Half of the runs have at most this.
    #[default]
    Median,
    /// One run in a hundred has at most this.
    P1,
    /// One run in ten has at most this.
    P10,
    /// Nine runs in ten have at most this.
    P90,
    /// Ninety-nine runs in a hundred have at most this.
    P99,
    /// Every run by itself.
    Every,
}

impl Over {
    const fn quantile(self) -> Option<Quantile> {
        match self {
            Self::Mean | Self::Every => None,
            Self::Median => Some(Quantile::MEDIAN),
            Self::P1 => Some(Quantile::new(1, 100)),
            Self::P10 => Some(Quantile::new(10, 100)),
            Self::P90 => Some(Quantile::new(90, 100)),
            Self::P99 => Some(Quantile::P99),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Mean => "the mean of the runs",
            Self::Median => "the median of the runs",
            Self::P1 => "one run in a hundred",
            Self::P10 => "one run in ten",
            Self::P90 => "nine runs in ten",
            Self::P99 => "99 runs in a hundred",
            Self::Every => "every run",
        }
    }
}

/// How an arm is to stand beside another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Within the limits that are written.
    Limits,
    /// Better.
    Better,
    /// Worse.
    Worse,
}

/// A value that sorts behind every other.
const BEYOND: f64 = f64::INFINITY;

/// How numbers stand, and what puts a value into words with them.
type Saying<'a> = (Numbers, &'a dyn Fn(f64) -> String);

impl MeasureBounds {
    /// The arm that it is compared with, and how.
    pub fn other(&self) -> Option<(&str, Beside)> {
        let written = [(&self.than, Beside::Limits), (&self.better_than, Beside::Better), (&self.worse_than, Beside::Worse)];
        written.into_iter().find_map(|(arm, beside)| Some((arm.as_deref()?, beside)))
    }

    /// The limits in parts of the unit.
    fn limits(&self, measure: &Measure) -> Result<Limits, String> {
        let (unit, other) = (measure.unit, self.other());
        let parts = |amount: &Option<Amount>| amount.as_ref().map(|amount| amount.parts(unit, other.is_some())).transpose();
        let wanted = |example| format!("`{}` takes {example}", measure.name);
        let written = Limits { at_least: parts(&self.at_least).map_err(wanted)?, at_most: parts(&self.at_most).map_err(wanted)? };
        // Values are whole numbers of parts: more than nothing is one of them.
        let (more, less) = (Limits { at_least: Some(1.0), at_most: None }, Limits { at_least: None, at_most: Some(-1.0) });
        match (other.map(|(_, beside)| beside), measure.better) {
            (None | Some(Beside::Limits), _) => Ok(written),
            (Some(Beside::Better), Better::More) | (Some(Beside::Worse), Better::Less) => Ok(more),
            (Some(Beside::Better), Better::Less) | (Some(Beside::Worse), Better::More) => Ok(less),
            (_, Better::Unsaid) => Err(format!("neither more nor less of `{}` is better", measure.name)),
        }
    }

    fn words(&self, numbers: Numbers) -> String {
        let over = match self.over_runs.unwrap_or_default() {
            Over::Median => String::new(),
            other => format!(" of {}", other.words()),
        };
        let bounds = between(self.at_least.as_ref(), self.at_most.as_ref(), numbers);
        match self.other() {
            None => format!("{}{over} {bounds}", self.of),
            Some((arm, Beside::Limits)) => format!("{}{over} against \"{arm}\" {bounds}", self.of),
            Some((arm, Beside::Better)) => format!("{}{over} better than \"{arm}\"", self.of),
            Some((arm, Beside::Worse)) => format!("{}{over} worse than \"{arm}\"", self.of),
        }
    }

    pub(super) fn judge(&self, results: &Results, cell: u32, runs: &Runs<'_>) -> Judged {
        let undecided = |reason: String| (self.words(runs.numbers), Judgement::Undecided, reason, None);
        let measure = match Measure::find(&self.of, results.runs.iter().filter_map(|row| row.measures())) {
            Ok(measure) => measure,
            Err(reason) => return undecided(reason),
        };
        let limits = match self.limits(&measure) {
            Ok(limits) => limits,
            Err(reason) => return undecided(reason),
        };
        let others: Option<Runs<'_>> = match self.other() {
            None => None,
            Some((arm, _)) => match results.manifest.arms.iter().position(|name| name == arm) {
                Some(other) => Some(Runs::from(results.runs_of(cell, other as u32).collect::<Vec<_>>())),
                None => return undecided(format!("there is no arm `{arm}`")),
            },
        };
        // Limits of a difference are of both signs, and small ones beside the values.
        let is_rounded = self.other().is_none() && measure.name.contains("latency p");
        let known = |(seed, value): (u64, f64)| (seed, if is_rounded { at_resolution(value, limits) } else { value });
        let values_of = |cut: Cut| match &others {
            None => values(&measure, results, runs, cut).into_iter().map(known).collect(),
            Some(others) => differences(&measure, results, runs, others, cut),
        };
        let values = values_of(Cut::Long);
        let Some(worst) = worst(&values, limits) else {
            let seen = if self.other().is_some() { "no seed has a value in both arms" } else { "no run has such a value" };
            let reason = runs.iter().find_map(|(_, run)| run.untold()).filter(|_| is_of_episodes(&measure));
            return undecided(reason.map_or_else(|| seen.to_owned(), |reason| format!("{seen}: {reason}")));
        };
        let is_difference = self.other().is_some();
        let numbers = runs.numbers;
        let say = |value: f64| numbers.of(said(measure.unit, is_difference, value, limits));
        let saying = (numbers, &say as &dyn Fn(f64) -> String);
        let (mut judgement, mut evidence) = self.over(&values, limits, measure.unit, saying);
        let short = values_of(Cut::Short);
        if short != values && self.over(&short, limits, measure.unit, saying).0 != judgement {
            let reason = "runs were above their level when they were cut off, and nobody saw whether that lasts";
            (judgement, evidence) = (Judgement::Undecided, format!("{reason}; if it does not: {evidence}"));
        }
        let missing = runs.len() - values.len();
        let without = if missing > 0 {
            format!("; {} of {} runs have no such value", numbers.of(missing), numbers.of(runs.len()))
        } else {
            String::new()
        };
        let apart =
            if is_difference && results.manifest.instants_differ { "; faults strike the arms at instants of their own" } else { "" };
        (self.words(runs.numbers), judgement, format!("{evidence}{without}{apart}"), Some(worst))
    }

    fn over(&self, values: &[(u64, f64)], limits: Limits, unit: Unit, (numbers, say): Saying<'_>) -> (Judgement, String) {
        let over = self.over_runs.unwrap_or_default();
        let all: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let range = if self.other().is_some() { (None, None) } else { unit.range() };
        let shown = match over.quantile() {
            Some(quantile) => Shown::quantile(quantile, all.clone()).map(|shown| shown.within(range)),
            None if over == Over::Every => return every(&all, limits, (numbers, say)),
            None if all.iter().any(|value| value.is_infinite()) => {
                let cut = all.iter().filter(|value| value.is_infinite()).count();
                let reason =
                    format!("{} of {} values were cut off and have no mean; ask for a quantile", numbers.of(cut), numbers.of(all.len()));
                return (Judgement::Undecided, reason);
            }
            None => match whole_runs(&all, unit, range) {
                Some(count) => Shown::share(count, all.len() as u64, unit.parts() as f64),
                None => Shown::mean(&all, range),
            },
        };
        let Some(shown) = shown else { return (Judgement::Undecided, "no run has such a value".to_owned()) };
        let (judgement, evidence) = shown.judge(limits, numbers, say);
        let what = if over == Over::Mean { "mean" } else { "quantile" };
        let what = if over == Over::Median { "median" } else { what };
        let of = if self.other().is_some() { " difference" } else { "" };
        (judgement, format!("{what}{of} {}; {evidence}", say(shown.value)))
    }
}

/// How many runs have all of a share, if each has all or nothing of it.
fn whole_runs(values: &[f64], unit: Unit, range: (Option<f64>, Option<f64>)) -> Option<u64> {
    let all = range.1.filter(|_| unit == Unit::Share)?;
    let is_all = |value: f64| (value - all).abs() < 0.5;
    values.iter().all(|value| is_all(*value) || value.abs() < 0.5).then(|| values.iter().filter(|value| is_all(**value)).count() as u64)
}

/// One run breaks it, none proves it.
fn every(values: &[f64], limits: Limits, (numbers, say): Saying<'_>) -> (Judgement, String) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_broken =
        |value: &&f64| limits.at_least.is_some_and(|limit| **value < limit) || limits.at_most.is_some_and(|limit| **value > limit);
    let (broken, runs) = (values.iter().filter(is_broken).count(), values.len());
    let seen = format!("{} to {} over {} runs", say(least), say(most), numbers.of(runs));
    if broken > 0 {
        return (Judgement::Failed, format!("{seen}, {} of them beyond the limit", numbers.of(broken)));
    }
    match Shown::share(0, runs as u64, 1.0).filter(|_| runs >= super::shown::FEWEST) {
        Some(_) => {
            let others = super::shown::others(runs, numbers);
            (Judgement::Passed, format!("{seen}, so that at most {others} of all possible runs are beyond the limit"))
        }
        None => (Judgement::Undecided, format!("{seen}; too few runs to decide, {} would be the fewest", super::shown::FEWEST)),
    }
}

/// What a value that is known to be so long at least is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// As short as it may have been.
    Short,
    /// As long.
    Long,
}

impl Cut {
    /// That of the other side of a difference that is to be as large, or as small, as it may be.
    const fn other(self) -> Self {
        match self {
            Self::Short => Self::Long,
            Self::Long => Self::Short,
        }
    }
}

fn number(reading: Reading, cut: Cut) -> Option<f64> {
    match (reading, cut) {
        (Reading::Is(value), _) | (Reading::AtLeast(value), Cut::Short) => Some(value as f64),
        (Reading::Beyond(_), _) | (Reading::AtLeast(_), Cut::Long) => Some(BEYOND),
        (Reading::Missing, _) => None,
    }
}

/// Whether a measure is one of how a run comes through its faults.
fn is_of_episodes(measure: &Measure) -> bool {
    ["recovery time", "downtime", "calls lost", "relapses", "stuck"].contains(&measure.name.as_str())
}

/// Seed and value of every run that has one.
fn values(measure: &Measure, results: &Results, runs: &Runs<'_>, cut: Cut) -> Vec<(u64, f64)> {
    runs.iter().filter_map(|(seed, run)| Some((*seed, number(measure.of(run, &results.manifest), cut)?))).collect()
}

/// For every seed how much more it is than in the other arm.
fn differences(measure: &Measure, results: &Results, runs: &Runs<'_>, others: &Runs<'_>, cut: Cut) -> Vec<(u64, f64)> {
    let others = values(measure, results, others, cut.other());
    let pair = |(seed, value): (u64, f64)| {
        let place = others.binary_search_by_key(&seed, |(seed, _)| *seed).ok()?;
        let other = others[place].1;
        // Two that were cut off are alike, for all that can be seen.
        Some((seed, if value.is_infinite() && other.is_infinite() { 0.0 } else { value - other }))
    };
    values(measure, results, runs, cut).into_iter().filter_map(pair).collect()
}

/// The seed of the value that speaks most against the limits; the first of equal ones.
fn worst(values: &[(u64, f64)], limits: Limits) -> Option<u64> {
    let beyond = |value: f64| {
        let short = limits.at_least.map_or(f64::NEG_INFINITY, |limit| limit - value);
        short.max(limits.at_most.map_or(f64::NEG_INFINITY, |limit| value - limit))
    };
    let worse = |kept: (u64, f64), next: (u64, f64)| if next.1 > kept.1 { next } else { kept };
    values.iter().map(|(seed, value)| (*seed, beyond(*value))).reduce(worse).map(|(seed, _)| seed)
}

fn said(unit: Unit, is_difference: bool, value: f64, limits: Limits) -> String {
    // What is not the limit is not told as if it were.
    let is_beside = |limit: &f64| limit.total_cmp(&value).is_ne() && unit.near(*limit) == unit.near(value);
    match value {
        _ if value == f64::INFINITY => "cut off".to_owned(),
        _ if value == f64::NEG_INFINITY => "cut off on the other side".to_owned(),
        _ if is_difference => unit.difference(value),
        _ if unit == Unit::Time && [limits.at_least, limits.at_most].iter().flatten().any(is_beside) => {
            SimDuration::from_nanos(value as u64).to_string()
        }
        _ => unit.near(value),
    }
}

#[cfg(test)]
mod tests;
