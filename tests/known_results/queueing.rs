//! Queues whose values are in every textbook (L. Kleinrock, "Queueing Systems", 1975), as numbers.
//!
//! Unless a test says otherwise it makes ten runs, seeds 1 to 10 (row n of a table: 100 n + 1 to 100 n + 10, from n = 0), of
//! about 100,000 counted departures each after a warm-up of 1000 s, and tolerates 2 % or four standard errors. Service takes
//! a second in the mean.

use super::{Desk, EXPONENTIAL, mean, refused, seconds, ten_seeds, visits};

const SHARE: f64 = 0.02;
const CALLS: f64 = 1e5;

fn desk(rate: f64, workers: u32, demand: &'static str) -> Desk {
    Desk { calls: CALLS, rate, workers, limit: None, demand }
}

#[test]
fn a_single_server_at_half_load() {
    let visits = desk(0.5, 1, EXPONENTIAL).visits(1..=10);
    mean(&visits, seconds(|run| run.latency.mean)).agrees_with("M/M/1 at .5, W", 2.0, SHARE);
    mean(&visits, |visit| visit.wait).agrees_with("M/M/1 at .5, Wq", 1.0, SHARE);
    mean(&visits, |visit| visit.waited).agrees_with("M/M/1 at .5, share that waits", 0.5, SHARE);
    mean(&visits, seconds(|run| run.latency.p99)).agrees_with("M/M/1 at .5, p99", 9.210, SHARE);
}

#[test]
fn a_single_server_at_four_fifths_load() {
    // Four times the usual length: one in a thousand of the sojourn times decides the last quantile, and they come in clusters.
    let visits = Desk { calls: 4.0 * CALLS, ..desk(0.8, 1, EXPONENTIAL) }.visits(1..=10);
    mean(&visits, seconds(|run| run.latency.mean)).agrees_with("M/M/1 at .8, W", 5.0, SHARE);
    mean(&visits, |visit| visit.wait).agrees_with("M/M/1 at .8, Wq", 4.0, SHARE);
    mean(&visits, |visit| visit.waited).agrees_with("M/M/1 at .8, share that waits", 0.8, SHARE);
    mean(&visits, seconds(|run| run.latency.p50)).agrees_with("M/M/1 at .8, p50", 3.466, SHARE);
    mean(&visits, seconds(|run| run.latency.p99)).agrees_with("M/M/1 at .8, p99", 23.03, SHARE);
    mean(&visits, seconds(|run| run.latency.p999)).agrees_with("M/M/1 at .8, p99.9", 34.54, SHARE);
    mean(&visits, |visit| visit.measures.work.as_secs_f64() / visit.measures.ended.as_secs_f64()).agrees_with(
        "M/M/1 at .8, busy",
        0.8,
        SHARE,
    );
}

#[test]
fn several_servers_at_four_fifths_load() {
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
        mean(&visits, |visit| visit.waited).agrees_with(&format!("M/M/{servers} at .8, share that waits"), waited, SHARE);
        mean(&visits, |visit| visit.wait).agrees_with(&format!("M/M/{servers} at .8, Wq"), wait, SHARE);
    }
}

#[test]
fn the_surprising_economics_of_load_balanced_systems() {
    // M. Brooker's blog of this title: at half load 13 % wait at five servers, 3.6 % at ten.
    for (row, (servers, waited)) in [(5, 0.1304), (10, 0.0361)].into_iter().enumerate() {
        let visits = desk(0.5 * f64::from(servers), servers, EXPONENTIAL).visits(ten_seeds(row));
        mean(&visits, |visit| visit.waited).agrees_with(&format!("M/M/{servers} at .5, share that waits"), waited, SHARE);
    }
}

#[test]
fn a_queue_with_a_limit_refuses_and_serves_the_rest_sooner() {
    // Servers, room for all (served and waiting), arrivals per second; share refused, time in the system of those who are not.
    let rows = [(1, 10, 0.9, 0.0508, 4.647), (1, 10, 1.0, 0.0909, 5.5), (1, 10, 2.0, 0.5002, 9.010), (3, 8, 2.4, 0.05108, 1.4718)];
    for (row, (workers, room, rate, blocked, stay)) in rows.into_iter().enumerate() {
        let limit = Some(room - workers);
        let visits = Desk { calls: CALLS, rate, workers, limit, demand: EXPONENTIAL }.visits(ten_seeds(row));
        let name = format!("M/M/{workers}/{room} at {rate}/s");
        mean(&visits, refused).agrees_with(&format!("{name}, refused"), blocked, SHARE);
        mean(&visits, seconds(|run| run.latency.mean)).agrees_with(&format!("{name}, W"), stay, SHARE);
    }
}

#[test]
fn a_service_without_a_queue_loses_what_erlang_said() {
    let rows = [(1, 1.0, 0.5), (2, 1.0, 0.2), (5, 3.0, 0.1101), (10, 7.0, 0.0787), (10, 10.0, 0.2146), (100, 90.0, 0.0270)];
    for (row, (workers, rate, lost)) in rows.into_iter().enumerate() {
        let visits = Desk { calls: CALLS, rate, workers, limit: Some(0), demand: EXPONENTIAL }.visits(ten_seeds(row));
        mean(&visits, refused).agrees_with(&format!("Erlang B ({workers}, {rate})"), lost, SHARE);
    }
}

#[test]
fn the_wait_grows_with_the_variance_of_service() {
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
        mean(&visits, |visit| visit.wait).agrees_with(&format!("{name}, Wq"), wait, SHARE);
    }
}

#[test]
fn closed_load_follows_mean_value_analysis() {
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
        mean(&visits, seconds(|run| run.latency.mean)).agrees_with(&format!("{name}, R"), response, SHARE);
        mean(&visits, |visit| visit.measures.succeeded as f64 / 10_000.0).agrees_with(&format!("{name}, X"), throughput, SHARE);
    }
}

#[test]
fn littles_law_holds_in_every_run_to_a_billionth() {
    // A run that begins and ends empty fulfils L T = sum of W exactly. The left side is integrated by a bystander over the
    // records, the right side is what the run measured: its mean latency is rounded down to a nanosecond.
    for (rate, workers, demand) in [(0.8, 1, EXPONENTIAL), (4.0, 5, EXPONENTIAL), (0.8, 1, "Gamma(shape: 0.25, mean: \"1s\")")] {
        let text = desk(rate, workers, demand).text().replace("warm_up: \"1000s\"", "warm_up: \"0s\"");
        for visit in visits(&text, 1..=3) {
            let latency = &visit.measures.latency;
            let sum = u128::from(latency.mean.as_nanos()) * u128::from(latency.count);
            assert!(visit.population >= sum && visit.population < sum + u128::from(latency.count), "{} is not {sum}", visit.population);
            assert!((visit.population as f64 / sum as f64 - 1.0).abs() < 1e-9);
        }
    }
}
