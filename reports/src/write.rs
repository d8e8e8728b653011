//! Which files does a report consist of, and how do they get onto the disk whole?

use crate::charts::{self, Picture};
use crate::export::{csv, latency, markdown, occupancy, runs, series};
use crate::html;
use crate::summary;
use crate::theme::Theme;
use scenarios::results::Results;
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
    let mut written = Vec::new();
    // About: what is written for the whole comparison is a handful of files.
    let files = (pictures.len() * if options.png { 3 } else { 2 } + results.series.len() * 2) as u64;
    let mut put = |name: String, bytes: &[u8]| -> io::Result<()> {
        let path = dir.join(name);
        write_whole(&path, bytes)?;
        written.push(path);
        tell("writing", (written.len() as u64).min(files), files);
        Ok(())
    };
    let rows = runs::table(results);
    put("runs.csv".to_owned(), csv::table(&rows).as_bytes())?;
    #[cfg(feature = "parquet")]
    put("runs.parquet".to_owned(), &crate::export::parquet::table(&rows).map_err(io::Error::other)?)?;
    for one in &results.series {
        let name = format!("series/cell-{}-arm-{}.csv", one.cell, one.arm);
        put(name, csv::table(&series::table(&results.manifest, one)).as_bytes())?;
        for (stem, table) in [
            ("latency", latency::distribution(one)),
            ("latency-over-time", latency::over_time(&results.manifest, one)),
            ("services", occupancy::over_time(&results.manifest, one)),
        ] {
            let Some(table) = table else { continue };
            put(format!("series/{stem}-cell-{}-arm-{}.csv", one.cell, one.arm), csv::table(&table).as_bytes())?;
        }
    }
    for (number, edges) in (1..).zip(summary::thresholds(results)) {
        put(format!("edges-{number}.csv"), csv::table(&edges).as_bytes())?;
    }
    for (number, moved) in (1..).zip(summary::sensitivity(results)) {
        put(format!("sensitivity-{number}.csv"), csv::table(&moved).as_bytes())?;
    }
    for (number, one) in (1..).zip(summary::stress(results)) {
        put(format!("stress-{number}.csv"), csv::table(&one).as_bytes())?;
    }
    let shown = summary::telling_cells(results);
    for picture in &pictures {
        put(format!("charts/{}.csv", picture.stem), csv::table(&picture.table).as_bytes())?;
        put(format!("charts/{}.svg", picture.stem), picture.svg.as_bytes())?;
        // Hundreds of bitmaps of single cells would take a minute, and be looked at by nobody.
        let is_about_all = picture.view.axis.is_some() || picture.view.label.is_empty();
        let is_shown = is_about_all || picture.view.cells.iter().any(|cell| shown.contains(cell));
        if let Some(png) = rendered(picture, ReportOptions { png: options.png && is_shown })? {
            put(format!("charts/{}.png", picture.stem), &png)?;
        }
    }
    let rankings = serde_json::to_string_pretty(&runs::rankings(results))?;
    put("ranking.json".to_owned(), format!("{rankings}\n").as_bytes())?;
    put("results.json".to_owned(), format!("{}\n", crate::export::results::results(results)).as_bytes())?;
    put("report.md".to_owned(), markdown::report(results).as_bytes())?;
    put("report.html".to_owned(), html::page(results, &pictures).as_bytes())?;
    #[cfg(feature = "explore")]
    put("explore.html".to_owned(), html::explore::page(results, &pictures).as_bytes())?;
    Ok(written)
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
