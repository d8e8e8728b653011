//! Queues whose values are in every textbook (L. Kleinrock, "Queueing Systems", 1975), as numbers.
//!
//! Unless a test says otherwise it makes ten runs, seeds 1 to 10 (row n of a table: 100 n + 1 to 100 n + 10, from n = 0), of
//! about 100,000 counted departures each after a warm-up of 1000 s, and tolerates 2 % or four standard errors. Service takes
//! a second in the mean.

use super::page::{Section, here};
use super::{Desk, EXPONENTIAL, Estimate, mean, measured, refused, scenario, seconds, ten_seeds, visits};
use models::measure::RunMeasures;

const SHARE: f64 = 0.02;
const CALLS: f64 = 1e5;

fn desk(rate: f64, workers: u32, demand: &'static str) -> Desk {
    Desk { calls: CALLS, rate, workers, limit: None, demand }
}

#[test]
fn a_single_server_at_half_load() {
    let mut page = Section::open(
        here!(),
        "L. Kleinrock, \"Queueing Systems\", 1975: W = 1 / (1 - rho), exponential.",
        "10, seeds 1 to 10, of about 100,000 calls after a warm-up of 1000 s.",
    );
    let visits = desk(0.5, 1, EXPONENTIAL).visits(1..=10);
    page.agrees("M/M/1 at .5, W", "s", mean(&visits, seconds(|run| run.latency.mean)), 2.0, SHARE);
    page.agrees("M/M/1 at .5, Wq", "s", mean(&visits, |visit| visit.wait), 1.0, SHARE);
    page.agrees("M/M/1 at .5, share that waits", "share", mean(&visits, |visit| visit.waited), 0.5, SHARE);
    page.agrees("M/M/1 at .5, p99", "s", mean(&visits, seconds(|run| run.latency.p99)), 9.210, SHARE);
}

#[test]
fn a_single_server_at_four_fifths_load() {
    let mut page = Section::open(
        here!(),
        "L. Kleinrock, \"Queueing Systems\", 1975: W = 1 / (1 - rho), exponential.",
        "10, seeds 1 to 10, of about 400,000 calls after a warm-up of 1000 s.",
    );
    // Four times the usual length: one in a thousand of the sojourn times decides the last quantile, and they come in clusters.
    let visits = Desk { calls: 4.0 * CALLS, ..desk(0.8, 1, EXPONENTIAL) }.visits(1..=10);
    page.agrees("M/M/1 at .8, W", "s", mean(&visits, seconds(|run| run.latency.mean)), 5.0, SHARE);
    page.agrees("M/M/1 at .8, Wq", "s", mean(&visits, |visit| visit.wait), 4.0, SHARE);
    page.agrees("M/M/1 at .8, share that waits", "share", mean(&visits, |visit| visit.waited), 0.8, SHARE);
    page.agrees("M/M/1 at .8, p50", "s", mean(&visits, seconds(|run| run.latency.p50)), 3.466, SHARE);
    page.agrees("M/M/1 at .8, p99", "s", mean(&visits, seconds(|run| run.latency.p99)), 23.03, SHARE);
    page.agrees("M/M/1 at .8, p99.9", "s", mean(&visits, seconds(|run| run.latency.p999)), 34.54, SHARE);
    page.agrees(
        "M/M/1 at .8, busy",
        "share",
        mean(&visits, |visit| visit.measures.work.as_secs_f64() / visit.measures.ended.as_secs_f64()),
        0.8,
        SHARE,
    );
}

