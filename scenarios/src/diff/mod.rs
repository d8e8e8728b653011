//! Where do two runs part?
//!
//! Two sources of events, runs that are made again or traces that are read again, are compared by the sums of fingerprints in
//! spans of time: the first span in which they differ is looked at more closely, until its events can be compared one by one. No
//! more is held than the sums and the events of one span, and the causes of those before it.

mod broken;
mod chains;
mod part;
mod source;

pub use broken::{Broken, Chain, Told, broken};
pub use chains::{Link, led_to};
pub use part::{Parting, Side, part};
pub use source::{FileSource, RunSource, Source, SourceError};
