//! What do the scenarios about what services do for requests, and about systems that stay down, promise in their comments?

use super::{arm, assert_within, made, results, shipped};
use models::measure::RunMeasures;

fn degraded(run: &RunMeasures) -> u64 {
    run.degraded
}

#[test]
fn fan_out_collects_tails_and_whoever_waits_for_less_leaves_them_behind() {
    let results = results("fan-out");
    let by_name = |name: &str| arm(&results, 0, name);
    let quantile = |name| {
        let at = |of: fn(&RunMeasures) -> f64| by_name(name).median(of);
        (at(|run| run.latency.p50.as_secs_f64()), at(|run| run.latency.p99.as_secs_f64()))
    };
    assert_within("in a row, median", quantile("in a row").0, 0.055..=0.062);
    assert_within("at once, median", quantile("at once").0, 0.030..=0.036);
    for name in ["in a row", "at once"] {
        assert_within(name, quantile(name).1, 0.40..=0.55);
    }
    for name in ["quorum", "with holes"] {
        assert_within(name, quantile(name).1, 0.04..=0.08);
    }
    // A backend is slow in 1 % of its calls, and takes more than the 58 ms that a call has of its 60 in 0.3 % of the others.
    let incomplete = by_name("with holes").total(degraded) / by_name("with holes").total(|run| run.succeeded);
    assert_within("incomplete pages", incomplete, 0.049..=0.075);
    assert!(by_name("quorum").total(degraded) == 0.0, "a quorum is as good as all");
}

#[test]
fn a_soft_dependency_saves_the_page_only_if_the_page_does_not_wait_for_it() {
    let results = results("soft-dependency");
    let by_name = |name: &str| arm(&results, 0, name);
    for name in ["hard", "soft"] {
        assert_within(name, by_name(name).availability(62..88), 0.25..=0.4);
    }
    for (name, share) in [("soft, soon", 0.75..=0.95), ("soft, cut", 0.8..=1.3)] {
        assert_within(name, by_name(name).availability(60..90), 0.99..=1.0);
        // 200 pages a second for 30 seconds.
        let runs = by_name(name).runs().count() as f64;
        assert_within(&format!("{name}: degraded"), by_name(name).total(degraded) / (6_000.0 * runs), share);
    }
    assert!(by_name("hard").total(degraded) == 0.0, "what fails is not degraded");
}

#[test]
fn a_spike_of_five_seconds_decides_over_the_rest_of_the_run_where_all_retry_at_once() {
    let results = results("spike-collapse");
    let by_name = |name: &str| arm(&results, 0, name);
    let stuck = by_name("retries").total(|run| u64::from(run.stuck)) / by_name("retries").runs().count() as f64;
    assert_within("stuck", stuck, 0.5..=0.95);
    assert_within("load of retries", by_name("retries").load(80..120), 75.0..=120.0);
    assert_within("load with a budget", by_name("budget").load(30..120), 38.0..=44.0);
    for name in ["no retries", "jitter", "budget"] {
        assert_within(name, by_name(name).availability(50..110), 0.99..=1.0);
    }
}

#[test]
fn a_metastable_database_stays_down_at_more_than_half_its_capacity_and_comes_back_below() {
    let results = results("metastable-database");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("one retry", by_name("one retry").availability(80..260), 0.0..=0.0);
    assert_within("one retry: load", by_name("one retry").load(200..260), 555.0..=565.0);
    assert_within("no retry", by_name("no retry").recovery(), 105.0..=150.0);
    for name in ["short queue", "told"] {
        assert_within(name, by_name(name).recovery(), 0.0..=6.0);
    }
    let less = made(shipped("metastable-database", &[("nodes.callers.arrivals.rate", "130/s")]), 5);
    assert_within("one retry at 130/s", arm(&less, 0, "one retry").availability(200..260), 1.0..=1.0);
}
