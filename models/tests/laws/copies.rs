//! How many copies of a call go out: never too many, never more than budgets allow, and a call never waits for nothing.

use models::outcome::{Code, Failure, Hint, Outcome};
use models::strategies::Scope;
use models::strategies::hedge::{
    AfterDelay, AfterPercentile, AnyHedge, BackupRequests, FailedCopy, Flavour, Grpc, HedgeMemory, HedgedCall, Orders, Polly, Tower,
};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Share, SignedDuration};

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

fn draw(key: &str, ordinal: u64) -> Draw {
    Seed::new(12).draws(Key::named(key).child(ordinal), 0).share()
}

/// Each with the most copies of one call.
fn all() -> Vec<(AnyHedge, u32)> {
    let codes = vec![Code::Unavailable, Code::Internal];
    let grpc = |flavour, delay| Grpc {
        max_attempts: 4,
        hedging_delay: ms(delay),
        non_fatal_status_codes: codes.clone(),
        retry_throttling: None,
        flavour,
    };
    let polly = |millis: i64| Polly {
        max_hedged_attempts: 3,
        delay: SignedDuration::from_nanos(millis * 1_000_000),
        ignore: vec![Failure::ClientError],
    };
    let per = Scope::Process;
    vec![
        (grpc(Flavour::A6, 30).into(), 4),
        (grpc(Flavour::A6, 0).into(), 4),
        (grpc(Flavour::Java, 30).into(), 4),
        (polly(20).into(), 4),
        (polly(0).into(), 4),
        (polly(-1).into(), 4),
        (BackupRequests { max_extra_load: Share::percent(10), min_send_backup_after: ms(1), per }.into(), 2),
        (Tower { latency_percentile: Share::percent(90), min_data_points: 5, period: ms(1_000), per }.into(), 2),
        (AfterPercentile { period: ms(4_000), ..AfterPercentile::default() }.into(), 2),
        (AfterDelay { delay: ms(25), copies: 3 }.into(), 4),
    ]
}

/// What came of a call.
#[derive(Debug, PartialEq)]
struct Came {
    copies: u32,
    asked: u32,
    end: Option<Outcome>,
    ended: SimTime,
}

/// A call under way: copies with the instants at which they end.
struct Flight<'a> {
    rule: &'a AnyHedge,
    call: HedgedCall,
    /// Number, when it was sent, when it ends, and how.
    under_way: Vec<(u32, SimTime, SimTime, Outcome)>,
    copies: u32,
    asked: u32,
}

impl Flight<'_> {
    fn send(&mut self, call: u64, copies: u32, now: SimTime) {
        for _ in 0..copies {
            let luck = draw("copies", call * 16 + u64::from(self.copies));
            let outcome = match luck.index(10) {
                0..4 => Outcome::Success,
                4..8 => Outcome::Failed(Failure::Overload),
                8 => Outcome::Failed(Failure::ServerError),
                _ => Outcome::Failed(Failure::ClientError),
            };
            let took = SimDuration::from_micros(1_000 + luck.further(1).index(80_000));
            self.under_way.push((self.copies, now, now.saturating_add(took), outcome));
            self.copies += 1;
        }
    }
}

