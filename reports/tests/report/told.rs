//! Does a reader learn from a report what was run, without the scenario beside it?

use crate::sample::{SIX, brownout, grids, rates};
use reports::charts::{self, Picture};
use reports::export::{csv, markdown};
use reports::html;
use reports::summary::Ranking;
use reports::theme::Theme;
use scenarios::expect::{Bounds, Clause, RecoveryLimits};
use scenarios::map::{Map, Station};
use scenarios::results::Results;
use scenarios::story::{Part, Stack};
use sim_core::time::SimDuration;

fn pictures(results: &Results) -> Vec<Picture> {
    charts::pictures(results, &Theme::light())
}

#[test]
fn a_fault_with_a_label_says_what_it_is_and_whom_it_strikes() {
    let mut results = brownout(&SIX[..2], 5);
    let fault = &mut results.manifest.faults[0][0];
    (fault.label, fault.what) = ("month's end".to_owned(), Some("payments 8 times slower".to_owned()));
    let station = |label: &str| Station {
        label: label.to_owned(),
        domain: String::new(),
        is_population: false,
        is_broker: false,
        members: Vec::new(),
    };
    results.manifest.story.map = Map { stations: vec![station("checkout"), station("payments")], ..Map::default() };
    let page = html::page(&results, &[]);
    assert!(page.contains("month&#39;s end: payments 8 times slower, from 20 s to 30 s"), "{page}");
    assert!(markdown::report(&results).contains("- month's end: payments 8 times slower, from 20 s to 30 s."));
    let pictures = pictures(&results);
    let of = |chart: &str| pictures.iter().find(|picture| picture.chart == chart).expect("it is drawn");
    assert!(of("availability-over-time").svg.contains("Shaded: month&#39;s end: payments 8 times slower"));
    // The label names no part, what it is does.
    let struck = csv::table(&of("topology").table);
    assert!(struck.lines().any(|line| line.starts_with("payments") && line.contains("month's end: payments 8 times slower")), "{struck}");
}

#[test]
fn what_callers_do_in_every_arm_is_said_once() {
    let mut results = brownout(&SIX[..2], 5);
    assert!(!html::page(&results, &[]).contains("What callers do"));
    let layers =
        vec![Part { name: "Timeout(\"1s\")".to_owned(), words: "gives up on an attempt after a time".to_owned(), settings: Vec::new() }];
    results.manifest.story.stacks = vec![Stack { edge: "shoppers -> checkout".to_owned(), layers, is_all: false }];
    let page = html::page(&results, &[]);
    assert!(page.contains("<h3>What callers do in every arm</h3>"));
    assert!(page.contains(
        "<dt>shoppers -&gt; checkout</dt><dd><code>Timeout(&quot;1s&quot;)</code> gives up on an attempt after a time; arms differ in what else they do</dd>"
    ));
    let text = markdown::report(&results);
    assert!(text.contains("- shoppers -> checkout: Timeout(\"1s\") gives up on an attempt after a time; arms differ"), "{text}");
    results.manifest.arms.truncate(1);
    assert!(html::page(&results, &[]).contains("<h3>What callers do</h3>"));
}

#[test]
fn expectations_have_numbers_as_everything_else_does_for_readers_and_as_scenarios_write_them_in_files() {
    let mut results = brownout(&SIX[..2], 20);
    results.manifest.expect = vec![
        Clause::Availability(Bounds { at_least: "99.9%".parse().ok(), ..Bounds::default() }),
        Clause::Recovery(RecoveryLimits { p50: Some(SimDuration::from_secs(15)), ..RecoveryLimits::default() }),
    ];
    let calls: u64 = Ranking::of(&results, 0).arms.iter().map(|arm| arm.calls).max().expect("there are arms");
    for text in [markdown::report(&results), html::page(&results, &[])] {
        assert!(text.contains("availability at least 99.9 %") && text.contains("p50 of recovery at most 15 s"), "{text}");
        assert!(!text.contains("99.9%") && !text.contains("at most 15s"), "{text}");
        assert!(text.contains(&format!(" % of {} calls", reports::number::count(calls))), "{text}");
    }
    let files = reports::export::results::results(&results)["expectations"].to_string();
    assert!(files.contains("availability at least 99.9%") && files.contains(&format!("of {calls} calls")), "{files}");
}

