//! What do the tests of known results see, and where is it written down?
//!
//! Each test opens one [`Section`] and states its rows there: every method holds what was seen against its reference *and* records it.
//! When the section is dropped it must be what docs/validation.md shows, byte for byte, so that the page cannot be stale. After a change
//! that is meant, `VALIDATION=write cargo test --test main known_results` writes the page. Which test belongs where is said in `parts`.

use super::Estimate;
use super::parts::{HEADER, PARTS, Part};
use sim_core::stats::interval;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::ops::RangeInclusive;
use std::sync::Mutex;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/validation.md");
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/known_results");
const REWRITE: &str = "VALIDATION=write cargo test --test main known_results";
const COLUMNS: &str = "| row | kind | what | unit | reference | simulator | 95 % interval | runs | off by | allowed |\n\
                       | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// The name of the test it stands in, below `known_results`.
macro_rules! here {
    () => {{
        fn inside() {}
        let name = std::any::type_name_of_val(&inside);
        name.trim_end_matches("::inside").split_once("known_results::").map_or(name, |(_, test)| test)
    }};
}
pub(super) use here;

/// What a value is held against: exactly known, an estimate itself, or something near to the truth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    value: f64,
    standard_error: f64,
    is_about: bool,
}

/// A reference that is near to the truth, and not it: a limit, an approximation, or a number simulated elsewhere with a spread that nobody knows.
pub(super) const fn about(value: f64) -> Reference {
    Reference { value, standard_error: 0.0, is_about: true }
}

impl From<f64> for Reference {
    fn from(value: f64) -> Self {
        Self { value, standard_error: 0.0, is_about: false }
    }
}

impl From<Estimate> for Reference {
    fn from(estimate: Estimate) -> Self {
        Self { value: estimate.mean, standard_error: estimate.standard_error, is_about: false }
    }
}

/// What one test has to say: a heading of the page.
pub(super) struct Section {
    /// The part's sign and the number within, such as `T10.2`.
    id: String,
    text: String,
    rows: u32,
}

impl Section {
    /// Opens the section of a test (`here!()`), whose results are held against a source, with what was run.
    pub(super) fn open(test: &str, source: &str, runs: &str) -> Self {
        let (id, is_long) = place(test).unwrap_or_else(|| panic!("{test} has no place in `PARTS` of tests/known_results/parts.rs"));
        let sentence = test.rsplit("::").next().unwrap_or(test).replace('_', " ");
        let sentence = sentence[..1].to_uppercase() + &sentence[1..];
        let ignored = if is_long { " -- --ignored" } else { "" };
        let long = if is_long { " Not repeated by the normal test command, which takes these rows as they stand." } else { "" };
        let text = format!(
            "### {id} {sentence}\n\n- Source: {source}\n- Runs: {runs}{long}\n- `cargo test --test main known_results::{test}{ignored}`\n\n{COLUMNS}"
        );
        Self { id, text, rows: 0 }
    }

    /// Holds the mean over independent runs against a reference: within a share of it, or, from four runs on, within four standard errors.
    #[track_caller]
    pub(super) fn agrees(&mut self, what: &str, unit: &str, seen: Estimate, reference: impl Into<Reference>, share: f64) {
        let reference = reference.into();
        // The spread of two or three runs says nothing of the spread of runs: there the share alone is allowed.
        let known = if seen.runs < 4 { 0.0 } else { 4.0 };
        let errors = known * (seen.standard_error * seen.standard_error + reference.standard_error * reference.standard_error).sqrt();
        let of_it = share * reference.value.abs();
        let off = 100.0 * (seen.mean / reference.value - 1.0);
        println!(
            "{what}: {:.5} (reference {:.5}, {off:+.2} %, tolerance {:.5}, of which four errors {errors:.5})",
            seen.mean,
            reference.value,
            of_it.max(errors)
        );
        let (low, high) = seen.interval();
        // What is not exactly known says nothing about how often intervals are right. A nanosecond on each way is not held against one that has no width.
        let (is_exact, hair) = (reference.standard_error == 0.0 && !reference.is_about, 1e-6 * reference.value.abs());
        let beside = if is_exact && !(low - hair..=high + hair).contains(&reference.value) { " *" } else { "" };
        let prefix = if reference.is_about { "about " } else { "" };
        let published =
            if reference.standard_error > 0.0 { format!(" (s.e. {})", figure(reference.standard_error)) } else { String::new() };
        let allowed =
            if errors > of_it { format!("4 s.e.: {}", figure(errors)) } else { format!("{} %: {}", figure(100.0 * share), figure(of_it)) };
        let shown = [
            format!("{prefix}{}{published}", figure(reference.value)),
            figure(seen.mean),
            format!("{} to {}{beside}", figure(low), figure(high)),
            seen.runs.to_string(),
            format!("{off:+.2} %"),
            allowed,
        ];
        self.row("mean", what, unit, &shown);
        let difference = (seen.mean - reference.value).abs();
        assert!(difference <= errors.max(of_it), "{what}: {} is not {} within {}", seen.mean, reference.value, errors.max(of_it));
    }

