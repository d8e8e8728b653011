//! What is wrong with an expectation about a measure, before anything is run?

use super::{Amount, Beside, MeasureBounds, Over};
use crate::expect::contradiction;
use crate::measures::{Better, Measure, Owner, list};
use crate::problem::{Problem, did_you_mean, one_of};

/// A problem, and the field of the clause that it is about.
pub(crate) type InField = (&'static str, Problem);

/// Edges, services, services and groups by their members, classes, alerts, and populations whose clients are counted one by one, that a scenario has.
pub(crate) struct Owners<'a> {
    pub edges: &'a [&'a str],
    pub services: &'a [&'a str],
    pub fleets: &'a [&'a str],
    pub classes: &'a [&'a str],
    pub alerts: &'a [&'a str],
    pub populations: &'a [&'a str],
}

impl MeasureBounds {
    /// Everything that the clause alone shows.
    pub(crate) fn problems(&self, arms: &[String]) -> Vec<InField> {
        let mut problems = self.of_comparison(arms);
        let Some(beside) = self.beside(&mut problems) else { return problems };
        match (beside, self.at_least.is_some() || self.at_most.is_some()) {
            (Beside::Limits, false) => {
                let limit = if self.than.is_some() { "at_least: \"1pp\"" } else { "at_most: \"2s\"" };
                problems.push(("", Problem::new(format!("nothing is expected; write `{limit}`, in the unit of the measure"))));
            }
            (Beside::Better | Beside::Worse, true) => {
                problems.push(("", Problem::new("limits of the difference stand beside `than`, not `better_than` or `worse_than`")));
            }
            _ => {}
        }
        let Some(measure) = Measure::named(&self.of) else { return problems };
        if beside != Beside::Limits && measure.better == Better::Unsaid {
            let field = if beside == Beside::Better { "better_than" } else { "worse_than" };
            let problem = Problem::new(format!("neither more nor less of `{}` is better", measure.name));
            problems.push((field, problem.hint("write `than` with `at_least` or `at_most`")));
        }
        let is_difference = self.other().is_some();
        let parts = |field, amount: &Option<Amount>, problems: &mut Vec<InField>| {
            let amount = amount.as_ref()?;
            let read = amount.parts(measure.unit, is_difference);
            if let Err(wanted) = read {
                let problem = Problem::new(format!("`{amount}` is no limit of `{}`", measure.name)).expected(wanted);
                problems.push((field, problem));
            }
            read.ok()
        };
        let least = parts("at_least", &self.at_least, &mut problems);
        let most = parts("at_most", &self.at_most, &mut problems);
        let is_crossed = least.zip(most).is_some_and(|(least, most)| least > most);
        if let (Some(least), Some(most), true) = (&self.at_least, &self.at_most, is_crossed) {
            problems.push(("", Problem::new(contradiction(least, most))));
        }
        problems
    }

    /// The one way it is compared; nothing if several are written.
    fn beside(&self, problems: &mut Vec<InField>) -> Option<Beside> {
        let written = [&self.than, &self.better_than, &self.worse_than].into_iter().flatten().count();
        if written > 1 {
            problems.push(("", Problem::new("write one of `than`, `better_than` and `worse_than`, and a clause for each other")));
            return None;
        }
        Some(self.other().map_or(Beside::Limits, |(_, beside)| beside))
    }

    fn of_comparison(&self, arms: &[String]) -> Vec<InField> {
        let mut problems = Vec::new();
        for (field, arm) in [("than", &self.than), ("better_than", &self.better_than), ("worse_than", &self.worse_than)] {
            let Some(arm) = arm else { continue };
            if !arms.contains(arm) {
                let listed: Vec<String> = arms.iter().map(|arm| format!("`{arm}`")).collect();
                let problem = Problem::new(format!("no arm is called `{arm}`")).expected(one_of(listed.iter().map(String::as_str)));
                problems.push((field, problem.suggest(arm, arms.iter().map(String::as_str))));
            } else if self.arms.as_ref().is_some_and(|arms| arms.contains(arm)) {
                problems.push((field, Problem::new(format!("`{arm}` would be compared with itself")).hint("leave it out of `arms`")));
            } else if arms.len() == 1 {
                problems.push((field, Problem::new("there is no other arm to compare with")));
            }
        }
        problems
    }

