//! How fast is the engine, as a ratio against bare loops that run beside it in the same process?
//!
//! `cargo bench` prints one table. Only ratios within one run count: machines differ and are noisy. The workloads are
//! W1 (hold), W2 (M/M/1), W3 (remote calls), W4 (a sweep on one and two threads) W5 (a graph of services) and W6 (a replicated log) of `docs/performance.md`.
#![allow(clippy::disallowed_types, missing_docs)]

mod bare;
mod graph;
mod replicated;

use models::links::Link;
use models::plan::{Clockwork, Plan, SystemSpec};
use models::protocols::Nobody;
use models::services::{Placement, Service};
use models::strategies::{Layer, Timeout};
use models::workloads::{Arrivals, Clients, ClosedLoop, Poisson};
use models::world::World;
use scenarios::parallel::map_in_index_order;
use sim_core::draw::Seed;
use sim_core::sample::Distribution;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;
use std::time::Instant;

fn service(workers: u32, demand: Distribution, domain: &str) -> Service {
    Service { domain: Placement(vec![domain.to_owned()]), ..Service::new(workers, demand) }
}

fn w3_plan(clients: u32) -> Arc<Plan> {
    let ms = SimDuration::from_millis;
    let spec = SystemSpec {
        clients: vec![(
            "callers".to_owned(),
            Clients::new(
                clients,
                Arrivals::ClosedLoop(ClosedLoop { think: Distribution::Exponential { mean: ms(100) } }),
                "server",
                "here",
            ),
        )],
        services: vec![("server".to_owned(), service(16, Distribution::Constant(ms(1)), "there"))],
        links: vec![Link::between("here", "there", Distribution::Exponential { mean: ms(10) })],
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
    let (row, ..) = run.into_model().into_meter(ended).finish(ended, events);
    (seconds / requests as f64, row)
}

/// W2: one server at 90 %: seconds per customer, and the mean sojourn time in seconds.
fn w2(customers: u64) -> (f64, f64) {
    let second = SimDuration::from_secs(1);
    let spec = SystemSpec {
        clients: vec![(
            "customers".to_owned(),
            Clients::new(1, Arrivals::Poisson(Poisson { rate: "0.9/s".parse().ok(), rate_per_client: None }), "server", "default"),
        )],
        services: vec![("server".to_owned(), service(1, Distribution::Exponential { mean: second }, "default"))],
        clockwork: Clockwork {
            horizon: SimDuration::from_secs(10_000_000),
            bin: SimDuration::from_secs(100),
            hold: SimDuration::from_secs(100),
            ..Clockwork::default()
        },
        ..SystemSpec::default()
    };
    let plan = Arc::new(Plan::new(&spec).expect("the workload is a valid system"));
    let mut run = World::start(plan, Nobody, Seed::new(1), TieBreak::ByRank);
    let begin = Instant::now();
    run.run_until(SimTime::MAX, customers * 4, None);
    let seconds = begin.elapsed().as_secs_f64();
    let (ended, events) = (run.now(), run.events());
    let (row, ..) = run.into_model().into_meter(ended).finish(ended, events);
    (seconds / row.latency.count as f64, row.latency.mean.as_secs_f64())
}

/// W4: independent runs of W3 with 100 clients for 10 s, on this many threads: seconds.
fn w4(threads: usize, runs: usize) -> f64 {
    let plan = w3_plan(100);
    let work = |index: usize| {
        let mut run = World::start(Arc::clone(&plan), Nobody, Seed::new(index as u64), TieBreak::ByRank);
        run.run_until(SimTime::ZERO + SimDuration::from_secs(10), u64::MAX, None);
        run.digest().value()
    };
    let begin = Instant::now();
    let mut sum = 0_u64;
    map_in_index_order(threads, runs, || true, work, |_, digest| sum = sum.wrapping_add(digest.unwrap_or_default()))
        .expect("threads start");
    assert!(sum != 0, "the runs did something");
    begin.elapsed().as_secs_f64()
}

/// Resident memory of this process in bytes; zero where the system does not say.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4096
}

/// Bytes per idle client of a closed population with deadline, retry, backoff and timeout.
fn idle_client(clients: u32) -> f64 {
    let plan = w3_plan(clients);
    let before = resident();
    let run = World::start(plan, Nobody, Seed::new(1), TieBreak::ByRank);
    let bytes = resident().saturating_sub(before) as f64 / f64::from(clients);
    assert_eq!(run.pending(), clients as usize);
    bytes
}

/// The middle of several measurements.
fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured[measured.len() / 2]
}

/// Measures several things in turn, several times, so that a disturbance strikes all of them alike: the medians.
fn in_turn<const N: usize>(rounds: usize, things: [&dyn Fn() -> f64; N]) -> [f64; N] {
    let mut measured: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (times, thing) in measured.iter_mut().zip(&things) {
            times.push(thing());
        }
    }
    measured.map(median)
}

fn row(what: &str, value: String, ratio: f64, floor: &str, aim: &str) {
    println!("{what:<58} {value:>22} {ratio:>8.2} {floor:>7} {aim:>7}");
}

