//! How is a file read that may be damaged, edited, from another version, or hostile?
//!
//! Nothing in the file is a path that is opened: files that its scenario names come with it or are not there. What is too large is refused
//! before it is read. A file that was cut off, damaged or edited is named as such; the checksum tells, and not the reader's patience.

use super::limits::{LARGEST_FILE, MOST_EVENTS, too_much};
use super::recording::{MOST_MARKS, Recording};
use super::write::{CHECKSUM, checksum};
use super::{FORM, Repro};
use crate::problem::{Problem, Problems};
use crate::scenario::Scenario;
use crate::text::Source;
use crate::text::parse::{parse, parse_as};
use crate::text::tree::Element;
use crate::{Extent, read};
use camino::Utf8Path;
use models::faults::PlannedFault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::io::Read as _;

/// A repro file that could be read.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it says.
    pub repro: Repro,
    /// Why it is not to be believed, if it is not: its content is not what its checksum says.
    pub edited: Option<String>,
}

/// Whether a text means to be a repro file: scenarios have no such field.
pub fn is_repro(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("repro:"))
}

/// The bytes of a file, or what is wrong with it before its first character is read.
///
/// # Errors
/// That it is too large, or what the file system says.
pub fn bytes_of(path: &Utf8Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: &std::io::Error| Problem::new(format!("`{path}` cannot be read: {}", error.kind()));
    let mut file = fs_err::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    (&mut file).take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LARGEST_FILE {
        let limit = LARGEST_FILE >> 20;
        return Err(Problem::new(format!("`{path}` is larger than {limit} MiB, which is more than a repro file can be")));
    }
    Ok(bytes)
}

/// Reads a repro file.
///
/// # Errors
/// Everything wrong with it, and its text.
pub fn open(name: &str, bytes: Vec<u8>) -> Result<Opened, (Source, Problems)> {
    let alone = |problem: Problem| (Source::new(name, ""), problem.into());
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        alone(Problem::new(format!("`{name}` is damaged: byte {at} is no text")).hint("fetch it again from where it came"))
    })?;
    if let Some(at) = control_in(&text) {
        let sentence = format!("`{name}` is not to be trusted: byte {at} is, or stands for, a character that a terminal would obey");
        return Err(alone(Problem::new(sentence)));
    }
    let source = Source::new(name, text);
    let mut problems = Problems::new();
    let edited = match (source.root(), sum_of(&source.text)) {
        (Err(problem), sum) => {
            let word = if sum.is_none() { "cut off" } else { "damaged" };
            problems.push(Problem { message: format!("the repro file is {word}: {}", problem.message), ..problem });
            return Err((source, problems));
        }
        (Ok(_), None) => Some("it has no checksum at its end: somebody has edited it".to_owned()),
        (Ok(_), Some((written, found))) if written != found => {
            Some(format!("its checksum is {written}, and that of its content {found}: it was edited or damaged"))
        }
        (Ok(_), Some(_)) => None,
    };
    let read = source.root().ok().and_then(|root| repro(root, &mut problems));
    match read {
        Some(repro) if problems.is_empty() => Ok(Opened { repro, edited }),
        _ => Err((source, problems)),
    }
}

/// Where a control character stands in a text, as it is or as an escape: names from elsewhere are printed, and nothing in them is to move a
/// cursor. Ends of lines and tabs are allowed.
fn control_in(text: &str) -> Option<usize> {
    // Those that turn the direction of writing around show another text than they are.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_wrong = |c: char| turns(c) || c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let raw = text.char_indices().find(|(_, c)| is_wrong(*c)).map(|(at, _)| at);
    let meant = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).is_some_and(is_wrong);
    let escaped = |at: &usize| {
        let rest = &text[*at + 1..];
        match rest.strip_prefix("u{") {
            Some(rest) => rest.split_once('}').is_some_and(|(digits, _)| meant(digits)),
            None => rest.strip_prefix('x').and_then(|rest| rest.get(..2)).is_some_and(meant),
        }
    };
    raw.or_else(|| text.match_indices('\\').map(|(at, _)| at).find(escaped))
}

