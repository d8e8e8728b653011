//! Vectors of breakers.

mod accrual;
mod counting;
mod resilience4j;

use crate::{Vector, run};
use models::outcome::Failure;
use models::strategies::breaker::{
    Admission, Breaker, Failsafe, FinagleAccrual, Gobreaker, Hystrix, LinkerdAccrual, Polly, Resilience4j, Resilience4jRing,
    SlidingWindowType, Stamp, State, Tried, Verdict,
};
use models::strategies::{Luck, Scope};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::ops::Range;

pub const VECTORS: &[Vector] = &[
    ("C1.V1", resilience4j::resilience4j_judges_after_every_result_and_half_opens_with_the_clamped_minimum),
    ("C1.V2", resilience4j::resilience4j_as_it_comes_needs_a_hundred_results),
    ("C1.V3", resilience4j::resilience4j_calls_slow_what_takes_longer_than_the_threshold),
    ("C1.V4", resilience4j::resilience4j_lets_the_first_call_after_the_wait_through_but_not_at_its_end),
    ("C1.V5", resilience4j::resilience4j_counts_a_second_for_as_many_seconds_as_the_window_has),
    ("C1.V6", resilience4j::resilience4j_never_returns_permits_and_counts_late_results),
    ("C1.V7", resilience4j::resilience4j_waits_longer_with_each_opening_in_a_row),
    ("C1.V8", resilience4j::resilience4j_changes_by_timers_without_a_caller),
    ("C2.V1", resilience4j::the_ring_opens_only_when_it_is_full),
    ("C2.V2", resilience4j::the_ring_decides_after_all_slots_of_the_half_open_state),
    ("C2.V3", resilience4j::the_ring_lets_as_many_through_as_it_has_slots),
    ("C3.V1", counting::hystrix_needs_a_volume_and_a_tick),
    ("C3.V2", counting::hystrix_does_not_round_up),
    ("C3.V3", counting::hystrix_probes_a_millisecond_after_its_sleep_window),
    ("C3.V4", counting::hystrix_divides_first),
    ("C3.V5", counting::hystrix_has_one_probe_and_believes_late_successes),
    ("C4.V1", counting::polly_opens_at_its_ratio),
    ("C4.V2", counting::polly_judges_at_failures_only),
    ("C4.V3", counting::polly_lets_one_probe_through_at_the_end_of_the_break),
    ("C4.V4", counting::polly_opens_windows_at_events_and_drops_them_whole),
    ("C4.V5", counting::polly_believes_late_results_while_half_open),
    ("C5.V1", counting::gobreaker_opens_after_more_than_five_and_half_opens_after_its_timeout),
    ("C5.V2", counting::gobreaker_closes_at_one_success),
    ("C5.V3", counting::gobreaker_drops_results_of_older_generations),
    ("C5.V4", counting::gobreaker_lets_a_fixed_number_through_in_all),
    ("C6.V1", counting::failsafe_as_it_comes_opens_at_one_failure),
    ("C6.V2", counting::failsafe_counts_failures_among_the_last_calls),
    ("C6.V3", counting::failsafe_closes_and_opens_by_its_success_threshold),
    ("C7.V1", accrual::finagle_kills_for_longer_with_each_failed_probe),
    ("C7.V2", accrual::finagle_ignores_late_failures_but_not_late_successes),
    ("C7.V3", accrual::finagle_averages_successes_over_time),
    ("C8.V1", accrual::linkerd_doubles_its_penalties),
    ("C8.V2", accrual::linkerd_drops_results_while_shut_and_penalises_from_the_failure),
];

#[test]
fn vectors_of_breakers() {
    run(VECTORS);
}

use Verdict::{Failure as F, Success as S};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// A breaker, what it remembers, and the seed of its draws. All times are milliseconds.
struct Bench<B: Breaker> {
    breaker: B,
    memory: B::Shared,
    seed: Seed,
}

impl<B: Breaker> Bench<B> {
    fn new(breaker: B) -> Self {
        Self::seeded(breaker, 1)
    }

    fn seeded(breaker: B, seed: u64) -> Self {
        assert_eq!(breaker.check(), []);
        let memory = breaker.fresh(SimTime::ZERO);
        Self { breaker, memory, seed: Seed::new(seed) }
    }

    fn begin(&mut self, at: u64) -> Option<Stamp> {
        let luck = Luck { seed: &self.seed, key: Key::named("vectors") };
        match self.breaker.admit(&mut self.memory, &luck, time(at)) {
            Admission::Admitted(stamp) => Some(stamp),
            Admission::Rejected => None,
        }
    }

    fn took(&mut self, at: u64, stamp: Stamp, verdict: Verdict, took: SimDuration) {
        let luck = Luck { seed: &self.seed, key: Key::named("vectors") };
        self.breaker.ended(&mut self.memory, &Tried { stamp, verdict, took }, &luck, time(at));
    }

    fn end(&mut self, at: u64, stamp: Stamp, verdict: Verdict) {
        self.took(at, stamp, verdict, SimDuration::ZERO);
    }

    /// A call that is admitted and ends at once.
    fn call(&mut self, at: u64, verdict: Verdict) {
        let stamp = self.begin(at).unwrap_or_else(|| panic!("a call at {at} ms is let through"));
        self.end(at, stamp, verdict);
    }

    /// So many calls, all at one instant.
    fn calls(&mut self, at: u64, count: u32, verdict: Verdict) {
        (0..count).for_each(|_| self.call(at, verdict));
    }

    fn state(&mut self, at: u64) -> State {
        self.breaker.state(&mut self.memory, time(at))
    }

    fn admits(&mut self, at: u64) -> bool {
        self.begin(at).is_some()
    }
}

const fn time(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}
