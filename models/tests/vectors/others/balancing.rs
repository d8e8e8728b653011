//! Load balancing.

use super::{at, at_s, ms};
use models::strategies::balance::panic::is_panic;
use models::strategies::balance::{Balancer, Choice, Fleet, LeastRequest, PeakEwma, WeightedRoundRobin};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimTime;
use sim_core::units::Share;

pub fn weighted_round_robin_1() {
    let fleet = Fleet { weights: &[2, 1], names: &[1, 2] };
    let mut memory = WeightedRoundRobin {}.fresh(&fleet, Draw::from_bits(0));
    let choice = Choice { fleet, among: &[0, 1], object: 0, draw: Draw::from_bits(0), now: SimTime::ZERO };
    let picks: Vec<u32> = (0..6).map(|_| WeightedRoundRobin {}.pick(&mut memory, &choice)).collect();
    assert_eq!(picks, [0, 1, 0, 0, 1, 0]);
}

pub fn panic_2() {
    let half = Share::percent(50);
    assert_eq!((is_panic(5, 10, half), is_panic(4, 10, half), is_panic(0, 10, Share::NONE)), (false, true, false));
}

/// A latency in milliseconds, to a millionth.
fn assert_is(nanos: f64, millis: f64) {
    assert!((nanos / 1e6 - millis).abs() < 1e-6, "{} ms, not {millis}", nanos / 1e6);
}

pub fn peak_ewma_3() {
    let rule = PeakEwma::default();
    let of = |rtt| {
        let mut cost = rule.unknown();
        rule.observe(&mut cost, ms(rtt), at(0));
        cost
    };
    assert_is(rule.latency(&mut of(100), at_s(10)), 36.787_944);
    let (mut cost, now) = (of(100), at_s(5));
    rule.observe(&mut cost, ms(50), now);
    assert_is(rule.latency(&mut cost, now), 80.326_533);
    let (mut cost, now) = (of(50), at_s(5));
    rule.observe(&mut cost, ms(200), now);
    assert_is(rule.latency(&mut cost, now), 200.0);
}

pub fn peak_ewma_5() {
    let rule = PeakEwma::default();
    let mut cost = rule.unknown();
    rule.observe(&mut cost, ms(100), at(0));
    assert_is(rule.latency(&mut cost, at_s(4)), 67.032_005);
    rule.observe(&mut cost, ms(50), at_s(5));
    assert_is(rule.latency(&mut cost, at_s(5)), 65.411_195);
}

pub fn least_request_4() {
    let rule = LeastRequest::default();
    let fleet = Fleet { weights: &[1, 1], names: &[1, 2] };
    let mut memory = rule.fresh(&fleet, Draw::from_bits(0));
    rule.sent(&mut memory, 0, SimTime::ZERO);
    let (seed, key, tries) = (Seed::new(1), Key::named("choices"), 40_000);
    let busier = (0..tries).filter(|n| {
        let draw = seed.draws(key.child(*n), 1).choice();
        let choice = Choice { fleet, among: &[0, 1], object: 0, draw, now: SimTime::ZERO };
        rule.pick(&mut memory, &choice) == 0
    });
    let share = busier.count() as f64 / tries as f64;
    // 25 %, within 4.4 standard deviations of 0.22 %.
    assert!((share - 0.25).abs() < 0.0095, "{share}");
}
