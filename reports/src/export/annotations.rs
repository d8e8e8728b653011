//! How do verdicts reach the line of the scenario that they are about, where a code review shows it?
//!
//! As workflow commands of GitHub Actions: a line that begins with `::error` or `::warning`, with its place in properties. GitHub's toolkit
//! (`packages/core/src/command.ts`) says which characters are escaped: a percent sign and line ends everywhere, colons and commas in
//! properties as well.

use crate::against::{Against, Judged};
use crate::command;
use crate::summary::cell_label;
use scenarios::expect::{Judgement, Places, Verdict, places};
use scenarios::results::Manifest;

/// More lines than this are cut by those who show them: GitHub shows ten of a kind for a step.
const MOST: usize = 50;

/// One line for every clause and arm that failed (an error) or is undecided (a warning), and for everything that got worse. `file` is the
/// scenario's; nothing for one that is inside the program.
pub fn github(manifest: &Manifest, file: Option<&str>, verdicts: &[Verdict], against: Option<&Against>) -> Vec<String> {
    let places = places(&manifest.text);
    let failed = verdicts.iter().filter(|verdict| verdict.judgement == Judgement::Failed);
    let undecided = verdicts.iter().filter(|verdict| verdict.judgement == Judgement::Undecided);
    let worse = against.into_iter().flat_map(|against| &against.changes).filter(|change| change.judged == Judged::Worse);
    let lines = failed.map(|verdict| of_verdict(manifest, file, &places, verdict, "error"));
    let lines = lines.chain(worse.map(|change| {
        let place = places.arms.get(change.arm as usize);
        let message = format!(
            "{}: {} then, {} now, difference {}{}\n{}",
            place_of(manifest, change.cell, change.arm),
            change.before,
            change.after,
            change.difference,
            change.interval.as_ref().map_or(String::new(), |(low, high)| format!(" (95 % interval {low} to {high})")),
            command::run(manifest, change.cell, change.arm, change.worst_seed)
        );
        line("error", file, place, &format!("{} got worse", change.measure), &message)
    }));
    let lines = lines.chain(undecided.map(|verdict| of_verdict(manifest, file, &places, verdict, "warning")));
    let mut lines: Vec<String> = lines.collect();
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(line("warning", file, None, "More verdicts", &format!("{more} more did not pass; the report has them all")));
    }
    lines
}

fn of_verdict(manifest: &Manifest, file: Option<&str>, places: &Places, verdict: &Verdict, level: &str) -> String {
    let again = verdict.worst_seed.map(|seed| format!("\n{}", command::run(manifest, verdict.cell, verdict.arm, seed)));
    let place = place_of(manifest, verdict.cell, verdict.arm);
    let message = format!("{place}: expected {}, seen {}{}", verdict.clause, verdict.evidence, again.unwrap_or_default());
    let title = if level == "error" { "Expectation failed" } else { "Expectation undecided" };
    line(level, file, places.clauses.get(verdict.index as usize), title, &message)
}

fn place_of(manifest: &Manifest, cell: u32, arm: u32) -> String {
    let name = manifest.arms.get(arm as usize).map_or("", String::as_str);
    let label = cell_label(manifest, cell);
    if label.is_empty() { name.to_owned() } else { format!("{name}, {label}") }
}

fn line(level: &str, file: Option<&str>, place: Option<&(usize, usize)>, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(file) = file {
        properties.push(format!("file={}", property(file)));
        properties.extend(place.map(|(line, column)| format!("line={line},col={column}")));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_or_a_message_ends_the_command() {
        let said = line("error", Some("a,b:c%.ron"), Some(&(3, 7)), "x::y", "100% :: of\r\nit, all");
        assert_eq!(said, "::error file=a%2Cb%3Ac%25.ron,line=3,col=7,title=x%3A%3Ay::100%25 :: of%0D%0Ait, all");
        assert_eq!(line("warning", None, Some(&(3, 7)), "t", "m"), "::warning title=t::m");
    }
}
