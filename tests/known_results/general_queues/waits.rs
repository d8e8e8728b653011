//! How long do requests wait for a worker, as a bystander sees it?

use crate::known_results::{scenario, ten_seeds};
use models::record::Record;
use scenarios::run::run;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Seconds that each served request of a population waited, and how many they were: sums of the first and the second power.
#[derive(Clone, Copy, Default)]
pub(super) struct Waits {
    pub(super) count: f64,
    pub(super) first: f64,
    pub(super) second: f64,
}

/// How long requests waited for a worker, by the edge over which they came.
pub(super) fn waits(text: &str, row: usize) -> Vec<BTreeMap<usize, Waits>> {
    let scenario = scenario("order.ron", text, &[]);
    let warm_up = SimTime::ZERO + scenario.clockwork.warm_up;
    let one = |seed| {
        let (mut came, mut sums) = (BTreeMap::new(), BTreeMap::<usize, Waits>::new());
        let mut watch = |at: SimTime, record: &Record| match record {
            Record::CallStarted(name) => drop(came.insert(name.key, at)),
            Record::Started(name, _) => {
                let began = came.remove(&name.call.key).expect("it was called");
                if began >= warm_up {
                    let wait = (at - began).as_secs_f64();
                    let sum = sums.entry(name.call.edge.index()).or_default();
                    *sum = Waits { count: sum.count + 1.0, first: sum.first + wait, second: sum.second + wait * wait };
                }
            }
            _ => {}
        };
        run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
        sums
    };
    ten_seeds(row).map(one).collect()
}
