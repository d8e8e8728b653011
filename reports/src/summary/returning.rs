//! How did the runs of one arm come back from the faults, in words?

use super::arm::ArmSummary;
use crate::number;
use sim_core::stats::quantile::Quantile;

pub(super) fn recovery(arm: &ArmSummary) -> String {
    let (runs, half) = (arm.judged(), Quantile::MEDIAN.of(&arm.recovered_after));
    let of_runs = |part: u64| match (part, runs) {
        _ if runs == arm.runs => of_runs(part, runs),
        (1, 1) => "the only run that can be judged".to_owned(),
        _ => format!("{} that can be judged", of_runs(part, runs)),
    };
    let Some(half) = half else {
        return match arm.not_recovered {
            0 if !arm.cut_off.is_empty() => {
                format!("recovery not seen to its end: {} {}", super::returning::of_runs(arm.cut_off.len() as u64, arm.runs), cut_off(arm))
            }
            0 if arm.unstruck == arm.runs => "no fault struck, so that there is nothing to recover from".to_owned(),
            0 => "recovery cannot be judged".to_owned(),
            _ if runs == 1 => format!("never recovered in {}{}", of_runs(1), stuck(arm)),
            lost if runs == arm.runs => format!("never recovered in {lost} of {runs} runs{}", stuck(arm)),
            lost => format!("never recovered in {}{}", of_runs(lost), stuck(arm)),
        };
    };
    if arm.unharmed == runs {
        return format!("did not fall below its level in {}", of_runs(runs));
    }
    let within = match (arm.recovered, arm.recovered_after.last()) {
        (1, _) => format!(", after {}", number::length(half)),
        (_, Some(slowest)) if arm.not_recovered == 0 && number::length(half) == number::length(*slowest) => {
            if half.is_zero() {
                ", each at once".to_owned()
            } else {
                format!(", each within {}", number::length(half))
            }
        }
        (_, Some(slowest)) if arm.not_recovered == 0 && half.is_zero() => {
            format!(", half of them at once and the slowest after {}", number::length(*slowest))
        }
        (_, Some(slowest)) if arm.not_recovered == 0 => {
            format!(", half of them within {} and the slowest after {}", number::length(half), number::length(*slowest))
        }
        _ if half.is_zero() => ", half of those at once".to_owned(),
        _ => format!(", half of those within {}", number::length(half)),
    };
    let lost = if arm.not_recovered == 0 { String::new() } else { format!("; {} never did{}", arm.not_recovered, stuck(arm)) };
    format!("recovered in {}{within}{lost}", of_runs(arm.recovered))
}

fn stuck(arm: &ArmSummary) -> String {
    match arm.stuck {
        0 => String::new(),
        all if all == arm.not_recovered => " (stuck after the fault had ended)".to_owned(),
        some => format!(" ({some} of them stuck after the fault had ended)"),
    }
}

pub(super) fn of_runs(part: u64, runs: u64) -> String {
    match (part, runs) {
        (1, 1) => "its only run".to_owned(),
        _ if part == runs => format!("all {runs} runs"),
        _ => format!("{part} of {runs} runs"),
    }
}

/// What cut off runs that were above their level, and how long they had been.
pub(super) fn cut_off(arm: &ArmSummary) -> String {
    let by = match (arm.cut_off.iter().all(|one| one.by_horizon), arm.cut_off.iter().any(|one| one.by_horizon)) {
        (true, _) => "the horizon",
        (false, false) => "the next episode",
        (false, true) => "the next episode or the horizon",
    };
    let of = |quantile: Quantile| quantile.of(&arm.cut_off).map_or_else(String::new, |one| number::length(one.above));
    let (half, most) = (of(Quantile::MEDIAN), arm.cut_off.last().map_or_else(String::new, |one| number::length(one.above)));
    let above = if half == most { most } else { format!("at most {most}") };
    let were = if arm.cut_off.len() == 1 { "was" } else { "were" };
    format!("{were} cut off by {by} after {above} above the level")
}
