//! How can a call end?

use serde::{Deserialize, Serialize};

/// The result of a call, an attempt or a flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was answered as wanted.
    #[default]
    Success,
    /// It was not.
    Failed(Failure),
}

/// Why something failed, as its caller can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Failure {
    /// No answer within the time of one attempt.
    Timeout,
    /// No answer within the time of the whole call.
    Deadline,
    /// The callee answered at once that it will not: a full queue, or nobody listening.
    Refused,
    /// The callee worked on it, but something it depends on failed.
    Dependency,
    /// Somebody else was faster: an optimistic transaction found its row changed.
    Conflict,
    /// The connection to the callee was broken.
    Reset,
    /// The callee tried, and answered that it could not (an HTTP 500 or 503).
    ServerError,
}

impl Failure {
    /// Every kind, in the order of all tables.
    pub const ALL: [Self; 7] =
        [Self::Timeout, Self::Deadline, Self::Refused, Self::Dependency, Self::Conflict, Self::Reset, Self::ServerError];

    /// The word in tables and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Deadline => "deadline",
            Self::Refused => "refused",
            Self::Dependency => "dependency",
            Self::Conflict => "conflict",
            Self::Reset => "reset",
            Self::ServerError => "server error",
        }
    }

    /// Position in [`Failure::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Outcome {
    /// Whether it was a success.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }

    /// The word in tables and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "ok",
            Self::Failed(failure) => failure.name(),
        }
    }
}
