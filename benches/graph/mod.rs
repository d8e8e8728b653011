//! W5: 100,000 requests a second through a graph of five services.
//!
//! A gateway asks a catalogue and a cart; the catalogue asks the stock, the cart the prices. Every call has a timeout, every message takes
//! 0.5 ms on average, and all work together 1.6 ms: some 660 requests are under way at any time, of however many are made.

use crate::service;
use models::links::Link;
use models::plan::{Clockwork, Plan, SystemSpec};
use models::protocols::Nobody;
use models::services::{Service, Task};
use models::strategies::{Layer, Timeout};
use models::workloads::{Arrivals, Clients, Poisson};
use models::world::World;
use sim_core::draw::Seed;
use sim_core::sample::Distribution;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;
use std::time::Instant;

/// Services, with who is called and what one request takes.
const SERVICES: [(&str, &[&str], u64); 5] = [
    ("gateway", &["catalogue", "cart"], 100),
    ("catalogue", &["stock"], 300),
    ("cart", &["prices"], 300),
    ("stock", &[], 400),
    ("prices", &[], 500),
];

fn plan(seconds: u64) -> Arc<Plan> {
    let micros = SimDuration::from_micros;
    let timeout = || vec![Layer::Timeout(Timeout(SimDuration::from_secs(1)))];
    let of = |&(name, calls, demand): &(&str, &[&str], u64)| {
        let does = calls.iter().map(|callee| Task::Call((*callee).to_owned())).collect();
        // Workers are held during calls: the gateway needs 560 of its 1400.
        (name.to_owned(), Service { replicas: 4, does, ..service(350, Distribution::Exponential { mean: micros(demand) }, "there") })
    };
    let edges = SERVICES.iter().flat_map(|(caller, calls, _)| calls.iter().map(move |callee| (format!("{caller} -> {callee}"), timeout())));
    let arrivals = Arrivals::Poisson(Poisson { rate: "100k/s".parse().ok(), rate_per_client: None });
    let spec = SystemSpec {
        clients: vec![("callers".to_owned(), Clients::new(1000, arrivals, "gateway", "here"))],
        services: SERVICES.iter().map(of).collect(),
        links: vec![
            Link::between("here", "there", Distribution::Exponential { mean: micros(500) }),
            Link::between("there", "there", Distribution::Exponential { mean: micros(500) }),
        ],
        stacks: std::iter::once(("callers -> gateway".to_owned(), timeout())).chain(edges).collect(),
        clockwork: Clockwork { horizon: SimDuration::from_secs(seconds), ..Clockwork::default() },
        ..SystemSpec::default()
    };
    Arc::new(Plan::new(&spec).expect("the workload is a valid system"))
}

/// So many simulated seconds of it: seconds per event, and seconds per simulated second.
pub fn w5(seconds: u64) -> (f64, f64) {
    let mut run = World::start(plan(seconds), Nobody, Seed::new(1), TieBreak::ByRank);
    let begin = Instant::now();
    run.run_until(SimTime::MAX, u64::MAX, None);
    let (real, events) = (begin.elapsed().as_secs_f64(), run.events());
    let made = run.model().most_records();
    assert_eq!(run.model().records(), (0, 0), "everything has ended");
    let ended = run.now();
    let (row, ..) = run.into_model().into_meter(ended).finish(ended, events);
    assert!(row.calls > 90_000 * seconds && row.succeeded == row.calls, "{} of {} calls succeeded", row.succeeded, row.calls);
    assert!(row.services.iter().all(|service| service.adds_up()), "every request is accounted for");
    // A call of a client is under way for 6.6 ms on average, with two calls below it at any time at most.
    let (calls, attempts) = made;
    assert!(calls.max(attempts) < 10_000, "records grow with the calls under way, not with those made: {made:?}");
    (real / events as f64, real / seconds as f64)
}
