//! How sure is one long run of its own means?
//!
//! A bystander cuts the measured time into short cells of equal length and notes what becomes of the calls that begin in each. Their
//! quotients are judged by batch means ([`batches`]). Only a run that no fault strikes is one stretch of the same, and only many calls
//! fill batches: otherwise nothing is said.

use crate::scenario::ArmPlan;
use models::measure::RunMeasures;
use models::record::{CallName, Record};
use models::workloads::ArrivalProcess;
use sim_core::draw::Key;
use sim_core::stats::batches::{self, PIECES, Verdict};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Cells of the measured time: eight to each piece of which correlation is asked.
const CELLS: u64 = 8 * PIECES as u64;

/// Fewer calls than this do not fill batches: 128 to each, with which intervals of a busy queue begin to keep their word.
const FEWEST_CALLS: u64 = 2_048;

/// What became of the calls that began in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    started: u64,
    succeeded: u64,
    /// Nanoseconds that the successes took together.
    latency: u128,
}

/// The calls of one run by when they began.
#[derive(Debug)]
pub struct LongRun {
    from: SimTime,
    length: SimDuration,
    /// By edge of a population: whether its calls are those of users.
    of_users: Vec<bool>,
    cells: Vec<Cell>,
    /// Calls under way that count, by their edge and key: the cell in which they began, and when.
    under_way: BTreeMap<(u32, Key), (usize, SimTime)>,
    is_struck: bool,
}

/// What is said of each mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongRunMeans {
    /// The share of calls that succeed.
    pub availability: Verdict,
    /// The mean latency of successes, in seconds.
    pub latency: Verdict,
    /// Successes in a second.
    pub goodput: Verdict,
}

impl LongRun {
    /// A bystander for a run of this system; `None` if faults, or everybody beginning at once, leave nothing that stays the same.
    pub fn of(arm: &ArmPlan) -> Option<Self> {
        let plan = &arm.plan;
        let is_once = plan.populations.iter().any(|population| matches!(population.arrivals, ArrivalProcess::Once));
        if is_once || !plan.faults.is_empty() || plan.storm.is_some() || plan.experiment.is_some() {
            return None;
        }
        let (from, horizon) = (SimTime::ZERO.saturating_add(plan.clockwork.warm_up), SimTime::ZERO.saturating_add(plan.clockwork.horizon));
        Some(Self {
            from,
            length: horizon.saturating_since(from),
            of_users: plan.populations.iter().map(|population| !population.synthetic).collect(),
            cells: vec![Cell::default(); CELLS as usize],
            under_way: BTreeMap::new(),
            is_struck: false,
        })
    }

    /// Takes note of what concerns it.
    pub fn see(&mut self, at: SimTime, record: &Record) {
        match record {
            Record::CallStarted(name) => self.started(at, name),
            Record::CallEnded(name, outcome) => {
                let Some((cell, began)) = self.under_way.remove(&(name.edge.0, name.key)) else { return };
                if outcome.is_success() {
                    self.cells[cell].succeeded += 1;
                    self.cells[cell].latency += u128::from((at - began).as_nanos());
                }
            }
            Record::FaultBegan(..) => self.is_struck = true,
            _ => {}
        }
    }

    fn started(&mut self, at: SimTime, name: &CallName) {
        let since = at.saturating_since(self.from);
        if at < self.from || since >= self.length || self.of_users.get(name.edge.index()) != Some(&true) {
            return;
        }
        let cell = (u128::from(since.as_nanos()) * u128::from(CELLS) / u128::from(self.length.as_nanos())) as usize;
        self.cells[cell].started += 1;
        self.under_way.insert((name.edge.0, name.key), (cell, at));
    }

    /// What the run says of its means; `None` if it was struck, had few calls, or did not see what `measures` have counted.
    pub fn means(&self, measures: &RunMeasures) -> Option<LongRunMeans> {
        let sum = |of: fn(&Cell) -> u64| self.cells.iter().map(of).sum::<u64>();
        let has_seen_all = sum(|cell| cell.started) == measures.calls && sum(|cell| cell.succeeded) == measures.succeeded;
        if self.is_struck || measures.calls < FEWEST_CALLS || !has_seen_all {
            return None;
        }
        let seconds = self.length.as_nanos() as f64 / 1e9 / CELLS as f64;
        let judge = |of: &dyn Fn(&Cell) -> (f64, f64)| batches::of(&self.cells.iter().map(of).collect::<Vec<_>>());
        Some(LongRunMeans {
            availability: judge(&|cell| (cell.succeeded as f64, cell.started as f64)),
            latency: judge(&|cell| (cell.latency as f64 / 1e9, cell.succeeded as f64)),
            goodput: judge(&|cell| (cell.succeeded as f64, seconds)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::text::Source;
    use crate::{Extent, Scenario, read};
    use sim_core::observe::Observer;
    use sim_core::simulation::TieBreak;

    fn scenario(rate: u32, horizon: &str, rest: &str) -> Scenario {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "{horizon}", warm_up: "20s",
                nodes: {{ "clients": Clients(count: 10, arrivals: Poisson(rate: "{rate}/s"), calls: "server"),
                          "server": Service(workers: 1, demand: Exponential(mean: "10ms")) }}, {rest})"#
        );
        read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
    }

    fn means(scenario: &Scenario) -> Option<LongRunMeans> {
        let arm = &scenario.cells[0].arms[0];
        let mut long = LongRun::of(arm)?;
        let mut observer = |at: SimTime, record: &Record| long.see(at, record);
        let made = run(arm, 1, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
        long.means(&made.measures)
    }

    #[test]
    fn a_queue_that_is_half_full_is_sure_of_its_response_time_after_a_while() {
        let means = means(&scenario(50, "820s", "")).expect("nothing strikes, and 40,000 calls are many");
        let Verdict::Sure(latency) = means.latency else { panic!("{means:?}") };
        assert!((latency.low..=latency.high).contains(&0.02) && latency.reach() < 0.002, "{latency:?}");
        let Verdict::Sure(goodput) = means.goodput else { panic!("{means:?}") };
        assert!((goodput.low..=goodput.high).contains(&50.0), "{goodput:?}");
    }

    #[test]
    fn a_queue_that_is_nearly_full_is_not_sure_after_a_minute() {
        let means = means(&scenario(95, "80s", "")).expect("there are calls enough");
        assert!(matches!(means.latency, Verdict::Correlated(by) if by > 0.3), "{means:?}");
    }

    #[test]
    fn nothing_is_said_of_a_run_that_is_struck_or_has_few_calls() {
        assert_eq!(means(&scenario(50, "60s", "")), None);
        let faults = r#"faults: [SlowNode(node: "server", factor: 2, at: "100s", lasts: "1s")]"#;
        assert_eq!(means(&scenario(50, "820s", faults)), None);
    }
}
