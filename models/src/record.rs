//! What could a bystander see? The vocabulary of traces and of the digest.

use crate::ids::{EdgeId, FaultId, NodeId, PopulationId};
use crate::outcome::Outcome;
use crate::strategies::{Shift, ShiftAt};
use sim_core::draw::Key;
use sim_core::observe;
use sim_core::units::SignedDuration;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A call was made.
    CallStarted(CallName),
    /// A call ended.
    CallEnded(CallName, Outcome),
    /// An attempt was put on the wire towards a node.
    Sent(AttemptName, NodeId),
    /// A message of an attempt was lost on its way to a node (or back from it).
    Dropped(AttemptName, NodeId, Loss),
    /// A request waits in the queue of a node.
    Queued(AttemptName, NodeId),
    /// A worker of a node began to work on an attempt.
    Started(AttemptName, NodeId),
    /// A node sent its answer.
    Answered(AttemptName, NodeId, Outcome),
    /// An answer reached its caller, who waited for it.
    Delivered(AttemptName, NodeId, Outcome),
    /// An answer reached its caller, who had gone.
    DeliveredLate(AttemptName, NodeId, Outcome),
    /// The caller no longer waits for an attempt.
    Abandoned(AttemptName, NodeId),
    /// Work for a caller who had gone was given up by the node.
    Discarded(AttemptName, NodeId),
    /// A fault struck: all its members together, or the one with this index.
    FaultBegan(FaultId, Option<u32>),
    /// A strike of a fault ended.
    FaultEnded(FaultId, Option<u32>),
    /// The life of a node ended: its memory is gone.
    NodeDied(NodeId),
    /// A new life of a node began.
    NodeReturned(NodeId),
    /// A node stands still from now on.
    NodePaused(NodeId),
    /// A node goes on.
    NodeResumed(NodeId),
    /// A message of an attempt reached a receiver altered, who did not notice; the node is the server, wherever it went.
    Altered(AttemptName, NodeId),
    /// A cut turned an attempt back that was on its way to a node.
    TurnedBack(AttemptName, NodeId, Outcome),
    /// A cut broke the connection over which an attempt's answer was awaited.
    Broken(AttemptName, NodeId),
    /// A second copy of an answer reached its caller, who took no notice.
    Ignored(AttemptName, NodeId),
    /// A member's answer reached a caller who talks with the group itself, and who may wait for more of them. It is a note: no part of the
    /// digest, because what it leads to is.
    Replied(AttemptName, NodeId),
    /// A message of an attempt reached this node, its server or its caller, while that stands still: nobody hears it before the node goes on. It is a note: no part of
    /// the digest, because that the node stands still is.
    Unheard(AttemptName, NodeId),
    /// Routing has learnt of cuts, or of their end.
    Converged,
    /// A worker of a node began a run of background work.
    JobBegan(NodeId),
    /// A run of background work was done at a node.
    JobEnded(NodeId),
    /// A member of a group sent a message to another.
    MemberSent(MessageName),
    /// A message of a member reached another.
    MemberHeard(MessageName),
    /// A message of a member was lost.
    MemberMissed(MessageName, Loss),
    /// A message of a member reached another altered, who did not notice.
    MemberMisheard(MessageName),
    /// A timer of a member fired.
    TimerFired(NodeId),
    /// A member, or a caller at a node, made something known: what, and a number that says more.
    Announced(NodeId, &'static str, i64),
    /// The wall clock of a node was set: by how much.
    ClockSet(NodeId, SignedDuration),
    /// The shared memory of a layer is in another state.
    Shifted(ShiftAt),
    /// A service waits no longer for a call that it has made: one of several made at once, or one that nobody waited for and whose
    /// process died.
    CallAbandoned(CallName),
    /// The alert with this number fires.
    AlertFired(u32),
    /// The alert with this number is over.
    AlertResolved(u32),
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The link lost it.
    Link,
    /// The way was cut.
    Cut,
    /// The node was dead.
    Dead,
    /// The queue of a line was full.
    Full,
    /// It was altered on the way, and the receiver found out.
    Corrupt,
    /// Its sender did not send it, or its receiver did not hear it, because of a fault.
    Omitted,
}

