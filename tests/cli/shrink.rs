//! A failing run made small, gone through by hand, and continued with other futures.

use super::Place;
use super::search::STORMY;
use std::io::Write as _;
use std::process::Stdio;

/// A folder with a failing run, and the name of its repro file.
fn failing() -> (Place, String) {
    let place = Place::with(&[("stormy.ron", STORMY)]);
    let said = place.run(&["search", "stormy.ron", "--failures", "1", "--quiet"]);
    let file = said.out.lines().find_map(|line| line.trim().strip_prefix("again: stormglass replay ")).expect("a seed fails").to_owned();
    (place, file)
}

#[test]
fn a_failure_is_made_small_and_still_fails_in_the_same_way() {
    let (place, file) = failing();
    let said = place.run(&["shrink", &file]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.err.starts_with("seed=") && said.err.contains(" events "), "{}", said.err);
    let small = said.out.lines().find_map(|line| line.strip_prefix("again:    stormglass replay ")).expect("it says how to repeat it");
    let again = place.run(&["replay", small, "--lines", "1"]);
    assert_eq!(again.code, Some(1), "{}{}", again.out, again.err);
    let seed =
        again.err.lines().find_map(|line| line.strip_prefix("seed=")).and_then(|rest| rest.split(' ').next()).expect("it says the seed");
    let before = file.rsplit_once(".seed-").and_then(|(_, rest)| rest.strip_suffix(".ron")).expect("the file is named by its seed");
    let from = if seed == before { String::new() } else { format!(".from-seed-{before}") };
    assert_eq!(small, format!("repros/stormy.one-retry.seed-{seed}{from}.small.ron"), "it is named by the seed that is inside");
    assert!(again.out.contains("availability at least 100%: broken Availability"), "{}", again.out);
    let (plain, run) = said
        .out
        .lines()
        .find_map(|line| line.strip_prefix("to read:  "))
        .and_then(|line| line.split_once("   stormglass "))
        .expect("it says what to read");
    let text = place.read(plain);
    assert!(text.starts_with("// The smallest scenario that was found"), "{text}");
    assert!(text.matches("Crash(").count() <= 1 && !text.contains("storm:"), "{text}");
    let made = place.run(&run.split(' ').collect::<Vec<_>>());
    let digest = again.out.lines().find(|line| line.starts_with("digest ")).expect("a digest is printed");
    assert!(made.out.contains(digest), "the plain scenario is the same run: {}\n{}", made.out, again.out);
    // What is as small as it gets stays as it is.
    let more = place.run(&["shrink", small, "--out", "more", "--quiet"]);
    assert_eq!(more.code, Some(0), "{}", more.err);
}

