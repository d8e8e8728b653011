//! How often was each call really done?

use super::protocol::MOST_KEYS;
use crate::measure::Observations;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// How often calls were done, of those that were done last.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    times: BTreeMap<i64, u32>,
    order: VecDeque<i64>,
}

impl Watch {
    /// The server has made something known.
    pub(super) fn see(&mut self, what: &str, value: i64, now: SimTime, observations: &mut Observations) {
        match what {
            "Charges" => self.done(value, ("charges", "charges made again", "charged"), now, observations),
            "Transfers" => self.done(value, ("transfers", "transfers made again", "carried out"), now, observations),
            "MissesMoney" => observations.most("money missing after a crash", value.max(0).unsigned_abs()),
            _ => {}
        }
    }

    fn done(
        &mut self,
        call: i64,
        (counted, again, word): (&'static str, &'static str, &str),
        now: SimTime,
        observations: &mut Observations,
    ) {
        let times = self.times.entry(call).or_insert(0);
        *times += 1;
        let is_again = *times > 1;
        observations.speaks_for("ChargedOnce");
        if is_again {
            observations.violated("ChargedOnce", now, || format!("call {:016x} was {word} again", call as u64));
        } else {
            self.order.push_back(call);
        }
        observations.count(counted, 1);
        observations.count(again, u64::from(is_again));
        if self.order.len() > MOST_KEYS
            && let Some(old) = self.order.pop_front()
        {
            self.times.remove(&old);
        }
    }
}
