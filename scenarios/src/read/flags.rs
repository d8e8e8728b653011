//! Does any service ask for the flags that faults turn on?
//!
//! Faults are common to all arms and programs are not: an arm without a flag does not notice, but one that no arm has is a mistake.

use super::Reader;
use crate::problem::{Problem, Problems};
use crate::scenario::ArmPlan;
use models::faults::{AnyFault, Storm};
use models::plan::SystemSpec;
use models::registry::Complaint;
use models::services::Task;

impl Reader<'_> {
    /// Flags that no service of any arm asks for.
    pub(super) fn refuse_unknown_flags(&self, arms: &[(SystemSpec, ArmPlan)], problems: &mut Problems) {
        let Some((first, _)) = arms.first() else { return };
        let services = arms.iter().flat_map(|(spec, _)| &spec.services);
        let mut known: Vec<&str> = services.flat_map(|(_, service)| Task::flags(&service.does)).collect();
        known.sort_unstable();
        known.dedup();
        let is_unknown = |fault: &AnyFault| match fault {
            AnyFault::FlagRollout(rollout) if !known.contains(&rollout.flag.as_str()) => Some(rollout.flag.clone()),
            _ => None,
        };
        let mut refuse = |flag: String, place, path: String| {
            let sentence = Complaint::unknown("flag", "flag", &flag, known.iter().copied()).message;
            let hint = "a service asks for it by `Flag(name: ..., does: [...])` in its `does`";
            let problem = Problem { place, ..Problem::new(sentence).path(path) };
            problems.push(problem.hint(hint).suggest(&flag, known.iter().copied()));
        };
        for (index, planned) in first.faults.iter().enumerate() {
            if let Some(flag) = is_unknown(&planned.fault) {
                refuse(flag, self.in_fault(index, "flag"), format!("faults[{index}].flag"));
            }
        }
        for (index, family) in first.storm.iter().flat_map(|Storm { families, .. }| families).enumerate() {
            if let Some(flag) = is_unknown(&family.fault) {
                refuse(flag, self.field("storm").map(|storm| storm.head()), format!("storm.families[{index}].flag"));
            }
        }
    }
}
