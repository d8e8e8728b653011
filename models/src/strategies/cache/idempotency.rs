//! Was this very request executed before?
//!
//! Source: Stripe, API reference, "Idempotent requests": the first executed result is replayed, a failure included; the same key with
//! other parameters is an error; nothing is stored when the request was not executed, or another one holds the key.

use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Executes a request at most once for each key, and replays its result. Remembers up to `max_keys` keys per server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdempotencyKeys {
    /// How long a result is kept, above 0; 24 h unless said.
    pub ttl: SimDuration,
    /// How many results are kept, 1 to 10,000,000; the oldest goes. 1,000,000 unless said.
    pub max_keys: u32,
    /// Which results are kept; all unless said.
    pub keeps: Keeps,
}

/// Which results are kept under a key, to be replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keeps {
    /// All of them, failures included.
    #[default]
    Results,
    /// Successes alone: a request that failed had no effect, and is executed when it is sent again.
    Successes,
}

impl Default for IdempotencyKeys {
    fn default() -> Self {
        Self { ttl: SimDuration::from_secs(24 * 60 * 60), max_keys: 1_000_000, keeps: Keeps::Results }
    }
}

impl Registered for IdempotencyKeys {
    const NAME: &'static str = "IdempotencyKeys";
    const SUMMARY: &'static str = "executes a request at most once for each key, and replays its result";
}

impl Explained for IdempotencyKeys {
    const ABOUT: About = About {
        meaning: "A server that keeps the results of requests by a key of the caller's makes retries and hedges safe: the second copy gets what the \
                  first got, and the work is done once.",
        formula: "A key that is not known, or whose result is at least ttl old: executed, and held meanwhile. Held by another: conflict, nothing \
                  stored. Known with other parameters: error. Else the stored result is replayed, failures included unless keeps says otherwise. A request that was not \
                  executed (turned away, given up before it began) stores nothing and frees the key. No draws.",
        parameters: &[
            parameter("ttl", "duration", "24h", "how long a result is kept"),
            parameter("max_keys", "number, 1 to 10000000", "1000000", "how many are kept; the oldest goes"),
            parameter("keeps", "Results or Successes", "Results", "whether a failure is replayed, or executed when it is sent again"),
        ],
        memory: "64 bytes per key and server, at most max_keys results and what is being executed.",
        source: "Stripe, API reference, \"Idempotent requests\"",
        example: "IdempotencyKeys(ttl: \"24h\")",
    };
}

/// What a request with a key has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Execute it; it holds the key until it is [executed](IdempotencyKeys::executed) or [dropped](IdempotencyKeys::dropped).
    Execute,
    /// It was executed before, with this result.
    Replay(Kept),
    /// Another request with this key is being executed.
    Held,
    /// The key belongs to a request with other parameters.
    Mismatch,
}

/// A result that is kept: how the request ended, and what its answer was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the answer rests on a makeshift.
    pub is_degraded: bool,
    /// Whether it rests on something that was altered on the way, or a lie.
    pub is_wrong: bool,
}

impl From<Outcome> for Kept {
    /// A result that is worth as much as any.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, is_degraded: false, is_wrong: false }
    }
}

/// The keys that a server knows.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    known: BTreeMap<u64, Known>,
    /// Keys with a result, by its age; the oldest first.
    by_age: VecDeque<(SimTime, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    parameters: u64,
    /// The result and when it was stored; none while it is being executed.
    result: Option<(Kept, SimTime)>,
}

impl Keys {
    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl IdempotencyKeys {
    /// A request comes, with a key and a hash of its parameters.
    pub fn claim(&self, keys: &mut Keys, key: u64, parameters: u64, now: SimTime) -> Claim {
        self.expire(keys, now);
        match keys.known.get(&key) {
            None => {
                keys.known.insert(key, Known { parameters, result: None });
                Claim::Execute
            }
            Some(known) if known.parameters != parameters => Claim::Mismatch,
            Some(Known { result: None, .. }) => Claim::Held,
            Some(Known { result: Some((kept, _)), .. }) => Claim::Replay(*kept),
        }
    }

    /// The request that holds a key was executed.
    pub fn executed(&self, keys: &mut Keys, key: u64, result: Kept, now: SimTime) {
        if self.keeps == Keeps::Successes && !result.outcome.is_success() {
            return self.dropped(keys, key);
        }
        if let Some(known) = keys.known.get_mut(&key).filter(|known| known.result.is_none()) {
            known.result = Some((result, now));
            keys.by_age.push_back((now, key));
            self.expire(keys, now);
        }
    }

    /// The request that holds a key was not executed: nothing is stored.
    pub fn dropped(&self, keys: &mut Keys, key: u64) {
        if keys.known.get(&key).is_some_and(|known| known.result.is_none()) {
            keys.known.remove(&key);
        }
    }

    /// Forgets what is too old, or too much.
    fn expire(&self, keys: &mut Keys, now: SimTime) {
        let is_over = |stored: SimTime| now.saturating_since(stored) >= self.ttl;
        while keys.by_age.len() > self.max_keys as usize || keys.by_age.front().is_some_and(|(stored, _)| is_over(*stored)) {
            if let Some((_, key)) = keys.by_age.pop_front() {
                keys.known.remove(&key);
            }
        }
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.ttl.is_zero() {
            complaints.push(complaint("ttl", "a result that is not kept cannot be replayed; write a time such as \"24h\""));
        }
        if !(1..=10_000_000).contains(&self.max_keys) {
            complaints.push(complaint("max_keys", format!("a server keeps 1 to 10000000 results, not {}", self.max_keys)));
        }
        complaints
    }
}
