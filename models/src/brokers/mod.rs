//! What does a broker do with messages between those who produce them and those who work on them?
//!
//! A broker is a node: what producers call, what stores, and what consumers fetch from. How a scenario writes it is in `broker`
//! (queues), `routing` (topics and routers, which pass on what they get; `keeping` is what all three say) and `consume` (services that
//! fetch); `plan` is the same with every name looked up. `backlog` is the bookkeeping of one queue of messages: who waits, who is in flight,
//! and what became of the others. How it all talks over links is in `world::brokering` and `world::consuming`.
//!
//! Sources: Amazon SQS and SNS, developer guides and API references (visibility timeout, receive count, dead-letter queue, order by
//! group, deduplication, retention); AWS Lambda developer guide, "Asynchronous invocation" (retries of a push).

mod account;
mod backlog;
mod broker;
mod consume;
mod keeping;
mod message;
mod plan;
mod redelivery;
mod routing;

pub use account::{Account, Progress};
pub use backlog::Backlog;
pub use broker::{Broker, Order};
pub use consume::{AfterFailure, Consume};
pub use keeping::Keeping;
pub use message::{Change, Handed, Message, Stored};
pub use plan::{BacklogPlan, BrokerPlan, ConsumerPlan, PushPlan, Rules};
pub use redelivery::{Every, Lambda, Redelivery};
pub use routing::{Router, Rule, Topic};

use serde::{Deserialize, Serialize};

/// A node that keeps messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AnyBroker {
    /// A queue, from which consumers fetch.
    Broker(Broker),
    /// Publish and subscribe: every subscriber gets a copy.
    Topic(Topic),
    /// An event router: each rule passes on the messages it is for, at its own pace.
    Router(Router),
}