fn play(rule: &AnyHedge, memory: &mut HedgeMemory, call: u64, is_allowed: bool) -> Came {
    let start = SimTime::from_nanos(call * 100_000_000);
    let mut asked = 0;
    let mut allowed = || {
        asked += 1;
        is_allowed
    };
    let (hedged, mut orders) = rule.started(memory, &mut allowed, start);
    let mut flight = Flight { rule, call: hedged, under_way: Vec::new(), copies: 0, asked: 0 };
    flight.send(call, 1 + orders.copies, start);
    let (mut now, mut end) = (start, None);
    for _ in 0..1_000 {
        assert!(orders.wake.is_none_or(|wake| wake >= now), "{}: it wants to be asked in the past", rule.name());
        assert_eq!(flight.call.sent, flight.copies, "{}", rule.name());
        if orders.end.is_some() {
            end = orders.end;
            break;
        }
        let next = flight.under_way.iter().map(|(_, _, ends, _)| *ends).min();
        now = match (next, orders.wake) {
            (None, None) => panic!("{}: the call waits for nothing", rule.name()),
            (next, wake) => next.unwrap_or(SimTime::MAX).min(wake.unwrap_or(SimTime::MAX)),
        };
        let place = flight.under_way.iter().position(|(_, _, ends, _)| *ends == now);
        orders = match place.map(|place| flight.under_way.remove(place)) {
            None => flight.rule.due(memory, &mut flight.call, &mut allowed, now),
            Some((copy, since, _, Outcome::Success)) => {
                rule.succeeded(memory, &flight.call, copy, now.saturating_since(since), now);
                Orders { copies: 0, wake: None, end: Some(Outcome::Success) }
            }
            Some((copy, since, _, outcome)) => {
                let hint = match draw("hints", call * 16 + u64::from(copy)).index(6) {
                    0 => Some(Hint::After(ms(12))),
                    1 => Some(Hint::Never),
                    _ => None,
                };
                let (in_flight, took) = (flight.under_way.len() as u32, now.saturating_since(since));
                let failed = FailedCopy { copy, outcome, hint, in_flight, took };
                rule.failed(memory, &mut flight.call, &failed, &mut allowed, now)
            }
        };
        flight.send(call, orders.copies, now);
    }
    flight.asked = asked;
    Came { copies: flight.copies, asked: flight.asked, end, ended: now }
}

#[test]
fn every_rule_is_among_those_whose_laws_are_checked() {
    for (name, _) in AnyHedge::ALL {
        assert!(all().iter().any(|(rule, _)| rule.name() == *name), "{name}");
    }
    for (rule, _) in all() {
        assert_eq!(rule.check(), [], "{}", rule.name());
    }
}

#[test]
fn a_call_ends_after_no_more_copies_than_it_may_have_and_a_clone_goes_the_same_way() {
    for (rule, most) in all() {
        let mut memory = rule.fresh(SimTime::ZERO);
        let mut largest = 0;
        for call in 0..2_000 {
            let came = play(&rule, &mut memory, call, true);
            assert!(came.end.is_some(), "{}: call {call} does not end", rule.name());
            largest = largest.max(came.copies);
        }
        assert_eq!(largest, most, "{}: as many as it may send at some time, and never more", rule.name());
        let mut twin = memory.clone();
        for call in 2_000..2_200 {
            assert_eq!(play(&rule, &mut memory, call, true), play(&rule, &mut twin, call, true), "{}", rule.name());
        }
    }
}

#[test]
fn without_an_allowance_only_the_first_copy_goes_out_and_with_one_it_is_asked_for_each() {
    for (rule, _) in all() {
        let mut memory = rule.fresh(SimTime::ZERO);
        for call in 0..300 {
            let came = play(&rule, &mut memory, call, false);
            assert!(came.copies == 1 && came.end.is_some(), "{}: {came:?}", rule.name());
        }
        let mut memory = rule.fresh(SimTime::ZERO);
        for call in 0..300 {
            let came = play(&rule, &mut memory, call, true);
            let is_java = matches!(&rule, AnyHedge::Grpc(grpc) if grpc.flavour == Flavour::Java);
            let is_a6 = matches!(&rule, AnyHedge::Grpc(grpc) if grpc.flavour == Flavour::A6);
            // gRPC's throttle costs nothing to ask: it is asked after failures, too, whether or not a copy follows.
            assert!(came.asked + 1 == came.copies || (is_java || is_a6) && came.asked + 1 >= came.copies, "{}: {came:?}", rule.name());
        }
    }
}

