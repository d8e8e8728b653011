//! What does a run come to as a whole? Shares of calls, load, cost.

use super::{Better, Fixed, Reading, Unit};
use crate::results::Manifest;
use models::measure::{EdgeMeasures, RunMeasures};

const fn share(name: &'static str, better: Better, summary: &'static str, of: fn(&RunMeasures, &Manifest) -> Reading) -> Fixed {
    Fixed { name, unit: Unit::Share, better, summary, of }
}

const fn count(name: &'static str, better: Better, summary: &'static str, of: fn(&RunMeasures, &Manifest) -> Reading) -> Fixed {
    Fixed { name, unit: Unit::Count, better, summary, of }
}

/// All of them.
pub(super) const ALL: [Fixed; 17] = [
    share("availability", Better::More, "successful calls of all calls of clients", |run, _| of_all(run.succeeded, run.calls)),
    share(
        "availability outside the faults",
        Better::More,
        "successful calls of those started in time bins that no fault touches",
        |run, _| of_all(run.calm_succeeded, run.calm_calls),
    ),
    share("unfinished calls", Better::Less, "calls that were not decided when the drain was over, of all calls", |run, _| {
        of_all(run.unfinished, run.calls)
    }),
    share("wrong answers", Better::Less, "successes that rest on a wrong answer, of all successes", |run, _| {
        of_all(run.wrong, run.succeeded)
    }),
    share("degraded answers", Better::Less, "successes with a makeshift answer, of all successes", |run, _| {
        of_all(run.degraded, run.succeeded)
    }),
    share("wasted work", Better::Less, "server time spent on attempts that nobody waited for, of all server time", |run, _| {
        Unit::Share.quotient(u128::from(run.wasted_work.as_nanos()), u128::from(run.work.as_nanos()))
    }),
    share("stuck", Better::Less, "whether the run stays in a failed state (1 or 0): over several runs, the share of them", |run, _| {
        match run.stuck {
            true => Reading::Is(Unit::Share.parts()),
            false => run.untold().map_or(Reading::Is(0), |_| Reading::Missing),
        }
    }),
    count("calls", Better::Unsaid, "calls that clients started from the warm-up to the horizon", |run, _| Reading::count(run.calls)),
    count("successful calls", Better::More, "those of them that ended in success", |run, _| Reading::count(run.succeeded)),
    Fixed {
        name: "goodput",
        unit: Unit::Rate,
        better: Better::More,
        summary: "successful calls per second from the warm-up to the horizon",
        of: |run, manifest| each_second(run.succeeded, manifest),
    },
    Fixed {
        name: "throughput",
        unit: Unit::Rate,
        better: Better::More,
        summary: "calls per second that ended, in success or in failure, of those started from the warm-up to the horizon",
        of: |run, manifest| each_second(run.succeeded + run.failed.iter().sum::<u64>(), manifest),
    },
    Fixed {
        name: "offered load",
        unit: Unit::Rate,
        better: Better::Unsaid,
        summary: "attempts per second put on the wire from the warm-up to the horizon, over all edges",
        of: |run, manifest| each_second(attempts(run), manifest),
    },
    count("attempts", Better::Less, "attempts put on the wire over all edges", |run, _| Reading::count(attempts(run))),
    Fixed {
        name: "attempts per call",
        unit: Unit::Ratio,
        better: Better::Less,
        summary: "attempts on the edge that carries most, or on all edges of users, for each call of clients: amplification end to end",
        of: |run, manifest| {
            let of_users = |(index, edge): (usize, &EdgeMeasures)| (!manifest.synthetic.contains(&(index as u32))).then_some(edge.attempts);
            let most = run.edges.iter().enumerate().filter_map(of_users).max().unwrap_or(0);
            let by_users: u64 = manifest.edges_of_users().filter_map(|edge| run.edges.get(edge)).map(|edge| edge.attempts).sum();
            Unit::Ratio.quotient(u128::from(most.max(by_users)), u128::from(run.calls))
        },
    },
    count(
        "messages sent",
        Better::Unsaid,
        "messages of all kinds that were sent over the whole run, warm-up and drain included",
        |run, _| Reading::count(run.messages.sent),
    ),
    count("messages lost", Better::Less, "messages of all kinds that never arrived, for whatever reason", |run, _| {
        Reading::count(run.messages.all_lost())
    }),
    Fixed {
        name: "completion time",
        unit: Unit::Time,
        better: Better::Less,
        summary: "when the last call succeeded; cut off where not every call did: for one-shot contention",
        of: |run, _| match run.last_success {
            Some(last) if run.succeeded == run.calls => Reading::Is(i128::from(last.as_nanos())),
            _ if run.calls > 0 => Reading::Beyond(i128::from(run.ended.as_nanos())),
            _ => Reading::Missing,
        },
    },
];

fn attempts(run: &RunMeasures) -> u64 {
    run.edges.iter().map(|edge| edge.attempts).sum()
}

/// So many per second of the measured time.
fn each_second(count: u64, manifest: &Manifest) -> Reading {
    let time = manifest.horizon.saturating_sub(manifest.warm_up);
    Unit::Rate.quotient(u128::from(count) * 1_000_000_000, u128::from(time.as_nanos()))
}

fn of_all(part: u64, whole: u64) -> Reading {
    Unit::Share.quotient(u128::from(part), u128::from(whole))
}
