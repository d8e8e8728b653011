//! How are finished runs kept, so that nothing finished is ever lost or made twice?
//!
//! `runs.journal` grows by a line per finished run: a checksum, and a JSON value with the run's content key, its row and its
//! series. A line that was cut short or altered is not believed: it is removed, and its run is made again. The content key is
//! a hash of the model's behaviour, the system of that arm and cell, and the seed: adding an arm or an expectation re-runs
//! nothing. Every line is in the file before the next run is folded, so that a killed sweep loses only what was under way.

mod lines;

use crate::results::Manifest;
use crate::run::Run;
use crate::sealed::{Broken, FORMAT, opened, sealed};
use crate::threshold::{Edge, Threshold};
use camino::Utf8Path;
use models::measure::{Bin, FurtherAttempts, Gauge, Latencies, Occupancy, RunMeasures};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sim_core::observe::Digest;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

/// The name of the file in a results folder.
pub const FILE: &str = "runs.journal";

/// The name of the manifest in a results folder.
pub const MANIFEST: &str = "manifest.json";

/// What a results folder is about: what was asked for, and which runs of the journal belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// What was asked for.
    pub manifest: Manifest,
    /// By cell and arm, in grid order: the hash of everything that decides its runs besides their seeds, hexadecimal.
    pub contents: Vec<Vec<String>>,
    /// By cell and arm, for each edge of that system its place in [`Manifest::edges`]; nothing if that is the same in all of them.
    pub places_of_edges: Vec<Vec<Vec<u32>>>,
}

/// The fields of the manifest's file that hold the rest of what is [`Saved`].
const CONTENTS: &str = "contents";
const PLACES_OF_EDGES: &str = "places_of_edges";

/// Writes the manifest of a results folder whole or not at all.
///
/// # Errors
/// What the file system says.
pub fn save_manifest(folder: &Utf8Path, saved: &Saved) -> io::Result<()> {
    let mut fields = fields_of(serde_json::to_value(&saved.manifest)?);
    fields.insert(CONTENTS.to_owned(), serde_json::to_value(&saved.contents)?);
    if !saved.places_of_edges.is_empty() {
        fields.insert(PLACES_OF_EDGES.to_owned(), serde_json::to_value(&saved.places_of_edges)?);
    }
    replace_file(folder, MANIFEST, sealed(fields).as_bytes())
}

fn fields_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// The name of the file that holds where edges were found, and of its only field.
const THRESHOLDS: &str = "thresholds.json";
const FOUND: &str = "thresholds";

/// Writes where edges were found, whole or not at all; without any, what an earlier search left behind is removed.
///
/// # Errors
/// What the file system says.
pub fn save_thresholds(folder: &Utf8Path, thresholds: &[Threshold]) -> io::Result<()> {
    let path = folder.join(THRESHOLDS);
    if thresholds.is_empty() {
        return if path.exists() { fs_err::remove_file(path) } else { Ok(()) };
    }
    let fields = Map::from_iter([(FOUND.to_owned(), serde_json::to_value(thresholds)?)]);
    replace_file(folder, THRESHOLDS, sealed(fields).as_bytes())
}

/// Where the edges of a results folder are; none if none was looked for.
///
/// # Errors
/// A sentence for the reader if the file cannot be read, or does not belong to these results.
pub fn load_thresholds(folder: &Utf8Path, manifest: &Manifest) -> Result<Vec<Threshold>, String> {
    let path = folder.join(THRESHOLDS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs_err::read_to_string(&path).map_err(|error| format!("cannot read the results: {error}"))?;
    let mut fields = opened(&text).map_err(|broken| refused(&path, broken))?;
    let found = fields.remove(FOUND).unwrap_or_default();
    let thresholds: Vec<Threshold> = serde_json::from_value(found).map_err(|error| unusable(&path, &error.to_string()))?;
    let (cells, arms) = (manifest.cells.len() as u32, manifest.arms.len() as u32);
    let fits = |threshold: &Threshold| {
        let is_index = |edge: &Edge| !matches!(edge, Edge::At(index) if *index > threshold.steps());
        threshold.edges.iter().all(|one| one.cell < cells && one.arm < arms && one.of_seeds.iter().all(|(_, edge)| is_index(edge)))
    };
    if thresholds.iter().all(fits) { Ok(thresholds) } else { Err(unusable(&path, "it does not fit to the manifest")) }
}

/// Writes a file under a temporary name and then renames it, so that it is there whole or not at all.
fn replace_file(folder: &Utf8Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone; results are as readable as any other file that the owner makes.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.into_temp_path().persist(folder.join(name))?;
    Ok(())
}

/// The manifest of a results folder, if it has one.
///
/// # Errors
/// A sentence for the reader if there is one that cannot be read.
pub fn load_manifest(folder: &Utf8Path) -> Result<Option<Saved>, String> {
    let path = folder.join(MANIFEST);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        // What is no folder is said by whoever tries to make it one.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(unusable(&path, "it is no text")),
        Err(error) => return Err(format!("cannot read the results: {error}")),
    };
    let fields = opened(&text).map_err(|broken| refused(&path, broken))?;
    saved_from(fields).map(Some).map_err(|error| unusable(&path, &error.to_string()))
}

