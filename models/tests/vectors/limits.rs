//! Vectors of limits: budgets (B1 to B5, B7), hints (B9), throttles (B6, B8, D7) and rate limiters (D2).

use crate::{Vector, run};
use models::faults::{AnyFault, Crash, Names, PlannedFault, WhileDown};
use models::links::{Link, USUAL_SIZE};
use models::outcome::{Code, Failure, Hint, Outcome};
use models::plan::{Plan, SystemSpec};
use models::protocols::Nobody;
use models::record::Record;
use models::services::{DemandOfRetry, Fifo, LateWork, Placement, Queue, Service, Task, Threads};
use models::strategies::backoff::{AnyBackoff, Asks, Constant};
use models::strategies::budget::{Aws, Budget, Costs, Ended, Envoy, Finagle, Grpc, RetryBudget, Tower, UnderWay};
use models::strategies::limiter::{Gcra, Resilience4j, TokenBucket};
use models::strategies::patience::{clamped, heed, may_still_start};
use models::strategies::profiles::{
    Candidate, Condition, Decision, EnvoyRetry, EnvoyRetrying, Fate, Flavour, GrpcEnded, GrpcRetry, GrpcRetrying, RetryOn,
};
use models::strategies::throttle::{AwsAdaptive, Clocked, Counts, EnvoyAdmission, Sre};
use models::strategies::{Attempts, Gate, Layer, Pass, Retry, Scope};
use models::workloads::{AllAtOnce, Arrivals, Clients};
use models::world::World;
use sim_core::draw::{Draw, Seed};
use sim_core::sample::Distribution;
use sim_core::simulation::{Stop, TieBreak};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Rate, Share};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const VECTORS: &[Vector] = &[
    ("B1.V1", three_layers_of_three_attempts_make_27_calls_of_the_leaf),
    ("B1.V2", a_total_of_a_second_has_room_for_three_attempts),
    ("B2.V1", a_fresh_finagle_budget_has_100_retries),
    ("B2.V2", a_thousand_finagle_deposits_are_200_retries_more),
    ("B2.V3", finagle_without_a_floor_retries_every_fifth),
    ("B2.V4", slow_touches_stretch_the_window_of_finagle),
    ("B2.V5", the_window_of_finagle_read_every_second),
    ("B3.V1", tower_rounds_a_third_up),
    ("B3.V2", a_fresh_tower_budget_has_100_retries),
    ("B3.V3", the_window_of_tower_touched_every_second),
    ("B4.V1", grpc_throttles_at_half_of_its_tokens),
    ("B4.V2", grpc_tokens_of_four),
    ("B4.V3", the_order_of_the_decision_of_grpc_go),
    ("B4.V4", pushback_on_a_foreign_code),
    ("B5.V1", the_aws_quota_in_a_full_outage),
    ("B5.V2", five_clean_successes_are_one_aws_retry),
    ("B5.V3", a_success_gives_back_the_last_cost),
    ("B5.V4", a_success_gives_back_the_last_cost_not_the_largest),
    ("B6.V1", the_cubic_curve_of_the_adaptive_mode),
    ("B6.V2", the_measured_rate_of_the_adaptive_mode),
    ("B6.V3", a_throttled_answer_makes_the_next_send_wait),
    ("B7.V1", the_limit_of_an_envoy_retry_budget),
    ("B7.V2", the_fourth_concurrent_retry_of_envoy_fails),
    ("B7.V3", a_retry_of_envoy_that_overflows_is_spent),
    ("B7.V4", the_percentage_of_envoy_is_a_float),
    ("B8.V1", the_probability_of_the_sre_throttle),
    ("B8.V2", the_sre_throttle_without_accepts),
    ("B9.V1", a_hint_beyond_the_deadline_fails_now),
    ("B9.V2", linkerd_clamps_hints),
    ("D2.V1", gcra_by_virtual_scheduling),
    ("D2.V2", resilience4j_reserves_places_in_later_cycles),
    ("D2.V3", resilience4j_within_a_cycle),
    ("D2.V4", a_token_bucket_does_what_gcra_does),
    ("D7.V1", the_probability_of_envoy_admission_control),
    ("D7.V2", envoy_admission_control_with_other_numbers),
];

