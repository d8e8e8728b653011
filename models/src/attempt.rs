//! What is an attempt while it is on the wire or at a server?

use crate::call::NONE;
use crate::environment::{Letter, Reach};
use crate::ids::{NodeId, RouteId};
use crate::outcome::{Hint, Outcome};
use crate::record::AttemptName;
use sim_core::draw::Draws;
use sim_core::time::{SimDuration, SimTime};

/// In the session of an attempt at a broker: the rest is the slot of the messages that the answer brings.
pub const BROUGHT: u32 = 1 << 31;

/// One copy of a call on its way: to a server, through it, and back.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Which.
    pub name: AttemptName,
    /// Its random numbers.
    pub draws: Draws,
    /// Slot of its call.
    pub call: u32,
    /// Its flight in the call's tree.
    pub flight: u32,
    /// Where it comes from.
    pub caller: NodeId,
    /// Where it goes.
    pub node: NodeId,
    /// The service that this is a replica of; [`NONE`](crate::call::NONE) at a group.
    pub service: u32,
    /// The way there and back.
    pub routes: (RouteId, RouteId),
    /// Where its call stands among all, if an experiment asks that.
    pub reach: Reach,
    /// How far it has come.
    pub phase: Phase,
    /// Whether its caller still waits for it.
    pub is_waited_for: bool,
    /// Whether it only asks whether the server is well: it takes its turn for a worker, and wants nothing done.
    pub is_probe: bool,
    /// Whether it holds a worker.
    pub has_worker: bool,
    /// Pending events and queue places that point here; the slot is used again only when there are none.
    pub references: u32,
    /// Up to which level its server lets requests in: of meaning only while it holds a [`Holds::CUT`].
    pub cut: u16,
    /// Copies of its messages that are looked after on their way, and requests that arrived as copies and are not over yet:
    /// as long as there are any, it is not over.
    pub pending: u32,
    /// How many copies of its request have arrived, besides the first one to do so.
    pub copies: u32,
    /// The attempt of whose request this is a copy, or [`NONE`](crate::call::NONE).
    pub original: u32,
    /// Whether an answer of it has reached the caller.
    pub is_delivered: bool,
    /// Whether the request or the answer was altered on the way, or rests on something that was.
    pub is_wrong: bool,
    /// What it holds at its server beside a worker.
    pub holds: Holds,
    /// Whether the answer rests on a makeshift.
    pub is_degraded: bool,
    /// Whether the word that its caller has gone has reached the server.
    pub is_known_unwanted: bool,
    /// When the work in progress began or went on, and will be done; the end of time while it stands still.
    pub work_began: SimTime,
    /// See [`work_began`](Self::work_began).
    pub work_ends: SimTime,
    /// While the work in progress stands still: what is left of it, at full speed.
    pub work_left: SimDuration,
    /// Whether the work in progress is writing to the disk.
    pub is_writing: bool,
    /// Whether the work in progress is a write that fails at its end.
    pub fails_to_write: bool,
    /// Server time spent on it so far.
    pub worked: SimDuration,
    /// The next step of the service's program.
    pub task: u32,
    /// The downstream call it waits for, or those made at once (marked as such), or [`NONE`](crate::call::NONE).
    pub child: u32,
    /// When its caller gives up, if the server was told: as all clocks would agree; else the end of time.
    pub deadline: SimTime,
    /// What the server answered.
    pub outcome: Outcome,
    /// What it said about asking again.
    pub hint: Option<Hint>,
    /// Messages of a group's protocol sent on its behalf: to members, and back.
    pub messages: (u32, u32),
    /// The session of a group's protocol, or [`NONE`](crate::call::NONE); with [`BROUGHT`] in it, the messages that a broker's answer brings.
    pub session: u32,
}

impl Attempt {
    /// Begins anew in a record that was used before. Field by field, where it lies: a record is some 200 bytes, and this
    /// happens once per attempt.
    #[inline]
    pub fn begin(
        &mut self,
        name: AttemptName,
        draws: Draws,
        (call, flight): (u32, u32),
        (caller, node, service): (NodeId, NodeId, u32),
        routes: (RouteId, RouteId),
    ) {
        self.name = name;
        self.draws = draws;
        self.call = call;
        self.flight = flight;
        self.caller = caller;
        self.node = node;
        self.service = service;
        self.routes = routes;
        self.phase = Phase::Requesting;
        self.is_waited_for = true;
        self.is_probe = false;
        self.has_worker = false;
        self.references = 0;
        self.pending = 0;
        self.copies = 0;
        self.original = NONE;
        self.is_delivered = false;
        self.is_wrong = false;
        self.is_degraded = false;
        self.holds = Holds::default();
        self.is_known_unwanted = false;
        self.work_began = SimTime::ZERO;
        self.work_ends = SimTime::MAX;
        self.work_left = SimDuration::ZERO;
        self.is_writing = false;
        self.fails_to_write = false;
        self.worked = SimDuration::ZERO;
        self.task = 0;
        self.child = NONE;
        self.deadline = SimTime::MAX;
        self.outcome = Outcome::Success;
        self.hint = None;
        self.messages = (0, 0);
        self.session = NONE;
    }
}

impl Attempt {
    /// A message to its server.
    #[inline]
    pub fn asks(&self, kind: u8) -> Letter {
        Letter { from: self.caller, to: self.node, kind, luck: self.draws.share(), reach: self.reach }
    }

    /// A message to its caller.
    #[inline]
    pub fn answers(&self, kind: u8) -> Letter {
        Letter { from: self.node, to: self.caller, kind, luck: self.draws.share(), reach: self.reach }
    }
}

/// What a request holds at its server beside a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holds(u8);

impl Holds {
    /// The idempotency key of its call.
    pub const KEY: Self = Self(1);
    /// A place among the reads and writes under way of what the service keeps.
    pub const DATA: Self = Self(2);
    /// A connection.
    pub const CONNECTION: Self = Self(4);
    /// A place behind the door, where admission controls wait to hear how it ends.
    pub const DOOR: Self = Self(8);
    /// Its answer carries a cut, for its caller.
    pub const CUT: Self = Self(16);
    /// A place among the reads of a read model, and the messages that tell it of writes.
    pub const MODEL: Self = Self(32);

    /// Whether it holds anything.
    #[inline(always)]
    pub const fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether it holds this.
    pub const fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    /// It holds this as well.
    pub const fn add(&mut self, what: Self) {
        self.0 |= what.0;
    }
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// On its way to the server.
    #[default]
    Requesting,
    /// Has reached a server that stands still.
    Unheard,
    /// Waits for a worker.
    Queued,
    /// A worker works on it.
    Serving,
    /// Waits for a downstream call.
    Calling,
    /// Asks a broker for messages, which has none.
    Parked,
    /// Talks with a group.
    Talking,
    /// The answer is on its way back.
    Replying,
    /// Over itself, but copies of its messages are under way or worked on.
    Settled,
    /// Over: answered, lost or given up.
    Done,
}
