//! Who says what the chain is?

use super::message::{Message, Order};
use super::protocol::{ChainProtocol, Timer};
use crate::protocols::{To, Turn};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The master. What the chain is survives its crash.
#[derive(Clone, Debug, Default)]
pub struct Master {
    order: Order,
    /// When it last heard each server.
    heard: BTreeMap<u32, SimTime>,
}

type Now<'a, 'b> = &'a mut Turn<'b, ChainProtocol>;

impl Master {
    pub(super) fn starts(&mut self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        if self.order.version == 0 {
            self.order = Order { version: 1, servers: (0..protocol.spec.servers).map(|server| (server, 1)).collect() };
        }
        // Whoever it has not heard yet may have been told, by an earlier life, that it may serve.
        self.heard = self.order.servers.iter().map(|(server, _)| (*server, turn.now())).collect();
        self.tells_all(protocol, turn);
        turn.set_timer(Timer, protocol.spec.heartbeat);
    }

    fn tells_all(&self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        (0..protocol.spec.servers).for_each(|server| turn.send(To::Member(server), Message::Chain(self.order.clone(), None)));
    }

    /// Takes out whoever was silent for too long; one stays, since it may be the only one that has everything.
    pub(super) fn looks(&mut self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        let (now, heard) = (turn.now(), &self.heard);
        let lives = |server: u32| heard.get(&server).is_some_and(|heard| heard.saturating_add(protocol.spec.patience) >= now);
        let left: Vec<(u32, u64)> = self.order.servers.iter().copied().filter(|(server, _)| lives(*server)).collect();
        if left.len() < self.order.servers.len() && !left.is_empty() {
            self.changes(protocol, left, turn);
        }
        turn.set_timer(Timer, protocol.spec.heartbeat);
    }

    fn changes(&mut self, protocol: &ChainProtocol, servers: Vec<(u32, u64)>, turn: Now<'_, '_>) {
        self.order = Order { version: self.order.version + 1, servers };
        turn.announce("Changes", self.order.version as i64);
        self.tells_all(protocol, turn);
    }

    /// A server lives; one that is not in the chain comes to its end.
    pub(super) fn hears(&mut self, protocol: &ChainProtocol, from: u32, message: &Message, turn: Now<'_, '_>) {
        let Message::Alive(number) = *message else { return };
        if from >= protocol.spec.servers {
            return;
        }
        self.heard.insert(from, turn.now());
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
