//! How does a change go out to replicas one after another, and come back?

use super::Span;
use crate::environment::Effect;
use sim_core::time::SimDuration;

/// The pace of a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long after one replica the next one has it.
    pub out: SimDuration,
    /// How long after one replica the next one has lost it again.
    pub back: SimDuration,
}

impl Pace {
    /// A change that is taken back at the end of a strike; replicas that it has not reached by then are left alone.
    pub fn course(self, replicas: &[Effect], lasts: Option<SimDuration>) -> Vec<Span> {
        let reached = (0..).zip(replicas).map(|(position, effect)| (position, self.out.saturating_mul(position), effect));
        let reached = reached.take_while(|(_, from, _)| lasts.is_none_or(|lasts| *from < lasts));
        let until = |position: u64| lasts.map(|lasts| lasts.saturating_add(self.back.saturating_mul(position)));
        reached.map(|(position, from, effect)| Span { from, until: until(position), effects: vec![effect.clone()] }).collect()
    }

    /// How long after the first replica one loses the change that got it so long after the first.
    pub fn back_after(self, reached: SimDuration) -> SimDuration {
        let position = reached.as_nanos().checked_div(self.out.as_nanos()).unwrap_or(0);
        self.back.saturating_mul(position)
    }
}
