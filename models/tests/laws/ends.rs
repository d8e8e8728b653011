//! What do faults of links do that name nodes, and what does a cut do that holds what it stops?

use crate::faults::{ended_as, instants, one_call};
use crate::process::sound;
use crate::talk::{mortal, room};
use crate::*;
use models::clocks::{AnyClock, Synchronised};
use models::faults::{BadLink, FlappingLink, Pause};
use models::outcome::{Failure, Outcome};
use models::protocols::{Counted, Detector, Group, Heartbeats, Lease};
use models::record::Loss;
use models::strategies::backoff::Immediate;
use std::collections::BTreeSet;

const ONE: SimDuration = SimDuration::NANOSECOND;

fn between(from: &str, to: &str) -> Cut {
    Cut { from: from.to_owned(), to: to.to_owned(), ..Cut::default() }
}

fn held(from: &str, to: &str, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::Cut(Cut { holds: true, ..between(from, to) }), ms(begin), Some(ms(lasts)))
}

fn once(fault: impl Into<AnyFault>, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(fault.into(), ms(begin), Some(ms(lasts)))
}

/// Two populations in one domain, `app` and `batch`, call four replicas of `server` in two others, which call `back` beside them.
fn crowd(faults: Vec<PlannedFault>) -> SystemSpec {
    let two = Placement(vec!["server".to_owned(), "far".to_owned()]);
    let server = Service {
        replicas: 4,
        domain: two,
        does: vec![models::services::Task::Call("back".to_owned())],
        ..service(Distribution::Constant(ms(5)))
    };
    let mut spec = pair(clients(10, "server", poisson(100)), server, link("app", "server", exponential(ms(10))), vec![timeout(ms(500))]);
    spec.clients.push(("batch".to_owned(), clients(10, "server", poisson(50))));
    spec.services.push(("back".to_owned(), service(exponential(ms(5)))));
    spec.links.push(link("app", "far", exponential(ms(20))));
    spec.links.push(link("server", "far", exponential(ms(8))));
    spec.stacks.push(("batch -> server".to_owned(), vec![timeout(ms(500))]));
    spec.stacks.push(("server -> back".to_owned(), vec![timeout(ms(300))]));
    spec.clockwork.horizon = SimDuration::from_secs(10);
    spec.faults = faults;
    spec
}

/// Who sent to whom what a cut swallowed, by name of edge and node.
fn swallowed(ended: &Ended) -> BTreeSet<(String, String)> {
    let drop = |(_, record): &(SimTime, Record)| match record {
        Record::Dropped(name, node, Loss::Cut) => {
            let edge = ended.plan.edges[name.call.edge.index()].name.clone();
            Some((edge, ended.plan.nodes[node.index()].name.clone()))
        }
        _ => None,
    };
    ended.seen.iter().filter_map(drop).collect()
}

fn hits(from: &str, to: &str) -> Vec<String> {
    let ended = play(&crowd(vec![once(between(from, to), 2_000, 6_000)]), 1);
    sound(&ended);
    swallowed(&ended).into_iter().map(|(edge, node)| format!("{edge} {node}")).collect()
}

#[test]
fn a_cut_hits_the_messages_between_its_ends_whatever_they_are_and_no_others() {
    // A population and one replica.
    assert_eq!(hits("batch", "server[1]"), ["batch -> server server[1]"]);
    // Either side alone: everybody in a domain, and a whole service, of which `server` names the domain.
    assert_eq!(hits("far", "batch"), ["batch -> server server[1]", "batch -> server server[3]"]);
    // Two services beside each other, in one domain and from another.
    let inner = ["server -> back back[0]"];
    assert_eq!(hits("back", "server[0]"), inner);
    assert_eq!(hits("server[3]", "back[0]"), inner);
    // A replica and the domain around it; a domain and somebody in it.
    assert_eq!(hits("server[0]", "server"), inner);
    let all = hits("app", "server[2]");
    assert_eq!(all, ["app -> server server[2]", "batch -> server server[2]"], "`app` is a domain as well, in which both stand");
}

#[test]
fn to_be_named_by_a_fault_changes_nothing_before_it_strikes_and_nothing_after() {
    let of = |faults| {
        let ended = play(&crowd(faults), 3);
        sound(&ended);
        let seen = ended.seen.iter().filter(|(_, record)| !matches!(record, Record::FaultBegan(..) | Record::FaultEnded(..)));
        (seen.copied().collect::<Records>(), ended.measures)
    };
    let (alone, measures) = of(Vec::new());
    let harmless = BadLink { from: "server[0]".to_owned(), to: "back".to_owned(), jitter: Some(ms(0)), ..BadLink::default() };
    for fault in [
        once(harmless, 1_000, 5_000),
        PlannedFault::once(between("batch", "server[3]").into(), ms(9_999), Some(ONE)),
        PlannedFault::once(between("back[0]", "server[0]").into(), ms(9_999), Some(ONE)),
    ] {
        let (named, its) = of(vec![fault]);
        assert!(named == alone && its.succeeded == measures.succeeded, "the run is another one");
    }
}

