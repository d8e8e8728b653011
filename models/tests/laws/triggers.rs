//! When do faults strike that wait for something in the run, and what do they leave alone?

use crate::*;
use models::faults::{Timing, Trigger};
use models::protocols::{Group, Row};
use models::record::{CallName, Record};

const fn s(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// A server that answers at once, asked 100 times a second at equal distances for 20 s.
fn steady(faults: Vec<PlannedFault>) -> SystemSpec {
    let arrivals = Arrivals::Constant(models::workloads::Constant { rate: Some(Rate::per_second(100)), rate_per_client: None });
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(5, "server", arrivals), service(Distribution::Constant(ms(1))), way, vec![timeout(ms(50))]);
    spec.faults = faults;
    spec.clockwork.horizon = s(20);
    spec
}

fn when(trigger: Trigger, timing: Timing) -> PlannedFault {
    let fault = AnyFault::Crash(Crash { node: Names::one("server"), ..Crash::default() });
    PlannedFault { fault, timing: Timing { when: Some(trigger), ..timing } }
}

fn labelled(label: &str) -> Timing {
    Timing { label: Some(label.to_owned()), ..Timing::default() }
}

/// Begin and end of every strike of the fault with this label.
fn strikes(ended: &Ended, label: &str) -> Vec<(SimTime, Option<SimTime>)> {
    let mut all = Vec::new();
    for (at, record) in &ended.seen {
        match record {
            Record::FaultBegan(id, _) if ended.plan.faults[id.index()].label == label => all.push((*at, None)),
            Record::FaultEnded(id, _) if ended.plan.faults[id.index()].label == label => all.last_mut().expect("it began").1 = Some(*at),
            _ => {}
        }
    }
    all
}

const ONE: SimDuration = SimDuration::NANOSECOND;

#[test]
fn a_threshold_is_judged_at_the_end_of_each_whole_bin_over_that_bin() {
    // The server is down from 5.3 s to 7.3 s: the first bin with fewer than 90 successes is that of 5..6.
    let first = crash("server", ms(5_300), Some(s(2)), WhileDown::Silence);
    let second =
        when(Trigger::GoodputBelow { rate: Rate::per_second(90) }, Timing { lasts: Some(s(1)), at: Some(s(1)), ..labelled("second") });
    let ended = play(&steady(vec![first.clone(), second]), 1);
    assert_eq!(strikes(&ended, "second"), [(at(6_000) + ONE, Some(at(7_000) + ONE))]);
    // Half of the calls that end in that bin fail later than it is over; availability counts those that end in it.
    let share = Trigger::AvailabilityBelow { share: Share::percent(90) };
    let later = Timing { lasts: Some(s(1)), after: Some(ms(2_500)), ..labelled("second") };
    let ended = play(&steady(vec![first.clone(), when(share, later)]), 1);
    assert_eq!(strikes(&ended, "second"), [(at(8_500), Some(at(9_500)))]);
    // Not before: the first whole bin after 6.5 s is that of 7..8, which is bad until 7.3 s.
    let trigger = Trigger::GoodputBelow { rate: Rate::per_second(90) };
    let not_before = Timing { lasts: Some(s(1)), at: Some(ms(6_500)), ..labelled("second") };
    let ended = play(&steady(vec![first, when(trigger, not_before)]), 1);
    assert_eq!(strikes(&ended, "second"), [(at(8_000) + ONE, Some(at(9_000) + ONE))]);
}

#[test]
fn it_strikes_as_often_as_it_may_and_listens_again_only_after_its_strike() {
    // Goodput is above the threshold in every bin without a crash: 0..1, then the crash of 1..3, then 3..4 and so on.
    let trigger = || Trigger::GoodputAbove { rate: Rate::per_second(80) };
    let timing = |times| Timing { lasts: Some(s(2)), times, ..labelled("crash") };
    let begins = |times| strikes(&play(&steady(vec![when(trigger(), timing(times))]), 1), "crash").len();
    assert_eq!(begins(None), 1);
    assert_eq!(begins(Some(3)), 3);
    // Every three seconds from the first on: at 1, 4, 7, 10, 13, 16 and 19 s.
    assert_eq!(begins(Some(1_000)), 7);
}

