//! What is known of a run for judging its properties, and what comes of them when it is over?

use super::World;
use crate::history::{History, Names, Recorder, Step, Whose};
use crate::measure::Observation;
use crate::plan::Plan;
use crate::properties::{Books, Evidence, Exceeded, Heard, Stated};
use crate::protocols::{Asking, Protocol};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// What is known for judging properties; nothing unless some property asks for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    recorder: Option<Box<Recorder>>,
    /// What services that are watched have done.
    pub(super) books: Books,
    /// The announcements that properties wait for.
    heard: BTreeMap<String, Heard>,
    /// The limit because of which the run is stopped, if it is.
    exceeded: Option<Box<Exceeded>>,
}

impl Claims {
    pub(super) fn of(plan: &Plan) -> Self {
        let needs_history = plan.keeps_history || plan.properties.iter().any(Stated::needs_history);
        let waited = plan.properties.iter().filter_map(Stated::waits_for);
        Self {
            recorder: needs_history.then(|| Box::new(Recorder::new(plan.history_limit))),
            books: Books::default(),
            heard: waited.map(|event| (event.to_owned(), Heard::default())).collect(),
            exceeded: None,
        }
    }

    /// Something was announced, as the announcement with this number.
    pub(super) fn hear(&mut self, event: &str, now: SimTime, number: u64) {
        if let Some(heard) = self.heard.get_mut(event) {
            heard.hear(now, number);
        }
    }
}

impl<P: Protocol> World<P> {
    /// The call that a caller makes an attempt of.
    pub(super) fn asking(&self, slot: u32) -> Asking {
        let attempt = &self.attempts[slot];
        let (name, call) = (attempt.name, &self.calls[attempt.call]);
        Asking {
            client: self.number_of_client(name.call),
            ordinal: name.call.ordinal,
            object: call.object,
            class: call.class,
            call: name.call.key.bits(),
            attempt: name.number,
        }
    }

    /// A caller has said something of its operation.
    #[cold]
    pub(super) fn note_operations(&mut self, slot: u32, steps: &mut Vec<Step>, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let name = self.attempts[slot].name;
        let client = self.number_of_client(name.call);
        match &mut self.claims.recorder {
            Some(recorder) => {
                let names = Names::of_attempt(name, client);
                steps.drain(..).for_each(|step| recorder.note(Whose::Attempt(slot), names, step, now));
            }
            None => steps.clear(),
        }
        self.watch_history(ctx);
    }

    /// An instance of a member has said something of its operation: it is a client of others.
    #[cold]
    pub(super) fn note_operations_of_member(&mut self, instance: u32, steps: &mut Vec<Step>, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let names = Names { client: self.client_of_member(instance), call: self.members[instance as usize].key.bits(), attempt: None };
        let node = self.node_of_instance(instance);
        for step in steps.drain(..) {
            if self.claims.recorder.is_none() {
                continue;
            }
            let step = match step {
                Step::HeldUntil(object, local) => Step::HeldUntil(object, self.true_time(node, local, now)),
                step => step,
            };
            if let Some(recorder) = &mut self.claims.recorder {
                recorder.note(Whose::Member(instance), names, step, now);
            }
        }
        self.watch_history(ctx);
    }

    /// A history that has no room for what comes next ends the run.
    fn watch_history(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.claims.recorder.as_ref().is_some_and(|recorder| recorder.has_overflown()) {
            let what = "operations in the history".to_owned();
            let remedy = "a shorter `horizon`, or fewer calls".to_owned();
            let (field, limit) = ("history_limit".to_owned(), self.plan.history_limit);
            self.is_over_limit(Exceeded { at: ctx.now(), what, field, limit, remedy }, ctx);
        }
    }

    /// A member has made known that its log has no room: that ends the run.
    #[cold]
    pub(super) fn log_is_over_limit(&mut self, ctx: &mut Ctx<'_, Self>) {
        let group = self.group();
        let Some((limit, remedy)) = group.spec.log_limit() else { return };
        let (what, field) = (format!("entries in a log of `{}`", group.name), format!("groups.{}.log_limit", group.name));
        self.is_over_limit(Exceeded { at: ctx.now(), what, field, limit, remedy: remedy.to_owned() }, ctx);
    }

    fn is_over_limit(&mut self, exceeded: Exceeded, ctx: &mut Ctx<'_, Self>) {
        self.claims.exceeded.get_or_insert(Box::new(exceeded));
        ctx.stop();
    }

    /// The life of an instance of a member is over, and with it what it was doing and held as a client of others.
    pub(super) fn end_operations_of_member(&mut self, instance: u32, now: SimTime) {
        let client = self.client_of_member(instance);
        if let Some(recorder) = &mut self.claims.recorder {
            recorder.dies(Whose::Member(instance), client, now);
        }
    }

    /// The number of an instance of a member among clients: after all who call.
    fn client_of_member(&self, instance: u32) -> u32 {
        self.call_counts.len() as u32 + instance
    }

    /// The run has gone on until `now`: judges its properties, and answers what they have it count beside.
    pub(super) fn judge_properties(&mut self, now: SimTime) -> Vec<Observation> {
        let Claims { recorder, books, heard, exceeded } = std::mem::take(&mut self.claims);
        let history = recorder.map_or_else(History::default, |recorder| recorder.into_history());
        let ends = self.timetable.strikes.iter().map(|strike| strike.end.unwrap_or(SimTime::MAX));
        let evidence = Evidence {
            history: &history,
            books: &books,
            heard: &heard,
            faults_end: ends.max().unwrap_or(SimTime::ZERO),
            horizon: SimTime::ZERO.saturating_add(self.plan.clockwork.horizon),
            ended: now,
            exceeded: exceeded.as_deref(),
        };
        let of_limit = exceeded.as_ref().map(|exceeded| exceeded.finding());
        let stated = self.plan.properties.iter().map(|property| property.find(&evidence, &self.observations));
        let findings = stated.chain(of_limit).collect();
        let observed = Stated::observe(&self.plan.properties, &evidence);
        if let Some(exceeded) = &exceeded {
            self.meter.ends_early(exceeded.at);
        }
        self.meter.judged(findings, Some(history).filter(|_| self.plan.keeps_history));
        observed
    }
}
