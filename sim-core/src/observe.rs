//! What of a run can be observed, and how is a run fingerprinted?
//!
//! A model reports *records*: things a bystander could see, each with its instant. The digest of a run is the wrapping
//! sum of a mix of every record, so that it depends on what happened and when, and not on the order in which the engine
//! found out; the kernel may change underneath without changing it.

use crate::draw::mix;
use crate::time::SimTime;
use std::fmt;

/// Something a bystander could see.
pub trait Record: Copy {
    /// A word that is equal for equal records and, in practice, different for different ones. It must not depend on
    /// slots, sequence numbers or anything else the engine is free to choose.
    fn fingerprint(&self) -> u64;
}

/// For models that report nothing.
impl Record for () {
    fn fingerprint(&self) -> u64 {
        0
    }
}

/// Fingerprint of all records of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// Adds a record seen at this instant.
    #[inline(always)]
    pub fn add(&mut self, at: SimTime, record: &impl Record) {
        // Two rounds: the instant alone must not cancel against a record of another instant.
        self.0 = self.0.wrapping_add(mix(record.fingerprint() ^ at.as_nanos().wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    }

    /// The digest with this number, as it was saved.
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// The fingerprint as a number.
    pub const fn value(self) -> u64 {
        self.0
    }
}

/// Prints as sixteen hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Somebody who is told of every record as it happens: a trace, a breakpoint, a test.
pub trait Observer<R> {
    /// A record was reported at this instant.
    fn record(&mut self, at: SimTime, record: &R);
}

impl<R, F: FnMut(SimTime, &R)> Observer<R> for F {
    fn record(&mut self, at: SimTime, record: &R) {
        self(at, record);
    }
}
