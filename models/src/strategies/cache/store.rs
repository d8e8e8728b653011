//! Which objects are kept when there is room for a few?
//!
//! Own definition: the one that was not used for longest goes.

use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Objects that are kept, by least recent use.
#[derive(Clone, Debug)]
pub struct Store {
    most: usize,
    kept: BTreeMap<u64, Kept>,
    /// Objects by their last use.
    by_use: BTreeMap<u64, u64>,
    /// How many uses there were.
    uses: u64,
}

/// What is known of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// When its answer came.
    pub since: SimTime,
    /// Whether somebody fetches it anew.
    pub is_refreshing: bool,
    used: u64,
}

impl Store {
    pub(super) fn new(most: u32) -> Self {
        Self { most: most as usize, kept: BTreeMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// How many objects are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Forgets everything: a restart.
    pub fn clear(&mut self) {
        *self = Self { most: self.most, kept: BTreeMap::new(), by_use: BTreeMap::new(), uses: 0 };
    }

    /// Forgets an object, if it is kept.
    pub fn forget(&mut self, object: u64) {
        if let Some(kept) = self.kept.remove(&object) {
            self.by_use.remove(&kept.used);
        }
    }

    /// Uses an object, if it is kept.
    pub(super) fn touch(&mut self, object: u64) -> Option<&mut Kept> {
        let kept = self.kept.get_mut(&object)?;
        self.by_use.remove(&kept.used);
        self.uses += 1;
        kept.used = self.uses;
        self.by_use.insert(self.uses, object);
        Some(kept)
    }

    /// Keeps the answer that came now; if there is no room, the object that was not used for longest goes.
    pub(super) fn keep(&mut self, object: u64, now: SimTime) {
        if let Some(kept) = self.touch(object) {
            (kept.since, kept.is_refreshing) = (now, false);
            return;
        }
        if self.kept.len() >= self.most
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.kept.remove(&oldest);
        }
        self.uses += 1;
        self.kept.insert(object, Kept { since: now, is_refreshing: false, used: self.uses });
        self.by_use.insert(self.uses, object);
    }
}
