//! Which instances does a member of a group have, and whose messages reach which of them?
//!
//! Messages go to identities. An identity has one instance, and a second one while a fault says so (S. Bano et al., "Twins: BFT
//! Systems Made Robust", OPODIS 2021): both are correct, sign as the same member, and know nothing of each other. They share what
//! belongs to the identity: its place, its clock, and every other fault that strikes it.

use super::World;
use super::members::{MemberMessage, MemberState};
use crate::call::NONE;
use crate::disks::Device;
use crate::ids::{InstanceId, NodeId};
use crate::plan::Role;
use crate::protocols::{Protocol, Seen};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;

/// The draws of twins, by how often there was one before.
const TWIN: Key = Key::named("twin");

/// The number of the first message of a kind that a twin sends to another member.
const FIRST_ORDINAL: u32 = 1 << 31;

impl<P: Protocol> World<P> {
    /// The instances of a member.
    pub(super) fn instances(&self, member: u32) -> impl Iterator<Item = u32> + use<P> {
        [Some(member), self.twin_of(member)].into_iter().flatten()
    }

    fn twin_of(&self, member: u32) -> Option<u32> {
        if self.twins.is_empty() {
            return None;
        }
        self.twins.get(&member).copied().filter(|&twin| self.members[twin as usize].is_on)
    }

    /// The instances of a member that messages of this sender reach.
    pub(super) fn reached(&self, member: u32, sender: NodeId) -> impl Iterator<Item = u32> + use<P> {
        let twin = self.twin_of(member);
        let splits = twin.and_then(|_| self.environment.node(self.node_of(member)).twin.as_ref());
        let is_among = |nodes: &[NodeId]| nodes.binary_search(&sender).is_ok();
        let (first, second) = splits.map_or((true, true), |twin| (!is_among(&twin.second), !is_among(&twin.first)));
        [Some(member).filter(|_| first), twin.filter(|_| second)].into_iter().flatten()
    }

    /// The instances that hear a message between members: what one tells itself it alone hears, as long as it runs.
    pub(super) fn hearers(&self, message: MemberMessage) -> impl Iterator<Item = u32> + use<P> {
        let itself = Some(message.by).filter(|&by| message.is_to_itself() && self.members[by as usize].is_on);
        let others = (!message.is_to_itself()).then(|| self.reached(message.to, message.name.from));
        itself.into_iter().chain(others.into_iter().flatten())
    }

    /// A second instance of a member starts.
    pub(super) fn twin_begins(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Role::Member(member) = self.plan.nodes[node.index()].role else { return };
        let (is_up, first) = (self.environment.node(node).up, &self.members[member as usize]);
        let is_fresh = self.environment.node(node).twin.as_ref().is_some_and(|twin| twin.fresh);
        let (mut memory, device) =
            if is_fresh { (self.protocol.member(member), Device::default()) } else { (first.memory.clone(), first.device.copied()) };
        if !is_fresh || !is_up {
            self.protocol.on_crash(&mut memory);
        }
        let name = self.plan.nodes[node.index()].name.as_str();
        let instance = *self.twins.entry(member).or_insert(self.members.len() as u32);
        if instance as usize == self.members.len() {
            let mut twin = MemberState::new(member, memory, name);
            (twin.first_ordinal, twin.key) = (FIRST_ORDINAL, twin.key.child(TWIN.bits()));
            self.members.push(twin);
        } else {
            let twin = &mut self.members[instance as usize];
            (twin.memory, twin.key) = (memory, twin.key.child(TWIN.bits()));
        }
        let twin = &mut self.members[instance as usize];
        (twin.device, twin.has_started, twin.is_on) = (device, true, true);
        if is_up && is_fresh {
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_start(memory, turn));
        } else if is_up {
            self.member_returns(instance, ctx);
        }
    }

    /// The second instance of a member is gone: its machine is switched off for good.
    pub(super) fn twin_ends(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Role::Member(member) = self.plan.nodes[node.index()].role else { return };
        let Some(instance) = self.twin_of(member) else { return };
        let fresh = self.protocol.member(member);
        let twin = &mut self.members[instance as usize];
        twin.timers.clear();
        (twin.memory, twin.device, twin.is_on) = (fresh, Device::default(), false);
        let held: Vec<_> = self.held.iter().filter(|(_, (by, _))| *by == instance).map(|(held, _)| *held).collect();
        held.into_iter().for_each(|held| self.drop_held(held));
        self.show_witness(Seen::Died(member, InstanceId(instance)), ctx.now());
    }
}
