//! Peak EWMA: the less loaded of two, by latency and what is under way.
//!
//! Source: Finagle, `PeakEwma`; tower and Linkerd, `load::PeakEwma`. They differ in what a replica is worth before its first answer.

use super::power_of_two_choices::two_of;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::maths::exp;
use sim_core::time::{SimDuration, SimTime};

/// Of two distinct replicas drawn evenly, takes the one with the lower product of latency and tries under way, where latency jumps
/// to peaks at once and forgets them slowly. Remembers 24 bytes per replica and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeakEwma {
    /// After how long a peak has faded to 37 %, above 0; 10 s unless said.
    #[serde(default = "ten_seconds")]
    pub decay: SimDuration,
    /// What a replica is believed to take before its first answer, as in tower and Linkerd (30 ms there). Left out: unknown, as in
    /// Finagle, which tries an unknown one first, and then not again before it has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_rtt: Option<SimDuration>,
}

const fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

impl Default for PeakEwma {
    fn default() -> Self {
        Self { decay: ten_seconds(), default_rtt: None }
    }
}

/// What one more try at a replica with tries under way and no answer yet costs, in nanoseconds: 39 hours, as in Finagle.
const PENALTY: f64 = (i64::MAX >> 16) as f64;

impl Registered for PeakEwma {
    const NAME: &'static str = "PeakEwma";
    const SUMMARY: &'static str = "takes the one of two random replicas with the lower product of peak latency and tries under way";
}

impl Explained for PeakEwma {
    const ABOUT: About = About {
        meaning: "Weighs what is under way at a replica by how long its answers take: a slow answer counts at once and in full, and is forgotten \
                  over `decay`. So a replica that turns slow is left within one answer. One that fails fast looks good.",
        formula: "Of two distinct replicas (as PowerOfTwoChoices) the lower load = ewma * (pending + 1), ties to the first. At each end of a try: \
                  rtt > ewma -> ewma = rtt, else w = exp(-age / decay), ewma = ewma * w + rtt * (1 - w), age since the last update. Reading \
                  the load is an update with rtt 0, and moves the time of the last update. Before the first answer: default_rtt if given, \
                  else no latency: a penalty beyond any latency if tries are pending, 0 if not.",
        parameters: &[
            parameter("decay", "duration", "10s", "after how long a peak has faded to 37 %"),
            parameter("default_rtt", "duration", "unknown", "what a replica takes before its first answer (Linkerd: 30ms)"),
        ],
        memory: "24 bytes per replica and scope, for the whole run.",
        source: "Finagle, loadbalancer/PeakEwma.scala; tower, load/peak_ewma.rs; Linkerd's default_rtt of 30 ms",
        example: "Balance(policy: PeakEwma(decay: \"10s\", default_rtt: \"30ms\"))",
    };
}

/// What it remembers of one replica.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// In nanoseconds.
    ewma: f64,
    updated: SimTime,
    pending: u32,
}

impl PeakEwma {
    /// A replica of which nothing is known, as of the start of the run.
    pub fn unknown(&self) -> Cost {
        let ewma = self.default_rtt.map_or(0.0, |rtt| rtt.as_nanos() as f64);
        Cost { ewma, updated: SimTime::ZERO, pending: 0 }
    }

    /// A latency was seen.
    pub fn observe(&self, cost: &mut Cost, rtt: SimDuration, now: SimTime) {
        let rtt = rtt.as_nanos() as f64;
        if rtt > cost.ewma {
            cost.ewma = rtt;
        } else {
            let age = now.saturating_since(cost.updated).as_nanos() as f64;
            let kept = exp(-age / self.decay.as_nanos() as f64);
            cost.ewma = cost.ewma * kept + rtt * (1.0 - kept);
        }
        cost.updated = now;
    }

    /// The peak latency as of now, in nanoseconds; reading it is an update.
    pub fn latency(&self, cost: &mut Cost, now: SimTime) -> f64 {
        self.observe(cost, SimDuration::ZERO, now);
        cost.ewma
    }

    fn load(&self, cost: &mut Cost, now: SimTime) -> f64 {
        let latency = self.latency(cost, now);
        if latency <= 0.0 && cost.pending > 0 {
            return PENALTY + f64::from(cost.pending);
        }
        latency * (f64::from(cost.pending) + 1.0)
    }
}

impl Balancer for PeakEwma {
    type Shared = Vec<Cost>;

    fn fresh(&self, fleet: &Fleet<'_>, _draw: Draw) -> Vec<Cost> {
        vec![self.unknown(); fleet.weights.len()]
    }

    fn pick(&self, costs: &mut Vec<Cost>, choice: &Choice<'_>) -> u32 {
        let (a, b) = two_of(choice.among, choice.draw);
        let load_of_a = self.load(&mut costs[a as usize], choice.now);
        let load_of_b = self.load(&mut costs[b as usize], choice.now);
        if load_of_b < load_of_a { b } else { a }
    }

    fn sent(&self, costs: &mut Vec<Cost>, replica: u32, _now: SimTime) {
        costs[replica as usize].pending += 1;
    }

    fn ended(&self, costs: &mut Vec<Cost>, replica: u32, took: SimDuration, _outcome: Option<Outcome>, now: SimTime) {
        let cost = &mut costs[replica as usize];
        cost.pending = cost.pending.saturating_sub(1);
        self.observe(cost, took, now);
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.decay.is_zero() {
            complaints.push(complaint("decay", "a peak that fades at once is no peak; write a time such as \"10s\""));
        }
        complaints
    }
}
