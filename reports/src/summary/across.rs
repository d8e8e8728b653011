//! What do the runs of a whole grid say, in sentences?
//!
//! Own definition. An arm is best in a cell if none ranks before it there and no run of it violates a stated property; arms between which no difference is shown share the
//! place, and a cell in which none is shown at all has no best arm. Ranges go from the least to the largest cell; each cell's value is its median over
//! runs, shares are pooled.

use super::fates::{FEWEST, Fate, listed, named};
use super::ranking_table::reached_cell;
use super::returning::of_runs;
use super::violations::{Violations, opening_over_cells};
use super::{ArmSummary, Kind, Ranking};
use crate::number;
use crate::table::Cell;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;

/// More arms than this, and one, are counted and not named in a headline.
const MOST_NAMED: usize = 3;

/// Which arm is best in how many cells, and how far apart the arms are where they are farthest.
pub(super) fn headline(results: &Results) -> String {
    let rankings = rankings(results);
    let said = order(results, &rankings);
    opening_over_cells(&rankings, results.manifest.arms.len()).map_or(said.clone(), |opening| format!("{opening} {said}"))
}

fn order(results: &Results, rankings: &[Ranking]) -> String {
    let cells = rankings.len();
    let unsound = rankings.iter().filter(|ranking| ranking.is_unsound()).count();
    let differing = rankings.iter().filter(|ranking| has_best(ranking)).count();
    if differing == 0 && unsound == 0 {
        if rankings.iter().all(Ranking::is_equal) {
            return format!("The arms do not differ in {} in any of {cells} cells.{}", rankings[0].measures(), besides(results, rankings));
        }
        let measures = rankings[0].measures();
        let runs = rankings.iter().map(Ranking::most_runs).max().unwrap_or(0);
        let hint = if runs < FEWEST {
            format!(" by {}, and fewer than {FEWEST} cannot show one", number::counted(&runs.to_string(), "run"))
        } else {
            String::new()
        };
        return format!(
            "No difference between the arms in {measures} is shown in any of {cells} cells{hint}.{}",
            besides(results, rankings)
        );
    }
    let wins = wins(results, rankings);
    let mut winners: Vec<(usize, &String)> = wins.iter().copied().zip(&results.manifest.arms).filter(|(wins, _)| *wins > 0).collect();
    winners.sort_by_key(|(wins, _)| std::cmp::Reverse(*wins));
    let of = |wins: usize| if wins == cells { every_one(cells) } else { format!("{wins} of {cells} cells") };
    let first = winners.first().map(|(wins, arm)| format!("{} is best in {}", named(arm), of(*wins)));
    let told = if winners.len() > MOST_NAMED + 1 { MOST_NAMED } else { winners.len() };
    let others = winners.iter().take(told).skip(1).map(|(wins, arm)| format!("{} in {wins}", named(arm)));
    let rest: Vec<usize> = winners.iter().skip(told).map(|(wins, _)| *wins).collect();
    let rest = rest.first().zip(rest.last()).map(|(most, least)| {
        let wins = number::range(&least.to_string(), &most.to_string());
        format!("{} others in {wins} each", winners.len() - told)
    });
    let list: Vec<String> = first.into_iter().chain(others).chain(rest).collect();
    let list = if list.is_empty() { "No arm is best in any cell".to_owned() } else { list.join(", ") };
    let tied = cells - differing - unsound;
    let tied = if tied > 0 { format!("; in {tied} no difference is shown") } else { String::new() };
    let unsound = if unsound > 0 { format!("; in {unsound} every arm violates a stated property") } else { String::new() };
    // Counted once for each arm, a place that several share would read like a contradiction.
    let is_shared = wins.iter().sum::<usize>() > differing;
    let shared = if is_shared { " (shared where no difference between them is shown)" } else { "" };
    let lost = lost(rankings, &winners.iter().map(|(_, arm)| arm.as_str()).collect::<Vec<_>>());
    format!("{list}{shared}{tied}{unsound}.{lost} {}", farthest(rankings))
}

