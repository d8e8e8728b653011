//! Can what a strategy shows of itself be read as it stands?

use models::services::{AnyAdmission, Queue};
use models::strategies::budget::AnyBudget;
use models::strategies::profiles::{Condition, RetryOn};
use models::strategies::{Layer, families};
use ron::Options;
use ron::extensions::Extensions;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
fn every_example_of_a_strategy_is_a_layer_that_can_be_read_and_is_no_mistake() {
    for (name, _, about) in families().into_iter().flat_map(|family| family.members).chain(Layer::explanations()) {
        let layer: Layer = assert_reads(about.example);
        assert!(about.example.contains(&format!("{name}(")), "{name}: {}", about.example);
        // What comes from outside is made when it is looked up, and these names stand for nothing.
        if name != "External" {
            assert_eq!(layer.check(), [], "{name}");
        }
    }
}

#[test]
fn every_example_of_a_queue_and_of_an_admission_control_can_be_read_and_is_no_mistake() {
    for (name, _, about) in Queue::explanations() {
        assert_eq!(assert_reads::<Queue>(about.example).check(), [], "{name}");
        assert_reads::<Queue>(&format!("{name}()"));
    }
    for (name, _, about) in AnyAdmission::explanations() {
        assert_eq!(assert_reads::<AnyAdmission>(about.example).check(), [], "{name}");
    }
}

#[test]
fn whatever_has_defaults_can_be_written_without_them() {
    for text in ["Finagle()", "Tower()", "Aws()", "Envoy()", "Envoy(max_retries: 4294967295)", "Envoy(retry_budget: ())"] {
        assert_eq!(assert_reads::<AnyBudget>(text).check(), [], "{text}");
    }
    for text in ["Throttle(Sre())", "Throttle(Sre(k: 2))", "Throttle(GrpcLookup())", "RateLimiter(Resilience4j())", "AwsRetry()"] {
        assert_reads::<Layer>(text);
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