#[test]
fn several_servers_at_four_fifths_load() {
    let mut page = Section::open(
        here!(),
        "A. K. Erlang, 1917 (C formula).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 100,000 calls after a warm-up of 1000 s.",
    );
    let rows = [
        (2, 0.7111, 1.7778),
        (5, 0.5541, 0.5541),
        (10, 0.4092, 0.2046),
        (20, 0.2561, 0.0640),
        (50, 0.0870, 0.0087),
        (100, 0.0196, 0.00098),
    ];
    for (row, (servers, waited, wait)) in rows.into_iter().enumerate() {
        let visits = desk(0.8 * f64::from(servers), servers, EXPONENTIAL).visits(ten_seeds(row));
        page.agrees(&format!("M/M/{servers} at .8, share that waits"), "share", mean(&visits, |visit| visit.waited), waited, SHARE);
        page.agrees(&format!("M/M/{servers} at .8, Wq"), "s", mean(&visits, |visit| visit.wait), wait, SHARE);
    }
}

#[test]
fn the_surprising_economics_of_load_balanced_systems() {
    let mut page = Section::open(
        here!(),
        "M. Brooker's blog of this title, 2020; Erlang C.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 100,000 calls after a warm-up of 1000 s.",
    );
    // M. Brooker's blog of this title: at half load 13 % wait at five servers, 3.6 % at ten.
    for (row, (servers, waited)) in [(5, 0.1304), (10, 0.0361)].into_iter().enumerate() {
        let visits = desk(0.5 * f64::from(servers), servers, EXPONENTIAL).visits(ten_seeds(row));
        page.agrees(&format!("M/M/{servers} at .5, share that waits"), "share", mean(&visits, |visit| visit.waited), waited, SHARE);
    }
}

#[test]
fn a_queue_with_a_limit_refuses_and_serves_the_rest_sooner() {
    let mut page = Section::open(
        here!(),
        "L. Kleinrock, \"Queueing Systems\", 1975: M/M/c/K.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 100,000 calls after a warm-up of 1000 s.",
    );
    // Servers, room for all (served and waiting), arrivals per second; share refused, time in the system of those who are not.
    let rows = [(1, 10, 0.9, 0.0508, 4.647), (1, 10, 1.0, 0.0909, 5.5), (1, 10, 2.0, 0.5002, 9.010), (3, 8, 2.4, 0.05108, 1.4718)];
    for (row, (workers, room, rate, blocked, stay)) in rows.into_iter().enumerate() {
        let limit = Some(room - workers);
        let visits = Desk { calls: CALLS, rate, workers, limit, demand: EXPONENTIAL }.visits(ten_seeds(row));
        let name = format!("M/M/{workers}/{room} at {rate}/s");
        page.agrees(&format!("{name}, refused"), "share", mean(&visits, refused), blocked, SHARE);
        page.agrees(&format!("{name}, W"), "s", mean(&visits, seconds(|run| run.latency.mean)), stay, SHARE);
    }
}

#[test]
fn a_service_without_a_queue_loses_what_erlang_said() {
    let mut page = Section::open(
        here!(),
        "A. K. Erlang, 1917 (B formula).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 100,000 calls after a warm-up of 1000 s.",
    );
    let rows = [(1, 1.0, 0.5), (2, 1.0, 0.2), (5, 3.0, 0.1101), (10, 7.0, 0.0787), (10, 10.0, 0.2146), (100, 90.0, 0.0270)];
    for (row, (workers, rate, lost)) in rows.into_iter().enumerate() {
        let visits = Desk { calls: CALLS, rate, workers, limit: Some(0), demand: EXPONENTIAL }.visits(ten_seeds(row));
        page.agrees(&format!("Erlang B ({workers}, {rate})"), "share", mean(&visits, refused), lost, SHARE);
    }
}