/// Where arms that are best somewhere do not come back at all; those that fail in the same cells are told together.
fn lost(rankings: &[Ranking], winners: &[&str]) -> String {
    let mut groups: Vec<(Vec<usize>, Vec<&str>)> = Vec::new();
    for name in winners {
        let is_lost = |arm: &ArmSummary| arm.name == *name && arm.not_recovered > 0 && arm.not_recovered == arm.watched();
        let cells = rankings.iter().enumerate().filter(|(_, ranking)| ranking.kind == Kind::Faults && ranking.arms.iter().any(is_lost));
        let cells: Vec<usize> = cells.map(|(cell, _)| cell).collect();
        match groups.iter_mut().find(|(known, _)| *known == cells) {
            Some((_, arms)) => arms.push(name),
            None => groups.push((cells, vec![name])),
        }
    }
    let sentence = |(cells, arms): &(Vec<usize>, Vec<&str>)| {
        let first = &rankings[*cells.first()?].label;
        let (who, never) = match arms.as_slice() {
            [arm] => (named(arm), "never recovers"),
            arms if arms.len() == winners.len() => ("none of these".to_owned(), "ever recovers"),
            arms => {
                let told = if arms.len() > MOST_NAMED + 1 { MOST_NAMED } else { arms.len() };
                let more = (arms.len() > told).then(|| format!("{} others", arms.len() - told));
                (listed(&arms.iter().take(told).map(|arm| named(arm)).chain(more).collect::<Vec<_>>()), "never recover")
            }
        };
        Some(match cells.len() {
            1 => format!(" But {who} {never} with {first}."),
            lost => format!(" But {who} {never} in {lost} of {} cells, first with {first}.", rankings.len()),
        })
    };
    groups.iter().filter_map(sentence).collect()
}

/// Whether a cell has a best arm: one that differs from others, and keeps its word.
fn has_best(ranking: &Ranking) -> bool {
    !ranking.is_tied() && !ranking.is_unsound()
}

/// What the arms differ in though no order looks at it, in the first cell where they do.
fn besides(results: &Results, rankings: &[Ranking]) -> String {
    let said = rankings.iter().find_map(|ranking| Some((ranking, super::besides::sentence(results, ranking)?)));
    said.map_or_else(String::new, |(ranking, sentence)| format!(" With {}: {sentence}", ranking.label))
}

/// One sentence per arm about all cells, the arm that is best most often first.
pub(super) fn fates(results: &Results) -> Vec<Fate> {
    let rankings = rankings(results);
    let wins = wins(results, &rankings);
    let mut order: Vec<usize> = (0..results.manifest.arms.len()).collect();
    order.sort_by_key(|arm| std::cmp::Reverse(wins[*arm]));
    let fate = |index: usize| {
        let seen = |ranking: &Ranking| -> Option<(String, ArmSummary)> {
            let arm = ranking.arms.iter().find(|arm| arm.arm as usize == index && arm.runs > 0)?;
            Some((ranking.label.clone(), arm.clone()))
        };
        let cells: Vec<(String, ArmSummary)> = rankings.iter().filter_map(seen).collect();
        let over = over(Kind::of(results), &cells);
        // An only arm has nobody to be better than.
        let text = if order.len() == 1 { over } else { format!("{over}; {}", best_in(wins[index], rankings.len())) };
        let violates = Violations::over(cells.iter().map(|(_, arm)| arm));
        let text = violates.map_or(text.clone(), |violations| format!("{}; {text}", violations.fate()));
        Fate { arm: results.manifest.arms[index].clone(), text }
    };
    order.iter().copied().map(fate).collect()
}

fn rankings(results: &Results) -> Vec<Ranking> {
    (0..results.manifest.cells.len() as u32).map(|cell| Ranking::of(results, cell)).collect()
}

/// In how many cells each arm is best.
fn wins(results: &Results, rankings: &[Ranking]) -> Vec<usize> {
    let wins = |arm: usize| {
        rankings.iter().filter(|ranking| has_best(ranking) && ranking.best().iter().any(|best| best.arm as usize == arm)).count()
    };
    (0..results.manifest.arms.len()).map(wins).collect()
}

/// So many cells, and all that there are.
pub(super) fn every_one(cells: usize) -> String {
    if cells == 2 { "both cells".to_owned() } else { format!("all {cells} cells") }
}

fn best_in(wins: usize, cells: usize) -> String {
    match wins {
        0 => "best in no cell".to_owned(),
        _ if wins == cells => format!("best in {}", every_one(cells)),
        _ => format!("best in {wins} of {cells} cells"),
    }
}

/// The cell in which the best and the worst arm are farthest apart, the first of several; `None` where no cell has arms.
pub(super) fn farthest_cell(results: &Results) -> Option<u32> {
    let rankings = rankings(results);
    let (found, ..) = farthest_of(&rankings)?;
    rankings.iter().position(|ranking| std::ptr::eq(ranking, found)).map(|cell| cell as u32)
}

fn farthest(rankings: &[Ranking]) -> String {
    farthest_of(rankings).map_or_else(String::new, |(ranking, best, worst)| {
        let [_, recovered, available, _] = distance(ranking.kind, best, worst);
        let said = |arm: &ArmSummary| match arm.goodput() {
            Some(goodput) if recovered <= 0.0 && available <= 0.0 => format!("had {} successes a second", number::significant(goodput)),
            _ => briefly(ranking.kind, recovered > 0.0, arm),
        };
        let said = |arm: &ArmSummary| match arm.violated() {
            0 => said(arm),
            violated => format!("{} and violated a property in {}", said(arm), of_runs(violated, arm.violated_by_seed.len() as u64)),
        };
        let [best, worst] = [best, worst].map(|arm| format!("{} {}", named(&arm.name), said(arm)));
        format!("Farthest apart with {}: {best}, {worst}.", ranking.label)
    })
}

