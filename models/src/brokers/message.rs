//! What is a message, and what does a broker say of it?

use crate::environment::Reach;
use crate::ids::PopulationId;
use sim_core::draw::Key;
use sim_core::time::SimTime;

/// What a producer said: everything that a message is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The key of the call that brought it: all copies of one call are one message.
    pub key: Key,
    /// The object it is about.
    pub object: u64,
    /// The class of its call.
    pub class: u8,
    /// The client on whose behalf it was produced, and the number of that client's call.
    pub client: u32,
    /// See [`client`](Self::client).
    pub ordinal: u32,
    /// The population of that client.
    pub population: PopulationId,
    /// When it was produced: when the producer's call began.
    pub produced: SimTime,
    /// Where its call stands among all, if an experiment asks that.
    pub reach: Reach,
    /// The write that it tells of, if it tells of one.
    pub change: Option<Change>,
}

/// A write that was committed, as a message tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The service that has committed it, by its index.
    pub source: u32,
    /// What was written.
    pub object: u64,
    /// The how-manieth write of that service it was, from 1: of two versions of an object the newer one has the greater number.
    pub version: u64,
}

/// A message that is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Its number in its backlog.
    pub number: u32,
    /// Which delivery of it this is, from 1: only the latest one may delete it.
    pub receipt: u32,
    /// The number of attempts that earlier deliveries made.
    pub attempts: u32,
    /// The message.
    pub message: Message,
}

/// What became of a message that was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is kept.
    Kept,
    /// It was brought before, and is known.
    Known,
    /// There is no place for it.
    Full,
}
