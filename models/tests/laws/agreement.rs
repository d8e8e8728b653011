//! What locks, commits and agreements promise, and what it takes to break that.

use crate::*;
use models::clocks::{AnyClock, Drift};
use models::environment::DiskLoss;
use models::faults::{Byzantine, Conduct, Pause, Pick, Start, Timing, Twins};
use models::properties::{AnyProperty, ExclusiveHolding, Linearizable, Progress, Stated, Verdict};
use models::protocols::{
    CommitRule, Counted, DistributedLock, Generals, Gossip, Group, Lease, LockRule, Manner, Mode, Pbft, PbftRule, Phases, Termination,
    TwoPhaseCommit,
};
use std::collections::BTreeSet;

pub fn room() -> Placement {
    Placement(vec!["room".to_owned()])
}

/// Callers in `app`, 10 ms away from members in `room`, which are 5 ms or a little more away from each other. All members die in the end, so
/// that nothing goes on for ever.
pub fn asked(group: impl Into<Group>, per_second: u64, mut faults: Vec<PlannedFault>) -> SystemSpec {
    let group = group.into();
    let watched = group.properties().map(|(name, _)| Stated::OfProtocol(name.to_owned())).collect();
    faults.push(crash("group", ms(29_900), None, WhileDown::Silence));
    let near = Distribution::Uniform { low: ms(5), high: ms(9) };
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(5, "group", poisson(per_second)))],
        groups: vec![("group".to_owned(), group)],
        links: vec![link("app", "room", Distribution::Constant(ms(10))), link("room", "room", near)],
        stacks: vec![("app -> group".to_owned(), vec![timeout(ms(4_000))])],
        faults,
        properties: watched,
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(30);
    spec
}

/// The same where a tenth of all messages is lost, and members crash and lose what is not on their disks.
pub fn harassed(group: impl Into<Group>) -> SystemSpec {
    let mut spec = asked(group, 20, Vec::new());
    for link in &mut spec.links {
        link.loss = Share::percent(10);
    }
    for (member, begin) in [(0, 4_000), (1, 7_000), (2, 7_500), (0, 12_000), (3, 15_000)] {
        let kill = Crash { node: Names::one(&format!("group[{member}]")), disk: DiskLoss::UnsyncedLost, ..Crash::default() };
        spec.faults.push(PlannedFault::once(AnyFault::Crash(kill), ms(begin), Some(ms(1_500))));
    }
    spec
}

pub fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().filter(|one| one.name == name).map(|one| one.value).max().unwrap_or(0)
}

/// The properties that a run violated.
pub fn violated(ended: &Ended) -> BTreeSet<&str> {
    let violated = |finding: &&models::properties::Finding| finding.verdict == Verdict::Violated;
    ended.measures.findings.iter().filter(violated).map(|finding| finding.property.as_str()).collect()
}

pub fn sound(spec: &SystemSpec, seed: u64) -> Ended {
    let ended = play(spec, seed);
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    ended
}

pub fn struck(fault: impl Into<AnyFault>, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(fault.into(), ms(begin), Some(ms(lasts)))
}

pub fn liar(node: &str, f: u32, conduct: Conduct) -> Byzantine {
    Byzantine { node: Names::one(node), domain: Names::default(), f, conduct, beyond: true }
}

fn lock(servers: u32, without: &[LockRule]) -> DistributedLock {
    DistributedLock {
        servers,
        holders: 2,
        ttl: ms(2_000),
        work: ms(200),
        prepares: SimDuration::ZERO,
        patience: ms(300),
        queue: 5,
        without: without.to_vec(),
        domain: room(),
        message_size: USUAL_SIZE,
        authenticated: false,
    }
}

fn commit() -> TwoPhaseCommit {
    TwoPhaseCommit { domain: room(), decides_within: Some(ms(4_000)), ..TwoPhaseCommit::default() }
}

fn generals(members: u32, messages: Manner) -> Generals {
    Generals { members, traitors: 1, messages, round: ms(50), domain: room(), message_size: USUAL_SIZE, authenticated: true }
}

fn replicas(members: u32) -> Pbft {
    Pbft { members, domain: room(), checkpoint_every: 16, ..Pbft::default() }
}

#[test]
fn every_message_is_accounted_for_and_a_run_is_a_function_of_its_seed_whatever_dies() {
    let groups: Vec<Group> = vec![
        lock(1, &[]).into(),
        lock(3, &[]).into(),
        commit().into(),
        TwoPhaseCommit { coordinators: 3, ..commit() }.into(),
        TwoPhaseCommit { phases: Phases::Three, ..commit() }.into(),
        generals(4, Manner::Oral).into(),
        generals(4, Manner::Signed).into(),
        replicas(4).into(),
    ];
    for group in groups {
        let name = group.name();
        let spec = harassed(group);
        for seed in 1..=2 {
            let ended = sound(&spec, seed);
            assert_eq!(sound(&spec, seed).digest, ended.digest, "{name}, seed {seed}");
            assert!(ended.measures.succeeded > 10, "{name} answers calls: {}", ended.measures.succeeded);
        }
    }
}

