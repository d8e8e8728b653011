//! Which lanes, spans and messages does a space-time diagram show?
//!
//! Lamport's picture of a distributed system (CACM 1978), with time to the right: a lane for every node, a slanted line for every
//! message, and what lasts as bars along the lanes. `picture.rs` draws it.

use super::TraceWriter;
use super::picture::draw;
use super::story::{Message, Part, Span, SpanKind, Story};
use scenarios::trace::{Header, TraceEvent};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// A picture with more messages than this shows nothing any more.
pub const MOST_MESSAGES: usize = 2_000;
/// So many bars at most.
const MOST_BARS: usize = 6_000;

/// Something that happened at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The number of its event.
    pub id: u64,
    /// When, in nanoseconds.
    pub at: u64,
    /// At which node.
    pub node: String,
    /// What.
    pub says: String,
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// The title.
    pub title: String,
    /// What stands below it.
    pub subtitle: String,
    /// The lanes, from above: nodes that take part, in the order of the scenario.
    pub lanes: Vec<String>,
    /// What lasted at a node.
    pub bars: Vec<Span>,
    /// Lives that ended, times of standing still, and faults.
    pub shades: Vec<Span>,
    /// What travelled.
    pub messages: Vec<Message>,
    /// What happened at an instant.
    pub marks: Vec<Mark>,
    /// Names of calls that are shown in the colour of failure, because of what they show.
    pub highlighted: BTreeSet<String>,
    /// The numbers of the events at which something showed: they stand out.
    pub shows: BTreeSet<u64>,
    /// The first and the last instant shown, in nanoseconds.
    pub window: (u64, u64),
}

/// Collects a diagram.
pub struct SpaceTime<W> {
    out: W,
    story: Story,
    diagram: Diagram,
    nodes: Vec<String>,
    seen: BTreeSet<String>,
    window: Option<(u64, u64)>,
    since: u64,
}

impl<W: Write> SpaceTime<W> {
    /// Begins a diagram.
    pub fn begin(out: W, header: &Header) -> Self {
        let title = header.scenario.clone();
        let chosen = header.only.as_ref().map_or(String::new(), |only| format!(", only {only}"));
        let subtitle = format!("arm \"{}\", seed {}{chosen}", header.arm, header.seed);
        let diagram = Diagram { title, subtitle, ..Diagram::default() };
        Self { out, story: Story::default(), diagram, nodes: header.nodes.clone(), seen: BTreeSet::new(), window: None, since: 0 }
    }

    /// Shows these calls in the colour of failure.
    #[must_use]
    pub fn highlighting(mut self, calls: impl IntoIterator<Item = String>) -> Self {
        self.diagram.highlighted.extend(calls);
        self
    }

    /// Lets the event stand out at which something showed, if that is known.
    #[must_use]
    pub fn showing(mut self, event: Option<u64>) -> Self {
        self.diagram.shows.extend(event);
        self
    }

    /// Begins the picture at an instant: of what was before, only what is still on then is shown.
    #[must_use]
    pub const fn since(mut self, instant: u64) -> Self {
        self.since = instant;
        self
    }

    fn take(&mut self, part: Part) -> io::Result<()> {
        match part {
            Part::Message(message) => {
                if self.diagram.messages.len() == MOST_MESSAGES {
                    return Err(too_much(&format!("{MOST_MESSAGES} messages")));
                }
                self.diagram.messages.push(message);
            }
            Part::Span(span) => match span.kind {
                SpanKind::Attempt => {}
                SpanKind::Call | SpanKind::Queue | SpanKind::Work | SpanKind::Job => {
                    if self.diagram.bars.len() == MOST_BARS {
                        return Err(too_much(&format!("{MOST_BARS} bars")));
                    }
                    self.diagram.bars.push(span);
                }
                SpanKind::Fault | SpanKind::Life | SpanKind::Down | SpanKind::Pause => self.diagram.shades.push(span),
            },
        }
        Ok(())
    }

    /// The finished picture.
    fn diagram(&mut self) -> io::Result<Diagram> {
        std::mem::take(&mut self.story).end().into_iter().try_for_each(|part| self.take(part))?;
        let mut diagram = std::mem::take(&mut self.diagram);
        diagram.lanes = self.nodes.iter().filter(|node| self.seen.contains(*node)).cloned().collect();
        diagram.lanes.extend(self.seen.iter().filter(|node| !self.nodes.contains(*node)).cloned());
        diagram.window = self.window.unwrap_or_default();
        Ok(diagram)
    }
}

fn too_much(what: &str) -> io::Error {
    let how = "choose fewer events with --only, such as 'from=10s until=11s', 'node=checkout' or 'call=#17.3'";
    io::Error::other(format!("a picture of more than {what} cannot be read; {how}"))
}

impl<W: Write> TraceWriter for SpaceTime<W> {
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        for node in event.node.iter().chain(&event.peer) {
            if !self.seen.contains(node.as_ref()) {
                self.seen.insert(node.as_ref().to_owned());
            }
        }
        let at = event.at.max(self.since);
        self.window = Some(self.window.map_or((at, at), |(from, _)| (from, at)));
        let shows = self.diagram.shows.contains(&event.id) && event.message.is_none();
        if (shows || matches!(event.kind.as_ref(), "tell" | "layer" | "clock"))
            && let Some(node) = event.node.as_deref()
        {
            let named = event.what.is_none().then_some(event.kind.as_ref()).filter(|_| shows);
            let says = [named, event.what.as_deref(), event.value.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.diagram.marks.push(Mark { id: event.id, at: event.at, node: node.to_owned(), says });
        }
        self.story.see(event).into_iter().try_for_each(|part| self.take(part))
    }

    fn is_on(&mut self, begin: &TraceEvent<'_>) -> io::Result<()> {
        // That a node lives needs no lane.
        if begin.kind != "node-returns" {
            self.seen.extend(begin.node.as_ref().map(|node| node.as_ref().to_owned()));
        }
        self.story.is_on(begin);
        Ok(())
    }

    fn end(mut self: Box<Self>, _digest: &str) -> io::Result<u64> {
        let diagram = self.diagram()?;
        self.out.write_all(draw(&diagram).as_bytes())?;
        let Diagram { bars, shades, messages, marks, .. } = diagram;
        self.out.flush().map(|()| (bars.len() + shades.len() + messages.len() + marks.len()) as u64)
    }
}
