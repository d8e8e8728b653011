//! Does a storm keep its budgets, its times and its word about the quiet after it?

use crate::*;
use models::environment::{Effect, NodeEffect};
use models::faults::{Storm, Timetable};
use models::ids::NodeId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const fn s(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn crash_of(node: &str) -> AnyFault {
    Crash { node: Names::one(node), ..Crash::default() }.into()
}

/// Two services under a storm from 30 s to 90 s, quiet until 120 s.
fn stormy(storm: Storm) -> SystemSpec {
    let way = |name: &str| link("app", name, Distribution::Constant(ms(5)));
    let mut spec = pair(clients(5, "server", poisson(50)), service(exponential(ms(10))), way("server"), vec![deadline(ms(900))]);
    spec.services[0].1.replicas = 5;
    spec.services
        .push(("store".to_owned(), Service { replicas: 3, domain: Placement(vec!["store".to_owned()]), ..service(exponential(ms(5))) }));
    spec.clients.push(("others".to_owned(), clients(5, "store", poisson(50))));
    spec.links.push(way("store"));
    spec.stacks.push(("others -> store".to_owned(), vec![timeout(ms(300))]));
    spec.clockwork.horizon = s(120);
    spec.storm = Some(storm);
    spec
}

fn families() -> Vec<AnyFault> {
    vec![
        crash_of("server"),
        crash_of("store"),
        Crash { node: Names(vec!["server".to_owned(), "store".to_owned()]), restart: Some(exponential(s(2))), ..Crash::default() }.into(),
        SlowNode { node: Names::one("store"), domain: Names::default(), factor: 9.0, growing_to: None, share: None }.into(),
        Cut { from: "app".to_owned(), to: "store".to_owned(), one_way: true, ..Cut::default() }.into(),
    ]
}

fn storm(most: u32, max_down: u32, keep_majority: bool) -> Storm {
    Storm {
        from: s(30),
        lasts: s(60),
        quiet: s(30),
        families: families().into_iter().map(Into::into).collect(),
        most,
        shortest: ms(100),
        longest: Some(s(20)),
        max_down,
        keep_majority,
    }
}

/// The plan of one run, and its timetable.
fn drawn(spec: &SystemSpec, seed: u64) -> (Arc<Plan>, Timetable) {
    let plan = plan_of(spec).of_run(&Seed::new(seed));
    let table = Timetable::draw(&plan.faults, &Seed::new(seed), spec.clockwork.horizon);
    (plan, table)
}

/// The most members of each service that are down at any instant.
fn most_down(plan: &Plan, table: &Timetable) -> BTreeMap<String, usize> {
    let downs: Vec<(NodeId, SimTime, SimTime)> = table
        .stretches
        .iter()
        .flat_map(|stretch| stretch.effects.iter().map(move |effect| (stretch, effect)))
        .filter_map(|(stretch, effect)| match effect {
            Effect::Node(node, NodeEffect::Down { .. }) => Some((*node, stretch.begin, stretch.end.expect("a storm ends"))),
            _ => None,
        })
        .collect();
    let service = |node: NodeId| plan.nodes[node.index()].name.split('[').next().unwrap_or_default().to_owned();
    let mut most = BTreeMap::new();
    for &(_, instant, _) in &downs {
        let mut now: BTreeMap<String, BTreeSet<NodeId>> = BTreeMap::new();
        downs.iter().filter(|(_, begin, end)| *begin <= instant && instant < *end).for_each(|&(node, ..)| {
            now.entry(service(node)).or_default().insert(node);
        });
        for (name, nodes) in now {
            let known: &mut usize = most.entry(name).or_default();
            *known = nodes.len().max(*known);
        }
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn budgets_hold_at_every_instant_and_nothing_strikes_after_the_storm(
        seed in 0_u64..1_000_000, most in 1_u32..60, max_down in 1_u32..5, keep_majority: bool,
    ) {
        let spec = stormy(storm(most, max_down, keep_majority));
        let (plan, table) = drawn(&spec, seed);
        prop_assert!(table.strikes.len() <= most as usize);
        for strike in &table.strikes {
            prop_assert!(strike.begin >= at(30_000));
            prop_assert!(strike.end.is_some_and(|end| end <= at(90_000)));
        }
        for (service, down) in most_down(&plan, &table) {
            let majority = if service == "server" { 2 } else { 1 };
            let budget = if keep_majority { majority.min(max_down as usize) } else { max_down as usize };
            prop_assert!(down <= budget, "{} of {} are down", down, service);
        }
    }

    #[test]
    fn after_a_storm_the_ledger_is_empty_and_the_run_is_the_same_twice(seed in 0_u64..1_000_000) {
        let spec = stormy(storm(20, 2, false));
        let play = || {
            let (plan, _) = drawn(&spec, seed);
            finish(start(&plan, Nobody, seed, TieBreak::ByRank))
        };
        let (one, two) = (play(), play());
        prop_assert_eq!(one.environment.active(), 0);
        prop_assert_eq!(&one.environment, &Environment::new(one.plan.nodes.len(), one.plan.topology.routes().len()));
        prop_assert_eq!(one.digest, two.digest);
        ledger::Ledger::of(&one.plan, &one.seen).check_over();
    }
}

#[test]
fn storms_differ_and_every_family_has_its_day_and_its_day_off() {
    let spec = stormy(storm(30, 2, false));
    let mut taking_part = BTreeMap::<String, usize>::new();
    let mut tables = Vec::new();
    for seed in 0..100 {
        let (plan, table) = drawn(&spec, seed);
        assert!(!table.strikes.is_empty(), "a storm without a strike is none");
        let kinds: BTreeSet<String> = plan.faults.iter().map(|fault| fault.label.split(": ").nth(1).expect("a label").to_owned()).collect();
        kinds.into_iter().for_each(|kind| *taking_part.entry(kind).or_default() += 1);
        assert!(!tables.contains(&table));
        tables.push(table);
    }
    let of = |start: &str| taking_part.iter().filter(|(kind, _)| kind.starts_with(start)).map(|(_, count)| count).sum::<usize>();
    for family in ["crash of server", "crash of store", "crash of server, store", "cut app"] {
        assert!((25..80).contains(&of(family)) || family == "crash of server", "{taking_part:?}");
    }
}

#[test]
fn leaving_a_family_out_re_rolls_no_other() {
    // Without budgets that bind, and with room for all, what the others do is the same but for its number.
    let all = stormy(storm(1_000, 5, false));
    let mut fewer = all.clone();
    fewer.storm.as_mut().expect("a storm").families.retain(|family| !matches!(family.fault, AnyFault::Cut(_)));
    let strikes = |spec: &SystemSpec, seed| -> Vec<(SimTime, String)> {
        let (plan, _) = drawn(spec, seed);
        let named =
            plan.faults.iter().map(|fault| (fault.windows(s(120))[0].0, fault.label.split(": ").nth(1).unwrap_or_default().to_owned()));
        named.filter(|(_, label)| !label.starts_with("cut") && !label.contains("server, store")).collect()
    };
    for seed in 1..20 {
        let (with, without) = (strikes(&all, seed), strikes(&fewer, seed));
        // Where every family but the one that is left out stays away, another has to take part;
        // and where all together are too many, the last ones are missing.
        assert!(with.is_empty() || with.iter().zip(&without).all(|(one, other)| one == other), "seed {seed}");
    }
}
