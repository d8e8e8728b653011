//! What is allowed and probably not meant?
//!
//! Each warning has its place in the text, like a problem, and the scenario is run all the same: what the measures will not be
//! able to say, what can never happen, and what says the same thing twice.

use super::endless::{is_told_a_deadline, never_out_of_time, swallows_answers};
use super::{Reader, SweepSpec};
use crate::problem::{Problem, Problems, Span};
use crate::scenario::{ArmPlan, Cell, Scenario};
use crate::text::overlay::overlay;
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;
use models::faults::FaultPlan;
use models::measure::{fewest_calls, hold_for, is_enough};
use models::plan::{Plan, RecoveryLevel};
use models::strategies::Layer;
use models::workloads::ArrivalProcess;
use sim_core::time::{SimDuration, SimTime};

impl<'a> Reader<'a> {
    /// Everything in a sound scenario that is probably not meant.
    pub(super) fn warnings(&self, scenario: &Scenario, arms: &[(String, Option<Element<'a>>)], sweep: &SweepSpec<'a>) -> Problems {
        let mut warnings = Problems::new();
        for cell in &scenario.cells {
            self.warn_of_faults(&cell.arms[0].plan, &mut warnings);
            for ((_, written), arm) in arms.iter().zip(&cell.arms) {
                self.warn_of_stacks(arm, *written, &mut warnings);
                self.warn_of_endless(arm, *written, &mut warnings);
            }
            self.warn_of_idle(cell, arms, &mut warnings);
            self.warn_of_same_arms(scenario, cell, &mut warnings);
        }
        self.warn_of_quorums(scenario, arms, &mut warnings);
        self.warn_of_same_cells(scenario, sweep, &mut warnings);
        let clauses = self.field("expect").and_then(|section| section.list().ok()).unwrap_or_default();
        for (item, clause) in clauses.into_iter().zip(&scenario.expect) {
            warnings.extend(clause.idle().map(|sentence| Problem::new(sentence).at(item.head())));
            if let crate::expect::Clause::Measure(bounds) = clause.bare() {
                warnings.extend(bounds.doubtful().map(|problem| problem.at(item.head())));
            }
        }
        warnings
    }

    /// Where a field of a fault is written, or else the fault.
    pub(super) fn in_fault(&self, index: usize, field: &str) -> Option<Span> {
        let fault = Path::from(Step::Index(index)).below(&[Step::Name("faults".to_owned())]);
        let written = Path::from(Step::Name(field.to_owned())).below(fault.steps());
        locate_in(self.root, &written).map(Element::span).or_else(|_| locate_in(self.root, &fault).map(Element::head)).ok()
    }

    /// Faults are common to all arms.
    fn warn_of_faults(&self, plan: &Plan, warnings: &mut Problems) {
        let horizon = SimTime::ZERO.saturating_add(plan.clockwork.horizon);
        for (index, fault) in plan.faults.iter().enumerate() {
            let windows = fault.windows(plan.clockwork.horizon);
            let Some(end) = windows.iter().filter_map(|window| window.1).find(|end| *end > horizon) else { continue };
            let problem = Problem::new(format!(
                "the {} lasts until {end}, beyond the horizon ({horizon}): no run sees its end, and none can recover",
                fault.label
            ));
            let hint = "let the fault end earlier, move the horizon, or leave `lasts` out for a fault that never ends";
            warnings.push(Problem { place: self.in_fault(index, "lasts"), ..problem.hint(hint) });
        }
        let begin = |fault: &FaultPlan| fault.windows(plan.clockwork.horizon).first().map(|window| window.0);
        let first = plan.faults.iter().enumerate().filter_map(|(index, fault)| Some((begin(fault)?, index))).min();
        let unseen = |begin: SimTime| no_level(plan, begin).or_else(|| too_few_calls(plan, begin));
        if let Some((index, problem)) = first.and_then(|(begin, index)| Some((index, unseen(begin)?))) {
            warnings.push(Problem { place: self.in_fault(index, "at"), ..problem });
        }
    }

    fn warn_of_stacks(&self, system: &ArmPlan, arm: Option<Element<'a>>, warnings: &mut Problems) {
        let plan = &system.plan;
        let swallowing = system.faults.iter().find(|fault| swallows_answers(&fault.fault)).filter(|_| !is_told_a_deadline(plan));
        for edge in plan.edges.iter().filter(|edge| !edge.stack.is_empty()) {
            let endless = swallowing.and_then(|fault| never_out_of_time(&edge.stack, fault.fault.name()));
            let sentences = idle_timeouts(&edge.stack).into_iter().chain(endless);
            for (index, sentence) in sentences {
                let pieces = overlay(self.root, arm, &[], &mut Problems::new());
                let piece = pieces.section("stacks").iter().find(|piece| piece.key.as_ref() == Some(&edge.name));
                let layer = piece.and_then(|piece| piece.value.list().ok()?.get(index).copied());
                warnings.push(Problem { place: layer.map(Element::span), ..Problem::new(sentence) });
            }
        }
    }

    /// Which two arms of a cell do not differ at all: a path that is varied may level them.
    fn warn_of_same_arms(&self, scenario: &Scenario, cell: &Cell, warnings: &mut Problems) {
        let numbered = || cell.arms.iter().zip(&scenario.arms);
        let mut pairs = numbered().enumerate().flat_map(|(nth, one)| numbered().take(nth).map(move |other| (other, one)));
        let Some(((_, one), (_, other))) = pairs.find(|((one, _), (other, _))| one.content == other.content) else { return };
        let values: Vec<String> = scenario.axes.iter().zip(&cell.values).map(|(axis, value)| format!("{axis} = {value}")).collect();
        let place = if values.is_empty() { String::new() } else { format!("with {}, ", values.join(", ")) };
        let sentence = format!("{place}the arms `{one}` and `{other}` are the same system, so that comparing them says nothing");
        let entries = self.field("arms").and_then(|arms| arms.entries().ok()).unwrap_or_default();
        let key = entries.iter().find(|entry| entry.key == *other).map(|entry| entry.key_span);
        warnings.push(Problem { place: key, ..Problem::new(sentence) });
    }

    /// Which values of a varied path lead to the same systems: one of them is written twice, or the path has no effect.
    fn warn_of_same_cells(&self, scenario: &Scenario, sweep: &SweepSpec<'a>, warnings: &mut Problems) {
        let contents = |cell: usize| scenario.cells[cell].arms.iter().map(|arm| &arm.content);
        let mut stride = scenario.cells.len();
        for (path, _, values) in &sweep.vary {
            stride /= values.len();
            for (later, value) in values.iter().enumerate() {
                let same = (0..later).find(|earlier| contents(earlier * stride).eq(contents(later * stride)));
                warnings.extend(same.map(|earlier| {
                    let [one, other] = [values[earlier], *value].map(|value| value.text().trim_matches('"'));
                    let what = if one == other {
                        format!("`{one}` is written twice")
                    } else {
                        format!("`{one}` and `{other}` make no difference")
                    };
                    Problem::new(format!("{what}: their cells of `{path}` hold the same systems and say the same")).at(value.span())
                }));
            }
        }
    }
}

/// Why the recovery of this system cannot be judged: there is no whole bin between the warm-up and the first fault.
fn no_level(plan: &Plan, first: SimTime) -> Option<Problem> {
    // One-shot contention has a completion time, and no recovery.
    if plan.populations.iter().all(|population| matches!(population.arrivals, ArrivalProcess::Once)) {
        return None;
    }
    let times = plan.clockwork;
    let width = times.bin.as_nanos();
    if times.warm_up.as_nanos().div_ceil(width) < first.as_nanos() / width {
        return None;
    }
    let warm_up = if times.warm_up.is_zero() { "start".to_owned() } else { format!("end of the warm-up ({})", times.warm_up) };
    let sentence =
        format!("recovery cannot be judged: no whole bin of {} lies between the {warm_up} and the first fault ({})", times.bin, first);
    Some(Problem::new(sentence).hint("let the fault begin later, or shorten `warm_up` or `bin`"))
}

/// Why the recovery of this system cannot be judged: so few calls come that no window could show even a total outage. Of closed load only runs know.
fn too_few_calls(plan: &Plan, first: SimTime) -> Option<Problem> {
    let users = || plan.populations.iter().filter(|population| !population.synthetic);
    let times = plan.clockwork;
    let (from, until) = (SimTime::ZERO.saturating_add(times.warm_up), SimTime::ZERO.saturating_add(times.horizon));
    let rates: Option<Vec<f64>> = users().map(|population| population.arrivals.mean_rate(from, until)).collect();
    let rate: f64 = rates?.into_iter().sum();
    let before = (rate * first.saturating_since(from).as_secs_f64()) as u128;
    let windows = (times.horizon / times.bin) as usize;
    let is_twin = times.level == RecoveryLevel::Twin;
    let level = if is_twin { (1, 1) } else { (before, before) };
    // Where every call succeeds before the fault it takes fewest to see that none does.
    let fewest = if level.1 > 0 { fewest_calls(level, is_twin, windows) } else { None };
    let (per_window, hold) = (rate * times.hold.as_secs_f64(), times.hold);
    let Some(fewest) = fewest else {
        let sentence = format!(
            "recovery cannot be judged: some {before} calls come before the first fault ({first}), which do not tell what is usual"
        );
        return Some(Problem::new(sentence).hint("have more calls made, or let the first fault begin later"));
    };
    if is_enough(per_window, fewest) {
        return None;
    }
    let sentence = format!(
        "recovery cannot be judged: {per_window:.1} calls come in a window of `hold`, {hold}, on average, so that even an outage of all of them would not be \
         told from luck"
    );
    let longer = hold_for(fewest, rate * times.bin.as_secs_f64(), times.bin);
    let hint =
        longer.map_or_else(|| "have more calls made".to_owned(), |hold| format!("have more calls made, or write `hold: \"{hold}\"`"));
    Some(Problem::new(sentence).hint(hint))
}

/// The layers of a stack that can never act, because another always ends what lies inside them sooner: each with its position.
fn idle_timeouts(stack: &[Layer]) -> Vec<(usize, String)> {
    let timeout = |layer: &Layer| if let Layer::Timeout(timeout) = layer { Some(timeout.0) } else { None };
    let deadline = |layer: &Layer| if let Layer::Deadline(deadline) = layer { Some(deadline.after) } else { None };
    let idle = |(index, layer): (usize, &Layer)| {
        let length = timeout(layer)?;
        let is_shorter = |other: &SimDuration| *other < length;
        // A deadline counts from the call on, wherever it stands; a timeout only ends what lies inside.
        let by_deadline = stack.iter().filter_map(deadline).find(is_shorter).map(|other| format!("`Deadline(\"{other}\")`"));
        let around = stack[..index].iter().filter_map(timeout).find(is_shorter).map(|other| format!("`Timeout(\"{other}\")` around it"));
        let other = by_deadline.or(around)?;
        Some((index, format!("`Timeout(\"{length}\")` can never act: {other} is over sooner")))
    };
    stack.iter().enumerate().filter_map(idle).collect()
}
