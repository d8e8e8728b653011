//! Does the simulator reproduce published results and closed forms?
//!
//! Every test states its source, its seeds and its tolerance. A value is held against a reference by the larger of a stated
//! share of it and four standard errors; the standard error comes from the spread between runs of different seeds, which
//! are independent. What the tests see is docs/validation.md, which `page` writes and checks.

mod availability; // nodes that fail and are repaired: k of n, and the machine-repair problem
mod aws_jitter; // the experiment behind "Exponential Backoff And Jitter"
mod brokers; // what a queue between two services is worth, and how long it takes
mod caches; // hit ratios of caches by their closed forms, and what a database behind one is worth
mod clocks; // what clocks, their synchronisation and leases do, to the nanosecond
mod collapse; // systems that stay down when what struck them is over
mod comparisons; // how often comparisons are right on real runs, and what common seeds are worth
mod detectors; // failure detectors and gossip
mod edges; // where the edge of the stable region lies
mod general_queues; // other arrivals, few or impatient callers, orders of service, servers that stand still
mod networks; // services that call services, and lines that lose messages
mod overload; // retries in tiers, retry ratios and client-side throttling, from the SRE book
mod page; // what all tests of this folder see, and docs/validation.md
mod parts; // which test stands where on that page
mod queueing; // M/M/1 and its relatives, by published values
mod queueing_by_formula; // the same mechanism at parameters nobody listed, by the formulas themselves
mod queueing_shared; // shared cores, and servers without a limit
mod raft; // elections of Raft: split votes, and how long they take
mod retries; // four retry strategies against a server that fails at random, and what backoff is for
mod staleness; // how stale partial quorums are, and how often a quorum can be had
mod tails; // fan-outs and hedging
mod two_choices; // the supermarket model, balls in bins, and old numbers

use models::measure::{Fold, RunMeasures};
use models::record::{AttemptName, Record};
use scenarios::run::run;
use scenarios::scenario::ArmPlan;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;
use sim_core::stats::student;
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;
use std::ops::RangeInclusive;

