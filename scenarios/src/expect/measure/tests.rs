use super::*;
use crate::results::{RunOutcome, RunRow};
use models::measure::{Episode, LatencySummary, Recovery, RunMeasures};
use sim_core::time::SimDuration;

/// Two arms with these runs, by seed from 1.
fn results(first: Vec<RunMeasures>, second: Vec<RunMeasures>) -> Results {
    let text = r#"(schema: 1, name: "x", horizon: "20s", warm_up: "10s", nodes: {
        "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
        arms: { "one": (), "other": (stacks: { "clients -> server": [Timeout("1s")] }) })"#;
    let scenario = crate::read(crate::text::Source::new("x.ron", text), "x.ron", &[], crate::Extent::Grid).expect("the scenario is sound");
    let rows = [first, second].into_iter().enumerate().flat_map(|(arm, runs)| {
        (1..).zip(runs).map(move |(seed, measures)| RunRow {
            cell: 0,
            arm: arm as u32,
            seed,
            outcome: RunOutcome::Finished { measures, digest: 0 },
        })
    });
    Results { runs: rows.collect(), ..Results::nothing_yet(crate::sweep::manifest(&scenario)) }
}

fn judged(bounds: &MeasureBounds, results: &Results, arm: u32) -> Judged {
    let runs = Runs::from(results.runs_of(0, arm).collect::<Vec<_>>());
    bounds.judge(results, 0, &runs)
}

fn of(name: &str) -> MeasureBounds {
    MeasureBounds {
        of: name.to_owned(),
        over_runs: None,
        at_least: None,
        at_most: None,
        than: None,
        better_than: None,
        worse_than: None,
        arms: None,
    }
}

fn text(text: &str) -> Option<Amount> {
    Some(Amount::Text(text.to_owned()))
}

fn fast(millis: u64) -> RunMeasures {
    let latency = LatencySummary { count: 9, p99: SimDuration::from_millis(millis), ..LatencySummary::default() };
    RunMeasures { latency, ..RunMeasures::default() }
}

#[test]
fn a_quantile_of_latency_is_as_exact_as_its_buckets_and_what_is_exact_is_told_so() {
    let run = || {
        let [longest, bucket] = [250_000_002, 250_100_000].map(SimDuration::from_nanos);
        let latency = LatencySummary { count: 9, p99: bucket, max: longest, mean: longest, ..LatencySummary::default() };
        RunMeasures { latency, ..RunMeasures::default() }
    };
    let results = results((0..9).map(|_| run()).collect(), Vec::new());
    let held = |measure: &str| judged(&MeasureBounds { at_most: text("250ms"), ..of(measure) }, &results, 0);
    assert_eq!(held("latency p99").1, Judgement::Passed);
    let (_, judgement, evidence, _) = held("latency max");
    assert_eq!(judgement, Judgement::Failed);
    assert!(evidence.starts_with("median 250.000002ms"), "{evidence}");
}

fn recovers(recovery: Recovery) -> RunMeasures {
    RunMeasures { episodes: vec![Episode { recovery, ..Episode::default() }], ..RunMeasures::default() }
}

fn answers(succeeded: u64) -> RunMeasures {
    RunMeasures { calls: 1_000, succeeded, ..RunMeasures::default() }
}

#[test]
fn a_quantile_over_the_runs_is_judged_in_the_unit_of_its_measure() {
    let mut runs: Vec<RunMeasures> = (1..=40).map(|run| fast(100 + run)).collect();
    runs.push(RunMeasures::default());
    let results = results(runs, vec![]);
    let at_most = |limit: &str, over| judged(&MeasureBounds { at_most: text(limit), over_runs: over, ..of("latency p99") }, &results, 0);
    let (clause, judgement, evidence, worst) = at_most("150ms", Some(Over::P90));
    assert_eq!((clause.as_str(), judgement), ("latency p99 of nine runs in ten at most 150ms", Judgement::Passed));
    assert_eq!(evidence, "quantile 136ms; 95 % interval 132ms to 140ms, order statistics of 40 runs; 1 of 41 runs have no such value");
    assert_eq!(worst, Some(40));
    assert_eq!((at_most("135ms", Some(Over::P90)).1, at_most("131ms", Some(Over::P90)).1), (Judgement::Undecided, Judgement::Failed));
    assert_eq!((at_most("130ms", None).1, at_most("110ms", None).1), (Judgement::Passed, Judgement::Failed));
    assert_eq!((at_most("140ms", Some(Over::Every)).1, at_most("139ms", Some(Over::Every)).1), (Judgement::Passed, Judgement::Failed));
    assert!(
        at_most("139ms", Some(Over::Every))
            .2
            .ends_with("101ms to 140ms over 40 runs, 1 of them beyond the limit; 1 of 41 runs have no such value")
    );
    assert_eq!(at_most("130ms", Some(Over::Mean)).1, Judgement::Passed);
}

#[test]
fn a_run_that_never_recovers_is_longer_than_any_limit_and_has_no_mean() {
    let mut runs: Vec<RunMeasures> = (0..40).map(|_| recovers(Recovery::After(SimDuration::from_secs(3)))).collect();
    runs.extend((0..40).map(|_| recovers(Recovery::Censored(SimDuration::from_secs(60)))));
    let results = results(runs, vec![]);
    let at_most = |over| judged(&MeasureBounds { at_most: text("100s"), over_runs: Some(over), ..of("recovery time") }, &results, 0);
    assert_eq!((at_most(Over::P90).1, at_most(Over::P10).1), (Judgement::Failed, Judgement::Passed));
    let (_, judgement, evidence, worst) = at_most(Over::Mean);
    assert_eq!((judgement, worst), (Judgement::Undecided, Some(41)));
    assert_eq!(evidence, "40 of 80 values were cut off and have no mean; ask for a quantile");
}

