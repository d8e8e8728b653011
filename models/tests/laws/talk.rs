//! Does what members say to each other, and clocks to their time servers, meet links and faults as everything else does?

use crate::clocks::{grouped, groups, silence};
use crate::*;
use models::clocks::{AnyClock, Synchronised};
use models::environment::OmissionWay;
use models::faults::{Byzantine, Conduct, Isolation, Omission, Shape};
use models::outcome::Failure;
use models::protocols::{Group, Row};
use models::record::Loss;

fn conserved(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
}

/// All members die in the end, so that nothing goes on for ever.
pub fn mortal(group: Group, link: Link, faults: Vec<PlannedFault>) -> SystemSpec {
    let mut spec = SystemSpec { clocks: Vec::new(), ..grouped(group, faults) };
    spec.links[1] = link;
    spec.faults.push(crash("group", ms(28_000), None, WhileDown::Silence));
    spec
}

pub fn room() -> Link {
    link("room", "room", Distribution::Constant(ms(20)))
}

fn fault(fault: AnyFault) -> PlannedFault {
    PlannedFault::once(fault, ms(5_000), Some(ms(10_000)))
}

fn omission(node: &str, way: OmissionWay, kinds: &[&str]) -> AnyFault {
    let kinds = Names(kinds.iter().map(|&kind| kind.to_owned()).collect());
    AnyFault::Omission(Omission {
        node: Names::one(node),
        domain: Names::default(),
        way,
        share: Share::ALL,
        peers: Names::default(),
        kinds,
    })
}

fn missed(ended: &Ended, why: Loss) -> usize {
    ended.seen.iter().filter(|(_, record)| matches!(record, Record::MemberMissed(_, loss) if *loss == why)).count()
}

