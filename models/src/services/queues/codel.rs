//! CoDel: drop more and more often while everybody waits too long.
//!
//! Source: K. Nichols, V. Jacobson, A. McGregor, J. Iyengar, RFC 8289, 2018 (read second-hand), with requests for packets.

use super::{Discipline, Item, LIMIT, REJECTS, Verdict, WhenFull};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// First in, first out; when every request has waited for `target` or longer through a whole `interval`, requests are dropped as
/// their turn comes, more and more often. Remembers 40 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoDel {
    /// How long a request may wait in a queue that does not stand.
    pub target: SimDuration,
    /// For how long every request has to wait longer before one is dropped.
    pub interval: SimDuration,
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; a newcomer is refused unless said.
    #[serde(skip_serializing_if = "super::is_default")]
    pub when_full: WhenFull,
}

/// How far it has come with dropping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// When a whole interval will have passed above the target, if requests wait longer just now.
    first_above: Option<SimTime>,
    /// When the next one is dropped, or would have been.
    drop_next: SimTime,
    /// How many have been dropped since it began to drop.
    count: u64,
    last_count: u64,
    is_dropping: bool,
    /// What was dropped just now, so that this is the next one of the same turn.
    after: After,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum After {
    #[default]
    Nothing,
    /// It began to drop with this turn: the next one is served, however long it has waited.
    First,
    /// It goes on dropping.
    Further,
}

impl Default for CoDel {
    fn default() -> Self {
        let (target, interval) = (SimDuration::from_millis(5), SimDuration::from_millis(100));
        Self { target, interval, limit: None, when_full: WhenFull::Reject }
    }
}

impl Registered for CoDel {
    const NAME: &'static str = "CoDel";
    const SUMMARY: &'static str = "first in, first out, and drops more and more often while everybody waits too long";
}

impl Explained for CoDel {
    const ABOUT: About = About {
        meaning: "Controlled delay: a queue that drains within an interval is left alone, however long it is; of one that stands requests are dropped \
                  as their turn comes, at growing frequency, until the wait is back under the target. Made for senders that slow down when something is \
                  lost; for callers that do not, it needs a limit beside it.",
        formula: "As a request leaves the queue: waited < target, or nobody left behind it: below. The first one above sets first_above = now + \
                  interval; droppable from then on. Not dropping and droppable: it is dropped, the next is served, count = count - last_count if \
                  that is > 1 and now - drop_next < 16 * interval, else 1; last_count = count; drop_next = now + interval / sqrt(count). Dropping: \
                  not droppable stops it; while now >= drop_next: dropped, count + 1, and if the next is droppable drop_next += interval / \
                  sqrt(count), else it stops. An empty queue clears first_above. What was begun and background work pass unseen. No draws.",
        parameters: &[
            parameter("target", "duration", "5ms", "how long a request may wait in a queue that does not stand"),
            parameter("interval", "duration, above 0", "100ms", "for how long all wait longer before one is dropped"),
            LIMIT,
            REJECTS,
        ],
        memory: "120 bytes per request that waits, and 56.",
        source: "RFC 8289, 2018 (second-hand)",
        example: "CoDel(target: \"5ms\", interval: \"100ms\", limit: 500)",
    };
}

impl CoDel {
    /// How long after a drop the next one follows, when so many have been dropped.
    pub fn gap(&self, count: u64) -> SimDuration {
        // Far below 2^53 nanoseconds, and rounded to the nearest.
        SimDuration::from_nanos((self.interval.as_nanos() as f64 / (count.max(1) as f64).sqrt() + 0.5) as u64)
    }

    fn is_droppable(&self, drops: &mut Drops, item: &Item, left: usize, now: SimTime) -> bool {
        if now.saturating_since(item.entered) < self.target || left == 0 {
            drops.first_above = None;
            return false;
        }
        now >= *drops.first_above.get_or_insert(now.saturating_add(self.interval))
    }

    fn begin_to_drop(&self, drops: &mut Drops, now: SimTime) {
        let delta = drops.count - drops.last_count;
        let is_recent = now.saturating_since(drops.drop_next) < self.interval.saturating_mul(16);
        drops.count = if delta > 1 && is_recent { delta } else { 1 };
        drops.last_count = drops.count;
        drops.drop_next = now.saturating_add(self.gap(drops.count));
        drops.is_dropping = true;
    }
}

impl Discipline for CoDel {
    type Memory = Drops;

    fn judge(&self, drops: &mut Drops, (_, item): (u64, &Item), left: usize, now: SimTime) -> Verdict {
        let after = std::mem::take(&mut drops.after);
        if !item.may_be_shed() {
            return Verdict::Served;
        }
        let is_droppable = self.is_droppable(drops, item, left, now);
        if after == After::First {
            return Verdict::Served;
        }
        if !drops.is_dropping {
            if !is_droppable {
                return Verdict::Served;
            }
            self.begin_to_drop(drops, now);
            drops.after = After::First;
            return Verdict::Dropped;
        }
        if !is_droppable {
            drops.is_dropping = false;
            return Verdict::Served;
        }
        if after == After::Further {
            drops.drop_next = drops.drop_next.saturating_add(self.gap(drops.count));
        }
        if now < drops.drop_next {
            return Verdict::Served;
        }
        drops.count += 1;
        drops.after = After::Further;
        Verdict::Dropped
    }

    fn emptied(&self, drops: &mut Drops, _now: SimTime) {
        drops.first_above = None;
        // Nobody was left to be taken in the place of the one that was dropped last.
        if std::mem::take(&mut drops.after) == After::Further {
            drops.is_dropping = false;
        }
    }

    super::room!();

    fn mistakes(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.interval.is_zero() || self.interval > SimDuration::from_secs(3_600) {
            complaints.push(complaint("interval", format!("an interval is above 0 and at most 1h, not {}", self.interval)));
        }
        complaints
    }
}
