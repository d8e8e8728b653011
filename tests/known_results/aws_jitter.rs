//! M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, and its simulator
//! (`aws-samples/aws-arch-backoff-simulator`, `src/backoff_simulator.py`), which was run 200 times for each reference value.
//!
//! N clients contend for one row. Counted are the writes that reach it, and the time until the last one is told that it won.

use super::page::{Section, here};
use super::{Estimate, scenario};
use models::record::Record;
use scenarios::run::run;
use scenarios::{Scenario, library};
use sim_core::draw::{Key, Seed};
use sim_core::sample::Distribution;
use sim_core::simulation::TieBreak;
use sim_core::time::SimDuration;

const ARMS: [&str; 5] = ["none", "exponential", "equal jitter", "full jitter", "decorrelated"];

/// Runs of the published simulator per cell, and ours: seeds 1 to 200.
const RUNS: u64 = 200;

/// Mean and standard deviation of a run.
type Spread = (f64, f64);

/// N, then calls and time in milliseconds for each arm.
const REFERENCE: [(u64, [(Spread, Spread); 5]); 6] = [
    (
        1,
        [
            ((1.0, 0.0), (40.0, 3.9)),
            ((1.0, 0.0), (40.0, 4.0)),
            ((1.0, 0.0), (39.9, 4.0)),
            ((1.0, 0.0), (39.8, 4.0)),
            ((1.0, 0.0), (40.4, 4.0)),
        ],
    ),
    (
        2,
        [
            ((3.0, 0.0), (82.1, 5.5)),
            ((3.0, 0.0), (91.6, 5.6)),
            ((3.0, 0.0), (89.4, 5.8)),
            ((3.0, 0.0), (86.0, 6.2)),
            ((3.0, 0.0), (91.4, 6.2)),
        ],
    ),
    (
        10,
        [
            ((50.9, 4.1), (379.5, 36.0)),
            ((50.8, 4.3), (3480.0, 1339.0)),
            ((42.4, 2.6), (697.7, 179.0)),
            ((38.6, 2.2), (451.5, 109.0)),
            ((37.5, 2.4), (425.2, 76.0)),
        ],
    ),
    (
        20,
        [
            ((153.0, 12.7), (601.4, 53.0)),
            ((149.7, 13.8), (14316.0, 2881.0)),
            ((107.9, 3.8), (1571.0, 448.0)),
            ((99.7, 3.3), (1005.0, 263.0)),
            ((101.2, 5.1), (805.4, 168.0)),
        ],
    ),
    (
        50,
        [
            ((689.9, 18.0), (1139.0, 44.0)),
            ((619.4, 30.0), (36044.0, 3318.0)),
            ((347.1, 6.0), (4241.0, 615.0)),
            ((333.2, 4.5), (2929.0, 545.0)),
            ((374.4, 13.0), (2240.0, 518.0)),
        ],
    ),
    (
        100,
        [
            ((2422.0, 32.0), (2027.0, 43.0)),
            ((1856.0, 58.0), (63371.0, 4026.0)),
            ((811.9, 7.3), (6528.0, 606.0)),
            ((796.2, 7.5), (4944.0, 512.0)),
            ((1003.6, 28.0), (4586.0, 690.0)),
        ],
    ),
];

fn contention(clients: u64) -> Scenario {
    let text = library::find("aws-jitter").expect("the scenario is shipped").text;
    scenario("aws-jitter", text, &[("nodes.writers.count".to_owned(), clients.to_string())])
}

/// Calls, and time in milliseconds, of every seed.
fn measured(scenario: &Scenario, arm: &str) -> Vec<(f64, f64)> {
    let arm = &scenario.cells[0].arms[scenario.arm(arm).expect("the arm is shipped")];
    let one = |seed| {
        let measures = run(arm, seed, TieBreak::ByRank, None).measures;
        assert_eq!(measures.succeeded, measures.calls, "everybody wins in the end");
        let time = measures.last_success.expect("somebody won").since_start().as_secs_f64() * 1e3;
        (measures.edges[0].attempts as f64, time)
    };
    (1..=RUNS).map(one).collect()
}

const fn published((mean, sd): Spread) -> Estimate {
    // The square root of 200; `sqrt` is not for constants.
    Estimate { mean, standard_error: sd / 14.142_135_623_730_951, runs: 200 }
}

