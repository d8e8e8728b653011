//! Quorum registers: what brings replicas together again, and what the shipped scenarios claim beside their expectations.

use scenarios::measure::RunMeasures;
use scenarios::properties::Verdict;
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, read};
use sim_core::simulation::TieBreak;

/// Clients of a register with these fields, of which a member that keeps every key is down from 5 s to 10 s.
fn made(fields: &str, seed: u64) -> RunMeasures {
    let text = format!(
        r#"(schema: 1, name: "register", horizon: "30s",
            nodes: {{ "clients": Clients(count: 10, arrivals: Poisson(rate: "100/s"), calls: "store") }},
            groups: {{ "store": QuorumRegister(keys: 100, reads: "95%", coordinator: AnyMember, {fields}) }},
            links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))],
            stacks: {{ "clients -> store": [Timeout("1s")] }},
            faults: [Crash(node: "store[2]", while_down: Refusal, at: "5s", lasts: "5s")],
            properties: [EventualConvergence(within: "2s")])"#
    );
    let scenario = read(Source::new("register.ron", &text), "register.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures
}

fn observed(run: &RunMeasures, name: &str) -> i64 {
    run.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

const ONE: &str = "read_quorum: 1, write_quorum: 1, without: [WriteBack]";

#[test]
fn replicas_that_missed_writes_stay_behind_unless_something_brings_them_together() {
    for seed in 1..=3 {
        let verdict = |more: &str| made(&format!("{ONE}{more}"), seed).findings[0].verdict;
        assert_eq!(verdict(""), Verdict::Violated);
        assert_eq!(verdict(r#", hinted_handoff: "100ms""#), Verdict::Holds);
        assert_eq!(verdict(r#", anti_entropy: "500ms""#), Verdict::Holds);
    }
}

#[test]
fn every_hint_is_handed_over_when_its_replica_is_back() {
    let run = made(&format!(r#"{ONE}, hinted_handoff: "100ms""#), 1);
    let (kept, handed) = (observed(&run, "hints kept"), observed(&run, "hints handed over"));
    // A later hint for the same replica and key takes the place of an earlier one.
    assert!(handed > 3 && kept >= handed, "{kept} kept, {handed} handed over");
}

#[test]
fn reads_bring_those_up_to_date_that_answered_something_older() {
    let repaired = |more: &str| observed(&made(&format!("{ONE}{more}"), 1), "replicas repaired by reads");
    assert_eq!(repaired(""), 0);
    assert!(repaired(", read_repair: true") > 3);
}

#[test]
fn a_sloppy_quorum_goes_on_writing_where_a_strict_one_waits_for_the_dead() {
    // Every replica has to have a write; three of five members keep each key.
    let failed = |more: &str| {
        let run = made(
            &format!(r#"members: 5, replicas: 3, read_quorum: 1, write_quorum: 3, without: [WriteBack], hinted_handoff: "100ms"{more}"#),
            1,
        );
        (run.calls - run.succeeded) as f64 / run.calls as f64
    };
    let (strict, sloppy) = (failed(""), failed(", sloppy_quorum: true"));
    // Of the writes of a sixth of the time three in five; what is sent to the dead member itself fails either way.
    assert!(strict > sloppy && sloppy > 0.0, "{strict} {sloppy}");
}

#[test]
fn the_table_of_cap_and_pacelc_says_what_each_arm_gives_up() {
    let results = super::results("cap-and-pacelc");
    let table = reports::summary::consistency(&results, 0).expect("two levels are stated");
    let strongest: Vec<String> = table.rows.iter().map(|row| row[5].shown()).collect();
    assert_eq!(strongest[0], "linearizable");
    assert!(strongest[1] != "linearizable" && !strongest[2].contains("causal"), "{strongest:?}");
}
