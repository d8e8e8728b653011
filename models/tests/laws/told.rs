//! What strategies say of themselves: their parameters are the fields that can be written, one by one.

use models::registry::Registered;
use models::strategies::balance::zones::{PARAMETERS, ZoneAware};
use models::strategies::balance::{
    AnyBalancer, BoundedLoad, LeastRequest, Maglev, PeakEwma, PowerOfTwoChoices, Random, RingHash, RoundRobin, WeightedRoundRobin,
};
use models::strategies::bulkhead::{AnyBulkhead, HystrixSemaphore, Semaphore, ThreadPool};
use models::strategies::cache::{Cache, Coalesce, IdempotencyKeys};
use models::strategies::concurrency::{Aimd, AnyConcurrency, EnvoyGradient, Gradient2, Vegas};
use models::strategies::ejection::{AnyEjector, Envoy, Grpc};
use models::strategies::health::{AnyHealthCheck, EnvoyHealthCheck, KubernetesProbe};
use models::strategies::hedge::{self, AfterDelay, AfterPercentile, AnyHedge, BackupRequests, Polly, Tower};
use models::{About, Explained};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor, value::Error};

/// Reads nothing, but learns which fields a structure asks for.
struct Fields<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("no structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _name: &str, fields: &'static [&'static str], _visitor: V) -> Result<V::Value, Error> {
        self.0.extend(fields);
        Err(Error::custom("seen"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

fn fields<T: for<'de> Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields = Vec::new();
    drop(T::deserialize(Fields(&mut fields)));
    fields
}

/// Checks what one says of itself, and gives its name.
fn told<T: Explained + Registered + for<'de> Deserialize<'de>>() -> &'static str {
    let About { meaning, formula, parameters, memory, source, example } = T::ABOUT;
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    assert_eq!(names, fields::<T>(), "{}", T::NAME);
    for text in [meaning, formula, memory] {
        assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", T::NAME);
    }
    assert!(!source.is_empty(), "{}", T::NAME);
    assert!(example.contains(&format!("{}(", T::NAME)), "{}: {example}", T::NAME);
    T::NAME
}

fn names(all: &[(&'static str, &str)]) -> Vec<&'static str> {
    all.iter().map(|(name, _)| *name).collect()
}

#[test]
fn every_strategy_tells_of_each_of_its_fields() {
    let balancers = [
        told::<RoundRobin>(),
        told::<Random>(),
        told::<WeightedRoundRobin>(),
        told::<LeastRequest>(),
        told::<PowerOfTwoChoices>(),
        told::<PeakEwma>(),
        told::<RingHash>(),
        told::<Maglev>(),
        told::<BoundedLoad>(),
    ];
    assert_eq!(balancers[..], names(AnyBalancer::ALL));
    assert_eq!([told::<Envoy>(), told::<Grpc>()][..], names(AnyEjector::ALL));
    assert_eq!([told::<Vegas>(), told::<Gradient2>(), told::<Aimd>(), told::<EnvoyGradient>()][..], names(AnyConcurrency::ALL));
    assert_eq!([told::<Semaphore>(), told::<ThreadPool>(), told::<HystrixSemaphore>()][..], names(AnyBulkhead::ALL));
    let hedges = [
        told::<hedge::Grpc>(),
        told::<Polly>(),
        told::<BackupRequests>(),
        told::<Tower>(),
        told::<AfterPercentile>(),
        told::<AfterDelay>(),
    ];
    assert_eq!(hedges[..], names(AnyHedge::ALL));
    assert_eq!([told::<KubernetesProbe>(), told::<EnvoyHealthCheck>()][..], names(AnyHealthCheck::ALL));
    assert_eq!([told::<Cache>(), told::<Coalesce>(), told::<IdempotencyKeys>()], ["Cache", "Coalesce", "IdempotencyKeys"]);
    assert_eq!(PARAMETERS.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), fields::<ZoneAware>());
}
