//! What does a replica do with a request whose client it does not know?
//!
//! The session is in the memory of the replica at which the client was last. A login is a call that is made for the request before any work,
//! and for which no worker is held.

use super::World;
use crate::attempt::Phase;
use crate::call::Origin;
use crate::ids::NodeId;
use crate::outcome::Failure;
use crate::plan::Role;
use crate::protocols::Protocol;
use crate::record::CallName;
use crate::services::Met;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;

/// The place in the program of a request that waits for its client to be logged in.
pub(super) const LOGS_IN: u32 = u32::MAX;

/// The place of a login among the calls that are made for a request.
const LOGIN: Key = Key::named("login");

impl<P: Protocol> World<P> {
    /// A request has arrived at a service that keeps sessions. Answers whether it may be worked on now.
    #[cold]
    pub(super) fn knows_client(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let attempt = &self.attempts[slot];
        let (node, service, name) = (attempt.node, attempt.service, attempt.name);
        let plan = &self.plan.services[service as usize];
        let (replica, login) = (node.0 - plan.first.0, plan.sessions.as_ref().and_then(|(_, login)| *login));
        let Some(Some(sessions)) = self.fleets.sessions.get_mut(service as usize) else { return true };
        let met = sessions.meet((name.call.population.0, name.call.client), replica);
        if met == Met::Lost {
            self.observations.count("requests without their session", 1);
        }
        match (met, login) {
            (Met::Known, _) | (Met::New, None) => true,
            (Met::Lost, None) => {
                self.fail(slot, Failure::ClientError, ctx);
                false
            }
            (Met::New | Met::Lost, Some(edge)) => {
                self.observations.count("logins", 1);
                let attempt = &mut self.attempts[slot];
                (attempt.phase, attempt.task) = (Phase::Calling, LOGS_IN);
                let mut key = name.call.key.child(u64::from(name.number)).child(LOGIN.bits());
                if name.copy > 0 {
                    key = key.child(u64::from(name.copy));
                }
                self.servers[node.index()].calling.up(ctx.now());
                let call = CallName { edge, key, ..name.call };
                self.start_call(call, Origin::Job(slot), replica, ctx);
                false
            }
        }
    }

    /// A replica has lost its memory, and the sessions with it.
    pub(super) fn sessions_die(&mut self, node: NodeId) {
        let Role::Replica(service) = self.plan.nodes[node.index()].role else { return };
        let replica = node.0 - self.plan.services[service as usize].first.0;
        if let Some(Some(sessions)) = self.fleets.sessions.get_mut(service as usize) {
            self.observations.count("sessions lost", sessions.forget(replica));
        }
    }
}
