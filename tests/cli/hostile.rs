//! Can a repro file do harm, or hide that it was damaged?
//!
//! A few files are made by hand to do what must not be possible; many more are a valid one with something exchanged, left out, repeated or
//! moved, by keyed draws, so that a failure is the same failure everywhere. Whatever the file: an exit code of the program's own, in a bounded
//! time, and no file but where it was asked to be written.

use super::Place;
use super::search::STORMY;
use scenarios::repro::playback::{Played, play};
use scenarios::repro::read::open;
use sim_core::draw::{Key, Seed};

/// A folder with a repro file, its name and its text.
fn made() -> (Place, String, String) {
    let place = Place::with(&[("stormy.ron", STORMY)]);
    let said = place.run(&["search", "stormy.ron", "--failures", "1", "--quiet"]);
    let file = said.out.lines().find_map(|line| line.trim().strip_prefix("again: stormglass replay ")).expect("a seed fails").to_owned();
    let text = place.read(&file);
    (place, file, text)
}

/// So many files are made.
const ALTERED: u64 = 3_000;

/// What stands where numbers and texts stood.
const EVIL: [&str; 14] = [
    "18446744073709551615",
    "18446744073709551616",
    "4294967295",
    "-1",
    "NaN",
    "inf",
    "1e308",
    "\"584y\"",
    "\"-5s\"",
    "\"1e30/s\"",
    "\"../../../evil\"",
    "\"/etc/hostname\"",
    "\"\"",
    "None",
];

/// The text with something exchanged, left out, repeated or moved.
fn altered(text: &str, seed: u64) -> String {
    let draws = Seed::new(seed).draws(Key::named("alteration"), 0);
    let at = |draw: sim_core::draw::Draw, most: usize| draw.index(most as u64) as usize;
    let bytes = text.as_bytes();
    let from = at(draws.wait(), bytes.len());
    let until = (from + 1 + at(draws.choice(), 80)).min(bytes.len());
    let (before, here, after) = (&bytes[..from], &bytes[from..until], &bytes[until..]);
    let changed = match draws.share().index(5) {
        0 => [before, after].concat(),
        1 => [before, here, here, here, after].concat(),
        2 => [before, &[(at(draws.demand(), 256)) as u8], &here[1..], after].concat(),
        3 => [&bytes[..from], &bytes[until..], here].concat(),
        _ => {
            // A whole number or text gives way to another one.
            let is_edge = |byte: &u8| b" ,:()[]{}".contains(byte);
            let start = bytes[..from].iter().rposition(is_edge).map_or(0, |place| place + 1);
            let end = bytes[from..].iter().position(is_edge).map_or(bytes.len(), |place| from + place).max(start);
            let evil = EVIL[at(draws.demand(), EVIL.len())].as_bytes();
            [&bytes[..start], evil, &bytes[end..]].concat()
        }
    };
    String::from_utf8_lossy(&changed).into_owned()
}

#[test]
fn whatever_is_altered_in_a_file_it_is_refused_or_is_a_run_that_ends() {
    let (_, _, text) = made();
    let (mut refused, mut played) = (0, 0);
    for seed in 0..ALTERED {
        let altered = altered(&text, seed);
        let Ok(opened) = open("altered.ron", altered.clone().into_bytes()) else {
            refused += 1;
            continue;
        };
        // Behind the checksum there is nothing that means anything.
        let content = |text: &str| text.split("\n    checksum:").next().map(str::to_owned);
        assert!(opened.edited.is_some() || content(&altered) == content(&text), "seed {seed}: nobody noticed\n{altered}");
        let Ok((scenario, arm)) = opened.repro.scenario("altered.ron") else {
            refused += 1;
            continue;
        };
        played += 1;
        let most = opened.repro.recording.events;
        if let Played::Parted(parted) = play(&scenario.cells[0].arms[arm], opened.repro.seed, &opened.repro.recording, None) {
            assert!(parted.other <= most + 1, "seed {seed}: it went on beyond what was recorded");
        }
    }
    assert!(refused > ALTERED / 4 && played > ALTERED / 20, "{refused} were refused and {played} were played");
}

#[test]
fn what_is_made_to_do_harm_is_refused_with_the_reason() {
    let (place, _, text) = made();
    let deep = "(".repeat(100_000);
    let cases = [
        ("deep", text.replacen("scenario: (", &format!("scenario: {deep}"), 1)),
        ("closed", text.replacen("nodes: {", &format!("nodes: {}{}{{", "[".repeat(50_000), "]".repeat(50_000)), 1)),
        ("clients", text.replacen("count: 5", "count: 4294967295", 1)),
        ("replicas", text.replacen("replicas: 3", "replicas: 4294967295", 1)),
        ("horizon", text.replacen("horizon: \"20s\"", "horizon: \"584y\", bin: \"1ns\"", 1)),
        ("rate", text.replacen("rate: \"", "rate: \"1000000000000", 1)),
        ("empty", String::new()),
        ("name", "(repro: 1)".to_owned()),
    ];
    for (name, harmful) in &cases {
        assert!(harmful != &text, "{name} changes nothing");
        place.write("harmful.ron", harmful.as_bytes());
        for arguments in [&["replay", "harmful.ron", "--as-far-as-possible"][..], &["shrink", "harmful.ron", "--out", "out"]] {
            let said = place.run(arguments);
            assert!(matches!(said.code, Some(2 | 4)), "{name} {arguments:?}: {:?} {}", said.code, said.err);
            assert!(
                said.err.contains("error: ") && said.err.len() < 20_000,
                "{name}: {} bytes of {}",
                said.err.len(),
                &said.err[..200.min(said.err.len())]
            );
        }
    }
    assert!(!place.path().join("out").exists(), "nothing is written for what is refused");
}
