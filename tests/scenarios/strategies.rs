//! What do the scenarios about retries, backoffs, budgets and queues promise in their comments?

use super::{SEEDS, arm, assert_within, made, results, shipped};
use scenarios::results::Results;

#[test]
fn retry_storm_offers_what_its_table_says_and_drains_as_long_as_it_says() {
    let results = results("retry-storm");
    let by_name = |name: &str| arm(&results, 0, name);
    // In the cold seconds everybody's answers are late, some seconds after their begin.
    let offered = [
        ("no retries", 250.0),
        ("jitter + budget", 275.0),
        ("exponential", 500.0),
        ("decorrelated", 500.0),
        ("equal jitter", 562.5),
        ("full jitter", 687.5),
        ("immediate", 750.0),
    ];
    for (name, per_second) in offered {
        assert_within(name, by_name(name).load(46..50) / per_second, 0.98..=1.02);
    }
    for (name, after) in
        [("no retries", 1.0), ("jitter + budget", 2.0), ("exponential", 29.0), ("decorrelated", 29.0), ("equal jitter", 94.0)]
    {
        assert_within(name, by_name(name).recovery(), (after + 4.0) * 0.85 - 1.0..=(after + 4.0) * 1.1 + 1.0);
    }
    assert_within("no retries, long after", by_name("no retries").availability(100..200), 0.989..=0.991);
    assert_within("jitter + budget, long after", by_name("jitter + budget").availability(100..200), 0.9995..=1.0);
}

#[test]
fn retry_storm_is_over_at_once_if_the_queue_is_shorter_than_the_timeout() {
    let results = made(shipped("retry-storm", &[("nodes.service.queue.limit", "300")]), SEEDS);
    for name in &results.manifest.arms {
        assert_within(name, arm(&results, 0, name).recovery(), 0.0..=5.0);
    }
}

#[test]
fn payment_brownout_has_the_same_fates_at_every_rate_and_full_jitter_offers_as_much_as_eager_retries() {
    let results = results("payment-brownout");
    for (cell, rate) in [(0, 150.0), (1, 300.0), (2, 370.0)] {
        for name in ["eager retries", "full jitter"] {
            // Every call makes an attempt at checkout and four at payments.
            assert_within(name, arm(&results, cell, name).load(120..140) / rate, 4.9..=5.05);
        }
    }
    let after = |cell, name| arm(&results, cell, name).recovery();
    assert_within("no retries at 300/s", after(1, "no retries"), 6.0..=9.0);
    assert_within("budget at 300/s", after(1, "jitter + budget"), 7.0..=10.0);
    assert_within("budget at 370/s", after(2, "jitter + budget"), 13.0..=21.0);
}

#[test]
fn mm1_queue_agrees_with_its_closed_form() {
    let results = results("mm1-queue");
    for (cell, rate) in [(0, 20.0), (1, 50.0), (2, 80.0), (3, 90.0)] {
        let stay = 1.0 / (100.0 - rate);
        let runs = arm(&results, cell, "as written");
        let means: Vec<f64> = runs.runs().map(|run| run.latency.mean.as_secs_f64()).collect();
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let variance = means.iter().map(|each| (each - mean) * (each - mean)).sum::<f64>() / (count - 1.0);
        // Within four standard errors of the mean over the runs, and these are small.
        let error = (variance / count).sqrt();
        assert!((mean - stay).abs() < 4.0 * error, "at {rate}/s: {mean:.5} s against {stay:.5} s, standard error {error:.5} s");
        assert!(error < 0.03 * stay, "at {rate}/s the standard error {error:.5} s is too large to tell");
        assert_within("median / (W ln 2)", runs.median(|run| run.latency.p50.as_secs_f64()) / stay / libm::log(2.0), 0.93..=1.07);
        assert_within("p99 / (W ln 100)", runs.median(|run| run.latency.p99.as_secs_f64()) / stay / libm::log(100.0), 0.85..=1.1);
        // Little's law: requests there at any time = rate * stay, from the calls and latencies counted.
        let there = runs.runs().map(|run| run.latency.mean.as_secs_f64() * run.latency.count as f64 / 400.0).sum::<f64>() / count;
        assert_within("L / (rate * W)", there / (rate * stay), 0.93..=1.07);
    }
}

#[test]
fn backoff_immediate_mends_a_lost_packet_sooner_than_a_constant_wait() {
    let results = results("backoff-immediate");
    let p99 = |name| arm(&results, 0, name).median(|run| run.latency.p99.as_secs_f64());
    assert_within("immediate", p99("immediate"), 0.25..=0.29);
    assert_within("constant", p99("constant"), 0.45..=0.7);
}

