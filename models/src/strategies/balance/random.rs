//! Random: any replica, each time anew.
//!
//! Source: textbook.

use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;

/// Draws one of the list evenly at each choice. Weights do not count. Remembers nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Registered for Random {
    const NAME: &'static str = "Random";
    const SUMMARY: &'static str = "takes any replica, drawn evenly for each try";
}

impl Explained for Random {
    const ABOUT: About = About {
        meaning: "Each try goes to any replica. Needs no memory and no agreement between callers, but of N tries on N replicas the busiest gets \
                  about ln N / ln ln N, which two choices cut to ln ln N.",
        formula: "among[floor(U * number of them)]. One draw per choice. Weights do not count.",
        parameters: &[],
        memory: "None.",
        source: "Textbook; Envoy, RandomLoadBalancer, takes the remainder of 64 bits instead, which differs by less than 2^-50",
        example: "Balance(policy: Random())",
    };
}

impl Balancer for Random {
    type Shared = ();

    fn fresh(&self, _fleet: &Fleet<'_>, _draw: Draw) {}

    fn pick(&self, _memory: &mut (), choice: &Choice<'_>) -> u32 {
        any_of(choice.among, choice.draw)
    }
}

/// One of a list, evenly.
pub(super) fn any_of(among: &[u32], draw: Draw) -> u32 {
    among[draw.index(among.len() as u64) as usize]
}
