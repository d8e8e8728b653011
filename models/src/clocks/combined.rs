//! Combined: several of these in one clock.

use super::{AnyClock, ClockKind, Parts};
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};

/// Offsets, drifts and steps add up: `Combined(parts: [Drift(rate: "50ppm"), Synchronised(...)])` is a quartz that is set
/// by a time server. At most one random walk, one synchronisation and one bound make sense in one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combined {
    /// What is combined.
    pub parts: Vec<AnyClock>,
}

impl Registered for Combined {
    const NAME: &'static str = "Combined";
    const SUMMARY: &'static str = "several of these in one clock: offsets, drifts and steps add up";
}

impl ClockKind for Combined {
    fn add_to(&self, parts: &mut Parts) {
        self.parts.iter().for_each(|part| part.add_to(parts));
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.parts.is_empty() {
            complaints.push(complaint("parts", "nothing is combined; Perfect() is a clock without fault"));
        }
        for (index, part) in self.parts.iter().enumerate() {
            if matches!(part, AnyClock::Combined(_)) {
                complaints.push(complaint(&format!("parts[{index}]"), "write its parts here instead: what is combined is combined once"));
            } else {
                complaints.extend(within(&format!("parts[{index}]"), part.check()));
            }
        }
        for once in ["RandomWalk", "Synchronised", "Bounded"] {
            let twice = (0..).zip(&self.parts).filter(|(_, part)| part.name() == once).nth(1);
            complaints.extend(twice.map(|(index, _): (usize, _)| {
                complaint(&format!("parts[{index}]"), format!("a clock has at most one {once}, and this is the second"))
            }));
        }
        complaints
    }
}
