//! The mistake of commits that hang on one coordinator: B7.

use super::{Bug, is_found_and_mended};

/// What may befall coordinators and participants. Nobody is silent for longer than 1.5 s, but who has crashed needs a while to come back: whoever lives
/// and is not cut off is bound to decide meanwhile.
const STORM: &str = "storm: Storm(from: \"1s\", lasts: \"20s\", quiet: \"8s\", families: [Crash(node: \"db\", disk: UnsyncedLost, \
     restart: Exponential(mean: \"5s\")), Crash(node: \"db\", while_down: Refusal), Pause(node: \"db\"), Isolation(node: \"db\", shape: One), \
     Omission(node: \"db\", way: Send, share: \"100%\"), BadLink(from: \"room\", to: \"room\", delay: Exponential(mean: \"50ms\"), loss: \"5%\")], \
     most: 6, shortest: \"100ms\", longest: \"1500ms\", max_down: 1)";

/// One of three coordinators is dead for ever, and another one for a while.
const CORE: &str = "faults: [Crash(node: \"db[2]\", at: \"2s\"), Crash(node: \"db[1]\", at: \"3s\", lasts: \"1s\")]";

const BUG: Bug = Bug {
    id: "B7",
    what: "only one coordinator knows what was decided, and whoever has voted yes waits until it is back",
    scenario: "commit-and-crash",
    property: "DecidesWithin",
    broken: "two phases",
    fixed: "three coordinators",
    storm: STORM,
    core: CORE,
    progress: super::PROGRESS,
    focused: &[("horizon", "55s"), ("nodes.app.arrivals.rate", "10/s")],
    lighter: &[("horizon", "30s"), ("nodes.app.arrivals.rate", "10/s")],
};

pub(super) const BUGS: &[Bug] = &[BUG];

#[test]
fn who_has_voted_is_stuck_without_its_coordinator_and_with_a_majority_of_three_it_is_not() {
    is_found_and_mended(&BUG, 200);
}
