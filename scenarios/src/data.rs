//! Where do measured values come from, when a scenario names a file of them?
//!
//! A CSV file beside the scenario: one value with its unit per line, and if wanted a second column with whole weights (how
//! often the value was seen). Empty lines and lines that begin with `#` are skipped, and so is a first line of headings.
//! Left out: HDR histogram logs. The values, not the name of the file, are part of a run's content key.

mod arrivals;

use crate::problem::{Problem, did_you_mean};
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};
use models::workloads::Recorded;
use sim_core::sample::Observations;
use sim_core::time::SimDuration;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};

/// The most values a file may hold: sampling keeps all of them in memory, once per arm and cell.
const MOST_VALUES: usize = 1_000_000;

/// The largest file that is read, in bytes: a million lines of value and weight are about a quarter of it.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// The files of one scenario, each read once.
#[derive(Debug, Default)]
pub struct Data {
    folder: Option<Utf8PathBuf>,
    enclosed: BTreeMap<String, String>,
    read: RefCell<BTreeMap<String, Result<Observations, Problem>>>,
    recorded: RefCell<BTreeMap<String, Result<Recorded, Problem>>>,
}

impl Data {
    /// The files that the scenario of this text may name: those beside it.
    pub fn beside(source: &Source) -> Self {
        Self { folder: source.folder.clone(), enclosed: source.enclosed.clone(), read: RefCell::default(), recorded: RefCell::default() }
    }

    /// The values of a file. The problem has no place yet.
    pub fn observations(&self, name: &str) -> Result<Observations, Problem> {
        const EXPECTED: &str = "one value with its unit per line, `12ms`, or value and weight, `12ms,3`";
        const INSTEAD: &str = "write the values down as `values: [\"5ms\", \"7ms\"]`";
        let read = || self.read(name, values, (EXPECTED, INSTEAD));
        self.read.borrow_mut().entry(name.to_owned()).or_insert_with(read).clone()
    }

    /// The arrivals of a file. The problem has no place yet.
    pub fn arrivals(&self, name: &str) -> Result<Recorded, Problem> {
        const INSTEAD: &str = "write them down as `times: [\"1s\", \"1.5s\"]` or `rates: [(\"0s\", \"5/s\"), (\"60s\", \"9/s\")]`";
        let read = || self.read(name, arrivals::recorded, (arrivals::EXPECTED, INSTEAD));
        self.recorded.borrow_mut().entry(name.to_owned()).or_insert_with(read).clone()
    }
}

impl Data {
    /// What a file holds, by what its text means, what a line should look like, and what a scenario may say instead.
    fn read<T>(&self, name: &str, meaning: fn(&str) -> Result<T, Fault>, (expected, instead): (&str, &str)) -> Result<T, Problem> {
        let (path, text) = match self.enclosed.get(name) {
            Some(text) => (Utf8PathBuf::from(name), text.clone()),
            None => {
                let folder = self.folder.as_deref().ok_or_else(|| {
                    let reason = if self.enclosed.is_empty() {
                        "a scenario inside the program has no folder beside it"
                    } else {
                        "it did not come with the scenario"
                    };
                    Problem::new(format!("`{name}` cannot be read: {reason}"))
                        .hint(format!("save the scenario to a file of your own, next to the data; or {instead}"))
                })?;
                let path = folder.join(name);
                let text = text_of(&path)?;
                (path, text)
            }
        };
        meaning(&text).map_err(|(line, message)| {
            let place = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
            Problem::new(format!("{place}: {message}")).expected(expected)
        })
    }
}

