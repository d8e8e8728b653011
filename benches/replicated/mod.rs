//! W6: a thousand clients of a replicated log of five members.

use models::links::Link;
use models::plan::{Clockwork, Plan, SystemSpec};
use models::protocols::{Group, Raft};
use models::services::Placement;
use models::strategies::{Layer, Timeout};
use models::workloads::{Arrivals, Clients, ClosedLoop};
use models::world::World;
use sim_core::draw::Seed;
use sim_core::sample::Distribution;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;
use std::time::Instant;

/// Half of the calls write; each asks any member and is sent on to the leader, four of five times.
fn plan() -> (Arc<Plan>, Group) {
    let ms = SimDuration::from_millis;
    let group = Group::Raft(Raft { members: 5, domain: Placement(vec!["room".to_owned()]), ..Raft::default() });
    let think = Distribution::Exponential { mean: ms(100) };
    let spec = SystemSpec {
        clients: vec![("app".to_owned(), Clients::new(1000, Arrivals::ClosedLoop(ClosedLoop { think }), "db", "app"))],
        groups: vec![("db".to_owned(), group.clone())],
        links: vec![
            Link::between("app", "room", Distribution::Exponential { mean: ms(5) }),
            Link::between("room", "room", Distribution::Constant(ms(1))),
        ],
        stacks: vec![("app -> db".to_owned(), vec![Layer::Timeout(Timeout(SimDuration::from_secs(1)))])],
        clockwork: Clockwork { horizon: SimDuration::from_secs(100_000), ..Clockwork::default() },
        ..SystemSpec::default()
    };
    (Arc::new(Plan::new(&spec).expect("the workload is a valid system")), group)
}

/// Seconds of wall time for a message, and how many messages there were.
pub fn w6(events: u64) -> (f64, u64) {
    let (plan, group) = plan();
    let mut run = World::start(plan, group.protocol(), Seed::new(1), TieBreak::ByRank);
    let begin = Instant::now();
    run.run_until(SimTime::MAX, events, None);
    let seconds = begin.elapsed().as_secs_f64();
    let (ended, events) = (run.now(), run.events());
    let (row, ..) = run.into_model().into_meter(ended).finish(ended, events);
    assert!(row.succeeded > row.calls * 9 / 10, "the group answers its clients");
    (seconds / row.messages.sent as f64, row.messages.sent)
}
