//! How often does a cache answer? Time-to-live and least-recently-used caches under independent references, by their closed forms, and
//! the cached database of HotOS'21.
//!
//! H. Che, Y. Tung, Z. Wang, "Hierarchical Web Caching Systems: Modeling, Design and Experimental Results", 2002; W. King, "Analysis of
//! Demand Paging Algorithms", 1971; N. Bronson and others, "Metastable Failures in Distributed Systems", HotOS 2021, section 2.1.

use super::page::{Section, about, here};
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
    let mut page = Section::open(
        here!(),
        "renewal cycle of a miss and the hits of a lifetime: 1 - 1 / (1 + rate x lifetime).",
        "6, seeds 1 to 6, of 200,000 calls.",
    );
    // A miss, and then rate * lifetime hits on average: 1 - 1 / (1 + lambda T).
    for (lifetime, per_object) in [("100ms", 1.0), ("500ms", 5.0), ("2s", 20.0)] {
        // 100 objects, each of them asked for ten times a second. Empty at the begin, which one call per object notices.
        let expected = 1.0 - 1.0 / (1.0 + per_object);
        let cache = format!("Cache(lifetime: \"{lifetime}\")");
        page.agrees(&format!("lifetime {lifetime}, hit ratio"), "share", ratios(&cache, "(count: 100)", 1000, 200), about(expected), 0.003);
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
    let mut page = Section::open(here!(), "W. King, \"Analysis of Demand Paging Algorithms\", 1971.", "6, seeds 1 to 6, of 100,000 calls.");
    let popular = zipf(5, 1.0);
    // The last object asked for; and the last two different ones, in either order.
    let one: f64 = popular.iter().map(|p| p * p).sum();
    let pairs = (0..popular.len()).flat_map(|one| (0..popular.len()).filter(move |other| *other != one).map(move |other| (one, other)));
    let two: f64 = one + pairs.map(|(one, other)| popular[one] * popular[one] * popular[other] / (1.0 - popular[other])).sum::<f64>();
    for (size, expected) in [(1, one), (2, two)] {
        let cache = format!("Cache(lifetime: \"10h\", max_objects: {size})");
        page.agrees(&format!("{size} of 5, hit ratio"), "share", ratios(&cache, "(count: 5, skew: 1.0)", 1000, 100), expected, 0.003);
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
    let mut page = Section::open(
        here!(),
        "H. Che, Y. Tung, Z. Wang, \"Hierarchical Web Caching Systems\", 2002; an approximation, good to some thousandths.",
        "6, seeds 1 to 6, of 200,000 calls.",
    );
    for (count, skew, size) in [(1000, 0.8, 100), (1000, 0.8, 400), (2000, 1.2, 50)] {
        let cache = format!("Cache(lifetime: \"10h\", max_objects: {size})");
        let expected = che(&zipf(count, skew), f64::from(size));
        let what = format!("{size} of {count}, skew {skew}");
        page.agrees(
            &format!("{what}, hit ratio"),
            "share",
            ratios(&cache, &format!("(count: {count}, skew: {skew})"), 2000, 100),
            about(expected),
            0.01,
        );
    }
}

#[test]
fn an_empty_cache_misses_once_for_each_object_that_is_asked_for_at_all() {
    let mut page = Section::open(
        here!(),
        "occupancy (the coupon collector): of n objects k calls find n (1 - (1 - 1 / n)^k) different ones in the mean.",
        "20, seeds 1 to 20; every object is kept for longer than the run.",
    );
    for (objects, calls) in [(100, 100), (100, 460), (1000, 500), (1000, 7000)] {
        let text = format!(
            "(schema: 1, name: \"collector\", horizon: \"{calls}s\",
              nodes: {{
                \"readers\": Clients(count: 1, arrivals: Constant(rate: \"1/s\"), calls: \"store\", keys: (count: {objects})),
                \"store\": Service(workers: 1000, demand: Constant(\"1ns\")),
              }},
              stacks: {{ \"readers -> store\": [Cache(lifetime: \"10h\", max_objects: 10000)] }})"
        );
        let scenario = scenario("collector.ron", &text, &[]);
        let runs: Vec<RunMeasures> = (1..=20).map(|seed| measured(&scenario, seed)).collect();
        let n = f64::from(objects);
        let made = runs[0].calls as f64;
        let expected = n * (1.0 - sim_core::maths::pow(1.0 - 1.0 / n, made));
        let misses = |run: &RunMeasures| observed(run, "cache misses", Fold::Sum).unwrap_or_default() as f64;
        page.agrees(
            &format!("{made} calls about {objects} objects: misses"),
            "calls",
            Estimate::of(runs.iter().map(misses)),
            expected,
            0.005,
        );
    }
}

#[test]
fn a_given_hit_ratio_is_had_by_a_full_cache() {
    let mut page = Section::open(here!(), "own definition.", "6, seeds 1 to 6, of 100,000 calls.");
    let cache = "Cache(hit_ratio: \"90%\")";
    page.agrees("every call about something else, hit ratio", "share", ratios(cache, "(count: 1000000)", 1000, 100), 0.9, 0.001);
    page.agrees("every call about one of three, hit ratio", "share", ratios(cache, "(count: 3, skew: 1.0)", 1000, 100), 0.9, 0.001);
}

/// The database of HotOS'21: 300 answers a second, and one retry a second after the first attempt. The cache is lost at 20 s.
fn cached_database(rate: u32) -> Vec<RunMeasures> {
    hotos(rate, 60, "ColdCache(edge: \"users -> database\", at: \"20s\")")
}

fn hotos(rate: u32, horizon: u32, fault: &str) -> Vec<RunMeasures> {
    let text = format!(
        "(schema: 1, name: \"hotos\", horizon: \"{horizon}s\", warm_up: \"5s\",
          nodes: {{
            \"users\": Clients(count: 1000, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"database\"),
            \"database\": Service(workers: 1, demand: Exponential(mean: \"3333us\")),
          }},
          faults: [{fault}],
          stacks: {{ \"users -> database\": [
            Retry(attempts: 2, backoff: Immediate()), Timeout(\"1s\"), Cache(hit_ratio: \"90%\", max_objects: 10000)] }})"
    );
    let scenario = scenario("hotos.ron", &text, &[]);
    SEEDS[..3].iter().map(|seed| measured(&scenario, *seed)).collect()
}

fn success(run: &RunMeasures) -> f64 {
    run.succeeded as f64 / run.calls as f64
}

#[test]
fn a_cache_that_answers_nine_of_ten_lets_a_database_of_300_serve_2500_and_hides_that_it_is_vulnerable() {
    let mut page = Section::open(
        here!(),
        "N. Bronson, A. Aghayev, A. Charapko, T. Zhu, \"Metastable Failures in Distributed Systems\", HotOS 2021, section 2.1.",
        "seeds 1 to 3; the cache is lost at 20 s of 60 s.",
    );
    // "Look-aside cache with a 90 % hit ratio: serves ten times the load, and is vulnerable above that of the database alone."
    let stuck = |runs: &[RunMeasures]| runs.iter().filter(|run| run.stuck).count();
    let shares = |runs: &[RunMeasures]| {
        runs.iter().map(success).fold((1.0_f64, 0.0_f64), |(least, most), share| (least.min(share), most.max(share)))
    };
    // The database is asked for all 2500/s and their retries, and answers nobody in time.
    let fast = cached_database(2500);
    page.equals("2500/s, cache lost: runs that stay down", "runs", stuck(&fast), 3, 3);
    page.bound("2500/s, cache lost: availability, most", "share", shares(&fast).1, 0.0..=0.35, 3);
    // Nine of ten are answered by the cache as long as it is there, and then the database is asked ten times as often, and once more each.
    let asked = |run: &RunMeasures| run.edges[0].attempts as f64;
    let calm = hotos(2500, 20, "");
    page.agrees(
        "2500/s, 5 s to 20 s: attempts at the database",
        "1/s",
        Estimate::of(calm.iter().map(|run| asked(run) / 15.0)),
        250.0,
        0.02,
    );
    page.bound("2500/s, 5 s to 20 s: availability, least", "share", shares(&calm).0, 0.99..=1.0, 3);
    // It could serve these alone, and each twice.
    let slow = cached_database(140);
    page.equals("140/s, cache lost: runs that stay down", "runs", stuck(&slow), 0, 3);
    page.bound("140/s, cache lost: availability, least", "share", shares(&slow).0, 0.99..=1.0, 3);
}
