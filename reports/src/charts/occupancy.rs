//! How full were the services over time: how many workers were busy, and how many requests waited for one?
//!
//! One panel per service, one line per arm: the median over the runs of the mean within a bin, with a band from the 5th to the 95th percentile where
//! there are few enough arms to see it. Every panel has a scale of its own: a queue of ten thousand would flatten all others.

use super::axis::Axis;
use super::over_time::{self, Track};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::export::series::BAND;
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::{LevelTotals, OccupancyTotals, Results, THOUSANDTHS};

/// A level of services over time.
pub struct OccupancyOverTime {
    name: &'static str,
    summary: &'static str,
    /// What the columns are called.
    measure: &'static str,
    title: &'static str,
    of: fn(&OccupancyTotals) -> &[LevelTotals],
    /// Whether it is shown as a share of the workers, where their number is limited.
    is_share: bool,
}

/// Busy workers.
pub static UTILISATION: OccupancyOverTime = OccupancyOverTime {
    name: "utilisation-over-time",
    summary: "Share of the workers of each service that are busy over time, per arm",
    measure: "busy",
    title: "How busy the services are: share of their workers",
    of: |service| &service.busy,
    is_share: true,
};

/// Requests that wait.
pub static QUEUE: OccupancyOverTime = OccupancyOverTime {
    name: "queue-over-time",
    summary: "Requests that wait for a worker of each service over time, per arm",
    measure: "waiting",
    title: "How many requests wait for a worker",
    of: |service| &service.waiting,
    is_share: false,
};

/// With more arms than this, bands would hide each other.
const BANDS: usize = 3;

impl Chart for OccupancyOverTime {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn views(&self, results: &Results) -> Vec<View> {
        let is_sweep = results.manifest.cells.len() > 1;
        if results.manifest.load == "one-shot" && is_sweep { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let unit = if self.is_share { "of the workers, or workers where nothing limits them" } else { "" };
        let mut columns =
            vec![Column::text("service"), Column::text("arm"), Column::number("start of bin", "s"), Column::number("workers", "")];
        columns.extend(["p5", "median", "p95"].map(|name| Column::number(format!("{} {name}", self.measure), unit)));
        let mut table = Table::new(view.titled(self.summary), columns);
        let manifest = &results.manifest;
        for service in self.services(results, view) {
            for (arm, name) in manifest.arms.iter().enumerate() {
                let Some(totals) = found(results, view, arm, &service) else { continue };
                let parts = THOUSANDTHS as f64;
                let whole = if self.is_share && totals.workers > 0 { totals.workers as f64 * parts } else { parts };
                let bins = results.series_of(view.cell(), arm as u32).map_or(0, |series| series.bins.len());
                for index in 0..bins {
                    let level = (self.of)(totals).get(index);
                    let value = |quantile| level.map_or(Some(0), |level| level.runs.about(quantile)).map(|value| value as f64 / whole);
                    let mut row = vec![
                        Cell::text(&service),
                        Cell::text(name),
                        Cell::Length(manifest.bin.saturating_mul(index as u64)),
                        if totals.workers > 0 { Cell::Count(totals.workers) } else { Cell::Missing },
                    ];
                    row.extend(BAND.map(|quantile| Cell::or_missing(value(quantile), Cell::Number)));
                    table.push(row);
                }
            }
        }
        table.rows.iter().any(|row| row[5].value().is_some_and(|value| value > 0.0)).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(5)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let manifest = &results.manifest;
        let services = self.services(results, view);
        let headings: Vec<&str> = services.iter().map(String::as_str).collect();
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let mut caption = over_time::caption(results, view, runs, headings.len());
        if let Some(first) = caption.first_mut() {
            if manifest.arms.len() > BANDS {
                *first = first
                    .replace("; band: 5th to 95th percentile of the runs", "; bands are in the data alone, so many would hide each other");
            }
            *first = first.replace("Line: median", "Line: median of the mean within a bin");
            *first += " Every panel has a scale of its own.";
        }
        let frame = Frame {
            title: view.titled(self.title),
            legend: manifest.arms.iter().enumerate().map(|(arm, name)| Entry::line(name.as_str(), theme.arm(arm))).collect(),
            caption,
            body: over_time::height(&headings, theme),
        };
        let half = manifest.bin.as_secs_f64() / 2.0;
        let tracks = |service: &str| -> Vec<Track> {
            (0..manifest.arms.len()).map(|arm| track(&table, service, &manifest.arms[arm], half, theme.arm(arm))).collect()
        };
        let all: Vec<Vec<Track>> = services.iter().map(|service| tracks(service)).collect();
        let axes: Vec<Axis> = all.iter().zip(&services).map(|(tracks, service)| self.axis(results, view, (tracks, service))).collect();
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::panels_of(sheet, results, view, (&headings, &axes), |plane, index| {
                over_time::lines(plane, &all[index], manifest.arms.len() <= BANDS);
            });
        }))
    }
}

impl OccupancyOverTime {
    /// The services of which there is anything to show, in the order of the scenario.
    fn services(&self, results: &Results, view: &View) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for series in (0..results.manifest.arms.len() as u32).filter_map(|arm| results.series_of(view.cell(), arm)) {
            for service in series.occupancies.iter().filter(|service| (self.of)(service).iter().any(|level| level.sum > 0)) {
                if !names.contains(&service.service) {
                    names.push(service.service.clone());
                }
            }
        }
        names
    }

    fn axis(&self, results: &Results, view: &View, (tracks, service): (&[Track], &str)) -> Axis {
        let label = if self.is_share { "workers busy" } else { "requests waiting" };
        let mut arms = (0..results.manifest.arms.len()).filter_map(|arm| found(results, view, arm, service));
        if self.is_share && arms.all(|totals| totals.workers > 0) {
            return Axis::percent(label);
        }
        let middles = tracks.iter().flat_map(|track| &track.points).filter_map(|(_, band)| *band);
        let highest = middles.map(|[_, middle, high]| if tracks.len() <= BANDS { high } else { middle }).fold(0.0, f64::max);
        Axis::linear(label, 0.0, highest * 1.05, number::significant)
    }
}

fn found<'a>(results: &'a Results, view: &View, arm: usize, service: &str) -> Option<&'a OccupancyTotals> {
    results.series_of(view.cell(), arm as u32)?.occupancies.iter().find(|totals| totals.service == service)
}

fn track(table: &Table, service: &str, arm: &str, half: f64, colour: plotters::style::RGBColor) -> Track {
    let rows = table.rows.iter().filter(|row| row[0] == Cell::text(service) && row[1] == Cell::text(arm));
    let point = |row: &Vec<Cell>| {
        let value = |index: usize| row[index].value();
        let band = value(4).zip(value(5)).zip(value(6)).map(|((low, middle), high)| [low, middle, high]);
        (value(2).unwrap_or(0.0) + half, band)
    };
    Track { colour, points: rows.map(point).collect() }
}
