//! What has settled, what has not, and what was on its way.

use super::*;
use crate::text::Source;
use crate::{Extent, read};
use models::measure::{Episode, Latencies, RunMeasures};
use sim_core::draw::{Key, Seed};
use sim_core::observe::Digest;
use sim_core::time::SimDuration;

fn manifest(times: &str, rest: &str) -> Manifest {
    let text = format!(
        r#"(schema: 1, name: "x", {times}, nodes: {{
            "clients": Clients(count: 1, arrivals: Constant(rate: "100/s"), calls: "server"),
            "server": Service(workers: 1, demand: Constant("1ms")) }}, {rest})"#
    );
    let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    crate::sweep::manifest(&scenario)
}

fn run(bins: Vec<Bin>, episodes: Vec<Episode>) -> Run {
    let measures = RunMeasures { episodes, ..RunMeasures::default() };
    Run {
        measures,
        bins,
        gauges: Vec::new(),
        further: Vec::new(),
        latencies: Latencies::default(),
        occupancies: Vec::new(),
        digest: Digest::from_value(0),
        history: None,
        stalled: None,
    }
}

/// A hundred calls a second with some chance, of which so many per hundred succeed in each second; all at once.
fn bins(seed: u64, seconds: u64, succeeds: impl Fn(u64) -> u64) -> Vec<Bin> {
    let chance = |second: u64| (Seed::new(seed).draws(Key::named("calls").child(second), 1).wait().bits() >> 60) % 11;
    (0..seconds)
        .map(|second| {
            let started = 95 + chance(second);
            let succeeded = started * succeeds(second) / 100;
            Bin { started, succeeded, completed: succeeded, failed: started - succeeded, attempts: started }
        })
        .collect()
}

fn course(manifest: &Manifest, runs: impl Iterator<Item = Run>) -> Course {
    runs.fold(Course::default(), |mut course, run| {
        course.add(manifest, 0, &run);
        course
    })
}

#[test]
fn what_has_settled_before_it_is_measured_is_no_doubt() {
    let manifest = manifest("horizon: \"120s\", warm_up: \"20s\"", "");
    for runs in [1, 20] {
        let course = course(&manifest, (0..runs).map(|seed| run(bins(seed, 120, |second| 20 + 4 * second.min(20)), Vec::new())));
        assert_eq!(course.beginning(&manifest, 0), None);
    }
}

#[test]
fn a_warm_up_that_was_too_short_is_told_when_it_ought_to_end() {
    let manifest = manifest("horizon: \"120s\", warm_up: \"5s\"", "");
    for runs in [1, 20] {
        let course = course(&manifest, (0..runs).map(|seed| run(bins(seed, 120, |second| 20 + 4 * second.min(20)), Vec::new())));
        let seen = course.beginning(&manifest, 0).expect("it settles after 20 s");
        assert_eq!(seen.quantity, Quantity::Share);
        let settled = seen.settled.expect("most of the time it has").since_start();
        assert!((SimDuration::from_secs(15)..=SimDuration::from_secs(25)).contains(&settled), "{settled}");
        assert!(seen.before < 0.8 && seen.after > 0.95, "{seen:?}");
    }
}

#[test]
fn what_changes_up_to_the_end_never_settles() {
    let manifest = manifest("horizon: \"100s\"", "");
    let course = course(&manifest, (0..20).map(|seed| run(bins(seed, 100, |second| second), Vec::new())));
    assert_eq!(course.beginning(&manifest, 0).map(|seen| seen.settled), Some(None));
}

#[test]
fn who_writes_that_there_is_no_warm_up_asks_for_the_beginning() {
    let manifest = manifest("horizon: \"100s\", warm_up: \"0s\"", "");
    let course = course(&manifest, (0..20).map(|seed| run(bins(seed, 100, |second| second), Vec::new())));
    assert_eq!(course.beginning(&manifest, 0), None);
}

#[test]
fn a_load_that_changes_by_itself_is_no_doubt() {
    let manifest = manifest("horizon: \"100s\"", "");
    let rising = |seed: u64| {
        let mut bins = bins(seed, 100, |_| 100);
        bins.iter_mut().zip(1..).for_each(|(bin, second)| (bin.started, bin.succeeded, bin.completed) = (second, second, second));
        run(bins, Vec::new())
    };
    assert_eq!(course(&manifest, (0..20).map(rising)).beginning(&manifest, 0), None);
}

#[test]
fn calls_that_pile_up_are_seen_though_all_succeed_in_the_end() {
    let manifest = manifest("horizon: \"100s\"", "");
    // Twenty seconds long a call more begins in each than ends, and so many stay under way.
    let piled = |seed: u64| {
        let mut bins = bins(seed, 100, |_| 100);
        bins.iter_mut().take(20).for_each(|bin| bin.completed -= 1);
        run(bins, Vec::new())
    };
    let seen = course(&manifest, (0..20).map(piled)).beginning(&manifest, 0).expect("they pile up");
    assert_eq!((seen.quantity, seen.settled.is_some()), (Quantity::UnderWay, true));
}

#[test]
fn runs_that_were_on_their_way_at_the_horizon_are_told_from_those_that_stay_down() {
    let manifest =
        manifest("horizon: \"90s\", warm_up: \"5s\"", r#"faults: [SlowNode(node: "server", factor: 2, at: "20s", lasts: "10s")]"#);
    let at = |second: u64| SimTime::from_nanos(second * 1_000_000_000);
    let down = |recovery: Recovery| Episode { begin: at(20), end: at(30), recovery, ..Episode::default() };
    let ends = |succeeds: fn(u64) -> u64| {
        let censored = Recovery::Censored(SimDuration::from_secs(60));
        course(&manifest, (0..20).map(|seed| run(bins(seed, 90, succeeds), vec![down(censored.clone())]))).at_the_end()
    };
    assert_eq!(ends(|second| if second < 20 { 100 } else { second }), (20, 20, 20));
    assert_eq!(ends(|second| if second < 20 { 100 } else { 10 + second % 3 }), (20, 20, 0));
}
