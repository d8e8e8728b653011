//! What does a service answer when it is asked whether it is well?
//!
//! A *shallow* endpoint answers for its own process: it takes its turn for a worker, and that is all. A *deep* one asks the services that
//! its own depends on as well, and answers that it is not well if one of them does not: then everybody who shares that dependency is
//! found unwell at the same time, and whoever leaves out the unwell has nobody left.

use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// What is behind the health endpoint of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealthEndpoint {
    /// A worker that answers.
    #[default]
    Shallow,
    /// The same, and then the health endpoints of what it depends on.
    Deep(Deep),
}

/// The services that a health endpoint asks in turn, one after another, over the edges and through the stacks of its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deep {
    /// Whom it asks; everybody that the service calls, unless said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// How long it waits for each of them, above 0; 1 s unless said.
    pub timeout: SimDuration,
    /// Whether it does so as well when it is asked by whoever kills what is not alive; for them it answers for itself unless said.
    #[serde(skip_serializing_if = "is_false")]
    pub liveness: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Default for Deep {
    fn default() -> Self {
        Self { calls: Vec::new(), timeout: SimDuration::from_secs(1), liveness: false }
    }
}

impl HealthEndpoint {
    /// Whether it is the one that nothing is written for.
    pub const fn is_shallow(&self) -> bool {
        matches!(self, Self::Shallow)
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        match self {
            Self::Deep(deep) if deep.timeout.is_zero() => vec![complaint("timeout", "an answer takes time; write one such as \"1s\"")],
            Self::Deep(_) | Self::Shallow => Vec::new(),
        }
    }
}
