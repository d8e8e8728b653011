//! What did clients ask of a group, when, and what were they told?
//!
//! An *operation* is what a call asks of an object: it is invoked at an instant, and then known to have been done, known to have had
//! no effect, or *unknown* for ever: whoever gave up waiting cannot say whether it was done, or whether it will still be. Attempts of a call
//! that ask for the same are one operation, from the first of them to the first answer, so that what is done once for each attempt is seen to
//! be done more than once; where a retry asks for something else, such as a write of a new value, and where it reads, it is an operation of its own. A *history* is all
//! operations of a run in the order in which they were invoked. Clients are those who call, and members of a group that are clients of
//! others, as those who want a lock are of the servers that lend it. No node knows it; properties (`properties/`) are judged by it when the run
//! is over, and it is recorded only if one of them, or whoever exports it, asks for it.

mod operation;
mod recorder;
mod told;

pub use operation::{Action, End, Operation};
pub use recorder::{History, Step};
pub(crate) use recorder::{Names, Recorder, Whose};
pub use told::told;
