//! Which bounds do rate limiters and throttles keep, whatever is asked of them?

use crate::conservation::config;
use crate::limits::{Event, Kind, PER, assert_all_covered, events, steady};
use crate::*;
use models::outcome::{Failure, Outcome};
use models::strategies::limiter::{self, AnyLimiter, Gcra, LeakyBucket, LimiterMemory, Resilience4j};
use models::strategies::throttle::{AnyThrottle, AwsAdaptive, EnvoyAdmission, GrpcLookup, Sre, ThrottleMemory};
use models::strategies::{Gate, Pass};
use proptest::prelude::*;
use sim_core::draw::Draw;

/// At least one of every registered rate limiter.
fn every_limiter() -> Vec<AnyLimiter> {
    let rate = Rate::per_second(7);
    let cycle = Resilience4j { limit_for_period: 3, limit_refresh_period: ms(400), timeout_duration: ms(900), per: PER };
    let all: Vec<AnyLimiter> = vec![
        limiter::TokenBucket { rate, burst: 4, per: PER }.into(),
        LeakyBucket { rate, queue: 3, per: PER }.into(),
        Gcra { rate, tolerance: ms(300), per: PER }.into(),
        cycle.into(),
    ];
    assert_all_covered(AnyLimiter::ALL, all.iter().map(AnyLimiter::name));
    all
}

/// At least one of every registered throttle.
pub fn every_throttle() -> Vec<AnyThrottle> {
    let all: Vec<AnyThrottle> = vec![
        Sre { window: ms(30_000), ..Sre::default() }.into(),
        GrpcLookup::default().into(),
        AwsAdaptive::default().into(),
        EnvoyAdmission::default().into(),
    ];
    assert_all_covered(AnyThrottle::ALL, all.iter().map(AnyThrottle::name));
    all
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_copy_of_a_gate_goes_on_as_the_gate_and_to_look_changes_nothing(events in events(), fork in 0_usize..400, bits in any::<u64>()) {
        for gate in every_limiter() {
            let fresh = gate.fresh(SimTime::ZERO);
            copies(&events, fork, fresh, |memory, event, now| one(&gate, memory, event, bits, now), |memory, now| gate.gauge(memory, now).1);
        }
        for gate in every_throttle() {
            let fresh = gate.fresh(SimTime::ZERO);
            copies(&events, fork, fresh, |memory, event, now| another(&gate, memory, event, bits, now), |memory, now| gate.gauge(memory, now).1);
        }
    }

    #[test]
    fn rate_limiters_keep_to_their_rate_from_every_instant_on(events in events()) {
        let mut starts: Vec<Vec<SimTime>> = Vec::new();
        for limiter in every_limiter() {
            let (mut memory, mut now) = (limiter.fresh(SimTime::ZERO), SimTime::ZERO);
            let mut passed = Vec::new();
            for event in &events {
                now = now.saturating_add(event.after / 4);
                match limiter.ask(&mut memory, Draw::from_bits(0), now) {
                    Pass::Now => passed.push(now),
                    Pass::After(wait) => passed.push(now.saturating_add(wait)),
                    Pass::Refused(_) => {}
                }
            }
            starts.push(passed);
        }
        let [bucket, leaky, gcra, cycles] = starts.as_slice() else { panic!("there are four") };
        let rate = Rate::per_second(7);
        for (passed, burst) in [(bucket, 4.0), (leaky, 1.0), (gcra, 3.1)] {
            for (place, first) in passed.iter().enumerate() {
                for (count, last) in (1_u32..).zip(&passed[place..]) {
                    let most = burst + 7.0 * last.saturating_since(*first).as_secs_f64() + 1e-6;
                    prop_assert!(f64::from(count) <= most, "{count} calls in {}, not {most}", last.saturating_since(*first));
                }
            }
        }
        // One behind the other, no nearer than the rate says; at the rate itself whenever somebody waits.
        prop_assert!(leaky.windows(2).all(|pair| pair[1].saturating_since(pair[0]) >= rate.time_for(Rate::PARTS) - SimDuration::NANOSECOND));
        for passed in cycles {
            let cycle = |at: &SimTime| at.as_nanos() / ms(400).as_nanos();
            prop_assert!(cycles.iter().filter(|at| cycle(at) == cycle(passed)).count() <= 3);
        }
    }

    #[test]
    fn gcra_is_a_token_bucket_with_the_burst_of_its_tolerance(gaps in proptest::collection::vec(0_u64..400_000_000, 1..300), burst in 1_u32..9) {
        let rate = Rate::per_second(10);
        let bucket = limiter::TokenBucket { rate, burst, per: PER };
        let gcra = Gcra { rate, tolerance: ms(100 * u64::from(burst - 1)), per: PER };
        let (mut tokens, mut due, mut now) = (bucket.fresh(SimTime::ZERO), gcra.fresh(SimTime::ZERO), SimTime::ZERO);
        for gap in gaps {
            now = now.saturating_add(SimDuration::from_nanos(gap));
            let draw = Draw::from_bits(0);
            prop_assert_eq!(bucket.ask(&mut tokens, draw, now), gcra.ask(&mut due, draw, now));
        }
    }
}

