//! What is asked of the system beside what its populations ask as written, and of whom?
//!
//! Factors of one population multiply: each one above 1 adds calls in proportion to what those that began before it make of
//! the load, each one below 1 leaves a call out with the same chance, whoever makes it. Of hot replicas the one that began
//! first takes its share of the attempts, the next its share of the rest.

use crate::ids::{NodeId, PopulationId, StretchId};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Something that happens to the load. `key` is the name of the strike, from which all its draws are derived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LoadEffect {
    /// A population calls more or less often.
    Factor {
        /// Which.
        population: PopulationId,
        /// How much more or less often.
        factor: LoadFactor,
        /// The name of the strike.
        key: u64,
    },
    /// Every client of a population calls once more.
    Herd {
        /// Which.
        population: PopulationId,
        /// Over how much time these calls are spread evenly.
        within: SimDuration,
        /// The name of the strike.
        key: u64,
    },
    /// A share of the attempts at a service goes to one of its replicas.
    Hot {
        /// The service, by its index.
        service: u32,
        /// The replica.
        node: NodeId,
        /// How many of the attempts.
        share: Share,
        /// The name of the strike.
        key: u64,
    },
    /// A node does background work.
    Job {
        /// Which.
        node: NodeId,
        /// What work, and when again.
        what: JobWork,
        /// The name of the strike.
        key: u64,
    },
}

/// Background work that begins again a while after its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobWork {
    /// How much work a run is.
    pub work: Distribution,
    /// How long after the end of a run the next one begins.
    pub rest: Distribution,
    /// Whether each run is work for every node of the stretch.
    pub is_shared: bool,
}

/// How many times as often a population calls, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoadFactor(u64);

impl LoadFactor {
    /// As often as ever.
    pub const ONE: Self = Self(1000);

    /// A factor such as 5 or 0.3.
    pub fn new(factor: f64) -> Self {
        Self((factor * 1000.0 + 0.5) as u64)
    }

    /// As a float, for rates.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Whether a call is left out under this factor, by its draw; never if the factor is above 1.
    fn leaves_out(self, draw: Draw) -> bool {
        draw.index(1000 << 32) >= self.0 << 32
    }
}

/// A factor that is on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    /// The stretch it belongs to.
    pub stretch: StretchId,
    /// How much more or less often.
    pub factor: LoadFactor,
    /// The name of the strike.
    pub key: u64,
}

impl Factor {
    /// Whether it leaves out a call with this draw.
    pub fn leaves_out(&self, draw: Draw) -> bool {
        self.factor < LoadFactor::ONE && self.factor.leaves_out(draw)
    }
}

/// Everything that is on about the load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    /// What is asked about at every call.
    on: Vec<(StretchId, LoadEffect)>,
    /// What has timers of its own, and may be on at thousands of nodes.
    jobs: Vec<(StretchId, LoadEffect)>,
}

impl Load {
    pub(super) fn begin(&mut self, stretch: StretchId, effect: &LoadEffect) {
        let is_job = matches!(effect, LoadEffect::Job { .. });
        if is_job { &mut self.jobs } else { &mut self.on }.push((stretch, effect.clone()));
    }

    pub(super) fn end(&mut self, stretch: StretchId) {
        self.on.retain(|(owner, _)| *owner != stretch);
        self.jobs.retain(|(owner, _)| *owner != stretch);
    }

    pub(super) const fn active(&self) -> usize {
        self.on.len() + self.jobs.len()
    }

    /// Whether anything is on that concerns calls.
    #[inline]
    pub const fn any(&self) -> bool {
        !self.on.is_empty()
    }

    /// The factors of a population, in the order in which they began.
    pub fn factors(&self, of: PopulationId) -> impl Iterator<Item = Factor> {
        self.on.iter().filter_map(move |(stretch, effect)| match effect {
            &LoadEffect::Factor { population, factor, key } if population == of => Some(Factor { stretch: *stretch, factor, key }),
            _ => None,
        })
    }

    /// How many more calls a factor adds, as a multiple of those its population makes as written: none if it leaves calls out.
    pub fn added_by(&self, stretch: StretchId, population: PopulationId) -> f64 {
        let mut before = 1.0;
        for on in self.factors(population).filter(|on| on.factor > LoadFactor::ONE) {
            if on.stretch == stretch {
                return before * (on.factor.as_f64() - 1.0);
            }
            before *= on.factor.as_f64();
        }
        0.0
    }

    /// The hot replica to which an attempt at a service goes, if it goes to one, by the draw of its choice.
    pub fn drawn_to(&self, service: u32, choice: Draw) -> Option<NodeId> {
        self.on.iter().find_map(|(_, effect)| match effect {
            LoadEffect::Hot { service: of, node, share, key } if *of == service => share.holds(choice.further(*key)).then_some(*node),
            _ => None,
        })
    }
}