#[test]
fn only_a_repro_file_that_fails_can_be_made_small() {
    let (place, file) = failing();
    place.write("a-file", b"not a repro file");
    for (arguments, reason) in [
        (vec!["shrink", "stormy.ron"], "stormy.ron is no repro file; if it is a scenario, `stormglass search stormy.ron` writes one"),
        (
            vec!["shrink", "abd-write-back"],
            "abd-write-back is a scenario, and no repro file of one of its runs; `stormglass search abd-write-back`",
        ),
        (vec!["shrink", "nothing.ron"], "there is no file `nothing.ron`; `stormglass search SCENARIO` writes a repro file"),
        (vec!["shrink", "repros"], "repros is a folder; name one of the repro files in it"),
        (vec!["shrink", "a-file"], "a-file is no repro file; `stormglass search SCENARIO` writes"),
        (vec!["shrink", &file, "--out", "a-file"], "a-file is a file, and the two files need a folder; choose another one with --out"),
        (
            vec!["search", "stormy.ron", "--out", "a-file/x"],
            "a-file/x cannot be a folder, because a-file is a file; choose another one with --out",
        ),
        (vec!["shrink", &file, "--property", "no such thing"], "does not break `no such thing`; it breaks `availability at least 100%`"),
    ] {
        let said = place.run(&arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(reason), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_run_is_gone_through_by_commands_a_line_each() {
    let (place, file) = failing();
    let mut program = place.command(&["replay", &file, "--step", "--quiet"]);
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let orders = "break kind=fault\nfaults\nwhere\nnode shop[0]\nflight\nstep 3\nback 3\nwhere\njump\ngo 1s\nend\nquit\nwhere\n";
    child.stdin.take().expect("it reads").write_all(orders.as_bytes()).expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    let places: Vec<&str> = out.lines().filter(|line| line.starts_with("after event ")).collect();
    assert_eq!(places.len(), 8, "{out}");
    assert!(places[0].starts_with("after event 0 at 0s"), "{out}");
    assert!(out.contains("FAULT") && out.contains(" since ") && out.contains(" whose caller"), "{out}");
    assert_eq!((places[1], places[2], places[5]), (places[1], places[1], places[1]), "where it was found is where it is, before and after");
    assert!(out.contains("shop[0]: ") && places[7].ends_with("the run is over"), "{out}");
    assert!(err.contains("there is no command `jump`"), "{err}");
}

#[test]
fn a_breakpoint_that_names_nothing_is_refused_and_a_movement_shows_so_many_lines_as_are_wanted() {
    let (place, file) = failing();
    let said = place.run(&["replay", &file, "--break", "node=shp kind=fault-begin text=x"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{}", said.err);
    let wrong = |word: &str, near: &str| format!("`{word}`; expected one of {near}");
    assert!(said.err.contains("--break: no node is called `shp`; expected clients or shop; did you mean `shop`?"), "{}", said.err);
    assert!(
        said.err.contains(&wrong("fault-begin", "call, end, send")) && said.err.contains("did you mean `fault-begins`?"),
        "{}",
        said.err
    );
    let mut program = place.command(&["replay", &file, "--step", "--quiet", "--lines", "3"]);
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    child
        .stdin
        .take()
        .expect("it reads")
        .write_all(b"break node=nosuch\nbreak kind=fault-begins\nnode shop\nbreak text=never\n")
        .expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(err.contains("error: no node is called `nosuch`; expected clients or shop"), "{err}");
    assert!(err.contains("error: `shop` is more than one node: name one of them, such as node shop[0]"), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 8, "where it begins, how much was left out, three lines and where it stands, twice: {out}");
    assert!(lines[6].starts_with("no line from here to the end of the run fits") && lines[7] == lines[5], "{out}");
    assert!(lines[1].starts_with("... ") && lines[1].ends_with(" lines before these; --lines N shows more"), "{out}");
    assert!(lines[4].contains("FAULT") || lines[3].contains("FAULT") || lines[2].contains("FAULT"), "{out}");
}

#[test]
fn other_futures_of_the_same_past_say_when_it_was_decided() {
    let (place, file) = failing();
    let one = place.run(&["replay", &file, "--fork-at", "19s", "--futures", "20", "--format", "csv", "--quiet"]);
    assert_eq!(one.code, Some(0), "{}", one.err);
    assert!(one.out.contains("19,20,1,"), "what has failed by then fails in every future: {}", one.out);
    let all = place.run(&["replay", &file, "--futures", "20", "--quiet"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    assert!(all.out.contains("decided") && all.out.contains('█'), "{}", all.out);
    let wrong = place.run(&["replay", &file, "--fork-at", "3s"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}

#[test]
fn another_strategy_takes_over_in_the_middle_of_a_run() {
    let (place, file) = failing();
    let said = place.run(&["replay", &file, "--fork-at", "5s", "--fork-arm", "patient", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let broken = said.out.lines().find(|line| line.starts_with("breaks, of what its arm promises")).expect("it says what is broken");
    assert!(broken.contains("availability at least 100%") && broken.trim_end().ends_with("nothing"), "{}", said.out);
    let wrong = place.run(&["replay", &file, "--fork-at", "5s", "--fork-arm", "patent"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean `patient`?"), "{}", wrong.err);
}
