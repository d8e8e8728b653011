//! Do the ranking and the sentences above it say what the runs say?

use crate::measures;
use crate::sample::{self, SIX, brownout};
use reports::export::{answer, markdown, runs};
use reports::summary::{Ranking, fates};
use reports::theme::Theme;
use reports::{charts, html};
use scenarios::measure::{Episode, ExperimentOutcome, Fold, Observation, Recovery, Unit};
use scenarios::results::{Results, RunOutcome};
use sim_core::time::{SimDuration, SimTime};

#[test]
fn a_run_that_never_recovers_counts_as_longer_than_any_limit() {
    let never = ("never", 1, 100, 100, 900);
    let late = ("late", 50, 0, 100, 100);
    let ranking = Ranking::of(&brownout(&[never, late], 20), 0);
    assert_eq!(ranking.arms[0].name, "late", "recovering late beats never, whatever the availability");
    let table = ranking.table();
    let files = table.in_files();
    let column = files.columns.iter().position(|column| column.name == "recovery p50").unwrap();
    assert_eq!(files.rows[1][column].shown(), "> 90 s");
}

#[test]
fn who_does_nothing_and_is_back_first_comes_behind_who_loses_less() {
    // While the fault lasts one has 5 % of its calls succeed and is back within seconds, the other 60 %, and is back later.
    let (nothing, sheds) = (("nothing", 2, 0, 100, 50), ("sheds", 6, 0, 100, 600));
    let ranking = Ranking::of(&brownout(&[nothing, sheds], 20), 0);
    assert_eq!((ranking.arms[0].name.as_str(), ranking.ranks.as_slice()), ("sheds", [1, 2].as_slice()));
    let after = |name: &str| ranking.arms.iter().find(|arm| arm.name == name).unwrap().recovered_after[10];
    assert!(after("nothing") < after("sheds"));
    // Those that lose as much are ordered by how soon they are back.
    let alike = Ranking::of(&brownout(&[("late", 20, 0, 100, 999), ("soon", 2, 0, 100, 999)], 20), 0);
    assert_eq!(alike.arms[0].name, "soon");
}

#[test]
fn few_runs_that_end_in_ruin_are_not_made_up_for_by_many_that_fare_a_little_better() {
    // One in six or so never recovers: too few for a sign test to show, and ruin enough on average.
    let (gambles, steady) = (("gambles", 3, 15, 100, 420), ("steady", 3, 0, 100, 400));
    let ranking = Ranking::of(&brownout(&[gambles, steady], 20), 0);
    let lost = ranking.arms.iter().find(|arm| arm.name == "gambles").unwrap().not_recovered;
    assert!((1..6).contains(&lost), "{lost} of 20 are lost");
    assert_eq!(ranking.arms[0].name, "steady");
}

#[test]
fn runs_that_are_down_are_shown_with_what_says_that_they_are_stuck() {
    let mut results = brownout(SIX, 20);
    let table = reports::summary::stuck(&results, 0).expect("some never recover");
    let row = |table: &reports::table::Table, arm: &str| {
        let row = table.rows.iter().find(|row| row[0].shown() == arm).unwrap_or_else(|| panic!("{arm} is in it"));
        row.iter().map(reports::table::Cell::shown).collect::<Vec<_>>()
    };
    assert_eq!(row(&table, "eager retries")[1..4], ["20 of 20", "20 of 20", "90 s"]);
    assert!(table.rows.iter().all(|row| row[0].shown() != "no retries"), "all of its runs are back");
    let seen = measures(&mut results, 20).stuck_evidence.as_mut().expect("it never recovers");
    (seen.load_as_before, seen.offered) = (false, 10);
    measures(&mut results, 20).stuck = false;
    let table = reports::summary::stuck(&results, 0).expect("some never recover");
    let row = row(&table, "eager retries");
    assert_eq!((row[2].as_str(), row.last().map(String::as_str)), ("19 of 20", Some("fewer calls came than before (1)")));
    for text in [markdown::report(&results), html::page(&results, &[])] {
        assert!(text.contains("what says whether they are stuck"), "{text}");
    }
}

