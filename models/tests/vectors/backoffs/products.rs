//! Vectors of A8 to A16: what single products do.

use super::*;

fn smooth() -> Polly {
    Polly { delay: secs(1), backoff_type: PollyBackoffType::Exponential, use_jitter: true, max_delay: None }
}

pub fn a8_v1() {
    series(smooth(), 0.5, [897.4049, 1093.0035, 2035.7479, 4045.9794]);
}

pub fn a8_v2() {
    series(smooth(), 0.0, [0.0, 1377.1822, 1460.0673, 2865.8498]);
}

pub fn a8_v3() {
    let mut call = call(smooth());
    for (u, expected) in [(0.9, 1274.2717), (0.1, 211.3791), (0.9, 3834.2414), (0.1, 793.8344)] {
        close(call.wait(Draw::from_unit(u)), expected, 1e-9);
    }
}

pub fn a8_v4() {
    let mut waits = vec![Vec::new(); 4];
    for i in 0..100_000 {
        let mut call = call(smooth());
        for (attempt, waits) in (1..).zip(&mut waits) {
            waits.push(call.wait(Seed::new(5).draws(Key::named("smooth").child(i), attempt).wait()));
        }
    }
    let expected = [(0.871, 0.897), (1.158, 1.139), (2.078, 2.018), (4.128, 4.006)];
    for (waits, (mean, median)) in waits.iter_mut().zip(expected) {
        let seen = waits.iter().sum::<f64>() / 1e5;
        let spread = (waits.iter().map(|wait| (wait - seen) * (wait - seen)).sum::<f64>() / 1e5).sqrt();
        // The vector is rounded to the third digit.
        close(seen, mean * 1e3, 4.0 * spread / 1e5_f64.sqrt() + 0.5);
        waits.sort_by(f64::total_cmp);
        // The density at these medians exceeds a half divided by the spread.
        close(waits[50_000], median * 1e3, 4.0 * spread / 1e5_f64.sqrt() + 0.5);
    }
    let second = |first: Draw, second: Draw| {
        let mut call = call(smooth());
        (call.wait(first), call.wait(second))
    };
    let (low, high) = (Draw::from_unit(0.0), ALMOST_ONE);
    close(second(low, low).0, 0.0, 0.0);
    close(second(high, high).0, 1377.0, 0.5);
    close(second(high, low).1, 0.0, 1e-3);
    close(second(low, high).1, 2837.0, 0.5);
    // Sums telescope: the fourth number of a series of halves is g(3.5), whatever was drawn before.
    let total = |draws: [f64; 4]| {
        let mut call = call(smooth());
        draws.map(|u| call.wait(Draw::from_unit(u))).iter().sum::<f64>()
    };
    close(total([0.1, 0.9, 0.3, 0.5]), total([0.5; 4]), 4e-4);
}

pub fn a8_v5() {
    series(Polly { max_delay: Some(ms(2000)), ..smooth() }, 0.5, [897.4049, 1093.0035, 2000.0, 2000.0]);
}

pub fn a9_v1() {
    let own = AdditiveJitter { base: secs(1), jitter: secs(1), cap: secs(8) };
    let tenacity = TenacityExponentialJitter { max: Some(secs(8)), ..TenacityExponentialJitter::default() };
    for backoff in [AnyBackoff::from(own), AnyBackoff::from(tenacity)] {
        uniform(call(backoff.clone()), 1e3, 2e3);
        uniform(call(backoff.clone()).before(3), 4e3, 5e3);
        uniform(call(backoff).before(4), 8e3, 8e3);
    }
}

pub fn a10_v1() {
    for (retry, centre) in [(1, 500.0), (2, 750.0), (3, 1125.0), (4, 1687.5)] {
        uniform(call(Cenkalti::default()).before(retry), centre / 2.0, centre * 1.5);
        uniform(call(RustBackoff::default()).before(retry), centre / 2.0, centre * 1.5);
        let own = ProportionalJitter { base: ms(500), cap: secs(60), multiplier: 1.5, ratio: "50%".parse().expect("it is a share") };
        uniform(call(own).before(retry), centre / 2.0, centre * 1.5);
    }
}

