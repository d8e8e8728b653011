//! What do classes of requests add to a scenario, and what do they leave as it was?

use models::measure::{ClassMeasures, RunMeasures};
use scenarios::expect::{Judgement, judge};
use scenarios::journal::{Journal, KnownRuns};
use scenarios::numbers::Numbers;
use scenarios::run::{Run, run};
use scenarios::sweep::{SweepOptions, sweep};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;

/// Two populations, a shop that calls a database, a spike and a crash; what is written of classes is put in.
fn text(shoppers: &str, buyers: &str, rest: &str) -> String {
    format!(
        r#"(schema: 1, name: "classes", horizon: "20s", warm_up: "2s", nodes: {{
            "shoppers": Clients(count: 50, arrivals: Poisson(rate: "100/s"), calls: "shop", keys: (count: 20, skew: 1.0), {shoppers}),
            "buyers": Clients(count: 20, arrivals: ClosedLoop(think: Exponential(mean: "200ms")), calls: "shop", {buyers}),
            "shop": Service(replicas: 2, workers: 4, queue: Fifo(limit: 20), demand: Exponential(mean: "10ms"), does: [Call("db")]),
            "db": Service(workers: 4, queue: Fifo(limit: 20), demand: Exponential(mean: "10ms")),
        }},
        faults: [LoadSpike(clients: "shoppers", factor: 4, at: "6s", lasts: "3s"), Crash(node: "db", at: "12s", lasts: "2s")],
        stacks: {{
            "shoppers -> shop": [Retry(attempts: 3, backoff: FullJitter(base: "50ms", cap: "1s")), Timeout("500ms")],
            "shop -> db": [Cache(lifetime: "1s"), Retry(attempts: 2, backoff: Immediate()), Timeout("200ms")],
        }}, {rest})"#
    )
}

const CLASSES: &str = r#"classes: { "buy": (weight: 2), "browse": (weight: 8, priority: 1) }"#;

fn scenario(text: &str) -> Scenario {
    read(Source::new("classes.ron", text), "classes.ron", &[], Extent::Grid).unwrap_or_else(|(_, problems)| panic!("{problems:?}"))
}

fn messages(text: &str) -> Vec<String> {
    let (_, problems) = read(Source::new("classes.ron", text), "classes.ron", &[], Extent::Grid).expect_err("it is wrong");
    problems.sorted().into_iter().map(|problem| problem.message.clone()).collect()
}

fn made(text: &str, seed: u64) -> Run {
    run(&scenario(text).cells[0].arms[0], seed, TieBreak::ByRank, None)
}

/// All that was measured, but by class.
fn without_classes(measures: &RunMeasures) -> RunMeasures {
    RunMeasures { classes: Vec::new(), ..measures.clone() }
}

fn class<'a>(measures: &'a RunMeasures, name: &str) -> &'a ClassMeasures {
    measures.classes.iter().find(|class| class.class == name).expect("there is such a class")
}

