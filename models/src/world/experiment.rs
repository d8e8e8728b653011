//! How does an experiment let faults strike, and lift them?

use super::World;
use crate::environment::Effect;
use crate::faults::Experiment;
use crate::ids::StretchId;
use crate::measure::ExperimentOutcome;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// A whole time bin is over: the hypothesis is judged before and after, the abort condition in between.
    pub(super) fn experiment_goes_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(experiment) = &plan.experiment else { return };
        let (now, bin) = (ctx.now().since_start(), plan.clockwork.bin);
        let last = bin * (plan.clockwork.horizon / bin);
        if now == experiment.from {
            let held = self.hypothesis_holds(experiment, ctx.now());
            self.meter.experiment(ExperimentOutcome { held_before: held, ..ExperimentOutcome::default() });
            if !held {
                self.lift_all_faults(ctx);
            }
        } else if self.lifted.is_none() && now > experiment.from {
            let seen = self.meter.bin_before(ctx.now());
            let aborts = experiment.abort.iter().any(|trigger| trigger.is(crate::faults::Happening::BinEnds(&seen, bin)));
            if aborts {
                self.meter.experiment_aborted(ctx.now());
            }
            if aborts || now >= experiment.end() {
                self.lift_all_faults(ctx);
            }
        }
        if now == last {
            let held = self.hypothesis_holds(experiment, ctx.now());
            self.meter.experiment_is_over(held);
        }
    }

    /// Whether the hypothesis is true of what has been counted until now.
    fn hypothesis_holds(&self, experiment: &Experiment, now: SimTime) -> bool {
        let until = now.since_start();
        experiment.holds(&self.meter.counted_in(until.saturating_sub(experiment.over), until), &self.meter.latency_until(now))
    }

    /// Whatever is on ends now, and nothing strikes any more.
    fn lift_all_faults(&mut self, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        self.lifted = Some(now);
        // The end of a bin comes first: what begins now has not begun, and what ends now is still on.
        let is_on = |begin: SimTime, end: Option<SimTime>| begin < now && end.is_none_or(|end| end >= now);
        let on: Vec<u32> =
            (0..).zip(&self.timetable.stretches).filter(|(_, one)| is_on(one.begin, one.end)).map(|(index, _)| index).collect();
        for index in on {
            let effects: Vec<Effect> = self.timetable.stretches[index as usize].effects.clone();
            self.effects_change(StretchId(index), &effects, false, ctx);
        }
        for index in 0..self.timetable.strikes.len() {
            let strike = &mut self.timetable.strikes[index];
            if is_on(strike.begin, strike.end) {
                strike.end = Some(now);
                ctx.record(&Record::FaultEnded(strike.fault, strike.member));
            }
        }
        // Stretches of what is left out here are not looked at any more.
        self.timetable.strikes.retain(|strike| strike.begin < now);
    }
}
