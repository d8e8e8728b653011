//! Vectors of B2 to B7: budgets of retries.

use super::*;

/// How many retries a budget allows one after another at an instant.
fn retries(mut withdraw: impl FnMut() -> bool) -> usize {
    (0..100_000).take_while(|_| withdraw()).count()
}

/// Which of the first `count` requests may retry when each deposits and then withdraws.
fn allowed(count: usize, mut deposit_and_withdraw: impl FnMut() -> bool) -> Vec<usize> {
    (1..=count).filter(|_| deposit_and_withdraw()).collect()
}

pub fn a_fresh_finagle_budget_has_100_retries() {
    let budget = Finagle::default();
    let mut window = budget.fresh(at(0));
    assert_eq!(retries(|| budget.withdraw(&mut window, at(0))), 100);
    assert_eq!(budget.balance(&mut window.clone(), at(9_999)), 0);
    assert_eq!(budget.balance(&mut window, at(10_000)), 100);
}

pub fn a_thousand_finagle_deposits_are_200_retries_more() {
    let budget = Finagle::default();
    let mut window = budget.fresh(at(0));
    (0..1_000).for_each(|_| budget.call_started(&mut window, at(0)));
    assert_eq!(budget.balance(&mut window, at(0)), 300);
}

pub fn finagle_without_a_floor_retries_every_fifth() {
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

pub fn slow_touches_stretch_the_window_of_finagle() {
    assert_eq!(balances(1_900, 10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
}

pub fn the_window_of_finagle_read_every_second() {
    assert_eq!(balances(1_000, 10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
}

pub fn tower_rounds_a_third_up() {
    let budget = Tower { min_per_sec: 0, retry_percent: 0.3, ..Tower::default() };
    let mut window = budget.fresh(at(0));
    let third = allowed(10, || {
        budget.deposit(&mut window, at(0));
        budget.withdraw(&mut window, at(0))
    });
    assert_eq!(third, [3, 6, 9]);
}

pub fn a_fresh_tower_budget_has_100_retries() {
    let budget = Tower::default();
    let mut window = budget.fresh(at(0));
    assert_eq!(retries(|| budget.withdraw(&mut window, at(0))), 100);
    let mut early = window.clone();
    assert_eq!(retries(|| budget.withdraw(&mut early, at(10_000))), 0);
    assert_eq!(retries(|| budget.withdraw(&mut window, at(10_001))), 100);
}

pub fn the_window_of_tower_touched_every_second() {
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

pub fn grpc_throttles_at_half_of_its_tokens() {
    let (said, left) = throttled(10, 0.1, "FFFFFSSSSSSSSSSFSSSSSSSSSSSF");
    assert_eq!((said, left), (vec![true, true, true, true, false, false, true], 5_100));
}

pub fn grpc_tokens_of_four() {
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

pub fn the_order_of_the_decision_of_grpc_go() {
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

pub fn pushback_on_a_foreign_code() {
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

pub fn the_aws_quota_in_a_full_outage() {
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

pub fn five_clean_successes_are_one_aws_retry() {
    let budget = Aws::default();
    let mut left = 0;
    (0..5).for_each(|_| {
        aws_call(&budget, &mut left, &[]);
    });
    assert_eq!(retries(|| budget.allows(&mut left, &mut 0, &asks(1, Failure::ServerError), at(0))), 1);
}

pub fn a_success_gives_back_the_last_cost() {
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[Failure::ServerError, Failure::ServerError]), (490, 495));
}

pub fn a_success_gives_back_the_last_cost_not_the_largest() {
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[Failure::Timeout, Failure::ServerError]), (485, 490));
    assert_eq!(aws_call(&Aws::default(), &mut 500, &[]), (500, 500));
}

pub fn the_cubic_curve_of_the_adaptive_mode() {
    let mut cubic = AwsAdaptive::default().fresh(at(0));
    assert_close(cubic.throttle(10.0, at(4_000)), 7.0);
    assert_close(cubic.k, 1.957_434);
    for (second, rate) in [(1, 9.648_936), (2, 10.000_031), (3, 10.453_285), (5, 21.266_268)] {
        assert_close(cubic.curve(at(4_000 + second * 1_000)), rate);
    }
}

pub fn the_measured_rate_of_the_adaptive_mode() {
    let mut clocked = Clocked::new(at(0));
    let rates: Vec<f64> = (0..=15).map(|n| clocked.record(at(n * 100))).collect();
    for (n, rate) in [(4, 0.0), (5, 9.6), (10, 9.92), (15, 9.984)] {
        assert_close(rates[n], rate);
    }
}

pub fn a_throttled_answer_makes_the_next_send_wait() {
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

pub fn the_limit_of_an_envoy_retry_budget() {
    assert_eq!(share_of(25.0).limit(100 + 20), 30);
    assert_eq!([10, 19, 20].map(|active| share_of(20.0).limit(active)), [3, 3, 4]);
}

fn envoy_retry(num_retries: u32) -> EnvoyRetry {
    EnvoyRetry { retry_on: RetryOn(vec![Condition::FiveXx]), num_retries, ..EnvoyRetry::default() }
}

pub fn the_fourth_concurrent_retry_of_envoy_fails() {
    let retry = envoy_retry(1);
    let mut under_way = UnderWay { attempts: 3, retries: 2 };
    let mut decide = |call: &mut EnvoyRetrying| retry.decide(call, &mut under_way, OVERLOADED, || ms(7));
    assert_eq!(decide(&mut EnvoyRetrying::default()), Decision::Retry { after: ms(7) });
    assert_eq!(decide(&mut EnvoyRetrying::default()), Decision::End);
}

pub fn a_retry_of_envoy_that_overflows_is_spent() {
    let retry = envoy_retry(2);
    let (mut call, mut under_way) = (EnvoyRetrying::default(), UnderWay { attempts: 4, retries: 3 });
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::End);
    assert_eq!(call.spent, 1);
    under_way.retries = 0;
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::Retry { after: ms(7) });
    assert_eq!(retry.decide(&mut call, &mut under_way, OVERLOADED, || ms(7)), Decision::End);
    assert_eq!((call.spent, under_way.retries), (2, 0));
}

pub fn the_percentage_of_envoy_is_a_float() {
    assert_eq!([28.0, 29.0].map(|percent| share_of(percent).limit(100)), [28, 28]);
}
