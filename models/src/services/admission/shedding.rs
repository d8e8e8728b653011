//! Shedding by priority: the fuller the server, the more classes are shed.
//!
//! Source: own definition, after what several operators describe (Netflix, "Service-level prioritized load shedding", 2024, read
//! second-hand, and others): a threshold for each class.

use super::{Admission, Answer, Visitor};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::maths::exp;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::BTreeMap;

/// Sheds requests of a class while the server is fuller than the class's threshold. Remembers 32 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shedding {
    /// Above which share of busy workers a class is shed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub utilisation: BTreeMap<String, Share>,
    /// Over how much time that share is averaged; the present one if zero.
    pub over: SimDuration,
    /// Above which wait in the queue a class is shed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub queue_wait: BTreeMap<String, SimDuration>,
}

/// How full the server is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// The average share of busy workers.
    pub utilisation: f64,
    seen: SimTime,
    /// How long the request had waited that was begun last.
    pub queue_wait: SimDuration,
}

impl Default for Shedding {
    fn default() -> Self {
        Self { utilisation: BTreeMap::new(), over: SimDuration::from_secs(1), queue_wait: BTreeMap::new() }
    }
}

impl Registered for Shedding {
    const NAME: &'static str = "Shedding";
    const SUMMARY: &'static str = "the fuller the server, the more classes are shed, the least important first";
}

impl Explained for Shedding {
    const ABOUT: About = About {
        meaning: "Keeps room for what matters: classes are shed one after the other as the server fills up, before its queue is full. A class \
                  without a threshold is never shed here.",
        formula: "When a request comes: u = s + (u - s) * exp(-time since the last / over), with s the share of workers busy now; w = how long the \
                  request begun last had waited, 0 while a worker is free. If u or w is above the threshold of its class, somebody is shed: of \
                  the newcomer and those that wait and were not begun, one of the greatest priority number, the newest where the first to enter is \
                  served first, the oldest where the last is. No draws.",
        parameters: &[
            parameter("utilisation", "map from class to share", "none", "above which share of busy workers a class is shed"),
            parameter("over", "duration", "1s", "over how much time that share is averaged; \"0s\": the present one"),
            parameter("queue_wait", "map from class to duration", "none", "above which wait in the queue a class is shed"),
        ],
        memory: "32 bytes at each replica.",
        source: "own definition, after Netflix, \"Service-level prioritized load shedding\", 2024, and others (second-hand)",
        example: "Shedding(utilisation: {\"browse\": \"80%\", \"buy\": \"95%\"}, queue_wait: {\"browse\": \"50ms\"})",
    };
}

impl Admission for Shedding {
    type Memory = Load;

    fn fresh(&self, now: SimTime) -> Load {
        Load { seen: now, ..Load::default() }
    }

    fn ask(&self, load: &mut Load, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        let (busy, workers) = visitor.workers;
        let share = f64::from(busy) / f64::from(workers.max(1));
        let kept = if self.over.is_zero() { 0.0 } else { exp(-(now.saturating_since(load.seen).as_secs_f64() / self.over.as_secs_f64())) };
        load.utilisation = share + (load.utilisation - share) * kept;
        load.seen = now;
        let wait = if busy < workers { SimDuration::ZERO } else { load.queue_wait };
        let is_too_full = self.utilisation.get(visitor.class).is_some_and(|most| load.utilisation > most.as_f64());
        let is_too_slow = self.queue_wait.get(visitor.class).is_some_and(|most| wait > *most);
        if is_too_full || is_too_slow { Answer::SomebodyGoes } else { Answer::Admitted }
    }

    fn begun(&self, load: &mut Load, waited: SimDuration, _now: SimTime) {
        load.queue_wait = waited;
    }

    fn check(&self) -> Vec<Complaint> {
        if self.utilisation.is_empty() && self.queue_wait.is_empty() {
            let sentence = "no class has a threshold, so that none is ever shed; write such as utilisation: {\"browse\": \"80%\"}";
            return vec![complaint("", sentence)];
        }
        Vec::new()
    }
}
