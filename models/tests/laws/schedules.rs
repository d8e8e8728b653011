//! When do planned and random faults strike, for how long, and whom?

use crate::*;
use models::faults::{Member, Pick, Renewal, Timetable, Timing};
use std::collections::{BTreeMap, BTreeSet};

const fn s(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// A service of so many replicas that nobody has much to do with, under these faults.
fn fleet(replicas: u32, faults: Vec<PlannedFault>) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(1, "server", once()), service(Distribution::Constant(ms(1))), way, Vec::new());
    spec.services[0].1.replicas = replicas;
    spec.faults = faults;
    spec.clockwork.horizon = s(1_000);
    spec
}

fn crashes(timing: Timing) -> PlannedFault {
    PlannedFault { fault: AnyFault::Crash(Crash { node: Names::one("server"), ..Crash::default() }), timing }
}

fn table(spec: &SystemSpec, seed: u64) -> Timetable {
    Timetable::draw(&plan_of(spec).faults, &Seed::new(seed), spec.clockwork.horizon)
}

/// Per node: begin and end of each stretch in which it is struck.
fn by_node(table: &Timetable) -> BTreeMap<u32, Vec<(SimTime, Option<SimTime>)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for stretch in &table.stretches {
        for node in stretch.effects.iter().filter_map(models::environment::Effect::node) {
            all.entry(node.0).or_default().push((stretch.begin, stretch.end));
        }
    }
    all
}

#[test]
fn a_fault_that_comes_again_strikes_at_equal_distances_until_it_has_struck_often_enough() {
    let timing = |times| Timing { every: Some(s(100)), times, ..Timing::once(s(50), Some(s(10))) };
    let begins = |times| -> Vec<u64> {
        table(&fleet(1, vec![crashes(timing(times))]), 1).strikes.iter().map(|strike| strike.begin.as_nanos() / 1_000_000_000).collect()
    };
    assert_eq!(begins(Some(3)), [50, 150, 250]);
    assert_eq!(begins(None), [50, 150, 250, 350, 450, 550, 650, 750, 850, 950]);
}

#[test]
fn staggered_members_are_struck_one_after_another_for_the_same_time() {
    let timing = Timing { stagger: Some(Distribution::Uniform { low: s(0), high: s(30) }), ..Timing::once(s(50), Some(s(10))) };
    let table = table(&fleet(5, vec![crashes(timing)]), 1);
    let stretches = by_node(&table);
    assert_eq!(stretches.len(), 5);
    let begins: BTreeSet<_> = stretches.values().map(|one| one[0].0).collect();
    assert_eq!(begins.len(), 5);
    for one in stretches.values() {
        let (begin, end) = one[0];
        assert!(begin >= at(50_000) && begin < at(80_000));
        assert_eq!(end, Some(begin + s(10)));
    }
    // It is one strike, from the first begin to the last end, and it opens and closes once.
    let (first, last) = (begins.first().unwrap(), begins.last().unwrap());
    assert_eq!(table.strikes.len(), 1);
    assert_eq!((table.strikes[0].begin, table.strikes[0].end), (*first, Some(*last + s(10))));
    assert_eq!(table.stretches.iter().filter(|stretch| stretch.opens).count(), 1);
    assert_eq!(table.stretches.iter().filter(|stretch| stretch.closes).count(), 1);
}

#[test]
fn a_pick_is_as_large_as_it_says_falls_on_everybody_in_time_and_is_the_same_for_those_who_stay() {
    let spec =
        |replicas, pick| fleet(replicas, vec![crashes(Timing { every: Some(s(5)), pick: Some(pick), ..Timing::once(s(5), Some(s(1))) })]);
    let picked = |replicas, pick| -> Vec<BTreeSet<u32>> {
        let table = table(&spec(replicas, pick), 3);
        table
            .stretches
            .iter()
            .map(|one| one.effects.iter().filter_map(models::environment::Effect::node).map(|node| node.0).collect())
            .collect()
    };
    for (pick, size) in [(Pick::One, 1), (Pick::Minority, 2), (Pick::Majority, 3), (Pick::Count(4), 4), (Pick::Count(9), 5)] {
        let strikes = picked(5, pick);
        assert_eq!(strikes.len(), 199);
        assert!(strikes.iter().all(|nodes| nodes.len() == size), "{pick:?}");
        let mut counts = BTreeMap::<u32, usize>::new();
        strikes.iter().flatten().for_each(|node| *counts.entry(*node).or_default() += 1);
        let expected = 199.0 * size as f64 / 5.0;
        let spread = 4.0 * (expected * (1.0 - size as f64 / 5.0)).sqrt();
        assert!(counts.values().all(|&count| (count as f64 - expected).abs() <= spread), "{pick:?}: {counts:?}");
    }
    // With a sixth replica the one that is picked is the same as before, or the newcomer.
    let (five, six) = (picked(5, Pick::One), picked(6, Pick::One));
    let newcomer = BTreeSet::from([6]);
    let changed = five.iter().zip(&six).filter(|(before, after)| before != after);
    assert!(changed.clone().all(|(_, after)| *after == newcomer));
    assert!((15..55).contains(&changed.count()));
}

