//! In how many runs is a property violated, and may it be?
//!
//! A property that a scenario states is to hold in every run of every arm, whether or not a clause says so: one violation is a proof, and
//! no number of runs in which it holds is one. A clause says otherwise of some arms: that it is violated in so many runs at least, as a
//! variant that is known to be broken should be, or in so many at most.

use super::quotient::percent;
use super::{Judged, Judgement, Runs, Shown, between, contradiction, shown::Limits};
use models::measure::RunMeasures;
use models::properties::{Finding, Verdict, WITHIN_LIMITS};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Bounds of the share of runs in which a property is violated, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViolationBounds {
    /// The property, as tables name it: `"Linearizable"`.
    pub property: String,
    /// It is violated in so many runs at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Share>,
    /// It is violated in so many runs at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Share>,
    /// The arms it speaks of; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

impl super::Clause {
    /// Gives the property it speaks of its full name, if it says the first word of one of these alone.
    pub(crate) fn name_property(&mut self, known: &[String]) {
        match self {
            Self::Violated(bounds) => bounds.name(known),
            Self::In(cells) => cells.expect.name_property(known),
            _ => {}
        }
    }
}

fn finding<'a>(run: &'a RunMeasures, property: &str) -> Option<&'a Finding> {
    run.findings.iter().find(|finding| finding.property == property)
}

/// The runs with this verdict on a property, in order of their seeds.
fn with<'a>(runs: &Runs<'a>, property: &'a str, wanted: Verdict) -> impl Iterator<Item = (u64, &'a Finding)> {
    let found = runs.iter().filter_map(move |(seed, run)| finding(run, property).map(|finding| (*seed, finding)));
    found.filter(move |(_, finding)| finding.verdict == wanted).collect::<Vec<_>>().into_iter()
}

/// The run that speaks most against a property: the one with the most violations, the first of several.
fn worst(runs: &Runs<'_>, property: &str) -> Option<u64> {
    with(runs, property, Verdict::Violated).min_by_key(|(seed, finding)| (std::cmp::Reverse(finding.count), *seed)).map(|(seed, _)| seed)
}

impl ViolationBounds {
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.at_least, self.at_most) {
            (None, None) => {
                Err("nothing is expected; write `at_least: \"1%\"` of a variant that is known to be broken, or `at_most`".to_owned())
            }
            (Some(least), Some(most)) if least.parts() > most.parts() => Err(contradiction(&least, &most)),
            _ => Ok(()),
        }
    }

    /// Gives its property the full name, if it says the first word of one of these alone: `BoundedStaleness` of `BoundedStaleness 1 versions`.
    fn name(&mut self, known: &[String]) {
        let is_meant = |title: &&String| title.split([' ', '(']).next() == Some(&self.property);
        let mut meant = known.iter().filter(is_meant);
        if let (Some(title), None, false) = (meant.next(), meant.next(), known.contains(&self.property)) {
            title.clone_into(&mut self.property);
        }
    }

    /// What is wrong with the name of its property, if it is not one of these.
    pub(crate) fn unknown(&self, known: &[String]) -> Option<crate::problem::Problem> {
        (!known.contains(&self.property)).then(|| {
            let problem = crate::problem::Problem::new(format!("the scenario states no property `{}`", self.property));
            let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            let problem = problem.suggest(&self.property, known.iter().map(String::as_str));
            if listed.is_empty() {
                problem.hint("state it: `properties: [Linearizable()]`")
            } else {
                problem.expected(crate::problem::one_of(listed.iter().map(String::as_str)))
            }
        })
    }

    pub(super) fn judge(&self, runs: &Runs<'_>) -> Judged {
        let numbers = runs.numbers;
        let clause = format!("{} violated in {} of the runs", self.property, between(self.at_least, self.at_most, numbers));
        let judged: Vec<u64> = runs.iter().filter(|(_, run)| decided(run, &self.property)).map(|(seed, _)| *seed).collect();
        let violated: Vec<u64> = with(runs, &self.property, Verdict::Violated).map(|(seed, _)| seed).collect();
        let Some(shown) = Shown::share(violated.len() as u64, judged.len() as u64, 1.0) else {
            let undecided = |wanted: Verdict| with(runs, &self.property, wanted).next();
            let unknown = undecided(Verdict::Unknown);
            let why = unknown.as_ref().and_then(|(_, finding)| finding.first.as_ref()).map_or_else(
                || if undecided(Verdict::NotReached).is_some() { ": not reached in any".to_owned() } else { String::new() },
                |first| format!(": {}", first.sentence),
            );
            return (clause, Judgement::Undecided, format!("it was decided in no run{why}"), unknown.map(|(seed, _)| seed));
        };
        let limits = Limits { at_least: self.at_least.map(Share::as_f64), at_most: self.at_most.map(Share::as_f64) };
        let (judgement, evidence) = shown.judge(limits, numbers, &|share| numbers.of(percent(share)));
        let against = if self.at_most.is_none() { judged.iter().find(|seed| !violated.contains(seed)).copied() } else { None };
        let evidence = format!("{} of {} runs; {evidence}", numbers.of(violated.len()), numbers.of(judged.len()));
        (clause, judgement, evidence, against.or_else(|| worst(runs, &self.property)))
    }
}

