//! Queues at parameters that no list holds: the expected values are computed here, by the formulas of Erlang (1917), Pollaczek
//! and Khinchine (1930), Burke (1956) and the birth-death chain. So the mechanism is tested, and not the table.
//!
//! Ten runs, for row n of a table (from 0) under the seeds 100 n + 1 to 100 n + 10; 2 % or four standard errors.

use super::page::{Section, here};
use super::{Desk, EXPONENTIAL, Estimate, mean, refused, scenario, seconds, ten_seeds, visits};
use scenarios::run::run;
use sim_core::simulation::TieBreak;

const SHARE: f64 = 0.02;

/// The stationary distribution of a birth-death chain, from the rates of birth and death out of state n.
fn stationary(states: usize, birth: impl Fn(usize) -> f64, death: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut weights = vec![1.0];
    for state in 1..states {
        weights.push(weights[state - 1] * birth(state - 1) / death(state));
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The share of lost calls with this many servers, by Erlang's recursion.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, server| load * lost / (f64::from(server) + load * lost))
}

/// The share of calls that wait with this many servers.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let (lost, busy) = (erlang_b(servers, load), load / f64::from(servers));
    lost / (1.0 - busy * (1.0 - lost))
}

#[test]
fn the_formulas_of_this_file_give_the_listed_values() {
    let mut page =
        Section::open(here!(), "the values that are listed in textbooks.", "none: this holds the formulas that other sections compute.");
    for (servers, load, waited) in [(2, 1.6, 0.7111), (20, 16.0, 0.2561), (100, 80.0, 0.0196), (10, 5.0, 0.0361)] {
        page.near(&format!("Erlang C ({servers}, {load})"), "share", erlang_c(servers, load), waited, 6e-5, 0);
    }
    page.near("Erlang B (100, 90)", "share", erlang_b(100, 90.0), 0.0270, 6e-5, 0);
    let chain = stationary(9, |_| 2.4, |state| state.min(3) as f64);
    page.near("M/M/3/8 at 2.4/s, refused", "share", chain[8], 0.05108, 6e-6, 0);
}

#[test]
fn waiting_at_several_servers_by_erlang_c() {
    let mut page = Section::open(
        here!(),
        "A. K. Erlang, 1917 (C formula), computed in the test.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 60,000 calls after a warm-up of 1000 s.",
    );
    for (row, (workers, load)) in [(1, 0.65), (3, 2.1), (7, 4.9), (13, 10.4), (50, 42.5)].into_iter().enumerate() {
        let visits = Desk { calls: 6e4, rate: load, workers, limit: None, demand: EXPONENTIAL }.visits(ten_seeds(row));
        let waited = erlang_c(workers, load);
        let wait = waited / (f64::from(workers) - load);
        page.agrees(&format!("M/M/{workers} at {load}/s, share that waits"), "share", mean(&visits, |visit| visit.waited), waited, SHARE);
        page.agrees(&format!("M/M/{workers} at {load}/s, Wq"), "s", mean(&visits, |visit| visit.wait), wait, SHARE);
    }
}

#[test]
fn loss_by_erlang_b_does_not_depend_on_the_shape_of_service() {
    let mut page = Section::open(
        here!(),
        "A. K. Erlang, 1917 (B formula); insensitive by B. Sevastyanov, 1957.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 60,000 calls after a warm-up of 1000 s.",
    );
    let shapes = [EXPONENTIAL, "Constant(\"1s\")", "Gamma(shape: 0.25, mean: \"1s\")", "Uniform(low: \"0s\", high: \"2s\")"];
    let rows = shapes.into_iter().zip([(4, 2.5), (6, 5.0), (3, 1.5), (12, 11.0)]);
    for (row, (demand, (workers, load))) in rows.enumerate() {
        let visits = Desk { calls: 6e4, rate: load, workers, limit: Some(0), demand }.visits(ten_seeds(row));
        page.agrees(
            &format!("M/G/{workers}/{workers} at {load}/s, {demand}"),
            "share",
            mean(&visits, refused),
            erlang_b(workers, load),
            SHARE,
        );
    }
}

