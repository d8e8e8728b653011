//! What locks, commits and agreements promise, and what it takes to break that.

use crate::*;
use models::environment::DiskLoss;
use models::faults::{Byzantine, Conduct, Partition, Pause, Start, Twins};
use models::properties::{AnyProperty, Linearizable, Stated, Verdict};
use models::protocols::{
    BackupRule, Backups, ByzantineRegister, Chain, ChainRule, CommitRule, CounterRule, Data, DistributedLock, Generals, Gossip, Group,
    GrowOnlyCounter, LockRule, Manner, Mode, PaymentRule, Payments, Pbft, PbftRule, Phases, PrimaryBackup, RegisterRule, Termination,
    TwoPhaseCommit,
};
use std::collections::BTreeSet;

fn room() -> Placement {
    Placement(vec!["room".to_owned()])
}

/// Callers in `app`, 10 ms away from members in `room`, which are 5 ms or a little more away from each other. All members die in the end, so
/// that nothing goes on for ever.
fn asked(group: impl Into<Group>, per_second: u64, mut faults: Vec<PlannedFault>) -> SystemSpec {
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
fn harassed(group: impl Into<Group>) -> SystemSpec {
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

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().filter(|one| one.name == name).map(|one| one.value).max().unwrap_or(0)
}

/// The properties that a run violated.
fn violated(ended: &Ended) -> BTreeSet<&str> {
    let violated = |finding: &&models::properties::Finding| finding.verdict == Verdict::Violated;
    ended.measures.findings.iter().filter(violated).map(|finding| finding.property.as_str()).collect()
}

fn sound(spec: &SystemSpec, seed: u64) -> Ended {
    let ended = play(spec, seed);
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    ended
}

fn struck(fault: impl Into<AnyFault>, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(fault.into(), ms(begin), Some(ms(lasts)))
}

fn liar(node: &str, f: u32, conduct: Conduct) -> Byzantine {
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
    assert_eq!(deceived(&generals(3, Manner::Oral)), ["Agreement", "Validity"]);
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

fn backups(acknowledge: Backups, without: &[BackupRule]) -> PrimaryBackup {
    PrimaryBackup { acknowledge, keys: 5, without: without.to_vec(), domain: room(), ..PrimaryBackup::default() }
}

/// What runs of a store violate whose members are cut off from each other in turn, and die in turn.
fn parted(group: impl Into<Group>, members: u32, cut: [u32; 3], seeds: u64) -> BTreeSet<String> {
    let group = group.into();
    let mut found = BTreeSet::new();
    for seed in 1..=seeds {
        let name = |member: u32| format!("group[{member}]");
        let cut_off = |member: u32, begin: u64| {
            let others = (0..members).filter(|&other| other != member).map(name).collect();
            struck(Partition { groups: vec![Names::one(&name(member)), Names(others)], one_way: false }, begin, 3_000)
        };
        let mut faults: Vec<PlannedFault> =
            cut.into_iter().zip([3_000, 8_000, 13_000]).map(|(member, begin)| cut_off(member, begin)).collect();
        faults.push(crash("group[1]", ms(19_000), Some(ms(2_500)), WhileDown::Silence));
        faults.push(crash("group[0]", ms(23_000), Some(ms(2_500)), WhileDown::Silence));
        let mut spec = asked(group.clone(), 40, faults);
        spec.properties.push(Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })));
        let ended = sound(&spec, seed);
        assert!(ended.measures.succeeded > 300, "{}: {}", group.name(), ended.measures.succeeded);
        found.extend(violated(&ended).into_iter().map(str::to_owned));
    }
    found
}

#[test]
fn a_backup_that_takes_over_knows_what_was_acknowledged_if_somebody_had_it_before() {
    for acknowledge in [Backups::One, Backups::Majority, Backups::All] {
        assert_eq!(parted(backups(acknowledge, &[]), 3, [0, 1, 2], 3), BTreeSet::new(), "{acknowledge:?}");
    }
    assert!(parted(backups(Backups::None, &[]), 3, [0, 1, 2], 3).contains("KeepsAcknowledged"));
    let hasty = [BackupRule::MajorityTakeover, BackupRule::EpochFencing, BackupRule::ConfirmedReads];
    for rule in [&hasty[2..], &hasty[..]] {
        assert!(parted(backups(Backups::One, rule), 3, [0, 1, 2], 3).contains("Linearizable"), "{rule:?}");
    }
}

