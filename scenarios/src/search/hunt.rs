//! How are seeds tried, block by block, so that no thread and no clock decides what is found?
//!
//! Seeds are tried in order, in blocks. Before a block begins it is settled which run every seed of it makes: its own storm's, or, for every
//! other seed from the second block on, one bred from the storms under which earlier blocks showed something new. So what is found depends
//! on the scenario and the seeds alone: threads share the runs of a block, and a budget of time ends the search between two blocks.

use super::coverage::{Behaviours, Coverage};
use super::failure::{Failure, Judge, PANIC};
use super::plans::{Corpus, Origin, Strikes, plan_with};
use crate::parallel::map_in_index_order;
use crate::run::{Run, run};
use crate::scenario::{ArmPlan, Scenario};
use models::record::Record;
use sim_core::draw::Seed;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Seeds per block: enough to keep all threads busy, few enough to learn from.
pub const BLOCK: u64 = 100;

/// How seeds are tried.
pub struct HuntOptions<'a> {
    /// The arm.
    pub arm: usize,
    /// The first seed.
    pub first: u64,
    /// How many seeds at most.
    pub count: u64,
    /// The only property that counts, besides a panic of the simulator; all of them unless said.
    pub only: Option<&'a str>,
    /// After so many runs that fail nothing more is tried.
    pub most_failures: u64,
    /// Whether every other seed is bred from what has shown something new, where the scenario has a storm.
    pub breeds: bool,
    /// Threads.
    pub jobs: usize,
    /// Whether to begin another block.
    pub another_block: &'a mut dyn FnMut() -> bool,
    /// Whether to begin another run: for interruptions.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told of every run that fails, in the order of the seeds.
    pub found: &'a mut dyn FnMut(&Found),
    /// Told of every finished block.
    pub progress: &'a mut dyn FnMut(&Block),
}

/// A run that fails.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its seed.
    pub seed: u64,
    /// Where its faults come from.
    pub origin: Origin,
    /// Its strikes, if it was bred.
    pub strikes: Option<Strikes>,
    /// What is wrong with it.
    pub failures: Vec<Failure>,
}

/// What came of some seeds in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The first seed.
    pub first: u64,
    /// How many were tried.
    pub tried: u64,
    /// How many of those failed.
    pub failed: u64,
    /// Behaviours that no run before had shown.
    pub new: u64,
    /// How many runs showed one.
    pub novel: u64,
    /// How many of them had the storm of their own seed, or have none at all: a fair sample of all seeds.
    pub own: u64,
    /// How many of those failed.
    pub own_failed: u64,
}

impl Block {
    fn add(&mut self, fails: bool, new: u64, is_own: bool) {
        self.tried += 1;
        self.failed += u64::from(fails);
        self.new += new;
        self.novel += u64::from(new > 0);
        self.own += u64::from(is_own);
        self.own_failed += u64::from(is_own && fails);
    }
}

/// Failures of one property and one kind of witness.
#[derive(Clone, Debug)]
pub struct Group {
    /// The failure of the first of them.
    pub failure: Failure,
    /// How many runs have it.
    pub runs: u64,
    /// The first seed.
    pub first_seed: u64,
}

/// What came of all seeds that were tried.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// Block by block.
    pub blocks: Vec<Block>,
    /// In the order in which they were found.
    pub groups: Vec<Group>,
    /// Behaviours shown by all runs.
    pub behaviours: u64,
}

impl Hunt {
    /// How many seeds were tried.
    pub fn tried(&self) -> u64 {
        self.blocks.iter().map(|block| block.tried).sum()
    }

    /// How many of them failed.
    pub fn failed(&self) -> u64 {
        self.blocks.iter().map(|block| block.failed).sum()
    }

    /// How many seeds had their own storm, and how many of those failed.
    pub fn sample(&self) -> (u64, u64) {
        self.blocks.iter().fold((0, 0), |(own, failed), block| (own + block.own, failed + block.own_failed))
    }

    /// Of the last seeds, a quarter and whole blocks, how many showed something new, and how many they are.
    pub fn lately(&self) -> (u64, u64) {
        let last = &self.blocks[self.blocks.len() - self.blocks.len().div_ceil(4)..];
        last.iter().fold((0, 0), |(novel, tried), block| (novel + block.novel, tried + block.tried))
    }

    fn count(&mut self, found: &Found) {
        for failure in &found.failures {
            match self.groups.iter_mut().find(|group| group.failure.is_like(failure)) {
                Some(group) => group.runs += 1,
                None => self.groups.push(Group { failure: failure.clone(), runs: 1, first_seed: found.seed }),
            }
        }
    }
}

