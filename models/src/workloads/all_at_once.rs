//! All at once: one-shot contention, every client calls at the start and never again.

use super::ArrivalProcess;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// Each client makes one call, all of them a nanosecond after the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllAtOnce {}

impl Registered for AllAtOnce {
    const NAME: &'static str = "AllAtOnce";
    const SUMMARY: &'static str = "one-shot contention: each client makes one call, all at the start";
}

impl AllAtOnce {
    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        ArrivalProcess::Once
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}