#[test]
fn the_wait_grows_with_the_variance_of_service() {
    let mut page = Section::open(
        here!(),
        "F. Pollaczek, 1930, A. Khinchine, 1932. Waits before Pareto(2.5) service have no finite variance: their means settle slowly, however many runs there are.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of about 100,000 calls after a warm-up of 1000 s; four times as many where the tail is heavy.",
    );
    // Name, arrivals per second, service, wait, and how many times the usual length a heavy tail needs.
    let rows = [
        ("M/D/1 at .8", 0.8, "Constant(\"1s\")", 2.0, 1.0),
        ("M/D/1 at .9", 0.9, "Constant(\"1s\")", 4.5, 1.0),
        // A gamma distribution of shape 1/4 has a squared coefficient of variation of 4.
        ("M/G/1 of SCV 4 at .8", 0.8, "Gamma(shape: 0.25, mean: \"1s\")", 10.0, 4.0),
        ("M/Pareto(2.5)/1 at .8", 0.8, "Pareto(scale: \"600ms\", shape: 2.5)", 3.6, 4.0),
    ];
    for (row, (name, rate, demand, wait, length)) in rows.into_iter().enumerate() {
        let visits = Desk { calls: length * CALLS, ..desk(rate, 1, demand) }.visits(ten_seeds(row));
        page.agrees(&format!("{name}, Wq"), "s", mean(&visits, |visit| visit.wait), wait, SHARE);
    }
}

#[test]
fn closed_load_follows_mean_value_analysis() {
    let mut page = Section::open(
        here!(),
        "M. Reiser, S. Lavenberg, \"Mean-Value Analysis of Closed Multichain Queuing Networks\", 1980.",
        "10, seeds 1 to 10, 10,000 s after a warm-up of 100 s.",
    );
    for (clients, think, response, throughput) in [(1, "20ms", 0.1, 8.333), (10, "1145ms", 0.24196, 7.2100)] {
        let text = format!(
            "(schema: 1, name: \"closed\", horizon: \"10100s\", warm_up: \"100s\", drain: \"1d\",
              nodes: {{
                \"users\": Clients(count: {clients}, arrivals: ClosedLoop(think: Exponential(mean: \"{think}\")), calls: \"desk\"),
                \"desk\": Service(workers: 1, demand: Exponential(mean: \"100ms\")),
              }})"
        );
        let visits = visits(&text, 1..=10);
        let name = format!("closed M/M/1 with {clients} users");
        page.agrees(&format!("{name}, R"), "s", mean(&visits, seconds(|run| run.latency.mean)), response, SHARE);
        page.agrees(&format!("{name}, X"), "1/s", mean(&visits, |visit| visit.measures.succeeded as f64 / 10_000.0), throughput, SHARE);
    }
}

#[test]
#[ignore = "120 million departures: see its rows on docs/validation.md"]
fn a_single_server_at_nineteen_twentieths_load_and_beyond() {
    let mut page = Section::open(
        here!(),
        "L. Kleinrock, \"Queueing Systems\", 1975: W = 1 / (1 - rho), L = rho / (1 - rho).",
        "40, seeds 100 n + 1 to 100 n + 40 for the n-th load from n = 0, of about a million calls after a warm-up of 20,000 s (.95), 500,000 s (.99) and 5000 s (.8).",
    );
    for (row, (rate, warm_up)) in [(0.95, 20_000), (0.99, 500_000), (0.8, 5_000)].into_iter().enumerate() {
        let horizon = warm_up + (1e6 / rate) as u32;
        let text = format!(
            "(schema: 1, name: \"desk\", horizon: \"{horizon}s\", warm_up: \"{warm_up}s\", drain: \"30d\", bin: \"1000s\", hold: \"1000s\",
              nodes: {{
                \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"desk\"),
                \"desk\": Service(workers: 1, demand: {EXPONENTIAL}),
              }})"
        );
        let scenario = scenario("long.ron", &text, &[]);
        let first = 100 * row as u64 + 1;
        let runs: Vec<RunMeasures> = (first..first + 40).map(|seed| measured(&scenario, seed)).collect();
        let over = |of: fn(&RunMeasures) -> f64| Estimate::of(runs.iter().map(of));
        let inside = |run: &RunMeasures| run.services[0].inside().as_secs_f64() / run.services[0].averaged_over.as_secs_f64();
        page.agrees(&format!("M/M/1 at {rate}, W"), "s", over(|run| run.latency.mean.as_secs_f64()), 1.0 / (1.0 - rate), SHARE);
        page.agrees(&format!("M/M/1 at {rate}, L"), "customers", over(inside), rate / (1.0 - rate), SHARE);
        if rate < 0.96 {
            page.agrees(
                &format!("M/M/1 at {rate}, p50"),
                "s",
                over(|run| run.latency.p50.as_secs_f64()),
                libm::log(2.0) / (1.0 - rate),
                SHARE,
            );
            page.agrees(
                &format!("M/M/1 at {rate}, p99"),
                "s",
                over(|run| run.latency.p99.as_secs_f64()),
                libm::log(100.0) / (1.0 - rate),
                SHARE,
            );
            page.agrees(
                &format!("M/M/1 at {rate}, p99.9"),
                "s",
                over(|run| run.latency.p999.as_secs_f64()),
                libm::log(1000.0) / (1.0 - rate),
                SHARE,
            );
        }
    }
}

