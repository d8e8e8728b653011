//! Payments: a call charges an account, perhaps twice if its answer is lost, or moves money from one to another, perhaps half.
//!
//! Source: J. Gray, A. Reuter, "Transaction Processing", 1993 (testable and idempotent requests; transfers as the first of all transactions);
//! the IETF draft "The Idempotency-Key HTTP Header Field". All attempts of a call carry its key: a server that remembers the keys of what it has
//! done, and what it answered, does it once. One server, whose books survive crashes. What is charged is on a book of its own, and is not taken
//! from what accounts hold. Left out: several servers, accounts that may not be overdrawn, and payments that fail.

mod protocol;
mod watch;

pub use protocol::PaymentsProtocol;

use super::Speaks;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// Accounts that calls charge, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payments {
    /// How many accounts there are; a call charges one of them by 1, drawn evenly.
    pub accounts: u32,
    /// How long the server remembers what it has done.
    pub remembers: SimDuration,
    /// How many of the calls move 1 from one account to another instead, both drawn evenly.
    #[serde(skip_serializing_if = "is_none")]
    pub transfers: Share,
    /// How many of the calls add up what all accounts hold instead.
    #[serde(skip_serializing_if = "is_none")]
    pub audits: Share,
    /// What every account holds at the beginning.
    #[serde(skip_serializing_if = "is_usual_opening")]
    pub opening: u32,
    /// How long it takes from one step of a transfer to the next, where it is not one.
    #[serde(skip_serializing_if = "is_usual_step")]
    pub step: SimDuration,
    /// Rules that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<PaymentRule>,
    /// Where the server stands.
    pub domain: Placement,
    /// How large its messages are, and those of its callers; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
}

/// A rule that keeps calls from being done twice, or half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentRule {
    /// What the server has done under a key it does not do again.
    IdempotencyKeys,
    /// Both sides of a transfer are written as one. Without it the money is taken from one account first, and put on the other a step later,
    /// of which a server that dies in between knows nothing any more.
    WholeTransfers,
}

const USUAL_OPENING: u32 = 100;
const USUAL_STEP: SimDuration = SimDuration::from_millis(5);

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(share: &Share) -> bool {
    *share == Share::NONE
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_usual_opening(opening: &u32) -> bool {
    *opening == USUAL_OPENING
}

fn is_usual_step(step: &SimDuration) -> bool {
    *step == USUAL_STEP
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            accounts: 10,
            remembers: SimDuration::from_secs(24 * 3_600),
            transfers: Share::NONE,
            audits: Share::NONE,
            opening: USUAL_OPENING,
            step: USUAL_STEP,
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
        }
    }
}

impl Registered for Payments {
    const NAME: &'static str = "Payments";
    const SUMMARY: &'static str = "a server charges accounts and moves money between them, once for each call if it remembers their keys";
}

impl Speaks for Payments {
    type Protocol = PaymentsProtocol;

    fn protocol(&self) -> PaymentsProtocol {
        PaymentsProtocol::new(self)
    }

    fn members(&self) -> u32 {
        1
    }

    super::placed!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000_000).contains(&self.accounts) {
            complaints.push(complaint("accounts", format!("there are 1 to 1000000 accounts, not {}", self.accounts)));
        }
        if self.remembers.is_zero() {
            complaints.push(complaint("remembers", "a server that remembers nothing has no keys; write `without: [IdempotencyKeys]`"));
        }
        if self.transfers > Share::NONE && self.accounts < 2 {
            complaints.push(complaint("transfers", "money moves between two accounts at least; write `accounts: 2`, or more"));
        }
        if self.transfers.as_f64() + self.audits.as_f64() > 1.0 {
            complaints.push(complaint("audits", format!("{} and {} of the calls are more than all", self.transfers, self.audits)));
        }
        if self.step.is_zero() {
            complaints.push(complaint("step", "a step takes time; write how long, such as \"5ms\""));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::protocol::Message;
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};

    #[test]
    fn whatever_is_said_to_the_server_it_goes_on() {
        let anything = |words: &mut Words| match words.index(6) {
            0 => Message::Charge(words.small(), words.number()),
            1 => Message::Transfer(words.small(), words.small(), words.number()),
            2 => Message::Audit,
            3 => Message::Transferred,
            4 => Message::Sum(words.number()),
            _ => Message::Charged(words.number()),
        };
        bears_everything(&Payments::default().protocol(), anything);
        bears_everything(&Payments { without: vec![PaymentRule::WholeTransfers], ..Payments::default() }.protocol(), anything);
    }
}
