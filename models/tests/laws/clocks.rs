//! Timers go by their owner's clock, and members live one life at a time.

use crate::ledger::Ledger;
use crate::*;
use models::clocks::{AnyClock, ClockChange, Drift, Jump, Offset, RandomWalk};
use models::faults::{AnyFault, ClockDrift, ClockStep, Names, PlannedFault, WhileDown};
use models::ids::NodeId;
use models::protocols::{
    Acknowledge, Counted, Detector, Gossip, Group, Heartbeats, KeyValue, Lease, Method, Mode, Order, PhiAccrual, Raft, ReadsFrom, Swim,
    Sync, TimeServer,
};
use sim_core::units::Ppm;

/// A call that is never answered, and gives up after 500 ms.
fn unheard(clocks: Vec<(&str, AnyClock)>) -> SystemSpec {
    let way = Link { loss: Share::ALL, ..link("app", "server", Distribution::Constant(ms(50))) };
    let spec = pair(clients(1, "server", once()), service(Distribution::Constant(ms(100))), way, vec![timeout(ms(500))]);
    SystemSpec { clocks: clocks.into_iter().map(|(name, clock)| (name.to_owned(), clock)).collect(), ..spec }
}

fn ended_at(ended: &Ended) -> SimTime {
    let end = |(at, record): &(SimTime, Record)| matches!(record, Record::CallEnded(..)).then_some(*at);
    ended.seen.iter().find_map(end).expect("the call ended")
}

fn drift(rate: &str) -> AnyClock {
    AnyClock::Drift(Drift { rate: rate.parse().expect("it is a rate") })
}

#[test]
fn a_timeout_fires_by_the_clock_of_its_caller() {
    // The call is made at 1 ns. Of a clock that gains a tenth, 500 ms are 454.5 ms; of one that loses a tenth, 555.6 ms.
    for (rate, nanos) in [("100000ppm", 454_545_456), ("-100000ppm", 555_555_556), ("0ppm", 500_000_001)] {
        for name in ["app", "domain:app"] {
            assert_eq!(ended_at(&play(&unheard(vec![(name, drift(rate))]), 1)), SimTime::from_nanos(nanos), "{rate} of {name}");
        }
    }
}

#[test]
fn the_most_specific_name_says_which_clock_a_node_has() {
    let both = unheard(vec![
        ("domain:app", drift("100000ppm")),
        ("app", drift("0ppm")),
        ("server", drift("100000ppm")),
        ("server[0]", drift("1ppm")),
    ]);
    let plan = plan_of(&both);
    let rates: Vec<i64> = plan.clocks.iter().map(|clock| clock.parts.rate).collect();
    assert_eq!(rates, [0, 1_000_000]);
    let wrong = unheard(vec![("sever", drift("1ppm")), ("domain:moon", drift("1ppm"))]);
    let complaints = Plan::new(&wrong).expect_err("nothing is called that");
    let fields: Vec<&str> = complaints.iter().map(|complaint| complaint.field.as_str()).collect();
    assert_eq!(fields, ["clocks.sever", "clocks.\"domain:moon\""]);
}

fn struck(fault: AnyFault, lasts: Option<u64>) -> SimTime {
    ended_at(&play(&SystemSpec { faults: vec![PlannedFault::once(fault, ms(100), lasts.map(ms))], ..unheard(Vec::new()) }, 1))
}

#[test]
fn a_fault_of_a_clock_brings_its_timers_early_or_late_and_what_was_gained_stays() {
    for (rate, lasts, micros) in
        [("500000ppm", None, 366_667), ("-500000ppm", None, 900_000), ("500000ppm", Some(100), 450_000), ("-500000ppm", Some(100), 550_000)]
    {
        let drift = |node: &str, domain: &str| {
            let names = |name: &str| if name.is_empty() { Names::default() } else { Names::one(name) };
            AnyFault::ClockDrift(ClockDrift { node: names(node), domain: names(domain), rate: rate.parse().expect("it is a rate") })
        };
        for fault in [drift("app", ""), drift("", "app")] {
            let ended = struck(fault, lasts).as_nanos();
            assert!(ended.abs_diff(micros * 1_000) < 1_000, "{rate} for {lasts:?}: {ended}");
        }
        assert_eq!(struck(drift("server", ""), lasts), SimTime::from_nanos(500_000_001), "it is the clock of another");
    }
}

