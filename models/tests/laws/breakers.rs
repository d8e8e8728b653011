//! Which laws does every circuit breaker keep, whatever is tried and however it ends?

use crate::conservation::config;
use crate::ms;
use models::strategies::breaker::{
    Admission, AnyBreaker, BreakerMemory, ConsecutiveFailures, Failsafe, FinagleAccrual, Gobreaker, Hystrix, LinkerdAccrual, Polly,
    ReadyToTrip, Resilience4j, Resilience4jRing, SlidingWindowType, Stamp, State, Tried, Verdict,
};
use models::strategies::{Luck, Scope};
use proptest::prelude::*;
use sim_core::draw::{Key, Seed, mix};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// One of every registered breaker at least, small enough that random steps reach all its states.
fn breakers() -> Vec<AnyBreaker> {
    let second = SimDuration::from_secs(1);
    let small = Resilience4j {
        sliding_window_size: 6,
        minimum_number_of_calls: 4,
        permitted_number_of_calls_in_half_open_state: 3,
        wait_duration_in_open_state: second,
        slow_call_duration_threshold: ms(500),
        slow_call_rate_threshold: Share::percent(80),
        ..Resilience4j::default()
    };
    let timed = Failsafe { failure_thresholding_period: Some(ms(505)), delay: second, ..Failsafe::default() };
    let buckets = Gobreaker {
        max_requests: 2,
        interval: ms(1_000),
        bucket_period: ms(300),
        timeout: second,
        ready_to_trip: ReadyToTrip::FailureRatio { requests: 3, ratio: Share::percent(60) },
        excludes_cancelled: true,
        ..Gobreaker::default()
    };
    vec![
        ConsecutiveFailures { failures: 3, open_for: second, ignore: Vec::new(), per: Scope::Process }.into(),
        small.clone().into(),
        Resilience4j {
            sliding_window_type: SlidingWindowType::TimeBased,
            automatic_transition_from_open_to_half_open_enabled: true,
            max_wait_duration_in_half_open_state: ms(700),
            enable_exponential_backoff: true,
            exponential_max_wait_duration_in_open_state: Some(ms(4_000)),
            ..small
        }
        .into(),
        Resilience4jRing {
            ring_buffer_size_in_closed_state: 5,
            ring_buffer_size_in_half_open_state: 3,
            wait_duration_in_open_state: second,
            ..Resilience4jRing::default()
        }
        .into(),
        Hystrix { request_volume_threshold: 3, sleep_window: second, ..Hystrix::default() }.into(),
        Polly { minimum_throughput: 3, break_duration: second, sampling_duration: second, ..Polly::default() }.into(),
        Gobreaker { timeout: second, ..Gobreaker::default() }.into(),
        buckets.into(),
        Failsafe { failure_threshold: 2, failure_thresholding_capacity: Some(4), delay: second, ..Failsafe::default() }.into(),
        Failsafe { failure_threshold: 3, failure_execution_threshold: Some(4), ..timed.clone() }.into(),
        Failsafe { failure_rate_threshold: Some(Share::percent(40)), failure_execution_threshold: Some(3), ..timed }.into(),
        FinagleAccrual { consecutive_failures: 3, ..FinagleAccrual::default() }.into(),
        FinagleAccrual { consecutive_failures: 0, success_rate_window: second, minimum_requests: 2, ..FinagleAccrual::default() }.into(),
        LinkerdAccrual { max_failures: 3, ..LinkerdAccrual::default() }.into(),
    ]
}

#[test]
fn every_registered_breaker_is_put_to_these_laws_with_numbers_it_accepts() {
    let breakers = breakers();
    for (name, _) in AnyBreaker::ALL {
        assert!(breakers.iter().any(|breaker| breaker.name() == *name), "no law is put to {name}");
    }
    for breaker in breakers {
        assert_eq!(breaker.check(), [], "{breaker:?}");
    }
}

/// Something that happens to a breaker.
#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    /// One of the calls on their way ends.
    End(usize, Verdict, SimDuration),
    /// One of them is given up.
    GiveUp(usize),
    Wait(SimDuration),
}

