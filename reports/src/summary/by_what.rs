//! In what is one arm better than another?
//!
//! An order that says no more than who comes first hides that the difference may be one call in ten thousand. The first measure that tells two
//! arms apart by more than luck is named, with what it is for both.

use super::arm::{ArmSummary, Kind};
use super::ranking::{Ranking, scores, signs};
use super::ranking_table::reached_cell;
use crate::number;
use sim_core::stats::quantile::Quantile;

impl Ranking {
    /// The measure that tells an arm from another, in whichever direction, with what it is for both, in their order: `99.9 % against 99.1 % of
    /// calls succeed`. Nothing if either is not ranked or no difference is shown.
    pub(super) fn by_what(&self, arm: &str, other: &str) -> Option<String> {
        let find = |name: &str| self.arms.iter().find(|one| one.name == name);
        let (arm, other) = (find(arm)?, find(other)?);
        if arm.is_sound() != other.is_sound() {
            return Some(format!(
                "{} against {} runs violate a stated property",
                number::count(arm.violated()),
                number::count(other.violated())
            ));
        }
        let told: &[fn(&ArmSummary, &ArmSummary) -> String] = match self.kind {
            Kind::Faults => &[recoveries, successes, recovery_times, cost],
            Kind::Steady | Kind::OneShot => &[successes, cost],
        };
        let scores = scores(self.kind, arm).into_iter().zip(scores(self.kind, other));
        let differs = scores.zip(told).find(|((own, others), _)| signs(own, others, 1).is_ne());
        differs.map(|(_, told)| told(arm, other))
    }
}

fn recoveries(arm: &ArmSummary, other: &ArmSummary) -> String {
    let of = |arm: &ArmSummary| format!("{} of {}", number::count(arm.recovered), number::count(arm.judged()));
    format!("{} against {} runs recover", of(arm), of(other))
}

fn successes(arm: &ArmSummary, other: &ArmSummary) -> String {
    let [own, others] = [arm, other].map(|arm| number::percent(arm.succeeded, arm.calls));
    if own != others {
        return format!("{own} against {others} of calls succeed");
    }
    let [own, others] = [arm, other].map(|arm| number::count(arm.calls - arm.succeeded));
    format!("{own} against {others} of {} calls fail", number::count(arm.calls))
}

fn recovery_times(arm: &ArmSummary, other: &ArmSummary) -> String {
    let of = |arm: &ArmSummary| {
        arm.recovery_quantile(Quantile::MEDIAN).map_or_else(|| number::MISSING.to_owned(), |one| reached_cell(one).shown())
    };
    format!("half are back within {} against {}", of(arm), of(other))
}

fn cost(arm: &ArmSummary, other: &ArmSummary) -> String {
    match (arm.goodput(), other.goodput()) {
        (Some(own), Some(others)) => {
            format!("{} against {} successes a second", number::significant(own), number::significant(others))
        }
        _ => {
            let [own, others] = [arm, other].map(|arm| number::factor(arm.end_to_end.0, arm.end_to_end.1));
            if own != others {
                return format!("{own} against {others} attempts for a call");
            }
            let [own, others] = [arm, other].map(|arm| number::count(arm.attempts.iter().sum()));
            format!("{own} against {others} attempts")
        }
    }
}
