//! How does a run that went wrong travel to another machine, and is it there the same run to the last event?
//!
//! A repro file is one RON file that reads alone: the scenario in full with whatever files it names, the arm, the seed, the faults its storm
//! drew, fingerprints of the run at even distances, and what was wrong with it. The last line is a checksum of everything before it.
//!
//! | module | question |
//! | --- | --- |
//! | `recording` | what is written down of a run, so that another can be held against it? |
//! | `playback` | is a run the recorded one, and if not, where do they part? |
//! | `write` | how is the file written? |
//! | `read` | how is a file read that may be damaged, edited, from another version, or hostile? |
//! | `limits` | what is too much for a file from somewhere else? |
//! | `faults` | how are a storm's strikes put in its place in the text of a scenario? |

pub mod faults;
pub mod limits;
pub mod playback;
pub mod read;
pub mod recording;
pub mod write;

use crate::search::Failure;
use models::faults::PlannedFault;
use recording::Recording;
use std::collections::BTreeMap;

/// The version of the file's own form.
pub const FORM: u32 = 1;

pub use crate::trace::TRACE_FORMAT;

/// A run that can be repeated anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Repro {
    /// The version of the tool that made it.
    pub tool: String,
    /// See [`models::BEHAVIOUR_VERSION`].
    pub behaviour: u32,
    /// See [`TRACE_FORMAT`].
    pub trace: u32,
    /// The scenario as text: one RON value, comments included.
    pub scenario: String,
    /// Its first comment, which stands before that value.
    pub about: String,
    /// The files it names.
    pub data: BTreeMap<String, String>,
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// What its storm drew: nothing without one.
    pub drawn: Vec<PlannedFault>,
    /// What was wrong with the run.
    pub failures: Vec<Failure>,
    /// How it went.
    pub recording: Recording,
}

impl Repro {
    /// Why this version may make another run of it, if it may.
    pub fn other_version(&self) -> Option<String> {
        let mine = env!("CARGO_PKG_VERSION");
        let sentence = if self.behaviour != models::BEHAVIOUR_VERSION {
            format!(
                "it was made by Stormglass {} with behaviour version {}, and this is {mine} with behaviour version {}: the same scenario and seed \
                 may give another run",
                self.tool,
                self.behaviour,
                models::BEHAVIOUR_VERSION
            )
        } else if self.trace != TRACE_FORMAT {
            format!(
                "it was made by Stormglass {} with trace form {}, and this is {mine} with trace form {TRACE_FORMAT}",
                self.tool, self.trace
            )
        } else {
            return None;
        };
        Some(sentence)
    }
}