fn farthest_of(rankings: &[Ranking]) -> Option<(&Ranking, &ArmSummary, &ArmSummary)> {
    let pairs = rankings.iter().filter_map(|ranking| Some((ranking, ranking.arms.first()?, ranking.arms.last()?)));
    let gap = |(ranking, best, worst): &(&Ranking, &ArmSummary, &ArmSummary)| distance(ranking.kind, best, worst);
    pairs.reduce(|found, pair| if gap(&found).partial_cmp(&gap(&pair)) == Some(std::cmp::Ordering::Less) { pair } else { found })
}

/// How far apart two arms are: in what ranks them first, then in what ranks them next.
fn distance(kind: Kind, best: &ArmSummary, worst: &ArmSummary) -> [f64; 4] {
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let attempts = |arm: &ArmSummary| Quantile::MEDIAN.of(&arm.attempts).map_or(0.0, |attempts| attempts as f64);
    let recovered = share(best.recovered, best.judged()) - share(worst.recovered, worst.judged());
    let available = share(best.succeeded, best.calls) - share(worst.succeeded, worst.calls);
    let quotient = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let cost = match (kind, best.goodput(), worst.goodput()) {
        (Kind::OneShot, ..) => quotient(attempts(worst), attempts(best)),
        (_, Some(best), Some(worst)) => quotient(best, worst),
        _ => 0.0,
    };
    let violated = |arm: &ArmSummary| share(arm.violated(), arm.violated_by_seed.len() as u64);
    [violated(worst) - violated(best), if kind == Kind::Faults { recovered } else { 0.0 }, available, cost]
}

fn briefly(kind: Kind, by_recovery: bool, arm: &ArmSummary) -> String {
    match kind {
        Kind::OneShot => {
            let attempts = Quantile::MEDIAN.of(&arm.attempts).map_or_else(|| number::MISSING.to_owned(), number::count);
            format!("made {}", number::counted(&attempts, "attempt"))
        }
        Kind::Faults if by_recovery => match arm.recovered {
            0 if arm.judged() == 1 => "did not recover in its only run".to_owned(),
            0 => format!("recovered in none of {} runs", arm.judged()),
            some => format!("recovered in {}", of_runs(some, arm.judged())),
        },
        Kind::Faults | Kind::Steady => format!("had {} of calls succeed", number::percent(arm.succeeded, arm.calls)),
    }
}

fn over(kind: Kind, cells: &[(String, ArmSummary)]) -> String {
    if cells.is_empty() {
        return "no run finished".to_owned();
    }
    let availability = spread(cells, |arm| Some(Cell::Ratio(arm.succeeded, arm.calls)));
    let goodput = spread(cells, |arm| arm.goodput().map(Cell::Rate));
    let is_closed = cells.iter().any(|(_, arm)| arm.goodput().is_some());
    let availability =
        if is_closed { format!("{availability} of calls succeeded, {goodput}") } else { format!("{availability} of calls succeeded") };
    match kind {
        Kind::Steady if is_closed => availability,
        Kind::OneShot => {
            let attempts = spread(cells, |arm| Quantile::MEDIAN.of(&arm.attempts).map(Cell::Count));
            format!("{} in the median run, {}", number::counted(&attempts, "attempt"), done(cells))
        }
        Kind::Faults => format!("{}; {availability}", recovered(cells)),
        Kind::Steady => {
            let attempts = spread(cells, |arm| Some(Cell::Factor(arm.end_to_end.0, arm.end_to_end.1)));
            format!("{availability}, with {} per call", number::counted(&attempts, "attempt"))
        }
    }
}

fn done(cells: &[(String, ArmSummary)]) -> String {
    let finished = |arm: &ArmSummary| match arm.completion_quantile(Quantile::MEDIAN) {
        Some(reached @ Reached::At(_)) => Some(reached_cell(reached)),
        Some(Reached::NotBy(_)) | None => None,
    };
    let open = cells.iter().filter(|(_, arm)| finished(arm).is_none()).count();
    match open {
        0 => format!("all done after {}", spread(cells, finished)),
        _ if open == cells.len() => "not all done at the end in any cell".to_owned(),
        _ => format!("all done after {}, but not at the end in {open} of {} cells", spread(cells, finished), cells.len()),
    }
}

