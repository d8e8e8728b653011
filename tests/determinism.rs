//! Same scenario and seed: same bytes, on any number of threads and in any build?

use scenarios::library::SHIPPED;
use scenarios::run::run;
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

#[test]
fn every_run_has_its_golden_digest_twice_in_one_process() {
    let mut seen = String::new();
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let scenario = shipped(name);
        for (plan, arm) in scenario.cells[0].arms.iter().zip(&scenario.arms) {
            let first = run(plan, 1, TieBreak::ByRank, None);
            assert_eq!(first, run(plan, 1, TieBreak::ByRank, None), "{name}, {arm}");
            writeln!(seen, "{name}|{arm}|1|{}", first.digest).expect("text can be written to a string");
        }
    }
    if std::env::var_os("RENEW_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt"), &seen).expect("the repository can be written");
        return;
    }
    assert_eq!(seen, GOLDEN, "runs changed; see the comment of GOLDEN");
}
