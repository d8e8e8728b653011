//! How does a request come to a worker, where there is more to it than a plain queue?

use super::queues::{Item, Line, Queue, QueueMemory, Verdict};
use super::{Service, WhenFull};
use crate::plan::ClassPlan;
use sim_core::time::SimTime;
use std::collections::VecDeque;

/// What decides on requests that come, with every name looked up.
#[derive(Clone, Debug)]
pub struct IntakePlan {
    /// In which order they are served, and who is sent away.
    pub queue: Queue,
    /// How many turns in a row each class has, by its number.
    pub weights: Vec<u32>,
}

impl IntakePlan {
    /// The intake of a service; none if it is a plain queue, first in, first out, that refuses whoever finds it full.
    pub fn new(service: &Service, classes: &[ClassPlan]) -> Option<Self> {
        let is_plain = matches!(&service.queue, Queue::Fifo(fifo) if matches!(fifo.when_full, WhenFull::Reject | WhenFull::DropLast));
        if is_plain {
            return None;
        }
        Some(Self::with(service.queue.clone(), classes))
    }

    /// An intake with this queue.
    pub fn with(queue: Queue, classes: &[ClassPlan]) -> Self {
        let weight = |class: &ClassPlan| queue.weights().get(&class.name).copied().unwrap_or(1);
        let weights = classes.iter().map(weight).collect();
        Self { queue, weights }
    }
}

/// Who waits at one replica: its volatile memory, gone when its life ends.
#[derive(Clone, Debug)]
pub struct Intake {
    line: Line,
    memory: QueueMemory,
    /// Who has not been let in yet, in order of arrival.
    pub outside: VecDeque<u32>,
}

impl Intake {
    /// Nobody has come yet.
    pub fn new(plan: &IntakePlan) -> Self {
        Self { line: Line::default(), memory: plan.queue.fresh(), outside: VecDeque::new() }
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