fn decided(run: &RunMeasures, property: &str) -> bool {
    finding(run, property).is_some_and(|finding| matches!(finding.verdict, Verdict::Holds | Verdict::Violated))
}

/// What is said of runs of which some were stopped because they came to a limit of the scenario; nothing if none was.
pub(super) fn judge_limits(runs: &Runs<'_>) -> Option<Judged> {
    let stopped: Vec<(u64, &Finding)> = with(runs, WITHIN_LIMITS, Verdict::Unknown).collect();
    let (seed, first) = stopped.first()?;
    let sentence = first.first.as_ref().map(|first| first.sentence.clone()).unwrap_or_default();
    let evidence = format!("{} of {} runs came to one: {sentence}", runs.numbers.of(stopped.len()), runs.numbers.of(runs.len()));
    Some(("every run stays within its limits".to_owned(), Judgement::Undecided, evidence, Some(*seed)))
}

/// What runs of which nobody says otherwise say of a property; nothing if none of them judges it.
pub(super) fn judge_stated(property: &str, runs: &Runs<'_>) -> Option<Judged> {
    let judged = runs.iter().filter(|(_, run)| finding(run, property).is_some()).count();
    if judged == 0 {
        return None;
    }
    let clause = format!("{property} holds in every run");
    let count = |wanted: Verdict| with(runs, property, wanted).count();
    let (violated, unknown, missed) = (count(Verdict::Violated), count(Verdict::Unknown), count(Verdict::NotReached));
    let first = |wanted: Verdict| with(runs, property, wanted).next().map(|(seed, _)| seed);
    let numbers = runs.numbers;
    let of = |number: usize| format!("{} of {} runs", numbers.of(number), numbers.of(judged));
    let saying = |wanted: Verdict| {
        let told = with(runs, property, wanted).find_map(|(_, finding)| finding.first.as_ref().map(|first| first.sentence.clone()));
        told.map_or(String::new(), |sentence| format!(": {sentence}"))
    };
    Some(match (violated, unknown, missed) {
        (1.., ..) => {
            let share = Shown::share(violated as u64, judged as u64, 1.0).map_or(String::new(), |shown| {
                format!("; {}", shown.judge(Limits::default(), numbers, &|share| numbers.of(percent(share))).1)
            });
            let evidence =
                format!("violated in {}{share}; first seed {}{}", of(violated), first(Verdict::Violated)?, saying(Verdict::Violated));
            (clause, Judgement::Failed, evidence, worst(runs, property))
        }
        (0, 1.., _) => {
            (clause, Judgement::Undecided, format!("unknown in {}{}", of(unknown), saying(Verdict::Unknown)), first(Verdict::Unknown))
        }
        (0, 0, missed) if missed == judged => {
            (clause, Judgement::Undecided, "not reached in any run".to_owned(), first(Verdict::NotReached))
        }
        (0, 0, missed) => {
            let rest = if missed > 0 { format!(", not reached in {missed}") } else { String::new() };
            (clause, Judgement::Passed, format!("holds in {}{rest}", of(judged - missed)), None)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verdict: Verdict, count: u64) -> RunMeasures {
        let finding = Finding { property: "Linearizable".to_owned(), verdict, count, first: None };
        RunMeasures { findings: vec![finding], ..RunMeasures::default() }
    }

    fn runs(verdicts: &[Verdict]) -> Vec<RunMeasures> {
        verdicts.iter().zip(1..).map(|(verdict, count)| run(*verdict, count)).collect()
    }

    fn stated(verdicts: &[Verdict]) -> (Judgement, String, Option<u64>) {
        let made = runs(verdicts);
        let seeds: Vec<(u64, &RunMeasures)> = (1..).zip(&made).collect();
        let (clause, judgement, evidence, worst) = judge_stated("Linearizable", &seeds.into()).expect("it is judged");
        assert_eq!(clause, "Linearizable holds in every run");
        (judgement, evidence, worst)
    }

    #[test]
    fn one_violation_fails_a_property_and_runs_that_say_nothing_leave_it_undecided() {
        use Verdict::{Holds, NotReached, Unknown, Violated};
        let (judgement, evidence, worst) = stated(&[Holds, Violated, Holds, Violated, Unknown]);
        // The worst run is the one with the most violations.
        assert_eq!((judgement, worst), (Judgement::Failed, Some(4)));
        assert!(evidence.starts_with("violated in 2 of 5 runs; 95 % interval ") && evidence.contains("first seed 2"), "{evidence}");
        assert_eq!(stated(&[Holds, Unknown]), (Judgement::Undecided, "unknown in 1 of 2 runs".to_owned(), Some(2)));
        assert_eq!(stated(&[NotReached, NotReached]), (Judgement::Undecided, "not reached in any run".to_owned(), Some(1)));
        assert_eq!(stated(&[NotReached, Holds]), (Judgement::Passed, "holds in 1 of 2 runs, not reached in 1".to_owned(), None));
        assert_eq!(stated(&[Holds; 3]).0, Judgement::Passed);
        let other = RunMeasures::default();
        assert_eq!(judge_stated("Linearizable", &vec![(1, &other)].into()), None);
    }

    #[test]
    fn a_clause_judges_the_share_of_the_runs_that_decide() {
        let bounds = |at_least, at_most| ViolationBounds { property: "Linearizable".to_owned(), at_least, at_most, arms: None };
        let judged = |bounds: &ViolationBounds, verdicts: &[Verdict]| {
            let made = runs(verdicts);
            let seeds: Vec<(u64, &RunMeasures)> = (1..).zip(&made).collect();
            let (_, judgement, evidence, _) = bounds.judge(&seeds.into());
            (judgement, evidence)
        };
        let half = bounds(Some(Share::percent(50)), None);
        let mut verdicts = vec![Verdict::Violated; 20];
        assert_eq!(judged(&half, &verdicts).0, Judgement::Passed);
        verdicts.extend([Verdict::Unknown; 100]);
        assert!(judged(&half, &verdicts).1.starts_with("20 of 20 runs; "));
        assert_eq!(judged(&half, &[Verdict::Holds; 20]).0, Judgement::Failed);
        assert_eq!(judged(&half, &[Verdict::Unknown; 20]).0, Judgement::Undecided);
        assert_eq!(judged(&bounds(None, Some(Share::percent(0))), &[Verdict::Violated]).0, Judgement::Failed);
        assert!(bounds(None, None).check().is_err() && bounds(Some(Share::ALL), Some(Share::percent(5))).check().is_err());
    }
}
