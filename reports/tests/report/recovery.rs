//! Is what is said about recovery true where runs were cut off, met no fault, or could not be judged, and where a low level is what they came back to?

use crate::measures;
use crate::sample::{brownout, manifest};
use reports::charts::CHARTS;
use reports::export::{markdown, runs};
use reports::html;
use reports::summary::{self, Ranking, doubts, episodes, fates, single_run};
use reports::table::{Cell, Table};
use reports::theme::Theme;
use scenarios::measure::{Episode, Recovery, RunMeasures};
use scenarios::results::Results;
use sim_core::time::{SimDuration, SimTime};

const fn at(second: u64) -> SimTime {
    SimTime::from_nanos(second * 1_000_000_000)
}

fn cut_off(by_horizon: bool) -> Recovery {
    Recovery::CutOff { after: SimDuration::from_secs(16), above: SimDuration::from_secs(4), by_horizon }
}

/// Ten runs, of which the first so many were above their level for four seconds when a second episode harmed them.
fn cut_short(cut: usize) -> Results {
    let mut results = brownout(&[("one", 5, 0, 100, 300)], 10);
    for run in 0..10 {
        let row = measures(&mut results, run);
        if run < cut {
            row.episodes[0].recovery = cut_off(false);
        }
        row.episodes.push(Episode {
            begin: at(46),
            end: at(50),
            recovery: Recovery::After(SimDuration::from_secs(5)),
            ..Episode::default()
        });
    }
    results
}

fn shown(table: &Table) -> Vec<Vec<String>> {
    table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect()
}

#[test]
fn runs_that_were_cut_off_above_their_level_never_recovered_in_no_sentence() {
    let results = cut_short(10);
    let said = fates::headline(&results);
    assert!(
        said.contains("recovery not seen to its end: all 10 runs were cut off by the next episode after 4 s above the level"),
        "{said}"
    );
    assert!(!said.contains("never"), "{said}");
    let arm = &Ranking::of(&results, 0).arms[0];
    assert_eq!((arm.not_recovered, arm.recovered, arm.cut_off.len(), arm.judged(), arm.watched()), (0, 0, 10, 0, 10));
    // They are in the estimate until they are cut off.
    assert!(arm.recovery.as_ref().is_some_and(|curve| curve.censored == 10));
    let some = cut_short(3);
    let sentence = fates::sentences(&Ranking::of(&some, 0)).remove(0);
    assert!(sentence.contains("recovered in 7 of 7 runs") || sentence.contains("recovered in all 7 runs that can be judged"), "{sentence}");
    assert!(sentence.contains("; 3 were cut off by the next episode after 4 s above the level"), "{sentence}");
    let table = runs::table(&results);
    let column = table.columns.iter().position(|column| column.name == "recovery").expect("it has a column");
    assert_eq!((table.rows[0][column].shown(), table.rows[0][column + 1].shown()), ("cut off".to_owned(), "> 16 s".to_owned()));
}

#[test]
fn of_one_run_it_is_said_what_cut_it_off_and_what_began_when_service_was_down() {
    let mut results = cut_short(1);
    let manifest = results.manifest.clone();
    let words = |run: &RunMeasures| shown(&single_run(&manifest, run, &[]));
    let row =
        |rows: &[Vec<String>], name: &str| rows.iter().find(|row| row[0] == name).cloned().unwrap_or_else(|| panic!("{name}: {rows:?}"));
    let rows = words(measures(&mut results, 0));
    let first = row(&rows, "recovery, episode 1");
    assert!(first[1] == "> 16 s" && first[2].starts_with("cut off by the next episode after 4 s above the level"), "{first:?}");
    measures(&mut results, 0).episodes[0].recovery = Recovery::Censored(SimDuration::from_secs(16));
    measures(&mut results, 0).episodes[1].began_below = true;
    let rows = words(measures(&mut results, 0));
    assert!(row(&rows, "recovery, episode 1")[2].ends_with("still below the level when the next episode came"));
    for name in ["recovery, episode 2", "downtime, episode 2", "calls lost, episode 2"] {
        assert!(row(&rows, name)[2].contains("service was below it already when this episode began"), "{name}");
    }
    assert!(!row(&rows, "calls lost, episode 1")[2].contains("already"));
}

#[test]
fn the_table_of_episodes_marks_what_began_when_service_was_down() {
    let mut results = cut_short(2);
    for run in 0..6 {
        let row = measures(&mut results, run);
        (row.episodes[0].recovery, row.episodes[1].began_below) = (Recovery::Censored(SimDuration::from_secs(16)), true);
    }
    let table = episodes(&results, 0).expect("there are two");
    let heads: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(heads[2], "below already\nwhen it began");
    assert_eq!(shown(&table)[1][2..4], ["6 of 10", "10 of 10"]);
    let plain = episodes(&cut_short(0), 0).expect("there are two");
    assert!(plain.columns.iter().all(|column| !column.name.contains("already") && !column.name.contains("cut off")));
    let cut = episodes(&cut_short(3), 0).expect("there are two");
    let column = cut.columns.iter().position(|column| column.name == "cut off\nabove the level").expect("it has a column");
    assert_eq!((shown(&cut)[0][column].as_str(), shown(&cut)[0][column - 1].as_str()), ("3 of 10", "7 of 7"));
}

