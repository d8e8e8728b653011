//! Does a report say what the results say, in the same bytes every time?

mod completeness;
mod drawn;
mod exports;
mod headlines;
mod layout;
mod recovery;
mod sample;
mod told;
mod violations;

use reports::charts::{self, CHARTS};
use reports::export::{answer, csv, json, markdown, runs, series};
use reports::summary::{Ranking, single_run};
use reports::theme::Theme;
use reports::{ReportOptions, html, write_report};
use sample::{SIX, brownout, contention, grids, rates, silence};
use scenarios::expect::{Bounds, Clause, RecoveryLimits};
use scenarios::measure::RunMeasures;
use scenarios::results::{FaultWindow, Results, RunOutcome};
use sim_core::time::{SimDuration, SimTime};
use std::path::{Path, PathBuf};

/// Faults that overlap, and one that never ends.
fn many_faults() -> Results {
    let mut results = brownout(&SIX[1..5], 30);
    let window = |label: &str, begin: u64, end: Option<u64>| FaultWindow {
        label: label.to_owned(),
        what: None,
        begin: SimTime::from_nanos(begin * 1_000_000_000),
        end: end.map(|end| SimTime::from_nanos(end * 1_000_000_000)),
    };
    results.manifest.faults[0].extend([
        window("Partition of \"zone-a\" and \"zone-b\"", 32, Some(40)),
        window("Crash of \"checkout[1]\"", 36, Some(37)),
        window("Loss 5 % on every link", 100, None),
    ]);
    results.manifest.source = "./my storm.ron".to_owned();
    results.manifest.changes.push(("nodes.shoppers.arrivals.rate".to_owned(), "1100/s".to_owned()));
    results
}

/// Contention in which one arm is not done at the end of the largest cell.
fn unfinished() -> Results {
    let mut results = contention(20);
    for run in results.runs.iter_mut().filter(|run| run.cell == 4 && run.arm == 0) {
        if let RunOutcome::Finished { measures, .. } = &mut run.outcome {
            measures.succeeded -= 3;
        }
    }
    results
}

/// With expectations of which some pass, some fail and some stay undecided.
fn expecting(mut results: Results) -> Results {
    let share = |text: &str| Some(text.parse().expect("the sample writes shares"));
    results.manifest.expect = vec![
        Clause::Stuck(Bounds { at_most: share("0%"), ..Bounds::default() }),
        Clause::Recovery(RecoveryLimits {
            p50: Some(SimDuration::from_secs(60)),
            p99: Some(SimDuration::from_secs(60)),
            arms: None,
            p90: None,
        }),
    ];
    results
}

fn measures(results: &mut Results, row: usize) -> &mut RunMeasures {
    match &mut results.runs[row].outcome {
        RunOutcome::Finished { measures, .. } => measures,
        RunOutcome::Stalled(message) | RunOutcome::Panicked(message) => panic!("the sample always finishes: {message}"),
    }
}

/// Everything a report consists of, as text.
fn everything(results: &Results) -> Vec<String> {
    let pictures = charts::pictures(results, &Theme::light());
    let mut texts = vec![html::page(results, &pictures), markdown::report(results), csv::table(&runs::table(results))];
    texts.push(answer::comparison("compare", results).value().to_string());
    texts.extend(results.series.iter().map(|one| csv::table(&series::table(&results.manifest, one))));
    for picture in pictures {
        texts.extend([csv::table(&picture.table), json::table(&picture.table).to_string(), picture.svg]);
    }
    texts
}

#[test]
fn the_report_of_a_brownout_reads_well() {
    insta::assert_snapshot!(markdown::report(&brownout(SIX, 100)));
}

#[test]
fn the_report_of_contention_reads_well() {
    insta::assert_snapshot!(markdown::report(&contention(20)));
}

#[test]
fn the_report_of_a_sweep_with_expectations_begins_with_the_verdict() {
    let report = markdown::report(&expecting(rates(20)));
    assert!(report.starts_with("**Expectations: "), "{report}");
    insta::assert_snapshot!(report);
    let page = html::page(&expecting(rates(20)), &[]);
    let (before, _) = page.split_once("Expectations: ").expect("the page says so, too");
    assert!(before.ends_with("<main>\n<p class=\"expectations failed\">"), "nothing stands before it: {before}");
}

#[test]
fn nothing_expected_says_nothing_of_expectations() {
    let results = rates(5);
    assert!(!markdown::report(&results).contains("Expectations") && !html::page(&results, &[]).contains("Expectations"));
}

#[test]
fn every_text_of_a_picture_has_the_length_it_was_laid_out_for() {
    for picture in charts::pictures(&rates(5), &Theme::light()) {
        let longest = picture.svg.lines().filter(|line| line.starts_with("<text"));
        for line in longest {
            assert!(line.contains("textLength=") && line.contains("lengthAdjust=\"spacingAndGlyphs\""), "{line}");
        }
    }
}

