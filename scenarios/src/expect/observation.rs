//! Does what a protocol or a clock observes lie within bounds, in every run?
//!
//! An observation is a number that a run leaves behind: a count or a time, summed up over the run or the extreme of it. It is
//! named as `run` prints it; where one name stands for several numbers, `detection time, most` says which. A count that a run
//! does not mention is 0. Each run is judged apart, so that more runs make a bound no easier and no harder to keep but by luck.

use super::{Judged, Judgement, Runs, between, contradiction};
use models::measure::{Fold, Observation, RunMeasures, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::SimDuration;
use std::fmt;

/// Bounds of an observation, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationBounds {
    /// What is observed: `"time with two holders"`, `"detection time, most"`.
    pub name: String,
    /// It is not below this in any run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    /// It is not above this in any run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
    /// The arms it speaks of; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// A limit of an observation: a count is a plain number, a time a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Count(u64),
    /// So long.
    Time(SimDuration),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Time(time) => time.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Limit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count such as 0, or a time such as \"5s\"")
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Limit, E> {
                Ok(Limit::Count(count))
            }
            fn visit_i64<E: serde::de::Error>(self, count: i64) -> Result<Limit, E> {
                u64::try_from(count).map(Limit::Count).map_err(|_| E::custom("nothing is observed less than 0 times"))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Limit, E> {
                text.parse().map(Limit::Time).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Limit {
    const fn value(self) -> i128 {
        match self {
            Self::Count(count) => count as i128,
            Self::Time(time) => time.as_nanos() as i128,
        }
    }

    const fn unit(self) -> Unit {
        match self {
            Self::Count(_) => Unit::Count,
            Self::Time(_) => Unit::Time,
        }
    }
}

impl ObservationBounds {
    /// What is missing in it or contradicts itself, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.at_least, self.at_most) {
            (None, None) => Err("nothing is expected; write `at_most: 0` or `at_most: \"5s\"`, or `at_least`".to_owned()),
            (Some(least), Some(most)) if least.unit() != most.unit() => {
                Err(format!("{least} and {most} are not of one kind: an observation is a count or a time"))
            }
            (Some(least), Some(most)) if least.value() > most.value() => Err(contradiction(&least, &most)),
            _ => Ok(()),
        }
    }

    /// Why it cannot hold together with another one of the same observation, if it cannot.
    pub(super) fn contradicts(&self, other: &Self) -> Option<String> {
        let crossed = [(self.at_least, other.at_most), (other.at_least, self.at_most)].into_iter();
        let crossed = crossed.filter_map(|(least, most)| Some((least?, most?)));
        let found = crossed.filter(|(least, most)| least.unit() == most.unit()).find(|(least, most)| least.value() > most.value());
        found.filter(|_| self.name == other.name).map(|(least, most)| contradiction(&least, &most))
    }

    pub(super) fn judge(&self, runs: &Runs<'_>) -> Judged {
        let numbers = runs.numbers;
        let clause = format!("{} {}", self.name, between(self.at_least, self.at_most, numbers));
        let undecided = |reason: String| (clause.clone(), Judgement::Undecided, reason, None);
        let (fold, unit) = match self.meant(runs) {
            Ok(meant) => meant,
            Err(reason) => return undecided(reason),
        };
        let limits = [self.at_least, self.at_most];
        if limits.iter().flatten().any(|limit| limit.unit() != unit) {
            let example = if unit == Unit::Time { "a time such as \"5s\"" } else { "a number such as 0" };
            return undecided(format!("`{}` is measured by {example}", self.name));
        }
        let value = |run: &RunMeasures| {
            let found = run.observations.iter().find(|one| one.fold == fold && self.names(one));
            found.map(|one| i128::from(one.value)).or((fold == Fold::Sum).then_some(0))
        };
        let seen: Vec<(i128, u64)> = runs.iter().filter_map(|(seed, run)| value(run).map(|value| (value, *seed))).collect();
        let (Some(least), Some(most)) = (seen.iter().min(), seen.iter().max()) else {
            return undecided("no run observed it".to_owned());
        };
        let short = self.at_least.is_some_and(|limit| least.0 < limit.value());
        let long = self.at_most.is_some_and(|limit| most.0 > limit.value());
        let worst = if short || self.at_most.is_none() { least.1 } else { most.1 };
        let word = |value: i128| match unit {
            Unit::Time => numbers.of(SimDuration::from_nanos(u64::try_from(value).unwrap_or_default())),
            Unit::Count => numbers.of(value),
        };
        let evidence = format!("{} to {} over {} runs", word(least.0), word(most.0), numbers.of(seen.len()));
        (clause, Judgement::of(!short && !long), evidence, Some(worst))
    }

    fn names(&self, observation: &Observation) -> bool {
        observation.title() == self.name || observation.name == self.name
    }

    /// Which of the numbers it means, if it means one.
    fn meant(&self, runs: &Runs<'_>) -> Result<(Fold, Unit), String> {
        let all = || runs.iter().flat_map(|(_, run)| &run.observations);
        if let Some(exact) = all().find(|one| one.title() == self.name) {
            return Ok((exact.fold, exact.unit));
        }
        let mut found: Vec<(Fold, Unit, String)> =
            all().filter(|one| self.names(one)).map(|one| (one.fold, one.unit, one.title())).collect();
        found.sort_unstable_by_key(|one| one.0);
        found.dedup_by_key(|one| one.0);
        match found.as_slice() {
            [(fold, unit, _)] => Ok((*fold, *unit)),
            [] => {
                let mut known: Vec<String> = all().map(|one| format!("`{}`", one.title())).collect();
                known.sort_unstable();
                known.dedup();
                let listed =
                    if known.is_empty() { "nothing is observed here".to_owned() } else { format!("there is: {}", known.join(", ")) };
                Err(format!("nothing is observed as `{}`; {listed}", self.name))
            }
            several => {
                let titles: Vec<String> = several.iter().map(|(.., title)| format!("`{title}`")).collect();
                Err(format!("`{}` may be any of {}; write one of them", self.name, titles.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(name: &str, fold: Fold, unit: Unit, value: i64) -> Observation {
        Observation { name: name.to_owned(), fold, unit, value }
    }

    fn bounds(name: &str, at_least: Option<Limit>, at_most: Option<Limit>) -> ObservationBounds {
        ObservationBounds { name: name.to_owned(), at_least, at_most, arms: None }
    }

    /// Of runs with these observations, by seed from 1.
    fn verdict(bounds: &ObservationBounds, made: Vec<Vec<Observation>>) -> (Judgement, String, Option<u64>) {
        let made: Vec<RunMeasures> = made.into_iter().map(|observations| RunMeasures { observations, ..RunMeasures::default() }).collect();
        let runs: Vec<(u64, &RunMeasures)> = (1..).zip(&made).collect();
        let (_, judgement, evidence, worst) = bounds.judge(&runs.into());
        (judgement, evidence, worst)
    }

    #[test]
    fn every_run_has_to_keep_the_bounds_and_a_count_that_is_not_mentioned_is_none() {
        let runs =
            || vec![vec![observed("elections", Fold::Sum, Unit::Count, 3)], vec![], vec![observed("elections", Fold::Sum, Unit::Count, 1)]];
        let most = |count| bounds("elections", None, Some(Limit::Count(count)));
        assert_eq!(verdict(&most(3), runs()), (Judgement::Passed, "0 to 3 over 3 runs".to_owned(), Some(1)));
        assert_eq!(verdict(&most(2), runs()).0, Judgement::Failed);
        let least = verdict(&bounds("elections", Some(Limit::Count(1)), None), runs());
        assert_eq!((least.0, least.2), (Judgement::Failed, Some(2)), "the run that speaks most against it");
    }

    #[test]
    fn a_name_that_means_several_numbers_or_none_decides_nothing_and_says_what_there_is() {
        let run = || {
            let time = |fold, secs: i64| observed("detection time", fold, Unit::Time, secs * 1_000_000_000);
            vec![vec![time(Fold::Least, 1), time(Fold::Most, 4)]]
        };
        let five = Some(Limit::Time(SimDuration::from_secs(5)));
        let (judgement, reason, _) = verdict(&bounds("detection time", None, five), run());
        assert_eq!(judgement, Judgement::Undecided);
        assert!(reason.contains("`detection time, most`"), "{reason}");
        assert_eq!(verdict(&bounds("detection time, most", None, five), run()).0, Judgement::Passed);
        assert_eq!(verdict(&bounds("detection time, most", five, None), run()).0, Judgement::Failed);
        let (judgement, reason, _) = verdict(&bounds("suspicions", None, five), run());
        assert!(judgement == Judgement::Undecided && reason.contains("detection time, least"), "{reason}");
        let (judgement, reason, _) = verdict(&bounds("detection time, most", None, Some(Limit::Count(4))), run());
        assert!(judgement == Judgement::Undecided && reason.contains("5s"), "a time is not bounded by a number: {reason}");
    }

    #[test]
    fn bounds_that_cannot_be_kept_are_refused() {
        let (zero, second) = (Some(Limit::Count(0)), Some(Limit::Time(SimDuration::from_secs(1))));
        assert!(bounds("x", None, None).check().is_err());
        assert!(bounds("x", zero, second).check().is_err());
        assert!(bounds("x", Some(Limit::Count(2)), Some(Limit::Count(1))).check().is_err());
        assert!(bounds("x", Some(Limit::Count(1)), None).contradicts(&bounds("x", None, zero)).is_some());
        assert!(bounds("x", Some(Limit::Count(1)), None).contradicts(&bounds("y", None, zero)).is_none());
    }
}
