//! Which of the varied parameters moves a measure most?
//!
//! Of a full grid. For every parameter: the measure at each of its values, averaged over everything else and over the seeds; between which
//! two values it moves most, with the 95 % interval of the difference seed by seed; the share of the variance between cells that the parameter explains by
//! itself (the first-order index of Sobol', which a full grid gives exactly; what is missing to 100 % is interplay); and the elasticity, the
//! slope of the logarithms: by how many percent the measure moves for one percent of the parameter.

use super::arm::Kind;
use super::ranking_table::interval_cell;
use crate::charts::scale::{number_of, written};
use crate::table::{Cell, Column, Table};
use scenarios::measures::{Measure, Unit};
use scenarios::results::Results;
use sim_core::maths::log;
use sim_core::stats::paired::Paired;
use sim_core::time::SimDuration;
use std::collections::BTreeMap;

/// One table for each measure; nothing where nothing is varied.
pub fn sensitivity(results: &Results) -> Vec<Table> {
    if results.manifest.cells.len() < 2 {
        return Vec::new();
    }
    let names: &[&str] = match Kind::of(results) {
        Kind::Faults | Kind::Steady => &["availability", "latency p99", "attempts per call"],
        Kind::OneShot => &["attempts", "completion time"],
    };
    names
        .iter()
        .filter_map(|name| Measure::named(name))
        .map(|measure| table(results, &measure))
        .filter(|table| !table.rows.is_empty())
        .collect()
}

fn table(results: &Results, measure: &Measure) -> Table {
    let manifest = &results.manifest;
    let columns = vec![
        Column::text("arm"),
        Column::text("parameter"),
        Column::number("least at", ""),
        Column::number("least,\nmean of runs", ""),
        Column::number("most at", ""),
        Column::number("most,\nmean of runs", ""),
        Column::number("median\ndifference", ""),
        Column::number("95 % interval", ""),
        Column::number("share of\nthe variance", ""),
        Column::number("elasticity", ""),
    ];
    let mut table = Table::new(format!("Which parameter moves {} most", measure.name), columns);
    for arm in 0..manifest.arms.len() as u32 {
        let seen = Seen::of(results, measure, arm);
        let mut rows: Vec<(f64, Vec<Cell>)> = (0..manifest.axes.len()).filter_map(|axis| row(results, measure, arm, axis, &seen)).collect();
        // What moves it most comes first.
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        table.rows.extend(rows.into_iter().map(|(_, row)| row));
    }
    table.without_empty_columns()
}

/// The values of one arm: by cell, those of the seeds.
struct Seen {
    cells: Vec<BTreeMap<u64, i128>>,
}

impl Seen {
    fn of(results: &Results, measure: &Measure, arm: u32) -> Self {
        let cell = |cell| {
            let runs = results.runs_of(cell, arm);
            runs.filter_map(|(seed, run)| Some((seed, measure.of(run, &results.manifest).exact()?))).collect()
        };
        Self { cells: (0..results.manifest.cells.len() as u32).map(cell).collect() }
    }

    /// The mean of one cell.
    fn mean(&self, cell: usize) -> Option<f64> {
        let values = &self.cells[cell];
        (!values.is_empty()).then(|| values.values().sum::<i128>() as f64 / values.len() as f64)
    }

    /// For each seed the sum over these cells; only seeds that all of them have.
    fn by_seed(&self, cells: &[usize]) -> BTreeMap<u64, i128> {
        let Some((first, rest)) = cells.split_first() else { return BTreeMap::new() };
        let sum = |(seed, value): (&u64, &i128)| {
            rest.iter().try_fold(*value, |sum, cell| Some(sum + self.cells[*cell].get(seed)?)).map(|sum| (*seed, sum))
        };
        self.cells[*first].iter().filter_map(sum).collect()
    }
}

/// What one parameter does to one arm, and by how much it moves the measure.
fn row(results: &Results, measure: &Measure, arm: u32, axis: usize, seen: &Seen) -> Option<(f64, Vec<Cell>)> {
    let manifest = &results.manifest;
    // In the order of the scenario.
    let mut levels: Vec<(&str, Vec<usize>)> = Vec::new();
    for (cell, values) in manifest.cells.iter().enumerate() {
        match levels.iter_mut().find(|(value, _)| *value == values[axis]) {
            Some((_, cells)) => cells.push(cell),
            None => levels.push((&values[axis], vec![cell])),
        }
    }
    let means: Option<Vec<f64>> = levels
        .iter()
        .map(|(_, cells)| cells.iter().map(|cell| seen.mean(*cell)).sum::<Option<f64>>().map(|sum| sum / cells.len() as f64))
        .collect();
    let means = means?;
    let least = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b]))?;
    let most = (0..means.len()).max_by(|a, b| means[*a].total_cmp(&means[*b]))?;
    let count = levels[most].1.len() as i128;
    let (high, low) = (seen.by_seed(&levels[most].1), seen.by_seed(&levels[least].1));
    let differences = high.iter().filter_map(|(seed, value)| Some((value - low.get(seed)?) / count)).collect();
    let paired = Paired::of(differences)?;
    let cell = |value: f64| amount(measure.unit, value);
    let difference = |value: i128| if measure.unit == Unit::Share { Cell::Points(value as i64) } else { cell(value as f64) };
    let several = manifest.axes.len() > 1;
    let row = vec![
        Cell::or_missing(manifest.arms.get(arm as usize), Cell::text),
        Cell::Code(manifest.axes[axis].clone()),
        written(levels[least].0),
        cell(means[least]),
        written(levels[most].0),
        cell(means[most]),
        difference(paired.median),
        Cell::or_missing(paired.interval, |(low, high)| interval_cell(difference(low), difference(high))),
        Cell::or_missing(explained(seen, &levels, &means).filter(|_| several), Cell::share),
        Cell::or_missing(elasticity(&levels, &means), Cell::Number),
    ];
    Some((means[most] - means[least], row))
}

