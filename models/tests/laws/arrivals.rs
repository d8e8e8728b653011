//! When do calls come where their rate changes, and what does another rate move?

use crate::*;
use models::faults::LoadSpike;
use models::record::FIRST_EXTRA;
use models::workloads::{ArrivalProcess, Between, Course, Gaps, OnOff, Piecewise, Ramp, Recorded, Spaced, Trace};
use sim_core::draw::Key;

const fn per_second(rate: u64) -> Rate {
    Rate::per_second(rate)
}

const fn secs(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

fn piecewise(rates: &[(u64, u64)], between: Between, repeats: Option<SimDuration>) -> Arrivals {
    let rates = rates.iter().map(|&(from, rate)| (secs(from), per_second(rate))).collect();
    Arrivals::Piecewise(Piecewise { rates, between, repeats, spacing: Spaced::Random })
}

fn ramp(from: u64, to: u64, over: u64, spacing: Spaced) -> Arrivals {
    Arrivals::Ramp(Ramp { from: per_second(from), to: per_second(to), over: secs(over), begins: SimDuration::ZERO, spacing })
}

fn bursts(on: u64, off: u64, rate: u64, rate_off: u64) -> OnOff {
    let (on, off) = (exponential(ms(on)), exponential(ms(off)));
    OnOff { on, off, rate: per_second(rate), rate_off: per_second(rate_off), spacing: Spaced::Random }
}

/// Twenty seconds of calls that are served at once.
fn calling(arrivals: Arrivals, faults: Vec<PlannedFault>) -> SystemSpec {
    let mut spec =
        pair(clients(10, "server", arrivals), service(Distribution::Constant(ms(1))), link("app", "server", exponential(ms(1))), vec![]);
    spec.clockwork.horizon = secs(20);
    spec.faults = faults;
    spec
}

/// When calls began: those of the population itself, and those that faults added.
fn made(arrivals: Arrivals, faults: Vec<PlannedFault>, seed: u64) -> (Vec<SimTime>, Vec<SimTime>) {
    let ended = play(&calling(arrivals, faults), seed);
    assert_eq!(ended.in_use, (0, 0));
    let started = ended.seen.iter().filter_map(|(instant, record)| match record {
        Record::CallStarted(name) => Some((*instant, name.ordinal < FIRST_EXTRA)),
        _ => None,
    });
    let (own, added): (Vec<_>, Vec<_>) = started.partition(|(_, is_own)| *is_own);
    let instants = |calls: Vec<(SimTime, bool)>| calls.into_iter().map(|(instant, _)| instant).collect();
    (instants(own), instants(added))
}

fn own(arrivals: Arrivals, seed: u64) -> Vec<SimTime> {
    made(arrivals, Vec::new(), seed).0
}

fn spike(factor: f64, from: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::LoadSpike(LoadSpike { clients: Names::one("app"), factor }), ms(from), Some(ms(lasts)))
}

fn nanos(instants: &[SimTime]) -> Vec<f64> {
    instants.iter().map(|instant| instant.as_nanos() as f64).collect()
}

/// Counts in windows of so many milliseconds, over twenty seconds.
fn counts(instants: &[SimTime], width: u64) -> Vec<f64> {
    let mut counts = vec![0.0; (20_000 / width) as usize];
    instants.iter().for_each(|instant| counts[(instant.as_nanos() / 1_000_000 / width) as usize] += 1.0);
    counts
}

#[test]
fn a_steady_course_makes_the_calls_of_a_poisson_population() {
    let (steady, poisson) = (own(piecewise(&[(0, 100)], Between::Constant, None), 1), own(poisson(100), 1));
    assert!(steady.len().abs_diff(poisson.len()) <= 1 && steady.len() > 1_800);
    for (number, (one, other)) in (1..).zip(nanos(&steady).into_iter().zip(nanos(&poisson))) {
        // Gaps of a Poisson population are rounded one by one, a course only the instants.
        assert!((one - other).abs() <= f64::from(number), "call {number}: {one} {other}");
    }
}

