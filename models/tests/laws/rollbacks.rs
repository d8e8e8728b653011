//! What takes a bad deploy back, and when does who have which version?

use crate::faults::one_call;
use crate::orchestrator::{clean, observed};
use crate::*;
use models::faults::{BadDeploy, Trigger};
use models::outcome::{Failure, Outcome};
use models::services::Rollback;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Two hundred calls a second of four replicas. Every ten seconds from 20.5 s on another one gets a version that fails all it is asked, and
/// 90 s later the old one again.
fn deployed(rollback: Option<Rollback>, lasts: Option<u64>) -> SystemSpec {
    let bad = BadDeploy { node: Names::one("server"), domain: Names::default(), errors: Share::percent(100), slow: 1.0, rollout: secs(10) };
    let mut spec = one_call(vec![timeout(secs(2))], vec![PlannedFault::once(AnyFault::BadDeploy(bad), ms(20_500), lasts.map(secs))]);
    spec.clients[0].1 = clients(50, "server", poisson(200));
    spec.services[0].1 = Service { replicas: 4, rolls_back: rollback, ..service(Distribution::Constant(ms(1))) };
    spec.clockwork.horizon = secs(200);
    spec
}

/// From when to when each replica failed what it was asked, in whole seconds; the link takes 10 ms.
fn bad(ended: &Ended) -> Vec<Option<(u64, u64)>> {
    let failed = |replica: u32| {
        let is_failure = |record: &Record| {
            matches!(record, Record::Answered(_, node, Outcome::Failed(Failure::ServerError))
                if ended.plan.nodes[node.index()].name == format!("server[{replica}]"))
        };
        let mut at = ended.seen.iter().filter(|(_, record)| is_failure(record)).map(|(at, _)| at.as_nanos() / 1_000_000_000);
        at.next().map(|first| (first, at.next_back().unwrap_or(first)))
    };
    (0..4).map(failed).collect()
}

fn when(share: u64, after: u64) -> Option<Rollback> {
    Some(Rollback { when: Trigger::AvailabilityBelow { share: Share::percent(share) }, after: secs(after) })
}

#[test]
fn without_a_pipeline_everybody_gets_it_and_has_it_until_it_ends_by_itself() {
    let ended = play(&deployed(None, Some(90)), 1);
    clean(&ended);
    assert_eq!(bad(&ended), [Some((20, 110)), Some((30, 120)), Some((40, 130)), Some((50, 140))]);
}

#[test]
fn a_pipeline_takes_it_back_in_the_order_and_at_the_pace_in_which_it_went_out_and_spares_the_others() {
    // A quarter of the calls fails: less than 90 % in the bin that ends at 21 s. 12 s later the second replica has the version, the third has not.
    for lasts in [Some(90), None] {
        let ended = play(&deployed(when(85, 12), lasts), 1);
        clean(&ended);
        assert_eq!(bad(&ended), [Some((20, 33)), Some((30, 43)), None, None]);
        assert_eq!(observed(&ended, "deploys rolled back"), 1);
        let strikes: Vec<_> =
            ended.seen.iter().filter(|(_, record)| matches!(record, Record::FaultBegan(..) | Record::FaultEnded(..))).collect();
        assert_eq!(strikes.len(), 2, "it begins and ends once");
        assert_eq!(strikes[1].0.since_start(), secs(44), "with the last one that had it");
    }
}

#[test]
fn a_pipeline_that_comes_too_late_or_sees_no_sign_changes_nothing() {
    // What has ended by itself is not ended again; a sign that would take longer than that changes nothing.
    let ended = play(&deployed(when(85, 200), Some(90)), 1);
    assert_eq!(bad(&ended), [Some((20, 110)), Some((30, 120)), Some((40, 130)), Some((50, 140))]);
    // All four together fail everything, and a share below nothing there is not.
    let ended =
        play(&deployed(Some(Rollback { when: Trigger::GoodputAbove { rate: Rate::per_second(1_000) }, after: secs(0) }), Some(90)), 1);
    clean(&ended);
    assert_eq!(observed(&ended, "deploys rolled back"), 0);
}

#[test]
fn a_pipeline_may_wait_for_what_is_announced_or_begins_and_is_told_if_there_is_no_such_thing() {
    let label = |label: &str| Some(Rollback { when: Trigger::FaultBegins { label: label.to_owned() }, after: secs(5) });
    let ended = play(&deployed(label("bad deploy of server"), Some(90)), 1);
    clean(&ended);
    assert_eq!(bad(&ended), [Some((20, 25)), None, None, None]);
    let complaints = Plan::new(&deployed(label("no such deploy"), Some(90))).expect_err("nothing is called that");
    assert_eq!(complaints[0].field, "nodes.server.rolls_back.when.label");
}
