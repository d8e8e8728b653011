//! Who takes the place of a primary that fails, when, and what is lost by it?

use crate::ledger::Ledger;
use crate::*;
use models::faults::Pause;
use models::measure::{Fold, Reaction};
use models::outcome::{Failure, Outcome};
use models::services::data::{Data, FailOver, ReadsFrom, Replication, Writes};
use models::workloads::Keys;
use sim_core::draw::Key;
use std::collections::BTreeSet;

fn observed(ended: &Ended, name: &str, fold: Fold) -> u64 {
    let found = ended.measures.observations.iter().find(|observation| observation.name == name && observation.fold == fold);
    found.map_or(0, |observation| u64::try_from(observation.value).expect("it is not negative"))
}

fn count(ended: &Ended, name: &str) -> u64 {
    observed(ended, name, Fold::Sum)
}

/// A hundred writes a second of a service with two followers, over links of a millisecond; each write takes one.
fn written(lag: Distribution, waits_for: u32, after: u64, fault: PlannedFault) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let replication =
        Replication { lag, reads: ReadsFrom::Primary, pins: None, waits_for, fails_over: Some(FailOver { after: ms(after) }) };
    let data = Data { writes: Writes::Share(Share::ALL), replication: Some(replication), optimistic: None, publishes: None };
    let server = Service { replicas: 3, workers: 1_000, data: Some(data), ..service(Distribution::Constant(ms(1))) };
    let mut spec = pair(clients(20, "server", poisson(100)), server, way, vec![deadline(ms(900))]);
    spec.clients[0].1.keys = Some(Keys { count: 1_000, skew: 0.0 });
    spec.faults = vec![fault];
    spec.clockwork.horizon = SimDuration::from_secs(30);
    spec
}

fn crashed(lasts: Option<u64>) -> PlannedFault {
    crash("server[0]", ms(10_000), lasts.map(ms), WhileDown::Refusal)
}

/// Writes that were answered with success by the first replica, less than so long before it died, by their calls.
fn answered(ended: &Ended, from: u64, until: u64) -> BTreeSet<Key> {
    let first = ended.plan.services[0].first;
    let is_it = |(when, record): &(SimTime, Record)| match record {
        Record::Answered(name, node, Outcome::Success) if *node == first && (at(from)..=at(until)).contains(when) => Some(name.call.key),
        _ => None,
    };
    ended.seen.iter().filter_map(is_it).collect()
}

#[test]
fn a_follower_takes_over_after_the_time_that_is_written_and_everybody_writes_there() {
    let ended = play(&written(Distribution::Constant(ms(40)), 0, 3_000, crashed(None)), 1);
    Ledger::of(&ended.plan, &ended.seen).check_over();
    let promoted =
        ended.seen.iter().find(|(_, record)| matches!(record, Record::Announced(_, "FollowerPromoted", _))).expect("one takes over");
    assert_eq!(promoted.0, at(13_000));
    let heir = ended.plan.services[0].first.0 + 1;
    let sent = |node: u32, from: u64| {
        ended.seen.iter().any(|(when, record)| *when >= at(from) && matches!(record, Record::Sent(_, to) if to.0 == node))
    };
    assert!(sent(heir, 13_000) && !sent(heir - 1, 13_000) && !sent(heir + 1, 0), "of two that are equally far ahead, the first");
    assert_eq!((count(&ended, "fail-overs"), count(&ended, "time without a primary")), (1, 3_000_000_000));
    // Three seconds of writes are refused, and those that were at it when it died are lost.
    let failed = ended.measures.failed.iter().sum::<u64>();
    assert!((250..360).contains(&failed), "{failed}");
    let detection = &ended.measures.detections[0];
    assert_eq!((detection.by, detection.after), (Some(Reaction::FollowerPromoted), Some(ms(3_000))));
}

