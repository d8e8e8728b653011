//! Why did a call, or a run, fare as it did?
//!
//! A run is told again, as often as needed: once to survey it ([`survey()`]: what is usual, which faults there were, how many attempts
//! callers made), and once to collect the few events that are about what is asked for ([`collect()`]): a call with everything that was done
//! for its sake, or the operations that show a violation; of a violation that no operation shows, what led to the [`moment()`] at which it was seen. [`times`] says where the time of a call went.
//! Of an expectation that one run breaks, [`shown()`] says which call or which moment shows that.

mod collect;
mod down;
mod drawn;
mod moment;
mod named;
mod promise;
mod select;
mod storm;
mod story;
mod survey;
pub mod times;
mod turning;
mod users;
mod usual;

pub use collect::{Collected, MOST_COLLECTED, collect};
pub use drawn::drawn;
pub use moment::{Causes, HeardBefore, Moment, Showed, lately, moment, showed_at};
pub use named::{Named, named};
pub use promise::{Shown, Shows, shown};
pub use select::{Subject, select};
pub use storm::{Course, EdgeLoad, Storm};
pub use story::{AttemptStory, CallStory, edge_of, stories};
pub use survey::{FaultSpan, Survey, survey};
pub use usual::{Lengths, Usual};
