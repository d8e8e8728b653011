//! What does a member of a replicated register remember?

use super::message::Version;
use super::work::Work;
use crate::protocols::Held;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// What a member remembers.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// The newest version of every key that it knows, on its disk.
    pub(super) store: BTreeMap<u32, Version>,
    /// What it keeps for replicas that did not answer, by replica and key, on its disk.
    pub(super) hints: BTreeMap<(u32, u32), Version>,
    /// Operations that it coordinates, in the order in which they began.
    pub(super) works: BTreeMap<u64, Coordinated>,
    /// Writes that it coordinates and makes no hints for yet, and when they began.
    pub(super) unhinted: VecDeque<(u64, SimTime)>,
    /// How many it has ever coordinated; on its disk, so that answers to an earlier life are not taken for those to a later one.
    pub(super) begun: u64,
    /// Comparisons with others so far.
    pub(super) compared: u32,
}

/// An operation that a member coordinates.
#[derive(Clone, Debug)]
pub(super) struct Coordinated {
    pub(super) work: Work,
    /// Whoever wants it, until answered.
    pub(super) caller: Option<Held>,
    /// When it began, by the member's clock.
    pub(super) since: SimTime,
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Its patience with the oldest of the operations that it coordinates is over.
    Overdue,
    /// Time to make hints for replicas that have not answered the oldest write.
    Hint,
    /// Time to offer hints to whom they are for.
    Offer,
    /// Time to compare what it has with another member.
    Compare,
}

impl Member {
    /// What it has of a key.
    pub(super) fn version(&self, key: u32) -> Version {
        self.store.get(&key).copied().unwrap_or(Version::NOTHING)
    }

    /// Keeps a version unless it has something newer; answers whether it discarded what it was told because of that.
    pub(super) fn keep(&mut self, key: u32, version: Version) -> bool {
        let known = self.store.entry(key).or_insert(Version::NOTHING);
        let is_discarded = version < *known;
        *known = version.max(*known);
        is_discarded
    }
}
