//! What do dishonest members of groups say, to whom, and in whose name?

use crate::clocks::groups;
use crate::*;
use models::faults::{Byzantine, Conduct};
use models::protocols::{
    Acknowledge, ByzantineRegister, Data, Generals, Group, Heartbeats, KeyValue, Manner, Pbft, PbftRule, QuorumRegister, ReadsFrom,
    RegisterRule, Row,
};

fn liar(node: &str, conduct: Conduct) -> PlannedFault {
    let liar = Byzantine { node: Names::one(node), domain: Names::default(), f: 1, conduct, beyond: true };
    PlannedFault::once(AnyFault::Byzantine(liar), SimDuration::NANOSECOND, None)
}

/// Four populations call a group without losses; all members die in the end.
fn asked(group: Group, mut faults: Vec<PlannedFault>) -> SystemSpec {
    faults.push(crash("group", ms(28_000), None, WhileDown::Silence));
    let names = ["app", "bee", "cat", "dog"];
    let mut spec = SystemSpec {
        clients: names.map(|who| (who.to_owned(), clients(5, "group", poisson(10)))).to_vec(),
        groups: vec![("group".to_owned(), group)],
        links: vec![link("app", "room", Distribution::Constant(ms(10))), link("room", "room", Distribution::Constant(ms(10)))],
        stacks: names.map(|who| (format!("{who} -> group"), vec![timeout(ms(300))])).to_vec(),
        faults,
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(30);
    spec
}

fn sound(spec: &SystemSpec) -> Ended {
    let ended = play(spec, 1);
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    ended
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

fn beats(authenticated: bool) -> Group {
    Group::Heartbeats(Heartbeats {
        members: 3,
        every: SimDuration::from_secs(1),
        detector: models::protocols::Detector::FixedTimeout(ms(2_500)),
        domain: Placement(vec!["room".to_owned()]),
        message_size: USUAL_SIZE,
        authenticated,
    })
}

#[test]
fn lies_of_members_to_callers_are_wrong_answers_and_honest_answers_are_not() {
    for group in groups().into_iter().filter(|group| group.name() != "TimeServer") {
        let name = group.name();
        assert_eq!(sound(&asked(group.clone(), Vec::new())).measures.wrong, 0, "{name}");
        // Holder 1 has the lease, and keeps it; the other says that it has it.
        let who = if name == "Lease" { "group[2]" } else { "group[0]" };
        let ended = sound(&asked(group, vec![liar(who, Conduct::WrongAnswers(Share::ALL))]));
        let (wrong, right) = (ended.measures.wrong, ended.measures.succeeded);
        if name == "Gossip" {
            // Who knew the rumour denies it to everybody, and so nobody ever learns it.
            assert_eq!((right, observed(&ended, "members that learned")), (0, 0));
            continue;
        }
        assert!(wrong > 40 && wrong < right, "{name}: {wrong} of {right}");
    }
    let row = || Group::Row(Row { domain: Placement(vec!["room".to_owned()]), message_size: USUAL_SIZE });
    assert!(sound(&asked(row(), vec![liar("group", Conduct::WrongAnswers(Share::ALL))])).measures.wrong > 500);
    assert_eq!(sound(&asked(row(), Vec::new())).measures.wrong, 0);
}

#[test]
fn what_is_repeated_is_wrong_only_if_it_is_not_true_any_more() {
    let store = |keys| KeyValue { keys, reads: Share::ALL, domain: Placement(vec!["room".to_owned()]), ..KeyValue::default() };
    // Nobody writes, so that every answer is the same, and none of those that are repeated is wrong.
    let repeats = || vec![liar("group[0]", Conduct::Replay(Share::ALL))];
    assert_eq!(sound(&asked(Group::KeyValue(store(3)), repeats())).measures.wrong, 0);
    let written = KeyValue { reads: Share::percent(50), ..store(3) };
    let ended = sound(&asked(Group::KeyValue(written), repeats()));
    assert!(ended.measures.wrong > 200, "{}", ended.measures.wrong);
}

#[test]
fn a_lie_that_is_outvoted_is_no_wrong_answer() {
    let domain = || Placement(vec!["room".to_owned()]);
    let (wrong, believed) = (|group: Group| wrong_of(group).0, |group: Group| wrong_of(group).1);
    let pbft = || Pbft { domain: domain(), ..Pbft::default() };
    let register = || ByzantineRegister { members: 5, data: Data::Plain, domain: domain(), ..ByzantineRegister::default() };
    let generals = || Generals {
        members: 4,
        traitors: 1,
        messages: Manner::Oral,
        round: ms(40),
        domain: domain(),
        message_size: USUAL_SIZE,
        authenticated: true,
    };
    for group in [Group::Pbft(pbft()), Group::ByzantineRegister(register()), Group::Generals(generals())] {
        let name = group.name();
        assert!(believed(group.clone()) > 200, "{name} answers");
        assert_eq!(wrong(group), 0, "{name}");
    }
    assert!(wrong(Group::Pbft(Pbft { without: vec![PbftRule::ReplyQuorum], ..pbft() })) > 40, "the first answer is believed");
    assert!(wrong(Group::ByzantineRegister(ByzantineRegister { without: vec![RegisterRule::Vouching], ..register() })) > 40);
    // A lie has the number of what it stands for and another value: half of them are greater, and believed by those who ask two of three.
    let quorums = QuorumRegister { reads: Share::percent(90), domain: domain(), ..QuorumRegister::default() };
    let (wrong, right) = wrong_of(Group::QuorumRegister(quorums));
    assert!(wrong > 40 && wrong < right * 6 / 10, "{wrong} of {right}");
}

/// How many wrong answers, and how many successes there are in a run of a group of which member 1 lies all the time.
fn wrong_of(group: Group) -> (u64, u64) {
    let measures = sound(&asked(group, vec![liar("group[1]", Conduct::WrongAnswers(Share::ALL))])).measures;
    (measures.wrong, measures.succeeded)
}

#[test]
fn who_equivocates_tells_each_caller_a_lie_of_its_own_and_always_the_same() {
    // Nobody writes, so that the truth is that there is no value, and a lie is a value with one bit.
    let store = KeyValue { keys: 1, reads: Share::ALL, domain: Placement(vec!["room".to_owned()]), ..KeyValue::default() };
    let wrong = |share, seed| {
        let spec = asked(Group::KeyValue(store.clone()), vec![liar("group[0]", Conduct::Equivocate(share))]);
        let measures = play(&spec, seed).measures;
        (measures.wrong, measures.succeeded)
    };
    let (all, right) = wrong(Share::ALL, 1);
    assert_eq!(all, right, "everybody is lied to");
    // Of four populations some are lied to always, and some never: about a quarter of the calls each.
    let mut parts = std::collections::BTreeSet::new();
    for seed in 1..=20 {
        let (wrong, right) = wrong(Share::percent(50), seed);
        let part = wrong as f64 / right as f64;
        let quarters = (part * 4.0).round();
        assert!((part * 4.0 - quarters).abs() < 0.3, "{part}");
        parts.insert(quarters as u32);
    }
    assert!(parts.len() >= 3, "the seed says who is lied to: {parts:?}");
}

#[test]
fn followers_believe_each_its_own_lie_of_a_primary() {
    let domain = Placement(vec!["room".to_owned()]);
    let store = KeyValue { members: 3, keys: 3, acknowledge: Acknowledge::All, reads_from: ReadsFrom::Any, domain, ..KeyValue::default() };
    let corrupt = |faults| observed(&sound(&asked(Group::KeyValue(store.clone()), faults)), "corrupt reads served");
    assert_eq!(corrupt(Vec::new()), 0);
    assert!(corrupt(vec![liar("group[0]", Conduct::Equivocate(Share::ALL))]) > 100);
}

#[test]
fn who_speaks_in_the_name_of_the_dead_keeps_them_alive_unless_names_are_signed() {
    let dead = || crash("group[1]", ms(5_000), Some(ms(15_000)), WhileDown::Silence);
    let found = |faults| observed(&sound(&asked(beats(false), faults)), "detections");
    assert_eq!(found(vec![dead()]), 2);
    // The liar still finds out for itself; it is suspected instead, for it never speaks in its own name.
    let mut later = liar("group[2]", Conduct::Forge(Share::ALL));
    later.timing.at = Some(ms(2_500));
    let ended = sound(&asked(beats(false), vec![dead(), later]));
    assert_eq!(observed(&ended, "detections"), 1);
    assert!(observed(&ended, "false suspicions") >= 1);
    let refused = |spec: SystemSpec| Plan::new(&spec).expect_err("nobody can forge").remove(0).message;
    let forge = || liar("group[2]", Conduct::Forge(Share::ALL));
    assert!(refused(asked(beats(true), vec![forge()])).contains("authenticated"));
    let row = Group::Row(Row { domain: Placement(vec!["room".to_owned()]), message_size: USUAL_SIZE });
    assert!(refused(asked(row, vec![liar("group", Conduct::Forge(Share::ALL))])).contains("say nothing to each other"));
}
