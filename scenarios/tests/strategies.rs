//! Can what a strategy shows of itself be read as it stands?

use models::strategies::budget::AnyBudget;
use models::strategies::limiter::AnyLimiter;
use models::strategies::profiles::{AwsRetry, Condition, EnvoyRetry, GrpcRetry, PROFILES, RetryOn};
use models::strategies::throttle::AnyThrottle;
use ron::Options;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The layers that these strategies stand in.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Written {
    RateLimiter(AnyLimiter),
    Throttle(AnyThrottle),
    GrpcRetry(GrpcRetry),
    EnvoyRetry(EnvoyRetry),
    AwsRetry(AwsRetry),
}

fn options() -> Options {
    Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// What is read, written and read again is the same.
fn assert_reads<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(text: &str) -> T {
    let value: T = options().from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let written = options().to_string(&value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    let again: T = options().from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(again, value);
    value
}

#[test]
fn every_example_of_a_limit_can_be_read_and_is_no_mistake() {
    for (name, about) in AnyBudget::explanations() {
        let budget: AnyBudget = assert_reads(about.example);
        assert_eq!((budget.name(), budget.check()), (name, vec![]));
    }
    let layers = AnyLimiter::explanations().into_iter().chain(AnyThrottle::explanations()).chain(PROFILES.iter().copied());
    for (name, about) in layers {
        let (inside, complaints) = match assert_reads(about.example) {
            Written::RateLimiter(limiter) => (limiter.name(), limiter.check()),
            Written::Throttle(throttle) => (throttle.name(), throttle.check()),
            Written::GrpcRetry(retry) => (name, retry.check()),
            Written::EnvoyRetry(retry) => (name, retry.check()),
            Written::AwsRetry(retry) => (name, retry.check()),
        };
        assert_eq!((inside, complaints), (name, vec![]));
    }
}

#[test]
fn whatever_has_defaults_can_be_written_without_them() {
    for text in ["Finagle()", "Tower()", "Aws()", "Envoy()", "Envoy(max_retries: 4294967295)", "Envoy(retry_budget: ())"] {
        assert_eq!(assert_reads::<AnyBudget>(text).check(), [], "{text}");
    }
    for text in ["Throttle(Sre())", "Throttle(Sre(k: 2))", "Throttle(GrpcLookup())", "RateLimiter(Resilience4j())", "AwsRetry()"] {
        assert_reads::<Written>(text);
    }
}

#[test]
fn retry_on_is_read_word_by_word_and_an_unknown_word_is_answered_with_the_known_ones() {
    let words = Condition::ALL.map(|(word, _)| word).join(", ");
    let RetryOn(read) = assert_reads(&format!("{words:?}"));
    assert_eq!(read, Condition::ALL.map(|(_, condition)| condition));
    let error = options().from_str::<RetryOn>("\"5xx,connect-failures\"").expect_err("there is no such word").to_string();
    assert!(error.contains("connect-failures") && error.contains("connect-failure, refused-stream"), "{error}");
}
