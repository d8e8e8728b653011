//! What do the scenarios about breakers, hedges, balancers, limits, throttles, deadlines and caches promise in their comments?

use super::{SEEDS, arm, assert_within, made, results, shipped};

#[test]
fn budget_or_breaker_loses_what_its_table_says_while_the_replica_fails() {
    let results = results("budget-or-breaker");
    for (name, expected) in [
        ("no retries", 0.74..=0.76),
        ("retries", 0.995..=0.997),
        ("budget", 0.815..=0.835),
        ("breaker at 50 %", 0.74..=0.76),
        ("breaker at 20 %", 0.0..=0.04),
        ("breaker per replica", 0.993..=0.997),
    ] {
        assert_within(name, arm(&results, 0, name).availability(42..80), expected);
    }
    assert_within("retries per call", arm(&results, 0, "retries").load(42..80) / 400.0, 1.3..=1.36);
}

#[test]
fn clients_few_or_many_decide_over_what_each_client_has_for_itself() {
    let results = results("clients-few-or-many");
    let [few, many] = [0, 1].map(|cell| move |name| (cell, name));
    let recovery = |(cell, name)| arm(&results, cell, name).recovery();
    for name in ["budget per process", "breaker per process"] {
        assert_within(name, (recovery(few(name)) - recovery(many(name))).abs(), 0.0..=1.0);
    }
    assert_within("budget per client, few", recovery(few("budget per client")), 4.0..=8.0);
    assert_within("budget per client, many", recovery(many("budget per client")), 50.0..=75.0);
    assert_within("breaker per client, few", recovery(few("breaker per client")), 4.0..=12.0);
    assert!(recovery(many("breaker per client")).is_infinite(), "breakers that see too little stay closed");
    assert_within("breaker per client, many: load", arm(&results, 1, "breaker per client").load(80..120), 735.0..=765.0);
}

#[test]
fn hedging_cuts_the_tail_in_calm_and_doubles_the_load_in_overload() {
    let overload = results("hedging");
    assert_within("load of copies after 25 ms", arm(&overload, 0, "after 25 ms").load(75..95), 1750.0..=2020.0);
    assert_within("load of backup requests", arm(&overload, 0, "backup requests").load(52..60), 990.0..=1030.0);
    assert_within("p95 before the fault", arm(&overload, 0, "p95").availability(20..50), 0.3..=0.9);
    let calm = made(shipped("hedging", &[("faults", "[]")]), SEEDS);
    let p99 = |name| arm(&calm, 0, name).median(|run| run.latency.p99.as_secs_f64());
    assert_within("no hedge", p99("no hedge"), 0.12..=0.2);
    assert_within("after 25 ms", p99("after 25 ms"), 0.03..=0.04);
    assert_within("backup requests", p99("backup requests"), 0.02..=0.04);
    assert_within("copies after 25 ms", arm(&calm, 0, "after 25 ms").amplification(), 1.009..=1.015);
}

#[test]
fn balancers_that_look_send_the_slow_replica_what_it_can_do() {
    let results = results("balancers");
    let by_name = |name: &str| arm(&results, 0, name);
    for name in ["random", "round robin"] {
        assert_within(name, by_name(name).availability(32..70), 0.895..=0.91);
    }
    for (name, least) in [("least request", 0.99), ("P2C", 0.995), ("peak EWMA", 0.999), ("round robin, outliers out", 0.997)] {
        assert_within(name, by_name(name).availability(32..70), least..=1.0);
    }
    let tail = |name| by_name(name).median(|run| run.latency.p999.as_secs_f64());
    assert!(tail("peak EWMA") < 0.5 * tail("P2C"), "who knows how long answers take spares the unlucky");
}

#[test]
fn product_retries_offer_what_their_table_says_after_the_brown_out() {
    let results = results("product-retries");
    let by_name = |name: &str| arm(&results, 0, name);
    for (name, offered) in [("gRPC", 1200.0), ("AWS legacy", 1500.0)] {
        assert_within(name, by_name(name).load(120..190), offered * 0.98..=offered * 1.02);
    }
    for (name, offered) in [
        ("gRPC, throttled", 297.0..=304.0),
        ("AWS standard", 297.0..=306.0),
        ("Envoy", 310.0..=340.0),
        ("Envoy, retry budget", 320.0..=390.0),
    ] {
        assert_within(name, by_name(name).load(40..60), offered);
    }
    let stuck = by_name("Resilience4j").runs().filter(|run| run.stuck).count();
    assert!((1..SEEDS as usize / 2).contains(&stuck), "{stuck} of the runs open the breaker again and again");
    assert_within("Resilience4j, timeouts", by_name("Resilience4j, timeouts").recovery(), 28.0..=40.0);
}

