//! What is true of every trace?

use super::{Follower, Seen, TraceEvent, line};
use crate::library;
use crate::run::run;
use crate::text::Source;
use crate::{Extent, Scenario, read};
use models::plan::Plan;
use models::record::{AttemptName, Record};
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use std::collections::BTreeMap;

fn shipped(name: &str) -> Scenario {
    let text = library::find(name).unwrap_or_else(|| panic!("{name} is shipped")).text;
    read(Source::new(name, text), name, &[], Extent::AsWritten).unwrap_or_else(|(_, problems)| panic!("{problems:?}"))
}

fn small(nodes: &str, rest: &str) -> Scenario {
    let text = format!("(schema: 1, name: \"x\", horizon: \"3s\", nodes: {{ {nodes} }}, {rest})");
    read(Source::new("x.ron", &text), "x.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// Follows a run of the last arm; answers how much was remembered at most and at the end.
fn follow(scenario: &Scenario, seed: u64, mut see: impl FnMut(&Plan, &Seen)) -> (usize, u64) {
    let arm = scenario.cells[0].arms.last().expect("a scenario has an arm");
    let mut events = 0;
    let mut follower = Follower::new(arm.of_run(seed), |plan: &Plan, seen: &Seen| {
        events += 1;
        see(plan, seen);
    });
    let followed = run(arm, seed, TieBreak::ByRank, Some(&mut follower as &mut dyn Observer<Record>));
    let left = follower.remembered();
    drop(follower);
    let plain = run(arm, seed, TieBreak::ByRank, None);
    assert_eq!(followed, plain, "{}: to be followed changes nothing", scenario.name);
    (left, events)
}

/// One of every kind that this program simulates.
const OF_MANY_KINDS: [&str; 14] = [
    "backoff-full-jitter",
    "cascade",
    "hedging",
    "fan-out",
    "saga-coordinator-dies",
    "poison-message",
    "publish-subscribe",
    "lease-and-clock",
    "failure-detectors",
    "cut-that-holds",
    "silent-corruption",
    "health-checks",
    "rolling-restart",
    "read-replicas",
];

#[test]
fn tracing_changes_no_run_and_every_cause_is_an_earlier_event() {
    for name in OF_MANY_KINDS {
        let (mut last, mut roots) = (0, 0_u64);
        let mut lives = BTreeMap::new();
        let (_, events) = follow(&shipped(name), 1, |_, seen| {
            assert_eq!(seen.id, last + 1, "{name}: numbers have no gaps");
            last = seen.id;
            assert!(seen.cause.is_none_or(|cause| cause < seen.id), "{name}: {seen:?}");
            roots += u64::from(seen.cause.is_none());
            if let Some(node) = seen.node {
                let life = lives.insert(node, seen.life).unwrap_or(1);
                assert!(seen.life == life || (seen.life == life + 1 && matches!(seen.record, Record::NodeReturned(_))), "{name}: {seen:?}");
            }
        });
        assert!(events > 1_000 && roots > 0 && roots < events / 2, "{name}: {roots} of {events} events have no cause");
    }
}

#[test]
fn what_is_remembered_of_a_run_does_not_grow_with_its_length() {
    for name in OF_MANY_KINDS {
        let (left, events) = follow(&shipped(name), 1, |_, _| {});
        // What is left is under way: messages that a slow consumer has not worked on when the last client has its answer.
        assert!(left < 1_000 && left as u64 * 20 < events, "{name}: {left} entries are left after {events} events");
    }
    let most = |horizon: &str| {
        let text = format!(
            "(schema: 1, name: \"x\", horizon: \"{horizon}\", nodes: {{ \
             \"clients\": Clients(count: 50, arrivals: Poisson(rate: \"200/s\"), calls: \"front\", domain: \"out\"), \
             \"front\": Service(workers: 8, demand: Constant(\"1ms\"), does: [Call(\"back\")], domain: \"in\"), \
             \"back\": Service(replicas: 2, workers: 2, demand: Exponential(mean: \"5ms\"), domain: \"in\") }}, \
             links: [Link(from: \"out\", to: \"in\", delay: Constant(\"5ms\"), loss: \"5%\", duplicate: \"5%\")], \
             faults: [Crash(node: \"back[0]\", at: \"500ms\", lasts: \"200ms\", every: \"1s\")], \
             stacks: {{ \"clients -> front\": [Retry(attempts: 3, backoff: Immediate()), Timeout(\"100ms\")], \"front -> back\": [Timeout(\"50ms\")] }})"
        );
        let scenario = read(Source::new("x.ron", &text), "x.ron", &[], Extent::AsWritten)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let arm = &scenario.cells[0].arms[0];
        let mut events = 0_u64;
        let mut follower = Follower::new(arm.of_run(1), |_: &Plan, _: &Seen| events += 1);
        run(arm, 1, TieBreak::ByRank, Some(&mut follower as &mut dyn Observer<Record>));
        let most = follower.most_remembered();
        drop(follower);
        (most, events)
    };
    let (short, long) = (most("3s"), most("30s"));
    assert!(long.1 > 8 * short.1 && long.0 < 2 * short.0, "ten times the events, and not twice the memory: {short:?} and {long:?}");
}

#[test]
fn the_causes_of_an_answer_lead_back_through_its_own_request() {
    let scenario = small(
        "\"clients\": Clients(count: 1, arrivals: Constant(rate: \"1/s\"), calls: \"front\"), \
         \"front\": Service(workers: 1, demand: Constant(\"10ms\"), does: [Call(\"back\")]), \"back\": Service(workers: 1, demand: Constant(\"20ms\"))",
        "",
    );
    let mut events: Vec<TraceEvent<'static>> = Vec::new();
    follow(&scenario, 1, |plan, seen| events.push(TraceEvent::of(plan, seen).into_owned()));
    let end = events.iter().find(|event| event.kind == "end" && event.node.as_deref() == Some("clients")).expect("a call ends");
    let mut chain = vec![format!("{} at {}", end.kind, end.node.as_deref().unwrap_or("nowhere"))];
    let mut cause = end.cause;
    while let Some(id) = cause {
        let event = &events[id as usize - 1];
        chain.push(format!("{} at {}", event.kind, event.node.as_deref().unwrap_or("nowhere")));
        cause = event.cause;
    }
    assert_eq!(
        chain,
        [
            "end at clients",
            "deliver at clients",
            "answer at front[0]",
            "end at front[0]",
            "deliver at front[0]",
            "answer at back[0]",
            "start at back[0]",
            "send at front[0]",
            "call at front[0]",
            "start at front[0]",
            "send at clients",
            "call at clients"
        ]
    );
    let child = events.iter().find(|event| event.kind == "call" && event.node.as_deref() == Some("front[0]")).expect("it calls");
    let parent = events[0].call.as_ref().expect("it is about a call");
    assert_eq!(child.call.as_ref().and_then(|call| call.within.clone()), Some((parent.key.clone(), 1)));
}

#[test]
fn what_a_crash_does_is_caused_by_it() {
    let scenario = small(
        "\"clients\": Clients(count: 20, arrivals: Constant(rate: \"10/s\"), calls: \"service\"), \
         \"service\": Service(workers: 1, demand: Constant(\"50ms\"))",
        "faults: [Crash(node: \"service\", at: \"1020ms\", lasts: \"1s\")], stacks: { \"clients -> service\": [Timeout(\"200ms\")] }",
    );
    let mut seen_so_far: Vec<Seen> = Vec::new();
    follow(&scenario, 1, |_, seen| seen_so_far.push(seen.clone()));
    let of = |wanted: fn(&Record) -> bool| seen_so_far.iter().find(|seen| wanted(&seen.record)).expect("it happens").clone();
    let (began, ended) = (of(|record| matches!(record, Record::FaultBegan(..))), of(|record| matches!(record, Record::FaultEnded(..))));
    let (died, returned) = (of(|record| matches!(record, Record::NodeDied(_))), of(|record| matches!(record, Record::NodeReturned(_))));
    assert_eq!((began.cause, died.cause, returned.cause), (None, Some(began.id), Some(ended.id)));
    assert_eq!((died.life, returned.life), (1, 2));
    // What it worked on is gone, and whoever waits for that gives up because of the crash.
    let begun = |seen: &&Seen| seen.id < died.id && matches!(seen.record, Record::Started(..));
    let Record::Started(lost, _) = seen_so_far.iter().rev().find(begun).expect("it worked").record else { unreachable!() };
    let given_up = |lost: AttemptName| {
        let is_end = |record: &Record| match record {
            Record::Abandoned(name, _) => *name == lost,
            Record::CallEnded(name, _) => *name == lost.call,
            _ => false,
        };
        seen_so_far.iter().find(|seen| is_end(&seen.record)).expect("nobody answers").cause
    };
    assert_eq!(given_up(lost), Some(died.id));
    // Who comes while it is dead is told nothing, and gives up because the request was lost.
    let dropped = of(|record| matches!(record, Record::Dropped(..)));
    let Record::Dropped(lost, ..) = dropped.record else { unreachable!() };
    assert_eq!(given_up(lost), Some(dropped.id));
}

#[test]
fn an_event_in_words_is_equal_to_itself_and_to_no_other() {
    let mut fingerprints = BTreeMap::new();
    let mut lines = BTreeMap::new();
    follow(&shipped("lease-and-clock"), 1, |plan, seen| {
        let event = TraceEvent::of(plan, seen);
        let text = line(plan, seen.at, &seen.record);
        let other = fingerprints.insert(event.fingerprint(), event.clone().into_owned());
        assert!(other.is_none_or(|other| other.says_the_same(&event)), "{event:?}");
        let json = serde_json::to_string(&event).expect("an event can be written");
        assert_eq!(serde_json::from_str::<TraceEvent<'_>>(&json).expect("and read"), event);
        lines.insert(text, event.fingerprint());
    });
    assert!(fingerprints.len() >= lines.len(), "what differs as text differs: {} and {}", fingerprints.len(), lines.len());
}

/// What befell nodes in a run of this fault, each with the kind of its cause; and the kinds of what lay unheard.
fn befell(scenario: &Scenario, kinds: &[&str]) -> Vec<(String, String, Option<String>)> {
    let mut events: Vec<TraceEvent<'static>> = Vec::new();
    follow(scenario, 1, |plan, seen| events.push(TraceEvent::of(plan, seen).into_owned()));
    let told = events.iter().filter(|event| kinds.contains(&event.kind.as_ref()));
    let cause = |event: &TraceEvent<'_>| event.cause.map(|cause| events[cause as usize - 1].kind.to_string());
    told.map(|event| (event.kind.to_string(), event.node.as_deref().unwrap_or_default().to_owned(), cause(event))).collect()
}

#[test]
fn what_befalls_several_nodes_at_once_comes_of_the_fault_and_of_none_of_them() {
    // Members whose timers come due while they stand still: each fires when its own node goes on.
    let group = |fault: &str| {
        let nodes = "\"app\": Clients(count: 2, arrivals: ClosedLoop(think: Constant(\"100ms\")), calls: \"raft\")";
        small(
            nodes,
            &format!(
                "groups: {{ \"raft\": Raft(members: 3, domain: [\"one\"]) }}, links: [Link(from: \"default\", to: \"one\", delay: Constant(\"1ms\"))], faults: [{fault}]"
            ),
        )
    };
    for (fault, begins, ends) in [
        ("Pause(domain: \"one\", at: \"1s\", lasts: \"500ms\")", "node-pauses", "node-resumes"),
        ("Crash(domain: \"one\", at: \"1s\", lasts: \"500ms\")", "node-dies", "node-returns"),
    ] {
        let befell = befell(&group(fault), &[begins, ends]);
        assert_eq!(befell.len(), 6, "{befell:?}");
        for (kind, node, cause) in befell {
            let expected = if kind == begins { "fault-begins" } else { "fault-ends" };
            assert_eq!(cause.as_deref(), Some(expected), "{node} {kind}");
        }
    }
}

#[test]
fn a_request_that_reaches_a_node_that_stands_still_lies_there_because_it_does() {
    let scenario = small(
        "\"clients\": Clients(count: 1, arrivals: Constant(rate: \"10/s\"), calls: \"front\"), \"front\": Service(workers: 1, demand: Constant(\"10ms\"))",
        "faults: [Pause(node: \"front[0]\", at: \"1s\", lasts: \"500ms\")]",
    );
    let befell = befell(&scenario, &["unheard"]);
    assert!(befell.len() >= 4, "{befell:?}");
    let expected = ("unheard".to_owned(), "front[0]".to_owned(), Some("node-pauses".to_owned()));
    assert!(befell.iter().all(|unheard| *unheard == expected), "{befell:?}");
}
