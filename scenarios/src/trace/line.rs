//! How does a run read as text? One line per record, aligned, in the words of the scenario.

use models::ids::FaultId;
use models::plan::Plan;
use models::record::{AttemptName, CallName, FIRST_CHECK, FIRST_EXTRA, FIRST_POLL, FIRST_PROBE, MessageName, Record};
use models::strategies::breaker::State;
use models::strategies::{Scope, Shift, ShiftAt};
use sim_core::time::SimTime;
use std::fmt::Write as _;

/// One line for a record: instant, what happened, to whom, where, and how; and what it says, if that is known.
pub fn line_saying(plan: &Plan, at: SimTime, record: &Record, says: Option<&str>) -> String {
    let mut text = line(plan, at, record);
    if let Some(says) = says.filter(|says| !says.is_empty()) {
        let _ = write!(text, ": {says}");
    }
    text
}

/// One line for a record: instant, what happened, to whom, where, and how.
pub fn line(plan: &Plan, at: SimTime, record: &Record) -> String {
    // As wide as the last instant of the run, so that columns stay where they are.
    let clockwork = plan.clockwork;
    let last = Seconds(SimTime::ZERO.saturating_add(clockwork.horizon.saturating_add(clockwork.drain))).to_string();
    let mut text = format!("{:>width$}  ", Seconds(at).to_string(), width = last.len());
    let node = |node: models::ids::NodeId| plan.nodes[node.index()].name.as_str();
    let (what, who, detail) = match record {
        Record::CallStarted(name) => ("call", call_label(plan, name), String::new()),
        Record::CallEnded(name, outcome) => ("end", call_label(plan, name), outcome.name().to_owned()),
        Record::Sent(name, to) => ("send", attempt(plan, name), format!("to {}", node(*to))),
        Record::Dropped(name, to, loss) => ("drop", attempt(plan, name), format!("at {}, {}", node(*to), loss.name())),
        Record::Queued(name, to) => ("queue", attempt(plan, name), format!("at {}", node(*to))),
        Record::Started(name, to) => ("start", attempt(plan, name), format!("at {}", node(*to))),
        Record::Answered(name, from, outcome) => ("answer", attempt(plan, name), format!("by {}, {}", node(*from), outcome.name())),
        Record::Delivered(name, from, outcome) => ("deliver", attempt(plan, name), format!("from {}, {}", node(*from), outcome.name())),
        Record::DeliveredLate(name, from, outcome) => ("late", attempt(plan, name), format!("from {}, {}", node(*from), outcome.name())),
        Record::Abandoned(name, to) => ("abandon", attempt(plan, name), format!("at {}", node(*to))),
        Record::CallAbandoned(name) => ("give up", call_label(plan, name), String::new()),
        Record::Discarded(name, to) => ("discard", attempt(plan, name), format!("at {}", node(*to))),
        Record::FaultBegan(id, member) => ("FAULT", fault(plan, *id, *member), "begins".to_owned()),
        Record::FaultEnded(id, member) => ("FAULT", fault(plan, *id, *member), "ends".to_owned()),
        Record::NodeDied(dead) => ("NODE", node(*dead).to_owned(), "dies".to_owned()),
        Record::NodePaused(still) => ("NODE", node(*still).to_owned(), "stands still".to_owned()),
        Record::NodeResumed(alive) => ("NODE", node(*alive).to_owned(), "goes on".to_owned()),
        Record::Altered(name, at) => ("altered", attempt(plan, name), format!("at or from {}", node(*at))),
        Record::TurnedBack(name, to, outcome) => ("turned", attempt(plan, name), format!("before {}, {}", node(*to), outcome.name())),
        Record::Broken(name, to) => ("broken", attempt(plan, name), format!("connection to {}", node(*to))),
        Record::Ignored(name, from) => ("ignore", attempt(plan, name), format!("second copy from {}", node(*from))),
        Record::Replied(name, from) => ("reply", attempt(plan, name), format!("from {}", node(*from))),
        Record::Unheard(name, at) => ("unheard", attempt(plan, name), format!("at {}", node(*at))),
        Record::JobBegan(at) => ("job", node(*at).to_owned(), "begins".to_owned()),
        Record::JobEnded(at) => ("job", node(*at).to_owned(), "ends".to_owned()),
        Record::Converged => ("ROUTING", "all senders".to_owned(), "know the cuts and their ends".to_owned()),
        Record::NodeReturned(alive) => ("NODE", node(*alive).to_owned(), "returns with empty memory".to_owned()),
        Record::MemberSent(name) => ("say", letter(plan, name), String::new()),
        Record::MemberHeard(name) => ("hear", letter(plan, name), String::new()),
        Record::MemberMissed(name, loss) => ("miss", letter(plan, name), loss.name().to_owned()),
        Record::MemberMisheard(name) => ("altered", letter(plan, name), String::new()),
        Record::TimerFired(at) => ("timer", node(*at).to_owned(), String::new()),
        Record::Announced(by, what, value) => {
            ("tell", node(*by).to_owned(), format!("{what} {}", plan.number_announced(what, *value)).trim_end().to_owned())
        }
        Record::AlertFired(alert) => ("ALERT", plan.alerts[*alert as usize].name.clone(), "fires".to_owned()),
        Record::AlertResolved(alert) => ("ALERT", plan.alerts[*alert as usize].name.clone(), "is over".to_owned()),
        Record::Shifted(at) => ("LAYER", layer(plan, at), shift(&at.shift)),
        Record::ClockSet(at, by) => ("CLOCK", node(*at).to_owned(), format!("set by {by}")),
    };
    let written = if detail.is_empty() { write!(text, "{what:<8} {who}") } else { write!(text, "{what:<8} {who:<40} {detail}") };
    written.expect("text can be written to a string");
    text
}