#[test]
fn another_rate_moves_calls_and_rolls_none_anew() {
    // A call is made when the integral of the rate has come to a number of its own, the same whatever the rate.
    let steady = nanos(&own(piecewise(&[(0, 100)], Between::Constant, None), 3));
    let twice = nanos(&own(piecewise(&[(0, 200)], Between::Constant, None), 3));
    assert!(twice.len() > steady.len());
    assert!(steady.iter().zip(&twice).all(|(one, other)| (one - 2.0 * other).abs() <= 2.0), "twice the rate, half the time");
    let rising = nanos(&own(ramp(50, 250, 20, Spaced::Random), 3));
    for (one, other) in steady.iter().zip(&rising) {
        let (sum, t) = (one * 100e-9, other * 1e-9);
        let integral = 50.0 * t + (250.0 - 50.0) / 20.0 * t * t / 2.0;
        assert!((sum - integral).abs() < 1e-6, "{sum} {integral}");
    }
    let stepped = nanos(&own(piecewise(&[(0, 10), (10, 190)], Between::Constant, None), 3));
    for (one, other) in steady.iter().zip(&stepped) {
        let (sum, t) = (one * 100e-9, other * 1e-9);
        let integral = 10.0 * t + if t > 10.0 { 180.0 * (t - 10.0) } else { 0.0 };
        assert!((sum - integral).abs() < 1e-6, "{sum} {integral}");
    }
}

#[test]
fn counts_follow_the_integral_of_the_rate() {
    let up_and_down = || piecewise(&[(0, 20), (5, 400)], Between::Linear, Some(secs(10)));
    let rate = |t: f64| if t % 10.0 < 5.0 { 20.0 + 76.0 * (t % 10.0) } else { 400.0 - 76.0 * (t % 10.0 - 5.0) };
    let (mut squares, mut windows) = (0.0, 0.0);
    for seed in 1..=10 {
        for (index, count) in counts(&own(up_and_down(), seed), 1_000).into_iter().enumerate() {
            // Along a line the mean of a second is the rate in its middle.
            let mean = rate(index as f64 + 0.5);
            assert!((count - mean).abs() < 4.5 * mean.sqrt(), "seed {seed}, second {index}: {count} for {mean}");
            squares += (count - mean) * (count - mean) / mean;
            windows += 1.0;
        }
    }
    // A sum of squares of 200 independent standard counts: 200, with a standard deviation of 20.
    assert!((squares - windows).abs() < 4.0 * (2.0 * windows).sqrt(), "{squares}");
}

#[test]
fn even_calls_come_when_the_integral_of_the_rate_is_a_whole_number() {
    let calls = nanos(&own(ramp(10, 90, 20, Spaced::Even), 1));
    // 10 t + 2 t^2 = k, and 1000 calls in 20 s, of which the last is due when arrivals end.
    for (number, call) in (1..).zip(&calls) {
        let expected = (-10.0 + (100.0 + 8.0 * f64::from(number)).sqrt()) / 4.0 * 1e9;
        assert!((call - expected).abs() <= 1.0, "call {number}: {call} {expected}");
    }
    assert_eq!(calls.len(), 999);
    // Ten at the end of each tenth of a second of a second, and silence until the next repetition: the last is not put off.
    let rates = vec![(secs(0), per_second(10)), (secs(1), Rate::ZERO)];
    let pulses = Piecewise { rates, between: Between::Constant, repeats: Some(secs(5)), spacing: Spaced::Even };
    let expected: Vec<SimTime> = (0..4).flat_map(|round| (1..=10).map(move |tenth| at(5_000 * round + 100 * tenth))).collect();
    assert_eq!(own(Arrivals::Piecewise(pulses), 1), expected);
}

/// So many instants of a course, without a system around it.
fn instants(course: &Course, seed: u64, until: SimTime) -> Vec<SimTime> {
    let (key, seed) = (Key::named("app"), Seed::new(seed));
    let (mut stretch, mut now, mut over, mut made) = (course.first(key, &seed), SimTime::ZERO, 0.0, Vec::new());
    loop {
        let draw = seed.draws(key.child(1), made.len() as u32).wait();
        (now, over) = course.reach(&mut stretch, now, course.unit(draw) - over, (key, &seed), until);
        if now >= until {
            return made;
        }
        made.push(now);
    }
}

