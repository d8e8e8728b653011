//! Mistakes of replicated logs: B5, B6 and B10.

use super::{Bug, PROGRESS, is_found_and_mended};

/// What may befall the members: crashes, power failures, pauses and cuts that are about as long as an election takes, of any of them, and of whoever leads. So most of
/// what leaders do is cut short, and every way in which a leader can be cut short comes about.
const STORM: &str = "storm: Storm(from: \"2s\", lasts: \"15s\", quiet: \"2s\", families: [Crash(node: \"db\", disk: UnsyncedLost), Crash(node: \"db\"), \
     Crash(node: \"db\", pick: Leader, disk: UnsyncedLost), Pause(node: \"db\"), Isolation(node: \"db\", shape: One), \
     Omission(node: \"db\", pick: Leader, way: Both, share: \"100%\", peers: \"db\"), \
     Omission(node: \"db\", pick: Leader, way: Send, share: \"100%\", peers: \"db\"), \
     Omission(node: \"db\", pick: Leader, way: Receive, share: \"100%\", peers: \"db\")], \
     most: 300, shortest: \"3ms\", longest: \"300ms\", max_down: 2)";

/// One of them is dead for ever, and another one for a while.
const CORE: &str = "faults: [Crash(node: \"db[2]\", at: \"2s\"), Crash(node: \"db[1]\", at: \"3s\", lasts: \"1s\")]";

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "B5",
        what: "a leader counts who has entries of earlier terms (figure 8 of the paper)",
        scenario: "raft-figure-8",
        property: "StateMachineSafety",
        broken: "counting",
        fixed: "own term",
        storm: STORM,
        core: CORE,
        progress: PROGRESS,
        focused: &[("horizon", "20s")],
        lighter: &[("horizon", "20s")],
    },
    Bug {
        id: "B6a",
        what: "nobody asks first whether it would be elected, so that who was isolated deposes a leader whom everybody follows",
        scenario: "raft-isolated-follower",
        property: "StableLeader",
        broken: "no pre-vote",
        fixed: "pre-vote",
        storm: STORM,
        core: CORE,
        progress: PROGRESS,
        focused: &[("horizon", "30s")],
        lighter: &[("horizon", "20s"), ("nodes.app.arrivals.rate", "200/s")],
    },
    Bug {
        id: "B6b",
        what: "votes are forgotten in a crash, so that a member votes twice in a term",
        scenario: "raft-forgotten-vote",
        property: "ElectionSafety",
        broken: "in memory",
        fixed: "on disk",
        storm: STORM,
        core: CORE,
        progress: PROGRESS,
        focused: &[("horizon", "20s")],
        lighter: &[("horizon", "20s")],
    },
    Bug {
        id: "B10",
        what: "half of an even number of members is a quorum",
        scenario: "even-quorum",
        property: "StateMachineSafety",
        broken: "two of four",
        fixed: "three of four",
        storm: STORM,
        core: CORE,
        progress: PROGRESS,
        focused: &[("horizon", "20s")],
        lighter: &[("horizon", "20s")],
    },
];

const SEEDS: u64 = 200;

#[test]
fn entries_of_earlier_terms_that_are_counted_get_lost_and_those_of_the_own_term_do_not() {
    is_found_and_mended(&BUGS[0], SEEDS);
}

#[test]
fn needless_terms_are_caught_and_nobody_who_asks_first_begins_one() {
    is_found_and_mended(&BUGS[1], SEEDS);
}

#[test]
fn two_votes_in_a_term_are_caught_and_votes_on_disks_are_given_once() {
    is_found_and_mended(&BUGS[2], SEEDS);
}

#[test]
fn half_of_four_members_are_caught_and_three_of_them_are_not() {
    is_found_and_mended(&BUGS[3], SEEDS);
}