#[test]
fn the_numbers_of_a_picture_along_one_parameter_come_with_the_value_of_the_other() {
    let pictures = pictures(&grids::grid(&SIX[..2], 8));
    let along: Vec<String> =
        pictures.iter().filter(|picture| picture.chart == "availability-along-axis").map(|picture| csv::table(&picture.table)).collect();
    assert_eq!(along.len(), 3, "one for each rate");
    for (text, rate) in along.iter().zip(["100", "200", "300"]) {
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some(
                "nodes.shoppers.arrivals.rate [1/s],arm,nodes.payments.workers,runs,availability p5 [0..1],availability median [0..1],availability p95 [0..1]"
            )
        );
        assert!(lines.all(|line| line.starts_with(&format!("{rate},"))), "{text}");
    }
    let of_cell = pictures.iter().find(|picture| picture.chart == "latency-percentiles").expect("it is drawn");
    let head = "nodes.shoppers.arrivals.rate [1/s],nodes.payments.workers,arm,";
    assert!(csv::table(&of_cell.table).starts_with(head), "a picture of a cell says of which");
    assert!(of_cell.table.columns[0].name == "arm", "a reader is told by the title");
}

#[test]
fn a_page_ranks_by_what_decides_and_keeps_all_measures_one_step_away() {
    let results = brownout(SIX, 20);
    let ranking = Ranking::of(&results, 0);
    let heads: Vec<String> = ranking.deciding().columns.iter().map(|column| column.name.replace('\n', " ")).collect();
    let wanted = [
        "rank",
        "arm",
        "availability",
        "against \"no retries\", median",
        "95 % interval",
        "not recovered",
        "recovery p50",
        "attempts/call checkout -> payments",
        "worst seed",
    ];
    assert_eq!(heads, wanted);
    let page = html::page(&results, &[]);
    let (before, after) = page.split_once("<summary>All measures</summary>").expect("they are there");
    assert!(!before.contains("median run</th>") && after.contains("median run</th>"));
    assert!(ranking.table().columns.len() > heads.len());
    // With many cells each has what decides, and files have the rest.
    assert_eq!(html::page(&rates(20), &[]).matches("All measures").count(), 4);
}

#[test]
fn an_interval_and_a_test_that_seem_to_contradict_each_other_are_explained_where_they_stand() {
    let notes = |results: &Results| Ranking::of(results, 0).evidence().into_iter().filter_map(|table| table.note).count();
    assert_eq!(notes(&brownout(&SIX[..2], 40)), 0, "a clear difference needs no words");
    // In few seeds much is lost, in most a little is won.
    let mut mixed = brownout(&[SIX[0], ("the same", SIX[0].1, SIX[0].2, SIX[0].3, SIX[0].4)], 40);
    for row in mixed.runs.iter_mut().filter(|row| row.arm == 1) {
        if let scenarios::results::RunOutcome::Finished { measures, .. } = &mut row.outcome {
            measures.succeeded = if row.seed % 8 < 3 { measures.succeeded - 9_000 } else { measures.succeeded + row.seed % 8 - 3 };
        }
    }
    assert_eq!(notes(&mixed), 1, "{:?}", Ranking::of(&mixed, 0).evidence()[0].shown().collect::<Vec<_>>());
    let page = html::page(&mixed, &[]);
    assert!(page.contains("<p class=\"note\">In some row the interval of the median holds 0 though"));
    assert!(markdown::report(&mixed).contains("these are two questions."));
}
