//! Is a replica well, by what its probes say? Counting of probes, as in Kubernetes and Envoy.
//!
//! Source: Kubernetes documentation, "Liveness, readiness and startup probes", and `prober/worker.go`; Envoy,
//! `health_checker_base_impl.cc` and `core/v3/health_check.proto` (2026-01). Who sends the probes, and over which links, is the
//! engine's: see `world/probes.rs`.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint, registry};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Probes as the kubelet sends them. Remembers 8 bytes per replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesProbe {
    /// What a failure does; a replica that is not ready gets no calls unless said.
    pub kind: ProbeKind,
    /// How long after its start a replica is probed first; at once unless said.
    pub initial_delay: SimDuration,
    /// The time between the starts of probes; 10 s unless said.
    pub period: SimDuration,
    /// When a probe without an answer has failed; after 1 s unless said.
    pub timeout: SimDuration,
    /// How many successes in a row change its state, at least 1; 1 unless said, and always for liveness and startup.
    pub success_threshold: u32,
    /// How many failures in a row change its state, at least 1; 3 unless said.
    pub failure_threshold: u32,
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeKind {
    /// Failures take the replica out of the choice.
    #[default]
    Readiness,
    /// Failures restart it.
    Liveness,
    /// Holds the other probes back until its first success; failures restart the replica.
    Startup,
}

impl Default for KubernetesProbe {
    fn default() -> Self {
        Self {
            kind: ProbeKind::Readiness,
            initial_delay: SimDuration::ZERO,
            period: SimDuration::from_secs(10),
            timeout: SimDuration::from_secs(1),
            success_threshold: 1,
            failure_threshold: 3,
        }
    }
}

/// Active health checks as Envoy sends them. Remembers 8 bytes per replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyHealthCheck {
    /// When a check without an answer has failed.
    pub timeout: SimDuration,
    /// The time from the end of a check to the next one.
    pub interval: SimDuration,
    /// How many failures in a row make a replica unhealthy, at least 1; an unexpected status does at once.
    pub unhealthy_threshold: u32,
    /// How many successes in a row make it healthy, at least 1.
    pub healthy_threshold: u32,
    /// The interval as long as there has been no call at all; 60 s unless said.
    #[serde(default = "minute")]
    pub no_traffic_interval: SimDuration,
    /// The interval while it is unhealthy; as `interval` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy_interval: Option<SimDuration>,
}

const fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

/// How a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// As expected.
    Well,
    /// With an answer that was not expected: an HTTP status, a gRPC status.
    Unexpected,
    /// Without an answer: a timeout, no connection.
    Silent,
}

impl Probed {
    /// What an outcome tells whoever wants to know whether a replica is well.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Well,
            Outcome::Failed(Failure::Timeout | Failure::Deadline | Failure::Refused | Failure::Reset) => Self::Silent,
            Outcome::Failed(_) => Self::Unexpected,
        }
    }
}

/// A health check that has ended. Instants are of the clock of the process that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of which replica.
    pub replica: u32,
    /// How it ended.
    pub probed: Probed,
    /// When it began.
    pub began: SimTime,
    /// When it ended.
    pub ended: SimTime,
}

/// What is known of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    is_well: bool,
    /// The last result, and how many like it came in a row.
    last: Option<bool>,
    in_a_row: u32,
}

impl Health {
    /// A replica of which this is believed before its first probe.
    pub const fn new(is_well: bool) -> Self {
        Self { is_well, last: None, in_a_row: 0 }
    }

    /// Whether it is well.
    pub const fn is_well(&self) -> bool {
        self.is_well
    }

    fn count(&mut self, is_success: bool) {
        self.in_a_row = if self.last == Some(is_success) { self.in_a_row.saturating_add(1) } else { 1 };
        self.last = Some(is_success);
    }

    /// Sets the state; says whether that changed it.
    fn become_well(&mut self, is_well: bool) -> bool {
        std::mem::replace(&mut self.is_well, is_well) != is_well
    }
}

registry! {
    /// Probes of replicas, as a scenario writes them.
    AnyHealthCheck as "probe", each_health_check: KubernetesProbe, EnvoyHealthCheck,
}

