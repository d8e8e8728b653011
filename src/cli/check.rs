//! `check`: everything wrong with a scenario at once, and what it would run.

use super::output::{print, print_table};
use super::{Exit, Format, ScenarioArgs, load};
use clap::Args;
use reports::number::length;
use scenarios::{Extent, sweep};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Print what is wrong, and nothing of what is in order.
    #[arg(long, short)]
    quiet: bool,
}

/// Runs `check`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn check(args: &CheckArgs) -> Result<Exit, Exit> {
    let scenario = load::load(&args.scenario, Extent::Grid)?;
    let (cells, arms, runs) = (scenario.cells.len(), scenario.arms.len(), sweep::size(&scenario));
    let mut warnings = scenario.warnings.clone();
    warnings.extend(scenario.advice.clone());
    load::warn(&scenario, &warnings, false);
    if args.quiet {
        return Ok(Exit::Fine);
    }
    let found = match warnings.sorted().len() {
        0 => "nothing is wrong".to_owned(),
        1 => "nothing is wrong but for 1 warning".to_owned(),
        count => format!("nothing is wrong but for {count} warnings"),
    };
    print(&format!("{}: {found}; nothing was run", scenario.name))?;
    print(&format!("  arms      {}", scenario.arms.join(", ")))?;
    print(&format!(
        "  cells     {cells}{}",
        if scenario.axes.is_empty() { String::new() } else { format!(" over {}", scenario.axes.join(", ")) }
    ))?;
    print(&format!("  runs      {runs} = {cells} x {arms} x {} seeds from {}", scenario.sweep.replications, scenario.sweep.first_seed))?;
    let times = scenario.clockwork;
    print(&format!("  time      warm-up {}, horizon {}, drain {}", length(times.warm_up), length(times.horizon), length(times.drain)))?;
    if let Some(sums) = reports::summary::sums(&sweep::manifest(&scenario)) {
        print("")?;
        print_table(&sums, Format::Table)?;
    }
    Ok(Exit::Fine)
}
