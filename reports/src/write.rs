//! Which files does a report consist of, and how do they get onto the disk whole?

use crate::charts::{self, Picture};
use crate::export::{answer, csv, latency, markdown, occupancy, runs, series};
use crate::html;
use crate::summary;
use crate::theme::Theme;
use scenarios::parallel::{cores, map_in_index_order};
use scenarios::results::{CellSeries, Results};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a report shall contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Whether charts are written as PNG, too: with many cells, those along axes and those of the cell that the page shows. Ignored where
    /// the feature `png` is absent.
    pub png: bool,
}

/// Who is told how far a report is: what is done, how much of it, of how much.
pub type Tell<'a> = dyn FnMut(&'static str, u64, u64) + 'a;

/// Writes `report.html`, `explore.html` where the feature `explore` is on, `report.md`, `ranking.json`, `runs.csv`, `series/*.csv` and `charts/*` into `dir`, which is made
/// if it does not exist, and returns the paths in the order of writing. Each file is complete or absent: it is written
/// under a temporary name and then renamed.
pub fn write_report(results: &Results, dir: &Path, options: ReportOptions) -> io::Result<Vec<PathBuf>> {
    write_report_telling(results, dir, options, &mut |_, _, _| {})
}

/// The same for somebody who waits: told what is done, and how much of it of how much.
pub fn write_report_telling(results: &Results, dir: &Path, options: ReportOptions, tell: &mut Tell<'_>) -> io::Result<Vec<PathBuf>> {
    let pictures = charts::pictures_telling(results, &Theme::light(), &mut |done, of| tell("drawing", done, of));
    let mut folder = Folder { dir, written: Vec::new() };
    write_rows(results, &mut folder, &mut |done, of| tell("tables", done, of))?;
    write_pictures(results, &pictures, options, &mut folder, &mut |done, of| tell("pictures", done, of))?;
    write_pages(results, &pictures, &mut folder, &mut |done, of| tell("pages", done, of))?;
    Ok(folder.written)
}

/// Where files go, and which are there.
struct Folder<'a> {
    dir: &'a Path,
    written: Vec<PathBuf>,
}

impl Folder<'_> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(name);
        write_whole(&path, bytes)?;
        self.written.push(path);
        Ok(())
    }
}

/// Every run, every bin, and what was found by searching.
fn write_rows(results: &Results, folder: &mut Folder<'_>, tell: &mut dyn FnMut(u64, u64)) -> io::Result<()> {
    let rows = runs::table(results);
    folder.put("runs.csv", csv::table(&rows).as_bytes())?;
    #[cfg(feature = "parquet")]
    folder.put("runs.parquet", &crate::export::parquet::table(&rows).map_err(io::Error::other)?)?;
    let work = |index: usize| series_of(results, &results.series[index]);
    let fold = |index: usize, files: Vec<(String, String)>| {
        tell(index as u64 + 1, results.series.len() as u64);
        files.iter().try_for_each(|(name, text)| folder.put(name, text.as_bytes()))
    };
    side_by_side(results.series.len(), work, fold)?;
    for (stem, tables) in
        [("edges", summary::thresholds(results)), ("sensitivity", summary::sensitivity(results)), ("stress", summary::stress(results))]
    {
        for (number, table) in (1..).zip(tables) {
            folder.put(&format!("{stem}-{number}.csv"), csv::table(&table).as_bytes())?;
        }
    }
    Ok(())
}

/// The tables of one cell and arm over time, each with its name.
fn series_of(results: &Results, one: &CellSeries) -> Vec<(String, String)> {
    let place = format!("cell-{}-arm-{}", one.cell, one.arm);
    let further = [
        ("latency", latency::distribution(one)),
        ("latency-over-time", latency::over_time(&results.manifest, one)),
        ("services", occupancy::over_time(&results.manifest, one)),
    ];
    let mut files = vec![(format!("series/{place}.csv"), csv::table(&series::table(&results.manifest, one)))];
    files.extend(further.into_iter().filter_map(|(stem, table)| Some((format!("series/{stem}-{place}.csv"), csv::table(&table?)))));
    files
}

