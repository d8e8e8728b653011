//! What happens when a fault begins or ends?

use super::World;
use super::triggers::BIN_ENDS;
use crate::environment::{Condition, Effect, MessageEffect, NodeEffect};
use crate::event::{Kind, WorldEvent};
use crate::faults::{Happening, Stretch, Timetable};
use crate::ids::{FaultId, NodeId, StretchId};
use crate::plan::Role;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Schedules the begin (even slots) and the end (odd slots) of stretches. At one instant the end of a time bin comes first, then
/// whatever begins, and then what ends: so what begins when something else ends takes over from it, whichever was written
/// first, and a node does not go on for no time between two pauses.
pub(super) fn schedule<P: Protocol>(timetable: &Timetable, stretches: Range<usize>, ctx: &mut Ctx<'_, World<P>>) {
    for index in stretches {
        let (stretch, slot) = (&timetable.stretches[index], 2 * index as u32);
        ctx.at(stretch.begin, WorldEvent::new(Kind::Fault, Key::default(), BEGINS + index as u32, slot));
        schedule_end(timetable, index, ctx);
    }
}

pub(super) fn schedule_end<P: Protocol>(timetable: &Timetable, index: usize, ctx: &mut Ctx<'_, World<P>>) {
    if let Some(end) = timetable.stretches[index].end {
        ctx.at(end, WorldEvent::new(Kind::Fault, Key::default(), ENDS + index as u32, 2 * index as u32 + 1));
    }
}

/// Places in the order of an instant; no run has so many stretches. Bins come at 0.
const BEGINS: u32 = 1;
const ENDS: u32 = 1 << 26;
/// Who leads is seen when everything else of the instant has happened.
const AIMS: u32 = (1 << 27) - 1;
/// The slots from here on are of faults that aim, up to that of the end of a bin.
const AIMED: u32 = 1 << 31;

impl<P: Protocol> World<P> {
    /// Schedules the begin and the end of every stretch that is known before time 0, and the end of the first time bin if
    /// anything is judged there.
    pub(super) fn plan_faults(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.timetable = Timetable::draw(&self.plan.faults, &self.seed, self.plan.clockwork.horizon);
        schedule(&self.timetable, 0..self.timetable.stretches.len(), ctx);
        let plan = Arc::clone(&self.plan);
        for (id, fault) in (0..).map(FaultId).zip(&plan.faults).filter(|(_, fault)| fault.aims()) {
            for (ordinal, (begin, _)) in (0..).zip(fault.windows(plan.clockwork.horizon)) {
                self.aim(id, ordinal, begin, ctx);
            }
        }
        if self.watches_bins() {
            self.await_end_of_bin(ctx);
        }
    }

