//! External: a formula from outside the workspace, by the name that the program which embeds Stormglass gave it.

use super::{Asks, Backoff, Wait};
use crate::registry::{Complaint, Registered};
use crate::strategies::{ExternalBackoff, Named, Vocabulary};
use serde::{Deserialize, Serialize};

/// A formula from outside, see [`ExternalBackoff`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct External(
    /// Which.
    pub Named<dyn ExternalBackoff>,
);

impl External {
    /// Finds the formula in a vocabulary.
    pub fn look_up(&mut self, vocabulary: &Vocabulary) {
        self.0.find(vocabulary);
    }
}

impl Registered for External {
    const NAME: &'static str = "External";
    const SUMMARY: &'static str = "a formula from outside, by the name that the program which embeds Stormglass gave it";
}

impl Backoff for External {
    type Call = [u64; 2];

    fn fresh(&self) -> [u64; 2] {
        [0; 2]
    }

    fn wait(&self, memory: &mut [u64; 2], asks: &Asks) -> Wait {
        self.0.wait(memory, asks)
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.check()
    }
}
