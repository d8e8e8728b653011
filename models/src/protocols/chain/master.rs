//! Who says what the chain is?

use super::message::{Message, Order};
use super::protocol::{ChainProtocol, Timer};
use crate::protocols::{To, Turn};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

/// The master. What the chain is survives its crash, and so does who in it has everything.
#[derive(Clone, Debug, Default)]
pub struct Master {
    order: Order,
    complete: BTreeSet<u32>,
    /// When it last heard each server.
    heard: BTreeMap<u32, SimTime>,
}

type Now<'a, 'b> = &'a mut Turn<'b, ChainProtocol>;

impl Master {
    pub(super) fn starts(&mut self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        if self.order.version == 0 {
            self.order = Order { version: 1, servers: (0..protocol.spec.servers).map(|server| (server, 1)).collect() };
            // All begin with nothing, which is everything there is.
            self.complete = (0..protocol.spec.servers).collect();
        }
        // Whoever it has not heard yet may have been told, by an earlier life, that it may serve.
        self.heard = self.order.servers.iter().map(|(server, _)| (*server, turn.now())).collect();
        self.tells_all(protocol, turn);
        turn.set_timer(Timer, protocol.spec.heartbeat);
    }

    fn tells_all(&self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        (0..protocol.spec.servers).for_each(|server| turn.send(To::Member(server), Message::Chain(self.order.clone(), None)));
    }

    /// Takes out whoever was silent for too long. Those that have everything stay as long as nobody else has: what was acknowledged is with them
    /// alone, and who came in after them can get it from nowhere else.
    pub(super) fn looks(&mut self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        let (now, heard) = (turn.now(), &self.heard);
        let lives = |server: u32| heard.get(&server).is_some_and(|heard| heard.saturating_add(protocol.spec.patience) >= now);
        let has_all = |server: u32| self.complete.contains(&server);
        let is_kept = self.order.servers.iter().any(|(server, _)| lives(*server) && has_all(*server));
        let stays = |server: u32| lives(server) || !is_kept && has_all(server);
        let left: Vec<(u32, u64)> = self.order.servers.iter().copied().filter(|(server, _)| stays(*server)).collect();
        if left.len() < self.order.servers.len() {
            self.changes(protocol, left, turn);
        }
        turn.set_timer(Timer, protocol.spec.heartbeat);
    }

    fn changes(&mut self, protocol: &ChainProtocol, servers: Vec<(u32, u64)>, turn: Now<'_, '_>) {
        self.complete.retain(|server| servers.iter().any(|(left, _)| left == server));
        self.order = Order { version: self.order.version + 1, servers };
        turn.announce("Changes", self.order.version as i64);
        self.tells_all(protocol, turn);
    }

    /// A server lives; one that is not in the chain comes to its end.
    pub(super) fn hears(&mut self, protocol: &ChainProtocol, from: u32, message: &Message, turn: Now<'_, '_>) {
        let Message::Alive(number, complete_since) = *message else { return };
        if from >= protocol.spec.servers {
            return;
        }
        self.heard.insert(from, turn.now());
        if self.order.servers.contains(&(from, complete_since)) {
            self.complete.insert(from);
        }
        turn.send(To::Member(from), Message::Chain(self.order.clone(), Some(number)));
        if self.order.servers.iter().all(|(server, _)| *server != from) {
            let mut servers = self.order.servers.clone();
            servers.push((from, self.order.version + 1));
            self.changes(protocol, servers, turn);
        }
    }

    pub(super) fn crashes(&mut self) {
        self.heard.clear();
    }
}
