//! Did the runs do what the scenario expects of them?

use super::across::every_one;
use super::cell_label;
use crate::command;
use crate::table::{Cell, Column, Table};
use scenarios::expect::{Judgement, Verdict};
use scenarios::results::Manifest;
use std::collections::{BTreeMap, BTreeSet};

/// So many expectations are named that nobody keeps.
const NAMED: usize = 2;

/// How many expectations passed, failed and stayed undecided, and which of them several arms were to keep and none does; `None` if nothing is
/// expected.
pub fn line(verdicts: &[Verdict]) -> Option<String> {
    let count = |wanted: Judgement| verdicts.iter().filter(|verdict| verdict.judgement == wanted).count();
    let [passed, failed, undecided] = [Judgement::Passed, Judgement::Failed, Judgement::Undecided].map(count);
    let counts = format!("Expectations: {passed} passed, {failed} failed, {undecided} undecided");
    let broken = kept_by_nobody(verdicts);
    let named = broken.iter().take(NAMED).map(|clause| format!("\"{clause}\"")).collect::<Vec<_>>().join(", ");
    let nobody = match broken.len() {
        0 => String::new(),
        few if few <= NAMED => format!("; no arm keeps {named}"),
        many => format!("; no arm keeps {named}, nor {} more", many - NAMED),
    };
    (!verdicts.is_empty()).then(|| counts + &nobody)
}

/// The clauses that speak of several arms and failed in all of them, in every cell.
fn kept_by_nobody(verdicts: &[Verdict]) -> Vec<&str> {
    let mut clauses: BTreeMap<(u32, &str), (BTreeSet<u32>, bool)> = BTreeMap::new();
    for verdict in verdicts {
        let (arms, all_failed) = clauses.entry((verdict.index, &verdict.clause)).or_insert_with(|| (BTreeSet::new(), true));
        arms.insert(verdict.arm);
        *all_failed &= verdict.judgement == Judgement::Failed;
    }
    clauses.into_iter().filter(|(_, (arms, all_failed))| arms.len() > 1 && *all_failed).map(|((_, clause), _)| clause).collect()
}

/// The worst that came of them; `None` if nothing is expected.
pub fn worst(verdicts: &[Verdict]) -> Option<Judgement> {
    let is_any = |wanted: &Judgement| verdicts.iter().any(|verdict| verdict.judgement == *wanted);
    [Judgement::Failed, Judgement::Undecided, Judgement::Passed].into_iter().find(is_any)
}

/// What did not pass, failures first, each with the command of the run that speaks most against it. What stays undecided for
/// the same reason in several cells is said once.
pub fn not_passed(manifest: &Manifest, verdicts: &[Verdict]) -> Table {
    let of = |wanted: Judgement| verdicts.iter().filter(move |verdict| verdict.judgement == wanted);
    let mut alike: Vec<Vec<&Verdict>> = of(Judgement::Failed).map(|verdict| vec![verdict]).collect();
    for verdict in of(Judgement::Undecided) {
        let reason = |verdict: &Verdict| (verdict.judgement, verdict.arm, verdict.clause.clone(), verdict.evidence.clone());
        match alike.iter_mut().find(|group| reason(group[0]) == reason(verdict)) {
            Some(group) => group.push(verdict),
            None => alike.push(vec![verdict]),
        }
    }
    let has_open = alike.iter().any(|group| group[0].judgement == Judgement::Undecided);
    let has_failed = alike.iter().any(|group| group[0].judgement == Judgement::Failed);
    let title = match (has_failed, has_open) {
        (true, true) => "Not as expected, or undecided",
        (false, true) => "Undecided",
        _ => "Not as expected",
    };
    table(manifest, title, &alike)
}

/// Every expectation in every cell and arm it speaks of.
pub fn all(manifest: &Manifest, verdicts: &[Verdict]) -> Table {
    table(manifest, "Every expectation", &verdicts.iter().map(|verdict| vec![verdict]).collect::<Vec<_>>())
}

/// One row for each group of verdicts that differ in their cell only.
fn table(manifest: &Manifest, title: &str, groups: &[Vec<&Verdict>]) -> Table {
    let columns = ["verdict", "arm", "cell", "expected", "seen", "worst run"].map(Column::text).to_vec();
    let mut table = Table::new(title, columns);
    for group in groups {
        let Some(verdict) = group.first() else { continue };
        let cell = match group.len() {
            1 => cell_label(manifest, verdict.cell),
            count if count == manifest.cells.len() => every_one(count),
            count => format!("{} and {} more", cell_label(manifest, verdict.cell), count - 1),
        };
        let command = verdict.worst_seed.map(|seed| command::run(manifest, verdict.cell, verdict.arm, seed));
        table.push(vec![
            Cell::text(verdict.judgement.name()),
            Cell::or_missing(manifest.arms.get(verdict.arm as usize), Cell::text),
            Cell::or_missing(Some(cell).filter(|cell| !cell.is_empty()), Cell::Text),
            Cell::text(&verdict.clause),
            Cell::text(&verdict.evidence),
            Cell::or_missing(command, Cell::Code),
        ]);
    }
    table.without_empty_columns()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_arm_keeps_is_named_beside_the_counts() {
        let verdict = |index, clause: &str, arm, judgement| Verdict {
            index,
            clause: clause.to_owned(),
            cell: 0,
            arm,
            judgement,
            evidence: String::new(),
            worst_seed: None,
        };
        let [passed, failed] = [Judgement::Passed, Judgement::Failed];
        let mut verdicts =
            vec![verdict(0, "a", 0, failed), verdict(0, "a", 1, failed), verdict(1, "b", 0, failed), verdict(1, "b", 1, passed)];
        verdicts.push(verdict(2, "of one arm", 0, failed));
        assert_eq!(line(&verdicts).as_deref(), Some("Expectations: 1 passed, 4 failed, 0 undecided; no arm keeps \"a\""));
        for (index, clause) in [(3, "c"), (4, "d")] {
            verdicts.extend([0, 1].map(|arm| verdict(index, clause, arm, failed)));
        }
        assert!(line(&verdicts).is_some_and(|line| line.ends_with("; no arm keeps \"a\", \"c\", nor 1 more")), "{:?}", line(&verdicts));
        assert_eq!(line(&[]), None);
    }
}
