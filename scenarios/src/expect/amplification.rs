//! How many attempts are made per call of an edge?

use super::{Judged, Limits, Quotient, Runs, between, contradiction};
use crate::measures::normalised;
use crate::problem::{Problem, one_of};
use models::measure::RunMeasures;
use serde::{Deserialize, Serialize};

/// Limits of amplification, as decimal numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AmplificationLimits {
    /// The edge it speaks of, `"shop -> db"`; the first one unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// It is not below this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// It is not above this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The arms it speaks of; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

// The limits are read from text and compared as they are; none of them is undefined.
impl Eq for AmplificationLimits {}

impl AmplificationLimits {
    /// What is missing in it or contradicts itself, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.at_least, self.at_most) {
            (None, None) => Err("nothing is expected; write `at_most: 1.1` or `at_least: 3`".to_owned()),
            (Some(least), Some(most)) if least > most => Err(contradiction(&least, &most)),
            _ => Ok(()),
        }
    }

    /// Why it cannot hold together with another one about the same edge, if it cannot.
    pub(super) fn contradicts(&self, other: &Self) -> Option<String> {
        if self.edge.as_deref().map(normalised) != other.edge.as_deref().map(normalised) {
            return None;
        }
        let crossed = [(self.at_least, other.at_most), (other.at_least, self.at_most)].into_iter();
        let crossed = crossed.filter_map(|(least, most)| Some((least?, most?))).find(|(least, most)| least > most);
        crossed.map(|(least, most)| contradiction(&least, &most))
    }

    /// What is wrong with its edge, where there are these.
    pub(crate) fn unknown(&self, edges: &[&str]) -> Option<Problem> {
        let edge = self.edge.as_deref()?;
        if edges.contains(&normalised(edge).as_str()) {
            return None;
        }
        let listed: Vec<String> = edges.iter().map(|known| format!("`{known}`")).collect();
        let problem = Problem::new(format!("no edge is called `{edge}`")).expected(one_of(listed.iter().map(String::as_str)));
        Some(problem.suggest(edge, edges.iter().copied()))
    }

    pub(super) fn judge(&self, edges: &[String], runs: &Runs<'_>) -> Judged {
        let wanted = self.edge.as_deref().map(normalised);
        let position = wanted.as_ref().map_or(Some(0), |wanted| edges.iter().position(|edge| edge == wanted));
        let of = wanted.map_or(String::new(), |edge| format!(" of {edge}"));
        let clause = format!("amplification{of} {}", between(self.at_least, self.at_most, runs.numbers));
        let pair = |run: &RunMeasures| run.edges.get(position?).map(|edge| (edge.attempts as f64, edge.calls as f64));
        let pairs = runs.iter().filter_map(|(seed, run)| pair(run).map(|(attempts, calls)| (*seed, attempts, calls))).collect();
        let limits = Limits { at_least: self.at_least, at_most: self.at_most };
        Quotient::factor(pairs, "calls", "no call was made").said(|value| format!("{value:.3} attempts per call")).judge(
            clause,
            limits,
            runs.numbers,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Judgement;
    use models::measure::EdgeMeasures;

    #[test]
    fn an_edge_is_judged_by_its_own_calls_and_attempts() {
        let edge = |calls, attempts| EdgeMeasures { calls, attempts, ..EdgeMeasures::default() };
        let run = RunMeasures { edges: vec![edge(10, 10), edge(10, 25)], ..RunMeasures::default() };
        let names = ["app -> shop", "shop -> db"].map(str::to_owned);
        let limits = |edge: Option<&str>| AmplificationLimits { edge: edge.map(str::to_owned), at_least: Some(2.0), ..Default::default() };
        let runs = Runs::from((1..=6).map(|seed| (seed, &run)).collect::<Vec<_>>());
        let judged = |edge| limits(edge).judge(&names, &runs);
        assert_eq!(judged(None).1, Judgement::Failed);
        let (clause, judgement, evidence, _) = judged(Some("shop->db"));
        assert_eq!((clause.as_str(), judgement), ("amplification of shop -> db at least 2", Judgement::Passed));
        let alike = "the same in all 6 runs, so that at most 39.3% of all possible runs are otherwise";
        assert_eq!(evidence, format!("2.500 attempts per call of 60 calls; {alike}"));
        assert!(limits(Some("shop -> cache")).unknown(&["app -> shop", "shop -> db"]).is_some());
        assert!(limits(Some("shop ->db")).unknown(&["app -> shop", "shop -> db"]).is_none());
        let most = AmplificationLimits { at_most: Some(1.0), ..limits(Some("shop -> db")) };
        assert!(most.check().is_err());
        let other = AmplificationLimits { at_least: None, at_most: Some(1.0), ..limits(None) };
        assert!(limits(None).contradicts(&other).is_some() && limits(Some("shop -> db")).contradicts(&other).is_none());
    }
}
