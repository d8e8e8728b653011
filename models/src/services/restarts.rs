//! When is a replica killed, and when does it come back?
//!
//! Source: Kubernetes documentation, "Pod Lifecycle" (probes; the sequence of restarts: at once after the first crash, then after 10 s, 20 s, 40 s
//! and so on up to 5 minutes, from the beginning after 10 minutes without a crash) and "Nodes" (a machine that has said nothing for 40 s is
//! taken for lost, and what ran on it is replaced 5 minutes later).

use crate::registry::{Complaint, complaint, within};
use crate::strategies::health::{KubernetesProbe, ProbeKind};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// An orchestrator that looks after the replicas of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restarts {
    /// How long a process takes from its start until it listens.
    pub start_up: Distribution,
    /// How it is found out that a process is of no use any more, and has to be killed; nobody looks unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness: Option<KubernetesProbe>,
    /// How it is found out whether callers may be sent to a replica; whoever runs is ready unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<KubernetesProbe>,
    /// What holds the other two back until it has succeeded once, and kills if it does not; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<KubernetesProbe>,
    /// How long a process waits that has to be started again.
    #[serde(default)]
    pub backoff: RestartBackoff,
    /// After how long a machine that says nothing is taken for lost, and callers are no longer sent to it; 40 s unless said.
    #[serde(default = "forty_seconds")]
    pub lost_after: SimDuration,
    /// How long after that another machine takes its place; 5 minutes unless said.
    #[serde(default = "five_minutes")]
    pub replaced_after: SimDuration,
}

const fn forty_seconds() -> SimDuration {
    SimDuration::from_secs(40)
}

const fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

/// How long a process waits that has to be started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartBackoff {
    /// Longer and longer, while it dies again and again.
    CrashLoop(CrashLoop),
    /// Always so long.
    Always(SimDuration),
}

impl Default for RestartBackoff {
    fn default() -> Self {
        Self::CrashLoop(CrashLoop::default())
    }
}

/// Longer and longer, while it dies again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrashLoop {
    /// The wait after the second death in a row; there is none after the first. 10 s unless said.
    pub base: SimDuration,
    /// Waits double up to this; 5 minutes unless said.
    pub max: SimDuration,
    /// A process that has run for so long has not died in a row; 10 minutes unless said.
    pub reset_after: SimDuration,
}

impl Default for CrashLoop {
    fn default() -> Self {
        Self { base: SimDuration::from_secs(10), max: five_minutes(), reset_after: SimDuration::from_secs(600) }
    }
}

impl RestartBackoff {
    /// The how-manieth death in a row it is, for a process that had died so often before, and has run for so long since.
    pub fn deaths(&self, before: u32, ran: SimDuration) -> u32 {
        match self {
            Self::CrashLoop(backoff) if ran >= backoff.reset_after => 1,
            Self::CrashLoop(_) | Self::Always(_) => before.saturating_add(1),
        }
    }

    /// How long it waits after so many deaths in a row.
    pub fn wait(&self, deaths: u32) -> SimDuration {
        match self {
            Self::Always(wait) => *wait,
            Self::CrashLoop(_) if deaths <= 1 => SimDuration::ZERO,
            Self::CrashLoop(backoff) => backoff.base.saturating_mul(1_u64.checked_shl(deaths - 2).unwrap_or(u64::MAX)).min(backoff.max),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        match self {
            Self::CrashLoop(backoff) if backoff.max < backoff.base => {
                vec![complaint("max", format!("waits grow from {} up to {}, which is less", backoff.base, backoff.max))]
            }
            Self::CrashLoop(_) | Self::Always(_) => Vec::new(),
        }
    }
}

impl Restarts {
    /// The probes that it has, each of its kind.
    pub fn probes(&self) -> impl Iterator<Item = KubernetesProbe> {
        let all = [(&self.startup, ProbeKind::Startup), (&self.liveness, ProbeKind::Liveness), (&self.readiness, ProbeKind::Readiness)];
        all.into_iter().filter_map(|(probe, kind)| probe.as_ref().map(|probe| KubernetesProbe { kind, ..probe.clone() }))
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("start_up", self.start_up.check()).collect();
        let all = [("startup", &self.startup, ProbeKind::Startup), ("liveness", &self.liveness, ProbeKind::Liveness)];
        for (field, probe, kind) in all.into_iter().chain([("readiness", &self.readiness, ProbeKind::Readiness)]) {
            let Some(probe) = probe else { continue };
            if probe.kind != ProbeKind::Readiness && probe.kind != kind {
                complaints.push(complaint(&format!("{field}.kind"), format!("`{field}` says which kind it is; leave `kind` out")));
            }
            complaints.extend(within(field, KubernetesProbe { kind, ..probe.clone() }.check()));
        }
        complaints.extend(within("backoff", self.backoff.check()));
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: RestartBackoff, deaths: u32) -> Vec<u64> {
        (1..=deaths).map(|death| backoff.wait(death).as_nanos() / 1_000_000_000).collect()
    }

    #[test]
    fn waits_of_a_crash_loop_begin_at_once_and_double_up_to_five_minutes() {
        assert_eq!(waits(RestartBackoff::default(), 9), [0, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(waits(RestartBackoff::Always(SimDuration::from_secs(3)), 3), [3, 3, 3]);
        // However often it dies.
        assert_eq!(RestartBackoff::default().wait(u32::MAX), five_minutes());
    }

    #[test]
    fn ten_minutes_of_running_make_the_next_death_the_first() {
        let (backoff, minutes) = (RestartBackoff::default(), |minutes: u64| SimDuration::from_secs(60 * minutes));
        assert_eq!((backoff.deaths(5, minutes(9)), backoff.deaths(5, minutes(10))), (6, 1));
        assert_eq!(RestartBackoff::Always(SimDuration::ZERO).deaths(5, minutes(99)), 6);
    }
}
