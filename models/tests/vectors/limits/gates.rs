//! Vectors of B1, B8, B9, D2 and D7: attempts, deadlines, hints, throttles and rate limiters.

use super::*;

pub fn three_layers_of_three_attempts_make_27_calls_of_the_leaf() {
    let service = |name: &str, calls: Option<&str>| {
        let does = calls.map(|callee| Task::Call(callee.to_owned())).into_iter().collect();
        let service = Service { does, domain: Placement(vec!["zone".to_owned()]), ..Service::new(100, Distribution::Constant(ms(1))) };
        (name.to_owned(), service)
    };
    let retry = || Retry::new(Attempts::AtMost(3), AnyBackoff::Constant(Constant { delay: ms(10) }));
    let edges = ["app -> front", "front -> middle", "middle -> leaf"];
    let down = Crash { node: Names::one("leaf"), while_down: WhileDown::Refusal, ..Crash::default() };
    let spec = SystemSpec {
        clients: vec![("app".to_owned(), Clients::new(1, Arrivals::AllAtOnce(AllAtOnce {}), "front", "zone"))],
        services: vec![service("front", Some("middle")), service("middle", Some("leaf")), service("leaf", None)],
        links: vec![Link::between("zone", "zone", Distribution::Constant(ms(1)))],
        stacks: edges.map(|edge| (edge.to_owned(), vec![Layer::Retry(retry())])).to_vec(),
        faults: vec![PlannedFault::once(AnyFault::Crash(down), SimDuration::NANOSECOND, None)],
        ..SystemSpec::default()
    };
    let plan = Arc::new(Plan::new(&spec).unwrap_or_else(|complaints| panic!("{complaints:?}")));
    let mut sent = BTreeMap::new();
    let mut watch = |_: SimTime, record: &Record| {
        if let Record::Sent(_, node) = record {
            *sent.entry(*node).or_insert(0) += 1;
        }
    };
    let stop = World::start(plan, Nobody, Seed::new(1), TieBreak::ByRank).run_until(SimTime::MAX, 1_000_000, Some(&mut watch));
    assert_eq!(stop, Stop::Finished);
    let mut counts: Vec<_> = sent.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [3, 9, 27]);
}

pub fn a_total_of_a_second_has_room_for_three_attempts() {
    let (takes, wait, total) = (ms(300), ms(100), ms(1_000));
    let (mut elapsed, mut attempts) = (takes, 1);
    while may_still_start(elapsed, wait, total) {
        elapsed = elapsed.saturating_add(wait).saturating_add(takes);
        attempts += 1;
    }
    assert_eq!((attempts, elapsed.saturating_add(wait)), (3, ms(1_200)));
    assert!(may_still_start(ms(900), ms(100), ms(1_000)) && !may_still_start(ms(900), ms(100), SimDuration::from_nanos(999_999_999)));
}

pub fn the_probability_of_the_sre_throttle() {
    let p = |k: f64, requests: u64, accepts: u64| Sre { k, ..Sre::default() }.probability(Counts { requests, accepts });
    for ((requests, accepts), wanted) in [((100, 100), 0.0), ((100, 40), 0.198_020), ((100, 10), 0.792_079), ((1_000, 0), 0.999_001)] {
        assert_close(p(2.0, requests, accepts), wanted);
    }
    assert_close(p(1.1, 100, 80), 0.118_812);
}

pub fn the_sre_throttle_without_accepts() {
    let throttle = Sre::default();
    let mut bins = throttle.fresh(at(0));
    let high = Draw::from_unit(0.999);
    let mut gauge = Vec::new();
    for _ in 0..4 {
        gauge.push(throttle.gauge(&mut bins, at(0)).1);
        throttle.ask(&mut bins, high, at(0));
    }
    for (is, wanted) in [(gauge[0], 0.0), (gauge[1], 0.5), (gauge[3], 0.75)] {
        assert_close(is, wanted);
    }
}

pub fn a_hint_beyond_the_deadline_fails_now() {
    let heeded = |seconds: u64| heed(Hint::After(ms(seconds * 1_000)), ms(5_000));
    assert_eq!([4, 5, 6].map(heeded), [Some(ms(4_000)), Some(ms(5_000)), None]);
}

pub fn linkerd_clamps_hints() {
    let clamp = |seconds: u64| clamped(ms(seconds * 1_000), (ms(2_000), ms(40_000)));
    assert_eq!([1, 10, 60].map(clamp), [2, 10, 40].map(|seconds| ms(seconds * 1_000)));
}

/// Which arrivals a limiter lets pass.
fn passes<G: Gate>(limiter: &G) -> [u64; 9] {
    let mut memory = limiter.fresh(at(0));
    ARRIVALS.map(|arrival| u64::from(limiter.ask(&mut memory, draw(), at(arrival)) == Pass::Now))
}

pub fn gcra_by_virtual_scheduling() {
    assert_eq!(passes(&Gcra { rate: Rate::per_second(10), tolerance: ms(200), per: Scope::Process }), PASSES);
}

/// What Resilience4j says to calls at these instants.
fn cycles(limit_for_period: u32, timeout: u64, arrivals: &[u64]) -> Vec<Pass> {
    let limiter =
        Resilience4j { limit_for_period, limit_refresh_period: ms(1_000), timeout_duration: ms(timeout), ..Resilience4j::default() };
    let mut memory = limiter.fresh(at(0));
    arrivals.iter().map(|arrival| limiter.ask(&mut memory, draw(), at(*arrival))).collect()
}

pub fn resilience4j_reserves_places_in_later_cycles() {
    let waits = (1..=5).map(|seconds| Pass::After(ms(seconds * 1_000)));
    let wanted: Vec<_> = [Pass::Now].into_iter().chain(waits).chain([Pass::Refused(ms(5_000)); 2]).collect();
    assert_eq!(cycles(1, 5_000, &[0; 8]), wanted);
}

pub fn resilience4j_within_a_cycle() {
    let (later, refused) = (Pass::After(ms(900)), Pass::Refused(ms(1_000)));
    assert_eq!(cycles(2, 1_000, &[100, 100, 100, 100, 100, 100, 1_100]), [Pass::Now, Pass::Now, later, later, refused, refused, later]);
}

pub fn a_token_bucket_does_what_gcra_does() {
    assert_eq!(passes(&TokenBucket { rate: Rate::per_second(10), burst: 3, per: Scope::Process }), PASSES);
}

pub fn the_probability_of_envoy_admission_control() {
    let usual = EnvoyAdmission::default();
    for ((n, s), wanted) in [((100, 95), 0.0), ((100, 90), 0.052_110), ((100, 50), 0.468_994), ((100, 0), 0.8)] {
        assert_close(usual.probability(n, s), wanted);
    }
    assert_close(EnvoyAdmission { aggression: 2.0, ..usual }.probability(100, 90), 0.228_277);
}

pub fn envoy_admission_control_with_other_numbers() {
    let other = EnvoyAdmission {
        sampling_window: ms(60_000),
        sr_threshold: Share::percent(90),
        aggression: 1.5,
        rps_threshold: 5,
        max_rejection_probability: Share::percent(70),
        per: Scope::Process,
    };
    assert_close(other.probability(299, 0), 0.0);
    assert_close(other.probability(300, 135), 0.628_564);
}
