//! Resilience4j's rate limiter: permissions for each cycle, and places in the cycles to come.
//!
//! Source: resilience4j/resilience4j `AtomicRateLimiter.java`, `RateLimiterConfig.java` (2026-05).

use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// So many permissions per cycle; a call that finds none reserves one of a cycle to come, if that comes in time. Remembers 24 bytes
/// per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resilience4j {
    /// How many calls pass in a cycle, at least 1.
    pub limit_for_period: u32,
    /// How long a cycle is, at least a nanosecond.
    pub limit_refresh_period: SimDuration,
    /// How long a call waits for its permission at most.
    pub timeout_duration: SimDuration,
    /// By whom it is shared: all calls of a process, unless said.
    pub per: Scope,
}

/// What it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    created: SimTime,
    cycle: u64,
    /// Below zero when permissions of cycles to come are reserved.
    left: i64,
}

impl Default for Resilience4j {
    fn default() -> Self {
        Self {
            limit_for_period: 50,
            limit_refresh_period: SimDuration::from_nanos(500),
            timeout_duration: SimDuration::from_secs(5),
            per: Scope::Process,
        }
    }
}

impl Registered for Resilience4j {
    const NAME: &'static str = "Resilience4j";
    const SUMMARY: &'static str = "the rate limiter of Resilience4j: permissions per cycle, and calls that wait for a later cycle";
}

impl Explained for Resilience4j {
    const ABOUT: About = About {
        meaning: "Resilience4j's rate limiter: every cycle brings permissions; a call without one waits for a later cycle, or, if that would \
                  take longer than timeout_duration, fails after having waited so long for nothing. All calls of a cycle may pass at its \
                  very beginning. The defaults of the library (50 in 500 ns) limit nothing.",
        formula: "cycle = floor((t - creation) / limit_refresh_period). On a new cycle left = min(left + cycles passed * limit_for_period, \
                  limit_for_period). left >= 1: the call passes. Otherwise wait = time to the next cycle + ceil((1 - (left + \
                  limit_for_period)) / limit_for_period) * limit_refresh_period, where the quotient is positive; wait > timeout_duration: \
                  refused after timeout_duration, and nothing is reserved; else it waits. Either way of passing takes 1 from left. No draws.",
        parameters: &[
            parameter("limit_for_period", "number, at least 1", "50", "how many calls pass in a cycle"),
            parameter("limit_refresh_period", "duration, at least 1ns", "500ns", "how long a cycle is"),
            parameter("timeout_duration", "duration", "5s", "how long a call waits at most"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "24 bytes per scope, for the whole run.",
        source: "resilience4j/resilience4j AtomicRateLimiter.java, RateLimiterConfig.java (2026-05)",
        example: "RateLimiter(Resilience4j(limit_for_period: 50, limit_refresh_period: \"1s\", timeout_duration: \"0ms\", per: Process))",
    };
}

impl Resilience4j {
    fn limit(&self) -> i64 {
        i64::from(self.limit_for_period)
    }

    fn period(&self) -> u64 {
        self.limit_refresh_period.as_nanos().max(1)
    }

    fn refreshed(&self, permissions: Permissions, now: SimTime) -> Permissions {
        let cycle = now.saturating_since(permissions.created).as_nanos() / self.period();
        let passed = i64::try_from(cycle.saturating_sub(permissions.cycle)).unwrap_or(i64::MAX);
        let left = permissions.left.saturating_add(passed.saturating_mul(self.limit())).min(self.limit());
        Permissions { cycle, left, ..permissions }
    }

    fn wait(&self, permissions: Permissions, now: SimTime) -> SimDuration {
        if permissions.left >= 1 {
            return SimDuration::ZERO;
        }
        let into_cycle = now.saturating_since(permissions.created).as_nanos() % self.period();
        let missing = (1 - permissions.left - self.limit()).max(0).unsigned_abs();
        let cycles = missing.div_ceil(u64::from(self.limit_for_period).max(1));
        SimDuration::from_nanos(self.period() - into_cycle).saturating_add(SimDuration::from_nanos(self.period()).saturating_mul(cycles))
    }
}

impl Gate for Resilience4j {
    type Shared = Permissions;

    fn fresh(&self, now: SimTime) -> Permissions {
        Permissions { created: now, cycle: 0, left: self.limit() }
    }

    fn ask(&self, permissions: &mut Permissions, _draw: Draw, now: SimTime) -> Pass {
        *permissions = self.refreshed(*permissions, now);
        let wait = self.wait(*permissions, now);
        if wait > self.timeout_duration {
            return Pass::Refused(self.timeout_duration);
        }
        permissions.left -= 1;
        if wait.is_zero() { Pass::Now } else { Pass::After(wait) }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, permissions: &mut Permissions, now: SimTime) -> (&'static str, f64) {
        ("permissions", self.refreshed(*permissions, now).left as f64)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.limit_for_period == 0 {
            complaints.push(complaint("limit_for_period", "a limit of 0 lets nothing pass, ever; Resilience4j takes at least 1"));
        }
        if self.limit_refresh_period.is_zero() {
            complaints.push(complaint("limit_refresh_period", "a cycle lasts at least 1ns"));
        }
        complaints
    }
}
