//! How long does a disk take?

use crate::registry::{Complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;

/// How long the disk of a member takes for what it is asked, as a scenario writes it.
///
/// The defaults are orders of magnitude: copying a record into memory takes some 10 us with the system call, and a solid state
/// disk of a data centre takes some 1 ms to say that everything is safe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiskSpeed {
    /// A record is written into the page cache, or erased there; 10 us unless said.
    pub write: Distribution,
    /// Everything in the page cache is taken to the medium; 1 ms unless said.
    pub sync: Distribution,
    /// One record is loaded when a member starts again; 10 us unless said.
    pub read: Distribution,
}

impl Default for DiskSpeed {
    fn default() -> Self {
        let micros = |micros| Distribution::Constant(SimDuration::from_micros(micros));
        Self { write: micros(10), sync: micros(1_000), read: micros(10) }
    }
}

impl DiskSpeed {
    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (field, times) in [("write", &self.write), ("sync", &self.sync), ("read", &self.read)] {
            complaints.extend(within(field, times.check()));
        }
        complaints
    }

    /// As a run needs it.
    pub fn compile(&self) -> DiskTimes {
        DiskTimes { write: self.write.compile(), sync: self.sync.compile(), read: self.read.compile() }
    }
}

/// How long the disk of a member takes for what it is asked.
#[derive(Clone, Debug)]
pub struct DiskTimes {
    /// A record is written into the page cache, or erased there.
    pub write: Sampler,
    /// Everything in the page cache is taken to the medium.
    pub sync: Sampler,
    /// One record is loaded.
    pub read: Sampler,
}
