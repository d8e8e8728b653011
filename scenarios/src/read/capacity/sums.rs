//! What do a service's load and capacity come to, by closed forms alone?
//!
//! *Can do*: workers (or cores) divided by the time that a request keeps one, of as many replicas as share reads and writes evenly; under a linear congestion law replicas / what each request adds, the limit that
//! throughput nears. *Attempts at most*: the product of what all layers on the way may make of one call, if every attempt fails and no budget is empty. Below
//! *comes back below* = can do / attempts even that is worked off, whatever has piled up; above it an overload may keep itself up. *Mean wait reaches
//! the patience*, less the way there and back and the time for which others work: by Erlang C, for Poisson arrivals and exponential work; under a linear law from Little's law, C = load * (work + adds * C).

use super::findings::{patience, product};
use super::flow::System;
use crate::results::Sum;
use crate::scenario::Scenario;
use models::services::{Congestion, UNLIMITED};
use sim_core::time::SimDuration;

/// So many workers are looked at one by one for Erlang's formula.
const MOST_WORKERS: u32 = 20_000;

/// Sums are whole millionths.
const MILLIONTHS: f64 = 1e6;

/// The sums of every service that open load reaches, arm by arm, in the first cell.
pub(crate) fn sums(scenario: &Scenario) -> Vec<Sum> {
    let Some(cell) = scenario.cells.first() else { return Vec::new() };
    let of_arm = |(arm, system): (u32, &crate::scenario::ArmPlan)| {
        let system = System::of(&system.plan);
        (0..system.plan.services.len()).filter_map(|service| system.sum(service, arm)).collect::<Vec<Sum>>()
    };
    (0..).zip(&cell.arms).flat_map(of_arm).collect()
}

impl System<'_> {
    fn sum(&self, service: usize, arm: u32) -> Option<Sum> {
        let plan = &self.plan.services[service];
        let comes: f64 = self.rate[service].iter().sum();
        if comes <= 0.0 || plan.broker.is_some() {
            return None;
        }
        let into = || (0..self.plan.edges.len()).filter(|edge| self.ends(*edge).1 == Some(service));
        let attempts = into().map(|edge| product(&self.ways[edge], |tries| tries.attempts)).max().filter(|attempts| *attempts < u64::MAX);
        let patience = into().filter_map(|edge| patience(&self.plan.edges[edge].stack)).min();
        let can = self.can(service);
        let millionths = |number: f64| (number * MILLIONTHS + 0.5) as u64;
        let safe = can.zip(attempts).map(|(can, attempts)| can / attempts as f64);
        Some(Sum {
            arm,
            service: plan.name.clone(),
            comes: millionths(comes),
            can: can.map(millionths),
            attempts,
            safe: safe.map(millionths),
            patience,
            late: into().filter_map(|edge| self.late(service, self.left(service, edge)?)).min_by(f64::total_cmp).map(millionths),
        })
    }

    /// How many requests a second a service can do, if anything limits that.
    fn can(&self, service: usize) -> Option<f64> {
        let plan = &self.plan.services[service];
        let (_, _, time, count) = self.needs(service);
        let replicas = self.serving(service);
        let adds = match &plan.congestion {
            None => SimDuration::ZERO,
            Some(Congestion::Linear(law)) => law.adds,
            Some(Congestion::Universal(_)) => return None,
        };
        let each = if count == UNLIMITED { adds.as_secs_f64() } else { time.as_secs_f64() / f64::from(count) + adds.as_secs_f64() };
        (each > 0.0).then(|| replicas / each)
    }

    /// How long the caller over an edge waits for what may queue, once the way there and back and the work of others are taken off.
    fn left(&self, service: usize, edge: usize) -> Option<SimDuration> {
        let patience = patience(&self.plan.edges[edge].stack)?;
        Some(patience.saturating_sub(self.way_of(edge)).saturating_sub(self.elsewhere(service)))
    }

    /// The load at which the mean time of a request is as long as callers wait; none at all where work takes that long already.
    fn late(&self, service: usize, patience: SimDuration) -> Option<f64> {
        let plan = &self.plan.services[service];
        let (_, what, time, count) = self.needs(service);
        let (replicas, time, patience) = (self.serving(service), time.as_secs_f64(), patience.as_secs_f64());
        if patience <= time {
            return Some(0.0);
        }
        if time <= 0.0 {
            return None;
        }
        if let (Some(Congestion::Linear(law)), UNLIMITED) = (&plan.congestion, count) {
            return Some(replicas * (patience - time) / law.adds.as_secs_f64() / patience);
        }
        if count > MOST_WORKERS || what != "worker" || plan.congestion.is_some() {
            return None;
        }
        // The mean time grows with the load: sixty halvings are as near as floats come.
        let (mut low, mut high) = (0.0, f64::from(count) / time);
        for _ in 0..60 {
            let middle = low + (high - low) / 2.0;
            if mean_time(count, time, middle) < patience { low = middle } else { high = middle }
        }
        Some(replicas * low)
    }
}

