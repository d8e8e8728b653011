//! Which bounds do budgets, rate limiters and throttles keep, whatever is asked of them?
//!
//! They are played here without a system: a few calls at a time, with random ends at random instants.

use crate::conservation::config;
use crate::*;
use models::About;
use models::outcome::{Failure, Hint, Outcome};
use models::strategies::budget::{
    AnyBudget, Aws, BudgetMemory, Costs, Deposits, Ended, Envoy, Finagle, Grpc, Paid, RetryBudget, TokenBucket, Tower,
};
use models::strategies::limiter::{self, AnyLimiter, Gcra, LeakyBucket, LimiterMemory, Resilience4j};
use models::strategies::profiles::{AwsRetry, PROFILES};
use models::strategies::throttle::{AnyThrottle, AwsAdaptive, EnvoyAdmission, GrpcLookup, Sre, ThrottleMemory};
use models::strategies::{Gate, Pass, Scope};
use proptest::prelude::*;
use sim_core::draw::Draw;

const PER: Scope = Scope::Process;

/// At least one of every registered budget.
fn every_budget() -> Vec<AnyBudget> {
    let deposit = Share::percent(20);
    let throttling = Grpc { max_tokens: 20, token_ratio: 0.3, per: PER };
    let budget = RetryBudget { budget_percent: 30.0, min_retry_concurrency: 1 };
    let all = vec![
        TokenBucket { capacity: 5, deposit, per: PER }.into(),
        Finagle { min_retries_per_sec: 1, ..Finagle::default() }.into(),
        Tower { min_per_sec: 1, ..Tower::default() }.into(),
        Tower { min_per_sec: 0, retry_percent: 1.5, deposits: Deposits::EveryCall, ..Tower::default() }.into(),
        throttling.into(),
        Aws::default().into(),
        Aws { costs: Costs::Standard2026, ..Aws::default() }.into(),
        Envoy::default().into(),
        Envoy { retry_budget: Some(budget), ..Envoy::default() }.into(),
    ];
    assert_all_covered(AnyBudget::ALL, all.iter().map(AnyBudget::name));
    all
}

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
fn every_throttle() -> Vec<AnyThrottle> {
    let all: Vec<AnyThrottle> = vec![
        Sre { window: ms(30_000), ..Sre::default() }.into(),
        GrpcLookup::default().into(),
        AwsAdaptive::default().into(),
        EnvoyAdmission::default().into(),
    ];
    assert_all_covered(AnyThrottle::ALL, all.iter().map(AnyThrottle::name));
    all
}

fn assert_all_covered<'a>(registered: &[(&'static str, &'static str)], tested: impl Iterator<Item = &'a str>) {
    let tested: Vec<_> = tested.collect();
    for (name, _) in registered {
        assert!(tested.contains(name), "{name} belongs into this list");
    }
}

/// What happens to one of the calls under way, `after` the last thing that happened.
#[derive(Clone, Debug)]
struct Event {
    after: SimDuration,
    call: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Succeeds,
    Fails(Failure),
    FailsForGood,
    ToldNeverToRetry,
    GivenUp,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let failure = prop_oneof![Just(Failure::Overload), Just(Failure::Timeout), Just(Failure::Throttled)];
    let kind = prop_oneof![
        2 => Just(Kind::Succeeds),
        6 => failure.prop_map(Kind::Fails),
        1 => Just(Kind::FailsForGood),
        1 => Just(Kind::ToldNeverToRetry),
        1 => Just(Kind::GivenUp),
    ];
    let after = prop_oneof![6 => 0_u64..300_000_000, 1 => 0_u64..12_000_000_000].prop_map(SimDuration::from_nanos);
    let event = (after, 0_usize..8, kind).prop_map(|(after, call, kind)| Event { after, call, kind });
    proptest::collection::vec(event, 1..400)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Nowhere,
    Trying,
    Waiting,
}

/// Up to eight calls that share a budget.
#[derive(Clone)]
struct Callers<'a> {
    budget: &'a AnyBudget,
    memory: BudgetMemory,
    calls: [(Stage, Paid); 8],
    now: SimTime,
}

impl<'a> Callers<'a> {
    fn new(budget: &'a AnyBudget) -> Self {
        Self { budget, memory: budget.fresh(SimTime::ZERO), calls: [(Stage::Nowhere, 0); 8], now: SimTime::ZERO }
    }

