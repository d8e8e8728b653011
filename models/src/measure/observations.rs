//! What do protocols leave behind as numbers? Counts, totals and extremes by name.
//!
//! A protocol's witness writes them while the run goes on. They are whole numbers, so that runs add up in any order: a mean
//! is a total over a count, formed where it is shown.

use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// One number of a run. A name may stand for a sum and for extremes, one line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// What was observed, in words: `false suspicions`.
    pub name: String,
    /// How values become one.
    pub fold: Fold,
    /// What it counts.
    pub unit: Unit,
    /// The number: a count, or nanoseconds.
    pub value: i64,
}

impl Observation {
    /// Its name in tables: extremes say which they are.
    pub fn title(&self) -> String {
        match self.fold {
            Fold::Sum => self.name.clone(),
            Fold::Least => format!("{}, least", self.name),
            Fold::Mean => format!("{}, mean", self.name),
            Fold::Most => format!("{}, most", self.name),
            Fold::Percentile(percent) => format!("{}, p{percent}", self.name),
        }
    }
}

/// How several values become one, within a run and over runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fold {
    /// They are added.
    Sum,
    /// The least counts.
    Least,
    /// Their sum over how many there are, rounded down; several runs are not folded into one.
    Mean,
    /// The greatest counts.
    Most,
    /// So many per cent of them are not greater; several runs are not folded into one.
    Percentile(u8),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Things.
    Count,
    /// Nanoseconds.
    Time,
}

/// The numbers of a run so far, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observations {
    values: BTreeMap<(&'static str, Fold), (Unit, i64)>,
    /// Of what a mean is asked for: the sum of the nanoseconds, and how many lengths it is of.
    sums: BTreeMap<&'static str, (i128, u32)>,
    /// How often properties of protocols were violated, and how first.
    violations: BTreeMap<&'static str, (u64, Violation)>,
    /// How many announcements there have been: if one is being looked at, its number, from 1.
    announced: u64,
    /// How often something came about that a property speaks of, and might have violated.
    spoken: BTreeMap<&'static str, u64>,
    /// How often what must be reached was reached, and when first.
    reached: BTreeMap<&'static str, (u64, SimTime)>,
}

/// What is kept of the first violation of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Violation {
    at: SimTime,
    sentence: String,
    /// The number of the announcement that shows it, and those of the ones that it is at odds with.
    announced: u64,
    against: Vec<u64>,
}

impl Observations {
    /// A property of the protocol is violated now; the sentence, without its full stop, is kept of the first violation only.
    pub fn violated(&mut self, property: &'static str, now: SimTime, sentence: impl FnOnce() -> String) {
        self.violated_against(property, now, || (sentence(), Vec::new()));
    }

    /// The same, with the [numbers](Self::announced) of earlier announcements that the sentence speaks of, because what is announced now is at odds with them.
    pub fn violated_against(&mut self, property: &'static str, at: SimTime, told: impl FnOnce() -> (String, Vec<u64>)) {
        let announced = self.announced;
        self.violations.entry(property).and_modify(|(count, _)| *count += 1).or_insert_with(|| {
            let (sentence, against) = told();
            (1, Violation { at, sentence, announced, against })
        });
    }

    /// Something is announced: whatever is seen before the next announcement may be seen by it.
    pub(crate) const fn announces(&mut self) {
        self.announced += 1;
    }

    /// How many announcements there have been.
    pub const fn announced(&self) -> u64 {
        self.announced
    }

    /// Something comes about that a property of the protocol speaks of: if it is not violated now, this speaks for it.
    pub fn speaks_for(&mut self, property: &'static str) {
        *self.spoken.entry(property).or_insert(0) += 1;
    }

    /// How often something came about that a property speaks of.
    pub fn spoken_for(&self, property: &str) -> u64 {
        self.spoken.get(property).copied().unwrap_or(0)
    }

    /// Something that must be reached is reached now.
    pub fn reached(&mut self, goal: &'static str, now: SimTime) {
        self.reached.entry(goal).and_modify(|(count, _)| *count += 1).or_insert((1, now));
    }

    /// How often a property was violated, and when and how first, if it was.
    pub fn violations(&self, property: &str) -> Option<(u64, SimTime, &str)> {
        self.violations.get(property).map(|(count, first)| (*count, first.at, first.sentence.as_str()))
    }

