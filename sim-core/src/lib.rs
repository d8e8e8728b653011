//! The kernel of Stormglass: virtual time, an event queue, keyed random draws, samplers, measures and statistics.
//!
//! This package knows no node, no link and no client. It reads no file, no clock and no environment, starts no thread
//! and prints nothing: the same calls give the same bits on every machine.

mod chacha8;
pub mod draw;
pub mod maths;
pub mod observe;
pub mod queue;
pub mod sample;
pub mod simulation;
pub mod stats;
pub mod time;
pub mod units;
