//! Earliest deadline first, and nothing that is too late already.
//!
//! Source: C. Liu, J. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment", 1973, without preemption;
//! what is skipped is our own definition.

use super::{DROPS_LAST, Discipline, Item, LIMIT, Line, Standing, Verdict, WhenFull};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Whoever's time is up first is served first; what would come too late is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarliestDeadline {
    /// How long a request may wait whose caller told no deadline, or a later one; for ever unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SimDuration>,
    /// How much time must be left for a request to be begun; any unless said.
    pub needs: SimDuration,
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; whoever has most time unless said.
    pub when_full: WhenFull,
}

impl Default for EarliestDeadline {
    fn default() -> Self {
        Self { max_age: None, needs: SimDuration::ZERO, limit: None, when_full: WhenFull::DropLast }
    }
}

impl Registered for EarliestDeadline {
    const NAME: &'static str = "EarliestDeadline";
    const SUMMARY: &'static str = "whoever's time is up first, first; what would come too late is dropped";
}

impl Explained for EarliestDeadline {
    const ABOUT: About = About {
        meaning: "Goes by the deadlines that travel with requests (Deadline(\"2s\", propagate: true)), or by their age: the most urgent first, and \
                  nothing that its caller cannot use any more. Under overload it keeps up with what it can, where plain first in, first out would \
                  do everything too late.",
        formula: "Due at min(told deadline, arrival + max_age); what is due first is taken first, then the first to enter. Dropped as its turn \
                  comes if now + needs > due, or now = due. What was begun and background work are never dropped, and background work comes last. \
                  No draws.",
        parameters: &[
            parameter("max_age", "duration", "any age", "how long a request may wait without a deadline, or with a later one"),
            parameter("needs", "duration", "0s", "how much time must be left for a request to be begun"),
            LIMIT,
            DROPS_LAST,
        ],
        memory: "120 bytes per request that waits.",
        source: "C. Liu, J. Layland, 1973, without preemption; what is dropped is our own",
        example: "EarliestDeadline(max_age: \"500ms\", needs: \"20ms\", limit: 500)",
    };
}

impl EarliestDeadline {
    fn due(&self, item: &Item) -> SimTime {
        if item.standing == Standing::Background {
            return SimTime::MAX;
        }
        let patience = self.max_age.map_or(SimTime::MAX, |age| item.entered.saturating_add(age));
        item.deadline.min(patience)
    }
}

impl Discipline for EarliestDeadline {
    type Memory = ();

    fn rank(&self, _memory: &mut (), _line: &Line, item: &Item, _now: SimTime) -> u64 {
        self.due(item).as_nanos()
    }

    fn judge(&self, _memory: &mut (), (_, item): (u64, &Item), _left: usize, now: SimTime) -> Verdict {
        let due = self.due(item);
        let is_late = due < SimTime::MAX && (now >= due || now.saturating_add(self.needs) > due);
        if is_late && item.may_be_shed() { Verdict::Dropped } else { Verdict::Served }
    }

    super::room!();

    fn mistakes(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.max_age.is_some_and(|age| age <= self.needs) {
            complaints.push(complaint("max_age", format!("no request can be begun that is to be younger and needs {}", self.needs)));
        }
        complaints
    }
}
