//! Queues that are not in every table: arrivals that are not Poisson, few customers, impatient ones, orders of service, servers that
//! stand still, and calls that come back.
//!
//! References are closed forms that are computed in the test; each says where it is from.

mod waits;

use super::page::{Section, here};
use super::{Desk, EXPONENTIAL, Estimate, mean, measured, refused, scenario, seconds, ten_seeds, visits};
use models::measure::RunMeasures;
use models::outcome::Failure;
use waits::{Waits, waits};

const SHARE: f64 = 0.02;
const TEN: &str =
    "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, about 60,000 calls after a warm-up of 1000 s.";

/// One desk with this service, and any arrivals.
fn desk(clients: &str, service: &str, horizon: u32, rest: &str) -> String {
    format!(
        "(schema: 1, name: \"desk\", horizon: \"{horizon}s\", warm_up: \"1000s\", drain: \"30d\",
          nodes: {{
            \"customers\": Clients({clients}, calls: \"desk\"),
            \"desk\": Service({service}),
          }}{rest})"
    )
}

/// What ten runs of a scenario measured.
fn runs(text: &str, row: usize) -> Vec<RunMeasures> {
    let scenario = scenario("desk.ron", text, &[]);
    ten_seeds(row).map(|seed| measured(&scenario, seed)).collect()
}

fn over(runs: &[RunMeasures], of: impl Fn(&RunMeasures) -> f64) -> Estimate {
    Estimate::of(runs.iter().map(of))
}

fn stay(runs: &[RunMeasures]) -> Estimate {
    over(runs, |run| run.latency.mean.as_secs_f64())
}

/// Where a falling function of [0, 1) crosses the identity, below 1.
fn crossing(of: impl Fn(f64) -> f64) -> f64 {
    let mut at = 0.0;
    for _ in 0..100_000 {
        at = of(at);
    }
    at
}

#[test]
fn arrivals_at_equal_distances_wait_less_than_random_ones() {
    let mut page = Section::open(
        here!(),
        "D/M/1 (L. Kleinrock, \"Queueing Systems\", 1975, section 6.4): sigma = exp(-(1 - sigma) / rho), Wq = sigma / (1 - sigma), and the stay is exponential.",
        TEN,
    );
    for (row, rate) in [0.5_f64, 0.8, 0.9].into_iter().enumerate() {
        let sigma = crossing(|sigma| libm::exp(-(1.0 - sigma) / rate));
        let text = desk(
            &format!("count: 1, arrivals: Constant(rate: \"{rate}/s\")"),
            &format!("workers: 1, demand: {EXPONENTIAL}"),
            1_000 + (6e4 / rate) as u32,
            "",
        );
        let visits = visits(&text, ten_seeds(row));
        page.agrees(&format!("D/M/1 at {rate}, Wq"), "s", mean(&visits, |visit| visit.wait), sigma / (1.0 - sigma), SHARE);
        page.agrees(&format!("D/M/1 at {rate}, share that waits"), "share", mean(&visits, |visit| visit.waited), sigma, SHARE);
        let p99 = libm::log(100.0) / (1.0 - sigma);
        page.agrees(&format!("D/M/1 at {rate}, p99 of the stay"), "s", mean(&visits, seconds(|run| run.latency.p99)), p99, SHARE);
    }
}

#[test]
fn bursts_make_callers_wait_as_the_interrupted_poisson_process_says() {
    let mut page = Section::open(
        here!(),
        "A. Kuczura, \"The Interrupted Poisson Process As An Overflow Process\", 1973: gaps are hyperexponential, so that it is a GI/M/1 queue with \
         sigma = A*(1 - sigma), Wq = sigma / (1 - sigma).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, about 200,000 calls after a warm-up of 1000 s.",
    );
    for (row, (rate, on, off)) in [(1.4_f64, 5.0_f64, 5.0_f64), (2.0, 1.0, 4.0), (5.0, 2.0, 18.0)].into_iter().enumerate() {
        let (ends, begins) = (1.0 / on, 1.0 / off);
        let transform = |s: f64| rate * (s + begins) / (s * s + (rate + ends + begins) * s + rate * begins);
        let sigma = crossing(|sigma| transform(1.0 - sigma));
        let load = rate * on / (on + off);
        let clients =
            format!("count: 1, arrivals: OnOff(on: Exponential(mean: \"{on}s\"), off: Exponential(mean: \"{off}s\"), rate: \"{rate}/s\")");
        let text = desk(&clients, &format!("workers: 1, demand: {EXPONENTIAL}"), 1_000 + (2e5 / load) as u32, "");
        let visits = visits(&text, ten_seeds(row));
        let name = format!("{rate}/s for {on} s, nothing for {off} s");
        page.agrees(&format!("{name}, Wq"), "s", mean(&visits, |visit| visit.wait), sigma / (1.0 - sigma), SHARE);
        page.agrees(&format!("{name}, share that waits"), "share", mean(&visits, |visit| visit.waited), sigma, SHARE);
    }
}