    /// A stretch of a fault begins or ends: the ledger changes, and whatever follows from it.
    pub(super) fn fault_changes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if slot == BIN_ENDS {
            return self.bin_ends(ctx);
        }
        if self.lifted.is_some() {
            return;
        }
        if slot >= AIMED {
            return self.take_aim(slot - AIMED, ctx);
        }
        let (id, begins) = (StretchId(slot / 2), slot.is_multiple_of(2));
        let stretch = &self.timetable.stretches[id.index()];
        // An end that was planned before somebody ended it earlier.
        if !begins && stretch.end != Some(ctx.now()) {
            return;
        }
        let strike = &self.timetable.strikes[stretch.strike as usize];
        let (opens, closes, fault, member) = (begins && stretch.opens, !begins && stretch.closes, strike.fault, strike.member);
        if opens {
            if ctx.is_watched() {
                self.say_whom(id, fault, ctx);
            }
            ctx.record(&Record::FaultBegan(fault, member));
            self.meter.reactions.strike_begins(fault, ctx.now());
        } else if closes {
            ctx.record(&Record::FaultEnded(fault, member));
        }
        let effects = std::mem::take(&mut self.timetable.stretches[id.index()].effects);
        self.effects_change(id, &effects, begins, ctx);
        self.timetable.stretches[id.index()].effects = effects;
        if opens || closes {
            self.strike_changes(fault, opens, ctx);
        }
    }

    /// Says whom a strike hits, unless the name of its fault does: of one that picks them only this tells.
    #[cold]
    fn say_whom(&self, stretch: StretchId, fault: FaultId, ctx: &mut Ctx<'_, Self>) {
        if let Some(whom) = self.whom(std::iter::once(&self.timetable.stretches[stretch.index()]), fault) {
            ctx.say(&whom);
        }
    }

    /// Whom some stretches of a fault hit, unless its name says so: a name that tells of more nodes than are hit does not.
    pub(super) fn whom<'s>(&self, stretches: impl Iterator<Item = &'s Stretch>, fault: FaultId) -> Option<String> {
        const MOST: usize = 4;
        let label = &self.plan.faults[fault.index()].label;
        let struck: BTreeSet<NodeId> =
            stretches.flat_map(|stretch| &stretch.effects).flat_map(|effect| effect.struck().iter().copied()).collect();
        let names: Vec<&str> = struck.iter().map(|node| self.plan.nodes[node.index()].name.as_str()).collect();
        let named = self.plan.nodes.iter().filter(|node| label.contains(&node.name)).count();
        if names.is_empty() || named == names.len() && names.iter().all(|name| label.contains(name)) {
            return None;
        }
        let more = names.len().saturating_sub(MOST);
        let listed = names[..names.len() - more].join(", ");
        Some(if more == 0 { format!("at {listed}") } else { format!("at {listed} and {more} more") })
    }

    /// At this instant a fault strikes whoever leads then.
    pub(super) fn aim(&mut self, fault: FaultId, ordinal: u64, at: SimTime, ctx: &mut Ctx<'_, Self>) {
        let slot = AIMED + self.aims.len() as u32;
        self.aims.push((fault, ordinal));
        ctx.at(at, WorldEvent::new(Kind::Fault, Key::default(), AIMS, slot));
    }

    /// A fault strikes whoever leads now; nobody, if nobody does.
    fn take_aim(&mut self, aim: u32, ctx: &mut Ctx<'_, Self>) {
        let ((id, ordinal), plan, now) = (self.aims[aim as usize], Arc::clone(&self.plan), ctx.now());
        let leading: Vec<&str> = (0..self.members.len() as u32)
            .filter(|&member| self.environment.node(self.node_of(member)).up && self.protocol.leads(&self.members[member as usize].memory))
            .map(|member| plan.nodes[self.node_of(member).index()].name.as_str())
            .collect();
        let leads = |name: &str| leading.contains(&name);
        let fault = &plan.faults[id.index()];
        let stretches = fault.strike_primary(leads, (id, ordinal), now, &self.seed, &mut self.timetable);
        if stretches.is_empty() {
            return self.listens_again(id);
        }
        for index in stretches {
            let (begin, slot) = (self.timetable.stretches[index].begin, 2 * index as u32);
            if begin > now {
                schedule(&self.timetable, index..index + 1, ctx);
                continue;
            }
            schedule_end(&self.timetable, index, ctx);
            self.fault_changes(slot, ctx);
        }
    }

    /// Effects begin or end: the ledger changes, and the conditions of the nodes they touch.
    pub(super) fn effects_change(&mut self, id: StretchId, effects: &[Effect], begins: bool, ctx: &mut Ctx<'_, Self>) {
        let mut touched: Vec<NodeId> = effects.iter().filter_map(Effect::node).collect();
        touched.sort_unstable();
        touched.dedup();
        let before: Vec<_> = touched.iter().map(|&node| self.environment.node(node).clone()).collect();
        if begins {
            let stretch = &self.timetable.stretches[id.index()];
            self.environment.begin_within(id, (stretch.stream, stretch.within), effects, &self.plan.topology);
            for effect in effects {
                if let Effect::Flush(edge) = effect {
                    self.flush(*edge);
                }
            }
        } else {
            self.environment.end(id, effects, &self.plan.topology);
            self.members_behave_again(effects, ctx.now());
        }
        for (node, before) in touched.into_iter().zip(before) {
            self.condition_changes(node, &before, ctx);
        }
        self.routes_changed(ctx);
        self.pools_change(effects, ctx.now());
        if self.has_followers() {
            self.followers_change(ctx);
        }
        self.load_changes(id, effects, begins, ctx);
    }

    /// Of those whom these effects made dishonest it is remembered until when.
    fn members_behave_again(&mut self, effects: &[Effect], now: SimTime) {
        for effect in effects {
            let (Effect::Messages(MessageEffect::Misbehaves(node, _)) | Effect::Node(node, NodeEffect::Twin(_))) = effect else { continue };
            if let Role::Member(member) = self.plan.nodes[node.index()].role {
                self.strayed.insert(member, now);
            }
        }
    }

    /// Tells whoever waits for it that a strike of a fault began or ended.
    fn strike_changes(&mut self, fault: FaultId, began: bool, ctx: &mut Ctx<'_, Self>) {
        if self.listeners.is_empty() && !super::rollbacks::any(&self.plan) {
            return;
        }
        if !began {
            self.listens_again(fault);
        }
        let plan = Arc::clone(&self.plan);
        let label = plan.faults[fault.index()].label.as_str();
        self.happens(if began { Happening::Began(label) } else { Happening::Ended(label) }, ctx);
    }

    pub(super) fn condition_changes(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let after = self.environment.node(node).clone();
        if before.up != after.up {
            self.meter.node_changes(node, after.up, ctx.now());
        }
        let clock = after.clock;
        if before.twin.is_some() && after.twin.is_none() {
            self.twin_ends(node, ctx);
        }
        self.disk_changes(node, before, ctx);
        self.log_changes(node, before);
        self.logs_of_sagas_change(node, before, ctx);
        match (before.up, after.up) {
            (true, false) => self.node_dies(node, ctx),
            (false, true) => {
                self.node_returns(node, ctx);
                if after.paused {
                    ctx.record(&Record::NodePaused(node));
                }
            }
            (true, true) => {
                if before.paused != after.paused {
                    ctx.record(&if after.paused { Record::NodePaused(node) } else { Record::NodeResumed(node) });
                }
                self.server_changes_pace(node, before, ctx);
                if before.paused && !after.paused {
                    self.server_resumes(node, ctx);
                } else if after.is_running() && after.gives_back_room(before) && self.is_replica(node) {
                    self.fill_workers(node, ctx);
                }
            }
            (false, false) if !before.refuses && after.refuses => self.machine_returns(node, ctx),
            (false, false) => {}
        }
        if before.clock != clock {
            self.change_clock(node, clock, ctx);
        }
        if before.twin.is_none() && after.twin.is_some() {
            self.twin_begins(node, ctx);
        }
    }

    fn node_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        ctx.record(&Record::NodeDied(node));
        self.forget_exchange(node, ctx);
        match self.plan.nodes[node.index()].role {
            Role::Replica(_) => {
                self.server_dies(node, ctx);
                self.replica_died(node, ctx);
            }
            Role::Member(index) => {
                self.instances(index).for_each(|instance| self.member_dies(instance, ctx.now()));
                let inbox = std::mem::take(&mut self.servers[node.index()].inbox);
                self.hear_all(inbox, ctx);
            }
            Role::Clients(_) => unreachable!("faults of nodes strike servers"),
        }
    }

    fn node_returns(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        ctx.record(&Record::NodeReturned(node));
        match self.plan.nodes[node.index()].role {
            Role::Member(index) => self.instances(index).for_each(|instance| self.member_returns(instance, ctx)),
            Role::Replica(_) => {
                self.probers_return(node, ctx);
                if !self.state_is_rebuilt(node, ctx) {
                    self.sagas_go_on(node, ctx);
                }
                self.pollers_return(node, ctx);
                self.broker_resumes(node, ctx);
            }
            Role::Clients(_) => {}
        }
    }
}