#[test]
fn what_was_acknowledged_within_the_lag_before_the_death_is_lost_and_nothing_else() {
    for seed in 1..5 {
        let ended = play(&written(Distribution::Constant(ms(250)), 0, 3_000, crashed(Some(8_000))), seed);
        // Committed at t, a write is applied at t + 250 ms, which the last of them is at the death itself.
        let lost = answered(&ended, 9_750, 10_000);
        assert!(lost.len() > 10);
        assert_eq!(count(&ended, "acknowledged writes lost"), lost.len() as u64, "seed {seed}");
        let oldest = observed(&ended, "age of an acknowledged write lost", Fold::Most);
        assert!((3_200_000_000..3_250_000_001).contains(&oldest), "{oldest}: the time without a primary, and the lag at most");
        assert_eq!(count(&ended, "fail-overs"), 1, "the old primary follows when it is back");
        assert_eq!(ended.in_use, (0, 0));
    }
}

#[test]
fn a_write_that_waits_for_a_follower_takes_as_long_as_the_nearest_one_and_is_never_lost() {
    for seed in 1..5 {
        let ended = play(&written(Distribution::Constant(ms(250)), 1, 3_000, crashed(Some(8_000))), seed);
        Ledger::of(&ended.plan, &ended.seen).check_over();
        assert_eq!(count(&ended, "acknowledged writes lost"), 0);
        assert_eq!(count(&ended, "fail-overs"), 1);
        // There and back, the work, and the lag; a nanosecond at the begin of it is rounded away.
        let p50 = ended.measures.latency.p50;
        assert!(p50 >= ms(253) && p50 <= ms(254), "{p50}");
        assert_eq!(ended.in_use, (0, 0));
        assert!(ended.measures.services.iter().all(|service| service.adds_up()));
    }
}

#[test]
fn who_waits_for_two_followers_waits_for_ever_while_one_is_down() {
    let fault = crash("server[2]", ms(10_000), Some(ms(5_000)), WhileDown::Refusal);
    let of = |waits_for| {
        let ended = play(&written(Distribution::Constant(ms(20)), waits_for, 60_000, fault.clone()), 2);
        assert_eq!((count(&ended, "fail-overs"), ended.in_use), (0, (0, 0)));
        ended.measures.failed[Failure::Deadline.index()]
    };
    assert_eq!((of(0), of(1)), (0, 0));
    // Those of the last 900 ms are answered after all: the follower is back before their callers give up.
    let lost = of(2);
    assert!((350..480).contains(&lost), "{lost}");
}

#[test]
fn a_primary_that_is_back_in_time_stays_primary_and_nothing_is_lost() {
    let ended = play(&written(Distribution::Constant(ms(250)), 0, 3_000, crashed(Some(2_000))), 1);
    assert_eq!(["fail-overs", "acknowledged writes lost"].map(|name| count(&ended, name)), [0, 0]);
    assert_eq!(count(&ended, "time without a primary"), 2_000_000_000);
}

#[test]
fn a_primary_that_stands_still_for_too_long_is_replaced_and_what_it_still_does_is_refused() {
    let pause = AnyFault::Pause(Pause { node: Names::one("server[0]"), ..Pause::default() });
    for waits_for in [0, 1] {
        let mut spec =
            written(Distribution::Constant(ms(100)), waits_for, 2_000, PlannedFault::once(pause.clone(), ms(10_000), Some(ms(4_000))));
        // Callers wait until it goes on.
        spec.stacks[0].1 = vec![deadline(ms(10_000))];
        let ended = play(&spec, 3);
        assert_eq!(count(&ended, "fail-overs"), 1);
        let refused = ended.measures.failed[Failure::Refused.index()];
        assert!((150..260).contains(&refused), "two seconds of writes reached it: {refused}");
        assert_eq!(ended.in_use, (0, 0));
    }
}

#[test]
fn more_followers_than_there_are_cannot_be_waited_for_and_a_fail_over_takes_time() {
    let spec = written(Distribution::Constant(ms(100)), 3, 0, crashed(None));
    let complaints = Plan::new(&spec).expect_err("it has two followers");
    let fields: Vec<_> = complaints.iter().map(|complaint| complaint.field.as_str()).collect();
    assert_eq!(fields, ["nodes.server.data.replication.waits_for", "nodes.server.data.replication.fails_over.after"]);
}
