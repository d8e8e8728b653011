//! Who calls, how often, and when? One file per kind of arrivals.

mod all_at_once;
mod classes;
mod closed_loop;
mod constant;
mod course;
mod keys;
mod on_off;
mod piecewise;
mod poisson;
mod ramp;
mod trace;

pub use all_at_once::AllAtOnce;
pub use classes::{Class, ClassMix, Classes, MOST_CLASSES};
pub use closed_loop::ClosedLoop;
pub use constant::Constant;
pub use course::{Course, Spaced, Stretch};
pub use keys::{Keys, ObjectPlan};
pub use on_off::OnOff;
pub use piecewise::{Between, Piecewise};
pub use poisson::Poisson;
pub use ramp::Ramp;
pub use trace::{Recorded, Trace};

use crate::registry::{Complaint, complaint, registry, within};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::sample::Sampler;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

/// A population of clients that call one service or group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// How many clients there are, 1 to 10,000,000.
    pub count: u32,
    /// When they call.
    pub arrivals: Arrivals,
    /// The service or group that is called.
    pub calls: String,
    /// The failure domain of the clients.
    #[serde(default = "default_domain")]
    pub domain: String,
    /// What the calls are about; every call is about something of its own unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// Of which kinds the calls are, by name; all alike unless said.
    #[serde(default, deserialize_with = "classes::each_once", skip_serializing_if = "Classes::is_empty")]
    pub classes: Classes,
    /// Clients start at an instant drawn evenly from this time for each apart, instead of all at once. For closed and one-shot load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_within: Option<SimDuration>,
    /// Whether they are no users but probes of somebody who wants to know how users fare: their calls are counted apart. They are users unless said.
    #[serde(default, skip_serializing_if = "is_false")]
    pub synthetic: bool,
    /// Whether the successes and attempts of each of them are counted, so that it can be said how evenly they are served. They are not unless said.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counts_each: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

fn default_domain() -> String {
    "default".to_owned()
}

registry! {
    /// When a population calls, as a scenario writes it.
    Arrivals as "arrivals", each_arrivals: Poisson, Constant, OnOff, Ramp, Piecewise, Trace, ClosedLoop, AllAtOnce,
}

/// When a population calls, ready to run.
#[derive(Clone, Debug)]
pub enum ArrivalProcess {
    /// Open load: gaps between the calls of the whole population, whoever makes them.
    Open(Gaps),
    /// Closed load: each client thinks, calls, waits for the end of its call, and thinks again.
    Closed {
        /// How long a client thinks before each call.
        think: Sampler,
    },
    /// Each client makes one call, all at the start.
    Once,
}

/// The gaps of an open arrival process.
#[derive(Clone, Debug)]
pub enum Gaps {
    /// Independent exponential gaps.
    Exponential(Sampler),
    /// Every gap the same.
    Equal(SimDuration),
    /// Gaps that depend on when they begin: the rate changes.
    Course(Box<Course>),
}

impl Gaps {
    /// The gap that belongs to a draw, wherever it begins.
    #[inline]
    pub fn gap(&self, draw: Draw) -> SimDuration {
        match self {
            Self::Exponential(sampler) => sampler.sample(draw),
            Self::Equal(gap) => *gap,
            Self::Course(_) => unreachable!("where the rate changes a gap depends on when it begins"),
        }
    }
}

impl ArrivalProcess {
    /// Calls of the whole population per second on average between two instants, where the load is open: over all runs, if the rate
    /// itself is random.
    pub fn mean_rate(&self, from: SimTime, until: SimTime) -> Option<f64> {
        match self {
            Self::Open(Gaps::Exponential(gap)) => Some(1.0 / gap.mean().as_secs_f64()),
            Self::Open(Gaps::Equal(gap)) => Some(1.0 / gap.as_secs_f64()),
            Self::Open(Gaps::Course(course)) => Some(course.mean_rate(from, until)),
            Self::Closed { .. } | Self::Once => None,
        }
    }
}

impl Arrivals {
    /// The process of a population of so many clients.
    pub fn process(&self, count: u32) -> ArrivalProcess {
        each_arrivals!(self, arrivals => arrivals.process(count))
    }

