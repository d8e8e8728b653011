//! How can a call end?

use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

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
    /// Nobody listens at the callee, or it takes no more connections (a TCP reset on connecting).
    Refused,
    /// The callee worked on it, but something it depends on failed.
    Dependency,
    /// Somebody else was faster: an optimistic transaction found its row changed.
    Conflict,
    /// The connection to the callee was broken.
    Reset,
    /// The callee tried, and answered that it could not (HTTP 500, gRPC `INTERNAL`).
    ServerError,
    /// The callee answered at once that it has too much to do: its queue is full (HTTP 503, gRPC `UNAVAILABLE`).
    Overload,
    /// The callee answered at once that this caller asks too much (HTTP 429, gRPC `RESOURCE_EXHAUSTED`).
    Throttled,
    /// A circuit breaker of the caller let it not pass.
    BreakerOpen,
    /// A limit of the caller let it not pass: a bulkhead, a rate limiter, a concurrency limit, a throttle.
    Limited,
    /// The callee answered that the request itself is wrong (HTTP 400, gRPC `INVALID_ARGUMENT`): to ask again is no use.
    ClientError,
}

/// What a callee says, with a failure, about asking again: an HTTP `Retry-After`, or gRPC's `grpc-retry-pushback-ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hint {
    /// Not before this time has passed.
    After(SimDuration),
    /// Not at all.
    Never,
}

impl Failure {
    /// Every kind, in the order of all tables.
    pub const ALL: [Self; 12] = [
        Self::Timeout,
        Self::Deadline,
        Self::Refused,
        Self::Dependency,
        Self::Conflict,
        Self::Reset,
        Self::ServerError,
        Self::Overload,
        Self::Throttled,
        Self::BreakerOpen,
        Self::Limited,
        Self::ClientError,
    ];

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
            Self::Overload => "overload",
            Self::Throttled => "throttled",
            Self::BreakerOpen => "breaker open",
            Self::Limited => "limited",
            Self::ClientError => "client error",
        }
    }

    /// The HTTP status that tells of it, where an answer came; what a proxy makes of it where none did is the proxy's.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Dependency => Some(502),
            Self::Conflict => Some(409),
            Self::ServerError => Some(500),
            Self::Overload => Some(503),
            Self::Throttled => Some(429),
            Self::ClientError => Some(400),
            Self::Timeout | Self::Deadline | Self::Refused | Self::Reset | Self::BreakerOpen | Self::Limited => None,
        }
    }

    /// The gRPC status that a caller sees.
    pub const fn code(self) -> Code {
        match self {
            Self::Timeout | Self::Deadline => Code::DeadlineExceeded,
            Self::Refused | Self::Reset | Self::Overload | Self::BreakerOpen => Code::Unavailable,
            Self::Dependency => Code::Unknown,
            Self::Conflict => Code::Aborted,
            Self::ServerError => Code::Internal,
            Self::Throttled | Self::Limited => Code::ResourceExhausted,
            Self::ClientError => Code::InvalidArgument,
        }
    }

    /// Position in [`Failure::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A gRPC status other than `OK`, with its number in the protocol. Those that nothing here answers with can be named all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the protocol's own")]
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
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