#[test]
fn classes_move_nothing_else() {
    for seed in 1..=10 {
        let plain = made(&text("", "", ""), seed);
        assert!(plain.measures.classes.is_empty() && plain.measures.calls > 1_000);
        for (shoppers, buyers) in [(CLASSES, ""), ("", CLASSES), (CLASSES, r#"classes: { "buy": () }"#)] {
            let other = made(&text(shoppers, buyers, ""), seed);
            assert_eq!(other.digest, plain.digest, "seed {seed}");
            assert_eq!(without_classes(&other.measures), plain.measures, "seed {seed}");
            assert_eq!((&other.bins, &other.gauges), (&plain.bins, &plain.gauges), "seed {seed}");
        }
    }
}

#[test]
fn calls_of_all_classes_are_all_calls_and_come_by_their_weights() {
    let (mut bought, mut all) = (0_u64, 0_u64);
    for seed in 1..=10 {
        let measures = made(&text(CLASSES, CLASSES, ""), seed).measures;
        let sum = |of: fn(&ClassMeasures) -> u64| measures.classes.iter().map(of).sum::<u64>();
        assert_eq!((sum(|class| class.calls), sum(|class| class.succeeded)), (measures.calls, measures.succeeded));
        assert_eq!(sum(|class| class.latency.count), measures.latency.count);
        let longest = measures.classes.iter().map(|class| class.latency.max).max();
        assert_eq!(longest, Some(measures.latency.max));
        bought += class(&measures, "buy").calls;
        all += measures.calls;
    }
    // Four standard errors of a share of 20 %.
    let (expected, error) = (all as f64 * 0.2, 4.0 * (all as f64 * 0.2 * 0.8).sqrt());
    assert!((bought as f64 - expected).abs() < error, "{bought} of {all}");
}

#[test]
fn calls_of_a_population_without_classes_are_of_none() {
    let measures = made(&text(CLASSES, "", ""), 1).measures;
    let shoppers = measures.edges[0].calls;
    assert_eq!(measures.classes.iter().map(|class| class.calls).sum::<u64>(), shoppers);
    assert!(measures.calls > shoppers && measures.edges[1].calls == measures.calls - shoppers);
}

#[test]
fn one_name_in_two_populations_is_one_class_with_one_priority() {
    let measures = made(&text(CLASSES, r#"classes: { "buy": (weight: 1) }"#, ""), 1).measures;
    assert_eq!(measures.classes.len(), 2);
    assert!(class(&measures, "buy").calls > measures.edges[1].calls);
    let sentences = messages(&text(CLASSES, r#"classes: { "buy": (priority: 3) }"#, ""));
    assert_eq!(sentences, ["the class `buy` has the priority 0 in another population; give it one priority, or two names"]);
}

#[test]
fn classes_that_cannot_be_meant_are_refused() {
    for (classes, sentence) in [
        (r#"classes: { "buy": (weight: 0) }"#, "all classes have a weight of 0; at least one needs a weight above 0"),
        (r#"classes: { "": (weight: 1) }"#, "a class needs a name"),
        (r#"classes: { "buy": (wait: 1) }"#, "unknown field `wait`"),
        (r#"classes: { "buy": (weight: 1), "buy": (weight: 2) }"#, "`buy` is written twice"),
    ] {
        let sentences = messages(&text(classes, "", ""));
        assert_eq!(sentences, [sentence], "{classes}");
    }
}

#[test]
fn an_expectation_speaks_of_a_class_that_exists() {
    let expect = |clause: &str| format!("expect: [{clause}]");
    let sentences = messages(&text(CLASSES, "", &expect(r#"Availability(class: "by", at_least: "99%")"#)));
    assert_eq!(sentences, ["no class of requests is called `by`"]);
    let sentences = messages(&text("", "", &expect(r#"Latency(class: "buy", p99: "1s")"#)));
    assert_eq!(sentences, ["no class of requests is called `buy`"]);
    let sentences = messages(&text(CLASSES, "", &expect(r#"Stuck(class: "buy", at_most: "0%")"#)));
    assert_eq!(sentences, ["`class` belongs to Availability and Latency"]);
    let both = expect(r#"Availability(class: "buy", outside_faults: true, at_least: "99%")"#);
    assert_eq!(
        messages(&text(CLASSES, "", &both)),
        ["calls outside the faults are not counted by class; leave `class` or `outside_faults` out"]
    );
}

#[test]
fn a_class_is_judged_over_all_runs_of_a_sweep() {
    let clauses = r#"expect: [
        Availability(class: "buy", at_least: "1%"), Availability(class: "browse", at_most: "1%"), Latency(class: "buy", p50: "10s"),
    ], sweep: (replications: 6)"#;
    let scenario = scenario(&text(CLASSES, "", clauses));
    let options = SweepOptions { jobs: 1, go_on: &|| true, progress: &mut |_, _| {} };
    let results = sweep(&scenario, &KnownRuns::default(), &mut Journal::nowhere(), options).expect("nothing is written");
    let verdicts = judge(&results, Numbers::Written);
    let judgements: Vec<Judgement> = verdicts.iter().map(|verdict| verdict.judgement).collect();
    assert_eq!(judgements, [Judgement::Passed, Judgement::Failed, Judgement::Passed]);
    let bought: u64 = results.runs_of(0, 0).map(|(_, run)| class(run, "buy").calls).sum();
    assert!(verdicts[0].evidence.contains(&format!("of {bought} calls")), "{}", verdicts[0].evidence);
}