/// The share of the variance between cells that lies between the values of one parameter.
fn explained(seen: &Seen, levels: &[(&str, Vec<usize>)], means: &[f64]) -> Option<f64> {
    let all: Vec<f64> = (0..seen.cells.len()).map(|cell| seen.mean(cell)).collect::<Option<_>>()?;
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let total: f64 = all.iter().map(|value| (value - mean) * (value - mean)).sum();
    let own: f64 = levels.iter().zip(means).map(|((_, cells), level)| cells.len() as f64 * (level - mean) * (level - mean)).sum();
    (total > 0.0).then(|| (own / total).min(1.0))
}

/// The slope of the logarithms by least squares; only of numbers above zero.
fn elasticity(levels: &[(&str, Vec<usize>)], means: &[f64]) -> Option<f64> {
    let logarithm = |value: f64| (value > 0.0).then(|| log(value));
    let points: Option<Vec<(f64, f64)>> =
        levels.iter().zip(means).map(|((value, _), mean)| Some((logarithm(number_of(value)?)?, logarithm(*mean)?))).collect();
    let points = points?;
    let count = points.len() as f64;
    let (x, y) = (points.iter().map(|point| point.0).sum::<f64>() / count, points.iter().map(|point| point.1).sum::<f64>() / count);
    let spread: f64 = points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// A mean of a measure as a cell of its unit.
fn amount(unit: Unit, value: f64) -> Cell {
    let one = value / unit.parts() as f64;
    match unit {
        Unit::Share => Cell::share(one),
        Unit::Time => Cell::Length(SimDuration::from_nanos(value.max(0.0) as u64)),
        Unit::Rate => Cell::Rate(one),
        Unit::Count | Unit::Ratio => Cell::Number(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid of 3 x 2 cells whose values are made of two parameters, with a luck of its own for each seed.
    fn seen(of: impl Fn(f64, f64) -> f64) -> Seen {
        let cell = |(x, y): (f64, f64)| (1..=20).map(|seed| (seed, (of(x, y) * 1e6) as i128 + i128::from(seed))).collect();
        let places = [1.0, 2.0, 4.0].into_iter().flat_map(|x| [1.0, 3.0].map(|y| (x, y)));
        Seen { cells: places.map(cell).collect() }
    }

    fn levels() -> [Vec<(&'static str, Vec<usize>)>; 2] {
        [vec![("1", vec![0, 1]), ("2", vec![2, 3]), ("4", vec![4, 5])], vec![("1", vec![0, 2, 4]), ("3", vec![1, 3, 5])]]
    }

    fn means(seen: &Seen, levels: &[(&str, Vec<usize>)]) -> Vec<f64> {
        let mean = |cells: &Vec<usize>| cells.iter().map(|cell| seen.mean(*cell).unwrap()).sum::<f64>() / cells.len() as f64;
        levels.iter().map(|(_, cells)| mean(cells)).collect()
    }

    #[test]
    fn a_power_law_has_its_exponent_as_elasticity() {
        let seen = seen(|x, y| x * x / y);
        let [x, y] = levels();
        let of = |levels: &[(&str, Vec<usize>)]| elasticity(levels, &means(&seen, levels)).unwrap();
        assert!((of(&x) - 2.0).abs() < 1e-3 && (of(&y) + 1.0).abs() < 1e-3, "{} {}", of(&x), of(&y));
        assert_eq!(elasticity(&[("Held", vec![0]), ("Released", vec![1])], &[1.0, 2.0]), None);
    }

    #[test]
    fn parameters_that_only_add_up_explain_all_of_the_variance_and_interplay_is_what_lacks() {
        let [x, y] = levels();
        let added = seen(|x, y| 3.0 * x + y);
        let of = |seen: &Seen, levels: &[(&str, Vec<usize>)]| explained(seen, levels, &means(seen, levels)).unwrap();
        // Variance 9 * 14/9 * of x and 1 of y: 14 to 1.
        assert!((of(&added, &x) - 14.0 / 15.0).abs() < 1e-6 && (of(&added, &y) - 1.0 / 15.0).abs() < 1e-6);
        let multiplied = seen(|x, y| (x - 7.0 / 3.0 + 10.0) * (y - 2.0 + 10.0));
        assert!(of(&multiplied, &x) + of(&multiplied, &y) < 0.9999);
    }
}
