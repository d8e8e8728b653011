//! Failure detectors and gossip: what members find out by talking, against closed forms.
//!
//! SWIM: A. Das et al., DSN 2002. Phi accrual: N. Hayashibara et al., SRDS 2004. Gossip has no closed form for small groups:
//! its reference values come from an own simulation of the rounds alone. Every test states its seeds.

use super::page::{Section, about, here};
use super::{Estimate, measured, observed, scenario, watched};
use models::ids::NodeId;
use models::measure::Fold;
use models::record::Record;
use scenarios::Scenario;

/// A group in one domain whose messages take 10 ms and are lost with this probability.
fn group(name: &str, spec: &str, horizon: u32, loss: &str, rest: &str) -> Scenario {
    let text = format!(
        "(schema: 1, name: \"{name}\", horizon: \"{horizon}s\",
          nodes: {{ \"app\": Clients(count: 1, arrivals: AllAtOnce(), calls: \"group\", domain: \"app\") }},
          groups: {{ \"group\": {spec} }},
          links: [Link(from: \"room\", to: \"room\", delay: Constant(\"10ms\"), loss: \"{loss}\"), Link(from: \"app\", to: \"room\", delay: Constant(\"10ms\"))],
          stacks: {{ \"app -> group\": [Timeout(\"1s\")] }},
          {rest})"
    );
    scenario(name, &text, &[])
}

fn swim(members: u32, rest: &str) -> String {
    format!("Swim(members: {members}, period: \"1s\", timeout: \"200ms\", domain: \"room\", {rest})")
}

/// How many periods it took until the first member suspected the one that crashed just before a period, by seed.
fn periods_until_suspected(members: u32, order: &str, seeds: u64, fold: Fold) -> Vec<f64> {
    let crash = "faults: [Crash(node: \"group[0]\", at: \"9999ms\")]";
    let group = group("swim", &swim(members, &format!("order: {order}")), 10 + 4 * members.max(10), "0%", crash);
    let periods = |seed| {
        (observed(&measured(&group, seed), "time until a dead member is suspected", fold).expect("it was found") / 1_000_000_000) as f64
    };
    (1..=seeds).map(periods).collect()
}

#[test]
fn swim_finds_a_dead_member_after_as_many_periods_as_its_authors_say() {
    let mut page = Section::open(
        here!(),
        "A. Das, I. Gupta, A. Motivala, \"SWIM\", DSN 2002: 1 / (1 - (1 - 1 / (n - 1))^(n - 1)).",
        "1000 (50 members: 400), from seed 1.",
    );
    for (members, seeds, periods) in [(3, 1000, 1.3333), (10, 1000, 1.5301), (50, 400, 1.5726)] {
        let n = f64::from(members);
        let all_miss: f64 = (1..members).map(|_| 1.0 - 1.0 / (n - 1.0)).product();
        assert!((1.0 / (1.0 - all_miss) - periods).abs() < 1e-4);
        page.agrees(
            &format!("SWIM, {members} members, periods until the first suspects"),
            "periods",
            Estimate::of(periods_until_suspected(members, "Random", seeds, Fold::Least)),
            periods,
            0.02,
        );
    }
}

#[test]
fn round_robin_probing_leaves_nobody_unprobed_for_long() {
    let mut page = Section::open(
        here!(),
        "A. Das, I. Gupta, A. Motivala, \"SWIM\", DSN 2002: 2 n - 1 periods at most.",
        "40, seeds 1 to 40; the largest of all observers and runs.",
    );
    for members in [3, 10, 50] {
        // Every observer, in every run: its last probe of the dead one began so many periods after the crash, and one more passed.
        let longest = periods_until_suspected(members, "RoundRobin", 40, Fold::Most).into_iter().fold(0.0, f64::max);
        let bound = f64::from(2 * members - 1);
        page.bound(&format!("{members} members in turn, longest"), "periods", longest, f64::from(members - 1)..=bound, 40);
    }
}

#[test]
fn helpers_keep_a_probe_from_failing_where_messages_are_lost() {
    let mut page = Section::open(
        here!(),
        "A. Das, I. Gupta, A. Motivala, \"SWIM\", DSN 2002: 1 - (1 - p)^2, times (1 - (1 - p)^4) for each helper.",
        "4 to 40, from seed 1, of 20,000 probes.",
    );
    let rows = [("5%", 0, 0.0975, 4), ("5%", 3, 0.000622, 40), ("10%", 0, 0.19, 4), ("10%", 3, 0.007728, 10)];
    for (loss, helpers, share, seeds) in rows {
        let group = group("swim", &swim(10, &format!("helpers: {helpers}")), 2000, loss, "");
        let failed = |seed| {
            let run = measured(&group, seed);
            let count = |name| observed(&run, name, Fold::Sum).unwrap_or(0) as f64;
            assert!(count("probes") > 19_000.0);
            count("probes of the living that failed") / count("probes")
        };
        page.agrees(
            &format!("SWIM at {loss} loss with {helpers} helpers, failed probes"),
            "share",
            Estimate::of((1..=seeds).map(failed)),
            share,
            0.02,
        );
    }
}

#[test]
fn a_rumour_reaches_everybody_after_a_logarithm_of_rounds() {
    let mut page = Section::open(
        here!(),
        "no closed form for small groups: the rounds alone were simulated elsewhere.",
        "400 (256 members: 200; 1024 members: 60), from seed 1.",
    );
    let rows = [(16, 400, 7.46, 4.14), (64, 400, 11.07, 5.99), (256, 200, 14.75, 7.67), (1024, 60, 18.1, 9.17)];
    for (members, seeds, push, push_pull) in rows {
        for (mode, rounds) in [("Push", push), ("PushPull", push_pull)] {
            let spec = format!("Gossip(members: {members}, every: \"1s\", mode: {mode}, domain: \"room\")");
            let group = group("gossip", &spec, if mode == "Push" { 40 } else { 20 }, "0%", "");
            let rounds_of =
                |seed| observed(&measured(&group, seed), "rounds until everybody knew", Fold::Most).expect("everybody knew") as f64;
            page.agrees(
                &format!("{mode} gossip among {members}, rounds"),
                "rounds",
                Estimate::of((1..=seeds).map(rounds_of)),
                about(rounds),
                0.02,
            );
        }
    }
}

/// How many rounds it takes in the mean until everybody knows, if everybody who does not asks another one, drawn evenly. Of `i` of `n` who know,
/// each of the others asks one of them with probability i / (n - 1), whatever the rest do: how many more know then is binomial.
fn rounds_of_pull(members: u32) -> f64 {
    let n = members as usize;
    // From so many who know on; everybody knows after no more rounds.
    let mut left = vec![0.0; n + 1];
    for knows in (1..n).rev() {
        let (others, asked) = (n - knows, knows as f64 / (n - 1) as f64);
        let mut chance = libm::pow(1.0 - asked, others as f64);
        let (nobody, mut further) = (chance, 0.0);
        for more in 1..=others {
            chance = if asked < 1.0 {
                chance * (others - more + 1) as f64 / more as f64 * asked / (1.0 - asked)
            } else {
                f64::from(u8::from(more == others))
            };
            further += chance * left[knows + more];
        }
        left[knows] = (1.0 + further) / (1.0 - nobody);
    }
    left[1]
}

#[test]
fn a_rumour_that_is_asked_for_reaches_everybody_after_as_many_rounds_as_its_chain_says() {
    let mut page = Section::open(
        here!(),
        "A. Demers et al., PODC 1987: who does not know asks one other a round. Expected rounds by the chain of how many know, whose steps are binomial.",
        "400 (256 members: 200; 1024 members: 60), from seed 1.",
    );
    // Of two members the other one asks who knows. Of three, both others ask somebody: both who knows in a quarter of all cases, and nobody in another.
    assert!((rounds_of_pull(2) - 1.0).abs() < 1e-12 && (rounds_of_pull(3) - 2.0).abs() < 1e-12);
    for (members, seeds) in [(2, 20), (3, 400), (16, 400), (64, 400), (256, 200), (1024, 60)] {
        let spec = format!("Gossip(members: {members}, every: \"1s\", mode: Pull, domain: \"room\")");
        let group = group("gossip", &spec, 60, "0%", "");
        let rounds_of = |seed| observed(&measured(&group, seed), "rounds until everybody knew", Fold::Most).expect("everybody knew") as f64;
        let seen = Estimate::of((1..=seeds).map(rounds_of));
        if members == 2 {
            page.equals("Pull gossip among 2, rounds", "rounds", seen.mean, 1.0, seeds);
        } else {
            page.agrees(&format!("Pull gossip among {members}, rounds"), "rounds", seen, rounds_of_pull(members), 0.02);
        }
    }
}

/// Two members in two domains, so that every beat travels for a normal time.
fn accrual(threshold: f64, window: u32, horizon: u32, faults: &str) -> Scenario {
    let text = format!(
        "(schema: 1, name: \"phi\", horizon: \"{horizon}s\",
          nodes: {{ \"app\": Clients(count: 1, arrivals: AllAtOnce(), calls: \"group\", domain: \"a\") }},
          groups: {{ \"group\": Heartbeats(members: 2, every: \"1s\", detector: PhiAccrual(threshold: {threshold}, window: {window}), domain: [\"a\", \"b\"]) }},
          links: [Link(from: \"a\", to: \"b\", delay: Normal(mean: \"100ms\", sd: \"10ms\"))],
          faults: [{faults}])"
    );
    scenario("phi.ron", &text, &[])
}

#[test]
fn phi_suspects_as_many_deviations_after_the_mean_as_the_normal_distribution_says() {
    let mut page = Section::open(
        here!(),
        "N. Hayashibara and others, \"The phi Accrual Failure Detector\", SRDS 2004, with normal intervals.",
        "20, seeds 1 to 20; the largest distance of any of them, from the intervals that this run saw.",
    );
    const WINDOW: usize = 100;
    let (dead, watcher) = (NodeId(1), NodeId(2));
    for (threshold, deviations) in [(1.0, 1.2816), (3.0, 3.0902), (5.0, 4.2649), (8.0, 5.6120)] {
        let scenario = accrual(threshold, WINDOW as u32, 420, "Crash(node: \"group[0]\", at: \"400500ms\")");
        let mut farthest = deviations;
        for seed in 1..=20 {
            let (_, seen) = watched(&scenario, seed);
            let heard = |record: &Record| matches!(record, Record::MemberHeard(name) if name.from == dead && name.to == watcher);
            let beats: Vec<f64> = seen.iter().filter(|(_, record)| heard(record)).map(|(at, _)| at.as_nanos() as f64).collect();
            let intervals: Vec<f64> = beats.windows(2).map(|pair| pair[1] - pair[0]).rev().take(WINDOW).collect();
            let mean = intervals.iter().sum::<f64>() / WINDOW as f64;
            let sd = (intervals.iter().map(|interval| (interval - mean) * (interval - mean)).sum::<f64>() / WINDOW as f64).sqrt();
            let suspects = |record: &Record| matches!(record, Record::Announced(by, "Suspects", 0) if *by == watcher);
            let suspected = seen.iter().rev().find(|(_, record)| suspects(record)).expect("the dead one is suspected").0;
            let late = (suspected.as_nanos() as f64 - beats.last().expect("it lived") - mean) / sd;
            if (late - deviations).abs() > (farthest - deviations).abs() {
                farthest = late;
            }
        }
        page.near(&format!("phi {threshold}, the run farthest off"), "deviations", farthest, deviations, 1e-4, 20);
    }
}

#[test]
fn phi_is_how_often_a_beat_that_is_only_late_is_taken_for_death() {
    let mut page = Section::open(
        here!(),
        "N. Hayashibara and others, \"The phi Accrual Failure Detector\", SRDS 2004, with normal intervals: 10^-phi. A window of 1000 begins with two wide guesses, as Akka's does, so that there are fewer suspicions while they are in it: a twentieth of the run.",
        "6, seeds 1 to 6, of 40,000 beats.",
    );
    // Intervals of normal jitter: one in ten beats is later than phi 1 allows, one in a hundred than phi 2.
    for (threshold, share) in [(1.0, 0.1), (2.0, 0.01)] {
        let scenario = accrual(threshold, 1000, 20_000, "");
        let wrong = |seed| observed(&measured(&scenario, seed), "false suspicions", Fold::Sum).unwrap_or(0) as f64 / 40_000.0;
        page.agrees(&format!("phi {threshold}, false suspicions per beat"), "share", Estimate::of((1..=6).map(wrong)), about(share), 0.05);
    }
}
