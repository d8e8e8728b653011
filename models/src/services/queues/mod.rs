//! Who waits for a worker, whose turn is it, and who is sent away? Queue disciplines, one file each.
//!
//! A discipline gives everybody who enters a *rank* and says from which *end* of the line the next one is taken and what becomes of
//! it. Where the line has a limit, `when_full` says who makes room. Requests that were begun and background work are never sent away.

mod adaptive_lifo;
mod codel;
mod earliest_deadline;
mod fail_at_scale;
mod fair;
mod fifo;
mod item;
mod lifo;
mod line;
mod priority;

pub use adaptive_lifo::AdaptiveLifo;
pub use codel::{CoDel, Drops};
pub use earliest_deadline::EarliestDeadline;
pub use fail_at_scale::{Expiries, FailAtScale};
pub use fair::{Fair, Flows, Sharing};
pub use fifo::Fifo;
pub use item::{Item, Standing};
pub use lifo::Lifo;
pub use line::{Line, Place, Verdict};
pub use priority::Priority;

use crate::about::{About, Explained, Parameter, parameter};
use crate::registry::{Complaint, Registered, complaint, registry};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What happens to a request that finds no place in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhenFull {
    /// It is refused at once with `overload`.
    #[default]
    Reject,
    /// It takes the place of the request that has waited longest, which is refused.
    DropOldest,
    /// Whoever would be served last is refused, the newcomer included.
    DropLast,
    /// It waits outside, without limit, in order of arrival, until there is a place: as a connection does that the server has not
    /// accepted yet. The server does not know of it, so that it is neither older nor more urgent than others when it comes in.
    Wait,
}

impl WhenFull {
    /// What happens when the queue is full, as a clause.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Reject => "a full queue refuses at once",
            Self::DropOldest => "a full queue drops who has waited longest",
            Self::DropLast => "a full queue drops who would be served last",
            Self::Wait => "who finds it full waits outside",
        }
    }
}

/// From which end of the line the next one is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The least rank, and of those the first to enter.
    First,
    /// The greatest rank, and of those the last to enter.
    Last,
}

/// Which of several alike is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// Whoever came last.
    Newest,
    /// Whoever came first.
    Oldest,
}

/// In which order a server works on what waits, and what it drops.
pub trait Discipline: Explained {
    /// What it remembers of one queue, beside those who wait.
    type Memory: Clone + Debug + Default + Send;

    /// The rank of somebody who enters, or would enter: the least rank is first in the line.
    fn rank(&self, _memory: &mut Self::Memory, _line: &Line, _item: &Item, _now: SimTime) -> u64 {
        0
    }

    /// Somebody enters with this rank; they are not in the line yet.
    fn entered(&self, _memory: &mut Self::Memory, _line: &Line, _item: &Item, _rank: u64, _now: SimTime) {}

    /// From which end the next one is taken.
    fn end(&self, _memory: &mut Self::Memory, _now: SimTime) -> End {
        End::First
    }

    /// What becomes of the one whose turn it is, with its rank, who has just left the line; `left` others are still in it.
    fn judge(&self, _memory: &mut Self::Memory, _item: (u64, &Item), _left: usize, _now: SimTime) -> Verdict {
        Verdict::Served
    }

    /// Somebody who waits too long wherever they stand.
    fn overdue(&self, _memory: &mut Self::Memory, _line: &Line, _now: SimTime) -> Option<u32> {
        None
    }

    /// Somebody left who had this rank, without waiting for their turn.
    fn withdrawn(&self, _memory: &mut Self::Memory, _item: &Item, _rank: u64) {}

    /// Nobody waits any more.
    fn emptied(&self, _memory: &mut Self::Memory, _now: SimTime) {}

    /// How many wait at most; without limit if `None`.
    fn limit(&self) -> Option<u32>;

    /// Who makes room when so many wait.
    fn when_full(&self) -> WhenFull;

    /// What is wrong with its own numbers.
    fn mistakes(&self) -> Vec<Complaint> {
        Vec::new()
    }

    /// Everything wrong with it as written.
    fn check(&self) -> Vec<Complaint> {
        check_room(self.limit(), self.when_full()).into_iter().chain(self.mistakes()).collect()
    }
}

