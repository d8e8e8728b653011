//! Does a report say what it lacks, what was wanted, and what a single number hides?

use crate::measures;
use crate::sample::{SIX, brownout, rates};
use reports::export::markdown;
use reports::html;
use reports::summary::{Ranking, episodes, fates};
use scenarios::measure::{Episode, Recovery};
use scenarios::results::Results;
use sim_core::time::{SimDuration, SimTime};

#[test]
fn a_sweep_that_was_interrupted_says_so_first_and_arms_without_runs_have_no_rank() {
    let mut results = brownout(SIX, 20);
    results.runs.retain(|row| row.arm < 3);
    let said = fates::headline(&results);
    assert!(said.starts_with("Not all runs are there: 60 of 120 (interrupted, or damaged since)"), "{said}");
    let ranking = Ranking::of(&results, 0);
    assert_eq!((ranking.arms.len(), ranking.absent.len()), (3, 3));
    let absent = fates::sentences(&ranking).into_iter().filter(|sentence| sentence.contains("no run finished, so that it has no rank"));
    assert_eq!(absent.count(), 3);
    for text in [markdown::report(&results), html::page(&results, &[])] {
        assert!(text.contains("Not all runs are there: 60 of 120"), "{text}");
    }
    assert!(!fates::headline(&brownout(SIX, 20)).contains("Not all runs"));
}

/// A second episode, from which runs of the second arm do not come back.
fn twice_struck() -> Results {
    let mut results = brownout(&[("one", 5, 0, 100, 300), ("other", 5, 0, 100, 300)], 10);
    for run in 0..20 {
        let recovery = if run < 10 { Recovery::After(SimDuration::from_secs(2)) } else { Recovery::Censored(SimDuration::from_secs(30)) };
        let second = Episode {
            begin: SimTime::from_nanos(60_000_000_000),
            end: SimTime::from_nanos(70_000_000_000),
            recovery,
            downtime: SimDuration::from_secs(12),
            calls_lost: 500,
            relapses: 0,
            ..Episode::default()
        };
        measures(&mut results, run).episodes.push(second);
    }
    results
}

#[test]
fn of_several_episodes_each_has_its_own_row_for_every_arm() {
    let table = episodes(&twice_struck(), 0).expect("there are two");
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(reports::table::Cell::shown).collect()).collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0][0].starts_with("1: 20 to 30 s") && rows[2][0].starts_with("2: 60 to 70 s"), "{rows:?}");
    assert_eq!(rows[2][1..], ["one", "10 of 10", "2 s", "2 s", "500", "12 s"]);
    assert_eq!(rows[3][1..], ["other", "0 of 10", "> 30 s", "> 30 s", "500", "12 s"]);
    assert!(episodes(&brownout(SIX, 10), 0).is_none(), "one episode is in the ranking");
    assert!(markdown::report(&twice_struck()).contains("Episode by episode"));
}

#[test]
fn a_sweep_says_what_is_varied_and_where_its_best_arm_does_not_come_back() {
    let results = rates(20);
    let text = markdown::report(&results);
    assert!(text.contains("- nodes.shoppers.arrivals.rate: 600/s, 900/s, 1k/s, 1100/s."), "{text}");
    // The one that comes back everywhere ranks first: nothing is to be said of it.
    let mut lost = results;
    lost.manifest.arms.swap(0, 1);
    lost.runs.iter_mut().for_each(|row| row.arm = 1 - row.arm);
    lost.runs.retain(|row| row.arm == 0);
    lost.manifest.arms.truncate(1);
    assert!(fates::headline(&lost).contains("never did") || fates::headline(&lost).contains("none in"), "{}", fates::headline(&lost));
}
