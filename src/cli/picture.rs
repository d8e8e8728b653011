//! The picture of one run, as a file.

use super::Exit;
use super::output::wrong;
use super::whole_file::WholeFile;
use camino::Utf8Path;
use models::plan::Plan;
use reports::charts::timeline::RunSeen;
use reports::export::csv;
use reports::theme::Theme;
use scenarios::lanes::Lanes;
use scenarios::results::{FaultWindow, Manifest};
use scenarios::run::Run;

/// Whether a picture can be written under this name.
///
/// # Errors
/// [`Exit::Wrong`] with what its name has to end in.
pub fn check(file: &Utf8Path) -> Result<(), Exit> {
    match file.extension() {
        Some("svg") => Ok(()),
        Some("png") if cfg!(feature = "png") => Ok(()),
        Some("png") => Err(wrong("this stormglass was built without the feature `png`; a picture can be written as .svg")),
        _ => Err(wrong(&format!("a picture is written as .svg or .png, which {file} does not end in"))),
    }
}

/// Draws a run, and writes the numbers beside it.
///
/// # Errors
/// [`Exit::Wrong`] if a file cannot be written.
pub fn draw(
    file: &Utf8Path,
    manifest: &Manifest,
    (arm, seed): (u32, u64),
    run: &Run,
    faults: &[FaultWindow],
    (lanes, plan): (&Lanes, &Plan),
) -> Result<(), Exit> {
    let (nodes, layers) = (lanes.nodes(plan), lanes.layers(plan));
    let seen = RunSeen { manifest, arm, seed, bins: &run.bins, faults, nodes: &nodes, layers: &layers };
    let cannot = |error: std::io::Error| wrong(&format!("cannot write the picture: {error}"));
    let svg = seen.svg(&Theme::light());
    let bytes = if file.extension() == Some("png") { rendered(&svg).map_err(cannot)? } else { svg.into_bytes() };
    WholeFile::write(file, bytes).map_err(cannot)?;
    WholeFile::write(&file.with_extension("csv"), csv::table(&seen.table())).map_err(cannot)
}

#[cfg(feature = "png")]
fn rendered(svg: &str) -> std::io::Result<Vec<u8>> {
    reports::charts::png::render(svg)
}

#[cfg(not(feature = "png"))]
fn rendered(_: &str) -> std::io::Result<Vec<u8>> {
    Err(std::io::Error::other("built without the feature `png`"))
}
