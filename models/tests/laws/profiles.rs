//! In which order do the retry layers of products decide, and what do they refuse?

use crate::*;
use models::outcome::{Code, Failure, Hint, Outcome};
use models::registry::Complaint;
use models::strategies::Scope;
use models::strategies::budget::{AnyBudget, Finagle, Grpc, UnderWay};
use models::strategies::limiter::{AnyLimiter, TokenBucket};
use models::strategies::profiles::{
    AwsRetry, AwsRetrying, Candidate, Condition, Decision, EnvoyRetry, EnvoyRetrying, Fate, Flavour, GrpcEnded, GrpcRetry, GrpcRetrying,
    Mode, RetryOn,
};
use models::strategies::throttle::{AnyThrottle, Sre};

const PER: Scope = Scope::Process;

#[test]
fn what_a_product_refuses_is_refused_with_the_name_of_the_field() {
    let fields = |complaints: Vec<Complaint>| complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    let finagle = Finagle { ttl: ms(999), percent_can_retry: f64::NAN, ..Finagle::default() };
    assert_eq!(fields(AnyBudget::from(finagle).check()), ["ttl", "percent_can_retry"]);
    let grpc = GrpcRetry {
        max_attempts: 1,
        initial_backoff: SimDuration::ZERO,
        retryable_status_codes: Vec::new(),
        retry_throttling: Some(Grpc { max_tokens: 1_001, token_ratio: 0.0, per: PER }),
        ..grpc_retry(None)
    };
    let refused =
        ["max_attempts", "initial_backoff", "retryable_status_codes", "retry_throttling.max_tokens", "retry_throttling.token_ratio"];
    assert_eq!(fields(grpc.check()), refused);
    let mut envoy = EnvoyRetry { retriable_status_codes: vec![9_000], hedge_on_per_try_timeout: true, ..EnvoyRetry::default() };
    envoy.retry_back_off.max_interval = Some(ms(24));
    let refused =
        ["retry_on", "retriable_status_codes", "retriable_status_codes", "retry_back_off.max_interval", "hedge_on_per_try_timeout"];
    assert_eq!(fields(envoy.check()), refused);
    assert_eq!(fields(AwsRetry { max_attempts: Some(0), ..AwsRetry::default() }.check()), ["max_attempts"]);
    assert_eq!(fields(AnyLimiter::from(TokenBucket { rate: Rate::ZERO, burst: 0, per: PER }).check()), ["rate", "burst"]);
    assert_eq!(fields(AnyThrottle::from(Sre { k: 0.5, window: ms(1), per: PER }).check()), ["k", "window"]);
}

fn grpc_retry(retry_throttling: Option<Grpc>) -> GrpcRetry {
    GrpcRetry {
        max_attempts: 9,
        initial_backoff: ms(100),
        max_backoff: ms(1_000),
        backoff_multiplier: 2.0,
        retryable_status_codes: vec![Code::Unavailable],
        retry_throttling,
        flavour: Flavour::Go,
    }
}

#[test]
fn grpc_makes_five_attempts_at_most_and_does_not_count_what_no_application_saw() {
    let retry = grpc_retry(None);
    let mut call = GrpcRetrying::default();
    let mut decide = |fate, pushback| {
        let ended = GrpcEnded { outcome: Outcome::Failed(Failure::Overload), pushback, fate, is_committed: false };
        retry.decide(&mut call, None, &ended, |k| ms(u64::from(k) + 1))
    };
    let later = |millis| Decision::Retry { after: ms(millis) };
    assert_eq!([(); 9].map(|()| decide(Fate::NeverSent, None)), [Decision::RetryAtOnce; 9]);
    assert_eq!(decide(Fate::RefusedByServer, None), Decision::RetryAtOnce);
    assert_eq!(decide(Fate::RefusedByServer, None), later(1), "the second refusal counts");
    assert_eq!(decide(Fate::Seen, None), later(2));
    assert_eq!(decide(Fate::Seen, Some(Hint::After(ms(250)))), later(250));
    assert_eq!(decide(Fate::Seen, None), later(1), "the backoff begins anew after a pushback");
    assert_eq!(decide(Fate::Seen, None), Decision::End, "that was the fifth attempt");
}

#[test]
fn the_java_flavour_ends_on_pushback_never_and_asks_no_throttle_for_foreign_codes() {
    let throttling = Grpc { max_tokens: 10, token_ratio: 0.1, per: PER };
    let retry = GrpcRetry { flavour: Flavour::Java, ..grpc_retry(Some(throttling)) };
    let decide = |tokens: &mut u64, failure, pushback| {
        let ended = GrpcEnded { outcome: Outcome::Failed(failure), pushback, fate: Fate::Seen, is_committed: false };
        retry.decide(&mut GrpcRetrying::default(), Some(tokens), &ended, |_| ms(1))
    };
    let mut tokens = 2_000;
    let after = Some(Hint::After(ms(3)));
    assert_eq!(decide(&mut tokens, Failure::ClientError, after), Decision::Retry { after: ms(3) }, "although throttled");
    assert_eq!(decide(&mut tokens, Failure::Overload, after), Decision::End);
    assert_eq!(decide(&mut tokens, Failure::ClientError, Some(Hint::Never)), Decision::End);
    assert_eq!(tokens, 0);
    let ended = GrpcEnded { outcome: Outcome::Success, pushback: None, fate: Fate::Seen, is_committed: true };
    assert_eq!(retry.decide(&mut GrpcRetrying::default(), Some(&mut tokens), &ended, |_| ms(1)), Decision::End);
    assert_eq!(tokens, 100, "a success gives a little back");
}