#[test]
fn vectors_of_limits() {
    run(VECTORS);
}

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

/// To the six decimals of a vector.
fn assert_close(is: f64, wanted: f64) {
    assert!((is - wanted).abs() <= 5.1e-7, "{is} is not {wanted}");
}

fn draw() -> Draw {
    Draw::from_bits(0)
}

fn asks(retry: u32, failure: Failure) -> Asks {
    Asks { retry, elapsed: SimDuration::ZERO, failure, hint: None, draw: draw() }
}

fn three_layers_of_three_attempts_make_27_calls_of_the_leaf() {
    let service = |name: &str, calls: Option<&str>| {
        let service = Service {
            replicas: 1,
            workers: 100,
            serves: Default::default(),
            congestion: None,
            threads: Threads::Held,
            queue: Queue::Fifo(Fifo::default()),
            demand: Distribution::Constant(ms(1)),
            demand_of: Default::default(),
            does: calls.map(|callee| Task::Call(callee.to_owned())).into_iter().collect(),
            domain: Placement(vec!["zone".to_owned()]),
            idempotency: None,
            retry_after: None,
            late_work: LateWork::Finish,
            demand_of_retry: DemandOfRetry::Fresh,
            request_size: USUAL_SIZE,
            reply_size: USUAL_SIZE,
        };
        (name.to_owned(), service)
    };
    let retry = || Retry::new(Attempts::AtMost(3), AnyBackoff::Constant(Constant { delay: ms(10) }));
    let edges = ["app -> front", "front -> middle", "middle -> leaf"];
    let down = Crash { node: Names::one("leaf"), while_down: WhileDown::Refusal, ..Crash::default() };
    let spec = SystemSpec {
        clients: vec![("app".to_owned(), Clients::new(1, Arrivals::AllAtOnce(AllAtOnce {}), "front", "zone"))],
        services: vec![service("front", Some("middle")), service("middle", Some("leaf")), service("leaf", None)],
        links: vec![Link::between("zone", "zone", Distribution::Constant(ms(1)))],
        stacks: edges.map(|edge| (edge.to_owned(), vec![Layer::Retry(retry())])).to_vec(),
        faults: vec![PlannedFault::once(AnyFault::Crash(down), SimDuration::NANOSECOND, None)],
        ..SystemSpec::default()
    };
    let plan = Arc::new(Plan::new(&spec).unwrap_or_else(|complaints| panic!("{complaints:?}")));
    let mut sent = BTreeMap::new();
    let mut watch = |_: SimTime, record: &Record| {
        if let Record::Sent(_, node) = record {
            *sent.entry(*node).or_insert(0) += 1;
        }
    };
    let stop = World::start(plan, Nobody, Seed::new(1), TieBreak::ByRank).run_until(SimTime::MAX, 1_000_000, Some(&mut watch));
    assert_eq!(stop, Stop::Finished);
    let mut counts: Vec<_> = sent.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [3, 9, 27]);
}

fn a_total_of_a_second_has_room_for_three_attempts() {
    let (takes, wait, total) = (ms(300), ms(100), ms(1_000));
    let (mut elapsed, mut attempts) = (takes, 1);
    while may_still_start(elapsed, wait, total) {
        elapsed = elapsed.saturating_add(wait).saturating_add(takes);
        attempts += 1;
    }
    assert_eq!((attempts, elapsed.saturating_add(wait)), (3, ms(1_200)));
    assert!(may_still_start(ms(900), ms(100), ms(1_000)) && !may_still_start(ms(900), ms(100), SimDuration::from_nanos(999_999_999)));
}

/// How many retries a budget allows one after another at an instant.
fn retries(mut withdraw: impl FnMut() -> bool) -> usize {
    (0..100_000).take_while(|_| withdraw()).count()
}

/// Which of the first `count` requests may retry when each deposits and then withdraws.
fn allowed(count: usize, mut deposit_and_withdraw: impl FnMut() -> bool) -> Vec<usize> {
    (1..=count).filter(|_| deposit_and_withdraw()).collect()
}

