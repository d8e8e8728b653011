//! After which failures does Envoy try again? The words of `retry_on`.
//!
//! Source: envoyproxy/envoy `router/retry_state_impl.cc`; Envoy's page "Router", `x-envoy-retry-on` and `x-envoy-retry-grpc-on`.

use crate::outcome::{Code, Failure};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The words of a `retry_on`, as written: `"5xx,connect-failure"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryOn(pub Vec<Condition>);

/// A word of `retry_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Any 5xx, or no answer at all.
    FiveXx,
    /// 502, 503 or 504, or no answer at all.
    GatewayError,
    /// No answer at all.
    Reset,
    /// The connection broke before the request was sent.
    ResetBeforeRequest,
    /// No connection came about.
    ConnectFailure,
    /// The stream was refused. Nothing here refuses streams alone.
    RefusedStream,
    /// 409.
    Retriable4xx,
    /// One of the listed codes.
    RetriableStatusCodes,
    /// A listed header of the response. Nothing here has headers.
    RetriableHeaders,
    /// The response says that a rate limit turned the request away.
    EnvoyRatelimited,
    /// gRPC status 1.
    Cancelled,
    /// gRPC status 4.
    DeadlineExceeded,
    /// gRPC status 13.
    Internal,
    /// gRPC status 8.
    ResourceExhausted,
    /// gRPC status 14.
    Unavailable,
}

impl Condition {
    /// Every word.
    pub const ALL: [(&'static str, Self); 15] = [
        ("5xx", Self::FiveXx),
        ("gateway-error", Self::GatewayError),
        ("reset", Self::Reset),
        ("reset-before-request", Self::ResetBeforeRequest),
        ("connect-failure", Self::ConnectFailure),
        ("refused-stream", Self::RefusedStream),
        ("retriable-4xx", Self::Retriable4xx),
        ("retriable-status-codes", Self::RetriableStatusCodes),
        ("retriable-headers", Self::RetriableHeaders),
        ("envoy-ratelimited", Self::EnvoyRatelimited),
        ("cancelled", Self::Cancelled),
        ("deadline-exceeded", Self::DeadlineExceeded),
        ("internal", Self::Internal),
        ("resource-exhausted", Self::ResourceExhausted),
        ("unavailable", Self::Unavailable),
    ];

    /// The word as Envoy reads it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, condition)| *condition == self).map_or("", |(word, _)| word)
    }

    /// Whether a failure is one that this word means; `codes` are the listed statuses.
    pub fn holds(self, failure: Failure, codes: &[u16]) -> bool {
        let is_unanswered = matches!(failure, Failure::Timeout | Failure::Refused | Failure::Reset);
        let status = failure.status();
        let says = |code: Code| status.is_some() && failure.code() == code;
        match self {
            Self::FiveXx => is_unanswered || status.is_some_and(|status| status >= 500),
            Self::GatewayError => is_unanswered || status.is_some_and(|status| (502..=504).contains(&status)),
            Self::Reset => is_unanswered,
            Self::ResetBeforeRequest | Self::ConnectFailure => failure == Failure::Refused,
            Self::RefusedStream | Self::RetriableHeaders | Self::EnvoyRatelimited => false,
            Self::Retriable4xx => status == Some(409),
            Self::RetriableStatusCodes => status.is_some_and(|status| codes.contains(&status)),
            Self::Cancelled => says(Code::Cancelled),
            Self::DeadlineExceeded => says(Code::DeadlineExceeded),
            Self::Internal => says(Code::Internal),
            Self::ResourceExhausted => says(Code::ResourceExhausted),
            Self::Unavailable => says(Code::Unavailable),
        }
    }
}

impl RetryOn {
    /// Whether a failure is retried. What the caller itself turned back, and what the time of the whole call ended, never is; a
    /// rate-limited response is decided by `envoy-ratelimited` alone.
    pub fn holds(&self, failure: Failure, is_rate_limited: bool, codes: &[u16]) -> bool {
        if is_rate_limited {
            return self.0.contains(&Condition::EnvoyRatelimited);
        }
        match failure {
            Failure::Deadline | Failure::BreakerOpen | Failure::Limited => false,
            _ => self.0.iter().any(|condition| condition.holds(failure, codes)),
        }
    }
}

impl Serialize for RetryOn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.iter().map(|condition| condition.word()).collect::<Vec<_>>().join(","))
    }
}

impl<'de> Deserialize<'de> for RetryOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = RetryOn;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words of Envoy's retry_on with commas between them, such as \"5xx,connect-failure\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RetryOn, E> {
                text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(read).collect::<Result<_, _>>().map(RetryOn)
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

fn read<E: de::Error>(word: &str) -> Result<Condition, E> {
    let known = Condition::ALL.iter().find(|(name, _)| *name == word).map(|&(_, condition)| condition);
    known.ok_or_else(|| {
        let names: Vec<_> = Condition::ALL.iter().map(|(name, _)| *name).collect();
        E::custom(format!("{word:?} is no word of Envoy's retry_on; there is {}", names.join(", ")))
    })
}
