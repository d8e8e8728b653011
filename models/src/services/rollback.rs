//! Who takes a bad version back?

use crate::faults::Trigger;
use crate::registry::{Complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// A pipeline that watches what happens while a new version goes out, and takes it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// What it takes for a sign that the version is bad.
    pub when: Trigger,
    /// How long it takes from the sign until the first replica has its old version again; no time unless said. The others follow at the pace of
    /// the rollout, and who has not got the new version by then does not get it.
    #[serde(default)]
    pub after: SimDuration,
}

impl Rollback {
    /// Everything wrong with it as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        within("when", self.when.check().into_iter().collect()).collect()
    }
}
