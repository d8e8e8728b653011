//! Adaptive LIFO: first in, first out, until the queue stands.
//!
//! Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015 (read second-hand). How long a queue has to stand is our own definition.

use super::{Discipline, End, Item, LIMIT, LastEmpty, Line, REJECTS, WhenFull};
use crate::about::{About, Explained, parameter};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// First in, first out; last in, first out while the queue has not been empty for longer than `after`. Remembers 8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveLifo {
    /// For longer than this a queue has not been empty when it stands.
    pub after: SimDuration,
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; a newcomer is refused unless said.
    #[serde(skip_serializing_if = "super::is_default")]
    pub when_full: WhenFull,
}

impl Default for AdaptiveLifo {
    fn default() -> Self {
        Self { after: SimDuration::from_millis(100), limit: None, when_full: WhenFull::Reject }
    }
}

impl Registered for AdaptiveLifo {
    const NAME: &'static str = "AdaptiveLifo";
    const SUMMARY: &'static str = "first in, first out, until the queue stands; then last in, first out";
}

impl Explained for AdaptiveLifo {
    const ABOUT: About = About {
        meaning: "Serves everybody in order as long as bursts drain, and the newest first when the queue does not drain any more: then it is \
                  better to answer some callers in time than all of them too late.",
        formula: "Empty within the last `after`: the first to enter is taken first; last empty more than `after` ago: the last to enter is. \
                  With after: \"0ms\" it is last in, first out whenever two wait. Asked anew whenever a worker is free. No draws.",
        parameters: &[parameter("after", "duration", "100ms", "a queue that has not been empty for longer stands"), LIMIT, REJECTS],
        memory: "120 bytes per request that waits, and 8.",
        source: "\"Fail at Scale\", ACM Queue 13(8), 2015 (second-hand); `after` is our own",
        example: "AdaptiveLifo(after: \"100ms\", limit: 500)",
    };
}

impl Discipline for AdaptiveLifo {
    type Memory = LastEmpty;

    fn entered(&self, memory: &mut LastEmpty, line: &Line, _item: &Item, _rank: u64, now: SimTime) {
        if line.is_empty() {
            memory.0 = now;
        }
    }

    fn end(&self, memory: &mut LastEmpty, now: SimTime) -> End {
        if memory.ago(now) > self.after { End::Last } else { End::First }
    }

    fn emptied(&self, memory: &mut LastEmpty, now: SimTime) {
        memory.0 = now;
    }

    super::room!();
}