fn refused(path: &Utf8Path, broken: Broken) -> String {
    match broken {
        Broken::Damaged(reason) => unusable(path, &reason),
        Broken::Newer { format, version } => {
            let which = version.map_or("a later version".to_owned(), |version| format!("version {version}"));
            format!(
                "{path} has format {format}, and this version of Stormglass knows formats up to {FORMAT}; use {which}, which made it, or make the results again in another folder"
            )
        }
    }
}

fn unusable(path: &Utf8Path, reason: &str) -> String {
    format!("{path} is damaged or from another version of Stormglass ({reason}); choose another folder, or remove that one")
}

fn saved_from(mut fields: Map<String, Value>) -> serde_json::Result<Saved> {
    let (contents, places) = (fields.remove(CONTENTS), fields.remove(PLACES_OF_EDGES));
    let manifest: Manifest = serde_json::from_value(Value::Object(fields))?;
    let contents: Vec<Vec<String>> = serde_json::from_value(contents.unwrap_or_default())?;
    let places_of_edges: Vec<Vec<Vec<u32>>> = places.map(serde_json::from_value).transpose()?.unwrap_or_default();
    let lengths = |arms: usize| arms == manifest.arms.len();
    let is_grid = contents.len() == manifest.cells.len() && contents.iter().all(|arms| lengths(arms.len()));
    if !is_grid {
        return Err(serde::de::Error::custom("its grid and its hashes do not fit together"));
    }
    let has_places = places_of_edges.len() == manifest.cells.len() && places_of_edges.iter().all(|arms| lengths(arms.len()));
    let are_edges = places_of_edges.iter().flatten().flatten().all(|&place| (place as usize) < manifest.edges.len());
    if !(places_of_edges.is_empty() || has_places && are_edges) {
        return Err(serde::de::Error::custom("its grid and its edges do not fit together"));
    }
    Ok(Saved { manifest, contents, places_of_edges })
}

/// What a run is known by.
pub type ContentKey = String;

/// A run, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: ContentKey,
    seed: u64,
    digest: u64,
    measures: RunMeasures,
    /// Bins as rows of numbers: started, succeeded, completed, failed, attempts.
    bins: Vec<[u64; 5]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gauges: Vec<Gauge>,
    latencies: Latencies,
    occupancies: Vec<Occupancy>,
    /// Attempts that were not the first of their call, by time bin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further: Vec<FurtherAttempts>,
}