#[test]
fn the_first_sentence_names_the_best_and_the_worst() {
    let headline = fates::headline(&brownout(SIX, 100));
    assert!(headline.starts_with("Best is \"jitter + budget\": recovered in all 100 runs, half of them within"), "{headline}");
    let worst = "Worst is \"eager retries\": never recovered in 100 of 100 runs (stuck after the fault had ended); 16.41 % of calls succeeded. Times run to";
    assert!(headline.contains(worst), "{headline}");
}

#[test]
fn a_headline_with_recovery_times_says_what_they_include() {
    let headline = fates::headline(&brownout(&SIX[..1], 20));
    assert!(headline.ends_with("Times run to the end of the last 5 s window below the level: back at once reads up to 5 s."), "{headline}");
    let never = fates::headline(&brownout(&SIX[1..2], 20));
    assert!(!never.contains("window"), "nothing recovers, so no time is named: {never}");
}

/// Two arms that differ by luck alone, before one that is worse.
const ALIKE: &[sample::Arm] = &[("one", 5, 0, 100, 300), ("other", 5, 0, 100, 300), ("slow", 9, 0, 200, 200)];

#[test]
fn arms_that_luck_alone_tells_apart_share_a_rank_and_the_headline_says_so() {
    let results = brownout(ALIKE, 30);
    let ranking = Ranking::of(&results, 0);
    assert_eq!(ranking.ranks, [1, 1, 3]);
    let headline = fates::headline(&results);
    let best = headline.strip_prefix("Best are \"").unwrap_or_else(|| panic!("{headline}"));
    assert!(best.contains("\", no difference shown by 30 runs; \"") && best.contains("Worst is \"slow\""), "{headline}");
    let names = format!("\"{}\" and \"{}\"", ranking.arms[0].name, ranking.arms[1].name);
    assert_eq!(fates::ties(&ranking), [format!("Rank 1 is shared: no difference shown by 30 runs between {names}.")]);
    for text in [markdown::report(&results), html::page(&results, &[]), answer::comparison("compare", &results).value().to_string()] {
        assert!(text.contains("Rank 1 is shared"), "{text}");
    }
    let mut cells = results.clone();
    cells.manifest.axes = vec!["hold".to_owned()];
    cells.manifest.cells = vec![vec!["1s".to_owned()], vec!["2s".to_owned()]];
    cells.runs.extend(results.runs.iter().cloned().map(|row| scenarios::results::RunRow { cell: 1, ..row }));
    let several = fates::headline(&cells);
    assert!(several.contains(" in 2 (shared where no difference between them is shown)."), "{several}");
    let two = fates::headline(&brownout(&ALIKE[..2], 30));
    assert!(
        two.starts_with("No difference between the arms in availability, recovery or attempts is shown by 30 runs. \"o")
            && two.contains("\"one\": recovered"),
        "{two}"
    );
}

#[test]
fn where_recovery_reads_the_same_the_headline_says_what_differs() {
    let never = |name, during| (name, 1, 100, 100, during);
    let headline = fates::headline(&brownout(&[never("some", 400), never("none", 10)], 10));
    assert!(headline.starts_with("Best is \"some\": never recovered in 10 of 10 runs"), "{headline}");
    assert!(headline.matches("% of calls succeeded.").count() == 2, "{headline}");
}

#[test]
fn a_few_runs_show_no_difference_and_the_headline_says_why() {
    let few = fates::headline(&brownout(SIX, 5));
    assert!(
        few.starts_with(
            "No difference between the arms in availability, recovery or attempts is shown by 5 runs, and fewer than 6 cannot show one."
        ),
        "{few}"
    );
    assert!(fates::headline(&brownout(SIX, 6)).starts_with("Best "));
}

#[test]
fn retries_on_an_inner_edge_show_under_its_name() {
    let table = Ranking::of(&brownout(SIX, 20), 0).table();
    let shown = table.columns.iter().position(|column| column.name == "attempts/call\ncheckout ->\npayments").expect("the edge is named");
    let eager = table.rows.iter().find(|row| row[1].shown() == "eager retries").expect("the arm is in the table");
    assert!(eager[shown].value().is_some_and(|attempts| attempts > 2.0), "{:?}", eager[shown]);
    let in_files = table.in_files();
    let files: Vec<&str> = in_files.columns.iter().map(|column| column.name.as_str()).collect();
    for name in ["attempts/call, shoppers -> checkout", "attempts/call, checkout -> payments", "attempts/call, end to end"] {
        assert!(files.contains(&name), "{name} in {files:?}");
    }
}

