//! What are brokers and consumers, once every name is looked up?

use super::{AfterFailure, Order, Redelivery};
use crate::ids::{EdgeId, NodeId};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A broker.
#[derive(Clone, Debug)]
pub struct BrokerPlan {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its backlogs, by their numbers among those of all brokers: first those that get what producers bring.
    pub backlogs: std::ops::Range<u32>,
    /// The backlog of dead letters on their way to another broker, if they go anywhere.
    pub dead_letters: Option<u32>,
}

/// A queue of messages that a broker keeps.
#[derive(Clone, Debug)]
pub struct BacklogPlan {
    /// What it is called where it is measured: `orders`, or `events to mailer`.
    pub name: String,
    /// The broker that keeps it.
    pub broker: u32,
    /// How it keeps messages.
    pub rules: Rules,
    /// Of which classes it gets messages, ascending; of all if empty.
    pub classes: Vec<u8>,
    /// To whom its messages are passed on; consumers fetch them if to nobody.
    pub push: Option<PushPlan>,
    /// The edge over which its messages are worked on, or else brought, if there is one: where its gauges are shown.
    pub shown_on: Option<EdgeId>,
}

/// How a backlog keeps messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// See [`Broker`](super::Broker).
    pub limit: Option<u32>,
    /// See [`Order`].
    pub order: Order,
    /// See [`Broker`](super::Broker).
    pub visibility: SimDuration,
    /// How often a message is handed out at most, if there is a limit.
    pub max_receives: Option<u32>,
    /// See [`Broker`](super::Broker).
    pub deduplication: Option<SimDuration>,
    /// See [`Broker`](super::Broker).
    pub retention: Option<SimDuration>,
    /// Whether messages survive a crash.
    pub durable: bool,
}

/// How messages are passed on.
#[derive(Clone, Debug)]
pub struct PushPlan {
    /// From the broker to its target.
    pub edge: EdgeId,
    /// Whether the target works on them; a broker only stores them.
    pub completes: bool,
    /// The time between two messages, at least.
    pub interval: SimDuration,
    /// How many are under way at the same time at most.
    pub at_once: u32,
    /// How long an answer is waited for.
    pub timeout: SimDuration,
    /// When a message is passed on again.
    pub redelivery: Redelivery,
}

/// A service that fetches from a broker.
#[derive(Clone, Debug)]
pub struct ConsumerPlan {
    /// The service, by its index.
    pub service: u32,
    /// The broker.
    pub broker: u32,
    /// The backlog it fetches from.
    pub backlog: u32,
    /// From the service to the broker: polls and deletions.
    pub polls: EdgeId,
    /// From the broker to the service: messages as work.
    pub deliveries: EdgeId,
    /// See [`Consume`](super::Consume).
    pub batch: u32,
    /// See [`Consume`](super::Consume).
    pub pollers: u32,
    /// See [`Consume`](super::Consume).
    pub wait: SimDuration,
    /// See [`Consume`](super::Consume).
    pub rest: SimDuration,
    /// See [`Consume`](super::Consume).
    pub timeout: SimDuration,
    /// See [`Consume`](super::Consume).
    pub together: bool,
    /// See [`AfterFailure`].
    pub after_failure: AfterFailure,
    /// See [`Consume`](super::Consume).
    pub poison: Share,
}
