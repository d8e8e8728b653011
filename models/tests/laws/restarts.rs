//! What do drains and rolling restarts do, to the nanosecond?

use crate::faults::{answers, ended_as, instants, one_call};
use crate::process::{sound, two_tiers};
use crate::*;
use models::faults::{Drain, RollingRestart};
use models::outcome::{Failure, Outcome};

const ONE: SimDuration = SimDuration::NANOSECOND;

fn drain(node: &str, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::Drain(Drain { node: Names::one(node), ..Drain::default() }), ms(begin), Some(ms(lasts)))
}

fn rolling(at_once: u32, lasts: Option<SimDuration>) -> PlannedFault {
    let restart = RollingRestart { node: Names::one("server"), domain: Names::default(), each: ms(50), at_once, drain: ms(20) };
    PlannedFault::once(AnyFault::RollingRestart(restart), ms(100), lasts)
}

#[test]
fn a_node_that_drains_refuses_newcomers_and_finishes_what_it_has() {
    let mut spec = one_call(Vec::new(), vec![drain("server", 60, 500)]);
    spec.clients[0].1.count = 3;
    spec.services[0].1.workers = 1;
    assert_eq!(answers(&spec), [ms(110), ms(210), ms(310)], "queued requests are finished as well");
    let refused = play(&one_call(Vec::new(), vec![drain("server", 5, 500)]), 1);
    sound(&refused);
    assert_eq!(ended_as(&refused), [(ms(20), Outcome::Failed(Failure::Refused))]);
    // Drains unite, and the last end opens the door.
    let open = |faults| ended_as(&play(&one_call(Vec::new(), faults), 1))[0].1.is_success();
    assert!(!open(vec![drain("server", 1, 5), drain("server", 2, 9)]) && open(vec![drain("server", 1, 5), drain("server", 2, 8)]));
    // Its own calls are answered.
    let caller = play(&two_tiers(Vec::new(), vec![drain("front", 50, 500)]), 1);
    assert!(ended_as(&caller).iter().all(|(_, outcome)| outcome.is_success()));
}

/// When each of four replicas died and returned.
fn lives(ended: &Ended) -> Vec<(SimDuration, &str, bool)> {
    let change = |(at, record): &(SimTime, Record)| match record {
        Record::NodeDied(node) => Some((at.since_start(), ended.plan.nodes[node.index()].name.as_str(), false)),
        Record::NodeReturned(node) => Some((at.since_start(), ended.plan.nodes[node.index()].name.as_str(), true)),
        _ => None,
    };
    ended.seen.iter().filter_map(change).collect()
}

#[test]
fn a_rolling_restart_takes_one_batch_after_another_down_and_back() {
    let mut spec = one_call(Vec::new(), vec![rolling(2, None)]);
    spec.clients[0].1 = clients(20, "server", poisson(2_000));
    spec.services[0].1 = Service { replicas: 4, ..service(Distribution::Constant(ms(1))) };
    spec.clockwork.horizon = ms(400);
    spec.stacks[0].1 = vec![timeout(ms(200))];
    let ended = play(&spec, 1);
    sound(&ended);
    let (down, back) = (|at, name| (ms(at), name, false), |at, name| (ms(at), name, true));
    let mut expected = vec![down(120, "server[0]"), down(120, "server[1]"), back(170, "server[0]"), back(170, "server[1]")];
    expected.extend([down(190, "server[2]"), down(190, "server[3]"), back(240, "server[2]"), back(240, "server[3]")]);
    assert_eq!(lives(&ended), expected);
    // Requests are refused by those whose turn it is, and nobody else; from drain to return.
    let mut refusals = 0;
    for (at, record) in &ended.seen {
        let Record::Answered(_, node, outcome) = record else { continue };
        let turn = if ended.plan.nodes[node.index()].name.as_str() < "server[2]" { 100 } else { 170 };
        // What was begun before the turn is finished within its first millisecond.
        let (from, until) = (ms(turn + 1), ms(turn + 70));
        if *outcome == Outcome::Failed(Failure::Refused) {
            assert!(at.since_start() >= ms(turn) && at.since_start() < until, "{at}");
            refusals += 1;
        } else {
            assert!(at.since_start() < from || at.since_start() >= until, "{at}");
        }
    }
    assert!(refusals > 100, "{refusals}");
    // Cut short before the second batch begins, at 170 ms: those of the first are finished, the others left alone.
    spec.faults = vec![rolling(2, Some(ms(70)))];
    assert_eq!(lives(&play(&spec, 1)), expected[..4]);
    // All at once, or one by one.
    spec.faults = vec![rolling(9, None)];
    assert_eq!(lives(&play(&spec, 1)).iter().map(|life| life.0).collect::<Vec<_>>(), [[ms(120); 4], [ms(170); 4]].concat());
    spec.faults = vec![rolling(1, None)];
    let died = instants(&play(&spec, 1), |record| matches!(record, Record::NodeDied(_)));
    assert_eq!(died, [120, 190, 260, 330].map(|at| ms(at) - ONE));
}
