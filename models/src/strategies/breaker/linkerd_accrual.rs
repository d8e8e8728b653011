//! Linkerd failure accrual: an endpoint is shut after failures in a row, and probed after a growing penalty.
//!
//! Source: linkerd/linkerd2-proxy `http/breaker/consecutive_failures.rs`, `exp-backoff` (2026-08), and the annotations of its policy
//! controller. Left out: the success ratio of a newer breaker. Linkerd switches it off for a service that has a ServiceProfile.

use super::penalties::exponential;
use super::refusals::{at_least_one, by_status};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// The consecutive-failures breaker of Linkerd's outbound proxy, with the names and defaults of its annotations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkerdAccrual {
    /// How many failures in a row shut the endpoint, at least 1.
    pub max_failures: u32,
    /// For how long it is shut the first time, without jitter.
    pub min_penalty: SimDuration,
    /// For how long it is shut at most.
    pub max_penalty: SimDuration,
    /// The penalty is longer by a random part of itself up to this ratio, 0 to 100.
    pub jitter_ratio: f64,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for LinkerdAccrual {
    fn default() -> Self {
        Self {
            max_failures: 7,
            min_penalty: SimDuration::from_secs(1),
            max_penalty: SimDuration::from_secs(60),
            jitter_ratio: 0.5,
            per: Scope::Endpoint,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    phase: Phase,
    /// Penalties since it was open.
    nth: u32,
    /// Penalties in all: what names the next draw.
    taken: u64,
    /// How often it was put on probation: the stamp of its probe.
    probations: u64,
}

/// The product calls open what lets everything pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open { in_a_row: u32 },
    Shut { until: SimTime },
    Probation { is_probing: bool },
}

impl Registered for LinkerdAccrual {
    const NAME: &'static str = "LinkerdAccrual";
    const SUMMARY: &'static str =
        "shuts an endpoint after seven failures in a row, with a penalty that grows with each failed probe (Linkerd)";
}

impl Explained for LinkerdAccrual {
    const ABOUT: About = About {
        meaning: "The failure accrual of Linkerd's proxies: each endpoint of a service has its own, and a balancer leaves out those that are \
                  shut. When all are shut, calls fail at once.",
        formula: "A success sets the count to 0; at count = max_failures the endpoint is shut for b + min(U * jitter_ratio * b, max_penalty - b) \
                  with b = min(min_penalty * 2^i, max_penalty), i = 0, 1, ... for penalties in a row, from the failure on. Results that come while it \
                  is shut are dropped. now >= shut + penalty: probation; one call passes and all others are rejected. The first \
                  result on probation, late ones too, decides: a success opens it and begins the penalties anew, a failure shuts it \
                  for the next penalty; if the probe is given up another may pass. Answers of an HTTP status below 500 are successes. \
                  One draw per penalty, none with a jitter_ratio of 0.",
        parameters: &[
            parameter("max_failures", "number, at least 1", "7", "how many failures in a row shut it"),
            parameter("min_penalty", "duration", "1s", "for how long the first time, without jitter"),
            parameter("max_penalty", "duration", "60s", "for how long at most"),
            parameter("jitter_ratio", "number, 0 to 100", "0.5", "by which part of itself a penalty may be longer"),
            parameter("per", "Client, Process, Edge, Endpoint", "Endpoint", "by whom it is shared"),
        ],
        memory: "40 bytes per endpoint and process, for the whole run.",
        source: "linkerd2-proxy (2026-08), linkerd/app/outbound/src/http/breaker/consecutive_failures.rs, linkerd/exp-backoff",
        example: "Breaker(LinkerdAccrual(max_failures: 7))",
    };
}

impl LinkerdAccrual {
    /// The `nth` penalty in a row, from 0.
    pub fn penalty(&self, nth: u32, draw: Draw) -> SimDuration {
        exponential(self.min_penalty, self.max_penalty, self.jitter_ratio, nth, draw)
    }

    fn catch_up(memory: &mut Memory, now: SimTime) {
        if matches!(memory.phase, Phase::Shut { until } if now >= until) {
            memory.phase = Phase::Probation { is_probing: false };
            memory.probations += 1;
        }
    }

    fn shut(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        let lasts = self.penalty(memory.nth, luck.nth(memory.taken));
        memory.nth = memory.nth.saturating_add(1);
        memory.taken += 1;
        memory.phase = Phase::Shut { until: now.saturating_add(lasts) };
    }
}

impl Breaker for LinkerdAccrual {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory { phase: Phase::Open { in_a_row: 0 }, nth: 0, taken: 0, probations: 0 }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        Self::catch_up(memory, now);
        match &mut memory.phase {
            // No probe has this stamp: a call of before is nobody's probe when it is given up.
            Phase::Open { .. } => Admission::Admitted(0),
            Phase::Shut { .. } | Phase::Probation { is_probing: true } => Admission::Rejected,
            Phase::Probation { is_probing } => {
                *is_probing = true;
                Admission::Admitted(memory.probations)
            }
        }
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, luck: &Luck<'_>, now: SimTime) {
        Self::catch_up(memory, now);
        let is_failure = tried.verdict == Verdict::Failure;
        match &mut memory.phase {
            Phase::Shut { .. } => {}
            Phase::Open { in_a_row } => {
                *in_a_row = if is_failure { in_a_row.saturating_add(1) } else { 0 };
                if *in_a_row >= self.max_failures {
                    memory.nth = 0;
                    self.shut(memory, luck, now);
                }
            }
            Phase::Probation { .. } if is_failure => self.shut(memory, luck, now),
            Phase::Probation { .. } => memory.phase = Phase::Open { in_a_row: 0 },
        }
    }

    fn given_up(&self, memory: &mut Memory, stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        Self::catch_up(memory, now);
        if stamp == memory.probations
            && let Phase::Probation { is_probing } = &mut memory.phase
        {
            *is_probing = false;
        }
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        Self::catch_up(memory, now);
        match memory.phase {
            Phase::Open { .. } => State::Closed,
            Phase::Shut { .. } => State::Open,
            Phase::Probation { .. } => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        by_status(outcome)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        complaints.extend(at_least_one("max_failures", self.max_failures));
        if self.min_penalty.is_zero() {
            complaints.push(complaint("min_penalty", "a penalty of no time is none; write a time such as \"1s\""));
        }
        if self.max_penalty < self.min_penalty {
            complaints.push(complaint("max_penalty", format!("it lies below the least penalty, {}", self.min_penalty)));
        }
        if !(0.0..=100.0).contains(&self.jitter_ratio) {
            complaints.push(complaint("jitter_ratio", format!("it lies between 0 and 100, not at {}", self.jitter_ratio)));
        }
        complaints
    }
}