#[test]
fn a_page_of_six_arms_is_light() {
    let results = brownout(SIX, 100);
    let page = html::page(&results, &charts::pictures(&results, &Theme::light()));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn every_picture_is_on_the_page_or_linked_there() {
    for results in [grids::with_edges(brownout(&SIX[..3], 8)), grids::with_edges(grids::grid(&SIX[..2], 8)), contention(8), rates(5)] {
        let pictures = charts::pictures(&results, &Theme::light());
        let page = html::page(&results, &pictures);
        let missing = pictures.iter().filter(|picture| !page.contains(&format!("charts/{}.svg", picture.stem)));
        assert_eq!(missing.map(|picture| picture.stem.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

#[test]
fn the_ranking_in_files_has_raw_numbers_and_units() {
    let ranking = Ranking::of(&brownout(SIX, 20), 0).table();
    insta::assert_snapshot!("ranking_csv", csv::table(&ranking));
    insta::assert_snapshot!("ranking_json", serde_json::to_string_pretty(&json::table(&ranking)).unwrap());
}

#[test]
fn one_run_is_summed_up_with_the_meaning_of_each_number() {
    let mut results = brownout(&SIX[3..4], 1);
    let manifest = results.manifest.clone();
    insta::assert_snapshot!(markdown::table(&single_run(&manifest, measures(&mut results, 0), &[])));
}

#[test]
fn the_rows_of_runs_and_series_are_tidy() {
    let results = brownout(&SIX[..2], 1);
    insta::assert_snapshot!("runs_csv", csv::table(&runs::table(&results)));
    let text = csv::table(&series::table(&results.manifest, &results.series[1]));
    insta::assert_snapshot!("series_csv", text.lines().skip(17).take(8).collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_chart_is_known_by_its_table() {
    let samples = [
        ("brownout", brownout(SIX, 20)),
        ("contention", contention(20)),
        ("rates", rates(20)),
        ("grid", grids::grid(&SIX[..2], 8)),
        ("edges", grids::with_edges(brownout(&SIX[..3], 8))),
    ];
    let mut seen: Vec<&str> = Vec::new();
    let further = grids::further();
    for (index, (name, results)) in samples.iter().chain(&further).enumerate() {
        for chart in CHARTS {
            for view in chart.views(results).into_iter().take(1) {
                let Some(table) = chart.table(results, &view) else { continue };
                if index >= samples.len() && seen.contains(&chart.name()) {
                    continue;
                }
                seen.push(chart.name());
                let text = csv::table(&table);
                let some: Vec<&str> = text.lines().take(12).collect();
                insta::assert_snapshot!(format!("{name}_{}", chart.name()), format!("{}\n{}", table.title, some.join("\n")));
            }
        }
    }
    let without: Vec<&str> = CHARTS.iter().map(|chart| chart.name()).filter(|name| !seen.contains(name)).collect();
    assert_eq!(without, Vec::<&str>::new());
}

#[test]
fn the_measure_of_a_picture_is_a_column_of_numbers_and_no_end_of_an_interval() {
    let samples = [brownout(SIX, 8), contention(8), grids::with_edges(grids::grid(&SIX[..2], 8)), rates(5)];
    let mut seen = std::collections::BTreeSet::new();
    for picture in samples.iter().flat_map(|results| charts::pictures(results, &Theme::light())) {
        seen.insert(picture.chart);
        let Some(measure) = picture.measure else {
            assert_eq!(picture.chart, "topology");
            continue;
        };
        let name = &picture.table.columns[measure].name;
        assert!(picture.table.rows.iter().any(|row| row[measure].value().is_some()), "{}: {name}", picture.chart);
        let is_less = ["95 %", "at least", "at most", "p5", "p95", "runs", "calls", "seeds", "of"];
        assert!(!is_less.iter().any(|less| name == less || name.contains("95 %")), "{}: {name}", picture.chart);
    }
    assert!(seen.len() > 15, "{seen:?}");
}

#[test]
fn drawing_twice_gives_the_same_bytes() {
    for results in [brownout(SIX, 20), brownout(&SIX[..3], 20), contention(20), expecting(rates(5))] {
        assert_eq!(everything(&results), everything(&results));
    }
}

#[test]
fn results_without_calls_bins_or_runs_show_dashes_and_no_senseless_number() {
    let mut nothing = brownout(SIX, 1);
    nothing.runs.clear();
    nothing.series.clear();
    let mut no_cells = nothing.clone();
    (no_cells.manifest.cells, no_cells.manifest.arms) = (Vec::new(), Vec::new());
    let mut panicked = brownout(&SIX[..1], 2);
    panicked.runs[0].outcome = RunOutcome::Panicked("virtual time ran backwards".to_owned());
    for results in [
        silence(),
        many_faults(),
        unfinished(),
        expecting(rates(1)),
        expecting(silence()),
        brownout(SIX, 1),
        contention(1),
        nothing,
        no_cells,
        panicked,
    ] {
        for text in everything(&results) {
            for word in ["NaN", "inf\"", "inf,", "inf ", ">inf", "-inf"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }
}

#[test]
fn names_are_text_and_never_markup() {
    let mut results = brownout(&SIX[..2], 2);
    let evil = "<script>alert('x')</script>\" & | `";
    let manifest = &mut results.manifest;
    (manifest.scenario, manifest.description, manifest.source) = (evil.to_owned(), evil.to_owned(), evil.to_owned());
    manifest.arms = vec![evil.to_owned(), format!("{evil} again")];
    manifest.faults[0][0].label = evil.to_owned();
    manifest.text = "</pre><script>".to_owned();
    for text in everything(&results).into_iter().filter(|text| text.starts_with("<svg") || text.starts_with("<!doctype")) {
        assert!(!text.contains("<script>alert") && !text.contains("</pre><script>"), "{text}");
    }
    let outside_code: String = markdown::report(&results).split("``").step_by(2).collect();
    assert!(!outside_code.replace("\\<", "").contains("<script>"), "a reversed bar makes it text: {outside_code}");
    let page = html::page(&results, &charts::pictures(&results, &Theme::light()));
    assert_eq!(page.matches("<script>").count(), 1, "only our own");
}

#[test]
fn the_page_needs_no_network() {
    for text in everything(&brownout(SIX, 5)) {
        let without_namespace = text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !without_namespace.contains("http:")
                && !without_namespace.contains("https:")
                && !without_namespace.replace("url(#", "").contains("url(")
        );
    }
}

#[test]
fn the_question_and_the_changes_stand_before_the_answer() {
    let mut results = brownout(&SIX[..2], 6);
    results.manifest.description = "Is < 5 s & > 1 s enough?\n\nA longer text.".to_owned();
    results.manifest.changes.push(("nodes.shoppers.count".to_owned(), "500".to_owned()));
    for (text, question) in
        [(markdown::report(&results), "Is < 5 s & > 1 s enough?"), (html::page(&results, &[]), "Is &lt; 5 s &amp; &gt; 1 s enough?")]
    {
        let places = [question, "Changed with --set: nodes.shoppers.count = 500", "Best is", "A longer text."].map(|part| text.find(part));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {text}");
    }
}

#[test]
fn the_picture_of_a_cell_shows_the_faults_of_that_cell() {
    let mut results = rates(5);
    for (cell, faults) in (0..).zip(&mut results.manifest.faults) {
        faults[0].label = format!("Fault of cell {cell}");
    }
    results.manifest.faults[3].clear();
    for picture in charts::pictures(&results, &Theme::light()).iter().filter(|picture| picture.chart == "availability-over-time") {
        for cell in 0..4 {
            let is_shown = picture.view.cells == [cell] && cell < 3;
            assert_eq!(picture.svg.contains(&format!("Fault of cell {cell}")), is_shown, "{cell} on {}", picture.stem);
        }
    }
    let page = html::page(&results, &[]);
    assert!(page.contains("They differ from cell to cell.") && page.contains("Fault of cell 2, from 20 s to 30 s"));
}

#[test]
fn what_should_succeed_is_a_dashed_line_over_time() {
    let mut results = brownout(&SIX[..2], 5);
    let drawn = |results: &Results| {
        let pictures = charts::pictures(results, &Theme::light());
        pictures.into_iter().find(|picture| picture.chart == "availability-over-time").expect("it is drawn").svg
    };
    let without = drawn(&results);
    results.manifest.story.objective = "99.5%".parse().ok();
    let with = drawn(&results);
    assert!(with.contains("what should succeed, 99.5%") && !without.contains("what should succeed"));
    assert!(with.matches("s-ink").count() > without.matches("s-ink").count() + 50, "its dashes are lines of the picture");
}

#[test]
fn a_report_is_written_whole_and_lists_its_files() {
    let dir = fresh("written");
    let written = write_report(&contention(5), &dir, ReportOptions { png: false }).unwrap();
    assert!(written.iter().all(|path| path.is_file()));
    for name in
        ["report.html", "report.md", "ranking.json", "results.json", "runs.csv", "series/cell-0-arm-0.csv", "charts/calls-by-clients.svg"]
    {
        assert!(written.contains(&dir.join(name)), "{name} in {written:?}");
    }
    let count = |dir: &Path| std::fs::read_dir(dir).unwrap().count();
    assert_eq!(count(&dir) - 2 + count(&dir.join("series")) + count(&dir.join("charts")), written.len(), "no temporary file is left");
}

#[cfg(feature = "png")]
#[test]
fn every_picture_is_written_as_png_and_the_same_bytes_twice() {
    let samples = [
        ("busy", many_faults()),
        ("unfinished", unfinished()),
        ("six", brownout(SIX, 100)),
        ("three", brownout(&SIX[1..4], 100)),
        ("contention", contention(50)),
        ("one", brownout(SIX, 1)),
        ("rates", expecting(rates(20))),
    ];
    for (name, results) in samples {
        let written = write_report(&results, &fresh(name), ReportOptions { png: true }).unwrap();
        assert!(written.iter().any(|path| path.extension().is_some_and(|ending| ending == "png")));
    }
    let svg = charts::pictures(&contention(5), &Theme::light()).remove(0).svg;
    assert_eq!(charts::png::render(&svg).unwrap(), charts::png::render(&svg).unwrap());
}

/// An empty folder of this test under the build's own temporary folder.
fn fresh(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}
