//! Which part of the world does an event belong to?

use super::{World, logs};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::simulation::{Ctx, Model};

impl<P: Protocol> Model for World<P> {
    type Event = WorldEvent;
    type Record = Record;

    #[inline(always)]
    fn handle(&mut self, event: WorldEvent, ctx: &mut Ctx<'_, Self>) {
        match event.kind {
            Kind::Request => self.request_arrives(event.slot, ctx),
            Kind::WorkDone => self.work_done(event.slot, ctx),
            Kind::Reply => self.reply_arrives(event.slot, ctx),
            Kind::AnswerLeaves => self.answer_leaves(event.slot, ctx),
            Kind::ClientWakes => self.client_wakes(event.slot, ctx),
            Kind::Arrival => self.arrival(event.slot, ctx),
            Kind::ExtraArrival => self.extra_arrival(event.slot, ctx),
            Kind::ExtraCall => self.extra_call(event.slot, ctx),
            Kind::JobTimer => self.job_timer(event.slot, ctx),
            Kind::CallTimer => self.call_timer(event.slot, ctx),
            Kind::MemberTimer => self.member_timer(event.slot, ctx),
            Kind::Clock => self.clock_goes_on(event.slot, ctx),
            Kind::Message => self.message_arrives(event.slot, ctx),
            Kind::LegDone => self.leg_done(event.slot, ctx),
            Kind::Cancel => self.cancel_arrives(event.slot, ctx),
            Kind::Fault => self.fault_changes(event.slot, ctx),
            Kind::Converged => self.converge(ctx),
            Kind::DiskDone => self.disk_done(event.slot, ctx),
            Kind::Probe => self.probe_due(event.slot, ctx),
            Kind::Log if event.slot & logs::LOG != 0 => self.log_is_done(NodeId(event.slot ^ logs::LOG), ctx),
            Kind::Log => self.saga_due(event.slot, ctx),
            Kind::Orchestration => self.orchestration_due(event.slot, ctx),
            Kind::Broker => self.broker_due(event.slot, ctx),
            Kind::Replication => self.stream_looks(event.slot, ctx),
            Kind::HandOver => self.hand_over_due(event.slot, ctx),
        }
        if self.notes.has_grants() {
            self.hand_out_grants(ctx);
        }
    }
}
