//! How does a plan of faults read as the text of a scenario?
//!
//! What is printed here can be pasted into a scenario in the place of its storm, and gives the same runs.

use crate::scenario::{ArmPlan, Scenario};
use crate::text::parse::options;
use models::faults::PlannedFault;
use serde::Serialize;
use sim_core::draw::Seed;

/// The section `faults` of the run of a seed: the faults that are written, and those a storm draws.
pub fn faults_section(arm: &ArmPlan, seed: u64) -> String {
    let drawn = arm.plan.storm_of_run(&Seed::new(seed));
    let faults: Vec<String> = arm.faults.iter().chain(&drawn).map(fault).collect();
    let lines: Vec<String> = faults.iter().map(|fault| format!("    {fault},\n")).collect();
    format!("faults: [\n{}],", lines.concat())
}

/// What a reader is told above it, as comments.
pub fn heading(scenario: &Scenario, seed: u64) -> String {
    let replaces = "in the place of `faults` and `storm` this gives the same run";
    format!("// The faults of {} under seed {seed}: {replaces}.", scenario.name)
}

/// A fault with its timing, in one line.
pub fn fault(planned: &PlannedFault) -> String {
    let (fault, timing) = (written(&planned.fault), written(&planned.timing));
    let fields = timing.strip_prefix('(').unwrap_or(&timing);
    let fault = fault.strip_suffix(')').unwrap_or(&fault);
    let comma = if fault.ends_with('(') { "" } else { ", " };
    format!("{fault}{comma}{fields}")
}

/// A value as RON in one line, as scenarios write it.
pub(crate) fn written(value: &impl Serialize) -> String {
    let one_line = ron::ser::PrettyConfig::new().depth_limit(0).separator(" ").struct_names(false);
    options().to_string_pretty(value, one_line).expect("what scenarios write is made of texts and numbers")
}
