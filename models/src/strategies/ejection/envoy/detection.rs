//! When does Envoy eject a replica, and when does it come back?

use super::super::statistics::{Bucket, least_rate};
use super::super::{Ejector, TriedAt, due_sweep};
use super::Envoy;
use crate::outcome::{Failure, Outcome};
use crate::registry::Complaint;
use crate::strategies::Luck;
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

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
    in_a_row_5xx: u32,
    in_a_row_gateway: u32,
    in_a_row_local: u32,
    /// Since the last sweep, of what it answered and of local origin.
    external: Bucket,
    local: Bucket,
    multiplier: u32,
    /// Since when it is out, and the jitter of that.
    ejected: Option<(SimTime, SimDuration)>,
    returned: Option<SimTime>,
}

impl Host {
    fn is_idle(&self) -> bool {
        self.ejected.is_none() && self.multiplier == 0 && self.external.all == 0 && self.local.all == 0
    }

    fn come_back(&mut self, now: SimTime) {
        self.ejected = None;
        self.returned = Some(now);
        (self.in_a_row_5xx, self.in_a_row_gateway, self.in_a_row_local) = (0, 0, 0);
    }
}

/// What an outcome is to it.
enum Seen {
    /// An answer with this status; 200 for a success.
    Answer(u16),
    /// The caller saw it go wrong: as a status, unless that is counted apart.
    Local(u16),
    /// It says nothing about the replica.
    Nothing,
}

fn seen(outcome: Option<Outcome>) -> Seen {
    match outcome {
        None | Some(Outcome::Failed(Failure::BreakerOpen | Failure::Limited)) => Seen::Nothing,
        Some(Outcome::Success) => Seen::Answer(200),
        Some(Outcome::Failed(Failure::Refused | Failure::Reset)) => Seen::Local(503),
        Some(Outcome::Failed(Failure::Timeout | Failure::Deadline)) => Seen::Local(504),
        Some(Outcome::Failed(failure)) => Seen::Answer(failure.status().unwrap_or(500)),
    }
}

impl Envoy {
    fn longest(&self) -> SimDuration {
        self.max_ejection_time.unwrap_or(SimDuration::from_secs(300).max(self.base_ejection_time))
    }

    /// How many replicas are out.
    pub fn ejected(memory: &Memory) -> u32 {
        memory.hosts.iter().map(|host| u32::from(host.ejected.is_some())).sum()
    }

    /// By how much the next ejection of a replica is longer than the base, less one.
    pub fn multiplier(memory: &Memory, replica: u32) -> u32 {
        memory.hosts[replica as usize].multiplier
    }

    /// The counts of a replica: 5xx and gateway failures in a row.
    pub fn in_a_row(memory: &Memory, replica: u32) -> (u32, u32) {
        let host = &memory.hosts[replica as usize];
        (host.in_a_row_5xx, host.in_a_row_gateway)
    }

    /// A detection, of a replica that is not out.
    fn detected(&self, memory: &mut Memory, replica: u32, enforcing: u32, luck: &Luck<'_>, now: SimTime) {
        let mut draw = || next(&mut memory.drawn, luck);
        let is_enforced = match enforcing {
            0 => false,
            1..100 => draw().bits() % 100 < u64::from(enforcing),
            _ => true,
        };
        let ejected = memory.hosts.iter().filter(|host| host.ejected.is_some()).count() as u64;
        let fits = 100 * (ejected + 1) <= u64::from(self.max_ejection_percent) * memory.hosts.len() as u64;
        if !is_enforced || !(fits || ejected == 0 && self.always_eject_one_host) {
            return;
        }
        let grains = self.max_ejection_time_jitter.as_nanos() / 1_000_000;
        let jitter = if grains == 0 { SimDuration::ZERO } else { SimDuration::from_millis(draw().bits() % (grains + 1)) };
        let host = &mut memory.hosts[replica as usize];
        let reached = self.base_ejection_time.saturating_mul(u64::from(host.multiplier));
        if reached < self.longest().saturating_add(self.base_ejection_time) {
            host.multiplier += 1;
        }
        host.ejected = Some((now, jitter));
    }

    /// A count that has reached its limit: nothing happens to a replica that is out already; else the count begins anew.
    fn reached(&self, memory: &mut Memory, replica: u32, count: fn(&mut Host) -> &mut u32, enforcing: u32, luck: &Luck<'_>, now: SimTime) {
        if memory.hosts[replica as usize].ejected.is_none() {
            self.detected(memory, replica, enforcing, luck, now);
            *count(&mut memory.hosts[replica as usize]) = 0;
        }
    }

    fn answered(&self, memory: &mut Memory, replica: u32, status: u16, luck: &Luck<'_>, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        host.external.count(status < 500);
        if status < 500 {
            (host.in_a_row_5xx, host.in_a_row_gateway) = (0, 0);
            return;
        }
        if matches!(status, 502..=504) {
            host.in_a_row_gateway += 1;
            if host.in_a_row_gateway == self.consecutive_gateway_failure {
                self.reached(memory, replica, |host| &mut host.in_a_row_gateway, self.enforcing_consecutive_gateway_failure, luck, now);
            }
        } else {
            host.in_a_row_gateway = 0;
        }
        let host = &mut memory.hosts[replica as usize];
        host.in_a_row_5xx += 1;
        if host.in_a_row_5xx == self.consecutive_5xx {
            self.reached(memory, replica, |host| &mut host.in_a_row_5xx, self.enforcing_consecutive_5xx, luck, now);
        }
    }

