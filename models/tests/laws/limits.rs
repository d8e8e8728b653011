//! Which bounds do budgets keep, whatever is asked of them, and what do limits of all families say of themselves?
//!
//! They are played here without a system: a few calls at a time, with random ends at random instants.

use crate::conservation::config;
use crate::gates::every_throttle;
use crate::*;
use models::About;
use models::outcome::{Failure, Hint, Outcome};
use models::strategies::Scope;
use models::strategies::budget::{
    AnyBudget, Aws, BudgetMemory, Costs, Deposits, Ended, Envoy, Finagle, Grpc, Paid, RetryBudget, TokenBucket, Tower,
};
use models::strategies::limiter::{AnyLimiter, Resilience4j};
use models::strategies::profiles::AwsRetry;
use models::strategies::throttle::AnyThrottle;
use proptest::prelude::*;
use sim_core::draw::Draw;

pub const PER: Scope = Scope::Process;

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

pub fn assert_all_covered<'a>(registered: &[(&'static str, &'static str)], tested: impl Iterator<Item = &'a str>) {
    let tested: Vec<_> = tested.collect();
    for (name, _) in registered {
        assert!(tested.contains(name), "{name} belongs into this list");
    }
}

/// What happens to one of the calls under way, `after` the last thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    pub after: SimDuration,
    pub call: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Succeeds,
    Fails(Failure),
    FailsForGood,
    ToldNeverToRetry,
    GivenUp,
}

pub fn events() -> impl Strategy<Value = Vec<Event>> {
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

}

/// A steady stream of ends of all kinds.
pub fn steady(n: u64) -> Event {
    let kinds = [Kind::Succeeds, Kind::Fails(Failure::Throttled), Kind::Fails(Failure::Overload), Kind::FailsForGood];
    Event { after: ms(7 + n % 90), call: (n % 8) as usize, kind: kinds[(n / 3 % 4) as usize] }
}

#[test]
fn what_a_budget_remembers_of_a_hundred_thousand_calls_is_bounded() {
    for budget in every_budget() {
        let mut callers = Callers::new(&budget);
        for n in 0..100_000 {
            callers.meet(&steady(n));
        }
        assert!(format!("{:?}", callers.memory).len() < 1_000, "{budget:?}");
    }
}

#[test]
fn every_strategy_says_of_itself_all_there_is_to_say() {
    let all: Vec<(&str, &str, About)> =
        AnyBudget::explanations().into_iter().chain(AnyLimiter::explanations()).chain(AnyThrottle::explanations()).collect();
    assert!(all.len() >= 14);
    let profiles = Layer::explanations().into_iter().filter(|(name, ..)| ["GrpcRetry", "EnvoyRetry", "AwsRetry"].contains(name));
    for (name, _, about) in all.into_iter().chain(profiles) {
        for text in [about.meaning, about.formula, about.memory, about.source, about.example] {
            assert!(text.len() > 10 && !text.contains("  "), "{name}: {text:?}");
        }
        assert!(about.example.contains(&format!("{name}(")), "{name}");
        assert!(about.formula.contains("draw"), "{name} does not say how many draws it takes");
        let names: Vec<_> = about.parameters.iter().map(|parameter| parameter.name).collect();
        assert!(names.contains(&"per") || name == "GrpcRetry", "{name} does not say who shares it");
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
