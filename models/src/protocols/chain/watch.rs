//! Does every new head know what was acknowledged?

use super::protocol::Member;
use crate::measure::Observations;
use crate::protocols::Announcement;
use crate::protocols::acknowledged::Acknowledged;
use sim_core::time::SimTime;

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    acknowledged: Acknowledged,
    /// How often the master has changed the chain.
    version: u64,
}

impl Watch {
    pub(super) fn sees(&mut self, member: &Member, announced: Announcement, now: SimTime, observations: &mut Observations) {
        let Member::Server(index, server) = member else {
            if announced.what == "Changes" {
                observations.count("changes of the chain", 1);
                self.version = announced.value as u64;
            }
            return;
        };
        match announced.what {
            "Acknowledges" => {
                observations.count("writes acknowledged", 1);
                let number = announced.value as u64;
                if let Some(&(_, key, value)) = server.done.iter().find(|(done, ..)| *done == number) {
                    self.acknowledged.done(*index, (key, value, number), observations);
                }
            }
            // Who hears late of a chain that is no more serves nobody.
            "Leads" if announced.value as u64 >= self.version => self.acknowledged.leads((*index, &server.state.store), now, observations),
            _ => {}
        }
    }
}
