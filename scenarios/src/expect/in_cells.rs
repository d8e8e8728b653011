//! What does a clause mean that speaks of some cells of the grid alone?

use super::{Amount, Clause};
use crate::results::Manifest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A clause that is judged in the cells alone in which these paths have these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InCells {
    /// Paths that `sweep.vary` varies, and the value of each. Those that are not named may have any.
    pub cell: BTreeMap<String, Amount>,
    /// What is expected there.
    pub expect: Box<Clause>,
}

impl InCells {
    /// What is wrong with it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.cell.is_empty() {
            return Err("it names no cell; write `cell: {\"nodes.shoppers.count\": 200}`, or the expectation by itself".to_owned());
        }
        if matches!(*self.expect, Clause::In(_)) {
            return Err("an expectation names its cells once; write all paths in one `cell`".to_owned());
        }
        self.expect.check()
    }

    /// Whether it speaks of the cell in which these axes have these values.
    fn speaks_of(&self, axes: &[String], values: &[String]) -> bool {
        self.cell.iter().all(|(path, wanted)| axes.iter().zip(values).any(|(axis, value)| axis == path && is_value(wanted, value)))
    }

    /// What it names that is not varied, or not over this value, in words; `cells` has a value for each of the axes.
    pub(crate) fn unknown(&self, axes: &[String], cells: &[Vec<String>]) -> Option<String> {
        let listed = |values: &mut Vec<&str>| {
            values.dedup();
            values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        };
        self.cell.iter().find_map(|(path, wanted)| {
            let Some(axis) = axes.iter().position(|axis| axis == path) else {
                let mut known: Vec<&str> = axes.iter().map(String::as_str).collect();
                let varied = if known.is_empty() { "nothing is".to_owned() } else { format!("these are: {}", listed(&mut known)) };
                return Some(format!("`{path}` is not varied by `sweep.vary`; {varied}"));
            };
            let mut values: Vec<&str> = cells.iter().filter_map(|values| values.get(axis)).map(String::as_str).collect();
            let is_known = values.iter().any(|value| is_value(wanted, value));
            values.sort_unstable();
            (!is_known).then(|| format!("`{path}` is never `{wanted}`; its values are {}", listed(&mut values)))
        })
    }
}

/// Whether a value that is written is that of a cell, which may be kept with its quotes or without.
fn is_value(wanted: &Amount, value: &str) -> bool {
    wanted.to_string().trim_matches('"') == value.trim_matches('"')
}

impl Clause {
    /// The clause itself, without the cells it speaks of.
    pub fn bare(&self) -> &Self {
        match self {
            Self::In(cells) => cells.expect.bare(),
            _ => self,
        }
    }

    /// Whether it speaks of a cell of the grid: of all unless said.
    pub fn speaks_of_cell(&self, manifest: &Manifest, cell: u32) -> bool {
        match self {
            Self::In(cells) => manifest.cells.get(cell as usize).is_some_and(|values| cells.speaks_of(&manifest.axes, values)),
            _ => true,
        }
    }

    /// Whether there may be a cell that both speak of.
    pub(super) fn may_share_cells(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::In(mine), Self::In(theirs)) => {
                mine.cell.iter().all(|(path, value)| theirs.cell.get(path).is_none_or(|other| other.to_string() == value.to_string()))
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;
    use crate::text::Source;
    use crate::{Extent, read, sweep};

    fn text(expect: &str) -> String {
        format!(
            r#"(schema: 1, name: "x", horizon: "10s",
                nodes: {{ "people": Clients(count: 10, arrivals: Poisson(rate: "5/s"), calls: "shop"), "shop": Service(workers: 1, demand: Constant("10ms")) }},
                expect: [{expect}],
                sweep: (replications: 2, vary: {{ "nodes.people.count": [10, 20], "nodes.people.arrivals.rate": ["5/s", "50/s", "500/s"] }}))"#
        )
    }

    fn refused(expect: &str) -> String {
        let source = Source::new("x.ron", text(expect));
        let refused = read(source, "x.ron", &[], Extent::Grid);
        refused.err().map(|(source, problems)| problems.render(&source, false)).unwrap_or_default()
    }

    #[test]
    fn an_expectation_is_judged_in_the_cells_it_names_and_in_no_other() {
        let expect = r#"In(cell: {"nodes.people.count": 20, "nodes.people.arrivals.rate": "50/s"}, expect: Availability(at_least: "99%")),
                        In(cell: {"nodes.people.arrivals.rate": "500/s"}, expect: Availability(at_most: "99%")), Stuck(at_most: "0%")"#;
        let source = Source::new("x.ron", text(expect));
        let scenario =
            read(source, "x.ron", &[], Extent::Grid).unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let manifest = sweep::manifest(&scenario);
        let cells = |clause: &Clause| (0..6).filter(|cell| clause.speaks_of_cell(&manifest, *cell)).collect::<Vec<_>>();
        let spoken: Vec<Vec<u32>> = manifest.expect.iter().map(cells).collect();
        assert_eq!(spoken, [vec![4], vec![2, 5], vec![0, 1, 2, 3, 4, 5]]);
        let mut ends = |_, _| {};
        let options = sweep::SweepOptions { jobs: 1, go_on: &|| true, progress: &mut ends };
        let known = crate::journal::KnownRuns::default();
        let results = sweep::sweep(&scenario, &known, &mut crate::journal::Journal::nowhere(), options).expect("no files");
        let judged: Vec<(u32, u32)> =
            crate::expect::judge(&results, Numbers::Written).iter().map(|verdict| (verdict.index, verdict.cell)).collect();
        assert_eq!(judged, [(0, 4), (1, 2), (1, 5), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5)]);
    }

    #[test]
    fn cells_that_do_not_exist_are_refused_with_those_that_do() {
        let all = r#"expect: Availability(at_least: "99%")"#;
        let said = refused(&format!(r#"In(cell: {{"nodes.people.counts": 20}}, {all})"#));
        assert!(said.contains("`nodes.people.counts` is not varied by `sweep.vary`; these are: `nodes.people.count`"), "{said}");
        let said = refused(&format!(r#"In(cell: {{"nodes.people.count": 30}}, {all})"#));
        assert!(said.contains("`nodes.people.count` is never `30`; its values are `10`, `20`"), "{said}");
        assert!(refused(&format!("In(cell: {{}}, {all})")).contains("it names no cell"));
        let said = refused(&format!(r#"In(cell: {{"nodes.people.count": 10}}, expect: In(cell: {{"nodes.people.count": 10}}, {all}))"#));
        assert!(said.contains("names its cells once"), "{said}");
        let said = refused(r#"In(cell: {"nodes.people.count": 10}, expect: Availability())"#);
        assert!(said.contains("nothing is expected"), "{said}");
        let said = refused(r#"In(cell: {"nodes.people.count": 10}, expect: Availability(at_least: "1%", arms: ["other"]))"#);
        assert!(said.contains("no arm is called `other`"), "{said}");
    }

    #[test]
    fn clauses_of_different_cells_do_not_contradict_each_other() {
        let clause = |count: u32, bound: &str| format!(r#"In(cell: {{"nodes.people.count": {count}}}, expect: Availability({bound}))"#);
        assert_eq!(refused(&format!("{}, {}", clause(10, "at_least: \"9%\""), clause(20, "at_most: \"8%\""))), "");
        let said = refused(&format!("{}, {}", clause(10, "at_least: \"9%\""), clause(10, "at_most: \"8%\"")));
        assert!(said.contains("two clauses contradict each other"), "{said}");
    }
}
