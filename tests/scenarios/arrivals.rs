//! What do the scenarios about arrivals claim?

use super::*;

#[test]
fn bursty_load_has_one_mean_load_and_loses_calls_only_where_bursts_outlast_patience() {
    let results = results("bursty-load");
    let busy = |name: &str| {
        let of = arm(&results, 0, name);
        of.total(|run| run.services[0].busy.as_nanos()) / of.total(|run| run.services[0].averaged_over.as_nanos())
    };
    // Six workers are busy on average; of long bursts there are some twenty a minute, so that their number differs from run to run.
    assert_within("independent calls", busy("independent calls"), 5.9..=6.1);
    assert_within("short bursts", busy("short bursts"), 5.8..=6.2);
    assert_within("long bursts", busy("long bursts"), 5.3..=6.7);
    assert_within("twice the workers", busy("twice the workers"), 5.3..=6.7);
    let queue = |name: &str| {
        arm(&results, 0, name).median(|run| run.services[0].waiting.as_secs_f64() / run.services[0].averaged_over.as_secs_f64())
    };
    assert!(queue("independent calls") < 2.0 && queue("long bursts") > 100.0, "{} {}", queue("independent calls"), queue("long bursts"));
    let slower = |name: &str| arm(&results, 0, name).median(|run| run.latency.p99.as_secs_f64());
    assert!(slower("short bursts") > 1.5 * slower("independent calls"));
}
