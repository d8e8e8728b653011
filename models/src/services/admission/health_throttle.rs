//! Throttling by health: the fewer requests go well, the fewer are let in.
//!
//! Source: own definition, with the throttles of callers (`strategies/throttle`); Envoy's admission control is one that stands at the
//! server's door in the product, too.

use super::{Admission, Answer, Visitor};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::Pass;
use crate::strategies::throttle::{AnyThrottle, ThrottleMemory};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Turns requests away with `overload`, the more the fewer of those before went well, and in time. Remembers what its throttle does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthThrottle {
    /// Which throttle.
    pub throttle: AnyThrottle,
    /// An answer that takes longer than this counts as none; any is in time unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_slow: Option<SimDuration>,
}

impl Registered for HealthThrottle {
    const NAME: &'static str = "HealthThrottle";
    const SUMMARY: &'static str = "the fewer requests go well, and in time, the fewer are let in";
}

impl Explained for HealthThrottle {
    const ABOUT: About = About {
        meaning: "A server that answers badly or slowly lets fewer in, until those that are in go well again: it need not know what it can bear. It \
                  turns away at random, important requests as well as others.",
        formula: "The throttle is asked when a request comes; turned back: overload. It hears how each request that it let in ended here, one \
                  that took longer than too_slow as if it had not been answered (timeout), and one that was given up without an outcome. One draw per \
                  request.",
        parameters: &[
            parameter(
                "throttle",
                "a throttle other than AwsAdaptive",
                "required",
                "which; its `per` is of no effect (stormglass list throttles)",
            ),
            parameter("too_slow", "duration", "any time", "an answer that takes longer counts as none"),
        ],
        memory: "at each replica what the throttle remembers, and 16 bytes per request in it.",
        source: "own definition; Envoy's admission control filter stands there, too",
        example: "HealthThrottle(throttle: EnvoyAdmission(sr_threshold: \"95%\"), too_slow: \"300ms\")",
    };
}

impl Admission for HealthThrottle {
    type Memory = ThrottleMemory;

    fn fresh(&self, now: SimTime) -> ThrottleMemory {
        self.throttle.fresh(now)
    }

    fn ask(&self, memory: &mut ThrottleMemory, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        match self.throttle.ask(memory, visitor.draw, now) {
            Pass::Now => Answer::Admitted,
            Pass::After(_) | Pass::Refused(_) => Answer::Refused,
        }
    }

    fn ended(&self, memory: &mut ThrottleMemory, since: SimTime, outcome: Option<Outcome>, now: SimTime) {
        let is_late = self.too_slow.is_some_and(|limit| now.saturating_since(since) > limit);
        let outcome = outcome.map(|outcome| if is_late { Outcome::Failed(Failure::Timeout) } else { outcome });
        self.throttle.ended(memory, since, outcome, None, now);
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("throttle", self.throttle.check()).collect();
        if matches!(self.throttle, AnyThrottle::AwsAdaptive(_)) {
            complaints.push(complaint("throttle", "AwsAdaptive makes calls wait, and nobody waits at the door of a service"));
        }
        complaints
    }
}
