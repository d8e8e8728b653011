//! What do the calls of layers inherit: those made elsewhere in the place of what is inside, and those made for nobody?

use super::World;
use crate::call::{NONE, Origin};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::strategies::Step;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// A call made by a layer of another has the time that is left for that one. What is outside of a deadline of the stack outlives it.
    pub(super) fn inherit_time(&mut self, slot: u32, parent: u32) {
        let now = self.calls[slot].started_local;
        let (deadline, limit, tells) = (self.calls[parent].deadline, self.calls[parent].limit, self.calls[parent].tells_deadline);
        let limit = if deadline > now { deadline.min(limit) } else { limit };
        let call = &mut self.calls[slot];
        (call.limit, call.deadline, call.tells_deadline) = (limit, limit, tells);
    }

    /// A layer calls another service in the place of what is inside it.
    pub(super) fn call_elsewhere(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        let state = &mut call.flights[flight as usize];
        state.timer = SimTime::MAX;
        // The layers outside still have their timers, and the other call may be over before this comes back.
        self.arm(slot, ctx);
        let call = &mut self.calls[slot];
        let layer = call.flights[flight as usize].layer;
        let edge = self.plan.edges[call.name.edge.index()].elsewhere[layer as usize].expect("a plan has the edges of all its layers");
        let name = CallName { edge, key: call.name.key.child(ELSEWHERE + place_of(layer, call.made)), ..call.name };
        call.made += 1;
        let process = call.process;
        self.start_call(name, Origin::Flight(slot, flight), process, ctx);
    }

    /// A layer calls what is inside it once more, for nobody.
    pub(super) fn start_background(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let parent = &mut self.calls[slot];
        let (layer, replica) = (parent.flights[flight as usize].layer, parent.flights[flight as usize].replica);
        let key = parent.name.key.child(BACKGROUND + place_of(layer, parent.made));
        parent.made += 1;
        let (name, caller, process) = (CallName { key, ..parent.name }, parent.caller, parent.process);
        let (object, class) = (parent.object, parent.class);
        let measured = self.meter.background_started(now);
        let fresh = self.calls.take();
        self.calls[fresh].begin(name, (Origin::Background(layer, replica), caller), process, (now, object, class), measured);
        self.calls[fresh].started_local = self.local_of_call(fresh, now);
        self.inherit_time(fresh, slot);
        ctx.record(&Record::CallStarted(name));
        self.take_step(fresh, NONE, Step::Inner { wake: None }, None, ctx);
    }

    /// The machine of whoever made calls in the background is no more. Its layers hear that these have failed.
    pub(super) fn abandon_background(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.calls.slots().len() as u32 {
            let call = &self.calls[slot];
            let Origin::Background(layer, replica) = call.origin else { continue };
            if call.is_open && call.caller == node {
                let of = (call.name, call.process, call.object);
                self.abandon_call(slot, ctx);
                self.refreshed(of, (layer, replica), Outcome::Failed(Failure::Reset), ctx.now());
            }
        }
    }
}

/// Places of the keys of calls that layers make. What is called for an attempt has its number and 32 further bits as its place.
const ELSEWHERE: u64 = 1 << 63;
const BACKGROUND: u64 = 1 << 63 | 1 << 62;

/// The place of the call of a layer, by the layer and by how many calls were made before for the same call.
const fn place_of(layer: u32, made: u32) -> u64 {
    (made as u64) << 32 | layer as u64
}
