//! `export`: a scenario in the words of another program.

use super::output::print;
use super::run::choose_arm;
use super::{Exit, ScenarioArgs, load};
use clap::{Args, ValueEnum};
use reports::export::topology;
use scenarios::Extent;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to write.
    #[arg(value_enum)]
    kind: Kind,
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The arm [default: whatever any arm has].
    #[arg(long, value_name = "ARM")]
    arm: Option<String>,
}

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Nodes, domains, links and calls as a Graphviz graph: `stormglass export dot S | dot -Tsvg`.
    Dot,
    /// The same as a Mermaid flowchart.
    Mermaid,
}

/// Runs `export`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn export(args: &ExportArgs) -> Result<Exit, Exit> {
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let mut maps = scenario.cells[0].arms.iter().map(|arm| arm.plan.map());
    let map = match &args.arm {
        Some(name) => maps.nth(choose_arm(&scenario, Some(name))? as usize),
        None => maps.reduce(|mut all, map| {
            all.join(map);
            all
        }),
    };
    let map = map.expect("a scenario has an arm");
    print(&match args.kind {
        Kind::Dot => topology::dot(&scenario.name, &map),
        Kind::Mermaid => topology::mermaid(&map),
    })?;
    Ok(Exit::Fine)
}
