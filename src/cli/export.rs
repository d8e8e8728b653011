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
    /// The arm [default: the first one].
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
    let index = choose_arm(&scenario, args.arm.as_deref())? as usize;
    let map = scenario.cells[0].arms[index].plan.map();
    print(&match args.kind {
        Kind::Dot => topology::dot(&scenario.name, &map),
        Kind::Mermaid => topology::mermaid(&map),
    })?;
    Ok(Exit::Fine)
}
