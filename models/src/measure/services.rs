//! What has become of the requests of each service, and how full was it over time?
//!
//! Requests are counted from the start of the run to its end: all that arrived are completed, failed, shed, abandoned, lost, queued or in
//! service, and no request is two of these. Averages are taken from the warm-up to the horizon, by integrals over time in whole
//! nanoseconds.

use crate::services::Level;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// The books of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceMeasures {
    /// The service.
    pub service: String,
    /// Workers of all its replicas, as the scenario says; 0 if nothing limits them, so that no share of them is ever busy.
    pub workers: u64,
    /// Requests that reached it, second copies and probes included; those that reached a dead machine only if it refused them.
    pub arrived: u64,
    /// Those that it answered with a success.
    pub completed: u64,
    /// Those that it answered with a failure other than an overload.
    pub failed: u64,
    /// Those that it turned away, because there was no room.
    pub shed: u64,
    /// Those that it gave up because their callers had gone.
    pub abandoned: u64,
    /// Those that a crash made it forget.
    pub lost: u64,
    /// Those that waited for a worker when the run ended.
    pub queued: u64,
    /// Those that it had begun with and not ended when the run ended.
    pub in_service: u64,
    /// Over how much time the integrals are taken.
    pub averaged_over: SimDuration,
    /// How many waited for a worker, background work included, integrated over time.
    pub waiting: SimDuration,
    /// How many workers were busy or held, with background work included, integrated over time.
    pub busy: SimDuration,
    /// How many requests waited for others and had no worker meanwhile, integrated over time.
    pub calling: SimDuration,
}

impl ServiceMeasures {
    /// Whether every request that arrived is accounted for.
    pub const fn adds_up(&self) -> bool {
        let gone = self.completed + self.failed + self.shed + self.abandoned + self.lost;
        self.arrived == gone + self.queued + self.in_service
    }

    /// How many requests, and runs of background work, were there, integrated over time.
    pub const fn inside(&self) -> SimDuration {
        self.waiting.saturating_add(self.busy).saturating_add(self.calling)
    }

    /// The integral over time of all its workers, were they always busy.
    pub const fn capacity(&self) -> SimDuration {
        SimDuration::from_nanos(self.averaged_over.as_nanos().saturating_mul(self.workers))
    }
}

/// How many wait, are with a worker, and wait for others without one.
pub(crate) type Levels = [Level; 3];

/// The levels of all services at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The instant.
    pub at: SimTime,
    /// The levels of every service.
    pub levels: Vec<Levels>,
}

/// The books of all services when a run has ended, before it is known when that was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    /// What has become of requests.
    pub services: Vec<ServiceMeasures>,
    /// The levels at the end.
    pub levels: Vec<Levels>,
    /// Where averages begin; at the start if it is not said.
    pub begin: Option<Mark>,
    /// Where they end; at the end of the run if it is not said.
    pub end: Option<Mark>,
}

impl Accounts {
    /// The books when the run has ended at this instant.
    pub(super) fn finish(self, ended: SimTime) -> Vec<ServiceMeasures> {
        let end = self.end.unwrap_or(Mark { at: ended, levels: self.levels });
        let from = self.begin.as_ref().map_or(SimTime::ZERO, |mark| mark.at);
        let integral = |mark: &Mark, service: usize, level: usize| mark.levels[service][level].integral(mark.at);
        let time = |service: usize, level: usize| {
            let before = self.begin.as_ref().map_or(0, |mark| integral(mark, service, level));
            SimDuration::from_nanos(u64::try_from(integral(&end, service, level) - before).unwrap_or(u64::MAX))
        };
        let finished = |(service, measures)| ServiceMeasures {
            averaged_over: end.at.saturating_since(from),
            waiting: time(service, 0),
            busy: time(service, 1),
            calling: time(service, 2),
            ..measures
        };
        self.services.into_iter().enumerate().map(finished).collect()
    }
}
