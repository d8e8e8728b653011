//! Who asks replicas whether they are well, and when again?
//!
//! A layer that wants health checks has a prober in each process for each replica of the callee. A probe is a call that nobody waits
//! for: it passes no layers, as health checkers have connections of their own, travels and queues like any other, and wants nothing
//! done. A process that is down probes nobody, and begins anew when it returns; one that stands still probes late. The last probe
//! begins before arrivals end.
//!
//! Whoever restarts the replicas of a service asks them as well, each from its own machine: see `orchestration`.

use super::World;
use super::layers::{key_of_scope, make_memory};
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::{EdgeId, NodeId, PopulationId};
use crate::outcome::Outcome;
use crate::plan::{Callee, Plan};
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_PROBE, Record};
use crate::strategies::health::{Check, ProbeKind, Probed};
use crate::strategies::{FlightMemory, Luck};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// Who wants to know whether a replica is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// A layer of its callers.
    Layer(u32),
    /// Whoever restarts it, on its own machine.
    Orchestrator(ProbeKind),
}

/// Whoever asks one replica whether it is well.
#[derive(Clone, Debug)]
pub(super) struct Prober {
    edge: EdgeId,
    /// Who wants to know.
    watch: Watch,
    /// The process that asks.
    process: u32,
    node: NodeId,
    replica: u32,
    key: Key,
    sent: u32,
    /// When the probe under way, or the last one, began by the clock of the process.
    began: SimTime,
    /// When the next one is due by that clock; the end of time while one is under way or the process is down.
    due: SimTime,
    /// The true instant of the event that is pending, or the end of time.
    armed: SimTime,
}

/// The place of the keys of probes among those of an edge.
const PROBES: Key = Key::named("probe");

/// All probers that the layers of a plan want, in the order of edges, layers, processes and replicas.
pub(super) fn probers_of(plan: &Plan) -> Vec<Prober> {
    let mut probers = Vec::new();
    for (edge, plan) in (0..).map(EdgeId).zip(&plan.edges) {
        let wanting = (0..).zip(&plan.stack).filter(|(_, layer)| layer.health().is_some() && matches!(plan.callee, Callee::Service(_)));
        for (layer, _) in wanting {
            let key = plan.key.child(PROBES.bits()).child(u64::from(layer));
            for process in 0..plan.zones.of_caller.len() as u32 {
                for replica in 0..plan.replicas.len() as u32 {
                    let key = key.child(u64::from(process)).child(u64::from(replica));
                    let (node, never) = (NodeId(plan.caller.0 + process), SimTime::MAX);
                    let (watch, began) = (Watch::Layer(layer), SimTime::ZERO);
                    probers.push(Prober { edge, watch, process, node, replica, key, sent: 0, began, due: never, armed: never });
                }
            }
        }
    }
    for service in &plan.services {
        let Some((restarts, edge)) = &service.restarts else { continue };
        for probe in restarts.probes() {
            let key = plan.edges[edge.index()].key.child(PROBES.bits()).child(probe.kind as u64);
            for replica in 0..service.replicas {
                let (node, never, began) = (NodeId(service.first.0 + replica), SimTime::MAX, SimTime::ZERO);
                let (key, watch) = (key.child(u64::from(replica)), Watch::Orchestrator(probe.kind));
                probers.push(Prober { edge: *edge, watch, process: replica, node, replica, key, sent: 0, began, due: never, armed: never });
            }
        }
    }
    probers
}

impl<P: Protocol> World<P> {
    /// Every process begins to probe.
    pub(super) fn start_probers(&mut self, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.probers.len() as u32 {
            self.prober_begins(slot, ctx);
        }
    }

    /// When a prober that begins now asks first, and how long it waits for an answer.
    fn rule_of(&self, slot: u32, now: SimTime) -> (SimTime, SimDuration) {
        let Prober { edge, watch, node, .. } = self.probers[slot as usize];
        match watch {
            Watch::Layer(layer) => {
                let rule = self.plan.edges[edge.index()].stack[layer as usize].health().expect("a layer with probers wants to know");
                (rule.first(now), rule.timeout())
            }
            Watch::Orchestrator(kind) => {
                let rule = self.probe_of(node, kind);
                (rule.first(now), rule.timeout)
            }
        }
    }

    fn prober_begins(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let Prober { node, watch, .. } = self.probers[slot as usize];
        if !self.environment.node(node).up || matches!(watch, Watch::Orchestrator(kind) if self.is_held_back(node, kind)) {
            return;
        }
        let now = self.local(node, ctx.now());
        self.probers[slot as usize].due = self.rule_of(slot, now).0;
        self.arm_prober(slot, ctx);
    }

    /// A replica has started up: those who waited for that begin to ask; when they would have asked first may be long over.
    pub(super) fn probers_are_let_go(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in self.probers_at(node) {
            match self.probers[slot as usize].watch {
                Watch::Layer(_) => {}
                Watch::Orchestrator(ProbeKind::Startup) => self.probers[slot as usize].due = SimTime::MAX,
                Watch::Orchestrator(_) => self.prober_begins(slot, ctx),
            }
        }
    }

    /// Whether a call asks on behalf of whoever kills what is not alive.
    pub(super) fn asks_for_life(&self, call: u32) -> bool {
        let Origin::Probe(prober) = self.calls[call].origin else { return false };
        matches!(self.probers[prober as usize].watch, Watch::Orchestrator(ProbeKind::Liveness | ProbeKind::Startup))
    }

    /// Whether a call is made by somebody on the machine of its caller who goes on when that stands still.
    pub(super) fn is_made_beside(&self, call: u32) -> bool {
        let Origin::Probe(prober) = self.calls[call].origin else { return false };
        matches!(self.probers[prober as usize].watch, Watch::Orchestrator(_))
    }

