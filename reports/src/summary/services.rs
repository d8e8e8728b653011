//! What has become of the requests of each service, and how full was it?

use crate::table::{Cell, Column, Table};
use scenarios::measure::{RunMeasures, ServiceMeasures};

/// Counts of a service: how a table heads them, and how files do, with what is counted.
type Count = (&'static str, &'static str, fn(&ServiceMeasures) -> u64);

const COUNTS: [Count; 8] = [
    ("arrived", "arrived", |service| service.arrived),
    ("completed", "completed", |service| service.completed),
    ("failed", "failed", |service| service.failed),
    ("shed", "shed", |service| service.shed),
    ("abandoned", "abandoned", |service| service.abandoned),
    ("lost", "lost", |service| service.lost),
    ("queued\nat the end", "queued at the end", |service| service.queued),
    ("in service\nat the end", "in service at the end", |service| service.in_service),
];

/// Averages over time of a service: head, unit, and the cell.
type Average = (&'static str, &'static str, fn(&ServiceMeasures) -> Cell);

const AVERAGES: [Average; 3] = [
    ("mean\nqueue", "", |service| Cell::Factor(service.waiting.as_nanos(), service.averaged_over.as_nanos())),
    ("mean\ninside", "", |service| Cell::Factor(service.inside().as_nanos(), service.averaged_over.as_nanos())),
    ("utilisation", "0..1", |service| Cell::Ratio(service.busy.as_nanos(), service.capacity().as_nanos())),
];

/// The books of all services of a run, one in a row; nothing if there is no service. What happened to no request has no column.
pub fn services(run: &RunMeasures) -> Option<Table> {
    let mut columns = vec![Column::text("service")];
    columns.extend(COUNTS.iter().map(|(head, ..)| Column::number(*head, "")));
    columns.extend(AVERAGES.iter().map(|(head, unit, _)| Column::number(*head, unit)));
    let mut table = Table::new("Requests of each service, over the whole run", columns);
    for service in &run.services {
        let counts = COUNTS.iter().map(|(.., of)| of(service)).enumerate();
        // How many came is told even of a service that nobody asked.
        let counts = counts.map(|(index, count)| if index > 0 && count == 0 { Cell::Missing } else { Cell::Count(count) });
        let averages = AVERAGES.iter().map(|(.., of)| of(service));
        table.push(std::iter::once(Cell::text(&service.service)).chain(counts).chain(averages).collect());
    }
    (!table.rows.is_empty()).then(|| table.without_empty_columns())
}

/// The names of all services of these runs, in the order in which they come up.
pub fn names<'a>(runs: impl Iterator<Item = &'a RunMeasures>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for service in runs.flat_map(|run| &run.services) {
        if !names.contains(&service.service) {
            names.push(service.service.clone());
        }
    }
    names
}

/// The columns of a service in a file of runs.
pub fn columns(service: &str) -> Vec<Column> {
    let counts = COUNTS.iter().map(|(_, head, _)| Column::number(format!("service {service}: {head}"), ""));
    let averages = AVERAGES.iter().map(|(head, unit, _)| Column::number(format!("service {service}: {}", head.replace('\n', " ")), unit));
    counts.chain(averages).collect()
}

/// The cells of a service in the row of a run.
pub fn cells(run: Option<&RunMeasures>, name: &str) -> Vec<Cell> {
    let Some(service) = run.and_then(|run| run.services.iter().find(|service| service.service == name)) else {
        return vec![Cell::Missing; COUNTS.len() + AVERAGES.len()];
    };
    let counts = COUNTS.iter().map(|(.., of)| Cell::Count(of(service)));
    counts.chain(AVERAGES.iter().map(|(.., of)| of(service))).collect()
}
