//! When are people told that users fare badly? One file per rule.
//!
//! A rule is looked at when a whole time bin is over, on what is known by then: the calls of users that have ended. It looks, and
//! touches nothing: a run with an alert is the run without it, unless something waits for the alert.

mod burn_rate;

pub use burn_rate::BurnRate;
pub(crate) use burn_rate::{Counts, Window};

use crate::about::{About, Explained};
use crate::plan::Clockwork;
use crate::registry::{Complaint, Registered, registry};
use sim_core::units::Share;

registry! {
    /// A rule that says when people are told, as a scenario writes it.
    AnyAlert as "alert", each_alert: BurnRate,
}

/// A rule that says when people are told.
pub trait Alert: Explained {
    /// Everything wrong with it in a run with these times and this objective.
    fn check(&self, objective: Option<Share>, times: &Clockwork) -> Vec<Complaint>;
    /// The rule with everything looked up; only of one that is in order.
    fn plan(&self, name: &str, objective: Option<Share>, times: &Clockwork) -> AlertPlan;
}

impl AnyAlert {
    /// See [`Alert::check`].
    pub fn check(&self, objective: Option<Share>, times: &Clockwork) -> Vec<Complaint> {
        each_alert!(self, alert => alert.check(objective, times))
    }

    /// See [`Alert::plan`].
    pub fn plan(&self, name: &str, objective: Option<Share>, times: &Clockwork) -> AlertPlan {
        each_alert!(self, alert => alert.plan(name, objective, times))
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_alert!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// A rule, ready to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPlan {
    /// Its name.
    pub name: String,
    /// The long window and, if there is one, the short one, in time bins: the share of failures is above the threshold in both.
    pub long: u32,
    /// See [`long`](Self::long).
    pub short: Option<u32>,
    /// The share of failures above which it fires.
    pub above: f64,
}
