//! What is a topic or an event router, as a scenario writes it?
//!
//! Both answer a producer once its message is stored, and pass it on by themselves, over links, until whoever it is for has taken it. A
//! topic makes a copy for every subscriber; a router has rules, each with a filter, a pace and a way to try again. Every subscriber
//! and every rule has a backlog of its own, so that one that takes nothing holds up no other.

use super::Redelivery;
use super::keeping::{broker, thirty_seconds};
use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Rate;

broker! {
    /// Publish and subscribe: each message is copied to every subscriber, and passed on until it is taken. A topic tries for ever, so that only
    /// its `retention` makes dead letters.
    pub struct Topic {
        /// Who gets a copy: brokers or services.
        pub subscribers: Vec<String> = Vec::new(),
        ..
        ..
    }
}

broker! {
    /// An event router: an elastic buffer between producers and targets.
    pub struct Router {
        /// What is passed on to whom. A message goes by every rule that is for its class; one that no rule is for is dropped and counted.
        pub rules: Vec<Rule> = Vec::new(),
        ..
        ..
    }
}

/// What a router passes on to one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The broker or service that gets the messages.
    pub to: String,
    /// Of which classes of calls; all unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// How many messages are passed on per second at most, evenly spaced; as fast as they are taken unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many are under way at the same time at most, 1 to 100,000; 10 unless said.
    #[serde(default = "ten")]
    pub at_once: u32,
    /// How long it waits for the target's answer; 30 s unless said.
    #[serde(default = "thirty_seconds")]
    pub timeout: SimDuration,
    /// When a message is passed on again that was not taken; after 1 s, for ever, unless said.
    #[serde(default)]
    pub redelivery: Redelivery,
}

const fn ten() -> u32 {
    10
}

impl Rule {
    /// Everything to this target, as a topic does it.
    pub fn all_to(target: &str) -> Self {
        Self {
            to: target.to_owned(),
            classes: Vec::new(),
            rate: None,
            at_once: ten(),
            timeout: thirty_seconds(),
            redelivery: Redelivery::default(),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=100_000).contains(&self.at_once) {
            complaints.push(complaint("at_once", format!("1 to 100000 messages are under way at the same time, not {}", self.at_once)));
        }
        if self.rate.is_some_and(Rate::is_zero) {
            complaints.push(complaint("rate", "a rule that passes nothing on keeps everything; leave the rate out, or write one"));
        }
        if self.timeout < SimDuration::from_millis(1) {
            complaints.push(complaint("timeout", "a rule needs a timeout of at least 1 ms"));
        }
        complaints.extend(within("redelivery", self.redelivery.check()));
        complaints
    }
}

impl Topic {
    /// A topic in this domain that is as it is unless something else is said.
    pub fn new(domain: &str, subscribers: &[&str]) -> Self {
        Self { subscribers: subscribers.iter().map(|&name| name.to_owned()).collect(), ..Self::usual(domain) }
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.subscribers.is_empty() {
            complaints.push(complaint("subscribers", "a topic without subscribers keeps nothing; name at least one broker or service"));
        }
        complaints.extend(twice("subscribers", &self.subscribers));
        complaints
    }
}

impl Router {
    /// A router in this domain that is as it is unless something else is said.
    pub fn new(domain: &str, rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::usual(domain) }
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.rules.is_empty() {
            complaints.push(complaint("rules", "a router without rules keeps nothing; write at least one, such as Rule(to: \"mailer\")"));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            complaints.extend(within(&format!("rules[{index}]"), rule.check()));
        }
        complaints.extend(twice("rules", self.rules.iter().map(|rule| &rule.to)));
        complaints
    }
}

/// What is named twice.
fn twice<'a>(field: &str, names: impl IntoIterator<Item = &'a String>) -> Vec<Complaint> {
    let mut seen: Vec<&str> = Vec::new();
    let mut complaints = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        if seen.contains(&name.as_str()) {
            complaints.push(complaint(&format!("{field}[{index}]"), format!("`{name}` gets its messages already; name it once")));
        }
        seen.push(name);
    }
    complaints
}
