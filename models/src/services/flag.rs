//! What does a service do where a flag is on?
//!
//! A flag is a switch in the code of a service that each of its replicas has for itself: while a [rollout](crate::faults::FlagRollout) is
//! under way some have it on and others do not. Nobody has it on unless a fault says so. Own definition.

use super::task::Task;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Key;

/// What is done where a flag is on, and what where it is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// The name of the flag. Services that ask for one name ask for one flag.
    pub name: String,
    /// What is done at replicas that have it on; nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub does: Vec<Task>,
    /// What is done at the others; nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Task>,
}

impl Flag {
    /// Everything wrong with it but what is wrong with the tasks inside.
    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.name.is_empty() {
            complaints.push(complaint("name", "a flag needs a name, such as \"new-prices\""));
        }
        if self.does.is_empty() && self.otherwise.is_empty() {
            complaints.push(complaint("does", "what does the flag change? Write `does`, `otherwise`, or both"));
        }
        complaints
    }
}

/// Which flag: the hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlagId(u64);

impl FlagId {
    /// The flag of this name.
    pub const fn named(name: &str) -> Self {
        Self(Key::named(name).bits())
    }
}
