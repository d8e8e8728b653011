//! How are finished runs kept, so that nothing finished is ever lost or made twice?
//!
//! `runs.journal` grows by a line per finished run: a checksum, and a JSON value with the run's content key, its row and its
//! series. A line that was cut short or altered is not believed, and its run is made again. The content key is a hash of the
//! model's behaviour, the system of that arm and cell, and the seed: adding an arm or an expectation re-runs nothing.

use crate::results::Manifest;
use crate::run::Run;
use camino::Utf8Path;
use models::measure::{Bin, RunMeasures};
use serde::{Deserialize, Serialize};
use sim_core::observe::Digest;
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};

/// The name of the file in a results folder.
pub const FILE: &str = "runs.journal";

/// The name of the manifest in a results folder.
pub const MANIFEST: &str = "manifest.json";

/// Writes the manifest of a results folder whole or not at all.
///
/// # Errors
/// What the file system says.
pub fn save_manifest(folder: &Utf8Path, manifest: &Manifest) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
    file.write_all(b"\n")?;
    file.persist(folder.join(MANIFEST))?;
    Ok(())
}

/// The manifest of a results folder, if it has one.
///
/// # Errors
/// A sentence for the reader if there is one that cannot be read.
pub fn load_manifest(folder: &Utf8Path) -> Result<Option<Manifest>, String> {
    let path = folder.join(MANIFEST);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound || folder.is_file() => return Ok(None),
        Err(error) => return Err(format!("cannot read the results: {error}")),
    };
    let damaged = |error| format!("{path} is damaged or from another version ({error}); choose another folder, or remove that one");
    serde_json::from_str(&text).map(Some).map_err(damaged)
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
}

/// The key of a run.
pub fn content_key(content: &[u8; 32], seed: u64) -> ContentKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content).update(&seed.to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The finished runs of a results folder.
#[derive(Debug, Default)]
pub struct KnownRuns {
    runs: BTreeMap<ContentKey, Run>,
    /// Lines that were not believed.
    pub damaged: usize,
}

impl KnownRuns {
    /// What the journal of a folder holds.
    ///
    /// # Errors
    /// What the file system says; no file is an empty journal.
    pub fn read(folder: &Utf8Path) -> io::Result<Self> {
        let mut known = Self::default();
        let file = match fs_err::File::open(folder.join(FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(known),
            Err(error) => return Err(error),
        };
        for line in io::BufReader::new(file).split(b'\n') {
            let line = line?;
            match believed(&line) {
                Some(entry) => {
                    known.runs.insert(entry.key.clone(), entry.into_run());
                }
                None if line.is_empty() => {}
                None => known.damaged += 1,
            }
        }
        Ok(known)
    }

    /// The finished run of this key.
    pub fn get(&self, key: &str) -> Option<&Run> {
        self.runs.get(key)
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
    file: Option<io::BufWriter<fs_err::File>>,
}

impl Journal {
    /// A journal that keeps nothing: for results that are not saved.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// The journal of a folder; lines are added behind those it has.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(folder: &Utf8Path) -> io::Result<Self> {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(folder.join(FILE))?;
        let mut file = io::BufWriter::new(file);
        if file.get_ref().metadata()?.len() > 0 {
            // A last line without an end must not swallow the next one; an empty line is nothing.
            file.write_all(b"\n")?;
        }
        Ok(Self { file: Some(file) })
    }

    /// Keeps a finished run.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep(&mut self, key: &ContentKey, seed: u64, run: &Run) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let bins = run.bins.iter().map(|bin| [bin.started, bin.succeeded, bin.completed, bin.failed, bin.attempts]).collect();
        let entry = Entry { key: key.clone(), seed, digest: run.digest.value(), measures: run.measures.clone(), bins };
        let text = serde_json::to_string(&entry)?;
        writeln!(file, "{} {text}", checksum(text.as_bytes()))
    }

    /// Makes sure that everything kept is in the file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), io::Write::flush)
    }
}

impl Entry {
    fn into_run(self) -> Run {
        let bin = |&[started, succeeded, completed, failed, attempts]: &[u64; 5]| Bin { started, succeeded, completed, failed, attempts };
        Run { measures: self.measures, bins: self.bins.iter().map(bin).collect(), digest: Digest::from_value(self.digest) }
    }
}

fn checksum(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..16].to_owned()
}

/// The entry of a line, if its checksum is right.
fn believed(line: &[u8]) -> Option<Entry> {
    let (sum, text) = line.split_at_checked(17)?;
    (sum[..16] == *checksum(text).as_bytes()).then(|| serde_json::from_slice(text).ok()).flatten()
}
