//! Vectors of C7 and C8: the failure accrual of Finagle and Linkerd.

use super::*;

/// How long, in milliseconds, it rejects from `from` on; `most` at most.
fn rejects_for<B: Breaker>(tried: &mut Bench<B>, from: u64, most: u64) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = (low + high) / 2;
        if tried.breaker.state(&mut tried.memory.clone(), time(from + middle)) == State::Open { low = middle + 1 } else { high = middle }
    }
    low
}

fn assert_spread(values: &[u64], range: Range<u64>) {
    assert!(values.iter().all(|value| range.contains(value) || *value == range.end), "{values:?} lie in {range:?}");
    let (mean, width) = (values.iter().sum::<u64>() as f64 / values.len() as f64, (range.end - range.start) as f64);
    let expected = (range.start + range.end) as f64 / 2.0;
    // Six standard errors of a uniform mean.
    assert!((mean - expected).abs() < 6.0 * width / (12.0 * values.len() as f64).sqrt(), "mean {mean} of {range:?}");
}

pub fn finagle_kills_for_longer_with_each_failed_probe() {
    let (mut second, mut third) = (Vec::new(), Vec::new());
    for seed in 0..200 {
        let mut tried = Bench::seeded(FinagleAccrual::default(), seed);
        tried.call(0, S);
        for at in 0..4 {
            tried.call(at, F);
            assert_eq!(tried.state(at), State::Closed);
        }
        tried.call(4, F);
        assert_eq!(rejects_for(&mut tried, 4, 1_000_000), 5_000);
        tried.call(5_004, F);
        second.push(rejects_for(&mut tried, 5_004, 1_000_000));
        tried.call(5_004 + second[second.len() - 1], F);
        third.push(rejects_for(&mut tried, 5_004 + second[second.len() - 1], 1_000_000));
    }
    assert_spread(&second, 5_000..10_000);
    assert_spread(&third, 10_000..20_000);
    let series = [0, 1, 2].map(|nth| FinagleAccrual::default().dead_for(nth, Draw::from_unit(0.5)));
    assert_eq!(series, [5_000, 7_500, 15_000].map(SimDuration::from_millis));
}

pub fn finagle_ignores_late_failures_but_not_late_successes() {
    let breaker = FinagleAccrual { ignorable: vec![Failure::ClientError], ..FinagleAccrual::default() };
    let mut tried = Bench::new(breaker);
    let late = [0, 0].map(|at| tried.begin(at).expect("it is alive"));
    (0..5).for_each(|at| tried.call(at, F));
    tried.end(1_000, late[0], F);
    tried.end(1_001, late[1], S);
    assert_eq!(tried.state(1_001), State::Open);
    assert!(!tried.admits(5_003));
    // The late success has ended the row: one failure more kills nobody.
    tried.call(5_004, F);
    assert_eq!(tried.state(5_004), State::HalfOpen);
    let ignorable = tried.breaker.verdict(models::outcome::Outcome::Failed(Failure::ClientError));
    tried.call(5_005, ignorable);
    assert_eq!(tried.state(5_005), State::HalfOpen);
    assert!(tried.admits(5_006));
    assert!(!tried.admits(5_006));
}

pub fn finagle_averages_successes_over_time() {
    let mut tried = Bench::new(FinagleAccrual { consecutive_failures: 0, ..FinagleAccrual::default() });
    tried.call(0, S);
    for second in [5, 10, 15, 20, 25, 30] {
        assert_eq!(tried.state(second * 1_000), State::Closed);
        tried.call(second * 1_000, F);
        let rate = tried.memory.success_rate().expect("there were results");
        let expected = [(5, 0.846_482), (10, 0.716_531), (30, 0.367_879)].into_iter().find(|(at, _)| *at == second);
        if let Some((_, expected)) = expected {
            assert!((rate - expected).abs() < 5e-7, "{rate} at {second} s");
        }
    }
    assert_eq!(tried.state(30_000), State::Open, "30 s are the first that may kill");
}

pub fn linkerd_doubles_its_penalties() {
    let ranges = [1_000..1_500, 2_000..3_000, 4_000..6_000, 8_000..12_000, 16_000..24_000, 32_000..48_000];
    let mut penalties = vec![Vec::new(); ranges.len() + 1];
    for seed in 0..200 {
        let mut tried = Bench::seeded(LinkerdAccrual::default(), seed);
        tried.calls(0, 7, F);
        let mut at = 0;
        for drawn in &mut penalties {
            let penalty = rejects_for(&mut tried, at, 1_000_000);
            drawn.push(penalty);
            at += penalty;
            tried.call(at, F);
        }
    }
    for (drawn, range) in penalties.iter().zip(ranges) {
        assert_spread(drawn, range);
    }
    assert!(penalties[6].iter().all(|penalty| *penalty == 60_000));
    assert_eq!(LinkerdAccrual::default().scope(), Scope::Endpoint);
}

pub fn linkerd_drops_results_while_shut_and_penalises_from_the_failure() {
    let mut tried = Bench::new(LinkerdAccrual { jitter_ratio: 0.0, ..LinkerdAccrual::default() });
    let late = tried.begin(0).expect("it is open");
    (0..6).for_each(|at| tried.call(at, F));
    tried.call(6, S);
    (7..13).for_each(|at| tried.call(at, F));
    assert_eq!(tried.state(13), State::Closed);
    tried.call(13, F);
    assert_eq!(tried.state(13), State::Open);
    tried.end(500, late, S);
    assert!(!tried.admits(1_012));
    let probe = tried.begin(1_013).expect("the penalty is over");
    assert!(!tried.admits(1_014));
    tried.end(1_500, probe, F);
    assert_eq!((tried.state(3_499), tried.state(3_500)), (State::Open, State::HalfOpen));
}
