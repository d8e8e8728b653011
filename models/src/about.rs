//! What does a strategy say of itself to somebody who has never met it?

pub use crate::faults::{Parameter, parameter};
use crate::registry::Registered;

/// What `stormglass explain` prints about a strategy.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// What it does, and when to use it, in a few sentences.
    pub meaning: &'static str,
    /// The rule or formula, to the letter: with `>` or `>=`, what counts, and when a draw is made.
    pub formula: &'static str,
    /// Its own fields, in order.
    pub parameters: &'static [Parameter],
    /// What it remembers, for whom and for how long, and what that costs.
    pub memory: &'static str,
    /// Product, version and file, or paper: where the rule and its defaults were read.
    pub source: &'static str,
    /// One that can be written as it stands.
    pub example: &'static str,
}

/// What every strategy says of itself.
pub trait Explained: Registered {
    /// See [`About`].
    const ABOUT: About;
}
