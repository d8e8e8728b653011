//! Which calls may a fault touch?
//!
//! An experiment may confine faults to a share of the clients, or of the traffic. Which these are is settled for every client
//! and every call of a client by a draw that nothing else reads: a larger share holds all that a smaller one does, a retry
//! is where its call is, and so is whatever services call on behalf of it.

use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::units::Share;

/// Where a call stands among all, and its client among all clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    call: Draw,
    client: Draw,
}

impl Default for Reach {
    fn default() -> Self {
        Self::NO_CALL
    }
}

impl Reach {
    /// What is said on behalf of no call.
    pub const NO_CALL: Self = Self { call: Draw::from_bits(u64::MAX), client: Draw::from_bits(u64::MAX) };

    /// That of a call of this key, made by a client of this one.
    pub fn of(call: Key, client: Key, seed: &Seed) -> Self {
        let draw = |key: Key| seed.draws(key.child(REACH.bits()), 0).share();
        Self { call: draw(call), client: draw(client) }
    }
}

/// The draws that decide.
const REACH: Key = Key::named("reach of an experiment");

/// The calls that effects are confined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Within {
    /// Those of this share of the clients.
    pub clients: Share,
    /// This share of all calls.
    pub traffic: Share,
}

impl Default for Within {
    fn default() -> Self {
        Self::ALL
    }
}

impl Within {
    /// All calls, and what belongs to none.
    pub const ALL: Self = Self { clients: Share::ALL, traffic: Share::ALL };

    /// Whether a call is among them.
    #[inline]
    pub fn holds(&self, reach: Reach) -> bool {
        self.clients.holds(reach.client) && self.traffic.holds(reach.call)
    }
}
