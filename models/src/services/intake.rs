//! How does a request come to a worker, where there is more to it than a plain queue?

use super::admission::{AdmissionMemory, Answer, AnyAdmission, Visitor};
use super::queues::{End, Item, Line, Queue, QueueMemory, Verdict, Victim};
use super::{Service, WhenFull};
use crate::outcome::Outcome;
use crate::plan::ClassPlan;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// What decides on requests that come, with every name looked up.
#[derive(Clone, Debug)]
pub struct IntakePlan {
    /// In which order they are served, and who is sent away.
    pub queue: Queue,
    /// How many turns in a row each class has, by its number.
    pub weights: Vec<u32>,
    /// Who decides at the door, in order.
    pub admission: Vec<AnyAdmission>,
}

impl IntakePlan {
    /// The intake of a service; none if it is a plain queue, first in, first out, that refuses whoever finds it full.
    pub fn new(service: &Service, classes: &[ClassPlan]) -> Option<Self> {
        let is_plain = matches!(&service.queue, Queue::Fifo(fifo) if matches!(fifo.when_full, WhenFull::Reject | WhenFull::DropLast));
        if is_plain && service.admission.is_empty() {
            return None;
        }
        Some(Self { admission: service.admission.clone(), ..Self::with(service.queue.clone(), classes) })
    }

    /// An intake with this queue.
    pub fn with(queue: Queue, classes: &[ClassPlan]) -> Self {
        let weight = |class: &ClassPlan| queue.weights().get(&class.name).copied().unwrap_or(1);
        let weights = classes.iter().map(weight).collect();
        Self { queue, weights, admission: Vec::new() }
    }
}

/// Who waits at one replica: its volatile memory, gone when its life ends.
#[derive(Clone, Debug)]
pub struct Intake {
    line: Line,
    memory: QueueMemory,
    /// Who has not been let in yet, in order of arrival.
    pub outside: VecDeque<u32>,
    admission: Vec<AdmissionMemory>,
    /// Who was let in, and when, as long as they are here.
    admitted: BTreeMap<u32, SimTime>,
}

impl Intake {
    /// Nobody has come yet.
    pub fn new(plan: &IntakePlan, now: SimTime) -> Self {
        let admission = plan.admission.iter().map(|control| control.fresh(now)).collect();
        let (line, outside, admitted) = (Line::default(), VecDeque::new(), BTreeMap::new());
        Self { line, memory: plan.queue.fresh(), outside, admission, admitted }
    }

    /// Whether a request may come in: the first control that turns it away decides.
    pub fn ask(&mut self, plan: &IntakePlan, slot: u32, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        let luck = visitor.draw;
        let mut answer = Answer::Admitted;
        for ((place, control), memory) in (0..).zip(&plan.admission).zip(&mut self.admission) {
            match control.ask(memory, &Visitor { draw: luck.further(place), ..*visitor }, now) {
                Answer::Admitted => {}
                Answer::SomebodyGoes => answer = Answer::SomebodyGoes,
                turned_away => return turned_away,
            }
        }
        self.admitted.insert(slot, now);
        answer
    }

    /// A request that might have come in is not let in after all: how it ends says nothing.
    pub fn turn_away(&mut self, slot: u32) {
        self.admitted.remove(&slot);
    }

    /// A worker took a newcomer that had waited so long.
    pub fn begun(&mut self, plan: &IntakePlan, waited: SimDuration, now: SimTime) {
        plan.admission.iter().zip(&mut self.admission).for_each(|(control, memory)| control.begun(memory, waited, now));
    }

    /// A request that had come in is answered, or given up.
    pub fn ended(&mut self, plan: &IntakePlan, slot: u32, outcome: Option<Outcome>, now: SimTime) {
        if let Some(since) = self.admitted.remove(&slot) {
            plan.admission.iter().zip(&mut self.admission).for_each(|(control, memory)| control.ended(memory, since, outcome, now));
        }
    }

    /// Up to which level requests are let in, if callers are told.
    pub fn cut(&self, plan: &IntakePlan) -> Option<u16> {
        plan.admission.iter().zip(&self.admission).find_map(|(control, memory)| control.cut(memory))
    }

    /// Somebody of the least important class among those who may be sent away: the newest where the first is served first, else the
    /// oldest. Nobody if the newcomer is less important than all of them, or as important and the newest.
    pub fn least_important(&mut self, plan: &IntakePlan, newcomer: &Item, now: SimTime) -> Option<Item> {
        let least = self.line.iter().filter(|item| item.may_be_shed()).map(|item| item.priority).max()?;
        let serves_newest = plan.queue.end(&mut self.memory, now) == End::Last;
        if newcomer.priority > least || newcomer.priority == least && !serves_newest {
            return None;
        }
        let which = if serves_newest { Victim::Oldest } else { Victim::Newest };
        let victim = self.line.victim(which, |item| item.priority == least)?;
        self.withdraw(plan, victim, now)
    }

    /// Those who wait.
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// Somebody waits from now on.
    pub fn enter(&mut self, plan: &IntakePlan, item: Item, now: SimTime) {
        plan.queue.enter(&mut self.memory, &mut self.line, item, now);
    }

    /// Whose turn it is, and what becomes of it.
    pub fn take(&mut self, plan: &IntakePlan, now: SimTime) -> Option<(Item, Verdict)> {
        plan.queue.take(&mut self.memory, &mut self.line, now)
    }

    /// Somebody waits no more.
    pub fn withdraw(&mut self, plan: &IntakePlan, slot: u32, now: SimTime) -> Option<Item> {
        plan.queue.withdraw(&mut self.memory, &mut self.line, slot, now)
    }

    /// Who has waited too long: they wait no more.
    pub fn overdue(&mut self, plan: &IntakePlan, now: SimTime) -> Option<Item> {
        plan.queue.overdue(&mut self.memory, &mut self.line, now)
    }

    /// Who waits no more, so that a newcomer has a place; nobody if it has none.
    pub fn give_way(&mut self, plan: &IntakePlan, newcomer: &Item, now: SimTime) -> Option<Item> {
        plan.queue.give_way(&mut self.memory, &mut self.line, newcomer, now)
    }
}