#[test]
#[ignore = "80 million calls: see its rows on docs/validation.md"]
fn many_servers_at_four_fifths_load_by_many_calls() {
    let mut page = Section::open(
        here!(),
        "A. K. Erlang, 1917 (C formula), computed: few of many servers are ever all busy, so that it takes many calls to see how often.",
        "20, seeds 100 n + 1 to 100 n + 20 for the n-th system of the table from n = 0, of about a million calls after a warm-up of 1000 s.",
    );
    for (row, servers) in [10_u32, 20, 50, 100].into_iter().enumerate() {
        let load = 0.8 * f64::from(servers);
        let lost = (1..=servers).fold(1.0, |lost, server| load * lost / (f64::from(server) + load * lost));
        let waited = lost / (1.0 - 0.8 * (1.0 - lost));
        let first = 100 * row as u64 + 1;
        let visits = Desk { calls: 1e6, ..desk(load, servers, EXPONENTIAL) }.visits(first..=first + 19);
        page.agrees(&format!("M/M/{servers} at .8, share that waits"), "share", mean(&visits, |visit| visit.waited), waited, SHARE);
        let wait = waited / (f64::from(servers) - load);
        page.agrees(&format!("M/M/{servers} at .8, Wq"), "s", mean(&visits, |visit| visit.wait), wait, SHARE);
    }
}

#[test]
fn littles_law_holds_in_every_run_to_a_billionth() {
    let mut page = Section::open(
        here!(),
        "J. D. C. Little, 1961: L T is the sum of all W in a run that begins and ends empty.",
        "seeds 1 to 3; L is integrated by a bystander over the records, W is what the run measures.",
    );
    // A run that begins and ends empty fulfils L T = sum of W exactly. The left side is integrated by a bystander over the
    // records, the right side is what the run measured: its mean latency is rounded down to a nanosecond.
    for (rate, workers, demand) in [(0.8, 1, EXPONENTIAL), (4.0, 5, EXPONENTIAL), (0.8, 1, "Gamma(shape: 0.25, mean: \"1s\")")] {
        let text = desk(rate, workers, demand).text().replace("warm_up: \"1000s\"", "warm_up: \"0s\"");
        let mut farthest = 0.0_f64;
        for visit in visits(&text, 1..=3) {
            let latency = &visit.measures.latency;
            let sum = u128::from(latency.mean.as_nanos()) * u128::from(latency.count);
            assert!(visit.population >= sum && visit.population < sum + u128::from(latency.count), "{} is not {sum}", visit.population);
            farthest = farthest.max((visit.population as f64 / sum as f64 - 1.0).abs());
        }
        page.near(&format!("{workers} workers at {rate}/s, {demand}: L T / sum of W - 1, farthest"), "1", farthest, 0.0, 1e-9, 3);
    }
}
