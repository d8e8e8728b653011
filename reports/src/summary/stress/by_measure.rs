//! How do arms stand by a measure of the reader's choice, under each assumption?

use super::{Under, columns, ranks};
use crate::summary::ranking::{Score, places, signs};
use crate::table::{Cell, Table};
use scenarios::measures::{Better, Measure, Reading, Unit};
use scenarios::numbers::for_readers;
use scenarios::results::{Results, RunRow};
use sim_core::stats::quantile::Quantile;

/// Worse than anything a run can show: what the end of a run has cut off. Sums over runs still fit.
const RUIN: i128 = -(1 << 100);

/// The arms under one assumption.
pub(super) struct ByMeasure {
    unit: Unit,
    /// Name, rank if one way is better, and the median over the runs.
    arms: Vec<(String, Option<u64>, Option<Reading>)>,
}

impl ByMeasure {
    pub(super) fn of(results: &Results, measure: &Measure) -> Self {
        let names = results.manifest.arms.iter();
        let readings: Vec<Vec<(u64, Reading)>> = (0..names.len() as u32).map(|arm| readings(results, arm, measure)).collect();
        let medians = readings.iter().map(|readings| median(readings));
        let ranks = ranks_of(&readings, measure.better);
        Self {
            unit: measure.unit,
            arms: names.zip(ranks).zip(medians).map(|((name, rank), median)| (name.clone(), rank, median)).collect(),
        }
    }

    pub(super) fn rank(&self, arm: &str) -> Option<u64> {
        self.arms.iter().find(|one| one.0 == arm)?.1
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.arms.iter().filter_map(|one| one.1).max()
    }

    fn median(&self, arm: &str) -> Option<Reading> {
        self.arms.iter().find(|one| one.0 == arm)?.2
    }

    /// The medians of two arms.
    pub(super) fn by_what(&self, arm: &str, other: &str) -> Option<String> {
        let words = |arm: &str| self.median(arm).map(|median| shown(self.unit, median).shown());
        Some(format!("{} against {}", words(arm)?, words(other)?))
    }

    /// How far the median of an arm is from that of the best one, in parts of the unit; nothing if it is beyond what was seen.
    fn regret(&self, arm: &str, better: Better) -> Option<i128> {
        let exact = || self.arms.iter().filter_map(|one| one.2?.exact());
        let best = if better == Better::More { exact().max()? } else { exact().min()? };
        Some((self.median(arm)?.exact()? - best).abs())
    }
}

/// What the measure is in each run of an arm that has it, and of which it is known.
fn readings(results: &Results, arm: u32, measure: &Measure) -> Vec<(u64, Reading)> {
    let rows = results.rows_of(0, arm).iter();
    let read = |row: &RunRow| Some((row.seed, measure.of(row.measures()?, &results.manifest)));
    rows.filter_map(read).filter(|(_, reading)| !matches!(reading, Reading::Missing | Reading::AtLeast(_))).collect()
}

fn median(readings: &[(u64, Reading)]) -> Option<Reading> {
    let mut sorted: Vec<Reading> = readings.iter().map(|(_, reading)| *reading).collect();
    sorted.sort_by_key(|reading| reading.sorted());
    Quantile::MEDIAN.of(&sorted)
}

/// The rank of each arm: nothing if neither way is better, or if an arm has no such measure.
fn ranks_of(readings: &[Vec<(u64, Reading)>], better: Better) -> Vec<Option<u64>> {
    if better == Better::Unsaid {
        return vec![None; readings.len()];
    }
    let score = |reading: Reading| match (reading, better) {
        (Reading::Is(value), Better::More) => value,
        (Reading::Is(value), _) => -value,
        (Reading::Beyond(_) | Reading::AtLeast(_) | Reading::Missing, _) => RUIN,
    };
    let known: Vec<usize> = (0..readings.len()).filter(|arm| !readings[*arm].is_empty()).collect();
    let mut scores: Vec<(usize, Score)> =
        known.iter().map(|arm| (*arm, readings[*arm].iter().map(|(seed, reading)| (*seed, score(*reading))).collect())).collect();
    // By their means, before anybody asks what is shown; of equal ones the order of the scenario.
    let mean = |score: &Score| score.values().sum::<i128>() / score.len().max(1) as i128;
    scores.sort_by_key(|(_, score)| std::cmp::Reverse(mean(score)));
    let (order, ranks) = places(scores.len(), |one, other| signs(&scores[one].1, &scores[other].1, 1));
    let mut all = vec![None; readings.len()];
    order.iter().zip(ranks).for_each(|(place, rank)| all[scores[*place].0] = Some(rank));
    all
}

/// Its median, its ranks and regrets, under each assumption.
pub(super) fn tables(results: &Results, rankings: &[Under<'_>], measure: &Measure) -> Vec<Table> {
    let (name, unit) = (&measure.name, measure.unit);
    let asked = |under: &Under<'_>, of: &dyn Fn(&ByMeasure) -> Option<Cell>| under.asked.as_ref().and_then(of).unwrap_or(Cell::Missing);
    let mut medians = Table::new(format!("{}, median of the runs, under each assumption", capital(name)), columns(results, ""));
    medians.columns.pop();
    for arm in &results.manifest.arms {
        let cells = rankings.iter().map(|under| asked(under, &|by| by.median(arm).map(|reading| shown(unit, reading))));
        medians.push(std::iter::once(Cell::text(arm)).chain(cells).collect());
    }
    if measure.better == Better::Unsaid {
        return vec![medians];
    }
    let mut regrets = Table::new(format!("Regret: {name} behind the best arm"), columns(results, "most"));
    for arm in &results.manifest.arms {
        let all: Vec<Option<i128>> =
            rankings.iter().map(|under| under.asked.as_ref().and_then(|by| by.regret(arm, measure.better))).collect();
        let most = all.iter().copied().collect::<Option<Vec<i128>>>().and_then(|all| all.into_iter().max());
        // A difference of shares is one in points.
        let words = |regret: i128| if unit == Unit::Share { readable(unit, regret).replace('%', "pp") } else { readable(unit, regret) };
        let cell = |regret: i128| Cell::text(if regret == 0 { "–".to_owned() } else { words(regret) });
        let cells = all.iter().chain([&most]).map(|regret| Cell::or_missing(*regret, cell));
        regrets.push(std::iter::once(Cell::text(arm)).chain(cells).collect());
    }
    vec![medians, ranks(results, rankings, &format!("Rank by {name} under each assumption")), regrets]
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn shown(unit: Unit, reading: Reading) -> Cell {
    match reading {
        Reading::Is(value) => Cell::text(readable(unit, value)),
        Reading::Beyond(value) | Reading::AtLeast(value) => Cell::text(format!("> {}", readable(unit, value))),
        Reading::Missing => Cell::Missing,
    }
}

/// A value as tables show it: a length with three digits.
fn readable(unit: Unit, value: i128) -> String {
    match (unit, u64::try_from(value)) {
        (Unit::Time, Ok(nanos)) => crate::number::length(sim_core::time::SimDuration::from_nanos(nanos)),
        _ => for_readers(&unit.words(value)),
    }
}
