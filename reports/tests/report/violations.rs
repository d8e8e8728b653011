//! Is an arm that violates what a scenario states ever praised?

use crate::sample::{SIX, brownout};
use reports::export::{markdown, results as json};
use reports::html;
use reports::summary::{Ranking, fates, worst_runs};
use scenarios::properties::{Finding, Verdict};
use scenarios::results::{Results, RunOutcome, RunRow};

/// Six arms whose runs are asked for properties: what comes of it by arm and seed.
fn asked(runs: u64, verdict: impl Fn(u32, u64) -> Verdict) -> Results {
    let mut results = brownout(SIX, runs);
    results.manifest.properties = vec!["Linearizable".to_owned(), "OneHolder".to_owned()];
    let finding = |property: &str, verdict| Finding { property: property.to_owned(), verdict, count: 1, first: None };
    for row in &mut results.runs {
        let RunOutcome::Finished { measures, .. } = &mut row.outcome else { continue };
        measures.findings = vec![finding("Linearizable", verdict(row.arm, row.seed)), finding("OneHolder", Verdict::Holds)];
    }
    results
}

fn place(results: &Results, name: &str) -> u32 {
    results.manifest.arms.iter().position(|arm| arm == name).expect("the arm is one of the six") as u32
}

/// The arm that is best as far as calls go.
const BEST: &str = "jitter + budget";

/// In one of its runs the arm that is best otherwise violates a property.
fn one_witness() -> Results {
    let best = place(&brownout(SIX, 1), BEST);
    asked(20, |arm, seed| if (arm, seed) == (best, 7) { Verdict::Violated } else { Verdict::Holds })
}

#[test]
fn one_run_that_violates_a_property_puts_the_best_arm_behind_all_that_keep_it_and_is_said_first() {
    assert_eq!(Ranking::of(&brownout(SIX, 20), 0).arms[0].name, BEST);
    let results = one_witness();
    let ranking = Ranking::of(&results, 0);
    assert_eq!((ranking.arms[5].name.as_str(), ranking.ranks[5]), (BEST, 6));
    let first = "\"jitter + budget\" violates Linearizable in 1 of 20 runs, and ranks behind the arms that do not. Best is \"";
    let headline = fates::headline(&results);
    assert!(headline.starts_with(first), "{headline}");
    let sentence = fates::sentences(&ranking).into_iter().find(|sentence| sentence.starts_with(BEST)).expect("it has a sentence");
    assert!(sentence.starts_with("jitter + budget: violates Linearizable in 1 of 20 runs; recovered in all 20 runs"), "{sentence}");
    for text in [markdown::report(&results), json::results(&results).to_string()] {
        assert!(text.contains("violates Linearizable in 1 of 20 runs, and ranks behind"), "{text}");
    }
    let page = html::page(&results, &[]);
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is on the page"));
    assert!(at("violates Linearizable in 1 of 20 runs, and ranks behind") < at("Best is "), "the reason comes first");
}

#[test]
fn the_table_shows_why_an_arm_with_more_successes_ranks_behind() {
    let results = one_witness();
    let table = Ranking::of(&results, 0).table();
    let column = table.columns.iter().position(|column| column.name == "property\nviolated").expect("the reason has a column");
    let shown: Vec<String> = table.rows.iter().map(|row| row[column].shown()).collect();
    assert_eq!(shown, ["0 of 20", "0 of 20", "0 of 20", "0 of 20", "0 of 20", "1 of 20"]);
    let sound = Ranking::of(&asked(20, |_, _| Verdict::Holds), 0).table();
    assert!(sound.columns.iter().all(|column| column.name != "property\nviolated"), "where nothing is violated it says nothing");
    // Whoever looks for the worst run finds the one that shows it.
    let worst = worst_runs(&results, 0);
    let row = worst.rows.iter().find(|row| row[0].shown() == BEST).expect("its runs are named");
    assert_eq!((row[1].shown(), row[2].shown()), ("7".to_owned(), "Linearizable".to_owned()));
}

#[test]
fn what_is_undecided_or_was_never_reached_is_not_violated() {
    let results = asked(20, |arm, _| if arm == 0 { Verdict::Unknown } else { Verdict::NotReached });
    assert_eq!(fates::headline(&results), fates::headline(&brownout(SIX, 20)));
    assert_eq!(Ranking::of(&results, 0).ranks, Ranking::of(&brownout(SIX, 20), 0).ranks);
}

#[test]
fn where_every_arm_violates_a_property_none_is_called_best() {
    let results = asked(20, |arm, seed| if seed > u64::from(arm) { Verdict::Violated } else { Verdict::Holds });
    let headline = fates::headline(&results);
    assert!(
        headline.starts_with("Every arm violates a stated property: \"") && headline.contains("; and 2 more. First of them "),
        "{headline}"
    );
    assert!(!headline.contains("Best "), "{headline}");
}

#[test]
fn arms_that_violate_are_ordered_by_how_many_runs_do() {
    // The best one violates in every run, the worst one that violates at all in a few.
    let (best, other) = (place(&brownout(SIX, 1), BEST), place(&brownout(SIX, 1), "eager retries"));
    let results = asked(20, |arm, seed| match arm {
        arm if arm == best || (arm == other && seed <= 2) => Verdict::Violated,
        _ => Verdict::Holds,
    });
    let ranking = Ranking::of(&results, 0);
    let names: Vec<&str> = ranking.arms[4..].iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names, ["eager retries", BEST]);
    let headline = fates::headline(&results);
    assert!(headline.starts_with("Arms that violate a stated property rank behind those that do not: \""), "{headline}");
}

#[test]
fn over_a_grid_an_arm_is_best_in_no_cell_in_which_it_violates() {
    let mut grid = one_witness();
    let sound = brownout(SIX, 20);
    grid.manifest.axes = vec!["hold".to_owned()];
    grid.manifest.cells = vec![vec!["1s".to_owned()], vec!["2s".to_owned()]];
    grid.runs.extend(sound.runs.into_iter().map(|row| RunRow { cell: 1, ..row }));
    let headline = fates::headline(&grid);
    let first = "\"jitter + budget\" violates Linearizable in 1 of 20 runs, in 1 of 2 cells, and ranks behind arms that do not. ";
    assert!(headline.starts_with(first) && headline.contains("\"jitter + budget\" is best in 1 of 2 cells"), "{headline}");
    let fate = fates::over_cells(&grid).into_iter().find(|fate| fate.arm == BEST).expect("it has a sentence").text;
    assert!(
        fate.starts_with("violates Linearizable in 1 of 20 runs, in 1 of 2 cells; ") && fate.ends_with("best in 1 of 2 cells"),
        "{fate}"
    );
}
