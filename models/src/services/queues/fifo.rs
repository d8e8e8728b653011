//! First in, first out.
//!
//! Source: textbook definition.

use super::{Discipline, LIMIT, REJECTS, WhenFull};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};

/// First in, first out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fifo {
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; a newcomer is refused unless said.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub when_full: WhenFull,
}

impl Registered for Fifo {
    const NAME: &'static str = "Fifo";
    const SUMMARY: &'static str = "first in, first out";
}

impl Explained for Fifo {
    const ABOUT: About = About {
        meaning: "Requests are begun in the order in which they came. Fair, and treacherous under overload: a queue that stands makes everybody \
                  wait for its whole length, so that callers may have gone when their turn comes.",
        formula: "The first to enter is taken first. A request that finds limit waiting is treated as when_full says. No draws.",
        parameters: &[LIMIT, REJECTS],
        memory: "4 bytes per request that waits.",
        source: "textbook definition",
        example: "Fifo(limit: 500)",
    };
}

impl Discipline for Fifo {
    type Memory = ();

    super::room!();
}
