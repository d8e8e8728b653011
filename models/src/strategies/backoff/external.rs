//! External: a formula from outside the workspace, by the name that the program which embeds Stormglass gave it.

use super::{Asks, Backoff, Wait};
use crate::about::{About, Explained, parameter};
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

impl Explained for External {
    const ABOUT: About = About {
        meaning: "A formula that is not part of Stormglass: a program that embeds it writes the formula in Rust, gives it a name in a \
                  vocabulary, and reads scenarios with that (examples/custom_strategy.rs). The command line knows none.",
        formula: "Whatever the formula says; it has one draw for each wait.",
        parameters: &[
            parameter("name", "text", "required", "its name in the vocabulary"),
            parameter("with", "map of texts", "empty", "what it is made with"),
        ],
        memory: "16 bytes per call.",
        source: "the program that names it",
        example: "Retry(attempts: 4, backoff: External(name: \"Quadratic\", with: {\"step\": \"40ms\"}))",
    };
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
