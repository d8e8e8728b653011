//! What is wrong with one run, by itself?
//!
//! Own definition. A run fails if it violates a property that its scenario states, breaks an expectation that one run can break (`expect/alone.rs`), leaves calls undecided after the
//! drain, is stuck at the horizon, never comes to its end because its time does not pass, comes to a limit of its scenario, or ends in a panic of the simulator. Whether it
//! may be stuck is decided by the scenario's own `Stuck` clauses where those speak of the arm, and is not asked where it states properties. Failures of one property and one kind of
//! witness are one bug, as far as anybody can tell without looking.

use crate::expect::{Clause, Judgement, Verdict, judge};
use crate::numbers::Numbers;
use crate::results::{Results, RunOutcome, RunRow};
use crate::run::Run;
use crate::scenario::Scenario;
use crate::sweep::manifest_of_arm;
use models::properties::WITHIN_LIMITS;
use serde::{Deserialize, Serialize};

/// A promise that a run broke.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What was promised: the name of a property, or an expectation in words.
    pub property: String,
    /// Of which kind that is which breaks it.
    pub witness: String,
    /// What was seen, in words.
    pub seen: String,
}

impl Failure {
    /// Whether both may be one bug: the same promise is broken in the same way, whatever the numbers are.
    pub fn is_like(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// Whether it is an expectation that is broken, and no property.
    pub(crate) fn is_expectation(&self) -> bool {
        self.witness.starts_with(BROKEN)
    }

    /// What it is grouped by.
    pub fn key(&self) -> (&str, &str) {
        (&self.property, &self.witness)
    }

    fn new(property: &str, witness: &str, seen: String) -> Self {
        Self { property: property.to_owned(), witness: witness.to_owned(), seen }
    }
}

/// Says what is wrong with runs of one arm.
#[derive(Clone, Debug)]
pub struct Judge {
    results: Results,
    arm: u32,
    /// Whether no expectation says whether runs may be stuck.
    stuck_fails: bool,
}

impl Judge {
    /// For runs of this arm of a scenario as written.
    pub fn of(scenario: &Scenario, arm: usize) -> Self {
        let mut manifest = manifest_of_arm(scenario, arm);
        let name = &scenario.arms[arm];
        // Few calls at a protocol that is tried hard come and go by chance; a scenario about correctness is not about that.
        let stuck_fails = manifest.properties.is_empty()
            && !manifest.expect.iter().any(|clause| matches!(clause, Clause::Stuck(_)) && clause.speaks_of(name));
        manifest.expect.retain(|clause| clause.is_broken_by_one_run() && clause.speaks_of(name));
        // Whether a property is violated, the run says itself; and judging it must not copy what no clause looks at.
        manifest.properties = Vec::new();
        manifest.text = String::new();
        Self { results: Results::nothing_yet(manifest), arm: arm as u32, stuck_fails }
    }

    /// Everything wrong with a run, in a fixed order; a panic instead of a run is told by its message.
    pub fn failures(&mut self, seed: u64, made: Result<&Run, &str>) -> Vec<Failure> {
        let run = match made {
            Ok(run) => run,
            Err(message) => return vec![Failure::new(PANIC, &without_numbers(message), message.to_owned())],
        };
        if let Some(stalled) = run.stalled {
            return vec![Failure::new(STANDS_STILL, "it stands still", stalled.to_string())];
        }
        let measures = &run.measures;
        let violated = measures.findings.iter().filter_map(|finding| Some((finding, finding.kind_of_violation()?)));
        let mut failures: Vec<Failure> = violated
            .map(|(finding, kind)| {
                let first = finding.first.as_ref().map(|first| format!("at {}: {}", first.at, first.sentence));
                Failure::new(&finding.property, &kind, first.unwrap_or_default())
            })
            .collect();
        if let Some(limit) = measures.findings.iter().find(|finding| finding.property == WITHIN_LIMITS) {
            let seen = limit.first.as_ref().map(|first| first.sentence.clone()).unwrap_or_default();
            failures.push(Failure::new(LIMITS, "it was stopped", seen));
            // Calls under way and whatever was to come are nobody's fault.
            return failures;
        }
        failures.extend(self.broken_expectations(seed, run));
        if measures.unfinished > 0 {
            let seen = format!("{} of {} calls are undecided when the drain is over", measures.unfinished, measures.calls);
            failures.push(Failure::new(ENDS, "calls without an end", seen));
        }
        if measures.stuck && self.stuck_fails {
            let seen = "not recovered at the horizon, though no fault is active and the load is what it was".to_owned();
            failures.push(Failure::new(RECOVERS, "stuck", seen));
        }
        failures
    }

