//! Can every property be violated, kept, and left undecided by some system?
//!
//! A property that nothing violates says nothing, one that nothing keeps is of no use, and one that is never undecided calls runs right in which
//! nothing of it came about. There is a row for each, of small systems and of shipped ones; a new property without a row fails.

use scenarios::properties::{AnyProperty, Verdict, of_protocols};
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;

/// A system in which something becomes of a property.
#[derive(Clone, Copy)]
enum Of {
    /// One with this group, `db`, and these further fields of the scenario.
    Group(&'static str, &'static str),
    /// An arm of a shipped scenario.
    Arm(&'static str, &'static str),
}
use Of::{Arm, Group};

/// A property as it is written, what violates it, and what keeps it. Nothing can violate what is only to be reached.
struct Row(&'static str, Option<Of>, Of);

const NEAR: &str = r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))],"#;
const SLOW_WRITES: &str = r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "1ms")),
    Link(from: "default", to: "default", kinds: ["write"], delay: Exponential(mean: "20ms"))],"#;
const LOST_WRITES: &str = r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "1ms")),
    Link(from: "default", to: "default", kinds: ["write"], delay: Exponential(mean: "1ms"), loss: "60%")],"#;
const FAST_SERVER: &str =
    r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))], clocks: { "db[0]": Drift(rate: "400000ppm") },"#;
const FAR: &str = r#"links: [Link(from: "default", to: "default", delay: Constant("50ms"))],"#;
const DEAD: &str =
    r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))], faults: [Crash(node: "db", at: "1s")],"#;
const LOSING_POWER: &str = r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))],
    faults: [Crash(node: "db", disk: UnsyncedLost, pick: One, at: "1s", every: "200ms", lasts: "50ms", times: 20)],"#;
const PARTED: &str = r#"links: [Link(from: "default", to: "default", delay: Exponential(mean: "2ms"))],
    faults: [Partition(groups: [["db[0]", "db[1]"], ["db[2]", "db[3]"]], at: "1ms", lasts: "3s")],"#;

const REGISTER: Of = Group("QuorumRegister(keys: 2)", SLOW_WRITES);
const PARTIAL: Of = Group("QuorumRegister(keys: 2, read_quorum: 1, write_quorum: 1, without: [WriteBack])", SLOW_WRITES);
const TWO_OF_FOUR: Of = Group("Raft(members: 4, quorum: 2, keys: 2)", PARTED);
const RAFT: Of = Group("Raft(keys: 2)", NEAR);
const CALM: Of = Group("PrimaryBackup()", NEAR);
const DEPOSED: Of = Arm("backup-takes-over", "asynchronous");

/// Those that any system may have.
const OF_ANY: &[Row] = &[
    Row("Linearizable()", Some(PARTIAL), REGISTER),
    Row("Sequential()", Some(PARTIAL), REGISTER),
    Row("Causal()", Some(PARTIAL), REGISTER),
    Row("ReadYourWrites()", Some(PARTIAL), REGISTER),
    Row("MonotonicReads()", Some(PARTIAL), REGISTER),
    Row("MonotonicWrites()", Some(PARTIAL), REGISTER),
    Row("BoundedStaleness(versions: 0)", Some(PARTIAL), REGISTER),
    Row(
        "EventualConvergence(within: \"50ms\")",
        Some(Group("QuorumRegister(reads: \"95%\", read_quorum: 1, write_quorum: 1, without: [WriteBack])", LOST_WRITES)),
        Group("QuorumRegister(reads: \"95%\")", LOST_WRITES),
    ),
    Row("NoLostAcknowledgedWrite(within: \"500ms\")", Some(Arm("last-write-wins", "wall clock")), Arm("last-write-wins", "counted")),
    Row("AtMostOnce()", Some(Arm("charged-again", "no keys")), Arm("charged-again", "keys")),
    Row("AllOrNothing()", Some(Arm("saga-keys", "plain")), Arm("saga-keys", "keys, checked")),
    Row(
        "ExclusiveHolding()",
        Some(Group("DistributedLock(holders: 2, ttl: \"1s\", work: \"900ms\", prepares: \"10ms\", without: [ExpiryCheck])", FAST_SERVER)),
        Group("DistributedLock(holders: 2, ttl: \"1s\", work: \"100ms\", prepares: \"10ms\")", NEAR),
    ),
    Row("ConservationOfMoney(total: 1000)", Some(Arm("money-in-transit", "two steps")), Arm("money-in-transit", "one step")),
    Row("ConservationOfMoney(total: 500)", Some(Arm("saga-coordinator-dies", "memory")), Arm("saga-coordinator-dies", "log, on")),
    Row("Progress(within: \"1s\", after: \"2s\")", Some(Group("QuorumRegister()", DEAD)), Group("QuorumRegister()", NEAR)),
    Row("Never(event: \"StepsDown\")", Some(DEPOSED), CALM),
    Row("Eventually(event: \"StepsDown\")", Some(CALM), DEPOSED),
    Row("Reachable(event: \"StepsDown\")", None, DEPOSED),
];

