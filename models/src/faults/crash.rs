//! Crash: a node stops, its memory is lost, and it comes back empty.
//!
//! Messages on their way to the node are lost when they arrive while it is down. Work it had begun or queued is gone, and
//! whoever waits for it hears nothing. Answers it sent before it died still arrive. Overlapping crashes of one node are one
//! crash, from the first begin to the last end; if one of them is silent, the node is silent.

use super::Fault;
use crate::environment::Effect;
use crate::plan::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// A node is down from `at` on; after `lasts` a new life begins with empty queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`.
    pub node: String,
    /// When it crashes.
    pub at: SimDuration,
    /// How long it is down; for ever unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<SimDuration>,
    /// What callers meet meanwhile.
    #[serde(default)]
    pub while_down: WhileDown,
}

/// What callers of a dead node meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhileDown {
    /// Nothing: the machine is gone, and requests to it vanish.
    #[default]
    Silence,
    /// A refusal: the process is gone, but its machine answers that nobody listens.
    Refusal,
}

impl Registered for Crash {
    const NAME: &'static str = "Crash";
    const SUMMARY: &'static str = "a node stops, loses its memory, and comes back empty";
}

impl Fault for Crash {
    fn at(&self) -> SimDuration {
        self.at
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn effects(&self, places: &Places<'_>) -> Result<Vec<Effect>, Vec<Complaint>> {
        let refuses = self.while_down == WhileDown::Refusal;
        let nodes = places.servers("node", &self.node).map_err(|complaint| vec![complaint])?;
        Ok(nodes.into_iter().map(|node| Effect::Down { node, refuses }).collect())
    }

    fn label(&self) -> String {
        format!("crash of {}", self.node)
    }
}