/// Holder 1 stands still for 3 s every 5 s; the lock lasts 2 s.
fn stood_still(lock: DistributedLock) -> SystemSpec {
    let holder = format!("group[{}]", lock.servers);
    let pause = |begin| struck(Pause { node: Names::one(&holder), ..Pause::default() }, begin, 3_000);
    asked(lock, 3, (1..5).map(|nth| pause(nth * 5_000)).collect())
}

#[test]
fn a_holder_that_stood_still_writes_over_the_next_unless_the_resource_looks_at_tokens() {
    let overwritten = |lock: DistributedLock| {
        let run = |seed| {
            let ended = sound(&stood_still(lock.clone()), seed);
            assert!(observed(&ended, "writes") > 20);
            assert_eq!(violated(&ended).contains("OneWriterAtATime"), observed(&ended, "writes over those of another holder") > 0);
            observed(&ended, "writes over those of another holder")
        };
        (1..=6).map(run).sum::<i64>()
    };
    for servers in [1, 3] {
        assert!(overwritten(lock(servers, &[LockRule::Fencing, LockRule::ExpiryCheck])) > 0);
        assert_eq!(overwritten(lock(servers, &[LockRule::Fencing])), 0, "there is no time between the look and the write");
        assert_eq!(overwritten(lock(servers, &[LockRule::ExpiryCheck])), 0);
    }
    let late = DistributedLock { prepares: ms(400), ..lock(1, &[LockRule::Fencing]) };
    assert!(overwritten(late) > 0, "it stands still after it has looked");
}

#[test]
fn a_server_that_forgets_to_whom_it_lent_lends_to_a_second_unless_it_waits() {
    let twice = |without: &[LockRule]| {
        let run = |seed| {
            let restart = |begin| crash("group[0]", ms(begin), Some(ms(100)), WhileDown::Silence);
            let faults = (1..6).map(|nth| restart(nth * 5_000)).collect();
            let long = DistributedLock { work: ms(900), ..lock(1, without) };
            let ended = sound(&asked(long, 5, faults), seed);
            assert!(observed(&ended, "locks held") > 10);
            observed(&ended, "locks held twice")
        };
        (1..=4).map(run).sum::<i64>()
    };
    assert!(twice(&[LockRule::DelayedRestart]) > 5);
    assert_eq!(twice(&[]), 0);
}

/// The same with what clients of the lock, and those of the resource, are told: each of these is an object of the history.
fn with_history(mut spec: SystemSpec) -> SystemSpec {
    spec.properties.extend([
        Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })),
        Stated::Any(AnyProperty::ExclusiveHolding(ExclusiveHolding {})),
        Stated::Any(AnyProperty::Progress(Progress { within: ms(9_000), after: Some(ms(2_000)) })),
    ]);
    spec
}

#[test]
fn what_is_written_over_is_no_order_of_changes_though_the_lock_is_held_by_one_at_a_time() {
    let histories = |without: &[LockRule]| {
        let run = |seed| {
            let ended = sound(&with_history(stood_still(lock(1, without))), seed);
            let speaks = |finding: &models::properties::Finding| finding.count > 0 || finding.property == "OneWriterAtATime";
            assert!(ended.measures.findings.iter().all(speaks), "{:?}", ended.measures.findings);
            let violated: BTreeSet<String> = violated(&ended).into_iter().map(str::to_owned).collect();
            // Who has written over another may have been given up by its caller.
            assert!(!violated.contains("Linearizable") || violated.contains("OneWriterAtATime"), "seed {seed}");
            violated
        };
        (1..=6).flat_map(run).collect::<BTreeSet<String>>()
    };
    // It ends by its holder's own clock, whether or not that stands still: another one has it then.
    let found = histories(&[LockRule::Fencing, LockRule::ExpiryCheck]);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["Linearizable", "OneWriterAtATime"]);
    assert_eq!(histories(&[LockRule::ExpiryCheck]), BTreeSet::new());
}

#[test]
fn a_lock_that_is_lent_twice_is_held_by_two_at_once_in_the_history_as_well() {
    let found = |without: &[LockRule]| {
        let run = |seed| {
            let restart = |begin| crash("group[0]", ms(begin), Some(ms(100)), WhileDown::Silence);
            let long = DistributedLock { work: ms(900), ..lock(1, without) };
            let ended = sound(&with_history(asked(long, 5, (1..6).map(|nth| restart(nth * 5_000)).collect())), seed);
            let violated: BTreeSet<String> = violated(&ended).into_iter().map(str::to_owned).collect();
            violated
        };
        (1..=4).flat_map(run).collect::<BTreeSet<String>>()
    };
    let both = ["ExclusiveHolding", "Linearizable"].map(str::to_owned).into_iter().collect();
    assert!(found(&[LockRule::DelayedRestart]).is_superset(&both));
    assert_eq!(found(&[]), BTreeSet::new());
}