fn step() -> impl Strategy<Value = Step> {
    let verdict = prop_oneof![4 => Just(Verdict::Failure), 3 => Just(Verdict::Success), 1 => Just(Verdict::Ignored)];
    let wait = prop_oneof![6 => 0_u64..200, 2 => 200_u64..3_000, 1 => 0_u64..60_000];
    prop_oneof![
        6 => Just(Step::Admit),
        5 => (0_usize..4, verdict, 0_u64..1_000).prop_map(|(which, verdict, took)| Step::End(which, verdict, ms(took))),
        1 => (0_usize..4).prop_map(Step::GiveUp),
        4 => wait.prop_map(|millis| Step::Wait(ms(millis))),
    ]
}

/// A breaker on its way through steps.
#[derive(Clone)]
struct Walk {
    breaker: AnyBreaker,
    memory: BreakerMemory,
    seed: Seed,
    now: SimTime,
    on_their_way: Vec<Stamp>,
}

impl Walk {
    fn new(breaker: AnyBreaker) -> Self {
        let memory = breaker.fresh(SimTime::ZERO);
        Self { breaker, memory, seed: Seed::new(2026), now: SimTime::ZERO, on_their_way: Vec::new() }
    }

    /// Takes the step; what was answered, if something was asked.
    fn take(&mut self, step: Step) -> Option<Admission> {
        let luck = Luck { seed: &self.seed, key: Key::named("laws") };
        let taken = |walk: &mut Vec<Stamp>, which: usize| (!walk.is_empty()).then(|| walk.remove(which % walk.len()));
        match step {
            Step::Wait(length) => self.now = self.now.saturating_add(length),
            Step::Admit => {
                let answer = self.breaker.admit(&mut self.memory, &luck, self.now);
                if let Admission::Admitted(stamp) = answer {
                    self.on_their_way.push(stamp);
                }
                return Some(answer);
            }
            Step::End(which, verdict, took) => {
                if let Some(stamp) = taken(&mut self.on_their_way, which) {
                    self.breaker.ended(&mut self.memory, &Tried { stamp, verdict, took }, &luck, self.now);
                }
            }
            Step::GiveUp(which) => {
                if let Some(stamp) = taken(&mut self.on_their_way, which) {
                    self.breaker.given_up(&mut self.memory, stamp, &luck, self.now);
                }
            }
        }
        None
    }

    fn state(&mut self) -> State {
        self.breaker.state(&mut self.memory, self.now)
    }

