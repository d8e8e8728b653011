//! Clocks in closed form: Cristian's bound, the error of NTP, drift, the saw-tooth of TrueTime, leases, Marzullo.
//!
//! Everything happens over simulated messages, and is exact to the nanosecond but where a test says otherwise.

use super::page::{Section, here};
use super::{measured, observed, scenario};
use models::measure::{Fold, RunMeasures};

const MS: i64 = 1_000_000;
const ERROR: &str = "error of an estimate";
const TWO: &str = "time with two holders";

/// Callers in `app` that ask time servers in `there`, with the ways there and back, and what else the scenario says.
fn asked(calls: &str, server: &str, delays: (&str, &str), rest: &str) -> RunMeasures {
    let text = format!(
        "(schema: 1, name: \"time\", horizon: \"2m\",
          nodes: {{ \"app\": Clients(count: 1, arrivals: {calls}, calls: \"time\", domain: \"app\") }},
          groups: {{ \"time\": TimeServer({server}, domain: \"there\") }},
          links: [Link(from: \"app\", to: \"there\", delay: {}, one_way: true), Link(from: \"there\", to: \"app\", delay: {}, one_way: true)],
          {rest})",
        delays.0, delays.1
    );
    measured(&scenario("time.ron", &text, &[]), 1)
}

fn errors(measures: &RunMeasures) -> (i64, i64) {
    (observed(measures, ERROR, Fold::Least).expect("somebody asked"), observed(measures, ERROR, Fold::Most).expect("somebody asked"))
}

fn pair((least, most): (i64, i64)) -> String {
    format!("{least}, {most}")
}

const EACH_SECOND: &str = "Constant(rate: \"1/s\")";

#[test]
fn cristians_bound_of_half_the_round_trip_less_the_shortest_way_is_attained_and_never_exceeded() {
    let mut page = Section::open(here!(), "F. Cristian, \"Probabilistic clock synchronization\", 1989: rtt / 2 - shortest way.", "seed 1.");
    // A round trip of 20 ms over ways of at least 2 ms: 8 ms.
    let server = "method: Cristian, least_delay: \"2ms\"";
    for (there, back, error) in [(2, 18, -8 * MS), (18, 2, 8 * MS), (10, 10, 0)] {
        let (there, back) = (format!("Constant(\"{there}ms\")"), format!("Constant(\"{back}ms\")"));
        let run = asked(EACH_SECOND, server, (&there, &back), "");
        page.equals(
            &format!("{there} there, {back} back, error of every estimate, least and most"),
            "ns",
            pair(errors(&run)),
            pair((error, error)),
            1,
        );
        page.equals("bound that is told", "ns", observed(&run, "bound of an estimate", Fold::Most).unwrap_or(-1), 8 * MS, 1);
    }
    let way = "Plus(constant: \"2ms\", of: Exponential(mean: \"5ms\"))";
    let run = asked("Poisson(rate: \"100/s\")", server, (way, way), "clocks: { \"app\": Offset(by: \"-3s\") }");
    assert!(observed(&run, "estimates", Fold::Sum).unwrap() > 10_000);
    let beyond = observed(&run, "estimates beyond their bound", Fold::Sum).unwrap_or(-1);
    page.equals("random ways, estimates beyond their bound", "estimates", beyond, 0, 1);
    let (least, most) = errors(&run);
    assert!(least < -10 * MS && most > 10 * MS, "ways that differ leave errors of either sign: {least} {most}");
}

#[test]
fn ntp_is_wrong_by_half_the_difference_of_the_ways_whatever_else() {
    let mut page = Section::open(here!(), "D. Mills, RFC 5905: (there - back) / 2.", "seed 1.");
    let ways = ("Constant(\"25ms\")", "Constant(\"5ms\")");
    for (server, rest) in [
        ("method: Ntp", ""),
        ("method: Ntp, takes: \"7ms\"", ""),
        ("method: Ntp", "clocks: { \"app\": Combined(parts: [Offset(by: \"2h\"), Jump(at: \"30s\", by: \"-1h\")]) }"),
    ] {
        let seen = errors(&asked(EACH_SECOND, server, ways, rest));
        page.equals(&format!("{server} {rest}: error, least and most"), "ns", pair(seen), pair((10 * MS, 10 * MS)), 1);
    }
    // To Cristian's client the time a server takes is part of the way.
    let seen = errors(&asked(EACH_SECOND, "method: Cristian, takes: \"8ms\"", ways, ""));
    page.equals("Cristian's way with a server that takes 8 ms: error, least and most", "ns", pair(seen), pair((14 * MS, 14 * MS)), 1);
    // The same exchange, made by a clock: from the first one on its error is that.
    let run = asked(
        EACH_SECOND,
        "method: Ntp",
        ways,
        "clocks: { \"app\": Combined(parts: [Offset(by: \"2h\"), Synchronised(server: \"there\", every: \"16s\")]) }",
    );
    page.equals(
        "a clock that is set every 16 s: error when set",
        "ns",
        observed(&run, "error of a clock just set", Fold::Most).unwrap_or(-1),
        10 * MS,
        1,
    );
    assert_eq!(observed(&run, "clocks set", Fold::Sum), Some(8));
    assert_eq!(errors(&run), (10 * MS, 10 * MS));
}

#[test]
fn clocks_of_fifty_ppm_either_way_are_a_third_of_a_second_apart_after_an_hour() {
    let mut page = Section::open(here!(), "100 ppm of an hour.", "seed 1.");
    // .36 s. A perfect client asks both, once a second, over ways of a nanosecond.
    let text = "(schema: 1, name: \"drift\", horizon: \"3600001ms\",
        nodes: { \"app\": Clients(count: 1, arrivals: Constant(rate: \"10/s\"), calls: \"time\") },
        groups: { \"time\": TimeServer(servers: 2, method: Ntp) },
        clocks: { \"time[0]\": Drift(rate: \"50ppm\"), \"time[1]\": Drift(rate: \"-50ppm\") })";
    let (least, most) = errors(&measured(&scenario("drift.ron", text, &[]), 1));
    let apart = (most - least) as f64 / 1e9;
    // Either server was last asked within the last seconds: 50 us each.
    page.bound("100 ppm for an hour, asked once a second", "s", apart, 0.36 - 0.0002..=0.36 + 1e-7, 1);
}

#[test]
fn a_lease_that_is_held_when_the_run_ends_counts_up_to_there() {
    let mut page = Section::open(here!(), "own definition.", "seed 1.");
    // Half as fast, the first holder reckons its 10 s as 20 s, and the second has the lease from 10 s on. The run ends at 18 s.
    let run = |rest: &str| {
        let text = format!(
            "(schema: 1, name: \"held\", horizon: \"18s\",
              nodes: {{ \"app\": Clients(count: 1, arrivals: Constant(rate: \"1/s\"), calls: \"lease\") }},
              groups: {{ \"lease\": Lease(holders: 2, length: \"10s\") }}, {rest})"
        );
        measured(&scenario("held.ron", &text, &[]), 1)
    };
    let mut near =
        |what: &str, value: Option<i64>, millis: i64| page.near(what, "ms", value.unwrap_or(-1) as f64 / 1e6, millis as f64, 1.0, 1);
    let slow = run("clocks: { \"lease[1]\": Drift(rate: \"-500000ppm\"), \"lease[2]\": Drift(rate: \"-500000ppm\") }");
    near("clocks at half speed: two holders, longest", observed(&slow, TWO, Fold::Most), 8_000);
    near("clocks at half speed: two holders, in all", observed(&slow, TWO, Fold::Sum), 8_000);
    near("clocks at half speed: time leases were held", observed(&slow, "time leases were held", Fold::Sum), 18_000 + 8_000);
    // Of two good clocks one at a time holds it, all the time.
    let good = run("");
    near("good clocks: time leases were held", observed(&good, "time leases were held", Fold::Sum), 18_000);
    assert_eq!(observed(&good, TWO, Fold::Sum), None);
}

#[test]
fn the_uncertainty_of_truetime_is_a_saw_tooth_from_one_to_seven_milliseconds() {
    let mut page = Section::open(here!(), "J. Corbett and others, \"Spanner\", OSDI 2012: 200 us/s for 30 s, and 1 ms.", "seed 1.");
    // J. Corbett et al., OSDI 2012: 200 us/s for 30 s, and 1 ms. Ways of a nanosecond; asked every 10 ms.
    for (ppm, beyond) in [(200, false), (-199, false), (300, true)] {
        let clock = format!("clocks: {{ \"app\": Combined(parts: [Drift(rate: \"{ppm}ppm\"), Bounded()]) }}");
        let way = "Constant(\"1ns\")";
        let run = asked("Constant(rate: \"100/s\")", "method: Ntp", (way, way), &clock);
        let width = |fold| observed(&run, "uncertainty of a caller's clock", fold).expect("it knows") as f64 / 1e6;
        page.near(&format!("drift of {ppm} ppm: uncertainty, least"), "ms", width(Fold::Least), 1.0, 0.003, 1);
        page.near(&format!("drift of {ppm} ppm: uncertainty, most"), "ms", width(Fold::Most), 7.0, 0.005, 1);
        let outside = observed(&run, "callers' clocks beyond their uncertainty", Fold::Sum).expect("it was asked");
        page.equals(&format!("drift of {ppm} ppm: readings beyond the bound"), "", outside > 0, beyond, 1);
    }
}

fn lease(spec: &str, rest: &str) -> RunMeasures {
    let text = format!(
        "(schema: 1, name: \"lease\", horizon: \"2m\",
          nodes: {{ \"app\": Clients(count: 1, arrivals: Constant(rate: \"10/s\"), calls: \"lease\", domain: \"near\") }},
          groups: {{ \"lease\": Lease(holders: 2, length: \"10s\", {spec}) }},
          links: [Link(from: \"near\", to: \"far\", delay: Constant(\"50ms\"))],
          {rest})"
    );
    measured(&scenario("lease.ron", &text, &[]), 1)
}

#[test]
fn a_lease_is_held_by_two_as_long_as_a_slow_clock_is_behind_or_the_answer_was_under_way() {
    let mut page = Section::open(here!(), "arithmetic of leases: 10 s / .99 - 10 s; the way of the answer.", "seed 1.");
    // A clock 1 % slow shows 10 s after 10.101 s.
    let slow = lease("domain: \"near\"", "clocks: { \"lease[1]\": Drift(rate: \"-10000ppm\") }");
    let longest = observed(&slow, TWO, Fold::Most).expect("two held it") as f64 / 1e9;
    page.near("a clock 1 % slow: two holders, longest", "s", longest, 10.0 / 0.99 - 10.0, 1e-8, 1);
    assert!(observed(&slow, "calls served while two held", Fold::Sum) > Some(0));
    // Member 2 stands 50 ms away from the server, and member 1 beside it.
    let far = "domain: [\"near\", \"near\", \"far\"]";
    let receipt = lease(&format!("counted: FromReceipt, {far}"), "");
    let longest = observed(&receipt, TWO, Fold::Most).expect("two held it");
    page.near("counted from the receipt, 50 ms away: two holders, longest", "ms", longest as f64 / 1e6, 50.0, 2e-6, 1);
    // Whoever reckons from when it asked, on a clock that is not slow, never shares.
    for clocks in
        ["", "clocks: { \"lease[1]\": Drift(rate: \"10000ppm\") }", "clocks: { \"lease\": Strobe(at: \"1s\", by: \"1h\", period: \"3s\") }"]
    {
        let safe = lease(&format!("counted: FromRequest, {far}"), clocks);
        let two = observed(&safe, TWO, Fold::Most).unwrap_or(0);
        page.equals(&format!("counted from the request, {clocks}: two holders, longest"), "ns", two, 0, 1);
        assert!(observed(&safe, "leases held", Fold::Sum) >= Some(11));
    }
}

#[test]
fn marzullo_finds_what_three_servers_agree_on() {
    let mut page = Section::open(here!(), "K. Marzullo, 1984: [8, 12], [11, 13], [10, 12] -> [11, 12].", "seed 1.");
    // [8, 12], [11, 13], [10, 12] -> [11, 12]: a server that is 10 ms ahead and 2 ms away says 8 to 12, and so on.
    let text = "(schema: 1, name: \"three\", horizon: \"10s\",
        nodes: { \"app\": Clients(count: 1, arrivals: Constant(rate: \"1/s\"), calls: \"time\", domain: \"app\") },
        groups: { \"time\": TimeServer(servers: 3, method: Marzullo, domain: [\"a\", \"b\", \"c\"]) },
        links: [
            Link(from: \"app\", to: \"a\", delay: Constant(\"2ms\")),
            Link(from: \"app\", to: \"b\", delay: Constant(\"1ms\")),
            Link(from: \"app\", to: \"c\", delay: Constant(\"1ms\")),
        ],
        clocks: { \"time[0]\": Offset(by: \"10ms\"), \"time[1]\": Offset(by: \"12ms\"), \"time[2]\": Offset(by: \"11ms\") })";
    let run = measured(&scenario("three.ron", text, &[]), 1);
    page.equals("middle of the interval, least and most", "ns", pair(errors(&run)), pair((11_500_000, 11_500_000)), 1);
    page.equals("half its width", "ns", observed(&run, "bound of an estimate", Fold::Most).unwrap_or(-1), 500_000, 1);
    page.equals("servers that agree", "servers", observed(&run, "servers that agree", Fold::Least).unwrap_or(-1), 3, 1);
}
