//! Priority: the most important class first.
//!
//! Source: textbook definition, head of the line, without preemption.

use super::{DROPS_LAST, Discipline, Item, LIMIT, Line, Standing, WhenFull};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// The most important class first, and first in, first out within it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Priority {
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; the last one of the least important class unless said.
    pub when_full: WhenFull,
}

impl Default for Priority {
    fn default() -> Self {
        Self { limit: None, when_full: WhenFull::DropLast }
    }
}

impl Registered for Priority {
    const NAME: &'static str = "Priority";
    const SUMMARY: &'static str = "the most important class first; when full, the least important is shed";
}

impl Explained for Priority {
    const ABOUT: About = About {
        meaning: "Serves the class with the least priority number first, and those of one class in order. With a limit the least important are shed \
                  when it is full. Under lasting overload unimportant classes are not served at all.",
        formula: "Least priority first, then the first to enter; background work of the server comes after all classes. Nothing that was begun is \
                  interrupted. DropLast: the last of the greatest priority number is refused, the newcomer if nobody who may be refused has a \
                  greater one. No draws.",
        parameters: &[LIMIT, DROPS_LAST],
        memory: "120 bytes per request that waits.",
        source: "textbook definition (head of the line)",
        example: "Priority(limit: 500)",
    };
}

impl Discipline for Priority {
    type Memory = ();

    fn rank(&self, _memory: &mut (), _line: &Line, item: &Item, _now: SimTime) -> u64 {
        if item.standing == Standing::Background { u64::from(u8::MAX) + 1 } else { u64::from(item.priority) }
    }

    super::room!();
}
