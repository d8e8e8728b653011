//! Is a storm the same run when its plan is written down?

use camino::Utf8Path;
use models::faults::{AnyFault, PlannedFault};
use proptest::prelude::*;
use scenarios::plan_text::faults_section;
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::draw::Seed;
use sim_core::simulation::TieBreak;

fn scenario(text: &str) -> Scenario {
    read(Source::new("storm.ron", text).beside(Utf8Path::new(".")), "storm.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{text}\n{}", problems.render(&source, false)))
}

/// A scenario with this in the place of its faults and its storm.
fn with(faults: &str) -> String {
    format!(
        r#"(schema: 1, name: "storm", horizon: "60s",
            nodes: {{
                "clients": Clients(count: 20, arrivals: Poisson(rate: "40/s"), calls: "shop", domain: "internet"),
                "shop": Service(replicas: 4, workers: 2, demand: Exponential(mean: "10ms"), domain: ["a", "b"], does: [Call("store")]),
                "store": Service(replicas: 3, workers: 2, demand: Exponential(mean: "5ms"), domain: "a"),
            }},
            links: [
                Link(from: "internet", to: "a", delay: Exponential(mean: "5ms")),
                Link(from: "internet", to: "b", delay: Exponential(mean: "5ms")),
                Link(from: "a", to: "b", delay: Constant("1ms")),
            ],
            stacks: {{
                "clients -> shop": [Retry(attempts: 3, backoff: FullJitter(base: "10ms", cap: "1s")), Timeout("300ms")],
                "shop -> store": [Timeout("100ms")],
            }},
            {faults})"#
    )
}

/// A written fault of each schedule, and every family.
const WRITTEN: &str = r#"
    Crash(node: "store", renewal: (time_to_failure: Exponential(mean: "20s"), time_to_repair: Constant("1s"), crews: 1), label: "wear"),
    SlowNode(node: "shop", factor: 2.5, at: "5s", lasts: "2s", every: "10s", times: 3, pick: Minority),"#;

const STORM: &str = r#"storm: Storm(from: "10s", lasts: "30s", quiet: "0s", most: 30, longest: "8s", shortest: "250us", max_down: 2,
    families: [
        Crash(node: "shop", restart: Exponential(mean: "500ms")),
        Crash(node: ["shop[0]", "store"], while_down: Refusal),
        SlowNode(domain: "a", factor: 7.0),
        SlowNode(node: "shop", factor: 1.001),
        Cut(from: "internet", to: "b"),
        Cut(from: "a", to: "b", one_way: true),
    ]),"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_storm_that_is_written_down_is_the_same_run(seed: u64) {
        let stormy = scenario(&with(&format!("faults: [{WRITTEN}], {STORM}")));
        let arm = &stormy.cells[0].arms[0];
        let written = scenario(&with(&faults_section(arm, seed)));
        let planned: Vec<_> = arm.faults.iter().cloned().chain(arm.plan.storm_of_run(&Seed::new(seed))).collect();
        prop_assert_eq!(&planned, &written.cells[0].arms[0].faults);
        let (drawn, pasted) = (run(arm, seed, TieBreak::ByRank, None), run(&written.cells[0].arms[0], seed, TieBreak::ByRank, None));
        prop_assert_eq!(drawn, pasted);
        // What is written down is written down again as it stands.
        prop_assert_eq!(faults_section(arm, seed), faults_section(&written.cells[0].arms[0], seed));
    }
}

/// A group, whose leader a storm aims at beside whomever it draws.
const LED: &str = r#"(schema: 1, name: "led", horizon: "12s",
    nodes: { "clients": Clients(count: 5, arrivals: Poisson(rate: "20/s"), calls: "db") },
    groups: { "db": Raft(members: 5, keys: 3) },
    links: [Link(from: "default", to: "default", delay: Exponential(mean: "5ms"))],
    stacks: { "clients -> db": [Timeout("300ms")] },
    FAULTS)"#;

const AIMED: &str = r#"storm: Storm(from: "1s", lasts: "8s", quiet: "1s", most: 60, shortest: "10ms", longest: "800ms", max_down: 2, families: [
        Crash(node: "db", restart: Exponential(mean: "50ms")),
        Crash(node: "db", pick: Leader, restart: Exponential(mean: "50ms")),
        Pause(node: ["db[0]", "db[1]", "db[2]"], pick: Primary),
        Omission(node: "db", pick: Leader, peers: "db"),
    ]),"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_storm_that_aims_at_whoever_leads_is_the_same_run_when_it_is_written_down(seed: u64) {
        let stormy = scenario(&LED.replace("FAULTS", AIMED));
        let arm = &stormy.cells[0].arms[0];
        let section = faults_section(arm, seed);
        let written = scenario(&LED.replace("FAULTS", &section));
        prop_assert_eq!(&arm.plan.storm_of_run(&Seed::new(seed)), &written.cells[0].arms[0].faults);
        let (drawn, pasted) = (run(arm, seed, TieBreak::ByRank, None), run(&written.cells[0].arms[0], seed, TieBreak::ByRank, None));
        prop_assert_eq!(drawn, pasted);
        prop_assert_eq!(&section, &faults_section(&written.cells[0].arms[0], seed));
    }
}

#[test]
fn who_leads_is_struck_by_a_storm_that_aims_and_counts_as_one_that_is_down() {
    let stormy = |max_down: u32| scenario(&LED.replace("FAULTS", &AIMED.replace("max_down: 2", &format!("max_down: {max_down}"))));
    let (one, two) = (stormy(1), stormy(2));
    let (mut elected, mut aimed, mut alone, mut together) = (0, 0, 0, 0);
    for seed in 1..=30 {
        let strikes = one.cells[0].arms[0].plan.storm_of_run(&Seed::new(seed));
        aimed += strikes.iter().filter(|strike| strike.timing.pick.is_some()).count();
        // One at a time: no strike that takes somebody down begins before the one before it is over, unless it is the same who is struck again.
        let takes_down = |strike: &&PlannedFault| !matches!(strike.fault, AnyFault::Omission(_));
        for pair in strikes.iter().filter(takes_down).collect::<Vec<_>>().windows(2) {
            let end = pair[0].timing.at.zip(pair[0].timing.lasts).map(|(at, lasts)| at + lasts);
            let is_same = pair[0].timing.only.is_some() && pair[0].timing.only == pair[1].timing.only;
            assert!(is_same || end <= pair[1].timing.at, "seed {seed}: {pair:?}");
        }
        alone += strikes.len();
        together += two.cells[0].arms[0].plan.storm_of_run(&Seed::new(seed)).len();
        let run = run(&one.cells[0].arms[0], seed, TieBreak::ByRank, None);
        elected += run.measures.observations.iter().find(|one| one.name == "leaders elected").map_or(0, |one| one.value);
    }
    assert!(aimed > 100 && elected > 100, "{aimed} strikes at leaders, {elected} elections");
    assert!(together > alone, "{together} strikes where two may be down, {alone} where one may");
    assert!(scenarios::sweep::manifest(&one).instants_differ);
}

#[test]
fn a_storm_is_the_same_in_every_arm_and_another_under_every_seed() {
    let text = scenarios::library::find("any-storm").expect("it is shipped").text;
    let scenario = scenario(text);
    let arms = &scenario.cells[0].arms;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        assert_eq!(faults_section(&arms[0], seed), faults_section(&arms[1], seed));
        assert!(seen.insert(faults_section(&arms[0], seed)), "seed {seed} draws a storm again");
    }
}
