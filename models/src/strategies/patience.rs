//! Is there time for another try? Deadlines, and what a callee says about when to come back.
//!
//! Source: gRPC and Envoy on total deadlines; RFC 9110 on `Retry-After`; linkerd/linkerd2-proxy `http/retry` (2026-08).

use crate::outcome::Hint;
use sim_core::time::SimDuration;

/// Whether a try may be started after `wait`, when `elapsed` of `total` is over. One that would start at the very end still may.
pub fn may_still_start(elapsed: SimDuration, wait: SimDuration, total: SimDuration) -> bool {
    elapsed.as_nanos().checked_add(wait.as_nanos()).is_some_and(|start| start <= total.as_nanos())
}

/// The time a callee is given: its caller's own timeout, or what is left to the caller, if that is less. Retries never lengthen it.
pub fn passed_on(own: Option<SimDuration>, left: Option<SimDuration>) -> Option<SimDuration> {
    match (own, left) {
        (Some(own), Some(left)) => Some(own.min(left)),
        (only, None) | (None, only) => only,
    }
}

/// What to make of a hint when so much time is left: the wait, or nothing if the call had better fail now. To wait until the very
/// end is allowed.
pub fn heed(hint: Hint, left: SimDuration) -> Option<SimDuration> {
    match hint {
        Hint::After(wait) if wait <= left => Some(wait),
        Hint::After(_) | Hint::Never => None,
    }
}

/// What Linkerd makes of a hint: it is brought within the waits that the route allows anyway.
pub fn clamped(hint: SimDuration, (shortest, longest): (SimDuration, SimDuration)) -> SimDuration {
    hint.min(longest).max(shortest)
}
