//! Vectors of limits: budgets (B1 to B5, B7), hints (B9), throttles (B6, B8, D7) and rate limiters (D2).

mod budgets;
mod gates;

use crate::{Vector, run};
use models::faults::{AnyFault, Crash, Names, PlannedFault, WhileDown};
use models::links::Link;
use models::outcome::{Code, Failure, Hint, Outcome};
use models::plan::{Plan, SystemSpec};
use models::protocols::Nobody;
use models::record::Record;
use models::services::{Placement, Service, Task};
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
    ("B1.V1", gates::three_layers_of_three_attempts_make_27_calls_of_the_leaf),
    ("B1.V2", gates::a_total_of_a_second_has_room_for_three_attempts),
    ("B2.V1", budgets::a_fresh_finagle_budget_has_100_retries),
    ("B2.V2", budgets::a_thousand_finagle_deposits_are_200_retries_more),
    ("B2.V3", budgets::finagle_without_a_floor_retries_every_fifth),
    ("B2.V4", budgets::slow_touches_stretch_the_window_of_finagle),
    ("B2.V5", budgets::the_window_of_finagle_read_every_second),
    ("B3.V1", budgets::tower_rounds_a_third_up),
    ("B3.V2", budgets::a_fresh_tower_budget_has_100_retries),
    ("B3.V3", budgets::the_window_of_tower_touched_every_second),
    ("B4.V1", budgets::grpc_throttles_at_half_of_its_tokens),
    ("B4.V2", budgets::grpc_tokens_of_four),
    ("B4.V3", budgets::the_order_of_the_decision_of_grpc_go),
    ("B4.V4", budgets::pushback_on_a_foreign_code),
    ("B5.V1", budgets::the_aws_quota_in_a_full_outage),
    ("B5.V2", budgets::five_clean_successes_are_one_aws_retry),
    ("B5.V3", budgets::a_success_gives_back_the_last_cost),
    ("B5.V4", budgets::a_success_gives_back_the_last_cost_not_the_largest),
    ("B6.V1", budgets::the_cubic_curve_of_the_adaptive_mode),
    ("B6.V2", budgets::the_measured_rate_of_the_adaptive_mode),
    ("B6.V3", budgets::a_throttled_answer_makes_the_next_send_wait),
    ("B7.V1", budgets::the_limit_of_an_envoy_retry_budget),
    ("B7.V2", budgets::the_fourth_concurrent_retry_of_envoy_fails),
    ("B7.V3", budgets::a_retry_of_envoy_that_overflows_is_spent),
    ("B7.V4", budgets::the_percentage_of_envoy_is_a_float),
    ("B8.V1", gates::the_probability_of_the_sre_throttle),
    ("B8.V2", gates::the_sre_throttle_without_accepts),
    ("B9.V1", gates::a_hint_beyond_the_deadline_fails_now),
    ("B9.V2", gates::linkerd_clamps_hints),
    ("D2.V1", gates::gcra_by_virtual_scheduling),
    ("D2.V2", gates::resilience4j_reserves_places_in_later_cycles),
    ("D2.V3", gates::resilience4j_within_a_cycle),
    ("D2.V4", gates::a_token_bucket_does_what_gcra_does),
    ("D7.V1", gates::the_probability_of_envoy_admission_control),
    ("D7.V2", gates::envoy_admission_control_with_other_numbers),
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

const OVERLOADED: Candidate = Candidate::Failed { failure: Failure::Overload, is_rate_limited: false };

const ARRIVALS: [u64; 9] = [0, 0, 0, 0, 50, 100, 100, 250, 300];

const PASSES: [u64; 9] = [1, 1, 1, 0, 0, 1, 0, 1, 1];
