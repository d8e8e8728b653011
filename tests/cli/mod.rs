//! Does the program say and do what a user expects, with good and with bad input?
//!
//! Every test starts the real program in an empty folder of its own. What a human reads is kept as a transcript in
//! `tests/snapshots` and reviewed as prose.

mod chrome; // do Chrome trace events keep the rules of their format?
mod data; // measured values from files
mod differences; // of a broken run and of one that is not: does `diff` name what broke it?
mod faults; // faults explained, planned, and written wrongly
mod formats; // what programs read: JSON, CSV, Markdown, quiet, no colours
mod help; // what a newcomer reads first
mod hostile; // repro files that were damaged, or made to do harm
mod input; // everything that can be wrong with a command or a file
mod jepsen; // a history as Jepsen writes one
mod middle; // load balancers, flags, and what is said of nodes and tasks
mod otlp; // do the spans fit the public definition of OTLP as JSON?
mod precision; // runs until they are precise, dry runs, and doubts
mod promises; // expectations that a run breaks, and what shows that
mod properties; // was it correct? properties and their exit codes
mod recovery; // what is said where it was cut off, could not be seen, or was none
mod results; // results folders that were cut, edited or made by another version, and what programs read of them
mod search; // seeds that break a promise, files of their runs, and those repeated
mod shrink; // failing runs made small, gone through by hand, and continued otherwise
mod sweeps; // results folders: resumed, interrupted, drawn again, repeated run by run
mod traces; // traces in every form, differences between runs, and why they are as they are
mod verdicts; // expectations, exit codes, files for CI systems, comparisons with earlier results
mod why; // is what `why` says of a run true?

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// What the program said.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// An empty folder with a few files in it.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().expect("there is room for temporary files"));
        for (name, text) in files {
            place.write(name, text.as_bytes());
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder can be made");
        std::fs::write(path, bytes).expect("the file can be written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with these arguments, started in this folder, without anything from the environment that changes it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command.args(arguments).current_dir(self.path());
        for name in ["STORMGLASS_FORMAT", "STORMGLASS_QUIET", "STORMGLASS_JOBS", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What a user sees who types these commands one after another.
    fn transcript(&self, commands: &[&[&str]]) -> String {
        let mut text = String::new();
        for arguments in commands {
            let said = self.run(arguments);
            let words: Vec<String> =
                arguments.iter().map(|word| if word.contains([' ', '"']) { format!("'{word}'") } else { (*word).to_owned() }).collect();
            writeln!(text, "$ stormglass {}", words.join(" ")).expect("text can be written to a string");
            text += &said.out;
            text += &said.err;
            writeln!(text, "[exit code {}]\n", said.code.map_or("none".to_owned(), |code| code.to_string()))
                .expect("text can be written to a string");
        }
        text
    }

    /// Every file of a folder with its bytes, by name.
    fn files(&self, folder: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
        let mut files = std::collections::BTreeMap::new();
        let mut folders = vec![self.path().join(folder)];
        while let Some(here) = folders.pop() {
            for entry in std::fs::read_dir(&here).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path().join(folder)).expect("it lies inside").to_string_lossy().into_owned();
                    files.insert(name, std::fs::read(&path).expect("the file can be read"));
                }
            }
        }
        files
    }
}

/// Compares two folders file by file, so that a difference names the file and not its bytes.
fn assert_same_files(left: &std::collections::BTreeMap<String, Vec<u8>>, right: &std::collections::BTreeMap<String, Vec<u8>>) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (name, bytes) in left {
        assert!(right[name] == *bytes, "{name} differs");
    }
}

/// Keeps a transcript: system error numbers, which differ between systems, are left out.
fn keep(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r" \(os error \d+\)", "");
    settings.bind(|| insta::assert_snapshot!(format!("cli_{name}"), text));
}

/// A small sound scenario: two arms, a fault, three seeds.
pub const SMALL: &str = r#"// A service is away for five seconds.
(
    schema: 1, name: "small", horizon: "40s", warm_up: "5s",
    nodes: {
        "clients": Clients(count: 10, arrivals: Poisson(rate: "50/s"), calls: "service", domain: "internet"),
        "service": Service(workers: 4, demand: Exponential(mean: "10ms"), domain: "zone-a"),
    },
    links: [Link(from: "internet", to: "zone-a", delay: Constant("5ms"))],
    faults: [Crash(node: "service", at: "15s", lasts: "5s")],
    arms: {
        "none": (stacks: { "clients -> service": [Timeout("1s")] }),
        "retry": (stacks: { "clients -> service": [Retry(attempts: 3, backoff: FullJitter(base: "100ms", cap: "1s")), Timeout("1s")] }),
    },
    sweep: (replications: 3),
)
"#;
