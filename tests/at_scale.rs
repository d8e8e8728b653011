//! Is a run under whatever storm the same run twice, for every protocol there is?
//!
//! Each protocol is taken from a shipped scenario, put under one default storm of crashes, pauses and partitions, and run for a short while under
//! many seeds, twice each. The sample here is small; `cargo test --release -- --ignored determinism_at_scale` makes ten thousand.

use models::protocols::Group;
use scenarios::library::SHIPPED;
use scenarios::parallel::map_in_index_order;
use scenarios::repro::Repro;
use scenarios::run::run;
use scenarios::shrink::draft::Draft;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;

fn shipped(name: &str, text: &str) -> Scenario {
    read(Source::new(name, text), name, &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// The group of this name under the default storm, as the first shipped scenario that has it writes it.
fn under_storm(protocol: &str) -> Option<Scenario> {
    let scenario = SHIPPED.iter().map(|one| shipped(one.name, one.text)).find(|scenario| {
        let groups = scenario.cells[0].arms.iter().filter_map(|arm| arm.group.as_ref());
        groups.map(Group::name).any(|name| name == protocol)
    })?;
    let arm = scenario.cells[0].arms.iter().position(|arm| arm.group.as_ref().is_some_and(|group| group.name() == protocol))?;
    Some(stormy(&scenario, arm))
}

fn stormy(scenario: &Scenario, arm: usize) -> Scenario {
    let (repro, _) = Repro::of(scenario, arm, 1, None).expect("it can be written");
    let mut draft = Draft::of(&repro).expect("it can be taken apart");
    draft.faults.clear();
    draft.sections.retain(|section| section.name != "expect" && section.name != "properties");
    draft.fields.retain(|(name, _)| !["experiment", "alerts", "warm_up", "hold", "bin", "drain"].contains(&name.as_str()));
    let plan = &scenario.cells[0].arms[arm].plan;
    let struck = plan.group.as_ref().map_or_else(|| plan.services[0].name.clone(), |group| group.name.clone());
    let storm = format!(
        "Storm(from: \"2s\", lasts: \"8s\", quiet: \"1s\", most: 6, longest: \"4s\", \
         families: [Crash(node: \"{struck}\"), Pause(node: \"{struck}\"), Isolation(node: \"{struck}\", shape: One)])"
    );
    let text = draft.with_field("horizon", "\"12s\"".to_owned()).with_field("storm", storm).text("");
    shipped("under the default storm", &text)
}

/// Digests of so many seeds, each at the next of the protocols.
fn digests(scenarios: &[Scenario], seeds: usize) -> Vec<u64> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut digests = Vec::new();
    let work = |seed: usize| run(&scenarios[seed % scenarios.len()].cells[0].arms[0], seed as u64, TieBreak::ByRank, None).digest.value();
    map_in_index_order(
        jobs,
        seeds,
        || true,
        work,
        |seed, digest| digests.push(digest.unwrap_or_else(|panic| panic!("seed {seed}: {panic}"))),
    )
    .expect("threads start");
    digests
}

fn every_protocol() -> Vec<Scenario> {
    let mut all = vec![stormy(&shipped("retry-storm", scenarios::library::find("retry-storm").expect("it is shipped").text), 2)];
    let protocols: Vec<&str> = Group::ALL.iter().map(|(name, _)| *name).collect();
    let found: Vec<(&str, Option<Scenario>)> = protocols.into_iter().map(|name| (name, under_storm(name))).collect();
    let missing: Vec<&str> = found.iter().filter(|(_, scenario)| scenario.is_none()).map(|(name, _)| *name).collect();
    assert!(missing.is_empty(), "no shipped scenario has a group of {missing:?}");
    all.extend(found.into_iter().filter_map(|(_, scenario)| scenario));
    all
}

fn same_twice(seeds: usize) {
    let scenarios = every_protocol();
    let (first, second) = (digests(&scenarios, seeds), digests(&scenarios, seeds));
    for (seed, (one, other)) in first.iter().zip(&second).enumerate() {
        assert_eq!(one, other, "seed {seed} of {} differs from itself", scenarios[seed % scenarios.len()].name);
    }
    let mut distinct = first;
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), seeds, "every seed is another run");
}

#[test]
fn a_storm_over_every_protocol_is_the_same_run_twice() {
    same_twice(100);
}

#[test]
#[ignore = "ten thousand seeds twice: about a minute in release"]
fn determinism_at_scale() {
    same_twice(10_000);
}
