//! From which value on does the system fail?
//!
//! `vary: { PATH: Bisect(from: A, to: B, until: Stuck) }` looks for the edge of the stable region instead of drawing a grid. Own
//! definition: every seed has an edge of its own, the first of evenly spaced values at which its run fails; bisection finds it
//! with few runs, because a seed means the same luck at every value. The edges of the seeds are a sample: their median and its interval by order
//! statistics say where the edge lies, their spread how sharp it is. Left out: a region with holes; what contradicts bisection is
//! looked for on either side of every edge and counted.

mod scale;
mod search;

pub use scale::Scale;
pub use search::search;

use crate::expect::Amount;
use crate::measures::{Measure, Reading};
use crate::results::Manifest;
use models::measure::RunMeasures;
use serde::{Deserialize, Serialize};
use std::iter;

/// How a path is varied when it is not over a list of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "way to vary")]
pub enum Varied {
    /// By looking for the edge.
    Bisect(Bisect),
}

/// A search for an edge, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bisect {
    /// A value at which runs are sound.
    pub from: Amount,
    /// A value at which runs fail; below `from` if less is worse.
    pub to: Amount,
    /// What failing is.
    pub until: Until,
    /// How near to the edge to look; a hundredth of the distance unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Amount>,
}

/// When a run fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Until {
    /// It is stuck at the horizon (metastable), or was down before its faults.
    Stuck,
    /// It has not come back from its faults at the horizon, or before the next ones.
    NotRecovered,
    /// A measure is below a limit.
    #[serde(rename = "Below")]
    Less {
        /// The measure, by its name.
        of: String,
        /// The limit, in the measure's unit.
        limit: Amount,
    },
    /// A measure is above a limit.
    #[serde(rename = "Above")]
    More {
        /// The measure, by its name.
        of: String,
        /// The limit, in the measure's unit.
        limit: Amount,
    },
}

impl Until {
    /// Name and summary of every one.
    pub const ALL: &'static [(&'static str, &'static str)] = &[
        ("Stuck", "the run is stuck at the horizon (metastable), or was down before its faults"),
        ("NotRecovered", "the run has not come back from its faults, or was down before them"),
        ("Below", "a measure is below a limit: of, limit"),
        ("Above", "a measure is above a limit: of, limit"),
    ];

    /// What failing is, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Stuck => "stuck".to_owned(),
            Self::NotRecovered => "not recovered".to_owned(),
            Self::Less { of, limit } => format!("{of} below {limit}"),
            Self::More { of, limit } => format!("{of} above {limit}"),
        }
    }

    /// What is wrong with its limit, if anything can be said before a run.
    ///
    /// # Errors
    /// A sentence with an example.
    pub fn check(&self) -> Result<(), String> {
        let (Self::Less { of, limit } | Self::More { of, limit }) = self else { return Ok(()) };
        Measure::named(of)
            .map_or(Ok(()), |measure| limit.parts(measure.unit, false).map(drop).map_err(|wanted| format!("`{of}` takes {wanted}")))
    }

    /// Whether a run fails.
    ///
    /// # Errors
    /// A sentence, if that cannot be said.
    pub fn holds(&self, run: &RunMeasures, manifest: &Manifest) -> Result<bool, String> {
        let (of, limit, is_below) = match self {
            Self::Stuck if run.stuck => return Ok(true),
            Self::Stuck | Self::NotRecovered => {
                let recovery = Measure::named("recovery time").map_or(Reading::Missing, |measure| measure.of(run, manifest));
                return match recovery {
                    Reading::Is(_) => Ok(false),
                    Reading::Beyond(_) => Ok(*self == Self::NotRecovered),
                    // Who has calls succeed again is not stuck, however long that lasts.
                    Reading::AtLeast(_) if *self == Self::Stuck => Ok(false),
                    Reading::AtLeast(_) => Err("a run was above its level when it was cut off, for less than `hold`".to_owned()),
                    // Where service is down with the faults and without them there is nothing to come back to.
                    Reading::Missing if run.calls > 0 && run.succeeded * 2 < run.calls => Ok(true),
                    Reading::Missing => Err("recovery cannot be judged".to_owned()),
                };
            }
            Self::Less { of, limit } => (of, limit, true),
            Self::More { of, limit } => (of, limit, false),
        };
        let measure = Measure::find(of, iter::once(run))?;
        let limit = limit.parts(measure.unit, false).map_err(|wanted| format!("`{of}` takes {wanted}"))?;
        let value = measure.of(run, manifest).sorted().ok_or_else(|| format!("a run has no {of}"))? as f64;
        Ok(if is_below { value < limit } else { value > limit })
    }
}

/// A search with everything looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdSearch {
    /// What is varied.
    pub path: String,
    /// Over which values.
    pub scale: Scale,
    /// What failing is.
    pub until: Until,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// What was varied.
    pub path: String,
    /// What failing is, in words.
    pub until: String,
    /// The values, from the sound end to the failing one.
    pub values: Vec<String>,
    /// One for each cell and arm, in grid order.
    pub edges: Vec<Edges>,
}

