//! Byzantine generals: one orders, and all who are loyal do the same, whatever traitors say.
//!
//! Source: L. Lamport, R. Shostak, M. Pease, "The Byzantine Generals Problem", ACM TOPLAS 1982: the algorithms OM(m), with oral
//! messages, which bears m traitors among 3m + 1 generals or more, and SM(m), with signed ones, which bears any m. Both need that
//! messages arrive in known time: every general reckons rounds of length `round` by its own clock, from when it first hears of an
//! agreement, and what it misses it takes for an order to retreat. A message that is signed by k generals counts if it comes in
//! the first k rounds. Own addition: callers, who give the order to the commander, ask all others what they do, and believe
//! `traitors` + 1 equal answers.

mod algorithm;
mod protocol;
mod watch;

pub use algorithm::{Lieutenant, Manner, Order, Rules};
pub use protocol::GeneralsProtocol;

use super::{Speaks, TooSmall};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Size;

/// Generals who agree on an order, as a scenario writes them. Member 0 commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generals {
    /// How many there are, the commander included.
    pub members: u32,
    /// How many traitors they prepare for.
    #[serde(default = "one")]
    pub traitors: u32,
    /// How they speak to each other.
    #[serde(default)]
    pub messages: Manner,
    /// How long a round takes, by each general's own clock; longer than a message travels and hears of an agreement differ.
    pub round: SimDuration,
    /// Where they stand.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of their messages is, and each of their callers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether it is known for certain who has sent a message: then none of them can speak in the name of another.
    #[serde(default = "yes")]
    pub authenticated: bool,
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

impl Registered for Generals {
    const NAME: &'static str = "Generals";
    const SUMMARY: &'static str = "generals agree on an order although some lie, by oral messages OM(m) or signed ones SM(m)";
}

impl Speaks for Generals {
    type Protocol = GeneralsProtocol;

    fn protocol(&self) -> GeneralsProtocol {
        let rules = Rules { generals: self.members, traitors: self.traitors, messages: self.messages };
        GeneralsProtocol::new(rules, self.round)
    }

    super::peers!();

    fn too_small(&self) -> Option<TooSmall> {
        let needed = 3 * self.traitors + 1;
        (self.messages == Manner::Oral && self.members < needed).then(|| TooSmall {
            field: "members",
            sentence: format!("{} generals cannot bear {} who lie by word of mouth (3m + 1 = {needed})", self.members, self.traitors),
            remedy: format!("write {needed} members or more, or `messages: Signed`"),
            breaks: &["Agreement", "Validity"],
        })
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(2..=MOST_GENERALS).contains(&self.members) {
            complaints.push(complaint("members", format!("there are 2 to {MOST_GENERALS} generals, not {}", self.members)));
        }
        if self.traitors > MOST_TRAITORS || self.traitors + 2 > self.members {
            let most = MOST_TRAITORS.min(self.members.saturating_sub(2));
            let sentence =
                format!("an order is passed on to those who have not heard it, {most} times at most, not {} times", self.traitors);
            complaints.push(complaint("traitors", sentence));
        }
        if self.round.is_zero() {
            complaints.push(complaint("round", "a round takes time; write how long, such as \"100ms\""));
        }
        complaints
    }
}

/// Messages grow with the power of traitors: ten generals that prepare for three send 3609 of them for one order. Own choice.
const MOST_GENERALS: u32 = 10;
const MOST_TRAITORS: u32 = 3;