fn a_fresh_finagle_budget_has_100_retries() {
    let budget = Finagle::default();
    let mut window = budget.fresh(at(0));
    assert_eq!(retries(|| budget.withdraw(&mut window, at(0))), 100);
    assert_eq!(budget.balance(&mut window.clone(), at(9_999)), 0);
    assert_eq!(budget.balance(&mut window, at(10_000)), 100);
}

fn a_thousand_finagle_deposits_are_200_retries_more() {
    let budget = Finagle::default();
    let mut window = budget.fresh(at(0));
    (0..1_000).for_each(|_| budget.call_started(&mut window, at(0)));
    assert_eq!(budget.balance(&mut window, at(0)), 300);
}

fn finagle_without_a_floor_retries_every_fifth() {
    let budget = Finagle { min_retries_per_sec: 0, ..Finagle::default() };
    let mut window = budget.fresh(at(0));
    let fifth = allowed(12, || {
        budget.call_started(&mut window, at(0));
        budget.withdraw(&mut window, at(0))
    });
    assert_eq!(fifth, [5, 10]);
}

/// The balances of a budget that was emptied at the start, read again and again.
fn balances(every: u64, times: u64) -> Vec<i64> {
    let budget = Finagle::default();
    let mut window = budget.fresh(at(0));
    retries(|| budget.withdraw(&mut window, at(0)));
    (1..=times).map(|n| budget.balance(&mut window, at(n * every))).collect()
}

