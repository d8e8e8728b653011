//! How is a trace written as JSON lines, and read again?
//!
//! The first line is the [`Header`], every other an event, the last one the [end](TraceEnd). `schema.json` beside this file says what a line may be.

use super::TRACE_FORMAT;
use super::event::{Header, TraceEvent};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, BufRead, Write};

/// The JSON Schema of a line.
pub const SCHEMA: &str = include_str!("schema.json");

/// A line longer than this is no line of a trace.
const LONGEST_LINE: u64 = 1 << 20;

/// What a complete trace ends with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceEnd {
    /// How many events were written.
    pub events: u64,
    /// The digest of the run.
    pub digest: String,
}

/// Writes a trace line by line.
pub struct TraceLines<W> {
    out: W,
    events: u64,
}

impl<W: Write> TraceLines<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(mut out: W, header: &Header) -> io::Result<Self> {
        serde_json::to_writer(&mut out, header)?;
        out.write_all(b"\n")?;
        Ok(Self { out, events: 0 })
    }

    /// How many events have been written.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Writes one event.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        self.events += 1;
        serde_json::to_writer(&mut self.out, event)?;
        self.out.write_all(b"\n")
    }

    /// Ends the trace of a run that has this digest.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(mut self, digest: &str) -> io::Result<W> {
        serde_json::to_writer(&mut self.out, &TraceEnd { events: self.events, digest: digest.to_owned() })?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Why a trace cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The file.
    File(io::Error),
    /// A line, and what is wrong with it.
    Line(u64, String),
    /// It ends before its end.
    Truncated(u64),
    /// It has been written in a format that is not known.
    Format(u32),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(f, "{error}"),
            Self::Line(line, what) => {
                let none = if *line == 1 { "is not how a trace begins" } else { "is no line of a trace" };
                write!(f, "line {line} {none}: {what}; write one with `run S --trace FILE --trace-format jsonl`")
            }
            Self::Truncated(0) => write!(f, "it is empty"),
            Self::Truncated(lines) => {
                let plural = if *lines == 1 { "" } else { "s" };
                write!(f, "it breaks off after {lines} line{plural}: its last line, with the digest of the run, is missing")
            }
            Self::Format(format) => write!(f, "it is written in format {format} of traces, and this program reads format {TRACE_FORMAT}"),
        }
    }
}

/// Reads a trace: its header, then event after event as long as `visit` answers that it wants more, then its end, if it was read that far.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read_lines(
    mut file: impl BufRead,
    mut visit: impl FnMut(&Header, TraceEvent<'_>) -> bool,
) -> Result<(Header, Option<TraceEnd>), Unreadable> {
    let (mut text, mut number) = (String::new(), 1);
    next_line(&mut file, &mut text, number)?;
    let header: Header = parsed(&text, number)?;
    if header.trace != TRACE_FORMAT {
        return Err(Unreadable::Format(header.trace));
    }
    let (mut events, mut last) = (0, (0, 0));
    loop {
        if !next_line(&mut file, &mut text, number + 1)? {
            return Err(Unreadable::Truncated(number));
        }
        number += 1;
        if text.starts_with("{\"events\"") {
            let end: TraceEnd = parsed(&text, number)?;
            if end.events != events {
                return Err(Unreadable::Line(number, format!("it says that there are {} events, and {events} were read", end.events)));
            }
            return Ok((header, Some(end)));
        }
        let event: TraceEvent<'_> = parsed(&text, number)?;
        if event.id <= last.0 || event.at < last.1 || event.cause.is_some_and(|cause| cause >= event.id) {
            let what = "numbers grow, instants do not go back, and causes come before what they cause";
            return Err(Unreadable::Line(number, what.to_owned()));
        }
        (events, last) = (events + 1, (event.id, event.at));
        if !visit(&header, event) {
            return Ok((header, None));
        }
    }
}

