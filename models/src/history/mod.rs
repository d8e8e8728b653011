//! What did clients ask of a group, when, and what were they told?
//!
//! An *operation* is what one attempt asks of an object: it is invoked at an instant, and then known to have been done, known to have had
//! no effect, or *unknown* for ever: whoever gave up waiting cannot say whether it was done, or whether it will still be. A *history* is all
//! operations of a run in the order in which they were invoked. Clients are those who call, and members of a group that are clients of
//! others, as those who want a lock are of the servers that lend it. No node knows it; properties (`properties/`) are judged by it when the run
//! is over, and it is recorded only if one of them, or whoever exports it, asks for it.

mod operation;
mod recorder;
mod told;

pub use operation::{Action, End, Operation};
pub use recorder::{History, MOST_OPERATIONS, Step};
pub(crate) use recorder::{Names, Recorder, Whose};
pub use told::told;