/// The mean time of a request at so many workers, each of whom takes so long, at this rate (A. K. Erlang 1917).
fn mean_time(workers: u32, time: f64, rate: f64) -> f64 {
    let load = rate * time;
    let lost = (1..=workers).fold(1.0, |lost, workers| load * lost / (f64::from(workers) + load * lost));
    let idle = f64::from(workers) - load;
    let waits = lost / (1.0 - load / f64::from(workers) * (1.0 - lost));
    time + waits * time / idle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, read};

    fn of(text: &str) -> Vec<Sum> {
        sums(&read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound"))
    }

    #[test]
    fn the_collapse_of_a_congested_server_is_told_by_three_divisions() {
        // Brooker's server: 1 s + 10 ms for each request, three attempts of 3 s.
        let sums = of(r#"(schema: 1, name: "x", horizon: "20s", nodes: {
            "clients": Clients(count: 1, arrivals: Poisson(rate: "40/s"), calls: "server"),
            "server": Service(workers: "unlimited", congestion: Linear(adds: "10ms"), demand: Constant("1s")) },
            stacks: { "clients -> server": [Retry(attempts: 3, backoff: Immediate()), Timeout("3s")] })"#);
        let [sum] = sums.as_slice() else { panic!("one service") };
        assert_eq!((sum.comes, sum.can, sum.attempts), (40_000_000, Some(100_000_000), Some(3)));
        assert_eq!((sum.safe, sum.late), (Some(33_333_333), Some(66_666_667)), "200 requests inside, each for 3 s");
    }

    #[test]
    fn layers_multiply_and_one_worker_is_late_where_its_mean_time_is() {
        let sums = of(r#"(schema: 1, name: "x", horizon: "20s", nodes: {
            "clients": Clients(count: 1, arrivals: Poisson(rate: "40/s"), calls: "shop"),
            "shop": Service(workers: "unlimited", demand: Constant("1ms"), does: [Call("db")]),
            "db": Service(workers: 1, demand: Exponential(mean: "10ms")) },
            stacks: { "clients -> shop": [Retry(attempts: 2, backoff: Immediate())],
                      "shop -> db": [Retry(attempts: 4, backoff: Immediate()), Timeout("50ms")] })"#);
        let db = sums.iter().find(|sum| sum.service == "db").expect("it is called");
        assert_eq!((db.can, db.attempts, db.safe), (Some(100_000_000), Some(8), Some(12_500_000)));
        // M/M/1: 1 / (100/s - load) = 50 ms.
        assert!(db.late.is_some_and(|late| late.abs_diff(80_000_000) < 2), "{:?}", db.late);
        let shop = sums.iter().find(|sum| sum.service == "shop").expect("it is called");
        assert_eq!((shop.can, shop.late), (None, None));
    }

    #[test]
    fn a_budget_does_not_count_and_a_patience_that_is_too_short_is_reached_at_no_load() {
        let of_stack = |stack: &str, delay: &str| {
            let sums = of(&format!(
                r#"(schema: 1, name: "x", horizon: "20s", nodes: {{
                "clients": Clients(count: 1, arrivals: Poisson(rate: "40/s"), calls: "db", domain: "far"),
                "db": Service(workers: 1, demand: Exponential(mean: "10ms")) }},
                links: [Link(from: "far", to: "default", delay: Constant("{delay}"))], stacks: {{ "clients -> db": {stack} }})"#
            ));
            let [sum] = sums.as_slice() else { panic!("one service") };
            (sum.attempts, sum.safe, sum.late)
        };
        let budget = r#"[Retry(attempts: 4, backoff: Immediate(), budget: TokenBucket(capacity: 20, deposit: "10%")), Timeout("70ms")]"#;
        let (attempts, safe, late) = of_stack(budget, "10ms");
        assert_eq!((attempts, safe), (Some(4), Some(25_000_000)));
        // Of 70 ms 20 are on the way: 1 / (100/s - load) = 50 ms.
        assert!(late.is_some_and(|late| late.abs_diff(80_000_000) < 2), "{late:?}");
        let hedge = r#"[Timeout("70ms"), Hedge(AfterPercentile(percentile: "60%"))]"#;
        assert_eq!(of_stack(hedge, "35ms"), (Some(2), Some(50_000_000), Some(0)));
    }

    #[test]
    fn followers_are_no_capacity_for_writes() {
        let can = |writes: &str, reads: &str| {
            let sums = of(&format!(
                r#"(schema: 1, name: "x", horizon: "20s", nodes: {{
                "app": Clients(count: 1, arrivals: Poisson(rate: "40/s"), calls: "db", keys: (count: 1000)),
                "db": Service(replicas: 3, workers: 1, demand: Constant("5ms"),
                    data: (writes: Share("{writes}"), replication: (lag: Constant("1ms"), reads: {reads}))) }})"#
            ));
            sums[0].can.expect("workers limit it")
        };
        assert_eq!(can("100%", "Followers"), 200_000_000, "the primary alone");
        assert_eq!(can("20%", "Followers"), 500_000_000, "two fifths of all for each follower");
        assert_eq!(can("25%", "Any"), 400_000_000, "a quarter, and a third of the other three");
        assert_eq!((can("1%", "Primary"), can("0%", "Any")), (200_000_000, 600_000_000));
    }

    #[test]
    fn erlang_gives_the_published_waits() {
        // c = 5, 80 %: Pwait .5541, Wq .5541 of a service time.
        assert!((mean_time(5, 1.0, 4.0) - 1.5541).abs() < 1e-4);
    }
}