fn scenario(name: &str, text: &str, changes: &[(String, String)]) -> Scenario {
    read(Source::new(name, text), name, changes, Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// One run of the first arm of a scenario: its measures and everything seen.
fn watched(scenario: &Scenario, seed: u64) -> (RunMeasures, Vec<(SimTime, Record)>) {
    let mut seen = Vec::new();
    let mut watch = |at: SimTime, record: &Record| seen.push((at, *record));
    let made = run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
    (made.measures, seen)
}

/// One run of the first arm of a scenario.
fn measured(scenario: &Scenario, seed: u64) -> RunMeasures {
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures
}

/// What a run observed under a name; nothing if it never did.
fn observed(measures: &RunMeasures, name: &str, fold: Fold) -> Option<i64> {
    measures.observations.iter().find(|observation| observation.name == name && observation.fold == fold).map(|found| found.value)
}

/// A mean over independent runs, its standard error, and how many they were.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    mean: f64,
    standard_error: f64,
    runs: u64,
}

impl Estimate {
    fn of(samples: impl IntoIterator<Item = f64>) -> Self {
        let samples: Vec<f64> = samples.into_iter().collect();
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let squares: f64 = samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
        Self { mean, standard_error: (squares / (count - 1.0) / count).sqrt(), runs: samples.len() as u64 }
    }

    /// The 95 % interval of the mean by Student's t.
    fn interval(self) -> (f64, f64) {
        let half = student::quantile(0.975, self.runs - 1) * self.standard_error;
        (self.mean - half, self.mean + half)
    }
}

/// One run of a single service, and what only a bystander sees of it.
struct Visit {
    measures: RunMeasures,
    /// Mean time from the arrival of a request to the begin of its service, in seconds.
    wait: f64,
    /// The share of served requests that had to wait.
    waited: f64,
    /// The integral over time of the number of calls that are under way.
    population: u128,
}

/// Stands beside the queue and takes the time.
struct Bystander {
    from: SimTime,
    until: SimTime,
    queue: VecDeque<(AttemptName, SimTime)>,
    served: u64,
    waited: u64,
    wait: u128,
    inside: u128,
    changed: SimTime,
    population: u128,
}

impl Bystander {
    fn see(&mut self, at: SimTime, record: &Record) {
        match record {
            Record::CallStarted(_) => self.count(at, true),
            Record::CallEnded(..) => self.count(at, false),
            Record::Queued(name, _) => self.queue.push_back((*name, at)),
            Record::Started(name, _) => {
                // First come, first served: whoever is served from the queue stands at its head.
                let came = if self.queue.front().is_some_and(|(head, _)| head == name) {
                    self.queue.pop_front().map_or(at, |(_, came)| came)
                } else {
                    assert!(self.queue.is_empty(), "a request overtook the queue");
                    at
                };
                if came >= self.from && came < self.until {
                    self.served += 1;
                    self.waited += u64::from(at > came);
                    self.wait += u128::from((at - came).as_nanos());
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, at: SimTime, enters: bool) {
        self.population += self.inside * u128::from((at - self.changed).as_nanos());
        self.changed = at;
        self.inside = if enters { self.inside + 1 } else { self.inside - 1 };
    }
}

/// Runs a scenario with one service under every seed, with a bystander at its queue.
fn visits(text: &str, seeds: RangeInclusive<u64>) -> Vec<Visit> {
    let scenario = scenario("queue.ron", text, &[]);
    let arm = &scenario.cells[0].arms[0];
    seeds.map(|seed| visit(&scenario, arm, seed)).collect()
}

fn visit(scenario: &Scenario, arm: &ArmPlan, seed: u64) -> Visit {
    let mut bystander = Bystander {
        from: SimTime::ZERO + scenario.clockwork.warm_up,
        until: SimTime::ZERO + scenario.clockwork.horizon,
        queue: VecDeque::new(),
        served: 0,
        waited: 0,
        wait: 0,
        inside: 0,
        changed: SimTime::ZERO,
        population: 0,
    };
    let mut watch = |at: SimTime, record: &Record| bystander.see(at, record);
    let made = run(arm, seed, TieBreak::ByRank, Some(&mut watch));
    assert_eq!(made.measures.unfinished, 0, "the drain is long enough for everybody");
    let served = bystander.served as f64;
    Visit {
        measures: made.measures,
        wait: bystander.wait as f64 / 1e9 / served,
        waited: bystander.waited as f64 / served,
        population: bystander.population,
    }
}

/// A mean over the runs of something each run has.
fn mean(visits: &[Visit], of: impl Fn(&Visit) -> f64) -> Estimate {
    Estimate::of(visits.iter().map(of))
}

fn seconds(of: impl Fn(&RunMeasures) -> SimDuration) -> impl Fn(&Visit) -> f64 {
    move |visit| of(&visit.measures).as_secs_f64()
}

fn refused(visit: &Visit) -> f64 {
    visit.measures.failed[models::outcome::Failure::Overload.index()] as f64 / visit.measures.calls as f64
}

/// A queue in front of workers as text. Time is in seconds; the way to the service costs a nanosecond, so that latency is sojourn time.
struct Desk {
    /// How many calls are counted per run, in the mean.
    calls: f64,
    rate: f64,
    workers: u32,
    /// How many may wait.
    limit: Option<u32>,
    demand: &'static str,
}

impl Desk {
    fn text(&self) -> String {
        let Self { calls, rate, workers, demand, .. } = self;
        let limit = self.limit.map_or(String::new(), |limit| format!("limit: {limit}"));
        // Long enough for a queue at 80 % to forget that it began empty.
        let warm_up = 1_000;
        let horizon = warm_up + (calls / rate) as u64;
        format!(
            "(schema: 1, name: \"desk\", horizon: \"{horizon}s\", warm_up: \"{warm_up}s\", drain: \"30d\",
              nodes: {{
                \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"desk\"),
                \"desk\": Service(workers: {workers}, queue: Fifo({limit}), demand: {demand}),
              }})"
        )
    }

    fn visits(&self, seeds: RangeInclusive<u64>) -> Vec<Visit> {
        visits(&self.text(), seeds)
    }
}

/// Ten seeds that no other row of a table uses, so that rows are independent evidence.
fn ten_seeds(row: usize) -> RangeInclusive<u64> {
    let first = 100 * row as u64 + 1;
    first..=first + 9
}

/// Service times with a mean of one second.
const EXPONENTIAL: &str = "Exponential(mean: \"1s\")";
