//! Which replicas of a service may a request go to?
//!
//! Partitions divide what a service keeps, or whom it serves, so that what happens to a part happens to that part alone. Who goes where
//! is drawn from the seed of the run, once for each key or client: each run has another assignment, all arms of a seed the same, and
//! attempts and callers agree on it.

use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint, registry};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, Seed};

registry! {
    /// What decides to which replicas a request may go, as a scenario writes it.
    AnyPartition as "partition", each_partition: ByKey, ByClient, Shuffle,
}

/// A rule that says which replicas a request may go to.
pub trait Partition: Explained {
    /// Everything wrong with it at a service with so many replicas.
    fn check(&self, replicas: u32) -> Vec<Complaint>;
    /// The replicas that a request may go to, in order; never none.
    fn part(&self, replicas: u32, asked: &Asked<'_>) -> Vec<u32>;
    /// How many parts there are, if they do not overlap: equal ones, in order.
    fn parts(&self) -> Option<u32>;
}

/// What a rule may know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What it is about.
    pub object: u64,
    /// The client that it is made for, however many services lie between.
    pub client: Key,
    /// The service that is asked.
    pub service: Key,
    /// The seed of the run.
    pub seed: &'a Seed,
}

impl AnyPartition {
    /// See [`Partition::check`].
    pub fn check(&self, replicas: u32) -> Vec<Complaint> {
        each_partition!(self, partition => partition.check(replicas))
    }

    /// See [`Partition::part`].
    pub fn part(&self, replicas: u32, asked: &Asked<'_>) -> Vec<u32> {
        each_partition!(self, partition => partition.part(replicas, asked))
    }

    /// See [`Partition::parts`].
    pub fn parts(&self) -> Option<u32> {
        each_partition!(self, partition => partition.parts())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_partition!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// The replicas are divided into shards; what a request is about decides which of them it goes to. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByKey {
    /// How many shards there are; the number of replicas is a multiple of it.
    pub shards: u32,
}

impl Registered for ByKey {
    const NAME: &'static str = "ByKey";
    const SUMMARY: &'static str = "shards: what a request is about decides which replicas it may go to";
}

impl Explained for ByKey {
    const ABOUT: About = About {
        meaning: "Each shard holds its own objects, so that the service holds more than one machine could, and one that fails takes its own \
                  objects along and no others. Objects are spread evenly, requests are not: the shard of a popular object is hot, and further \
                  shards do not help it.",
        formula: "The replicas 0 to n-1 are shards of n / shards each, in order. The shard of an object is a draw by the seed, the name of the \
                  service and the object: even, and the same for all attempts and callers. One draw per object.",
        parameters: &[parameter("shards", "number, a divisor of replicas", "required", "how many shards there are")],
        memory: "Nothing.",
        source: "Textbook (hash partitioning)",
        example: "ByKey(shards: 8)",
    };
}

impl Partition for ByKey {
    fn check(&self, replicas: u32) -> Vec<Complaint> {
        divides("shards", self.shards, replicas)
    }

    fn part(&self, replicas: u32, asked: &Asked<'_>) -> Vec<u32> {
        let key = Key::named("shard").child(asked.service.bits()).child(asked.object);
        nth_part(asked.seed.draws(key, 0).choice().index(u64::from(self.shards)) as u32, self.shards, replicas)
    }

    fn parts(&self) -> Option<u32> {
        Some(self.shards)
    }
}

/// The replicas are divided into cells; each client belongs to one. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByClient {
    /// How many cells there are; the number of replicas is a multiple of it.
    pub cells: u32,
}

impl Registered for ByClient {
    const NAME: &'static str = "ByClient";
    const SUMMARY: &'static str = "cells: the client that a request is made for decides which replicas it may go to";
}