fn recovered(cells: &[(String, ArmSummary)]) -> String {
    let judged: Vec<&(String, ArmSummary)> = cells.iter().filter(|(_, arm)| arm.judged() > 0).collect();
    let every = judged.iter().filter(|(_, arm)| arm.not_recovered == 0).count();
    let none = judged.iter().filter(|(_, arm)| arm.recovered == 0).count();
    let within = |arm: &ArmSummary| Quantile::MEDIAN.of(&arm.recovered_after).map(Cell::Length);
    let half = if judged.iter().all(|(_, arm)| arm.unharmed == arm.recovered) {
        String::new()
    } else {
        format!(", half of them within {}", spread(cells, within))
    };
    let all = judged.len();
    let unjudged = if all < cells.len() { format!(" that can be judged (of {})", cells.len()) } else { String::new() };
    let cut = cells.iter().filter(|(_, arm)| !arm.cut_off.is_empty()).count();
    let said = match (every, none) {
        _ if all == 0 && cells.iter().all(|(_, arm)| arm.unstruck == arm.runs) => "no fault struck in any cell".to_owned(),
        _ if all == 0 && cut == 0 => "recovery cannot be judged".to_owned(),
        _ if all == 0 => format!("runs were cut off above their level in {}", of_cells(cut, cells.len())),
        _ if every == all => format!("every run recovered in {}{unjudged}{half}", every_one(all)),
        _ if none == all => format!("no run recovered in any of {all} cells{unjudged}"),
        _ => {
            let some = if every + none == all { String::new() } else { format!(", some in {}", all - every - none) };
            // Where the trouble begins, unless it is there from the beginning.
            let first = judged.iter().position(|(_, arm)| arm.not_recovered > 0).filter(|index| *index > 0);
            let first = first.map_or_else(String::new, |index| format!("; the first lost with {}", judged[index].0));
            let none = if none == 0 { String::new() } else { format!(", none in {none}") };
            format!("every run recovered in {every} of {all} cells{unjudged}{some}{none}{first}")
        }
    };
    if all > 0 && cut > 0 { format!("{said}; runs were cut off above their level in {}", of_cells(cut, cells.len())) } else { said }
}

/// So many of all cells.
fn of_cells(part: usize, cells: usize) -> String {
    if part == cells { every_one(cells) } else { format!("{part} of {cells} cells") }
}

/// From the least to the largest value, as a reader sees them.
fn spread(cells: &[(String, ArmSummary)], of: impl Fn(&ArmSummary) -> Option<Cell>) -> String {
    let mut values: Vec<Cell> = cells.iter().filter_map(|(_, arm)| of(arm)).filter(|cell| cell.value().is_some()).collect();
    values.sort_by(|a, b| a.value().partial_cmp(&b.value()).unwrap_or(std::cmp::Ordering::Equal));
    match (values.first(), values.last()) {
        (Some(low), Some(high)) => number::range(&low.shown(), &high.shown()),
        _ => number::MISSING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rankings(lost: &[&[&str]]) -> Vec<Ranking> {
        let of = |(cell, names): (usize, &&[&str])| {
            let text = r#"(schema: 1, name: "x", horizon: "9s", nodes: { "a": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "b"), "b": Service(workers: 1, demand: Constant("10ms")) })"#;
            let source = scenarios::text::Source::new("x.ron", text);
            let scenario = scenarios::read(source, "x", &[], scenarios::Extent::Grid).expect("the scenario is sound");
            let results = Results::nothing_yet(scenarios::sweep::manifest(&scenario));
            let mut ranking = Ranking::of(&results, 0);
            (ranking.label, ranking.kind) = (format!("x = {cell}"), Kind::Faults);
            let arm = ArmSummary::of(&results, 0, 0);
            ranking.arms =
                names.iter().map(|name| ArmSummary { name: (*name).to_owned(), recovered: 0, not_recovered: 4, ..arm.clone() }).collect();
            ranking
        };
        lost.iter().enumerate().map(of).collect()
    }

    #[test]
    fn arms_that_are_lost_in_the_same_cells_are_told_together_and_many_are_counted() {
        let all = ["a", "b", "c", "d", "e", "f"];
        assert_eq!(lost(&rankings(&[&[], &all, &all]), &all), " But none of these ever recovers in 2 of 3 cells, first with x = 1.");
        assert_eq!(
            lost(&rankings(&[&["a"], &["b", "c"], &[]]), &all),
            " But \"a\" never recovers with x = 0. But \"b\" and \"c\" never recover with x = 1."
        );
        let five = ["a", "b", "c", "d", "e"];
        assert_eq!(lost(&rankings(&[&five]), &all), " But \"a\", \"b\", \"c\" and 2 others never recover with x = 0.");
        assert_eq!(lost(&rankings(&[&[]]), &all), "");
    }
}
