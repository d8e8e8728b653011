//! How long do calls take, from the instant the client wanted to call?

use super::{Better, Fixed, Reading, Unit};
use crate::results::Manifest;
use models::measure::{LatencySummary, RunMeasures};
use sim_core::time::SimDuration;

const fn time(name: &'static str, summary: &'static str, of: fn(&RunMeasures, &Manifest) -> Reading) -> Fixed {
    Fixed { name, unit: Unit::Time, better: Better::Less, summary, of }
}

/// All of them.
pub(super) const ALL: [Fixed; 9] = [
    time("latency mean", "mean latency of calls that succeed", |run, _| seen(&run.latency, run.latency.mean)),
    time("latency p50", "median latency of calls that succeed", |run, _| seen(&run.latency, run.latency.p50)),
    time("latency p90", "90th percentile of the latency of calls that succeed", |run, _| seen(&run.latency, run.latency.p90)),
    time("latency p99", "99th percentile of the latency of calls that succeed", |run, _| seen(&run.latency, run.latency.p99)),
    time("latency p99.9", "99.9th percentile of the latency of calls that succeed", |run, _| seen(&run.latency, run.latency.p999)),
    time("latency max", "longest latency of a call that succeeds", |run, _| seen(&run.latency, run.latency.max)),
    time("failure latency mean", "mean latency of calls that fail", |run, _| seen(&run.failure_latency, run.failure_latency.mean)),
    time("failure latency p50", "median latency of calls that fail", |run, _| seen(&run.failure_latency, run.failure_latency.p50)),
    time("failure latency p99", "99th percentile of the latency of calls that fail", |run, _| {
        seen(&run.failure_latency, run.failure_latency.p99)
    }),
];

pub(super) fn seen(summary: &LatencySummary, of: SimDuration) -> Reading {
    if summary.count == 0 { Reading::Missing } else { Reading::time(of) }
}