#[test]
fn a_clock_that_is_moved_misleads_who_reads_it_and_no_timer() {
    let step = |node: &str| {
        AnyFault::ClockStep(ClockStep { node: Names::one(node), domain: Names::default(), by: "-3s".parse().expect("it is a step") })
    };
    assert_eq!(struck(step("app"), None), SimTime::from_nanos(500_000_001));
    let least = |faults| {
        let Group::TimeServer(server) = groups().remove(0) else { unreachable!("it is the first") };
        let spec = SystemSpec { clocks: Vec::new(), ..grouped(Group::TimeServer(TimeServer { servers: 1, ..server }), faults) };
        let ended = play(&spec, 1);
        assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
        let errors = ended.measures.observations.into_iter().filter(|one| one.name == "error of an estimate");
        errors.map(|one| one.value as f64 / 1e9).fold(0.0, f64::min)
    };
    assert!(least(Vec::new()) > -1.0);
    let by = least(vec![PlannedFault::once(step("group"), ms(10_000), Some(ms(5_000)))]);
    assert!((-4.0..-2.5).contains(&by), "{by}");
}

#[test]
fn steps_and_offsets_of_a_wall_clock_change_nothing_that_happens() {
    let perfect = play(&unheard(Vec::new()), 1);
    let jump = AnyClock::Jump(Jump { at: ms(200), by: "-1h".parse().expect("it is a step") });
    for clock in [jump, AnyClock::Offset(Offset { by: "3s".parse().expect("it is a length") })] {
        let stepped = play(&unheard(vec![("app", clock)]), 1);
        assert_eq!((stepped.digest, stepped.seen), (perfect.digest, perfect.seen.clone()));
    }
}

#[test]
fn a_clock_that_speeds_up_or_slows_down_takes_its_timers_along() {
    let plan = plan_of(&unheard(Vec::new()));
    let ended = |changes: &[(u64, i32)]| {
        let mut run = start(&plan, Nobody, 1, TieBreak::ByRank);
        for &(millis, ppm) in changes {
            // A change happens when something happens; here from outside, at the last event before it.
            run.run_until(at(millis), MOST_EVENTS, None);
            let change = ClockChange { rate: Ppm::new(ppm), ..ClockChange::default() };
            run.intervene(|world, ctx| world.change_clock(NodeId(0), change, ctx));
        }
        ended_at(&finish(run))
    };
    // Everything that happens before the timeout happens in the first nanosecond, and so does the change.
    assert_eq!(ended(&[]), SimTime::from_nanos(500_000_001));
    assert_eq!(ended(&[(100, 1_000_000)]), SimTime::from_nanos(250_000_001));
    assert_eq!(ended(&[(100, -500_000)]), SimTime::from_nanos(1_000_000_001));
    assert_eq!(ended(&[(100, 1_000_000), (200, 0)]), SimTime::from_nanos(500_000_001), "a change that is over is no change");
}

pub fn grouped(group: Group, faults: Vec<PlannedFault>) -> SystemSpec {
    let room = Link { loss: Share::percent(10), ..link("room", "room", Distribution::Exponential { mean: ms(20) }) };
    let walk = RandomWalk { step: ms(700), sd: Ppm::new(20_000), limit: Ppm::new(100_000) };
    SystemSpec {
        clients: vec![("app".to_owned(), clients(5, "group", poisson(20)))],
        groups: vec![("group".to_owned(), group)],
        links: vec![link("app", "room", Distribution::Exponential { mean: ms(20) }), room],
        stacks: vec![("app -> group".to_owned(), vec![timeout(ms(300))])],
        clocks: vec![("domain:room".to_owned(), AnyClock::RandomWalk(walk)), ("app".to_owned(), drift("-3000ppm"))],
        faults,
        clockwork: models::plan::Clockwork { horizon: SimDuration::from_secs(30), ..Default::default() },
        ..SystemSpec::default()
    }
}

pub fn silence(node: &str, at: u64, lasts: u64) -> PlannedFault {
    crash(node, ms(at), Some(ms(lasts)), WhileDown::Silence)
}

