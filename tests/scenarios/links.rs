//! What do the scenarios about links promise in their comments?

use super::{SEEDS, arm, assert_within, results};

#[test]
fn reroute_loses_what_is_sent_until_routing_has_converged() {
    let results = results("reroute");
    for (cell, convergence) in [(0, 1.0), (1, 5.0)] {
        let lost = |name| 1.0 - arm(&results, cell, name).availability(10..60);
        assert_within("no other way", lost("no other way") / (20.0 / 50.0), 0.98..=1.02);
        // The cut also takes what is on the wire when it begins, and what is at work: up to 70 ms of calls.
        assert_within("another way", lost("another way") * 50.0 - convergence, 0.0..=0.15);
        assert_within("another way, once known", arm(&results, cell, "another way").availability(31..45), 1.0..=1.0);
    }
}

#[test]
fn lossy_link_divides_the_failures_by_ten_with_every_try() {
    let results = results("lossy-link");
    for (name, tries) in [("one try", 1), ("two tries", 2), ("three tries", 3)] {
        let expected = libm::pow(0.0975, f64::from(tries));
        let failed = (1.0 - arm(&results, 0, name).availability(10..110)) / expected;
        // Four standard errors of a count of failures among 10,000 calls of each run.
        let room = 4.0 / (expected * 10_000.0 * f64::from(SEEDS)).sqrt();
        assert_within(name, failed, 1.0 - room..=1.0 + room);
    }
}

#[test]
fn bursty_loss_defeats_tries_at_once_and_not_those_that_wait() {
    let results = results("bursty-loss");
    let failed = |name| 1.0 - arm(&results, 0, name).availability(10..310);
    assert_within("independent", failed("independent") / libm::pow(0.0975, 3.0), 0.9..=1.1);
    assert!(failed("bursts, at once") > 10.0 * failed("independent"), "{}", failed("bursts, at once"));
    assert!(failed("bursts, waiting") < failed("bursts, at once") / 4.0, "{}", failed("bursts, waiting"));
}

#[test]
fn bufferbloat_answers_everybody_too_late_or_five_of_six_in_time() {
    let results = results("bufferbloat");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("short queue", by_name("short queue").availability(20..80), 0.825..=0.842);
    assert_within("deep queue", by_name("deep queue").availability(20..80), 0.0..=0.002);
    assert!(by_name("deep queue").runs().all(|run| run.messages.full > 0), "it does fill up");
    assert_within("short queue, longest", by_name("short queue").median(|run| run.latency.max.as_secs_f64()), 0.13..=0.152);
    assert_within("and one retry, in vain", by_name("and one retry").wasted(), 0.34..=0.42);
}
