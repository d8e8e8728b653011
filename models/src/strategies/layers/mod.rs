//! Which layers can a stack be made of? One file per layer.
//!
//! A layer joins a family of strategies (backoffs, breakers, balancers, ...) to the events of a call. What is the product's is in
//! the family's folder; what is the engine's (flights, tickets, timers) is here.

mod aws_retry;
mod balance;
mod breaker;
mod bulkhead;
mod cache;
mod coalesce;
mod concurrency_limit;
mod deadline;
mod envoy_retry;
mod external;
mod fallback;
mod gate;
mod grpc_retry;
mod hedge;
mod rate_limiter;
mod retry;
mod throttle;
mod timeout;

pub use balance::Balance;
pub use breaker::Breaker;
pub use bulkhead::Bulkhead;
pub use concurrency_limit::ConcurrencyLimit;
pub use deadline::Deadline;
pub use external::{External, ExternalBackoff, ExternalLayer, Named, Vocabulary, Words};
pub use fallback::{Fallback, Makeshift};
pub use hedge::Hedge;
pub use rate_limiter::RateLimiter;
pub use retry::{Attempts, Retry};
pub use throttle::Throttle;
pub use timeout::Timeout;
