//! `plan`: the faults of one run as the text of a scenario.

use super::output::print;
use super::run::choose_arm;
use super::{Exit, ScenarioArgs, load};
use clap::Args;
use scenarios::{Extent, plan_text};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The seed of the run [default: the scenario's first].
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Which arm [default: the first one written]; a storm is the same in all of them unless their nodes differ.
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
}

/// Runs `plan`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn plan(args: &PlanArgs) -> Result<Exit, Exit> {
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let arm = choose_arm(&scenario, args.arm.as_deref())?;
    let seed = args.seed.unwrap_or(scenario.sweep.first_seed);
    print(&plan_text::heading(&scenario, seed))?;
    print(&plan_text::faults_section(&scenario.cells[0].arms[arm as usize], seed))?;
    Ok(Exit::Fine)
}
