//! Outlier detection as in gRPC: success rates and failure percentages.
//!
//! Source: gRFC A50 (outlier_detection LB policy); percentages are whole numbers and the factor counts thousandths, as there.

use super::due_sweep;
use super::statistics::{Bucket, least_rate};
use super::{Ejector, TriedAt};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::Luck;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Ejects replicas, at sweeps only, whose success rate is far below that of the others, or that fail too often. A statistic that is not
/// written does not run. Remembers 40 bytes per replica and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grpc {
    /// The time between sweeps; 10 s unless said.
    pub interval: SimDuration,
    /// How long the first ejection lasts; 30 s unless said.
    pub base_ejection_time: SimDuration,
    /// No ejection lasts longer, unless the base does; 300 s unless said.
    pub max_ejection_time: SimDuration,
    /// From this percentage on no further replica is ejected; 10 unless said. One may always go, unless it is 0.
    pub max_ejection_percent: u32,
    /// Compares success rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_rate_ejection: Option<SuccessRate>,
    /// Looks at failure percentages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_percentage_ejection: Option<FailurePercentage>,
}

/// Ejection by success rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SuccessRate {
    /// Ejects below the mean less so many thousandths of the standard deviation; 1900 unless said.
    pub stdev_factor: u32,
    /// The percentage of detections that eject; 100 unless said.
    pub enforcement_percentage: u32,
    /// Runs only if at least so many replicas have enough tries; 5 unless said.
    pub minimum_hosts: u32,
    /// How many tries in an interval are enough; 100 unless said.
    pub request_volume: u32,
}

/// Ejection by failure percentage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailurePercentage {
    /// Ejects above this percentage of failures; 85 unless said.
    pub threshold: u32,
    /// The percentage of detections that eject; 100 unless said.
    pub enforcement_percentage: u32,
    /// Runs only if at least so many replicas have enough tries; 5 unless said.
    pub minimum_hosts: u32,
    /// How many tries in an interval are enough; 50 unless said.
    pub request_volume: u32,
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: SimDuration::from_secs(300),
            max_ejection_percent: 10,
            success_rate_ejection: None,
            failure_percentage_ejection: None,
        }
    }
}

impl Default for SuccessRate {
    fn default() -> Self {
        Self { stdev_factor: 1900, enforcement_percentage: 100, minimum_hosts: 5, request_volume: 100 }
    }
}

impl Default for FailurePercentage {
    fn default() -> Self {
        Self { threshold: 85, enforcement_percentage: 100, minimum_hosts: 5, request_volume: 50 }
    }
}

impl Registered for Grpc {
    const NAME: &'static str = "Grpc";
    const SUMMARY: &'static str = "ejects replicas at sweeps, by success rates and failure percentages";
}

impl Explained for Grpc {
    const ABOUT: About = About {
        meaning: "Watches every replica by the calls themselves; whom to leave alone is decided at sweeps only, so that a replica that \
                  begins to fail is found within an interval, and an ejection of 30 s lasts 40 s with sweeps every 10 s.",
        formula: "Sweep: counts of the last interval are taken; success rate (if written): with at least minimum_hosts of request_volume or more, \
                  ejected ones too, rate < mean - stdev * stdev_factor / 1000; failure percentage (if written): likewise, percentage > \
                  threshold; before each ejection: stop when ejected % >= max_ejection_percent. Then multiplier - 1 for those that are in, and \
                  return when now > ejected + min(base * multiplier, max(base, max)), strictly. Everything but a success is a failure, what was given \
                  up as well; what the caller's own breaker or limit stopped does not count. One draw per replica found bad.",
        parameters: &[
            parameter("interval", "duration", "10s", "the time between sweeps"),
            parameter("base_ejection_time", "duration", "30s", "how long the first ejection lasts"),
            parameter("max_ejection_time", "duration", "300s", "no ejection lasts longer, unless the base does"),
            parameter("max_ejection_percent", "percent, a number", "10", "from here on no further one is ejected"),
            parameter(
                "success_rate_ejection",
                "(stdev_factor: 1900, enforcement_percentage: 100, minimum_hosts: 5, request_volume: 100)",
                "not run",
                "compares success rates",
            ),
            parameter(
                "failure_percentage_ejection",
                "(threshold: 85, enforcement_percentage: 100, minimum_hosts: 5, request_volume: 50)",
                "not run",
                "looks at failure percentages",
            ),
        ],
        memory: "40 bytes per replica and scope, for the whole run.",
        source: "gRPC proposal A50 (2026-06)",
        example: "Balance(policy: RoundRobin(), outliers: Grpc(max_ejection_percent: 30, failure_percentage_ejection: (threshold: 50)))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    hosts: Vec<Host>,
    next_sweep: SimTime,
    /// How many random numbers were taken.
    drawn: u64,
}

/// What it remembers of one replica.
#[derive(Clone, Debug, Default)]
struct Host {
    counts: Bucket,
    multiplier: u32,
    ejected: Option<SimTime>,
}

impl Grpc {
    /// By how much the next ejection of a replica is longer than the base, less one.
    pub fn multiplier(memory: &Memory, replica: u32) -> u32 {
        memory.hosts[replica as usize].multiplier
    }

