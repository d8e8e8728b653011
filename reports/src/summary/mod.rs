//! What do the runs of a cell say, in words and in one table?

mod across;
mod arm;
mod besides;
mod by_what;
pub mod classes;
mod consistency;
pub mod detection;
mod differences;
mod doubts;
pub mod edges;
mod episodes;
mod evidence;
pub mod fairness;
pub mod fates;
pub mod faults;
mod grid;
mod levels;
mod long_run;
mod lowest_window;
mod observations;
mod outcome;
mod precision;
pub mod properties;
mod ranking;
mod ranking_table;
mod returning;
mod run;
mod run_episodes;
mod sensitivity;
pub mod services;
pub mod stacks;
mod stress;
mod stuck;
mod sums;
mod telling;
mod thresholds;
pub mod verdicts;
mod violations;
mod worst;

pub use arm::{ArmSummary, Kind};
pub use classes::classes;
pub use consistency::consistency;
pub(crate) use differences::{Difference, Differences};
pub use doubts::doubts;
pub use edges::edges;
pub use episodes::episodes;
pub use grid::grid;
pub use long_run::long_run;
pub use observations::{all_observations, observations};
pub use outcome::CutOff;
pub use precision::{precision, why_stopped};
pub use properties::properties;
pub use ranking::Ranking;
pub(crate) use ranking_table::reached_cell;
pub(crate) use run::columns_of_uptime;
pub use run::{observed, over_time, single_run, strikes};
pub use sensitivity::sensitivity;
pub use services::services;
pub use stress::{stress, stress_sentences};
pub use stuck::stuck;
pub use sums::sums;
pub use telling::{FEW_CELLS, most_telling_first, telling_cells};
pub use thresholds::{sentences as threshold_sentences, thresholds, until};
pub use worst::worst_runs;

use crate::table::{Cell, Column, Table};
use scenarios::results::Manifest;

/// What it means that a comparison says "instants differ".
pub const INSTANTS_DIFFER: &str = "what happens in a run decides when faults strike, or whom: arms of one seed share every draw, and meet the faults at instants of their own or elsewhere";

/// The cell in words: `nodes.writers.count = 100, loss = 1%`; empty if nothing is varied.
pub fn cell_label(manifest: &Manifest, cell: u32) -> String {
    let values = manifest.cells.get(cell as usize).map_or(&[][..], Vec::as_slice);
    let pairs: Vec<String> = manifest.axes.iter().zip(values).map(|(axis, value)| format!("{axis} = {value}")).collect();
    pairs.join(", ")
}

/// The values that each axis of the grid takes, in their order; nothing if nothing is varied.
pub fn varied(manifest: &Manifest) -> Vec<(String, String)> {
    /// More values than this are only counted.
    const TOLD: usize = 12;
    let of = |(index, axis): (usize, &String)| {
        let mut values: Vec<&str> = Vec::new();
        for value in manifest.cells.iter().filter_map(|cell| cell.get(index)) {
            if !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
        let more = values.len().saturating_sub(TOLD);
        let last = if more > 0 { format!(" and {more} more, up to {}", values[values.len() - 1]) } else { String::new() };
        (axis.clone(), format!("{}{last}", values[..values.len().min(TOLD)].join(", ")))
    };
    manifest.axes.iter().enumerate().map(of).collect()
}

/// Over what the load is told: what is varied may change it from cell to cell.
pub fn load_heading(manifest: &Manifest) -> String {
    let label = cell_label(manifest, 0);
    if manifest.cells.len() > 1 { format!("Load of the first cell ({label})") } else { "Load".to_owned() }
}

/// What the command line changed, as a sentence; `None` if nothing.
pub fn changes(manifest: &Manifest) -> Option<String> {
    let pairs: Vec<String> = manifest.changes.iter().map(|(path, value)| format!("{path} = {value}")).collect();
    (!pairs.is_empty()).then(|| format!("Changed with --set: {}", pairs.join(", ")))
}

/// The first paragraph of the description, which is the question that a report answers, and what is left of it.
pub fn question(manifest: &Manifest) -> (&str, &str) {
    let text = manifest.description.as_str();
    // An indented block is a table or a formula, and no question.
    if text.starts_with("    ") { ("", text) } else { text.split_once("\n\n").unwrap_or((text, "")) }
}

/// The defaults that decide verdicts, as a table.
pub fn assumptions(manifest: &Manifest) -> Table {
    let mut table = Table::new("Assumptions that matter", vec![Column::text("field"), Column::text("value"), Column::text("origin")]);
    for assumption in &manifest.assumptions {
        let origin = if assumption.written { "written in the scenario" } else { "default" };
        table.push(vec![Cell::Code(assumption.path.clone()), Cell::Code(assumption.value.clone()), Cell::text(origin)]);
    }
    table
}
