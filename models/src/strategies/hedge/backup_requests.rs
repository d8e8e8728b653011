//! Backup requests as in Finagle: at a percentile, within a budget.
//!
//! Source: Finagle, `BackupRequestFilter` (2024-10); its window is ten slices of 3 s (`WindowedPercentileHistogram`).

use super::{Allowed, FailedCopy, HedgedCall, Hedging, Orders, process, wait_for_others};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::budget::{Budget, Finagle};
use crate::strategies::latencies::Latencies;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::VecDeque;

/// Sends one further copy at the percentile that leaves `max_extra_load` of the calls, and never more than that share. Remembers the
/// latencies of 30 s and ten sums per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRequests {
    /// Which share of the calls may be sent twice, below 100 %.
    pub max_extra_load: Share,
    /// A copy is never sent earlier, at least 1 ms; 1 ms unless said.
    #[serde(default = "millisecond")]
    pub min_send_backup_after: SimDuration,
    /// By whom latencies and budget are shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn millisecond() -> SimDuration {
    SimDuration::from_millis(1)
}

const REFRESH: SimDuration = SimDuration::from_secs(3);
const SLICES: usize = 10;

impl Registered for BackupRequests {
    const NAME: &'static str = "BackupRequests";
    const SUMMARY: &'static str = "sends a second copy at a percentile of latency, for at most a share of the calls";
}

impl Explained for BackupRequests {
    const ABOUT: About = About {
        meaning: "Says how much extra load is acceptable, and derives the delay from it: 1 % means at the 99th percentile. A budget makes sure of it \
                  when everything becomes slow; a caller with fewer than ten calls a second then sends none at 1 %.",
        formula: "Every 3 s from the first use: delay = max(min_send_backup_after, percentile (1 - max_extra_load) of the last ten slices of 3 s), in \
                  whole milliseconds; none before the first refresh. A further copy at start + delay if its own budget allows (every call \
                  deposits 1000, a copy takes floor(1000 / max_extra_load), leaky window of 10 s, no reserve), then budgets from outside. First \
                  success wins, else the other result. All answers are counted, failures too. No draws.",
        parameters: &[
            parameter("max_extra_load", "share below 100%", "required", "which share of the calls may be sent twice"),
            parameter("min_send_backup_after", "duration, at least 1ms", "1ms", "a copy is never sent earlier"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom latencies and budget are shared"),
        ],
        memory: "Per scope: 12 bytes per bucket of latencies that was met in 30 s, at most 7424 in each of eleven slices, and ten sums.",
        source: "Finagle, BackupRequestFilter.scala, RetryBudget.scala (2024-10)",
        example: "Hedge(BackupRequests(max_extra_load: \"1%\"))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    live: Latencies,
    slices: VecDeque<Latencies>,
    next_refresh: SimTime,
    delay: Option<SimDuration>,
    budget: <Finagle as Budget>::Shared,
}

impl Memory {
    /// After how long a second copy is sent; none before the first refresh.
    pub const fn delay(&self) -> Option<SimDuration> {
        self.delay
    }
}

impl BackupRequests {
    fn refresh(&self, memory: &mut Memory, now: SimTime) {
        if now < memory.next_refresh {
            return;
        }
        let missed = now.saturating_since(memory.next_refresh) / REFRESH;
        memory.slices.push_back(std::mem::take(&mut memory.live));
        memory.slices.extend(std::iter::repeat_n(Latencies::default(), missed.min(SLICES as u64) as usize));
        memory.slices.drain(..memory.slices.len().saturating_sub(SLICES));
        let mut all = Latencies::default();
        memory.slices.iter().for_each(|slice| all.add(slice));
        let millis = all.quantile(self.max_extra_load.complement()).unwrap_or(0);
        memory.delay = Some(SimDuration::from_millis(millis).max(self.min_send_backup_after));
        memory.next_refresh = memory.next_refresh.saturating_add(REFRESH.saturating_mul(missed + 1));
    }

    /// Its own budget, which has no floor.
    fn budget(&self) -> Finagle {
        Finagle { min_retries_per_sec: 0, percent_can_retry: self.max_extra_load.as_f64(), ..Finagle::default() }
    }

    fn count(&self, memory: &mut Memory, took: SimDuration, now: SimTime) {
        self.refresh(memory, now);
        memory.live.count(took.as_nanos() / 1_000_000);
    }
}

impl Hedging for BackupRequests {
    type Shared = Memory;

    fn fresh(&self, now: SimTime) -> Memory {
        Memory {
            live: Latencies::default(),
            slices: VecDeque::new(),
            next_refresh: now.saturating_add(REFRESH),
            delay: None,
            budget: self.budget().fresh(now),
        }
    }

    fn started(&self, memory: &mut Memory, _allowed: Allowed<'_>, now: SimTime) -> (HedgedCall, Orders) {
        self.refresh(memory, now);
        self.budget().call_started(&mut memory.budget, now);
        let mut call = HedgedCall::starting(now);
        call.next = memory.delay.map(|delay| now.saturating_add(delay));
        let orders = call.send(0);
        (call, orders)
    }

    fn due(&self, memory: &mut Memory, call: &mut HedgedCall, allowed: Allowed<'_>, now: SimTime) -> Orders {
        call.next = None;
        let is_sent = call.sent == 1 && self.budget().withdraw(&mut memory.budget, now) && allowed();
        call.send(u32::from(is_sent))
    }

    fn failed(&self, memory: &mut Memory, call: &mut HedgedCall, failed: &FailedCopy, _allowed: Allowed<'_>, now: SimTime) -> Orders {
        self.count(memory, failed.took, now);
        wait_for_others(call, failed)
    }

    fn succeeded(&self, memory: &mut Memory, _call: &HedgedCall, _copy: u32, took: SimDuration, now: SimTime) {
        self.count(memory, took, now);
    }

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.max_extra_load == Share::ALL || self.max_extra_load == Share::NONE {
            complaints.push(complaint("max_extra_load", format!("it lies above 0% and below 100%, not at {}", self.max_extra_load)));
        }
        if self.min_send_backup_after < millisecond() {
            complaints
                .push(complaint("min_send_backup_after", "a copy is sent 1ms after the first at the earliest; write at least \"1ms\""));
        }
        complaints
    }
}
