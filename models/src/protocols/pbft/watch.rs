//! Do correct replicas do the same at every place?

use super::message::Proposal;
use super::replica::Replica;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::{Announcement, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// What was done at each place by the first correct replica that came there.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    places: BTreeMap<u64, Place>,
    highest_view: u64,
}

#[derive(Clone, Debug)]
struct Place {
    proposal: Proposal,
    by: BTreeSet<InstanceId>,
    is_split: bool,
}

/// A replica that is further behind catches up by a checkpoint: own choice, far above any window.
const REMEMBERED: usize = 10_000;

impl Watch {
    pub(super) fn sees(
        &mut self,
        (instance, replica): (InstanceId, &Replica),
        (member, announced): (u32, Announcement),
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        match announced.what {
            "Executes" if truth.is_honest(member) => {
                observations.speaks_for("Agreement");
                let did = replica.did(announced.value as u64);
                let place = self.places.entry(announced.value as u64).or_insert_with(|| {
                    observations.count("requests ordered", u64::from(did.is_some()));
                    Place { proposal: did, by: BTreeSet::new(), is_split: false }
                });
                place.by.insert(instance);
                let is_split = place.proposal != did;
                observations.count("places with different requests", u64::from(is_split && !place.is_split));
                place.is_split |= is_split;
                if is_split {
                    let at = announced.value;
                    observations.violated("Agreement", truth.now, || {
                        format!("replica {member} has done {} at place {at}, and another correct one {}", named(did), named(place.proposal))
                    });
                }
                if self.places.len() > REMEMBERED {
                    self.places.pop_first();
                }
            }
            "EntersView" if announced.value as u64 > self.highest_view => {
                self.highest_view = announced.value as u64;
                observations.count("view changes", 1);
            }
            _ => {}
        }
    }
}

fn named(proposal: Proposal) -> String {
    proposal.map_or_else(|| "nothing".to_owned(), |request| format!("request {:016x}", request.id))
}
