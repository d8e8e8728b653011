//! What can be wrong with a file before its first character is read?
//!
//! Each function builds one problem with its remedy. Reading itself is [`Source::read`](crate::text::Source::read).

use super::{Problem, did_you_mean};
use camino::Utf8Path;

/// The largest scenario file that is read, in bytes. The longest shipped scenario is a thousandth of it; what is larger
/// is data, which belongs into a CSV file that the scenario names.
pub const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// The file does not exist. `known` are names that could be meant: shipped scenarios, files of the same folder.
pub fn missing<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
    let problem = Problem::new(format!("there is no file `{name}`, and no shipped scenario of that name"));
    // Folders and extensions say nothing about likeness: `missing.ron` is not like `units.ron`.
    fn stem(path: &str) -> &str {
        Utf8Path::new(path).file_stem().unwrap_or(path)
    }
    let known: Vec<&str> = known.into_iter().collect();
    let close = did_you_mean(stem(name), known.iter().map(|known| stem(known)));
    match known.iter().find(|known| Some(stem(known)) == close) {
        Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
        None => {
            problem.hint("`stormglass list scenarios` shows those that are inside the program, `stormglass new FILE` writes a first one")
        }
    }
}

/// The path names a folder.
pub fn is_folder(name: &str) -> Problem {
    Problem::new(format!("`{name}` is a folder, not a scenario file")).hint("name one of the `.ron` files in it")
}

/// The file exists and cannot be read; `reason` is what the operating system says.
pub fn unreadable(name: &str, reason: &str) -> Problem {
    Problem::new(format!("`{name}` cannot be read: {reason}")).hint("check that the file is yours to read")
}

/// The file holds a comment and nothing behind it: what was cut off, or never written.
pub fn comments_only(name: &str) -> Problem {
    Problem::new(format!("`{name}` ends behind its comment"))
        .expected("a scenario, `( schema: 1, name: \"...\", ... )`, or a repro file")
        .hint("if it was cut off on its way, fetch it again from where it came")
}

/// The file holds nothing, or blanks only.
pub fn empty(name: &str) -> Problem {
    Problem::new(format!("`{name}` is empty"))
        .expected("a scenario: `( schema: 1, name: \"...\", ... )`")
        .hint("`stormglass new FILE` writes a small scenario to start from")
}

/// The file is larger than [`LARGEST_FILE`].
pub fn too_large(name: &str, bytes: u64) -> Problem {
    let mebibytes = bytes.div_ceil(1024 * 1024);
    Problem::new(format!("`{name}` has {mebibytes} MiB; a scenario has at most {} MiB", LARGEST_FILE / (1024 * 1024)))
        .hint("is this the right file? Long lists of times or rates belong into a CSV file that the scenario names")
}

/// The bytes are not UTF-8; the first wrong one is `bytes[valid]`.
pub fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Problem {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Problem::new(format!("`{name}` is UTF-16, not UTF-8")).hint("save it again with the encoding UTF-8");
    }
    let row = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
    let line = bytes[..valid].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let column = 1 + String::from_utf8_lossy(line).chars().count();
    let byte = bytes.get(valid).copied().unwrap_or_default();
    Problem::new(format!("`{name}` is not UTF-8: byte 0x{byte:02x} at line {row}, column {column}"))
        .hint("save it with the encoding UTF-8; if it is not a text, it is not a scenario")
}
