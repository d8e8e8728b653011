//! What a replicated log promises, to the nanosecond where nothing is drawn, and under every fault where something is.

use crate::*;
use models::disks::DiskSpeed;
use models::environment::DiskLoss;
use models::faults::{CorruptDisk, DiskFull, Isolation, Pause, Pick, Shape, Storm, Timing};
use models::properties::{AnyProperty, Linearizable, Stated, Verdict};
use models::protocols::{Change, Group, Patience, Raft, ReadsBy, Rule};
use models::strategies::backoff::Constant;
use std::collections::BTreeSet;

fn fixed(millis: u64) -> Distribution {
    Distribution::Constant(ms(millis))
}

const WATCHED: [&str; 5] = ["ElectionSafety", "LogMatching", "LeaderCompleteness", "StateMachineSafety", "StableLeader"];

/// All that a group of this kind promises.
fn promises() -> Vec<Stated> {
    let watched = WATCHED.into_iter().map(|name| Stated::OfProtocol(name.to_owned()));
    watched.chain([Stated::Any(AnyProperty::Linearizable(Linearizable { states: 20_000 }))]).collect()
}

/// Callers in `app`, 10 ms away from members in `room`, which are 1 ms away from each other. Writing takes 2 ms and a sync 20 ms. All die in
/// the end, so that nothing goes on for ever.
fn replicated(raft: Raft, per_second: u64, mut faults: Vec<PlannedFault>) -> SystemSpec {
    let disk = DiskSpeed { write: fixed(2), sync: fixed(20), read: Distribution::Constant(SimDuration::from_micros(1)) };
    let raft = Raft { disk, domain: Placement(vec!["room".to_owned()]), ..raft };
    faults.push(crash("db", ms(29_900), None, WhileDown::Silence));
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(1, "db", poisson(per_second)))],
        groups: vec![("db".to_owned(), Group::Raft(raft))],
        links: vec![link("app", "room", fixed(10)), link("room", "room", fixed(1))],
        stacks: vec![("app -> db".to_owned(), vec![timeout(ms(400))])],
        faults,
        properties: promises(),
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(30);
    spec
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

/// The properties that a run violated.
fn violated(ended: &Ended) -> BTreeSet<&str> {
    let violated = |finding: &&models::properties::Finding| finding.verdict == Verdict::Violated;
    ended.measures.findings.iter().filter(violated).map(|finding| finding.property.as_str()).collect()
}

/// Everything is accounted for.
fn sound(spec: &SystemSpec, seed: u64) -> Ended {
    let ended = play(spec, seed);
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    ended
}

/// How often members said messages of this kind.
fn said(ended: &Ended, kind: &str) -> usize {
    ended.seen.iter().filter(|(_, record)| matches!(record, Record::MemberSent(name) if name.kind == kind)).count()
}

fn announced(ended: &Ended, wanted: &str) -> Vec<(SimTime, i64)> {
    let of = |(instant, record): &(SimTime, Record)| match record {
        Record::Announced(_, what, value) if *what == wanted => Some((*instant, *value)),
        _ => None,
    };
    ended.seen.iter().filter_map(of).collect()
}

fn struck(fault: impl Into<AnyFault>, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(fault.into(), ms(begin), Some(ms(lasts)))
}

fn loses_power(node: &str) -> Crash {
    Crash { node: Names::one(node), disk: DiskLoss::UnsyncedLost, ..Crash::default() }
}

fn at_leader(fault: PlannedFault) -> PlannedFault {
    PlannedFault { timing: Timing { pick: Some(Pick::Primary), ..fault.timing }, ..fault }
}