#[test]
fn a_bad_link_may_be_bad_for_some_kinds_of_message_alone() {
    let bad = |kinds: &[&str]| {
        let kinds = Names(kinds.iter().map(|&kind| kind.to_owned()).collect());
        BadLink {
            from: "app".to_owned(),
            to: "server[0]".to_owned(),
            delay: Some(Distribution::Constant(ms(30))),
            kinds,
            ..BadLink::default()
        }
    };
    let ended = |faults: Vec<BadLink>| {
        let ended = play(&one_call(Vec::new(), faults.into_iter().map(|bad| once(bad, 1, 10_000)).collect()), 1);
        sound(&ended);
        let [(_, _)] = ended_as(&ended)[..] else { panic!("one call") };
        (instants(&ended, |record| matches!(record, Record::Answered(..)))[0], ended_as(&ended)[0].0)
    };
    // The fault begins a millisecond after the request has left.
    assert_eq!(ended(vec![bad(&["request"])]), (ms(110), ms(120)));
    assert_eq!(ended(vec![bad(&["reply"])]), (ms(110), ms(150)));
    // One for all kinds and one for some add up, in either order; of two for different kinds each message meets its own.
    assert_eq!(ended(vec![bad(&["reply"]), bad(&[])]).1, ms(180));
    assert_eq!(ended(vec![bad(&[]), bad(&["reply", "cancel"])]).1, ms(180));
    assert_eq!(ended(vec![bad(&["request"]), bad(&["reply"])]).1, ms(150));
}

