//! What can go wrong? One file per fault.
//!
//! A fault is planned misfortune: it says whom it strikes (its *members*) and which effects it has on each. When it
//! strikes is said by the [`Timing`] that stands beside its own fields, and is the same for all of them. Faults never undo
//! anything: the environment keeps the ledger of effects that are on, and derives the state of the world from it.
//!
//! A new fault is one file and two lines here. Most are a composition of effects that exist; a new kind of effect also
//! widens `environment/`.

mod bad_link;
mod byzantine;
mod clock_drift;
mod clock_step;
mod crash;
mod cut;
mod explanation;
mod flapping;
mod isolation;
mod late_answers;
mod omission;
mod partition;
mod planned;
mod slow_node;
mod strike;
mod swizzle;
pub mod target;
mod timing;

pub use bad_link::BadLink;
pub use byzantine::{Byzantine, Conduct};
pub use clock_drift::ClockDrift;
pub use clock_step::ClockStep;
pub use crash::{Crash, WhileDown};
pub use cut::Cut;
pub use explanation::{Explanation, Parameter, TIMING, parameter};
pub use flapping::FlappingLink;
pub use isolation::{Isolation, Shape};
pub use late_answers::LateAnswers;
pub use omission::Omission;
pub use partition::Partition;
pub use planned::PlannedFault;
pub use slow_node::SlowNode;
pub use strike::{FaultPlan, Luck, MOST_STRIKES, Member, Span, Stretch, Strike, Timetable};
pub use swizzle::Swizzle;
pub use target::Names;
pub use timing::{Pick, Renewal, Timing};

use crate::plan::Places;
use crate::registry::{Complaint, Registered, registry};
use sim_core::time::SimDuration;

/// A planned misfortune.
pub trait Fault: Registered {
    /// What it says of itself.
    const EXPLANATION: Explanation;

    /// Whom it strikes, and what it does to each.
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>>;

    /// How the effects on a member run over a strike that lasts so long: all of them from begin to end, unless the fault says otherwise.
    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let _ = luck;
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: member.effects.clone() }]
    }

    /// What happens, in words, for traces and charts: `crash of server`.
    fn label(&self) -> String;

    /// Everything wrong with the numbers as written; the timing beside them is checked by itself.
    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let _ = timing;
        Vec::new()
    }
}

registry! {
    /// A fault, as a scenario writes it.
    AnyFault as "fault", each_fault:
    Crash, SlowNode, ClockStep, ClockDrift,
    Cut, FlappingLink, BadLink, Partition, Isolation, Swizzle,
    Omission, LateAnswers, Byzantine,
}

impl AnyFault {
    /// What every fault says of itself, by name, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, Explanation)> {
        each_fault!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::EXPLANATION))
    }

    /// See [`Fault::members`].
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    pub fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        each_fault!(self, fault => fault.members(places))
    }

    /// See [`Fault::course`].
    pub fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        each_fault!(self, fault => fault.course(member, lasts, luck))
    }

    /// See [`Fault::label`].
    pub fn label(&self) -> String {
        each_fault!(self, fault => fault.label())
    }

    /// See [`Fault::check`].
    pub fn check(&self, timing: &Timing) -> Vec<Complaint> {
        each_fault!(self, fault => fault.check(timing))
    }
}

impl PlannedFault {
    /// Everything wrong with the fault and its timing as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = self.fault.check(&self.timing);
        complaints.extend(self.timing.check());
        complaints
    }
}
