//! What do the scenarios about caches as services, shards, read replicas and configuration promise in their comments?

use super::{Arm, SEEDS, arm, assert_within, made, results, shipped};

/// What the runs of an arm observed under a name, in all.
fn observed(arm: Arm<'_>, name: &str) -> f64 {
    let of = |run: &scenarios::measure::RunMeasures| {
        let found = run.observations.iter().filter(|observation| observation.name == name);
        found.map(|observation| u64::try_from(observation.value).expect("a count is not negative")).sum()
    };
    arm.total(of)
}

#[test]
fn a_cache_that_starts_again_fills_only_if_the_database_answers_in_time() {
    let results = results("cache-restart");
    for (name, expected) in [("long queue", 0.25..=0.35), ("short queue", 0.8..=0.95), ("limit", 0.8..=0.95)] {
        assert_within(name, arm(&results, 0, name).availability(20..29), 0.999..=1.0);
        let hits = observed(arm(&results, 0, name), "cache hits");
        assert_within(name, hits / (hits + observed(arm(&results, 0, name), "cache misses")), expected);
    }
}

#[test]
fn a_poisonous_client_takes_along_whoever_shares_all_its_replicas() {
    let results = results("shuffle-sharding");
    let lost = |name: &str| 1.0 - arm(&results, 0, name).availability(32..68);
    let (pool, cells, shuffled) = (lost("one pool"), lost("cells"), lost("shuffled"));
    assert!(pool > 2.0 * cells && cells > 2.0 * shuffled, "{pool}, {cells}, {shuffled}");
}

#[test]
fn followers_answer_without_their_primary_and_pins_hide_what_they_lack() {
    let results = results("read-replicas");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("primary", by_name("primary").availability(42..58), 0.0..=0.001);
    for name in ["followers", "pinned"] {
        assert_within(name, by_name(name).availability(42..58), 0.8..=0.91);
    }
    let missed = |name: &str| observed(by_name(name), "reads that missed a write of their own client");
    assert!(missed("pinned") < missed("followers") / 4.0, "{}, {}", missed("pinned"), missed("followers"));
    let stale = |name: &str| observed(by_name(name), "stale reads") / observed(by_name(name), "reads");
    assert!(stale("pinned") > 0.5 * stale("followers") && stale("followers") > 0.02, "{}, {}", stale("pinned"), stale("followers"));
}

#[test]
fn a_read_model_lags_as_long_as_its_messages_wait_and_own_writes_are_read_at_the_source() {
    let results = results("read-model-lags");
    let by_name = |name: &str| arm(&results, 0, name);
    let missed = |name: &str| observed(by_name(name), "listing: reads that missed a write of their own client");
    assert!(missed("one consumer") > 10.0 && missed("four consumers") < 10.0, "{}, {}", missed("one consumer"), missed("four consumers"));
    assert_within("own edits", missed("own edits"), 0.0..=0.0);
    let stale = |name: &str| observed(by_name(name), "listing: stale reads") / observed(by_name(name), "listing: reads");
    assert!(stale("one consumer") > 20.0 * stale("four consumers"), "{}, {}", stale("one consumer"), stale("four consumers"));
    assert_within("own edits", stale("own edits") / stale("one consumer"), 0.7..=1.1);
    let reads = |name: &str| observed(by_name(name), "listing: reads");
    assert_within("reads left to the listing", reads("own edits") / reads("one consumer"), 0.5..=0.8);
}

#[test]
fn what_is_fetched_all_the_time_costs_the_same_however_much_changes() {
    let (storm, calm) = (results("constant-work"), made(shipped("constant-work", &[("faults", "[]")]), SEEDS));
    let work = |results, name: &str| arm(results, 0, name).median(|run| run.work.as_secs_f64());
    assert_within("fetched", work(&storm, "fetched") / work(&calm, "fetched"), 0.99..=1.02);
    assert_within("pushed", work(&storm, "pushed") / work(&calm, "pushed"), 5.0..=50.0);
}
