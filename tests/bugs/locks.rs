//! The mistake of locks that end by themselves: B3.

use super::{Bug, Conditions, is_found_and_mended, is_told_apart};

/// What may befall the server, those who want its lock, and the resource: all of it may last longer than the lock does, and strikes
/// anybody, or whoever has the lock.
const STORM: &str = "storm: Storm(from: \"1s\", lasts: \"60s\", quiet: \"15s\", families: [Crash(node: \"lock\"), Pause(node: \"lock\"), \
     Isolation(node: \"lock\", shape: One), Omission(node: \"lock\", way: Send, share: \"100%\"), \
     BadLink(from: \"room\", to: \"room\", delay: Exponential(mean: \"100ms\"), loss: \"10%\")], \
     most: 12, shortest: \"100ms\", longest: \"10s\", max_down: 1)";

/// One of the two who want the lock is gone for ever (its machine says so), perhaps with the lock in its hands; the server was down for a while.
const CORE: &str =
    "faults: [Crash(node: \"lock[1]\", while_down: Refusal, at: \"2s\"), Crash(node: \"lock[0]\", at: \"3s\", lasts: \"1s\")]";

/// What both mistakes have in common.
const LOCK: Bug = Bug {
    id: "B3a",
    what: "whoever had a lock writes though its time is over, and nobody refuses its token",
    scenario: "lock-and-pause",
    property: "OneWriterAtATime",
    broken: "no check",
    fixed: "fencing",
    storm: STORM,
    core: CORE,
    // Who has asked the dead one waits for 30 s.
    progress: "Progress(within: \"10s\", after: \"35s\")",
    focused: &[("horizon", "120s")],
    lighter: &[("horizon", "80s")],
};

pub(super) const BUGS: &[Bug] = &[
    LOCK,
    Bug {
        id: "B3b",
        what: "a majority of five servers lends the lock, and that shall do in the place of tokens (Redlock)",
        broken: "redlock",
        ..LOCK
    },
];

#[test]
fn who_writes_after_its_time_is_caught_and_a_token_keeps_it_from_writing() {
    is_found_and_mended(&BUGS[0], 200);
}

#[test]
fn a_majority_of_servers_is_no_help_against_a_holder_that_stood_still() {
    is_told_apart(&BUGS[1], Conditions::Focused, 200);
    is_told_apart(&BUGS[1], Conditions::Storm, 200);
}