fn slow_touches_stretch_the_window_of_finagle() {
    assert_eq!(balances(1_900, 10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
}

fn the_window_of_finagle_read_every_second() {
    assert_eq!(balances(1_000, 10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
}

fn tower_rounds_a_third_up() {
    let budget = Tower { min_per_sec: 0, retry_percent: 0.3, ..Tower::default() };
    let mut window = budget.fresh(at(0));
    let third = allowed(10, || {
        budget.deposit(&mut window, at(0));
        budget.withdraw(&mut window, at(0))
    });
    assert_eq!(third, [3, 6, 9]);
}

fn a_fresh_tower_budget_has_100_retries() {
    let budget = Tower::default();
    let mut window = budget.fresh(at(0));
    assert_eq!(retries(|| budget.withdraw(&mut window, at(0))), 100);
    let mut early = window.clone();
    assert_eq!(retries(|| budget.withdraw(&mut early, at(10_000))), 0);
    assert_eq!(retries(|| budget.withdraw(&mut window, at(10_001))), 100);
}

fn the_window_of_tower_touched_every_second() {
    let budget = Tower::default();
    let mut window = budget.fresh(at(0));
    retries(|| budget.withdraw(&mut window, at(0)));
    let first = (1..=20).find(|second| budget.withdraw(&mut window, at(second * 1_000)));
    assert_eq!(first, Some(11));
}

/// What gRPC's throttling says of a row of failures (`F`) and successes (`S`), and what is left, in thousandths.
fn throttled(max_tokens: u32, token_ratio: f64, events: &str) -> (Vec<bool>, u64) {
    let budget = Grpc { max_tokens, token_ratio, per: Scope::Process };
    let mut tokens = budget.fresh(at(0));
    let mut said = Vec::new();
    for event in events.chars() {
        let outcome = if event == 'S' { Outcome::Success } else { Outcome::Failed(Failure::Overload) };
        budget.attempt_ended(&mut tokens, &mut 0, &Ended { outcome, hint: None, is_retryable: true }, at(0));
        if event == 'F' {
            said.push(budget.allows(&mut tokens, &mut 0, &asks(1, Failure::Overload), at(0)));
        }
    }
    (said, tokens)
}

fn grpc_throttles_at_half_of_its_tokens() {
    let (said, left) = throttled(10, 0.1, "FFFFFSSSSSSSSSSFSSSSSSSSSSSF");
    assert_eq!((said, left), (vec![true, true, true, true, false, false, true], 5_100));
}

fn grpc_tokens_of_four() {
    assert_eq!(throttled(4, 0.5, "FFSSFF"), (vec![true, false, false, false], 1_000));
}

fn grpc_retry(flavour: Flavour) -> GrpcRetry {
    GrpcRetry {
        max_attempts: 4,
        initial_backoff: ms(100),
        max_backoff: ms(1_000),
        backoff_multiplier: 2.0,
        retryable_status_codes: vec![Code::Unavailable],
        retry_throttling: Some(Grpc { max_tokens: 10, token_ratio: 0.1, per: Scope::Process }),
        flavour,
    }
}

fn grpc_ended(failure: Failure, pushback: Option<Hint>, is_committed: bool) -> GrpcEnded {
    GrpcEnded { outcome: Outcome::Failed(failure), pushback, fate: Fate::Seen, is_committed }
}

fn the_order_of_the_decision_of_grpc_go() {
    let retry = grpc_retry(Flavour::Go);
    let mut tokens = 10_000;
    let (listed, foreign) = (Failure::Overload, Failure::ClientError);
    let cases = [
        (3, grpc_ended(listed, None, false), Decision::End, 9_000),
        (0, grpc_ended(foreign, None, false), Decision::End, 9_000),
        (0, grpc_ended(listed, None, true), Decision::End, 9_000),
        (0, grpc_ended(foreign, Some(Hint::Never), false), Decision::End, 8_000),
        (0, grpc_ended(listed, None, false), Decision::Retry { after: ms(100) }, 7_000),
    ];
    for (attempts, ended, decision, left) in cases {
        let mut call = GrpcRetrying { attempts, ..GrpcRetrying::default() };
        assert_eq!(retry.decide(&mut call, Some(&mut tokens), &ended, |_| ms(100)), decision);
        assert_eq!(tokens, left);
    }
}

fn pushback_on_a_foreign_code() {
    let ended = grpc_ended(Failure::ClientError, Some(Hint::After(ms(250))), false);
    for (flavour, decision) in [(Flavour::Go, Decision::End), (Flavour::Java, Decision::Retry { after: ms(250) })] {
        let mut tokens = 10_000;
        let is = grpc_retry(flavour).decide(&mut GrpcRetrying::default(), Some(&mut tokens), &ended, |_| ms(100));
        assert_eq!((is, tokens), (decision, 10_000));
    }
}

/// A call that retries after each of these failures and then succeeds. What is left after the retries, and at the end.
fn aws_call(budget: &Aws, left: &mut u64, failures: &[Failure]) -> (u64, u64) {
    let mut paid = 0;
    budget.call_started(left, at(0));
    for (retry, failure) in (1..).zip(failures) {
        assert!(budget.allows(left, &mut paid, &asks(retry, *failure), at(0)));
    }
    let meanwhile = *left;
    budget.call_ended(left, &mut paid, Some(Outcome::Success), at(0));
    (meanwhile, *left)
}

fn the_aws_quota_in_a_full_outage() {
    let drained = |costs, failure| {
        let budget = Aws { costs, ..Aws::default() };
        let mut left = budget.fresh(at(0));
        let retries = retries(|| {
            let mut paid = 0;
            let is_allowed = budget.allows(&mut left, &mut paid, &asks(1, failure), at(0));
            budget.call_ended(&mut left, &mut paid, Some(Outcome::Failed(failure)), at(0));
            is_allowed
        });
        (retries, left)
    };
    assert_eq!(drained(Costs::Standard, Failure::ServerError), (100, 0));
    assert_eq!(drained(Costs::Standard, Failure::Timeout), (50, 0));
    assert_eq!(drained(Costs::Standard2026, Failure::ServerError), (35, 10));
}

fn five_clean_successes_are_one_aws_retry() {
    let budget = Aws::default();
    let mut left = 0;
    (0..5).for_each(|_| {
        aws_call(&budget, &mut left, &[]);
    });
    assert_eq!(retries(|| budget.allows(&mut left, &mut 0, &asks(1, Failure::ServerError), at(0))), 1);
}

fn a_success_gives_back_the_last_cost() {
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[Failure::ServerError, Failure::ServerError]), (490, 495));
}

fn a_success_gives_back_the_last_cost_not_the_largest() {
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[Failure::Timeout, Failure::ServerError]), (485, 490));
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[]), (500, 500));
}