#[test]
fn a_lease_that_two_hold_by_their_clocks_is_held_by_two_in_the_history_as_well() {
    let found = |rate: &str, renews_after: Option<SimDuration>, stands_still: bool| {
        let (holders, length, counted) = (2, ms(1_000), Counted::FromRequest);
        let lease = Lease { holders, length, counted, renews_after, domain: room(), message_size: USUAL_SIZE, authenticated: false };
        let pause = |nth| struck(Pause { node: Names::one("group"), ..Pause::default() }, nth * 5_000, 1_500);
        let at_holder = |fault: PlannedFault| PlannedFault { timing: Timing { pick: Some(Pick::Primary), ..fault.timing }, ..fault };
        let pauses = (1..5_u64).filter(|_| stands_still).map(|nth| at_holder(pause(nth)));
        let mut spec = with_history(asked(lease, 10, pauses.collect()));
        spec.clocks = vec![("group[1]".to_owned(), AnyClock::Drift(Drift { rate: rate.parse().expect("it is a rate") }))];
        let ended = sound(&spec, 1);
        assert!(ended.measures.findings.iter().all(|finding| finding.count > 0 || finding.property == "OneHolder"));
        violated(&ended).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("-100000ppm", None, false), ["ExclusiveHolding", "Linearizable", "OneHolder"]);
    assert!(found("0ppm", None, false).is_empty());
    // Who stands still believes that it holds what is over by its own clock, if only it looked.
    assert_eq!(found("0ppm", Some(ms(400)), true), ["OneHolder"]);
}

/// The longest time from a vote to a decision, of ten runs in which the coordinator is down for 10 s.
fn blocked(commit: &TwoPhaseCommit) -> (i64, i64) {
    let run = |seed| {
        let mut spec = asked(commit.clone(), 100, vec![crash("group[0]", ms(5_000), Some(ms(10_000)), WhileDown::Silence)]);
        // So far apart that some have always voted and not heard more.
        spec.links[1] = link("room", "room", Distribution::Uniform { low: ms(50), high: ms(70) });
        let ended = sound(&spec, seed);
        assert_eq!(observed(&ended, "transactions split"), 0);
        let longest = observed(&ended, "time from vote to decision");
        let most = ended.measures.observations.iter().find(|one| one.title() == "time from vote to decision, most");
        assert!(most.is_some_and(|most| most.value <= longest));
        most.map_or(0, |most| most.value / 1_000_000)
    };
    let lengths: Vec<i64> = (1..=10).map(run).collect();
    (lengths.iter().copied().min().unwrap_or(0), lengths.iter().copied().max().unwrap_or(0))
}

#[test]
fn a_participant_is_blocked_for_as_long_as_its_coordinator_is_down_unless_there_are_others() {
    let (least, most) = blocked(&commit());
    assert!(least > 9_900 && most < 10_900, "{least} to {most} ms");
    let (least, _) = blocked(&TwoPhaseCommit { termination: Termination::Everybody, ..commit() });
    assert!(least > 9_900, "all have voted, and nobody knows more: {least} ms");
    let (_, most) = blocked(&TwoPhaseCommit { phases: Phases::Three, ..commit() });
    assert!(most < 6_000, "nobody waits for the coordinator to come back: {most} ms");
    let (_, most) = blocked(&TwoPhaseCommit { coordinators: 3, ..commit() });
    assert!(most < 6_000, "others finish what it began, long before it is back: {most} ms");
}

#[test]
fn transactions_are_done_by_all_or_by_none_whatever_crashes_unless_somebody_speaks_before_it_has_written() {
    let split = |commit: &TwoPhaseCommit| {
        let runs = (1..=8).map(|seed| {
            observed(&sound(&harassed(TwoPhaseCommit { no_votes: Share::percent(5), ..commit.clone() }), seed), "transactions split")
        });
        runs.sum::<i64>()
    };
    for coordinators in [1, 3] {
        for termination in [Termination::Coordinators, Termination::Everybody] {
            assert_eq!(split(&TwoPhaseCommit { coordinators, termination, ..commit() }), 0, "{coordinators}, {termination:?}");
        }
    }
    let hasty = |rule| TwoPhaseCommit { without: vec![rule], ..commit() };
    assert!(split(&hasty(CommitRule::LogsBeforeVoting)) + split(&hasty(CommitRule::LogsBeforeTelling)) > 0);
}

