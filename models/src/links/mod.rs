//! What does a scenario say about the way between two domains, and what happens to a message on it?
//!
//! A [`Link`] is written for both directions. Each direction is compiled to a [`Line`], which says what becomes of a message
//! that is put on it; what a line remembers between messages (`line`) lives in the world, per direction of a link. Faults
//! change lines for a while ([`LinkChange`], `condition`).

mod condition;
mod line;
mod loss;

pub use condition::{Block, Blocking, Disturbance, LegCondition, LinkChange, Mishaps, RouteConditions, WayEffect};
pub use line::{Corruption, Crossing, Line, LineState, Luck};
pub use loss::{LossModel, LossState};

use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::units::{Bandwidth, Share, Size};

/// The kinds of message that calls of services name; a group's protocol has names of its own.
pub const KINDS: [&str; 3] = ["request", "reply", "cancel"];

/// What the word that a caller has gone, and the news that nobody listens, take on a line: a header and nothing else.
pub const SIZE_OF_A_WORD: Size = Size::from_bytes(64);

/// The size of a request, a reply or a message of a group unless a scenario says otherwise: 1 kB.
pub const USUAL_SIZE: Size = Size::from_bytes(1_000);

/// A way between two failure domains (or nodes), in both directions unless said; also within one, if both ends are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// A name by which an arm replaces this link, and a path finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// One end: a domain, or a node: a service, a population or a group, or one replica or member.
    pub from: String,
    /// The other end.
    pub to: String,
    /// The kinds of message it is for; for all unless said. Such a link makes no way of its own: it says how some messages
    /// travel over a way that is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::names")]
    pub kinds: Vec<String>,
    /// How long a message travels, each direction drawn apart; at least a nanosecond.
    pub delay: Distribution,
    /// The share of messages that is lost; none unless said.
    #[serde(default)]
    pub loss: Share,
    /// The mean length of a burst of losses in messages, 1 or more: losses come in bursts (Gilbert-Elliott). Losses are
    /// independent unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<f64>,
    /// The share of messages lost within a burst; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst_loss: Option<Share>,
    /// The share of messages lost between bursts; none unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calm_loss: Option<Share>,
    /// How much the draw of a loss takes from the one before (the form of Linux tc-netem).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_correlation: Option<Share>,
    /// The share of messages of which a second copy arrives; none unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub duplicate: Share,
    /// Whether no message overtakes an earlier one of the same direction; messages overtake each other unless said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fifo: bool,
    /// The share of messages that travels without delay, and so ahead of others; none unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub reorder: Share,
    /// The share of messages that is altered on the way, found out by a checksum and dropped at the receiver; none unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub corrupt: Share,
    /// The share of messages that is altered on the way and delivered; none unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub corrupt_undetected: Share,
    /// How much data the line takes in a time; any amount unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// How much data may wait for the line, each direction; a message that does not fit is dropped. Without limit unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Size>,
    /// Whether messages travel from `from` to `to` only.
    #[serde(default)]
    pub one_way: bool,
    /// What is different on the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
}

fn is_none(share: &Share) -> bool {
    *share == Share::NONE
}

/// What is different on the way from `to` to `from`: every field of a [`Link`] that has a value of its own there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Back {
    /// See [`Link::delay`].
    pub delay: Option<Distribution>,
    /// See [`Link::loss`].
    pub loss: Option<Share>,
    /// See [`Link::burst`].
    pub burst: Option<f64>,
    /// See [`Link::burst_loss`].
    pub burst_loss: Option<Share>,
    /// See [`Link::calm_loss`].
    pub calm_loss: Option<Share>,
    /// See [`Link::loss_correlation`].
    pub loss_correlation: Option<Share>,
    /// See [`Link::duplicate`].
    pub duplicate: Option<Share>,
    /// See [`Link::fifo`].
    pub fifo: Option<bool>,
    /// See [`Link::reorder`].
    pub reorder: Option<Share>,
    /// See [`Link::corrupt`].
    pub corrupt: Option<Share>,
    /// See [`Link::corrupt_undetected`].
    pub corrupt_undetected: Option<Share>,
    /// See [`Link::bandwidth`].
    pub bandwidth: Option<Bandwidth>,
    /// See [`Link::queue`].
    pub queue: Option<Size>,
}

impl Link {
    /// A link of this delay, both ways, on which nothing ever goes wrong.
    pub fn between(from: &str, to: &str, delay: Distribution) -> Self {
        Self {
            label: None,
            from: from.to_owned(),
            to: to.to_owned(),
            kinds: Vec::new(),
            delay,
            loss: Share::NONE,
            burst: None,
            burst_loss: None,
            calm_loss: None,
            loss_correlation: None,
            duplicate: Share::NONE,
            fifo: false,
            reorder: Share::NONE,
            corrupt: Share::NONE,
            corrupt_undetected: Share::NONE,
            bandwidth: None,
            queue: None,
            one_way: false,
            back: None,
        }
    }

    /// The link as it is for messages from `to` to `from`: what `back` says, and else what the link says.
    pub fn way_back(&self) -> Self {
        let back = self.back.clone().unwrap_or_default();
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
            delay: back.delay.unwrap_or_else(|| self.delay.clone()),
            loss: back.loss.unwrap_or(self.loss),
            burst: back.burst.or(self.burst),
            burst_loss: back.burst_loss.or(self.burst_loss),
            calm_loss: back.calm_loss.or(self.calm_loss),
            loss_correlation: back.loss_correlation.or(self.loss_correlation),
            duplicate: back.duplicate.unwrap_or(self.duplicate),
            fifo: back.fifo.unwrap_or(self.fifo),
            reorder: back.reorder.unwrap_or(self.reorder),
            corrupt: back.corrupt.unwrap_or(self.corrupt),
            corrupt_undetected: back.corrupt_undetected.unwrap_or(self.corrupt_undetected),
            bandwidth: back.bandwidth.or(self.bandwidth),
            queue: back.queue.or(self.queue),
            back: None,
            ..self.clone()
        }
    }

    /// Everything wrong with the link as written; whether its ends exist is asked elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = self.check_direction();
        for (field, end) in [("from", &self.from), ("to", &self.to)] {
            if end.is_empty() || end.split('/').any(str::is_empty) {
                complaints.push(complaint(field, "a domain is a name such as \"zone-a\" or \"eu/a/rack1\""));
            }
        }
        if self.back.is_some() && self.one_way {
            complaints.push(complaint("back", "a link that is `one_way` has no way back"));
        } else if self.back.is_some() && self.from == self.to {
            complaints.push(complaint("back", "a link from a domain to itself has one direction only"));
        } else if self.back.is_some() && complaints.is_empty() {
            complaints.extend(within("back", self.way_back().check_direction()));
        }
        complaints
    }

    fn check_direction(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("delay", self.delay.check()).collect();
        complaints.extend(LossModel::check(self));
        if self.fifo && self.reorder != Share::NONE {
            complaints.push(complaint("reorder", "a link on which no message overtakes another (`fifo`) does not reorder"));
        }
        if self.bandwidth.is_some_and(|bandwidth| bandwidth.bits_per_second() == 0) {
            complaints.push(complaint("bandwidth", "a line that takes no data carries no message; write a bandwidth such as \"10Mbit/s\""));
        }
        if self.queue.is_some() && self.bandwidth.is_none() {
            complaints.push(complaint("queue", "without a `bandwidth` nothing ever waits for the line"));
        }
        complaints
    }
}
