//! What can go wrong? One file per fault.
//!
//! A fault is planned misfortune: it says which effects it has and between which instants. Faults never undo anything:
//! the environment keeps the ledger of effects that are on, and derives the state of the world from it.

mod crash;
mod cut;
mod slow_node;

pub use crash::{Crash, WhileDown};
pub use cut::Cut;
pub use slow_node::SlowNode;

use crate::environment::Effect;
use crate::plan::Places;
use crate::registry::{Complaint, Registered, complaint, registry};
use sim_core::time::SimDuration;

/// A planned misfortune.
pub trait Fault: Registered {
    /// When it strikes, from the start of the run.
    fn at(&self) -> SimDuration;
    /// How long it lasts; for ever if not said.
    fn lasts(&self) -> Option<SimDuration>;
    /// What it does meanwhile.
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    fn effects(&self, places: &Places<'_>) -> Result<Vec<Effect>, Vec<Complaint>>;
    /// What happens, in words, for traces and charts: `crash of server`.
    fn label(&self) -> String;
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

registry! {
    /// A fault, as a scenario writes it.
    AnyFault, each_fault: Crash, SlowNode, Cut,
}

impl AnyFault {
    /// See [`Fault::at`].
    pub fn at(&self) -> SimDuration {
        each_fault!(self, fault => fault.at())
    }

    /// See [`Fault::lasts`].
    pub fn lasts(&self) -> Option<SimDuration> {
        each_fault!(self, fault => fault.lasts())
    }

    /// See [`Fault::effects`].
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    pub fn effects(&self, places: &Places<'_>) -> Result<Vec<Effect>, Vec<Complaint>> {
        each_fault!(self, fault => fault.effects(places))
    }

    /// See [`Fault::label`].
    pub fn label(&self) -> String {
        each_fault!(self, fault => fault.label())
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = each_fault!(self, fault => fault.check());
        if self.lasts().is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("lasts", "a fault that lasts no time does nothing; leave `lasts` out for one that never ends"));
        }
        if self.at().is_zero() {
            complaints.push(complaint("at", "a fault begins after the start of the run; the earliest instant is \"1ns\""));
        }
        complaints
    }
}
