//! What does one replica remember?

use super::{Intake, Level, Tally};
use crate::ids::NodeId;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// The volatile memory of one running replica, gone when its life ends, and what is counted of it, which is not.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Workers that are busy or held.
    pub busy: Level,
    /// Attempts that wait for a worker, by slot; those cancelled meanwhile are still here and skipped.
    pub queue: VecDeque<u32>,
    /// Attempts in the queue that are not cancelled.
    pub waiting: Level,
    /// Who waits instead, where the service has another queue than a plain one; made when it is first needed.
    pub intake: Option<Box<Intake>>,
    /// The last cut that it was told, as a caller, by each service that tells one, and when.
    pub cuts: BTreeMap<u32, (u16, SimTime)>,
    /// Requests that wait for others and have no worker meanwhile.
    pub calling: Level,
    /// What has become of the requests that came.
    pub tally: Tally,
    /// What reached it while it stood still, in order of arrival.
    pub inbox: VecDeque<Unheard>,
}

impl Server {
    /// Its life ends: what is left is what was counted.
    pub fn dies(&mut self, now: SimTime) {
        for level in [&mut self.busy, &mut self.waiting, &mut self.calling] {
            level.clear(now);
        }
        let (busy, waiting, calling, tally) = (self.busy, self.waiting, self.calling, self.tally);
        *self = Self { busy, waiting, calling, tally, ..Self::default() };
    }
}

/// Something that reached a node that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unheard {
    /// The slot of the attempt that it is about.
    pub attempt: u32,
    /// What it is.
    pub news: News,
}

/// What can reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A request.
    Request,
    /// The word that the caller of a request has gone.
    Cancel,
    /// An answer to a call that it made.
    Reply {
        /// Whether it was altered on the way.
        is_altered: bool,
    },
    /// A call that it made was turned back by a cut.
    TurnedBack,
    /// A message of a group, by the slot of its envelope.
    Message(u32),
    /// A message of a group that it sent was turned back by a cut.
    MessageTurnedBack(u32),
    /// An answer of its time server.
    Time {
        /// Whose clock asked.
        node: NodeId,
        /// In the how-manieth exchange.
        number: u32,
    },
    /// A message that a poller here has fetched goes to the queue, or back.
    HandOver,
    /// The connection is broken over which it awaits an answer.
    Broken,
}
