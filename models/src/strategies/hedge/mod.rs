//! Should a second copy be sent before the first has answered? Hedging, one file per product.
//!
//! The first copy of a call goes out at the start. A rule says when further ones do, and when the call ends although nothing has
//! succeeded; that the first success ends it goes without saying. Budgets from outside (a throttle, a budget of the client) are
//! asked before every further copy, and only then.

mod after_delay;
mod after_percentile;
mod backup_requests;
mod grpc;
mod polly;
mod rotating;
mod tower;

pub use after_delay::AfterDelay;
pub use after_percentile::AfterPercentile;
pub use backup_requests::BackupRequests;
pub use grpc::{Flavour, Grpc};
pub use polly::Polly;
pub use tower::Tower;

use super::Scope;
use crate::about::{About, Explained};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered, registry};
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// A rule for further copies of a call.
pub trait Hedging: Explained {
    /// What it remembers for all calls of a scope. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, now: SimTime) -> Self::Shared;
    /// A call begins, and its first copy goes out.
    fn started(&self, shared: &mut Self::Shared, allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders);
    /// The instant has come at which the rule wanted to be asked.
    fn due(&self, shared: &mut Self::Shared, call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders;
    /// A copy failed.
    fn failed(&self, shared: &mut Self::Shared, call: &mut HedgedCall, failed: &FailedCopy, allowed: Allowed<'_>, now: SimTime) -> Orders;
    /// A copy succeeded (0 is the first), `took` after it was sent; the call is over.
    fn succeeded(&self, _shared: &mut Self::Shared, _call: &HedgedCall, _copy: u32, _took: SimDuration, _now: SimTime) {}
    /// By whom what it remembers is shared; `None` if it remembers nothing.
    fn scope(&self) -> Option<Scope> {
        None
    }
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// Asked before each further copy whether budgets from outside allow it; what it costs is paid by asking.
pub type Allowed<'a> = &'a mut dyn FnMut() -> bool;

/// What any rule remembers of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HedgedCall {
    /// When it began.
    pub started: SimTime,
    /// How many copies were sent, the first included.
    pub sent: u32,
    /// When the rule wants to be asked next.
    pub next: Option<SimTime>,
    /// Whether no further copy will be sent, whatever happens.
    pub is_frozen: bool,
    /// How the first copy failed, if it did.
    pub primary: Option<Outcome>,
}

impl HedgedCall {
    fn starting(now: SimTime) -> Self {
        Self { started: now, sent: 1, next: None, is_frozen: false, primary: None }
    }

    /// Begins a call that may have one further copy after this delay; none if it is not known.
    fn with_second_copy(now: SimTime, delay: Option<SimDuration>) -> (Self, Orders) {
        let mut call = Self::starting(now);
        call.next = delay.map(|delay| now.saturating_add(delay));
        let orders = call.send(0);
        (call, orders)
    }

    /// Sends the one further copy, which is due, if budgets allow it.
    fn send_second_copy(&mut self, allowed: Allowed<'_>) -> Orders {
        self.next = None;
        let is_sent = self.sent == 1 && allowed();
        self.send(u32::from(is_sent))
    }

    /// Sends so many further copies now, and asks to be woken at the instant remembered.
    fn send(&mut self, copies: u32) -> Orders {
        self.sent += copies;
        Orders { copies, wake: self.next, end: None }
    }
}

/// How a copy failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedCopy {
    /// Which: 0 is the first.
    pub copy: u32,
    /// How; never a success.
    pub outcome: Outcome,
    /// What the callee said about asking again.
    pub hint: Option<Hint>,
    /// How many copies are still under way.
    pub in_flight: u32,
    /// How long it took.
    pub took: SimDuration,
}

/// What a rule wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders {
    /// How many further copies go out now.
    pub copies: u32,
    /// When it wants to be asked next; replaces what it wanted before.
    pub wake: Option<SimTime>,
    /// Whether the call ends now, and how; copies under way are given up.
    pub end: Option<Outcome>,
}

impl Orders {
    /// The call ends.
    const fn end(outcome: Outcome) -> Self {
        Self { copies: 0, wake: None, end: Some(outcome) }
    }
}

registry! {
    /// A rule for further copies of a call, as a scenario writes it.
    AnyHedge as "hedge", each_hedge;
    /// The memory of one scope of any rule.
    HedgeMemory = Hedging::Shared, with_hedge: Grpc, Polly, BackupRequests, Tower, AfterPercentile, AfterDelay,
}

impl AnyHedge {
    /// See [`Hedging::fresh`].
    pub fn fresh(&self, now: SimTime) -> HedgeMemory {
        with_hedge!(make self, hedge => hedge.fresh(now))
    }

    /// See [`Hedging::started`].
    pub fn started(&self, memory: &mut HedgeMemory, allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        with_hedge!(self, memory, hedge, shared => hedge.started(shared, allowed, now))
    }

    /// See [`Hedging::due`].
    pub fn due(&self, memory: &mut HedgeMemory, call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        with_hedge!(self, memory, hedge, shared => hedge.due(shared, call, allowed, now))
    }

    /// See [`Hedging::failed`].
    pub fn failed(
        &self,
        memory: &mut HedgeMemory,
        call: &mut HedgedCall,
        failed: &FailedCopy,
        allowed: Allowed<'_>,
        now: SimTime,
    ) -> Orders {
        with_hedge!(self, memory, hedge, shared => hedge.failed(shared, call, failed, allowed, now))
    }

    /// See [`Hedging::succeeded`].
    pub fn succeeded(&self, memory: &mut HedgeMemory, call: &HedgedCall, copy: u32, took: SimDuration, now: SimTime) {
        with_hedge!(self, memory, hedge, shared => hedge.succeeded(shared, call, copy, took, now));
    }

    /// See [`Hedging::scope`].
    pub fn scope(&self) -> Option<Scope> {
        each_hedge!(self, hedge => hedge.scope())
    }

    /// See [`Hedging::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_hedge!(self, hedge => hedge.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_hedge!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// What happens after a failure where a failure sends nothing: others may still succeed; if there are none, that was it.
fn wait_for_others(call: &HedgedCall, failed: &FailedCopy) -> Orders {
    if failed.in_flight == 0 {
        return Orders::end(failed.outcome);
    }
    Orders { copies: 0, wake: call.next, end: None }
}

/// By whom latencies are shared, unless said.
const fn process() -> Scope {
    Scope::Process
}
