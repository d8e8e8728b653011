//! How does a trace look in Perfetto, or in the trace viewer of a browser?
//!
//! The Chrome trace-event format (JSON, times in microseconds). Every node is a process; calls, attempts, waits and work may
//! overlap, so each is an asynchronous pair of events (`b`, `e`) with an id of its own. Faults are a process of their own. Messages are
//! flow arrows, which must begin and end at slices of a thread: a slice of one nanosecond at either end.

use super::TraceWriter;
use super::story::{Message, Part, Span, SpanKind, Story};
use scenarios::trace::{Header, TraceEvent};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes trace events.
pub struct Chrome<W> {
    out: W,
    story: Story,
    nodes: Vec<String>,
    has_event: bool,
    /// Spans, messages and instants of the run.
    shown: u64,
}

/// The process of faults; those of nodes follow.
const FAULTS: usize = 1;
/// The thread at which messages leave and arrive.
const WIRE: u32 = 1;

impl<W: Write> Chrome<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(mut out: W, header: &Header) -> io::Result<Self> {
        let about = json!({ "scenario": header.scenario, "arm": header.arm, "seed": header.seed.to_string(), "version": header.version });
        write!(out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[")?;
        let mut chrome = Self { out, story: Story::default(), nodes: header.nodes.clone(), has_event: false, shown: 0 };
        chrome.name(FAULTS, "faults")?;
        for (index, node) in header.nodes.iter().enumerate() {
            chrome.name(FAULTS + 1 + index, node)?;
        }
        Ok(chrome)
    }

    fn name(&mut self, process: usize, name: &str) -> io::Result<()> {
        self.write(json!({ "ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": { "name": name } }))?;
        self.write(json!({ "ph": "M", "name": "process_sort_index", "pid": process, "tid": 0, "args": { "sort_index": process } }))?;
        self.write(json!({ "ph": "M", "name": "thread_name", "pid": process, "tid": WIRE, "args": { "name": "messages" } }))
    }

    fn write(&mut self, event: Value) -> io::Result<()> {
        let comma = if std::mem::replace(&mut self.has_event, true) { ",\n" } else { "\n" };
        self.out.write_all(comma.as_bytes())?;
        serde_json::to_writer(&mut self.out, &event).map_err(io::Error::from)
    }

    fn process(&self, node: Option<&str>) -> usize {
        let place = node.and_then(|node| self.nodes.iter().position(|known| known == node));
        place.map_or(FAULTS, |place| FAULTS + 1 + place)
    }

    fn part(&mut self, part: &Part) -> io::Result<()> {
        self.shown += 1;
        match part {
            Part::Span(span) => self.span(span),
            Part::Message(message) => self.message(message),
        }
    }

    fn span(&mut self, span: &Span) -> io::Result<()> {
        let (process, id) = (self.process(span.node.as_deref()), format!("{:016x}", span.id));
        let category = match span.kind {
            SpanKind::Call => "call",
            SpanKind::Attempt => "attempt",
            SpanKind::Queue => "queue",
            SpanKind::Work => "work",
            SpanKind::Job => "job",
            SpanKind::Fault => "fault",
            SpanKind::Life | SpanKind::Down | SpanKind::Pause => "life",
        };
        let name = match (&span.call, span.kind) {
            (Some(call), SpanKind::Call) => call.clone(),
            (Some(call), _) => format!("{} of {call}", span.name),
            (None, _) => span.name.clone(),
        };
        let outcome = span.outcome.as_deref().unwrap_or("still going on when the trace ended");
        let common = json!({ "cat": category, "id": id, "name": name, "pid": process, "tid": 0 });
        let with = |phase: &str, at: u64, more: Value| {
            let mut event = common.clone();
            let fields = event.as_object_mut().expect("it was made as an object");
            fields.insert("ph".to_owned(), phase.into());
            fields.insert("ts".to_owned(), micros(at));
            if !more.is_null() {
                fields.insert("args".to_owned(), more);
            }
            event
        };
        self.write(with("b", span.from, json!({ "outcome": outcome })))?;
        self.write(with("e", span.until, Value::Null))
    }

    fn message(&mut self, message: &Message) -> io::Result<()> {
        let ends = [(&message.from, message.sent, "s", "sends"), (&message.to, message.arrived, "f", "receives")];
        for (node, at, phase, does) in ends {
            let process = self.process(Some(node));
            let does = message.lost.as_deref().filter(|_| phase == "f").map_or(does.to_owned(), |reason| format!("lost ({reason})"));
            let name = format!("{does}: {}{}", message.text, message.said());
            self.write(json!({ "ph": "X", "cat": "message", "name": name, "pid": process, "tid": WIRE, "ts": micros(at), "dur": 0.001 }))?;
            let mut flow = json!({ "ph": phase, "cat": "message", "name": "message", "id": message.ids.1, "pid": process, "tid": WIRE, "ts": micros(at) });
            if phase == "f" {
                flow.as_object_mut().expect("it was made as an object").insert("bp".to_owned(), "e".into());
            }
            self.write(flow)?;
        }
        Ok(())
    }

    /// What happens at an instant and is nothing else.
    fn instant(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        let is_told = ["timer", "tell", "clock", "layer", "alert-fires", "alert-ends", "routing", "altered", "late", "ignore"];
        if !is_told.contains(&event.kind.as_ref()) {
            return Ok(());
        }
        self.shown += 1;
        let about = [event.what.as_deref(), event.value.as_deref(), event.call.as_ref().map(|call| call.name.as_ref())];
        let name = std::iter::once(event.kind.as_ref()).chain(about.into_iter().flatten()).collect::<Vec<_>>().join(" ");
        let process = self.process(event.node.as_deref());
        self.write(json!({ "ph": "i", "s": "p", "cat": "event", "name": name, "pid": process, "tid": WIRE, "ts": micros(event.at) }))
    }
}

/// Microseconds, to the nanosecond: as a number with three decimals, which 64 bits hold exactly enough for runs of a month.
fn micros(nanos: u64) -> Value {
    if nanos.is_multiple_of(1000) { (nanos / 1000).into() } else { (nanos as f64 / 1000.0).into() }
}

impl<W: Write> TraceWriter for Chrome<W> {
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        self.instant(event)?;
        for part in self.story.see(event) {
            self.part(&part)?;
        }
        Ok(())
    }

    fn is_on(&mut self, begin: &TraceEvent<'_>) -> io::Result<()> {
        self.story.is_on(begin);
        Ok(())
    }

    fn end(mut self: Box<Self>, _digest: &str) -> io::Result<u64> {
        for part in std::mem::take(&mut self.story).end() {
            self.part(&part)?;
        }
        self.out.write_all(b"\n]}\n")?;
        self.out.flush().map(|()| self.shown)
    }
}