#[test]
fn backoff_constant_comes_in_the_waves_of_its_comment() {
    let results = results("backoff-constant");
    let by_name = |name: &str| arm(&results, 0, name);
    let done = |name| by_name(name).median(|run| run.last_success.expect("somebody succeeded").since_start().as_secs_f64());
    assert!(by_name("constant").runs().all(|run| run.edges[0].attempts == 1540));
    assert_within("constant is done", done("constant"), 1.3099..=1.3101);
    assert_within("full jitter is done", done("full jitter"), 0.4..=0.5);
}

#[test]
fn backoff_exponential_asks_seldom_and_returns_late_by_its_cap() {
    let results = results("backoff-exponential");
    // The crash meets every client once: its retries are spread over all clients' calls.
    let retries = |results: &Results, name| {
        let runs = arm(results, 0, name);
        (runs.total(|run| run.edges[0].attempts) - runs.total(|run| run.edges[0].calls)) / f64::from(SEEDS) / 400.0
    };
    assert_within("constant", retries(&results, "constant"), 262.0..=275.0);
    assert_within("exponential", retries(&results, "exponential"), 8.9..=9.2);
    // A window of 10 s must be good, but it may hold half a second of outage.
    assert_within("exponential is back", arm(&results, 0, "exponential").recovery() - 9.0, 15.0..=17.0);
    let capped =
        made(shipped("backoff-exponential", &[("arms.exponential.stacks.\"clients -> service\"[0].backoff.cap", "\"2s\"")]), SEEDS);
    assert_within("exponential, cap 2s", retries(&capped, "exponential"), 18.0..=20.0);
    assert_within("exponential, cap 2s, is back", arm(&capped, 0, "exponential").recovery() - 9.0, 0.0..=3.0);
}

#[test]
fn backoff_full_jitter_saves_half_of_the_attempts_and_most_of_the_time() {
    let results = results("backoff-full-jitter");
    let done = |name| arm(&results, 0, name).median(|run| run.last_success.expect("somebody succeeded").since_start().as_secs_f64());
    assert_within("exponential", done("exponential"), 55.0..=70.0);
    assert_within("full jitter", done("full jitter"), 4.0..=6.0);
}

#[test]
fn backoff_equal_jitter_saves_the_ninth_that_full_jitter_loses() {
    let results = results("backoff-equal-jitter");
    let runs = arm(&results, 0, "full jitter");
    let lost = runs.total(|run| run.calls - run.succeeded) / runs.total(|run| run.calls);
    assert_within("lost of the calls in a restart", lost / (7.5 / 55.0) * 9.0, 0.93..=1.07);
}

#[test]
fn retry_budget_of_each_client_lasts_for_half_a_minute() {
    let results = results("retry-budget");
    assert_within("10 per client", arm(&results, 0, "10 per client").recovery(), 28.0..=38.0);
    assert_within("10 per process", arm(&results, 0, "10 per process").recovery(), 4.0..=7.0);
    assert_within("load without a budget", arm(&results, 0, "no budget").load(80..120), 735.0..=765.0);
    let per_client = |seconds| arm(&results, 0, "10 per client").load(seconds);
    assert_within("load while the buckets hold", per_client(36..40), 735.0..=765.0);
    assert_within("load 8 s after the fault", per_client(46..50), 550.0..=650.0);
    assert_within("load with empty buckets", per_client(64..70), 275.0..=340.0);
}

#[test]
fn late_work_wastes_most_if_it_is_finished_and_a_queue_that_skips_is_late_with_all_it_begins() {
    let results = results("late-work");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("Finish is back", by_name("Finish").recovery(), 26.0..=33.0);
    assert_within("Finish", by_name("Finish").wasted(), 0.40..=0.47);
    assert_within("SkipQueued, the slow seconds", by_name("SkipQueued").availability(31..39), 0.0..=0.02);
    assert_within("Cancel, the slow seconds", by_name("Cancel").availability(31..39), 0.18..=0.26);
    for name in ["SkipQueued", "Cancel"] {
        assert_within(name, by_name(name).wasted(), 0.08..=0.14);
    }
}

#[test]
fn held_workers_limit_what_is_offered_and_released_ones_do_not() {
    let results = results("held-or-released");
    // One attempt at the front for each call, and one or four at the database.
    assert_within("held", arm(&results, 0, "held").load(70..100), 395.0..=405.0);
    assert_within("released", arm(&results, 0, "released").load(70..100), 950.0..=1010.0);
}

#[test]
fn aws_jitter_needs_the_calls_of_its_comment() {
    let results = results("aws-jitter");
    let cell = results.manifest.cells.iter().position(|values| values[0] == "100").expect("100 writers are in the grid") as u32;
    let attempts = |name| arm(&results, cell, name).amplification() * 100.0;
    let none = attempts("none");
    assert_within("none", none, 2300.0..=2550.0);
    assert_within("exponential", attempts("exponential") / none, 0.7..=0.82);
    assert_within("equal jitter", attempts("equal jitter") / none, 0.3..=0.36);
    assert_within("full jitter", attempts("full jitter") / none, 0.3..=0.36);
}