fn course(arrivals: &Arrivals) -> Box<Course> {
    let ArrivalProcess::Open(Gaps::Course(course)) = arrivals.process(10) else { panic!("it is on a course") };
    course
}

#[test]
fn bursts_are_as_uneven_as_a_modulated_poisson_process() {
    // On for 1 s and off for 3 s on average, at 20 and 2 calls a second.
    let (on, off, rates): (f64, f64, [f64; 2]) = (1.0, 1.0 / 3.0, [20.0, 2.0]);
    let arrivals = Arrivals::OnOff(bursts(1_000, 3_000, 20, 2));
    let length = 40_000;
    let made = instants(&course(&arrivals), 1, SimTime::ZERO + secs(length));
    let mean = (rates[0] * off + rates[1] * on) / (on + off);
    assert!((arrivals.process(10).mean_rate(at(0), at(1)).unwrap() - mean).abs() < 1e-9);
    for window in [1_u64, 10] {
        let mut counts = vec![0.0_f64; (length / window) as usize];
        made.iter().for_each(|instant| counts[(instant.as_nanos() / 1_000_000_000 / window) as usize] += 1.0);
        let (windows, t) = (counts.len() as f64, window as f64);
        let seen = counts.iter().sum::<f64>() / windows;
        let variance = counts.iter().map(|count| (count - seen) * (count - seen)).sum::<f64>() / windows;
        // Fischer and Meier-Hellstern 1993, the index of dispersion of counts of a process with two states.
        let (sum, gap) = (on + off, rates[0] - rates[1]);
        let long = 2.0 * on * off * gap * gap / (sum * sum * (rates[0] * off + rates[1] * on));
        let index = 1.0 + long * (1.0 - (1.0 - sim_core::stats::exp(-sum * t)) / (sum * t));
        // Windows are correlated over sum^-1 = 0.75 s: the variance of a mean is that of the longest windows.
        let error = (mean * (1.0 + long) / length as f64).sqrt();
        assert!((seen / t - mean).abs() < 4.0 * error, "mean {} for {mean}", seen / t);
        // The relative error of a variance from n windows is that of nearly independent counts with heavier tails than normal ones.
        let tolerance = 4.0 * (3.0 / windows).sqrt() * (1.0 + 2.0 / t).sqrt();
        assert!((variance / seen / index - 1.0).abs() < tolerance, "{window} s: {} for {index}, within {tolerance}", variance / seen);
    }
}

#[test]
fn bursts_begin_on_as_often_as_they_are_on() {
    let course = course(&Arrivals::OnOff(bursts(100, 300, 1_000_000, 0)));
    let starts_on = |seed| !instants(&course, seed, SimTime::from_nanos(20_000)).is_empty();
    let on = (1..=4_000).filter(|&seed| starts_on(seed)).count() as f64;
    // A quarter of 4000, within four standard errors (a burst may be over, or just begun, within 20 us: once in 5000).
    assert!((on - 1_000.0).abs() < 4.0 * (4_000.0_f64 * 0.25 * 0.75).sqrt(), "{on}");
}

#[test]
fn recorded_calls_come_when_they_came_whatever_the_seed() {
    let mut trace = Trace { file: Some("calls.csv".to_owned()), ..Trace::default() };
    trace.take(Recorded::Times([1_500, 20, 1_500, 30_000].map(ms).to_vec()));
    let expected = vec![at(20), at(1_500), at(1_500) + SimDuration::NANOSECOND];
    for seed in 1..=3 {
        assert_eq!(own(Arrivals::Trace(trace.clone()), seed), expected, "what was recorded behind the horizon does not come");
    }
    let rates = [(0, 10), (10, 190)];
    trace.take(Recorded::Rates(rates.map(|(from, rate)| (secs(from), per_second(rate))).to_vec()));
    trace.times.clear();
    assert_eq!(own(Arrivals::Trace(trace), 1), own(piecewise(&rates, Between::Constant, None), 1));
}

