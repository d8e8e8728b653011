//! Client-side throttling as Google's SREs describe it.
//!
//! Source: B. Beyer and others, "Site Reliability Engineering", 2016, chapter 21, "Handling Overload" (read second-hand).

use super::bins::{Bins, Counts, probability};
use super::is_accepted;
use crate::about::{About, Explained, parameter};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// Turns calls back at random, the more the fewer of the last two minutes' were taken on. Remembers at most 120 bins per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sre {
    /// How many calls are made for each that is taken on, before any is turned back; at least 1.
    pub k: f64,
    /// How far it looks back, 1 s to 1 h.
    pub window: SimDuration,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for Sre {
    fn default() -> Self {
        Self { k: 2.0, window: SimDuration::from_secs(120), per: Scope::Process }
    }
}

impl Registered for Sre {
    const NAME: &'static str = "Sre";
    const SUMMARY: &'static str = "turns calls back at random when the callee takes few of them on (adaptive throttling of the SRE book)";
}

impl Explained for Sre {
    const ABOUT: About = About {
        meaning: "Adaptive throttling from the SRE book: a caller whose calls are turned away makes fewer of them, so that the callee need not \
                  spend itself on saying no. Calls are tried again as soon as more are taken on.",
        formula: "p = max(0, (requests - k * accepts) / (requests + 1)) over the window; turned back if U < p. A request counts when it asks, \
                  after p was taken, whether or not it passes; an accept counts when its answer comes: any answer that does not say \
                  overload or throttled. The window is 120 bins on a grid, the present one included. One draw per call.",
        parameters: &[
            parameter("k", "number, at least 1", "2.0", "calls made for each that is taken on, before any is turned back"),
            parameter("window", "duration, 1s to 1h", "2m", "how far it looks back"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "up to 120 bins of 24 bytes per scope.",
        source: "\"Site Reliability Engineering\", 2016, chapter 21 (second-hand); the bins are our own",
        example: "Throttle(Sre(k: 2.0, per: Process))",
    };
}

impl Sre {
    /// The probability with which a call is turned back after such counts.
    pub fn probability(&self, counts: Counts) -> f64 {
        probability(counts, self.k, 1.0)
    }
}

impl Gate for Sre {
    type Shared = Bins<120>;

    fn fresh(&self, _now: SimTime) -> Bins<120> {
        Bins::default()
    }

    fn ask(&self, bins: &mut Bins<120>, draw: Draw, now: SimTime) -> Pass {
        let is_refused = draw.unit() < self.probability(bins.sum(self.window, now));
        bins.add(Counts { requests: 1, accepts: 0 }, self.window, now);
        if is_refused { Pass::Refused(SimDuration::ZERO) } else { Pass::Now }
    }

    fn ended(&self, bins: &mut Bins<120>, _since: SimTime, outcome: Option<Outcome>, _hint: Option<Hint>, now: SimTime) {
        if is_accepted(outcome) {
            bins.add(Counts { requests: 0, accepts: 1 }, self.window, now);
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, bins: &mut Bins<120>, now: SimTime) -> (&'static str, f64) {
        ("probability of being turned back", self.probability(bins.clone().sum(self.window, now)))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1.0..=1_000_000.0).contains(&self.k) {
            complaints.push(complaint(
                "k",
                format!("k lies between 1 and 1000000, not at {}; below 1 calls that are welcome are turned back", self.k),
            ));
        }
        if !(SimDuration::from_secs(1)..=SimDuration::from_secs(3_600)).contains(&self.window) {
            complaints.push(complaint("window", format!("a throttle looks back 1s to 1h, not {}", self.window)));
        }
        complaints
    }
}