fn the_cubic_curve_of_the_adaptive_mode() {
    let mut cubic = AwsAdaptive::default().fresh(at(0));
    assert_close(cubic.throttle(10.0, at(4_000)), 7.0);
    assert_close(cubic.k, 1.957_434);
    for (second, rate) in [(1, 9.648_936), (2, 10.000_031), (3, 10.453_285), (5, 21.266_268)] {
        assert_close(cubic.curve(at(4_000 + second * 1_000)), rate);
    }
}

fn the_measured_rate_of_the_adaptive_mode() {
    let mut clocked = Clocked::new(at(0));
    let rates: Vec<f64> = (0..=15).map(|n| clocked.record(at(n * 100))).collect();
    for (n, rate) in [(4, 0.0), (5, 9.6), (10, 9.92), (15, 9.984)] {
        assert_close(rates[n], rate);
    }
}

fn a_throttled_answer_makes_the_next_send_wait() {
    let limiter = AwsAdaptive::default();
    let mut cubic = limiter.fresh(at(0));
    for n in 0..10 {
        assert_eq!(limiter.ask(&mut cubic, draw(), at(n * 100)), Pass::Now);
        limiter.ended(&mut cubic, at(n * 100), Some(Outcome::Success), None, at(n * 100));
    }
    limiter.ended(&mut cubic, at(900), Some(Outcome::Failed(Failure::Throttled)), None, at(1_000));
    assert_close(cubic.fill, 6.944);
    assert_close(cubic.tokens, 0.5);
    let Pass::After(wait) = limiter.ask(&mut cubic, draw(), at(1_000)) else { panic!("it does not wait") };
    assert_close(wait.as_secs_f64(), 0.072_005);
}

fn share_of(budget_percent: f64) -> Envoy {
    Envoy { retry_budget: Some(RetryBudget { budget_percent, ..RetryBudget::default() }), ..Envoy::default() }
}

fn the_limit_of_an_envoy_retry_budget() {
    assert_eq!(share_of(25.0).limit(100 + 20), 30);
    assert_eq!([10, 19, 20].map(|active| share_of(20.0).limit(active)), [3, 3, 4]);
}

fn envoy_retry(num_retries: u32) -> EnvoyRetry {
    EnvoyRetry { retry_on: RetryOn(vec![Condition::FiveXx]), num_retries, ..EnvoyRetry::default() }
}

const OVERLOADED: Candidate = Candidate::Failed { failure: Failure::Overload, is_rate_limited: false };

fn the_fourth_concurrent_retry_of_envoy_fails() {
    let retry = envoy_retry(1);
    let mut under_way = UnderWay { attempts: 3, retries: 2 };
    let mut decide = |call: &mut EnvoyRetrying| retry.decide(call, &mut under_way, OVERLOADED, || ms(7));
    assert_eq!(decide(&mut EnvoyRetrying::default()), Decision::Retry { after: ms(7) });
    assert_eq!(decide(&mut EnvoyRetrying::default()), Decision::End);
}

fn a_retry_of_envoy_that_overflows_is_spent() {
    let retry = envoy_retry(2);
    let (mut call, mut under_way) = (EnvoyRetrying::default(), UnderWay { attempts: 4, retries: 3 });
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::End);
    assert_eq!(call.spent, 1);
    under_way.retries = 0;
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::Retry { after: ms(7) });
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::End);
    assert_eq!((call.spent, under_way.retries), (2, 0));
}

fn the_percentage_of_envoy_is_a_float() {
    assert_eq!([28.0, 29.0].map(|percent| share_of(percent).limit(100)), [28, 28]);
}

fn the_probability_of_the_sre_throttle() {
    let p = |k: f64, requests: u64, accepts: u64| Sre { k, ..Sre::default() }.probability(Counts { requests, accepts });
    for ((requests, accepts), wanted) in [((100, 100), 0.0), ((100, 40), 0.198_020), ((100, 10), 0.792_079), ((1_000, 0), 0.999_001)] {
        assert_close(p(2.0, requests, accepts), wanted);
    }
    assert_close(p(1.1, 100, 80), 0.118_812);
}