#[test]
fn no_general_queue_waits_longer_than_kingmans_bound() {
    let mut page = Section::open(
        here!(),
        "J. Kingman, \"Some inequalities for the queue GI/G/1\", 1962: Wq <= rate (var of gaps + var of service) / (2 (1 - rho)). For gaps of equal length it is \
         short of that by (1 + rho) / (2 rate) at most (K. Marshall, 1968).",
        TEN,
    );
    let rows = [
        (0.8, "Gamma(shape: 0.25, mean: \"1s\")", 4.0),
        (0.9, "Gamma(shape: 0.25, mean: \"1s\")", 4.0),
        (
            0.9,
            "Bimodal(share_slow: \"10%\", fast: Constant(\"500ms\"), slow: Exponential(mean: \"5500ms\"))",
            0.9 * 0.25 + 0.1 * 60.5 - 1.0,
        ),
    ];
    for (row, (rate, demand, variance)) in rows.into_iter().enumerate() {
        let bound = rate * variance / (2.0 * (1.0 - rate));
        let text =
            desk(&format!("count: 1, arrivals: Constant(rate: \"{rate}/s\")"), &format!("workers: 1, demand: {demand}"), 201_000, "");
        let wait = mean(&visits(&text, ten_seeds(row)), |visit| visit.wait);
        // Means of ten runs that are twice their standard error above the bound would not speak against it.
        let least = bound - (1.0 + rate) / (2.0 * rate);
        page.bound(
            &format!("D/G/1 at {rate}/s, {demand}, Wq"),
            "s",
            wait.mean,
            least - 2.0 * wait.standard_error..=bound + 2.0 * wait.standard_error,
            10,
        );
    }
}

#[test]
fn few_callers_are_lost_as_engset_said_whatever_they_think_and_need() {
    let mut page = Section::open(
        here!(),
        "T. Engset, 1918: of n callers, one sees the others alone, so that calls are lost as often as n - 1 callers keep all servers busy; insensitive.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, 40,000 s after a warm-up of 1000 s.",
    );
    let rows = [
        (6_u32, 2_u32, 3.0, "Exponential(mean: \"3s\")", EXPONENTIAL),
        (10, 4, 2.0, "Exponential(mean: \"2s\")", "Constant(\"1s\")"),
        (10, 4, 2.0, "Uniform(low: \"0s\", high: \"4s\")", "Gamma(shape: 0.25, mean: \"1s\")"),
    ];
    for (row, (callers, servers, think, shape, demand)) in rows.into_iter().enumerate() {
        let mut weights = vec![1.0];
        for busy in 1..=servers {
            weights.push(weights[busy as usize - 1] * f64::from(callers - busy) / f64::from(busy) / think);
        }
        let lost = weights[servers as usize] / weights.iter().sum::<f64>();
        let text = desk(
            &format!("count: {callers}, arrivals: ClosedLoop(think: {shape})"),
            &format!("workers: {servers}, queue: Fifo(limit: 0), demand: {demand}"),
            41_000,
            "",
        );
        let visits = visits(&text, ten_seeds(row));
        page.agrees(
            &format!("{callers} callers that think {shape}, {servers} servers, {demand}: lost"),
            "share",
            mean(&visits, refused),
            lost,
            SHARE,
        );
    }
}