#[test]
fn only_those_who_are_named_are_struck_and_what_they_draw_stays() {
    let renewal = Renewal { time_to_failure: exponential(s(50)), time_to_repair: exponential(s(5)), crews: None };
    let spec = |only: Option<Names>| fleet(4, vec![crashes(Timing { renewal: Some(renewal.clone()), only, ..Timing::default() })]);
    let all = by_node(&table(&spec(None), 2));
    let some = by_node(&table(&spec(Some(Names(vec!["server[1]".to_owned(), "server[3]".to_owned()]))), 2));
    assert_eq!(some.keys().copied().collect::<Vec<_>>(), [2, 4]);
    assert!(some.iter().all(|(node, strikes)| all[node] == *strikes && strikes.len() > 5));
    let complaints = Plan::new(&spec(Some(Names::one("server[7]")))).expect_err("there are four");
    assert_eq!(complaints[0].field, "faults[0].only");
}

#[test]
fn members_of_a_renewal_are_struck_apart_and_never_while_they_are_down() {
    let renewal = Renewal { time_to_failure: exponential(s(20)), time_to_repair: exponential(s(10)), crews: Some(1) };
    let table = table(&fleet(4, vec![crashes(Timing { renewal: Some(renewal), ..Timing::default() })]), 2);
    assert!(table.strikes.len() > 60);
    assert!(table.strikes.iter().all(|strike| strike.member.is_some()));
    for strikes in by_node(&table).values() {
        assert!(strikes.windows(2).all(|pair| pair[0].1.expect("a repair ends") < pair[1].0));
    }
}

#[test]
fn a_plan_that_expects_more_strikes_than_a_run_can_hold_is_refused() {
    let often = |timing| Plan::new(&fleet(3, vec![crashes(timing)])).expect_err("that is too often")[0].field.clone();
    assert_eq!(
        often(Timing { every: Some(SimDuration::from_micros(900)), ..Timing::once(ms(1), Some(SimDuration::NANOSECOND)) }),
        "faults[0].every"
    );
    let renewal = |mean: SimDuration| Renewal { time_to_failure: exponential(mean), time_to_repair: exponential(ms(1)), crews: None };
    assert_eq!(often(Timing { renewal: Some(renewal(ms(1))), ..Timing::default() }), "faults[0].renewal");
    assert!(Plan::new(&fleet(3, vec![crashes(Timing { renewal: Some(renewal(ms(5))), ..Timing::default() })])).is_ok());
    // Two that would do alone are too many together.
    let two = vec![crashes(Timing { renewal: Some(renewal(ms(3))), ..Timing::default() }); 2];
    let spec = SystemSpec { faults: two, ..fleet(3, Vec::new()) };
    assert_eq!(Plan::new(&spec).expect_err("together")[0].field, "faults");
}

#[test]
fn a_member_that_two_faults_strike_is_one_node_in_the_count_of_those_that_are_up() {
    let spec = fleet(
        3,
        vec![
            crash("server[0]", s(100), Some(s(200)), WhileDown::Silence),
            crash("server[0]", s(200), Some(s(200)), WhileDown::Silence),
            crash("server[1]", s(350), Some(s(100)), WhileDown::Silence),
            crash("server", s(900), None, WhileDown::Silence),
        ],
    );
    let ended = play(&spec, 1);
    let up = &ended.measures.up[0];
    // Down: 0 alone 100..350 and with 1 until 400; 1 alone until 450; all from 900 to the horizon at 1000.
    assert_eq!((up.of.as_str(), up.members), ("server", 3));
    assert_eq!(up.exactly, [(0, s(100)), (1, s(50)), (2, s(300)), (3, s(550))]);
}

#[test]
fn a_member_is_a_name_and_its_effects() {
    let plan = plan_of(&fleet(2, vec![crashes(Timing::once(s(1), None))]));
    let names: Vec<&str> = plan.faults[0].members.iter().map(|Member { name, .. }| name.as_str()).collect();
    assert_eq!(names, ["server[0]", "server[1]"]);
}
