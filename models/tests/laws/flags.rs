//! Who has a flag on and when, what is done there, and when it is taken back.

use crate::faults::one_call;
use crate::orchestrator::{clean, observed};
use crate::*;
use models::faults::{EmergencyLever, Experiment, FlagRollout, Trigger};
use models::services::{Flag, Rollback, Task};
use models::strategies::breaker::{AnyBreaker, ConsecutiveFailures, Lever};
use models::strategies::{Breaker, Scope};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn rollout(flag: &str, pace: u64, back: Option<u64>) -> AnyFault {
    let node = Names::one("server");
    AnyFault::FlagRollout(FlagRollout { node, domain: Names::default(), flag: flag.to_owned(), rollout: secs(pace), back: back.map(secs) })
}

/// Two hundred calls a second of four replicas, which call `new` where the flag is on, and `old` where it is not.
fn flagged(faults: Vec<PlannedFault>) -> SystemSpec {
    let call = |name: &str| vec![Task::Call(name.to_owned())];
    let mut spec = one_call(vec![timeout(secs(2))], faults);
    spec.clients[0].1 = clients(50, "server", poisson(200));
    let flag = Flag { name: "better".to_owned(), does: call("new"), otherwise: call("old") };
    spec.services[0].1 = Service { replicas: 4, does: vec![Task::Flag(flag)], ..service(Distribution::Constant(ms(1))) };
    spec.services.push(("new".to_owned(), service(Distribution::Constant(ms(1)))));
    spec.services.push(("old".to_owned(), service(Distribution::Constant(ms(1)))));
    spec.clockwork.horizon = secs(100);
    spec
}

/// From when to when each replica called `new`, in whole seconds, and that it called nobody else then.
fn on(ended: &Ended) -> Vec<Option<(u64, u64)>> {
    let of = |replica: u32| {
        let name = format!("server[{replica}]");
        let caller = |record: &Record| match record {
            Record::Sent(name, node) => Some((name.call, &ended.plan.nodes[node.index()].name)),
            _ => None,
        };
        // A call is made where its parent is worked on: its key belongs to the attempt that reached that replica, and to one of two places.
        let places: Vec<u64> = models::services::calls(&ended.plan.services[0].program).map(|(_, place)| u64::from(place)).collect();
        let mut there = std::collections::BTreeSet::new();
        let mut calls: Vec<(u64, bool)> = Vec::new();
        for (at, record) in &ended.seen {
            if let Record::Started(attempt, node) = record
                && ended.plan.nodes[node.index()].name == name
            {
                there.extend(places.iter().map(|place| attempt.call.key.child(1 << 32 | place).bits()));
            }
            if let Some((call, to)) = caller(record)
                && there.remove(&call.key.bits())
            {
                calls.push((at.as_nanos() / 1_000_000_000, to.starts_with("new")));
            }
        }
        assert!(calls.len() > 3_000, "a quarter of all: {}", calls.len());
        let mut new = calls.iter().filter(|(_, is_new)| *is_new).map(|(at, _)| *at);
        let span = new.next().map(|first| (first, new.next_back().unwrap_or(first)));
        let stray = calls.iter().filter(|(at, is_new)| !is_new && span.is_some_and(|(first, last)| (first + 1..last).contains(at)));
        assert_eq!(stray.count(), 0);
        span
    };
    (0..4).map(of).collect()
}

#[test]
fn replicas_get_a_flag_one_after_another_and_lose_it_in_the_same_order() {
    let run = |pace, back, lasts: u64| {
        let ended = play(&flagged(vec![PlannedFault::once(rollout("better", pace, back), ms(20_500), Some(secs(lasts)))]), 1);
        clean(&ended);
        on(&ended)
    };
    assert_eq!(run(10, None, 50), [Some((20, 70)), Some((30, 80)), Some((40, 90)), Some((50, 99))]);
    assert_eq!(run(10, Some(0), 50), [Some((20, 70)), Some((30, 70)), Some((40, 70)), Some((50, 70))]);
    assert_eq!(run(0, None, 50), [Some((20, 70)); 4]);
    // Those that it has not reached by then never get it.
    assert_eq!(run(10, Some(1), 15), [Some((20, 35)), Some((30, 36)), None, None]);
}

#[test]
fn a_flag_that_nobody_asks_for_changes_nothing_and_one_that_is_off_costs_no_draw() {
    let digest = |faults| play(&flagged(faults), 5).measures.edges.iter().map(|edge| (edge.calls, edge.attempts)).collect::<Vec<_>>();
    let other = PlannedFault::once(rollout("other", 0, None), secs(10), Some(secs(20)));
    assert_eq!(digest(vec![other]), digest(Vec::new()));
    // What a flag chooses among has the luck of its place: the first task inside has that of the flag.
    let plain = {
        let mut spec = flagged(Vec::new());
        spec.services[0].1.does = vec![Task::Call("old".to_owned())];
        play(&spec, 5)
    };
    let flagged = play(&flagged(Vec::new()), 5);
    assert_eq!(plain.measures.latency.max, flagged.measures.latency.max);
}

