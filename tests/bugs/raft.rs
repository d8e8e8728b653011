//! Mistakes of replicated logs: B5, B6 and B10.

use super::{Bug, PROGRESS, Conditions, is_alive, is_found_and_mended, is_told_apart, survives};

/// What may befall the members: crashes of processes and machines, pauses, cuts of every shape, and members that the others do not hear.
macro_rules! storm {
    ($($more:literal)?) => {
        concat!(
            "storm: Storm(from: \"3s\", lasts: \"40s\", quiet: \"10s\", families: [Crash(node: \"db\", disk: UnsyncedLost), Crash(node: \"db\"), \
             Pause(node: \"db\"), Isolation(node: \"db\", shape: One), Isolation(node: \"db\", shape: Minority), Isolation(node: \"db\", shape: Bridge), \
             Omission(node: \"db\", way: Both, share: \"100%\", peers: \"db\")",
            $($more,)?
            "], most: 300, shortest: \"3ms\", longest: \"1500ms\", max_down: 2)"
        )
    };
}

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
        storm: storm!(),
        core: CORE,
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
    Bug {
        id: "B6a",
        what: "nobody asks first whether it would be elected, so that who was isolated deposes a leader whom everybody follows",
        scenario: "raft-isolated-follower",
        property: "StableLeader",
        broken: "no pre-vote",
        fixed: "pre-vote",
        storm: storm!(),
        core: CORE,
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
    Bug {
        id: "B6b",
        what: "votes are forgotten in a crash, so that a member votes twice in a term",
        scenario: "raft-forgotten-vote",
        property: "ElectionSafety",
        broken: "in memory",
        fixed: "on disk",
        storm: storm!(),
        core: CORE,
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
    Bug {
        id: "B10",
        what: "half of an even number of members is a quorum",
        scenario: "even-quorum",
        property: "StateMachineSafety",
        broken: "two of four",
        fixed: "three of four",
        storm: storm!(", Partition(groups: [[\"db[0]\", \"db[1]\"], [\"db[2]\", \"db[3]\"]])"),
        core: CORE,
        progress: PROGRESS,
        focused: &[],
        lighter: &[],
    },
];

const SEEDS: u64 = 200;

/// Under the storm these two want more seeds than a normal test has: the table of `docs/bugs.md` shows how many.
fn is_found_where_it_is_looked_for(bug: &Bug) {
    is_told_apart(bug, Conditions::Focused, SEEDS);
    survives(bug, Conditions::Storm, SEEDS);
    is_alive(bug, SEEDS);
}

#[test]
fn entries_of_earlier_terms_that_are_counted_get_lost_and_those_of_the_own_term_do_not() {
    is_found_where_it_is_looked_for(&BUGS[0]);
}

#[test]
fn needless_terms_are_caught_and_nobody_who_asks_first_begins_one() {
    is_found_and_mended(&BUGS[1], SEEDS);
}

#[test]
fn two_votes_in_a_term_are_caught_and_votes_on_disks_are_given_once() {
    is_found_where_it_is_looked_for(&BUGS[2]);
}

#[test]
fn half_of_four_members_are_caught_and_three_of_them_are_not() {
    is_found_and_mended(&BUGS[3], SEEDS);
}
