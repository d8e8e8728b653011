//! Which pictures are there, and what do they share?
//!
//! A chart is one file here and one entry in [`CHARTS`]. It speaks about a view: one cell of the grid, or the cells along
//! one axis. Its table is everything it shows; its SVG is drawn from that table's values and nothing else. Text sizes,
//! colours and dashes are the theme's.

mod along;
mod amplification;
mod availability;
mod axis;
mod by_class;
mod coinciding;
mod forest;
mod heat_map;
mod latency;
mod latency_over_time;
mod layers;
mod load;
pub(crate) mod objective;
mod occupancy;
mod over_time;
mod percentiles;
mod plane;
#[cfg(feature = "png")]
pub mod png;
mod polish;
mod recovery;
mod recovery_ecdf;
pub(crate) mod scale;
mod sheet;
mod stability_edge;
mod storm;
pub mod timeline;
mod topology;
mod view;

pub use view::View;

use crate::table::Table;
use crate::theme::Theme;
use scenarios::parallel::{cores, map_in_index_order};
use scenarios::results::Results;

/// A kind of picture.
pub trait Chart: Sync {
    /// Its name in files and on the command line.
    fn name(&self) -> &'static str;
    /// What it shows, in one line.
    fn summary(&self) -> &'static str;
    /// What there is to draw in these results; one picture each.
    fn views(&self, results: &Results) -> Vec<View>;
    /// The numbers of one picture; `None` if the results have no such data.
    fn table(&self, results: &Results, view: &View) -> Option<Table>;
    /// Which column of that table the picture is drawn for: what is shown first where one of them can be chosen. `None` if it has no numbers.
    fn measure(&self) -> Option<usize>;
    /// The picture as a self-contained SVG; `None` exactly where there is no table.
    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String>;
}

/// Every chart, in the order of the page.
pub const CHARTS: &[&dyn Chart] = &[
    &recovery::RecoveryTimes,
    &recovery_ecdf::RecoveryEcdf,
    &availability::AvailabilityOverTime,
    &load::LoadOverTime,
    &storm::AttemptsByNumber,
    &layers::LayersOverTime,
    &forest::PairedDifferences,
    &latency::LatencyByArm,
    &percentiles::LatencyPercentiles,
    &latency_over_time::LatencyOverTime,
    &by_class::ByClass,
    &occupancy::UTILISATION,
    &occupancy::QUEUE,
    &amplification::Amplification,
    &topology::Topology,
    &stability_edge::StabilityEdge,
    &heat_map::NOT_RECOVERED,
    &heat_map::RECOVERY,
    &heat_map::AVAILABILITY,
    &heat_map::COMPLETION,
    &along::NOT_RECOVERED,
    &along::AVAILABILITY,
    &along::LATENCY,
    &along::CALLS_BY_CLIENTS,
    &along::COMPLETION_BY_CLIENTS,
    &along::ATTEMPTS_ALONG,
    &along::COMPLETION_ALONG,
];

/// One drawn picture with what belongs to it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Name of its files, without an ending.
    pub stem: String,
    /// The chart's own name.
    pub chart: &'static str,
    /// What the chart shows.
    pub summary: &'static str,
    /// What it was drawn from.
    pub view: View,
    /// Its numbers.
    pub table: Table,
    /// The column of the table that it is drawn for, if it has numbers.
    pub measure: Option<usize>,
    /// The picture.
    pub svg: String,
}

/// Draws every chart that these results have data for.
pub fn pictures(results: &Results, theme: &Theme) -> Vec<Picture> {
    pictures_telling(results, theme, &mut |_, _| {})
}

/// The same for somebody who waits: told how many pictures of how many have been drawn.
pub fn pictures_telling(results: &Results, theme: &Theme, tell: &mut dyn FnMut(u64, u64)) -> Vec<Picture> {
    let all: Vec<(&dyn Chart, View)> =
        CHARTS.iter().flat_map(|chart| chart.views(results).into_iter().map(|view| (*chart, view))).collect();
    let mut pictures = Vec::new();
    let draw = |index: usize| {
        let (chart, view) = &all[index];
        let (table, svg) = chart.table(results, view).zip(chart.svg(results, view, theme))?;
        let stem = format!("{}{}", chart.name(), view.suffix);
        let table = view.with_fixed(&results.manifest, table);
        let (name, summary, measure) = (chart.name(), chart.summary(), chart.measure());
        Some(Picture { stem, chart: name, summary, view: view.clone(), table, measure, svg })
    };
    let take = |index: usize, drawn: Result<Option<Picture>, String>| {
        pictures.extend(drawn.unwrap_or_else(|message| panic!("{message}")));
        tell(index as u64 + 1, all.len() as u64);
    };
    map_in_index_order(cores(), all.len(), || true, draw, take).expect("as many threads as cores can be started");
    pictures
}