#[test]
fn a_limited_queue_by_its_birth_death_chain() {
    let mut page = Section::open(
        here!(),
        "stationary distribution of a birth-death chain, computed in the test.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 60,000 calls after a warm-up of 1000 s.",
    );
    for (row, (workers, waiting, rate)) in [(1, 3, 0.7), (2, 5, 1.9), (4, 1, 3.0), (6, 20, 7.5)].into_iter().enumerate() {
        let states = (workers + waiting + 1) as usize;
        let chain = stationary(states, |_| rate, |state| state.min(workers as usize) as f64);
        let blocked = chain[states - 1];
        let inside: f64 = chain.iter().enumerate().map(|(state, share)| state as f64 * share).sum();
        let visits = Desk { calls: 6e4, rate, workers, limit: Some(waiting), demand: EXPONENTIAL }.visits(ten_seeds(row));
        let name = format!("M/M/{workers}/{} at {rate}/s", states - 1);
        page.agrees(&format!("{name}, refused"), "share", mean(&visits, refused), blocked, SHARE);
        page.agrees(&format!("{name}, W"), "s", mean(&visits, seconds(|run| run.latency.mean)), inside / (rate * (1.0 - blocked)), SHARE);
    }
}

#[test]
fn waiting_for_any_shape_of_service_by_pollaczek_and_khinchine() {
    let mut page = Section::open(
        here!(),
        "F. Pollaczek, 1930, A. Khinchine, 1932: Wq = rate E[S^2] / (2 (1 - rho)).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 60,000 calls after a warm-up of 1000 s.",
    );
    // The 99th percentile of a log-normal distribution lies 2.326 standard deviations above the median.
    let sigma = libm::log(4.0) / 2.326_347_874_040_841;
    let rows = [
        // Arrivals per second, service, its mean and its mean square.
        (0.7, "Uniform(low: \"200ms\", high: \"1800ms\")", 1.0, 1.0 + 1.6 * 1.6 / 12.0),
        (0.6, "LogNormal(median: \"1s\", p99: \"4s\")", libm::exp(sigma * sigma / 2.0), libm::exp(2.0 * sigma * sigma)),
        (0.75, "Weibull(scale: \"1s\", shape: 2)", 0.886_226_925_452_758, 1.0),
        (0.7, "Gamma(shape: 3, mean: \"1s\")", 1.0, 1.0 + 1.0 / 3.0),
        (0.6, "Bimodal(share_slow: \"20%\", fast: Constant(\"500ms\"), slow: Exponential(mean: \"3s\"))", 1.0, 0.8 * 0.25 + 0.2 * 18.0),
        (0.65, "Plus(constant: \"500ms\", of: Exponential(mean: \"500ms\"))", 1.0, 1.25),
        (0.6, "Empirical(values: [\"100ms\", \"1s\", \"4s\"], weights: [5, 4, 1])", 0.85, 0.005 + 0.4 + 1.6),
    ];
    for (row, (rate, demand, first, second)) in rows.into_iter().enumerate() {
        let wait = rate * second / (2.0 * (1.0 - rate * first));
        let visits = Desk { calls: 6e4, rate, workers: 1, limit: None, demand }.visits(ten_seeds(row));
        page.agrees(&format!("M/G/1 at {rate}/s, {demand}, Wq"), "s", mean(&visits, |visit| visit.wait), wait, SHARE);
        page.agrees(
            &format!("M/G/1 at {rate}/s, {demand}, share that waits"),
            "share",
            mean(&visits, |visit| visit.waited),
            rate * first,
            SHARE,
        );
    }
}

#[test]
fn closed_load_by_its_birth_death_chain_whatever_the_shape_of_thinking() {
    let mut page = Section::open(
        here!(),
        "machine repair, M/M/c//n: D. Gross, C. Harris, \"Fundamentals of Queueing Theory\", chapter 2.",
        "10, seeds 100 n + 1 to 100 n + 10, of 20,000 s after a warm-up of 1000 s.",
    );
    // Machine repair: n users think for Z, c workers serve them in a second each. What counts of thinking is its mean.
    let rows = [(6_u32, 2_u32, 3.0, "Constant(\"3s\")"), (25, 4, 5.0, "Uniform(low: \"0s\", high: \"10s\")")];
    for (row, (users, workers, think, shape)) in rows.into_iter().enumerate() {
        let chain =
            stationary(users as usize + 1, |state| (f64::from(users) - state as f64) / think, |state| state.min(workers as usize) as f64);
        let inside: f64 = chain.iter().enumerate().map(|(state, share)| state as f64 * share).sum();
        let throughput = (f64::from(users) - inside) / think;
        let text = format!(
            "(schema: 1, name: \"repair\", horizon: \"21000s\", warm_up: \"1000s\", drain: \"1d\",
              nodes: {{
                \"users\": Clients(count: {users}, arrivals: ClosedLoop(think: {shape}), calls: \"desk\"),
                \"desk\": Service(workers: {workers}, demand: {EXPONENTIAL}),
              }})"
        );
        let visits = visits(&text, ten_seeds(row));
        let name = format!("{users} users at {workers} workers");
        page.agrees(&format!("{name}, X"), "1/s", mean(&visits, |visit| visit.measures.succeeded as f64 / 20_000.0), throughput, SHARE);
        page.agrees(&format!("{name}, R"), "s", mean(&visits, seconds(|run| run.latency.mean)), inside / throughput, SHARE);
    }
}