impl Loss {
    /// The word in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Cut => "cut",
            Self::Dead => "dead node",
            Self::Full => "full line",
            Self::Corrupt => "corrupt",
            Self::Omitted => "omitted",
        }
    }
}

/// Which call: enough to name it to a reader, and its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallName {
    /// Caller and callee.
    pub edge: EdgeId,
    /// The key of its draws.
    pub key: Key,
    /// The client whose call it is, or on whose behalf a service makes it.
    pub client: u32,
    /// The population of that client.
    pub population: PopulationId,
    /// The how-manieth call of that client's population (open load) or of that client (closed load). Calls that faults add to a
    /// population count from [`FIRST_EXTRA`].
    pub ordinal: u32,
}

/// The ordinal of the first call that a fault adds to a population.
pub const FIRST_EXTRA: u32 = 1 << 31;

/// The ordinal of the first poll of a poller. The client of a poll is the number of its replica.
pub const FIRST_POLL: u32 = 7 << 29;

/// The ordinal of the first probe of a replica. The client of a probe is the number of that replica.
pub const FIRST_PROBE: u32 = 3 << 30;

/// The ordinal of the first call of a health endpoint to what it depends on. Its client is the number of the replica that asks.
pub const FIRST_CHECK: u32 = 15 << 28;

/// Which attempt of which call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptName {
    /// The call.
    pub call: CallName,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// Which arrival of it at the server: 0 unless a link copied the request.
    pub copy: u32,
}

impl AttemptName {
    /// The call over an edge that is made for this attempt by the step with this place.
    #[inline(always)]
    pub fn calls(&self, edge: EdgeId, place: u32) -> CallName {
        let mut key = self.call.key.child(u64::from(self.number) << 32 | u64::from(place));
        if self.copy > 0 {
            key = key.child(u64::from(self.copy));
        }
        CallName { edge, key, ..self.call }
    }
}

/// Which message of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageName {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// Its kind, as the protocol names it.
    pub kind: &'static str,
    /// The how-manieth message of this kind between these two, from 0.
    pub ordinal: u32,
}

impl MessageName {
    fn bits(&self) -> u64 {
        Key::named(self.kind).child(u64::from(self.from.0) << 32 | u64::from(self.to.0)).child(u64::from(self.ordinal)).bits()
    }
}