/// A run that is to be made.
struct Task {
    seed: u64,
    origin: Origin,
    /// What it has in the place of its own storm.
    bred: Option<(Strikes, ArmPlan)>,
}

/// Tries seeds until they are all tried, enough have failed, or nobody wants more.
///
/// # Errors
/// The message of the system if no threads can be started.
pub fn hunt(scenario: &Scenario, options: HuntOptions<'_>) -> Result<Hunt, String> {
    let HuntOptions { arm, first, count, only, most_failures, breeds, jobs, another_block, go_on, found, progress } = options;
    let plan = &scenario.cells[0].arms[arm];
    let breeds = breeds && plan.plan.storm.is_some();
    let mut judge = Judge::of(scenario, arm);
    let (mut hunt, mut seen, mut corpus) = (Hunt::default(), Behaviours::default(), Corpus::default());
    let mut done = 0;
    while done < count && hunt.failed() < most_failures && go_on() && another_block() {
        let size = BLOCK.min(count - done);
        let tasks: Vec<Task> = (0..size).map(|index| task(plan, first + done + index, index, &corpus)).collect();
        let mut block = Block { first: first + done, ..Block::default() };
        let is_enough = AtomicBool::new(false);
        let failed_before = hunt.failed();
        let stopped = Cell::new(false);
        let fold = |index: usize, made: Result<(Run, Behaviours), String>| {
            if stopped.get() {
                return;
            }
            let task = &tasks[index];
            let mut failures = judge.failures(task.seed, made.as_ref().map(|(run, _)| run).map_err(String::as_str));
            failures.retain(|failure| only.is_none_or(|only| [only, PANIC].contains(&failure.property.as_str())));
            let new = made.as_ref().map_or(0, |(_, behaviours)| seen.add(behaviours));
            block.add(!failures.is_empty(), new, task.bred.is_none());
            if breeds && new > 0 {
                let own = || plan.plan.strikes_of_run(&Seed::new(task.seed));
                corpus.keep(task.seed, task.bred.as_ref().map_or_else(own, |(strikes, _)| strikes.clone()));
            }
            if !failures.is_empty() {
                let strikes = task.bred.as_ref().map(|(strikes, _)| strikes.clone());
                let one = Found { seed: task.seed, origin: task.origin.clone(), strikes, failures };
                hunt.count(&one);
                found(&one);
            }
            if failed_before + block.failed >= most_failures {
                stopped.set(true);
                is_enough.store(true, Ordering::Relaxed);
            }
        };
        let work = |index: usize| make(&tasks[index], plan);
        map_in_index_order(jobs, tasks.len(), || go_on() && !is_enough.load(Ordering::Relaxed), work, fold)?;
        done += size;
        hunt.blocks.push(block);
        progress(&block);
    }
    hunt.behaviours = seen.count();
    Ok(hunt)
}

/// What the run of a seed is: every other one is bred, if there is anything to breed from.
fn task(arm: &ArmPlan, seed: u64, index: u64, corpus: &Corpus) -> Task {
    match corpus.breed(seed, &arm.plan).filter(|_| index % 2 == 1) {
        None => Task { seed, origin: Origin::Own, bred: None },
        Some((origin, strikes)) => {
            let plan = Arc::new(plan_with(&arm.plan, &strikes));
            Task { seed, origin, bred: Some((strikes, ArmPlan { plan, ..arm.clone() })) }
        }
    }
}

