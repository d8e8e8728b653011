//! When did the faults of one run strike?
//!
//! A bystander that writes down begins and ends as they happen, for whoever shows a single run: with faults that come and go
//! at random, or on an event, no plan knows them.

use crate::results::FaultWindow;
use crate::trace;
use models::ids::FaultId;
use models::plan::Plan;
use models::record::Record;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// The strikes seen so far.
#[derive(Debug, Default)]
pub struct Strikes {
    seen: Vec<(FaultId, Option<u32>, SimTime, Option<SimTime>)>,
    /// Those that are on, by fault and member, the oldest first.
    open: BTreeMap<(FaultId, Option<u32>), VecDeque<usize>>,
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
            _ => {}
        }
    }

    /// All of them, in order of their begin.
    pub fn windows(&self, plan: &Plan) -> Vec<FaultWindow> {
        let window = |&(fault, member, begin, end): &_| FaultWindow {
            label: trace::fault(plan, fault, member),
            what: plan.faults[fault.index()].what(),
            begin,
            end,
        };
        self.seen.iter().map(window).collect()
    }
}
