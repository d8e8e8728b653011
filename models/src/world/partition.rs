//! Which replicas of a service may a request go to, and to which does it go?
//!
//! A part is decided by the call, not by the attempt: a retry goes to the same part, and all callers agree. Within it a replica is
//! drawn evenly for each attempt, or chosen by a layer, as among all replicas of a service without parts.

use super::World;
use crate::ids::NodeId;
use crate::plan::Callee;
use crate::protocols::Protocol;
use crate::services::data::DataPlan;
use crate::services::partition::Asked;
use crate::services::{Step, TaskPlan};
use sim_core::draw::{Draw, Key};

impl<P: Protocol> World<P> {
    /// The replicas that the attempts of a call may go to, in order; all of them if the callee has no parts.
    #[cold]
    pub(super) fn part_of(&self, slot: u32) -> Vec<u32> {
        let call = &self.calls[slot];
        let Callee::Service(index) = self.plan.edges[call.name.edge.index()].callee else { return Vec::new() };
        let service = &self.plan.services[index as usize];
        let part = match &service.partition {
            None => (0..service.replicas).collect(),
            Some(partition) => {
                let asked = Asked { object: call.object, client: self.tenant_of(slot), service: service.key, seed: &self.seed };
                partition.part(service.replicas, &asked)
            }
        };
        self.for_reading_or_writing(slot, index, part)
    }

    /// What a layer may know of the callee of a call: the replicas that its attempts may go to, and whether it writes.
    #[cold]
    pub(super) fn narrowed(&self, slot: u32) -> (Option<Vec<u32>>, bool) {
        let Callee::Service(service) = self.plan.edges[self.calls[slot].name.edge.index()].callee else { return (None, false) };
        let data = self.data_behind(service);
        (Some(self.part_of(slot)), data.is_some_and(|data| self.call_writes(slot, data)))
    }

    /// What is known of the data of a service, or of the fleet behind it, if it only passes requests on.
    fn data_behind(&self, service: u32) -> Option<&DataPlan> {
        let mut service = &self.plan.services[service as usize];
        // Bounded: no more of them stand in a row than there are.
        for _ in &self.plan.services {
            match (&service.data, service.program.as_slice()) {
                (Some(data), _) => return Some(data),
                (None, [Step { does: TaskPlan::Forward(edge), .. }]) => {
                    let Callee::Service(behind) = self.plan.edges[edge.index()].callee else { return None };
                    service = &self.plan.services[behind as usize];
                }
                (None, _) => return None,
            }
        }
        None
    }

    /// The hot replica that an attempt goes to, if a fault draws it to one that it may go to.
    #[cold]
    pub(super) fn drawn_to(&self, slot: u32, service: u32, choice: Draw) -> Option<NodeId> {
        let hot = self.environment.load().drawn_to(service, choice)?;
        let is_parted = self.plan.edges[self.calls[slot].name.edge.index()].is_parted;
        let may = || self.part_of(slot).contains(&(hot.0 - self.plan.services[service as usize].first.0));
        (!is_parted || may()).then_some(hot)
    }

    /// The client that a call is made for, however many services lie between.
    pub(super) fn tenant_of(&self, slot: u32) -> Key {
        let name = self.calls[slot].name;
        self.plan.populations[name.population.index()].key.child(u64::from(name.client))
    }
}