fn main() {
    // `cargo bench -- profile N` makes N requests of W3 and nothing else, for a profiler; `profile N raft` makes N events of W6.
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "profile") {
        let requests = arguments.get(position + 1).and_then(|number| number.parse().ok()).unwrap_or(100_000);
        if arguments.iter().any(|argument| argument == "raft") {
            let (per_message, messages) = replicated::w6(requests);
            println!("W6: {messages} messages, {:.1} ns each, {:.2} million a second", per_message * 1e9, 1e-6 / per_message);
            return;
        }
        let (per_request, row) = w3(1000, requests);
        println!("W3: {} requests, {:.1} ns each", row.latency.count, per_request * 1e9);
        return;
    }
    // First, while the process has no memory left over from anything else.
    let bytes = idle_client(1_000_000);
    println!("{:<58} {:>22} {:>8} {:>7} {:>7}", "workload", "measured", "ratio", "floor", "aim");
    let ns = |seconds: f64| seconds * 1e9;
    for (pending, floor, aim) in [(1_000, "", ""), (100_000, "", ""), (1_000_000, "4", "6")] {
        let [wheel, heap] = in_turn(3, [&|| bare::w1_wheel(pending, 2_000_000), &|| bare::w1_heap(pending, 2_000_000)]);
        row(
            &format!("W1 hold, {pending} pending: std heap / queue"),
            format!("{:.0} / {:.0} ns", ns(heap), ns(wheel)),
            heap / wheel,
            floor,
            aim,
        );
    }
    let (_, sojourn) = w2(1_000_000);
    assert!((sojourn - 10.0).abs() < 1.0, "the mean sojourn time of W2 is {sojourn}, not 10");
    let [engine, bare] = in_turn(3, [&|| w2(1_000_000).0, &|| bare::w2_wheel(1_000_000)]);
    row("W2 M/M/1: bare wheel loop / engine", format!("{:.0} / {:.0} ns a customer", ns(bare), ns(engine)), bare / engine, "", "");
    let (_, measures) = w3(1000, 1_000_000);
    let mean = measures.latency.mean.as_secs_f64() * 1e3;
    assert!((mean - 20.99).abs() < 0.1, "the mean latency of W3 is {mean} ms, not 20.99");
    let [engine, wheel, heap, keyed] = in_turn(
        5,
        [
            &|| w3(1000, 1_000_000).0,
            &|| bare::w3_wheel(1000, 1_000_000, &mut bare::Cheap::new(2)),
            &|| bare::w3_heap(1000, 1_000_000),
            &|| bare::w3_wheel(1000, 1_000_000, &mut bare::Keyed::new(1000)),
        ],
    );
    row(
        "W3 rpc: bare heap loop with tombstones / engine",
        format!("{:.0} / {:.0} ns a request", ns(heap), ns(engine)),
        heap / engine,
        "1.2",
        "1.8",
    );
    row("W3 rpc: bare wheel loop / engine", format!("{:.0} / {:.0} ns a request", ns(wheel), ns(engine)), wheel / engine, "0.45", "0.65");
    // What keyed draws cost is measured between the bare loops, and set in relation to the engine.
    let one_stream = engine - (keyed - wheel);
    row(
        "W3 rpc: engine / engine with one stream of draws (at most)",
        format!("{:.0} / {:.0} ns a request", ns(engine), ns(one_stream)),
        engine / one_stream,
        "1.25",
        "1.15",
    );
    let [many, few] = in_turn(3, [&|| w3(100_000, 2_000_000).0, &|| w3(1000, 1_000_000).0]);
    row("W3 event time, 100000 clients / 1000 (at most)", format!("{:.0} / {:.0} ns a request", ns(many), ns(few)), many / few, "4", "2");
    let [two, one] = in_turn(3, [&|| w4(2, 400), &|| w4(1, 400)]);
    row("W4 sweep: 1 thread / 2 threads", format!("{one:.2} / {two:.2} s"), one / two, "1.85", "1.95");
    let [graph, plain] = in_turn(3, [&|| graph::w5(2).0, &|| w3(1000, 1_000_000).0 / 4.0]);
    row(
        "W5 graph of 5 services / W3, an event (at most)",
        format!("{:.0} / {:.0} ns an event", ns(graph), ns(plain)),
        graph / plain,
        "3",
        "2",
    );
    let (_, share) = graph::w5(2);
    row("W5 at 100000 requests/s: seconds a simulated second", format!("{share:.2} s"), share, "", "");
    let [message, event] = in_turn(3, [&|| replicated::w6(3_000_000).0, &|| bare::w1_wheel(1_000, 2_000_000)]);
    row(
        "W6 Raft of 5, 1000 clients, a message / W1, an event",
        format!("{:.0} / {:.0} ns, {:.2} M/s", ns(message), ns(event), 1e-6 / message),
        message / event,
        "",
        "",
    );
    row("W6 Raft of 5, 1000 clients: million messages a second", format!("{:.2} M/s", 1e-6 / message), 1e-6 / message, "1", "");
    row("bytes per idle client, 1000000 clients (at most)", format!("{bytes:.0} bytes"), bytes, "200", "90");
}
