//! Which numbers does a product refuse, and how does it read times and percentages?

use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, complaint};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

use super::Verdict;

/// A count that the product refuses if it is 0.
pub(super) fn at_least_one(field: &str, count: u32) -> Option<Complaint> {
    (count == 0).then(|| complaint(field, "it must be at least 1"))
}

/// A threshold that the product refuses if it is 0 %.
pub(super) fn above_nothing(field: &str, share: Share) -> Option<Complaint> {
    (share == Share::NONE).then(|| complaint(field, "a threshold of 0% is always reached; it lies above 0%, up to 100%"))
}

/// A threshold that the product holds as a whole number of percent, 1 to 100.
pub(super) fn whole_percent(field: &str, share: Share) -> Option<Complaint> {
    let is_whole = share != Share::NONE && share.parts().is_multiple_of(Share::percent(1).parts());
    (!is_whole).then(|| complaint(field, format!("it is a whole number of percent from 1% to 100%, not {share}")))
}

/// A time that the product holds in whole milliseconds, and refuses below `least` of them.
pub(super) fn at_least_millis(field: &str, time: SimDuration, least: u64) -> Option<Complaint> {
    (whole_millis(time) < least).then(|| complaint(field, format!("it must be at least {least}ms, not {time}")))
}

/// A time that the product refuses outside these bounds.
pub(super) fn within_bounds(field: &str, time: SimDuration, least: SimDuration, most: SimDuration) -> Option<Complaint> {
    (time < least || time > most).then(|| complaint(field, format!("it lies between {least} and {most}, not at {time}")))
}

/// Milliseconds of a length, the rest cut off.
pub(super) const fn whole_millis(time: SimDuration) -> u64 {
    time.as_nanos() / 1_000_000
}

/// What a clock that counts milliseconds shows.
pub(super) const fn millis_of(now: SimTime) -> u64 {
    whole_millis(now.since_start())
}

/// The number of percent, exact but for its rounding to a float.
pub(super) fn percent(share: Share) -> f64 {
    share.parts() as f64 / Share::percent(1).parts() as f64
}

/// The verdict of a product that is told which failures it handles (none listed: all); others speak for the callee.
pub(super) fn if_handled(outcome: Outcome, handled: &[Failure]) -> Verdict {
    match outcome {
        Outcome::Failed(failure) if handled.is_empty() || handled.contains(&failure) => Verdict::Failure,
        _ => Verdict::Success,
    }
}

/// The verdict of a proxy that goes by the class of an HTTP status: answers below 500 speak for the callee, and no answer speaks
/// against it.
pub(super) fn by_status(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Failed(failure) if failure.status().is_none_or(|status| status >= 500) => Verdict::Failure,
        _ => Verdict::Success,
    }
}