#[test]
fn a_run_that_was_cut_off_above_its_level_leaves_the_limit_undecided_where_it_matters() {
    let cut_off = || recovers(Recovery::CutOff { after: SimDuration::from_secs(16), above: SimDuration::from_secs(4), by_horizon: true });
    let at_most = |cut: usize, limit: &str| {
        let others = (cut..40).map(|_| recovers(Recovery::After(SimDuration::from_secs(3))));
        let results = results((0..cut).map(|_| cut_off()).chain(others).collect(), vec![]);
        judged(&MeasureBounds { at_most: text(limit), ..of("recovery time") }, &results, 0)
    };
    let (_, judgement, evidence, _) = at_most(40, "30s");
    assert_eq!(judgement, Judgement::Undecided);
    assert!(evidence.contains("nobody saw whether that lasts"), "{evidence}");
    // It is known to have taken 12 s, and two of forty runs move no median.
    assert_eq!((at_most(40, "11s").1, at_most(2, "30s").1), (Judgement::Failed, Judgement::Passed));
}

#[test]
fn what_no_fault_did_and_what_has_no_level_is_not_measured() {
    let reason = "no level to come back to: no call succeeded in a whole bin between the warm-up and the first fault";
    let dead = || {
        let episode = Episode { recovery: Recovery::Undecided(reason.to_owned()), unmeasured: true, ..Episode::default() };
        RunMeasures { episodes: vec![episode], ..RunMeasures::default() }
    };
    let (struck, calm) = ((0..30).map(|_| dead()).collect(), (0..30).map(|_| RunMeasures::default()).collect());
    let results = results(struck, calm);
    for (name, limit) in [("recovery time", "1s"), ("downtime", "1s"), ("calls lost", "1"), ("relapses", "0"), ("stuck", "0%")] {
        let limit = limit.parse().map_or(text(limit), |count| Some(Amount::Number(count)));
        for (arm, wanted) in [(0, reason), (1, "no fault struck")] {
            let (_, judgement, evidence, _) = judged(&MeasureBounds { at_most: limit.clone(), ..of(name) }, &results, arm);
            assert_eq!((judgement, evidence), (Judgement::Undecided, format!("no run has such a value: {wanted}")), "{name}");
        }
    }
}

#[test]
fn a_share_that_a_run_has_or_has_not_is_judged_exactly() {
    let runs = (0..30).map(|run| RunMeasures { stuck: run < 3, ..recovers(Recovery::Unharmed) }).collect();
    let results = results(runs, vec![]);
    let bounds = MeasureBounds { at_most: text("30%"), over_runs: Some(Over::Mean), ..of("stuck") };
    let (_, judgement, evidence, worst) = judged(&bounds, &results, 0);
    assert_eq!((judgement, worst), (Judgement::Passed, Some(1)));
    assert_eq!(evidence, "mean 10%; 95 % interval 2.112% to 26.529%, exact binomial interval of 30 runs");
}

#[test]
fn an_arm_is_compared_with_another_seed_by_seed() {
    // The seed's luck is ten times what the arm adds.
    let luck = |seed: u64| 800 + 10 * (seed % 7);
    let base: Vec<RunMeasures> = (0..20).map(|seed| answers(luck(seed))).collect();
    let more: Vec<RunMeasures> = (0..20).map(|seed| answers(luck(seed) + 4 + seed % 3)).collect();
    let results = results(base, more);
    let judge = |bounds: MeasureBounds| judged(&bounds, &results, 1);
    let than = |limit: &str| judge(MeasureBounds { than: Some("one".to_owned()), at_least: text(limit), ..of("availability") });
    let (clause, judgement, evidence, _) = than("0.4pp");
    assert_eq!((clause.as_str(), judgement), ("availability against \"one\" at least 0.4pp", Judgement::Passed));
    assert_eq!(evidence, "median difference +0.5pp; 95 % interval +0.4pp to +0.6pp, order statistics of 20 runs");
    assert_eq!((than("0.5pp").1, than("1pp").1), (Judgement::Undecided, Judgement::Failed));
    let (clause, judgement, ..) = judge(MeasureBounds { better_than: Some("one".to_owned()), ..of("availability") });
    assert_eq!((clause.as_str(), judgement), ("availability better than \"one\"", Judgement::Passed));
    assert_eq!(judge(MeasureBounds { worse_than: Some("one".to_owned()), ..of("availability") }).1, Judgement::Failed);
    assert_eq!(judge(MeasureBounds { better_than: Some("other".to_owned()), ..of("availability") }).1, Judgement::Failed, "it is equal");
    let mean =
        judge(MeasureBounds { than: Some("one".to_owned()), at_most: text("0.7pp"), over_runs: Some(Over::Mean), ..of("availability") });
    assert_eq!(mean.1, Judgement::Passed, "{}", mean.2);
}

#[test]
fn what_no_run_has_or_observes_is_undecided_with_the_reason() {
    let results = results(vec![RunMeasures::default(); 6], vec![]);
    let bounds = |name: &str| MeasureBounds { at_most: Some(Amount::Number(3.0)), ..of(name) };
    let (_, judgement, reason, _) = judged(&bounds("elections"), &results, 0);
    assert!(judgement == Judgement::Undecided && reason.contains("list measures"), "{reason}");
    let (_, judgement, reason, _) = judged(&MeasureBounds { at_most: text("3s"), ..of("latency p50") }, &results, 0);
    assert_eq!((judgement, reason.as_str()), (Judgement::Undecided, "no run has such a value"));
    let against = MeasureBounds { than: Some("other".to_owned()), ..bounds("calls") };
    assert_eq!(judged(&against, &results, 0).2, "no seed has a value in both arms");
}
