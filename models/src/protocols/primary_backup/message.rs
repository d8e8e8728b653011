//! What do a primary, its backups and callers say to each other?

use crate::protocols::told::{Found, Wanted};
pub(super) use crate::protocols::wish::Wish;
use sim_core::draw::Draw;
use std::collections::BTreeMap;
use std::fmt;

/// Everything a member has accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The epoch of the primary that it heard last.
    pub epoch: u64,
    /// How many things were ordered.
    pub count: u64,
    /// The value of each key that has one, and the number of its write.
    pub store: BTreeMap<u32, (u64, u64)>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller wants this.
    Do(Wish),
    /// It is done; the value, if it was read.
    Done(Option<u64>),
    /// Ask that member, if any is known.
    Elsewhere(Option<u32>),
    /// The primary of an epoch orders this as number so-and-so; it lives, if it orders nothing.
    Order(u64, u64, Option<Wish>),
    /// A backup has everything of the epoch up to a number.
    Has(u64, u64),
    /// A backup lacks something.
    Lacks(u64),
    /// Everything there is.
    Everything(State),
    /// A backup wants to lead this epoch.
    TakesOver(u64),
    /// Another will hear no older primary, and this is what it has.
    Follows(u64, State),
    /// A member follows this newer epoch.
    Deposed(u64),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "everything of epoch {}, up to operation {}", self.epoch, self.count)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do((key, write)) => write!(f, "{}", Wanted(*key, *write)),
            Self::Done(value) => write!(f, "{}", Found(*value)),
            Self::Elsewhere(Some(member)) => write!(f, "member {member} is the primary"),
            Self::Elsewhere(None) => f.write_str("no primary is known"),
            Self::Order(epoch, number, Some((key, write))) => write!(f, "epoch {epoch}: operation {number} is: {}", Wanted(*key, *write)),
            Self::Order(epoch, number, None) => write!(f, "epoch {epoch}: the primary lives, after operation {number}"),
            Self::Has(epoch, number) => write!(f, "epoch {epoch}: has everything up to operation {number}"),
            Self::Lacks(epoch) => write!(f, "epoch {epoch}: lacks something"),
            Self::Everything(state) => write!(f, "{state}"),
            Self::TakesOver(epoch) => write!(f, "wants to lead epoch {epoch}"),
            Self::Follows(epoch, state) => write!(f, "follows into epoch {epoch}, with {state}"),
            Self::Deposed(epoch) => write!(f, "follows epoch {epoch}, which is newer"),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["do", "done", "elsewhere", "order", "beat", "has", "lacks", "everything", "takes_over", "follows", "deposed"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Do(_) => "do",
            Self::Done(_) => "done",
            Self::Elsewhere(_) => "elsewhere",
            Self::Order(_, _, Some(_)) => "order",
            Self::Order(_, _, None) => "beat",
            Self::Has(..) => "has",
            Self::Lacks(_) => "lacks",
            Self::Everything(_) => "everything",
            Self::TakesOver(_) => "takes_over",
            Self::Follows(..) => "follows",
            Self::Deposed(_) => "deposed",
        }
    }

    /// What a liar makes of it: other values, and more than there is.
    #[must_use]
    pub fn lie(self, draw: Draw) -> Self {
        let another = |value: u64| value ^ 1 << draw.index(16);
        match self {
            Self::Done(value) => Self::Done(Some(another(value.unwrap_or(0)))),
            Self::Elsewhere(_) => Self::Done(Some(draw.index(1 << 16))),
            Self::Order(epoch, count, Some((key, write))) => Self::Order(epoch, count, Some((key, write.map(another)))),
            Self::Has(epoch, count) => Self::Has(epoch, count.saturating_add(1)),
            Self::Everything(mut state) => {
                state.store.values_mut().for_each(|(value, _)| *value = another(*value));
                Self::Everything(state)
            }
            Self::Follows(epoch, mut state) => {
                state.store.values_mut().for_each(|(value, _)| *value = another(*value));
                Self::Follows(epoch, state)
            }
            Self::Do(_) | Self::Order(_, _, None) | Self::Lacks(_) | Self::TakesOver(_) | Self::Deposed(_) => self,
        }
    }
}