pub fn a10_v2() {
    series(Cenkalti { randomization_factor: 0.0, ..Cenkalti::default() }, 0.9, [500.0, 750.0, 1125.0]);
    series(RustBackoff { randomization_factor: 0.0, ..RustBackoff::default() }, 0.9, [500.0, 750.0, 1125.0]);
}

pub fn a10_v3() {
    close(call(Cenkalti::default()).before(14).wait(ALMOST_ONE), 90e3, 2e-6);
    // Elapsed and wait together may equal the limit of a quarter of an hour.
    let at = |elapsed| call(Cenkalti { randomization_factor: 0.0, ..Cenkalti::default() }).at(elapsed).next(ALMOST_ONE);
    let last = secs(900) - ms(500);
    assert_eq!([at(last), at(last + SimDuration::NANOSECOND)], [Wait::For(ms(500)), Wait::Stop]);
    let endless = Cenkalti { max_elapsed_time: SimDuration::ZERO, ..Cenkalti::default() };
    assert_ne!(call(endless).at(secs(100_000)).next(ALMOST_ONE), Wait::Stop);
}

pub fn a10_v4() {
    let resilience4j = Resilience4jInterval {
        wait_duration: ms(200),
        enable_exponential_backoff: true,
        exponential_backoff_multiplier: 2.0,
        exponential_max_wait_duration: Some(ms(300)),
        enable_randomized_wait: true,
        randomized_wait_factor: 0.5,
    };
    series(resilience4j.clone(), 0.0, [100.0, 200.0, 300.0]);
    series(resilience4j.clone(), 0.5, [200.0, 300.0, 300.0]);
    let mut call = call(resilience4j);
    assert_eq!([(); 3].map(|()| call.wait(ALMOST_ONE)), [300.0; 3]);
}

pub fn a10_v5() {
    let factor = Failsafe { delay: secs(1), jitter_factor: 0.25, ..Failsafe::default() };
    series(factor.clone(), 0.0, [1250.0; 3]);
    series(factor, 0.5, [1000.0; 3]);
    let absolute = Failsafe { delay: secs(1), jitter: Some(ms(100)), ..Failsafe::default() };
    series(absolute, 0.0, [1100.0; 3]);
    // Clipped to what is left, down to nothing; ended only beyond.
    let at = |elapsed| call(Failsafe { delay: secs(1), max_duration: Some(secs(5)), ..Failsafe::default() }).at(elapsed).next(ALMOST_ONE);
    let seen = [at(ms(4700)), at(secs(5)), at(secs(5) + SimDuration::NANOSECOND)];
    assert_eq!(seen, [Wait::For(ms(300)), Wait::For(SimDuration::ZERO), Wait::Stop]);
}

fn grpc(flavour: GrpcFlavour) -> Grpc {
    Grpc { initial_backoff: ms(100), max_backoff: secs(1), backoff_multiplier: 2.0, flavour }
}

pub fn a11_v1() {
    for (retry, centre) in [(1, 100.0), (2, 200.0), (3, 400.0), (4, 800.0), (5, 1000.0)] {
        for flavour in [GrpcFlavour::A6Current, GrpcFlavour::Go, GrpcFlavour::Java] {
            uniform(call(grpc(flavour)).before(retry), 0.8 * centre, 1.2 * centre);
        }
        uniform(call(grpc(GrpcFlavour::A6Before2024)).before(retry), 0.0, centre);
    }
}