    /// What is wrong with whose measure it is, where there are these.
    pub(crate) fn unknown(&self, owners: &Owners<'_>) -> Option<Problem> {
        let measure = Measure::named(&self.of)?;
        let (owner, name) = measure.owner()?;
        let (what, known) = match owner {
            Owner::Edge => ("no edge is called", owners.edges),
            Owner::Service => ("no service is called", owners.services),
            Owner::Fleet => ("no service or group is called", owners.fleets),
            Owner::Class => ("no class of requests is called", owners.classes),
            Owner::Alert => ("no alert is called", owners.alerts),
            Owner::Population => ("no population with `counts_each: true` is called", owners.populations),
        };
        if known.contains(&name) {
            return None;
        }
        if owner == Owner::Class && known.is_empty() {
            let hint = "no population has classes; give one `classes: { \"buy\": (weight: 2), \"browse\": (weight: 8) }`";
            return Some(Problem::new(format!("{what} `{name}`")).hint(hint));
        }
        let listed: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
        let problem = Problem::new(format!("{what} `{name}`")).expected(one_of(listed.iter().map(String::as_str)));
        Some(problem.suggest(name, known.iter().copied()))
    }

    /// What is probably not meant: a name that no measure has, and that runs may or may not observe.
    pub(crate) fn doubtful(&self) -> Option<Problem> {
        if Measure::named(&self.of).is_some() {
            return None;
        }
        let known: Vec<String> = list().into_iter().map(|(name, _)| name).collect();
        let problem = Problem::new(format!("`{}` is judged only if the runs observe something of that name", self.of));
        Some(match did_you_mean(&self.of, known.iter().map(String::as_str)) {
            Some(meant) => problem.hint(format!("did you mean `{meant}`? `stormglass list measures` shows what always is measured")),
            None => problem.hint("`stormglass list measures` shows what always is measured, `stormglass run` what one run observes"),
        })
    }

