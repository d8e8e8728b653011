//! Outlier detection of Envoy and gRPC.

use super::{BAD, OVERLOAD, at_s, secs, with_luck};
use models::outcome::Outcome;
use models::strategies::Luck;
use models::strategies::ejection::{Ejector, Envoy, FailurePercentage, Grpc, TriedAt};
use sim_core::time::{SimDuration, SimTime};

/// An ejector and its memory.
struct Trial<'a, E: Ejector> {
    rule: &'a E,
    memory: E::Shared,
    luck: &'a Luck<'a>,
    hosts: u32,
}

impl<'a, E: Ejector> Trial<'a, E> {
    fn new(rule: &'a E, hosts: u32, luck: &'a Luck<'a>) -> Self {
        Self { rule, memory: rule.fresh(hosts, SimTime::ZERO), luck, hosts }
    }

    fn ended(&mut self, replica: u32, outcome: Outcome, times: u32, now: SimTime) {
        self.rule.settle(&mut self.memory, self.luck, now);
        for _ in 0..times {
            let tried = TriedAt { replica, since: now, outcome: Some(outcome), took: SimDuration::ZERO };
            self.rule.ended(&mut self.memory, &tried, self.luck, now);
        }
    }

    /// Some successes and some failures of 100 or another number, alternating as long as there are both.
    fn rate(&mut self, replica: u32, successes: u32, all: u32, now: SimTime) {
        let (mut good, mut bad) = (successes, all - successes);
        while good + bad > 0 {
            if bad > 0 {
                self.ended(replica, BAD, 1, now);
                bad -= 1;
            }
            if good > 0 {
                self.ended(replica, Outcome::Success, 1, now);
                good -= 1;
            }
        }
    }

    /// Who is out, at an instant.
    fn out(&mut self, now: SimTime) -> Vec<u32> {
        self.rule.settle(&mut self.memory, self.luck, now);
        (0..self.hosts).filter(|replica| !self.rule.admits(&self.memory, *replica, now)).collect()
    }
}

/// Success rates alone, and whoever goes may go.
fn by_rates() -> Envoy {
    Envoy { enforcing_consecutive_5xx: 0, max_ejection_percent: 100, ..Envoy::default() }
}

fn out_by_rates(rates: [u32; 5]) -> Vec<u32> {
    with_luck(|luck| {
        let rule = by_rates();
        let mut trial = Trial::new(&rule, 5, luck);
        for (replica, rate) in rates.into_iter().enumerate() {
            trial.rate(replica as u32, rate, 100, at_s(1));
        }
        assert_eq!(trial.out(at_s(9)), [0; 0], "before the sweep");
        trial.out(at_s(10))
    })
}

pub fn envoy_1() {
    assert_eq!(out_by_rates([50, 100, 100, 100, 100]), [0]);
}

pub fn envoy_2() {
    assert_eq!(out_by_rates([95, 99, 99, 99, 100]), [0]);
    assert_eq!(out_by_rates([97, 99, 99, 99, 100]), [0; 0], "the threshold is 96.9 then, and 97 stays");
}

pub fn envoy_3() {
    let all_bad = |hosts: u32, max_ejection_percent: u32| {
        with_luck(|luck| {
            let rule = Envoy { max_ejection_percent, ..Envoy::default() };
            let mut trial = Trial::new(&rule, hosts, luck);
            (0..hosts).for_each(|replica| trial.ended(replica, BAD, 5, at_s(1)));
            trial.out(at_s(1)).len()
        })
    };
    assert_eq!((all_bad(10, 10), all_bad(9, 10), all_bad(5, 34)), (1, 0, 1));
}

pub fn envoy_4() {
    with_luck(|luck| {
        let rule = Envoy::default();
        let mut trial = Trial::new(&rule, 10, luck);
        trial.ended(4, BAD, 5, at_s(3));
        assert_eq!((trial.out(at_s(39)), trial.out(at_s(40))), (vec![4], vec![]));
        trial.ended(4, BAD, 5, at_s(43));
        assert_eq!(Envoy::multiplier(&trial.memory, 4), 2);
        assert_eq!((trial.out(at_s(109)), trial.out(at_s(110))), (vec![4], vec![]));
    });
}

