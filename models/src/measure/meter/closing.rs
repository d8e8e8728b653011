//! What are the numbers of a run that has come to its end?

use super::Meter;
use crate::history::History;
use crate::ids::FaultId;
use crate::measure::detection::Misfortunes;
use crate::measure::{AlertMeasures, ObjectiveMeasures, RunMeasures, Series, Twin, recovery};
use crate::properties::Finding;
use sim_core::time::SimTime;

impl Meter {
    /// The row of the run, and its series.
    pub fn finish(self, ended: SimTime, events: u64) -> (RunMeasures, Series) {
        self.finish_beside(Twin::Unknown, ended, events)
    }

    /// The same, beside what is known of the same run without faults.
    pub fn finish_beside(mut self, twin: Twin<'_>, ended: SimTime, events: u64) -> (RunMeasures, Series) {
        self.file();
        self.row.unfinished = self.row.calls - self.finished;
        self.row.latency = self.latency.summary();
        self.row.failure_latency = self.failure_latency.summary();
        self.row.messages = self.messages;
        if let Some(edges) = self.former_edges {
            let former = self.row.edges.split_off(edges);
            self.row.edges.iter_mut().zip(&former).for_each(|(edge, former)| edge.add(former));
        }
        self.row.edges.truncate(self.edges_of_calls);
        self.row.ended = ended;
        self.row.events = events;
        let has_struck = |id: FaultId| self.strikes.iter().any(|strike| strike.fault == id);
        self.row.struck = self.random_faults.iter().filter(|(id, _)| has_struck(*id)).map(|(_, label)| label.clone()).collect();
        let misfortunes = Misfortunes::among(&self.strikes, &self.reactions);
        let faults = misfortunes.windows();
        let (episodes, evidence) = recovery::episodes(&self.clockwork, faults, &self.bins, self.load_is_closed, twin);
        let horizon = SimTime::ZERO + self.clockwork.horizon;
        self.row.detections = self.reactions.finish(&misfortunes, &episodes, horizon);
        self.row.alerts = self.alerts.finish(&misfortunes, &episodes, horizon);
        self.row.observations.extend(self.row.alerts.iter().flat_map(AlertMeasures::observations));
        self.row.observations.sort_by(|a, b| (&a.name, a.fold).cmp(&(&b.name, b.fold)));
        self.row.objective = self.objective.map(|objective| ObjectiveMeasures::of(objective, &self.bins, &self.clockwork));
        self.row.episodes = episodes;
        self.row.stuck = evidence.is_some_and(|evidence| evidence.is_stuck());
        self.row.stuck_evidence = evidence;
        (self.row.calm_calls, self.row.calm_succeeded) = self.calm(faults);
        self.row.up = self.up.finish();
        self.row.classes = self.classes.finish();
        self.row.fairness = self.fairness.finish();
        self.row.services = self.accounts.finish(ended);
        let services = self.row.services.iter().map(|service| (service.service.as_str(), service.workers));
        let series = Series {
            gauges: self.gauges.list(self.bins.len()),
            bins: self.bins,
            latencies: self.over_time.finish(&self.latency, &self.failure_latency),
            occupancies: self.occupancies.finish(services),
        };
        (self.row, series)
    }

    /// Calls started, and successes among them, in measured bins that no fault touches.
    fn calm(&self, faults: &[(SimTime, Option<SimTime>)]) -> (u64, u64) {
        let width = self.clockwork.bin.as_nanos();
        let count = self.bins.len();
        // How many more faults touch a bin than the one before it.
        let mut steps = vec![0_i64; count + 1];
        for (begin, end) in faults {
            let first = (begin.as_nanos() / width) as usize;
            let last = end.map_or(count, |end| end.as_nanos().div_ceil(width) as usize);
            if first < count {
                steps[first] += 1;
                steps[last.clamp(first + 1, count)] -= 1;
            }
        }
        let first = self.clockwork.warm_up.as_nanos().div_ceil(width) as usize;
        let (mut touching, mut sums) = (0, (0, 0));
        for (index, (bin, step)) in self.bins.iter().zip(steps).enumerate() {
            touching += step;
            if index >= first && touching == 0 {
                sums = (sums.0 + bin.started, sums.1 + bin.succeeded);
            }
        }
        sums
    }

    /// The run was stopped at this instant: it is measured up to there, as if that were its horizon.
    pub(crate) fn ends_early(&mut self, at: SimTime) {
        self.clockwork.horizon = self.clockwork.horizon.min(at.since_start());
    }

    /// What came of the properties of the run, and its history if that is to be kept.
    pub(crate) fn judged(&mut self, findings: Vec<Finding>, history: Option<History>) {
        self.row.findings = findings;
        self.history = history;
    }

    /// The history of the run, if it was to be kept.
    pub const fn take_history(&mut self) -> Option<History> {
        self.history.take()
    }
}
