//! DAGOR: a cut through the levels of importance, which moves with the wait in the queue, and which callers learn.
//!
//! Source: H. Zhou and others, "Overload Control for Scaling WeChat Microservices", SoCC 2018 (read second-hand). The paper leaves open
//! what is known of levels that callers hold back: here they keep the counts that they had when they last came in full.

use super::{Admission, Answer, Visitor};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::Key;
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::BTreeMap;

/// How many levels there are of users within one business priority.
pub const USER_LEVELS: u16 = 128;
/// How long users keep their level.
const HOUR: u64 = 3_600 * NANOS_PER_SECOND;

/// Lets in what lies up to a cut through the levels of business priority and user. Remembers 16 bytes for each level that comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dagor {
    /// After how much time the cut is moved at the latest.
    pub window: SimDuration,
    /// After how many requests it is moved at the latest.
    pub requests: u64,
    /// The server is overloaded if requests wait longer in the queue than this, on average.
    pub queue_wait: SimDuration,
    /// By which share fewer are let in after an overloaded window.
    pub decrease: Share,
    /// How many more are let in after any other, as a share of all that came.
    pub increase: Share,
    /// How long a caller goes by the cut that it heard last.
    pub forgotten_after: SimDuration,
}

/// What came in this window, and where the cut is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    /// The last level that is let in.
    pub cut: u16,
    began: SimTime,
    arrived: u64,
    admitted: u64,
    came: BTreeMap<u16, u64>,
    /// Of levels beyond the cut: how many came when they last came in full.
    beyond: BTreeMap<u16, u64>,
    begun: u64,
    waited: u128,
}

/// The level of a request: business priority first, and within it the user, who has another place every hour. The least is the most
/// important.
pub fn level(priority: u8, client: u32, now: SimTime) -> u16 {
    let hour = now.as_nanos() / HOUR;
    let user = Key::named("user of the hour").child(hour).child(u64::from(client)).bits() % u64::from(USER_LEVELS);
    u16::from(priority) * USER_LEVELS + user as u16
}

impl Default for Dagor {
    fn default() -> Self {
        Self {
            window: SimDuration::from_secs(1),
            requests: 2_000,
            queue_wait: SimDuration::from_millis(20),
            decrease: Share::percent(5),
            increase: Share::percent(1),
            forgotten_after: SimDuration::from_secs(5),
        }
    }
}

impl Registered for Dagor {
    const NAME: &'static str = "Dagor";
    const SUMMARY: &'static str =
        "a cut through levels of importance that moves with the wait in the queue; callers learn it, and shed early";
}

impl Explained for Dagor {
    const ABOUT: About = About {
        meaning: "The overload control of WeChat. Requests have a level, by their class and within it by their user, and a server lets in what lies up \
                  to a cut. Since a user has the same level everywhere, what is shed at one service is what would be shed at the next, and little \
                  work is begun in vain. Answers carry the cut, and whoever calls turns back beforehand what would be shed.",
        formula: "Level = (priority of the class, user), compared in this order; user is one of 128 by a hash of client and hour. A window ends after \
                  `window` or `requests` requests. Overloaded: the mean wait of the requests begun in it is above queue_wait, or none was begun \
                  of those let in. Goal = (1 - decrease) * admitted if overloaded, else admitted + increase * arrived. Overloaded: the cut becomes the \
                  last level up to which no more than the goal came, at least the first that came; else the first up to which the goal came, or \
                  none. Levels beyond the cut count as when they last came in full, or as they came now if that is more. Callers fail what lies beyond \
                  the cut that they heard last from any replica of the service as limited, without sending it, for forgotten_after. No draws.",
        parameters: &[
            parameter("window", "duration, above 0", "1s", "after how much time the cut is moved at the latest"),
            parameter("requests", "number, at least 1", "2000", "after how many requests it is moved at the latest"),
            parameter("queue_wait", "duration", "20ms", "overloaded if requests wait longer than this, on average"),
            parameter("decrease", "share", "5%", "by which share fewer are let in after an overloaded window"),
            parameter("increase", "share, above 0%", "1%", "how many more after any other, as a share of all that came"),
            parameter("forgotten_after", "duration", "5s", "how long a caller goes by the cut that it heard last"),
        ],
        memory: "at each replica 32 bytes for each level that comes; at each caller 16 bytes for each service.",
        source: "H. Zhou and others, SoCC 2018 (second-hand)",
        example: "Dagor(window: \"1s\", requests: 2000, queue_wait: \"20ms\")",
    };
}

