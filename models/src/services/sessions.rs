//! Where do the sessions of clients live?
//!
//! A service that keeps them in the memory of its replicas has its clients come back to the one that knows them, and loses them with it. One
//! that keeps them in a store asks that with each request (`does: [Call("session-store"), ...]`), and is free of all this.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the sessions of clients live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPlace {
    /// In the memory of the replica at which a client logged in, to which its calls go from then on.
    Sticky(Sticky),
}

/// Sessions in the memory of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sticky {
    /// What a request comes to whose session the replica does not know.
    #[serde(default)]
    pub unknown: Unknown,
}

/// What a request comes to whose session the replica does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unknown {
    /// It fails with `client error`, for its client has to log in again, and has done so when it calls the next time. The very first request
    /// of a client is the one with which it logs in, and does not fail.
    #[default]
    Fails,
    /// It is worked on after the client has been logged in, which takes a call to this service; that of a new client as well.
    LogsIn(String),
}

impl SessionPlace {
    /// Whom a login calls.
    pub fn asks(&self) -> Option<&str> {
        let Self::Sticky(Sticky { unknown }) = self;
        if let Unknown::LogsIn(service) = unknown { Some(service) } else { None }
    }
}

/// Which replica knows which client: 16 bytes for each client that has called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// By the number of its population and its own, whoever calls for it: the replica to which its calls go, and whether that still knows it.
    of_client: BTreeMap<(u32, u32), (u32, bool)>,
}

/// What a replica makes of the session of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It knows the client.
    Known,
    /// The client is new.
    New,
    /// It does not know the client, who has been there or elsewhere before.
    Lost,
}

impl Sessions {
    /// The replica to which the calls of a client go.
    pub fn place_of(&self, client: (u32, u32)) -> Option<u32> {
        self.of_client.get(&client).map(|(replica, _)| *replica)
    }

    /// A client comes to a replica, and is known there from then on.
    pub fn meet(&mut self, client: (u32, u32), replica: u32) -> Met {
        match self.of_client.insert(client, (replica, true)) {
            None => Met::New,
            Some((before, true)) if before == replica => Met::Known,
            Some(_) => Met::Lost,
        }
    }

    /// A replica loses its memory. Answers how many sessions were in it.
    pub fn forget(&mut self, replica: u32) -> u64 {
        let lost = self.of_client.values_mut().filter(|(place, is_known)| *place == replica && *is_known);
        lost.map(|(_, is_known)| *is_known = false).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_where_it_was_last_until_that_replica_loses_its_memory() {
        let mut sessions = Sessions::default();
        let (one, two) = ((0, 1), (0, 2));
        assert_eq!((sessions.meet(one, 3), sessions.meet(one, 3), sessions.meet(two, 4)), (Met::New, Met::Known, Met::New));
        assert_eq!((sessions.forget(3), sessions.forget(3)), (1, 0));
        // It is sent there still.
        assert_eq!((sessions.place_of(one), sessions.meet(one, 3), sessions.meet(one, 3)), (Some(3), Met::Lost, Met::Known));
        // Elsewhere nobody knows it, nor does the first one when it comes back.
        assert_eq!((sessions.meet(two, 3), sessions.meet(two, 4), sessions.place_of((1, 2))), (Met::Lost, Met::Lost, None));
    }
}
