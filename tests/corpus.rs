//! Do the failures that are kept in `corpus/` still fail, and would the search find a new one?
//!
//! `RENEW_CORPUS=1 cargo test --test main corpus` writes files of an older behaviour version anew, if their runs still fail in the same way.

use camino::{Utf8Path, Utf8PathBuf};
use scenarios::repro::Repro;
use scenarios::repro::playback::{Played, play};
use scenarios::repro::read::{bytes_of, is_repro, open};
use scenarios::search::{Found, HuntOptions, Judge, hunt};
use scenarios::shrink::{ShrinkOptions, shrink};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};

fn corpus() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The repro files of the corpus, in order.
fn files() -> Vec<(Utf8PathBuf, String)> {
    let all = corpus().read_dir_utf8().expect("the corpus is there").map(|entry| entry.expect("it can be read").into_path());
    let text = |path: Utf8PathBuf| (String::from_utf8(bytes_of(&path).expect("it can be read")).expect("it is text"), path);
    let mut files: Vec<_> = all.filter(|path| path.extension() == Some("ron")).map(text).filter(|(text, _)| is_repro(text)).collect();
    files.sort_by(|a, b| a.1.cmp(&b.1));
    files.into_iter().map(|(text, path)| (path, text)).collect()
}

#[test]
fn every_failure_of_the_corpus_still_fails_in_the_same_way() {
    let files = files();
    assert!(!files.is_empty(), "the corpus has no repro file");
    for (path, text) in files {
        let name = path.file_name().expect("it has a name");
        let opened = open(name, text.into_bytes()).unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        assert_eq!(opened.edited, None, "{name}");
        let repro = opened.repro;
        let (scenario, arm) = repro.scenario(name).unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        match repro.other_version() {
            None => {
                let plan = &scenario.cells[0].arms[arm];
                let Played::Same(made) = play(plan, repro.seed, &repro.recording, None) else {
                    panic!("{name} is another run; if runs are meant to change, raise models::BEHAVIOUR_VERSION")
                };
                let failures = Judge::of(&scenario, arm).failures(repro.seed, made.as_deref().map_err(String::as_str));
                assert_eq!(failures, repro.failures, "{name}");
            }
            Some(version) => renewed(&path, &repro, &scenario, arm, &version),
        }
    }
}

/// Of another version only that it fails is expected; the file is written anew if that is wanted.
fn renewed(path: &Utf8Path, repro: &Repro, scenario: &Scenario, arm: usize, version: &str) {
    let (again, _) = Repro::of(scenario, arm, repro.seed, None).expect("it can be written");
    let is_kept = repro.failures.iter().all(|one| again.failures.iter().any(|other| one.is_like(other)));
    assert!(is_kept, "{path} does not fail any more ({version}); search for it again");
    if std::env::var_os("RENEW_CORPUS").is_some() {
        let again = Repro { about: repro.about.clone(), ..again };
        std::fs::write(path, again.text()).expect("the corpus can be written");
    }
}

/// What is found in an arm of the canary.
fn found(scenario: &Scenario, arm: usize, seeds: u64) -> (Vec<Found>, u64) {
    let mut all = Vec::new();
    let options = HuntOptions {
        arm,
        first: 1,
        count: seeds,
        only: None,
        most_failures: 3,
        breeds: true,
        jobs: 2,
        another_block: &mut || true,
        go_on: &|| true,
        found: &mut |one| all.push(one.clone()),
        progress: &mut |_| {},
    };
    let tried = hunt(scenario, options).expect("threads start").tried();
    (all, tried)
}

#[test]
fn the_canary_is_found_where_the_bug_is_planted_and_nowhere_else() {
    let source = Source::read(&corpus().join("canary.ron"), []).expect("the canary is there");
    let scenario = read(source, "canary.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let (broken, fixed) = (scenario.arm("broken").expect("it is an arm"), scenario.arm("fixed").expect("it is an arm"));
    let (failing, tried) = found(&scenario, broken, 200);
    assert!(!failing.is_empty() && tried > failing[0].seed - 1, "a search that finds no planted bug finds none at all");
    assert!(found(&scenario, fixed, 200).0.is_empty(), "the fixed arm is sound");
    let first = &failing[0];
    let (repro, _) = Repro::of(&scenario, broken, first.seed, first.strikes.as_ref()).expect("it can be written");
    let options = ShrinkOptions { most_runs: 3_000, jobs: 2, go_on: &|| true, progress: &mut |_| {} };
    let shrunk = shrink(&repro, &first.failures[0], options).expect("it fails");
    assert!(shrunk.to.faults <= 2 && shrunk.to.events * 10 < shrunk.from.events, "{:?} to {:?}", shrunk.from, shrunk.to);
}