impl AnyHealthCheck {
    /// A probe ended: counts it, and says whether the state of the replica changed.
    pub fn probed(&self, health: &mut Health, probed: Probed) -> bool {
        match self {
            Self::KubernetesProbe(probe) => probe.probed(health, probed),
            Self::EnvoyHealthCheck(check) => check.probed(health, probed),
        }
    }

    /// When a replica is checked first by a process that begins with it then.
    pub const fn first(&self, started: SimTime) -> SimTime {
        match self {
            Self::KubernetesProbe(probe) => probe.first(started),
            Self::EnvoyHealthCheck(_) => started,
        }
    }

    /// When a check without an answer has failed.
    pub const fn timeout(&self) -> SimDuration {
        match self {
            Self::KubernetesProbe(probe) => probe.timeout,
            Self::EnvoyHealthCheck(check) => check.timeout,
        }
    }

    /// When a replica is checked next, after a check that has been counted; `has_traffic` if there has been any call.
    pub fn next(&self, health: &Health, check: &Check, has_traffic: bool) -> SimTime {
        match self {
            Self::KubernetesProbe(probe) => probe.next(check.began, check.ended),
            Self::EnvoyHealthCheck(rule) => check.ended.saturating_add(rule.wait(health, has_traffic)),
        }
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        each_health_check!(self, check => check.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_health_check!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

impl Registered for KubernetesProbe {
    const NAME: &'static str = "KubernetesProbe";
    const SUMMARY: &'static str = "probes at a fixed period; so many failures in a row, and the replica gets no calls, or is restarted";
}

impl Explained for KubernetesProbe {
    const ABOUT: About = About {
        meaning: "The kubelet asks each replica whether it is well, and takes it out of the choice or restarts it when it is not. How long a dead replica \
                  gets calls is (failure_threshold - 1) * period + timeout after the probe that first met it. In the health of a \
                  Balance each process that calls probes for itself, over its own way, and leaves out who is not ready; nobody is \
                  restarted there, so that kind is Readiness.",
        formula: "Probes start at initial_delay + n * period, and fail timeout later at the latest. failure_threshold failures in a row: not well; \
                  success_threshold successes in a row: well. Any answer that is not expected counts as a failure. A probe that ends after the \
                  next was due delays it. At the begin of a run all replicas count as well. No draws.",
        parameters: &[
            parameter("kind", "Readiness, Liveness, Startup", "Readiness", "what a failure does"),
            parameter("initial_delay", "duration", "0s", "how long after its start a replica is probed first"),
            parameter("period", "duration", "10s", "the time between the starts of probes"),
            parameter("timeout", "duration", "1s", "when a probe without an answer has failed"),
            parameter("success_threshold", "number, at least 1", "1", "successes in a row that change its state"),
            parameter("failure_threshold", "number, at least 1", "3", "failures in a row that change its state"),
        ],
        memory: "8 bytes per replica.",
        source: "Kubernetes documentation, \"Configure Liveness, Readiness and Startup Probes\"",
        example: "Balance(policy: RoundRobin(), health: KubernetesProbe(period: \"5s\", failure_threshold: 2))",
    };
}

impl KubernetesProbe {
    /// What is believed of a replica that has just started: alive, but not ready.
    pub fn fresh(&self) -> Health {
        Health::new(self.kind == ProbeKind::Liveness)
    }

    /// When a replica that started then is probed first.
    pub const fn first(&self, started: SimTime) -> SimTime {
        started.saturating_add(self.initial_delay)
    }

    /// When it is probed next, after a probe that began and ended then.
    pub fn next(&self, began: SimTime, ended: SimTime) -> SimTime {
        began.saturating_add(self.period).max(ended)
    }

    /// A probe ended: counts it, and says whether the state of the replica changed.
    pub fn probed(&self, health: &mut Health, probed: Probed) -> bool {
        let is_success = probed == Probed::Well;
        health.count(is_success);
        let threshold = if is_success { self.success_threshold } else { self.failure_threshold };
        health.in_a_row >= threshold && health.become_well(is_success)
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_times(&[("period", self.period), ("timeout", self.timeout)]);
        complaints
            .extend(check_thresholds(&[("success_threshold", self.success_threshold), ("failure_threshold", self.failure_threshold)]));
        if self.kind != ProbeKind::Readiness && self.success_threshold > 1 {
            complaints.push(complaint("success_threshold", "it must be 1 for liveness and startup, as Kubernetes has it"));
        }
        complaints
    }
}

impl Registered for EnvoyHealthCheck {
    const NAME: &'static str = "EnvoyHealthCheck";
    const SUMMARY: &'static str = "checks again and again; an unexpected status is believed at once, silence after some times";
}

impl Explained for EnvoyHealthCheck {
    const ABOUT: About = About {
        meaning: "The proxy asks each replica itself. A replica that answers that it is not well is believed at once, one that does not answer only after \
                  some times, and the very first result decides alone. In the health of a Balance each process that calls is its own \
                  proxy; a check that passes ends an ejection by Envoy, unless successful_active_health_check_uneject_host is false.",
        formula: "First result: well or not by it alone. An unexpected status: not well at once. Timeouts and connection errors: at unhealthy_threshold in \
                  a row. Well again at healthy_threshold successes in a row. The next check begins an interval after the end of the last one: \
                  unhealthy_interval while it is not well, no_traffic_interval as long as there has been no call. An unexpected status is any \
                  answer but success; a refusal or a broken connection is an error of the connection. No jitter, no draws.",
        parameters: &[
            parameter("timeout", "duration", "required", "when a check without an answer has failed"),
            parameter("interval", "duration", "required", "the time from the end of a check to the next one"),
            parameter("unhealthy_threshold", "number, at least 1", "required", "failures in a row that make it unhealthy"),
            parameter("healthy_threshold", "number, at least 1", "required", "successes in a row that make it healthy"),
            parameter("no_traffic_interval", "duration", "60s", "the interval as long as there has been no call"),
            parameter("unhealthy_interval", "duration", "as interval", "the interval while it is unhealthy"),
        ],
        memory: "8 bytes per replica.",
        source: "Envoy, core/v3/health_check.proto, health_checker_base_impl.cc (2026-01)",
        example: "Balance(policy: RoundRobin(), health: EnvoyHealthCheck(timeout: \"2s\", interval: \"5s\", unhealthy_threshold: 3, healthy_threshold: 2))",
    };
}

impl EnvoyHealthCheck {
    /// How long after the end of a check the next one begins.
    pub fn wait(&self, health: &Health, has_traffic: bool) -> SimDuration {
        match self.unhealthy_interval {
            _ if !has_traffic => self.no_traffic_interval,
            Some(interval) if !health.is_well => interval,
            _ => self.interval,
        }
    }

    /// A check ended: counts it, and says whether the state of the replica changed.
    pub fn probed(&self, health: &mut Health, probed: Probed) -> bool {
        let is_first = health.last.is_none();
        let is_success = probed == Probed::Well;
        health.count(is_success);
        let is_decided = is_first
            || match probed {
                Probed::Well => health.in_a_row >= self.healthy_threshold,
                Probed::Unexpected => true,
                Probed::Silent => health.in_a_row >= self.unhealthy_threshold,
            };
        is_decided && health.become_well(is_success)
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_times(&[
            ("timeout", self.timeout),
            ("interval", self.interval),
            ("no_traffic_interval", self.no_traffic_interval),
            ("unhealthy_interval", self.unhealthy_interval.unwrap_or(self.interval)),
        ]);
        complaints
            .extend(check_thresholds(&[("unhealthy_threshold", self.unhealthy_threshold), ("healthy_threshold", self.healthy_threshold)]));
        complaints
    }
}

fn check_times(times: &[(&str, SimDuration)]) -> Vec<Complaint> {
    let none = times.iter().filter(|(_, time)| time.is_zero());
    none.map(|(field, _)| complaint(field, "it takes time; write one such as \"1s\"")).collect()
}

fn check_thresholds(thresholds: &[(&str, u32)]) -> Vec<Complaint> {
    let none = thresholds.iter().filter(|(_, threshold)| *threshold == 0);
    none.map(|(field, _)| complaint(field, "no results decide nothing; write at least 1")).collect()
}
