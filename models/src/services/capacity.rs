//! How do the workers of a server serve those who are in service at the same time?
//!
//! Usually each at full speed, whatever the others do. Sharing is egalitarian processor sharing (L. Kleinrock, "Time-shared Systems: A
//! theoretical treatment", 1967) on several cores. Congestion makes work longer the more is in service when it begins: by a fixed time for
//! each request (own definition, after M. Brooker's `simple_collapse_sim`), or by N. Gunther's universal scalability law ("Guerrilla
//! Capacity Planning", 2007).

use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim_core::time::SimDuration;
use std::fmt;

/// So many workers that nobody ever waits for one.
pub const UNLIMITED: u32 = u32::MAX;

/// How workers serve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Serves {
    /// Each at full speed.
    #[default]
    Alone,
    /// All who work at the same time share the cores of their node.
    Sharing(Sharing),
}

impl Serves {
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::Alone
    }
}

/// The cores of a node, shared by all who work there: each gets as much as any other, and at most one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// How many cores there are, 1 to 1,000,000. Who writes to the disk, or waits for a call, needs none.
    pub cores: u32,
}

/// By how much work grows with the number of requests that are in service when it begins, itself included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Congestion {
    /// By the same time for each of them.
    Linear(Linear),
    /// By the universal scalability law.
    Universal(Universal),
}

/// Work takes `adds` longer for each request in service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// For each, the one that begins included.
    pub adds: SimDuration,
}

/// Of C requests in service, work takes 1 + contention (C - 1) + coherency C (C - 1) times as long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Universal {
    /// Waiting for what only one can have at a time, 0 to 1000: the serial share of the work.
    pub contention: f64,
    /// Bringing what each has in line with what every other has, 0 to 1000; without it throughput has a limit, with it a peak.
    #[serde(default)]
    pub coherency: f64,
}

impl Congestion {
    /// How long this work takes if so many requests are in service, itself included.
    pub fn stretch(&self, work: SimDuration, in_service: u32) -> SimDuration {
        let count = u64::from(in_service.max(1));
        match self {
            Self::Linear(Linear { adds }) => work.saturating_add(SimDuration::from_nanos(adds.as_nanos().saturating_mul(count))),
            Self::Universal(Universal { contention, coherency }) => {
                let (all, others) = (count as f64, (count - 1) as f64);
                let factor = 1.0 + contention * others + coherency * all * others;
                // Casts of floats stop at the ends of what they are cast to.
                SimDuration::from_nanos((work.as_nanos() as f64 * factor + 0.5) as u64)
            }
        }
    }

    /// Everything wrong with the numbers as written.
    pub(super) fn check(&self) -> Vec<Complaint> {
        match self {
            Self::Linear(Linear { adds }) if adds.is_zero() => {
                vec![complaint("adds", "a congestion that adds nothing is none; leave it out")]
            }
            Self::Linear(_) => Vec::new(),
            Self::Universal(Universal { contention, coherency }) => [("contention", contention), ("coherency", coherency)]
                .into_iter()
                .filter(|(_, value)| !(0.0..=1000.0).contains(*value))
                .map(|(field, value)| complaint(field, format!("a coefficient lies within 0 and 1000, not {value}")))
                .collect(),
        }
    }
}

pub(super) fn check_workers(workers: u32) -> Option<Complaint> {
    let is_known = (1..=1_000_000).contains(&workers) || workers == UNLIMITED;
    (!is_known).then(|| complaint("workers", format!("a replica has 1 to 1000000 workers, or \"unlimited\", not {workers}")))
}

impl Serves {
    pub(super) fn check(&self) -> Option<Complaint> {
        let Self::Sharing(Sharing { cores }) = self else { return None };
        (!(1..=1_000_000).contains(cores)).then(|| complaint("cores", format!("a node has 1 to 1000000 cores, not {cores}")))
    }
}

/// Writes a number of workers, or that it is unlimited.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(super) fn write_workers<S: Serializer>(workers: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    if *workers == UNLIMITED { serializer.serialize_str("unlimited") } else { serializer.serialize_u32(*workers) }
}

/// Reads a number of workers, or that it is unlimited.
pub(super) fn read_workers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    struct Reader;
    impl de::Visitor<'_> for Reader {
        type Value = u32;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of workers such as 4, or \"unlimited\"")
        }
        fn visit_u64<E: de::Error>(self, workers: u64) -> Result<u32, E> {
            // What is too many stays too many, and is complained about where all numbers are.
            Ok(u32::try_from(workers).unwrap_or(UNLIMITED - 1).min(UNLIMITED - 1))
        }
        fn visit_i64<E: de::Error>(self, workers: i64) -> Result<u32, E> {
            u64::try_from(workers).map_err(|_| E::custom("a number of workers is not negative")).and_then(|n| self.visit_u64(n))
        }
        fn visit_str<E: de::Error>(self, word: &str) -> Result<u32, E> {
            if word == "unlimited" {
                return Ok(UNLIMITED);
            }
            Err(E::custom(format!("workers are a whole number such as 4, or \"unlimited\", not {word:?}")))
        }
    }
    deserializer.deserialize_any(Reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: SimDuration = SimDuration::from_millis(1);

    #[test]
    fn linear_congestion_adds_a_time_for_everyone_in_service() {
        let congestion = Congestion::Linear(Linear { adds: SimDuration::from_millis(10) });
        for (in_service, millis) in [(1, 1_010), (67, 1_670), (100, 2_000)] {
            assert_eq!(congestion.stretch(MS * 1_000, in_service), MS * millis);
        }
    }

    #[test]
    fn the_universal_law_is_that_of_its_formula_and_has_its_peak_where_gunther_says() {
        let (contention, coherency) = (0.02, 0.0005);
        let congestion = Congestion::Universal(Universal { contention, coherency });
        assert_eq!(congestion.stretch(MS, 1), MS);
        // 1 + 0.02 x 9 + 0.0005 x 90
        assert_eq!(congestion.stretch(MS, 10), SimDuration::from_nanos(1_225_000));
        // The throughput of C workers is C over the time of each; its peak is at sqrt((1 - contention) / coherency) = 44.3.
        let throughput = |count: u32| f64::from(count) / congestion.stretch(MS * 1_000_000, count).as_secs_f64();
        let peak = (1..200).max_by(|a, b| throughput(*a).total_cmp(&throughput(*b)));
        assert_eq!(peak, Some(44));
    }
}