impl Explained for ByClient {
    const ABOUT: About = About {
        meaning: "Whole copies of a system, each for some of the clients: what goes wrong in a cell, or what a client does to it, reaches the clients \
                  of that cell and nobody else. Services with as many cells agree on who belongs to which, so that a request stays in \
                  its cell on its way through all of them.",
        formula: "The replicas 0 to n-1 are cells of n / cells each, in order. The cell of a client is a draw by the seed and the client: even, and \
                  the same at every service with as many cells. The client is the one everything is done for, however many services lie \
                  between. One draw per client.",
        parameters: &[parameter("cells", "number, a divisor of replicas", "required", "how many cells there are")],
        memory: "Nothing.",
        source: "AWS Well-Architected, \"Reducing the Scope of Impact with Cell-Based Architecture\", 2023",
        example: "ByClient(cells: 4)",
    };
}

impl Partition for ByClient {
    fn check(&self, replicas: u32) -> Vec<Complaint> {
        divides("cells", self.cells, replicas)
    }

    fn part(&self, replicas: u32, asked: &Asked<'_>) -> Vec<u32> {
        let key = Key::named("cell").child(asked.client.bits());
        nth_part(asked.seed.draws(key, 0).choice().index(u64::from(self.cells)) as u32, self.cells, replicas)
    }

    fn parts(&self) -> Option<u32> {
        Some(self.cells)
    }
}

/// Each client has some of the replicas, drawn for it. Remembers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shuffle {
    /// How many replicas each client has, 1 to all of them.
    pub each: u32,
}

impl Registered for Shuffle {
    const NAME: &'static str = "Shuffle";
    const SUMMARY: &'static str = "shuffle sharding: each client may go to some of the replicas, drawn for it";
}

impl Explained for Shuffle {
    const ABOUT: About = About {
        meaning: "Each client has a hand of replicas of its own. Two clients rarely share their whole hands, so that a client that breaks everything \
                  it touches leaves nearly everybody else a replica that works, if they try another one.",
        formula: "`each` of n replicas, every combination with the same probability, drawn by the seed, the name of the service and the client. Two \
                  clients share i of them with probability C(each, i) C(n - each, each - i) / C(n, each). `each` draws per client.",
        parameters: &[parameter("each", "number, 1 to replicas", "required", "how many replicas each client has")],
        memory: "Nothing.",
        source: "C. MacCarthaigh, \"Workload isolation using shuffle-sharding\", Amazon Builders' Library",
        example: "Shuffle(each: 2)",
    };
}

impl Partition for Shuffle {
    fn check(&self, replicas: u32) -> Vec<Complaint> {
        if (1..=replicas).contains(&self.each) {
            return Vec::new();
        }
        vec![complaint("each", format!("each client has 1 to {replicas} of the {replicas} replicas, not {}", self.each))]
    }

    fn part(&self, replicas: u32, asked: &Asked<'_>) -> Vec<u32> {
        let key = Key::named("hand").child(asked.service.bits()).child(asked.client.bits());
        let choice = asked.seed.draws(key, 0).choice();
        let mut hand: Vec<u32> = Vec::with_capacity(self.each as usize);
        // The next one is drawn among those that are left (Floyd's sampling): the one drawn, or, if it is in the hand, the last of them.
        for last in replicas - self.each..replicas {
            let drawn = choice.further(u64::from(last)).index(u64::from(last) + 1) as u32;
            hand.push(if hand.contains(&drawn) { last } else { drawn });
        }
        hand.sort_unstable();
        hand
    }

    fn parts(&self) -> Option<u32> {
        None
    }
}

/// The replicas of one of so many equal parts.
fn nth_part(index: u32, parts: u32, replicas: u32) -> Vec<u32> {
    let size = replicas / parts;
    (index * size..(index + 1) * size).collect()
}

fn divides(field: &str, parts: u32, replicas: u32) -> Vec<Complaint> {
    if parts > 0 && replicas.is_multiple_of(parts) {
        return Vec::new();
    }
    let noun = if replicas == 1 { "replica" } else { "replicas" };
    let sentence = format!("{replicas} {noun} cannot be divided into {parts} equal parts; write a divisor, or other `replicas`");
    vec![complaint(field, sentence)]
}
