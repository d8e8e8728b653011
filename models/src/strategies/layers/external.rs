//! How does a strategy from outside the workspace come in? Written against this file alone, and named in a [`Vocabulary`].
//!
//! A scenario writes `External(name: "...", with: {"base": "100ms"})`. The program that reads it hands over a vocabulary in which the
//! name stands for a function that makes the strategy out of the words in `with`. A strategy must be a function of what it
//! is given, and keeps what it remembers in words of 64 bits, so that a run can be forked and repeated.

use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::backoff::{Asks, Wait};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

/// What a scenario writes in `with`: values by their names.
pub type Words = BTreeMap<String, String>;

/// A formula for waits from outside.
pub trait ExternalBackoff: Debug + Send + Sync {
    /// The wait before a retry. `memory` belongs to the call; both words are 0 before its first retry.
    fn wait(&self, memory: &mut [u64; 2], asks: &Asks) -> Wait;
}

/// A layer from outside. Its memories are words, none at first.
pub trait ExternalLayer: Debug + Send + Sync {
    /// By whom `shared` is shared.
    fn scope(&self) -> Scope {
        Scope::Process
    }
    /// See [`Strategy::start`].
    fn start(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }
    /// See [`Strategy::inner_ended`].
    fn inner_ended(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, end: End, _moment: &mut Moment<'_>) -> Step {
        Step::End(end.outcome)
    }
    /// See [`Strategy::timer`].
    fn timer(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a layer that sets a timer says what is to happen when it is due")
    }
    /// See [`Strategy::given_up`].
    fn given_up(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, _moment: &mut Moment<'_>) {}
}

/// Makes a strategy of a scenario's words, or says what is wrong with them.
type Maker<T> = fn(&Words) -> Result<Arc<T>, Vec<Complaint>>;

/// The strategies from outside that a scenario may name.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    backoffs: BTreeMap<String, Maker<dyn ExternalBackoff>>,
    layers: BTreeMap<String, Maker<dyn ExternalLayer>>,
}

impl Vocabulary {
    /// With a backoff of this name.
    #[must_use]
    pub fn backoff(mut self, name: &str, make: Maker<dyn ExternalBackoff>) -> Self {
        self.backoffs.insert(name.to_owned(), make);
        self
    }

    /// With a layer of this name.
    #[must_use]
    pub fn layer(mut self, name: &str, make: Maker<dyn ExternalLayer>) -> Self {
        self.layers.insert(name.to_owned(), make);
        self
    }
}

/// What stands in a scenario for a strategy from outside: its name, its words, and, once it has been looked up, the strategy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named<T: ?Sized> {
    /// Its name in the vocabulary.
    pub name: String,
    /// What it is to be made with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: Words,
    /// The strategy, or why there is none.
    #[serde(skip, default = "not_looked_up")]
    made: Result<Arc<T>, Vec<Complaint>>,
}

fn not_looked_up<T: ?Sized>() -> Result<Arc<T>, Vec<Complaint>> {
    Err(vec![Complaint::unknown("name", "strategy from outside", "", [])])
}

impl<T: ?Sized> Clone for Named<T> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), with: self.with.clone(), made: self.made.clone() }
    }
}

impl<T: ?Sized> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.with == other.with
    }
}

impl<T: ?Sized> Named<T> {
    /// A strategy from code; the name is what results and hashes know it by.
    pub fn new(name: &str, strategy: Arc<T>) -> Self {
        Self { name: name.to_owned(), with: Words::new(), made: Ok(strategy) }
    }

    fn look_up(&mut self, noun: &str, makers: &BTreeMap<String, Maker<T>>) {
        self.made = match makers.get(&self.name) {
            Some(make) => make(&self.with).map_err(|complaints| complaints.into_iter().map(|one| one.inside("with")).collect()),
            None => Err(vec![Complaint::unknown("name", noun, &self.name, makers.keys().map(String::as_str))]),
        };
    }

    fn made(&self) -> &T {
        self.made.as_ref().expect("a checked strategy from outside has been looked up")
    }

    fn complaints(&self, noun: &str) -> Vec<Complaint> {
        match &self.made {
            Ok(_) => Vec::new(),
            Err(complaints) if complaints.iter().any(|one| one.unknown.as_ref().is_some_and(|(word, _)| word.is_empty())) => {
                vec![Complaint::unknown("name", noun, &self.name, [])]
            }
            Err(complaints) => complaints.clone(),
        }
    }
}

/// A layer from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct External(
    /// Which.
    pub Named<dyn ExternalLayer>,
);

impl External {
    pub(in crate::strategies) fn look_up(&mut self, vocabulary: &Vocabulary) {
        self.0.look_up("layer from outside", &vocabulary.layers);
    }
}

impl Registered for External {
    const NAME: &'static str = "External";
    const SUMMARY: &'static str = "a layer from outside, by the name that the program which embeds Stormglass gave it";
}

impl Explained for External {
    const ABOUT: About = About {
        meaning: "A layer that is written outside of Stormglass, in the program that embeds it, and known by a name in the vocabulary \
                  which that program hands over.",
        formula: "What the program says. A layer from outside must be a function of what it is told, so that runs can be repeated and \
                  forked.",
        parameters: &[
            parameter("name", "text", "required", "its name in the vocabulary"),
            parameter("with", "map from text to text", "empty", "what it is made with; which words it knows is its own matter"),
        ],
        memory: "As many words of 64 bits per call and per scope as it keeps.",
        source: "models::strategies::ExternalLayer.",
        example: "External(name: \"my-layer\", with: {\"limit\": \"10\"})",
    };
}

impl Strategy for External {
    type Flight = Vec<u64>;
    type Shared = Vec<u64>;

    fn scope(&self) -> Option<Scope> {
        // Asked of scenarios that are not sound as well.
        self.0.made.as_ref().ok().map(|layer| layer.scope())
    }

    fn flight(&self) -> Vec<u64> {
        Vec::new()
    }

    fn fresh(&self, _site: &Site<'_>) -> Vec<u64> {
        Vec::new()
    }

    fn start(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, moment: &mut Moment<'_>) -> Step {
        self.0.made().start(flight, shared, moment)
    }

    fn inner_ended(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, end: End, moment: &mut Moment<'_>) -> Step {
        self.0.made().inner_ended(flight, shared, end, moment)
    }

    fn timer(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, moment: &mut Moment<'_>) -> Step {
        self.0.made().timer(flight, shared, moment)
    }

    fn given_up(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, moment: &mut Moment<'_>) {
        self.0.made().given_up(flight, shared, moment);
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.complaints("layer from outside")
    }
}

/// Of a backoff from outside: what the file of the same name in `backoff` needs.
impl Named<dyn ExternalBackoff> {
    /// Looks the backoff up.
    pub(in crate::strategies) fn find(&mut self, vocabulary: &Vocabulary) {
        self.look_up("backoff from outside", &vocabulary.backoffs);
    }

    /// See [`ExternalBackoff::wait`].
    pub(in crate::strategies) fn wait(&self, memory: &mut [u64; 2], asks: &Asks) -> Wait {
        self.made().wait(memory, asks)
    }

    /// What is wrong with it.
    pub(in crate::strategies) fn check(&self) -> Vec<Complaint> {
        self.complaints("backoff from outside")
    }
}