#[test]
fn equal_arms_are_said_to_be_equal() {
    let mut results = brownout(&SIX[..1], 10);
    let copies: Vec<_> = results
        .runs
        .iter()
        .cloned()
        .map(|mut row| {
            row.arm = 1;
            row
        })
        .collect();
    results.runs.extend(copies);
    results.manifest.arms.push("the same".to_owned());
    let said = fates::headline(&results);
    assert!(said.starts_with("The arms do not differ in availability, recovery or attempts: recovered in all 10 runs"), "{said}");
    assert!(!said.contains("They do differ"), "{said}");
}

/// Two arms that are alike in what orders them, so many runs each.
fn alike(runs: u64) -> Results {
    let mut results = brownout(&SIX[..1], runs);
    let copies: Vec<_> = results.runs.iter().cloned().map(|row| scenarios::results::RunRow { arm: 1, ..row }).collect();
    results.runs.extend(copies);
    results.manifest.arms.push("other".to_owned());
    results
}

#[test]
fn what_no_order_looks_at_is_said_where_the_arms_do_not_differ_in_it() {
    let mut results = alike(10);
    for run in 10..20 {
        let latency = &mut measures(&mut results, run).latency;
        latency.p99 = latency.p99 * 3;
    }
    let said = fates::headline(&results);
    assert!(said.contains(" They do differ in latency p99 (") && said.ends_with(" of \"other\")."), "{said}");
    // What luck does, and what is small, is not said.
    let mut results = alike(10);
    for run in 10..14 {
        let latency = &mut measures(&mut results, run).latency;
        latency.p99 = latency.p99 * 3;
    }
    assert!(!fates::headline(&results).contains("They do differ"));
    // Observations are counted over all runs, and what runs do not mention did not happen.
    let mut results = alike(10);
    for run in 0..8 {
        measures(&mut results, run).observations =
            vec![Observation { name: "charges made twice".to_owned(), fold: Fold::Sum, unit: Unit::Count, value: 4 }];
    }
    let said = fates::headline(&results);
    assert!(said.contains("They do differ in charges made twice in all runs (0 of \"other\" to 32 of \"no retries\")."), "{said}");
}

#[test]
fn under_closed_load_who_does_more_comes_first_and_everything_says_so() {
    let mut results = alike(10);
    results.manifest.load = "closed".to_owned();
    results.manifest.arms[1] = "fast".to_owned();
    for run in 0..20 {
        let factor = if run < 10 { 1 } else { 4 };
        let measures = measures(&mut results, run);
        (measures.calls, measures.succeeded) = (1150 * factor, 1150 * factor);
        measures.edges.iter_mut().for_each(|edge| (edge.calls, edge.attempts) = (1150 * factor, 1150 * factor));
    }
    let ranking = Ranking::of(&results, 0);
    assert_eq!((ranking.arms[0].name.as_str(), ranking.ranks.as_slice()), ("fast", [1, 2].as_slice()));
    let said = fates::headline(&results);
    assert!(said.starts_with("Best is \"fast\": ") && said.contains("100 % of calls succeeded, 40 a second"), "{said}");
    assert!(said.contains("100 % of calls succeeded, 10 a second"), "{said}");
    let table = ranking.table();
    let goodput = table.columns.iter().position(|column| column.name == "goodput").expect("it has a column");
    assert_eq!(table.rows.iter().map(|row| row[goodput].shown()).collect::<Vec<_>>(), ["40 /s", "10 /s"]);
    let evidence = &ranking.evidence()[0];
    assert!(evidence.rows.iter().any(|row| row[1].shown() == "goodput" && row[2].shown() == "10 of 10"), "{evidence:?}");
    assert!(evidence.rows.iter().all(|row| row[1].shown() != "attempts per run"));
}