#[test]
fn a_chain_is_linearizable_whoever_is_cut_off_unless_a_rule_is_broken() {
    let chain = |without: &[ChainRule]| Chain { keys: 5, without: without.to_vec(), domain: room(), ..Chain::default() };
    // The tail first: who reads there is answered as long as it believes that it is the tail. The last member is the master.
    let cut = [2, 1, 0];
    assert_eq!(parted(chain(&[]), 4, cut, 4), BTreeSet::new());
    for rule in [ChainRule::TailAcknowledges, ChainRule::TailReads, ChainRule::Lease] {
        assert!(parted(chain(&[rule]), 4, cut, 4).contains("Linearizable"), "{rule:?}");
    }
}

#[test]
fn a_register_bears_one_liar_among_four_if_values_are_signed_and_among_five_if_they_are_not() {
    let register = ByzantineRegister { domain: room(), ..ByzantineRegister::default() };
    let found = |register: &ByzantineRegister| {
        let mut found = BTreeSet::new();
        for seed in 1..=6 {
            let mut spec = asked(register.clone(), 40, vec![struck(liar("group", 1, Conduct::WrongAnswers(Share::ALL)), 1_000, 28_000)]);
            spec.links[0].loss = Share::percent(5);
            spec.stacks[0].1 = vec![timeout(ms(300))];
            spec.properties.push(Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })));
            found.extend(violated(&sound(&spec, seed)).into_iter().map(str::to_owned));
        }
        !found.is_empty()
    };
    assert!(!found(&register));
    assert!(found(&ByzantineRegister { members: 3, quorum: Some(2), ..register.clone() }));
    let plain = ByzantineRegister { members: 5, data: Data::Plain, ..register };
    assert!(!found(&plain));
    assert!(found(&ByzantineRegister { without: vec![RegisterRule::Vouching], ..plain }));
}

#[test]
fn a_counter_is_never_too_high_and_always_available_unless_it_adds_what_it_hears() {
    let counter =
        |without: &[CounterRule]| GrowOnlyCounter { members: 4, without: without.to_vec(), domain: room(), ..GrowOnlyCounter::default() };
    let found = |without: &[CounterRule]| {
        let ended = sound(&harassed(counter(without)), 1);
        violated(&ended).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(found(&[]).is_empty());
    assert_eq!(found(&[CounterRule::GreaterEntry]), ["NeverTooMuch"]);
    let names = |names: &[&str]| Names(names.iter().map(|name| (*name).to_owned()).collect());
    let parts = vec![names(&["group[0]"]), names(&["group[1]", "group[2]", "group[3]"])];
    let ended = sound(&asked(counter(&[]), 20, vec![struck(Partition { groups: parts, one_way: false }, 5_000, 20_000)]), 1);
    // All but those who ask when everybody is dead.
    assert!(ended.measures.succeeded + 6 > ended.measures.calls, "{} of {}", ended.measures.succeeded, ended.measures.calls);
    assert!(observed(&ended, "additions that a read missed") > 20);
}

#[test]
fn a_call_is_charged_once_if_its_key_is_remembered() {
    let charged = |payments: Payments| {
        let mut spec = asked(payments, 20, Vec::new());
        spec.links[0].loss = Share::percent(5);
        spec.stacks[0].1 = vec![retry(4, AnyBackoff::Immediate(models::strategies::backoff::Immediate {})), timeout(ms(200))];
        let ended = sound(&spec, 1);
        assert_eq!(violated(&ended).contains("ChargedOnce"), observed(&ended, "charges made again") > 0);
        observed(&ended, "charges made again")
    };
    let payments = || Payments { domain: room(), ..Payments::default() };
    assert_eq!(charged(payments()), 0);
    assert!(charged(Payments { without: vec![PaymentRule::IdempotencyKeys], ..payments() }) > 10);
    assert!(charged(Payments { remembers: ms(100), ..payments() }) > 10);
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
