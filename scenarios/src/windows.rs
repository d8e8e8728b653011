//! When did the faults of one run strike?
//!
//! A bystander that writes down begins and ends as they happen, for whoever shows a single run: with faults that come and go
//! at random, or on an event, no plan knows them.

use crate::restarted::crashed;
use crate::results::FaultWindow;
use crate::trace;
use models::ids::{FaultId, NodeId};
use models::plan::Plan;
use models::record::Record;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// A fault, whom of its members it strikes if that is drawn, its begin, and its end if it has come.
type Strike = (FaultId, Option<u32>, SimTime, Option<SimTime>);

/// The strikes seen so far.
#[derive(Debug, Default)]
pub struct Strikes {
    seen: Vec<Strike>,
    /// Those that are on, by fault and member, the oldest first.
    open: BTreeMap<(FaultId, Option<u32>), VecDeque<usize>>,
    /// When nodes that had died came back, in order of time.
    returned: Vec<(SimTime, NodeId)>,
}

impl Strikes {
    /// Takes note of what concerns it.
    pub fn see(&mut self, at: SimTime, record: &Record) {
        match *record {
            Record::FaultBegan(fault, member) => {
                self.open.entry((fault, member)).or_default().push_back(self.seen.len());
                self.seen.push((fault, member, at, None));
            }
            // Strikes of one fault at one member that overlap last equally long, nearly always: the oldest ends first.
            Record::FaultEnded(fault, member) => {
                let oldest = self.open.get_mut(&(fault, member)).and_then(VecDeque::pop_front);
                if let Some(index) = oldest {
                    self.seen[index].3 = Some(at);
                }
            }
            Record::NodeReturned(node) => self.returned.push((at, node)),
            _ => {}
        }
    }

    /// All of them, in order of their begin. A crash without an end of its own is over when all that it has stopped is back, if somebody restarts it.
    pub fn windows(&self, plan: &Plan) -> Vec<FaultWindow> {
        let window = |&(fault, member, begin, end): &Strike| FaultWindow {
            label: trace::fault(plan, fault, member),
            what: plan.faults[fault.index()].what(),
            begin,
            end: end.or_else(|| self.restarted(plan, fault, member, begin)),
        };
        self.seen.iter().map(window).collect()
    }

    fn restarted(&self, plan: &Plan, fault: FaultId, member: Option<u32>, begin: SimTime) -> Option<SimTime> {
        let crashed = crashed(plan.faults.get(fault.0 as usize)?);
        let nodes: Vec<NodeId> = match member {
            Some(member) => crashed.get(member as usize)?.clone(),
            None => crashed.concat(),
        };
        let back = |node: &NodeId| self.returned.iter().find(|(at, other)| *at >= begin && other == node).map(|(at, _)| *at);
        nodes.iter().map(back).collect::<Option<Vec<SimTime>>>()?.into_iter().max()
    }
}
