//! How often does a cache answer? Time-to-live and least-recently-used caches under independent references, by their closed forms, and
//! the cached database of HotOS'21.
//!
//! H. Che, Y. Tung, Z. Wang, "Hierarchical Web Caching Systems: Modeling, Design and Experimental Results", 2002; W. King, "Analysis of
//! Demand Paging Algorithms", 1971; N. Bronson and others, "Metastable Failures in Distributed Systems", HotOS 2021, section 2.1.

use super::{Estimate, measured, observed, scenario};
use models::measure::{Fold, RunMeasures};

const SEEDS: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// The share of the calls that the caches of a run answered.
fn hit_ratio(run: &RunMeasures) -> f64 {
    let count = |name| observed(run, name, Fold::Sum).unwrap_or_default() as f64;
    count("cache hits") / (count("cache hits") + count("cache misses"))
}

/// Hit ratios of runs of a cache before a store that answers at once.
fn ratios(cache: &str, keys: &str, rate: u32, horizon: u32) -> Estimate {
    let text = format!(
        "(schema: 1, name: \"cached\", horizon: \"{horizon}s\",
          nodes: {{
            \"readers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"store\", keys: {keys}),
            \"store\": Service(workers: 1000, demand: Constant(\"1ns\")),
          }},
          stacks: {{ \"readers -> store\": [{cache}] }})"
    );
    let scenario = scenario("caches.ron", &text, &[]);
    Estimate::of(SEEDS.map(|seed| hit_ratio(&measured(&scenario, seed))))
}

#[test]
fn a_time_to_live_answers_all_but_one_call_per_lifetime_and_wait_for_the_next() {
    // A miss, and then rate * lifetime hits on average: 1 - 1 / (1 + lambda T).
    for (lifetime, per_object) in [("100ms", 1.0), ("500ms", 5.0), ("2s", 20.0)] {
        // 100 objects, each of them asked for ten times a second. Empty at the begin, which one call per object notices.
        let expected = 1.0 - 1.0 / (1.0 + per_object);
        let cache = format!("Cache(lifetime: \"{lifetime}\")");
        ratios(&cache, "(count: 100)", 1000, 200).agrees_with(&format!("lifetime {lifetime}"), expected, 0.003);
    }
}

/// Popularity by Zipf's law.
fn zipf(count: u32, skew: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=count).map(|rank| 1.0 / sim_core::maths::pow(f64::from(rank), skew)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[test]
fn a_cache_of_one_or_two_objects_answers_as_often_as_kings_formula_says() {
    let popular = zipf(5, 1.0);
    // The last object asked for; and the last two different ones, in either order.
    let one: f64 = popular.iter().map(|p| p * p).sum();
    let pairs = (0..popular.len()).flat_map(|one| (0..popular.len()).filter(move |other| *other != one).map(move |other| (one, other)));
    let two: f64 = one + pairs.map(|(one, other)| popular[one] * popular[one] * popular[other] / (1.0 - popular[other])).sum::<f64>();
    for (size, expected) in [(1, one), (2, two)] {
        let cache = format!("Cache(lifetime: \"10h\", max_objects: {size})");
        ratios(&cache, "(count: 5, skew: 1.0)", 1000, 100).agrees_with(&format!("{size} of 5"), expected, 0.003);
    }
}

/// Che's approximation: an object is there if it was asked for within the characteristic time, in which as many different ones are
/// asked for as there is room for.
fn che(popular: &[f64], size: f64) -> f64 {
    let kept = |calls: f64| -> f64 { popular.iter().map(|p| 1.0 - sim_core::maths::exp(-p * calls)).sum() };
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if kept(middle) < size { low = middle } else { high = middle }
    }
    popular.iter().map(|p| p * (1.0 - sim_core::maths::exp(-p * low))).sum()
}

#[test]
fn a_large_cache_answers_as_often_as_ches_approximation_says() {
    for (count, skew, size) in [(1000, 0.8, 100), (1000, 0.8, 400), (2000, 1.2, 50)] {
        let cache = format!("Cache(lifetime: \"10h\", max_objects: {size})");
        let expected = che(&zipf(count, skew), f64::from(size));
        let what = format!("{size} of {count}, skew {skew}");
        ratios(&cache, &format!("(count: {count}, skew: {skew})"), 2000, 100).agrees_with(&what, expected, 0.01);
    }
}

#[test]
fn a_given_hit_ratio_is_had_by_a_full_cache() {
    let cache = "Cache(hit_ratio: \"90%\")";
    ratios(cache, "(count: 1000000)", 1000, 100).agrees_with("every call about something else", 0.9, 0.001);
    ratios(cache, "(count: 3, skew: 1.0)", 1000, 100).agrees_with("every call about one of three", 0.9, 0.001);
}

/// The database of HotOS'21: 300 answers a second, and one retry a second after the first attempt. The cache is lost at 20 s.
fn cached_database(rate: u32, hit_ratio: &str) -> Vec<RunMeasures> {
    let text = format!(
        "(schema: 1, name: \"hotos\", horizon: \"60s\", warm_up: \"5s\",
          nodes: {{
            \"users\": Clients(count: 1000, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"database\"),
            \"database\": Service(workers: 1, demand: Exponential(mean: \"3333us\")),
          }},
          faults: [ColdCache(edge: \"users -> database\", at: \"20s\")],
          stacks: {{ \"users -> database\": [
            Retry(attempts: 2, backoff: Immediate()), Timeout(\"1s\"), Cache(hit_ratio: \"{hit_ratio}\", max_objects: 10000)] }})"
    );
    let scenario = scenario("hotos.ron", &text, &[]);
    SEEDS[..3].iter().map(|seed| measured(&scenario, *seed)).collect()
}

fn success(run: &RunMeasures) -> f64 {
    run.succeeded as f64 / run.calls as f64
}

#[test]
fn a_cache_that_answers_nine_of_ten_lets_a_database_of_300_serve_2500_and_hides_that_it_is_vulnerable() {
    // "Look-aside cache with a 90 % hit ratio: serves ten times the load, and is vulnerable above that of the database alone."
    for run in cached_database(2500, "90%") {
        assert!(run.stuck, "the database is asked for all 2500/s and their retries, and answers nobody in time");
        assert!(success(&run) < 0.35, "{}", success(&run));
    }
    for run in cached_database(140, "90%") {
        assert!(!run.stuck && success(&run) > 0.99, "the database could serve these alone, and each twice");
    }
}
