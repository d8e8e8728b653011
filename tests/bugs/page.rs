//! Is `docs/bugs.md` made of what the long tests saw last, and of the storms as they are?
//!
//! Each table has a file and a command of its own. What a long test has seen stands in its file; the page puts the files together, with what is
//! the same in both, and can be written anew without them: `RENEW_BUGS=1 cargo test --test main bugs::page`.

use super::{Bug, all};
use std::fmt::Write as _;

/// The page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bugs.md");

/// The table of `table.rs`.
pub const FOUND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bugs/found.md");

/// The files that the page shows, in this order; one that is not there yet is left out.
const TABLES: &[&str] = &[FOUND, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bugs/reproduced.md")];

const OPENING: &str = "# Bugs that a seeded search finds

Each row of these tables is a classic mistake: a shipped scenario with an arm that makes it and one that does not. *Focused* are the scenario's own conditions, which bring
about what the mistake needs; *storm* is the one default storm of its protocol, the same for all mistakes that are made in it. Some runs are shorter here than the scenario is, and some
have fewer calls, so that thousands of them are cheap. The normal tests (`cargo test --test main bugs`) look for every bug under 200 seeds, in both arms and under both conditions, and
demand of the fixed arm that its core goes on when the rest stays dead for ever.
";

/// A storm as a scenario would write it, a family on each line.
fn storm(bug: &Bug) -> String {
    let (mut text, mut depth) = (String::new(), 0);
    for letter in bug.storm.chars() {
        match letter {
            ']' if depth == 2 => text += ",\n",
            ' ' if text.ends_with('\n') || text.ends_with("    ") => continue,
            _ => {}
        }
        text.push(letter);
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 2 && (letter == ',' || letter == '[') {
            text += "\n    ";
        }
    }
    text
}

/// What the page should say.
fn text() -> String {
    let mut text = OPENING.to_owned();
    for table in TABLES {
        if let Ok(table) = fs_err::read_to_string(table) {
            text += "\n";
            text += &table;
        }
    }
    text += "\n## The storms\n\nEach storm is drawn anew by every seed: which of its families take part, how often, whom they strike, when and for how long \
             ([storms](language.md#storms)).\n";
    let bugs = all();
    let mut known: Vec<&str> = Vec::new();
    for bug in &bugs {
        if known.contains(&bug.storm) {
            continue;
        }
        known.push(bug.storm);
        let ids: Vec<&str> = bugs.iter().filter(|other| other.storm == bug.storm).map(|other| other.id).collect();
        let _ = write!(text, "\n{}:\n\n```text\n{}\n```\n", ids.join(", "), storm(bug));
    }
    text
}

/// Writes the page.
pub fn write() {
    fs_err::write(PAGE, text()).expect("the page can be written");
}

#[test]
fn the_page_of_bugs_shows_the_tables_and_the_storms_as_they_are() {
    if std::env::var_os("RENEW_BUGS").is_some() {
        return write();
    }
    let page = fs_err::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(page, text(), "the page is not what its parts are: RENEW_BUGS=1 cargo test --test main bugs::page");
}
