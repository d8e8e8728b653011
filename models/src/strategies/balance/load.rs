//! How busy does a balancer believe the replicas to be?
//!
//! Own definition: a balancer counts the tries it has under way at each replica. With `stale` it looks at these numbers only
//! every so often, as one does that asks the replicas for them: between two looks everybody is sent to the replica that was
//! idle at the last one (M. Mitzenmacher, "How useful is old information?", 2000).

use sim_core::time::{SimDuration, SimTime};

/// Tries under way at each replica, as they are and as they are believed to be.
#[derive(Clone, Debug)]
pub(super) struct Load {
    active: Vec<u32>,
    /// The numbers at the last look, and when that was; empty if the balancer always looks.
    seen: Vec<u32>,
    looked: SimTime,
}

impl Load {
    pub fn idle(replicas: usize, stale: SimDuration) -> Self {
        let seen = if stale.is_zero() { Vec::new() } else { vec![0; replicas] };
        Self { active: vec![0; replicas], seen, looked: SimTime::ZERO }
    }

    /// Looks, if it is time to: at the multiples of `stale` since the start of the run.
    pub fn look(&mut self, stale: SimDuration, now: SimTime) {
        if stale.is_zero() {
            return;
        }
        let due = SimTime::from_nanos(now.as_nanos() / stale.as_nanos() * stale.as_nanos());
        if due > self.looked {
            self.looked = due;
            self.seen.copy_from_slice(&self.active);
        }
    }

    /// How many tries are believed to be under way at a replica.
    pub fn at(&self, replica: u32) -> u32 {
        if self.seen.is_empty() { self.active[replica as usize] } else { self.seen[replica as usize] }
    }

    /// How many are under way at all.
    pub fn total(&self) -> u64 {
        self.active.iter().map(|active| u64::from(*active)).sum()
    }

    /// A try was sent. What was due to be looked at before is looked at first.
    pub fn sent(&mut self, replica: u32, stale: SimDuration, now: SimTime) {
        self.look(stale, now);
        self.active[replica as usize] += 1;
    }

    /// A try ended. What was due to be looked at before is looked at first.
    pub fn ended(&mut self, replica: u32, stale: SimDuration, now: SimTime) {
        self.look(stale, now);
        let active = &mut self.active[replica as usize];
        *active = active.saturating_sub(1);
    }
}
