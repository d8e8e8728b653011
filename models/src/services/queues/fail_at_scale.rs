//! The queue of "Fail at Scale": the newest first, and a short life for requests in a queue that stands.
//!
//! Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015, where it is called CoDel with adaptive LIFO (read second-hand).

use super::{Discipline, End, Item, LIMIT, LastEmpty, Line, REJECTS, WhenFull};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Last in, first out; a request may wait for `n`, or for `m` only if the queue was last empty more than `n` before it came.
/// Remembers 24 bytes per request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailAtScale {
    /// How long a request may wait that comes to a queue that stands.
    pub m: SimDuration,
    /// How long others may wait, and how long a queue has not been empty when it stands.
    pub n: SimDuration,
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; a newcomer is refused unless said.
    #[serde(skip_serializing_if = "super::is_default")]
    pub when_full: WhenFull,
}

/// When whose patience ends, of those with the short and of those with the long one, each in order.
#[derive(Clone, Debug, Default)]
pub struct Expiries {
    last_empty: LastEmpty,
    short: VecDeque<(SimTime, u32, u64)>,
    long: VecDeque<(SimTime, u32, u64)>,
}

impl Default for FailAtScale {
    fn default() -> Self {
        Self { m: SimDuration::from_millis(5), n: SimDuration::from_millis(100), limit: None, when_full: WhenFull::Reject }
    }
}

impl Registered for FailAtScale {
    const NAME: &'static str = "FailAtScale";
    const SUMMARY: &'static str = "the newest first, and a short life for requests in a queue that stands (\"Fail at Scale\")";
}

impl Explained for FailAtScale {
    const ABOUT: About = About {
        meaning: "What Facebook described as CoDel with adaptive LIFO: in a queue that has not been empty for a while requests live for a few \
                  milliseconds only, and the newest is served first. Its two numbers need no tuning to the service.",
        formula: "On arrival: the queue was last empty more than n ago: the request may wait for m, otherwise for n. Those that have waited longer \
                  are dropped when a worker takes the next one or a request comes. The last to enter is taken first (with one that waits that is \
                  first in, first out). What was begun and background work are not dropped. No draws.",
        parameters: &[
            parameter("m", "duration", "5ms", "how long a request may wait that comes to a queue that stands"),
            parameter("n", "duration", "100ms", "how long others may wait; a queue that has not been empty for longer stands"),
            LIMIT,
            REJECTS,
        ],
        memory: "144 bytes per request that waits, and 8.",
        source: "\"Fail at Scale\", ACM Queue 13(8), 2015 (second-hand)",
        example: "FailAtScale(m: \"5ms\", n: \"100ms\", limit: 500)",
    };
}

impl FailAtScale {
    /// How long a request may wait that comes to a queue that was last empty so long ago.
    pub fn patience(&self, empty_ago: SimDuration) -> SimDuration {
        if empty_ago > self.n { self.m } else { self.n }
    }
}

impl Discipline for FailAtScale {
    type Memory = Expiries;

    fn entered(&self, memory: &mut Expiries, line: &Line, item: &Item, _rank: u64, now: SimTime) {
        if line.is_empty() {
            memory.last_empty.0 = now;
        }
        if !item.may_be_shed() {
            return;
        }
        let empty_ago = memory.last_empty.ago(now);
        let until = now.saturating_add(self.patience(empty_ago));
        let list = if empty_ago > self.n { &mut memory.short } else { &mut memory.long };
        list.push_back((until, item.slot, line.next_ordinal()));
    }

    fn end(&self, _memory: &mut Expiries, _now: SimTime) -> End {
        End::Last
    }

    fn overdue(&self, memory: &mut Expiries, line: &Line, now: SimTime) -> Option<u32> {
        for list in [&mut memory.short, &mut memory.long] {
            while let Some((_, slot, ordinal)) = list.front().copied().filter(|(until, ..)| *until < now) {
                list.pop_front();
                if line.find(slot, ordinal).is_some() {
                    return Some(slot);
                }
            }
        }
        None
    }

    fn emptied(&self, memory: &mut Expiries, now: SimTime) {
        *memory = Expiries { last_empty: LastEmpty(now), ..Expiries::default() };
    }

    super::room!();

    fn mistakes(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.m > self.n {
            complaints
                .push(complaint("m", format!("{} is longer than n, {}; in a queue that stands requests live shorter", self.m, self.n)));
        }
        complaints
    }
}
