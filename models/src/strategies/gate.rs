//! May a call pass now? What rate limiters and throttles have in common.

use super::Scope;
use crate::about::Explained;
use crate::outcome::{Hint, Outcome};
use crate::registry::Complaint;
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// Something in a caller's way that lets a call pass, makes it wait, or turns it back.
pub trait Gate: Explained {
    /// What it remembers for all calls of a scope. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, now: SimTime) -> Self::Shared;
    /// A call asks to pass. `draw` is the one random number that belongs to this question.
    fn ask(&self, shared: &mut Self::Shared, draw: Draw, now: SimTime) -> Pass;
    /// A call that had passed at `since` ended. One that was given up by its caller has no outcome.
    fn ended(&self, _shared: &mut Self::Shared, _since: SimTime, _outcome: Option<Outcome>, _hint: Option<Hint>, _now: SimTime) {}
    /// How long after one was turned back the next one would pass, if that is known.
    fn ready_in(&self, _shared: &Self::Shared, _now: SimTime) -> Option<SimDuration> {
        None
    }
    /// By whom it is shared.
    fn scope(&self) -> Scope;
    /// What a chart of it shows over time, with a name for the axis: tokens, probability of being turned back.
    fn gauge(&self, shared: &mut Self::Shared, now: SimTime) -> (&'static str, f64);
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// The answer of a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Pass at once.
    Now,
    /// Pass after this time: the place is reserved.
    After(SimDuration),
    /// Turned back, and told so after this time (zero for at once).
    Refused(SimDuration),
}
