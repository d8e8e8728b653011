//! How fast is the engine, as a ratio against bare loops that run beside it in the same process?
//!
//! `cargo bench` prints one table. Only ratios within one run count: machines differ and are noisy. The workloads are
//! W1 (hold), W2 (M/M/1), W3 (remote calls) and W4 (a sweep on one and two threads) of `docs/performance.md`.
#![allow(clippy::disallowed_types, missing_docs)]

mod bare;

use models::links::Link;
use models::plan::{Clockwork, Plan, SystemSpec};
use models::protocols::Nobody;
use models::services::{DemandOfRetry, Fifo, LateWork, Placement, Queue, Service, Threads};
use models::strategies::{Layer, Timeout};
use models::workloads::{Arrivals, Clients, ClosedLoop};
use models::world::World;
use sim_core::draw::Seed;
use sim_core::sample::Distribution;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;
use std::time::Instant;

fn w3_plan(clients: u32) -> Arc<Plan> {
    let ms = SimDuration::from_millis;
    let spec = SystemSpec {
        clients: vec![(
            "callers".to_owned(),
            Clients {
                count: clients,
                arrivals: Arrivals::ClosedLoop(ClosedLoop { think: Distribution::Exponential { mean: ms(100) } }),
                calls: "server".to_owned(),
                domain: "here".to_owned(),
            },
        )],
        services: vec![(
            "server".to_owned(),
            Service {
                replicas: 1,
                workers: 16,
                threads: Threads::Held,
                queue: Queue::Fifo(Fifo { limit: None }),
                demand: Distribution::Constant(ms(1)),
                does: Vec::new(),
                domain: Placement(vec!["there".to_owned()]),
                late_work: LateWork::Finish,
                demand_of_retry: DemandOfRetry::Fresh,
            },
        )],
        links: vec![Link {
            label: None,
            from: "here".to_owned(),
            to: "there".to_owned(),
            delay: Distribution::Exponential { mean: ms(10) },
            loss: Default::default(),
            one_way: false,
        }],
        stacks: vec![("callers -> server".to_owned(), vec![Layer::Timeout(Timeout(SimDuration::from_secs(1)))])],
        clockwork: Clockwork { horizon: SimDuration::from_secs(100_000), ..Clockwork::default() },
        ..SystemSpec::default()
    };
    Arc::new(Plan::new(&spec).expect("the workload is a valid system"))
}

/// W3 with this many clients: seconds per request, and the row.
fn w3(clients: u32, requests: u64) -> (f64, models::measure::RunMeasures) {
    let plan = w3_plan(clients);
    let mut run = World::start(plan, Nobody, Seed::new(1), TieBreak::ByRank);
    let begin = Instant::now();
    run.run_until(SimTime::MAX, requests * 4, None);
    let seconds = begin.elapsed().as_secs_f64();
    let (ended, events) = (run.now(), run.events());
    let (row, _) = run.into_model().into_meter().finish(ended, events);
    (seconds / requests as f64, row)
}

fn main() {
    let (per_request, row) = w3(1000, 1_000_000);
    println!(
        "W3 {:.1} ns/request, calls {} mean {} p50 {} p99 {} failed {:?}",
        per_request * 1e9,
        row.latency.count,
        row.latency.mean,
        row.latency.p50,
        row.latency.p99,
        row.failed
    );
    println!("events {}", row.events);
    let wheel = bare::w3_wheel(1000, 1_000_000);
    let heap = bare::w3_heap(1000, 1_000_000);
    println!("bare wheel {:.1} ns/request, heap {:.1}", wheel * 1e9, heap * 1e9);
}