    /// The number of the last announcement before a property was violated first, if it was: the one that shows it, if one does.
    pub fn shown_by(&self, property: &str) -> Option<u64> {
        self.violations.get(property).map(|(_, first)| first.announced)
    }

    /// The numbers of the announcements that this one is at odds with, in order; none unless the property says so.
    pub fn shown_against(&self, property: &str) -> &[u64] {
        self.violations.get(property).map_or(&[], |(_, first)| &first.against)
    }

    /// How often something was reached, and when first, if it was.
    pub fn reached_first(&self, goal: &str) -> Option<(u64, SimTime)> {
        self.reached.get(goal).copied()
    }

    /// Adds to a count.
    pub fn count(&mut self, name: &'static str, by: u64) {
        self.fold(name, Fold::Sum, Unit::Count, i64::try_from(by).unwrap_or(i64::MAX));
    }

    /// Adds to a total of time.
    pub fn total(&mut self, name: &'static str, length: SimDuration) {
        self.fold(name, Fold::Sum, Unit::Time, nanos(length));
    }

    /// Keeps the shortest and the longest time, and their mean.
    pub fn spread(&mut self, name: &'static str, length: SimDuration) {
        self.shortest(name, length);
        self.longest(name, length);
        let (sum, count) = self.sums.entry(name).or_default();
        (*sum, *count) = (*sum + i128::from(length.as_nanos()), *count + 1);
    }

    /// Keeps the longest time.
    pub fn longest(&mut self, name: &'static str, length: SimDuration) {
        self.fold(name, Fold::Most, Unit::Time, nanos(length));
    }

    /// Keeps the shortest time.
    pub fn shortest(&mut self, name: &'static str, length: SimDuration) {
        self.fold(name, Fold::Least, Unit::Time, nanos(length));
    }

    /// Keeps the greatest number.
    pub fn most(&mut self, name: &'static str, number: u64) {
        self.fold(name, Fold::Most, Unit::Count, i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// Keeps the least number.
    pub fn least(&mut self, name: &'static str, number: u64) {
        self.fold(name, Fold::Least, Unit::Count, i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// Keeps the least and the greatest of lengths of either sign, in nanoseconds.
    pub fn signed(&mut self, name: &'static str, nanos: i64) {
        self.fold(name, Fold::Least, Unit::Time, nanos);
        self.fold(name, Fold::Most, Unit::Time, nanos);
    }

    fn fold(&mut self, name: &'static str, fold: Fold, unit: Unit, value: i64) {
        let folded = |old: i64| match fold {
            Fold::Sum => old.saturating_add(value),
            Fold::Least => old.min(value),
            Fold::Most => old.max(value),
            Fold::Mean | Fold::Percentile(_) => unreachable!("means and percentiles are formed when all values are known"),
        };
        self.values.entry((name, fold)).and_modify(|(_, old)| *old = folded(*old)).or_insert((unit, value));
    }

    /// All of them.
    pub fn list(&self) -> Vec<Observation> {
        let one = |(&(name, fold), &(unit, value)): (&(&'static str, Fold), &(Unit, i64))| Observation {
            name: name.to_owned(),
            fold,
            unit,
            value,
        };
        let means = self.sums.iter().map(|(name, (sum, count))| Observation {
            name: (*name).to_owned(),
            fold: Fold::Mean,
            unit: Unit::Time,
            value: (sum / i128::from(*count)) as i64,
        });
        let mut all: Vec<Observation> = self.values.iter().map(one).chain(means).collect();
        all.sort_by(|a, b| (&a.name, a.fold).cmp(&(&b.name, b.fold)));
        all
    }
}

fn nanos(length: SimDuration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_told_by_its_ends_and_its_mean_in_order() {
        let mut observations = Observations::default();
        observations.count("waits", 3);
        [5, 1, 3].map(SimDuration::from_secs).into_iter().for_each(|length| observations.spread("wait", length));
        let told: Vec<(String, i64)> = observations.list().into_iter().map(|one| (one.title(), one.value)).collect();
        let second = 1_000_000_000;
        let expected = [("wait, least", second), ("wait, mean", 3 * second), ("wait, most", 5 * second), ("waits", 3)];
        assert_eq!(told, expected.map(|(title, value)| (title.to_owned(), value)));
    }
}