    fn broken_expectations(&mut self, seed: u64, run: &Run) -> Vec<Failure> {
        self.broken_clauses(seed, run).into_iter().map(|(failure, _)| failure).collect()
    }

    /// The expectations that a run breaks, each with its clause.
    pub fn broken_clauses(&mut self, seed: u64, run: &Run) -> Vec<(Failure, &Clause)> {
        if self.results.manifest.expect.is_empty() {
            return Vec::new();
        }
        let outcome = RunOutcome::Finished { measures: run.measures.clone(), digest: run.digest.value() };
        self.results.runs = vec![RunRow { cell: 0, arm: self.arm, seed, outcome }];
        let verdicts = judge(&self.results, Numbers::Written);
        let broken = verdicts.into_iter().filter(|verdict| verdict.arm == self.arm && verdict.judgement == Judgement::Failed);
        let clause = |index: u32| &self.results.manifest.expect[index as usize];
        let told = |verdict: Verdict| {
            let clause = clause(verdict.index);
            (Failure::new(&verdict.clause, &format!("{BROKEN}{}", clause.name()), verdict.evidence), clause)
        };
        broken.map(told).collect()
    }
}

/// How the kind of witness against an expectation begins.
const BROKEN: &str = "broken ";

/// What every run promises, whatever its scenario says.
pub const ALWAYS: [&str; 5] = [ENDS, RECOVERS, STANDS_STILL, PANIC, LIMITS];

pub(crate) const ENDS: &str = "every call ends";
pub(crate) const RECOVERS: &str = "the system recovers";
const STANDS_STILL: &str = "time passes";

/// What a run breaks that is stopped because it comes to a limit of its scenario: nothing is wrong with it, and nothing is known.
pub const LIMITS: &str = "a run stays within its limits";

/// The property that the simulator itself breaks.
pub const PANIC: &str = "Stormglass does not panic";

/// A message with every number left out: two panics that differ in a number are of one kind.
fn without_numbers(message: &str) -> String {
    let mut kind = String::new();
    for c in message.chars().take(200) {
        match c {
            '0'..='9' if kind.ends_with('#') => {}
            '0'..='9' => kind.push('#'),
            c if c.is_control() => kind.push(' '),
            c => kind.push(c),
        }
    }
    format!("panic: {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::text::Source;
    use crate::{Extent, read};
    use sim_core::simulation::TieBreak;

    fn failures(stack: &str, expect: &str) -> Vec<Failure> {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "1m", drain: "10s",
                nodes: {{ "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) }},
                faults: [Crash(node: "server", at: "10s", lasts: "1s")],
                stacks: {{ "clients -> server": [{stack}] }}, expect: [{expect}])"#
        );
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::AsWritten).expect("it is sound");
        let made = run(&scenario.cells[0].arms[0], 1, TieBreak::ByRank, None);
        Judge::of(&scenario, 0).failures(1, Ok(&made))
    }

    #[test]
    fn a_run_fails_by_what_it_alone_can_break() {
        assert_eq!(failures(r#"Timeout("100ms")"#, ""), Vec::new());
        // A crash without a timeout leaves its callers waiting.
        let waiting = failures("", "");
        assert_eq!(waiting.iter().map(Failure::key).collect::<Vec<_>>(), [("every call ends", "calls without an end")]);
        let expected = failures(r#"Timeout("100ms")"#, r#"Availability(at_least: "100%"), Availability(at_least: "99.99%")"#);
        assert_eq!(expected.iter().map(Failure::key).collect::<Vec<_>>(), [("availability at least 100%", "broken Availability")]);
    }

    #[test]
    fn a_panic_and_a_run_without_time_are_failures_of_their_kind() {
        let spins = failures(r#"Retry(attempts: "unlimited", backoff: Immediate())"#, "");
        assert!(spins.is_empty() || spins[0].property == "every call ends", "{spins:?}");
        let text = r#"(schema: 1, name: "x", horizon: "1s", nodes: { "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"),
            "server": Service(workers: 1, demand: Constant("10ms")) })"#;
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::AsWritten).expect("it is sound");
        let mut judge = Judge::of(&scenario, 0);
        let (one, two) = (judge.failures(1, Err("slot 17 of 20 is free")), judge.failures(2, Err("slot 3 of 4 is free")));
        assert!(one[0].is_like(&two[0]) && one[0].witness == "panic: slot # of # is free");
    }
}