/// Mean time in the system.
fn stay(text: &str) -> Estimate {
    let scenario = scenario("network.ron", text, &[]);
    Estimate::of(ten_seeds(0).map(|seed| run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures.latency.mean.as_secs_f64()))
}

#[test]
fn each_of_several_replicas_is_a_queue_of_its_own() {
    let mut page =
        Section::open(here!(), "a split Poisson process is Poisson: M/M/1.", "10, seeds 1 to 10, of 40,000 s after a warm-up of 1000 s.");
    // Poisson arrivals that are split evenly are Poisson at each replica: three M/M/1 at .7, and not one M/M/3.
    let text = format!(
        "(schema: 1, name: \"split\", horizon: \"41000s\", warm_up: \"1000s\", drain: \"1d\",
          nodes: {{
            \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"2.1/s\"), calls: \"desk\"),
            \"desk\": Service(replicas: 3, workers: 1, demand: {EXPONENTIAL}),
          }})"
    );
    let stay = stay(&text);
    page.agrees("three M/M/1 at .7, W", "s", stay, 1.0 / 0.3, SHARE);
}

#[test]
fn stations_in_a_row_are_independent_queues() {
    let mut page = Section::open(here!(), "P. Burke, 1956.", "10, seeds 1 to 10, of 50,000 s after a warm-up of 1000 s.");
    // Burke: what leaves an M/M/c queue is Poisson again. A worker that is released while it calls leaves a tandem of M/M/1 at
    // .6 and M/M/2 at 2/3, and the times at both add up.
    let text = "(schema: 1, name: \"tandem\", horizon: \"51000s\", warm_up: \"1000s\", drain: \"1d\",
          nodes: {
            \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"2/s\"), calls: \"front\"),
            \"front\": Service(workers: 1, threads: Released, demand: Exponential(mean: \"300ms\"), does: [Call(\"back\")]),
            \"back\": Service(workers: 2, demand: Exponential(mean: \"666666667ns\")),
          })";
    let stay = stay(text);
    let back = (2.0 / 3.0) * (1.0 + erlang_c(2, 4.0 / 3.0) / (2.0 - 4.0 / 3.0));
    page.agrees("tandem, W", "s", stay, 0.3 / 0.4 + back, SHARE);
}

#[test]
fn a_worker_that_is_held_while_it_calls_is_busy_for_both() {
    let mut page = Section::open(
        here!(),
        "Pollaczek-Khinchine with a service of two exponential steps.",
        "10, seeds 1 to 10, of 50,000 s after a warm-up of 1000 s.",
    );
    // Held, the front is an M/G/1 whose service is its own work and the call: two exponential steps of 300 and 200 ms, as
    // nobody else calls the back. Mean .5, variance .09 + .04.
    let text = "(schema: 1, name: \"held\", horizon: \"51000s\", warm_up: \"1000s\", drain: \"1d\",
          nodes: {
            \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"1.2/s\"), calls: \"front\"),
            \"front\": Service(workers: 1, threads: Held, demand: Exponential(mean: \"300ms\"), does: [Call(\"back\")]),
            \"back\": Service(workers: 1, demand: Exponential(mean: \"200ms\")),
          })";
    let stay = stay(text);
    let wait = 1.2 * (0.25 + 0.13) / (2.0 * (1.0 - 0.6));
    page.agrees("held worker, W", "s", stay, 0.5 + wait, SHARE);
}
