//! Vectors of what chooses, ejects, hedges, limits what is under way, probes, caches and queues.

mod balancing;
mod caching;
mod ejection;
mod hedging;
mod limiting;
mod probing;
mod queues;

use crate::{Vector, run};
use models::outcome::{Failure, Outcome};
use models::strategies::Luck;
use sim_core::draw::{Key, Seed};
use sim_core::time::{SimDuration, SimTime};

#[rustfmt::skip]
pub const VECTORS: &[Vector] = &[
    ("C9.V1", ejection::envoy_1), ("C9.V2", ejection::envoy_2), ("C9.V3", ejection::envoy_3), ("C9.V4", ejection::envoy_4),
    ("C9.V5", ejection::envoy_5), ("C9.V6", ejection::envoy_6), ("C9.V7", ejection::envoy_7), ("C9.V8", ejection::envoy_8),
    ("C9.V9", ejection::envoy_9), ("C10.V1", ejection::grpc_1), ("C10.V2", ejection::grpc_2),
    ("D1.V1", limiting::bulkhead_1), ("D1.V2", limiting::bulkhead_2),
    ("D4.V1", hedging::grpc_1), ("D4.V2", hedging::grpc_2), ("D4.V3", hedging::grpc_3), ("D4.V4", hedging::grpc_4),
    ("D4.V5", hedging::polly_5), ("D4.V6", hedging::backup_requests_6),
    ("D5.V1", limiting::vegas_1), ("D5.V2", limiting::gradient2_2), ("D5.V3", limiting::aimd_3), ("D5.V4", limiting::vegas_4),
    ("D5.V5", limiting::windowed_5), ("D6.V1", limiting::envoy_1), ("D6.V2", limiting::envoy_2),
    ("D10.V1", balancing::weighted_round_robin_1), ("D10.V2", balancing::panic_2), ("D10.V3", balancing::peak_ewma_3),
    ("D10.V4", balancing::least_request_4), ("D10.V5", balancing::peak_ewma_5),
    ("D11.V1", probing::probes_1), ("D11.V2", probing::probes_2),
    ("D14.V1", queues::sqs_1),
    ("D12.V1", caching::freshness_1), ("D12.V2", caching::coalescing_2),
];

#[test]
fn vectors_of_others() {
    run(VECTORS);
}

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// An instant in milliseconds.
const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

/// An instant in seconds.
const fn at_s(secs: u64) -> SimTime {
    at(secs * 1_000)
}

const BAD: Outcome = Outcome::Failed(Failure::ServerError);
const OVERLOAD: Outcome = Outcome::Failed(Failure::Overload);

/// Runs a case with luck that no vector depends on.
fn with_luck<R>(case: impl FnOnce(&Luck<'_>) -> R) -> R {
    let seed = Seed::new(7);
    case(&Luck { seed: &seed, key: Key::named("vectors") })
}