impl observe::Record for Record {
    #[inline(always)]
    fn fingerprint(&self) -> u64 {
        // Odd constants keep the parts apart; the digest mixes the sum.
        const PART: u64 = 0xd6e8_feb8_6659_fd93;
        const KIND: u64 = 0xa076_1d64_78bd_642f;
        const COPY: u64 = 0xe703_7ed1_a0b4_28db;
        let of_call = |kind: u64, call: &CallName, rest: u64| call.key.bits() ^ kind.wrapping_mul(KIND) ^ rest.wrapping_mul(PART);
        let of_attempt = |kind: u64, attempt: &AttemptName, node: NodeId, rest: u64| {
            let copy = u64::from(attempt.copy).wrapping_mul(COPY);
            of_call(kind, &attempt.call, u64::from(attempt.number) | u64::from(node.0) << 24 | rest << 56) ^ copy
        };
        let result = |outcome: &Outcome| match outcome {
            Outcome::Success => 0,
            Outcome::Failed(failure) => 1 + failure.index() as u64,
        };
        let of_fault = |fault: FaultId, member: Option<u32>| u64::from(fault.0) | member.map_or(0, |member| u64::from(member) + 1) << 32;
        match self {
            Self::CallStarted(call) => of_call(1, call, 0),
            Self::CallEnded(call, outcome) => of_call(2, call, result(outcome)),
            Self::Sent(attempt, node) => of_attempt(3, attempt, *node, 0),
            Self::Dropped(attempt, node, loss) => of_attempt(4, attempt, *node, *loss as u64),
            Self::Queued(attempt, node) => of_attempt(5, attempt, *node, 0),
            Self::Started(attempt, node) => of_attempt(6, attempt, *node, 0),
            Self::Answered(attempt, node, outcome) => of_attempt(7, attempt, *node, result(outcome)),
            Self::Delivered(attempt, node, outcome) => of_attempt(8, attempt, *node, result(outcome)),
            Self::DeliveredLate(attempt, node, outcome) => of_attempt(9, attempt, *node, result(outcome)),
            Self::Abandoned(attempt, node) => of_attempt(10, attempt, *node, 0),
            Self::Discarded(attempt, node) => of_attempt(11, attempt, *node, 0),
            Self::FaultBegan(fault, member) => 12_u64.wrapping_mul(KIND) ^ of_fault(*fault, *member).wrapping_mul(PART),
            Self::FaultEnded(fault, member) => 13_u64.wrapping_mul(KIND) ^ of_fault(*fault, *member).wrapping_mul(PART),
            Self::NodeDied(node) => 14_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::NodeReturned(node) => 15_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::Altered(attempt, node) => of_attempt(16, attempt, *node, 0),
            Self::TurnedBack(attempt, node, outcome) => of_attempt(17, attempt, *node, result(outcome)),
            Self::Broken(attempt, node) => of_attempt(18, attempt, *node, 0),
            Self::Ignored(attempt, node) => of_attempt(19, attempt, *node, 0),
            Self::Replied(attempt, node) => of_attempt(40, attempt, *node, 0),
            Self::Unheard(attempt, node) => of_attempt(41, attempt, *node, 0),
            Self::Converged => 20_u64.wrapping_mul(KIND),
            Self::MemberSent(name) => 21_u64.wrapping_mul(KIND) ^ name.bits(),
            Self::MemberHeard(name) => 22_u64.wrapping_mul(KIND) ^ name.bits(),
            Self::MemberMissed(name, loss) => 23_u64.wrapping_mul(KIND) ^ name.bits() ^ (*loss as u64).wrapping_mul(PART),
            Self::TimerFired(node) => 24_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::Announced(node, what, value) => {
                25_u64.wrapping_mul(KIND) ^ Key::named(what).child(u64::from(node.0)).child(*value as u64).bits()
            }
            Self::ClockSet(node, by) => {
                26_u64.wrapping_mul(KIND) ^ Key::default().child(u64::from(node.0)).child(by.as_nanos() as u64).bits()
            }
            Self::Shifted(at) => {
                let who = Key::default().child(u64::from(at.edge.0)).child(u64::from(at.layer)).child(u64::from(at.scope));
                let of = match at.shift {
                    Shift::Ejected(replica) | Shift::Returned(replica) => u64::from(replica),
                    Shift::Breaker(_) => 0,
                };
                35_u64.wrapping_mul(KIND) ^ Key::named(at.shift.name()).child(who.bits()).child(of).bits()
            }
            Self::MemberMisheard(name) => 27_u64.wrapping_mul(KIND) ^ name.bits(),
            Self::NodePaused(node) => 33_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::NodeResumed(node) => 34_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::CallAbandoned(call) => of_call(36, call, 0),
            Self::AlertFired(alert) => 37_u64.wrapping_mul(KIND) ^ u64::from(*alert).wrapping_mul(PART),
            Self::AlertResolved(alert) => 38_u64.wrapping_mul(KIND) ^ u64::from(*alert).wrapping_mul(PART),
            Self::JobBegan(node) => 31_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
            Self::JobEnded(node) => 32_u64.wrapping_mul(KIND) ^ u64::from(node.0).wrapping_mul(PART),
        }
    }
}