#[test]
fn callers_who_hang_up_are_as_many_as_the_virtual_wait_says() {
    let mut page = Section::open(
        here!(),
        "M/M/1+D (D. Barrer, \"Queuing with impatient customers and ordered service\", 1957), by the density of the virtual wait: below the patience T it is \
         rate p0 exp(-(mu - rate) x), and beyond it falls off as exp(-mu x) if who is served is served to the end, or is 0 if service stops at T as well.",
        TEN,
    );
    for (row, (rate, patience)) in [(0.8_f64, 3.0_f64), (1.5, 2.0)].into_iter().enumerate() {
        let decay = libm::exp(-(1.0 - rate) * patience);
        let below = rate * (1.0 - decay) / (1.0 - rate);
        let timeout = format!(", stacks: {{ \"customers -> desk\": [Timeout(\"{patience}s\")] }}");
        let clients = format!("count: 1, arrivals: Poisson(rate: \"{rate}/s\")");
        let horizon = 1_000 + (6e4 / rate) as u32;
        let cases = [("SkipQueued", 1.0 / (1.0 + below + rate * decay)), ("Cancel", 1.0 / (1.0 + below))];
        for (late_work, empty) in cases {
            let text = desk(&clients, &format!("workers: 1, demand: {EXPONENTIAL}, late_work: {late_work}"), horizon, &timeout);
            let runs = runs(&text, row);
            // Who finds a wait of x is answered in time with the chance 1 - exp(-(T - x)): the integral over all x below T.
            let in_time = empty * (1.0 - libm::exp(-patience))
                + empty * (below - rate * libm::exp(-patience) * (libm::exp(rate * patience) - 1.0) / rate);
            let name = format!("rate {rate}/s, patience {patience} s, {late_work}");
            page.agrees(
                &format!("{name}: answered in time"),
                "share",
                over(&runs, |run| run.succeeded as f64 / run.calls as f64),
                in_time,
                SHARE,
            );
            let failed = |run: &RunMeasures| run.failed[Failure::Timeout.index()] as f64 / run.calls as f64;
            page.agrees(&format!("{name}: timed out"), "share", over(&runs, failed), 1.0 - in_time, SHARE);
            let busy = |run: &RunMeasures| run.work.as_secs_f64() / run.ended.as_secs_f64();
            page.agrees(&format!("{name}: busy"), "share", over(&runs, busy), 1.0 - empty, SHARE);
        }
    }
}

