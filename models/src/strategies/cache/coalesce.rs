//! Is somebody asking the same right now?
//!
//! Source: Go, `golang.org/x/sync/singleflight`: one leader per key, followers share its result and its error; nothing is kept.

use crate::about::{About, Explained, parameter};
use crate::registry::Registered;
use crate::strategies::{Scope, Ticket};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of calls about the same object at the same time only one goes to the callee; the others share how it ends. Remembers 8 bytes per call
/// under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coalesce {
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn process() -> Scope {
    Scope::Process
}

impl Default for Coalesce {
    fn default() -> Self {
        Self { per: process() }
    }
}

impl Registered for Coalesce {
    const NAME: &'static str = "Coalesce";
    const SUMMARY: &'static str = "lets one of several calls about the same object through; the others share how it ends";
}

impl Explained for Coalesce {
    const ABOUT: About = About {
        meaning: "A popular object that is asked for by many at once is fetched once. Keeps a crowd from a callee whose cache has just lost it; but \
                  all share one bad fate, too.",
        formula: "The first call about an object leads and goes on; those that come before it ends follow, and end as it does, success or failure, \
                  at the same instant. Nothing is kept: the next call leads again. A call of which the callee says that it writes goes alone. A follower that is given up goes alone; a leader that is \
                  given up hands the lead to the follower that waits longest. No draws.",
        parameters: &[parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared")],
        memory: "Per scope, 8 bytes per call under way and 40 per object, as long as they are.",
        source: "Go, golang.org/x/sync/singleflight; the hand-over is Stormglass's own, where singleflight lets the leader finish",
        example: "Coalesce()",
    };
}

/// What a call that joins has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Go to the callee.
    Leads,
    /// Wait for the leader's end.
    Follows,
}

/// Who leads and who follows, of a scope.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    flights: BTreeMap<u64, Flight>,
}

#[derive(Clone, Debug)]
struct Flight {
    leader: Ticket,
    followers: Vec<Ticket>,
}

impl Flights {
    /// A call begins.
    pub fn join(&mut self, object: u64, ticket: Ticket) -> Joined {
        match self.flights.get_mut(&object) {
            Some(flight) => {
                flight.followers.push(ticket);
                Joined::Follows
            }
            None => {
                self.flights.insert(object, Flight { leader: ticket, followers: Vec::new() });
                Joined::Leads
            }
        }
    }

    /// The leader ended: its followers, in the order in which they came, end as it did.
    pub fn ended(&mut self, object: u64, ticket: Ticket) -> Vec<Ticket> {
        match self.flights.get(&object) {
            Some(flight) if flight.leader == ticket => self.flights.remove(&object).map(|flight| flight.followers).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// A call was given up by its caller. If it led, says who has to go to the callee now.
    pub fn give_up(&mut self, object: u64, ticket: Ticket) -> Option<Ticket> {
        let flight = self.flights.get_mut(&object)?;
        if flight.leader != ticket {
            flight.followers.retain(|follower| *follower != ticket);
            return None;
        }
        if flight.followers.is_empty() {
            self.flights.remove(&object);
            return None;
        }
        flight.leader = flight.followers.remove(0);
        Some(flight.leader)
    }

    /// How many objects are being asked for.
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }
}
