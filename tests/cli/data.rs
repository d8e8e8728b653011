//! Measured values from files beside the scenario.

use super::{Place, SMALL, keep};

fn scenario() -> String {
    SMALL
        .replace(
            r#"demand: Exponential(mean: "10ms")"#,
            r#"demand: Empirical(file: "data/demand.csv"), does: [Work(Plus(constant: "1ms", of: Empirical(file: "data/work.csv")))]"#,
        )
        .replace(r#"delay: Constant("5ms")"#, r#"delay: Empirical(file: "data/delay.csv")"#)
        .replace(r#"Poisson(rate: "50/s")"#, r#"ClosedLoop(think: Empirical(file: "data/think.csv"))"#)
}

fn place() -> Place {
    Place::with(&[
        ("s/measured.ron", &scenario()),
        ("s/data/demand.csv", "value,seen\n5ms,3\n20ms,1\n"),
        ("s/data/work.csv", "# one\n1ms\n\n2ms\n"),
        ("s/data/delay.csv", "5ms\n"),
        ("s/data/think.csv", "\"100ms\", 2\r\n\"300ms\"\r\n"),
    ])
}

fn digest(place: &Place) -> String {
    let said = place.run(&["run", "s/measured.ron", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.out.lines().find_map(|line| line.strip_prefix("digest ")).expect("a run prints its digest").to_owned()
}

#[test]
fn values_are_read_from_the_folder_of_the_scenario() {
    let place = place();
    let first = digest(&place);
    assert_eq!(digest(&place), first);
    place.write("s/data/demand.csv", b"5ms,3\n20ms,2\n");
    assert_ne!(digest(&place), first, "other weights are other draws");
}

#[test]
fn runs_with_other_values_are_other_runs() {
    let place = place();
    let compare = |place: &Place| place.run(&["compare", "s/measured.ron", "--out", "r", "--quiet"]).code;
    assert_eq!(compare(&place), Some(0));
    let first = place.files("r");
    assert_eq!(compare(&place), Some(0));
    super::assert_same_files(&place.files("r"), &first);
    place.write("s/data/delay.csv", b"6ms\n");
    assert_eq!(compare(&place), Some(0));
    assert_ne!(place.files("r")["runs.csv"], first["runs.csv"], "the runs of the old values are not taken for new ones");
    std::fs::remove_dir_all(place.path().join("s")).expect("the folder can be removed");
    let again = place.run(&["report", "r"]);
    assert_eq!(again.code, Some(0), "a report needs no scenario and no data: {}", again.err);
}

#[test]
fn a_wrong_file_or_line_is_shown_with_both_places() {
    let place = place();
    place.write("s/data/demand.csv", b"5ms\n12\n");
    place.write("s/data/work.csv", b"5ms,often\n");
    place.write("s/data/delay.csv", b"# nothing\n");
    std::fs::rename(place.path().join("s/data/think.csv"), place.path().join("s/data/thinking.csv")).expect("the file can be renamed");
    let shipped = ["run", "retry-storm", "--set", "nodes.service.demand=Empirical(file: \"x.csv\")"];
    keep("data", &place.transcript(&[&["check", "s/measured.ron"], &shipped]));
}