pub fn a11_v2() {
    for flavour in [GrpcFlavour::A6Current, GrpcFlavour::Java] {
        let mut pushed = call(grpc(flavour)).before(3);
        close(pushed.told(Some(Hint::After(ms(250)))).wait(Draw::from_unit(0.9)), 250.0, 0.0);
        pushed.told(None);
        uniform(pushed.clone(), 80.0, 120.0);
        assert_eq!(pushed.told(Some(Hint::Never)).next(Draw::from_unit(0.9)), Wait::Stop);
    }
}

pub fn a11_v3() {
    let expected = [(GrpcFlavour::A6Current, 1000.0), (GrpcFlavour::Go, 1000.0), (GrpcFlavour::Java, 2000.0)];
    for (flavour, first) in expected {
        series(Grpc { initial_backoff: secs(2), ..grpc(flavour) }, 0.5, [first, 1000.0]);
    }
}

fn envoy(base: u64, max: u64) -> Envoy {
    Envoy { base_interval: ms(base), max_interval: Some(ms(max)), ..Envoy::default() }
}

/// Each next wait is a remainder by this bound.
#[track_caller]
fn bounds(mut call: Call, expected: &[u64]) {
    for bound in expected {
        close(call.clone().wait(Draw::from_bits(bound - 1)), (bound - 1) as f64, 0.0);
        close(call.clone().wait(Draw::from_bits(*bound)), 0.0, 0.0);
        call.wait(Draw::from_bits(0));
    }
}

pub fn a12_v1() {
    bounds(call(Envoy::default()), &[25, 50, 100, 200, 250, 250]);
    for (retry, expected, width) in [(1, 12.0, 25.0), (2, 24.5, 50.0), (3, 49.5, 100.0), (4, 99.5, 200.0), (5, 124.5, 250.0)] {
        close(mean(&call(Envoy::default()).before(retry)), expected, allowance(width));
    }
}