impl Dagor {
    /// How many are to be let in, after a window in which so many were, of so many that came.
    pub fn goal(&self, admitted: u64, arrived: u64, is_overloaded: bool) -> f64 {
        let admitted = admitted as f64;
        if is_overloaded { admitted * (1.0 - self.decrease.as_f64()) } else { admitted + arrived as f64 * self.increase.as_f64() }
    }

    fn is_overloaded(&self, levels: &Levels) -> bool {
        if levels.begun == 0 {
            levels.admitted > 0
        } else {
            levels.waited > u128::from(levels.begun) * u128::from(self.queue_wait.as_nanos())
        }
    }

    fn close_window(&self, levels: &mut Levels, now: SimTime) {
        let is_overloaded = self.is_overloaded(levels);
        let goal = self.goal(levels.admitted, levels.arrived, is_overloaded);
        let mut counts = std::mem::take(&mut levels.beyond);
        counts.retain(|level, _| *level > levels.cut);
        for (level, came) in std::mem::take(&mut levels.came) {
            let count = counts.entry(level).or_default();
            *count = came.max(*count);
        }
        if levels.arrived > 0 {
            levels.cut = moved(&counts, goal, is_overloaded);
        }
        counts.retain(|level, _| *level > levels.cut);
        (levels.beyond, levels.began) = (counts, now);
        (levels.arrived, levels.admitted, levels.begun, levels.waited) = (0, 0, 0, 0);
    }
}

/// The cut at which this goal is met.
fn moved(counts: &BTreeMap<u16, u64>, goal: f64, is_overloaded: bool) -> u16 {
    let (mut sum, mut cut) = (0, None);
    for (&level, &count) in counts {
        sum += count;
        if is_overloaded {
            if cut.is_some() && sum as f64 > goal {
                break;
            }
            cut = Some(level);
        } else if sum as f64 >= goal {
            return level;
        }
    }
    cut.unwrap_or(u16::MAX)
}

impl Admission for Dagor {
    type Memory = Levels;

    fn fresh(&self, now: SimTime) -> Levels {
        let (came, beyond) = (BTreeMap::new(), BTreeMap::new());
        Levels { cut: u16::MAX, began: now, arrived: 0, admitted: 0, came, beyond, begun: 0, waited: 0 }
    }

    fn ask(&self, levels: &mut Levels, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        if now.saturating_since(levels.began) >= self.window || levels.arrived >= self.requests {
            self.close_window(levels, now);
        }
        let level = level(visitor.priority, visitor.client, now);
        levels.arrived += 1;
        *levels.came.entry(level).or_default() += 1;
        if level > levels.cut {
            return Answer::Refused;
        }
        levels.admitted += 1;
        Answer::Admitted
    }

    fn begun(&self, levels: &mut Levels, waited: SimDuration, _now: SimTime) {
        levels.begun += 1;
        levels.waited += u128::from(waited.as_nanos());
    }

    fn cut(&self, levels: &Levels) -> Option<u16> {
        Some(levels.cut)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.window.is_zero() {
            complaints.push(complaint("window", "a window lasts longer than 0s"));
        }
        if self.requests == 0 {
            complaints.push(complaint("requests", "a window has at least 1 request"));
        }
        if self.increase.parts() == 0 {
            complaints.push(complaint("increase", "with an increase of 0% nothing that was shed is ever let in again"));
        }
        complaints
    }
}
