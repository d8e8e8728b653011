//! How far behind its source is a service that answers reads from messages, and what do its readers miss?
//!
//! A write that is committed at a service that publishes sets out as a message at that instant, with its version. The message keeps it
//! through queues, topics and dead letters, until a service that is a read model of that source has done the work on it. Remembered is of
//! each model what it lacks: of every object the writes that were committed after the version that it has.

use super::World;
use crate::brokers::{Change, Handed, Message};
use crate::call::{NONE, Origin};
use crate::measure::{Fold, Observation, Spread, Unit};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::record::CallName;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// The place of the message of a write among the calls that are made for a request: no step of a program has it.
const PUBLISHES: u32 = 1 << 30;

/// Everything that is remembered of services that publish their writes, and of those that are told of them.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadModels {
    /// How many writes each service has committed that publishes them, by its index.
    versions: BTreeMap<u32, u64>,
    models: Vec<Model>,
    /// The writes that the message of a call tells of, by the slot of the call, with the key of that call: of another call in the same
    /// slot it says nothing.
    carried: BTreeMap<u32, (Key, Vec<Change>)>,
}

/// A read model.
#[derive(Clone, Debug)]
struct Model {
    service: u32,
    source: u32,
    /// What it lacks, by object; of an object that is not here it has the newest version.
    lacking: BTreeMap<u64, VecDeque<Write>>,
    seen: Seen,
}

/// A write that a model lacks, as all older ones of its object have been applied or are here before it.
#[derive(Clone, Copy, Debug)]
struct Write {
    version: u64,
    client: Key,
    committed: SimTime,
}

/// What is observed of a model.
#[derive(Clone, Debug, Default)]
struct Seen {
    applied: u64,
    not_newer: u64,
    reads: u64,
    stale: u64,
    missed: u64,
    lag: Spread,
    age: Spread,
}

impl ReadModels {
    /// Those of a plan, of which each has what its source has.
    pub(super) fn of(plan: &Plan) -> Self {
        let services = || (0..).zip(&plan.services);
        let publishes = services().filter(|(_, service)| service.data.as_ref().is_some_and(|data| data.publishes.is_some()));
        let model = |(service, source)| Model { service, source, lacking: BTreeMap::new(), seen: Seen::default() };
        Self {
            versions: publishes.map(|(service, _)| (service, 0)).collect(),
            models: services().filter_map(|(index, service)| Some((index, service.read_model?))).map(model).collect(),
            carried: BTreeMap::new(),
        }
    }

    /// A write was committed at a source; answers which version that is.
    fn commit(&mut self, source: u32, object: u64, client: Key, now: SimTime) -> u64 {
        let versions = self.versions.entry(source).or_default();
        *versions += 1;
        for model in self.models.iter_mut().filter(|model| model.source == source) {
            model.lacking.entry(object).or_default().push_back(Write { version: *versions, client, committed: now });
        }
        *versions
    }

    /// The message of a call tells of these writes.
    fn carries(&mut self, slot: u32, key: Key, changes: Vec<Change>) {
        if changes.is_empty() {
            self.carried.remove(&slot);
        } else {
            self.carried.insert(slot, (key, changes));
        }
    }

    /// What the message of a call tells of.
    fn told(&self, slot: u32, key: Key) -> &[Change] {
        self.carried.get(&slot).filter(|(of, _)| *of == key).map_or(&[], |(_, changes)| changes)
    }

    /// What is left behind at the end of a run.
    pub(super) fn observations(&self, plan: &Plan) -> Vec<Observation> {
        let name = |service: u32| &plan.services[service as usize].name;
        self.models.iter().flat_map(|model| model.observations(name(model.service))).collect()
    }
}

impl Model {
    /// The work on a message is done that tells of a write: applies its version if that is newer than the one that is there.
    fn apply(&mut self, change: Change, now: SimTime) {
        let Some(writes) = self.lacking.get_mut(&change.object) else {
            self.seen.not_newer += 1;
            return;
        };
        let mut is_newer = false;
        while let Some(write) = writes.front().copied().filter(|write| write.version <= change.version) {
            is_newer = true;
            self.seen.lag.record(now.saturating_since(write.committed));
            writes.pop_front();
        }
        if is_newer {
            self.seen.applied += 1;
        } else {
            self.seen.not_newer += 1;
        }
        if writes.is_empty() {
            self.lacking.remove(&change.object);
        }
    }