pub fn a12_v2() {
    bounds(call(envoy(500, 30_000)), &[500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
}

pub fn a12_v3() {
    let mut call = call(envoy(500, 30_000));
    assert_eq!([(); 2].map(|()| call.wait(Draw::from_bits(999))), [499.0, 999.0]);
}

pub fn a12_v4() {
    let mut legacy = call(Envoy { legacy: true, ..Envoy::default() });
    for modulus in [25_u64, 75, 175, 375, 375] {
        close(legacy.clone().wait(Draw::from_bits(modulus + 7)), 7.0, 0.0);
        close(legacy.wait(Draw::from_bits(modulus - 1)), (modulus - 1).min(250) as f64, 0.0);
    }
}

pub fn a12_v5() {
    bounds(call(envoy(50, 800)), &[50, 100, 200]);
    bounds(call(envoy(25, 30)), &[25, 30, 30]);
    bounds(call(envoy(20, 81)), &[20, 40, 81, 81]);
}

pub fn a12_v6() {
    let told = |length, bits| {
        let mut call = call(Envoy { reset_max_interval: Some(secs(30)), ..envoy(50, 800) });
        let wait = call.told(Some(Hint::After(length))).wait(Draw::from_bits(bits));
        (wait, call)
    };
    assert_eq!([told(secs(2), 999).0, told(secs(2), 1000).0], [2999.0, 2000.0]);
    // Too long to be obeyed: the series, which goes on.
    let (wait, mut call) = told(secs(31), 49);
    close(wait, 49.0, 0.0);
    bounds(call.told(None).clone(), &[100, 200]);
    // Obeyed: the series stands still.
    let (_, mut call) = told(secs(2), 0);
    bounds(call.told(None).clone(), &[50, 100]);
}

fn linkerd() -> Linkerd {
    Linkerd { min: ms(100), max: ms(1000), jitter: 0.5 }
}

pub fn a13_v1() {
    let tower = || call(Tower { min: ms(100), max: Some(ms(1000)), jitter: 0.5 });
    for (retry, base) in [(1, 100.0), (2, 200.0), (3, 400.0)] {
        uniform(call(linkerd()).before(retry), base, 1.5 * base);
        uniform(tower().before(retry), base, 1.5 * base);
    }
    for (retry, low) in [(4, 800.0), (5, 1000.0)] {
        let call = tower().before(retry);
        close(call.clone().wait(Draw::from_unit(0.0)), low, 0.0);
        close(call.clone().wait(ALMOST_ONE), 1000.0, 0.0);
    }
}

pub fn a13_v2() {
    let expected = [(1, 125.0, 50.0), (2, 250.0, 100.0), (3, 500.0, 200.0), (4, 950.0, 400.0)];
    for (retry, expected, width) in expected {
        close(mean(&call(linkerd()).before(retry)), expected, allowance(width));
    }
}

pub fn a14_v1() {
    for (attempt, bound) in [(1, 1e3), (2, 2e3), (3, 4e3), (4, 8e3), (5, 16e3), (6, 20e3)] {
        uniform(call(AwsStandard::default()).before(attempt), 0.0, bound);
    }
    // The legacy mode has no limit, and none of its luck for DynamoDB.
    uniform(call(AwsLegacy::default()).before(7), 0.0, 64e3);
    series(AwsLegacy { service: AwsService::DynamoDb }, 0.9, [50.0, 100.0, 200.0, 400.0]);
}

pub fn a14_v2() {
    for (attempt, bound) in [(1, 50.0), (2, 100.0), (3, 200.0)] {
        uniform(call(Aws2026::default()).before(attempt), 0.0, bound);
        let dynamo = || call(Aws2026 { service: AwsService::DynamoDb, ..Aws2026::default() });
        uniform(dynamo().before(attempt), 0.0, bound / 2.0);
        uniform(dynamo().before(attempt).after(Failure::Throttled), 0.0, bound * 20.0);
    }
}

pub fn a14_v3() {
    let told = |millis| {
        let mut call = call(Aws2026::default());
        call.told(Some(Hint::After(ms(millis)))).wait(Draw::from_unit(0.8))
    };
    close(told(9000), 5040.0, 2e-6);
    close(told(10), 40.0, 2e-6);
    close(told(300), 300.0, 2e-6);
}

pub fn a15_v1() {
    for (retry, least) in [(1, 10.0), (2, 50.0), (3, 250.0)] {
        uniform(call(Kubernetes::default()).before(retry), least, 1.1 * least);
    }
    assert_eq!(call(Kubernetes::default()).before(4).next(Draw::from_unit(0.5)), Wait::Stop);
}

pub fn a15_v2() {
    let capped = Kubernetes { jitter: 0.0, cap: Some(ms(100)), steps: 10, ..Kubernetes::default() };
    let mut call = call(capped);
    let seen = [(); 3].map(|()| call.next(Draw::from_unit(0.5)));
    assert_eq!(seen, [Wait::For(ms(10)), Wait::StopAfter(ms(50)), Wait::Stop]);
}

pub fn a15_v3() {
    let default_retry = || call(Kubernetes { factor: 1.0, steps: 5, ..Kubernetes::default() });
    (1..5).for_each(|retry| uniform(default_retry().before(retry), 10.0, 11.0));
    assert_eq!(default_retry().before(5).next(Draw::from_unit(0.5)), Wait::Stop);
}

fn sdk() -> Call {
    call(TemporalSdk { initial_interval: secs(1), ..TemporalSdk::default() })
}

pub fn a16_v1() {
    uniform(sdk(), 800.0, 1000.0);
}

pub fn a16_v2() {
    let mut late = sdk().at(secs(58));
    assert_eq!([(); 3].map(|()| late.wait(Draw::from_unit(0.0))), [800.0, 1600.0, 1600.0]);
    assert_eq!(sdk().at(ms(59_500)).next(Draw::from_unit(0.0)), Wait::Stop);
    assert_eq!(sdk().at(secs(61)).next(Draw::from_unit(0.0)), Wait::Stop);
}