#[test]
fn hedging_at_a_quantile_sends_as_many_twice_as_the_quantile_leaves() {
    // Calls that all succeed, evenly on 1 to 81 ms: about one in twenty is slower than the 95th percentile of those before.
    let rule = AnyHedge::from(AfterPercentile { period: ms(20_000), ..AfterPercentile::default() });
    let mut memory = rule.fresh(SimTime::ZERO);
    let hedged = (0..10_000).filter(|call| {
        let start = SimTime::from_nanos(call * 100_000_000);
        let took = SimDuration::from_micros(1_000 + draw("latency", *call).index(80_000));
        let (call, orders) = rule.started(&mut memory, &mut || true, start);
        let end = start.saturating_add(took);
        rule.succeeded(&mut memory, &call, 0, took, end);
        orders.wake.is_some_and(|wake| wake < end)
    });
    let share = hedged.count() as f64 / 10_000.0;
    // 200 calls make up each quantile: 1.5 % standard deviation of what is left beyond it, averaged over 49 periods, is 0.22 %.
    assert!((share - 0.05).abs() < 0.011, "{share}");
}

#[test]
fn a_throttle_that_closes_stops_the_copies_of_grpc_java_for_good_and_those_of_a6_for_a_while() {
    let sends = |flavour| {
        let rule = AnyHedge::from(Grpc {
            max_attempts: 4,
            hedging_delay: ms(100),
            non_fatal_status_codes: Vec::new(),
            retry_throttling: None,
            flavour,
        });
        let mut memory = rule.fresh(SimTime::ZERO);
        // Open until 150 ms and again from 350 ms on.
        let is_open = |millis: u64| !(150..350).contains(&millis);
        let (mut call, mut orders) = rule.started(&mut memory, &mut || is_open(0), SimTime::ZERO);
        let mut sent = vec![0];
        while let Some(wake) = orders.wake {
            let millis = wake.as_nanos() / 1_000_000;
            orders = rule.due(&mut memory, &mut call, &mut || is_open(millis), wake);
            sent.extend(std::iter::repeat_n(millis, orders.copies as usize));
        }
        sent
    };
    assert_eq!(sends(Flavour::A6), [0, 100, 400, 500]);
    assert_eq!(sends(Flavour::Java), [0, 100, 200], "the third was set when it was open, and is sent; it closes then");
}

#[test]
fn tower_counts_first_copies_of_the_last_full_period_only() {
    let rule = AnyHedge::from(Tower { latency_percentile: Share::ALL, min_data_points: 2, period: ms(1_000), per: Scope::Process });
    let mut memory = rule.fresh(SimTime::ZERO);
    let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
    let (call, _) = rule.started(&mut memory, &mut || true, at(0));
    for (copy, micros) in [(0, 9_100), (0, 5_000), (1, 50_000)] {
        rule.succeeded(&mut memory, &call, copy, SimDuration::from_micros(micros), at(100));
    }
    let mut delay = |millis| rule.started(&mut memory, &mut || true, at(millis)).1.wake.map(|wake| wake.saturating_since(at(millis)));
    assert_eq!((delay(999), delay(1_000), delay(1_999), delay(2_000)), (None, Some(ms(10)), Some(ms(10)), None));
}

#[test]
fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let fields = |rule: AnyHedge| rule.check().into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    let grpc =
        Grpc { max_attempts: 1, hedging_delay: ms(1), non_fatal_status_codes: Vec::new(), retry_throttling: None, flavour: Flavour::A6 };
    assert_eq!(fields(grpc.into()), ["max_attempts"]);
    assert_eq!(fields(Polly { max_hedged_attempts: 11, ..Polly::default() }.into()), ["max_hedged_attempts"]);
    let backup = BackupRequests { max_extra_load: Share::ALL, min_send_backup_after: SimDuration::ZERO, per: Scope::Edge };
    assert_eq!(fields(backup.into()), ["max_extra_load", "min_send_backup_after"]);
    assert_eq!(fields(AfterDelay { delay: SimDuration::ZERO, copies: 0 }.into()), ["delay", "copies"]);
}