#[test]
fn failures_that_are_tried_again_at_once_load_the_queue_as_jacksons_feedback() {
    let mut page = Section::open(
        here!(),
        "J. Jackson, 1957: a queue to which a share p comes back is M/M/1 with the load rate / (mu (1 - p)); by Little the stay of a call with all its attempts is L / rate.",
        TEN,
    );
    for (row, (rate, share)) in [(0.5, 0.3), (0.35, 0.5)].into_iter().enumerate() {
        let load = rate / (1.0 - share);
        let rest = format!(
            ", stacks: {{ \"customers -> desk\": [Retry(attempts: \"unlimited\", backoff: Immediate())] }},
               faults: [Errors(node: \"desk\", share: \"{}%\", after_work: true, at: \"1ns\")]",
            100.0 * share
        );
        let text = desk(
            &format!("count: 1, arrivals: Poisson(rate: \"{rate}/s\")"),
            &format!("workers: 1, demand: {EXPONENTIAL}"),
            1_000 + (6e4 / rate) as u32,
            &rest,
        );
        let runs = runs(&text, row);
        let name = format!("rate {rate}/s, of which {share} come back");
        page.agrees(&format!("{name}: W"), "s", stay(&runs), load / (1.0 - load) / rate, SHARE);
        let attempts = |run: &RunMeasures| run.edges[0].attempts as f64 / run.edges[0].calls as f64;
        page.agrees(&format!("{name}: attempts"), "attempts per call", over(&runs, attempts), 1.0 / (1.0 - share), SHARE);
    }
}

#[test]
fn a_server_that_stands_still_now_and_then_has_the_queue_of_white_and_christie() {
    let mut page = Section::open(
        here!(),
        "H. White, L. Christie, 1958; B. Avi-Itzhak, P. Naor, 1963: M/M/1 whose server stops at the rate xi, also when idle, and goes on at the rate eta where it was. \
         L by generating functions, W by Little.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, about 100,000 calls.",
    );
    for (row, (rate, fails, repaired)) in [(0.5_f64, 20.0_f64, 5.0_f64), (0.6, 100.0, 10.0)].into_iter().enumerate() {
        let (stops, goes_on) = (1.0 / fails, 1.0 / repaired);
        let up = goes_on / (stops + goes_on);
        let slack = 1.0 - rate - stops * rate / goes_on;
        let inside_up = up * (rate + stops * rate / goes_on + stops * rate * rate / (goes_on * goes_on)) / slack;
        let inside = inside_up * (1.0 + stops / goes_on) + up * stops * rate / (goes_on * goes_on);
        let rest = format!(
            ", faults: [Pause(node: \"desk\", renewal: (time_to_failure: Exponential(mean: \"{fails}s\"), time_to_repair: Exponential(mean: \"{repaired}s\")))]"
        );
        let text = desk(
            &format!("count: 1, arrivals: Poisson(rate: \"{rate}/s\")"),
            &format!("workers: 1, demand: {EXPONENTIAL}"),
            1_000 + (1e5 / rate) as u32,
            &rest,
        );
        page.agrees(&format!("rate {rate}/s, up {fails} s, still {repaired} s: W"), "s", stay(&runs(&text, row)), inside / rate, SHARE);
    }
}

#[test]
fn who_is_more_important_waits_less_at_the_expense_of_the_others() {
    let mut page = Section::open(
        here!(),
        "A. Cobham, \"Priority Assignment in Waiting Line Problems\", 1954: Wq of class k = R / ((1 - s(k-1)) (1 - s(k))), s the load of classes up to k, R = sum of rate E[S^2] / 2. \
         The load-weighted sum is that of any order (L. Kleinrock's conservation law, 1965).",
        "10, seeds 1 to 10, about 80,000 calls after a warm-up of 1000 s.",
    );
    let text = "(schema: 1, name: \"order\", horizon: \"101000s\", warm_up: \"1000s\", drain: \"30d\",
          nodes: {
            \"important\": Clients(count: 1, arrivals: Poisson(rate: \"0.3/s\"), classes: {\"buy\": (priority: 0)}, calls: \"desk\"),
            \"others\": Clients(count: 1, arrivals: Poisson(rate: \"0.5/s\"), classes: {\"browse\": (priority: 1)}, calls: \"desk\"),
            \"desk\": Service(workers: 1, queue: Priority(), demand: Exponential(mean: \"1s\"), demand_of: {\"buy\": Constant(\"1s\")}),
          })";
    let waits = waits(text, 0);
    let wait = |edge: usize| Estimate::of(waits.iter().map(|run| run[&edge].first / run[&edge].count));
    let rest = 0.3 / 2.0 + 0.5 * 2.0 / 2.0;
    let (high, low) = (rest / (1.0 - 0.3), rest / ((1.0 - 0.3) * (1.0 - 0.8)));
    page.agrees("the important, Wq", "s", wait(0), high, SHARE);
    page.agrees("the others, Wq", "s", wait(1), low, SHARE);
    let sum = Estimate::of(waits.iter().map(|run| 0.3 * run[&0].first / run[&0].count + 0.5 * run[&1].first / run[&1].count));
    page.agrees("sum of load x Wq", "s", sum, 0.8 * rest / (1.0 - 0.8), SHARE);
}

#[test]
fn the_newest_first_has_the_same_mean_wait_and_a_longer_tail() {
    let mut page = Section::open(
        here!(),
        "L. Takacs, 1963: E[Wq^2] of last come, first served is that of first come, first served over 1 - rho; M/M/1: 2 rho / (1 - rho)^2 and 2 rho / (1 - rho)^3.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th order from n = 0, about 210,000 calls after a warm-up of 1000 s.",
    );
    for (row, (queue, second)) in [("Fifo()", 1.4 / 0.09), ("Lifo()", 1.4 / 0.027)].into_iter().enumerate() {
        let text = desk(
            "count: 1, arrivals: Poisson(rate: \"0.7/s\")",
            &format!("workers: 1, queue: {queue}, demand: {EXPONENTIAL}"),
            301_000,
            "",
        );
        let waits = waits(&text, row);
        let over = |of: fn(&Waits) -> f64| Estimate::of(waits.iter().map(|run| of(&run[&0])));
        page.agrees(&format!("M/M/1 at .7, {queue}, Wq"), "s", over(|waits| waits.first / waits.count), 0.7 / 0.3, SHARE);
        page.agrees(&format!("M/M/1 at .7, {queue}, E[Wq^2]"), "s^2", over(|waits| waits.second / waits.count), second, SHARE);
    }
}

/// The share of arrivals that find an M/D/1 queue with room for so many full, by the chain of what departures leave behind.
fn deterministic_loss(load: f64, room: usize) -> f64 {
    let mut arrivals = vec![libm::exp(-load)];
    for count in 1..room {
        arrivals.push(arrivals[count - 1] * load / count as f64);
    }
    let mut left = vec![1.0];
    for state in 0..room - 1 {
        let came: f64 = (1..=state).map(|from| left[from] * arrivals[state - from + 1]).sum();
        left.push((left[state] - came - left[0] * arrivals[state]) / arrivals[0]);
    }
    let empty = 1.0 / left.iter().sum::<f64>();
    1.0 - 1.0 / (empty + load)
}

#[test]
fn a_token_bucket_turns_back_as_many_as_a_queue_of_constant_service_would() {
    let mut page = Section::open(
        here!(),
        "a bucket's missing tokens are the unfinished work of M/D/1/K with K tokens (A. Berger, \"Performance analysis of a rate-control throttle\", 1991); \
         the loss by the embedded chain (L. Kleinrock, 1975, chapter 5).",
        TEN,
    );
    for (row, (rate, burst)) in [(0.8, 3_usize), (1.0, 5), (1.3, 10)].into_iter().enumerate() {
        let rest =
            format!(", stacks: {{ \"customers -> desk\": [RateLimiter(TokenBucket(rate: \"1/s\", burst: {burst}, per: Process))] }}");
        let text = desk(
            &format!("count: 1, arrivals: Poisson(rate: \"{rate}/s\")"),
            "workers: \"unlimited\", demand: Constant(\"1ms\")",
            1_000 + (6e4 / rate) as u32,
            &rest,
        );
        let turned = |run: &RunMeasures| (run.calls - run.succeeded) as f64 / run.calls as f64;
        page.agrees(
            &format!("{rate}/s against 1/s and a burst of {burst}: turned back"),
            "share",
            over(&runs(&text, row), turned),
            deterministic_loss(rate, burst),
            SHARE,
        );
    }
}

#[test]
fn the_stay_at_two_servers_has_the_tail_of_its_closed_form() {
    let mut page = Section::open(
        here!(),
        "D. Gross, C. Harris, \"Fundamentals of Queueing Theory\", chapter 2: the stay at M/M/c is service, or with the chance C of Erlang service and an exponential wait of rate c mu - rate.",
        "10, seeds 1 to 10, about 400,000 calls after a warm-up of 1000 s.",
    );
    // c = 2 at .8: C = .71111, and the wait has the rate .4. P(T > t) = a exp(-t) + b exp(-.4 t).
    let (waits, slack) = (0.711_111_111, 0.4);
    let beyond = |t: f64| (1.0 - waits) * libm::exp(-t) + waits * (libm::exp(-slack * t) - slack * libm::exp(-t)) / (1.0 - slack);
    let quantile = |share: f64| {
        let (mut low, mut high) = (0.0, 1e3);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if beyond(middle) > 1.0 - share { low = middle } else { high = middle }
        }
        low
    };
    let visits = Desk { calls: 4e5, rate: 1.6, workers: 2, limit: None, demand: EXPONENTIAL }.visits(1..=10);
    page.agrees("M/M/2 at .8, p50", "s", mean(&visits, seconds(|run| run.latency.p50)), quantile(0.5), SHARE);
    page.agrees("M/M/2 at .8, p90", "s", mean(&visits, seconds(|run| run.latency.p90)), quantile(0.9), SHARE);
    page.agrees("M/M/2 at .8, p99", "s", mean(&visits, seconds(|run| run.latency.p99)), quantile(0.99), SHARE);
    page.agrees("M/M/2 at .8, p99.9", "s", mean(&visits, seconds(|run| run.latency.p999)), quantile(0.999), SHARE);
}