    /// Somebody who made the call at an instant reads an object.
    fn read(&mut self, object: u64, client: Key, (asked, now): (SimTime, SimTime)) {
        self.seen.reads += 1;
        let Some(writes) = self.lacking.get(&object) else { return };
        self.seen.stale += 1;
        let oldest = writes.front().expect("of an object that is lacked some write is");
        self.seen.age.record(now.saturating_since(oldest.committed));
        // A client can expect to see what was committed when it began to ask, and not what it has only asked for.
        if writes.iter().any(|write| write.client == client && write.committed <= asked) {
            self.seen.missed += 1;
        }
    }

    fn observations(&self, name: &str) -> Vec<Observation> {
        let lacking = self.lacking.values().map(VecDeque::len).sum::<usize>() as u64;
        let counts = [
            ("writes applied", self.seen.applied),
            ("messages of writes it had", self.seen.not_newer),
            ("writes lacking at the end", lacking),
            ("reads", self.seen.reads),
            ("stale reads", self.seen.stale),
            ("reads that missed a write of their own client", self.seen.missed),
        ];
        let count = |(what, value): (&str, u64)| Observation {
            name: format!("{name}: {what}"),
            fold: Fold::Sum,
            unit: Unit::Count,
            value: i64::try_from(value).unwrap_or(i64::MAX),
        };
        let lengths = [("lag", &self.seen.lag), ("age of stale reads", &self.seen.age)];
        let lengths = lengths.into_iter().flat_map(|(what, spread)| spread.observations(&format!("{name}: {what}")));
        counts.into_iter().map(count).chain(lengths).collect()
    }
}

impl<P: Protocol> World<P> {
    /// A write was committed: the message sets out that tells of it, if anybody is to be told. Nobody waits for it; it lives in the process
    /// that has committed the write.
    pub(super) fn publishes(&mut self, slot: u32, (object, client): (u64, Key), ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let (source, node, call, reach) = (attempt.service, attempt.node, attempt.call, attempt.reach);
        let service = &self.plan.services[source as usize];
        let Some(edge) = service.data.as_ref().and_then(|data| data.publishes) else { return };
        attempt.references += 1;
        let CallName { key, client: number, population, ordinal, .. } = attempt.name.calls(edge, PUBLISHES);
        let process = node.0 - service.first.0;
        let version = self.read_models.commit(source, object, client, ctx.now());
        let (class, change) = (self.calls[call].class, Some(Change { source, object, version }));
        let message = Message { key, object, class, client: number, ordinal, population, produced: ctx.now(), reach, change };
        let handed = Handed { number: 0, receipt: 0, attempts: 0, message };
        self.start_for_message((edge, key, Origin::Sent(slot)), (node, process), handed, SimTime::MAX, ctx);
    }

    /// A call is made that brings a message, or has it worked on: it tells of what the message, or each of its batch, tells of.
    pub(super) fn message_sets_out(&mut self, slot: u32, change: Option<Change>) {
        if self.read_models.versions.is_empty() {
            return;
        }
        let changes = match self.calls[slot].origin {
            Origin::Delivery(poller, NONE) => self.changes_held_by(poller),
            Origin::Settling(..) => Vec::new(),
            _ => change.into_iter().collect(),
        };
        self.read_models.carries(slot, self.calls[slot].name.key, changes);
    }

    /// A layer of a call asks elsewhere: what it brings there tells of the same.
    #[cold]
    pub(super) fn message_goes_elsewhere(&mut self, slot: u32, parent: u32) {
        let changes = self.read_models.told(parent, self.calls[parent].name.key).to_vec();
        self.read_models.carries(slot, self.calls[slot].name.key, changes);
    }

    /// The write that a message tells of which a call brings.
    pub(super) fn change_told_by(&self, call: u32) -> Option<Change> {
        self.read_models.told(call, self.calls[call].name.key).first().copied()
    }

    /// A request at a read model is over: it has told the model of writes, or it was a read.
    pub(super) fn leaves_read_model(&mut self, slot: u32, outcome: Option<Outcome>, now: SimTime) {
        if outcome != Some(Outcome::Success) {
            return;
        }
        let (service, call) = (self.attempts[slot].service, self.attempts[slot].call);
        let (object, key, asked, origin) =
            (self.calls[call].object, self.calls[call].name.key, self.calls[call].started, self.calls[call].origin);
        let client = self.tenant_of(call);
        let ReadModels { models, carried, .. } = &mut self.read_models;
        let Some(model) = models.iter_mut().find(|model| model.service == service) else { return };
        if !matches!(origin, Origin::Delivery(..) | Origin::Push(..)) {
            return model.read(object, client, (asked, now));
        }
        let Some((_, changes)) = carried.get(&call).filter(|(of, _)| *of == key) else { return };
        let source = model.source;
        changes.iter().filter(|change| change.source == source).for_each(|change| model.apply(*change, now));
    }
}
