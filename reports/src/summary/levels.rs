//! Does an arm serve its users better than another one that comes back from faults more often?
//!
//! Own definition (docs/decisions/0018). Recovery is the way back to the arm's own level, which may be low: an arm that turns half of all calls away at any time
//! comes back from nearly anything. It is not better for that than one of which, in every seed, a larger share of the calls succeeds, and no smaller one at the
//! end, in the last two windows of all runs together, though it is down then. Under open load: closed load has a count of successes, and not a share, to come
//! back to.

use super::arm::ArmSummary;
use super::fates::named;
use super::ranking::{Ranking, by_share, shares, signs};
use std::cmp::Ordering;

/// Whether more calls succeed in an arm than in another one in every seed.
fn has_more_in_every_seed(one: &ArmSummary, other: &ArmSummary) -> bool {
    let (own, others) = (shares(one), shares(other));
    let is_open = one.goodput_by_seed.is_empty() && other.goodput_by_seed.is_empty();
    let is_more = |(seed, share): (&u64, &i128)| others.get(seed).is_none_or(|other| share > other);
    is_open && signs(&own, &others, 1) == Ordering::Greater && own.iter().all(is_more)
}

/// Whether an arm serves users better than another, over the whole run and at its end, down or not.
pub(super) fn serves_more(one: &ArmSummary, other: &ArmSummary) -> bool {
    let at_the_end = one.at_the_end.zip(other.at_the_end).is_some_and(|(own, others)| by_share(own, others).is_ge());
    at_the_end && has_more_in_every_seed(one, other)
}

/// Whether one recovers in more of its runs than another.
fn recovers_more(one: &ArmSummary, other: &ArmSummary) -> bool {
    let (own, others) = (one.judged(), other.judged());
    own > 0 && others > 0 && u128::from(one.recovered) * u128::from(others) > u128::from(other.recovered) * u128::from(own)
}

/// What is to be said of the order of a ranking: that availability orders arms though the other one recovers more often, or that it does not though it is
/// better in every seed; nothing if both point the same way.
pub(super) fn sentence(ranking: &Ranking) -> Option<String> {
    let arms = &ranking.arms;
    let pairs = || arms.iter().enumerate().flat_map(|(place, one)| arms[place + 1..].iter().map(move |other| (one, other)));
    let sound = |(one, other): &(&ArmSummary, &ArmSummary)| one.is_sound() == other.is_sound();
    let found = pairs().filter(sound).find(|(before, behind)| recovers_more(behind, before) && serves_more(before, behind));
    if let Some((before, behind)) = found {
        let [before, behind] = [before, behind].map(|arm| named(&arm.name));
        return Some(format!(
            "{behind} recovers in more runs, but to a level at which fewer calls succeed than in {before} in every seed, even while that is down: availability orders the two."
        ));
    }
    let (first, last) = (ranking.best().first()?, ranking.worst().last()?);
    let is_against = sound(&(first, last)) && recovers_more(first, last) && has_more_in_every_seed(last, first);
    is_against.then(|| {
        let [first, last] = [first, last].map(|arm| named(&arm.name));
        format!("Up to the horizon more calls succeed in {last} than in {first} in every seed, but once it is down fewer do.")
    })
}
