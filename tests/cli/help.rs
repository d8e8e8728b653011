//! What a newcomer reads first.

use super::{Place, keep};

#[test]
fn help_says_what_there_is_and_shows_examples() {
    let place = Place::with(&[]);
    keep("help", &place.transcript(&[&["--help"]]));
    let commands = ["run", "compare", "sweep", "replay", "report", "plan", "check", "list", "explain", "new"];
    let pages: Vec<_> = commands.iter().map(|command| [*command, "--help"]).collect();
    keep("help_of_commands", &place.transcript(&pages.iter().map(<[_; 2]>::as_slice).collect::<Vec<_>>()));
}

#[test]
fn everything_that_a_scenario_can_name_is_listed() {
    let place = Place::with(&[]);
    let kinds = ["layers", "backoffs", "budgets", "faults", "arrivals", "distributions", "protocols", "expectations", "charts"];
    for kind in kinds {
        let said = place.run(&["list", kind]);
        assert_eq!(said.code, Some(0));
        assert!(said.out.lines().count() > 3, "{}", said.out);
    }
    let scenarios = place.run(&["list", "scenarios", "--format", "csv"]).out;
    for line in scenarios.lines().skip(1) {
        assert!(line.ends_with(['.', '?', '"', '!']), "a summary is a whole sentence: {line}");
        assert!(!line.ends_with("(M."), "an initial ends no sentence: {line}");
    }
}

#[test]
fn a_new_scenario_is_sound_and_is_never_written_over() {
    let place = Place::with(&[]);
    let said = place.run(&["new", "first"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "first.ron is written; `stormglass compare first.ron` runs it\n"));
    let text = place.read("first.ron");
    assert_eq!(place.run(&["new", "first.ron"]).code, Some(2));
    assert_eq!(place.read("first.ron"), text);
    let checked = place.run(&["check", "first.ron"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(checked.out.starts_with("first: nothing is wrong"), "{}", checked.out);
}