#[test]
fn calls_and_time_of_every_strategy_are_those_of_the_published_simulator() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Exponential Backoff And Jitter\", AWS Architecture Blog, 2015, with `aws-samples/aws-arch-backoff-simulator`; its simulator was run 200 times for each reference, whose standard error is shown.",
        "200 per cell, seeds 1 to 200, of the shipped scenario `aws-jitter`. Time is virtual, until the last client is told that it won.",
    );
    for (clients, row) in REFERENCE {
        let scenario = contention(clients);
        let mut means = Vec::new();
        for (arm, (calls, time)) in ARMS.into_iter().zip(row) {
            let runs = measured(&scenario, arm);
            let (our_calls, our_time) = (Estimate::of(runs.iter().map(|run| run.0)), Estimate::of(runs.iter().map(|run| run.1)));
            page.agrees(
                &format!("{arm}, N = {clients}, calls"),
                "calls",
                our_calls,
                published(calls),
                if clients == 10 { 0.05 } else { 0.02 },
            );
            page.agrees(&format!("{arm}, N = {clients}, time"), "ms", our_time, published(time), 0.05);
            means.push((our_calls.mean, our_time.mean));
        }
        if clients >= 50 {
            let [none, exponential, equal, full, decorrelated] = means[..] else { unreachable!("there are five arms") };
            let calls =
                [("none", none.0), ("exponential", exponential.0), ("decorrelated", decorrelated.0), ("equal", equal.0), ("full", full.0)];
            let time =
                [("exponential", exponential.1), ("equal", equal.1), ("full", full.1), ("decorrelated", decorrelated.1), ("none", none.1)];
            page.falls(&format!("N = {clients}, calls"), "calls", &calls, RUNS);
            page.falls(&format!("N = {clients}, time"), "ms", &time, RUNS);
        }
    }
}

#[test]
fn one_client_makes_one_call_and_two_make_three_under_every_seed() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Exponential Backoff And Jitter\", AWS Architecture Blog, 2015, with `aws-samples/aws-arch-backoff-simulator`; follows from the model.",
        "seeds 1 to 200, each of the five strategies.",
    );
    for (clients, calls) in [(1, 1.0), (2, 3.0)] {
        let scenario = contention(clients);
        for arm in ARMS {
            let seen = measured(&scenario, arm).into_iter().map(|(seen, _)| seen);
            let (fewest, most) = seen.fold((f64::MAX, f64::MIN), |(fewest, most), seen| (fewest.min(seen), most.max(seen)));
            page.equals(
                &format!("{arm}, N = {clients}, calls, fewest and most"),
                "calls",
                format!("{fewest}, {most}"),
                format!("{calls}, {calls}"),
                RUNS,
            );
        }
    }
}

#[test]
fn one_client_is_done_after_exactly_its_four_delays() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Exponential Backoff And Jitter\", AWS Architecture Blog, 2015, with `aws-samples/aws-arch-backoff-simulator`; follows from the model.",
        "seeds 1 to 200; the four delays are drawn again outside of the simulation.",
    );
    let scenario = contention(1);
    let delay = Distribution::Normal { mean: SimDuration::from_millis(10), sd: SimDuration::from_millis(2) }.compile();
    let mut exact = 0;
    for number in 1..=RUNS {
        // The first call of client 0; the second message each way has further draws of the same places.
        let draws = Seed::new(number).draws(Key::named("writers").child(0).child(1), 1);
        let (there, back) = (draws.request_delay(), draws.reply_delay());
        let four = [there, back, there.further(1), back.further(1)].map(|draw| delay.sample(draw));
        let expected = four.into_iter().fold(SimDuration::NANOSECOND, |sum, delay| sum + delay);
        let measures = run(&scenario.cells[0].arms[0], number, TieBreak::ByRank, None).measures;
        assert_eq!(measures.last_success.map(|at| at.since_start()), Some(expected), "seed {number}");
        exact += 1;
    }
    page.equals("runs that take the sum of four delays to the nanosecond", "runs", exact, RUNS, RUNS);
}

#[test]
fn exactly_one_write_wins_each_version() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Exponential Backoff And Jitter\", AWS Architecture Blog, 2015, with `aws-samples/aws-arch-backoff-simulator`; follows from the model.",
        "seed 7, each of the five strategies, 20 clients.",
    );
    // Whoever is told that it won ended its call; conflicts and wins together are the writes.
    let scenario = contention(20);
    for (arm, name) in scenario.cells[0].arms.iter().zip(ARMS) {
        let (mut won, mut lost) = (0_u64, 0_u64);
        let mut watch = |_, record: &Record| match record {
            Record::Delivered(_, _, outcome) if outcome.is_success() => won += 1,
            Record::Delivered(..) => lost += 1,
            _ => {}
        };
        let measures = run(arm, 7, TieBreak::ByRank, Some(&mut watch)).measures;
        page.equals(&format!("{name}, writes that win"), "writes", won, 20, 1);
        page.equals(&format!("{name}, wins and conflicts"), "writes", won + lost, measures.edges[0].attempts, 1);
    }
}
