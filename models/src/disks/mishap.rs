//! Which of the records that reach the medium of a disk meet with a mishap?

use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Draws, Key, Seed};
use sim_core::units::Share;

/// Something that happens to a share of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mishap {
    /// To how many of them.
    pub share: Share,
    /// Tells one choice of records from another: of each strike, and of each node.
    pub choice: u64,
}

impl Mishap {
    /// The draws that decide about the `ordinal`-th record of a disk: whether it is struck, and then how.
    pub fn draws(&self, disk: Key, ordinal: u64, seed: &Seed) -> Draws {
        seed.draws(disk.child(self.choice).child(ordinal), 0)
    }

    /// How the `ordinal`-th record of a disk is struck, if it is: a draw that says more.
    pub fn strikes(&self, disk: Key, ordinal: u64, seed: &Seed) -> Option<Draw> {
        let draws = self.draws(disk, ordinal, seed);
        self.share.holds(draws.share()).then(|| draws.choice())
    }
}

/// What is on about a disk. Mishaps of one kind are independent of each other: each strikes its share of what the others leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mishaps {
    /// Records on the medium rot: those that are there when it begins, and those that reach it while it is on.
    pub rot: Vec<Mishap>,
    /// Writes are acknowledged and never reach the medium.
    pub lost: Vec<Mishap>,
    /// Writes reach the medium in another slot.
    pub misdirected: Vec<Mishap>,
}

impl Mishaps {
    /// Nothing is wrong.
    pub const NONE: Self = Self { rot: Vec::new(), lost: Vec::new(), misdirected: Vec::new() };

    /// How the first of these that strikes a record does so.
    pub(super) fn struck(of: &[Mishap], disk: Key, ordinal: u64, seed: &Seed) -> Option<Draw> {
        of.iter().find_map(|mishap| mishap.strikes(disk, ordinal, seed))
    }
}
