//! What do holders, servers, the resource and callers say to each other?

use sim_core::draw::Draw;
use std::fmt;

/// What is said. A job is one try of a holder; later ones of the same holder have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller wants the resource changed.
    Do,
    /// It was changed, and this is what it holds then.
    Done(u64),
    /// Too many wait already.
    Refused,
    /// A holder wants the lock.
    Ask(u64),
    /// A server lends it, and has lent it so often.
    Grant(u64, u64),
    /// Somebody else has it.
    Denied(u64),
    /// This token was formed of what a majority granted.
    Stamp(u64, u64),
    /// The server will count on from there.
    Stamped(u64),
    /// A holder is done.
    Release(u64),
    /// Job and token of a holder that reads the resource.
    Read(u64, u64),
    /// The resource has changed so often, and holds this.
    Value(u64, u64, u64),
    /// Job and token of a holder that writes what it made of what it has read: of which version, and what it is.
    Write(u64, u64, u64, u64),
    /// It is written, and the resource has changed so often.
    Written(u64, u64),
    /// The token is lower than one that was seen.
    Fenced(u64),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do => f.write_str("change the resource"),
            Self::Done(content) => write!(f, "it holds {content} now"),
            Self::Refused => f.write_str("too many wait"),
            Self::Ask(job) => write!(f, "the lock for job {job}?"),
            Self::Grant(job, count) => write!(f, "the lock for job {job}, lending {count}"),
            Self::Denied(job) => write!(f, "not for job {job}: somebody has it"),
            Self::Stamp(job, token) => write!(f, "job {job} has token {token}"),
            Self::Stamped(job) => write!(f, "job {job}: counts on from there"),
            Self::Release(job) => write!(f, "job {job} is done with the lock"),
            Self::Read(job, token) => write!(f, "job {job} with token {token}"),
            Self::Value(job, version, _) => write!(f, "to job {job}: version {version}"),
            Self::Write(job, token, version, _) => write!(f, "job {job} with token {token}, made of version {version}"),
            Self::Written(job, version) => write!(f, "job {job}: it is version {version} now"),
            Self::Fenced(job) => write!(f, "job {job}: a higher token was here"),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["do", "done", "refused", "ask", "grant", "denied", "stamp", "stamped", "release", "read", "value", "write", "written", "fenced"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Do => "do",
            Self::Done(_) => "done",
            Self::Refused => "refused",
            Self::Ask(_) => "ask",
            Self::Grant(..) => "grant",
            Self::Denied(_) => "denied",
            Self::Stamp(..) => "stamp",
            Self::Stamped(_) => "stamped",
            Self::Release(_) => "release",
            Self::Read(..) => "read",
            Self::Value(..) => "value",
            Self::Write(..) => "write",
            Self::Written(..) => "written",
            Self::Fenced(_) => "fenced",
        }
    }

    /// What a liar makes of it: the opposite of a yes or no, and another number.
    pub fn lie(self, draw: Draw) -> Self {
        let another = |number: u64| number ^ 1 << draw.index(16);
        match self {
            Self::Done(count) => Self::Done(another(count)),
            Self::Refused => Self::Done(draw.index(1 << 16)),
            Self::Grant(job, _) => Self::Denied(job),
            Self::Denied(job) => Self::Grant(job, draw.index(1 << 16)),
            Self::Stamp(job, token) => Self::Stamp(job, another(token)),
            Self::Read(job, token) => Self::Read(job, another(token)),
            Self::Value(job, version, content) => Self::Value(job, another(version), content),
            Self::Write(job, token, version, content) => Self::Write(job, another(token), version, content),
            Self::Written(job, _) => Self::Fenced(job),
            Self::Fenced(job) => Self::Written(job, draw.index(1 << 16)),
            Self::Do | Self::Ask(_) | Self::Stamped(_) | Self::Release(_) => self,
        }
    }
}