    fn walk(&mut self, steps: &[Step]) -> Vec<Option<Admission>> {
        steps.iter().map(|step| self.take(*step)).collect()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_state_that_is_shown_is_the_state_that_is_kept_and_showing_it_changes_nothing(steps in proptest::collection::vec(step(), 1..150)) {
        for breaker in breakers() {
            let (mut seen, mut unseen) = (Walk::new(breaker.clone()), Walk::new(breaker));
            for step in &steps {
                let shown = seen.state();
                let answer = seen.take(*step);
                prop_assert_eq!(answer, unseen.take(*step), "{:?}", &seen.breaker);
                match (shown, answer) {
                    (State::Open, Some(answer)) => prop_assert_eq!(answer, Admission::Rejected, "{:?}", &seen.breaker),
                    (State::Closed, Some(answer)) => prop_assert_ne!(answer, Admission::Rejected, "{:?}", &seen.breaker),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_clone_of_a_breaker_behaves_as_its_original(before in proptest::collection::vec(step(), 1..80), after in proptest::collection::vec(step(), 1..80)) {
        for breaker in breakers() {
            let mut original = Walk::new(breaker);
            original.walk(&before);
            let mut clone = original.clone();
            prop_assert_eq!(clone.walk(&after), original.walk(&after), "{:?}", &original.breaker);
            prop_assert_eq!(format!("{:?}", clone.memory), format!("{:?}", original.memory));
        }
    }

    #[test]
    fn a_callee_that_is_well_again_is_tried_again_and_believed(
        steps in proptest::collection::vec(step(), 1..150),
        ends in proptest::collection::vec(0_u8..4, 8),
    ) {
        for breaker in breakers() {
            let mut walk = Walk::new(breaker);
            walk.walk(&steps);
            // A call that never ends may keep some breakers waiting for ever, as their explanations say: so all end.
            for nth in 0..walk.on_their_way.len() {
                walk.take(match ends[nth % ends.len()] {
                    0 => Step::GiveUp(0),
                    1 => Step::End(0, Verdict::Ignored, ms(1)),
                    2 => Step::End(0, Verdict::Failure, ms(1)),
                    _ => Step::End(0, Verdict::Success, ms(1)),
                });
            }
            walk.take(Step::Wait(SimDuration::from_secs(20_000)));
            let quiet_until = walk.now;
            let mut first = None;
            for _ in 0..5_000 {
                let answer = walk.take(Step::Admit);
                first = first.or((answer != Some(Admission::Rejected)).then_some(walk.now));
                walk.take(Step::End(0, Verdict::Success, ms(1)));
                if walk.state() == State::Closed {
                    break;
                }
                // A late failure may weigh in the judgement that the first probes bring about: then it opens once more.
                walk.take(Step::Wait(if answer == Some(Admission::Rejected) { ms(250) } else { ms(10) }));
            }
            // At once, but for the one whose timers take it in and out of half-open meanwhile: its longest wait is 4 s.
            let by_timers = matches!(&walk.breaker, AnyBreaker::Resilience4j(breaker) if breaker.automatic_transition_from_open_to_half_open_enabled);
            let within = if by_timers { ms(4_250) } else { SimDuration::ZERO };
            prop_assert!(first.is_some_and(|first| first <= quiet_until + within), "first admitted {:?}, {:?}", first, &walk);
            prop_assert_eq!(walk.state(), State::Closed, "{:?}", &walk);
        }
    }

    #[test]
    fn no_breaker_minds_clocks_that_jump_back(steps in proptest::collection::vec((step(), 0_u64..100_000), 1..150)) {
        for breaker in breakers() {
            let mut walk = Walk::new(breaker);
            for (step, millis) in &steps {
                walk.now = SimTime::from_nanos(millis * 1_000_000);
                walk.take(*step);
                walk.state();
            }
        }
    }
}

impl std::fmt::Debug for Walk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {} with {:?}", self.breaker, self.now, self.memory)
    }
}

/// How many values a memory holds, by its printed form.
fn entries(memory: &BreakerMemory) -> usize {
    format!("{memory:?}").matches([',', '(', '{', '[']).count()
}

#[test]
fn what_a_breaker_remembers_is_bounded_however_much_is_tried() {
    for breaker in breakers() {
        let mut walk = Walk::new(breaker);
        let mut most = 0;
        for nth in 0..30_000_u64 {
            let bits = mix(nth);
            let verdict = if bits.is_multiple_of(7) { Verdict::Failure } else { Verdict::Success };
            walk.take(match bits % 5 {
                0 | 1 => Step::Admit,
                2 | 3 => Step::End((bits >> 8) as usize, verdict, ms(bits % 600)),
                _ => Step::Wait(ms(bits % 90)),
            });
            most = most.max(entries(&walk.memory));
        }
        // Twenty slices of Hystrix, with two values each, are the most that any of these may hold.
        assert!(most <= 100, "{most} values in {:?}", walk.memory);
    }
}

#[test]
fn waiting_for_years_takes_no_longer_than_waiting_for_a_day() {
    let flapping = Resilience4j {
        sliding_window_size: 1,
        automatic_transition_from_open_to_half_open_enabled: true,
        max_wait_duration_in_half_open_state: ms(1),
        wait_duration_in_open_state: ms(1),
        ..Resilience4j::default()
    };
    for breaker in breakers().into_iter().chain([flapping.into()]) {
        let mut walk = Walk::new(breaker);
        for _ in 0..10 {
            walk.take(Step::Admit);
            walk.take(Step::End(0, Verdict::Failure, ms(1)));
        }
        // Some have timers to catch up with that would fire billions of times; one by one, this would not end.
        walk.take(Step::Wait(SimDuration::from_secs(100 * 365 * 86_400)));
        walk.state();
        walk.take(Step::Wait(SimDuration::from_nanos(7)));
        walk.take(Step::Admit);
    }
}
