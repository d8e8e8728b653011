//! Is an answer that is kept still good?
//!
//! Source: RFC 9111, section 4.2 (freshness), RFC 5861 (stale-while-revalidate, stale-if-error).

use super::store::Store;
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// Answers calls about an object from memory, while the answer is fresh or may be stale; or, with a given hit ratio, so many of all calls.
/// Remembers up to `max_objects` objects per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How long an answer is fresh, above 0: an answer of exactly this age is not. Required without `hit_ratio`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime: SimDuration,
    /// So much longer it is served while it is fetched anew in the background; not at all unless said.
    #[serde(default)]
    pub stale_while_revalidate: SimDuration,
    /// So much longer than its lifetime it is served if the callee fails; not at all unless said.
    #[serde(default)]
    pub stale_if_error: SimDuration,
    /// The share of the calls that it answers when it is full, for those who do not know what their calls are about: in the place of
    /// `lifetime`, which it is then said to contain. See [`GivenRatio`](super::GivenRatio).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<Share>,
    /// How many objects are kept, 1 to 10,000,000; the one not used for longest goes. 10,000 unless said.
    #[serde(default = "ten_thousand")]
    pub max_objects: u32,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(length: &SimDuration) -> bool {
    length.is_zero()
}

const fn ten_thousand() -> u32 {
    10_000
}

const fn process() -> Scope {
    Scope::Process
}

impl Registered for Cache {
    const NAME: &'static str = "Cache";
    const SUMMARY: &'static str = "answers from memory while an answer is fresh, and a while longer if it may be stale";
}

impl Explained for Cache {
    const ABOUT: About = About {
        meaning: "Keeps the last answer about each object. Spares the callee what was asked before, and carries over an outage as far as stale answers \
                  are allowed; a cache that is lost or expires at once lets everything through at once.",
        formula: "age < lifetime: fresh, served. Else age <= lifetime + stale_while_revalidate: served, and fetched anew once in the background. Else \
                  the callee is called; if it fails and age <= lifetime + stale_if_error: served. Age is counted from when the answer came. \
                  Only successes are kept. A call of which the callee says that it writes is not answered, and what is kept of its object is \
                  forgotten when it ends, here and nowhere else. No draws. With hit_ratio: that share of the calls, retries as their first tries, is about one of \
                  max_objects objects, any of them alike, and the others about something nobody asked for before. The cache is full at \
                  first; one that was emptied, or whose process starts again, gets each object back when it is fetched. One draw per call.",
        parameters: &[
            parameter("lifetime", "duration", "required without hit_ratio", "how long an answer is fresh"),
            parameter("stale_while_revalidate", "duration", "0s", "how much longer it is served while it is fetched anew"),
            parameter("stale_if_error", "duration", "0s", "how much longer it is served if the callee fails"),
            parameter("hit_ratio", "share", "none", "how many of the calls a full cache answers, if it is to be given and not to emerge"),
            parameter("max_objects", "number, 1 to 10000000", "10000", "how many are kept; the one not used for longest goes"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "48 bytes per object and scope, at most max_objects of them, for the whole run; with hit_ratio none while it is full.",
        source: "RFC 9111, section 4.2; RFC 5861",
        example: "Cache(lifetime: \"10s\", stale_while_revalidate: \"5s\")",
    };
}

/// What a cache says about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Serve what is kept.
    Fresh,
    /// Serve what is kept; if `refresh`, also fetch it anew, which nobody else does yet.
    Stale {
        /// Whether the caller is the one to fetch it.
        refresh: bool,
    },
    /// Call the callee.
    Miss,
}

impl Cache {
    /// The memory of a scope at its first use.
    pub fn fresh(&self) -> Store {
        Store::new(self.max_objects)
    }

    /// A call about an object begins.
    pub fn look_up(&self, store: &mut Store, object: u64, now: SimTime) -> Freshness {
        let Some(kept) = store.touch(object) else { return Freshness::Miss };
        let age = now.saturating_since(kept.since);
        if age < self.lifetime {
            return Freshness::Fresh;
        }
        if age > self.lifetime.saturating_add(self.stale_while_revalidate) || self.stale_while_revalidate.is_zero() {
            return Freshness::Miss;
        }
        let refresh = !kept.is_refreshing;
        kept.is_refreshing = true;
        Freshness::Stale { refresh }
    }

    /// The callee answered a call about an object.
    pub fn answered(&self, store: &mut Store, object: u64, now: SimTime) {
        store.keep(object, now);
    }

    /// The callee failed, or was given up: whether what is kept may be served all the same. If it was fetched in the background, the next
    /// call may try again.
    pub fn failed(&self, store: &mut Store, object: u64, now: SimTime) -> bool {
        let Some(kept) = store.touch(object) else { return false };
        kept.is_refreshing = false;
        !self.stale_if_error.is_zero() && now.saturating_since(kept.since) <= self.lifetime.saturating_add(self.stale_if_error)
    }

    /// By whom it is shared.
    pub const fn scope(&self) -> Scope {
        self.per
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.lifetime.is_zero() && self.hit_ratio.is_none() {
            let sentence = "an answer that is never fresh need not be kept; write a time such as \"10s\", or the `hit_ratio` of the cache";
            complaints.push(complaint("lifetime", sentence));
        }
        if self.hit_ratio.is_some() {
            let times = [
                ("lifetime", self.lifetime),
                ("stale_while_revalidate", self.stale_while_revalidate),
                ("stale_if_error", self.stale_if_error),
            ];
            for (field, _) in times.into_iter().filter(|(_, time)| !time.is_zero()) {
                let sentence = format!("a given `hit_ratio` says how many answers are there, whatever their age; leave `{field}` out");
                complaints.push(complaint(field, sentence));
            }
        }
        if !(1..=10_000_000).contains(&self.max_objects) {
            complaints.push(complaint("max_objects", format!("a cache keeps 1 to 10000000 objects, not {}", self.max_objects)));
        }
        complaints
    }
}
