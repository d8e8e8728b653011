//! What became of the messages of one backlog? Counts, and the observations that a run leaves behind.

use crate::measure::{Fold, Observation, Spread, Unit};
use sim_core::time::SimDuration;

/// What became of messages. Whatever was stored is deleted, dead-lettered, expired, lost, waiting or in flight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Messages stored.
    pub stored: u64,
    /// Copies of stored messages that were acknowledged and not stored again.
    pub duplicates: u64,
    /// Messages refused because the backlog was full.
    pub refused: u64,
    /// Messages deleted because their consumer was done with them, or passed on.
    pub deleted: u64,
    /// Messages given up because they were handed out too often, or could not be passed on.
    pub dead_lettered: u64,
    /// Messages that were kept for too long.
    pub expired: u64,
    /// Messages that a crash took.
    pub lost: u64,
    /// How often a message was handed out.
    pub deliveries: u64,
    /// Messages that were handed out more than once.
    pub delivered_again: u64,
    /// Deletions of messages that had gone, or had been handed out again.
    pub stale: u64,
    /// What came of the work on messages.
    pub progress: Progress,
    /// Messages waiting, at the end.
    pub waiting: u64,
    /// Messages in flight, at the end.
    pub in_flight: u64,
}

/// What came of the work on messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages on which the work was done.
    pub completed: u64,
    /// How often it was done, or replayed by a consumer that knew it, for a message for which it had been done, or that had gone.
    pub completed_again: u64,
    /// How often it failed.
    pub failed: u64,
    /// From the production of messages to when the work on them was done for the first time, in all.
    pub latency: SimDuration,
    /// The greatest backlog at the end of a time bin, and the greatest age of its oldest message.
    pub most: (u64, SimDuration),
}

impl Progress {
    /// The work on a message was done, so long after its production.
    pub fn completed(&mut self, latency: SimDuration) {
        self.completed += 1;
        self.latency = self.latency.saturating_add(latency);
    }

    /// At the end of a time bin so many messages were kept, and the oldest was so old.
    pub fn bin_ended(&mut self, kept: u64, oldest: SimDuration) {
        self.most = (self.most.0.max(kept), self.most.1.max(oldest));
    }
}

impl Account {
    /// What is left at the end of a run, by the name of the backlog, with how long messages took to be done. Of some counts only those
    /// that are not 0.
    pub fn observations(&self, name: &str, completions: &Spread) -> Vec<Observation> {
        let made = |what: &str, fold: Fold, unit: Unit, value: i64| Observation { name: format!("{name}: {what}"), fold, unit, value };
        let counts = [
            ("messages stored", self.stored, true),
            ("copies of messages not stored", self.duplicates, false),
            ("messages refused", self.refused, false),
            ("messages deleted", self.deleted, true),
            ("messages dead-lettered", self.dead_lettered, true),
            ("messages expired", self.expired, false),
            ("messages lost", self.lost, true),
            ("messages waiting at the end", self.waiting, true),
            ("messages in flight at the end", self.in_flight, true),
            ("deliveries", self.deliveries, true),
            ("messages delivered more than once", self.delivered_again, true),
            ("deletions that came too late", self.stale, false),
            ("messages completed", self.progress.completed, false),
            ("completions of completed messages", self.progress.completed_again, false),
            ("deliveries that failed", self.progress.failed, false),
        ];
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let mut all: Vec<Observation> = counts
            .into_iter()
            .filter(|&(_, value, always)| value > 0 || always)
            .map(|(what, value, _)| made(what, Fold::Sum, Unit::Count, number(value)))
            .collect();
        if self.stored > 0 {
            all.push(made("backlog", Fold::Most, Unit::Count, number(self.progress.most.0)));
            all.push(made("age of the oldest message", Fold::Most, Unit::Time, number(self.progress.most.1.as_nanos())));
        }
        if self.progress.completed > 0 {
            all.push(made("time to completion", Fold::Sum, Unit::Time, number(self.progress.latency.as_nanos())));
        }
        all.extend(completions.observations(&format!("{name}: time to completion")));
        all
    }

    /// Whether whatever was stored is accounted for.
    pub const fn is_balanced(&self) -> bool {
        self.stored == self.deleted + self.dead_lettered + self.expired + self.lost + self.waiting + self.in_flight
    }
}