/// The text of a file of data, or what is wrong with it.
pub(crate) fn text_of(path: &Utf8Path) -> Result<String, Problem> {
    let refused = |message: String| Problem::new(message).hint("the name is taken from the folder of the scenario file on");
    if path.is_dir() {
        return Err(refused(format!("`{path}` is a folder, not a file of values")));
    }
    let mut bytes = Vec::new();
    let opened = fs_err::File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let problem = refused(format!("there is no file `{path}`"));
            let known = beside(path);
            did_you_mean(path.file_name().unwrap_or_default(), known.iter().map(String::as_str))
                .map_or(problem.clone(), |close| problem.hint(format!("did you mean `{close}`?")))
        }
        kind => refused(format!("`{path}` cannot be read: {kind}")),
    })?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Problem::new(format!("`{path}` is larger than {} MiB", LARGEST_FILE >> 20)).hint("a sample of it will do"));
    }
    String::from_utf8(bytes).map_err(|_| refused(format!("`{path}` is not UTF-8 text")))
}

/// The names of the files in the same folder, in order.
fn beside(path: &Utf8Path) -> Vec<String> {
    let entries = path.parent().and_then(|folder| folder.read_dir_utf8().ok()).into_iter().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name().to_owned())).collect();
    names.sort_unstable();
    names
}

/// What is wrong, and in which line if in one.
type Fault = (Option<u64>, String);

fn values(text: &str) -> Result<Observations, Fault> {
    Ok(rows(text, observation)?.into_iter().map(|(_, observed)| observed).collect())
}

/// What the lines of a text hold, each with its number.
fn rows<T>(text: &str, meaning: fn(&str) -> Result<T, String>) -> Result<Vec<(u64, T)>, Fault> {
    let mut rows = Vec::new();
    let mut is_first = true;
    for (line, row) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        // A value begins with a digit; a first line that does not is one of headings.
        let is_heading = std::mem::take(&mut is_first)
            && row.starts_with(|c: char| c.is_alphabetic() || c == '"' && !row[1..].starts_with(|c: char| c.is_ascii_digit()));
        if !is_heading {
            rows.push((line, meaning(row).map_err(|message| (Some(line), message))?));
        }
        if rows.len() > MOST_VALUES {
            return Err((Some(line), format!("more than {MOST_VALUES} values; a sample of them will do")));
        }
    }
    if rows.is_empty() { Err((None, "there is no value in it".to_owned())) } else { Ok(rows) }
}

/// A row of at most two columns. Neither holds a comma or a quote of its own, so this much of CSV is enough.
fn observation(row: &str) -> Result<(SimDuration, u64), String> {
    let mut columns = row.split(',').map(|column| column.trim().trim_matches('"'));
    let value = columns.next().unwrap_or_default().parse::<SimDuration>().map_err(|error| error.to_string())?;
    let weight = match columns.next() {
        None | Some("") => 1,
        Some(weight) => weight.parse().map_err(|_| format!("`{weight}` is no weight; a weight is a whole number such as 3"))?,
    };
    match columns.next() {
        Some(third) => Err(format!("`{third}` is a third column, and only two have a meaning")),
        None => Ok((value, weight)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    #[test]
    fn values_come_with_or_without_weights_headings_and_comments() {
        assert_eq!(values("5ms\n7ms\n"), Ok(vec![(ms(5), 1), (ms(7), 1)]));
        assert_eq!(values("\u{feff}latency,seen\r\n# the fast ones\r\n5ms, 3\r\n\r\n7ms,\r\n"), Ok(vec![(ms(5), 3), (ms(7), 1)]));
        assert_eq!(values("\"5ms\",2"), Ok(vec![(ms(5), 2)]));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |text| values(text).map_err(|(line, message)| (line.unwrap_or_default(), message)).unwrap_err();
        assert_eq!(wrong("5ms\n7\n").0, 2);
        assert!(wrong("5ms\n7\n").1.starts_with("`7` is not a duration: the unit is missing"));
        assert_eq!(wrong("a\n\n5ms,x").0, 3);
        assert_eq!(wrong("5ms,1,9"), (1, "`9` is a third column, and only two have a meaning".to_owned()));
        assert_eq!(wrong("latency\n"), (0, "there is no value in it".to_owned()));
    }
}