    /// Holds a value that all of so many runs must have exactly.
    #[track_caller]
    pub(super) fn equals<T: PartialEq + Display>(&mut self, what: &str, unit: &str, seen: T, reference: T, runs: u64) {
        self.row(
            "exact",
            what,
            unit,
            &[reference.to_string(), seen.to_string(), "-".into(), runs.to_string(), "-".into(), "nothing".into()],
        );
        assert!(seen == reference, "{what}: {seen} is not {reference}");
    }

    /// Holds a value that is computed rather than drawn against a reference, within an absolute tolerance.
    #[track_caller]
    pub(super) fn near(&mut self, what: &str, unit: &str, seen: f64, reference: f64, tolerance: f64, runs: u64) {
        let off = seen - reference;
        let shown = [figure(reference), exact(seen, tolerance), "-".into(), runs.to_string(), format!("{off:+.1e}"), figure(tolerance)];
        self.row("near", what, unit, &shown);
        assert!(off.abs() <= tolerance, "{what}: {seen} is not {reference} within {tolerance}");
    }

    /// Holds a share of runs against the bounds that a source leaves.
    #[track_caller]
    pub(super) fn share(&mut self, what: &str, (seen, runs): (u64, u64), bounds: RangeInclusive<f64>, source: &str) {
        let percent = |share: f64| format!("{} %", figure(100.0 * share));
        let (low, high) = interval::share(seen, runs).expect("there are runs");
        let share = seen as f64 / runs as f64;
        let allowed = format!("{} to {}", percent(*bounds.start()), percent(*bounds.end()));
        let shown =
            [source.to_owned(), percent(share), format!("{} to {}", percent(low), percent(high)), runs.to_string(), "-".into(), allowed];
        self.row("share", what, "runs", &shown);
        assert!(bounds.contains(&share), "{what}: {share} lies outside of {bounds:?}");
    }

    /// Holds the largest (or smallest) of what runs had against bounds.
    #[track_caller]
    pub(super) fn bound(&mut self, what: &str, unit: &str, seen: f64, bounds: RangeInclusive<f64>, runs: u64) {
        let (low, high) = (*bounds.start(), *bounds.end());
        let allowed = match (low.is_finite(), high.is_finite()) {
            (true, true) => format!("{} to {}", figure(low), figure(high)),
            (true, false) => format!("at least {}", figure(low)),
            _ => format!("at most {}", figure(high)),
        };
        self.row("bound", what, unit, &[allowed.clone(), figure(seen), "-".into(), runs.to_string(), "-".into(), allowed]);
        assert!(bounds.contains(&seen), "{what}: {seen} lies outside of {bounds:?}");
    }

    /// Records a value for which nothing is promised.
    pub(super) fn told(&mut self, what: &str, unit: &str, seen: f64, runs: u64) {
        self.row("told", what, unit, &["-".into(), figure(seen), "-".into(), runs.to_string(), "-".into(), "anything".into()]);
    }

    /// Holds named values against the falling order in which they are given.
    #[track_caller]
    pub(super) fn falls(&mut self, what: &str, unit: &str, values: &[(&str, f64)], runs: u64) {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let seen: Vec<String> = values.iter().map(|(_, value)| figure(*value)).collect();
        self.row(
            "order",
            what,
            unit,
            &[names.join(" > "), seen.join(" > "), "-".into(), runs.to_string(), "-".into(), "this order".into()],
        );
        assert!(values.is_sorted_by(|more, less| more.1 > less.1), "{what}: {values:?} do not fall");
    }

    fn row(&mut self, kind: &str, what: &str, unit: &str, cells: &[String; 6]) {
        self.rows += 1;
        let what = what.replace('|', "\\|");
        let number = self.rows;
        writeln!(self.text, "| {}.{number} | {kind} | {what} | {unit} | {} |", self.id, cells.join(" | ")).expect("text can be written");
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(self.rows > 0, "{}: a section without a row", self.id);
        if std::env::var("VALIDATION").is_ok_and(|mode| mode == "write") {
            rewrite(&self.id, &self.text);
        } else {
            let shown = blocks(&page()).remove(&self.id).unwrap_or_default();
            let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            let (is, was) = (lines(&self.text), lines(&shown));
            let first =
                is.iter().zip(&was).find(|(is, was)| is != was).map_or(String::new(), |(is, was)| format!("\n  seen: {is}\n  page: {was}"));
            assert!(is == was, "docs/validation.md is not what {} gives; if that is meant: {REWRITE}{first}", self.id);
        }
    }
}

/// Five significant digits, without zeros that say nothing.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let size = libm::floor(libm::log10(value.abs())) as i32;
    decimals(value, (4 - size).max(0) as usize)
}

/// As many decimals as a step of this size leaves.
fn exact(value: f64, step: f64) -> String {
    decimals(value, libm::ceil(-libm::log10(step) - 1e-9).max(0.0) as usize)
}

