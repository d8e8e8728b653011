//! How do members of a group write, and what becomes of it when their machines die?

use super::World;
use crate::call::NONE;
use crate::disks::{Chance, Completion, Disk, Order, Pace};
use crate::environment::Condition;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::plan::Role;
use crate::protocols::{Orders, Protocol};
use sim_core::draw::{Draw, Key};
use sim_core::simulation::Ctx;

/// What happens to the disks of members, apart from how long they take.
const DISK: Key = Key::named("disk");

impl<P: Protocol> World<P> {
    /// Hands a member's orders to its disk.
    pub(super) fn order_of_disk(&mut self, instance: u32, orders: &mut Orders<P>, ctx: &mut Ctx<'_, Self>) {
        if orders.disk.is_empty() {
            return;
        }
        orders.disk.drain(..).for_each(|order| self.members[instance as usize].device.order(order));
        self.disk_goes_on(instance, ctx);
    }

    /// The disk of a member begins with what is next, if it is idle.
    fn disk_goes_on(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        let condition = self.environment.node(self.node_of_instance(instance));
        let pace = Pace { slowness: condition.pace_of_disk(), is_full: condition.disk_full };
        let times = self.protocol.disk().expect("a protocol whose members write says how long that takes");
        let state = &mut self.members[instance as usize];
        if let Some(ends) = state.device.go_on(ctx.now(), pace, times, state.key, &self.seed) {
            ctx.at(ends, WorldEvent::new(Kind::DiskDone, state.key, 0, instance));
        }
    }

    /// The disk of a member has done something, unless the event is one of an earlier pace.
    pub(super) fn disk_done(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        let Some((order, is_refused)) = self.members[instance as usize].device.done(ctx.now()) else { return };
        let done = match order {
            Order::Write(slot, _) if is_refused => Completion::NoRoom(slot),
            Order::Write(slot, record) => {
                self.members[instance as usize].device.disk.write(slot, record);
                Completion::Written(slot)
            }
            Order::EraseFrom(first) => {
                self.members[instance as usize].device.disk.erase_from(first);
                Completion::Erased(first)
            }
            Order::Sync => {
                self.with_disk(instance, |disk, condition, chance| disk.sync(&condition.disk_mishaps, chance));
                Completion::Synced
            }
            Order::Load => Completion::Loaded,
        };
        self.disk_goes_on(instance, ctx);
        if self.stands_still(self.node_of_instance(instance)) {
            return self.members[instance as usize].device.unnoticed.push(done);
        }
        self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_disk(memory, done, turn));
    }

    /// A member that stood still hears what its disk has done meanwhile.
    pub(super) fn disk_is_noticed(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        for done in std::mem::take(&mut self.members[instance as usize].device.unnoticed) {
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_disk(memory, done, turn));
        }
    }

    /// The condition of a node changed, perhaps that of its disk. What is lost or rots does so at the instant it begins, whether
    /// the node lives or not; that comes before its next life.
    pub(super) fn disk_changes(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let Role::Member(member) = self.plan.nodes[node.index()].role else { return };
        if self.protocol.disk().is_none() {
            return;
        }
        let after = self.environment.node(node).clone();
        for instance in self.instances(member) {
            if !after.up && (before.up || after.disk_loss > before.disk_loss) {
                self.with_disk(instance, |disk, condition, chance| disk.lose(condition.disk_loss, &condition.disk_mishaps, chance));
            }
            for mishap in after.disk_mishaps.rot.iter().filter(|mishap| !before.disk_mishaps.rot.contains(mishap)) {
                self.with_disk(instance, |disk, _condition, chance| disk.rot(mishap, chance));
            }
            let state = &mut self.members[instance as usize];
            if let Some(ends) = state.device.change_pace(ctx.now(), after.pace_of_disk()) {
                ctx.at(ends, WorldEvent::new(Kind::DiskDone, state.key, 0, instance));
            }
        }
    }

    fn with_disk<T>(&mut self, instance: u32, act: impl FnOnce(&mut Disk<P::Stored>, &Condition, &Chance<'_, P::Stored>) -> T) -> T {
        let condition = self.environment.node(self.node_of_instance(instance));
        let (protocol, state) = (&self.protocol, &mut self.members[instance as usize]);
        let garble = |record: &P::Stored, draw: Draw| protocol.garble(record, draw);
        let chance = Chance { key: state.key.child(DISK.bits()), seed: &self.seed, garble: &garble };
        act(&mut state.device.disk, condition, &chance)
    }
}
