//! What does a request ask for at a service on average, by what its program says?
//!
//! Everything succeeds, so that what is done otherwise is not; a share of the requests, or some classes, do what others do not. This is the
//! one place to tell a new kind of task.

use super::capacity::open_rate;
use models::plan::{Plan, PopulationPlan, ServicePlan};
use models::services::{Condition, Step, TaskPlan};
use sim_core::time::SimDuration;

/// What one request asks for, on average.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Work of a worker.
    pub(super) work: SimDuration,
    /// Edges that are called, and how often.
    pub(super) calls: Vec<(usize, f64)>,
    /// What is waited for, one after the other: by which share of the requests, and the edges that are called at once.
    pub(super) waits: Vec<(f64, Vec<usize>)>,
}

/// What a request asks for at a service.
pub(super) fn asked(plan: &Plan, service: &ServicePlan) -> Asked {
    let mut asked = Asked { work: demand(plan, service), ..Asked::default() };
    for (step, weight) in service.program.iter().zip(weights(plan, &service.program)) {
        let mut wait = |edges: Vec<usize>| {
            asked.calls.extend(edges.iter().map(|edge| (*edge, weight)));
            asked.waits.push((weight, edges));
        };
        match &step.does {
            TaskPlan::Call(edge) | TaskPlan::Forward(edge) => wait(vec![edge.index()]),
            TaskPlan::Parallel(fan) => wait(fan.calls.iter().map(|(edge, _)| edge.index()).collect()),
            TaskPlan::Saga(saga) => saga.steps.iter().for_each(|step| wait(vec![step.call.index()])),
            TaskPlan::Send(edge) => asked.calls.push((edge.index(), weight)),
            TaskPlan::Work(work) | TaskPlan::Write(work) => asked.work = asked.work.saturating_add(part(work.mean(), weight)),
            TaskPlan::If(..) | TaskPlan::Jump(_) | TaskPlan::Degrade | TaskPlan::Broker | TaskPlan::Settle => {}
        }
    }
    asked
}

/// A share of a length.
pub(super) fn part(length: SimDuration, share: f64) -> SimDuration {
    if share >= 1.0 {
        return length;
    }
    SimDuration::from_secs_f64(length.as_secs_f64() * share)
}

/// The demand of a request, over its classes.
fn demand(plan: &Plan, service: &ServicePlan) -> SimDuration {
    let own = (0_u8..).zip(&service.demand_of).filter_map(|(class, demand)| Some((share_of_classes(plan, &[class]), demand.as_ref()?)));
    let (share, mean) =
        own.fold((0.0, SimDuration::ZERO), |(sum, mean), (share, demand)| (sum + share, mean.saturating_add(part(demand.mean(), share))));
    mean.saturating_add(part(service.demand.mean(), (1.0 - share).max(0.0)))
}

/// Which share of the requests does each step.
fn weights(plan: &Plan, program: &[Step]) -> Vec<f64> {
    let mut weights = vec![1.0; program.len()];
    let mut otherwise_of_choices = Vec::new();
    for (index, step) in program.iter().enumerate() {
        match &step.does {
            TaskPlan::If(condition, behind) => {
                let behind = *behind as usize;
                let share = match condition {
                    Condition::Share(share) => share.as_f64(),
                    Condition::Classes(classes) => share_of_classes(plan, classes),
                    // What is so before anything happens.
                    Condition::Flag(_) => 0.0,
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

/// Which share of all requests is of these classes.
fn share_of_classes(plan: &Plan, classes: &[u8]) -> f64 {
    let rate = |population: &PopulationPlan| open_rate(&population.arrivals, plan).max(f64::MIN_POSITIVE);
    let all: f64 = plan.populations.iter().map(rate).sum();
    let of = |class: &u8| -> f64 {
        let in_population = |population: &PopulationPlan| {
            let share = population.classes.as_ref().map_or(f64::from(u8::from(*class == 0)), |mix| mix.share(*class));
            share * rate(population) / all
        };
        plan.populations.iter().map(in_population).sum()
    };
    classes.iter().map(of).sum()
}