    /// Whether a retry was allowed, if one was asked for.
    fn meet(&mut self, event: &Event) -> Option<bool> {
        self.now = self.now.saturating_add(event.after);
        let (budget, memory, now) = (self.budget, &mut self.memory, self.now);
        let (stage, paid) = &mut self.calls[event.call];
        match (*stage, event.kind) {
            (Stage::Nowhere, _) => {
                *paid = 0;
                budget.call_started(memory, now);
                budget.attempt_started(memory, paid, now);
                *stage = Stage::Trying;
            }
            (_, Kind::GivenUp) => {
                budget.call_ended(memory, paid, None, now);
                *stage = Stage::Nowhere;
            }
            (Stage::Waiting, _) => {
                budget.attempt_started(memory, paid, now);
                *stage = Stage::Trying;
            }
            (Stage::Trying, kind) => {
                let (outcome, is_retryable, hint) = match kind {
                    Kind::Succeeds | Kind::GivenUp => (Outcome::Success, false, None),
                    Kind::Fails(failure) => (Outcome::Failed(failure), true, None),
                    Kind::FailsForGood => (Outcome::Failed(Failure::ClientError), false, None),
                    Kind::ToldNeverToRetry => (Outcome::Failed(Failure::Overload), true, Some(Hint::Never)),
                };
                budget.attempt_ended(memory, paid, &Ended { outcome, hint, is_retryable }, now);
                *stage = Stage::Nowhere;
                if let Kind::Fails(failure) = kind {
                    let asks = Asks { retry: 1, elapsed: SimDuration::ZERO, failure, hint, draw: Draw::from_bits(0) };
                    if budget.allows(memory, paid, &asks, now) {
                        *stage = Stage::Waiting;
                        return Some(true);
                    }
                    budget.call_ended(memory, paid, Some(outcome), now);
                    return Some(false);
                }
                budget.call_ended(memory, paid, Some(outcome), now);
            }
        }
        None
    }
}

/// What was counted while a budget was played.
#[derive(Default)]
struct Tally {
    calls: f64,
    successes: f64,
    results_not_retried: f64,
    retries: Vec<SimTime>,
}

