//! Is what is left small, and does it fail as before?

use super::*;
use crate::repro::Repro;
use crate::run::run;
use crate::search::Judge;
use crate::text::Source;
use crate::{Extent, read};
use sim_core::simulation::TieBreak;

/// Three calls fail when the shop is away for longer than its callers try: everything else is decoration.
const LARGE: &str = r#"(schema: 1, name: "large", horizon: "120s", warm_up: "5s",
    nodes: {
        "clients": Clients(count: 40, arrivals: Poisson(rate: "40/s"), calls: "shop", domain: "internet"),
        "others": Clients(count: 10, arrivals: Poisson(rate: "10/s"), calls: "store", domain: "internet"),
        "shop": Service(replicas: 2, workers: 4, demand: Exponential(mean: "10ms"), does: [Call("store")], domain: "zone-a"),
        "store": Service(replicas: 2, workers: 8, demand: LogNormal(median: "2ms", p99: "9ms"), domain: "zone-b"),
    },
    links: [
        Link(from: "internet", to: "zone-a", delay: Exponential(mean: "5ms")),
        Link(from: "zone-a", to: "zone-b", delay: Constant("1ms")),
    ],
    faults: [SlowNode(node: "store", factor: 1.5, at: "20s", lasts: "30s")],
    storm: Storm(from: "10s", lasts: "80s", quiet: "10s", most: 20, max_down: 2,
        families: [Crash(node: "shop"), SlowNode(node: "shop", factor: 2.0), Crash(node: "store"), SlowNode(node: "store", factor: 3.0)]),
    arms: {
        "no retries": (stacks: { "clients -> shop": [Timeout("1s")] }),
        "retries": (stacks: { "clients -> shop": [Retry(attempts: 3, backoff: FullJitter(base: "10ms", cap: "1s")), Timeout("500ms")], "shop -> store": [Timeout("300ms")], "others -> store": [Timeout("1s")] }),
    },
    expect: [Availability(at_least: "100%", arms: ["retries"]), Stuck(at_most: "0%"), Recovery(p90: "5s")])"#;

fn options<'a>(jobs: usize, progress: &'a mut dyn FnMut(&Step)) -> ShrinkOptions<'a> {
    ShrinkOptions { most_runs: 20_000, jobs, go_on: &|| true, progress }
}

fn failing() -> (Repro, Failure) {
    let scenario = read(Source::new("x.ron", LARGE), "x.ron", &[], Extent::AsWritten).expect("it is sound");
    let (repro, _) = (1..50)
        .map(|seed| Repro::of(&scenario, 1, seed, None).expect("it can be written"))
        .find(|(repro, _)| !repro.failures.is_empty())
        .expect("a storm harms soon");
    let failure = repro.failures[0].clone();
    (repro, failure)
}

#[test]
fn what_is_left_fails_in_the_same_way_and_is_a_tenth_and_less() {
    let (repro, failure) = failing();
    let mut told = 0;
    let shrunk = shrink(&repro, &failure, options(2, &mut |_| told += 1)).expect("it fails");
    let text = shrunk.draft.text("Smaller.");
    assert!(shrunk.is_done && told == shrunk.steps.len() && shrunk.to.faults <= 2, "{text}");
    assert!(shrunk.to.events * 10 < shrunk.from.events, "{} of {} events\n{text}", shrunk.to.events, shrunk.from.events);
    let scenario = read(Source::new("small.ron", &*text), "small.ron", &[], Extent::AsWritten).expect("it reads alone");
    for _ in 0..3 {
        let made = run(&scenario.cells[0].arms[0], shrunk.draft.seed, TieBreak::ByRank, None);
        assert_eq!((made.measures.events, made.digest.value()), (shrunk.to.events, shrunk.to.digest));
        let failures = Judge::of(&scenario, 0).failures(shrunk.draft.seed, Ok(&made));
        assert!(failures.iter().any(|one| one.is_like(&failure)), "{failures:?}");
    }
}

#[test]
fn the_result_is_the_same_on_any_number_of_threads() {
    let (repro, failure) = failing();
    let alone = shrink(&repro, &failure, options(1, &mut |_| {})).expect("it fails");
    let together = shrink(&repro, &failure, options(3, &mut |_| {})).expect("it fails");
    assert_eq!(alone.draft, together.draft);
}

#[test]
fn the_scenario_of_one_arm_with_its_storm_written_down_has_the_run_it_had() {
    let (repro, failure) = failing();
    let draft = Draft::of(&repro).expect("it can be taken apart");
    let size = Trial { data: &repro.data, wanted: &failure, may_be_unfinished: false }.size_of(&draft, u64::MAX - 1).expect("it fails");
    assert_eq!((size.events, size.digest), (repro.recording.events, repro.recording.digest));
}

#[test]
fn what_does_not_fail_in_this_way_is_not_made_smaller() {
    let (repro, failure) = failing();
    let other = Failure { property: "something else".to_owned(), ..failure };
    assert_eq!(shrink(&repro, &other, options(1, &mut |_| {})).map(|_| ()), Err(Refused::Passes));
}

#[test]
fn a_drain_that_was_made_shorter_than_usual_is_not_left_out_again() {
    let draft = Draft::of_arm(LARGE, "no retries", 1).expect("it can be taken apart");
    let leaves_it_out = |drain: &str| {
        let with = draft.with_field("drain", format!("\"{drain}\""));
        REDUCING.iter().flat_map(|pass| pass(&with)).any(|proposal| proposal.what == "without `drain`")
    };
    assert!(leaves_it_out("900s"), "what is usual is shorter");
    assert!(!leaves_it_out("0s"), "what is usual is longer, and would be made shorter again");
}