#[test]
fn a_run_recovers_only_if_all_its_episodes_do() {
    let mut results = brownout(&SIX[3..4], 3);
    let second = |recovery| Episode {
        begin: SimTime::from_nanos(60_000_000_000),
        end: SimTime::from_nanos(61_000_000_000),
        recovery,
        downtime: SimDuration::ZERO,
        calls_lost: 0,
        relapses: 0,
        ..Episode::default()
    };
    measures(&mut results, 0).episodes.push(second(Recovery::Unharmed));
    measures(&mut results, 1).episodes.push(second(Recovery::Censored(SimDuration::from_secs(59))));
    measures(&mut results, 2).episodes.push(second(Recovery::Undecided("no level".to_owned())));
    let ranking = Ranking::of(&results, 0);
    let arm = &ranking.arms[0];
    assert_eq!((arm.recovered, arm.not_recovered, arm.undecided), (1, 1, 1));
    assert_eq!(arm.worst_seed, Some(2));
    let sentence = &fates::sentences(&ranking)[0];
    assert!(
        sentence.contains("recovered in 1 of 2 runs") && sentence.contains("1 never did;") && sentence.contains("; 1 could not be judged"),
        "{sentence}"
    );
}

#[test]
fn where_a_run_decides_when_faults_strike_every_comparison_says_so() {
    let mut results = brownout(SIX, 10);
    let texts = |results: &Results| {
        let pictures = charts::pictures(results, &Theme::light());
        [Ranking::of(results, 0).table().title, markdown::report(results), html::page(results, &pictures)]
    };
    assert!(texts(&results).iter().all(|text| !text.contains("instants differ")));
    results.manifest.instants_differ = true;
    results.manifest.random_faults = vec!["second crash".to_owned()];
    for text in texts(&results) {
        assert!(text.contains("instants differ"), "{text}");
    }
    assert!(texts(&results)[2].contains("Fault times differ from run to run: second crash."));
}

#[test]
fn an_arm_whose_hypothesis_failed_in_one_run_is_reported_apart_and_not_ranked() {
    let mut results = brownout(SIX, 10);
    let held = ExperimentOutcome { held_before: true, aborted: None, held_after: true };
    for row in &mut results.runs {
        let RunOutcome::Finished { measures, .. } = &mut row.outcome else { continue };
        measures.experiment = Some(match (row.arm, row.seed) {
            (0, 3) => ExperimentOutcome::default(),
            (2, _) => ExperimentOutcome { held_after: false, ..held },
            _ => held,
        });
    }
    let ranking = Ranking::of(&results, 0);
    assert_eq!(ranking.arms.len(), 4);
    assert!(ranking.arms.iter().all(|arm| arm.arm != 0 && arm.arm != 2));
    assert!(ranking.table().rows.iter().flatten().all(|cell| !cell.shown().contains("no retries")));
    let apart = ranking.table_of_set_apart().expect("two are set apart");
    let shown: Vec<Vec<String>> = apart.rows.iter().map(|row| row.iter().map(|cell| cell.shown()).collect()).collect();
    assert_eq!(shown, [["no retries", "10", "1 of 10", "0 of 10", "0 of 10"], ["full jitter", "10", "0 of 10", "10 of 10", "0 of 10"]]);
    let pictures = charts::pictures(&results, &Theme::light());
    for text in [markdown::report(&results), html::page(&results, &pictures)] {
        assert!(text.contains("Set apart and not ranked: the hypothesis failed"));
        assert!(text.contains("set apart and not ranked: of 10 runs the hypothesis failed at the end in 10"));
    }
}

#[test]
fn every_column_of_the_file_of_runs_has_a_name_of_its_own_whatever_a_run_observes() {
    let mut results = brownout(SIX, 3);
    for name in ["detection time", "calls", "charges"] {
        let observed = Observation { name: name.to_owned(), fold: Fold::Sum, unit: Unit::Count, value: 1 };
        measures(&mut results, 0).observations.push(observed);
    }
    let table = runs::table(&results);
    let mut names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert!(names.contains(&"observed: calls") && names.contains(&"charges"), "{names:?}");
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}
