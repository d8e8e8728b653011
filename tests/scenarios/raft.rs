//! What do the scenarios about a replicated log promise in their comments?

use super::{SEEDS, arm, assert_within, results};
use models::properties::Verdict;
use scenarios::measure::RunMeasures;
use scenarios::results::Results;

/// In how many of the runs of an arm a property is violated.
fn violated(results: &Results, name: &str, property: &str) -> usize {
    let is_violated = |run: &&RunMeasures| {
        let finding = run.findings.iter().find(|finding| finding.property == property).expect("the scenario states the property");
        finding.verdict == Verdict::Violated
    };
    arm(results, 0, name).runs().filter(is_violated).count()
}

/// Nothing that the scenario states is violated in any run of an arm.
fn assert_sound(results: &Results, name: &str) {
    for run in arm(results, 0, name).runs() {
        let wrong: Vec<_> = run.findings.iter().filter(|finding| finding.verdict != Verdict::Holds).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

fn observed(run: &RunMeasures, name: &str) -> f64 {
    run.observations.iter().find(|one| one.name == name).map_or(0.0, |one| one.value as f64)
}

#[test]
fn nobody_writes_until_somebody_is_elected_and_nothing_is_lost() {
    let results = results("raft-leader-crash");
    for name in ["usual", "patient", "all alike", "one member"] {
        assert_sound(&results, name);
    }
    // Two crashes, and the beginning.
    let without = |name: &str| arm(&results, 0, name).median(|run| observed(run, "time without a leader") / 1e9 / 3.0);
    assert_within("usual", without("usual"), 0.15..=0.3);
    assert_within("patient", without("patient"), 1.0..=1.6);
    assert!(without("all alike") < 10.0);
}

#[test]
fn a_follower_comes_back_quietly_if_it_asks_first() {
    let results = results("raft-isolated-follower");
    assert_sound(&results, "pre-vote");
    let elected = |name: &str| arm(&results, 0, name).median(|run| observed(run, "leaders elected"));
    assert_within("no pre-vote", violated(&results, "no pre-vote", "StableLeader") as f64 / f64::from(SEEDS), 0.5..=1.0);
    assert!(elected("no pre-vote") > elected("pre-vote"));
    for property in ["ElectionSafety", "StateMachineSafety", "Linearizable"] {
        assert_eq!(violated(&results, "no pre-vote", property), 0, "what is lost is time, and no data: {property}");
    }
}

#[test]
fn an_entry_of_an_earlier_term_that_a_majority_has_may_be_lost() {
    let results = results("raft-figure-8");
    assert_sound(&results, "own term");
    assert!(violated(&results, "counting", "StateMachineSafety") >= 10);
    assert_eq!(violated(&results, "counting", "ElectionSafety") + violated(&results, "counting", "LogMatching"), 0);
}

#[test]
fn who_forgets_its_vote_votes_twice() {
    let results = results("raft-forgotten-vote");
    assert_sound(&results, "on disk");
    assert!(violated(&results, "in memory", "ElectionSafety") >= 2);
}

#[test]
fn half_of_four_members_agree_with_nobody_but_themselves() {
    let results = results("even-quorum");
    for name in ["three of four", "five members"] {
        assert_sound(&results, name);
    }
    assert_eq!(violated(&results, "two of four", "StateMachineSafety"), SEEDS as usize);
    assert_eq!(violated(&results, "two of four", "Linearizable"), SEEDS as usize);
    let during = |name: &str| arm(&results, 0, name).availability(11..29);
    assert_within("three of four", during("three of four"), 0.0..=0.02);
    assert_within("two of four", during("two of four"), 0.9..=1.0);
    assert_within("five members", during("five members"), 0.9..=1.0);
}

#[test]
fn a_storm_shows_what_some_rules_are_for() {
    let results = results("raft-storm");
    for name in ["every rule", "the paper", "three of four"] {
        for property in ["ElectionSafety", "LogMatching", "LeaderCompleteness", "StateMachineSafety", "Linearizable"] {
            assert_eq!(violated(&results, name, property), 0, "{name}: {property}");
        }
    }
    assert_eq!(violated(&results, "every rule", "StableLeader"), 0);
    for (name, property) in [("any log", "LeaderCompleteness"), ("two of four", "StateMachineSafety")] {
        assert!(violated(&results, name, property) > 0, "{name}: {property}");
    }
}