    fn probers_at(&self, node: NodeId) -> Vec<u32> {
        (0..).zip(&self.probers).filter(|(_, prober)| prober.node == node).map(|(slot, _)| slot).collect()
    }

    /// Makes sure that an event comes no later than the next probe is due. One that comes earlier is good enough: it is armed again then.
    fn arm_prober(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let Prober { node, due, armed, key, sent, .. } = self.probers[slot as usize];
        if due == SimTime::MAX {
            return;
        }
        let at = self.wake(node, due, ctx.now());
        if at < armed && at < self.plan.clockwork.end_of_arrivals() {
            self.probers[slot as usize].armed = at;
            ctx.at(at, WorldEvent::new(Kind::Probe, key, sent, slot));
        }
    }

    /// The clock of a node goes differently: probes are due sooner or later.
    pub(super) fn arm_probers(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in self.probers_at(node) {
            self.arm_prober(slot, ctx);
        }
    }

    /// The event of a prober comes.
    pub(super) fn probe_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let prober = &mut self.probers[slot as usize];
        if prober.armed != ctx.now() {
            return;
        }
        prober.armed = SimTime::MAX;
        let (node, due, is_caller) = (prober.node, prober.due, matches!(prober.watch, Watch::Layer(_)));
        // What comes due while the process stands still is seen to when it goes on.
        if due == SimTime::MAX || is_caller && self.stands_still(node) {
            return;
        }
        let local = self.local(node, ctx.now());
        if local < due {
            return self.arm_prober(slot, ctx);
        }
        self.send_probe(slot, local, ctx);
    }

    fn send_probe(&mut self, slot: u32, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let limit = local.saturating_add(self.rule_of(slot, local).1);
        let prober = &mut self.probers[slot as usize];
        // Nothing can be scheduled at the very begin of a run, but that is where the periods are reckoned from.
        prober.began = if prober.due == SimTime::ZERO { SimTime::ZERO } else { local };
        prober.due = SimTime::MAX;
        prober.sent += 1;
        let Prober { edge, process, node, replica, key, sent, .. } = *prober;
        let name = CallName {
            edge,
            key: key.child(u64::from(sent)),
            client: replica,
            population: PopulationId::default(),
            ordinal: FIRST_PROBE.saturating_add(sent - 1),
        };
        let fresh = self.calls.take();
        let call = &mut self.calls[fresh];
        // It counts among no calls of anybody.
        call.begin(name, (Origin::Probe(slot), node), process, (ctx.now(), name.key.bits(), 0), (false, 0));
        (call.started_local, call.limit) = (local, limit);
        let leaf = call.add_flight(NONE, self.plan.edges[edge.index()].stack.len(), FlightMemory::Nothing);
        call.flights[leaf as usize].replica = replica;
        self.observations.count("health checks", 1);
        ctx.record(&Record::CallStarted(name));
        self.send_attempt(fresh, leaf, ctx);
        self.arm(fresh, ctx);
    }

    /// A probe ended: its layer hears how, and the next one is due when that says.
    pub(super) fn probe_ended(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let Prober { edge, watch, process, node, replica, began, .. } = self.probers[slot as usize];
        let ended = self.local(node, ctx.now());
        let check = Check { replica, probed: Probed::of(outcome), began, ended };
        if check.probed != Probed::Well {
            self.observations.count("health checks failed", 1);
        }
        let layer = match watch {
            Watch::Layer(layer) => layer,
            Watch::Orchestrator(kind) => {
                self.probers[slot as usize].due = self.probe_of(node, kind).next(began, ended);
                self.arm_prober(slot, ctx);
                return self.replica_probed(node, kind, check.probed, ctx);
            }
        };
        let (plan, index) = (&self.plan.edges[edge.index()], layer as usize);
        // What probes say is the process's own: layers that want them are shared per process.
        let scope = process as usize;
        let luck = Luck { seed: &self.seed, key: key_of_scope(plan.key, index, scope) };
        let site = plan.site(ended, luck, self.environment.lever(edge, process));
        let memory = &mut self.shared[edge.index()][index];
        if memory.len() <= scope || memory[scope].is_none() {
            make_memory(scope, &plan.stack[index], memory, &site, || 0);
        }
        let shared = memory[scope].as_mut().expect("it has just been made");
        let next = plan.stack[index].checked(shared, &check, &site, &mut self.notes);
        self.probers[slot as usize].due = next;
        self.arm_prober(slot, ctx);
        self.announce_shifts(edge, (layer, process), ctx);
    }

    /// The life of a process ends: nobody waits for its probes.
    pub(super) fn probers_die(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let probers = self.probers_at(node);
        if probers.is_empty() {
            return;
        }
        for slot in probers {
            self.probers[slot as usize].due = SimTime::MAX;
        }
        for slot in 0..self.calls.slots().len() as u32 {
            let call = &self.calls[slot];
            if call.is_open && call.caller == node && matches!(call.origin, Origin::Probe(_)) {
                self.abandon_call(slot, ctx);
            }
        }
    }

    /// A process that was down begins anew.
    pub(super) fn probers_return(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in self.probers_at(node) {
            self.prober_begins(slot, ctx);
        }
    }

    /// A process that stood still goes on: probes that came due meanwhile are sent now.
    pub(super) fn probers_go_on(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let local = self.local(node, ctx.now());
        let is_late = ctx.now() >= self.plan.clockwork.end_of_arrivals();
        for slot in self.probers_at(node) {
            let Prober { due, watch, .. } = self.probers[slot as usize];
            if due < local && !is_late && matches!(watch, Watch::Layer(_)) {
                self.send_probe(slot, local, ctx);
            } else {
                self.arm_prober(slot, ctx);
            }
        }
    }
}
