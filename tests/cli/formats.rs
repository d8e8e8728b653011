//! What programs read: JSON, CSV, Markdown; and that nothing else is in it.

use super::{Place, SMALL};
use std::process::Stdio;

#[test]
fn every_format_of_every_command_is_valid_stable_and_alone_on_stdout() {
    let place = Place::with(&[("small.ron", SMALL)]);
    for command in [&["run", "small.ron"][..], &["compare", "small.ron"], &["list", "scenarios"], &["list", "layers"], &["list"]] {
        for format in ["json", "csv", "markdown", "table"] {
            let arguments = [command, &["--format", format, "--quiet"]].concat();
            let said = place.run(&arguments);
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
            assert_eq!(place.run(&arguments), said, "the same bytes again");
            assert!(!said.out.contains('\u{1b}'), "no colours in a pipe");
            match format {
                "json" => {
                    serde_json::from_str::<serde_json::Value>(&said.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
                }
                "csv" => assert!(said.out.lines().all(|line| line.contains(','))),
                "markdown" => assert!(said.out.lines().any(|line| line.starts_with("|"))),
                _ => {}
            }
        }
    }
}

#[test]
fn one_run_is_drawn_as_svg_or_png_with_its_numbers_beside_it_and_under_no_other_name() {
    let place = Place::with(&[("small.ron", SMALL)]);
    for name in ["one.svg", "two.png"] {
        let said = place.run(&["run", "small.ron", "--chart", name, "--quiet"]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{name}");
    }
    let svg = place.read("one.svg");
    assert!(svg.starts_with("<svg") && svg.contains("What the nodes of one run went through"), "{svg}");
    assert_eq!(place.read("one.csv"), place.read("two.csv"));
    let bad = place.run(&["run", "small.ron", "--chart", "one.jpeg"]);
    assert!(bad.code == Some(2) && bad.out.is_empty() && bad.err.contains(".svg or .png"), "{bad:?}");
}

#[test]
fn scenarios_are_listed_by_subject_and_chosen_by_words() {
    let place = Place::with(&[]);
    let all = place.run(&["list", "scenarios"]).out;
    let headings: Vec<&str> = scenarios::library::SHIPPED.chunk_by(|a, b| a.subject == b.subject).map(|of| of[0].subject).collect();
    let found: Vec<&str> = all.lines().filter(|line| headings.contains(line)).collect();
    assert_eq!(found, headings, "each subject stands in one place");
    let chosen = place.run(&["list", "scenarios", "JITTER", "decorrelated"]).out;
    assert!(chosen.contains("backoff-decorrelated") && !chosen.contains("backoff-constant"), "{chosen}");
    let rows: serde_json::Value = serde_json::from_str(&place.run(&["list", "scenarios", "--format", "json"]).out).expect("it is JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(scenarios::library::SHIPPED.len()));
    assert_eq!(rows[0]["subject"], headings[0]);
    let none = place.run(&["list", "backoffs", "unheard-of"]);
    assert!(none.code == Some(2) && none.err.contains("`stormglass list backoffs`"), "{}", none.err);
}

#[test]
fn a_list_as_json_is_an_array_of_names_and_summaries() {
    let place = Place::with(&[]);
    let list: serde_json::Value = serde_json::from_str(&place.run(&["list", "faults", "--format", "json"]).out).expect("it is JSON");
    let entries = list.as_array().expect("it is an array");
    assert!(entries.iter().all(|entry| entry.as_object().is_some_and(|entry| entry.keys().eq(["name", "summary"]))));
    assert!(entries.iter().any(|entry| entry["name"] == "Crash"));
}

#[test]
fn no_colour_is_written_into_a_pipe_and_none_where_nobody_wants_it() {
    let place = Place::with(&[("bad.ron", "(schema: 3)")]);
    let said = place.run(&["check", "bad.ron"]);
    assert!(said.code == Some(2) && !said.err.contains('\u{1b}'), "{}", said.err);
    let forced = place.command(&["check", "bad.ron"]).env("CLICOLOR_FORCE", "1").output().expect("the program starts");
    assert!(String::from_utf8_lossy(&forced.stderr).contains('\u{1b}'), "who asks for colours gets them");
    let unwanted = place.command(&["check", "bad.ron"]).env("NO_COLOR", "1").output().expect("the program starts");
    assert!(!String::from_utf8_lossy(&unwanted.stderr).contains('\u{1b}'));
}

#[test]
fn a_reader_that_stops_reading_ends_the_program_quietly() {
    let place = Place::with(&[("small.ron", SMALL)]);
    let mut child = place
        .command(&["replay", "small.ron", "--seed", "1", "--lines", "100000", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
