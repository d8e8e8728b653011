//! What do the scenarios about clocks and groups promise in their comments?

use super::{SEEDS, arm, assert_within, results};
use scenarios::measure::{Fold, RunMeasures, Unit};
use scenarios::results::Results;

/// What the runs of an arm observed under a name, in units of the name: a count, or seconds.
fn observed(results: &Results, name: &str, what: &str, fold: Fold) -> Vec<f64> {
    let value = |run: &RunMeasures| {
        let found = run.observations.iter().find(|one| one.name == what && one.fold == fold);
        found.map(|one| one.value as f64 / if one.unit == Unit::Time { 1e9 } else { 1.0 })
    };
    arm(results, 0, name).runs().filter_map(value).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn clock_sync_is_wrong_by_half_the_difference_of_the_ways() {
    let results = results("clock-sync");
    for (name, least, most) in [("equal ways", -1e-6, 1e-6), ("busy uplink", 0.01 - 1e-6, 0.01 + 2e-6), ("jitter", -1e-6, 0.1)] {
        for fold in [Fold::Least, Fold::Most] {
            for error in observed(&results, name, "error of an estimate", fold) {
                assert_within(name, error, least..=most);
            }
        }
        assert_within(name, mean(&observed(&results, name, "estimates beyond their bound", Fold::Sum)), 0.0..=0.0);
        assert_within(name, mean(&observed(&results, name, "clocks set", Fold::Sum)), 11.0..=12.0);
    }
    assert_within("jitter", mean(&observed(&results, "jitter", "error of an estimate", Fold::Most)), 0.03..=0.06);
}

#[test]
fn a_false_ticker_misleads_a_third_of_those_who_ask_one_and_nobody_who_asks_all() {
    let results = results("false-ticker");
    let beyond = |name| {
        mean(&observed(&results, name, "estimates beyond their bound", Fold::Sum)) / mean(&observed(&results, name, "estimates", Fold::Sum))
    };
    assert_within("one of three", beyond("one of three"), 0.32..=0.35);
    assert_within("all three", beyond("all three"), 0.0..=0.0);
    assert_within("all three", mean(&observed(&results, "all three", "servers that agree", Fold::Least)), 2.0..=2.0);
}

#[test]
fn a_lease_is_held_twice_where_the_comment_says_so_and_for_as_long() {
    let results = results("lease-and-clock");
    let longest = |name| observed(&results, name, "time with two holders", Fold::Most);
    assert!(longest("good").is_empty() && longest("wall clock off").is_empty());
    let slow = longest("slow clock");
    assert_eq!(slow.len(), SEEDS as usize);
    assert_within("slow clock", mean(&slow), 0.0509..=0.0512);
    assert_within("from receipt", mean(&longest("from receipt")), 0.0499..=0.0501);
}

#[test]
fn failure_detectors_trade_speed_against_mistakes_as_the_comment_says() {
    let results = results("failure-detectors");
    let time = |name| {
        let of_runs = |what, fold| observed(&results, name, what, fold);
        let detections = of_runs("detections", Fold::Sum);
        let means = of_runs("time until a dead member is suspected", Fold::Mean);
        means.iter().zip(&detections).map(|(mean, count)| mean * count).sum::<f64>() / detections.iter().sum::<f64>()
    };
    let mistakes = |name| observed(&results, name, "false suspicions", Fold::Sum).iter().sum::<f64>() / f64::from(SEEDS);
    assert!(time("timeout 1.2s") < time("phi 3") && time("phi 3") < time("phi 8") && time("phi 8") < time("timeout 3s"));
    assert_within("timeout 3s", time("timeout 3s"), 2.0..=3.0);
    assert!(
        mistakes("timeout 1.2s") > mistakes("phi 3")
            && mistakes("phi 3") > mistakes("phi 8")
            && mistakes("phi 8") >= mistakes("timeout 3s")
    );
}

#[test]
fn a_rumour_needs_as_many_rounds_as_its_scenario_says() {
    let results = results("gossip-rounds");
    for (name, rounds) in [("push", 13.9..=15.5), ("push-pull", 7.2..=8.2), ("push, two", 8.5..=9.8)] {
        assert_within(name, mean(&observed(&results, name, "rounds until everybody knew", Fold::Most)), rounds);
    }
}

#[test]
fn acknowledged_writes_are_lost_where_the_comment_says_so_and_as_many() {
    let results = results("lost-acknowledgements");
    let lost = |name| observed(&results, name, "acknowledged writes lost", Fold::Sum);
    for name in ["every write", "two disks"] {
        let lost = lost(name);
        assert!(lost.len() == SEEDS as usize && lost.iter().all(|&lost| lost == 0.0), "{name}: {lost:?}");
    }
    assert_within("every 100ms", mean(&lost("every 100ms")), 4.0..=6.0);
    let share = mean(&lost("never")) / mean(&observed(&results, "never", "writes acknowledged", Fold::Sum));
    assert_within("never", share, 0.3..=0.5);
}

#[test]
fn a_store_believes_finds_and_mends_what_its_disk_did_as_the_comment_says() {
    let results = results("silent-corruption");
    let sum = |name, what| observed(&results, name, what, Fold::Sum).iter().sum::<f64>();
    assert!(sum("nothing checked", "corrupt reads served") > f64::from(SEEDS));
    for name in ["checksums", "and places", "and a follower"] {
        assert_within(name, sum(name, "corrupt reads served"), 0.0..=0.0);
    }
    assert_within("nothing checked", sum("nothing checked", "damaged records found"), 0.0..=0.0);
    assert!(sum("and places", "damaged records found") > 1.2 * sum("checksums", "damaged records found"));
    for name in ["nothing checked", "checksums", "and places"] {
        assert!(sum(name, "acknowledged writes lost") > 20.0 * f64::from(SEEDS), "{name}");
        assert!(sum(name, "stale reads") > 10.0 * f64::from(SEEDS), "{name}");
    }
    assert_within("and a follower", sum("and a follower", "acknowledged writes lost"), 0.0..=0.0);
}

#[test]
fn two_primaries_part_their_histories_unless_a_follower_has_to_agree() {
    let results = results("two-primaries");
    let conflicts = |name| observed(&results, name, "writes acknowledged into a slot of another", Fold::Sum);
    // Each of the two acknowledges 20 writes a second for a minute.
    assert!(conflicts("alone").iter().all(|&count| (1_000.0..1_300.0).contains(&count)), "{:?}", conflicts("alone"));
    assert!(conflicts("a follower").iter().all(|&count| count == 0.0), "{:?}", conflicts("a follower"));
}