/// Plays a gate and, from a fork on, a copy of it that is looked at.
fn copies<M: Clone + std::fmt::Debug, A: PartialEq + std::fmt::Debug>(
    events: &[Event],
    fork: usize,
    fresh: M,
    play: impl Fn(&mut M, &Event, SimTime) -> A,
    look: impl Fn(&mut M, SimTime) -> f64,
) {
    let (mut original, mut copy, mut now) = (fresh, None, SimTime::ZERO);
    for (place, event) in events.iter().enumerate() {
        now = now.saturating_add(event.after);
        if place == fork.min(events.len() - 1) {
            copy = Some(original.clone());
        }
        let answer = play(&mut original, event, now);
        if let Some(copy) = &mut copy {
            assert!(look(copy, now).is_finite());
            assert_eq!(play(copy, event, now), answer);
            look(copy, now.saturating_add(ms(1)));
        }
    }
    assert_eq!(format!("{:?}", copy.expect("a list of events is not empty")), format!("{original:?}"));
}

fn outcome_of(kind: Kind) -> Option<Outcome> {
    match kind {
        Kind::Succeeds => Some(Outcome::Success),
        Kind::Fails(failure) => Some(Outcome::Failed(failure)),
        Kind::FailsForGood | Kind::ToldNeverToRetry => Some(Outcome::Failed(Failure::ClientError)),
        Kind::GivenUp => None,
    }
}

/// A call that asks, and an earlier one that ends.
fn one(gate: &AnyLimiter, memory: &mut LimiterMemory, event: &Event, bits: u64, now: SimTime) -> Pass {
    let pass = gate.ask(memory, Draw::from_bits(bits), now);
    gate.ended(memory, now, outcome_of(event.kind), None, now);
    pass
}

/// A call that asks, and an earlier one that ends.
fn another(gate: &AnyThrottle, memory: &mut ThrottleMemory, event: &Event, bits: u64, now: SimTime) -> Pass {
    let pass = gate.ask(memory, Draw::from_bits(bits).further(event.call as u64), now);
    gate.ended(memory, now, outcome_of(event.kind), None, now);
    pass
}

/// As text a number is at most some thirty characters long.
const MOST_OF_A_MEMORY: usize = 120 * 120;

#[test]
fn what_a_gate_remembers_of_a_hundred_thousand_calls_is_bounded() {
    for gate in every_limiter() {
        let (mut memory, mut now) = (gate.fresh(SimTime::ZERO), SimTime::ZERO);
        for n in 0..100_000 {
            now = now.saturating_add(steady(n).after);
            one(&gate, &mut memory, &steady(n), n, now);
        }
        assert!(format!("{memory:?}").len() < 1_000, "{gate:?}");
    }
    for gate in every_throttle() {
        let (mut memory, mut now) = (gate.fresh(SimTime::ZERO), SimTime::ZERO);
        for n in 0..100_000 {
            now = now.saturating_add(steady(n).after);
            another(&gate, &mut memory, &steady(n), n, now);
        }
        assert!(format!("{memory:?}").len() < MOST_OF_A_MEMORY, "{gate:?}");
    }
}

#[test]
fn a_throttle_forgets_what_is_older_than_its_window() {
    let high = Draw::from_unit(0.999);
    for gate in [AnyThrottle::from(Sre::default()), GrpcLookup::default().into(), EnvoyAdmission::default().into()] {
        let mut memory = gate.fresh(SimTime::ZERO);
        for n in 0..1_000 {
            gate.ask(&mut memory, high, at(n));
            gate.ended(&mut memory, at(n), Some(Outcome::Failed(Failure::Overload)), None, at(n));
        }
        assert!(gate.gauge(&mut memory, at(1_000)).1 > 0.79, "{gate:?}");
        assert_eq!(gate.ask(&mut memory, Draw::from_bits(0), at(1_000)), Pass::Refused(SimDuration::ZERO), "{gate:?}");
        assert!(gate.gauge(&mut memory, at(121_000)).1 < 1e-9, "{gate:?}");
        assert_eq!(gate.ask(&mut memory, Draw::from_bits(0), at(121_000)), Pass::Now, "{gate:?}");
    }
}

#[test]
fn only_what_the_sre_throttle_sends_away_itself_keeps_counting_as_a_request() {
    let (sre, lookup) = (Sre::default(), GrpcLookup::default());
    let (mut by_book, mut by_grpc) = (sre.fresh(SimTime::ZERO), lookup.fresh(SimTime::ZERO));
    for _ in 0..3 {
        assert_eq!(lookup.ask(&mut by_grpc, Draw::from_bits(0), at(0)), Pass::Now, "nothing has ended yet");
    }
    assert_eq!(sre.ask(&mut by_book, Draw::from_bits(0), at(0)), Pass::Now);
    assert_eq!(sre.ask(&mut by_book, Draw::from_bits(0), at(0)), Pass::Refused(SimDuration::ZERO), "one call is under way");
}