#[test]
fn members_of_a_group_are_ends_as_well_and_so_are_the_kinds_of_their_messages() {
    let heartbeats = || {
        Group::Heartbeats(Heartbeats {
            members: 4,
            every: ms(500),
            detector: Detector::FixedTimeout(ms(1_800)),
            domain: Placement(vec!["room".to_owned()]),
            message_size: USUAL_SIZE,
            authenticated: false,
        })
    };
    let missed = |group: Group, fault: AnyFault| {
        let ended = play(&mortal(group, room(), vec![once(fault, 5_000, 10_000)]), 1);
        let of = |(_, record): &(SimTime, Record)| match record {
            Record::MemberMissed(name, Loss::Cut | Loss::Link) => Some((name.from.0 - 1, name.to.0 - 1, name.kind)),
            _ => None,
        };
        ended.seen.iter().filter_map(of).collect::<BTreeSet<_>>()
    };
    let ends = |all: &BTreeSet<(u32, u32, &'static str)>| all.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>();
    assert_eq!(ends(&missed(heartbeats(), between("group[0]", "group[2]").into())), [(0, 2), (2, 0)]);
    // One of them and the whole group: it is parted from all others, and they stay together.
    let apart = missed(heartbeats(), Cut { one_way: true, ..between("group[1]", "group") }.into());
    assert_eq!(ends(&apart), [(1, 0), (1, 2), (1, 3)]);
    // Inside a group, by kind.
    let lease = Lease {
        holders: 2,
        length: SimDuration::from_secs(2),
        counted: Counted::FromRequest,
        renews_after: None,
        domain: Placement(vec!["room".to_owned()]),
        message_size: USUAL_SIZE,
        authenticated: false,
    };
    let grants =
        BadLink { from: "group".to_owned(), to: "group".to_owned(), loss: Share::ALL, kinds: Names::one("grant"), ..BadLink::default() };
    let lost = missed(Group::Lease(lease), grants.into());
    assert!(!lost.is_empty() && lost.iter().all(|&(from, _, kind)| from == 0 && kind == "grant"), "{lost:?}");
}

#[test]
fn a_cut_that_holds_delivers_at_its_end_what_would_have_come_and_lets_set_out_what_was_sent() {
    let of = |faults| {
        let ended = play(&one_call(Vec::new(), faults), 1);
        sound(&ended);
        assert_eq!(ended.measures.messages.cut, 0);
        (instants(&ended, |record| matches!(record, Record::Started(..)))[0], ended_as(&ended)[0].0)
    };
    // The request is on the wire from 0 to 10 ms, the answer from 110 to 120 ms.
    assert_eq!(of(vec![held("app", "server", 5, 45)]), (ms(50) - ONE, ms(160) - ONE));
    assert_eq!(of(vec![held("app", "server", 2, 5)]), (ms(10), ms(120)), "what would have come later is not touched");
    assert_eq!(of(vec![held("app", "server[0]", 60, 140)]), (ms(10), ms(210) - ONE), "the answer sets out at 200 ms");
    assert_eq!(of(vec![held("app", "server", 115, 100)]), (ms(10), ms(215) - ONE));
    // Two that overlap, or follow each other, hold until the second is over.
    assert_eq!(of(vec![held("app", "server", 5, 25), held("server", "app", 20, 40)]).0, ms(60) - ONE);
    assert_eq!(of(vec![held("app", "server", 5, 25), held("app", "server[0]", 30, 30)]).0, ms(60) - ONE);
    assert_eq!(of(vec![held("app", "server[0]", 30, 30), held("app", "server", 5, 25)]).0, ms(60) - ONE);
}

#[test]
fn what_a_cut_holds_is_lost_to_one_that_loses_and_a_refusal_is_still_heard() {
    let call = |stack, faults| {
        let ended = play(&one_call(stack, faults), 1);
        sound(&ended);
        (ended_as(&ended), ended.measures.messages.cut)
    };
    let lost = call(vec![timeout(ms(300))], vec![held("app", "server", 5, 100), once(between("app", "server[0]"), 50, 10)]);
    assert_eq!(lost, (vec![(ms(300), Outcome::Failed(Failure::Timeout))], 1));
    let under = call(vec![timeout(ms(300))], vec![once(between("app", "server"), 2, 100), held("app", "server", 5, 100)]);
    assert_eq!(under, (vec![(ms(300), Outcome::Failed(Failure::Timeout))], 1));
    // Who is refused is told so; the request on the wire when the cut began waits, and nobody waits for it any more.
    let stack = vec![retry(2, AnyBackoff::Immediate(Immediate {})), timeout(ms(30))];
    let refusing = Cut { holds: true, how: Blocking::Refuse, ..between("app", "server") };
    let ended = play(&one_call(stack, vec![once(refusing, 5, 95)]), 1);
    assert_eq!(ended_as(&ended), [(ms(50) + ONE, Outcome::Failed(Failure::Refused))]);
    assert_eq!(instants(&ended, |record| matches!(record, Record::Started(..))), [ms(100) - ONE]);
    assert_eq!((ended.measures.messages.cut, ended.in_use), (1, (0, 0)));
}

#[test]
fn every_kind_of_message_is_held_and_let_go() {
    let lines: [fn(Link) -> Link; 3] = [
        |link| link,
        |link| Link { fifo: true, ..link },
        |link| Link { duplicate: Share::percent(30), corrupt: Share::percent(5), ..link },
    ];
    for line in lines {
        // Calls and words that callers have gone.
        let mut spec = crowd(vec![held("app", "server", 2_000, 1_000), held("back", "far", 2_500, 4_000)]);
        spec.links = spec.links.into_iter().map(line).collect();
        spec.services.iter_mut().for_each(|(_, service)| service.late_work = LateWork::Cancel);
        let ended = play(&spec, 1);
        let messages = ended.measures.messages;
        assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
        assert_eq!((ended.in_use, messages.cut), ((0, 0), 0));
        // Members.
        for group in clocks::groups() {
            let spec = mortal(group, line(room()), vec![held("group[0]", "room", 5_000, 5_000), held("app", "group", 7_000, 6_000)]);
            let ended = play(&spec, 1);
            let messages = ended.measures.messages;
            assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
            assert_eq!((ended.in_use, messages.cut), ((0, 0), 0));
        }
    }
}

/// The instants at which the clock of `server` is set: it asks every second over 30 ms.
fn set(faults: Vec<PlannedFault>) -> Vec<SimDuration> {
    let way = link("app", "server", Distribution::Constant(ms(30)));
    let mut spec = pair(clients(1, "server", crate::once()), service(Distribution::Constant(ms(1))), way, vec![timeout(ms(500))]);
    let clock = AnyClock::Synchronised(Synchronised { server: "app".to_owned(), every: ms(1_000) });
    spec.clocks = vec![("server".to_owned(), clock)];
    spec.clockwork.horizon = ms(10_000);
    spec.faults = faults;
    let ended = play(&spec, 1);
    sound(&ended);
    instants(&ended, |record| matches!(record, Record::ClockSet(..)))
}

#[test]
fn an_exchange_with_a_time_server_is_held_as_well_and_given_up_for_the_next_one() {
    let usual: Vec<_> = (0..10).map(|second| ms(1_000 * second + 60)).collect();
    assert_eq!(set(Vec::new()), usual);
    // The request of 3 s is held for 500 ms; of those of 5, 6 and 7 s only the last is still waited for.
    let held = set(vec![held("app", "server[0]", 2_900, 600), held("app", "server", 4_900, 2_700)]);
    let expected: Vec<_> = [60, 1_060, 2_060, 3_560, 4_060, 7_660, 8_060, 9_060].into_iter().map(ms).collect();
    assert!(held.len() == expected.len() && held.iter().zip(&expected).all(|(a, b)| *a <= *b && *b <= *a + ONE), "{held:?}");
}

#[test]
fn a_clock_asks_nobody_while_its_node_stands_still_and_goes_on_afterwards() {
    let pause = |begin, lasts| once(Pause { node: Names::one("server"), ..Pause::default() }, begin, lasts);
    let seen = |faults| set(faults).into_iter().map(|at| (at + ONE).as_nanos() / 1_000_000).collect::<Vec<_>>();
    // Due at 6, 7 and 8 s: it asks once, when the node goes on, and a second after that.
    assert_eq!(seen(vec![pause(5_500, 2_750)]), [60, 1_060, 2_060, 3_060, 4_060, 5_060, 8_310, 9_310]);
    // An answer that comes during the pause is heard at its end, if the next exchange is not due by then.
    assert_eq!(seen(vec![pause(5_040, 460)])[5..7], [5_500, 6_060]);
    assert_eq!(seen(vec![pause(5_040, 1_460)])[5..7], [6_560, 7_560]);
    // A crash meanwhile ends neither the clock nor its exchanges.
    let dies = crash("server", ms(6_500), Some(ms(1_000)), WhileDown::Silence);
    assert_eq!(seen(vec![pause(5_500, 1_500), dies])[6..].len(), 3);
}

#[test]
fn what_begins_when_something_else_ends_takes_over_from_it_in_either_order() {
    let pause = |begin, lasts| once(Pause { node: Names::one("server"), ..Pause::default() }, begin, lasts);
    let crash = |begin, lasts| crash("server", ms(begin), Some(ms(lasts)), WhileDown::Silence);
    let seen = |faults: Vec<PlannedFault>| {
        let ended = play(&crowd(faults), 1);
        sound(&ended);
        let is_fault = |record: &Record| matches!(record, Record::FaultBegan(..) | Record::FaultEnded(..));
        ended.seen.into_iter().filter(|(_, record)| !is_fault(record)).collect::<Records>()
    };
    for (first, second, whole) in [
        (pause(1_000, 500), pause(1_500, 700), pause(1_000, 1_200)),
        (crash(1_000, 500), crash(1_500, 700), crash(1_000, 1_200)),
        (held("app", "server", 1_000, 500), held("app", "server", 1_500, 700), held("app", "server", 1_000, 1_200)),
    ] {
        let whole = seen(vec![whole]);
        assert!(seen(vec![first.clone(), second.clone()]) == whole, "{}", first.label());
        assert!(seen(vec![second, first.clone()]) == whole, "{}", first.label());
    }
}

#[test]
fn ends_that_nothing_is_called_and_cuts_that_contradict_themselves_are_refused() {
    let complaints = |fault: AnyFault| {
        let found = Plan::new(&one_call(Vec::new(), vec![once(fault, 1, 5)])).expect_err("it is wrong");
        found.into_iter().map(|complaint| (complaint.field, complaint.message)).collect::<Vec<_>>()
    };
    let fields = |fault: AnyFault| complaints(fault).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    assert_eq!(fields(between("app[0]", "sever").into()), ["faults[0].from", "faults[0].to"]);
    assert_eq!(fields(between("app", "server[1]").into()), ["faults[0].to"]);
    assert_eq!(fields(between("server[0]", "server[0]").into()), ["faults[0].to"]);
    let both = Cut { holds: true, how: Blocking::Reset, ..between("app", "server") };
    assert_eq!(fields(both.into()), ["faults[0].holds"]);
    let down = Distribution::Constant(ms(1));
    let flapping = FlappingLink {
        from: "app".to_owned(),
        to: "nobody".to_owned(),
        down: down.clone(),
        up: down,
        one_way: false,
        how: Blocking::Blackhole,
    };
    assert_eq!(fields(flapping.into()), ["faults[0].to"]);
    let bad = BadLink { from: "app".to_owned(), to: "server".to_owned(), loss: Share::ALL, kinds: Names::one("ask"), ..BadLink::default() };
    let found = complaints(bad.into());
    assert_eq!(found[0].0, "faults[0].kinds");
    assert!(found[0].1.contains("request"), "{found:?}");
}