/// The checksum that is written at the end of a text, and the one it should be.
fn sum_of(text: &str) -> Option<(String, String)> {
    let at = text.rfind(&format!("\n{CHECKSUM}"))? + 1;
    let written = text[at..].trim_start_matches(CHECKSUM).trim_start_matches('"');
    let written: String = written.chars().take_while(char::is_ascii_hexdigit).collect();
    let is_whole = text[at..].trim_end().ends_with(')');
    is_whole.then(|| (written, checksum(&text[..at])))
}

/// `run:` of the file.
#[derive(Deserialize)]
#[serde(rename = "recording", deny_unknown_fields)]
struct RunField {
    events: u64,
    ended: SimDuration,
    digest: String,
    every: u64,
    digests: Vec<String>,
}

fn repro(root: Element<'_>, problems: &mut Problems) -> Option<Repro> {
    const FIELDS: [&str; 13] =
        ["repro", "tool", "behaviour", "trace", "about", "arm", "seed", "failures", "drawn", "data", "scenario", "run", "checksum"];
    let fields = root.fields_noting(problems);
    for field in fields.iter().filter(|field| !FIELDS.contains(&field.name)) {
        let problem = Problem::new(format!("a repro file has no field `{}`", field.name)).at(field.name_span);
        problems.push(problem.suggest(field.name, FIELDS));
    }
    let find = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value);
    let form: u32 = needed(root, find("repro"), "repro", problems)?;
    if form != FORM {
        let sentence = format!("this is a repro file of form {form}, and this version reads form {FORM}");
        problems.push(Problem::new(sentence).at(find("repro").map_or(root.head(), Element::span)));
        return None;
    }
    let drawn = drawn(find("drawn"), problems);
    let recording = recording(root, find("run"), problems);
    let scenario = find("scenario");
    if scenario.is_none() {
        problems.push(Problem::new("`scenario` is missing").at(root.head()));
    }
    Some(Repro {
        tool: needed(root, find("tool"), "tool", problems)?,
        behaviour: needed(root, find("behaviour"), "behaviour", problems)?,
        trace: needed(root, find("trace"), "trace", problems)?,
        about: find("about").and_then(|about| problems.note(parse(about))).unwrap_or_default(),
        arm: needed(root, find("arm"), "arm", problems)?,
        seed: needed(root, find("seed"), "seed", problems)?,
        failures: needed(root, find("failures"), "failures", problems)?,
        data: find("data").and_then(|data| problems.note(parse::<BTreeMap<String, String>>(data))).unwrap_or_default(),
        scenario: scenario?.text().to_owned(),
        drawn,
        recording: recording?,
    })
}

fn needed<T: DeserializeOwned>(root: Element<'_>, found: Option<Element<'_>>, name: &str, problems: &mut Problems) -> Option<T> {
    match found {
        Some(element) => problems.note(parse(element)),
        None => {
            problems.push(Problem::new(format!("`{name}` is missing")).at(root.head()));
            None
        }
    }
}

fn drawn(found: Option<Element<'_>>, problems: &mut Problems) -> Vec<PlannedFault> {
    let items = found.and_then(|list| problems.note(list.list())).unwrap_or_default();
    items.into_iter().filter_map(|item| problems.note(parse_as::<PlannedFault>(item, "fault"))).collect()
}

