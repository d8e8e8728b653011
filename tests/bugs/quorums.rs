//! Mistakes of replicated registers: B1, B12 and B14.

use super::{Bug, PROGRESS, is_found_and_mended};

/// What may befall three replicas and those who speak to them: each of it heals, and no more than one of three is down at a time.
macro_rules! storm {
    ($group:literal) => {
        concat!(
            "storm: Storm(from: \"1s\", lasts: \"6s\", quiet: \"2s\", families: [Crash(node: \"",
            $group,
            "\"), Crash(node: \"",
            $group,
            "\", while_down: Refusal, restart: Exponential(mean: \"500ms\")), Pause(node: \"",
            $group,
            "\"), Isolation(shape: Minority, node: \"",
            $group,
            "\"), BadLink(from: \"default\", to: \"default\", delay: Exponential(mean: \"50ms\"), loss: \"10%\")], \
             most: 8, shortest: \"100ms\", longest: \"2s\", max_down: 1)"
        )
    };
}

/// Two of three are gone for a while, one of them for ever.
macro_rules! core {
    ($group:literal) => {
        concat!("faults: [Crash(node: \"", $group, "[2]\", at: \"2s\"), Crash(node: \"", $group, "[1]\", at: \"3s\", lasts: \"1s\")]")
    };
}

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "B1",
        what: "readers of a quorum register do not write back what they answer",
        scenario: "abd-write-back",
        property: "Linearizable",
        broken: "without",
        fixed: "with",
        storm: storm!("register"),
        core: core!("register"),
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
    Bug {
        id: "B12",
        what: "the last write wins by wall clocks that differ",
        scenario: "last-write-wins",
        property: "NoLostAcknowledgedWrite within 500ms",
        broken: "wall clock",
        fixed: "counted",
        storm: storm!("store"),
        core: core!("store"),
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
    Bug {
        id: "B14",
        what: "quorums of reads and writes do not overlap, and a reader changes replicas",
        scenario: "partial-quorums",
        property: "MonotonicReads",
        broken: "R=1 W=1",
        fixed: "R=2 W=2",
        storm: storm!("store"),
        core: core!("store"),
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
];

const SEEDS: u64 = 200;

#[test]
fn a_register_without_write_back_is_caught_and_one_with_it_is_not() {
    is_found_and_mended(&BUGS[0], SEEDS);
}

#[test]
fn lost_writes_of_wall_clocks_are_caught_and_counted_versions_lose_none() {
    is_found_and_mended(&BUGS[1], SEEDS);
}

#[test]
fn readers_that_go_back_in_time_are_caught_and_overlapping_quorums_are_not() {
    is_found_and_mended(&BUGS[2], SEEDS);
}
