//! What came of the calls of each class of requests?
//!
//! Counted apart from everything else, so that a run without classes keeps nothing.

use super::LatencySummary;
use super::latency::Latency;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Calls of clients of one class, started after the warm-up and before the horizon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassMeasures {
    /// The class.
    pub class: String,
    /// Calls of this class.
    pub calls: u64,
    /// Those that ended in success, before the drain was over.
    pub succeeded: u64,
    /// How long those took, from the intended start.
    pub latency: LatencySummary,
}

/// Counts calls by their class.
#[derive(Clone, Debug)]
pub(super) struct ClassMeter {
    classes: Vec<Counted>,
}

#[derive(Clone, Debug)]
struct Counted {
    name: String,
    calls: u64,
    latency: Latency,
}

impl ClassMeter {
    /// Nothing counted yet, of all classes but that of calls without one.
    pub(super) fn new(plan: &Plan) -> Self {
        let named = plan.classes.iter().skip(1);
        Self { classes: named.map(|class| Counted { name: class.name.clone(), calls: 0, latency: Latency::new() }).collect() }
    }

    /// A call that counts was made.
    pub(super) fn started(&mut self, class: u8) {
        self.of(class).calls += 1;
    }

    /// A call that counts ended in success.
    #[cold]
    pub(super) fn succeeded(&mut self, class: u8, latency: SimDuration) {
        self.of(class).latency.record(latency);
    }

    /// The number of a class that has a name counts from 1.
    fn of(&mut self, class: u8) -> &mut Counted {
        &mut self.classes[usize::from(class) - 1]
    }

    /// What was counted, in the order of the plan.
    pub(super) fn finish(self) -> Vec<ClassMeasures> {
        let measures = |counted: Counted| {
            let latency = counted.latency.summary();
            ClassMeasures { class: counted.name, calls: counted.calls, succeeded: latency.count, latency }
        };
        self.classes.into_iter().map(measures).collect()
    }
}
