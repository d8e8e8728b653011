//! How does a trace look as a sequence diagram?
//!
//! Mermaid's `sequenceDiagram`: a participant for every node that takes part, an arrow for every message, a cross at the end of
//! those that were lost, and notes for what happens to nodes. Messages stand in the order in which they arrive, or are lost.

use super::TraceWriter;
use super::story::{Message, Part, Story};
use scenarios::trace::{Header, TraceEvent};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A diagram with more lines than this shows nothing any more.
pub const MOST_LINES: usize = 400;

/// Collects a diagram.
pub struct Mermaid<W> {
    out: W,
    story: Story,
    order: Vec<String>,
    seen: Vec<bool>,
    lines: Vec<String>,
}

impl<W: Write> Mermaid<W> {
    /// Begins a diagram.
    pub fn begin(out: W, header: &Header) -> Self {
        let seen = vec![false; header.nodes.len()];
        Self { out, story: Story::default(), order: header.nodes.clone(), seen, lines: Vec::new() }
    }

    fn line(&mut self, line: String) -> io::Result<()> {
        if self.lines.len() == MOST_LINES {
            return Err(io::Error::other(format!(
                "a sequence diagram of more than {MOST_LINES} lines cannot be read; choose fewer with --only, such as 'call=#17.3' or 'from=10s until=11s'"
            )));
        }
        self.lines.push(line);
        Ok(())
    }

    /// The name of a participant, which is written down at the head.
    fn participant(&mut self, node: &str) -> String {
        let place = self.order.iter().position(|known| known == node).unwrap_or_else(|| {
            self.order.push(node.to_owned());
            self.seen.push(false);
            self.order.len() - 1
        });
        self.seen[place] = true;
        format!("n{place}")
    }

    fn message(&mut self, message: &Message) -> io::Result<()> {
        let (from, to) = (self.participant(&message.from), self.participant(&message.to));
        let arrow = match (&message.lost, message.is_answer) {
            (Some(_), _) => "-x",
            (None, true) => "-->>",
            (None, false) => "->>",
        };
        let fate = message.lost.as_ref().map_or(String::new(), |reason| format!(", lost: {reason}"));
        let text = format!(
            "{from}{arrow}{to}: {} ({} to {}{fate})",
            plain(&(message.text.clone() + &message.said())),
            seconds(message.sent),
            seconds(message.arrived)
        );
        self.line(text)
    }

    fn note(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        let what = [event.what.as_deref(), event.value.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let says = match event.kind.as_ref() {
            "fault-begins" => format!("{what} begins {}", event.says.as_deref().unwrap_or_default()).trim_end().to_owned(),
            "fault-ends" => format!("{what} ends"),
            "node-dies" => "dies".to_owned(),
            "node-returns" => "returns with empty memory".to_owned(),
            "node-pauses" => "stands still".to_owned(),
            "node-resumes" => "goes on".to_owned(),
            "abandon" => format!("gives {} up", event.call.as_ref().map_or_else(String::new, super::story::label)),
            "end" => match event.outcome.as_deref() {
                Some(outcome) => format!("{} ends: {outcome}", event.call.as_ref().map_or_else(String::new, super::story::label)),
                None => return Ok(()),
            },
            "tell" | "layer" | "clock" | "alert-fires" | "alert-ends" => format!("{} {what}", event.kind),
            _ => return Ok(()),
        };
        self.note_over(event.node.as_deref(), &format!("{says} ({})", seconds(event.at)))
    }

    /// A note over a node; what is about none stands over the first that takes part.
    fn note_over(&mut self, node: Option<&str>, text: &str) -> io::Result<()> {
        let over = match node {
            Some(node) => self.participant(node),
            None => match self.seen.iter().position(|seen| *seen) {
                Some(first) => format!("n{first}"),
                None if self.order.is_empty() => return Ok(()),
                None => self.participant(&self.order[0].clone()),
            },
        };
        self.line(format!("Note over {over}: {}", plain(text)))
    }

    fn text(&self) -> String {
        let mut text = "sequenceDiagram\n".to_owned();
        for (place, node) in self.order.iter().enumerate().filter(|(place, _)| self.seen[*place]) {
            writeln!(text, "    participant n{place} as {}", plain(node)).expect("text can be written to a string");
        }
        self.lines.iter().for_each(|line| writeln!(text, "    {line}").expect("text can be written to a string"));
        text
    }
}

/// Text without what Mermaid takes for its own.
fn plain(text: &str) -> String {
    text.replace('#', "#35;").replace(';', "#59;").replace("#35#59;", "#35;").replace(['\n', '\r'], " ")
}

/// Seconds to the microsecond.
pub(super) fn seconds(nanos: u64) -> String {
    format!("{}.{:06}s", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}

impl<W: Write> TraceWriter for Mermaid<W> {
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        for part in self.story.see(event) {
            if let Part::Message(message) = part {
                self.message(&message)?;
            }
        }
        self.note(event)
    }

    fn is_on(&mut self, begin: &TraceEvent<'_>) -> io::Result<()> {
        let says = match begin.kind.as_ref() {
            "fault-begins" => {
                let whom = begin.says.as_deref().map_or(String::new(), |whom| format!(" {whom}"));
                format!("{}{whom} is on", begin.what.as_deref().unwrap_or_default())
            }
            "node-dies" => "is dead".to_owned(),
            "node-pauses" => "stands still".to_owned(),
            _ => return Ok(()),
        };
        self.note_over(begin.node.as_deref(), &format!("{says} since {}", seconds(begin.at)))
    }

    fn end(mut self: Box<Self>, _digest: &str) -> io::Result<u64> {
        let text = self.text();
        self.out.write_all(text.as_bytes())?;
        self.out.flush().map(|()| self.lines.len() as u64)
    }
}