/// Makes so many things on all cores and keeps them in order, until the first that cannot be kept.
fn side_by_side<T: Send>(
    count: usize,
    make: impl Fn(usize) -> T + Sync,
    mut keep: impl FnMut(usize, T) -> io::Result<()>,
) -> io::Result<()> {
    let mut kept = Ok(());
    let fold = |index: usize, made: Result<T, String>| {
        if kept.is_ok() {
            kept = keep(index, made.unwrap_or_else(|message| panic!("{message}")));
        }
    };
    map_in_index_order(cores(), count, || true, make, fold).map_err(io::Error::other)?;
    kept
}

/// Every picture as SVG, with its numbers; as PNG where somebody looks at it.
fn write_pictures(
    results: &Results,
    pictures: &[Picture],
    options: ReportOptions,
    folder: &mut Folder<'_>,
    tell: &mut dyn FnMut(u64, u64),
) -> io::Result<()> {
    let shown = summary::telling_cells(results);
    let work = |index: usize| -> io::Result<(String, Option<Vec<u8>>)> {
        let picture = &pictures[index];
        // Hundreds of bitmaps of single cells would take a minute, and be looked at by nobody.
        let is_about_all = picture.view.axis.is_some() || picture.view.label.is_empty();
        let is_shown = is_about_all || picture.view.cells.iter().any(|cell| shown.contains(cell));
        Ok((csv::table(&picture.table), rendered(picture, ReportOptions { png: options.png && is_shown })?))
    };
    let fold = |index: usize, made: io::Result<(String, Option<Vec<u8>>)>| {
        tell(index as u64 + 1, pictures.len() as u64);
        let (stem, (table, png)) = (format!("charts/{}", pictures[index].stem), made?);
        folder.put(&format!("{stem}.csv"), table.as_bytes())?;
        folder.put(&format!("{stem}.svg"), pictures[index].svg.as_bytes())?;
        png.map_or(Ok(()), |png| folder.put(&format!("{stem}.png"), &png))
    };
    side_by_side(pictures.len(), work, fold)
}

/// What is written of the whole comparison: its name, and what makes it.
type Page = (&'static str, fn(&Results, &[Picture]) -> String);

/// The largest first: they are made at the same time.
const PAGES: &[Page] = &[
    ("results.json", |results, _| format!("{}\n", crate::export::results::results(results))),
    ("report.md", |results, _| markdown::report(results)),
    ("ranking.json", |results, _| format!("{:#}\n", answer::comparison("report", results).value())),
    ("report.html", html::page),
    #[cfg(feature = "explore")]
    ("explore.html", html::explore::page),
];

fn write_pages(results: &Results, pictures: &[Picture], folder: &mut Folder<'_>, tell: &mut dyn FnMut(u64, u64)) -> io::Result<()> {
    tell(0, PAGES.len() as u64);
    let work = |index: usize| PAGES[index].1(results, pictures);
    let fold = |index: usize, text: String| {
        tell(index as u64 + 1, PAGES.len() as u64);
        folder.put(PAGES[index].0, text.as_bytes())
    };
    side_by_side(PAGES.len(), work, fold)
}

#[cfg(feature = "png")]
fn rendered(picture: &Picture, options: ReportOptions) -> io::Result<Option<Vec<u8>>> {
    if options.png { charts::png::render(&picture.svg).map(Some) } else { Ok(None) }
}

#[cfg(not(feature = "png"))]
fn rendered(_: &Picture, _: ReportOptions) -> io::Result<Option<Vec<u8>>> {
    Ok(None)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // Hidden, and with the process in its name, so that two writers never share one.
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let done = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if done.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    done
}