#[test]
fn what_cannot_be_judged_is_a_doubt_with_its_reason_and_no_number() {
    let mut results = brownout(&[("one", 5, 0, 100, 300)], 10);
    for run in 0..10 {
        let recovery = Recovery::Undecided("too few calls: have more calls made".to_owned());
        measures(&mut results, run).episodes =
            vec![Episode { begin: at(20), end: at(30), recovery, unmeasured: true, ..Episode::default() }];
    }
    assert!(fates::headline(&results).contains("recovery cannot be judged"));
    let said = doubts(&results).join("\n");
    assert!(said.contains("recovery cannot be judged in 10 of 10 runs: too few calls: have more calls made"), "{said}");
    let table = runs::table(&results);
    for name in ["downtime", "calls lost", "relapses"] {
        let column = table.columns.iter().position(|column| column.name == name).expect("it has a column");
        assert_eq!(table.rows[0][column], Cell::Missing, "{name}");
    }
}

#[test]
fn a_fault_that_struck_in_no_run_is_not_said_to_strike_at_times_that_differ() {
    let mut results = brownout(&[("one", 5, 0, 100, 300), ("other", 5, 0, 100, 300)], 10);
    results.manifest.random_faults = vec!["crash of s".to_owned()];
    results.manifest.instants_differ = true;
    results.manifest.faults = vec![Vec::new()];
    let text = |results: &Results| format!("{}{}", html::page(results, &[]), markdown::report(results));
    assert!(text(&results).contains("crash of s, at times that differ from run to run"));
    for run in 0..20 {
        measures(&mut results, run).episodes.clear();
    }
    let said = text(&results);
    assert!(said.contains("crash of s, which struck in no run") && !said.contains("times that differ") && !said.contains("nstants differ"));
    assert!(
        fates::headline(&results).contains("no fault struck, so that there is nothing to recover from"),
        "{}",
        fates::headline(&results)
    );
    // In some runs it did.
    measures(&mut results, 3).struck = vec!["crash of s".to_owned()];
    assert!(text(&results).contains("crash of s, at times that differ from run to run, in 1 of 20 runs"));
    assert_eq!(manifest(&["one"]).random_faults, Vec::<String>::new());
}

#[test]
fn recovery_from_a_fault_without_an_end_is_not_counted_from_its_end() {
    let mut results = brownout(&[("one", 5, 0, 100, 300)], 10);
    let axis = |results: &Results| {
        let chart = CHARTS.iter().find(|chart| chart.name() == "recovery-times").expect("the chart is there");
        chart.svg(results, &chart.views(results)[0], &Theme::light()).expect("it is drawn")
    };
    assert!(axis(&results).contains("time after the end of the fault"));
    for run in 0..10 {
        let episode = &mut measures(&mut results, run).episodes[0];
        (episode.end, episode.endless) = (episode.begin, true);
    }
    assert!(axis(&results).contains("time after the begin of the fault") && !axis(&results).contains("the end of the fault"));
    let manifest = results.manifest.clone();
    let rows = shown(&single_run(&manifest, measures(&mut results, 0), &[]));
    let recovery = rows.iter().find(|row| row[0] == "recovery").expect("it recovers");
    assert!(recovery[2].starts_with("from the fault's begin, since it has no end of its own"), "{recovery:?}");
    measures(&mut results, 0).episodes[0].endless = false;
    assert_eq!(summary::faults::counted_from(&results, 0), "the end of the fault, or the begin of one without an end");
}

/// Two arms of which the first always turns half of the calls away and comes back, and the second stays down at so many thousandths.
fn low_and_high(thousandths: u64) -> Results {
    let mut results = brownout(&[("limited", 1, 0, 100, 540), ("open", 1, 100, 100, thousandths)], 20);
    for run in 0..20 {
        let row = measures(&mut results, run);
        row.succeeded = row.calls * 54 / 100;
        row.episodes[0].recovery = Recovery::Unharmed;
    }
    for bin in &mut results.series[0].bins {
        bin.succeeded = bin.started * 54 / 100;
    }
    results
}

#[test]
fn who_comes_back_to_a_low_level_is_not_better_than_who_serves_more_at_any_time() {
    let open = low_and_high(750);
    let ranking = Ranking::of(&open, 0);
    assert_eq!((ranking.arms[0].name.as_str(), ranking.ranks.as_slice()), ("open", [1, 2].as_slice()));
    let said = fates::headline(&open);
    assert!(said.starts_with("Best is \"open\": never recovered in 20 of 20 runs"), "{said}");
    assert!(
        said.contains("\"limited\" recovers in more runs, but to a level at which fewer calls succeed than in \"open\" in every seed"),
        "{said}"
    );
    // Who is down for ever at less than the other's level comes behind, and that more calls succeeded up to the horizon is said.
    let mut stuck = low_and_high(400);
    for run in 20..40 {
        let row = measures(&mut stuck, run);
        row.succeeded = row.calls * 60 / 100;
    }
    let ranking = Ranking::of(&stuck, 0);
    assert_eq!((ranking.arms[0].name.as_str(), ranking.ranks.as_slice()), ("limited", [1, 2].as_slice()));
    let said = fates::headline(&stuck);
    assert!(said.contains("Up to the horizon more calls succeed in \"open\" than in \"limited\" in every seed"), "{said}");
}