    /// `open`, `closed` or `one-shot`: named on every chart that shows latency or availability.
    pub const fn load(&self) -> &'static str {
        match self {
            Self::Poisson(_) | Self::Constant(_) | Self::OnOff(_) | Self::Ramp(_) | Self::Piecewise(_) | Self::Trace(_) => "open",
            Self::ClosedLoop(_) => "closed",
            Self::AllAtOnce(_) => "one-shot",
        }
    }

    /// The same with rates of the whole population times a fraction: what so many more or fewer clients make of it, if each calls as often
    /// as before. Whatever is given for each client, and calls that were recorded, stay.
    #[must_use]
    pub fn scaled(mut self, numerator: u32, denominator: u32) -> Self {
        let scale = |rate: &mut Rate| *rate = rate.scaled(numerator, denominator);
        match &mut self {
            Self::Poisson(Poisson { rate, .. }) | Self::Constant(Constant { rate, .. }) => rate.iter_mut().for_each(scale),
            Self::OnOff(OnOff { rate, rate_off, .. }) => [rate, rate_off].into_iter().for_each(scale),
            Self::Ramp(Ramp { from, to, .. }) => [from, to].into_iter().for_each(scale),
            Self::Piecewise(Piecewise { rates, .. }) | Self::Trace(Trace { rates, .. }) => {
                rates.iter_mut().for_each(|(_, rate)| scale(rate));
            }
            Self::ClosedLoop(_) | Self::AllAtOnce(_) => {}
        }
        self
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        each_arrivals!(self, arrivals => arrivals.check())
    }
}

impl Clients {
    /// So many clients in a domain that call a service, each call about something of its own, all starting at once.
    pub fn new(count: u32, arrivals: Arrivals, calls: &str, domain: &str) -> Self {
        Self {
            count,
            arrivals,
            calls: calls.to_owned(),
            domain: domain.to_owned(),
            keys: None,
            classes: Classes::new(),
            starts_within: None,
            synthetic: false,
            counts_each: false,
        }
    }

    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=10_000_000).contains(&self.count) {
            complaints.push(complaint("count", format!("a population has 1 to 10000000 clients, not {}", self.count)));
        }
        if self.domain.is_empty() || self.domain.split('/').any(str::is_empty) {
            complaints.push(complaint("domain", "a domain is a name such as \"internet\" or \"eu/a/rack1\""));
        }
        complaints.extend(within("arrivals", self.arrivals.check()));
        complaints.extend(self.keys.iter().flat_map(|keys| within("keys", keys.check())));
        complaints.extend(within("classes", classes::check(&self.classes)));
        if self.starts_within.is_some() && self.arrivals.load() == "open" {
            let sentence = "open load has no clients that start, only calls of a population; give it ClosedLoop or AllAtOnce arrivals";
            complaints.push(complaint("starts_within", sentence));
        }
        complaints
    }
}

/// Exactly one of two ways to give the rate of an open process.
fn check_rates(rate: Option<Rate>, rate_per_client: Option<Rate>) -> Vec<Complaint> {
    match (rate, rate_per_client) {
        (None, None) => {
            vec![complaint("", "`rate` is missing: the calls of the whole population, such as \"900/s\" (or `rate_per_client`)")]
        }
        (Some(_), Some(_)) => vec![complaint("rate_per_client", "give `rate` for the whole population or `rate_per_client`, not both")],
        (Some(rate), None) => check_rate("rate", rate),
        (None, Some(rate)) => check_rate("rate_per_client", rate),
    }
}

fn check_rate(field: &str, rate: Rate) -> Vec<Complaint> {
    let gap = rate.per_second_f64();
    if gap <= 0.0 {
        return vec![complaint(field, "a rate of zero never calls; leave the population out if that is meant")];
    }
    if gap > 1e8 {
        return vec![complaint(field, "a rate of more than 100000000/s cannot be simulated call by call")];
    }
    Vec::new()
}

/// The mean gap between calls of the whole population.
fn mean_gap(rate: Option<Rate>, rate_per_client: Option<Rate>, count: u32) -> SimDuration {
    match (rate, rate_per_client) {
        (Some(rate), _) => rate.mean_interval(),
        (None, Some(rate)) => rate.mean_interval() / u64::from(count),
        (None, None) => SimDuration::MAX,
    }
}
