//! Has somebody asked this before? Caches, coalescing and idempotency keys: what is remembered by object.

mod coalesce;
mod freshness;
mod given;
mod idempotency;
mod store;

pub use coalesce::{Coalesce, Flights, Joined};
pub use freshness::{Cache, Freshness};
pub use given::GivenRatio;
pub use idempotency::{Claim, IdempotencyKeys, Keeps, Kept, Keys};
pub use store::Store;
