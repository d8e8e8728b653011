//! Last in, first out.
//!
//! Source: textbook definition.

use super::{Discipline, End, LIMIT, REJECTS, WhenFull};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Last in, first out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifo {
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; a newcomer is refused unless said.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub when_full: WhenFull,
}

impl Registered for Lifo {
    const NAME: &'static str = "Lifo";
    const SUMMARY: &'static str = "last in, first out: under overload some are served in time, instead of all too late";
}

impl Explained for Lifo {
    const ABOUT: About = About {
        meaning: "The newest request is begun first. Under overload the newest callers are the ones that still wait, so that work is rarely done \
                  for nobody; those at the bottom wait until the overload is over, or for ever.",
        formula: "The last to enter is taken first. A request that finds limit waiting is treated as when_full says; DropLast and DropOldest are \
                  the same thing here. No draws.",
        parameters: &[LIMIT, REJECTS],
        memory: "120 bytes per request that waits.",
        source: "textbook definition",
        example: "Lifo(limit: 500, when_full: DropOldest)",
    };
}

impl Discipline for Lifo {
    type Memory = ();

    fn end(&self, _memory: &mut (), _now: SimTime) -> End {
        End::Last
    }

    super::room!();
}
