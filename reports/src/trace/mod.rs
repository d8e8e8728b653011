//! How is a trace written for other programs, and for the eye?
//!
//! A writer is given one event after another and writes as it goes: what it remembers grows with what is under way, and not with
//! the length of the run. Pictures, which hold everything they show, say how much that may be.

mod chrome;
mod labels;
#[cfg(test)]
mod laws;
mod mermaid;
mod otlp;
mod picture;
mod scale;
mod shades;
mod spacetime;
mod story;

pub use chrome::Chrome;
pub use mermaid::Mermaid;
pub use otlp::Otlp;
pub use picture::draw;
pub use spacetime::{Diagram, SpaceTime};
pub use story::{Message, Part, Span, SpanKind, Story};

use scenarios::trace::{TraceEvent, TraceLines};
use std::io::{self, Write};

/// Somebody who writes down the events of a run.
pub trait TraceWriter {
    /// Writes an event.
    ///
    /// # Errors
    /// If it cannot be written, or does not fit into what is being written.
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()>;

    /// Of a part of a trace, before its first event: the begin of something that is on then, a fault, a death or a stop of a node. Forms that write events and
    /// nothing else leave it out.
    ///
    /// # Errors
    /// If it cannot be written, or does not fit into what is being written.
    fn is_on(&mut self, _begin: &TraceEvent<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more will come of the run, which has this digest. Answers how much there is to be seen: events, spans, messages, or whatever this form
    /// consists of. Of a part of a trace that may be nothing, because halves of what was left out are passed over.
    ///
    /// # Errors
    /// If the rest cannot be written.
    fn end(self: Box<Self>, digest: &str) -> io::Result<u64>;
}

impl<W: Write> TraceWriter for TraceLines<W> {
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        Self::event(self, event)
    }

    fn end(self: Box<Self>, digest: &str) -> io::Result<u64> {
        let events = self.events();
        (*self).end(digest).map(|_| events)
    }
}
