//! Which varied axis can a picture be drawn along, and where does each cell stand on it?
//!
//! An axis whose values all are numbers, rates, lengths or shares. If several are, the first that counts something, else the
//! one with most values.

use super::axis::Axis;
use crate::number;
use crate::table::{Cell, Column};
use scenarios::results::Manifest;
use sim_core::time::SimDuration;
use sim_core::units::{Rate, Share};
use std::collections::BTreeSet;

/// What the values of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Number,
    Rate,
    Length,
    Share,
}

impl Quantity {
    fn shown(self, place: f64) -> String {
        match self {
            Self::Number => number::significant(place),
            Self::Rate => format!("{}/s", number::significant(place)),
            Self::Length => number::length(SimDuration::from_secs_f64(place)),
            Self::Share => format!("{} %", number::significant(place * 100.0)),
        }
    }
}

/// An axis of the grid as an axis of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// Its index in the manifest.
    pub axis: usize,
    /// What it is called: its path, or `number of writers`.
    pub name: String,
    quantity: Quantity,
    path: String,
}

impl Scale {
    /// The axis that pictures of these results are drawn along.
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let scales: Vec<(Self, usize)> = (0..manifest.axes.len()).filter_map(|axis| Self::at(manifest, axis)).collect();
        let counted = scales.iter().find(|(scale, _)| scale.counts());
        // Of equally many values the first.
        let longest = || scales.iter().rev().max_by_key(|(_, values)| *values);
        counted.or_else(longest).map(|(scale, _)| scale.clone())
    }

    fn at(manifest: &Manifest, axis: usize) -> Option<(Self, usize)> {
        let texts: BTreeSet<&str> = manifest.cells.iter().filter_map(|cell| cell.get(axis)).map(String::as_str).collect();
        let quantities: Option<Vec<Quantity>> = texts.iter().map(|text| read(text).map(|(quantity, _)| quantity)).collect();
        let quantities = quantities?;
        let quantity = *quantities.first()?;
        let path = manifest.axes[axis].clone();
        let name = path.strip_suffix(".count").map_or_else(
            || path.clone(),
            |counted| format!("number of {}", counted.rsplit('.').next().unwrap_or(counted).trim_matches('"')),
        );
        let is_scale = texts.len() > 1 && quantities.iter().all(|other| *other == quantity);
        is_scale.then_some((Self { axis, name, quantity, path }, texts.len()))
    }

    /// Whether it counts clients.
    pub fn counts(&self) -> bool {
        self.path.ends_with(".count")
    }

    /// These cells from left to right, each with its place.
    pub fn places(&self, manifest: &Manifest, cells: &[u32]) -> Vec<(u32, f64)> {
        let place = |cell: &u32| Some((*cell, read(manifest.cells.get(*cell as usize)?.get(self.axis)?)?.1));
        let mut places: Vec<(u32, f64)> = cells.iter().filter_map(place).collect();
        places.sort_by(|a, b| a.1.total_cmp(&b.1));
        places
    }

    /// The column of its values in a table.
    pub fn column(&self) -> Column {
        let unit = match self.quantity {
            Quantity::Number => "",
            Quantity::Rate => "1/s",
            Quantity::Length => "s",
            Quantity::Share => "0..1",
        };
        Column::number(if self.counts() { "clients" } else { &self.path }, unit)
    }

    /// A place as a cell of that column.
    pub fn cell(&self, place: f64) -> Cell {
        match self.quantity {
            Quantity::Number => Cell::Number(place),
            Quantity::Rate => Cell::Rate(place),
            Quantity::Length => Cell::Length(SimDuration::from_secs_f64(place)),
            Quantity::Share => Cell::share(place),
        }
    }

    /// The axis that holds these places.
    pub fn drawn(&self, places: impl Iterator<Item = f64>) -> Axis {
        Axis::of_places(&self.name, places, |place| self.quantity.shown(place))
    }
}

/// One value of a varied parameter as a column of its own: a number in its unit if all its values are of one kind, or else as it is written.
pub(super) fn fixed(manifest: &Manifest, axis: usize, value: &str) -> (Column, Cell) {
    let path = manifest.axes[axis].as_str();
    match Scale::at(manifest, axis).zip(read(value)) {
        Some(((scale, _), (_, place))) => (Column { name: path.to_owned(), ..scale.column() }, scale.cell(place)),
        None => (Column::text(path), Cell::text(value)),
    }
}

/// An axis of these values: by what they stand for, in the unit that they have.
pub(super) fn axis_of(label: &str, values: &[String]) -> Axis {
    let places = values.iter().filter_map(|value| number_of(value));
    let quantity = values.first().and_then(|value| read(value)).map_or(Quantity::Number, |(quantity, _)| quantity);
    Axis::of_places(label, places, |place| quantity.shown(place))
}

/// The two axes that a picture over a grid has: the two with most values, in the order of the scenario.
pub(super) fn two(manifest: &Manifest) -> Option<(usize, usize)> {
    let count = |axis: usize| manifest.cells.iter().filter_map(|cell| cell.get(axis)).collect::<BTreeSet<_>>().len();
    let mut axes: Vec<usize> = (0..manifest.axes.len()).filter(|axis| count(*axis) > 1).collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(count(*axis)));
    axes.truncate(2);
    axes.sort_unstable();
    if let [x, y] = axes[..] { Some((x, y)) } else { None }
}

/// The values that an axis takes in these cells, in order of what they stand for; those that are words as they are written.
pub(super) fn in_order(manifest: &Manifest, axis: usize, cells: &[u32]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in cells.iter().filter_map(|cell| manifest.cells.get(*cell as usize)?.get(axis)) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    if values.iter().all(|value| read(value).is_some()) {
        values.sort_by(|a, b| number_of(a).unwrap_or(0.0).total_cmp(&number_of(b).unwrap_or(0.0)));
    }
    values
}

/// A value as a cell that is shown as written and sorted by what it stands for.
pub(crate) fn written(text: &str) -> Cell {
    read(text).map_or_else(|| Cell::text(text), |(_, value)| Cell::Written(text.to_owned(), value))
}

/// The number that a value stands for, in units, seconds or parts, if it stands for one.
pub(crate) fn number_of(text: &str) -> Option<f64> {
    read(text).map(|(_, value)| value)
}

/// A value as written in a scenario: what it is, and how much in units, seconds or parts.
fn read(text: &str) -> Option<(Quantity, f64)> {
    let text = text.trim_matches('"');
    let number = || text.replace('_', "").parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    let rate = || text.parse::<Rate>().ok().map(Rate::per_second_f64);
    let length = || text.parse::<SimDuration>().ok().map(SimDuration::as_secs_f64);
    let share = || text.parse::<Share>().ok().map(Share::as_f64);
    let as_number = number().map(|value| (Quantity::Number, value));
    let as_rate = || rate().map(|value| (Quantity::Rate, value));
    let as_length = || length().map(|value| (Quantity::Length, value));
    as_number.or_else(as_rate).or_else(as_length).or_else(|| share().map(|value| (Quantity::Share, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_unit() {
        assert_eq!(read("1k/s"), Some((Quantity::Rate, 1000.0)));
        assert_eq!(read("\"250ms\""), Some((Quantity::Length, 0.25)));
        assert_eq!(read("12.5%"), Some((Quantity::Share, 0.125)));
        assert_eq!(read("1_000"), Some((Quantity::Number, 1000.0)));
        assert_eq!(read("FullJitter(base: \"1s\")"), None);
    }
}