/// How many wait at most, and who makes room, where both are fields of these names.
macro_rules! room {
    () => {
        fn limit(&self) -> Option<u32> {
            self.limit
        }

        fn when_full(&self) -> WhenFull {
            self.when_full
        }
    };
}
use room;

registry! {
    /// A queue discipline, as a scenario writes it.
    Queue as "queue", each_queue;
    /// The memory of one queue of any discipline.
    QueueMemory = Discipline::Memory, with_queue: Fifo, Lifo, AdaptiveLifo, Priority, Fair, CoDel, FailAtScale, EarliestDeadline,
}

impl Default for Queue {
    fn default() -> Self {
        Self::Fifo(Fifo::default())
    }
}

impl Queue {
    /// The memory of a queue in which nobody has waited yet.
    pub fn fresh(&self) -> QueueMemory {
        with_queue!(make self, _rule => Default::default())
    }

    /// See [`Line::enter`].
    pub fn enter(&self, memory: &mut QueueMemory, line: &mut Line, item: Item, now: SimTime) {
        with_queue!(self, memory, rule, kept => line.enter(rule, kept, item, now));
    }

    /// See [`Line::take`].
    pub fn take(&self, memory: &mut QueueMemory, line: &mut Line, now: SimTime) -> Option<(Item, Verdict)> {
        with_queue!(self, memory, rule, kept => line.take(rule, kept, now))
    }

    /// See [`Line::withdraw`].
    pub fn withdraw(&self, memory: &mut QueueMemory, line: &mut Line, slot: u32, now: SimTime) -> Option<Item> {
        with_queue!(self, memory, rule, kept => line.withdraw(rule, kept, slot, now))
    }

    /// See [`Line::overdue`].
    pub fn overdue(&self, memory: &mut QueueMemory, line: &mut Line, now: SimTime) -> Option<Item> {
        with_queue!(self, memory, rule, kept => line.overdue(rule, kept, now))
    }

    /// See [`Line::give_way`].
    pub fn give_way(&self, memory: &mut QueueMemory, line: &mut Line, newcomer: &Item, now: SimTime) -> Option<Item> {
        with_queue!(self, memory, rule, kept => line.give_way(rule, kept, newcomer, now))
    }

    /// See [`Discipline::end`].
    pub fn end(&self, memory: &mut QueueMemory, now: SimTime) -> End {
        with_queue!(self, memory, rule, kept => rule.end(kept, now))
    }

    /// How many turns a class has in a round, by its name, where that is said.
    pub const fn weights(&self) -> &BTreeMap<String, u32> {
        static NONE: BTreeMap<String, u32> = BTreeMap::new();
        match self {
            Self::Fair(fair) => &fair.weights,
            _ => &NONE,
        }
    }

    /// See [`Discipline::limit`].
    pub fn limit(&self) -> Option<u32> {
        each_queue!(self, rule => rule.limit())
    }

    /// See [`Discipline::when_full`].
    pub fn when_full(&self) -> WhenFull {
        each_queue!(self, rule => rule.when_full())
    }

    /// See [`Discipline::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_queue!(self, rule => rule.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_queue!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// What is wrong with a limit and who makes room.
fn check_room(limit: Option<u32>, when_full: WhenFull) -> Vec<Complaint> {
    match (limit, when_full) {
        (None, WhenFull::DropOldest | WhenFull::Wait) => {
            vec![complaint("when_full", "a queue without a limit is never full; give it one, such as limit: 500")]
        }
        (Some(0), WhenFull::DropOldest) => vec![complaint("limit", "in a queue without places nobody is older; write at least 1")],
        _ => Vec::new(),
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The parameter of all disciplines.
const LIMIT: Parameter = parameter("limit", "number", "no limit", "how many requests wait at most, at each replica");
/// The same, where newcomers are refused unless said.
const REJECTS: Parameter = parameter("when_full", "Reject, DropOldest, DropLast, Wait", "Reject", "who makes room when so many wait");
/// The same, where it is the last unless said.
const DROPS_LAST: Parameter = parameter("when_full", "Reject, DropOldest, DropLast, Wait", "DropLast", "who makes room when so many wait");

/// Since when a queue has not been empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastEmpty(SimTime);

impl LastEmpty {
    /// How long ago it was empty.
    fn ago(self, now: SimTime) -> SimDuration {
        now.saturating_since(self.0)
    }
}