    fn locally(&self, memory: &mut Memory, replica: u32, is_success: bool, luck: &Luck<'_>, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        host.local.count(is_success);
        if is_success {
            host.in_a_row_local = 0;
            return;
        }
        host.in_a_row_local += 1;
        if host.in_a_row_local == self.consecutive_local_origin_failure {
            self.reached(memory, replica, |host| &mut host.in_a_row_local, self.enforcing_consecutive_local_origin_failure, luck, now);
        }
    }

    fn sweep(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        for host in &mut memory.hosts {
            let length = self.base_ejection_time.saturating_mul(u64::from(host.multiplier)).min(self.longest());
            if host.ejected.is_some_and(|(since, jitter)| now.saturating_since(since) >= length.saturating_add(jitter)) {
                host.come_back(now);
            }
        }
        let external: Vec<Bucket> = memory.hosts.iter_mut().map(|host| std::mem::take(&mut host.external)).collect();
        let local: Vec<Bucket> = memory.hosts.iter_mut().map(|host| std::mem::take(&mut host.local)).collect();
        self.compare(memory, &external, (self.enforcing_success_rate, self.enforcing_failure_percentage), luck, now);
        let enforcing = (self.enforcing_local_origin_success_rate, self.enforcing_failure_percentage_local_origin);
        self.compare(memory, &local, enforcing, luck, now);
        for host in memory.hosts.iter_mut().filter(|host| host.ejected.is_none()) {
            if host.returned.is_none_or(|returned| now.saturating_since(returned) >= self.interval) {
                host.multiplier = host.multiplier.saturating_sub(1);
            }
        }
    }

    /// The two statistics over an interval, with the percentages of their detections that eject.
    fn compare(&self, memory: &mut Memory, buckets: &[Bucket], (by_rate, by_failures): (u32, u32), luck: &Luck<'_>, now: SimTime) {
        let judged = |memory: &Memory, volume: u32| -> Vec<(u32, f64)> {
            let in_choice = memory.hosts.iter().zip(buckets).enumerate().filter(|(_, (host, _))| host.ejected.is_none());
            let enough = in_choice.filter(|(_, (_, bucket))| bucket.all > 0 && bucket.all >= u64::from(volume));
            enough.map(|(replica, (_, bucket))| (replica as u32, bucket.successes as f64 * 100.0 / bucket.all as f64)).collect()
        };
        let rated = judged(memory, self.success_rate_request_volume);
        let counted = judged(memory, self.failure_percentage_request_volume);
        if !rated.is_empty() && rated.len() >= self.success_rate_minimum_hosts as usize {
            let rates: Vec<f64> = rated.iter().map(|(_, rate)| *rate).collect();
            let least = least_rate(&rates, self.success_rate_stdev_factor);
            for (replica, _) in rated.iter().filter(|(_, rate)| *rate < least) {
                self.detected(memory, *replica, by_rate, luck, now);
            }
        }
        if counted.len() >= self.failure_percentage_minimum_hosts as usize {
            for (replica, _) in counted.iter().filter(|(_, rate)| 100.0 - rate >= f64::from(self.failure_percentage_threshold)) {
                if memory.hosts[*replica as usize].ejected.is_none() {
                    self.detected(memory, *replica, by_failures, luck, now);
                }
            }
        }
    }
}

fn next(drawn: &mut u64, luck: &Luck<'_>) -> Draw {
    *drawn += 1;
    luck.nth(*drawn - 1)
}

impl Ejector for Envoy {
    type Shared = Memory;

    fn fresh(&self, replicas: u32, now: SimTime) -> Memory {
        Memory { hosts: vec![Host::default(); replicas as usize], next_sweep: now.saturating_add(self.interval), drawn: 0 }
    }

    fn settle(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        while let Some(due) = due_sweep(&mut memory.next_sweep, self.interval, now, || memory.hosts.iter().all(Host::is_idle)) {
            self.sweep(memory, luck, due);
        }
    }

    fn admits(&self, memory: &Memory, replica: u32, _now: SimTime) -> bool {
        memory.hosts[replica as usize].ejected.is_none()
    }

    fn ended(&self, memory: &mut Memory, tried: &TriedAt, luck: &Luck<'_>, now: SimTime) {
        match seen(tried.outcome) {
            Seen::Nothing => {}
            Seen::Local(_) if self.split_external_local_origin_errors => self.locally(memory, tried.replica, false, luck, now),
            Seen::Local(status) => self.answered(memory, tried.replica, status, luck, now),
            Seen::Answer(status) => {
                if self.split_external_local_origin_errors {
                    self.locally(memory, tried.replica, true, luck, now);
                }
                self.answered(memory, tried.replica, status, luck, now);
            }
        }
    }

    fn checked(&self, memory: &mut Memory, replica: u32, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        if self.successful_active_health_check_uneject_host && host.ejected.is_some() {
            host.come_back(now);
        }
    }
    fn check(&self) -> Vec<Complaint> {
        self.complaints()
    }
}