/// The books follow one conversation per attempt: no session here speaks to several members at once, though it may be sent on to another.
pub fn groups() -> Vec<Group> {
    let domain = || Placement(vec!["room".to_owned()]);
    let second = SimDuration::from_secs(1);
    let phi = Detector::PhiAccrual(PhiAccrual { threshold: 3.0, window: 10, least_sd: SimDuration::ZERO, pause: SimDuration::ZERO });
    vec![
        Group::TimeServer(TimeServer {
            servers: 3,
            method: Method::Ntp,
            takes: ms(5),
            least_delay: SimDuration::ZERO,
            domain: domain(),
            message_size: USUAL_SIZE,
        }),
        Group::Lease(Lease {
            holders: 2,
            length: second,
            counted: Counted::FromRequest,
            renews_after: Some(ms(400)),
            domain: domain(),
            message_size: USUAL_SIZE,
            authenticated: false,
        }),
        Group::Heartbeats(Heartbeats {
            members: 3,
            every: second,
            detector: phi,
            domain: domain(),
            message_size: USUAL_SIZE,
            authenticated: false,
        }),
        Group::Heartbeats(Heartbeats {
            members: 3,
            every: second,
            detector: Detector::FixedTimeout(ms(1500)),
            domain: domain(),
            message_size: USUAL_SIZE,
            authenticated: false,
        }),
        Group::Swim(Swim {
            members: 5,
            period: second,
            timeout: ms(200),
            helpers: 2,
            order: Order::RoundRobin,
            domain: domain(),
            message_size: USUAL_SIZE,
            authenticated: false,
        }),
        Group::Gossip(Gossip {
            members: 5,
            every: second,
            mode: Mode::PushPull,
            fanout: 2,
            domain: domain(),
            message_size: USUAL_SIZE,
            authenticated: false,
        }),
        Group::KeyValue(KeyValue {
            members: 3,
            acknowledge: Acknowledge::All,
            reads_from: ReadsFrom::Any,
            sync: Sync::Every(ms(300)),
            domain: domain(),
            ..KeyValue::default()
        }),
        Group::Raft(Raft { domain: domain(), ..Raft::default() }),
    ]
}

/// Runs until nobody calls any more; what members do has no end.
fn played(spec: &SystemSpec, seed: u64, ties: TieBreak) -> (Arc<Plan>, Records, Digest) {
    let plan = plan_of(spec);
    let mut run = start(&plan, spec.groups[0].1.protocol(), seed, ties);
    let mut seen = Records::new();
    let mut watch = |at: SimTime, record: &Record| seen.push((at, *record));
    assert_ne!(run.run_until(at(40_000), MOST_EVENTS, Some(&mut watch)), Stop::TooManyEvents);
    let digest = run.digest();
    (plan, seen, digest)
}

#[test]
fn every_message_between_members_is_heard_once_or_lost_once_whatever_dies() {
    for group in groups() {
        let name = group.name();
        let spec = grouped(group, vec![silence("group[0]", 5_000, 900), silence("group[1]", 5_500, 4_000), silence("group", 15_000, 200)]);
        for seed in 1..=5 {
            let (plan, seen, digest) = played(&spec, seed, TieBreak::ByRank);
            Ledger::of(&plan, &seen);
            assert_eq!(played(&spec, seed, TieBreak::ByRank).2, digest, "{name}, seed {seed}");
            let of = |wanted: fn(&Record) -> bool| seen.iter().filter(|(_, record)| wanted(record)).count();
            assert!(of(|record| matches!(record, Record::CallEnded(_, outcome) if outcome.is_success())) > 50, "{name} answers calls");
            if name != "TimeServer" {
                assert!(of(|record| matches!(record, Record::MemberMissed(..))) > 5, "{name} loses messages");
                assert!(of(|record| matches!(record, Record::TimerFired(_))) > 20, "{name} has timers");
            }
        }
    }
}

#[test]
fn a_timer_of_a_member_never_fires_in_a_later_life() {
    let ten = SimDuration::from_secs(10);
    let gossip = Gossip {
        members: 2,
        every: ten,
        mode: Mode::PushPull,
        fanout: 1,
        domain: Placement(vec!["room".to_owned()]),
        message_size: USUAL_SIZE,
        authenticated: false,
    };
    let spec = SystemSpec { clocks: Vec::new(), ..grouped(Group::Gossip(gossip), vec![silence("group[1]", 3_000, 2_000)]) };
    let (plan, seen, _) = played(&spec, 1, TieBreak::ByRank);
    let fired = |node: NodeId| -> Vec<SimTime> {
        seen.iter().filter(|(_, record)| *record == Record::TimerFired(node)).map(|(at, _)| *at).collect()
    };
    let first = plan.group.as_ref().expect("there is a group").first;
    // The first life begins a nanosecond after the run.
    assert_eq!(fired(first), [10_000, 20_000, 30_000].map(|millis| at(millis) + SimDuration::NANOSECOND));
    assert_eq!(fired(NodeId(first.0 + 1)), [at(15_000), at(25_000), at(35_000)]);
}
