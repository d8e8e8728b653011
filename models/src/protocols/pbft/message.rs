//! What do replicas and callers say to each other?

use crate::protocols::told::{Beginning, Several, Wanted};
use sim_core::draw::{Draw, mix};
use std::collections::BTreeMap;
use std::fmt;

/// What a caller wants: to write a value to a key, or to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The name of the caller's attempt.
    pub id: u64,
    /// The key.
    pub key: u32,
    /// What is written, if it writes.
    pub write: Option<u64>,
}

/// What is to be done at a place in the order: nothing, where a view change found a gap.
pub type Proposal = Option<Request>;

/// A view and a place in the order.
pub type At = (u64, u64);

/// What a replica takes along to another view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its last checkpoint that a quorum has.
    pub stable: u64,
    /// By place: what a quorum has heard there, and in which view.
    pub prepared: BTreeMap<u64, (u64, Proposal)>,
}

/// What a replica has done up to a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Up to which place.
    pub at: u64,
    /// The values of the keys that have one.
    pub store: BTreeMap<u32, u64>,
    /// The last requests that were done, the latest last, and what was answered.
    pub done: Vec<(u64, u64)>,
}

impl Snapshot {
    /// A number that differs if anything differs.
    pub fn digest(&self) -> u64 {
        let store = self.store.iter().flat_map(|(&key, &value)| [u64::from(key), value]);
        let done = self.done.iter().flat_map(|&(id, answer)| [id, answer]);
        store.chain(done).fold(self.at, |hash, word| mix(hash ^ word).rotate_left(1))
    }
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller wants something done.
    Request(Request),
    /// It was done, with this answer.
    Reply(u64, u64),
    /// The primary of a view proposes.
    PrePrepare(At, Proposal),
    /// A replica has heard that.
    Prepare(At, Proposal),
    /// It knows that a quorum has.
    Commit(At, Proposal),
    /// It has done everything up to there, with this digest.
    Checkpoint(u64, u64),
    /// It wants another view.
    ViewChange(u64, Change),
    /// The primary of that has heard it from a quorum.
    NewView(u64, Vec<(u32, Change)>),
    /// A replica lacks what was done up to a checkpoint, and has only come so far.
    Fetch(u64),
    /// That is this.
    State(Box<Snapshot>),
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}: {}", Beginning(self.id), Wanted(self.key, self.write))
    }
}

/// What is proposed for a place in a view.
struct Placed<'m>(&'m At, &'m Proposal);

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self((view, place), proposal) = self;
        match proposal {
            Some(request) => write!(f, "view {view}, place {place} is {request}"),
            None => write!(f, "view {view}, place {place} stays empty"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint {}, prepared places {}", self.stable, Several(self.prepared.keys()))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => write!(f, "{request}"),
            Self::Reply(id, answer) => write!(f, "request {} is done: {}", Beginning(*id), Beginning(*answer)),
            Self::PrePrepare(at, proposal) => write!(f, "{}", Placed(at, proposal)),
            Self::Prepare(at, proposal) => write!(f, "has heard: {}", Placed(at, proposal)),
            Self::Commit(at, proposal) => write!(f, "a quorum has heard: {}", Placed(at, proposal)),
            Self::Checkpoint(place, digest) => write!(f, "has done everything up to place {place}, digest {}", Beginning(*digest)),
            Self::ViewChange(view, change) => write!(f, "wants view {view}, with {change}"),
            Self::NewView(view, changes) => {
                write!(f, "view {view} begins, as members {} want", Several(changes.iter().map(|(member, _)| member)))
            }
            Self::Fetch(place) => write!(f, "lacks what was done after place {place}"),
            Self::State(state) => write!(f, "everything done up to place {}", state.at),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["pre_prepare", "prepare", "commit", "checkpoint", "view_change", "new_view", "fetch", "state"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Reply(..) => "reply",
            Self::PrePrepare(..) => "pre_prepare",
            Self::Prepare(..) => "prepare",
            Self::Commit(..) => "commit",
            Self::Checkpoint(..) => "checkpoint",
            Self::ViewChange(..) => "view_change",
            Self::NewView(..) => "new_view",
            Self::Fetch(_) => "fetch",
            Self::State(_) => "state",
        }
    }

    /// What a liar makes of it; nothing if it rather says nothing. Requests and certificates are signed by others, so that it can
    /// leave them out and cannot alter them. To each peer it tells one story: either the truth, or that there was no request.
    #[must_use]
    pub fn lie(self, draw: Draw) -> Option<Self> {
        let is_other_story = draw.index(2) == 0;
        Some(match self {
            Self::Reply(id, value) => Self::Reply(id, value ^ 1 << draw.index(64)),
            Self::PrePrepare(at, _) if is_other_story => Self::PrePrepare(at, None),
            Self::Prepare(at, _) if is_other_story => Self::Prepare(at, None),
            Self::Commit(at, _) if is_other_story => Self::Commit(at, None),
            Self::Checkpoint(at, digest) => Self::Checkpoint(at, digest ^ 1 << draw.index(64)),
            Self::ViewChange(view, change) => Self::ViewChange(view, Change { stable: change.stable, prepared: BTreeMap::new() }),
            Self::State(mut snapshot) => {
                snapshot.store.values_mut().for_each(|value| *value ^= 1 << draw.index(64));
                Self::State(snapshot)
            }
            Self::NewView(..) if is_other_story => return None,
            Self::Request(_) | Self::PrePrepare(..) | Self::Prepare(..) | Self::Commit(..) | Self::NewView(..) | Self::Fetch(_) => self,
        })
    }
}
