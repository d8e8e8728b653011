//! Which seed breaks a promise?
//!
//! | module | question |
//! | --- | --- |
//! | [`failure`] | what is wrong with one run, by itself? |
//! | [`coverage`] | which orders of events has nobody seen before? |
//! | [`plans`] | which storms are tried again with other luck, and how altered? |
//! | [`hunt`] | how are seeds tried, block by block, so that no thread and no clock decides what is found? |

pub mod coverage;
pub mod failure;
mod hunt;
pub mod plans;

pub use failure::{Failure, Judge};
pub use hunt::{Block, Found, Group, Hunt, HuntOptions, hunt};
