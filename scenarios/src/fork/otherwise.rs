//! What would the other arm have done from that very moment?
//!
//! The same past, and the same luck: what is drawn belongs to names, so that both futures meet the same calls and the same delays. Only arms
//! that differ in nothing but their stacks can take over from each other: the state of another system could not be made up.

use crate::live::{Until, start};
use crate::run::Run;
use crate::scenario::Scenario;
use crate::text::path::{Path, locate_in};
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// A run, and what became of it from an instant on under the stacks of another arm.
#[derive(Clone, Debug)]
pub struct Otherwise {
    /// As it was.
    pub as_it_was: Run,
    /// As it would have been.
    pub otherwise: Run,
}

/// Makes a run up to an instant, and both futures from there.
///
/// # Errors
/// Why the other arm cannot take over.
pub fn otherwise(scenario: &Scenario, (arm, seed): (usize, u64), at: SimTime, other: usize, most_events: u64) -> Result<Otherwise, String> {
    let arms = &scenario.cells[0].arms;
    for one in [arm, other] {
        if let Some(section) = beyond_stacks(scenario, &scenario.arms[one]) {
            return Err(format!(
                "arm `{}` changes `{section}`, and only another stack can take over in the middle of a run",
                scenario.arms[one]
            ));
        }
    }
    let mut as_it_was = start(&arms[arm], seed, TieBreak::ByRank);
    if as_it_was.advance(Until { time: at, events: most_events }, None) {
        return Err(format!("the run is over before {at}"));
    }
    let mut otherwise = as_it_was.fork();
    otherwise.switch(&arms[other])?;
    as_it_was.advance(Until::events(most_events), None);
    otherwise.advance(Until::events(most_events), None);
    Ok(Otherwise { as_it_was: as_it_was.finish(), otherwise: otherwise.finish() })
}

/// What an arm changes besides stacks.
fn beyond_stacks(scenario: &Scenario, arm: &str) -> Option<String> {
    let root = scenario.source.root().ok()?;
    let written = locate_in(root, &Path::of_names(&["arms", arm])).ok()?;
    let fields = written.fields().ok()?;
    fields.iter().find(|field| field.name != "stacks").map(|field| field.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::scenario::Scenario;
    use crate::text::Source;
    use crate::{Extent, read};
    use models::measure::RunMeasures;
    use sim_core::time::SimDuration;

    fn shipped(name: &str) -> Scenario {
        let text = crate::library::find(name).expect("it is shipped").text;
        read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound")
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    fn all(scenario: &Scenario, arm: usize) -> Run {
        run(&scenario.cells[0].arms[arm], 1, TieBreak::ByRank, None)
    }

    #[test]
    fn from_the_start_on_it_is_the_run_of_the_other_arm_and_at_the_end_that_of_its_own() {
        let scenario = shipped("retry-storm");
        let budget = scenario.arm("jitter + budget").expect("it is an arm");
        let both = otherwise(&scenario, (1, 1), at(0), budget, u64::MAX).expect("stacks differ, and nothing else");
        // Runs are long to print; what layers show over time is asked for by events of the kernel, and belongs to the arm a run began with.
        let without_events = |measures: &RunMeasures| RunMeasures { events: 0, ..measures.clone() };
        assert!(both.as_it_was == all(&scenario, 1));
        assert!(without_events(&both.otherwise.measures) == without_events(&all(&scenario, budget).measures));
        assert_eq!(both.otherwise.digest, all(&scenario, budget).digest);
        let late = otherwise(&scenario, (1, 1), at(199), budget, u64::MAX).expect("it can take over");
        assert!(late.as_it_was == all(&scenario, 1));
        // Attempts are counted when they are made, and successes at the start of their calls: what began long before is decided.
        assert!(late.as_it_was.bins[..190] == late.otherwise.bins[..190]);
    }

    #[test]
    fn every_call_is_accounted_for_and_the_calls_are_the_same() {
        let scenario = shipped("retry-storm");
        let adds_up = |measures: &RunMeasures| measures.edges.iter().all(models::measure::EdgeMeasures::adds_up);
        for (from, to, secs) in [(1, 6, 35), (6, 1, 35), (2, 0, 60), (0, 5, 41)] {
            let both = otherwise(&scenario, (from, 1), at(secs), to, u64::MAX).expect("it can take over");
            assert!(adds_up(&both.as_it_was.measures) && adds_up(&both.otherwise.measures), "{:?}", both.otherwise.measures.edges);
            assert_eq!(both.as_it_was.measures.calls, both.otherwise.measures.calls, "open load: the same calls");
            assert_ne!(both.as_it_was.digest, both.otherwise.digest);
        }
    }

    #[test]
    fn a_stack_that_holds_a_storm_back_ends_it_and_an_eager_one_keeps_it() {
        let scenario = shipped("retry-storm");
        let budget = scenario.arm("jitter + budget").expect("it is an arm");
        let both = otherwise(&scenario, (1, 1), at(100), budget, u64::MAX).expect("it can take over");
        assert!(both.as_it_was.measures.stuck && !both.otherwise.measures.stuck);
        assert!(both.otherwise.measures.succeeded > both.as_it_was.measures.succeeded);
    }

    #[test]
    fn arms_that_change_more_than_stacks_cannot_take_over() {
        let scenario = shipped("two-primaries");
        let refused = otherwise(&scenario, (0, 1), at(10), 1, u64::MAX).expect_err("another group");
        assert!(refused.contains("changes `groups`"), "{refused}");
        let over = otherwise(&shipped("retry-storm"), (0, 1), at(1_000), 1, u64::MAX).expect_err("nothing is left");
        assert!(over.contains("is over before"), "{over}");
    }
}
