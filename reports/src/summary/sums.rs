//! What can be said without a simulation, so that a reader can doubt either?

use super::{cell_label, fates::named};
use crate::table::{Cell, Column, Table};
use scenarios::results::{Manifest, Sum};

/// Loads and capacities by arithmetic alone, a row for each service; arms that come to the same share one. Nothing where no open load is.
pub fn sums(manifest: &Manifest) -> Option<Table> {
    let columns = vec![
        Column::text("service"),
        Column::text("arms"),
        Column::number("first attempts\nthat come", "1/s"),
        Column::number("it can do\nat most", "1/s"),
        Column::number("utilisation", "0..1"),
        Column::number("attempts of\none call, at most", ""),
        Column::number("comes back from\nanything below", "1/s"),
        Column::number("least\npatience", "s"),
        Column::number("mean time reaches\nthat at", "1/s"),
    ];
    let label = cell_label(manifest, 0);
    let place = if label.is_empty() { String::new() } else { format!(", in the first cell ({label})") };
    let mut table = Table::new(format!("By arithmetic alone{place}"), columns);
    let mut told: Vec<(&Sum, Vec<u32>)> = Vec::new();
    for sum in &manifest.sums {
        match told.iter_mut().find(|(other, _)| Sum { arm: 0, ..sum.clone() } == Sum { arm: 0, ..(*other).clone() }) {
            Some((_, arms)) => arms.push(sum.arm),
            None => told.push((sum, vec![sum.arm])),
        }
    }
    told.sort_by_key(|(sum, _)| manifest.sums.iter().position(|other| other.service == sum.service));
    for (sum, arms) in told {
        table.push(row(manifest, sum, &arms));
    }
    (!table.rows.is_empty()).then(|| table.without_empty_columns())
}

fn row(manifest: &Manifest, sum: &Sum, arms: &[u32]) -> Vec<Cell> {
    let names = arms.iter().filter_map(|arm| manifest.arms.get(*arm as usize)).map(|name| named(name));
    let all = arms.len() == manifest.arms.len();
    let rate = |millionths: u64| Cell::Rate(millionths as f64 / 1e6);
    vec![
        Cell::text(&sum.service),
        if all { Cell::text("all") } else { Cell::text(names.collect::<Vec<String>>().join(", ")) },
        rate(sum.comes),
        Cell::or_missing(sum.can, rate),
        Cell::or_missing(sum.can.filter(|can| *can > 0), |can| Cell::Ratio(sum.comes, can)),
        Cell::or_missing(sum.attempts, Cell::Count),
        Cell::or_missing(sum.safe, rate),
        Cell::or_missing(sum.patience, Cell::Length),
        Cell::or_missing(sum.late, rate),
    ]
}
