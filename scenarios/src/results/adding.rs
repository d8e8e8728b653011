//! How does one more run get into the sums of its cell and arm? By whole numbers alone, so that any order gives the same bytes.

use super::{BinTotals, CellSeries, GaugeTotals, LevelTotals, Manifest, OccupancyTotals};
use crate::run::Run;
use models::measure::{Bin, FurtherAttempts, Gauge, Latencies, Occupancy};

/// Adds the series of a run to the sums of its cell and arm; the runs of a cell and arm come one after the other.
pub(crate) fn add_to(all: &mut Vec<CellSeries>, manifest: &Manifest, (cell, arm): (u32, u32), run: &Run) {
    if all.last().is_none_or(|last| (last.cell, last.arm) != (cell, arm)) {
        all.push(CellSeries { cell, arm, bins: vec![BinTotals::default(); run.bins.len()], ..CellSeries::default() });
    }
    let Some(series) = all.last_mut() else { return };
    series.runs += 1;
    series.course.add(manifest, cell, run);
    series.bins.iter_mut().zip(&run.bins).for_each(|(total, bin)| total.add(bin));
    run.gauges.iter().for_each(|gauge| series.add_gauge(gauge));
    let longest = series.further.len().max(run.further.len());
    series.further.resize(longest, FurtherAttempts::default());
    series.further.iter_mut().zip(&run.further).for_each(|(sum, more)| *sum += *more);
    add_latencies(&mut series.latencies, &run.latencies);
    run.occupancies.iter().for_each(|occupancy| series.add_occupancy(occupancy, run.bins.len()));
}

impl BinTotals {
    fn add(&mut self, bin: &Bin) {
        self.started += bin.started;
        self.succeeded += bin.succeeded;
        self.completed += bin.completed;
        self.failed += bin.failed;
        self.attempts += bin.attempts;
        if let Some(thousandths) = (bin.succeeded * 1000).checked_div(bin.started) {
            *self.availability.entry(u16::try_from(thousandths).expect("no more calls succeed than are started")).or_default() += 1;
        }
        *self.goodput.entry(bin.completed).or_default() += 1;
        *self.offered.entry(bin.attempts).or_default() += 1;
    }
}

impl CellSeries {
    fn add_gauge(&mut self, gauge: &Gauge) {
        let key = (gauge.edge, gauge.layer, gauge.name.as_str());
        let place = self.gauges.iter().position(|total| (total.edge, total.layer, total.name.as_str()) == key);
        let place = place.unwrap_or_else(|| {
            let bins = vec![(0, 0); gauge.values.len()];
            self.gauges.push(GaugeTotals { edge: gauge.edge, layer: gauge.layer, name: gauge.name.clone(), bins });
            self.gauges.len() - 1
        });
        for ((sum, runs), value) in self.gauges[place].bins.iter_mut().zip(&gauge.values) {
            (*sum, *runs) = (*sum + value.unwrap_or(0), *runs + u32::from(value.is_some()));
        }
    }

    fn add_occupancy(&mut self, occupancy: &Occupancy, bins: usize) {
        let place = self.occupancies.iter().position(|total| total.service == occupancy.service).unwrap_or_else(|| {
            let nothing = vec![LevelTotals::default(); bins];
            let (service, workers) = (occupancy.service.clone(), occupancy.workers);
            self.occupancies.push(OccupancyTotals { service, workers, runs: 0, busy: nothing.clone(), waiting: nothing });
            self.occupancies.len() - 1
        });
        let total = &mut self.occupancies[place];
        total.runs += 1;
        for (levels, values) in [(&mut total.busy, &occupancy.busy), (&mut total.waiting, &occupancy.waiting)] {
            // What never was is not kept run by run, and is nothing in every bin.
            levels.iter_mut().zip(values.iter().chain(std::iter::repeat(&0))).for_each(|(level, value)| level.add(*value));
        }
    }
}

impl LevelTotals {
    fn add(&mut self, value: u64) {
        self.sum += value;
        self.runs.add(value, 1);
    }
}

