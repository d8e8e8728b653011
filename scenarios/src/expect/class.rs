//! What is expected of the calls of one class alone?
//!
//! The same clauses as for all calls, judged as if a run had made no other calls than those of the class.

use super::shares::availability;
use super::{Bounds, Clause, Judged, LatencyLimits, Runs};
use crate::problem::{Problem, one_of};
use models::measure::RunMeasures;
use models::plan::ClassPlan;

impl Clause {
    /// The class that it speaks of, if it speaks of one alone.
    pub fn class(&self) -> Option<&str> {
        match self.bare() {
            Self::Availability(Bounds { class, .. }) | Self::Latency(LatencyLimits { class, .. }) => class.as_deref(),
            _ => None,
        }
    }

    /// What is wrong with its class, where there are these.
    pub(crate) fn unknown_class(&self, classes: &[ClassPlan]) -> Option<Problem> {
        let (class, known) = (self.class()?, || classes.iter().skip(1).map(|class| class.name.as_str()));
        if known().any(|name| name == class) {
            return None;
        }
        let problem = Problem::new(format!("no class of requests is called `{class}`"));
        if known().next().is_none() {
            return Some(problem.hint("no population has classes; give one `classes: { \"buy\": (weight: 2), \"browse\": (weight: 8) }`"));
        }
        let listed: Vec<String> = known().map(|name| format!("`{name}`")).collect();
        Some(problem.expected(one_of(listed.iter().map(String::as_str))).suggest(class, known()))
    }
}

/// Judges a clause that speaks of one class.
pub(super) fn judge(clause: &Clause, class: &str, runs: &Runs<'_>) -> Vec<Judged> {
    let alone: Vec<(u64, RunMeasures)> = runs.iter().map(|(seed, run)| (*seed, only(run, class))).collect();
    let alone = Runs { runs: alone.iter().map(|(seed, run)| (*seed, run)).collect(), numbers: runs.numbers };
    match clause {
        Clause::Availability(bounds) => vec![availability(bounds, &format!("availability of class {class}"), &alone)],
        Clause::Latency(limits) => limits.judge(&format!("latency of class {class}"), &alone),
        _ => unreachable!("only these speak of a class"),
    }
}

/// What would be measured of the calls of a class if there were no others.
fn only(run: &RunMeasures, class: &str) -> RunMeasures {
    let of_class = run.classes.iter().find(|measures| measures.class == class);
    let measures = |measures: &models::measure::ClassMeasures| RunMeasures {
        calls: measures.calls,
        succeeded: measures.succeeded,
        latency: measures.latency.clone(),
        ..RunMeasures::default()
    };
    of_class.map(measures).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Judgement;
    use crate::numbers::Numbers;
    use models::measure::{ClassMeasures, LatencySummary};
    use sim_core::time::SimDuration;

    #[test]
    fn a_class_is_judged_by_its_own_calls_alone() {
        let class = |name: &str, calls, succeeded, millis| ClassMeasures {
            class: name.to_owned(),
            calls,
            succeeded,
            latency: LatencySummary { count: succeeded, p99: SimDuration::from_millis(millis), ..LatencySummary::default() },
        };
        let run = RunMeasures {
            calls: 1000,
            succeeded: 519,
            classes: vec![class("browse", 900, 420, 800), class("buy", 100, 99, 50)],
            ..RunMeasures::default()
        };
        let runs = Runs::from([1, 2, 3, 4, 5, 6].map(|seed| (seed, &run)).to_vec());
        let available = |class: &str| {
            let bounds = Bounds { at_least: Some("99%".parse().unwrap()), class: Some(class.to_owned()), ..Bounds::default() };
            judge(&Clause::Availability(bounds), class, &runs).remove(0)
        };
        let (clause, judgement, evidence, _) = available("buy");
        assert_eq!((clause.as_str(), judgement), ("availability of class buy at least 99%", Judgement::Passed));
        assert!(evidence.starts_with("99.000% of 600 calls; the same in all 6 runs"), "{evidence}");
        assert_eq!(available("browse").1, Judgement::Failed);
        let limits = LatencyLimits { p99: Some(SimDuration::from_millis(50)), ..LatencyLimits::default() };
        let fast = |class: &str| judge(&Clause::Latency(limits.clone()), class, &runs).remove(0);
        assert_eq!((fast("buy").1, fast("browse").1), (Judgement::Passed, Judgement::Failed));
        assert_eq!(fast("buy").0, "p99 of latency of class buy at most 50ms");
        let read = Runs { numbers: Numbers::Read, ..runs.clone() };
        let (clause, _, evidence, _) = judge(&Clause::Latency(limits.clone()), "browse", &read).remove(0);
        assert_eq!(clause, "p99 of latency of class browse at most 50 ms");
        assert!(evidence.starts_with("p99 800 ms as the median over runs, 800 ms at most"), "{evidence}");
        let bounds = Bounds { at_least: Some("99.5%".parse().unwrap()), class: Some("buy".to_owned()), ..Bounds::default() };
        let (clause, _, evidence, _) = judge(&Clause::Availability(bounds), "buy", &read).remove(0);
        assert_eq!(clause, "availability of class buy at least 99.5 %");
        assert!(evidence.starts_with("99 % of 600 calls; the same in all 6 runs, so that at most 39.3 % of"), "{evidence}");
    }
}