    /// Why it cannot hold together with another one about the same, if it cannot.
    pub(in crate::expect) fn contradicts(&self, other: &Self) -> Option<String> {
        let over = |of: &Self| of.over_runs.unwrap_or_default();
        // What holds in every run holds of the mean and of every quantile.
        let same = over(self) == over(other) || over(self) == Over::Every || over(other) == Over::Every;
        if !same || self.of.trim() != other.of.trim() {
            return None;
        }
        match (self.other(), other.other()) {
            (Some((arm, Beside::Better)), Some((same, Beside::Worse))) | (Some((arm, Beside::Worse)), Some((same, Beside::Better)))
                if arm == same =>
            {
                return Some(format!("nothing is better and worse than \"{arm}\""));
            }
            (None, None) => {}
            (Some((arm, Beside::Limits)), Some((same, Beside::Limits))) if arm == same => {}
            _ => return None,
        }
        let measure = Measure::named(&self.of)?;
        let parts = |amount: &Option<Amount>| amount.as_ref()?.parts(measure.unit, self.other().is_some()).ok();
        let crossed = [(&self.at_least, &other.at_most), (&other.at_least, &self.at_most)];
        let crossed = crossed.into_iter().find(|(least, most)| parts(least).zip(parts(most)).is_some_and(|(least, most)| least > most));
        crossed.and_then(|(least, most)| Some(contradiction(least.as_ref()?, most.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::amount::example;
    use super::*;

    fn of(name: &str) -> MeasureBounds {
        MeasureBounds {
            of: name.to_owned(),
            over_runs: None,
            at_least: None,
            at_most: None,
            than: None,
            better_than: None,
            worse_than: None,
            arms: None,
        }
    }

    fn said(bounds: &MeasureBounds) -> Vec<(&'static str, String)> {
        let arms = ["one", "other"].map(str::to_owned);
        bounds.problems(&arms).into_iter().map(|(field, problem)| (field, problem.message)).collect()
    }

    fn text(text: &str) -> Option<Amount> {
        Some(Amount::Text(text.to_owned()))
    }

    #[test]
    fn a_limit_in_another_unit_is_a_problem_of_its_field() {
        let wrong = MeasureBounds { at_most: Some(Amount::Number(2.0)), at_least: text("1%"), ..of("latency p99") };
        let fields: Vec<_> = said(&wrong).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["at_least", "at_most"]);
        assert_eq!(said(&MeasureBounds { at_most: text("2s"), ..of("latency p99") }), []);
        let share = MeasureBounds { at_least: text("1%"), than: Some("one".to_owned()), ..of("availability") };
        let expected: Vec<_> =
            share.problems(&["one".to_owned(), "two".to_owned()]).into_iter().map(|(_, problem)| problem.expected).collect();
        assert_eq!(expected, [Some(example(crate::measures::Unit::Share, true).to_owned())]);
    }

    #[test]
    fn nothing_expected_too_much_expected_and_contradictions_are_refused() {
        assert_eq!(said(&of("availability")).len(), 1);
        let crossed = MeasureBounds { at_least: text("2s"), at_most: text("1s"), ..of("latency p50") };
        assert_eq!(said(&crossed), [("", "nothing is at least 2s and at most 1s".to_owned())]);
        let two = MeasureBounds { than: Some("one".to_owned()), better_than: Some("one".to_owned()), ..of("availability") };
        assert!(said(&two)[0].1.starts_with("write one of"));
        let bounded = MeasureBounds { better_than: Some("one".to_owned()), at_least: text("1pp"), ..of("availability") };
        assert!(said(&bounded)[0].1.starts_with("limits of the difference"));
        let better = MeasureBounds { better_than: Some("one".to_owned()), ..of("calls") };
        assert_eq!(said(&better), [("better_than", "neither more nor less of `calls` is better".to_owned())]);
        assert_eq!(said(&MeasureBounds { better_than: Some("one".to_owned()), ..of("availability") }), []);
        assert_eq!(said(&MeasureBounds { better_than: Some("oen".to_owned()), ..of("availability") })[0].0, "better_than");
        let itself = MeasureBounds { worse_than: Some("one".to_owned()), arms: Some(vec!["one".to_owned()]), ..of("availability") };
        assert!(said(&itself)[0].1.contains("with itself"));
    }

    #[test]
    fn owners_that_do_not_exist_are_answered_with_what_there_is() {
        let services: &[&str] = &["shop", "db"];
        let owners = Owners { edges: &["shop -> db"], services, fleets: services, classes: &["buy"], alerts: &[], populations: &[] };
        let unknown = |name: &str| of(name).unknown(&owners).map(|problem| (problem.message, problem.hint));
        assert_eq!(unknown("attempts of shop->db"), None);
        let (message, hint) = unknown("utilisation of dbb").expect("there is none");
        assert_eq!((message.as_str(), hint.as_deref()), ("no service is called `dbb`", Some("did you mean `db`?")));
        assert!(unknown("latency p50 of class browse").is_some() && unknown("calls of shop -> bd").is_some());
        assert!(of("latency p99").doubtful().is_none() && of("elections").doubtful().is_some());
        let hint = of("latancy p99").doubtful().and_then(|problem| problem.hint);
        assert!(hint.is_some_and(|hint| hint.starts_with("did you mean `latency p99`?")));
    }

    #[test]
    fn clauses_about_one_measure_that_cross_contradict_each_other() {
        let least = |over| MeasureBounds { at_least: text("2s"), over_runs: over, ..of("latency p99") };
        let most = |over| MeasureBounds { at_most: text("1s"), over_runs: over, ..of("latency p99") };
        assert!(least(None).contradicts(&most(Some(Over::Median))).is_some());
        assert!(most(Some(Over::Every)).contradicts(&least(Some(Over::P90))).is_some());
        assert!(least(Some(Over::P90)).contradicts(&most(None)).is_none());
        let beside = |better: bool| MeasureBounds {
            better_than: better.then(|| "one".to_owned()),
            worse_than: (!better).then(|| "one".to_owned()),
            ..of("availability")
        };
        assert!(beside(true).contradicts(&beside(false)).is_some() && beside(true).contradicts(&beside(true)).is_none());
    }
}
