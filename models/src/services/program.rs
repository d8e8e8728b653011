//! What are the steps of a service's program?
//!
//! A request goes through the steps with a counter. What a task holds follows it in the list; who does not do it jumps behind it. A step
//! inside of a `Try` knows where the request goes on if it fails: its *rescue*. Counters only grow, so that every program ends.

mod compiler;

pub use compiler::compile;

use super::flag::FlagId;
use super::saga::SagaPlan;
use super::task::Rest;
use crate::call::NONE;
use crate::ids::EdgeId;
use sim_core::sample::Sampler;
use sim_core::time::SimDuration;
use sim_core::units::Share;
use std::sync::Arc;

/// The steps of a service's program, in order.
pub type Program = Vec<Step>;

/// A step of a program.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub does: TaskPlan,
    /// Where its draws are taken from; unique in the program for whatever draws or calls.
    pub place: u32,
    /// The step at which the request goes on if this one fails, or the greatest number: then the request fails.
    pub rescue: u32,
}

/// Something done for a request.
#[derive(Clone, Debug)]
pub enum TaskPlan {
    /// A call over an edge.
    Call(EdgeId),
    /// The request itself, passed on over an edge.
    Forward(EdgeId),
    /// Further work.
    Work(Sampler),
    /// Writing to the disk.
    Write(Sampler),
    /// Several calls at once.
    Parallel(Box<FanPlan>),
    /// A call for which nobody waits.
    Send(EdgeId),
    /// Going on for those whom the condition holds for; the others go to the step with this number.
    If(Condition, u32),
    /// Going on with the step with this number.
    Jump(u32),
    /// From here on the answer is degraded.
    Degrade,
    /// A saga.
    Saga(Arc<SagaPlan>),
    /// What a broker is asked is done: before a message is stored, and when it is.
    Broker,
    /// The end of the work on a message that was fetched.
    Settle,
}

impl From<TaskPlan> for Step {
    /// A step of its own that draws nothing.
    fn from(does: TaskPlan) -> Self {
        Self { does, place: NONE, rescue: NONE }
    }
}

impl TaskPlan {
    /// Whether it decides only where the request goes on, or goes on at once: whether neither a worker nor a call is waited for.
    pub const fn is_immediate(&self) -> bool {
        matches!(self, Self::Send(_) | Self::If(..) | Self::Jump(_) | Self::Degrade)
    }
}

/// Calls that are made at once.
#[derive(Clone, Debug)]
pub struct FanPlan {
    /// The edge of each, and the place of its key.
    pub calls: Vec<(EdgeId, u32)>,
    /// How many successes are waited for.
    pub wanted: u32,
    /// Whether a failure is as good as a success, but for the worth of the answer.
    pub tolerates: bool,
    /// What becomes of the others.
    pub rest: Rest,
}

/// Whom something is done for.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A share of the requests.
    Share(Share),
    /// Those of these classes, by their numbers, ascending.
    Classes(Vec<u8>),
    /// Those of clients that have written what this service keeps, by its index, within so long.
    OwnWrite(u32, SimDuration),
    /// Those that come to this place where this flag is on.
    Flag(FlagId),
}

/// Looks up the names in a program. The second text is the path of the field that names it.
pub trait Names {
    /// The edge to a callee.
    fn edge(&mut self, callee: &str, path: &str) -> EdgeId;
    /// The edge to a service that takes part in a saga.
    fn participant(&mut self, callee: &str, path: &str) -> EdgeId;
    /// The number of a class.
    fn class(&mut self, class: &str, path: &str) -> u8;
    /// The index of a service that says who writes.
    fn written(&mut self, service: &str, path: &str) -> u32;
    /// Whether the numbers of the program are sound: samplers are made only then.
    fn are_numbers_sound(&self) -> bool;
}

/// The calls that a program may make: their edges, and the places of their keys.
pub fn calls(program: &[Step]) -> impl Iterator<Item = (EdgeId, u32)> + '_ {
    program.iter().flat_map(|step| match &step.does {
        TaskPlan::Call(edge) | TaskPlan::Forward(edge) | TaskPlan::Send(edge) => vec![(*edge, step.place)],
        TaskPlan::Parallel(fan) => fan.calls.clone(),
        TaskPlan::Saga(saga) => {
            saga.steps.iter().flat_map(|of| [Some(of.call), of.undo]).flatten().map(|edge| (edge, step.place)).collect()
        }
        TaskPlan::Work(_) | TaskPlan::Write(_) | TaskPlan::If(..) | TaskPlan::Jump(_) | TaskPlan::Degrade => Vec::new(),
        TaskPlan::Broker | TaskPlan::Settle => Vec::new(),
    })
}
