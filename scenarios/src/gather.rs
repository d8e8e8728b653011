//! What do the runs of a results folder add up to, without making any?
//!
//! One way through the journal: every line is read once, and its run is added to the sums of its cell and arm as soon as all those of smaller seeds
//! are. That is the order in which sweeps keep them. A run that comes before its turn waits in memory; if a seed before it is missing, to the end.

use crate::journal::{ContentKey, Saved, each_run};
use crate::results::{CellSeries, Results, RunRow};
use crate::run::Run;
use crate::sweep::{Grid, add};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::io;

/// What a results folder holds.
#[derive(Debug)]
pub struct Gathered {
    /// Those runs that were asked for and are there, in the order of the grid.
    pub results: Results,
    /// Lines of the journal that are not believed, by their number from 1, and what is wrong with each.
    pub damage: Vec<(u64, &'static str)>,
}

/// Adds up what a results folder holds of what its manifest asks for.
///
/// # Errors
/// What the file system says; no journal holds no runs.
pub fn gather(saved: &Saved, folder: &Utf8Path) -> io::Result<Gathered> {
    gather_telling(saved, folder, &mut |_, _| {})
}

/// The same for somebody who waits: told how many bytes of how many have been read.
///
/// # Errors
/// What the file system says; no journal holds no runs.
pub fn gather_telling(saved: &Saved, folder: &Utf8Path, tell: &mut dyn FnMut(u64, u64)) -> io::Result<Gathered> {
    let grid = Grid::of(&saved.manifest);
    // Arms that are alike share their runs.
    let mut wanted: BTreeMap<ContentKey, Vec<usize>> = BTreeMap::new();
    (0..grid.count()).for_each(|index| wanted.entry(grid.place(index).key(saved)).or_default().push(index));
    let mut groups: Vec<Group> = (0..grid.count().div_ceil(grid.replications.max(1))).map(|_| Group::default()).collect();
    let mut damage = Vec::new();
    let fold = |line: u64, found: Result<(ContentKey, Run), &'static str>| match found {
        Ok((key, run)) => {
            let Some((last, others)) = wanted.get(&key).and_then(|places| places.split_last()) else { return };
            others.iter().for_each(|index| groups[index / grid.replications].take(saved, &grid, *index, run.clone()));
            groups[last / grid.replications].take(saved, &grid, *last, run);
        }
        Err(why) => damage.push((line, why)),
    };
    each_run(folder, fold, tell)?;
    let mut results = Results::nothing_yet(saved.manifest.clone());
    for mut group in groups {
        group.add_the_rest(saved, &grid);
        results.runs.append(&mut group.rows);
        results.series.append(&mut group.series);
    }
    Ok(Gathered { results, damage })
}

/// The runs of one cell and arm.
#[derive(Default)]
struct Group {
    /// How many of them, from the smallest seed on, were added.
    added: usize,
    /// Those that came before their turn.
    waiting: BTreeMap<usize, Run>,
    rows: Vec<RunRow>,
    series: Vec<CellSeries>,
}

impl Group {
    fn take(&mut self, saved: &Saved, grid: &Grid, index: usize, run: Run) {
        let number = index % grid.replications;
        // The same run twice is the same run.
        if number >= self.added {
            self.waiting.entry(index).or_insert(run);
        }
        while let Some(run) = self.waiting.remove(&(index - number + self.added)) {
            add((&mut self.rows, &mut self.series), saved, grid.place(index - number + self.added), Ok(run));
            self.added += 1;
        }
    }

    fn add_the_rest(&mut self, saved: &Saved, grid: &Grid) {
        for (index, run) in std::mem::take(&mut self.waiting) {
            add((&mut self.rows, &mut self.series), saved, grid.place(index), Ok(run));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{FILE, Journal, KnownRuns, load_manifest, save_manifest};
    use crate::sweep::{SweepOptions, saved, sweep};
    use crate::text::Source;
    use crate::{Extent, read};

    #[test]
    fn saved_runs_give_the_results_of_the_sweep_again_in_whatever_order_and_however_often_they_were_kept() {
        let text = r#"(schema: 1, name: "small", horizon: "4s",
            nodes: { "clients": Clients(count: 1, arrivals: Poisson(rate: "20/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
            arms: { "one": (), "two": (nodes: { "server": Service(workers: 2, demand: Constant("10ms")) }), "like one": () },
            sweep: (replications: 5, vary: { "nodes.clients.arrivals.rate": ["20/s", "30/s"] }))"#;
        let scenario = read(Source::new("small.ron", text), "small.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let mut journal = Journal::open(folder).unwrap();
        let options = SweepOptions { jobs: 2, go_on: &|| true, progress: &mut |_, _| {} };
        let made = sweep(&scenario, &KnownRuns::default(), &mut journal, options).unwrap();
        save_manifest(folder, &saved(&scenario)).unwrap();
        let saved = load_manifest(folder).unwrap().expect("it was written");
        assert_eq!(made.runs.len(), 30);
        let kept = fs_err::read_to_string(folder.join(FILE)).unwrap();
        let lines: Vec<&str> = kept.lines().collect();
        assert_eq!(lines.len(), 30);
        let backwards: Vec<&str> = lines.iter().rev().copied().collect();
        let twice: Vec<&str> = lines.iter().chain(&lines).copied().collect();
        for order in [&lines, &backwards, &twice] {
            fs_err::write(folder.join(FILE), format!("{}\n", order.join("\n"))).unwrap();
            let gathered = gather(&saved, folder).unwrap();
            assert!(gathered.results == made && gathered.damage.is_empty());
        }
        // Two seeds of the second arm are missing: the others are there, in order.
        fs_err::write(folder.join(FILE), format!("{}\nnonsense\n{}\n", lines[..5].join("\n"), lines[7..].join("\n"))).unwrap();
        let gathered = gather(&saved, folder).unwrap();
        assert_eq!(gathered.damage, [(6, "it is too short for a run")]);
        assert_eq!(gathered.results.runs, [&made.runs[..5], &made.runs[7..]].concat());
        assert_eq!(gathered.results.series.iter().map(|series| series.runs).collect::<Vec<_>>(), [5, 3, 5, 5, 5, 5]);
    }
}
