//! Who asks replicas whether they are well, when, and what is made of the answers?

use crate::faults::one_call;
use crate::process::{pause, sound, two_tiers};
use crate::*;
use models::faults::{ClockDrift, Errors};
use models::outcome::{Failure, Outcome};
use models::record::{CallName, FIRST_PROBE};
use models::services::{Fifo, Task};
use models::strategies::balance::{Random, RoundRobin};
use models::strategies::cache::IdempotencyKeys;
use models::strategies::ejection::Envoy;
use models::strategies::health::{AnyHealthCheck, EnvoyHealthCheck, KubernetesProbe, ProbeKind};
use models::strategies::{Balance, Scope, Shift};
use std::collections::BTreeMap;

const ONE: SimDuration = SimDuration::NANOSECOND;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn balance(health: Option<AnyHealthCheck>) -> Balance {
    Balance {
        policy: RoundRobin {}.into(),
        outliers: None,
        breakers: None,
        health: health.map(Box::new),
        panic_threshold: None,
        zone_aware: None,
        host_selection_retry_max_attempts: 0,
        slow_start: None,
        weights: Vec::new(),
        per: Scope::Process,
    }
}

fn probed(health: impl Into<AnyHealthCheck>) -> Vec<Layer> {
    vec![Layer::Balance(balance(Some(health.into())))]
}

const fn envoy(interval: SimDuration) -> EnvoyHealthCheck {
    EnvoyHealthCheck {
        timeout: secs(1),
        interval,
        unhealthy_threshold: 3,
        healthy_threshold: 2,
        no_traffic_interval: secs(60),
        unhealthy_interval: None,
    }
}

/// Twenty calls a second for 100 s of three replicas, 10 ms away, which need a millisecond each. A call is waited for 2 s.
fn three(stack: Vec<Layer>, faults: Vec<PlannedFault>) -> SystemSpec {
    let mut spec = one_call([vec![timeout(secs(2))], stack].concat(), faults);
    spec.clients[0].1 = clients(5, "server", poisson(20));
    spec.services[0].1 = Service { replicas: 3, ..service(Distribution::Constant(ms(1))) };
    spec.clockwork.horizon = secs(100);
    spec
}

const fn is_probe(name: &CallName) -> bool {
    name.ordinal >= FIRST_PROBE
}

/// When the probes of a replica began.
fn began(ended: &Ended, replica: u32) -> Vec<SimDuration> {
    let is_it = |record: &Record| matches!(record, Record::CallStarted(name) if is_probe(name) && name.client == replica);
    ended.seen.iter().filter(|(_, record)| is_it(record)).map(|(at, _)| at.since_start()).collect()
}

