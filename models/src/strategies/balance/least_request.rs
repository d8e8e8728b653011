//! Least request: the least busy of a few.
//!
//! Source: Envoy, `LeastRequestLoadBalancer`.

use super::load::Load;
use super::random::any_of;
use super::schedule::Schedule;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::maths::pow;
use sim_core::time::{SimDuration, SimTime};

/// Of `choice_count` replicas drawn with replacement, takes the one with the fewest tries under way. Replicas of unequal weights
/// get turns in proportion to `weight / (active + 1)^active_request_bias` instead. Remembers 36 bytes per replica and scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeastRequest {
    /// How many replicas are looked at, 2 to 1000; 2 unless said. Of use with equal weights only.
    #[serde(default = "two")]
    pub choice_count: u32,
    /// How much being busy counts against a replica, at least 0; 1 unless said. Of use with unequal weights only.
    #[serde(default = "one")]
    pub active_request_bias: f64,
    /// Whether a few are looked at or all; a few unless said. Of use with equal weights only.
    #[serde(default)]
    pub selection_method: SelectionMethod,
    /// How old the numbers get before they are looked at again; always looked at unless said. Not Envoy's.
    #[serde(default)]
    pub stale: SimDuration,
}

/// How many replicas are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectionMethod {
    /// `choice_count`, drawn with replacement.
    #[default]
    NChoices,
    /// All of them: join the shortest queue; ties are drawn.
    FullScan,
}

const fn two() -> u32 {
    2
}

const fn one() -> f64 {
    1.0
}

impl Default for LeastRequest {
    fn default() -> Self {
        Self { choice_count: two(), active_request_bias: one(), selection_method: SelectionMethod::NChoices, stale: SimDuration::ZERO }
    }
}

impl Registered for LeastRequest {
    const NAME: &'static str = "LeastRequest";
    const SUMMARY: &'static str = "takes the least busy of a few replicas drawn at random";
}

impl Explained for LeastRequest {
    const ABOUT: About = About {
        meaning: "Looks at a few replicas drawn at random and takes the one with the fewest of the caller's tries under way, so that a slow \
                  replica gets fewer. A replica that fails fast looks idle, and attracts tries.",
        formula: "Equal weights: choice_count draws with replacement, fewest active wins, ties go to the one drawn first; with 2 replicas the \
                  busier one is chosen with 25 %. FullScan: fewest active of all, ties drawn evenly. Unequal weights: earliest deadline \
                  first, as WeightedRoundRobin, with weight / (active + 1)^bias as the weight when an entry is put \
                  back. With stale, active is what it was at the last multiple of stale since the start of the run. The draw of the choice is \
                  expanded into as many as are needed.",
        parameters: &[
            parameter("choice_count", "number, 2 to 1000", "2", "how many replicas are looked at, if weights are equal"),
            parameter("active_request_bias", "number, at least 0", "1.0", "how much being busy counts, if weights are unequal"),
            parameter("selection_method", "NChoices, FullScan", "NChoices", "whether a few are looked at or all"),
            parameter("stale", "duration", "0s", "the numbers are looked at only every so often (not Envoy's): shows herding"),
        ],
        memory: "36 bytes per replica and scope, for the whole run.",
        source: "Envoy, LeastRequestLoadBalancer (source/extensions/load_balancing_policies/least_request); stale: M. Mitzenmacher, \"How useful \
                 is old information?\", 2000",
        example: "Balance(policy: LeastRequest(choice_count: 3))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    load: Load,
    schedule: Schedule,
    offset: u64,
}

impl Balancer for LeastRequest {
    type Shared = Memory;

    fn fresh(&self, fleet: &Fleet<'_>, draw: Draw) -> Memory {
        Memory { load: Load::idle(fleet.weights.len(), self.stale), schedule: Schedule::default(), offset: draw.bits() }
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        memory.load.look(self.stale, choice.now);
        let weight = |replica: u32| choice.fleet.weights[replica as usize];
        let Memory { load, schedule, offset } = memory;
        if choice.among.iter().any(|replica| weight(*replica) != weight(choice.among[0])) {
            return schedule.next(choice.among, *offset, |replica| self.effective(weight(replica), load.at(replica)));
        }
        match self.selection_method {
            SelectionMethod::NChoices => {
                let drawn = (0..self.choice_count).map(|n| any_of(choice.among, choice.draw.further(u64::from(n))));
                drawn.min_by_key(|replica| load.at(*replica)).unwrap_or(choice.among[0])
            }
            SelectionMethod::FullScan => {
                let fewest = choice.among.iter().map(|replica| load.at(*replica)).min();
                let tied: Vec<u32> = choice.among.iter().copied().filter(|replica| Some(load.at(*replica)) == fewest).collect();
                any_of(&tied, choice.draw)
            }
        }
    }

    fn sent(&self, memory: &mut Memory, replica: u32, now: SimTime) {
        memory.load.sent(replica, self.stale, now);
    }

    fn ended(&self, memory: &mut Memory, replica: u32, _took: SimDuration, _outcome: Option<Outcome>, now: SimTime) {
        memory.load.ended(replica, self.stale, now);
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(2..=1000).contains(&self.choice_count) {
            complaints.push(complaint("choice_count", format!("of {} there is no choice; write 2 to 1000", self.choice_count)));
        }
        if !(0.0..=100.0).contains(&self.active_request_bias) {
            complaints
                .push(complaint("active_request_bias", format!("a bias lies between 0 and 100, not at {}", self.active_request_bias)));
        }
        complaints
    }
}

impl LeastRequest {
    /// The weight that a replica is scheduled with.
    fn effective(&self, weight: u32, active: u32) -> f64 {
        let busy = f64::from(active) + 1.0;
        if self.active_request_bias.total_cmp(&1.0).is_eq() {
            return f64::from(weight) / busy;
        }
        f64::from(weight) / pow(busy, self.active_request_bias)
    }
}