#[test]
fn the_begin_and_the_end_of_a_fault_set_off_others_and_themselves() {
    let first = PlannedFault {
        timing: Timing { label: Some("first".to_owned()), ..Timing::once(s(5), Some(s(2))) },
        ..slow("server", 2.0, s(5), None)
    };
    let on_begin =
        when(Trigger::FaultBegins { label: "first".to_owned() }, Timing { lasts: Some(s(1)), after: Some(ms(500)), ..labelled("b") });
    let on_end = when(Trigger::FaultEnds { label: "first".to_owned() }, Timing { lasts: Some(s(1)), ..labelled("e") });
    // It sets off itself, three times in all, and once by the other.
    let own = when(Trigger::FaultEnds { label: "e".to_owned() }, Timing { lasts: Some(ms(100)), ..labelled("e") });
    let ended = play(&steady(vec![first, on_begin, on_end, own]), 1);
    assert_eq!(strikes(&ended, "b"), [(at(5_500), Some(at(6_500)))]);
    let second = at(8_000) + ONE * 2;
    assert_eq!(strikes(&ended, "e"), [(at(7_000) + ONE, Some(at(8_000) + ONE)), (second, Some(second + ms(100)))]);
}

#[test]
fn a_fault_that_waits_re_rolls_nothing() {
    let mut spec = steady(Vec::new());
    spec.clients[0].1.arrivals = poisson(200);
    spec.links[0].delay = exponential(ms(2));
    let calm = play(&spec, 4);
    spec.faults = vec![when(
        Trigger::GoodputAbove { rate: Rate::per_second(100) },
        Timing { lasts: Some(s(2)), times: Some(5), ..Timing::default() },
    )];
    let stormy = play(&spec, 4);
    assert!(strikes(&stormy, "crash of server").len() > 3);
    let calls = |ended: &Ended| -> Vec<(SimTime, CallName)> {
        ended
            .seen
            .iter()
            .filter_map(|(at, record)| if let Record::CallStarted(name) = record { Some((*at, *name)) } else { None })
            .collect()
    };
    assert_eq!(calls(&calm), calls(&stormy));
    // Whoever arrives in both runs was under way for the same time.
    let arrivals = |ended: &Ended| -> std::collections::BTreeMap<_, _> {
        let started = ended.seen.iter().filter_map(|(at, record)| match record {
            Record::Started(name, _) => Some(((name.call.key, name.number), *at)),
            _ => None,
        });
        started.collect()
    };
    let (calm, stormy) = (arrivals(&calm), arrivals(&stormy));
    assert!(stormy.len() > 1_000 && stormy.iter().all(|(name, at)| calm[name] == *at));
}

#[test]
fn what_waits_for_something_gives_the_same_run_twice_and_recovers_by_its_own_window() {
    let trigger = Trigger::GoodputAbove { rate: Rate::per_second(80) };
    let spec = steady(vec![when(trigger, Timing { lasts: Some(s(2)), at: Some(s(4)), ..Timing::default() })]);
    let (one, two) = (play(&spec, 9), play(&spec, 9));
    assert_eq!(one.digest, two.digest);
    let episode = &one.measures.episodes[0];
    assert_eq!((episode.begin, episode.end), (at(5_000) + ONE, at(7_000) + ONE));
    assert_eq!(one.environment.active(), 0);
}

/// A member that does nothing but let its world announce what it hears, through the test.
fn row() -> Group {
    Group::Row(Row { domain: Placement(vec!["server".to_owned()]) })
}

#[test]
fn names_that_nobody_announces_and_labels_that_no_fault_has_are_refused() {
    let mut spec = steady(vec![when(Trigger::Announced { event: "LeaderElected".to_owned() }, Timing::default())]);
    let complaints = Plan::new(&spec).expect_err("nobody is elected here");
    assert_eq!(complaints[0].field, "faults[0].when.event");
    spec.groups = vec![("row".to_owned(), row())];
    assert_eq!(Plan::new(&spec).expect_err("a row elects nobody")[0].field, "faults[0].when.event");
    spec.groups.clear();
    spec.faults = vec![when(Trigger::FaultEnds { label: "crsh of server".to_owned() }, labelled("x"))];
    let complaints = Plan::new(&spec).expect_err("there is no such fault");
    assert_eq!(complaints[0].field, "faults[0].when.label");
    assert_eq!(complaints[0].unknown.as_ref().expect("a name").1, ["x"]);
}