fn the_sre_throttle_without_accepts() {
    let throttle = Sre::default();
    let mut bins = throttle.fresh(at(0));
    let high = Draw::from_unit(0.999);
    let mut gauge = Vec::new();
    for _ in 0..4 {
        gauge.push(throttle.gauge(&mut bins, at(0)).1);
        throttle.ask(&mut bins, high, at(0));
    }
    for (is, wanted) in [(gauge[0], 0.0), (gauge[1], 0.5), (gauge[3], 0.75)] {
        assert_close(is, wanted);
    }
}

fn a_hint_beyond_the_deadline_fails_now() {
    let heeded = |seconds: u64| heed(Hint::After(ms(seconds * 1_000)), ms(5_000));
    assert_eq!([4, 5, 6].map(heeded), [Some(ms(4_000)), Some(ms(5_000)), None]);
}

fn linkerd_clamps_hints() {
    let clamp = |seconds: u64| clamped(ms(seconds * 1_000), (ms(2_000), ms(40_000)));
    assert_eq!([1, 10, 60].map(clamp), [2, 10, 40].map(|seconds| ms(seconds * 1_000)));
}

const ARRIVALS: [u64; 9] = [0, 0, 0, 0, 50, 100, 100, 250, 300];
const PASSES: [u64; 9] = [1, 1, 1, 0, 0, 1, 0, 1, 1];

/// Which arrivals a limiter lets pass.
fn passes<G: Gate>(limiter: &G) -> [u64; 9] {
    let mut memory = limiter.fresh(at(0));
    ARRIVALS.map(|arrival| u64::from(limiter.ask(&mut memory, draw(), at(arrival)) == Pass::Now))
}

fn gcra_by_virtual_scheduling() {
    assert_eq!(passes(&Gcra { rate: Rate::per_second(10), tolerance: ms(200), per: Scope::Process }), PASSES);
}

/// What Resilience4j says to calls at these instants.
fn cycles(limit_for_period: u32, timeout: u64, arrivals: &[u64]) -> Vec<Pass> {
    let limiter =
        Resilience4j { limit_for_period, limit_refresh_period: ms(1_000), timeout_duration: ms(timeout), ..Resilience4j::default() };
    let mut memory = limiter.fresh(at(0));
    arrivals.iter().map(|arrival| limiter.ask(&mut memory, draw(), at(*arrival))).collect()
}

fn resilience4j_reserves_places_in_later_cycles() {
    let waits = (1..=5).map(|seconds| Pass::After(ms(seconds * 1_000)));
    let wanted: Vec<_> = [Pass::Now].into_iter().chain(waits).chain([Pass::Refused(ms(5_000)); 2]).collect();
    assert_eq!(cycles(1, 5_000, &[0; 8]), wanted);
}

fn resilience4j_within_a_cycle() {
    let (later, refused) = (Pass::After(ms(900)), Pass::Refused(ms(1_000)));
    assert_eq!(cycles(2, 1_000, &[100, 100, 100, 100, 100, 100, 1_100]), [Pass::Now, Pass::Now, later, later, refused, refused, later]);
}

fn a_token_bucket_does_what_gcra_does() {
    assert_eq!(passes(&TokenBucket { rate: Rate::per_second(10), burst: 3, per: Scope::Process }), PASSES);
}

fn the_probability_of_envoy_admission_control() {
    let usual = EnvoyAdmission::default();
    for ((n, s), wanted) in [((100, 95), 0.0), ((100, 90), 0.052_110), ((100, 50), 0.468_994), ((100, 0), 0.8)] {
        assert_close(usual.probability(n, s), wanted);
    }
    assert_close(EnvoyAdmission { aggression: 2.0, ..usual }.probability(100, 90), 0.228_277);
}

fn envoy_admission_control_with_other_numbers() {
    let other = EnvoyAdmission {
        sampling_window: ms(60_000),
        sr_threshold: Share::percent(90),
        aggression: 1.5,
        rps_threshold: 5,
        max_rejection_probability: Share::percent(70),
        per: Scope::Process,
    };
    assert_close(other.probability(299, 0), 0.0);
    assert_close(other.probability(300, 135), 0.628_564);
}
