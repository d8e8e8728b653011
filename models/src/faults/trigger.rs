//! What in a run can set off a fault?
//!
//! A measure that crosses a threshold, judged at the end of each whole time bin over that bin alone; something a protocol or
//! a strategy announces by name; another fault that begins or ends. Such a fault strikes at other instants in every arm; what
//! is drawn, and for whom, stays the same.

use crate::measure::Bin;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Rate, Share};

/// What a fault waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "trigger", deny_unknown_fields)]
pub enum Trigger {
    /// Fewer client calls ended in success within a time bin than at this rate.
    GoodputBelow {
        /// The threshold.
        rate: Rate,
    },
    /// More client calls ended in success within a time bin than at this rate.
    GoodputAbove {
        /// The threshold.
        rate: Rate,
    },
    /// A smaller share of the client calls that ended within a time bin succeeded. A bin in which none ended says nothing.
    AvailabilityBelow {
        /// The threshold.
        share: Share,
    },
    /// A protocol or a strategy announced an event of this name.
    Announced {
        /// The name.
        event: String,
    },
    /// An alert of the scenario fires.
    AlertFires {
        /// Its name.
        alert: String,
    },
    /// An alert of the scenario is over.
    AlertResolves {
        /// Its name.
        alert: String,
    },
    /// A strike of the fault with this label begins.
    FaultBegins {
        /// The label of a fault of this scenario.
        label: String,
    },
    /// A strike of the fault with this label ends.
    FaultEnds {
        /// The label of a fault of this scenario.
        label: String,
    },
}

/// Something that happens in a run and may set off a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening<'a> {
    /// A whole time bin is over.
    BinEnds(&'a Bin, SimDuration),
    /// Something was announced.
    Announced(&'a str),
    /// An alert of this name fires, or is over.
    Alert(&'a str, bool),
    /// A strike of a fault with this label began.
    Began(&'a str),
    /// A strike of a fault with this label ended.
    Ended(&'a str),
}

impl Trigger {
    /// Name and summary of everything a fault can wait for.
    pub const ALL: &'static [(&'static str, &'static str)] = &[
        ("GoodputBelow", "client calls that succeed within a time bin are fewer than at this rate"),
        ("GoodputAbove", "client calls that succeed within a time bin are more than at this rate"),
        ("AvailabilityBelow", "of the client calls that end within a time bin a smaller share succeeds"),
        ("Announced", "a protocol, a strategy or a service announces an event of this name"),
        ("AlertFires", "an alert of the scenario fires"),
        ("AlertResolves", "an alert of the scenario is over"),
        ("FaultBegins", "a strike of the fault with this label begins"),
        ("FaultEnds", "a strike of the fault with this label ends"),
    ];

    /// Whether it is judged at the end of time bins.
    pub(crate) const fn is_measured(&self) -> bool {
        matches!(self, Self::GoodputBelow { .. } | Self::GoodputAbove { .. } | Self::AvailabilityBelow { .. })
    }

    /// Whether this is what it waits for.
    pub(crate) fn is(&self, happening: Happening<'_>) -> bool {
        // Calls in a bin are far below 2^53, so the products are those of whole numbers and a rate.
        let at_rate = |rate: Rate, length: SimDuration| rate.per_second_f64() * length.as_secs_f64();
        match (self, happening) {
            (Self::GoodputBelow { rate }, Happening::BinEnds(bin, length)) => (bin.completed as f64) < at_rate(*rate, length),
            (Self::GoodputAbove { rate }, Happening::BinEnds(bin, length)) => bin.completed as f64 > at_rate(*rate, length),
            (Self::AvailabilityBelow { share }, Happening::BinEnds(bin, _)) => {
                let ended = u128::from(bin.completed + bin.failed);
                ended > 0 && u128::from(bin.completed) * u128::from(Share::ALL.parts()) < u128::from(share.parts()) * ended
            }
            (Self::Announced { event }, Happening::Announced(name)) => event == name,
            (Self::AlertFires { alert }, Happening::Alert(name, fires)) => fires && alert == name,
            (Self::AlertResolves { alert }, Happening::Alert(name, fires)) => !fires && alert == name,
            (Self::FaultBegins { label }, Happening::Began(begun)) => label == begun,
            (Self::FaultEnds { label }, Happening::Ended(ended)) => label == ended,
            _ => false,
        }
    }

    /// What is wrong with it as written.
    pub(crate) fn check(&self) -> Option<Complaint> {
        match self {
            Self::GoodputBelow { rate } if rate.is_zero() => Some(complaint("rate", "no goodput is below 0/s; write a rate above it")),
            Self::AvailabilityBelow { share } if share.parts() == 0 => {
                Some(complaint("share", "no availability is below 0%; write a share above it"))
            }
            _ => None,
        }
    }

    /// What is wrong with the names it hears of, where these faults and events exist.
    pub(crate) fn check_names<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a str>,
        events: impl IntoIterator<Item = &'a str>,
    ) -> Option<Complaint> {
        match self {
            Self::FaultBegins { label } | Self::FaultEnds { label } => {
                let mut known: Vec<&str> = Vec::new();
                for one in labels {
                    if !known.contains(&one) {
                        known.push(one);
                    }
                }
                (!known.contains(&label.as_str())).then(|| Complaint::unknown("label", "fault", label, known))
            }
            Self::Announced { event } => {
                let known: Vec<&str> = events.into_iter().collect();
                (!known.contains(&event.as_str())).then(|| Complaint::unknown("event", "event that is announced here", event, known))
            }
            Self::GoodputBelow { .. } | Self::GoodputAbove { .. } | Self::AvailabilityBelow { .. } => None,
            // Alerts are no part of the system: whoever knows them looks them up.
            Self::AlertFires { .. } | Self::AlertResolves { .. } => None,
        }
    }

    /// The alert it waits for, if it waits for one.
    pub(crate) fn alert(&self) -> Option<&str> {
        match self {
            Self::AlertFires { alert } | Self::AlertResolves { alert } => Some(alert),
            _ => None,
        }
    }
}
