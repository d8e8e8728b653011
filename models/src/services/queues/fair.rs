//! Fair: everybody has a turn, however much somebody asks.
//!
//! Source: P. Goyal, H. Vin, H. Cheng, "Start-Time Fair Queueing", 1996, with requests of one length: round robin, in which a class
//! may have several turns. It leaves out what a request costs, which a server knows only when it is done.

use super::{DROPS_LAST, Discipline, Item, LIMIT, Line, Standing, Verdict, WhenFull};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Everybody has a turn in each round. Remembers 16 bytes for each who waits or has waited lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fair {
    /// Who has a turn: each client, unless said.
    pub per: Sharing,
    /// How many turns a request's class has in a round, by the class's name; 1 unless said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, u32>,
    /// How many requests wait at most, at each replica. Without a limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who makes room when so many wait; whoever would be served last unless said.
    pub when_full: WhenFull,
}

/// Who has a turn in a queue that is fair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sharing {
    /// Each client on whose behalf requests come.
    #[default]
    Client,
    /// Each process that calls: a replica of a service, or a whole population.
    Caller,
    /// Each class.
    Class,
}

/// How far the rounds have come.
#[derive(Clone, Debug, Default)]
pub struct Flows {
    /// The rank of whoever was taken last.
    round: u64,
    /// The rank of the next request of each, where that lies ahead.
    next: BTreeMap<u64, u64>,
}

/// The length of a round. A class of weight w has its turns this long divided by w apart.
const ROUND: u64 = 1 << 20;
/// Background work has its turn as somebody of its own.
const BACKGROUND: u64 = u64::MAX;
/// The memory is tidied when it is larger than this and twice the line.
const TIDY: usize = 64;

impl Default for Fair {
    fn default() -> Self {
        Self { per: Sharing::Client, weights: BTreeMap::new(), limit: None, when_full: WhenFull::DropLast }
    }
}

impl Registered for Fair {
    const NAME: &'static str = "Fair";
    const SUMMARY: &'static str = "everybody has a turn: each client, caller or class, by weight, however much somebody asks";
}

impl Explained for Fair {
    const ABOUT: About = About {
        meaning: "Serves clients in turn, so that one who asks for more than the others waits behind its own requests and not before theirs. \
                  When the queue is full, whoever has most in it loses the last.",
        formula: "A request's rank is max(rank of the request taken last, rank of its client's last one + 1 / weight of its class); the least \
                  rank is taken first, then the first to enter. DropLast: the last of the greatest rank is refused, the newcomer if nobody who may \
                  be refused has a greater one. What goes on after a call takes a further turn; background work is a client of its own. No \
                  draws.",
        parameters: &[
            parameter("per", "Client, Caller, Class", "Client", "who has a turn; a caller is a replica that calls, or a whole population"),
            parameter("weights", "map from class to number, 1 to 1000", "1 each", "how many turns a request's class has in a round"),
            LIMIT,
            DROPS_LAST,
        ],
        memory: "120 bytes per request that waits, and 16 for each client whose turns lie ahead.",
        source: "P. Goyal and others, \"Start-Time Fair Queueing\", 1996, with requests of one length",
        example: "Fair(per: Client, limit: 500)",
    };
}

impl Fair {
    fn flow(&self, item: &Item) -> u64 {
        match self.per {
            _ if item.standing == Standing::Background => BACKGROUND,
            Sharing::Client => u64::from(item.client),
            Sharing::Caller => u64::from(item.caller),
            Sharing::Class => u64::from(item.class),
        }
    }

    fn step(item: &Item) -> u64 {
        ROUND / u64::from(item.weight.max(1))
    }
}

impl Discipline for Fair {
    type Memory = Flows;

    fn rank(&self, flows: &mut Flows, _line: &Line, item: &Item, _now: SimTime) -> u64 {
        flows.next.get(&self.flow(item)).map_or(flows.round, |next| flows.round.max(*next))
    }

    fn entered(&self, flows: &mut Flows, line: &Line, item: &Item, rank: u64, _now: SimTime) {
        flows.next.insert(self.flow(item), rank + Self::step(item));
        if flows.next.len() > TIDY.max(2 * line.len()) {
            let round = flows.round;
            flows.next.retain(|_, next| *next > round);
        }
    }

    fn judge(&self, flows: &mut Flows, (rank, _): (u64, &Item), _left: usize, _now: SimTime) -> Verdict {
        flows.round = rank;
        Verdict::Served
    }

    /// Who is sent away has had no turn, so that whoever comes next takes that place.
    fn withdrawn(&self, flows: &mut Flows, item: &Item, rank: u64) {
        if let Some(next) = flows.next.get_mut(&self.flow(item)).filter(|next| **next == rank + Self::step(item)) {
            *next = rank;
        }
    }

    fn emptied(&self, flows: &mut Flows, _now: SimTime) {
        *flows = Flows::default();
    }

    super::room!();

    fn mistakes(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (class, weight) in &self.weights {
            if !(1..=1_000).contains(weight) {
                complaints.push(complaint("weights", format!("the class `{class}` has 1 to 1000 turns in a round, not {weight}")));
            }
        }
        complaints
    }
}
