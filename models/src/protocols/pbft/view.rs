//! How do replicas come by another primary, and what does it take along?

use super::PbftRule;
use super::message::{Change, Message, Proposal};
use super::protocol::PbftProtocol;
use super::replica::Replica;
use crate::protocols::{To, Turn};
use std::collections::BTreeMap;

type Now<'a, 'b> = &'a mut Turn<'b, PbftProtocol>;

impl Replica {
    /// A request was not done in time.
    pub(super) fn waited(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        self.is_timed = false;
        if self.waiting.is_empty() && !self.is_changing {
            return;
        }
        if !self.is_changing && !std::mem::replace(&mut self.has_asked, true) {
            // Perhaps something was lost that nobody says again by himself.
            protocol.tell_others(&Message::Fetch(self.executed), turn);
            return self.watch_the_time(protocol, turn);
        }
        self.has_asked = false;
        // Perhaps the others have done what it waits for.
        protocol.tell_others(&Message::Fetch(self.executed), turn);
        self.repeats_checkpoint(protocol, turn);
        // Whoever has gone further has wanted this view as well: its last wish is all that is kept of it.
        let wishes: usize = self.changes.range(self.view..).map(|(_, wishes)| wishes.len()).sum();
        if self.is_changing && wishes < protocol.quorum() {
            // It would be alone in the next view as well; its wish may be lost.
            if let Some(change) = self.changes.get(&self.view).and_then(|wishes| wishes.get(&turn.me())) {
                protocol.tell_others(&Message::ViewChange(self.view, change.clone()), turn);
            }
            return self.watch_the_time(protocol, turn);
        }
        self.want(protocol, self.view.saturating_add(1), turn);
    }

    /// It wants another view, and says what it knows to have been prepared.
    fn want(&mut self, protocol: &PbftProtocol, view: u64, turn: Now<'_, '_>) {
        (self.view, self.is_changing) = (view, true);
        self.idle_views += 1;
        turn.announce("WantsView", view as i64);
        let prepared: BTreeMap<u64, (u64, Proposal)> = if protocol.keeps(PbftRule::PreparedCertificates) {
            self.slots.iter().filter_map(|(&place, slot)| slot.prepared.map(|prepared| (place, prepared))).collect()
        } else {
            BTreeMap::new()
        };
        let change = Change { stable: self.stable, prepared };
        protocol.tell_others(&Message::ViewChange(view, change.clone()), turn);
        self.is_timed = false;
        self.watch_the_time(protocol, turn);
        self.wanted(protocol, turn.me(), view, change, turn);
    }

    pub(super) fn wanted(&mut self, protocol: &PbftProtocol, from: u32, view: u64, change: Change, turn: Now<'_, '_>) {
        if view == u64::MAX {
            // There would be none after it.
            return;
        }
        if view < self.view || view == self.view && !self.is_changing {
            if !self.is_changing && protocol.primary(self.view) == turn.me() && !self.begun.is_empty() {
                turn.send(To::Member(from), Message::NewView(self.view, self.begun.clone()));
            }
            return;
        }
        // Of each replica its last wish, so that a liar fills nothing.
        self.changes.values_mut().for_each(|wishes| {
            wishes.remove(&from);
        });
        self.changes.entry(view).or_default().insert(from, change);
        self.changes.retain(|&of, wishes| of >= self.view && !wishes.is_empty());
        let higher: u64 = self.changes.range(self.view.saturating_add(1)..).map(|(_, wishes)| wishes.len() as u64).sum();
        let next = self.changes.range(self.view.saturating_add(1)..).next().map(|(&next, _)| next);
        if let Some(next) = next.filter(|_| higher >= protocol.one_is_right() as u64) {
            // One of them is right, and so it is time.
            return self.want(protocol, next, turn);
        }
        let wishes = self.changes.get(&self.view).map_or(0, BTreeMap::len);
        if self.is_changing && protocol.primary(self.view) == turn.me() && wishes >= protocol.quorum() {
            let proofs: Vec<(u32, Change)> = self.changes.remove(&self.view).unwrap_or_default().into_iter().collect();
            protocol.tell_others(&Message::NewView(self.view, proofs.clone()), turn);
            self.begun.clone_from(&proofs);
            self.enter(protocol, self.view, &proofs, turn);
        }
    }

    pub(super) fn new_view(&mut self, protocol: &PbftProtocol, from: u32, view: u64, proofs: &[(u32, Change)], turn: Now<'_, '_>) {
        let mut who: Vec<u32> = proofs.iter().map(|(who, _)| *who).filter(|&who| who < protocol.spec.members).collect();
        who.sort_unstable();
        who.dedup();
        let is_due = view > self.view || view == self.view && self.is_changing;
        if is_due && from == protocol.primary(view) && from != turn.me() && who.len() >= protocol.quorum() && view < u64::MAX {
            self.enter(protocol, view, proofs, turn);
        }
    }

    /// A view begins with what may have been committed before, and with nothing in the gaps.
    fn enter(&mut self, protocol: &PbftProtocol, view: u64, proofs: &[(u32, Change)], turn: Now<'_, '_>) {
        (self.view, self.is_changing, self.has_asked) = (view, false, false);
        self.changes = self.changes.split_off(&view.saturating_add(1));
        turn.announce("EntersView", view as i64);
        let stable = proofs.iter().map(|(_, change)| change.stable).max().unwrap_or(0);
        if stable > self.executed {
            protocol.tell_others(&Message::Fetch(self.executed), turn);
        }
        let mut chosen: BTreeMap<u64, (u64, Proposal)> = BTreeMap::new();
        for (&place, &prepared) in proofs.iter().flat_map(|(_, change)| &change.prepared) {
            if place > stable && place <= stable.saturating_add(protocol.window()) {
                let best = chosen.entry(place).or_insert(prepared);
                if best.0 < prepared.0 {
                    *best = prepared;
                }
            }
        }
        let last = chosen.last_key_value().map_or(stable, |(&place, _)| place);
        self.given = last.max(self.executed);
        for place in stable.saturating_add(1)..=last {
            if self.is_in_window(protocol, place) {
                let proposal = chosen.get(&place).and_then(|&(_, proposal)| proposal);
                self.accept(protocol, (view, place), proposal, turn);
            }
        }
        let early = |(&place, slot): (&u64, &super::replica::Slot)| {
            slot.early.filter(|&(of, _)| of == view && place > last).map(|(_, proposal)| (place, proposal))
        };
        let early: Vec<(u64, Proposal)> = self.slots.iter().filter_map(early).collect();
        early.into_iter().for_each(|(place, proposal)| self.accept(protocol, (view, place), proposal, turn));
        self.propose_waiting(protocol, turn);
        self.is_timed = false;
        self.watch_the_time(protocol, turn);
    }
}
