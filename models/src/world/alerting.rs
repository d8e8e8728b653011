//! Which alerts fire, and which are over?
//!
//! Looked at when a whole time bin is over, before anything else is judged there: what is known is how the calls of users ended that have
//! ended by then. Nothing of the system is touched, but faults and levers may wait for an alert.

use super::World;
use crate::alerts::{AlertPlan, Counts, Window};
use crate::faults::Happening;
use crate::measure::Alarm;
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::simulation::Ctx;
use std::sync::Arc;

/// What is remembered of the alerts of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Alerts(Vec<State>);

#[derive(Clone, Debug, Default)]
struct State {
    long: Window,
    short: Window,
    /// Whenever it fired, the last time perhaps still.
    alarms: Vec<Alarm>,
}

impl State {
    fn is_firing(&self) -> bool {
        self.alarms.last().is_some_and(|alarm| alarm.end.is_none())
    }
}

impl Alerts {
    /// None of them fires.
    pub fn of(plan: &Plan) -> Self {
        Self(vec![State::default(); plan.alerts.len()])
    }

    /// When each of them fired.
    pub fn take_alarms(&mut self) -> Vec<Vec<Alarm>> {
        self.0.iter_mut().map(|state| std::mem::take(&mut state.alarms)).collect()
    }
}

impl<P: Protocol> World<P> {
    /// A whole time bin is over: each alert looks at its windows.
    pub(super) fn alerts_look(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.plan.alerts.is_empty() {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let (now, clockwork) = (ctx.now(), &plan.clockwork);
        let bin = (now.since_start() / clockwork.bin) - 1;
        let first = clockwork.warm_up.as_nanos().div_ceil(clockwork.bin.as_nanos());
        if bin < first {
            return;
        }
        let comes = self.meter.ended_in(bin);
        for (index, alert) in plan.alerts.iter().enumerate() {
            let goes = |length: u32| bin.checked_sub(u64::from(length)).filter(|gone| *gone >= first);
            let gone = [Some(alert.long), alert.short].map(|length| length.and_then(goes).map(|gone| self.meter.ended_in(gone)));
            let state = &mut self.alerts.0[index];
            let fires = looks(alert, state, (comes, gone), bin - first + 1);
            if fires == state.is_firing() {
                continue;
            }
            match state.alarms.last_mut().filter(|_| !fires) {
                Some(alarm) => alarm.end = Some(now),
                None => state.alarms.push(Alarm { begin: now, end: None }),
            }
            let index = index as u32;
            ctx.record(&if fires { Record::AlertFired(index) } else { Record::AlertResolved(index) });
            self.happens(Happening::Alert(&alert.name, fires), ctx);
        }
    }
}

/// Whether an alert fires after another bin, the how-manieth is said.
fn looks(alert: &AlertPlan, state: &mut State, (comes, gone): (Counts, [Option<Counts>; 2]), bins: u64) -> bool {
    state.long.moves(comes, gone[0]);
    state.short.moves(comes, gone[1]);
    let filled = |length: u32| (u32::try_from(bins).unwrap_or(u32::MAX).min(length), length);
    let short = |length: u32| state.short.fails_above(alert.above, filled(length));
    state.long.fails_above(alert.above, filled(alert.long)) && alert.short.is_none_or(short)
}