/// How long the calls took that succeeded.
fn latencies(ended: &Ended) -> BTreeSet<SimDuration> {
    let mut begun = Vec::new();
    let mut found = BTreeSet::new();
    for (instant, record) in &ended.seen {
        match record {
            Record::CallStarted(name) => begun.push((*name, *instant)),
            Record::CallEnded(name, outcome) if outcome.is_success() => {
                let (_, since) = begun.iter().find(|(other, _)| other == name).expect("what ends has begun");
                found.insert(*instant - *since);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_write_is_answered_when_a_majority_has_it_on_its_disks() {
    for members in [1, 3, 5] {
        let spec = replicated(Raft { members, reads: Share::NONE, ..Raft::default() }, 1, Vec::new());
        let ended = sound(&spec, 3);
        assert!(ended.measures.succeeded > 15 && observed(&ended, "leaders elected") == 1);
        // To the disk and back 22 ms; followers have it 1 ms later, and their answers take as long. Who asks another first is sent on.
        let done = if members == 1 { 10 + 22 + 10 } else { 10 + 1 + 22 + 1 + 10 };
        let shortest = latencies(&ended).into_iter().filter(|latency| *latency <= ms(done + 20)).collect::<BTreeSet<_>>();
        let wanted = if members == 1 { BTreeSet::from([ms(done)]) } else { BTreeSet::from([ms(done), ms(done + 20)]) };
        assert!(shortest.is_superset(&wanted), "{members} members: {shortest:?}");
        assert!(shortest.iter().all(|latency| *latency >= ms(done)), "{shortest:?}");
    }
}

#[test]
fn a_read_needs_an_answer_of_a_majority_or_a_lease_or_an_entry() {
    for (reads_by, takes) in [(ReadsBy::ReadIndex, 10 + 2 + 10), (ReadsBy::Lease, 20), (ReadsBy::Log, 10 + 24 + 10)] {
        let spec = replicated(Raft { members: 3, reads: Share::ALL, reads_by, ..Raft::default() }, 1, Vec::new());
        let ended = sound(&spec, 3);
        let least = latencies(&ended).into_iter().next();
        assert_eq!(least, Some(ms(takes)), "{reads_by:?}");
        assert!(ended.measures.succeeded > 15);
    }
}

#[test]
fn a_group_without_a_majority_answers_nothing_and_loses_nothing() {
    let both = vec![struck(loses_power("db[0]"), 5_000, 10_000), struck(loses_power("db[1]"), 5_000, 10_000)];
    let ended = sound(&replicated(Raft { members: 3, ..Raft::default() }, 20, both), 1);
    let answered = |from: u64, until: u64| {
        let is_success = |record: &Record| matches!(record, Record::CallEnded(_, outcome) if outcome.is_success());
        ended.seen.iter().filter(|(instant, record)| (at(from)..at(until)).contains(instant) && is_success(record)).count()
    };
    assert_eq!(answered(5_100, 15_000), 0);
    assert!(answered(16_000, 28_000) > 150);
    assert_eq!(violated(&ended), BTreeSet::new());
}

/// Everything that may strike a group of members, as hard as a seed likes.
fn storm() -> Storm {
    let node = || Names::one("db");
    let isolation = |shape| Isolation { node: node(), domain: Names::default(), shape }.into();
    Storm {
        from: SimDuration::from_secs(2),
        lasts: SimDuration::from_secs(20),
        quiet: SimDuration::from_secs(6),
        families: vec![
            loses_power("db").into(),
            Pause { node: node(), ..Pause::default() }.into(),
            isolation(Shape::One),
            isolation(Shape::Minority),
            isolation(Shape::Bridge),
        ],
        most: 40,
        shortest: ms(50),
        longest: Some(SimDuration::from_secs(2)),
        max_down: 5,
        keep_majority: false,
    }
}

#[test]
fn whatever_strikes_the_members_every_promise_is_kept() {
    let mut elected = 0;
    for seed in 0..12 {
        let reads_by = [ReadsBy::ReadIndex, ReadsBy::Lease, ReadsBy::Log][seed as usize % 3];
        let raft = Raft {
            members: 3 + 2 * (seed as u32 % 2),
            keys: 3,
            reads_by,
            compare_and_set: Share::percent(20),
            snapshot_every: 50,
            ..Raft::default()
        };
        let mut spec = replicated(raft, 60, Vec::new());
        spec.storm = Some(storm());
        spec.links.push(Link { duplicate: Share::percent(5), ..link("room", "room", exponential(ms(3))) });
        spec.stacks = vec![("app -> db".to_owned(), vec![retry(3, AnyBackoff::Constant(Constant { delay: ms(20) })), timeout(ms(300))])];
        let ended = sound(&spec, seed);
        assert_eq!(violated(&ended), BTreeSet::new(), "seed {seed}: {:?}", ended.measures.findings);
        elected += observed(&ended, "leaders elected");
        let late = ended
            .seen
            .iter()
            .filter(|(instant, record)| *instant > at(25_000) && matches!(record, Record::CallEnded(_, outcome) if outcome.is_success()));
        assert!(late.count() > 50, "seed {seed} comes back");
    }
    assert!(elected > 40, "{elected}");
}

#[test]
fn who_lacks_what_has_become_a_snapshot_is_handed_that() {
    let raft = Raft { members: 3, reads: Share::NONE, snapshot_every: 20, ..Raft::default() };
    let ended = sound(&replicated(raft.clone(), 50, vec![struck(loses_power("db[2]"), 3_000, 20_000)]), 1);
    assert!(said(&ended, "install_snapshot") > 0);
    assert_eq!(violated(&ended), BTreeSet::new());
    let never = sound(&replicated(Raft { snapshot_every: 0, ..raft }, 50, vec![struck(loses_power("db[2]"), 3_000, 20_000)]), 1);
    assert_eq!((said(&never, "install_snapshot"), violated(&never)), (0, BTreeSet::new()));
    let last = |ended: &Ended| announced(ended, "Committed").iter().map(|(_, index)| *index).max();
    assert_eq!(last(&ended), last(&never), "what is committed does not depend on it");
}

#[test]
fn members_come_and_go_one_at_a_time_and_the_leader_may_be_among_them() {
    let at = |secs| SimDuration::from_secs(secs);
    let changes = vec![
        Change::Add { member: 3, at: at(4) },
        Change::Add { member: 4, at: at(4) },
        Change::Remove { member: 0, at: at(10) },
        Change::Remove { member: 1, at: at(14) },
        Change::Remove { member: 2, at: at(18) },
    ];
    for seed in 0..6 {
        let raft = Raft { members: 5, voters: Some(3), changes: changes.clone(), snapshot_every: 50, ..Raft::default() };
        let ended = sound(&replicated(raft, 30, Vec::new()), seed);
        assert_eq!(violated(&ended), BTreeSet::new(), "seed {seed}");
        let mut counts: Vec<i64> = announced(&ended, "MembersChanged").iter().map(|(_, count)| *count).collect();
        counts.dedup();
        assert!(counts.ends_with(&[3, 2]) && counts.contains(&5), "seed {seed}: {counts:?}");
        // Three members have gone one after another, so whoever led in the beginning does not.
        assert!(observed(&ended, "leaders elected") >= 2);
        let asked = ended.measures.succeeded as f64 / ended.measures.calls as f64;
        // Whoever asks a member that is out is sent to a leader of the past, or refused.
        assert!(asked > 0.5, "seed {seed}: {asked}");
    }
}

#[test]
fn a_disk_without_room_holds_its_member_up_and_nobody_else() {
    let full = |node: &str| struck(DiskFull { node: Names::one(node), domain: Names::default() }, 5_000, 10_000);
    let answered = |faults| {
        let ended = sound(&replicated(Raft { members: 3, reads: Share::NONE, ..Raft::default() }, 20, faults), 2);
        assert_eq!(violated(&ended), BTreeSet::new());
        ended.measures.succeeded as f64 / ended.measures.calls as f64
    };
    assert!(answered(vec![full("db[0]")]) > 0.97);
    let two = answered(vec![full("db[0]"), full("db[1]")]);
    assert!((0.5..0.75).contains(&two), "nothing can be written for 10 s of 28 s: {two}");
}

#[test]
fn whose_disk_is_damaged_keeps_out_of_everything() {
    let rots = CorruptDisk { node: Names::one("db[1]"), domain: Names::default(), share: Share::percent(50) };
    let faults = vec![struck(rots, 8_000, 1), struck(loses_power("db[1]"), 9_000, 1_000)];
    let ended = sound(&replicated(Raft { members: 3, ..Raft::default() }, 20, faults), 2);
    assert_eq!((observed(&ended, "members that found their disk damaged"), violated(&ended)), (1, BTreeSet::new()));
    // Who asks it is refused, one call in three, and does not ask again.
    assert!(ended.measures.succeeded as f64 / ended.measures.calls as f64 > 0.7);
}

#[test]
fn nobody_is_elected_if_all_wait_equally_long_and_hear_each_other_at_once() {
    let patience = Patience { least: ms(200), most: ms(200) };
    let raft = |least_drawn| Raft {
        members: 4,
        election_timeout: least_drawn,
        without: vec![Rule::PreVote, Rule::LeaderStickiness],
        ..Raft::default()
    };
    let ended = sound(&replicated(raft(patience), 1, Vec::new()), 1);
    assert_eq!((observed(&ended, "leaders elected"), ended.measures.succeeded), (0, 0));
    assert!(observed(&ended, "campaigns") > 100 * 4);
    let drawn = sound(&replicated(raft(Patience { most: ms(400), ..patience }), 1, Vec::new()), 1);
    assert_eq!(observed(&drawn, "leaders elected"), 1);
}

#[test]
fn a_follower_that_was_isolated_comes_back_quietly_only_if_it_asks_before_it_begins_a_term() {
    let isolated = || struck(Isolation { node: Names::one("db[2]"), domain: Names::default(), shape: Shape::One }, 8_000, 10_000);
    for seed in 0..5 {
        let spec = |without| replicated(Raft { members: 3, without, ..Raft::default() }, 150, vec![isolated()]);
        assert_eq!(violated(&sound(&spec(Vec::new()), seed)), BTreeSet::new());
        let ended = sound(&spec(vec![Rule::PreVote]), seed);
        // The member may have led itself, and then the others elect another with good reason.
        let led = announced(&ended, "LeaderElected").len();
        assert!(violated(&ended) == BTreeSet::from(["StableLeader"]) || led > 2, "seed {seed}: {:?}", violated(&ended));
    }
}

#[test]
fn half_of_the_members_are_no_quorum() {
    let halves = || {
        let half = |members: [u32; 2]| Names(members.map(|member| format!("db[{member}]")).to_vec());
        struck(models::faults::Partition { groups: vec![half([0, 1]), half([2, 3])], one_way: false }, 1, 15_000)
    };
    let run = |quorum| sound(&replicated(Raft { members: 4, quorum, ..Raft::default() }, 20, vec![halves()]), 1);
    let (right, wrong) = (run(None), run(Some(2)));
    assert_eq!(violated(&right), BTreeSet::new());
    assert!(announced(&right, "LeaderElected").iter().all(|(instant, _)| *instant > at(15_000)));
    assert!(violated(&wrong).contains("StateMachineSafety") && violated(&wrong).contains("Linearizable"), "{:?}", violated(&wrong));
}

#[test]
fn what_is_acknowledged_before_it_is_on_disks_is_lost_with_them() {
    let all = || struck(loses_power("db"), 10_000, 1_000);
    let run = |without| sound(&replicated(Raft { members: 3, keys: 1, without, ..Raft::default() }, 80, vec![all()]), 4);
    assert_eq!(violated(&run(Vec::new())), BTreeSet::new());
    let ended = run(vec![Rule::LogPersistence]);
    assert!(violated(&ended).contains("StateMachineSafety"), "{:?}", violated(&ended));
}

#[test]
fn whoever_leads_is_struck_again_and_again_and_what_was_acknowledged_stays() {
    for seed in 0..6 {
        let mut blow = at_leader(struck(loses_power("db"), 3_000, 700));
        blow.timing.every = Some(ms(900));
        blow.timing.times = Some(20);
        let ended = sound(&replicated(Raft { members: 5, keys: 2, ..Raft::default() }, 60, vec![blow]), seed);
        assert_eq!(violated(&ended), BTreeSet::new(), "seed {seed}");
        assert!(observed(&ended, "leaders elected") > 15 && observed(&ended, "recoveries") > 12);
    }
}
