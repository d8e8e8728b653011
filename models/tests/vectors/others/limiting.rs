//! Bulkheads, and limits on calls under way that find their own level.

use super::{at, ms, with_luck};
use models::strategies::bulkhead::{Bulkhead, Entry, Semaphore, ThreadPool};
use models::strategies::concurrency::{Aimd, ConcurrencyLimit, EnvoyGradient, Gradient2, Sample, Vegas, Window, Windowed};
use models::strategies::{Luck, Scope, Ticket};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

pub fn bulkhead_1() {
    let rule = Semaphore::default();
    let mut memory = rule.fresh(SimTime::ZERO);
    assert!((0..25).all(|ticket| rule.enter(&mut memory, Ticket(ticket), at(0)) == Entry::Admitted));
    assert_eq!(rule.enter(&mut memory, Ticket(25), at(0)), Entry::Rejected);

    let rule = Semaphore { max_wait_duration: ms(50), ..Semaphore::default() };
    let full = || {
        let mut memory = rule.fresh(SimTime::ZERO);
        assert!((0..25).all(|ticket| rule.enter(&mut memory, Ticket(ticket), at(0)) == Entry::Admitted));
        assert_eq!(rule.enter(&mut memory, Ticket(25), at(0)), Entry::Waiting(Some(at(50))));
        memory
    };
    assert_eq!(rule.leave(&mut full(), at(49)), Some(Ticket(25)));
    let mut late = full();
    assert!(rule.give_up(&mut late, Ticket(25)), "its time is up at 50");
    assert_eq!(rule.leave(&mut late, at(51)), None);
}

pub fn bulkhead_2() {
    let rule = ThreadPool {
        core_thread_pool_size: 2,
        max_thread_pool_size: 4,
        queue_capacity: 3,
        keep_alive_duration: ms(20),
        per: Scope::Process,
        pool: None,
    };
    let mut memory = rule.fresh(SimTime::ZERO);
    let answers: Vec<Entry> = (0..8).map(|ticket| rule.enter(&mut memory, Ticket(ticket), at(0))).collect();
    let (run, queued, rejected) = (Entry::Admitted, Entry::Waiting(None), Entry::Rejected);
    assert_eq!(answers, [run, run, queued, queued, queued, run, run, rejected]);
    assert_eq!(rule.occupied(&memory), (4, 3));
}

fn sample(rtt: u64, inflight: u32, is_dropped: bool) -> Sample {
    Sample { since: SimTime::ZERO, rtt: ms(rtt), inflight, is_dropped }
}

fn limit_after<L: ConcurrencyLimit>(rule: &L, samples: &[Sample], luck: &Luck<'_>) -> u32 {
    let mut memory = rule.fresh(luck, SimTime::ZERO);
    for sample in samples {
        rule.sample(&mut memory, sample, luck, SimTime::ZERO);
    }
    rule.limit(&mut memory, luck, SimTime::ZERO)
}

pub fn vegas_1() {
    with_luck(|luck| {
        let noload = sample(10, 1, false);
        let after = |initial_limit, rtt, inflight| {
            let rule = Vegas { initial_limit, ..Vegas::default() };
            limit_after(&rule, &[noload, sample(rtt, inflight, false)], luck)
        };
        assert_eq!([10, 11, 12, 15].map(|rtt| after(20, rtt, 10)), [26, 21, 20, 19]);
        assert_eq!((after(20, 10, 9), after(100, 10, 50)), (20, 112));
    });
}

pub fn vegas_4() {
    with_luck(|luck| {
        let rule = Vegas::default();
        let mut memory = rule.fresh(luck, SimTime::ZERO);
        rule.sample(&mut memory, &sample(10, 10, false), luck, SimTime::ZERO);
        rule.sample(&mut memory, &sample(9, 10, true), luck, SimTime::ZERO);
        assert_eq!((rule.limit(&mut memory, luck, SimTime::ZERO), memory.noload()), (20, Some(ms(9))));
        rule.sample(&mut memory, &sample(30, 1, true), luck, SimTime::ZERO);
        assert_eq!(rule.limit(&mut memory, luck, SimTime::ZERO), 19);
    });
}

