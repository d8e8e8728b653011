//! Whom ejectors take out of the choice: never too many, and for no longer than they say.

use models::outcome::{Failure, Outcome};
use models::strategies::Luck;
use models::strategies::ejection::{AnyEjector, EjectorMemory, Envoy, FailurePercentage, Grpc, SuccessRate, TriedAt};
use sim_core::draw::{Key, Seed};
use sim_core::time::{SimDuration, SimTime};

const HOSTS: u32 = 10;

const fn at_s(secs: u64) -> SimTime {
    SimTime::from_nanos(secs * 1_000_000_000)
}

fn grpc(max_ejection_percent: u32) -> Grpc {
    let success_rate_ejection = Some(SuccessRate { request_volume: 10, ..SuccessRate::default() });
    let failure = FailurePercentage { threshold: 40, request_volume: 10, enforcement_percentage: 50, ..FailurePercentage::default() };
    Grpc { max_ejection_percent, success_rate_ejection, failure_percentage_ejection: Some(failure), ..Grpc::default() }
}

/// Each with the most replicas it may have out.
fn all() -> Vec<(AnyEjector, u32)> {
    let busy = Envoy {
        consecutive_5xx: 2,
        enforcing_consecutive_5xx: 60,
        enforcing_consecutive_gateway_failure: 100,
        consecutive_gateway_failure: 2,
        success_rate_request_volume: 10,
        failure_percentage_request_volume: 10,
        failure_percentage_threshold: 40,
        enforcing_failure_percentage: 100,
        max_ejection_time_jitter: SimDuration::from_secs(3),
        max_ejection_percent: 30,
        ..Envoy::default()
    };
    vec![
        (Envoy::default().into(), 1),
        (Envoy { max_ejection_percent: 9, ..busy.clone() }.into(), 0),
        (Envoy { max_ejection_percent: 9, always_eject_one_host: true, ..busy.clone() }.into(), 1),
        (Envoy { split_external_local_origin_errors: true, consecutive_local_origin_failure: 2, ..busy.clone() }.into(), 3),
        (busy.into(), 3),
        (grpc(0).into(), 0),
        (grpc(5).into(), 1),
        (grpc(25).into(), 3),
    ]
}

/// What a try ends with, by a random number: half of them well.
fn outcome(number: u64) -> Option<Outcome> {
    match number % 26 {
        0..12 => Some(Outcome::Success),
        12..24 => Some(Outcome::Failed(Failure::ALL[(number % 26 - 12) as usize])),
        24 => None,
        _ => Some(Outcome::Failed(Failure::ServerError)),
    }
}

struct Run<'a> {
    ejector: &'a AnyEjector,
    memory: EjectorMemory,
    luck: Luck<'a>,
    step: u64,
}

impl Run<'_> {
    fn step(&mut self) -> Vec<u32> {
        self.step += 1;
        let draw = self.luck.seed.draws(Key::named("outcomes").child(self.step), 0).share();
        let now = SimTime::from_nanos(self.step * 37_000_000);
        self.ejector.settle(&mut self.memory, &self.luck, now);
        let replica = draw.index(u64::from(HOSTS)) as u32;
        let tried = TriedAt { replica, since: now, outcome: outcome(draw.further(1).bits()), took: SimDuration::ZERO };
        self.ejector.ended(&mut self.memory, &tried, &self.luck, now);
        self.out(now)
    }

    fn out(&self, now: SimTime) -> Vec<u32> {
        (0..HOSTS).filter(|replica| !self.ejector.admits(&self.memory, *replica, now)).collect()
    }
}

#[test]
fn every_ejector_is_among_those_whose_laws_are_checked() {
    for (name, _) in AnyEjector::ALL {
        assert!(all().iter().any(|(ejector, _)| ejector.name() == *name), "{name}");
    }
    assert!(all().iter().all(|(ejector, _)| ejector.check().is_empty()));
}

#[test]
fn an_ejector_never_takes_out_more_than_it_may_and_a_clone_takes_out_the_same() {
    for seed in 1..=3 {
        let seed = Seed::new(seed);
        for (ejector, most) in all() {
            let luck = Luck { seed: &seed, key: Key::named("edge") };
            let mut run = Run { ejector: &ejector, memory: ejector.fresh(HOSTS, SimTime::ZERO), luck, step: 0 };
            let largest = (0..4_000).map(|_| run.step().len() as u32).max().unwrap_or(0);
            assert_eq!(largest, most, "{ejector:?}: as many as it may are out at some time, and never more");
            let mut twin = Run { ejector: &ejector, memory: run.memory.clone(), luck, step: run.step };
            for _ in 0..500 {
                assert_eq!(run.step(), twin.step(), "{}", ejector.name());
            }
        }
    }
}

