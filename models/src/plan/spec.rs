//! What is a scenario's system, as written?

use crate::alerts::AnyAlert;
use crate::brokers::AnyBroker;
use crate::clocks::AnyClock;
use crate::faults::{Experiment, PlannedFault, Storm};
use crate::links::Link;
use crate::properties::Stated;
use crate::protocols::Group;
use crate::services::Service;
use crate::strategies::Layer;
use crate::workloads::Clients;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A scenario's system, as written: names are not looked up yet. Order is the order of writing.
#[derive(Clone, Debug, Default)]
pub struct SystemSpec {
    /// Client populations.
    pub clients: Vec<(String, Clients)>,
    /// Services.
    pub services: Vec<(String, Service)>,
    /// Brokers.
    pub brokers: Vec<(String, AnyBroker)>,
    /// Groups.
    pub groups: Vec<(String, Group)>,
    /// Links.
    pub links: Vec<Link>,
    /// Whether and how messages find another way when theirs is cut.
    pub routing: Routing,
    /// Stacks by edge: `"shoppers -> checkout"`.
    pub stacks: Vec<(String, Vec<Layer>)>,
    /// Faults.
    pub faults: Vec<PlannedFault>,
    /// Faults that the seed draws, if there are any.
    pub storm: Option<Storm>,
    /// What lets faults strike, and lifts them.
    pub experiment: Option<Experiment>,
    /// What is claimed of every run.
    pub properties: Vec<Stated>,
    /// How many operations the history of a run has at most; [`USUAL_HISTORY`] if 0.
    ///
    /// [`USUAL_HISTORY`]: crate::properties::USUAL_HISTORY
    pub history_limit: u32,
    /// The share of calls that should succeed, if somebody has said one.
    pub objective: Option<Share>,
    /// Alerts, by their names.
    pub alerts: Vec<(String, AnyAlert)>,
    /// Clocks by what has them: `"checkout"`, `"checkout[1]"`, `"shoppers"`, `"domain:zone-a"`.
    pub clocks: Vec<(String, AnyClock)>,
    /// Times and measuring.
    pub clockwork: Clockwork,
}

impl SystemSpec {
    /// How many operations the history of a run has at most.
    pub const fn history_limit(&self) -> u32 {
        if self.history_limit == 0 { crate::properties::USUAL_HISTORY } else { self.history_limit }
    }
}

/// How messages find another way when theirs is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routing {
    /// How long after a cut begins or ends every sender knows of it, and takes another way or the old one again; meanwhile
    /// messages vanish in the cut. Never unless said: who is cut off stays so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convergence: Option<SimDuration>,
}

/// What service has to come back to after a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "level")]
pub enum RecoveryLevel {
    /// What it was after the warm-up and before the first fault.
    #[default]
    WarmUp,
    /// What it is at the same time in the twin: the run of the same seed and arm without faults, which is made beside.
    Twin,
}

/// When a run ends, and how it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clockwork {
    /// When measuring begins.
    pub warm_up: SimDuration,
    /// When arrivals stop.
    pub horizon: SimDuration,
    /// How long the system may go on after the horizon to finish what was started.
    pub drain: SimDuration,
    /// Width of the time bins of all series.
    pub bin: SimDuration,
    /// Width of the rolling window that decides recovery.
    pub hold: SimDuration,
    /// What service has to come back to.
    pub level: RecoveryLevel,
}

impl Default for Clockwork {
    fn default() -> Self {
        Self {
            warm_up: SimDuration::ZERO,
            horizon: SimDuration::from_secs(60),
            drain: SimDuration::from_secs(60),
            bin: SimDuration::from_secs(1),
            hold: SimDuration::from_secs(5),
            level: RecoveryLevel::WarmUp,
        }
    }
}
