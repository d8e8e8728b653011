//! What is tried again: is it judged as one operation where it is one, and are wrong verdicts about protocols gone? And what is lost that was acknowledged too soon?

use scenarios::measure::RunMeasures;
use scenarios::properties::Verdict;
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;

/// Callers of a group, 10 ms or so away, with everything else in `more`.
fn scenario(group: &str, way: &str, more: &str) -> Scenario {
    let text = format!(
        r#"(schema: 1, name: "retries", horizon: "12s",
            nodes: {{ "app": Clients(count: 8, arrivals: Poisson(rate: "50/s"), calls: "group", domain: "office") }},
            groups: {{ "group": {group} }},
            links: [Link(from: "room", to: "room", delay: Exponential(mean: "2ms")), Link(from: "office", to: "room", {way})],
            {more})"#
    );
    read(Source::new("retries.ron", &text), "retries.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

fn runs(scenario: &Scenario, seeds: u64) -> impl Iterator<Item = RunMeasures> {
    (1..=seeds).map(|seed| run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures)
}

/// In how many of so many runs the first property holds, is violated, and neither.
fn verdicts(scenario: &Scenario, seeds: u64) -> (usize, usize, usize) {
    let found: Vec<Verdict> = runs(scenario, seeds).map(|run| run.findings[0].verdict).collect();
    let count = |wanted: Verdict| found.iter().filter(|verdict| **verdict == wanted).count();
    let (holds, violated) = (count(Verdict::Holds), count(Verdict::Violated));
    (holds, violated, found.len() - holds - violated)
}

/// A way on which answers are lost, callers who soon try again, and a leader who goes away now and then.
const LOSSY: &str = r#"delay: Exponential(mean: "5ms"), loss: "8%""#;
const IMPATIENT: &str = r#"stacks: { "app -> group": [Retry(attempts: 4, backoff: Constant(delay: "20ms")), Timeout("80ms")] },
    properties: [Linearizable()]"#;

fn raft(fields: &str, faults: &str) -> Scenario {
    scenario(&format!("Raft(members: 3, keys: 2, domain: \"room\"{fields})"), LOSSY, &format!("{IMPATIENT}, faults: [{faults}]"))
}

const LEADER_GOES: &str = r#"Crash(node: "group", pick: Leader, at: "3s", lasts: "1s", every: "3s", times: 3)"#;

#[test]
fn raft_does_once_what_is_tried_again_as_long_as_it_has_sessions() {
    for fields in ["", ", compare_and_set: \"40%\", reads: \"30%\""] {
        assert_eq!(verdicts(&raft(fields, LEADER_GOES), 100), (100, 0, 0), "{fields}");
    }
}

#[test]
fn raft_without_sessions_does_twice_what_is_tried_again_and_somebody_sees_it() {
    let (_, violated, _) = verdicts(&raft(", sessions: 0", ""), 20);
    assert!(violated >= 10, "{violated} of 20");
    // Where nothing is lost nothing is tried again, and nothing is done twice.
    let calm =
        scenario("Raft(members: 3, keys: 2, sessions: 0, domain: \"room\")", "delay: Constant(\"5ms\")", "properties: [Linearizable()]");
    assert_eq!(verdicts(&calm, 5), (5, 0, 0));
}

#[test]
fn what_is_charged_under_a_key_is_one_operation_however_often_it_is_tried() {
    let payments = |fields: &str| scenario(&format!("Payments(accounts: 4, domain: \"room\"{fields})"), LOSSY, IMPATIENT);
    assert_eq!(verdicts(&payments(""), 20), (20, 0, 0));
    assert_eq!(verdicts(&payments(", without: [IdempotencyKeys]"), 20), (0, 20, 0));
}

#[test]
fn replicas_that_lie_or_not_do_once_what_they_are_asked_for_again() {
    let pbft = scenario("Pbft(keys: 2, checkpoint_every: 16, domain: \"room\")", LOSSY, IMPATIENT);
    assert_eq!(verdicts(&pbft, 30), (30, 0, 0));
}

#[test]
fn stores_in_which_a_retry_is_a_write_of_its_own_stay_linearizable() {
    for group in [
        "QuorumRegister(members: 5, keys: 2, domain: \"room\")",
        "ByzantineRegister(keys: 2, domain: \"room\")",
        "PrimaryBackup(keys: 2, domain: \"room\")",
        "Chain(keys: 2, domain: \"room\")",
    ] {
        assert_eq!(verdicts(&scenario(group, LOSSY, IMPATIENT), 15), (15, 0, 0), "{group}");
    }
}

#[test]
fn a_quorum_is_a_majority_unless_said() {
    let register = |quorums: &str| {
        let group = format!("QuorumRegister(members: 5, domain: \"room\"{quorums})");
        scenario(&group, "delay: Exponential(mean: \"40ms\")", "properties: [Linearizable()]")
    };
    // Two of five that have a write and two that are asked may have no member in common.
    assert!(verdicts(&register(", read_quorum: 2, write_quorum: 2"), 20).1 > 5);
    assert_eq!(verdicts(&register(""), 20).0, 20);
}

#[test]
fn a_counter_that_is_added_to_until_the_end_has_not_settled() {
    let way = "delay: Constant(\"5ms\")";
    let counter = |more: &str| scenario("GrowOnlyCounter(members: 3, domain: \"room\")", way, more);
    let property = |within: &str| format!("properties: [EventualConvergence(within: \"{within}\")]");
    assert_eq!(verdicts(&counter(&property("2s")), 5), (0, 0, 5));
    // What a register's checkers look for a counter does not have.
    for name in ["Causal()", "ReadYourWrites()", "NoLostAcknowledgedWrite(within: \"1s\")"] {
        assert_eq!(verdicts(&counter(&format!("properties: [{name}]")), 3), (0, 0, 3), "{name}");
    }
}

/// Strikes that end in the middle of agreements, against which so many generals are prepared, or not.
fn generals(members: u32, traitors: u32) -> Scenario {
    let faults = format!(
        "faults: [Byzantine(node: \"group\", f: {traitors}, beyond: true, conduct: Equivocate(\"100%\"), at: \"1s\", lasts: \"700ms\", every: \"1500ms\", times: 7)]"
    );
    let more = format!("stacks: {{ \"app -> group\": [Timeout(\"3s\")] }}, {faults}, properties: [Agreement(), Validity(), Integrity()]");
    scenario(
        &format!("Generals(members: {members}, traitors: {traitors}, round: \"100ms\", domain: \"room\")"),
        "delay: Constant(\"10ms\")",
        &more,
    )
}

#[test]
fn loyal_is_who_was_loyal_for_the_whole_agreement() {
    for (members, traitors) in [(4, 1), (7, 2)] {
        for run in runs(&generals(members, traitors), 5) {
            for finding in &run.findings {
                assert_eq!(finding.verdict, Verdict::Holds, "{members} generals, {traitors} traitors: {finding:?}");
                assert!(finding.count > 100, "{finding:?}");
            }
        }
    }
    let deceived =
        |run: &RunMeasures| run.findings.iter().any(|finding| finding.property == "Validity" && finding.verdict == Verdict::Violated);
    assert!(runs(&generals(3, 1), 5).filter(deceived).count() >= 4, "three generals cannot bear a traitor");
}

#[test]
fn the_tail_of_a_chain_answers_whoever_has_written() {
    // A question where the chain is and its answer; then from the caller to the head, the next one, the tail, and back to the caller.
    let latency = |fields: &str| {
        let text = format!(
            r#"(schema: 1, name: "chain", horizon: "10s",
                nodes: {{ "app": Clients(count: 4, arrivals: Poisson(rate: "10/s"), calls: "chain") }},
                groups: {{ "chain": Chain({fields}) }},
                links: [Link(from: "default", to: "default", delay: Constant("10ms"))])"#
        );
        let scenario = read(Source::new("chain.ron", &text), "chain.ron", &[], Extent::AsWritten)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let run = runs(&scenario, 1).next().expect("there is a run");
        let latency = &run.latency;
        [latency.p50, latency.p99].map(|quantile| (quantile.as_secs_f64() * 1e3).round() as u64)
    };
    assert_eq!(latency("reads: \"0%\""), [60, 60]);
    assert_eq!(latency("reads: \"100%\""), [40, 40]);
    assert_eq!(latency("reads: \"0%\", servers: 5"), [80, 80]);
    assert_eq!(latency("reads: \"0%\", servers: 1"), [40, 40]);
    assert_eq!(latency("reads: \"0%\", without: [TailAcknowledges]"), [40, 40]);
}