fn shifts(ended: &Ended) -> Vec<(SimDuration, Shift)> {
    let shift = |(at, record): &(SimTime, Record)| match record {
        Record::Shifted(shifted) => Some((at.since_start(), shifted.shift)),
        _ => None,
    };
    ended.seen.iter().filter_map(shift).collect()
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

/// Messages add up, and no record is left: what holds of systems for which no books are kept.
fn drained(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
}

/// When calls of clients were sent to a node.
fn calls_to(ended: &Ended, node: &str) -> Vec<SimDuration> {
    let goes_there =
        |record: &Record| matches!(record, Record::Sent(name, to) if !is_probe(&name.call) && ended.plan.nodes[to.index()].name == node);
    ended.seen.iter().filter(|(_, record)| goes_there(record)).map(|(at, _)| at.since_start()).collect()
}

#[test]
fn a_replica_that_dies_is_left_out_when_the_rule_says_and_comes_back_at_the_threshold() {
    let rule = KubernetesProbe { success_threshold: 2, ..KubernetesProbe::default() };
    let dies = |while_down| vec![crash("server[1]", secs(10), Some(secs(40)), while_down)];
    let ended = play(&three(probed(rule.clone()), dies(WhileDown::Silence)), 1);
    sound(&ended);
    // It dies at the instant of a probe: two periods and a timeout later it is left out. It returns at the instant of another, which
    // succeeds, and so does the one after that; the answer is there after 20 ms of travel and the nanosecond that a worker is held.
    let (out, back) = (secs(31), secs(60) + ms(20) + ONE);
    assert_eq!(shifts(&ended), [(out, Shift::Ejected(1)), (back, Shift::Returned(1))]);
    let there = calls_to(&ended, "server[1]");
    assert!(there.iter().all(|at| *at < out || *at >= back), "{there:?}");
    assert!(there.iter().any(|at| secs(25) < *at && *at < out) && there.iter().any(|at| *at > back));
    // Nobody listens: the probe fails as soon as that is heard.
    let ended = play(&three(probed(rule), dies(WhileDown::Refusal)), 1);
    assert_eq!(shifts(&ended), [(secs(30) + ms(20), Shift::Ejected(1)), (back, Shift::Returned(1))]);
}

#[test]
fn probes_begin_at_their_period_until_arrivals_end_and_count_among_no_calls() {
    let rule = KubernetesProbe { initial_delay: secs(3), period: secs(5), ..KubernetesProbe::default() };
    let (with, without) = (play(&three(probed(rule), Vec::new()), 1), play(&three(vec![Layer::Balance(balance(None))], Vec::new()), 1));
    sound(&with);
    for replica in 0..3 {
        assert_eq!(began(&with, replica), (0..20).map(|nth| secs(3 + 5 * nth)).collect::<Vec<_>>());
    }
    assert_eq!(
        (observed(&with, "health checks"), observed(&with, "health checks failed"), observed(&without, "health checks")),
        (60, 0, 0)
    );
    let counted = |ended: &Ended| {
        let measures = ended.measures.clone();
        (measures.calls, measures.succeeded, measures.latency, measures.edges)
    };
    assert_eq!(counted(&with), counted(&without));
    assert_eq!(with.measures.messages.sent, without.measures.messages.sent + 120);
}

#[test]
fn probes_change_nothing_of_calls_as_long_as_all_are_well() {
    for seed in 1..=5 {
        let spec = |health: Option<AnyHealthCheck>| {
            let mut spec = three(vec![Layer::Balance(Balance { policy: Random {}.into(), ..balance(health) })], Vec::new());
            spec.services[0].1.demand = exponential(ms(100));
            spec.links = vec![link("app", "server", exponential(ms(50)))];
            spec
        };
        let of_calls = |ended: &Ended| {
            let of_a_call = |record: &Record| match record {
                Record::CallStarted(name) | Record::CallEnded(name, _) => !is_probe(name),
                Record::Sent(name, _) | Record::Started(name, _) | Record::Answered(name, ..) | Record::Delivered(name, ..) => {
                    !is_probe(&name.call)
                }
                _ => panic!("{record:?}"),
            };
            ended.seen.iter().copied().filter(|(_, record)| of_a_call(record)).collect::<Vec<_>>()
        };
        let (with, without) =
            (play(&spec(Some(KubernetesProbe { period: secs(1), ..KubernetesProbe::default() }.into())), seed), play(&spec(None), seed));
        assert!(observed(&with, "health checks") > 200);
        assert_eq!(of_calls(&with), of_calls(&without));
    }
}

/// Of each call of a client: when it came, and how long the request of its first attempt travelled and was worked on.
fn luck(ended: &Ended) -> BTreeMap<u64, (SimTime, Vec<SimDuration>)> {
    let mut all: BTreeMap<u64, (SimTime, SimTime, Vec<SimDuration>)> = BTreeMap::new();
    for &(at, record) in &ended.seen {
        match record {
            Record::CallStarted(name) if !is_probe(&name) => {
                all.insert(name.key.bits(), (at, at, Vec::new()));
            }
            Record::Started(name, _) | Record::Answered(name, _, Outcome::Success) if !is_probe(&name.call) && name.number == 1 => {
                let (_, last, spans) = all.get_mut(&name.call.key.bits()).expect("it was made");
                spans.push(at - *last);
                *last = at;
            }
            _ => {}
        }
    }
    all.into_iter().map(|(key, (came, _, spans))| (key, (came, spans))).collect()
}

#[test]
fn calls_keep_their_arrivals_delays_and_demands_when_probes_leave_a_replica_out() {
    let spec = |health| {
        let faults = vec![crash("server[1]", secs(10), Some(secs(40)), WhileDown::Silence)];
        let mut spec = three(vec![Layer::Balance(balance(health))], faults);
        spec.services[0].1.demand = exponential(ms(100));
        spec.links = vec![link("app", "server", exponential(ms(50)))];
        spec
    };
    let (with, without) = (play(&spec(Some(envoy(secs(2)).into())), 7), play(&spec(None), 7));
    sound(&with);
    let (with, without) = (luck(&with), luck(&without));
    assert!(with.keys().eq(without.keys()));
    let worked = |spans: &[SimDuration]| spans.len() == 2;
    let (mut same, mut saved) = (0, 0);
    for (key, (came, spans)) in &with {
        let (came_without, spans_without) = &without[key];
        assert_eq!(came, came_without);
        if worked(spans) && worked(spans_without) {
            assert_eq!(spans, spans_without);
            same += 1;
        }
        saved += u32::from(worked(spans) && !worked(spans_without));
    }
    assert!(same > 1_500 && saved > 100, "{same} {saved}");
}

#[test]
fn a_probe_waits_for_a_worker_and_asks_for_no_work_and_no_calls() {
    // The only worker is busy from 10 ms to 5.01 s: the probes of 1 s, 2 s and 3 s wait, and fail. That of 5 s is answered in time.
    let rule = KubernetesProbe { period: secs(1), timeout: ms(500), ..KubernetesProbe::default() };
    let mut spec = one_call(probed(rule.clone()), Vec::new());
    spec.services[0].1 = Service { workers: 1, ..service(Distribution::Constant(secs(5))) };
    spec.clockwork.horizon = secs(8);
    let ended = play(&spec, 1);
    sound(&ended);
    let shifts_of = shifts(&ended);
    assert_eq!(shifts_of.first().map(|(at, shift)| (*at, *shift)), Some((ms(3_500), Shift::Ejected(0))));
    assert_eq!(shifts_of.len(), 2, "{shifts_of:?}");
    assert!(shifts_of[1].0 > secs(5) && shifts_of[1].0 < secs(5) + ms(40), "{shifts_of:?}");
    // With no place to wait it is refused at once, which a proxy believes at once.
    spec.services[0].1.queue = Queue::Fifo(Fifo { limit: Some(0), ..Fifo::default() });
    spec.stacks[0].1 = probed(EnvoyHealthCheck { no_traffic_interval: secs(1), ..envoy(secs(1)) });
    spec.clients[0].1 = clients(1, "server", closed(Distribution::Constant(ms(500))));
    assert_eq!(shifts(&play(&spec, 1)).first(), Some(&(secs(1) + ms(40) + ONE * 2, Shift::Ejected(0))));
    // Probes of the front make no calls of the back, ask no idempotency keys, and hold a worker for a nanosecond each.
    let mut spec = two_tiers(Vec::new(), Vec::new());
    spec.stacks.push(("app -> front".to_owned(), probed(rule)));
    spec.services[0].1.idempotency = Some(IdempotencyKeys::default());
    let ended = play(&spec, 1);
    sound(&ended);
    let made = |edge: &str| {
        let is_it = |record: &Record| matches!(record, Record::CallStarted(name) if ended.plan.edges[name.edge.index()].name == edge);
        ended.seen.iter().filter(|(_, record)| is_it(record)).count()
    };
    assert_eq!((made("app -> front"), made("front -> back"), observed(&ended, "requests replayed")), (61, 1, 0));
    assert_eq!(ended.measures.work, ms(100) + ONE * 61);
}

/// The front, which probes the back, lives through these faults.
fn front_under(faults: Vec<PlannedFault>) -> Ended {
    let mut spec = two_tiers(probed(KubernetesProbe::default()), faults);
    spec.clockwork.horizon = secs(60);
    let ended = play(&spec, 1);
    sound(&ended);
    ended
}

#[test]
fn a_process_that_is_dead_or_paused_probes_nobody_and_goes_on_when_it_returns() {
    assert_eq!(began(&front_under(Vec::new()), 0), [ONE, secs(10), secs(20), secs(30), secs(40), secs(50)]);
    let dead = front_under(vec![crash("front", secs(15), Some(secs(23)), WhileDown::Silence)]);
    assert_eq!(began(&dead, 0), [ONE, secs(10), secs(38) + ONE, secs(48) + ONE, secs(58) + ONE]);
    let paused = front_under(vec![pause("front", 15_000, 23_000)]);
    assert_eq!(began(&paused, 0), [ONE, secs(10), secs(38), secs(48), secs(58)]);
    for ended in [&dead, &paused] {
        assert_eq!((observed(ended, "health checks failed"), shifts(ended)), (0, Vec::new()));
    }
    // A probe that is under way when its process dies is nobody's; one whose time runs out during a pause has failed.
    let dead = front_under(vec![crash("front", secs(10) + ms(5), Some(secs(3)), WhileDown::Silence)]);
    assert_eq!((began(&dead, 0)[2], observed(&dead, "health checks failed")), (secs(13) + ms(5) + ONE, 0));
    let paused = front_under(vec![pause("front", 10_005, 3_000)]);
    assert_eq!((began(&paused, 0)[2], observed(&paused, "health checks failed")), (secs(20), 1));
    // A way that is cut swallows probes like anything else.
    let parted = front_under(vec![cut("server", "back", false, secs(10), Some(secs(30)))]);
    assert_eq!(shifts(&parted), [(secs(31), Shift::Ejected(0)), (secs(40) + ms(20) + ONE, Shift::Returned(0))]);
}

#[test]
fn periods_go_by_the_clock_of_the_process() {
    let rate: sim_core::units::Ppm = "500000ppm".parse().expect("it is a rate");
    let drift = AnyFault::ClockDrift(ClockDrift { node: Names::one("front"), domain: Names::default(), rate });
    let ended = front_under(vec![PlannedFault::once(drift, secs(5), Some(secs(100)))]);
    // From 5 s on, 15 s by its clock are 10 s.
    let expected = [ms(0), ms(8_333), ms(15_000), ms(21_666), ms(28_333), ms(35_000), ms(41_666), ms(48_333), ms(55_000)];
    let found = began(&ended, 0);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert!(found.iter().zip(expected).all(|(at, about)| *at >= about && *at < about + ms(1)), "{found:?}");
}

#[test]
fn a_proxy_checks_seldom_before_the_first_call_and_an_interval_after_the_end_of_a_check_then() {
    let mut spec = one_call(probed(envoy(secs(5))), Vec::new());
    spec.clients[0].1 = clients(1, "server", closed(Distribution::Constant(secs(100))));
    spec.clockwork.horizon = secs(140);
    let ended = play(&spec, 1);
    sound(&ended);
    let trip = ms(20) + ONE;
    let mut expected = vec![ONE];
    for (count, wait) in [(2, secs(60)), (4, secs(5))] {
        for _ in 0..count {
            expected.push(*expected.last().expect("there is a first") + trip + wait);
        }
    }
    expected.retain(|at| *at < secs(140));
    assert_eq!(began(&ended, 0), expected);
}

#[test]
fn a_check_that_passes_again_ends_an_ejection_unless_the_proxy_is_told_otherwise() {
    let returned = |uneject: bool| {
        let errors = Errors {
            node: Names::one("server[1]"),
            domain: Names::default(),
            share: Share::ALL,
            after_work: false,
            caller: Names::default(),
            answer: Failure::ServerError,
            retry_after: None,
        };
        let ejector = Envoy {
            consecutive_5xx: 2,
            base_ejection_time: secs(50),
            max_ejection_percent: 100,
            successful_active_health_check_uneject_host: uneject,
            ..Envoy::default()
        };
        let layer = Balance {
            outliers: Some(ejector.into()),
            ..balance(Some(EnvoyHealthCheck { no_traffic_interval: secs(5), ..envoy(secs(5)) }.into()))
        };
        let fault = PlannedFault::once(AnyFault::Errors(errors), secs(11), Some(secs(8)));
        let ended = play(&three(vec![Layer::Balance(layer)], vec![fault]), 1);
        drained(&ended);
        let shifts = shifts(&ended);
        assert_eq!(shifts.iter().map(|(_, shift)| *shift).collect::<Vec<_>>(), [Shift::Ejected(1), Shift::Returned(1)]);
        assert!(shifts[0].0 > secs(11) && shifts[0].0 < secs(13), "{shifts:?}");
        shifts[1].0
    };
    // Calls have it ejected before the check at some 15 s fails; those at some 20 and 25 s make it well.
    assert!((secs(25)..secs(26)).contains(&returned(true)), "{:?}", returned(true));
    assert!(returned(false) >= secs(60));
}

#[test]
fn whatever_happens_on_the_way_messages_add_up_and_no_record_is_left() {
    for seed in 1..=40 {
        let faults = vec![
            crash("front[0]", secs(7), Some(secs(5)), WhileDown::Silence),
            crash("back[1]", secs(9) + ms(3), Some(secs(6)), WhileDown::Refusal),
            pause("front[1]", 8_000, 7_300),
            pause("back[0]", 20_000, 4_100),
            crash("front[1]", secs(12), Some(secs(1)), WhileDown::Silence),
            cut("server", "back", true, secs(26), Some(secs(3))),
        ];
        let mut spec = two_tiers([vec![timeout(secs(1))], probed(envoy(ms(300)))].concat(), faults);
        spec.clients[0].1 = clients(5, "front", poisson(50));
        spec.stacks.push(("app -> front".to_owned(), [vec![timeout(secs(2))], probed(envoy(ms(700)))].concat()));
        for (service, late) in [(0, LateWork::SkipQueued), (1, LateWork::Finish)] {
            let of = &mut spec.services[service].1;
            (of.replicas, of.workers, of.late_work) = (2, 20, late);
        }
        assert_eq!(spec.services[0].1.does, [Task::Call("back".to_owned())]);
        for link in &mut spec.links {
            link.delay = exponential(ms(200));
            (link.duplicate, link.loss) = (Share::percent(20), Share::percent(5));
        }
        spec.clockwork.horizon = secs(40);
        let ended = play(&spec, seed);
        drained(&ended);
        assert!(observed(&ended, "health checks") > 100 && observed(&ended, "health checks failed") > 10);
        assert_eq!(ended.digest, play(&spec, seed).digest);
    }
}

#[test]
fn a_balancer_restarts_nobody_and_its_probes_are_a_process_s_own() {
    let fields = |balance: &Balance| {
        let complaints = models::strategies::Strategy::check(balance);
        complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>()
    };
    let rule = KubernetesProbe { kind: ProbeKind::Liveness, period: SimDuration::ZERO, ..KubernetesProbe::default() };
    assert_eq!(fields(&balance(Some(rule.into()))), ["health.period", "health.kind"]);
    for per in [Scope::Client, Scope::Edge] {
        assert_eq!(fields(&Balance { per, ..balance(Some(envoy(secs(5)).into())) }), ["per"]);
        assert_eq!(fields(&Balance { per, ..balance(None) }), [""; 0]);
    }
}
