//! Same scenario and seed: same bytes, on any number of threads and in any build?

use scenarios::journal::{Journal, KnownRuns};
use scenarios::library::SHIPPED;
use scenarios::results::{Results, RunOutcome};
use scenarios::run::run;
use scenarios::sweep::{SweepOptions, sweep};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;
use std::fmt::Write as _;

/// Digests of one run of every arm of every shipped scenario: scenario, arm, seed, digest. The release program is held
/// against the same file. After a change that is meant to give other runs, raise `models::BEHAVIOUR_VERSION` and renew it:
/// `RENEW_GOLDEN=1 cargo test --test main golden`.
const GOLDEN: &str = include_str!("golden.txt");

fn shipped(name: &str) -> Scenario {
    let text = scenarios::library::find(name).expect("the scenario is shipped").text;
    read(Source::new(name, text), name, &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// One run per arm, of the system as written.
fn swept(name: &str, jobs: usize) -> Results {
    let mut scenario = shipped(name);
    scenario.sweep.replications = 1;
    let options = SweepOptions { jobs, go_on: &|| true, progress: &mut |_, _| {} };
    sweep(&scenario, &KnownRuns::default(), &mut Journal::nowhere(), options).expect("the sweep is made")
}

#[test]
fn every_run_has_its_golden_digest_twice_in_one_process_on_one_thread_and_on_eight() {
    let mut seen = String::new();
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let alone = swept(name, 1);
        assert_eq!(alone, swept(name, 8), "{name} on eight threads");
        for row in &alone.runs {
            let RunOutcome::Finished { digest, .. } = &row.outcome else { panic!("{name} panicked") };
            writeln!(seen, "{name}|{}|{}|{digest:016x}", alone.manifest.arms[row.arm as usize], row.seed)
                .expect("text can be written to a string");
        }
    }
    if std::env::var_os("RENEW_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt"), &seen).expect("the repository can be written");
        return;
    }
    assert_eq!(seen, GOLDEN, "runs changed; see the comment of GOLDEN");
}

#[test]
fn a_fresh_process_makes_the_golden_runs() {
    for line in GOLDEN.lines() {
        let [name, arm, seed, digest] = line.split('|').collect::<Vec<_>>().try_into().expect("a line has four parts");
        let mut command = assert_cmd::Command::cargo_bin("stormglass").expect("the program is built");
        let output = command.args(["run", name, "--arm", arm, "--seed", seed, "--quiet", "--format", "table"]).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("it prints text");
        assert!(text.contains(&format!("digest {digest}")), "{line} differs in a fresh process:\n{text}");
    }
}

#[test]
fn shuffled_ties_change_no_run_whose_ties_are_settled_by_kind() {
    // Two events of one kind at one nanosecond are rare where delays are drawn: whoever relies on their order would show.
    for name in ["retry-storm"] {
        let scenario = shipped(name);
        for (plan, arm) in scenario.cells[0].arms.iter().zip(&scenario.arms) {
            let plain = run(plan, 1, TieBreak::ByRank, None);
            let shuffled = run(plan, 1, TieBreak::Shuffled(7), None);
            let difference = plain.measures.succeeded.abs_diff(shuffled.measures.succeeded);
            assert!(difference * 1000 <= plain.measures.calls, "{name}, {arm}: {difference} calls fare otherwise when ties are shuffled");
        }
    }
}