#[test]
fn what_a_spike_adds_follows_the_course_and_moves_nothing_of_it() {
    let every_second = |k: u64| ms(2_000 * (k / 100) + 10 * (k % 100));
    let recorded = Trace { times: (0..1_000).map(every_second).collect(), ..Trace::default() };
    let pulses = piecewise(&[(0, 100), (1, 0)], Between::Constant, Some(secs(2)));
    for arrivals in [pulses, Arrivals::OnOff(bursts(500, 500, 200, 0)), Arrivals::Trace(recorded), ramp(10, 190, 20, Spaced::Random)] {
        let calm = own(arrivals.clone(), 5);
        let (own, added) = made(arrivals.clone(), vec![spike(3.0, 4_000, 10_000), spike(2.0, 6_000, 4_000)], 5);
        assert_eq!(own, calm, "{arrivals:?}");
        assert!(added.iter().all(|instant| (at(4_000)..at(14_000)).contains(instant)));
        // In each half second there are 2 more for each of its own calls, and 5 more while both are on, within the spread of both.
        let (mut expected, mut seen) = (0.0, 0.0);
        for (window, (own, added)) in counts(&calm, 500).into_iter().zip(counts(&added, 500)).enumerate() {
            let factor = match window {
                12..20 => 5.0,
                8..28 => 2.0,
                _ => 0.0,
            };
            expected += own * factor;
            seen += added;
            if own <= 0.0 && matches!(arrivals, Arrivals::Piecewise(_)) {
                assert!(added <= 0.0, "{arrivals:?}: nothing is added to silence");
            }
        }
        // The expected number has the spread of the population's own calls, seven of ten of which count fivefold.
        let error = (seen + 5.0 * expected).sqrt();
        assert!((seen - expected).abs() < 4.0 * error && seen > 500.0, "{arrivals:?}: {seen} for {expected}");
    }
}

#[test]
fn a_dip_leaves_out_calls_of_a_course_and_moves_none() {
    let arrivals = || Arrivals::OnOff(bursts(500, 500, 400, 20));
    let (calm, kept) = (own(arrivals(), 2), made(arrivals(), vec![spike(0.25, 5_000, 10_000)], 2).0);
    assert!(kept.iter().all(|instant| calm.contains(instant)) && kept.len() < calm.len());
    let within = |calls: &[SimTime]| calls.iter().filter(|instant| (at(5_000)..at(15_000)).contains(instant)).count() as f64;
    let (all, left) = (within(&calm), within(&kept));
    assert!((left - all * 0.25).abs() < 4.0 * (all * 0.25 * 0.75).sqrt(), "{left} of {all}");
    assert_eq!(calm.len() - kept.len(), (all - left) as usize);
}

#[test]
fn a_course_that_makes_no_sense_is_refused() {
    let fields = |arrivals: Arrivals| -> Vec<String> {
        let complaints = Plan::new(&calling(arrivals, Vec::new())).expect_err("it is wrong");
        complaints.into_iter().map(|complaint| complaint.field.trim_start_matches("nodes.app.arrivals").to_owned()).collect()
    };
    assert_eq!(fields(piecewise(&[(0, 0), (5, 0)], Between::Constant, None)), [".rates"]);
    assert_eq!(fields(piecewise(&[(0, 5), (5, 1), (5, 2)], Between::Constant, None)), [".rates[2]"]);
    assert_eq!(fields(piecewise(&[(0, 5), (5, 1)], Between::Constant, Some(secs(4)))), [".repeats"]);
    assert_eq!(fields(ramp(0, 0, 5, Spaced::Random)), [".to"]);
    assert_eq!(fields(ramp(0, 5, 0, Spaced::Random)), [".over"]);
    assert_eq!(fields(Arrivals::OnOff(bursts(0, 1, 5, 0))), [".on.mean"]);
    let short = OnOff { off: Distribution::Constant(SimDuration::NANOSECOND), ..bursts(1, 1, 5, 0) };
    assert_eq!(fields(Arrivals::OnOff(short)), [".off"]);
    assert_eq!(fields(Arrivals::OnOff(bursts(1, 1, 0, 5))), [".rate"]);
    assert_eq!(fields(Arrivals::Trace(Trace::default())), [""]);
    let both = Trace { times: vec![ms(1)], rates: vec![(ms(1), per_second(1))], ..Trace::default() };
    assert_eq!(fields(Arrivals::Trace(both)), [""]);
}
