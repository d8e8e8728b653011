//! Which faults strike, and what may a seed draw?

use super::{Builder, quoted};
use crate::faults::{FaultPlan, MOST_STRIKES, StormPlan};
use crate::places::Places;
use crate::registry::{complaint, within};

impl Builder<'_> {
    pub(super) fn faults(&mut self, places: &Places<'_>) -> Vec<FaultPlan> {
        let mut faults: Vec<FaultPlan> = Vec::new();
        let sound = self.complaints.is_empty();
        let plans = crate::faults::plans(&self.spec.faults, places, self.spec.clockwork.horizon, sound);
        for (index, plan) in plans.into_iter().enumerate() {
            match plan {
                Ok(plan) => faults.extend(plan),
                Err(complaints) => self.complaints.extend(within(&format!("faults[{index}]"), complaints)),
            }
        }
        if let Some(experiment) = &self.spec.experiment {
            faults.iter_mut().for_each(|fault| fault.limit_to(experiment));
            self.complaints.extend(faults.iter().find_map(|fault| experiment.check_confined(&fault.label, &fault.members, places)));
        }
        for (name, service) in &self.spec.services {
            let Some(rollback) = &service.rolls_back else { continue };
            let labels = faults.iter().map(|fault| fault.label.as_str());
            let events: Vec<&str> = places.events().collect();
            let wrong = rollback.when.check_names(labels, events.iter().copied());
            let path = format!("nodes.{}.rolls_back.when", quoted(name));
            self.complaints.extend(within(&path, wrong.into_iter().collect()));
        }
        let expected: f64 = faults.iter().map(|fault| fault.expected_strikes(self.spec.clockwork.horizon)).sum();
        if self.complaints.is_empty() && expected > MOST_STRIKES as f64 {
            let sentence = format!("about {expected:.0} strikes are expected in a run, which can hold {MOST_STRIKES}");
            self.complaints.push(complaint("faults", sentence));
        }
        faults
    }

    pub(super) fn storm(&mut self, places: &Places<'_>) -> Option<StormPlan> {
        match self.spec.storm.as_ref()?.plan(places) {
            Ok(plan) => {
                let (families, experiment) = (&self.spec.storm.as_ref()?.families, self.spec.experiment.as_ref());
                let wrong = plan.members().find_map(|(family, members)| {
                    experiment.and_then(|experiment| experiment.check_confined(&families[family].label(), members, places))
                });
                self.complaints.extend(wrong);
                Some(plan)
            }
            Err(unknown) => {
                self.complaints.extend(within("storm", unknown));
                None
            }
        }
    }
}