    fn sweep(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        let counts: Vec<Bucket> = memory.hosts.iter_mut().map(|host| std::mem::take(&mut host.counts)).collect();
        if let Some(rule) = &self.success_rate_ejection {
            let rated = judged(&counts, rule.request_volume);
            if !rated.is_empty() && rated.len() >= rule.minimum_hosts as usize {
                let rates: Vec<f64> = rated.iter().map(|(_, bucket)| rate(bucket)).collect();
                let least = least_rate(&rates, rule.stdev_factor);
                let bad = rated.iter().filter(|(_, bucket)| rate(bucket) < least).map(|(replica, _)| *replica);
                self.eject(memory, bad, rule.enforcement_percentage, luck, now);
            }
        }
        if let Some(rule) = &self.failure_percentage_ejection {
            let counted = judged(&counts, rule.request_volume);
            if counted.len() >= rule.minimum_hosts as usize {
                let is_bad = |bucket: &Bucket| 100 * (bucket.all - bucket.successes) > u64::from(rule.threshold) * bucket.all;
                let bad = counted.iter().filter(|(_, bucket)| is_bad(bucket)).map(|(replica, _)| *replica);
                self.eject(memory, bad, rule.enforcement_percentage, luck, now);
            }
        }
        let longest = self.base_ejection_time.max(self.max_ejection_time);
        for host in &mut memory.hosts {
            let length = self.base_ejection_time.saturating_mul(u64::from(host.multiplier)).min(longest);
            match host.ejected {
                None => host.multiplier = host.multiplier.saturating_sub(1),
                Some(since) if now > since.saturating_add(length) => host.ejected = None,
                Some(_) => {}
            }
        }
    }

    /// Ejects those found bad, until too many are out.
    fn eject(&self, memory: &mut Memory, bad: impl Iterator<Item = usize>, enforcement: u32, luck: &Luck<'_>, now: SimTime) {
        for replica in bad {
            let ejected = memory.hosts.iter().filter(|host| host.ejected.is_some()).count() as u64;
            if 100 * ejected >= u64::from(self.max_ejection_percent) * memory.hosts.len() as u64 {
                return;
            }
            let roll = luck.nth(memory.drawn).index(100);
            memory.drawn += 1;
            let host = &mut memory.hosts[replica];
            if roll < u64::from(enforcement) && host.ejected.is_none() {
                host.ejected = Some(now);
                host.multiplier += 1;
            }
        }
    }
}

/// Those with enough tries.
fn judged(counts: &[Bucket], volume: u32) -> Vec<(usize, Bucket)> {
    let enough = |bucket: &Bucket| bucket.all > 0 && bucket.all >= u64::from(volume);
    counts.iter().copied().enumerate().filter(|(_, bucket)| enough(bucket)).collect()
}

fn rate(bucket: &Bucket) -> f64 {
    bucket.successes as f64 / bucket.all as f64
}

impl Ejector for Grpc {
    type Shared = Memory;

    fn fresh(&self, replicas: u32, now: SimTime) -> Memory {
        Memory { hosts: vec![Host::default(); replicas as usize], next_sweep: now.saturating_add(self.interval), drawn: 0 }
    }

    fn settle(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        while let Some(due) = due_sweep(&mut memory.next_sweep, self.interval, now, || {
            memory.hosts.iter().all(|host| host.ejected.is_none() && host.multiplier == 0 && host.counts.all == 0)
        }) {
            self.sweep(memory, luck, due);
        }
    }

    fn admits(&self, memory: &Memory, replica: u32, _now: SimTime) -> bool {
        memory.hosts[replica as usize].ejected.is_none()
    }

    fn ended(&self, memory: &mut Memory, tried: &TriedAt, _luck: &Luck<'_>, _now: SimTime) {
        if !matches!(tried.outcome, Some(Outcome::Failed(Failure::BreakerOpen | Failure::Limited))) {
            memory.hosts[tried.replica as usize].counts.count(tried.outcome.is_some_and(Outcome::is_success));
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.interval.is_zero() {
            complaints.push(complaint("interval", "there must be time between sweeps; write a time such as \"10s\""));
        }
        if self.base_ejection_time.is_zero() {
            complaints.push(complaint("base_ejection_time", "an ejection must last; write a time such as \"30s\""));
        }
        if self.success_rate_ejection.is_none() && self.failure_percentage_ejection.is_none() {
            complaints.push(complaint("", "nothing is ever ejected; write success_rate_ejection or failure_percentage_ejection"));
        }
        let percent = |field: &str, percent: u32| match percent {
            0..=100 => None,
            more => Some(complaint(field, format!("a percentage lies between 0 and 100, not at {more}"))),
        };
        complaints.extend(percent("max_ejection_percent", self.max_ejection_percent));
        if let Some(rule) = &self.success_rate_ejection {
            let wrong = percent("enforcement_percentage", rule.enforcement_percentage).into_iter().collect();
            complaints.extend(within("success_rate_ejection", wrong));
        }
        if let Some(rule) = &self.failure_percentage_ejection {
            let both = [percent("threshold", rule.threshold), percent("enforcement_percentage", rule.enforcement_percentage)];
            complaints.extend(within("failure_percentage_ejection", both.into_iter().flatten().collect()));
        }
        complaints
    }
}