#[test]
fn one_traitor_deceives_three_generals_and_neither_four_nor_three_who_sign() {
    let deceived = |generals: &Generals| {
        let mut found = BTreeSet::new();
        for seed in 1..=8 {
            let ended =
                sound(&asked(generals.clone(), 10, vec![struck(liar("group", 1, Conduct::WrongAnswers(Share::ALL)), 1_000, 26_000)]), seed);
            assert!(observed(&ended, "agreements") > 200);
            found.extend(violated(&ended).into_iter().map(str::to_owned));
        }
        found.into_iter().collect::<Vec<_>>()
    };
    // The two whom a traitor commands tell each other of both orders, and agree on neither: what breaks is that they obey a loyal commander.
    assert_eq!(deceived(&generals(3, Manner::Oral)), ["Validity"]);
    assert!(deceived(&generals(4, Manner::Oral)).is_empty());
    assert!(deceived(&generals(3, Manner::Signed)).is_empty());
}

/// What came of runs of a store whose replicas misbehave in turn; `f` of them at a time.
fn misused(pbft: &Pbft, f: u32, conduct: &Conduct, seeds: u64) -> (BTreeSet<String>, f64) {
    let (mut found, mut succeeded, mut calls) = (BTreeSet::new(), 0, 0);
    for seed in 1..=seeds {
        let strikes = (0..4).map(|nth| struck(liar("group", f, conduct.clone()), 2_000 + nth * 6_000, 6_000)).collect();
        let mut spec = asked(pbft.clone(), 20, strikes);
        spec.properties.push(Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })));
        let ended = sound(&spec, seed);
        found.extend(violated(&ended).into_iter().map(str::to_owned));
        succeeded += ended.measures.succeeded;
        calls += ended.measures.calls;
    }
    (found, succeeded as f64 / calls as f64)
}

#[test]
fn four_replicas_agree_whatever_one_of_them_does_and_seven_whatever_two_do() {
    let conducts =
        [Conduct::Silent, Conduct::Equivocate(Share::ALL), Conduct::WrongAnswers(Share::percent(50)), Conduct::Replay(Share::percent(50))];
    for conduct in &conducts {
        let (found, success) = misused(&replicas(4), 1, conduct, 4);
        assert!(found.is_empty(), "{conduct:?}: {found:?}");
        assert!(success > 0.6, "{conduct:?}: {success}");
    }
    let (found, success) = misused(&Pbft { faults: 2, ..replicas(7) }, 2, &Conduct::Equivocate(Share::ALL), 2);
    assert!(found.is_empty() && success > 0.6, "{found:?}, {success}");
}

#[test]
fn three_replicas_do_not_agree_if_one_tells_each_another_story_and_four_do_not_without_the_rules() {
    let found = |pbft: &Pbft, seeds| misused(pbft, 1, &Conduct::Equivocate(Share::ALL), seeds).0;
    assert!(found(&replicas(3), 6).contains("Agreement"));
    let without = |rule| Pbft { without: vec![rule], ..replicas(4) };
    assert!(found(&without(PbftRule::MatchingProposals), 6).contains("Agreement"));
    assert!(found(&without(PbftRule::ReplyQuorum), 6).contains("Linearizable"));
}

#[test]
fn a_replica_and_its_twin_are_one_liar() {
    let twins = Twins { node: Names::one("group[0]"), domain: Names::default(), starts: Start::Restored, splits: Vec::new() };
    for seed in 1..=4 {
        let ended = sound(&asked(replicas(4), 20, vec![struck(twins.clone(), 3_000, 15_000)]), seed);
        assert!(violated(&ended).is_empty(), "seed {seed}");
        assert!(ended.measures.succeeded as f64 > 0.8 * ended.measures.calls as f64, "{}", ended.measures.succeeded);
    }
}

#[test]
fn a_dead_primary_is_replaced() {
    let dead = |begin| struck(Crash { node: Names::one("group[0]"), ..Crash::default() }, begin, 10_000);
    let ended = sound(&asked(replicas(4), 20, vec![dead(5_000)]), 1);
    assert!(observed(&ended, "view changes") >= 1 && violated(&ended).is_empty());
    assert!(ended.measures.succeeded as f64 > 0.95 * ended.measures.calls as f64, "{}", ended.measures.succeeded);
}

#[test]
fn a_rumour_is_pulled_to_everybody() {
    let gossip =
        Gossip { members: 20, every: ms(200), mode: Mode::Pull, fanout: 1, domain: room(), message_size: USUAL_SIZE, authenticated: false };
    for seed in 1..=5 {
        let ended = sound(&asked(gossip.clone(), 5, Vec::new()), seed);
        assert_eq!(observed(&ended, "members that learned"), 19);
        assert!((3..20).contains(&observed(&ended, "rounds until everybody knew")));
    }
}