/// Those that a protocol watches.
const OF_PROTOCOLS: &[Row] = &[
    Row(
        "OneHolder()",
        Some(Group("Lease(holders: 2, length: \"1s\", counted: FromReceipt)", FAR)),
        Group("Lease(holders: 2, length: \"1s\", counted: FromRequest)", FAR),
    ),
    Row("OneWriterAtATime()", Some(Arm("lock-and-pause", "no check")), Arm("lock-and-pause", "fencing")),
    Row("Atomicity()", Some(Arm("partition-and-commit", "three phases")), Arm("partition-and-commit", "two phases")),
    Row(
        "Integrity()",
        Some(Group("TwoPhaseCommit(participants: 2, no_votes: \"20%\", without: [LogsBeforeVoting, LogsBeforeTelling])", LOSING_POWER)),
        Group("TwoPhaseCommit(participants: 2, no_votes: \"20%\")", LOSING_POWER),
    ),
    Row("DecidesWithin()", Some(Arm("commit-and-crash", "two phases")), Arm("commit-and-crash", "three phases")),
    Row("Agreement()", Some(Arm("lying-primary", "three")), Arm("lying-primary", "four")),
    Row("Validity()", Some(Arm("generals", "three")), Arm("generals", "four")),
    Row("KeepsAcknowledged()", Some(DEPOSED), Arm("backup-takes-over", "synchronous")),
    Row("NeverTooMuch()", Some(Group("GrowOnlyCounter(without: [GreaterEntry])", NEAR)), Group("GrowOnlyCounter()", NEAR)),
    Row("NeverLess()", Some(Group("GrowOnlyCounter(without: [Merging])", NEAR)), Group("GrowOnlyCounter()", NEAR)),
    Row("KnowsAll()", None, Group("GrowOnlyCounter()", NEAR)),
    Row("ChargedOnce()", Some(Arm("charged-again", "no keys")), Arm("charged-again", "keys")),
    Row("ElectionSafety()", Some(TWO_OF_FOUR), RAFT),
    Row("LogMatching()", Some(TWO_OF_FOUR), RAFT),
    Row("LeaderCompleteness()", Some(Arm("raft-figure-8", "counting")), Arm("raft-leader-crash", "usual")),
    Row("StateMachineSafety()", Some(TWO_OF_FOUR), RAFT),
    Row("StableLeader()", Some(Arm("raft-isolated-follower", "no pre-vote")), Arm("raft-isolated-follower", "pre-vote")),
];

/// The system with this property alone; with this horizon in the place of its own, and without faults, if one is given.
fn scenario(of: Of, property: &str, horizon: Option<&str>) -> (Scenario, usize) {
    let mut changes = vec![("properties".to_owned(), format!("[{property}]")), ("expect".to_owned(), "[]".to_owned())];
    changes.extend(horizon.map(|horizon| ("horizon".to_owned(), horizon.to_owned())));
    // No fault begins beyond it.
    changes.extend(horizon.into_iter().flat_map(|_| [("warm_up".to_owned(), "0s".to_owned()), ("faults".to_owned(), "[]".to_owned())]));
    let (text, arm) = match of {
        Arm(name, arm) => (scenarios::library::find(name).expect("it is shipped").text.to_owned(), Some(arm)),
        Group(group, more) => {
            let text = format!(
                r#"(schema: 1, name: "row", horizon: "6s", warm_up: "0s",
                    nodes: {{ "app": Clients(count: 4, arrivals: Poisson(rate: "60/s"), calls: "db") }},
                    groups: {{ "db": {group} }}, {more} stacks: {{ "app -> db": [Timeout("1s")] }}, properties: [], expect: [])"#
            );
            (text, None)
        }
    };
    let scenario = read(Source::new("row.ron", &text), "row.ron", &changes, Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{property}: {}", problems.render(&source, false)));
    let arm = arm.map_or(0, |arm| scenario.arm(arm).expect("the arm exists"));
    (scenario, arm)
}

/// What comes of the property in a run of each of so many seeds.
fn verdicts(of: Of, property: &str, horizon: Option<&str>, seeds: u64) -> impl Iterator<Item = Verdict> {
    let (scenario, arm) = scenario(of, property, horizon);
    (1..=seeds).map(move |seed| run(&scenario.cells[0].arms[arm], seed, TieBreak::ByRank, None).measures.findings[0].verdict)
}

#[test]
fn every_property_is_violated_by_some_system_and_kept_by_another() {
    for Row(property, broken, kept) in OF_ANY.iter().chain(OF_PROTOCOLS) {
        if let Some(broken) = broken {
            assert!(verdicts(*broken, property, None, 30).any(|verdict| verdict == Verdict::Violated), "{property} is never violated");
        }
        let found: Vec<Verdict> = verdicts(*kept, property, None, 3).collect();
        assert!(found.contains(&Verdict::Holds), "{property} never holds: {found:?}");
        assert!(!found.contains(&Verdict::Violated), "{property} is violated where nothing is wrong");
    }
}

#[test]
fn every_property_is_undecided_where_nothing_of_it_comes_about() {
    for Row(property, _, kept) in OF_ANY.iter().chain(OF_PROTOCOLS) {
        let found: Vec<Verdict> = verdicts(*kept, property, Some("1us"), 1).collect();
        // What never happens has never happened by any instant, and what is to happen some day has not.
        let expected = match property.split('(').next() {
            Some("Never") => Verdict::Holds,
            Some("Eventually") => Verdict::Violated,
            _ => Verdict::NotReached,
        };
        assert_eq!(found, [expected], "{property}");
    }
}

#[test]
fn what_must_never_happen_and_what_must_some_day_are_undecided_in_a_run_that_was_cut_short() {
    for property in ["Never(event: \"StepsDown\"), Linearizable()", "Eventually(event: \"StepsDown\"), Linearizable()"] {
        let limited = Group("PrimaryBackup()", "history_limit: 20,");
        assert_eq!(verdicts(limited, property, None, 1).collect::<Vec<_>>(), [Verdict::Unknown], "{property}");
    }
}

#[test]
fn there_is_a_row_for_every_property() {
    let named = |rows: &[Row], name: &str| rows.iter().any(|row| row.0.split('(').next() == Some(name));
    for (name, _) in AnyProperty::ALL {
        assert!(named(OF_ANY, name), "{name} has no row");
    }
    for watched in of_protocols() {
        assert!(named(OF_PROTOCOLS, watched.name), "{} has no row", watched.name);
    }
}