fn make(task: &Task, arm: &ArmPlan) -> (Run, Behaviours) {
    let arm = task.bred.as_ref().map_or(arm, |(_, bred)| bred);
    let mut coverage = Coverage::default();
    let made = run(arm, task.seed, TieBreak::ByRank, Some(&mut coverage as &mut dyn Observer<Record>));
    (made, coverage.behaviours())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, read};
    use sim_core::time::SimTime;

    /// A storm that sometimes harms: every run must keep all its calls, and only one without a crash does.
    const STORMY: &str = r#"(schema: 1, name: "stormy", horizon: "20s",
        nodes: { "clients": Clients(count: 5, arrivals: Poisson(rate: "5/s"), calls: "server"),
                 "server": Service(replicas: 3, workers: 1, demand: Constant("10ms")) },
        storm: Storm(from: "5s", lasts: "10s", quiet: "1s", families: [Crash(node: "server"), SlowNode(node: "server", factor: 3.0)], most: 3),
        stacks: { "clients -> server": [Retry(attempts: 2, backoff: Immediate()), Timeout("200ms")] },
        expect: [Availability(at_least: "100%")])"#;

    fn stormy() -> Scenario {
        read(Source::new("x.ron", STORMY), "x.ron", &[], Extent::AsWritten).expect("it is sound")
    }

    /// What is found in so many seeds, at most so many failures, by so many threads: seeds, origins and failures.
    fn found(count: u64, most_failures: u64, breeds: bool, jobs: usize) -> (Vec<(u64, Origin, Vec<Failure>)>, Hunt) {
        let mut all = Vec::new();
        let scenario = stormy();
        let mut keep = |one: &Found| all.push((one.seed, one.origin.clone(), one.failures.clone()));
        let options = HuntOptions {
            arm: 0,
            first: 1,
            count,
            only: None,
            most_failures,
            breeds,
            jobs,
            another_block: &mut || true,
            go_on: &|| true,
            found: &mut keep,
            progress: &mut |_| {},
        };
        let hunt = hunt(&scenario, options).expect("threads start");
        (all, hunt)
    }

    #[test]
    fn what_is_found_is_the_same_on_any_number_of_threads() {
        let alone = found(300, u64::MAX, true, 1);
        for jobs in [2, 5] {
            let together = found(300, u64::MAX, true, jobs);
            assert_eq!((&together.0, together.1.behaviours), (&alone.0, alone.1.behaviours));
        }
        assert!(alone.0.len() > 3 && alone.1.failed() == alone.0.len() as u64, "{:?}", alone.0);
        assert!(alone.0.iter().any(|(_, origin, _)| *origin != Origin::Own), "half of two blocks were bred");
        assert_eq!(alone.1.blocks.iter().map(|block| block.tried).collect::<Vec<_>>(), [100, 100, 100]);
        assert!(alone.1.blocks[0].new > alone.1.blocks[2].new, "{:?}", alone.1.blocks);
    }

    #[test]
    fn a_search_that_stops_at_some_failures_has_the_first_ones_of_a_longer_search() {
        let (all, _) = found(200, u64::MAX, true, 2);
        for jobs in [1, 4] {
            let (some, hunt) = found(200, 3, true, jobs);
            assert_eq!(some, all[..3]);
            assert_eq!(hunt.tried(), all[2].0, "seeds begin with 1, and none after the third is counted");
        }
    }

    #[test]
    fn without_breeding_every_failure_is_one_of_its_own_seed() {
        let (all, _) = found(200, u64::MAX, false, 2);
        let scenario = stormy();
        for (seed, origin, failures) in all {
            let made = run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None);
            assert_eq!((origin, failures), (Origin::Own, Judge::of(&scenario, 0).failures(seed, Ok(&made))));
        }
    }

    #[test]
    fn nothing_is_begun_when_nobody_wants_another_block() {
        let (mut asked, mut told) = (0, 0);
        let options = HuntOptions {
            arm: 0,
            first: 1,
            count: 1000,
            only: None,
            most_failures: u64::MAX,
            breeds: true,
            jobs: 2,
            another_block: &mut || {
                asked += 1;
                asked <= 2
            },
            go_on: &|| true,
            found: &mut |_| {},
            progress: &mut |_| told += 1,
        };
        let hunt = hunt(&stormy(), options).expect("threads start");
        assert_eq!((hunt.tried(), told), (200, 2));
    }

    /// Who is down, as a bystander sees it.
    #[derive(Default)]
    struct Downs {
        now: u32,
        most: u32,
        last_return: SimTime,
    }

    impl Observer<Record> for Downs {
        fn record(&mut self, at: SimTime, record: &Record) {
            match record {
                Record::NodeDied(_) => self.now += 1,
                Record::NodeReturned(_) => (self.now, self.last_return) = (self.now - 1, at),
                _ => {}
            }
            self.most = self.most.max(self.now);
        }
    }

    #[test]
    fn a_bred_storm_keeps_its_budgets_though_restarts_take_longer_under_another_seed() {
        let restarts = "Crash(node: \"server\", restart: Exponential(mean: \"3s\"))";
        let text = STORMY.replace("Crash(node: \"server\")", restarts).replace("most: 3", "most: 6");
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::AsWritten).expect("it is sound");
        let plan = &scenario.cells[0].arms[0];
        let (mut corpus, mut bred) = (Corpus::default(), 0);
        (1..=60).for_each(|seed| corpus.keep(seed, plan.plan.strikes_of_run(&Seed::new(seed))));
        for seed in 100..400 {
            let task = task(plan, seed, 1, &corpus);
            let Some((strikes, arm)) = &task.bred else { continue };
            bred += strikes.len();
            let mut downs = Downs::default();
            run(arm, seed, TieBreak::ByRank, Some(&mut downs as &mut dyn Observer<Record>));
            assert!(
                downs.most <= 1 && downs.last_return <= SimTime::from_nanos(15_000_000_000),
                "seed {seed}: {} down, {:?}",
                downs.most,
                task.origin
            );
        }
        assert!(bred > 300, "only {bred} strikes were tried again");
    }
}