/// `shoppers -> checkout breaker, client 17`: whose shared memory of which layer.
pub(super) fn layer(plan: &Plan, at: &ShiftAt) -> String {
    let edge = &plan.edges[at.edge.index()];
    let layer = edge.stack[at.layer as usize].name();
    let whose = match edge.scopes[at.layer as usize] {
        None | Some(Scope::Edge) => String::new(),
        Some(Scope::Client) => format!(", client {}", at.scope),
        Some(Scope::Process) => format!(", process {}", at.scope),
        Some(Scope::Endpoint) => {
            let replicas = edge.replicas.len() as u32;
            format!(", process {} at replica {}", at.scope / replicas, at.scope % replicas)
        }
    };
    format!("{} {layer}{whose}", edge.name)
}

pub(super) fn shift(shift: &Shift) -> String {
    match shift {
        Shift::Breaker(State::Closed) => "closes".to_owned(),
        Shift::Breaker(State::HalfOpen) => "is half open".to_owned(),
        Shift::Breaker(State::Open) => "opens".to_owned(),
        Shift::Ejected(replica) => format!("ejects replica {replica}"),
        Shift::Returned(replica) => format!("takes replica {replica} back"),
    }
}

/// `shoppers -> checkout #17.3`: client 17, its population's or its own call number 3; `#17.+3` for one that a fault added;
/// `shoppers -> checkout probe of 2.17` for the question whether replica 2 is well, asked for the 18th time;
/// `front -> back check by 2.17` for what replica 2 asks back when it is asked that; `worker -> orders poll 2.17` for the 18th poll of
/// a poller of replica 2.
pub fn call_label(plan: &Plan, name: &CallName) -> String {
    if let Some(ordinal) = name.ordinal.checked_sub(FIRST_CHECK) {
        return format!("{} check by {}.{ordinal}", plan.edges[name.edge.index()].name, name.client);
    }
    if let Some(ordinal) = name.ordinal.checked_sub(FIRST_POLL) {
        return format!("{} poll {}.{ordinal}", plan.edges[name.edge.index()].name, name.client);
    }
    if let Some(ordinal) = name.ordinal.checked_sub(FIRST_PROBE) {
        return format!("{} probe of {}.{ordinal}", plan.edges[name.edge.index()].name, name.client);
    }
    let (extra, ordinal) = name.ordinal.checked_sub(FIRST_EXTRA).map_or(("", name.ordinal), |ordinal| ("+", ordinal));
    format!("{} #{}.{extra}{ordinal}", plan.edges[name.edge.index()].name, name.client)
}

/// `cluster[0] -> cluster[1] ping 17`: the 17th ping of the one to the other, from 0.
fn letter(plan: &Plan, name: &MessageName) -> String {
    let node = |node: models::ids::NodeId| plan.nodes[node.index()].name.as_str();
    format!("{} -> {} {} {}", node(name.from), node(name.to), name.kind, name.ordinal)
}

fn attempt(plan: &Plan, name: &AttemptName) -> String {
    let copy = if name.copy == 0 { String::new() } else { format!(" copy {}", name.copy) };
    format!("{} attempt {}{copy}", call_label(plan, &name.call), name.number)
}

/// Seconds with all nine decimals, so that lines align and nothing is rounded.
struct Seconds(SimTime);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanos = self.0.as_nanos();
        write!(f, "{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

/// A fault, and which of its members is struck if it is one apart from the others.
pub(crate) fn fault(plan: &Plan, id: FaultId, member: Option<u32>) -> String {
    let fault = &plan.faults[id.index()];
    match member {
        Some(member) if fault.members.len() > 1 => format!("{} at {}", fault.label, fault.members[member as usize].name),
        _ => fault.label.clone(),
    }
}