fn count(ended: &Ended, wanted: fn(&Record) -> bool) -> u64 {
    ended.seen.iter().filter(|(_, record)| wanted(record)).count() as u64
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

#[test]
fn whatever_members_say_arrives_or_is_lost_on_lines_of_every_kind() {
    let bandwidth = |link| Link { bandwidth: Some("100kbit/s".parse().expect("it is a bandwidth")), ..link };
    let noisy = |link| Link { duplicate: Share::percent(20), corrupt: Share::percent(10), loss: Share::percent(10), ..link };
    for group in groups().into_iter().filter(|group| group.name() != "TimeServer") {
        let name = group.name();
        for link in [room(), noisy(room()), bandwidth(room()), noisy(bandwidth(room()))] {
            let is_noisy = link.loss != Share::NONE;
            let ended = play(&mortal(group.clone(), link, vec![silence("group[0]", 5_500, 4_000)]), 1);
            conserved(&ended);
            let messages = ended.measures.messages;
            assert_eq!(messages.copied > 10 && messages.corrupt > 5 && messages.lost > 5, is_noisy, "{name}: {messages:?}");
            assert!(missed(&ended, Loss::Dead) > 0, "{name}");
            let (sent, heard) = (
                count(&ended, |record| matches!(record, Record::MemberSent(_))),
                count(&ended, |record| matches!(record, Record::MemberHeard(_))),
            );
            assert!(is_noisy || heard + missed(&ended, Loss::Dead) as u64 == sent, "{name}: {heard} of {sent}");
        }
    }
}

#[test]
fn members_that_are_isolated_or_omit_are_not_heard() {
    for group in groups().into_iter().filter(|group| ["Swim", "Heartbeats", "Gossip"].contains(&group.name())) {
        let name = group.name();
        let isolation = AnyFault::Isolation(Isolation { node: Names::one("group[1]"), domain: Names::default(), shape: Shape::One });
        let ended = play(&mortal(group.clone(), room(), vec![fault(isolation)]), 1);
        conserved(&ended);
        assert!(missed(&ended, Loss::Cut) > 5, "{name}");
        let omission = omission("group[1]", OmissionWay::Send, &[]);
        let ended = play(&mortal(group, room(), vec![fault(omission)]), 1);
        conserved(&ended);
        assert!(missed(&ended, Loss::Omitted) > 5, "{name}");
    }
}

#[test]
fn a_kind_of_message_between_members_can_be_lost_alone() {
    let beats = groups().into_iter().find(|group| group.name() == "Heartbeats").expect("there is one");
    let ended = play(&mortal(beats.clone(), room(), Vec::new()), 1);
    assert_eq!(observed(&ended, "false suspicions"), 0);
    let mut spec = mortal(beats, room(), Vec::new());
    spec.links.push(Link { kinds: vec!["beat".to_owned()], loss: Share::ALL, ..room() });
    let ended = play(&spec, 1);
    conserved(&ended);
    assert_eq!(count(&ended, |record| matches!(record, Record::MemberHeard(_))), 0);
    assert!(ended.measures.succeeded > 50, "callers are heard");
}

#[test]
fn a_silent_member_is_suspected_and_answers_nobody() {
    let beats = groups().into_iter().find(|group| group.name() == "Heartbeats").expect("there is one");
    let silent = Byzantine { node: Names::one("group[1]"), domain: Names::default(), f: 1, conduct: Conduct::Silent, beyond: true };
    let ended = play(&mortal(beats, room(), vec![fault(AnyFault::Byzantine(silent))]), 1);
    conserved(&ended);
    assert!(observed(&ended, "false suspicions") >= 2, "both others suspect it");
    assert!(ended.measures.failed[Failure::Timeout.index()] > 30, "every third call in ten seconds is not answered");
}

#[test]
fn a_row_that_lies_grants_every_write_and_writes_none() {
    let lies =
        Byzantine { node: Names::one("group"), domain: Names::default(), f: 1, conduct: Conduct::WrongAnswers(Share::ALL), beyond: true };
    let row = || Group::Row(Row { domain: Placement(vec!["room".to_owned()]), message_size: USUAL_SIZE });
    let conflicts = |faults| {
        let spec = SystemSpec { clocks: Vec::new(), stacks: Vec::new(), ..grouped(row(), faults) };
        let ended = play(&spec, 1);
        conserved(&ended);
        (ended.measures.failed[Failure::Conflict.index()], ended.measures.succeeded, ended.measures.wrong)
    };
    let (honest, _, wrong) = conflicts(Vec::new());
    assert!(honest > 50 && wrong == 0);
    let always = |lies: &Byzantine| vec![PlannedFault::once(lies.clone().into(), SimDuration::NANOSECOND, None)];
    let (lied, succeeded, wrong) = conflicts(always(&lies));
    assert!((lied, wrong) == (0, succeeded) && succeeded > 50, "every success rests on lies: {wrong} of {succeeded}");
    // A lie told to some shows in their answers alone; one that has nothing to say is none.
    let some = conflicts(always(&Byzantine { conduct: Conduct::WrongAnswers(Share::percent(20)), ..lies.clone() }));
    assert!(some.2 > 10 && some.2 < some.1, "{some:?}");
    // What a row said before is a lie as soon as it is not true any more.
    assert!(conflicts(always(&Byzantine { conduct: Conduct::Replay(Share::ALL), ..lies })).2 > 10);
}

#[test]
fn an_exchange_with_a_time_server_is_made_of_messages_like_all_others() {
    let set = |way: Link, faults: Vec<PlannedFault>| {
        let clock = AnyClock::Synchronised(Synchronised { server: "app".to_owned(), every: SimDuration::from_secs(1) });
        let mut spec = pair(clients(1, "server", once()), service(Distribution::Constant(ms(1))), way, vec![timeout(ms(500))]);
        spec.clocks = vec![("server".to_owned(), clock)];
        spec.clockwork.horizon = SimDuration::from_secs(20);
        spec.faults = faults;
        let ended = play(&spec, 1);
        conserved(&ended);
        (observed(&ended, "clocks set"), ended.measures.messages)
    };
    let way = || link("app", "server", Distribution::Constant(ms(30)));
    let (often, plain) = set(way(), Vec::new());
    assert_eq!((often, plain.sent), (20, 42), "two messages each, and those of the call");
    // Copies are messages, and set no clock twice; a line with a memory makes no difference but that it has one.
    let (copied, messages) = set(Link { duplicate: Share::ALL, ..way() }, Vec::new());
    assert!(copied == 20 && messages.copied > 40, "{copied}, {messages:?}");
    assert!(set(Link { loss: Share::percent(50), corrupt: Share::percent(1), ..way() }, Vec::new()).0 < 12);
    let (fewer, messages) = set(way(), vec![cut("app", "server", false, ms(5_500), Some(ms(10_000)))]);
    assert_eq!((fewer, messages.cut), (10, 10));
    let (fewer, messages) = set(way(), vec![fault(omission("server", OmissionWay::Both, &["request"]))]);
    assert_eq!((fewer, messages.omitted), (10, 10));
}
