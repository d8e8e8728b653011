//! The mistake of payments that are tried again: B8.

use super::{Bug, is_found_and_mended};

/// What may befall the server of payments and the way to it.
const STORM: &str = "storm: Storm(from: \"1s\", lasts: \"15s\", quiet: \"4s\", families: [Crash(node: \"payments\"), \
     Crash(node: \"payments\", while_down: Refusal, restart: Exponential(mean: \"500ms\")), Pause(node: \"payments\"), \
     Cut(from: \"bank\", to: \"internet\", one_way: true), Cut(from: \"internet\", to: \"bank\", how: Reset), \
     BadLink(from: \"internet\", to: \"bank\", delay: Exponential(mean: \"200ms\"), loss: \"5%\", duplicate: \"5%\")], \
     most: 6, shortest: \"100ms\", longest: \"2s\", max_down: 1)";

/// The server was down for a while; the way to it loses and delays for ever.
const CORE: &str = "faults: [Crash(node: \"payments\", at: \"3s\", lasts: \"1s\"), \
     BadLink(from: \"internet\", to: \"bank\", delay: Exponential(mean: \"100ms\"), loss: \"20%\", at: \"2s\")]";

const BUG: Bug = Bug {
    id: "B8",
    what: "an answer is lost, and the payment that is tried again is one more",
    scenario: "charged-again",
    property: "ChargedOnce",
    broken: "no keys",
    fixed: "keys",
    storm: STORM,
    core: CORE,
    progress: super::PROGRESS,
    focused: &[("horizon", "10s"), ("warm_up", "0s")],
    lighter: &[("horizon", "20s"), ("nodes.customers.arrivals.rate", "20/s"), ("links[0].loss", "0%")],
};

pub(super) const BUGS: &[Bug] = &[BUG];

#[test]
fn customers_who_are_charged_twice_are_caught_and_those_whose_keys_are_known_pay_once() {
    is_found_and_mended(&BUG, 200);
}
