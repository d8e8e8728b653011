//! Elections of Raft: how often votes split, and how long it takes until somebody leads.
//!
//! D. Ongaro, "Consensus: Bridging Theory and Practice", Stanford 2014, chapter 9. As there, all timers are fresh when the election begins
//! and disks cost nothing: the members begin their first lives, and some of them are dead from the start. Nobody asks before it begins a term.

use super::page::{Section, about, here};
use super::{Estimate, measured, observed, scenario};
use models::measure::Fold;
use models::record::Record;
use scenarios::Scenario;
use scenarios::run::run;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// An election among `members`, of whom some are dead, by these timeouts in milliseconds and with this delay of messages.
struct Election {
    members: u32,
    dead: u32,
    timeouts: (u32, u32),
    delay: String,
}

impl Election {
    fn fixed(members: u32, dead: u32, delay: f64) -> Self {
        let delay = format!("Constant(\"{}us\")", (delay * 1000.0) as u64);
        Self { members, dead, timeouts: (300, 600), delay }
    }

    fn scenario(&self) -> Scenario {
        let Self { members, dead, timeouts: (least, most), delay } = self;
        let crash = if *dead == 0 {
            String::new()
        } else {
            let dead: Vec<String> = (0..*dead).map(|member| format!("\"db[{member}]\"")).collect();
            format!("Crash(node: [{}], at: \"1ns\")", dead.join(", "))
        };
        let text = format!(
            "(schema: 1, name: \"election\", horizon: \"10s\", drain: \"0s\",
              nodes: {{ \"app\": Clients(count: 1, arrivals: AllAtOnce(), calls: \"db\", domain: \"room\") }},
              groups: {{ \"db\": Raft(members: {members}, domain: \"room\", election_timeout: (least: \"{least}ms\", most: \"{most}ms\"),
                heartbeat: \"{}ms\", without: [PreVote, LeaderStickiness],
                disk: (write: Constant(\"0s\"), sync: Constant(\"0s\"), read: Constant(\"0s\"))) }},
              links: [Link(from: \"room\", to: \"room\", delay: {delay})],
              faults: [{crash}])",
            least - 10
        );
        scenario("election.ron", &text, &[])
    }
}

/// How long the election of each run took, in milliseconds, and whether the first term had a leader.
fn elections(election: &Election, seeds: u64) -> Vec<(f64, bool)> {
    let scenario = election.scenario();
    let one = |seed| {
        let run = measured(&scenario, seed);
        let took = observed(&run, "time without a leader", Fold::Sum).expect("somebody was elected at last");
        (took as f64 / 1e6, observed(&run, "term", Fold::Most) == Some(1))
    };
    (1..=seeds).map(one).collect()
}

fn binomial(of: u32, count: u32) -> f64 {
    (0..count).map(|index| f64::from(of - index) / f64::from(count - index)).product()
}

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

/// How likely it is that so many others of those alive have wanted to lead before they heard of the first, that nobody gets a majority.
/// `l` is the delay of a message as a share of the range of timeouts.
fn split(members: u32, alive: u32, l: f64) -> f64 {
    let least = alive - members / 2;
    (least..=alive).map(|count| binomial(alive, count) * power(l, count) * power(1.0 - l, alive - count)).sum()
}

#[test]
fn votes_split_as_often_as_the_dissertation_says() {
    let mut page = Section::open(
        here!(),
        "D. Ongaro 2014, chapter 9: the sum over k from s - floor(n / 2) to s of C(s, k) l^k (1 - l)^(s - k), of n members of whom s are alive; .06 %, 5.2 % and 18.1 % are printed.",
        "4000 (l = .01: 20,000), from seed 1.",
    );
    for (published, l) in [(0.0006, 0.01), (0.052, 0.1), (0.181, 0.2)] {
        assert!((split(5, 4, l) / published - 1.0).abs() < 0.02, "the formula of this file: {}", split(5, 4, l));
    }
    let rows = [(5, 4, 0.01), (5, 4, 0.1), (5, 4, 0.2), (5, 5, 0.1), (5, 3, 0.1), (3, 2, 0.1), (7, 6, 0.2), (9, 8, 0.2), (4, 3, 0.1)];
    for (members, alive, l) in rows {
        let seeds = if l < 0.05 { 20_000 } else { 4_000 };
        let seen = elections(&Election::fixed(members, members - alive, 300.0 * l), seeds);
        page.agrees(
            &format!("{alive} of {members} alive, l = {l}, first terms without a leader"),
            "share",
            Estimate::of(seen.iter().map(|(_, first)| f64::from(u8::from(!first)))),
            split(members, alive, l),
            0.02,
        );
    }
}

#[test]
fn an_election_takes_as_long_as_its_terms() {
    let mut page = Section::open(
        here!(),
        "D. Ongaro 2014, chapter 9: (lo + range / (s + 1) + L) / (1 - P) + L, if every message takes L; the first of s timers fires 1 / (s + 1) into the range.",
        "4000, from seed 1.",
    );
    for (members, alive, delay) in [(5, 4, 35.0), (5, 5, 35.0), (3, 2, 15.0), (7, 6, 35.0)] {
        let seen = elections(&Election::fixed(members, members - alive, delay), 4_000);
        let lost = split(members, alive, delay / 300.0);
        let mean = (300.0 + 300.0 / f64::from(alive + 1) + delay) / (1.0 - lost) + delay;
        let name = format!("{alive} of {members} alive, {delay} ms");
        page.agrees(&format!("{name}, until somebody leads"), "ms", Estimate::of(seen.iter().map(|one| one.0)), mean, 0.02);
        let firsts = Estimate::of(seen.iter().map(|(_, first)| f64::from(u8::from(*first))));
        page.agrees(&format!("{name}, first terms with a leader"), "share", firsts, 1.0 - lost, 0.01);
    }
    let first = |seed| {
        let scenario = Election::fixed(5, 1, 35.0).scenario();
        let mut first = SimTime::MAX;
        let mut watch = |at: SimTime, record: &Record| {
            if matches!(record, Record::Announced(_, "Campaigns", _)) {
                first = first.min(at);
            }
        };
        run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
        first.as_secs_f64() * 1e3
    };
    page.agrees("4 of 5 alive, until somebody wants to lead", "ms", Estimate::of((1..=1000).map(first)), 360.0, 0.01);
}

#[test]
fn elections_over_a_wide_area_take_half_a_second() {
    let mut page = Section::open(
        here!(),
        "Raft paper, figure 16, and D. Ongaro 2014, chapter 9: messages take 30 ms to 40 ms, evenly, timeouts are 300 ms to 600 ms; one of five \
         has failed: about 475 ms in the mean, and 99.9 % within 1.5 s. The values with one more digit are those of another implementation.",
        "10,000, from seed 1.",
    );
    for (dead, mean) in [(1, 468.1), (0, 428.9)] {
        let delay = "Uniform(low: \"30ms\", high: \"40ms\")".to_owned();
        let seen = elections(&Election { members: 5, dead, timeouts: (300, 600), delay }, 10_000);
        let mut times: Vec<f64> = seen.iter().map(|one| one.0).collect();
        page.agrees(&format!("{dead} of 5 failed, until somebody leads"), "ms", Estimate::of(times.iter().copied()), about(mean), 0.06);
        times.sort_by(f64::total_cmp);
        if dead == 1 {
            page.bound(
                "1 of 5 failed, 99.9 % of the elections within",
                "ms",
                times[times.len() * 999 / 1000],
                0.85 * 1361.0..=1500.0,
                10_000,
            );
        }
    }
}
