//! What does a broker do with messages between those who produce them and those who work on them?
//!
//! A broker is a node: what producers call, what stores, and what consumers fetch from. How a scenario writes it is in `broker`
//! (queues), `routing` (topics and routers, which pass on what they get) and `consume` (services that fetch); `plan` is the same with
//! every name looked up. `backlog` is the bookkeeping of one queue of messages: who waits, who is in flight, and what became of the
//! others. How it all talks over links is in `world::brokering` and `world::consuming`.
//!
//! Sources: Amazon SQS and SNS, developer guides and API references (visibility timeout, receive count, dead-letter queue, order by
//! group, deduplication, retention); AWS Lambda developer guide, "Asynchronous invocation" (retries of a push).

mod account;
mod backlog;
mod broker;
mod consume;
mod message;
mod plan;
mod redelivery;
mod routing;

pub use account::{Account, Progress};
pub use backlog::Backlog;
pub use broker::{Broker, Order};
pub use consume::{AfterFailure, Consume};
pub use message::{Change, Handed, Message, Stored};
pub use plan::{BacklogPlan, BrokerPlan, ConsumerPlan, PushPlan, Rules};
pub use redelivery::{Every, Lambda, Redelivery};
pub use routing::{Router, Rule, Topic};

use crate::links::USUAL_SIZE;
use crate::registry::{Complaint, complaint};
use crate::services::{LateWork, Placement, Service};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Size;

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

impl AnyBroker {
    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = match self {
            Self::Broker(broker) => broker.check(),
            Self::Topic(topic) => topic.check(),
            Self::Router(router) => router.check(),
        };
        complaints.extend(check_keeping(self.keeping()));
        complaints
    }

    /// The service that it is to everybody who calls it: one replica, which stores.
    pub fn service(&self) -> Service {
        self.keeping().service()
    }

    /// How it keeps messages.
    pub fn keeping(&self) -> Keeping<'_> {
        match self {
            Self::Broker(broker) => Keeping {
                workers: broker.workers,
                store: &broker.store,
                serve: &broker.serve,
                durable: broker.durable,
                domain: &broker.domain,
                message_size: broker.message_size,
                dead_letters: &broker.dead_letters,
            },
            Self::Topic(topic) => Keeping {
                workers: topic.workers,
                store: &topic.store,
                serve: &NO_WORK,
                durable: topic.durable,
                domain: &topic.domain,
                message_size: topic.message_size,
                dead_letters: &topic.dead_letters,
            },
            Self::Router(router) => Keeping {
                workers: router.workers,
                store: &router.store,
                serve: &NO_WORK,
                durable: router.durable,
                domain: &router.domain,
                message_size: router.message_size,
                dead_letters: &router.dead_letters,
            },
        }
    }

    /// Its distributions, by the fields they are written in.
    pub fn distributions(&mut self) -> Vec<(&'static str, &mut Distribution)> {
        match self {
            Self::Broker(broker) => vec![("store", &mut broker.store), ("serve", &mut broker.serve)],
            Self::Topic(topic) => vec![("store", &mut topic.store)],
            Self::Router(router) => vec![("store", &mut router.store)],
        }
    }
}

/// What every kind of broker says of how it keeps messages.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// How many requests it works on at the same time.
    pub workers: u32,
    /// How long storing a message takes.
    pub store: &'a Distribution,
    /// How long any request takes beside that.
    pub serve: &'a Distribution,
    /// Whether messages survive a crash.
    pub durable: bool,
    /// Where it stands.
    pub domain: &'a str,
    /// How large a message is.
    pub message_size: Size,
    /// Where dead letters go, if anywhere.
    pub dead_letters: &'a Option<String>,
}

impl Keeping<'_> {
    fn service(&self) -> Service {
        Service {
            domain: Placement(vec![self.domain.to_owned()]),
            // A poll whose caller has gone is given up; whatever else was asked is done.
            late_work: LateWork::Cancel,
            request_size: self.message_size,
            reply_size: crate::links::SIZE_OF_A_WORD,
            ..Service::new(self.workers, self.serve.clone())
        }
    }
}

/// What every kind of broker must not say.
fn check_keeping(keeping: Keeping<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if !(1..=1_000_000).contains(&keeping.workers) {
        complaints.push(complaint("workers", format!("a broker has 1 to 1000000 workers, not {}", keeping.workers)));
    }
    for (field, work) in [("store", keeping.store), ("serve", keeping.serve)] {
        complaints.extend(crate::registry::within(field, work.check()));
    }
    let placement = Placement(vec![keeping.domain.to_owned()]);
    complaints.extend(crate::registry::within("domain", placement.check()));
    complaints
}

const NO_WORK: Distribution = Distribution::Constant(SimDuration::ZERO);

const fn no_work() -> Distribution {
    NO_WORK
}

fn is_no_work(work: &Distribution) -> bool {
    *work == NO_WORK
}

const fn a_millisecond() -> Distribution {
    Distribution::Constant(SimDuration::from_millis(1))
}

const fn sixty_four() -> u32 {
    64
}

const fn ten() -> u32 {
    10
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

const fn usual_size() -> Size {
    USUAL_SIZE
}

fn default_domain() -> String {
    "default".to_owned()
}

const fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}