pub fn envoy_5() {
    with_luck(|luck| {
        let rule = Envoy { consecutive_gateway_failure: 3, enforcing_consecutive_gateway_failure: 100, ..Envoy::default() };
        let mut trial = Trial::new(&rule, 10, luck);
        for outcome in [OVERLOAD, BAD, OVERLOAD, OVERLOAD] {
            trial.ended(0, outcome, 1, at_s(1));
        }
        assert_eq!((trial.out(at_s(1)), Envoy::in_a_row(&trial.memory, 0)), (vec![], (4, 2)));
    });
}

pub fn envoy_6() {
    with_luck(|luck| {
        let rule = Envoy { enforcing_consecutive_gateway_failure: 100, ..Envoy::default() };
        let mut trial = Trial::new(&rule, 10, luck);
        trial.ended(0, OVERLOAD, 7, at_s(1));
        assert_eq!((trial.out(at_s(1)), Envoy::in_a_row(&trial.memory, 0)), (vec![0], (7, 2)));
        assert_eq!(Envoy::multiplier(&trial.memory, 0), 1, "one detection");
        assert_eq!((trial.out(at_s(40)), Envoy::in_a_row(&trial.memory, 0)), (vec![], (0, 0)));
    });
}

pub fn envoy_7() {
    with_luck(|luck| {
        let rule = Envoy { consecutive_5xx: 3, enforcing_consecutive_5xx: 0, ..Envoy::default() };
        let mut trial = Trial::new(&rule, 10, luck);
        let counts: Vec<u32> = (0..7)
            .map(|_| {
                trial.ended(0, BAD, 1, at_s(1));
                Envoy::in_a_row(&trial.memory, 0).0
            })
            .collect();
        assert_eq!((counts, trial.out(at_s(1))), (vec![1, 2, 0, 1, 2, 0, 1], vec![]));
    });
}

pub fn envoy_8() {
    with_luck(|luck| {
        let rule = Envoy { max_ejection_time: Some(secs(60)), ..Envoy::default() };
        let mut trial = Trial::new(&rule, 10, luck);
        let (mut now, mut lasted) = (0, Vec::new());
        for _ in 0..5 {
            trial.ended(0, BAD, 5, at_s(now));
            let multiplier = Envoy::multiplier(&trial.memory, 0);
            let back = (now..).find(|second| trial.out(at_s(*second)).is_empty()).expect("an ejection ends");
            lasted.push((back - now, multiplier));
            now = back;
        }
        assert_eq!(lasted, [(30, 1), (60, 2), (60, 3), (60, 3), (60, 3)]);
    });
}

pub fn envoy_9() {
    with_luck(|luck| {
        let rule = Envoy { max_ejection_percent: 100, ..Envoy::default() };
        let mut trial = Trial::new(&rule, 5, luck);
        trial.ended(0, BAD, 5, at_s(1));
        for (replica, rate) in [70, 100, 100, 100].into_iter().enumerate() {
            trial.rate(replica as u32 + 1, rate, 100, at_s(2));
        }
        assert_eq!(trial.out(at_s(10)), [0], "four hosts are too few to be compared");
    });
}

fn by_failures(threshold: u32) -> Grpc {
    let failure_percentage_ejection = Some(FailurePercentage { threshold, ..FailurePercentage::default() });
    Grpc { failure_percentage_ejection, ..Grpc::default() }
}

pub fn grpc_1() {
    with_luck(|luck| {
        let rule = by_failures(85);
        let mut trial = Trial::new(&rule, 10, luck);
        trial.ended(0, BAD, 50, at_s(5));
        (1..10).for_each(|replica| trial.ended(replica, Outcome::Success, 50, at_s(5)));
        assert_eq!((trial.out(at_s(9)), trial.out(at_s(10)), trial.out(at_s(49))), (vec![], vec![0], vec![0]));
        assert_eq!((trial.out(at_s(50)), Grpc::multiplier(&trial.memory, 0)), (vec![], 1));
    });
}

pub fn grpc_2() {
    let out = |failures: u32| {
        with_luck(|luck| {
            let rule = by_failures(85);
            let mut trial = Trial::new(&rule, 5, luck);
            for replica in 0..5 {
                trial.rate(replica, if replica < 2 { 100 - failures } else { 100 }, 100, at_s(5));
            }
            trial.out(at_s(10))
        })
    };
    assert_eq!((out(85), out(86)), (vec![], vec![0]));
}