fn decimals(value: f64, count: usize) -> String {
    let text = format!("{value:.count$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The sign of a test's section, and whether the test takes so long that it is ignored.
fn place(test: &str) -> Option<(String, bool)> {
    let within = |part: &Part, name: &str| part.tests.iter().position(|listed| listed.trim_start_matches("long ") == name);
    PARTS.iter().find_map(|part| {
        let name = test.strip_prefix(part.module)?.strip_prefix("::")?;
        let number = within(part, name)?;
        Some((format!("{}.{}", part.id, number + 1), part.tests[number].starts_with("long ")))
    })
}

fn page() -> String {
    std::fs::read_to_string(PAGE).unwrap_or_default()
}

/// The sections of a page by their signs.
fn blocks(page: &str) -> BTreeMap<String, String> {
    let mut blocks = BTreeMap::new();
    for text in page.split("\n### ").skip(1) {
        let text = text.split("\n## ").next().unwrap_or(text);
        let id = text.split(' ').next().unwrap_or_default();
        blocks.insert(id.to_owned(), format!("### {}\n", text.trim_end()));
    }
    blocks
}

/// The whole page from its sections: nothing else stands on it.
fn assembled(blocks: &BTreeMap<String, String>) -> String {
    let mut text = HEADER.to_owned();
    text.push_str(&tally(blocks));
    for part in PARTS {
        write!(text, "\n## {} {}\n\n{}\n", part.id, part.title, part.about).expect("text can be written");
        for number in 1..=part.tests.len() {
            if let Some(block) = blocks.get(&format!("{}.{number}", part.id)) {
                write!(text, "\n{block}").expect("text can be written");
            }
        }
    }
    text
}

/// How many rows of which kind there are, and how often an interval holds what it should.
fn tally(blocks: &BTreeMap<String, String>) -> String {
    let rows: Vec<Vec<&str>> = blocks
        .values()
        .flat_map(|block| block.lines())
        .map(|line| line.split(" | ").collect())
        .filter(|row: &Vec<&str>| row.len() > 9 && row[0].contains('.'))
        .collect();
    let count = |kind: &str| rows.iter().filter(|row| row[1] == kind).count();
    let known: Vec<&Vec<&str>> =
        rows.iter().filter(|row| row[1] == "mean" && !row[4].contains("s.e.") && !row[4].starts_with("about")).collect();
    let held = known.iter().filter(|row| !row[6].ends_with('*')).count();
    format!(
        "There are {} rows: {} means, {} shares of runs, {} that are exact, {} that are computed to a stated precision, {} bounds, {} orders, and {} of which nothing is promised.\n\
         Of the {} means whose reference is exact the 95 % interval holds the reference in {}, that is {:.1} %.\n",
        rows.len(),
        count("mean"),
        count("share"),
        count("exact"),
        count("near"),
        count("bound"),
        count("order"),
        count("told"),
        known.len(),
        held,
        100.0 * held as f64 / known.len().max(1) as f64
    )
}

/// Puts a section in its place. Tests run side by side; one at a time writes.
fn rewrite(id: &str, text: &str) {
    static WRITER: Mutex<()> = Mutex::new(());
    let _alone = WRITER.lock().expect("nobody panics while writing");
    let mut blocks = blocks(&page());
    blocks.insert(id.to_owned(), text.to_owned());
    std::fs::write(PAGE, assembled(&blocks)).expect("the page can be written");
}

#[test]
fn the_page_holds_the_sections_of_all_tests_and_nothing_else() {
    let blocks = blocks(&page());
    if std::env::var("VALIDATION").is_ok_and(|mode| mode == "write") {
        return;
    }
    for part in PARTS {
        for (number, test) in part.tests.iter().enumerate() {
            let id = format!("{}.{}", part.id, number + 1);
            assert!(blocks.contains_key(&id), "{id} ({}::{test}) is not on the page: {REWRITE}", part.module);
        }
    }
    assert!(page() == assembled(&blocks), "docs/validation.md has been changed by hand, or its parts have: {REWRITE}");
}

#[test]
fn every_test_of_known_results_has_one_place_on_the_page() {
    for file in std::fs::read_dir(TESTS).expect("the tests are there") {
        let path = file.expect("the folder can be read").path();
        if path.is_dir() {
            continue;
        }
        let module = path.file_stem().and_then(|name| name.to_str()).expect("names are text").to_owned();
        if module == "page" {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the tests can be read");
        for test in text.split("#[test]").skip(1).filter_map(|rest| rest.split("fn ").nth(1)?.split('(').next()) {
            let places = PARTS.iter().filter(|part| part.module == module).flat_map(|part| part.tests);
            let count = places.filter(|listed| listed.trim_start_matches("long ") == test).count();
            assert_eq!(count, 1, "{module}::{test} needs one place in `PARTS` of tests/known_results/parts.rs");
        }
    }
}