#[test]
fn a_flag_stays_with_the_version_over_a_crash_and_is_on_as_long_as_any_fault_says_so() {
    let dies = crash("server[0]", secs(40), Some(secs(5)), WhileDown::Refusal);
    let ended = play(&flagged(vec![PlannedFault::once(rollout("better", 10, Some(0)), ms(20_500), Some(secs(50))), dies]), 1);
    clean(&ended);
    assert_eq!(on(&ended)[0], Some((20, 70)));
    let twice = [(20_500, 20), (30_500, 30)].map(|(at, lasts)| PlannedFault::once(rollout("better", 0, None), ms(at), Some(secs(lasts))));
    let ended = play(&flagged(twice.to_vec()), 1);
    clean(&ended);
    assert_eq!(on(&ended), [Some((20, 60)); 4]);
}

#[test]
fn a_pipeline_takes_a_flag_back_at_its_own_pace_and_leaves_flags_of_others_alone() {
    let sign = Trigger::AvailabilityBelow { share: Share::percent(90) };
    let spec = |back, flag: &str| {
        let mut spec = flagged(vec![
            PlannedFault::once(rollout(flag, 10, back), ms(20_500), None),
            crash("new", SimDuration::NANOSECOND, None, WhileDown::Refusal),
        ]);
        spec.services[0].1.rolls_back = Some(Rollback { when: sign.clone(), after: secs(12) });
        spec
    };
    // The sign is there at 21 s, and at 33 s the second replica has the flag: the calls of second 32 are the last.
    let ended = play(&spec(None, "better"), 1);
    assert_eq!(on(&ended), [Some((20, 32)), Some((30, 42)), None, None]);
    assert_eq!(observed(&ended, "deploys rolled back"), 1);
    let ended = play(&spec(Some(0), "better"), 1);
    assert_eq!(on(&ended), [Some((20, 32)), Some((30, 32)), None, None]);
    let mut spec = spec(Some(0), "nobody's");
    spec.faults.push(crash("old", secs(50), Some(secs(5)), WhileDown::Refusal));
    assert_eq!(observed(&play(&spec, 1), "deploys rolled back"), 0);
}

#[test]
fn an_experiment_turns_a_flag_on_for_a_share_of_the_clients_alone() {
    let mut spec = flagged(vec![PlannedFault::once(rollout("better", 0, None), secs(30), None)]);
    let experiment = Experiment {
        from: secs(20),
        hypothesis: vec![models::faults::Claim::Availability { at_least: Share::percent(50) }],
        over: secs(10),
        lasts: secs(60),
        abort: Vec::new(),
        blast_radius: Vec::new(),
        clients: vec![Share::percent(20)],
        traffic: Vec::new(),
        step: None,
    };
    spec.experiment = Some(experiment);
    let ended = play(&spec, 1);
    clean(&ended);
    let calls = |name: &str| ended.plan.edges.iter().zip(&ended.measures.edges).find(|(edge, _)| edge.name == name).unwrap().1.calls;
    let (new, all) = (calls("server -> new"), calls("app -> server"));
    assert!(new > 0 && new < all / 3, "{new} of {all}");
}

#[test]
fn a_lever_goes_out_to_those_who_call_one_after_another_and_comes_back_at_once() {
    let lever = |rollout, back| {
        let (edge, breakers) = ("server -> old".to_owned(), Lever::ForcedOpen);
        AnyFault::EmergencyLever(EmergencyLever { edge, breakers, rollout, back })
    };
    let spec = |fault: AnyFault, per| {
        let mut spec = flagged(vec![PlannedFault::once(fault, ms(20_500), Some(secs(50)))]);
        let breaker = ConsecutiveFailures { failures: 5, open_for: secs(20), ignore: Vec::new(), per };
        spec.stacks.push(("server -> old".to_owned(), vec![Layer::Breaker(Breaker(AnyBreaker::ConsecutiveFailures(breaker)))]));
        spec
    };
    // How many calls found a lever pulled, in the 10 s from then on: 500 calls of each of four replicas.
    let refused = |fault: AnyFault, per, from: u64| {
        let ended = play(&spec(fault, per), 1);
        clean(&ended);
        let failed = |record: &Record| matches!(record, Record::CallEnded(name, models::outcome::Outcome::Failed(_)) if name.edge.0 == 0);
        let within = |at: &SimTime| (ms(from * 1_000 + 600)..ms(from * 1_000 + 10_400)).contains(&at.since_start());
        ended.seen.iter().filter(|(at, record)| within(at) && failed(record)).count()
    };
    for per in [Scope::Process, Scope::Edge] {
        let slowly = |from| refused(lever(Some(secs(10)), Some(secs(0))), per, from);
        for (replicas, from) in [(1, 20), (2, 30), (3, 40), (4, 50), (4, 60), (0, 70)] {
            let (found, expected) = (slowly(from), replicas * 490);
            assert!(found.abs_diff(expected) < 90, "{found} of {expected} from {from}");
        }
    }
    assert!(refused(lever(None, None), Scope::Process, 20) > 1_900);
    let clients_deploy_nothing = {
        let mut spec = spec(lever(Some(secs(1)), None), Scope::Process);
        if let AnyFault::EmergencyLever(lever) = &mut spec.faults[0].fault {
            lever.edge = "app -> server".to_owned();
        }
        Plan::new(&spec).expect_err("they are clients")
    };
    assert_eq!(clients_deploy_nothing[0].field, "faults[0].rollout");
}
