//! Is a system of parts that fail and are repaired up as often as the theory says?
//!
//! Two-state availability MTTF / (MTTF + MTTR), k of n independent nodes (binomial), and the machine-repair problem
//! M/M/c//n (Gross and Harris, "Fundamentals of Queueing Theory", chapter 2). Nodes really crash and return in a run; their
//! time is counted by the world. What is compared is the *un*availability, within 10 %, which each test makes long enough
//! for: the standard error over independent seeds must be below a quarter of that, or the test says so.

use super::page::{Section, here};
use super::{Estimate, scenario};
use scenarios::measure::Uptime;
use scenarios::run::run;
use sim_core::simulation::TieBreak;

/// The relative error of unavailability that is tolerated.
const TOLERANCE: f64 = 0.10;

/// Nodes that fail and are repaired, as text; nobody calls them much.
struct Fleet {
    nodes: u32,
    /// Mean time to failure and to repair, in milliseconds.
    fails: u32,
    repaired: u32,
    crews: Option<u32>,
    /// Failures of all nodes together in one run, in the mean, if nobody waits for a crew.
    failures: u32,
}

impl Fleet {
    /// How long how many were up in the runs of so many seeds.
    fn uptimes(&self, seeds: u64) -> Vec<Uptime> {
        let Self { nodes, fails, repaired, failures, .. } = self;
        let crews = self.crews.map_or(String::new(), |crews| format!(", crews: {crews}"));
        let horizon = u64::from(*failures) * u64::from(fails + repaired) / u64::from(*nodes);
        let text = format!(
            "(schema: 1, name: \"fleet\", horizon: \"{horizon}ms\", bin: \"1h\", hold: \"1h\",
              nodes: {{
                \"somebody\": Clients(count: 1, arrivals: Constant(rate: \"1/h\"), calls: \"fleet\"),
                \"fleet\": Service(replicas: {nodes}, workers: 1, demand: Constant(\"1ms\")),
              }},
              stacks: {{ \"somebody -> fleet\": [Timeout(\"1s\")] }},
              faults: [Crash(node: \"fleet\", renewal: (
                time_to_failure: Exponential(mean: \"{fails}ms\"), time_to_repair: Exponential(mean: \"{repaired}ms\"){crews}))])"
        );
        let scenario = scenario("fleet.ron", &text, &[]);
        let run = |seed| run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures.up.remove(0);
        (1..=seeds).map(run).collect()
    }
}

/// The share of time in which fewer than so many were up.
fn down(uptimes: &[Uptime], quorum: u32) -> Estimate {
    Estimate::of(uptimes.iter().map(|uptime| {
        let (up, all) = uptime.at_least(quorum);
        (all - up) as f64 / all as f64
    }))
}

/// The share of time in which fewer than `quorum` of `nodes` are up if each is with this probability.
fn binomial_below(nodes: u32, quorum: u32, up: f64) -> f64 {
    let mut probability = libm::pow(1.0 - up, f64::from(nodes));
    let mut below = 0.0;
    for k in 0..quorum {
        below += probability;
        probability *= f64::from(nodes - k) / f64::from(k + 1) * up / (1.0 - up);
    }
    below
}

fn compare(page: &mut Section, name: &str, uptimes: &[Uptime], quorum: u32, expected: f64) {
    let seen = down(uptimes, quorum);
    assert!(
        seen.standard_error < expected * TOLERANCE / 2.0,
        "{name}: the runs are too short to tell ({} of {expected})",
        seen.standard_error
    );
    // The tolerance is one on the unavailability, whatever the standard error: that is less than half of it.
    assert!((seen.mean / expected - 1.0).abs() < TOLERANCE, "{name}: down for {} of the time, not {expected}", seen.mean);
    page.agrees(&format!("{name}, unavailability"), "share of time", seen, expected, TOLERANCE);
}

#[test]
fn a_node_is_up_for_its_time_to_failure_of_the_two_times() {
    let mut page = Section::open(here!(), "MTTF / (MTTF + MTTR).", "8, seeds 1 to 8, of about 20,000 failures.");
    let fleet = Fleet { nodes: 1, fails: 1_000, repaired: 10, crews: None, failures: 20_000 };
    compare(&mut page, "1000 / 1010", &fleet.uptimes(8), 1, 1.0 - 0.990_099);
}

#[test]
fn nodes_in_series_and_in_parallel() {
    let mut page = Section::open(
        here!(),
        "product of availabilities, and of unavailabilities.",
        "8, seeds 1 to 8, of about 30,000 and 100,000 failures.",
    );
    let three = Fleet { nodes: 3, fails: 999, repaired: 1, crews: None, failures: 30_000 }.uptimes(8);
    compare(&mut page, "3 in series at .999", &three, 3, 1.0 - 0.997_002_999);
    let two = Fleet { nodes: 2, fails: 990, repaired: 10, crews: None, failures: 100_000 }.uptimes(8);
    compare(&mut page, "2 in parallel at .99", &two, 1, 1.0 - 0.9999);
}

#[test]
fn a_majority_of_good_nodes() {
    let mut page = Section::open(here!(), "binomial distribution.", "8, seeds 1 to 8, of about 100,000 failures (five nodes: 800,000).");
    for (nodes, quorum, availability, failures) in [(3, 2, 0.999_702, 100_000), (4, 3, 0.999_408, 100_000), (5, 3, 0.999_990_15, 800_000)] {
        let uptimes = Fleet { nodes, fails: 990, repaired: 10, crews: None, failures }.uptimes(8);
        assert!((binomial_below(nodes, quorum, 0.99) - (1.0 - availability)).abs() < 1e-6);
        compare(&mut page, &format!("majority of {nodes} at .99"), &uptimes, quorum, binomial_below(nodes, quorum, 0.99));
    }
}

#[test]
fn a_majority_of_poor_nodes_and_an_even_number_is_worse() {
    let mut page = Section::open(here!(), "binomial distribution.", "8, seeds 1 to 8, of about 60,000 failures.");
    for (nodes, quorum, availability) in [(3, 2, 0.972), (4, 3, 0.9477), (5, 3, 0.99144), (7, 4, 0.997_272)] {
        let uptimes = Fleet { nodes, fails: 900, repaired: 100, crews: None, failures: 60_000 }.uptimes(8);
        assert!((binomial_below(nodes, quorum, 0.9) - (1.0 - availability)).abs() < 1e-6);
        compare(&mut page, &format!("majority of {nodes} at .9"), &uptimes, quorum, 1.0 - availability);
    }
}

#[test]
fn quorum_availability_small_clusters_win_where_nodes_are_down_more_often_than_up() {
    let mut page = Section::open(
        here!(),
        "M. Brooker's blog \"Quorum Availability\"; binomial distribution.",
        "4, seeds 1 to 4, of about 30,000 failures.",
    );
    // M. Brooker's blog of this title: at p = .5 the size does not matter, above it more nodes are worse. Availability is the
    // rarer state there, so it is what is compared.
    let rows = [(0.5, 1, 0.5), (0.5, 3, 0.5), (0.5, 5, 0.5), (0.6, 1, 0.4), (0.6, 3, 0.352), (0.6, 5, 0.317_44), (0.6, 9, 0.266_568)];
    for (p, nodes, availability) in rows {
        let (fails, repaired) = if p < 0.55 { (500, 500) } else { (400, 600) };
        let uptimes = Fleet { nodes, fails, repaired, crews: None, failures: 30_000 }.uptimes(4);
        let down = down(&uptimes, nodes / 2 + 1);
        let up = Estimate { mean: 1.0 - down.mean, ..down };
        page.agrees(&format!("{nodes} nodes at p = {p}, availability"), "share of time", up, availability, TOLERANCE / 2.0);
    }
}

#[test]
fn byzantine_quorums_of_two_thirds_and_one() {
    let mut page = Section::open(here!(), "binomial distribution.", "8 of about 100,000 failures, 16 of about 300,000.");
    for (nodes, quorum, availability, failures, seeds) in [(4, 3, 0.999_408, 100_000, 8), (7, 5, 0.999_966, 300_000, 16)] {
        let uptimes = Fleet { nodes, fails: 990, repaired: 10, crews: None, failures }.uptimes(seeds);
        assert!((binomial_below(nodes, quorum, 0.99) - (1.0 - availability)).abs() < 1e-6);
        compare(&mut page, &format!("{quorum} of {nodes} at .99"), &uptimes, quorum, binomial_below(nodes, quorum, 0.99));
    }
}

#[test]
fn with_too_few_crews_machines_wait_as_in_the_machine_repair_problem() {
    let mut page = Section::open(
        here!(),
        "M/M/c//n: D. Gross, C. Harris, \"Fundamentals of Queueing Theory\", chapter 2.",
        "16, seeds 1 to 16, of about 60,000 failures.",
    );
    // M/M/c//n: with k machines down the rate of failures is (n - k) / MTTF, that of repairs min(k, c) / MTTR.
    for (nodes, crews) in [(5, 1), (8, 2)] {
        let (fails, repaired) = (800, 200);
        let mut states = vec![1.0];
        for down in 1..=nodes {
            let rate = f64::from(nodes - down + 1) / f64::from(fails) * f64::from(repaired) / f64::from(down.min(crews));
            states.push(states.last().expect("there is a first state") * rate);
        }
        let all: f64 = states.iter().sum();
        let uptimes = Fleet { nodes, fails, repaired, crews: Some(crews), failures: 60_000 }.uptimes(16);
        // All machines down at once is too rare to be told from so few failures.
        for quorum in 2..=nodes {
            let below: f64 = states[(nodes - quorum + 1) as usize..].iter().sum::<f64>() / all;
            compare(&mut page, &format!("at least {quorum} of {nodes} with {crews} crews"), &uptimes, quorum, below);
        }
    }
}