fn recording(root: Element<'_>, found: Option<Element<'_>>, problems: &mut Problems) -> Option<Recording> {
    let field: RunField = needed(root, found, "run", problems)?;
    let at = found.map_or(root.head(), Element::head);
    let hex = |text: &str| (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten();
    let marks: Option<Vec<u64>> = field.digests.iter().flat_map(|line| line.split_ascii_whitespace()).map(hex).collect();
    let (Some(digest), Some(marks)) = (hex(&field.digest), marks) else {
        problems.push(Problem::new("a digest is 16 hexadecimal digits").at(at));
        return None;
    };
    let is_sound = field.every > 0 && marks.len() <= MOST_MARKS && field.every.saturating_mul(marks.len() as u64) <= field.events;
    if !is_sound {
        problems.push(Problem::new("the digests do not fit to the number of events").at(at));
    }
    if field.events > MOST_EVENTS {
        let sentence = format!("a run of {} events is more than a repro file may ask for ({MOST_EVENTS})", field.events);
        problems.push(Problem::new(sentence).at(at));
    }
    let ended = SimTime::ZERO.saturating_add(field.ended);
    Some(Recording { events: field.events, ended, digest, every: field.every, marks })
}

impl Repro {
    /// Its scenario, read with the files that came with it, and the index of its arm.
    ///
    /// # Errors
    /// Everything wrong with the scenario, and its text.
    pub fn scenario(&self, name: &str) -> Result<(Scenario, usize), (Source, Problems)> {
        self.scenario_of(name, self.scenario.clone())
    }

    /// The same with another text in the place of its scenario's.
    ///
    /// # Errors
    /// Everything wrong with the text, and the text.
    pub fn scenario_of(&self, name: &str, text: String) -> Result<(Scenario, usize), (Source, Problems)> {
        let source = Source::new(format!("the scenario in {name}"), text).with_enclosed(self.data.clone());
        let mut scenario = read(source.clone(), name, &[], Extent::AsWritten)?;
        scenario.description.clone_from(&self.about);
        let Some(arm) = scenario.arm(&self.arm) else {
            return Err((source, Problem::new(format!("the scenario has no arm `{}`", self.arm)).into()));
        };
        match too_much(&scenario, arm) {
            Some(sentence) => Err((source, Problem::new(sentence).into())),
            None => Ok((scenario, arm)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::playback::{Played, play};
    use super::*;

    fn shipped(name: &str) -> Scenario {
        let text = crate::library::find(name).expect("it is shipped").text;
        read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound")
    }

    fn written() -> (Repro, String) {
        let (repro, _) = Repro::of(&shipped("any-storm"), 1, 7, None).expect("it can be written");
        let text = repro.text();
        (repro, text)
    }

    fn refused(text: &str) -> String {
        let (source, problems) = open("x.ron", text.as_bytes().to_vec()).map(|opened| opened.repro).expect_err("it is refused");
        problems.render(&source, false)
    }

    #[test]
    fn what_was_written_is_read_back_and_is_the_same_run() {
        let (repro, text) = written();
        assert!(is_repro(&text) && !repro.drawn.is_empty());
        let opened =
            open("x.ron", text.clone().into_bytes()).unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        assert_eq!((&opened.repro, opened.edited), (&repro, None));
        let windows = open("x.ron", text.replace('\n', "\r\n").into_bytes()).expect("line ends may change on the way");
        assert_eq!(windows.edited, None);
        let (scenario, arm) = opened.repro.scenario("x.ron").expect("its scenario reads alone");
        assert!(matches!(play(&scenario.cells[0].arms[arm], 7, &repro.recording, None), Played::Same(Ok(_))));
        assert_eq!(opened.repro.other_version(), None);
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_named_as_such() {
        let (_, text) = written();
        let start = text.find("    tool:").expect("it names its tool");
        for length in (start..text.trim_end().len()).step_by(97) {
            if text.is_char_boundary(length) {
                let said = refused(&text[..length]);
                assert!(said.contains("cut off") || said.contains("damaged"), "{length}: {said}");
            }
        }
    }

    #[test]
    fn a_file_that_was_edited_anywhere_is_not_believed() {
        let (_, text) = written();
        for (old, new) in [
            ("seed: 7", "seed: 8"),
            ("rate: \"100/s\"", "rate: \"101/s\""),
            ("behaviour: ", "behaviour: 1"),
            ("// A minute", "// A minuet"),
        ] {
            if text.contains(old) {
                let opened = open("x.ron", text.replacen(old, new, 1).into_bytes()).expect("it is still a repro file");
                assert!(opened.edited.is_some_and(|reason| reason.contains("checksum")), "{old}");
            }
        }
        let sum = text.find(CHECKSUM).expect("it has one");
        let opened = open("x.ron", format!("{})", &text[..sum]).into_bytes()).expect("it is still a repro file");
        assert!(opened.edited.is_some_and(|reason| reason.contains("no checksum")));
    }

    #[test]
    fn a_file_that_asks_for_too_much_is_refused_with_the_limit() {
        let (repro, _) = written();
        let events = Repro { recording: Recording { events: 1 << 60, ..repro.recording.clone() }, ..repro.clone() };
        assert!(refused(&events.text()).contains("more than a repro file may ask for"));
        let every = Repro { recording: Recording { every: 0, ..repro.recording.clone() }, ..repro.clone() };
        assert!(refused(&every.text()).contains("do not fit"));
        let many = Repro { scenario: repro.scenario.replace("count: 100,", "count: 9000000,"), ..repro.clone() };
        let opened = open("x.ron", many.text().into_bytes()).expect("the file itself is in order");
        let (_, problems) = opened.repro.scenario("x.ron").expect_err("so many clients are too much");
        assert!(problems.sorted()[0].message.contains("9000000 clients"), "{}", problems.sorted()[0].message);
    }

    #[test]
    fn a_file_that_would_speak_to_a_terminal_is_refused() {
        let (repro, _) = written();
        for arm in ["\u{1b}[2J", "\u{9b}2J", "\u{7}", "\u{202e}mra"] {
            let text = Repro { arm: arm.to_owned(), ..repro.clone() }.text();
            assert!(refused(&text).contains("a terminal would obey"), "{arm:?}");
            assert!(refused(&text.replace("any-storm", arm)).contains("a terminal would obey"), "{arm:?}");
        }
        assert_eq!(control_in("a\\u{e9} \\n \\\\ \\\"\ttab\r\n"), None);
    }

    #[test]
    fn a_scenario_in_a_repro_file_reads_no_file_of_this_machine() {
        let (repro, _) = written();
        let spy = r#"Empirical(file: "/etc/hostname")"#;
        let spying = Repro { scenario: repro.scenario.replacen(r#"Exponential(mean: "10ms")"#, spy, 1), ..repro.clone() };
        let (_, problems) = spying.scenario("x.ron").expect_err("no file is read");
        assert!(problems.sorted()[0].message.contains("cannot be read"), "{}", problems.sorted()[0].message);
        let enclosed = Repro { data: [("/etc/hostname".to_owned(), "5ms\n7ms\n".to_owned())].into(), ..spying };
        let opened = open("x.ron", enclosed.text().into_bytes()).expect("it is in order");
        assert!(opened.repro.scenario("x.ron").is_ok(), "the name is only a name");
    }

    #[test]
    fn a_storm_at_members_that_only_one_arm_has_travels_with_that_arm_alone() {
        let text = r#"(schema: 1, name: "x", horizon: "20s",
            nodes: { "clients": Clients(count: 2, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("1ms")) },
            storm: Storm(from: "5s", lasts: "10s", quiet: "1s", families: [Crash(node: "server")], most: 6),
            stacks: { "clients -> server": [Timeout("100ms")] },
            arms: { "one": (), "three": (nodes: { "server": Service(replicas: 3, workers: 1, demand: Constant("1ms")) }) },
            expect: [Availability(at_least: "100%", arms: ["one"]), Availability(at_least: "99%", arms: ["three"])])"#;
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::AsWritten).expect("it is sound");
        let strikes = scenario.cells[0].arms[1].plan.strikes_of_run(&sim_core::draw::Seed::new(3));
        assert!(strikes.iter().any(|(one, _)| one.timing.only.is_some()), "somebody is named");
        let (repro, made) = Repro::of(&scenario, 1, 4, Some(&strikes)).expect("it can be written");
        let opened = open("x.ron", repro.text().into_bytes()).unwrap_or_else(|(source, all)| panic!("{}", all.render(&source, false)));
        let (alone, arm) = opened.repro.scenario("x.ron").unwrap_or_else(|(source, all)| panic!("{}", all.render(&source, false)));
        assert_eq!((opened.repro.arm.as_str(), &alone.arms[..], arm), ("three", &["three".to_owned()][..], 0));
        let Played::Same(Ok(run)) = play(&alone.cells[0].arms[arm], 4, &opened.repro.recording, None) else { panic!("it is the same run") };
        assert_eq!(*run, made.expect("it does not panic"));
    }
}