/// The edges of the seeds of one cell and arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    /// Index of the cell.
    pub cell: u32,
    /// Index of the arm.
    pub arm: u32,
    /// Each seed, and where its edge is.
    pub of_seeds: Vec<(u64, Edge)>,
    /// How many further runs looked whether a run is sound before its edge, and fails beyond it.
    pub checks: u32,
    /// In how many of these it was otherwise.
    pub contradictions: u32,
}

/// Where the edge of one seed is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edge {
    /// It fails at the value of this index, and not at the one before.
    At(u32),
    /// It fails at the first value already.
    Before,
    /// It does not fail at the last value.
    Beyond,
    /// It cannot be said, and why.
    Unknown(String),
}

impl Threshold {
    /// How many steps there are from the first value to the last.
    pub fn steps(&self) -> u32 {
        self.values.len().saturating_sub(1) as u32
    }
}

impl Edges {
    /// Where the seeds fail first, as indices of values, ascending: 0 if already at the first value, one more than the last if nowhere.
    pub fn sorted(&self, steps: u32) -> Vec<u32> {
        let index = |edge: &Edge| match edge {
            Edge::At(index) => Some(*index),
            Edge::Before => Some(0),
            Edge::Beyond => Some(steps + 1),
            Edge::Unknown(_) => None,
        };
        let mut found: Vec<u32> = self.of_seeds.iter().filter_map(|(_, edge)| index(edge)).collect();
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, Scenario, read};

    fn with(vary: &str) -> Result<Scenario, String> {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "20s", nodes: {{ "clients": Clients(count: 7, arrivals: Poisson(rate: "5/s"), calls: "shop"),
                "shop": Service(workers: 4, demand: Constant("12ms")) }}, sweep: (vary: {{ {vary} }}))"#
        );
        read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).map_err(|(source, problems)| problems.render(&source, false))
    }

    #[test]
    fn a_search_is_no_axis_of_the_grid_and_ends_where_a_change_says_otherwise() {
        let scenario = with(
            r#""nodes.shop.workers": [2, 3], "nodes.clients.count": Bisect(from: 10, to: 40, until: Above(of: "latency p99", limit: "1s"))"#,
        );
        let scenario = scenario.expect("it is sound");
        assert_eq!((scenario.cells.len(), scenario.searches.len()), (2, 1));
        assert_eq!((scenario.searches[0].scale.steps(), scenario.searches[0].scale.text(7)), (30, "17".to_owned()));
        let changed = [("nodes.clients.count".to_owned(), "9".to_owned())];
        let again = read(scenario.source.clone(), "x.ron", &changed, Extent::Grid).expect("it is sound");
        assert!(again.searches.is_empty());
    }

    #[test]
    fn a_search_that_cannot_be_made_is_refused_with_the_reason() {
        for (vary, reason) in [
            (r#""nodes.shop.workers": Bisct(from: 1, to: 2)"#, "unknown way to vary `Bisct`"),
            (r#""nodes.shop.workers": Bisect(from: 1, to: "2s", until: Stuck)"#, "not of one unit"),
            (r#""nodes.shop.workers": Bisect(from: 4, to: 4, until: Stuck)"#, "nothing between them"),
            (r#""nodes.shop.wrkers": Bisect(from: 4, to: 1, until: Stuck)"#, "wrkers"),
            (r#""nodes.shop.workers": Bisect(from: 4, to: 0, until: Stuck)"#, "with nodes.shop.workers = 0"),
            (r#""horizon": Bisect(from: "4s", to: "9s", until: Stuck)"#, "`horizon` cannot be varied"),
            (r#""nodes.shop.workers": Bisect(from: 4, to: 1, until: Below(of: "availability", limit: 3))"#, "a share such as"),
        ] {
            let problems = with(vary).expect_err("it is wrong");
            assert!(problems.contains(reason), "{problems}");
        }
    }

    #[test]
    fn what_failing_is_can_be_any_measure() {
        let scenario = with(r#""nodes.shop.workers": Bisect(from: 4, to: 1, until: Stuck)"#).expect("it is sound");
        let manifest = crate::sweep::manifest(&scenario);
        let run = RunMeasures { calls: 10, succeeded: 9, ..RunMeasures::default() };
        let amount = |text: &str| Amount::Text(text.to_owned());
        let below = |limit| Until::Less { of: "availability".to_owned(), limit: amount(limit) }.holds(&run, &manifest);
        assert_eq!((below("95%"), below("90%")), (Ok(true), Ok(false)));
        let slow = Until::More { of: "latency p99".to_owned(), limit: amount("1s") };
        assert!(slow.holds(&run, &manifest).is_err_and(|reason| reason.contains("latency p99")), "nothing succeeded");
        let down = RunMeasures { calls: 10, succeeded: 4, ..RunMeasures::default() };
        let stuck = RunMeasures { stuck: true, ..run.clone() };
        for until in [Until::NotRecovered, Until::Stuck] {
            assert_eq!(until.holds(&down, &manifest), Ok(true), "there is nothing to come back to");
            assert!(until.holds(&run, &manifest).is_err(), "nobody has judged it");
        }
        assert_eq!(Until::Stuck.holds(&stuck, &manifest), Ok(true));
    }
}