pub fn gradient2_2() {
    let rule = Gradient2 { initial_limit: 100, ..Gradient2::default() };
    for (long, short, next) in [(10.0, 10.0, 100.8), (10.0, 20.0, 95.8), (10.0, 100.0, 90.8)] {
        let got = rule.next(100.0, long, short, 100);
        assert!((got - next).abs() < 1e-9, "{long}/{short} gives {got}, not {next}");
    }
    // The same through samples: two of 5 ms with nothing under way, and one of 20 ms, have a mean of 10 ms.
    with_luck(|luck| {
        assert_eq!(limit_after(&rule, &[sample(5, 0, false), sample(5, 0, false), sample(20, 100, false)], luck), 95);
    });
}

pub fn aimd_3() {
    with_luck(|luck| {
        let dropped = |initial_limit| limit_after(&Aimd { initial_limit, ..Aimd::default() }, &[sample(1, 1, true)], luck);
        assert_eq!((dropped(20), dropped(100)), (20, 90));
    });
}

pub fn windowed_5() {
    let rule = Windowed::default();
    let mut window = Window::default();
    let started = at(10);
    let first = Sample { since: started, rtt: ms(2), inflight: 1, is_dropped: false };
    assert!(rule.summary(&mut window, &first).is_none(), "one sample is thrown away");
    let ends = started.saturating_add(ms(2)).saturating_add(SimDuration::from_secs(1));
    let nanos = |n: u64| SimDuration::from_nanos(2_000_000 + n);
    for n in 0..9 {
        let sample = Sample { since: at(20), rtt: nanos(n), inflight: 5 + n as u32, is_dropped: n == 3 };
        assert!(rule.summary(&mut window, &sample).is_none());
    }
    let short = Sample { since: at(20), rtt: SimDuration::from_micros(50), inflight: 900, is_dropped: true };
    assert!(rule.summary(&mut window, &short).is_none());
    let ending = |rtt: SimDuration, end: SimTime| Sample {
        since: SimTime::from_nanos(end.as_nanos() - rtt.as_nanos()),
        rtt,
        inflight: 1,
        is_dropped: false,
    };
    assert!(rule.summary(&mut window, &ending(nanos(9), ends)).is_none(), "exactly at the end is within");
    let one = rule.summary(&mut window, &ending(nanos(10), ends.saturating_add(SimDuration::NANOSECOND))).expect("the window is closed");
    assert_eq!((one.rtt, one.inflight, one.is_dropped), (nanos(5), 13, true));
}

fn envoy() -> EnvoyGradient {
    EnvoyGradient {
        sample_aggregate_percentile: Share::percent(50),
        concurrency_update_interval: ms(100),
        max_concurrency_limit: 1000,
        min_rtt_interval: SimDuration::from_secs(60),
        min_rtt_request_count: 50,
        min_rtt_jitter: Share::percent(15),
        min_concurrency: 3,
        min_rtt_buffer: Share::percent(25),
        per: Scope::Process,
    }
}

pub fn envoy_1() {
    let rule = envoy();
    assert_eq!([10_000, 12_500, 25_000, 5_000].map(|micros| rule.next(100, 10_000, micros)), [136, 110, 57, 214]);
    assert_eq!(rule.next(4, 10_000, 100_000), 3);
}

pub fn envoy_2() {
    with_luck(|luck| {
        let rule = envoy();
        let mut memory = rule.fresh(luck, SimTime::ZERO);
        let ten = |since: SimTime| Sample { since, rtt: ms(10), inflight: 1, is_dropped: false };
        for n in 0..50 {
            assert_eq!(rule.limit(&mut memory, luck, at(n)), 3, "the floor is being measured");
            rule.sample(&mut memory, &ten(at(n)), luck, at(n + 10));
        }
        // The last of them ended at 59: windows end at 159, 259 and so on.
        let mut limits = vec![rule.limit(&mut memory, luck, at(59))];
        for window in 0..5 {
            rule.sample(&mut memory, &ten(at(80 + 100 * window)), luck, at(90 + 100 * window));
            limits.push(rule.limit(&mut memory, luck, at(159 + 100 * window)));
        }
        assert_eq!(limits, [3, 5, 8, 13, 20, 30]);
        rule.sample(&mut memory, &ten(at(600)), luck, at(610));
        assert_eq!(rule.limit(&mut memory, luck, at(659)), 43);
        assert_eq!(rule.limit(&mut memory, luck, at(5_000)), 43, "windows without samples change nothing");
    });
}
