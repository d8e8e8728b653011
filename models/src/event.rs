//! What can happen in a world, and in which order do things of one instant happen?
//!
//! An event is 64 bits: five say the kind, 27 are taken from the key of the entity it belongs to, 32 say the slot of its
//! record. Events of one instant therefore fire by kind and then by *who* they belong to, a fair order that no strategy
//! can disturb; slots decide only between two entities whose keys agree in 27 bits.

use sim_core::draw::Key;
use sim_core::simulation::Event;

/// The kinds, in the order in which they fire at one instant: the world changes first, finished work frees its worker
/// before the next request comes, and an answer that comes at the very instant of a timeout is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A planned fault begins or ends.
    Fault = 0,
    /// Routing has learnt of a cut, or of its end.
    Converged = 1,
    /// A worker has finished a piece of work.
    WorkDone = 2,
    /// An answer that a fault held back leaves its node.
    AnswerLeaves = 3,
    /// A request reaches its server.
    Request = 4,
    /// A message of a group reaches a member or a caller.
    Message = 5,
    /// A message that is looked after at every leg of its way reaches the end of one.
    LegDone = 6,
    /// The word that a caller has gone reaches the server.
    Cancel = 7,
    /// A reply reaches its caller.
    Reply = 8,
    /// A timer of a call's layers is due.
    CallTimer = 9,
    /// A timer of a member of a group is due.
    MemberTimer = 10,
    /// A node's clock goes on with asking its time server.
    Clock = 11,
    /// A client of a closed population ends its thinking.
    ClientWakes = 12,
    /// The next call of an open population is due.
    Arrival = 13,
    /// The next call that a fault adds to those of an open population is due.
    ExtraArrival = 14,
    /// A client makes a call beside its others, because of a fault.
    ExtraCall = 15,
    /// Background work of a node is due.
    JobTimer = 16,
    /// The disk of a member of a group has done something.
    DiskDone = 17,
    /// A caller asks a replica whether it is well.
    Probe = 18,
    /// A node has written or replayed its log, or is to go on with a saga.
    Log = 19,
    /// Whoever looks after the replicas of a service has something to do.
    Orchestration = 20,
    /// Something is due at a broker, or a consumer asks for messages.
    Broker = 21,
    /// A message that was fetched goes to the queue of its replica, or back to who fetched it.
    HandOver = 22,
    /// Followers may have applied a write that is waited for, or one of them is to take over.
    Replication = 23,
}

impl Kind {
    /// The kind with this number. Written out, so that it costs no look at a table.
    #[inline]
    fn numbered(number: u64) -> Self {
        match number {
            0 => Self::Fault,
            1 => Self::Converged,
            2 => Self::WorkDone,
            3 => Self::AnswerLeaves,
            4 => Self::Request,
            5 => Self::Message,
            6 => Self::LegDone,
            7 => Self::Cancel,
            8 => Self::Reply,
            9 => Self::CallTimer,
            10 => Self::MemberTimer,
            11 => Self::Clock,
            12 => Self::ClientWakes,
            13 => Self::Arrival,
            14 => Self::ExtraArrival,
            15 => Self::ExtraCall,
            16 => Self::JobTimer,
            17 => Self::DiskDone,
            18 => Self::Probe,
            19 => Self::Log,
            20 => Self::Orchestration,
            21 => Self::Broker,
            22 => Self::HandOver,
            23 => Self::Replication,
            _ => unreachable!("an event was made from one of these kinds"),
        }
    }
}

/// A change of the world that is due at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldEvent {
    /// What kind of change.
    pub kind: Kind,
    /// 27 bits of the key of its entity.
    tie: u32,
    /// Slot of its record.
    pub slot: u32,
}

const TIE_BITS: u32 = 27;

impl WorldEvent {
    /// An event of the entity with this key and record; `ordinal` tells apart events of one entity (attempts of a call).
    #[inline]
    pub const fn new(kind: Kind, key: Key, ordinal: u32, slot: u32) -> Self {
        let tie = (key.bits() >> (64 - TIE_BITS)) as u32 ^ ordinal & ((1 << TIE_BITS) - 1);
        Self { kind, tie, slot }
    }
}

impl Event for WorldEvent {
    const KIND_BITS: u32 = 5;

    #[inline]
    fn rank(self) -> u64 {
        (self.kind as u64) << 59 | (self.tie as u64) << 32 | self.slot as u64
    }

    #[inline]
    fn from_rank(rank: u64) -> Self {
        Self { kind: Kind::numbered(rank >> 59), tie: (rank >> 32) as u32 & ((1 << TIE_BITS) - 1), slot: rank as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_rank() {
        for (kind, slot) in (0..24).map(Kind::numbered).zip([0, 1, 77, u32::MAX].into_iter().cycle()) {
            let event = WorldEvent::new(kind, Key::named("shoppers"), 3, slot);
            assert_eq!(WorldEvent::from_rank(event.rank()), event);
        }
    }

    #[test]
    fn kinds_of_one_instant_fire_in_the_order_they_are_listed() {
        let ranks: Vec<_> = (0..24).map(|number| WorldEvent::new(Kind::numbered(number), Key::named("x"), 0, 0).rank()).collect();
        assert!(ranks.is_sorted());
    }
}