impl Tally {
    /// How many retries the budget may have allowed by now at most: in all, or within as long as its window is at least.
    fn bound(&self, budget: &AnyBudget) -> Option<(f64, Option<SimDuration>)> {
        Some(match budget {
            AnyBudget::TokenBucket(bucket) => (f64::from(bucket.capacity) + bucket.deposit.as_f64() * self.calls, None),
            AnyBudget::Finagle(budget) => {
                let floor = f64::from(budget.min_retries_per_sec) * budget.ttl.as_secs_f64();
                (floor + budget.percent_can_retry * self.calls, Some(budget.ttl / 10 * 9))
            }
            AnyBudget::Tower(budget) => {
                let deposits = if budget.deposits == Deposits::EveryCall { self.calls } else { self.results_not_retried };
                let floor = f64::from(budget.min_per_sec) * budget.ttl.as_secs_f64();
                // 1.5 costs trunc(1000 / 1.5) = 666 of 1000 units. Touches a little more than a slot apart empty two slots each.
                (floor + f64::from(budget.retry_percent) * 1.002 * deposits, Some(budget.ttl / 2))
            }
            AnyBudget::Grpc(budget) => (f64::from(budget.max_tokens) / 2.0 + budget.token_ratio * self.successes, None),
            AnyBudget::Aws(_) => (500.0 / 5.0 + 14.0 / 5.0 * self.successes, None),
            AnyBudget::Envoy(_) => return None,
        })
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_budget_ever_allows_more_than_its_bound(events in events()) {
        for budget in every_budget() {
            let (mut callers, mut tally) = (Callers::new(&budget), Tally::default());
            for event in &events {
                let before = callers.calls[event.call].0;
                let answer = callers.meet(event);
                tally.calls += f64::from(before == Stage::Nowhere);
                if before == Stage::Trying {
                    tally.successes += f64::from(matches!(event.kind, Kind::Succeeds));
                    tally.results_not_retried += f64::from(matches!(event.kind, Kind::Succeeds | Kind::FailsForGood));
                }
                if answer == Some(true) {
                    tally.retries.push(callers.now);
                }
                if let Some((bound, within)) = tally.bound(&budget) {
                    let counts = |at: &&SimTime| within.is_none_or(|within| callers.now.saturating_since(**at) < within);
                    let retries = tally.retries.iter().filter(counts).count() as f64;
                    prop_assert!(retries <= bound + 1e-6, "{budget:?} allowed {retries} retries of {bound}");
                }
            }
        }
    }

    #[test]
    fn no_more_retries_are_under_way_than_envoy_allows(events in events()) {
        for budget in every_budget() {
            let AnyBudget::Envoy(envoy) = &budget else { continue };
            let mut callers = Callers::new(&budget);
            let mut is_retry = [false; 8];
            for event in &events {
                let others = |is_retry: &[bool; 8]| (0..8).filter(|call| *call != event.call && is_retry[*call]).count() as u64;
                let trying = (0..8).filter(|call| *call != event.call && callers.calls[*call].0 == Stage::Trying).count() as u64;
                let answer = callers.meet(event);
                if let Some(is_allowed) = answer {
                    prop_assert_eq!(is_allowed, others(&is_retry) < envoy.limit(trying), "{:?}", envoy);
                }
                is_retry[event.call] = match callers.calls[event.call].0 {
                    Stage::Nowhere => false,
                    Stage::Waiting => true,
                    Stage::Trying => is_retry[event.call],
                };
            }
            for call in 0..8 {
                let after = SimDuration::ZERO;
                while callers.calls[call].0 != Stage::Nowhere {
                    callers.meet(&Event { after, call, kind: Kind::GivenUp });
                }
            }
            let fresh = Callers::new(&budget);
            prop_assert_eq!(format!("{:?}", callers.memory), format!("{:?}", fresh.memory), "something is held by nobody");
        }
    }

    #[test]
    fn a_copy_of_a_budget_goes_on_as_the_budget_and_to_look_changes_nothing(events in events(), fork in 0_usize..400) {
        for budget in every_budget() {
            let (mut original, mut copy) = (Callers::new(&budget), None);
            for (place, event) in events.iter().enumerate() {
                if place == fork.min(events.len() - 1) {
                    copy = Some(original.clone());
                }
                let answer = original.meet(event);
                if let Some(copy) = &mut copy {
                    // The copy is looked at, the original is not.
                    let left = budget.left(&copy.memory, copy.now.saturating_add(event.after));
                    prop_assert!(left.is_finite(), "{budget:?}");
                    prop_assert_eq!(copy.meet(event), answer, "{:?}", budget);
                }
            }
            let copy = copy.expect("a list of events is not empty");
            prop_assert_eq!(format!("{:?}", copy.memory), format!("{:?}", original.memory));
        }
    }

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
fn what_is_remembered_of_a_hundred_thousand_calls_is_bounded() {
    let kinds = [Kind::Succeeds, Kind::Fails(Failure::Throttled), Kind::Fails(Failure::Overload), Kind::FailsForGood];
    let event = |n: u64| Event { after: ms(7 + n % 90), call: (n % 8) as usize, kind: kinds[(n / 3 % 4) as usize] };
    for budget in every_budget() {
        let mut callers = Callers::new(&budget);
        for n in 0..100_000 {
            callers.meet(&event(n));
        }
        assert!(format!("{:?}", callers.memory).len() < 1_000, "{budget:?}");
    }
    for gate in every_limiter() {
        let (mut memory, mut now) = (gate.fresh(SimTime::ZERO), SimTime::ZERO);
        for n in 0..100_000 {
            now = now.saturating_add(event(n).after);
            one(&gate, &mut memory, &event(n), n, now);
        }
        assert!(format!("{memory:?}").len() < 1_000, "{gate:?}");
    }
    for gate in every_throttle() {
        let (mut memory, mut now) = (gate.fresh(SimTime::ZERO), SimTime::ZERO);
        for n in 0..100_000 {
            now = now.saturating_add(event(n).after);
            another(&gate, &mut memory, &event(n), n, now);
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

#[test]
fn every_strategy_says_of_itself_all_there_is_to_say() {
    let all: Vec<(&str, About)> =
        AnyBudget::explanations().into_iter().chain(AnyLimiter::explanations()).chain(AnyThrottle::explanations()).collect();
    assert!(all.len() >= 14);
    for (name, about) in all.iter().chain(PROFILES) {
        for text in [about.meaning, about.formula, about.memory, about.source, about.example] {
            assert!(text.len() > 10 && !text.contains("  "), "{name}: {text:?}");
        }
        assert!(about.example.contains(&format!("{name}(")), "{name}");
        assert!(about.formula.contains("draw"), "{name} does not say how many draws it takes");
        let names: Vec<_> = about.parameters.iter().map(|parameter| parameter.name).collect();
        assert!(names.contains(&"per") || *name == "GrpcRetry", "{name} does not say who shares it");
    }
}

#[test]
fn the_defaults_of_every_product_pass_their_own_check() {
    for budget in every_budget() {
        assert_eq!(budget.check(), [], "{budget:?}");
    }
    assert_eq!((AnyLimiter::from(Resilience4j::default()).check(), AwsRetry::default().check()), (vec![], vec![]));
    for gate in every_throttle() {
        assert_eq!(gate.check(), [], "{gate:?}");
    }
}
