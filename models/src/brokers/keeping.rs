//! What does every kind of broker say of how it keeps messages?

use super::AnyBroker;
use crate::links::{SIZE_OF_A_WORD, USUAL_SIZE};
use crate::registry::{Complaint, complaint, within};
use crate::services::{LateWork, Placement, Service};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Size;

/// Makes a kind of broker: what it says for itself, each field with what it is unless said, around what all of them say. `usual` is one
/// of which nothing is said.
macro_rules! broker {
    (
        $(#[$of:meta])*
        pub struct $name:ident {
            $($(#[$of_first:meta])* pub $first:ident: $kind_of_first:ty = $usual_first:expr,)*
            ..
            $($(#[$of_more:meta])* pub $more:ident: $kind_of_more:ty = $usual_more:expr,)*
            ..
            $($(#[$of_last:meta])* pub $last:ident: $kind_of_last:ty = $usual_last:expr,)*
        }
    ) => {
        $(#[$of])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$of_first])* pub $first: $kind_of_first,)*
            /// How many requests it works on at the same time, 1 to 1,000,000; 64 unless said.
            #[serde(default = "crate::brokers::keeping::sixty_four")]
            pub workers: u32,
            /// How long storing a message takes: a write to the disk if it is durable, else work. 1 ms unless said.
            #[serde(default = "crate::brokers::keeping::a_millisecond")]
            pub store: sim_core::sample::Distribution,
            $($(#[$of_more])* pub $more: $kind_of_more,)*
            /// The broker that gets the messages that are given up; they are dropped and counted unless said.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub dead_letters: Option<String>,
            $($(#[$of_last])* pub $last: $kind_of_last,)*
            /// How long a message is kept; what could not be passed on by then is given up. For ever unless said.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub retention: Option<sim_core::time::SimDuration>,
            /// Whether its messages survive a crash; they do unless said.
            #[serde(default = "crate::brokers::keeping::yes")]
            pub durable: bool,
            /// Where it stands.
            #[serde(default = "crate::brokers::keeping::default_domain")]
            pub domain: String,
            /// How large a message is, for links that have a bandwidth; 1 kB unless said.
            #[serde(default = "crate::brokers::keeping::usual_size", skip_serializing_if = "crate::services::is_usual_size")]
            pub message_size: sim_core::units::Size,
        }

        impl $name {
            /// One in this domain that is as it is unless something else is said.
            fn usual(domain: &str) -> Self {
                Self {
                    $($first: $usual_first,)*
                    workers: crate::brokers::keeping::sixty_four(),
                    store: crate::brokers::keeping::a_millisecond(),
                    $($more: $usual_more,)*
                    dead_letters: None,
                    $($last: $usual_last,)*
                    retention: None,
                    durable: true,
                    domain: domain.to_owned(),
                    message_size: crate::brokers::keeping::usual_size(),
                }
            }

            /// What it says as every broker does.
            pub(super) fn keeping(&self) -> crate::brokers::Keeping<'_> {
                crate::brokers::Keeping {
                    workers: self.workers,
                    store: &self.store,
                    retention: self.retention,
                    durable: self.durable,
                    domain: &self.domain,
                    message_size: self.message_size,
                    dead_letters: self.dead_letters.as_deref(),
                }
            }
        }
    };
}
pub(super) use broker;

/// What every kind of broker says of how it keeps messages.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// How many requests it works on at the same time.
    pub workers: u32,
    /// How long storing a message takes.
    pub store: &'a Distribution,
    /// How long a message is kept, if not for ever.
    pub retention: Option<SimDuration>,
    /// Whether messages survive a crash.
    pub durable: bool,
    /// Where it stands.
    pub domain: &'a str,
    /// How large a message is.
    pub message_size: Size,
    /// Where dead letters go, if anywhere.
    pub dead_letters: Option<&'a str>,
}

impl AnyBroker {
    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = match self {
            Self::Broker(broker) => broker.check(),
            Self::Topic(topic) => topic.check(),
            Self::Router(router) => router.check(),
        };
        let keeping = self.keeping();
        if !(1..=1_000_000).contains(&keeping.workers) {
            complaints.push(complaint("workers", format!("a broker has 1 to 1000000 workers, not {}", keeping.workers)));
        }
        for (field, work) in [("store", keeping.store), ("serve", self.serve())] {
            complaints.extend(within(field, work.check()));
        }
        if keeping.retention.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("retention", "a retention needs a length; leave it out for none"));
        }
        complaints.extend(within("domain", Placement(vec![keeping.domain.to_owned()]).check()));
        complaints
    }

    /// The service that it is to everybody who calls it: one replica, which stores.
    pub fn service(&self) -> Service {
        let keeping = self.keeping();
        Service {
            domain: Placement(vec![keeping.domain.to_owned()]),
            // A poll whose caller has gone is given up; whatever else was asked is done.
            late_work: LateWork::Cancel,
            request_size: keeping.message_size,
            reply_size: SIZE_OF_A_WORD,
            ..Service::new(keeping.workers, self.serve().clone())
        }
    }

    /// How it keeps messages.
    pub fn keeping(&self) -> Keeping<'_> {
        match self {
            Self::Broker(broker) => broker.keeping(),
            Self::Topic(topic) => topic.keeping(),
            Self::Router(router) => router.keeping(),
        }
    }

    /// How long any request takes beside what it asks for.
    fn serve(&self) -> &Distribution {
        match self {
            Self::Broker(broker) => &broker.serve,
            Self::Topic(_) | Self::Router(_) => &NO_WORK,
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

const NO_WORK: Distribution = Distribution::Constant(SimDuration::ZERO);

pub(super) const fn no_work() -> Distribution {
    NO_WORK
}

pub(super) fn is_no_work(work: &Distribution) -> bool {
    *work == NO_WORK
}

pub(super) const fn a_millisecond() -> Distribution {
    Distribution::Constant(SimDuration::from_millis(1))
}

pub(super) const fn sixty_four() -> u32 {
    64
}

pub(super) const fn yes() -> bool {
    true
}

pub(super) const fn usual_size() -> Size {
    USUAL_SIZE
}

pub(super) fn default_domain() -> String {
    "default".to_owned()
}

pub(super) const fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}
