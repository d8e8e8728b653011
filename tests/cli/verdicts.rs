//! A scenario that can fail a build: exit codes, files for CI systems and reviewers, and comparisons with earlier results.

use super::{Place, SMALL, keep};

/// The small scenario with eight seeds and these expectations, each on a line of its own.
fn expecting(clauses: &[&str]) -> String {
    let list = clauses.iter().map(|clause| format!("\n        {clause},")).collect::<String>();
    SMALL.replace("sweep: (replications: 3)", &format!("expect: [{list}\n    ],\n    sweep: (replications: 8)"))
}

const PASSES: &str = r#"Availability(at_least: "50%")"#;
const FAILS: &str = r#"Measure(of: "availability", at_least: "99.9%", arms: ["none"])"#;
/// Nothing is shown by eight runs of what one run in a hundred does.
const OPEN: &str = r#"Measure(of: "latency p99", over_runs: P99, at_most: "10s", arms: ["none"])"#;

#[test]
fn the_exit_code_says_what_became_of_the_expectations() {
    let cases = [
        (vec![PASSES], 0),
        (vec![PASSES, OPEN], 3),
        (vec![OPEN, FAILS, PASSES], 1),
        (vec![PASSES, r#"Measure(of: "availability", at_least: 3)"#], 2),
    ];
    for (clauses, code) in cases {
        let place = Place::with(&[("small.ron", &expecting(&clauses))]);
        for command in ["compare", "sweep"] {
            let said = place.run(&[command, "small.ron", "--quiet"]);
            assert_eq!(said.code, Some(code), "{command} {clauses:?}\n{}{}", said.out, said.err);
        }
    }
    // A run alone judges nothing, and a digest that is another one is 4.
    let place = Place::with(&[("small.ron", &expecting(&[FAILS]))]);
    assert_eq!(place.run(&["run", "small.ron", "--quiet"]).code, Some(0));
    assert_eq!(place.run(&["replay", "small.ron", "--seed", "1", "--digest", "0123456789abcdef", "--lines", "1"]).code, Some(4));
}

#[test]
fn fewer_than_six_runs_prove_nothing() {
    let place = Place::with(&[("small.ron", &expecting(&[PASSES]))]);
    let said = place.run(&["compare", "small.ron", "--replications", "5", "--quiet"]);
    assert_eq!(said.code, Some(3), "{}", said.out);
    assert!(said.out.contains("too few runs to decide, 6 would be the fewest"), "{}", said.out);
}

#[test]
fn an_arm_is_expected_to_be_better_than_another_one() {
    let better = r#"Measure(of: "availability", better_than: "none", arms: ["retry"])"#;
    let by_much = r#"Measure(of: "availability", than: "none", at_least: "1pp", over_runs: Mean)"#;
    let place = Place::with(&[("small.ron", &expecting(&[better, by_much]))]);
    let said = place.run(&["compare", "small.ron", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("Expectations: 2 passed, 0 failed, 0 undecided"), "{}", said.out);
}

#[test]
fn mistakes_in_expectations_about_measures_are_found_with_their_places() {
    let clauses = [
        r#"Measure(of: "latency p99", at_most: 2)"#,
        r#"Measure(of: "availability", at_least: "2s", over_runs: P95)"#,
        r#"Measure(of: "availability", than: "nnoe", at_least: "1%")"#,
        r#"Measure(of: "availability", than: "none", at_least: "1%")"#,
        r#"Measure(of: "attempts per call of clients -> servcie", at_most: 1.5)"#,
        r#"Measure(of: "utilisation of db", at_most: "80%")"#,
        r#"Measure(of: "latency p50 of class buy", at_most: "80ms")"#,
        r#"Measure(of: "calls", better_than: "none")"#,
        r#"Measure(of: "availability", better_than: "none", arms: ["none"])"#,
        r#"Measure(of: "availability")"#,
        r#"Measure(of: "goodput", at_least: "900/s", at_most: "9/s")"#,
        r#"Measure(of: "relapses", at_least: 2, over_runs: Every)"#,
        r#"Measure(of: "relapses", at_most: 1)"#,
    ];
    let doubtful = [r#"Measure(of: "latancy p99", at_most: "2s")"#];
    let place = Place::with(&[("measures.ron", &expecting(&clauses)), ("doubtful.ron", &expecting(&doubtful))]);
    keep("measures", &place.transcript(&[&["check", "measures.ron"], &["check", "doubtful.ron"]]));
}

#[test]
fn verdicts_are_written_for_ci_systems_and_marked_at_their_lines() {
    let place = Place::with(&[("storms/small.ron", &expecting(&[PASSES, FAILS, OPEN]))]);
    let files = ["--junit", "ci/junit.xml", "--summary", "ci/summary.md", "--annotations", "github"];
    let said = place.run(&[&["compare", "storms/small.ron", "--quiet"][..], &files].concat());
    assert_eq!(said.code, Some(1), "{}", said.err);
    let junit = place.read("ci/junit.xml");
    let document = roxmltree::Document::parse(&junit).unwrap_or_else(|error| panic!("{error}\n{junit}"));
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let endings: Vec<_> = cases.iter().map(|case| case.first_element_child().map(|node| node.tag_name().name().to_owned())).collect();
    let endings: Vec<_> = endings.iter().map(|ending| ending.as_deref().unwrap_or_default()).collect();
    assert_eq!(endings, ["system-out", "system-out", "failure", "skipped"]);
    assert_eq!(cases[2].attribute("classname"), Some("small.none"));
    assert!(!junit.contains("time") && !junit.contains("hostname"), "nothing that changes from run to run");
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", said.err);
    let line = 1 + expecting(&[PASSES, FAILS, OPEN]).lines().position(|line| line.contains("99.9%")).expect("it is there");
    assert!(
        lines[0].starts_with(&format!(
            "::error file=storms/small.ron,line={line},col=9,title=Expectation failed::none: expected availability at least 99.9%25"
        )),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with(&format!("::warning file=storms/small.ron,line={},col=9,title=Expectation undecided::", line + 1)),
        "{}",
        lines[1]
    );
    let summary = place.read("ci/summary.md");
    assert!(summary.starts_with("## Stormglass: small\n\n**Expectations: 2 passed, 1 failed, 1 undecided**\n"), "{summary}");
    assert!(summary.contains(&format!("Written at storms/small.ron:{line}, storms/small.ron:{}.", line + 1)), "{summary}");
    // The same results are the same bytes, and an undecided clause may count as an error.
    let again = place.run(&[&["sweep", "storms/small.ron", "--quiet", "--undecided", "error"][..], &files].concat());
    assert_eq!(again.code, Some(1));
    assert_eq!(place.read("ci/summary.md"), summary);
    assert_eq!(place.read("ci/junit.xml").matches("<error type=").count(), 1);
    assert_eq!(place.run(&[&["compare", "storms/small.ron", "--quiet"][..], &files].concat()).code, Some(1));
    assert_eq!(place.read("ci/junit.xml"), junit);
    place.write("a-file", b"x");
    let said = place.run(&["compare", "storms/small.ron", "--quiet", "--junit", "a-file/junit.xml"]);
    assert!(said.code == Some(2) && said.err.contains("cannot write a-file/junit.xml"), "{}", said.err);
}

#[test]
fn results_are_compared_with_those_of_an_earlier_version() {
    let base = SMALL.replace("sweep: (replications: 3)", "sweep: (replications: 20)");
    let slower = base.replace("Exponential(mean: \"10ms\")", "Exponential(mean: \"14ms\")");
    let place = Place::with(&[("small.ron", &base)]);
    assert_eq!(place.run(&["compare", "small.ron", "--out", "before", "--quiet"]).code, Some(0));
    let compare = ["compare", "small.ron", "--out", "now", "--against", "before", "--quiet"];
    let said = place.run(&compare);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "Nothing changed against before: 40 runs, all with the digests they had\n"));
    place.write("small.ron", slower.as_bytes());
    let said = place.run(&[&compare[..], &["--junit", "junit.xml", "--summary", "summary.md", "--annotations", "github"]].concat());
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    keep("against", &place.transcript(&[&compare, &[&compare[..], &["--format", "csv"]].concat()]));
    let junit = place.read("junit.xml");
    assert!(roxmltree::Document::parse(&junit).is_ok() && junit.contains("latency p50 is no worse than before"), "{junit}");
    assert!(place.read("summary.md").contains("### Against before: "), "{}", place.read("summary.md"));
    let arm = 1 + slower.lines().position(|line| line.contains("\"none\": (")).expect("it is there");
    assert!(said.err.contains(&format!("::error file=small.ron,line={arm},col=9,title=latency p50 got worse::none: ")), "{}", said.err);
    // A sweep compares as well, and back again is no worse.
    place.write("small.ron", base.as_bytes());
    assert_eq!(place.run(&["sweep", "small.ron", "--out", "later", "--against", "now", "--quiet"]).code, Some(0));
}

#[test]
fn what_is_no_result_is_not_compared_with() {
    let place = Place::with(&[("small.ron", SMALL), ("other.ron", &SMALL.replace("\"none\":", "\"a\":").replace("\"retry\":", "\"b\":"))]);
    place.write("empty/x", b"");
    assert_eq!(place.run(&["compare", "other.ron", "--out", "others", "--quiet"]).code, Some(0));
    place.write("damaged/manifest.json", b"{}");
    let against = |folder: &'static str| ["compare", "small.ron", "--against", folder, "--quiet"];
    let folders = ["missing", "small.ron", "empty", "damaged", "others", "results/small"];
    let commands: Vec<_> = folders.iter().map(|folder| against(folder)).collect();
    keep("against_nothing", &place.transcript(&commands.iter().map(<[_; 5]>::as_slice).collect::<Vec<_>>()));
}
