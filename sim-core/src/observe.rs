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

    /// What the record that is reported next says, in words, if whoever reports it has any. They are no part of any fingerprint.
    fn says(&mut self, _words: &dyn fmt::Display) {}

    /// Something that follows from what is reported and is told for the sake of who looks: it is no part of any fingerprint.
    fn note(&mut self, at: SimTime, record: &R) {
        self.record(at, record);
    }

    /// Whether it wants to hear of events as well, to find out what caused what. Asked once whenever a simulation goes on:
    /// events are reported by a loop of its own, so that one that nobody follows costs nothing.
    fn follows(&self) -> bool {
        false
    }

    /// The event with this rank is handled next, as the how-manieth of its run, from 1. Only who follows is told.
    fn begins(&mut self, _number: u64, _at: SimTime, _rank: u64) {}

    /// The event with this rank was scheduled for this instant while the present one was being handled, after the record
    /// that was reported last. Only who follows is told.
    fn scheduled(&mut self, _at: SimTime, _rank: u64) {}
}

impl<R, F: FnMut(SimTime, &R)> Observer<R> for F {
    fn record(&mut self, at: SimTime, record: &R) {
        self(at, record);
    }
}
