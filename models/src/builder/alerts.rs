//! Which alerts are there, and does everybody who waits for one wait for one that is there?

use super::{Builder, quoted};
use crate::alerts::AlertPlan;
use crate::faults::Trigger;
use crate::registry::{Complaint, complaint, within};
use sim_core::units::Share;

impl Builder<'_> {
    /// The alerts of the system, looked up.
    pub(super) fn alerts(&mut self) -> Vec<AlertPlan> {
        let (spec, times) = (self.spec, &self.spec.clockwork);
        if spec.objective == Some(Share::ALL) {
            self.complaints.push(complaint("objective", "100% leaves no failure to spend; write a share below it, such as \"99.9%\""));
        }
        for (name, alert) in &spec.alerts {
            self.complaints.extend(within(&format!("alerts.{}", quoted(name)), alert.check(spec.objective, times)));
        }
        self.refuse_unknown_alerts();
        if !self.complaints.is_empty() {
            return Vec::new();
        }
        spec.alerts.iter().map(|(name, alert)| alert.plan(name, spec.objective, times)).collect()
    }

    /// Faults, levers and pipelines wait only for alerts that there are.
    fn refuse_unknown_alerts(&mut self) {
        let spec = self.spec;
        let faults =
            spec.faults.iter().enumerate().filter_map(|(index, fault)| Some((format!("faults[{index}]"), fault.timing.when.as_ref()?)));
        let rollbacks = spec.services.iter().filter_map(|(name, service)| {
            let rollback = service.rolls_back.as_ref()?;
            Some((format!("nodes.{}.rolls_back", quoted(name)), &rollback.when))
        });
        let unknown = |(path, when): (String, &Trigger)| {
            let alert = when.alert().filter(|alert| spec.alerts.iter().all(|(name, _)| name != alert))?;
            let known = spec.alerts.iter().map(|(name, _)| name.as_str());
            Some(Complaint::unknown(&format!("{path}.when.alert"), "alert", alert, known))
        };
        let complaints: Vec<Complaint> = faults.chain(rollbacks).filter_map(unknown).collect();
        self.complaints.extend(complaints);
    }
}
