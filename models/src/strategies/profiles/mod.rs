//! In which order does a product decide whether to try again? The retry layers of products, one file per product.
//!
//! Each file has what a user of the product configures, under the product's names and with its defaults, and one function that is
//! told how an attempt ended and says what comes next. How long to wait is a formula of the product's own (`backoff`), and is
//! asked for only when the decision has fallen, so that a retry that is refused takes no draw.

mod aws;
mod envoy;
mod grpc;
mod retry_on;

pub use aws::{AwsRetry, AwsRetrying, Mode};
pub use envoy::{BackOff, Candidate, EnvoyRetry, EnvoyRetrying};
pub use grpc::{Fate, Flavour, GrpcEnded, GrpcRetry, GrpcRetrying};
pub use retry_on::{Condition, RetryOn};

use sim_core::time::SimDuration;

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The call ends with the outcome of the attempt.
    End,
    /// Another attempt, after this time.
    Retry {
        /// How long to wait.
        after: SimDuration,
    },
    /// Another attempt at once, which does not count as one: the callee never saw the last.
    RetryAtOnce,
}
