//! At which instant does a run come to break something?
//!
//! A run that is left in the middle is judged as far as it has come. Between an event after which it breaks the promise and an earlier one after which it does
//! not, the one with which that begins is found by bisection. For what only grows, such as counts and the largest of something, that is the first one.

use crate::live::{Until, start};
use crate::run::Run;
use crate::scenario::ArmPlan;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// The instant of the event after which a run breaks something; nothing if it does not, or did before its first event.
pub(super) fn turning(arm: &ArmPlan, seed: u64, mut breaks: impl FnMut(&Run) -> bool) -> Option<SimTime> {
    let mut past = start(arm, seed, TieBreak::ByRank);
    let mut whole = past.fork();
    whole.advance(Until::END, None);
    let (mut before, mut after, mut at) = (0, whole.events(), whole.now());
    if breaks(&past.fork().finish()) || !breaks(&whole.finish()) {
        return None;
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        let mut there = past.fork();
        there.advance(Until::events(middle), None);
        if breaks(&there.fork().finish()) {
            (after, at) = (middle, there.now());
        } else {
            (before, past) = (middle, there);
        }
    }
    Some(at)
}