/// What a line says. One that ends in the middle is where the file was cut off.
fn parsed<'t, T: Deserialize<'t>>(text: &'t str, number: u64) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        if error.is_eof() && !text.ends_with('\n') {
            return Unreadable::Truncated(number - 1);
        }
        let (said, column) = (error.to_string(), error.column());
        // The parser knows of this line only, and counts it as the first.
        let what = said.strip_suffix(&format!(" at line {} column {column}", error.line())).unwrap_or(&said);
        Unreadable::Line(number, format!("{what} (column {column})"))
    })
}

fn next_line(file: &mut impl BufRead, text: &mut String, number: u64) -> Result<bool, Unreadable> {
    text.clear();
    let read = io::Read::take(file, LONGEST_LINE).read_line(text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Unreadable::Line(number, "it is not text".to_owned()),
        _ => Unreadable::File(error),
    })?;
    if read as u64 == LONGEST_LINE {
        return Err(Unreadable::Line(number, format!("it is longer than {LONGEST_LINE} bytes")));
    }
    Ok(read > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> String {
        let header = Header { trace: TRACE_FORMAT, scenario: "x".to_owned(), ..Header::default() };
        let mut lines = TraceLines::begin(Vec::new(), &header).unwrap();
        for id in 1..=3 {
            let (kind, node) = ("timer".into(), Some("a \"quoted\" name".into()));
            lines.event(&TraceEvent { id, at: id * 10, kind, node, cause: (id > 1).then(|| id - 1), ..TraceEvent::default() }).unwrap();
        }
        String::from_utf8(lines.end("00000000000000ab").unwrap()).unwrap()
    }

    fn events(text: &str) -> Result<Vec<TraceEvent<'static>>, Unreadable> {
        let mut events = Vec::new();
        read_lines(text.as_bytes(), |_, event| {
            events.push(event.into_owned());
            true
        })?;
        Ok(events)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let events = events(&written()).unwrap();
        assert_eq!(events.iter().map(|event| (event.id, event.cause)).collect::<Vec<_>>(), [(1, None), (2, Some(1)), (3, Some(2))]);
        assert_eq!(events[0].node.as_deref(), Some("a \"quoted\" name"));
    }

    #[test]
    fn a_file_that_is_no_trace_or_only_a_part_of_one_is_named_as_such() {
        let text = written();
        let without_end = text.lines().take(3).collect::<Vec<_>>().join("\n");
        assert!(matches!(events(&without_end), Err(Unreadable::Truncated(3))));
        let without_one: String = text.lines().enumerate().filter(|(line, _)| *line != 2).map(|(_, line)| format!("{line}\n")).collect();
        assert!(matches!(events(&without_one), Err(Unreadable::Line(4, _))));
        assert!(matches!(events(&text.replacen("\"trace\":1", "\"trace\":99", 1)), Err(Unreadable::Format(99))));
        // In the middle of a line, and before the first.
        assert!(matches!(events(&text[..text.len() - 20]), Err(Unreadable::Truncated(4))));
        assert!(matches!(events(""), Err(Unreadable::Truncated(0))));
        let said = events(&text.replacen("\"kind\"", "kind", 1)).unwrap_err().to_string();
        assert!(said.starts_with("line 2 is no line of a trace: ") && said.contains(" (column ") && !said.contains("at line"), "{said}");
        for wrong in ["hello", "{}", "{\"trace\":1}"] {
            assert!(matches!(events(wrong), Err(Unreadable::Line(1, _))), "{wrong}");
        }
        assert!(matches!(events(&text.replace("\"timer\"", "\"timer\",\"more\":1")), Err(Unreadable::Line(2, _))));
        for (right, wrong) in [("\"id\":2", "\"id\":1"), ("\"at\":20", "\"at\":9"), ("\"cause\":1", "\"cause\":2")] {
            assert!(matches!(events(&text.replacen(right, wrong, 1)), Err(Unreadable::Line(3, _))), "{wrong}");
        }
    }
}
