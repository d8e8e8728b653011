//! What does whoever measures a protocol see?
//!
//! Members and callers know nothing but their clocks and what they are told. A witness stands outside, hears what they
//! announce, and knows the true time and who is really down: errors of clocks, false suspicions and leases held twice can
//! only be told from there.

use super::Announcement;
use crate::environment::Environment;
use crate::ids::{InstanceId, NodeId};
use sim_core::time::SimTime;

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
}

impl<'a> Truth<'a> {
    /// The true time, and since when each member is down, if it is.
    pub const fn new(now: SimTime, down: &'a [Option<SimTime>]) -> Self {
        Self { now, down, faults: None }
    }

    /// The same where faults may make members dishonest; `first` is the node of the first member.
    #[must_use]
    pub const fn under(self, faults: &'a Environment, first: NodeId) -> Self {
        Self { faults: Some((faults, first)), ..self }
    }

    /// Whether a member is now what others take it for: no fault makes it lie, and there is no second one of it.
    pub fn is_honest(&self, member: u32) -> bool {
        self.faults.is_none_or(|(faults, first)| {
            let node = NodeId(first.0 + member);
            !faults.messages().misbehaves(node) && faults.node(node).twin.is_none()
        })
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