#[test]
fn sweeps_that_nobody_waited_for_are_made_up_for_one_by_one() {
    let seed = Seed::new(1);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    for (ejector, _) in all() {
        let mut run = Run { ejector: &ejector, memory: ejector.fresh(HOSTS, SimTime::ZERO), luck, step: 0 };
        (0..1_000).for_each(|_| drop(run.step()));
        let (mut lazy, mut busy) = (run.memory.clone(), run.memory);
        for second in 37..4_000 {
            ejector.settle(&mut busy, &luck, at_s(second));
        }
        ejector.settle(&mut lazy, &luck, at_s(3_999));
        assert_eq!(format!("{lazy:?}"), format!("{busy:?}"), "{}", ejector.name());
        assert!((0..HOSTS).all(|replica| ejector.admits(&lazy, replica, at_s(3_999))), "after an hour all are back");
    }
}

#[test]
fn a_detection_is_enforced_as_often_as_it_should_be() {
    let rule = Envoy { consecutive_5xx: 1, enforcing_consecutive_5xx: 30, max_ejection_percent: 100, ..Envoy::default() };
    let ejector = AnyEjector::from(rule);
    let seed = Seed::new(4);
    let ejected = (0..4_000).filter(|scope| {
        let luck = Luck { seed: &seed, key: Key::named("edge").child(*scope) };
        let mut memory = ejector.fresh(1, SimTime::ZERO);
        let failed = Some(Outcome::Failed(Failure::ServerError));
        ejector.ended(&mut memory, &TriedAt { replica: 0, since: at_s(0), outcome: failed, took: SimDuration::ZERO }, &luck, at_s(1));
        !ejector.admits(&memory, 0, at_s(1))
    });
    let share = ejected.count() as f64 / 4_000.0;
    // 30 %, within four standard deviations of 0.72 %.
    assert!((share - 0.3).abs() < 0.029, "{share}");
}

#[test]
fn what_is_counted_apart_does_not_add_to_5xx() {
    let seed = Seed::new(4);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    let counts = |split: bool| {
        let ejector = AnyEjector::from(Envoy { split_external_local_origin_errors: split, ..Envoy::default() });
        let mut memory = ejector.fresh(10, SimTime::ZERO);
        for failure in [Failure::Timeout, Failure::Refused, Failure::Reset, Failure::BreakerOpen, Failure::ServerError] {
            let tried = TriedAt { replica: 0, since: at_s(0), outcome: Some(Outcome::Failed(failure)), took: SimDuration::ZERO };
            ejector.ended(&mut memory, &tried, &luck, at_s(1));
        }
        let EjectorMemory::Envoy(memory) = memory else { panic!("it is Envoy's") };
        Envoy::in_a_row(&memory, 0)
    };
    assert_eq!((counts(false), counts(true)), ((4, 0), (1, 0)));
}

#[test]
fn a_passed_active_check_ends_an_ejection_unless_it_may_not() {
    let seed = Seed::new(4);
    let luck = Luck { seed: &seed, key: Key::named("edge") };
    for may in [true, false] {
        let ejector = AnyEjector::from(Envoy { successful_active_health_check_uneject_host: may, ..Envoy::default() });
        let mut memory = ejector.fresh(10, SimTime::ZERO);
        for _ in 0..5 {
            let outcome = Some(Outcome::Failed(Failure::ServerError));
            ejector.ended(&mut memory, &TriedAt { replica: 0, since: at_s(0), outcome, took: SimDuration::ZERO }, &luck, at_s(1));
        }
        assert!(!ejector.admits(&memory, 0, at_s(1)));
        ejector.checked(&mut memory, 0, at_s(2));
        assert_eq!(ejector.admits(&memory, 0, at_s(2)), may);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let rule = Envoy {
        consecutive_5xx: 0,
        enforcing_success_rate: 101,
        interval: SimDuration::ZERO,
        max_ejection_time: Some(SimDuration::from_secs(29)),
        ..Envoy::default()
    };
    let fields = |ejector: AnyEjector| ejector.check().into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    assert_eq!(fields(rule.into()), ["consecutive_5xx", "enforcing_success_rate", "interval", "max_ejection_time"]);
    assert_eq!(fields(Grpc::default().into()), [""], "neither statistic is written");
    let threshold = Some(FailurePercentage { threshold: 200, ..FailurePercentage::default() });
    let rule = Grpc { failure_percentage_ejection: threshold, base_ejection_time: SimDuration::ZERO, ..Grpc::default() };
    assert_eq!(fields(rule.into()), ["base_ejection_time", "failure_percentage_ejection.threshold"]);
}