/// The key of a run.
pub fn content_key(content: &str, seed: u64) -> ContentKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.as_bytes()).update(&seed.to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The finished runs of a results folder.
#[derive(Debug, Default)]
pub struct KnownRuns {
    /// As the text of their lines, which is smaller than what it says.
    runs: BTreeMap<ContentKey, Box<[u8]>>,
    /// Lines that were not believed.
    pub damaged: usize,
    /// Which of them these are, by their number from 1, and what is wrong with each.
    pub damage: Vec<(u64, &'static str)>,
}

impl KnownRuns {
    /// What the journal of a folder holds.
    ///
    /// # Errors
    /// What the file system says; no file is an empty journal.
    pub fn read(folder: &Utf8Path) -> io::Result<Self> {
        let mut known = Self::default();
        let work = |line: &[u8]| believed(line).map(|(entry, text)| (entry.key, Box::from(text)));
        let fold = |line: u64, found: Result<(ContentKey, Box<[u8]>), &'static str>| match found {
            Ok((key, text)) => drop(known.runs.insert(key, text)),
            Err(why) => {
                known.damaged += 1;
                known.damage.push((line, why));
            }
        };
        lines::each(&folder.join(FILE), work, fold, &mut |_, _| {})?;
        Ok(known)
    }

    /// The finished run of this key.
    pub fn get(&self, key: &str) -> Option<Run> {
        self.runs.get(key).and_then(|text| entry(text)).map(Entry::into_run)
    }

    /// Whether the run of this key is finished.
    pub fn has(&self, key: &str) -> bool {
        self.runs.contains_key(key)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// Where runs are kept as they finish.
#[derive(Debug, Default)]
pub struct Journal {
    file: Option<fs_err::File>,
}

impl Journal {
    /// A journal that keeps nothing: for results that are not saved.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// The journal of a folder; lines are added behind those it has. Damaged lines are removed first.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(folder: &Utf8Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        if path.exists() {
            let text = fs_err::read(&path)?;
            let sound: Vec<&[u8]> = text
                .split_inclusive(|&byte| byte == b'\n')
                .filter(|line| line.strip_suffix(b"\n").is_some_and(|line| believed(line).is_ok()))
                .collect();
            let sound = sound.concat();
            if sound != text {
                replace_file(folder, FILE, &sound)?;
            }
        }
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Some(file) })
    }

    /// Keeps a finished run.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep(&mut self, key: &ContentKey, seed: u64, run: &Run) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let bins = run.bins.iter().map(|bin| [bin.started, bin.succeeded, bin.completed, bin.failed, bin.attempts]).collect();
        let entry = Entry {
            key: key.clone(),
            seed,
            digest: run.digest.value(),
            measures: run.measures.clone(),
            bins,
            gauges: run.gauges.clone(),
            latencies: run.latencies.clone(),
            occupancies: run.occupancies.clone(),
            further: run.further.clone(),
        };
        let text = serde_json::to_string(&entry)?;
        // In one piece: a process that is killed between two of them leaves whole lines.
        file.write_all(format!("{} {text}\n", checksum(text.as_bytes())).as_bytes())
    }
}

impl Entry {
    fn into_run(self) -> Run {
        let bin = |&[started, succeeded, completed, failed, attempts]: &[u64; 5]| Bin { started, succeeded, completed, failed, attempts };
        Run {
            measures: self.measures,
            bins: self.bins.iter().map(bin).collect(),
            gauges: self.gauges,
            latencies: self.latencies,
            occupancies: self.occupancies,
            further: self.further,
            digest: Digest::from_value(self.digest),
            history: None,
            stalled: None,
        }
    }
}

fn checksum(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..16].to_owned()
}

/// The entry of a line, and its text beside the checksum, if that is right; otherwise what is wrong with it.
fn believed(line: &[u8]) -> Result<(Entry, &[u8]), &'static str> {
    let (sum, text) = line.split_at_checked(17).ok_or("it is too short for a run")?;
    if sum[..16] != *checksum(text).as_bytes() {
        return Err("it was altered, for its checksum is wrong");
    }
    Ok((entry(text).ok_or("another version of Stormglass wrote it")?, text))
}

/// Every run of a folder's journal with its key, or what is wrong with its line, in the order of the lines, which are counted from 1.
///
/// # Errors
/// What the file system says; no file is an empty journal.
pub(crate) fn each_run(
    folder: &Utf8Path,
    fold: impl FnMut(u64, Result<(ContentKey, Run), &'static str>),
    tell: &mut dyn FnMut(u64, u64),
) -> io::Result<()> {
    let work = |line: &[u8]| believed(line).map(|(mut entry, _)| (std::mem::take(&mut entry.key), entry.into_run()));
    lines::each(&folder.join(FILE), work, fold, tell)
}

/// The entry that a text says, unless it is from another version.
fn entry(text: &[u8]) -> Option<Entry> {
    serde_json::from_slice(text).ok()
}

#[cfg(test)]
mod tests;