/// Which failures a word of Envoy's `retry_on` means.
fn retried(word: Condition) -> Vec<Failure> {
    Failure::ALL.into_iter().filter(|failure| RetryOn(vec![word]).holds(*failure, false, &[400, 429])).collect()
}

#[test]
fn the_words_of_retry_on_mean_what_the_table_of_envoy_says() {
    use Failure::{ClientError, Conflict, Dependency, Overload, Refused, Reset, ServerError, Throttled, Timeout};
    assert_eq!(retried(Condition::FiveXx), [Timeout, Refused, Dependency, Reset, ServerError, Overload]);
    assert_eq!(retried(Condition::GatewayError), [Timeout, Refused, Dependency, Reset, Overload]);
    assert_eq!(retried(Condition::Reset), [Timeout, Refused, Reset]);
    assert_eq!(retried(Condition::ResetBeforeRequest), [Refused]);
    assert_eq!(retried(Condition::ConnectFailure), [Refused]);
    assert_eq!(retried(Condition::Retriable4xx), [Conflict]);
    assert_eq!(retried(Condition::RetriableStatusCodes), [Throttled, ClientError]);
    assert_eq!(retried(Condition::Internal), [ServerError]);
    assert_eq!(retried(Condition::ResourceExhausted), [Throttled]);
    assert_eq!(retried(Condition::Unavailable), [Overload]);
    for word in [Condition::RefusedStream, Condition::RetriableHeaders, Condition::Cancelled, Condition::DeadlineExceeded] {
        assert_eq!(retried(word), []);
    }
    let both = RetryOn(vec![Condition::FiveXx, Condition::EnvoyRatelimited]);
    assert!(both.holds(Throttled, true, &[]), "the marker decides alone");
    assert!(!RetryOn(vec![Condition::FiveXx]).holds(Overload, true, &[]), "before every other word");
}

#[test]
fn a_hedge_of_envoy_asks_for_a_retry_and_a_slot_whatever_retry_on_says() {
    let retry = EnvoyRetry { hedge_on_per_try_timeout: true, per_try_timeout: Some(ms(100)), max_retries: 1, ..EnvoyRetry::default() };
    let (mut first, mut second, mut under_way) = (EnvoyRetrying::default(), EnvoyRetrying::default(), Default::default());
    let wait = || panic!("a hedge does not wait");
    assert_eq!(retry.decide(&mut first, &mut under_way, Candidate::Late, wait), Decision::Retry { after: SimDuration::ZERO });
    assert_eq!(retry.decide(&mut second, &mut under_way, Candidate::Late, wait), Decision::End, "the only slot is taken");
    assert_eq!((first.spent, second.spent), (1, 1));
    assert_eq!(retry.decide(&mut first, &mut under_way, Candidate::Late, wait), Decision::End, "no retry is left");
    assert_eq!(under_way.retries, 0, "and the slot is free again");
}

#[test]
fn the_last_attempt_of_aws_takes_no_quota_and_a_legacy_client_has_none() {
    let retry = AwsRetry::default();
    let (mut call, mut quota) = (AwsRetrying::default(), 12);
    let failed = Outcome::Failed(Failure::ServerError);
    let mut decide = |outcome| retry.decide(&mut call, Some(&mut quota), outcome, |failures| ms(u64::from(failures)));
    assert_eq!(
        [failed, failed, failed].map(&mut decide),
        [Decision::Retry { after: ms(1) }, Decision::Retry { after: ms(2) }, Decision::End]
    );
    assert_eq!(quota, 2);
    assert_eq!(retry.decide(&mut AwsRetrying::default(), Some(&mut quota), failed, |_| ms(1)), Decision::End, "too little is left");
    for failure in [Failure::Conflict, Failure::ClientError, Failure::Deadline, Failure::Limited, Failure::BreakerOpen] {
        assert_eq!(retry.decide(&mut AwsRetrying::default(), None, Outcome::Failed(failure), |_| ms(1)), Decision::End, "{failure:?}");
    }
    let attempts = |mode, dynamodb| AwsRetry { mode, dynamodb, ..AwsRetry::default() }.attempts();
    let modes = [Mode::Standard, Mode::Adaptive, Mode::Legacy, Mode::Standard2026];
    assert_eq!(modes.map(|mode| (attempts(mode, false), attempts(mode, true))), [(3, 3), (3, 3), (5, 10), (3, 4)]);
    assert!(AwsRetry { mode: Mode::Legacy, ..AwsRetry::default() }.quota().is_none());
    assert!(AwsRetry { mode: Mode::Adaptive, ..AwsRetry::default() }.limiter().is_some());
}

#[test]
fn a_retry_that_is_refused_asks_for_no_wait() {
    let never = || -> SimDuration { panic!("the wait was asked for") };
    let failed = Outcome::Failed(Failure::Overload);
    let tokens = &mut 0;
    let ended = GrpcEnded { outcome: failed, pushback: None, fate: Fate::Seen, is_committed: false };
    let throttling = Grpc { max_tokens: 10, token_ratio: 0.1, per: PER };
    assert_eq!(grpc_retry(Some(throttling)).decide(&mut GrpcRetrying::default(), Some(tokens), &ended, |_| never()), Decision::End);
    assert_eq!(AwsRetry::default().decide(&mut AwsRetrying::default(), Some(tokens), failed, |_| never()), Decision::End);
    let full = &mut UnderWay { attempts: 9, retries: 3 };
    let candidate = Candidate::Failed { failure: Failure::Overload, is_rate_limited: false };
    let envoy = EnvoyRetry { retry_on: RetryOn(vec![Condition::FiveXx]), ..EnvoyRetry::default() };
    assert_eq!(envoy.decide(&mut EnvoyRetrying::default(), full, candidate, never), Decision::End);
}