fn add_latencies(all: &mut Latencies, one: &Latencies) {
    all.successes.merge(&one.successes);
    all.failures.merge(&one.failures);
    all.bins_of_stretch = one.bins_of_stretch;
    all.over_time.resize(one.over_time.len().max(all.over_time.len()), Default::default());
    all.over_time.iter_mut().zip(&one.over_time).for_each(|(all, one)| all.merge(one));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::gather;
    use crate::journal::{Journal, KnownRuns, load_manifest, save_manifest};
    use crate::results::Results;
    use crate::scenario::Scenario;
    use crate::sweep::{SweepOptions, saved, sweep};
    use crate::text::Source;
    use crate::{Extent, read};
    use camino::Utf8Path;
    use models::measure::{CoarseHistogram, THOUSANDTHS};

    fn scenario(horizon: &str) -> Scenario {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "{horizon}", warm_up: "5s",
                nodes: {{
                    "clients": Clients(count: 20, arrivals: Poisson(rate: "80/s"), calls: "front"),
                    "front": Service(workers: 4, queue: Fifo(limit: 10), demand: Exponential(mean: "30ms"), does: [Call("back")]),
                    "back": Service(workers: "unlimited", demand: Exponential(mean: "40ms")),
                    "spare": Service(workers: 1, demand: Constant("1ms")),
                }},
                arms: {{ "few": (), "many": (nodes: {{ "front": Service(workers: 40, demand: Exponential(mean: "30ms"), does: [Call("back")]) }}) }},
                sweep: (replications: 3))"#
        );
        read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
    }

    fn swept(scenario: &Scenario, jobs: usize, known: &KnownRuns, journal: &mut Journal) -> Results {
        sweep(scenario, known, journal, SweepOptions { jobs, go_on: &|| true, progress: &mut |_, _| {} })
            .expect("the folder can be written")
    }

    #[test]
    fn histograms_hold_every_call_that_rows_count_and_bins_as_much_work_as_the_books_of_services() {
        let results = swept(&scenario("25s"), 2, &KnownRuns::default(), &mut Journal::nowhere());
        for series in &results.series {
            let rows: Vec<_> = results.runs_of(series.cell, series.arm).map(|(_, row)| row).collect();
            let (succeeded, failed): (u64, u64) =
                rows.iter().fold((0, 0), |sum, row| (sum.0 + row.latency.count, sum.1 + row.failure_latency.count));
            assert_eq!((series.latencies.successes.len(), series.latencies.failures.len()), (succeeded, failed));
            assert!(succeeded > 1_000 && (series.arm == 1 || failed > 100), "{succeeded}, {failed}");
            let over_time: Vec<u64> = series.latencies.over_time.iter().map(CoarseHistogram::len).collect();
            assert_eq!(over_time, series.bins.iter().map(|bin| bin.succeeded).collect::<Vec<_>>());
            for (place, total) in series.occupancies.iter().enumerate() {
                let of = |row: &&models::measure::RunMeasures| row.services[place].clone();
                let integrals = rows.iter().map(of).fold((0, 0), |sum, one| (sum.0 + one.busy.as_nanos(), sum.1 + one.waiting.as_nanos()));
                // From the warm-up to the horizon; every bin of every run is rounded to a thousandth of a second.
                let sums = |levels: &[LevelTotals]| levels[5..].iter().map(|level| level.sum).sum::<u64>() * (1_000_000_000 / THOUSANDTHS);
                let rounded = 20 * 3 * 500_000;
                assert!(sums(&total.busy).abs_diff(integrals.0) <= rounded, "{}", total.service);
                assert!(sums(&total.waiting).abs_diff(integrals.1) <= rounded, "{}", total.service);
                assert_eq!(total.busy.iter().map(|level| level.runs.len()).collect::<Vec<_>>(), [3; 25]);
            }
            let names: Vec<_> = series.occupancies.iter().map(|total| (total.service.as_str(), total.workers)).collect();
            assert_eq!(names, [("front", if series.arm == 0 { 4 } else { 40 }), ("back", 0), ("spare", 1)]);
            assert!(series.occupancies[2].busy.iter().all(|level| level.sum == 0));
        }
    }

    #[test]
    fn what_is_kept_of_runs_gives_the_same_sums_again() {
        let scenario = scenario("12500ms");
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let mut journal = Journal::open(folder).unwrap();
        let made = swept(&scenario, 2, &KnownRuns::default(), &mut journal);
        drop(journal);
        save_manifest(folder, &saved(&scenario)).unwrap();
        let kept = load_manifest(folder).unwrap().expect("it was written");
        assert_eq!(gather(&kept, folder).unwrap().results, made);
        assert_eq!(swept(&scenario, 1, &KnownRuns::default(), &mut Journal::nowhere()), made);
        // Half a bin is a bin.
        assert_eq!((made.series[0].occupancies[0].busy.len(), made.series[0].latencies.over_time.len()), (13, 13));
    }

    #[test]
    fn sums_of_many_runs_are_as_large_as_those_of_few() {
        let sizes = |replications: u32| {
            let mut scenario = scenario("15s");
            scenario.sweep.replications = replications;
            let results = swept(&scenario, 2, &KnownRuns::default(), &mut Journal::nowhere());
            let entries = |series: &CellSeries| {
                let levels = series.occupancies.iter().flat_map(|total| total.busy.iter().chain(&total.waiting));
                series.latencies.successes.rows().count() + levels.map(|level| level.runs.rows().count()).sum::<usize>()
            };
            results.series.iter().map(entries).max().expect("there are two arms")
        };
        let (few, many) = (sizes(20), sizes(80));
        assert!(many < 2 * few, "{few} entries, then {many} with four times as many runs");
    }
}