#[test]
fn limits_that_find_their_own_level_serve_most_of_what_can_be_served_at_two_capacities() {
    let results = results("limits");
    // Calm, in the spike, and while the service is slow.
    for (name, calm, spike, slow) in [
        ("no limit", 0.999..=1.0, 0.0..=0.01, 0.0..=0.01),
        ("fixed, 300", 0.999..=1.0, 0.54..=0.57, 0.0..=0.01),
        ("Vegas", 0.7..=0.8, 0.28..=0.35, 0.2..=0.28),
        ("Gradient2", 0.998..=1.0, 0.53..=0.57, 0.25..=0.42),
        ("AIMD", 0.999..=1.0, 0.53..=0.57, 0.2..=0.42),
        ("Envoy", 0.99..=1.0, 0.5..=0.57, 0.35..=0.42),
    ] {
        let seen = |seconds| arm(&results, 0, name).availability(seconds);
        assert_within(&format!("{name}, calm"), seen(15..40), calm);
        assert_within(&format!("{name}, spike"), seen(43..60), spike);
        assert_within(&format!("{name}, slow"), seen(94..110), slow);
    }
}

#[test]
fn client_throttling_is_worth_it_where_k_leaves_room() {
    let results = results("client-throttling");
    let by_name = |name: &str| arm(&results, 0, name);
    // What is sent and what is answered once a throttle knows of the spike, and what is answered just after it.
    for (name, sent, answered, after) in [
        ("nothing", 1480.0..=1520.0, 0.0..=0.01, 0.9..=1.0),
        ("throttle, K = 2", 730.0..=830.0, 0.25..=0.275, 0.4..=0.75),
        ("throttle, K = 3", 850.0..=1000.0, 0.12..=0.24, 0.6..=0.9),
        ("Envoy", 750.0..=850.0, 0.25..=0.275, 0.4..=0.75),
        ("rate limiter", 347.0..=353.0, 0.23..=0.236, 0.99..=1.0),
    ] {
        assert_within(&format!("{name}, sent"), by_name(name).load(95..130), sent);
        assert_within(&format!("{name}, answered"), by_name(name).availability(95..130), answered);
        assert_within(&format!("{name}, after the spike"), by_name(name).availability(131..145), after);
    }
}

#[test]
fn a_deadline_that_is_told_spares_the_store_whatever_is_over() {
    let results = results("deadline-told");
    // An attempt at the front and three at the store.
    assert_within("kept to oneself, load on both edges", arm(&results, 0, "kept to oneself").load(80..110) / 400.0, 3.9..=4.05);
    assert_within("kept to oneself, wasted", arm(&results, 0, "kept to oneself").wasted(), 0.7..=0.8);
    assert_within("told, wasted", arm(&results, 0, "told").wasted(), 0.05..=0.15);
    assert_within("told, back", arm(&results, 0, "told").availability(44..110), 0.995..=1.0);
}

#[test]
fn a_flushed_cache_answers_from_what_it_caught_for_as_long_as_it_keeps_it_and_then_nothing() {
    let results = results("cold-cache");
    let by_name = |name: &str| arm(&results, 0, name);
    for (name, kept_until) in [("cache", 79), ("earlier", 89)] {
        assert_within(&format!("{name}, full"), by_name(name).availability(50..70), 0.97..=1.0);
        assert_within(&format!("{name}, while anything is kept"), by_name(name).availability(72..kept_until), 0.4..=0.8);
        assert_within(&format!("{name}, then"), by_name(name).availability(kept_until + 4..110), 0.0..=0.01);
    }
    assert_within("coalesced, in the first second", by_name("coalesced").availability(70..71), 0.99..=1.0);
}

#[test]
fn old_answers_bridge_what_kept_ones_do_for_five_seconds() {
    let results = results("stale-answers");
    let by_name = |name: &str| arm(&results, 0, name);
    // Of 30 s; not all that is asked for is kept.
    assert_within("cache, seconds of the outage", by_name("cache").availability(100..130) * 30.0, 2.5..=5.0);
    assert_within("cache, after 10 s", by_name("cache").availability(110..130), 0.0..=0.001);
    assert_within("stale", by_name("stale").availability(100..130), 0.998..=1.0);
    assert_within(
        "stale, old answers",
        by_name("stale").total(|run| run.degraded) / by_name("makeshift").total(|run| run.degraded),
        0.6..=0.9,
    );
}

#[test]
fn paid_twice_executes_as_many_payments_as_its_table_says() {
    let results = results("paid-twice");
    // Each payment is 50 ms of work.
    let payments = |name| arm(&results, 0, name).total(|run| run.work.as_nanos()) / 50e6 / arm(&results, 0, name).total(|run| run.calls);
    assert_within("no retries", payments("no retries"), 0.979..=0.981);
    assert_within("retries", payments("retries"), 1.0194..=1.0214);
    assert_within("retries, keys", payments("retries, keys"), 0.9999..=1.0);
}
