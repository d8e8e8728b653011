//! What does whoever measures a protocol see?
//!
//! Members and callers know nothing but their clocks and what they are told. A witness stands outside, hears what they
//! announce, and knows the true time and who is really down: errors of clocks, false suspicions and leases held twice can
//! only be told from there.

use super::Announcement;
use crate::environment::Environment;
use crate::ids::{InstanceId, NodeId};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Something a witness sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A member, or a caller, made something known.
    Announced(Speaker, Announcement),
    /// The life of a member ended, in this instance of it.
    Died(u32, InstanceId),
    /// A new life of a member began, in this instance of it.
    Returned(u32, InstanceId),
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A member, by its index, and which instance of it: no node can tell twins apart, and a witness can.
    Member(u32, InstanceId),
    /// A caller in one of its attempts.
    Caller,
}

/// What really is.
#[derive(Clone, Copy, Debug)]
pub struct Truth<'a> {
    /// The true time.
    pub now: SimTime,
    down: &'a [Option<SimTime>],
    /// What faults do, and the node of the first member.
    faults: Option<(&'a Environment, NodeId)>,
    /// When faults that made members dishonest ended last, of those that were.
    strayed: Option<&'a BTreeMap<u32, SimTime>>,
}

impl<'a> Truth<'a> {
    /// The true time, and since when each member is down, if it is.
    pub const fn new(now: SimTime, down: &'a [Option<SimTime>]) -> Self {
        Self { now, down, faults: None, strayed: None }
    }

    /// The same where faults may make members dishonest; `first` is the node of the first member.
    #[must_use]
    pub const fn under(self, faults: &'a Environment, first: NodeId) -> Self {
        Self { faults: Some((faults, first)), ..self }
    }

    /// The same where it is remembered when members were dishonest last.
    #[must_use]
    pub(crate) const fn after(self, strayed: &'a BTreeMap<u32, SimTime>) -> Self {
        Self { strayed: Some(strayed), ..self }
    }

    /// Whether a member is now what others take it for: no fault makes it lie, and there is no second one of it.
    pub fn is_honest(&self, member: u32) -> bool {
        self.faults.is_none_or(|(faults, first)| {
            let node = NodeId(first.0 + member);
            !faults.messages().misbehaves(node) && faults.node(node).twin.is_none()
        })
    }

    /// Whether a member has been honest ever since this instant, and is so now.
    pub fn was_honest_since(&self, member: u32, since: SimTime) -> bool {
        let last = self.strayed.and_then(|strayed| strayed.get(&member));
        self.is_honest(member) && last.is_none_or(|last| *last < since)
    }

    /// Since when a member is down.
    pub fn down_since(&self, member: u32) -> Option<SimTime> {
        self.down.get(member as usize).copied().flatten()
    }

    /// How many members are up.
    pub fn up(&self) -> u32 {
        self.down.iter().filter(|down| down.is_none()).count() as u32
    }
}
