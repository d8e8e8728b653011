//! Results folders: cut short, edited, made by a later version; and what other programs read of them.

use super::{Place, SMALL, assert_same_files};
use std::process::Command;

/// A folder `r` with results.
fn place() -> Place {
    let place = Place::with(&[("small.ron", SMALL)]);
    let said = place.run(&["compare", "small.ron", "--out", "r", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    place
}

#[test]
fn results_of_a_later_format_are_refused_with_the_version_to_use() {
    let place = place();
    let later = place.read("r/manifest.json").replacen("\"format\": 1", "\"format\": 12", 1).replacen(
        "\"tool_version\": \"0.",
        "\"tool_version\": \"8.0.",
        1,
    );
    place.write("r/manifest.json", later.as_bytes());
    for command in [&["report", "r"][..], &["compare", "small.ron", "--out", "r"]] {
        let said = place.run(command);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        let wanted = "r/manifest.json has format 12, and this version of Stormglass knows formats up to 1; use version 8.";
        assert!(said.err.contains(wanted), "{}", said.err);
    }
    assert_eq!(place.read("r/manifest.json"), later, "what cannot be understood is left alone");
}

#[test]
fn an_edited_or_truncated_manifest_is_named_with_its_line() {
    let place = place();
    let whole = place.read("r/manifest.json");
    let line = 1 + whole.lines().position(|line| line.starts_with("  \"replications\":")).expect("it is kept");
    for (text, wanted) in [
        (whole.replacen("\"replications\": 3", "\"replications\": 2", 1), format!("line {line}: `replications` is not what was written")),
        (whole[..whole.len() / 2].to_owned(), format!("line {}", 1 + whole[..whole.len() / 2].matches('\n').count())),
    ] {
        place.write("r/manifest.json", text.as_bytes());
        let said = place.run(&["report", "r"]);
        assert_eq!(said.code, Some(2));
        assert!(said.err.contains("r/manifest.json is damaged") && said.err.contains(&wanted), "{wanted}: {}", said.err);
    }
}

#[test]
fn a_damaged_line_of_the_journal_is_named_and_left_out() {
    let place = place();
    let whole = place.read("r/runs.journal");
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 6);
    let edited = lines[2].replacen("\"calls\":", "\"calls\":1", 1);
    let cut = &lines[5][..40];
    let damaged = [&lines[..2], &[edited.as_str()], &lines[3..5], &[cut]].concat().join("\n");
    place.write("r/runs.journal", damaged.as_bytes());
    let said = place.run(&["report", "r"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    for wanted in [
        "warning: line 3 of r/runs.journal cannot be believed: it was altered, for its checksum is wrong",
        "warning: line 6 of r/runs.journal cannot be believed: it was cut short",
        "warning: 2 of 6 runs are not there",
    ] {
        assert!(said.err.contains(wanted), "{wanted} in {}", said.err);
    }
    assert_eq!(place.read("r/runs.csv").lines().count(), 5, "a head and four runs");
}

#[test]
fn a_report_is_drawn_from_saved_runs_alone() {
    let place = place();
    let first = place.files("r");
    // Neither the scenario nor anything drawn is there any more: only what was kept.
    std::fs::remove_file(place.path().join("small.ron")).expect("it was there");
    for (name, bytes) in &first {
        if ["manifest.json", "runs.journal"].contains(&name.as_str()) {
            place.write(&format!("bare/{name}"), bytes);
        }
    }
    let said = place.run(&["report", "bare"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_same_files(&place.files("bare"), &first);
    assert_eq!(place.run(&["report", "bare"]).code, Some(0));
    assert_same_files(&place.files("bare"), &first);
}

#[test]
fn the_published_schema_is_what_the_program_prints() {
    let place = Place::with(&[]);
    let said = place.run(&["schema", "results"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let published = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/results.schema.json"));
    assert_eq!(said.out, published.expect("it is published"), "`stormglass schema results > docs/reference/results.schema.json` renews it");
}

#[test]
fn the_ten_lines_of_python_in_the_documents_load_results() {
    let python = "python3";
    let has_polars = Command::new(python).args(["-c", "import polars"]).output().is_ok_and(|output| output.status.success());
    if !has_polars {
        eprintln!("skipped: no python3 with polars is installed, so nobody has run docs/analysis.md");
        return;
    }
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/analysis.md")).expect("it is there");
    let script = document.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it shows a script");
    assert!(script.lines().filter(|line| !line.trim().is_empty()).count() <= 10, "ten lines are promised");
    let place = place();
    let script = script.replace("results/retry-storm", "r");
    let output = Command::new(python).args(["-c", &script]).current_dir(place.path()).output().expect("python starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.contains("not recovered") && out.contains("worst second") && out.contains("retry") && out.contains("none"), "{out}");
}

#[test]
fn the_sweep_whose_report_is_timed_has_ten_arms_twenty_cells_and_200_runs() {
    let place = Place::with(&[("report.ron", include_str!("../../benches/report.ron"))]);
    let said = place.run(&["check", "report.ron"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("40000 = 20 x 10 x 200 seeds"), "{}", said.out);
}
