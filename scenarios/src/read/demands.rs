//! What does a request of a class ask for at a service on average, by what its program says?
//!
//! Everything succeeds, so that what is done otherwise is not; a share of the requests, or some classes, do what others do not. This is the
//! one place to tell a new kind of task.

use models::plan::ServicePlan;
use models::services::data::WritersPlan;
use models::services::{Condition, Step, TaskPlan};
use sim_core::time::SimDuration;

/// What one request asks for, on average.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Work of a worker; the greatest length if it has no mean.
    pub(super) work: SimDuration,
    /// The least of it: what every such request needs, whatever is drawn.
    pub(super) least: SimDuration,
    /// Edges that are called, and how often.
    pub(super) calls: Vec<(usize, f64)>,
    /// What is waited for, one after the other: by which share of the requests, and the edges that are called at once. Alike for all
    /// classes but for the shares.
    pub(super) waits: Vec<(f64, Vec<usize>)>,
}

/// What a request of a class asks for at a service.
pub(super) fn asked(service: &ServicePlan, class: u8) -> Asked {
    let own = service.demand_of.get(usize::from(class)).and_then(Option::as_ref);
    let demand = own.unwrap_or(&service.demand);
    let mut asked = Asked { work: demand.mean(), least: demand.least(), ..Asked::default() };
    for (step, weight) in service.program.iter().zip(weights(&service.program, class)) {
        let mut wait = |edges: Vec<usize>| {
            asked.calls.extend(edges.iter().map(|edge| (*edge, weight)));
            asked.waits.push((weight, edges));
        };
        match &step.does {
            TaskPlan::Call(edge) | TaskPlan::Forward(edge) => wait(vec![edge.index()]),
            TaskPlan::Parallel(fan) => wait(fan.calls.iter().map(|(edge, _)| edge.index()).collect()),
            TaskPlan::Saga(saga) => saga.steps.iter().for_each(|step| wait(vec![step.call.index()])),
            TaskPlan::Send(edge) => asked.calls.push((edge.index(), weight)),
            TaskPlan::Work(work) | TaskPlan::Write(work) => {
                asked.work = asked.work.saturating_add(part(work.mean(), weight));
                if weight >= 1.0 {
                    asked.least = asked.least.saturating_add(work.least());
                }
            }
            TaskPlan::If(..) | TaskPlan::Jump(_) | TaskPlan::Degrade | TaskPlan::Broker | TaskPlan::Settle => {}
        }
    }
    if let Some((edge, writers)) = service.data.as_ref().and_then(|data| Some((data.publishes?, &data.writers))) {
        let share = match writers {
            WritersPlan::Share(share) => share.as_f64(),
            WritersPlan::Classes(classes) => f64::from(u8::from(classes.contains(&class))),
        };
        asked.calls.push((edge.index(), share));
    }
    asked
}

/// A share of a length.
pub(super) fn part(length: SimDuration, share: f64) -> SimDuration {
    // A part of what has no mean has none, unless it is nothing.
    if share >= 1.0 || (length == SimDuration::MAX && share > 0.0) {
        return length;
    }
    SimDuration::from_secs_f64(length.as_secs_f64() * share)
}

/// Which share of the requests of a class does each step.
fn weights(program: &[Step], class: u8) -> Vec<f64> {
    let mut weights = vec![1.0; program.len()];
    let mut otherwise_of_choices = Vec::new();
    for (index, step) in program.iter().enumerate() {
        match &step.does {
            TaskPlan::If(condition, behind) => {
                let behind = *behind as usize;
                let share = match condition {
                    Condition::Share(share) => share.as_f64(),
                    Condition::Classes(classes) => f64::from(u8::from(classes.contains(&class))),
                    // What is so before anything happens.
                    Condition::OwnWrite(..) | Condition::Flag(_) => 0.0,
                };
                weights[index + 1..behind].iter_mut().for_each(|weight| *weight *= share);
                // A jump over what the others do is the last step of what these do.
                if let Some(TaskPlan::Jump(end)) = program[index + 1..behind].last().map(|step| &step.does)
                    && *end as usize > behind
                {
                    weights[behind..*end as usize].iter_mut().for_each(|weight| *weight *= 1.0 - share);
                    otherwise_of_choices.push(behind - 1);
                }
            }
            // Over what is done when something fails.
            TaskPlan::Jump(end) if !otherwise_of_choices.contains(&index) => weights[index + 1..*end as usize].fill(0.0),
            _ => {}
        }
    }
    weights
}
