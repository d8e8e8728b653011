//! Which messages does a line lose, one after the other?
//!
//! *Independent*: each with the same probability. *Bursts*: the line is in one of two states, calm or in a burst, and may
//! change before each message; each state loses a share of its own. With everything lost in a burst and nothing between
//! bursts this is the channel of E. N. Gilbert ("Capacity of a burst-noise channel", Bell System Technical Journal, 1960), with a
//! share in each the one of E. O. Elliott ("Estimates of error rates for codes on burst-noise channels", same journal, 1963). A
//! burst of mean length `b` ends before a message with probability `1/b`; bursts begin so often that the mean loss is the one
//! written. *Correlated*: the form of Linux tc-netem, where each number is mixed with the one before,
//! `x(n) = (1 - c) * u(n) + c * x(n-1)`, and a message is lost if `x(n)` is below the loss. As there, the share lost is then
//! not exactly the one written, because the mixture is not spread evenly; whoever needs the mean writes `burst`.

use super::Link;
use crate::registry::{Complaint, complaint};
use sim_core::draw::Draw;
use sim_core::units::Share;

/// How a line loses messages.
#[derive(Clone, Debug, PartialEq)]
pub enum LossModel {
    /// Each message alone.
    Independent(Share),
    /// Gilbert-Elliott.
    Bursts {
        /// The probability that a burst begins before a message.
        begins: f64,
        /// The probability that it ends before a message.
        ends: f64,
        /// What is lost within a burst.
        within: Share,
        /// What is lost between bursts.
        between: Share,
    },
    /// netem.
    Correlated {
        /// What is lost if nothing is mixed.
        loss: Share,
        /// What is taken from the number before.
        correlation: Share,
    },
}

/// What a line remembers of its losses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossState {
    /// Whether a burst is on; not known before the first message.
    in_burst: Option<bool>,
    /// The number that decided about the message before.
    last: Option<f64>,
}

impl LossModel {
    /// The losses of a checked link.
    pub fn of(link: &Link) -> Self {
        if let Some(length) = link.burst {
            let (within, between) = (link.burst_loss.unwrap_or(Share::ALL), link.calm_loss.unwrap_or(Share::NONE));
            let share = share_in_bursts(link.loss, within, between);
            return Self::Bursts { begins: share / (1.0 - share) / length, ends: 1.0 / length, within, between };
        }
        match link.loss_correlation {
            Some(correlation) => Self::Correlated { loss: link.loss, correlation },
            None => Self::Independent(link.loss),
        }
    }

    /// Everything wrong with the losses of a link as written.
    pub fn check(link: &Link) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |field: &str, sentence: String| complaints.push(complaint(field, sentence));
        let Some(length) = link.burst else {
            for (field, value) in [("burst_loss", link.burst_loss), ("calm_loss", link.calm_loss)] {
                if value.is_some() {
                    complain(field, format!("`{field}` needs a `burst`, the mean length of a burst in messages"));
                }
            }
            if link.loss_correlation.is_some() && link.loss == Share::NONE {
                complain("loss_correlation", "there is no `loss` whose draws could be correlated".to_owned());
            }
            return complaints;
        };
        let (within, between) = (link.burst_loss.unwrap_or(Share::ALL), link.calm_loss.unwrap_or(Share::NONE));
        if link.loss_correlation.is_some() {
            complain("loss_correlation", "losses come in bursts (`burst`) or are correlated as in netem, not both".to_owned());
        }
        if !(1.0..=1e9).contains(&length) {
            complain("burst", format!("a burst is 1 to 1000000000 messages long on average, not {length}"));
        } else if link.loss <= between || link.loss >= within {
            let sentence = format!(
                "with {between} lost between bursts and {within} within, the mean `loss` lies between the two, not at {}",
                link.loss
            );
            complain("loss", sentence);
        } else {
            let share = share_in_bursts(link.loss, within, between);
            if share / (1.0 - share) / length > 1.0 {
                let sentence = format!(
                    "bursts of {length} messages are too short for a mean loss of {}; the next would have to begin before the last has ended",
                    link.loss
                );
                complain("burst", sentence);
            }
        }
        complaints
    }

    /// Whether nothing has to be remembered between messages.
    pub const fn is_independent(&self) -> bool {
        matches!(self, Self::Independent(_))
    }

    /// Whether the next message is lost.
    pub fn loses(&self, state: &mut LossState, draw: Draw) -> bool {
        match self {
            Self::Independent(loss) => loss.holds(draw),
            Self::Bursts { begins, ends, within, between } => {
                let turn = draw.further(0).unit();
                let in_burst = match state.in_burst {
                    // The first message finds the line as any message does.
                    None => turn < begins / (begins + ends),
                    Some(true) => turn >= *ends,
                    Some(false) => turn < *begins,
                };
                state.in_burst = Some(in_burst);
                if in_burst { within.holds(draw) } else { between.holds(draw) }
            }
            Self::Correlated { loss, correlation } => {
                let kept = correlation.as_f64();
                let last = state.last.unwrap_or_else(|| draw.further(0).unit());
                let mixed = draw.unit() * (1.0 - kept) + last * kept;
                state.last = Some(mixed);
                mixed < loss.as_f64()
            }
        }
    }
}

/// The share of messages that must fall into bursts for this mean loss.
fn share_in_bursts(mean: Share, within: Share, between: Share) -> f64 {
    (mean.as_f64() - between.as_f64()) / (within.as_f64() - between.as_f64())
}
