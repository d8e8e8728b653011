//! Which clauses can one run break by itself?
//!
//! Own definition. Most clauses speak of all possible runs, and one of them proves nothing: `Availability(at_least: "99.9%")` is the share
//! of the calls of all runs together, and `Recovery(p99: "20s")` allows one run in a hundred to take longer. One run decides those that
//! every run has to keep: `Observation`, `Measure(over_runs: Every)` without another arm, and shares that may be nothing but all or none
//! (`Availability(at_least: "100%")`, `Stuck(at_most: "0%")`, and so `WrongAnswers`, `Uptime`, `Precision` and `Recall`).

use super::{Clause, Over};
use sim_core::units::Share;

impl Clause {
    /// Whether one run that does not keep it breaks it, however many others keep it.
    pub fn is_broken_by_one_run(&self) -> bool {
        let is_end = |least: Option<Share>, most: Option<Share>| {
            least.is_none_or(|least| least == Share::ALL) && most.is_none_or(|most| most.parts() == 0)
        };
        match self {
            Self::Availability(bounds) | Self::Stuck(bounds) | Self::WrongAnswers(bounds) => is_end(bounds.at_least, bounds.at_most),
            Self::Uptime(bounds) => is_end(bounds.at_least, bounds.at_most),
            Self::Precision(bounds) | Self::Recall(bounds) => is_end(bounds.at_least, bounds.at_most),
            Self::Observation(_) => true,
            Self::Measure(bounds) => bounds.over_runs == Some(Over::Every) && bounds.other().is_none(),
            Self::In(cells) => cells.expect.is_broken_by_one_run(),
            // What is violated is found in the run itself, whatever its scenario expects.
            Self::Recovery(_) | Self::Amplification(_) | Self::Latency(_) | Self::Detection(_) | Self::Violated(_) => false,
        }
    }

    /// Its name, as scenarios write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Availability(_) => "Availability",
            Self::Recovery(_) => "Recovery",
            Self::Stuck(_) => "Stuck",
            Self::Amplification(_) => "Amplification",
            Self::Latency(_) => "Latency",
            Self::WrongAnswers(_) => "WrongAnswers",
            Self::Observation(_) => "Observation",
            Self::Uptime(_) => "Uptime",
            Self::Detection(_) => "Detection",
            Self::Precision(_) => "Precision",
            Self::Recall(_) => "Recall",
            Self::Measure(_) => "Measure",
            Self::Violated(_) => "Violated",
            Self::In(_) => "In",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse::options;

    #[test]
    fn one_run_breaks_what_every_run_has_to_keep_and_nothing_else() {
        let is_broken = |text: &str| options().from_str::<Clause>(text).expect("it is a clause").is_broken_by_one_run();
        for text in [
            r#"Observation(name: "elections", at_most: 3)"#,
            r#"Stuck(at_most: "0%")"#,
            r#"Stuck(at_least: "100%")"#,
            r#"Availability(at_least: "100%", outside_faults: true)"#,
            r#"Measure(of: "latency p99", over_runs: Every, at_most: "2s")"#,
            r#"Uptime(of: "shop", members: Majority, at_least: "100%")"#,
        ] {
            assert!(is_broken(text), "{text}");
        }
        for text in [
            r#"Stuck(at_most: "1%")"#,
            r#"Availability(at_least: "99.9%")"#,
            r#"Recovery(p99: "20s")"#,
            r#"Measure(of: "latency p99", at_most: "2s")"#,
            r#"Measure(of: "latency p99", over_runs: Every, better_than: "b")"#,
        ] {
            assert!(!is_broken(text), "{text}");
        }
    }

    #[test]
    fn every_clause_knows_its_name() {
        for page in crate::expect::PAGES {
            assert_eq!(options().from_str::<Clause>(page.example).expect("it is a clause").name(), page.name);
        }
    }
}