#[test]
fn a_property_that_nothing_came_about_of_is_not_reached() {
    let commit = |more: &str| {
        let properties = "properties: [DecidesWithin(), Atomicity()]";
        scenario(&format!("TwoPhaseCommit(participants: 2, domain: \"room\"{more})"), "delay: Constant(\"10ms\")", properties)
    };
    // Without a time to decide within there is none to keep.
    assert_eq!(verdicts(&commit(""), 2), (0, 0, 2));
    let bounded = runs(&commit(", decides_within: \"5s\""), 1).next().expect("there is a run");
    assert!(bounded.findings.iter().all(|finding| finding.verdict == Verdict::Holds && finding.count > 100), "{:?}", bounded.findings);
}

/// How many acknowledged writes are lost if the primary, which ships what is new to its backups every second, dies so long after it has done so.
fn lost(since: u64) -> u64 {
    let faults = format!("faults: [Crash(node: \"group[0]\", at: \"{}ms\")]", 5_000 + since);
    let group = "PrimaryBackup(acknowledge: None, reads: \"0%\", keys: 1000, ships_every: \"1s\", domain: \"room\")";
    let scenario = scenario(group, "delay: Constant(\"1ms\")", &format!("stacks: {{ \"app -> group\": [Timeout(\"1s\")] }}, {faults}"));
    let observed = |run: &RunMeasures| {
        run.observations.iter().find(|one| one.name == "keys whose acknowledged value was lost").map_or(0, |one| one.value)
    };
    runs(&scenario, 10).map(|run| observed(&run) as u64).sum()
}

#[test]
fn asynchronous_replication_loses_what_was_written_since_it_shipped_last() {
    // 50 writes a second, and ten runs; hardly ever two of the same of a thousand keys.
    for since in [100, 300, 500, 700, 900] {
        let (seen, expected) = (lost(since) as f64, since as f64 * 0.5);
        assert!((seen - expected).abs() < 4.0 * expected.sqrt() + 5.0, "{since} ms: {seen} instead of {expected}");
    }
}
